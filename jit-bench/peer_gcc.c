/* peer_gcc.c - see peer_gcc.h. */
#include "jit-bench/peer_gcc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jit-bench/peer.h"
#include "jit-bench/process.h"

static int write_all(const char *path, const char *text, struct error *err)
{
	FILE *out = fopen(path, "we");
	bool good = out && fputs(text, out) >= 0;

	if (out && fclose(out))
		good = false;
	return good ? 0 : error_set(err, -EIO, "%s: cannot be written", path);
}

static int read_all(const char *path, struct buf *to, struct error *err)
{
	FILE *in = fopen(path, "re");
	char part[65536];
	size_t n;

	while (in && (n = fread(part, 1, sizeof(part), in)) > 0)
		buf_append(to, part, n);
	if (in)
		fclose(in);
	return in && !buf_failed(to) ? 0 : error_set(err, -EIO, "%s: cannot be read", path);
}

int gcc_compile(const char *text, bool keep, struct buf *out, struct error *err)
{
	char dir[] = "/tmp/blink-gcc-XXXXXX", c[64], o[64];
	const char *argv[] = { "gcc", "-O3", "-w", "-std=c17", "-fpie", "-fplt",
			       "-fno-strict-aliasing", "-ffp-contract=off",
			       "-fno-asynchronous-unwind-tables", "-fno-stack-protector",
			       "-fno-builtin", keep ? "-DKEEP" : "-UKEEP", "-c", c, "-o", o, NULL };
	struct process_cost cost;
	int rc;

	if (!mkdtemp(dir))
		return error_set(err, -errno, "%s: %s", dir, strerror(errno));
	snprintf(c, sizeof(c), "%s/run.c", dir);
	snprintf(o, sizeof(o), "%s/run.o", dir);
	rc = write_all(c, text, err);
	if (rc == 0)
		rc = process_run(argv, NULL, &cost, err);
	if (rc == 0)
		rc = read_all(o, out, err);
	unlink(c);
	unlink(o);
	rmdir(dir);
	return rc;
}

/* ---- as a peer -------------------------------------------------------------------- */

static void *gcc_open(const struct peer_host *host)
{
	static const struct peer_host *kept;
	const char *const ask[] = { "gcc", "--version", NULL };
	struct process_cost cost;

	kept = host;
	return process_run(ask, NULL, &cost, NULL) == 0 ? &kept : NULL;
}

static peer_fn compile(void *state, const struct peer_program *p, bool keep)
{
	const struct peer_host *host = *(const struct peer_host **)state;
	struct buf object;
	peer_fn fn = NULL;

	buf_init(&object);
	if (gcc_compile(host->c_text(p), keep, &object, NULL) == 0)
		fn = host->object(p, object.data, object.len);
	buf_finish(&object);
	return fn;
}

static peer_fn gcc_peer_compile(void *state, const struct peer_program *p)
{
	return compile(state, p, false);
}

static peer_fn gcc_kept_compile(void *state, const struct peer_program *p)
{
	return compile(state, p, true);
}

static void gcc_close(void *state)
{
	(void)state;
}

const struct peer peer_gcc = {
	.name = "gcc -O3", .what = "the compiler run as a program, static calls",
	.package = "gcc", .slow = true,
	.open = gcc_open, .compile = gcc_peer_compile, .close = gcc_close,
};

const struct peer peer_gcc_kept = {
	.name = "gcc -O3 kept", .what = "the same, every operation executed",
	.package = "gcc", .slow = true,
	.open = gcc_open, .compile = gcc_kept_compile, .close = gcc_close,
};
