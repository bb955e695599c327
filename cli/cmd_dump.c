/* cmd_dump.c - blinkctl dump: the stored procedures of a .blink file as text. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blink/sp/asm.h"
#include "cli/command.h"
#include "cli/dump_native.h"

enum { OPT_FRAME, OPT_SP, OPT_PAYLOADS, OPT_NATIVE };

/* What is printed: blink_dump, or dump_native. */
typedef int (*dump_fn)(struct blink_file *f, const struct dump_options *opt, FILE *out,
		       struct error *err);

static const struct cli_option options[] = {
	[OPT_FRAME] = { 'f', "frame", "N", "only the stored procedures of frame N, from 0" },
	[OPT_SP] = { 's', "sp", "N", "only stored procedure N, from 0" },
	[OPT_PAYLOADS] = { 'p', "payloads", NULL,
		"the payloads in full instead of summaries: the text can be assembled again" },
	[OPT_NATIVE] = { 'n', "native", NULL,
		"the machine code that they are compiled to, between their instructions" },
	{ 0 }
};

/* With --json the text is one string of an object. */
static int dump_json(const struct cli_args *args, struct blink_file *f, dump_fn dump,
		     const struct dump_options *opt, struct error *err)
{
	struct json_object *j;
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	int ret = out ? dump(f, opt, out, err) : error_set(err, -ENOMEM, "dump: out of memory");

	if (out && fclose(out) && ret == 0)
		ret = error_set(err, -ENOMEM, "dump: out of memory");
	if (ret == 0 && n > INT32_MAX)
		ret = error_set(err, -EFBIG, "dump: the text is too long for JSON (leave out --json)");
	if (ret == 0) {
		j = json_object_new_object();
		json_object_object_add(j, "file", json_object_new_string(args->argv[0]));
		json_object_object_add(j, "text", json_object_new_string_len(text, (int)n));
		cli_print(args, j);
	}
	free(text);
	return ret;
}

static int run(const struct cli_args *args)
{
	struct dump_options opt = { .frame = -1, .sp = -1, .payloads = args->opt[OPT_PAYLOADS] };
	dump_fn dump = args->opt[OPT_NATIVE] ? dump_native : blink_dump;
	struct error err = { 0 };
	struct blink_file *f;
	unsigned long n;
	int ret;

	if (args->opt[OPT_FRAME]) {
		if (!cli_uint("--frame", args->opt[OPT_FRAME], UINT32_MAX, &n))
			return EXIT_USAGE;
		opt.frame = (int64_t)n;
	}
	if (args->opt[OPT_SP]) {
		if (!cli_uint("--sp", args->opt[OPT_SP], UINT32_MAX, &n))
			return EXIT_USAGE;
		opt.sp = (int64_t)n;
	}
	signal(SIGPIPE, SIG_DFL);   /* `dump | head` ends without a word */
	ret = blink_open(&f, args->argv[0], 0, &err);
	if (ret < 0)
		return cli_fail(EXIT_DIFFERENT, &err);
	if (args->json)
		ret = dump_json(args, f, dump, &opt, &err);
	else
		ret = dump(f, &opt, stdout, &err);
	if (ret == 0 && fflush(stdout))
		ret = error_set(&err, -errno, "dump: cannot write: %s", strerror(errno));
	blink_close(f);
	if (ret == 0)
		return EXIT_GOOD;
	return cli_fail(ret == -ENOPKG ? EXIT_LACKING : EXIT_DIFFERENT, &err);
}

const struct cli_command cmd_dump = {
	.name = "dump",
	.synopsis = "[options] X.blink",
	.summary = "disassemble stored procedures",
	.text = "Prints the stored procedures of a .blink file in the language of "
		"docs/ASSEMBLY.md, by default all of them, each reference to a payload followed by "
		"its size and first values. With --payloads the payloads themselves are printed, and "
		"`blinkctl asm` makes the same file of the text again.\n\n"
		"With --native each is verified, compiled, and listed as machine code: below every "
		"instruction what it became. Where one piece of code serves the rounds of a loop it "
		"stands below the first round's instruction, with how many more there are; rounds that "
		"several stretches call, below those of the first that does. Bytes and places are "
		"those of this machine's processor.\n\n"
		"  blinkctl dump --native --sp 12 X.blink",
	.options = options,
	.min_args = 1, .max_args = 1,
	.run = run,
};
