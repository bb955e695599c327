/* blink-gears-sp.c - GearsSP: the gears, turned by a stored procedure.
 *
 * Its redraw SP works the angle out of the time; the program publishes everything once and
 * sleeps until its server is gone, or has had enough of it.
 */
#include "blink/client/programs/gears.h"
#include "blink/client/programs/program_main.h"

#include <stdlib.h>

int main(int argc, char **argv)
{
	struct program p = {
		.name = "blink-gears-sp",
		.summary = "gears whose stored procedure turns them: no work of the client's per frame",
	};
	struct blink_connection *c = NULL;
	struct vso_wishes wishes;
	struct error err = { 0 };
	int status = program_options(&p, argc, argv), r;

	if (status >= 0)
		return status;
	wishes = gears_wishes(p.title ? p.title : "GearsSP", p.width, p.height);
	r = blink_connect(&c, p.server, &wishes, &err);
	if (r >= 0)
		r = gears_publish(c, p.width, p.height, true, &err);
	if (r >= 0)
		r = blink_settle(c, GEARS_OBJECT_REDRAW, INT64_C(5000000000), &err);
	while (r >= 0 && program_left(&p))
		r = blink_wait(c, program_left(&p), &err);
	if (r >= 0)
		program_report(&p, c, NULL, 0);
	blink_disconnect(c);
	return r < 0 ? program_fail(&p, &err) : 0;
}
