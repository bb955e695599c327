/* tcc.c - libtcc: a C compiler in a library, one pass. */
#include <libtcc.h>

#include "jit-bench/peer.h"

struct state {
	const struct peer_host *host;
	TCCState *tcc;
};

static void *tcc_open(const struct peer_host *host)
{
	static struct state s;

	s.host = host;
	return &s;
}

static void forget(struct state *s)
{
	if (s->tcc)
		tcc_delete(s->tcc);
	s->tcc = NULL;
}

static void quiet(void *user, const char *text)
{
	(void)user, (void)text;
}

static peer_fn tcc_compile(void *state, const struct peer_program *p)
{
	struct state *s = state;
	void *memory, *found;
	int size;

	forget(s);
	s->tcc = tcc_new();
	if (!s->tcc)
		return NULL;
	tcc_set_error_func(s->tcc, NULL, quiet);
	tcc_set_options(s->tcc, "-nostdlib -nostdinc");
	tcc_set_output_type(s->tcc, TCC_OUTPUT_MEMORY);
	for (uint32_t i = 0; i < p->ncalls; i++)
		tcc_add_symbol(s->tcc, p->calls[i].name,
			       (const void *)(uintptr_t)p->calls[i].address);
	if (tcc_compile_string(s->tcc, s->host->c_text(p)) < 0)
		return NULL;
	size = tcc_relocate(s->tcc, NULL);
	memory = size > 0 ? s->host->memory((size_t)size) : NULL;
	if (!memory || tcc_relocate(s->tcc, memory) < 0)
		return NULL;
	found = tcc_get_symbol(s->tcc, "run");
	return (peer_fn)(uintptr_t)found;
}

static void tcc_close(void *state)
{
	forget(state);
}

const struct peer peer_tcc = {
	.name = "libtcc", .what = "C text, compiled in one pass", .package = "libtcc-dev",
	.library = true, .open = tcc_open, .compile = tcc_compile, .close = tcc_close,
};
