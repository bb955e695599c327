/* test_jit_tools.c - compiled code as profilers see it: every record has its place, the
 * symbols are in perf's map, and the jitdump is one that perf can read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blink/engine/jit_tools.h"

#define ROUNDS 20u

struct world {
	struct buf log, code;
	struct sink *sink;
	struct jit *jit;
	struct sp sp;
};

static void world_init(struct world *w)
{
	memset(w, 0, sizeof(*w));
	buf_init(&w->log);
	buf_init(&w->code);
	w->sink = sink_recorder_create(&w->log);
	assert_int_equal(jit_create(&w->jit, w->sink, NULL), 0);
	sp_emit_words(&w->code, OP_glBegin, 4);
	for (uint32_t i = 0; i < ROUNDS; i++) {
		sp_emit_words(&w->code, OP_glColor3f, i, i, i);
		sp_emit_words(&w->code, OP_glVertex3f, i, i, i);
	}
	sp_emit_words(&w->code, OP_glEnd, 0);
	sp_emit_words(&w->code, OP_mov, 1, 2);
	sp_end(&w->code);
	w->sp = (struct sp){ .id = 42, .callback = SP_REDRAW, .nwords = (uint32_t)(w->code.len / 4),
			     .code = (const uint32_t *)(const void *)w->code.data };
}

static void world_finish(struct world *w)
{
	jit_destroy(w->jit);
	sink_destroy(w->sink);
	buf_finish(&w->log);
	buf_finish(&w->code);
}

/* Every record is at some place, and code lies in the order of its records. */
static void lines(void **state)
{
	bool seen[2 * ROUNDS + 8] = { false };
	const struct jit_code *code;
	struct jit_lines l;
	struct world w;
	uint32_t pc = 0, at = 0, n = 0;

	(void)state;
	world_init(&w);
	code = jit_compile(w.jit, &w.sp, NULL);
	assert_non_null(code);
	assert_int_equal(jit_lines_make(&l, code, &w.sp, NULL), 0);
	for (uint32_t i = 0; i < l.n; i++) {
		assert_true(l.v[i].code >= at && range_ok(l.v[i].code, l.v[i].size, l.size));
		at = l.v[i].code;
		for (uint32_t k = 0; k < l.v[i].rounds; k++)
			seen[l.v[i].record + k * (l.v[i].rounds > 1 ? 2 : 0)] = true;
	}
	for (; pc < w.sp.nwords; pc += sp_words(w.sp.code + pc))
		assert_true(seen[n++]);
	assert_int_equal(n, 2 * ROUNDS + 4);
	jit_lines_finish(&l);
	world_finish(&w);
}

static void perf_map(void **state)
{
	char path[64], line[256];
	bool found = false;
	struct world w;
	FILE *in;

	(void)state;
	world_init(&w);
	snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)getpid());
	assert_int_equal(jit_perf_map(w.jit, NULL), 0);
	assert_non_null(jit_compile(w.jit, &w.sp, NULL));
	in = fopen(path, "r");
	assert_non_null(in);
	while (fgets(line, sizeof(line), in)) {
		unsigned long long address;
		unsigned size;
		char name[128];

		assert_int_equal(sscanf(line, "%llx %x %127s", &address, &size, name), 3);
		found = found || (!strcmp(name, "sp42_redraw") && size > 20);
	}
	assert_true(found);
	fclose(in);
	unlink(path);
	world_finish(&w);
}

/* ---- jitdump: read as perf reads it --------------------------------------------------- */

static uint64_t u64_at(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint32_t u32_at(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static size_t file_read(const char *path, uint8_t *to, size_t max)
{
	FILE *in = fopen(path, "r");
	size_t n;

	assert_non_null(in);
	n = fread(to, 1, max, in);
	fclose(in);
	return n;
}

static void debug_check(const uint8_t *p, uint32_t size, char *listing)
{
	uint64_t n = u64_at(p + 24);
	const uint8_t *at = p + 32;

	assert_true(n > 3);
	for (uint64_t i = 0; i < n; i++) {
		assert_true(u32_at(at + 8) >= 1 && u32_at(at + 8) <= 2 * ROUNDS + 4);
		strcpy(listing, (const char *)at + 16);
		at += 16 + strlen(listing) + 1;
	}
	assert_ptr_equal(at, p + size);
}

static void load_check(const uint8_t *p, uint32_t size)
{
	const char *name = (const char *)p + 56;
	uint64_t code = u64_at(p + 40);

	assert_int_equal(u32_at(p + 16), getpid());
	assert_string_equal(name, "sp42_redraw");
	assert_int_equal(size, 56 + strlen(name) + 1 + code);
	assert_memory_equal(p + 56 + strlen(name) + 1, (const void *)(uintptr_t)u64_at(p + 32),
			    code);
}

static void remove_all(const char *dir)
{
	struct dirent *e;
	DIR *d = opendir(dir);
	char path[512];

	assert_non_null(d);
	while ((e = readdir(d)))
		if (e->d_name[0] != '.') {
			snprintf(path, sizeof(path), "%s/%.200s", dir, e->d_name);
			unlink(path);
		}
	closedir(d);
	rmdir(dir);
}

static void jitdump(void **state)
{
	char dir[] = "/tmp/blink-jitdump-XXXXXX", path[64], listing[512] = "";
	static uint8_t data[1 << 20];
	unsigned loads = 0, debugs = 0;
	struct error err = { 0 };
	struct world w;
	size_t n;

	(void)state;
	assert_non_null(mkdtemp(dir));
	world_init(&w);
	if (jit_perf_dump(w.jit, dir, &err) < 0)
		fail_msg("%s", err.text);
	assert_non_null(jit_compile(w.jit, &w.sp, NULL));
	snprintf(path, sizeof(path), "%s/jit-%d.dump", dir, (int)getpid());
	fflush(NULL);
	n = file_read(path, data, sizeof(data));
	assert_true(n > 40);
	assert_int_equal(u32_at(data), 0x4a695444);
	assert_int_equal(u32_at(data + 4), 1);
	assert_int_equal(u32_at(data + 8), 40);
	assert_int_equal(u32_at(data + 12), 62);
	for (size_t at = 40; at < n; at += u32_at(data + at + 4)) {
		uint32_t id = u32_at(data + at), size = u32_at(data + at + 4);

		assert_true(size >= 16 && range_ok(at, size, n));
		if (id == 2 && ++debugs)
			debug_check(data + at, size, listing);
		else if (id == 0 && ++loads)
			load_check(data + at, size);
	}
	assert_int_equal(loads, 1);
	assert_int_equal(debugs, 1);
	n = file_read(listing, data, sizeof(data) - 1);
	data[n] = 0;
	assert_int_equal(strncmp((char *)data, "glBegin ", 8), 0);
	world_finish(&w);
	remove_all(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(perf_map),
		cmocka_unit_test(jitdump),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
