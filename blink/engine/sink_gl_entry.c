/* sink_gl_entry.c - entry points of the driver, and what stands in for missing ones.
 *
 * eglGetProcAddress and glXGetProcAddress answer for any name that begins with gl, whether the driver
 * knows it or not, so they cannot tell what is missing.  A command is offered when its
 * core version is not above the context's or one of its extensions is listed.
 * What is not offered is a counting no-op (sink_missing_entry). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blink/engine/sink_gl_priv.h"

/* ---- entry points -------------------------------------------------------- */

static bool command_offered(const struct sink_gl *g, const struct gl_command *cmd)
{
	char word[96];

	if (cmd->version && cmd->version <= g->version)
		return true;
	if (!cmd->extension)
		return !cmd->version;
	snprintf(word, sizeof(word), " %s ", cmd->extension);
	return strstr(g->extensions, word) != NULL;
}

static sink_fn command_address(const struct sink_gl *g, const struct gl_command *cmd)
{
	sink_fn fn = g->ws->proc(cmd->name);

	for (const char *const *a = cmd->aliases; !fn && a && *a; a++)
		fn = g->ws->proc(*a);
	return fn;
}

void sink_gl_entries_load(struct sink_gl *g)
{
	for (unsigned op = 0; op < GL_OP_COUNT; op++) {
		const struct gl_command *cmd;
		sink_fn fn = NULL;

		if (gl_ops[op].command == GL_OP_NO_COMMAND)
			continue;
		cmd = &gl_commands[gl_ops[op].command];
		if (command_offered(g, cmd))
			fn = command_address(g, cmd);
		g->base.entry[op] = fn ? fn : sink_missing_entry(op);
	}
	g->base.pixel_storei = (sink_fn)g->gl.PixelStorei;
	g->base.get_integerv = (sink_fn)g->gl.GetIntegerv;
	g->base.get_image = g->ws->proc("glGetTexLevelParameteriv");
	g->base.get_buffer = g->ws->proc("glGetBufferParameteriv");
	g->base.get_renderbuffer = g->ws->proc("glGetRenderbufferParameteriv");
	/* Mesa's software drivers clear what they allocate (tests/server/test_confine.c) */
	g->base.zeroed = strncmp(g->renderer, "llvmpipe", 8) == 0 ||
			 strncmp(g->renderer, "softpipe", 8) == 0;
}

/* ---- the sink's own calls ------------------------------------------------ */

/* Before 3.0 they are all in one string. */
static int extensions_load(struct sink_gl *g, struct error *err)
{
	const char *all = g->version < 30 ? (const char *)g->gl.GetString(GL_EXTENSIONS) : NULL;
	struct buf b;
	GLint n = 0;

	buf_init(&b);
	buf_append(&b, " ", 1);
	if (all)
		buf_printf(&b, "%s ", all);
	if (g->version >= 30)
		g->gl.GetIntegerv(GL_NUM_EXTENSIONS, &n);
	for (GLint i = 0; i < n; i++) {
		const char *name = (const char *)g->gl.GetStringi(GL_EXTENSIONS, (GLuint)i);

		if (name)
			buf_printf(&b, "%s ", name);
	}
	buf_append(&b, "", 1);
	if (buf_failed(&b)) {
		buf_finish(&b);
		return error_set(err, -ENOMEM, "GL: out of memory");
	}
	g->extensions = (char *)b.data;
	return 0;
}

#define LOAD(name) (*(sink_fn *)(void *)&g->gl.name = g->ws->proc("gl" #name))

int sink_gl_calls_load(struct sink_gl *g, struct error *err)
{
	/* through GLX's protocol there is no more than 1.4 */
	const int least = g->ws == &sink_gl_ws_glx ? 1 : 3;
	const char *version, *renderer;
	int major = 0, minor = 0;
	GLint side = 0;

	if (!LOAD(GetString) || !LOAD(GetStringi) || !LOAD(GetIntegerv) ||
	    !LOAD(GetError) || !LOAD(Clear) || !LOAD(ClearColor) || !LOAD(PixelStorei) ||
	    !LOAD(ReadBuffer) || !LOAD(ReadPixels) || !LOAD(BindFramebuffer) || !LOAD(GenFramebuffers) ||
	    !LOAD(BindBuffer) || !LOAD(BindTexture) || !LOAD(BindRenderbuffer) ||
	    !LOAD(GetFramebufferAttachmentParameteriv) || !LOAD(GetRenderbufferParameteriv) ||
	    !LOAD(GetTexLevelParameteriv) || !LOAD(Flush) || !LOAD(Finish))
		return error_set(err, -ENODEV, "GL: the driver lacks entry points of OpenGL 3.0");
	version = (const char *)g->gl.GetString(GL_VERSION);
	renderer = (const char *)g->gl.GetString(GL_RENDERER);
	if (!version || sscanf(version, "%d.%d", &major, &minor) != 2 ||
	    major < least)
		return error_set(err, -ENODEV, "GL: the driver offers version %s, less than %d.0",
				 version ? version : "none", least);
	LOAD(FenceSync);
	LOAD(ClientWaitSync);
	LOAD(DeleteSync);
	g->gl.GetIntegerv(GL_MAX_TEXTURE_SIZE, &side);
	g->side_max = side > 0 ? (uint32_t)side : 1024;
	g->version = (unsigned)(major * 10 + minor);
	snprintf(g->renderer, sizeof(g->renderer), "%s / %s", renderer ? renderer : "unknown",
		 version);
	return extensions_load(g, err);
}
