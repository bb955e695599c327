/* coverage.c - see coverage.h. */
#include "blink/gl/coverage.h"

#include <string.h>

static const struct { const char *name; unsigned version; } groups[GL_COVERAGE_GROUPS] = {
	[GL_COVERAGE_10] = { "1.0", 10 }, [GL_COVERAGE_11] = { "1.1", 11 },
	[GL_COVERAGE_12] = { "1.2", 12 }, [GL_COVERAGE_13] = { "1.3", 13 },
	[GL_COVERAGE_14] = { "1.4", 14 }, [GL_COVERAGE_15] = { "1.5", 15 },
	[GL_COVERAGE_20] = { "2.0", 20 }, [GL_COVERAGE_21] = { "2.1", 21 },
	[GL_COVERAGE_30] = { "3.0", 30 }, [GL_COVERAGE_31] = { "3.1", 31 },
	[GL_COVERAGE_32] = { "3.2", 32 }, [GL_COVERAGE_33] = { "3.3", 33 },
	[GL_COVERAGE_CORE] = { "1.0 to 3.3", 0 },
	[GL_COVERAGE_LATER] = { "4.x and extensions", 0 },
	[GL_COVERAGE_GLX] = { "GLX", 0 }, [GL_COVERAGE_EGL] = { "EGL", 0 },
};

static bool has_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool gl_command_window_system(const struct gl_command *c)
{
	return has_prefix(c->name, "glX") || has_prefix(c->name, "egl");
}

bool gl_command_sized(const struct gl_command *c)
{
	/* an instruction's memory operands have rules, or the build stops; parameters
	 * that it drops or replaces need none of their own */
	if (c->op != GL_OP_COUNT)
		return true;
	/* displays, visuals and attribute lists never become payloads */
	if (gl_command_window_system(c) && c->replay != GL_REPLAY_REFUSE)
		return true;
	for (unsigned i = 0; i < c->nparams; i++)
		if (c->params[i].pointer && c->params[i].size_rule == GL_SIZE_NONE)
			return false;
	return true;
}

static unsigned group_of(const struct gl_command *c)
{
	if (has_prefix(c->name, "glX"))
		return GL_COVERAGE_GLX;
	if (has_prefix(c->name, "egl"))
		return GL_COVERAGE_EGL;
	for (unsigned g = 0; g < GL_COVERAGE_CORE; g++)
		if (c->version == groups[g].version)
			return g;
	return GL_COVERAGE_LATER;
}

static void count(struct gl_coverage *row, const struct gl_command *c)
{
	row->total++;
	row->named += c->row;
	row->sized += gl_command_sized(c);
	row->known += c->stated;
	row->sizes_proved += c->sizes_proved;
	row->effects_proved += c->effects_proved;
	row->replay[c->replay]++;
}

void gl_coverage_count(struct gl_coverage rows[GL_COVERAGE_GROUPS])
{
	memset(rows, 0, GL_COVERAGE_GROUPS * sizeof(*rows));
	for (unsigned g = 0; g < GL_COVERAGE_GROUPS; g++)
		rows[g].name = groups[g].name;
	for (unsigned i = 0; i < gl_command_count; i++) {
		unsigned g = group_of(&gl_commands[i]);

		count(&rows[g], &gl_commands[i]);
		if (g < GL_COVERAGE_CORE)
			count(&rows[GL_COVERAGE_CORE], &gl_commands[i]);
	}
}

/* ---- words --------------------------------------------------------------- */

#define WORD(array, i) ((i) < sizeof(array) / sizeof(*(array)) && (array)[i] ? (array)[i] : "?")

const char *gl_kind_name(unsigned kind)
{
	static const char *const words[GL_KIND_COUNT] = {
		[GL_KIND_INT] = "int", [GL_KIND_UINT] = "uint", [GL_KIND_FLOAT] = "float",
		[GL_KIND_DOUBLE] = "double", [GL_KIND_INT64] = "int64",
		[GL_KIND_UINT64] = "uint64", [GL_KIND_BOOL] = "bool", [GL_KIND_ENUM] = "enum",
		[GL_KIND_BITS] = "bits", [GL_KIND_NAME] = "name",
		[GL_KIND_LOCATION] = "location", [GL_KIND_PAYLOAD] = "payload",
		[GL_KIND_OFFSET] = "offset", [GL_KIND_ANSWER] = "answer",
		[GL_KIND_DST] = "dst", [GL_KIND_LABEL] = "label", [GL_KIND_SP] = "sp",
		[GL_KIND_EXTERN] = "extern",
	};

	return WORD(words, kind);
}

const char *gl_form_name(unsigned form)
{
	static const char *const words[GL_FORM_COUNT] = {
		[GL_FORM_CORE] = "core", [GL_FORM_WINDOW] = "window",
		[GL_FORM_DIRECT] = "direct", [GL_FORM_GEN] = "gen",
		[GL_FORM_DELETE] = "delete", [GL_FORM_CREATE] = "create",
		[GL_FORM_DELETE1] = "delete1", [GL_FORM_SOURCE] = "source",
		[GL_FORM_STRINGS] = "strings", [GL_FORM_LINK] = "link",
		[GL_FORM_LOCATE] = "locate", [GL_FORM_SYNC] = "sync",
		[GL_FORM_UNPACK_BUF] = "unpack_buf", [GL_FORM_ANSWER] = "answer",
		[GL_FORM_NAMES] = "names", [GL_FORM_PACK_BUF] = "pack_buf",
	};

	return WORD(words, form);
}

const char *gl_class_name(unsigned klass)
{
	static const char *const words[] = {
		[GL_CLASS_INNOCUOUS] = "innocuous", [GL_CLASS_CONTROL] = "control",
		[GL_CLASS_BEHAVIOUR] = "behaviour",
	};

	return WORD(words, klass);
}

const char *gl_answer_name(unsigned answer)
{
	static const char *const words[] = {
		[GL_ANSWER_NONE] = "none", [GL_ANSWER_CONST] = "const",
		[GL_ANSWER_SHADOW] = "shadow", [GL_ANSWER_FENCE] = "fence",
		[GL_ANSWER_SYNC] = "sync",
	};

	return WORD(words, answer);
}

const char *gl_replay_name(unsigned replay)
{
	static const char *const words[] = {
		[GL_REPLAY_RUN] = "run", [GL_REPLAY_SKIP] = "skip",
		[GL_REPLAY_LOWER] = "lower", [GL_REPLAY_SHADOW] = "shadow",
		[GL_REPLAY_REFUSE] = "refuse",
	};

	return WORD(words, replay);
}
