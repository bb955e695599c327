/* cmd_isa.c - blinkctl isa: the command table, what it covers, and what is missing. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blink/gl/coverage.h"
#include "blink/verify/virtualizable.h"
#include "cli/command.h"

enum { OPT_COVERAGE, OPT_MARKDOWN, OPT_OUTPUT, OPT_VIRTUALIZABLE };

static const struct cli_option options[] = {
	[OPT_COVERAGE] = { 'c', "coverage", NULL, "coverage and what is missing, without the table" },
	[OPT_MARKDOWN] = { 'm', "markdown", NULL, "write the reference manual (docs/ISA.md)" },
	[OPT_OUTPUT] = { 'o', "output", "FILE", "with --markdown: write there, not to the terminal" },
	[OPT_VIRTUALIZABLE] = { 'V', "virtualizable", NULL,
				"Popek and Goldberg: is every sensitive command mediated?" },
	{ 0 }
};

static struct json_object *text(const char *s)
{
	return s ? json_object_new_string(s) : NULL;
}

static void add(struct json_object *j, const char *key, struct json_object *v)
{
	json_object_object_add(j, key, v);
}

static struct json_object *number(unsigned n)
{
	return json_object_new_int64(n);
}

/* ---- one command --------------------------------------------------------- */

static struct json_object *version_text(const struct gl_command *c)
{
	char v[8];

	if (!c->version)
		return text(c->extension ? c->extension : "-");
	snprintf(v, sizeof(v), "%u.%u", c->version / 10, c->version % 10);
	return text(v);
}

static const char *effects_text(const struct gl_command *c)
{
	return !c->stated ? "unknown" : c->effects_proved ? "proved" : "stated";
}

static const char *sizes_text(const struct gl_command *c)
{
	return !gl_command_sized(c) ? "unknown" : c->sizes_proved ? "proved" : "stated";
}

/* A line of the table. */
static struct json_object *command_line(const struct gl_command *c)
{
	struct json_object *j = json_object_new_object();

	add(j, "command", text(c->name));
	add(j, "since", version_text(c));
	add(j, "words", c->op == GL_OP_COUNT ? text("") : number(gl_ops[c->op].words));
	add(j, "form", text(c->op == GL_OP_COUNT ? "" : gl_form_name(c->form)));
	add(j, "replay", text(gl_replay_name(c->replay)));
	add(j, "answer", text(gl_answer_name(c->answer)));
	add(j, "class", text(gl_class_name(c->klass)));
	add(j, "mediation", text(c->mediation ? c->mediation : ""));
	add(j, "sizes", text(sizes_text(c)));
	add(j, "effects", text(effects_text(c)));
	return j;
}

static struct json_object *operand_json(const struct gl_operand *o)
{
	struct json_object *j = json_object_new_object();

	add(j, "operand", text(o->name));
	add(j, "kind", text(gl_kind_name(o->kind)));
	add(j, "space", text(o->space ? gl_spaces[o->space].name : ""));
	add(j, "word", number(o->word));
	add(j, "register", json_object_new_boolean(o->reg_ok));
	add(j, "nullable", json_object_new_boolean(o->nullable));
	add(j, "size", text(o->size ? o->size : ""));
	add(j, "group", text(o->group ? o->group : ""));
	return j;
}

static struct json_object *op_json(unsigned op)
{
	struct json_object *j = json_object_new_object(), *list = json_object_new_array();

	add(j, "instruction", text(gl_ops[op].name));
	add(j, "opcode", number(op));
	add(j, "words", number(gl_ops[op].words));
	add(j, "form", text(gl_form_name(gl_ops[op].form)));
	if (gl_op_doc(op))
		add(j, "does", text(gl_op_doc(op)));
	for (unsigned i = 0; i < gl_ops[op].noperands; i++)
		json_object_array_add(list, operand_json(&gl_ops[op].operands[i]));
	add(j, "operands", list);
	return j;
}

static struct json_object *params_json(const struct gl_command *c)
{
	struct json_object *list = json_object_new_array();

	for (unsigned i = 0; i < c->nparams; i++) {
		struct json_object *p = json_object_new_object();

		add(p, "parameter", text(c->params[i].name));
		add(p, "type", text(c->params[i].type));
		add(p, "size", text(c->params[i].size ? c->params[i].size : ""));
		json_object_array_add(list, p);
	}
	return list;
}

/* Everything about a command, its instructions included. */
static struct json_object *command_json(const struct gl_command *c)
{
	struct json_object *j = command_line(c), *aliases = json_object_new_array();
	struct json_object *list = json_object_new_array();

	for (const char *const *a = c->aliases; *a; a++)
		json_object_array_add(aliases, text(*a));
	add(j, "aliases", aliases);
	add(j, "parameters", params_json(c));
	add(j, "reads", text(!c->stated ? "everything" : c->reads_text ? c->reads_text : ""));
	add(j, "writes", text(!c->stated ? "everything" : c->writes_text ? c->writes_text : ""));
	if (c->op != GL_OP_COUNT)
		json_object_array_add(list, op_json(c->op));
	if (c->op_buf != GL_OP_COUNT)
		json_object_array_add(list, op_json(c->op_buf));
	add(j, "instructions", list);
	return j;
}

/* ---- coverage ------------------------------------------------------------ */

static struct json_object *coverage_json(const struct gl_coverage rows[GL_COVERAGE_GROUPS])
{
	struct json_object *list = json_object_new_array();

	for (unsigned g = 0; g < GL_COVERAGE_GROUPS; g++) {
		struct json_object *j = json_object_new_object();

		add(j, "version", text(rows[g].name));
		add(j, "commands", number(rows[g].total));
		add(j, "named", number(rows[g].named));
		add(j, "sized", number(rows[g].sized));
		add(j, "effects stated", number(rows[g].known));
		add(j, "sizes proved", number(rows[g].sizes_proved));
		add(j, "effects proved", number(rows[g].effects_proved));
		for (unsigned r = 0; r <= GL_REPLAY_REFUSE; r++)
			add(j, gl_replay_name(r), number(rows[g].replay[r]));
		json_object_array_add(list, j);
	}
	return list;
}

static bool is_unnamed(const struct gl_command *c) { return !c->row; }
static bool is_unsized(const struct gl_command *c) { return !gl_command_sized(c); }
static bool is_unknown(const struct gl_command *c) { return !c->stated; }
static bool is_refused(const struct gl_command *c) { return c->replay == GL_REPLAY_REFUSE; }
static bool is_unproved(const struct gl_command *c) { return !c->effects_proved; }

static struct json_object *missing_json(void)
{
	static const struct { const char *what; bool (*is)(const struct gl_command *c); } lists[] = {
		{ "not named", is_unnamed }, { "not sized", is_unsized },
		{ "effects not stated", is_unknown }, { "refused", is_refused },
		{ "effects not proved", is_unproved },
	};
	struct json_object *j = json_object_new_object();

	for (size_t k = 0; k < sizeof(lists) / sizeof(*lists); k++) {
		struct json_object *list = json_object_new_array();

		for (unsigned i = 0; i < gl_command_count; i++)
			if (lists[k].is(&gl_commands[i]) &&
			    !gl_command_window_system(&gl_commands[i]))
				json_object_array_add(list, text(gl_commands[i].name));
		add(j, lists[k].what, list);
	}
	return j;
}

/* Names on lines of a terminal's width. */
static void print_names(struct json_object *list)
{
	int column = 0;

	for (size_t i = 0; i < json_object_array_length(list); i++) {
		const char *s = json_object_get_string(json_object_array_get_idx(list, i));
		int n = (int)strlen(s);

		if (column && column + n > 76) {
			putchar('\n');
			column = 0;
		}
		printf("%s%s", column ? " " : "  ", s);
		column += n + 1;
	}
	puts(column ? "" : "  none");
}

static void print_missing(struct json_object *missing)
{
	json_object_object_foreach(missing, what, list) {
		printf("\n%s (GL): %zu\n", what, json_object_array_length(list));
		print_names(list);
	}
}

static int print_all(const struct cli_args *args)
{
	struct gl_coverage rows[GL_COVERAGE_GROUPS];
	const struct gl_coverage *core = &rows[GL_COVERAGE_CORE];
	struct json_object *j = json_object_new_object(), *table = json_object_new_array();
	struct json_object *missing = missing_json();

	gl_coverage_count(rows);
	if (!args->opt[OPT_COVERAGE]) {
		for (unsigned i = 0; i < gl_command_count; i++)
			json_object_array_add(table, args->json ? command_json(&gl_commands[i])
								: command_line(&gl_commands[i]));
		add(j, "commands", table);
	} else {
		json_object_put(table);
	}
	add(j, "coverage", coverage_json(rows));
	if (args->json) {
		add(j, "named", number(core->named));
		add(j, "total", number(core->total));
		add(j, "instructions", number(GL_OP_COUNT));
		add(j, "slots", number(gl_slot_count));
		add(j, "missing", missing);
		cli_print(args, j);
		return EXIT_GOOD;
	}
	cli_print(args, j);
	print_missing(missing);
	json_object_put(missing);
	printf("\nOpenGL 1.0 to 3.3, compatibility profile:\n");
	printf("named %u of %u\nsized %u of %u\neffects stated %u of %u\n", core->named,
	       core->total, core->sized, core->total, core->known, core->total);
	printf("sizes proved %u of %u\neffects proved %u of %u\n", core->sizes_proved,
	       core->total, core->effects_proved, core->total);
	return EXIT_GOOD;
}

/* ---- the manual ---------------------------------------------------------- */

static int save(const char *path, const struct buf *b, struct error *err)
{
	size_t n = strlen(path) + 8;
	char *tmp = malloc(n);
	struct stat st;
	FILE *f;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		free(tmp);
		return error_set(err, -EINVAL, "%s: exists and is not a regular file", path);
	}
	if (!tmp)
		return error_set(err, -ENOMEM, "isa: out of memory");
	snprintf(tmp, n, "%s.part", path);
	f = fopen(tmp, "w");
	if (!f || fwrite(b->data, 1, b->len, f) != b->len || fclose(f) || rename(tmp, path)) {
		error_set(err, -errno, "%s: %s", path, strerror(errno));
		unlink(tmp);
	}
	free(tmp);
	return err->code;
}

static int print_markdown(const char *path)
{
	struct error err = { 0 };
	struct buf b;

	buf_init(&b);
	gl_isa_markdown(&b);
	if (buf_failed(&b))
		error_set(&err, -ENOMEM, "isa: out of memory");
	else if (path)
		save(path, &b, &err);
	else
		fwrite(b.data, 1, b.len, stdout);
	buf_finish(&b);
	return err.code ? cli_fail(EXIT_DIFFERENT, &err) : EXIT_GOOD;
}

/* ---- Popek and Goldberg --------------------------------------------------- */

static struct json_object *mediations_json(const struct virtualizable *v)
{
	struct json_object *list = json_object_new_array();

	for (unsigned i = 0; gl_mediations[i].name && i < VIRTUALIZABLE_MEDIATIONS; i++) {
		struct json_object *j = json_object_new_object();

		if (!v->mediated[i]) {
			json_object_put(j);
			continue;
		}
		add(j, "mediation", text(gl_mediations[i].name));
		add(j, "commands", number(v->mediated[i]));
		add(j, "how", text(gl_mediations[i].text));
		json_object_array_add(list, j);
	}
	return list;
}

static struct json_object *faults_json(const struct virtualizable *v)
{
	struct json_object *list = json_object_new_array();

	for (unsigned i = 0; i < v->nfaults; i++) {
		struct json_object *j = json_object_new_object();

		add(j, "command", text(v->faults[i].name));
		add(j, "why", text(virtualizable_sentences[v->faults[i].why]));
		json_object_array_add(list, j);
	}
	return list;
}

static int print_virtualizable(const struct cli_args *args)
{
	struct json_object *j;
	struct virtualizable v;
	struct error err;
	unsigned n;
	struct virtualizable_row *rows = virtualizable_rows(&n);
	int status;

	if (!rows || virtualizable_judge(rows, n, gl_mediations, &v) < 0) {
		free(rows);
		error_set(&err, -ENOMEM, "isa: out of memory");
		return cli_fail(EXIT_DIFFERENT, &err);
	}
	j = json_object_new_object();
	add(j, "commands with instructions", number(v.rows));
	add(j, "opaque, refused to strangers", number(v.opaque));
	add(j, "innocuous", number(v.innocuous));
	add(j, "control-sensitive", number(v.control));
	add(j, "behaviour-sensitive", number(v.behaviour));
	add(j, "mediated", mediations_json(&v));
	add(j, "sensitive less mediated", number(v.nfaults));
	add(j, "faults", faults_json(&v));
	add(j, "virtualizable", json_object_new_boolean(v.nfaults == 0));
	status = v.nfaults ? EXIT_DIFFERENT : EXIT_GOOD;
	cli_print(args, j);
	virtualizable_finish(&v);
	free(rows);
	return status;
}

/* ---- by name ------------------------------------------------------------- */

static struct json_object *find_json(const char *name)
{
	const struct gl_command *c = gl_command_find(name);
	unsigned op = gl_op_find(name);
	char prefixed[128];

	if (!c && snprintf(prefixed, sizeof(prefixed), "gl%s", name) < (int)sizeof(prefixed))
		c = gl_command_find(prefixed);
	if (c)
		return command_json(c);
	return op < GL_OP_COUNT ? op_json(op) : NULL;
}

static int print_named(const struct cli_args *args)
{
	struct json_object *list = json_object_new_array();
	struct error err = { 0 };

	for (int i = 0; i < args->argc; i++) {
		struct json_object *j = find_json(args->argv[i]);

		if (!j) {
			json_object_put(list);
			error_set(&err, -ENOENT, "isa: %s: no such command or instruction "
				  "(blinkctl isa lists them)", args->argv[i]);
			return cli_fail(EXIT_DIFFERENT, &err);
		}
		json_object_array_add(list, j);
	}
	cli_print(args, list);
	return EXIT_GOOD;
}

/* The synopsis says one of these; two that contradict each other are a mistake. */
static const char *excluded(const struct cli_args *args)
{
	int modes = (args->opt[OPT_COVERAGE] != NULL) + (args->opt[OPT_VIRTUALIZABLE] != NULL) +
		    (args->opt[OPT_MARKDOWN] != NULL);

	if (args->opt[OPT_OUTPUT] && !args->opt[OPT_MARKDOWN])
		return "isa: --output goes with --markdown";
	if (modes > 1)
		return "isa: --coverage, --virtualizable and --markdown exclude each other";
	if (modes && args->argc)
		return "isa: names go without --coverage, --virtualizable and --markdown";
	return NULL;
}

static int run(const struct cli_args *args)
{
	const char *wrong = excluded(args);
	struct error err = { 0 };

	if (wrong) {
		error_set(&err, -EINVAL, "%s", wrong);
		return cli_fail(EXIT_USAGE, &err);
	}
	if (args->opt[OPT_VIRTUALIZABLE])
		return print_virtualizable(args);
	if (args->opt[OPT_MARKDOWN])
		return print_markdown(args->opt[OPT_OUTPUT]);
	return args->argc ? print_named(args) : print_all(args);
}

const struct cli_command cmd_isa = {
	.name = "isa",
	.synopsis = "[--coverage | --virtualizable | --markdown [-o FILE] | NAME...]",
	.summary = "print the command table and what it covers",
	.text = "Prints every command of the table: since which version or by which extension "
		"it exists, its instruction, what a replayer does with it (run, skip, lower, "
		"shadow, refuse), how a live client gets its answer, whether it is sensitive and "
		"how that is mediated, and how well its row is known. Then counts, per OpenGL "
		"version, the commands that are named, sized, and whose effects are stated and "
		"proved, and lists what is missing. A row whose effects are not proved is opaque: "
		"taken as reading and writing everything.\n\n"
		"With --virtualizable, Popek and Goldberg's condition is judged instead: how many "
		"commands are innocuous, control-sensitive (they change what confines a client) and "
		"behaviour-sensitive (their result depends on placement), how the sensitive ones are "
		"mediated, and which are not. A row that calls itself innocuous though it touches "
		"what confines counts as not mediated. The exit status is 1 unless there is none.\n\n"
		"With NAMEs of commands (aliases too, with or without gl) or instructions, prints "
		"all that the table says of them.",
	.options = options,
	.min_args = 0,
	.max_args = -1,
	.run = run,
};
