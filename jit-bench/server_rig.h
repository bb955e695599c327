/* server_rig.h - a display server of one's own with clients, to measure on.
 *
 * The server runs headless at a socket in a folder of its own; clients are the programs
 * beside blinkctl.  What the server did is the difference of two looks at it (its control
 * socket); what a client did it says itself at its end.
 */
#ifndef JIT_BENCH_SERVER_RIG_H
#define JIT_BENCH_SERVER_RIG_H

#include <stdbool.h>

#include <json-c/json.h>

#include "blink/base/error.h"
#include "jit-bench/process.h"

#define RIG_CLIENTS 128u

struct rig_options {
	const char *self;              /* path of blinkctl */
	double refresh;
	const char *size;              /* of the screen, "1280x1024" */
	bool null_gl, direct, no_direct, no_facts, bare, hash;
	unsigned threads;              /* of the driver's */
	const char *trace;             /* file, or NULL */
	const char *budget;            /* ms of a client per frame, NULL: what there is time for */
};

struct rig_client {
	struct process_beside process;
	char output[128];
};

struct rig {
	char folder[64], socket[80], env[96];
	struct process_beside server;
	struct rig_client client[RIG_CLIENTS];
	unsigned clients;
};

/* A folder alone, where there are clients but no server of ours. */
int rig_folder(struct rig *r, struct error *err);
int rig_open(struct rig *r, const struct rig_options *opt, struct error *err);
/* Ends clients and server; the folder goes. */
void rig_close(struct rig *r);
/* A program beside blinkctl, or one found in the path; its words, NULL ends, the program's
 * name first.  env: more settings, or NULL. */
int rig_client_start(struct rig *r, const char *self, const char *const *argv,
		     const char *const *env, struct error *err);
/* Tells all clients to count anew. */
void rig_clients_anew(struct rig *r);
/* How many have written something. */
unsigned rig_clients_said(const struct rig *r);
/* Ends them, whatever they have to say. */
void rig_clients_stop(struct rig *r);
/* Tells all clients to end, and waits; what each said last, as JSON, or NULL.  0, or
 * -EIO: of the first that failed it is said how. */
int rig_clients_end(struct rig *r, struct json_object *said[RIG_CLIENTS], struct error *err);
/* A look at the server: the answer to `top`, to be put. */
int rig_look(struct rig *r, struct json_object **top, struct error *err);
/* One request whose answer does not matter. */
int rig_ask(struct rig *r, const char *request, struct error *err);

double rig_number(struct json_object *j, const char *key);
/* User and system time of a process so far, seconds. */
double rig_process_cpu(int pid);
/* The same of all processes that are alive in a process group; -1: there is none. */
double rig_group_cpu(int group);
void rig_sleep(double seconds);

#endif
