/* blink-gears-sp.c - GearsSP: the gears, turned by a stored procedure.
 *
 * Its redraw SP works the angle out of the time; the program publishes everything once and
 * sleeps until its server is gone, or has had enough of it.
 */
#include "blink/client/programs/gears.h"
#include "blink/client/programs/program_main.h"

static int publish(struct blink_connection *c, const struct program *p, struct error *err)
{
	return gears_publish(c, p->width, p->height, true, err);
}

int main(int argc, char **argv)
{
	struct program p = {
		.name = "blink-gears-sp",
		.summary = "gears whose stored procedure turns them: no work of the client's per frame",
	};
	struct vso_wishes wishes;
	int status = program_options(&p, argc, argv);

	if (status >= 0)
		return status;
	wishes = gears_wishes(p.title ? p.title : "GearsSP", p.width, p.height);
	return program_show(&p, &wishes, publish, GEARS_OBJECT_REDRAW);
}
