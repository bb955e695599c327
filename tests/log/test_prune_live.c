/* test_prune_live.c - the pruner beside a log that grows: what it holds does not grow with
 * the log, payloads that nothing held refers to may go, and going backward at other
 * moments changes nothing of what is kept.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blink/log/prune.h"
#include "blink/sp/asm.h"
#include "blink/sp/file.h"

#define FRAMES 400u

static char path[64], path_out[64];

/* A log whose every frame pushes and pops, makes and destroys a context, makes a texture
 * and deletes the one before. */
static struct blink_file *log_open(void)
{
	struct blink_file *in = NULL;
	struct error err = { 0 };
	struct buf text;

	buf_init(&text);
	buf_printf(&text, "blink 1\nnames texture 9\nnames context 9\nnames drawable 9\n"
		   "names vertexarray 9\npayload 1 {\nu32 1\n}\npayload 2 {\nu32 2\n}\n");
	for (unsigned f = 0; f < FRAMES; f++)
		buf_printf(&text, "payload %u {\nu32 %u %u %u %u\n}\n", 3 + f, f, f, f, f);
	buf_printf(&text, "sp 0 init {\nblinkContext 1, 0, 0, 0x0\nblinkDrawable 1, 64, 64, 0x1\n"
		   "blinkMakeCurrent 1, 1, 1\nend\n}\n");
	for (unsigned f = 0; f < FRAMES; f++) {
		buf_printf(&text, "sp %u redraw frame %u context 1 drawable 1 {\nglGenTextures 1, @%u\nglBindTexture GL_TEXTURE_2D, %u\n"
			   "glTexImage2D GL_TEXTURE_2D, 0, 6408, 2, 2, 0, GL_RGBA, GL_UNSIGNED_BYTE, @%u\n",
			   f + 1, f, 1 + f % 2, 1 + f % 2, 3 + f);
		if (f)
			buf_printf(&text, "glDeleteTextures 1, @%u\n", 2 - f % 2);
		for (unsigned i = 0; i < 50; i++)
			buf_printf(&text, "glPushMatrix\nglPushAttrib GL_ALL_ATTRIB_BITS\n"
				   "glLineWidth %u.\nglPopAttrib\nglPopMatrix\n", 1 + i % 3);
		buf_printf(&text, "blinkContext 2, 0, 0, 0x0\nblinkMakeCurrent 2, 1, 1\n"
			   "glGenVertexArrays 1, @1\nglBindVertexArray 1\nblinkMakeCurrent 1, 1, 1\n"
			   "blinkContextDestroy 2\nglClear GL_COLOR_BUFFER_BIT\nblinkSwap 1\nend\n}\n");
	}
	if (blink_assemble((char *)text.data, text.len, "log", path, NULL, &err) < 0 ||
	    blink_open(&in, path, 0, &err) < 0)
		fail_msg("%s", err.text);
	buf_finish(&text);
	return in;
}

static struct prune *pruner(struct blink_file *in)
{
	const struct prune_options opt = { .payload = prune_file_payload, .user = in };
	struct prune *p = NULL;

	assert_int_equal(prune_create(&p, &opt, NULL), 0);
	return p;
}

static void frame_add(struct prune *p, struct blink_file *in, uint32_t frame)
{
	uint32_t first = 0, count = 0;
	struct error err = { 0 };
	struct sp sp;

	assert_true(blink_frame(in, frame, &first, &count) >= 0);
	if (frame == 0) {
		count += first;
		first = 0;
	}
	for (uint32_t i = first; i < first + count; i++) {
		assert_true(blink_sp_code(in, i, &sp, &err) >= 0);
		if (prune_add(p, &sp, &err) < 0)
			fail_msg("%s", err.text);
	}
	assert_int_equal(prune_frame(p, &err), 0);
}

struct ids { uint32_t v[64], n; };

static int id_note(void *user, uint32_t id)
{
	struct ids *ids = user;

	assert_true(ids->n < 64);
	ids->v[ids->n++] = id;
	return 0;
}

static void emit(struct prune *p)
{
	struct blink_writer *w = NULL;
	struct error err = { 0 };

	if (blink_writer_create(&w, path_out, NULL, &err) < 0 || prune_emit(p, w, &err) < 0)
		fail_msg("%s", err.text);
	blink_writer_destroy(w);
}

static int line_add(void *user, const uint32_t *rec, enum prune_kind kind, uint64_t index,
		    unsigned slot)
{
	(void)slot;
	buf_printf(user, "%u %llu ", (unsigned)kind, (unsigned long long)index);
	buf_append(user, rec, 4 * sp_words(rec));
	return 0;
}

static struct buf lines_of(const struct prune *p)
{
	struct buf text;

	buf_init(&text);
	prune_each(p, line_add, &text);
	return text;
}

static void test_bounded(void **state)
{
	struct blink_file *in = log_open();
	struct prune *p = pruner(in);
	size_t early = 0;

	(void)state;
	for (uint32_t f = 0; f < FRAMES; f++) {
		struct ids ids = { .n = 0 };
		bool own = false;

		frame_add(p, in, f);
		if (f % 20 != 19)
			continue;

		assert_int_equal(prune_compact(p, NULL), 0);
		prune_payloads(p, id_note, &ids);
		for (uint32_t i = 0; i < ids.n; i++) {
			own |= ids.v[i] == 3 + f;
			assert_true(ids.v[i] <= 2 || ids.v[i] == 3 + f);
		}
		assert_true(own);
		if (f < FRAMES / 4)
			early = prune_memory(p);
		assert_true(prune_memory(p) <= early);
	}
	prune_destroy(p);
	blink_close(in);
}

static void test_any_moment(void **state)
{
	struct blink_file *in = log_open();
	struct prune *a = pruner(in), *b = pruner(in);
	struct buf x, y;

	(void)state;
	for (uint32_t f = 0; f < FRAMES / 4; f++) {
		frame_add(a, in, f);
		frame_add(b, in, f);
		if (f % 7 == 0)
			assert_int_equal(prune_compact(b, NULL), 0);
	}
	emit(a);
	emit(b);
	x = lines_of(a);
	y = lines_of(b);
	assert_int_equal(x.len, y.len);
	assert_memory_equal(x.data, y.data, x.len);
	buf_finish(&x);
	buf_finish(&y);
	prune_destroy(a);
	prune_destroy(b);
	blink_close(in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_any_moment),
	};
	int failed;

	snprintf(path, sizeof(path), "/tmp/prune-live-%d.blink", (int)getpid());
	snprintf(path_out, sizeof(path_out), "/tmp/prune-live-%d-out.blink", (int)getpid());
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	unlink(path_out);
	return failed;
}
