/* test_live_entry.c - SPs of a file as entries of a stream: payloads under numbers of the
 * entry's own, each once; what they take of the ring; the window's size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <GL/gl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blink/client/blinkgl.h"
#include "replay/live_entry.h"

static struct sp procedure(struct buf *code)
{
	sp_end(code);
	assert_false(buf_failed(code));
	return (struct sp){ .callback = SP_REDRAW, .context = 3, .drawable = 4,
			    .code = (const uint32_t *)(const void *)code->data,
			    .nwords = (uint32_t)(code->len / 4) };
}

static void test_renumbered(void **state)
{
	const uint8_t bytes[64] = { 0 };
	struct sp_payload v[9] = { 0 };
	const struct sp_payloads payloads = { v, 9 };
	struct live_entry e;
	struct buf code;
	struct sp sp;

	(void)state;
	for (unsigned i = 1; i < 9; i++)
		v[i] = (struct sp_payload){ .data = bytes, .size = 10 * i };
	live_entry_init(&e);
	buf_init(&code);
	blinkLightfv(&code, GL_LIGHT0, GL_POSITION, blink_at(7, 4));
	blinkLightfv(&code, GL_LIGHT1, GL_POSITION, blink_at(2, 0));
	blinkLightfv(&code, GL_LIGHT2, GL_POSITION, blink_at(7, 8));
	blinkBufferData(&code, GL_ARRAY_BUFFER, 5, BLINK_NONE, GL_STATIC_DRAW);
	sp = procedure(&code);
	for (int twice = 0; twice < 2; twice++) {
		assert_int_equal(live_entry_make(&e, &sp, &payloads, NULL), 0);
		assert_int_equal(e.sp.npayloads, 2);
		assert_int_equal(e.sp.payloads[0].size, 70);
		assert_int_equal(e.sp.payloads[1].size, 20);
		assert_int_equal(e.sp.code[3], 1);
		assert_int_equal(e.sp.code[4], 4);
		assert_int_equal(e.sp.code[8], 2);
		assert_int_equal(e.sp.code[13], 1);
		assert_int_equal(e.sp.context, 3);
		assert_int_equal(e.sp.drawable, 4);
		assert_int_equal(e.sp.words, sp.nwords);
	}
	/* the file's own code is untouched */
	assert_int_equal(sp.code[3], 7);
	assert_true(live_entry_size(&e) >= sizeof(struct vso_stream_entry) + sp.nwords * 4 + 72 + 24);

	buf_clear(&code);
	blinkLightfv(&code, GL_LIGHT0, GL_POSITION, blink_at(9, 0));
	sp = procedure(&code);
	assert_int_equal(live_entry_make(&e, &sp, &payloads, NULL), -EINVAL);
	buf_clear(&code);
	blink_call(&code, 1, 0, 0);
	sp = procedure(&code);
	assert_int_equal(live_entry_make(&e, &sp, &payloads, NULL), -EINVAL);
	buf_finish(&code);
	live_entry_finish(&e);
}

static void add(struct blink_writer *w, struct buf *code, uint8_t callback)
{
	struct sp sp;

	sp = procedure(code);
	sp.callback = callback;
	sp.context = sp.drawable = 0;
	sp.frame = 0;
	assert_int_equal(blink_writer_sp(w, &sp, NULL), 0);
	buf_clear(code);
}

static void test_needs(void **state)
{
	const struct blink_writer_options opt = { 0 };
	uint8_t *bytes = calloc(1, 100000);
	struct blink_writer *w = NULL;
	struct blink_file *f = NULL;
	struct live_needs needs;
	char path[] = "/tmp/test-live-XXXXXX";
	struct error err = { 0 };
	struct buf code;
	uint32_t id;

	(void)state;
	close(mkstemp(path));
	buf_init(&code);
	assert_int_equal(blink_writer_create(&w, path, &opt, &err), 0);
	blinkContext(&code, 1, 0, 0, 0);
	blinkDrawable(&code, 1, 32, 32, 0);
	blinkDrawable(&code, 2, 50, 60, 2);             /* never shown */
	add(w, &code, SP_INIT);
	id = blink_writer_payload(w, bytes, 100000);
	assert_int_not_equal(id, 0);
	blinkMakeCurrent(&code, 1, 1, 1);
	blinkBufferData(&code, GL_ARRAY_BUFFER, 100000, blink_at(id, 0), GL_STATIC_DRAW);
	blinkDrawableResize(&code, 1, 640, 480);
	blinkSwap(&code, 1);
	blinkDrawableResize(&code, 1, 10, 10);          /* later */
	add(w, &code, SP_REDRAW);
	assert_int_equal(blink_writer_commit(w, "{}", &err), 0);
	blink_writer_destroy(w);

	assert_int_equal(blink_open(&f, path, 0, &err), 0);
	assert_int_equal(live_needs_find(f, 1, &needs, &err), 0);
	assert_int_equal(needs.width, 640);
	assert_int_equal(needs.height, 480);
	assert_in_range(needs.largest, 100000, 100400);
	assert_int_equal(live_needs_find(f, 0, &needs, &err), 0);
	assert_in_range(needs.largest, 64, 400);
	blink_close(f);
	unlink(path);
	buf_finish(&code);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_renumbered),
		cmocka_unit_test(test_needs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
