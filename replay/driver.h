/* driver.h - GL drivers by name: what a sink made from now on runs on.
 *
 * A driver is a row: its name, how Mesa is told, and whether it needs a server.  virgl is
 * drawn by virgl_test_server, which is started where none listens yet, and ended with the
 * use; clients find it at a path that Mesa fixes, so all of a user's share one.
 */
#ifndef REPLAY_DRIVER_H
#define REPLAY_DRIVER_H

#include <stdbool.h>
#include <sys/types.h>

#include "blink/base/error.h"

struct driver {
	const char *name, *about;
	const char *gallium;     /* GALLIUM_DRIVER; NULL: none of Mesa's software drivers */
	bool served;             /* by virgl_test_server */
};
extern const struct driver drivers[];        /* ends with a row without a name */

/* A driver that is ready to be used. */
struct driver_use {
	const struct driver *driver;     /* NULL: the environment's */
	pid_t server;                    /* 0: none of ours */
	char *was[2];                    /* the environment before driver_enter */
	bool entered;
};

/* name NULL: the environment's driver, and nothing is done.  -EINVAL, with the names that
 * there are; -ENOTSUP where the machine lacks what it needs, with the package. */
int driver_begin(struct driver_use *u, const char *name, struct error *err);
/* Sinks and processes made until driver_leave are on it: the environment says so. */
void driver_enter(struct driver_use *u);
void driver_leave(struct driver_use *u);
void driver_end(struct driver_use *u);       /* zeroed or begun; ends the server */

#endif
