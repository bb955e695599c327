/* served_stream.c - the entries of a client's stream: each run once, in order. */
#include "blink/server/served.h"

#include <string.h>

#include "blink/server/compose.h"

static void entry_drop(struct served *c)
{
	c->item_taken = c->item_ready = false;
	memset(&c->item_program, 0, sizeof(c->item_program));
}

static bool is_running(const struct served *c)
{
	return c->run.on && !c->run.object;
}

/* (one that is being run is run to its end, for the verifier knows no half procedures) */
void served_stream_stop(struct served *c, enum vso_fault fault)
{
	if (!is_running(c))
		entry_drop(c);
	if (c->stream_over)
		return;
	c->stream_over = true;
	c->stream_fault = fault;
	c->count.refusals += fault == VSO_FAULT_REFUSED;
	vso_server_stream_stop(c->vso, fault);
	served_event(c, SERVER_EVENT_REFUSE, 0, 0, fault);
}

/* What the driver holds is not what the verifier takes it for. */
static void failed(struct served *c)
{
	served_stream_stop(c, VSO_FAULT_GL);
	served_renew(c);
}

/* The next entry, tried and verified; false: there is none to run now. */
static bool entry_take(struct served *c)
{
	enum run_result r;

	if (!c->item_taken) {
		if (vso_server_next(c->vso, &c->item) <= 0)
			return false;
		c->item_taken = true;
		c->item_ready = false;
		c->item_program = (struct program){ .sp = c->item.sp };
		program_glance(&c->item_program);
	}
	if (!served_shaders_ready(c, &c->item_program, &c->item.payloads))
		return false;
	r = c->item.sp.context == confined_context(c->confined) ? RUN_DONE
								: served_run_current(c, &c->item.sp);
	if (r == RUN_DONE)
		r = served_run_verify(c, &c->item_program, 0, &c->item.payloads);
	c->item_ready = r == RUN_DONE;
	if (r == RUN_DONE)
		return true;
	entry_drop(c);
	if (r == RUN_REFUSED)
		served_stream_stop(c, VSO_FAULT_REFUSED);
	else
		failed(c);
	return false;
}

/* One entry, or some more of it. */
static bool entry_run(struct served *c)
{
	uint64_t start = server_cpu_ns(), commands = c->count.commands;
	uint64_t swaps = confined_swaps(c->confined);
	enum run_result r;

	memcpy(c->client.regs, c->stream_regs, sizeof(c->client.regs));
	r = c->run.on ? served_run_on(c) : served_run_begin(c, &c->item_program, 0, &c->item.payloads);
	memcpy(c->stream_regs, c->client.regs, sizeof(c->client.regs));
	served_event(c, SERVER_EVENT_STREAM, start, c->count.commands - commands, 0);
	if (confined_swaps(c->confined) != swaps) {
		c->swapped = true;
		if (c->opt.hash)
			served_picture_event(c);
	}
	if (r == RUN_LATER)
		return false;
	if (r == RUN_DONE && !c->stream_over)
		vso_server_done(c->vso, &c->item, c->client.regs);
	c->count.entries += r == RUN_DONE;
	entry_drop(c);
	if (r == RUN_FAILED)
		failed(c);
	return r == RUN_DONE;
}

void served_stream_run(struct served *c)
{
	if (c->stream_over && !is_running(c))
		return;
	if (served_run_target(c, 0, NULL) < 0) {
		c->run.on = false;
		failed(c);
		return;
	}
	while (!c->swapped && (c->item_ready || (!c->stream_over && entry_take(c))))
		if (!entry_run(c) || served_run_late(c, server_cpu_ns()))
			break;
}
