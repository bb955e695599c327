/* served_info.c - what is counted of one client, for whoever watches. */
#include "blink/server/served.h"

#include <stdlib.h>
#include <string.h>

static int order(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void intervals_get(const struct intervals *v, uint64_t out[2])
{
	uint32_t us[INTERVALS], n = v->n < INTERVALS ? v->n : INTERVALS;
	uint64_t sum = 0;

	out[0] = out[1] = 0;
	if (!n)
		return;
	memcpy(us, v->us, n * sizeof(*us));
	qsort(us, n, sizeof(*us), order);
	for (uint32_t i = 0; i < n; i++)
		sum += us[i];
	out[0] = sum * 1000 / n;
	out[1] = (uint64_t)us[(n * 99 - 1) / 100] * 1000;
}

static enum vso_fault latest_fault(const struct served *c)
{
	if (c->stream_fault)
		return c->stream_fault;
	for (uint32_t id = c->nslots; id-- > 1;)
		if (c->slot[id].now.fault)
			return c->slot[id].now.fault;
	return VSO_FAULT_OK;
}

void served_info(const struct served *c, struct server_client_info *info)
{
	struct jit_stats stats = { 0 };

	if (c->jit)
		jit_stats_get(c->jit, &stats);
	info->stream = c->hello->stream_bytes != 0;
	info->fault = latest_fault(c);
	info->redraws = c->count.redraws;
	info->updates = c->count.updates;
	info->inits = c->count.inits;
	info->reshapes = c->count.reshapes;
	info->inputs = c->count.inputs;
	info->stream_entries = c->count.entries;
	info->wakeups = vso_server_counters(c->vso)->rings;
	info->compile_ns = c->count.compile_ns;
	info->verify_ns = c->count.verify_ns;
	info->compiles = stats.compiles;
	info->cache_hits = stats.hits;
	info->refusals = c->count.refusals;
	info->commands = c->count.commands;
	info->memory = confined_memory(c->confined) + confined_code(c->confined);
	intervals_get(&c->redraw_at, info->redraw_interval_ns);
	intervals_get(&c->update_at, info->update_interval_ns);
}
