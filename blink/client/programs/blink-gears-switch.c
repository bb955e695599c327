/* blink-gears-switch.c - GearsSwitch: the gears, turned by the program.
 *
 * It is woken at every frame of the display, works out the angle and hands it over: in
 * registers, or (--publish) in a new redraw SP, as the paper's did.  What this costs above
 * GearsSP is what a switch to the client and back costs.
 */
#include "blink/client/programs/gears.h"
#include "blink/client/programs/program_main.h"

#include <string.h>

/* The time that the server shows: clients' angles agree with GearsSP's. */
static float shown_time(struct blink_connection *c)
{
	const struct vso_server_page *page = vso_client_server(blink_vso(c));
	uint32_t before, word;
	float seconds;

	do {
		before = atomic_load_explicit(&page->sequence, memory_order_acquire);
		word = page->ext.value[SP_EXT_TIME];
		atomic_thread_fence(memory_order_acquire);
	} while (before & 1 || before != atomic_load_explicit(&page->sequence,
							       memory_order_relaxed));
	memcpy(&seconds, &word, sizeof(seconds));
	return seconds;
}

static int turn(struct blink_connection *c, bool publish, struct error *err)
{
	uint32_t regs[SP_REGISTERS] = { 0 };
	float angle = gears_angle(shown_time(c));
	int r = 0;

	if (publish) {
		r = gears_publish_angle(c, angle, err);
	} else {
		gears_registers(angle, regs);
		blink_registers(c, regs);
	}
	blink_flush(c);
	return r;
}

int main(int argc, char **argv)
{
	const char *publish = NULL;
	const struct program_option options[] = {
		{ "publish", NULL, "hand over a new redraw SP each time, not registers", &publish },
		{ 0 }
	};
	struct program p = {
		.name = "blink-gears-switch", .options = options,
		.summary = "gears that the client turns: woken at every frame of the display",
	};
	struct blink_connection *c = NULL;
	struct vso_wishes wishes;
	struct error err = { 0 };
	struct program_count turns = { "turns", 0 };
	int status = program_options(&p, argc, argv), r;

	if (status >= 0)
		return status;
	wishes = gears_wishes(p.title ? p.title : "GearsSwitch", p.width, p.height);
	wishes.flags |= VSO_HELLO_FRAMES;
	r = blink_connect(&c, p.server, &wishes, &err);
	if (r >= 0)
		r = gears_publish(c, p.width, p.height, false, &err);
	if (r >= 0)
		r = blink_settle(c, GEARS_OBJECT_REDRAW, INT64_C(5000000000), &err);
	while (r >= 0 && program_left(&p)) {
		r = blink_wait(c, program_left(&p), &err);
		if (program_anew(c))
			turns.value = 0;
		if (r > 0) {
			r = turn(c, publish != NULL, &err);
			turns.value++;
		}
	}
	if (r >= 0)
		program_report(&p, c, &turns, 1);
	blink_disconnect(c);
	return r < 0 ? program_fail(&p, &err) : 0;
}
