/* cmd_asm.c - blinkctl asm: text in, a .blink file out. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blink/sp/asm.h"
#include "cli/command.h"

enum { OPT_OUTPUT };

static const struct cli_option options[] = {
	[OPT_OUTPUT] = { 'o', "output", "FILE", "the .blink file to write" },
	{ 0 }
};

static int text_map(const char *path, char **text, size_t *n, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), code = 0;   /* of FIFOs */
	struct stat st;
	void *map = NULL;

	if (fd < 0 || fstat(fd, &st) < 0)
		code = error_set(err, -errno, "%s: %s", path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		code = error_set(err, -EINVAL, "%s: not a regular file", path);
	else if (st.st_size && (map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE,
					   fd, 0)) == MAP_FAILED)
		code = error_set(err, -errno, "%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	if (code)
		return code;
	*text = map;
	*n = (size_t)st.st_size;
	return 0;
}

static int run(const struct cli_args *args)
{
	const char *in = args->argv[0], *out = args->opt[OPT_OUTPUT];
	struct asm_stats stats;
	struct error err = { 0 };
	struct json_object *j;
	char *text = NULL;
	size_t n = 0;
	int ret;

	if (!out)
		return cli_usage("asm", "no output (give -o X.blink)");
	if (cli_replaces(in, out, &err))
		return cli_fail(EXIT_USAGE, &err);
	ret = text_map(in, &text, &n, &err);
	if (ret == 0)
		ret = blink_assemble(text ? text : "", n, in, out, &stats, &err);
	if (text)
		munmap(text, n);
	if (ret < 0)
		return cli_fail(EXIT_DIFFERENT, &err);
	j = json_object_new_object();
	json_object_object_add(j, "output", json_object_new_string(out));
	json_object_object_add(j, "sps", json_object_new_int64(stats.sps));
	json_object_object_add(j, "records", json_object_new_int64((int64_t)stats.records));
	json_object_object_add(j, "payloads", json_object_new_int64(stats.payloads));
	cli_print(args, j);
	return EXIT_GOOD;
}

const struct cli_command cmd_asm = {
	.name = "asm",
	.synopsis = "-o X.blink X.txt",
	.summary = "assemble stored procedures from text",
	.text = "Assembles the text form of stored procedures (docs/ASSEMBLY.md), which "
		"`blinkctl dump --payloads` writes, to a .blink file. An error names the line and "
		"what is wrong with it; no output is left behind then.",
	.options = options,
	.min_args = 1, .max_args = 1,
	.run = run,
};
