/* server_case.c - what a case is called, and what that means: see bench_server.h. */
#include "jit-bench/bench_server.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct kind { const char *name, *program; bool native, film; } kinds[] = {
	{ "gears-sp", "blink-gears-sp", false, false },
	{ "gears-switch", "blink-gears-switch", false, false },
	{ "video", "blink-video", false, true },
	{ "gears-native", "blink-gears-native", true, false },
	{ "video-native", "blink-video-native", true, true },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static bool how_parse(struct server_case *c, const char *word, size_t n)
{
	const struct { const char *word; bool *flag; } hows[] = {
		{ "direct", &c->direct }, { "offscreen", &c->offscreen }, { "nofacts", &c->nofacts },
		{ "null", &c->null_gl }, { "threads", &c->threads },
		{ "virgl", &c->virgl }, { "indirect", &c->indirect },
	};

	for (size_t i = 0; i < sizeof(hows) / sizeof(hows[0]); i++)
		if (strlen(hows[i].word) == n && !strncmp(hows[i].word, word, n)) {
			*hows[i].flag = true;
			return true;
		}
	return false;
}

/* "video:some/film.mp4/offscreen": known words at the end are not the file's. */
static size_t hows_parse(struct server_case *c, const char *text)
{
	size_t n = strlen(text);

	for (;;) {
		size_t at = n;

		while (at && text[at - 1] != '/')
			at--;
		if (!at || !how_parse(c, text + at, n - at))
			return n;
		n = at - 1;
	}
}

void server_case_twin(struct server_case *native, const struct server_case *served)
{
	const struct kind *k = kinds;

	while (!k->native || k->film != served->film)
		k++;
	*native = (struct server_case){ .text = k->name, .program = k->program,
					.native = true, .film = k->film };
	memcpy(native->file, served->file, sizeof(native->file));
}

int server_case_parse(struct server_case *c, const char *text, bool null_gl, struct error *err)
{
	size_t n, name;

	memset(c, 0, sizeof(*c));
	c->text = text;
	c->null_gl = null_gl;
	n = hows_parse(c, text);
	name = strcspn(text, ":");
	if (name < n && n - name - 1 < sizeof(c->file))
		snprintf(c->file, sizeof(c->file), "%.*s", (int)(n - name - 1), text + name + 1);
	name = name < n ? name : n;
	for (size_t i = 0; i < KINDS; i++) {
		if (strlen(kinds[i].name) != name || strncmp(kinds[i].name, text, name))
			continue;
		c->program = kinds[i].program;
		c->native = kinds[i].native;
		c->film = kinds[i].film;
		if (c->film != (c->file[0] != 0))
			return error_set(err, -EINVAL, "%s: %s", text, c->film
					 ? "a film is needed (video:FILE)" : "it takes no file");
		if (c->native ? c->direct || c->offscreen || c->nofacts || c->threads
			      : c->virgl || c->indirect)
			return error_set(err, -EINVAL, "%s: that is not for a %s one", text,
					 c->native ? "native" : "served");
		return 0;
	}
	return error_set(err, -EINVAL, "%s: no case (gears-sp, gears-switch, gears-native, "
			 "video:FILE, video-native:FILE; then /direct, /offscreen, /nofacts, /threads, /null; "
			 "of native ones /virgl, /indirect)",
			 text);
}
