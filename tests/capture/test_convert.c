/* test_convert.c - what the converter makes of small traces: each case writes a
 * trace call by call, converts it, and looks at the records. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "blink/sp/file.h"
#include "capture/convert.h"
#include "tests/support/tracegen.h"

#define RGB 0x1907
#define RGBA 0x1908
#define UBYTE 0x1401
#define TEXTURE_2D 0x0DE1
#define ARRAY_BUFFER 0x8892

struct made {
	char trace[64], blink[64];
	struct blink_file *file;
	struct convert_stats stats;
	struct error err;
	int result;
};

static void convert(struct made *m, struct tracegen *g, bool keep_going, size_t limit)
{
	struct convert_options opt = { .keep_going = keep_going };

	memset(m, 0, sizeof(*m));
	snprintf(m->trace, sizeof(m->trace), "/tmp/test_convert.%d.trace", (int)getpid());
	snprintf(m->blink, sizeof(m->blink), "/tmp/test_convert.%d.blink", (int)getpid());
	assert_int_equal(tracegen_save(g, m->trace, limit), 0);
	tracegen_destroy(g);
	unlink(m->blink);
	m->result = convert_trace(m->trace, m->blink, &opt, &m->stats, &m->err);
	if (m->result == 0) {
		int r = blink_open(&m->file, m->blink, 0, &m->err);

		if (r < 0)
			fail_msg("%s", m->err.text);
	}
}

static void done(struct made *m)
{
	blink_close(m->file);
	unlink(m->trace);
	unlink(m->blink);
}

/* The nth record of op in SPs of a callback; its words, or NULL. */
static const uint32_t *find(struct made *m, unsigned callback, unsigned op, unsigned nth,
			    struct sp *sp)
{
	for (uint32_t id = 0; id < blink_sp_count(m->file); id++) {
		const uint32_t *rec, *end;
		bool bad = false;

		if (blink_sp_load(m->file, id, sp, &m->err) < 0)
			fail_msg("%s", m->err.text);
		end = sp->code + sp->nwords;
		for (rec = sp->code; (rec = sp_next(rec, end, &bad)); rec += sp_words(rec))
			if (sp_opcode(*rec) == op && sp->callback == callback && !nth--)
				return rec;
		assert_false(bad);
		blink_sp_release(m->file, id);
	}
	return NULL;
}

static const uint8_t *payload(struct made *m, uint32_t id, uint32_t size)
{
	const struct sp_payloads *p = blink_payloads(m->file);

	assert_true(id > 0 && id < p->n);
	assert_non_null(p->v[id].data);
	assert_int_equal(p->v[id].size, size);
	return p->v[id].data;
}

static void draw(struct tracegen *g)
{
	tracegen_call(g, 0, "glClear", "mask=u", UINT64_C(0x4000));
}

/* ---- cases ------------------------------------------------------------------- */

static void test_frames(void **state)
{
	struct tracegen *g = tracegen_create();
	struct made m;
	struct sp sp;

	(void)state;
	tracegen_window(g);
	for (int i = 0; i < 3; i++) {
		draw(g);
		tracegen_swap(g);
	}
	convert(&m, g, false, 0);
	assert_int_equal(m.result, 0);
	assert_int_equal(m.stats.frames, 3);
	assert_int_equal(blink_frame_count(m.file), 3);
	assert_non_null(find(&m, SP_INIT, OP_blinkContext, 0, &sp));
	assert_non_null(find(&m, SP_INIT, OP_blinkDrawableResize, 0, &sp));
	assert_non_null(find(&m, SP_REDRAW, OP_blinkSwap, 2, &sp));
	assert_null(find(&m, SP_REDRAW, OP_blinkSwap, 3, &sp));
	done(&m);
}

static void test_no_swap(void **state)
{
	struct tracegen *g = tracegen_create();
	struct made m;
	struct sp sp;

	(void)state;
	tracegen_window(g);
	draw(g);
	convert(&m, g, false, 0);
	assert_int_equal(m.result, 0);
	assert_int_equal(m.stats.frames, 0);
	assert_non_null(find(&m, SP_REDRAW, OP_glClear, 0, &sp));
	done(&m);
}

static void upload(struct tracegen *g, int name, const void *pixels, size_t size)
{
	tracegen_call(g, 0, "glBindTexture", "target=e,texture=i", TEXTURE_2D, name);
	tracegen_call(g, 0, "glTexImage2D", "target=e,level=i,internalformat=e,width=i,height=i,"
		      "border=i,format=e,type=e,pixels=b", TEXTURE_2D, 0, RGB, 3, 2, 0, RGB, UBYTE,
		      pixels, size);
}

/* Rows of 9 bytes are padded to 12 by GL_UNPACK_ALIGNMENT 4: records hold them tight. */
static void test_repack_alignment(void **state)
{
	static const uint8_t padded[24] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 0, 0,
					    11, 12, 13, 14, 15, 16, 17, 18, 19 };
	static const uint8_t tight[18] = { 1, 2, 3, 4, 5, 6, 7, 8, 9,
					   11, 12, 13, 14, 15, 16, 17, 18, 19 };
	struct tracegen *g = tracegen_create();
	const uint32_t *rec;
	struct made m;
	struct sp sp;

	(void)state;
	tracegen_window(g);
	upload(g, 7, padded, 21);       /* the last row is not padded */
	draw(g);
	tracegen_swap(g);
	convert(&m, g, false, 0);
	assert_int_equal(m.result, 0);
	rec = find(&m, SP_INIT, OP_glTexImage2D, 0, &sp);
	assert_non_null(rec);
	assert_memory_equal(payload(&m, rec[9], 18), tight, 18);
	done(&m);
}

/* A proxy answers whether there could be such an image, and nobody asks again. */
static void test_proxies(void **state)
{
	struct tracegen *g = tracegen_create();
	struct made m;
	struct sp sp;

	(void)state;
	tracegen_window(g);
	tracegen_call(g, 0, "glTexImage2D", "target=e,level=i,internalformat=e,width=i,height=i,"
		      "border=i,format=e,type=e,pixels=n", 0x8064, 0, RGB, 1 << 27, 1, 0, RGB, UBYTE);
	tracegen_call(g, 0, "glTexStorage2D", "target=e,levels=i,internalformat=e,width=i,height=i",
		      0x8064, 1, 0x8051, 65536, 65536);
	draw(g);
	tracegen_swap(g);
	convert(&m, g, false, 0);
	assert_int_equal(m.result, 0);
	for (unsigned callback = 0; callback < SP_CALLBACKS; callback++) {
		assert_null(find(&m, callback, OP_glTexImage2D, 0, &sp));
		assert_null(find(&m, callback, OP_glTexStorage2D, 0, &sp));
	}
	assert_true(m.stats.skipped >= 2);
	done(&m);
}

/* Row length, skips and swapped bytes, as the specification's figure 3.8 has them. */
static void test_repack_skips(void **state)
{
	uint8_t rows[4 * 10 * 2];
	struct tracegen *g = tracegen_create();
	const uint32_t *rec;
	const uint8_t *at;
	struct made m;
	struct sp sp;

	(void)state;
	for (unsigned i = 0; i < sizeof(rows); i++)
		rows[i] = (uint8_t)i;
	tracegen_window(g);
	tracegen_call(g, 0, "glPixelStorei", "pname=e,param=i", 0x0CF2, 10);    /* ROW_LENGTH */
	tracegen_call(g, 0, "glPixelStorei", "pname=e,param=i", 0x0CF3, 1);     /* SKIP_ROWS */
	tracegen_call(g, 0, "glPixelStorei", "pname=e,param=i", 0x0CF4, 3);     /* SKIP_PIXELS */
	tracegen_call(g, 0, "glPixelStorei", "pname=e,param=i", 0x0CF0, 1);     /* SWAP_BYTES */
	tracegen_call(g, 0, "glBindTexture", "target=e,texture=i", TEXTURE_2D, 3);
	tracegen_call(g, 0, "glTexImage2D", "target=e,level=i,internalformat=e,width=i,height=i,"
		      "border=i,format=e,type=e,pixels=b", TEXTURE_2D, 0, 0x1909, 2, 2, 0, 0x1909,
		      0x1403, rows, sizeof(rows));                      /* LUMINANCE, USHORT */
	draw(g);
	convert(&m, g, false, 0);
	if (m.result)
		fail_msg("%s", m.err.text);
	rec = find(&m, SP_INIT, OP_glTexImage2D, 0, &sp);
	assert_non_null(rec);
	at = payload(&m, rec[9], 8);
	/* row 1, pixels 3 and 4: bytes 26..29, each pair exchanged */
	assert_memory_equal(at, ((uint8_t[]){ 27, 26, 29, 28, 47, 46, 49, 48 }), 8);
	done(&m);
}

static void test_upload_moves_ahead(void **state)
{
	static const uint8_t pixels[24];
	struct tracegen *g = tracegen_create();
	struct made m;
	struct sp sp;

	(void)state;
	tracegen_window(g);
	upload(g, 1, pixels, 21);
	upload(g, 2, pixels, 21);
	draw(g);
	tracegen_swap(g);
	/* frame 1: texture 1 not drawn with yet: ahead; texture 2 was: stays */
	tracegen_call(g, 0, "glRectf", "x1=f,y1=f,x2=f,y2=f", 0.0, 0.0, 1.0, 1.0);
	upload(g, 1, pixels, 21);
	upload(g, 2, pixels, 21);
	tracegen_swap(g);
	convert(&m, g, false, 0);
	if (m.result)
		fail_msg("%s", m.err.text);
	assert_non_null(find(&m, SP_UPDATE, OP_glTexImage2D, 0, &sp));
	assert_null(find(&m, SP_UPDATE, OP_glTexImage2D, 1, &sp));
	assert_non_null(find(&m, SP_REDRAW, OP_glTexImage2D, 0, &sp));
	/* the binding of the frame's start is put back */
	assert_non_null(find(&m, SP_UPDATE, OP_glBindTexture, 1, &sp));
	done(&m);
}

static void test_mapped_buffer(void **state)
{
	static const uint8_t bytes[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct tracegen *g = tracegen_create();
	const uint32_t *rec;
	struct made m;
	struct sp sp;

	(void)state;
	tracegen_window(g);
	tracegen_call(g, 0, "glGenBuffers", "n=i,buffers=I[1]", 1, (int[]){ 9 });
	tracegen_call(g, 0, "glBindBuffer", "target=e,buffer=i", ARRAY_BUFFER, 9);
	tracegen_call(g, 0, "glBufferData", "target=e,size=i,data=n,usage=e", ARRAY_BUFFER, 64,
		      0x88E4);
	tracegen_call(g, 0, "glMapBufferRange", "target=e,offset=i,length=i,access=u,=p",
		      ARRAY_BUFFER, 16, 32, UINT64_C(2), UINT64_C(0x7f0000001000));
	tracegen_call(g, 0, "memcpy", "dest=p,src=b,n=i", UINT64_C(0x7f0000001004), bytes,
		      sizeof(bytes), 8);
	tracegen_call(g, 0, "glUnmapBuffer", "target=e,=i", ARRAY_BUFFER, 1);
	draw(g);
	convert(&m, g, false, 0);
	if (m.result)
		fail_msg("%s", m.err.text);
	rec = find(&m, SP_INIT, OP_glBufferSubData, 0, &sp);
	assert_non_null(rec);
	assert_int_equal(rec[2], 20);           /* offset 16, 4 bytes into the map */
	assert_int_equal(rec[4], 8);
	assert_memory_equal(payload(&m, rec[6], 8), bytes, 8);
	done(&m);
}

/* Immutable storage that is written through its mapping takes glBufferSubData as well. */
static void test_mapped_storage(void **state)
{
	static const struct { unsigned given, made; } flags[] = {
		{ 0x2 | 0x40 | 0x80, 0x2 | 0x40 | 0x80 | 0x100 },       /* persistent, coherent */
		{ 0x1, 0x1 }, { 0, 0 }, { 0x102, 0x102 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		struct tracegen *g = tracegen_create();
		const uint32_t *rec;
		struct made m;
		struct sp sp;

		tracegen_window(g);
		tracegen_call(g, 0, "glGenBuffers", "n=i,buffers=I[1]", 1, (int[]){ 9 });
		tracegen_call(g, 0, "glBindBuffer", "target=e,buffer=i", ARRAY_BUFFER, 9);
		tracegen_call(g, 0, "glBufferStorage", "target=e,size=i,data=n,flags=u",
			      ARRAY_BUFFER, 64, (uint64_t)flags[i].given);
		draw(g);
		convert(&m, g, false, 0);
		if (m.result)
			fail_msg("%s", m.err.text);
		rec = find(&m, SP_INIT, OP_glBufferStorage, 0, &sp);
		assert_non_null(rec);
		assert_int_equal(rec[gl_ops[OP_glBufferStorage].words - 1], flags[i].made);
		done(&m);
	}
}

static void draw_elements(struct tracegen *g)
{
	tracegen_call(g, 0, "glDrawElements", "mode=e,count=i,type=e,indices=b", 4, 1, 0x1401,
		      "", (size_t)1);
}

/* A vertex array object made under a deleted one's name has no element buffer yet. */
static void test_vao_name_again(void **state)
{
	static const int one[1] = { 1 };
	struct tracegen *g = tracegen_create();
	struct made m;
	struct sp sp;

	(void)state;
	tracegen_window(g);
	for (int i = 0; i < 2; i++) {
		tracegen_call(g, 0, "glGenVertexArrays", "n=i,arrays=I[1]", 1, one);
		tracegen_call(g, 0, "glBindVertexArray", "array=i", 1);
		if (i)
			draw_elements(g);
		tracegen_call(g, 0, "glBindBuffer", "target=e,buffer=i", 0x8893, 3);
		tracegen_call(g, 0, "glDeleteVertexArrays", "n=i,arrays=I[1]", 1, one);
	}
	convert(&m, g, false, 0);
	if (m.result)
		fail_msg("%s", m.err.text);
	assert_non_null(find(&m, SP_REDRAW, OP_glDrawElements, 0, &sp));
	assert_null(find(&m, SP_REDRAW, OP_glDrawElements_buf, 0, &sp));
	done(&m);
}

/* Names of two share groups that are equal in the trace are different objects. */
static void test_contexts_and_threads(void **state)
{
	struct tracegen *g = tracegen_create();
	const uint32_t *a, *b;
	uint32_t first;
	struct made m;
	struct sp sp;

	(void)state;
	tracegen_window(g);
	tracegen_call(g, 1, "glXCreateContext", "dpy=p,vis=n,shareList=n,direct=i,=p",
		      UINT64_C(0x1000), 1, UINT64_C(0xbeef));
	tracegen_call(g, 1, "glXMakeCurrent", "dpy=p,drawable=u,ctx=p,=i", UINT64_C(0x1000),
		      UINT64_C(78), UINT64_C(0xbeef), 1);
	tracegen_call(g, 0, "glBindTexture", "target=e,texture=i", TEXTURE_2D, 5);
	tracegen_call(g, 1, "glBindTexture", "target=e,texture=i", TEXTURE_2D, 5);
	draw(g);
	tracegen_swap(g);
	convert(&m, g, false, 0);
	if (m.result)
		fail_msg("%s", m.err.text);
	assert_int_equal(m.stats.contexts, 2);
	assert_int_equal(m.stats.drawables, 2);
	a = find(&m, SP_INIT, OP_glBindTexture, 0, &sp);
	assert_non_null(a);
	first = a[2];
	b = find(&m, SP_INIT, OP_glBindTexture, 1, &sp);
	assert_non_null(b);
	assert_int_not_equal(first, b[2]);
	/* thread 0, thread 1, thread 0, 1, 0: each switch is a record */
	assert_non_null(find(&m, SP_INIT, OP_blinkMakeCurrent, 3, &sp));
	done(&m);
}

static void test_uniform_elements(void **state)
{
	struct tracegen *g = tracegen_create();
	const uint32_t *rec;
	struct made m;
	struct sp sp;

	(void)state;
	tracegen_window(g);
	tracegen_call(g, 0, "glCreateProgram", "=i", 4);
	tracegen_call(g, 0, "glLinkProgram", "program=i", 4);
	tracegen_call(g, 0, "glGetUniformLocation", "program=i,name=s,=i", 4, "a[0]", 10);
	tracegen_call(g, 0, "glUseProgram", "program=i", 4);
	tracegen_call(g, 0, "glUniform1f", "location=i,v0=f", 12, 1.5);
	tracegen_call(g, 0, "glUniform1f", "location=i,v0=f", -1, 1.5);
	draw(g);
	convert(&m, g, false, 0);
	if (m.result)
		fail_msg("%s", m.err.text);
	rec = find(&m, SP_INIT, OP_glGetUniformLocation, 1, &sp);
	assert_non_null(rec);
	assert_int_equal(rec[4], 2);            /* element 2 of a */
	assert_memory_equal(payload(&m, rec[2], 5), "a[0]", 5);
	rec = find(&m, SP_INIT, OP_glUniform1f, 1, &sp);
	assert_non_null(rec);
	assert_int_equal(rec[1], 0);            /* location -1 is slot 0 */
	done(&m);
}

static void test_refusal_and_loss(void **state)
{
	struct tracegen *g;
	struct made m;

	(void)state;
	for (int keep = 0; keep < 2; keep++) {
		g = tracegen_create();
		tracegen_window(g);
		tracegen_call(g, 0, "glRenderMode", "mode=e", 0x1C02);  /* GL_SELECT */
		tracegen_call(g, 0, "glNoSuchCommandATI", "a=i", 1);
		draw(g);
		tracegen_swap(g);
		convert(&m, g, keep, 0);
		if (!keep) {
			assert_int_equal(m.result, -ENOTSUP);
			assert_non_null(strstr(m.err.text, "call 4 glRenderMode"));
			assert_int_equal(access(m.blink, F_OK), -1);
		} else {
			assert_int_equal(m.result, 0);
			assert_int_equal(m.stats.lost, 2);
			assert_non_null(strstr(blink_provenance(m.file), "glNoSuchCommandATI"));
		}
		done(&m);
	}
}

static void test_short_payload_is_refused(void **state)
{
	static const uint8_t few[4];
	struct tracegen *g = tracegen_create();
	struct made m;

	(void)state;
	tracegen_window(g);
	upload(g, 1, few, sizeof(few));
	convert(&m, g, false, 0);
	assert_int_equal(m.result, -ENOTSUP);
	assert_non_null(strstr(m.err.text, "glTexImage2D"));
	done(&m);
}

/* Cut anywhere, a trace converts up to its last whole call, or is refused cleanly. */
/* Programs make OpenGL ES contexts to see whether they can: only using one is refused. */
static void test_es_contexts(void **state)
{
	struct made m;

	(void)state;
	for (int use = 0; use < 2; use++) {
		struct tracegen *g = tracegen_create();

		tracegen_call(g, 0, "eglBindAPI", "api=e,=i", 0x30A0, 1);
		tracegen_call(g, 0, "eglCreateContext", "dpy=p,config=p,share_context=n,attrib_list=n,=p",
			      UINT64_C(1), UINT64_C(2), UINT64_C(0xe5));
		tracegen_window(g);
		if (use)
			tracegen_call(g, 0, "eglMakeCurrent", "dpy=p,draw=p,read=p,ctx=p,=i", UINT64_C(1),
				      UINT64_C(3), UINT64_C(3), UINT64_C(0xe5), 1);
		tracegen_call(g, 0, "eglDestroyContext", "dpy=p,ctx=p,=i", UINT64_C(1), UINT64_C(0xe5), 1);
		tracegen_call(g, 0, "glClear", "mask=u", (uint64_t)0x4000);
		tracegen_swap(g);
		convert(&m, g, false, 0);
		assert_int_equal(m.result, use ? -ENOTSUP : 0);
		assert_true(use == (strstr(m.err.text, "OpenGL ES") != NULL));
		if (!use)
			assert_int_equal(m.stats.contexts, 1);
		done(&m);
	}
}

static void test_truncated(void **state)
{
	struct tracegen *g = tracegen_create();
	size_t size;
	struct made m;

	(void)state;
	tracegen_window(g);
	draw(g);
	tracegen_swap(g);
	tracegen_raw(g, &size);
	tracegen_destroy(g);
	for (size_t cut = 1; cut < size; cut++) {
		g = tracegen_create();
		tracegen_window(g);
		draw(g);
		tracegen_swap(g);
		convert(&m, g, false, cut);
		if (m.result)
			assert_true(m.err.text[0] != 0 && access(m.blink, F_OK) < 0);
		else
			assert_true(m.stats.calls <= 6);
		done(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_no_swap),
		cmocka_unit_test(test_proxies),
		cmocka_unit_test(test_repack_alignment),
		cmocka_unit_test(test_repack_skips),
		cmocka_unit_test(test_upload_moves_ahead),
		cmocka_unit_test(test_mapped_buffer),
		cmocka_unit_test(test_mapped_storage),
		cmocka_unit_test(test_vao_name_again),
		cmocka_unit_test(test_contexts_and_threads),
		cmocka_unit_test(test_uniform_elements),
		cmocka_unit_test(test_refusal_and_loss),
		cmocka_unit_test(test_short_payload_is_refused),
		cmocka_unit_test(test_es_contexts),
		cmocka_unit_test(test_truncated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
