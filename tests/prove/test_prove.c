/* test_prove.c - proves the rows of the command table against the driver.
 *
 *     test_prove [--update] [-v] [COMMAND...]
 *
 * Without commands all are tried, and what is proved must be what the committed
 * blink/gl/tables/proved.tbl says; --update writes that file anew. -v tells for each
 * command what speaks against it. With commands only these are tried and told about.
 */
#include "tests/prove/prove.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "blink/base/buf.h"

#define TABLE "blink/gl/tables/proved.tbl"
#define PROGRAMS "tests/prove/programs.txt"

struct tally { unsigned proved, sizes, effects, tried, rows, failed; };

static const char *const header =
	"# What test_prove found true of the driver (Mesa llvmpipe); written by\n"
	"# `test_prove --update`, never by hand.\n"
	"#   NAME | sizes: the size rules hold on exact payloads  effects: what differs\n"
	"#   between two state dumps lies in the row's writes\n";

static void row_put(struct buf *out, const struct gl_command *cmd, const struct prove_result *r)
{
	if (!r->sizes && !r->effects)
		return;
	buf_printf(out, "%s | %s%s%s\n", cmd->name, r->sizes ? "sizes" : "",
		   r->sizes && r->effects ? " " : "", r->effects ? "effects" : "");
}

static void tell(const struct gl_command *cmd, const struct prove_result *r)
{
	printf("%-40s %s %s %2u sets  %s\n", cmd->name, r->sizes ? "sizes" : "-----",
	       r->effects ? "effects" : "-------", r->sets, r->why);
}

static bool is_asked(const struct gl_command *cmd)
{
	return strncmp(cmd->name, "glX", 3) != 0 && strncmp(cmd->name, "egl", 3) != 0 &&
	       cmd->replay != GL_REPLAY_REFUSE;
}

/* Every n-th command, from the k-th on; results lie in memory that the parent sees. */
static int prove_share(struct prove_result *results, unsigned k, unsigned n)
{
	int status = prove_driver_share();

	for (unsigned i = k; !status && i < gl_command_count; i += n)
		if (is_asked(&gl_commands[i]))
			prove_command(&gl_commands[i], &results[i]);
	return status;
}

/* One worker per processor, each a fork of the process with the untouched context. */
static int prove_workers(struct prove_result *results)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned n = processors < 1 ? 1 : processors > 8 ? 8 : (unsigned)processors;
	int failed = 0, status;

	for (unsigned k = 0; k < n; k++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(prove_share(results, k, n));
		failed |= pid < 0;
	}
	while (wait(&status) > 0)
		failed |= status != 0;
	if (failed)
		fprintf(stderr, "test_prove: a worker failed\n");
	return failed;
}

static int prove_all(struct buf *out, struct tally *t, bool verbose)
{
	struct prove_result *results = mmap(NULL, gl_command_count * sizeof(*results),
					    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
					    -1, 0);

	if (results == MAP_FAILED || prove_workers(results))
		return 1;
	for (unsigned i = 0; i < gl_command_count; i++) {
		const struct gl_command *cmd = &gl_commands[i];
		const struct prove_result *r = &results[i];

		if (!is_asked(cmd))
			continue;
		t->rows++;
		t->tried += r->cases > 0;
		t->sizes += r->sizes;
		t->effects += r->effects;
		t->proved += r->sizes && r->effects;
		row_put(out, cmd, r);
		if (verbose && r->cases && !(r->sizes && r->effects))
			tell(cmd, r);
	}
	munmap(results, gl_command_count * sizeof(*results));
	return 0;
}

static bool file_equals(const char *path, const struct buf *text)
{
	FILE *f = fopen(path, "r");
	char *have = malloc(text->len + 2);
	size_t n = 0;

	if (f && have)
		n = fread(have, 1, text->len + 1, f);
	if (f)
		fclose(f);
	bool equal = have && n == text->len && memcmp(have, text->data, n) == 0;
	free(have);
	return equal;
}

static int file_write(const char *path, const struct buf *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fwrite(text->data, 1, text->len, f) != text->len || fclose(f)) {
		fprintf(stderr, "test_prove: %s: %s\n", path, strerror(errno));
		return 1;
	}
	return 0;
}

/* Is "glName | sizes effects" a line of the text? */
static bool proved_in(const struct buf *text, const char *name)
{
	const struct gl_command *cmd = gl_command_find(name);
	char line[120];
	int n;

	if (!cmd)
		return false;
	n = snprintf(line, sizeof(line), "\n%s | sizes effects\n", cmd->name);
	return n > 0 && memmem(text->data, text->len, line, (size_t)n) != NULL;
}

/* Every command that occurs in the recorded programs must be proved. */
static int programs_check(const struct buf *text)
{
	FILE *f = fopen(PROGRAMS, "r");
	char line[160];
	int missing = 0, total = 0;

	if (!f) {
		fprintf(stderr, "test_prove: %s: %s\n", PROGRAMS, strerror(errno));
		return 1;
	}
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, " \n")] = 0;
		if (!*line || *line == '#')
			continue;
		total++;
		if (proved_in(text, line))
			continue;
		missing++;
		printf("# not proved, though programs use it: %s\n", line);
	}
	fclose(f);
	printf("%sok 1 - of %d commands in recorded programs %d are proved\n",
	       missing ? "not " : "", total, total - missing);
	return missing ? 1 : 0;
}

static int some(int n, char **names)
{
	int bad = 0;

	for (int i = 0; i < n; i++) {
		const struct gl_command *cmd = gl_command_find(names[i]);
		struct prove_result r;

		if (!cmd) {
			fprintf(stderr, "test_prove: %s: no such command\n", names[i]);
			return 2;
		}
		prove_command(cmd, &r);
		tell(cmd, &r);
		bad |= !r.sizes || !r.effects;
	}
	return bad;
}

int main(int argc, char **argv)
{
	bool update = false, verbose = false;
	struct tally t = { 0 };
	struct buf out;
	int status, i;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		update |= strcmp(argv[i], "--update") == 0;
		verbose |= strcmp(argv[i], "-v") == 0;
	}
	status = prove_cases_read();
	if (!status)
		status = prove_driver_open();
	if (status)
		return status;
	if (i < argc)
		return some(argc - i, argv + i);
	printf("1..%d\n", update ? 1 : 2);
	fflush(stdout);
	buf_init(&out);
	buf_printf(&out, "%s", header);
	if (prove_all(&out, &t, verbose))
		return 1;
	printf("# proved %u of %u rows (sizes %u, effects %u; %u tried)\n", t.proved, t.rows,
	       t.sizes, t.effects, t.tried);
	status = programs_check(&out);
	if (update) {
		status |= file_write(TABLE, &out);
	} else if (!file_equals(TABLE, &out)) {
		printf("not ok 2 - %s is not what was proved (run test_prove --update, then look "
		       "at the difference)\n", TABLE);
		status = 1;
	} else {
		printf("ok 2 - %s is what was proved\n", TABLE);
	}
	buf_finish(&out);
	return status;
}
