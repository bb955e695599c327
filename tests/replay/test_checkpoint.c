/* test_checkpoint.c - checkpoints: what is restored is what was there, on another driver
 * too; a crash while one is written leaves the previous one; a damaged one is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "blink/sp/asm.h"
#include "replay/checkpoint.h"
#include "replay/state_compare.h"
#include "replay/stream.h"
#include "tests/replay/scene.h"

#define SKIP 77
#define FRAMES 12u

static char folder[64], source[96], point[96];

/* A client with textures, a list, a buffer and a program, whose frames change them. */
static void source_write(void)
{
	struct error err = { 0 };
	char *text = NULL, *frame = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	fprintf(f, "blink 1\npayload one {\n u32 1\n}\npayload two {\n u32 2\n}\n"
		"payload grid {\n hex ff0000ff 00ff00ff 0000ffff ffffffff\n}\n"
		"payload corners {\n f32 -1 -1  1 -1  1 1  -1 1\n}\n");
	for (unsigned i = 0; i < FRAMES; i++)
		fprintf(f, "payload dot%u {\n hex %02x%02x40ff\n}\n", i, 20 * i, 255 - 20 * i);
	fprintf(f, "sp 0 init {\n blinkContext 1, 0, 0, 0\n blinkDrawable 1, 16, 8, 1\n"
		" blinkMakeCurrent 1, 1, 1\n glGenTextures 1, @one\n glBindTexture GL_TEXTURE_2D, 1\n"
		" glTexParameteri GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, 9728\n"
		" glTexParameteri GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, 9728\n"
		" glTexImage2D GL_TEXTURE_2D, 0, 32856, 2, 2, 0, GL_RGBA, GL_UNSIGNED_BYTE, @grid\n"
		" glEnable GL_TEXTURE_2D\n glGenBuffers 1, @two\n glBindBuffer GL_ARRAY_BUFFER, 2\n"
		" glBufferData GL_ARRAY_BUFFER, 32, @corners, GL_STATIC_DRAW\n"
		" glVertexPointer.buf 2, GL_FLOAT, 0, 0\n glEnableClientState GL_VERTEX_ARRAY\n"
		" glNewList 3, GL_COMPILE\n glTexCoord2f 0.25, 0.75\n glDrawArrays GL_QUADS, 0, 4\n"
		" glEndList\n end\n}\n");
	for (unsigned i = 0; i < FRAMES; i++)
		fprintf(f, "sp %u redraw frame %u context 1 drawable 1 {\n"
			" glTexSubImage2D GL_TEXTURE_2D, 0, %u, %u, 1, 1, GL_RGBA, GL_UNSIGNED_BYTE, @dot%u\n"
			" glClearColor %g, 0.5, 0.25, 1.0\n"
			" glClear GL_COLOR_BUFFER_BIT|GL_DEPTH_BUFFER_BIT|GL_STENCIL_BUFFER_BIT\n"
			" glViewport %u, 0, 8, 8\n glCallList 3\n blinkSwap 1\n end\n}\n",
			i + 1, i, i % 2, i / 2 % 2, i, i / 16.0, i % 8);
	fclose(f);
	free(frame);
	if (blink_assemble(text, size, "source", source, NULL, &err) < 0)
		fail_msg("%s", err.text);
	free(text);
}

static int point_write(uint32_t frame, const char *path, struct error *err)
{
	const struct checkpoint_options opt = { .frame = frame, .source = source, .tool = "test" };
	struct blink_file *f;
	int e = blink_open(&f, source, 0, err);

	if (e < 0)
		return e;
	e = checkpoint_write(f, path, &opt, NULL, err);
	blink_close(f);
	return e;
}

/* The frame of a checkpoint that is whole, or the error. */
static int64_t point_frame(const char *path, struct error *err)
{
	struct checkpoint_info info;
	struct blink_file *f;
	int e = checkpoint_open(&f, path, &info, err);
	int64_t frame = info.frame;

	if (e < 0)
		return e;
	blink_close(f);
	checkpoint_info_finish(&info);
	return frame;
}

/* ---- restoring -------------------------------------------------------------------- */

struct pictures { struct picture v[FRAMES]; };

static int keep(void *user, struct sink *sink, uint32_t frame, struct error *err)
{
	struct pictures *p = user;

	return sink_gl_read(sink, &p->v[frame].rgb, &p->v[frame].w, &p->v[frame].h, err);
}

static void pictures_finish(struct pictures *p)
{
	for (unsigned i = 0; i < FRAMES; i++)
		picture_finish(&p->v[i]);
}

/* State at the frame and pictures from there on: of the source, or through a checkpoint. */
static void play(const char *path, uint32_t frame, bool restart, struct state_dump *d,
		 struct pictures *p)
{
	struct state_replay_options opt = { .engine = PLAYER_JIT, .on_frame = keep, .user = p };
	struct blink_file *then = NULL;
	struct state_replay *r = NULL;
	struct error err = { 0 };
	int e = 0;

	memset(p, 0, sizeof(*p));
	state_init(d, 0);
	if (restart) {
		e = blink_open(&then, source, 0, &err);
		opt.then = then;
	}
	if (e >= 0)
		e = state_replay_open(&r, path, &opt, &err);
	if (e >= 0)
		e = state_replay_to(r, restart ? 0 : frame, &err);
	if (e >= 0)
		e = state_replay_take(r, d, &err);
	if (e >= 0 && restart)
		e = state_replay_switch(r, frame, &err);
	if (e >= 0)
		e = state_replay_to(r, FRAMES, &err);
	if (e < 0)
		fail_msg("%s", err.text);
	state_replay_close(r);
	blink_close(then);
}

static void print_change(void *user, const struct state_entry *a, const struct state_entry *b)
{
	char text[256];

	(void)user;
	state_describe(a, b, text, sizeof(text));
	print_message("  %s\n", text);
}

static void test_restores_the_state_and_goes_on(void **state)
{
	static const uint32_t frames[] = { 0, 1, 5, FRAMES };

	(void)state;
	for (size_t i = 0; i < sizeof(frames) / sizeof(*frames); i++) {
		struct state_dump full, back;
		struct pictures a, b;
		struct error err = { 0 };

		if (point_write(frames[i], point, &err) < 0)
			fail_msg("%s", err.text);
		assert_int_equal(point_frame(point, &err), frames[i]);
		play(source, frames[i], false, &full, &a);
		play(point, frames[i], true, &back, &b);
		assert_int_equal(state_diff(&full, &back, print_change, NULL), 0);
		for (uint32_t f = frames[i]; f < FRAMES; f++) {
			struct picture_difference d;

			assert_true(picture_compare(&a.v[f], &b.v[f], &d));
		}
		state_finish(&full);
		state_finish(&back);
		pictures_finish(&a);
		pictures_finish(&b);
	}
}

/* ---- another driver ------------------------------------------------------------------ */

/* What one driver makes of the restart at frame 5, told through a file. */
static void child_restart(const char *driver, const char *out)
{
	struct state_dump d;
	struct pictures p;
	size_t n = 0;
	FILE *f;

	setenv("GALLIUM_DRIVER", driver, 1);
	play(point, 5, true, &d, &p);
	for (size_t i = 0; i < d.count; i++)
		if (!state_driver_dependent(&d.v[i]))
			d.v[n++] = d.v[i];
	d.count = n;
	f = fopen(out, "wb");
	if (!f)
		_exit(1);
	fprintf(f, "%016lx\n", (unsigned long)state_hash(&d));
	for (uint32_t i = 5; i < FRAMES; i++)
		picture_write_pnm(f, &p.v[i], i, NULL);
	_exit(fclose(f) != 0);
}

static void test_another_driver(void **state)
{
	static const char *const drivers[] = { "llvmpipe", "softpipe" };
	uint64_t off = 0, all = 0, number;
	char hash[2][32], path[2][96];
	struct error err = { 0 };
	FILE *f[2];

	(void)state;
	assert_true(point_write(5, point, &err) >= 0);
	for (unsigned i = 0; i < 2; i++) {
		int status = 1;
		pid_t pid;

		snprintf(path[i], sizeof(path[i]), "%s/%s", folder, drivers[i]);
		fflush(NULL);
		pid = fork();
		if (pid == 0)
			child_restart(drivers[i], path[i]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		f[i] = fopen(path[i], "rb");
		assert_non_null(f[i]);
		assert_non_null(fgets(hash[i], sizeof(hash[i]), f[i]));
	}
	assert_string_equal(hash[0], hash[1]);
	for (uint32_t i = 5; i < FRAMES; i++) {
		struct picture a = { 0 }, b = { 0 };
		struct picture_difference d;

		assert_int_equal(picture_read_pnm(f[0], &a, &number, &err), 1);
		assert_int_equal(picture_read_pnm(f[1], &b, &number, &err), 1);
		picture_compare(&a, &b, &d);
		all += (uint64_t)a.w * a.h;
		off += d.most > 8 ? d.pixels : 0;
		picture_finish(&a);
		picture_finish(&b);
	}
	print_message("share of pixels that differ by more than 8: %g\n", (double)off / (double)all);
	assert_true(off * 50 <= all);
	for (unsigned i = 0; i < 2; i++) {
		fclose(f[i]);
		unlink(path[i]);
	}
}

/* ---- crashes ---------------------------------------------------------------------------- */

static unsigned files_count(void)
{
	DIR *d = opendir(folder);
	unsigned n = 0;

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)); )
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

/* A process writes one checkpoint after the other and is killed at some moment. */
static void test_killed_while_writing(void **state)
{
	unsigned before;
	struct error err = { 0 };

	(void)state;
	assert_true(point_write(0, point, &err) >= 0);
	before = files_count();
	for (unsigned i = 0; i < 60; i++) {
		int64_t frame;
		pid_t pid;

		fflush(NULL);
		pid = fork();
		if (pid == 0)
			for (uint32_t k = 0; ; k++)
				if (point_write(k % (FRAMES + 1), point, NULL) < 0)
					_exit(1);
		assert_true(pid > 0);
		usleep(300 + i * 157 % 4000);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		frame = point_frame(point, &err);
		if (frame < 0)
			fail_msg("round %u: %s", i, err.text);
		assert_in_range(frame, 0, FRAMES);
	}
	assert_int_equal(files_count(), before);
}

/* The disk is full, sooner or later. */
static void test_no_room(void **state)
{
	struct error err = { 0 };
	struct stat st;

	(void)state;
	assert_true(point_write(7, point, &err) >= 0);
	assert_int_equal(stat(point, &st), 0);
	for (off_t room = 0; room < st.st_size * 3 / 4; room += 1 + st.st_size / 40) {
		int status = 0;
		pid_t pid;

		fflush(NULL);
		pid = fork();
		if (pid == 0) {
			const struct rlimit limit = { (rlim_t)room, (rlim_t)room };

			signal(SIGXFSZ, SIG_IGN);
			setrlimit(RLIMIT_FSIZE, &limit);
			_exit(point_write(3, point, NULL) < 0 ? 0 : 1);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		assert_int_equal(point_frame(point, &err), 7);
	}
}

/* ---- damage ------------------------------------------------------------------------------ */

static uint8_t *file_read(const char *path, size_t *size)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	uint8_t *data;

	assert_non_null(f);
	assert_int_equal(fstat(fileno(f), &st), 0);
	*size = (size_t)st.st_size;
	data = malloc(*size);
	assert_non_null(data);
	assert_int_equal(fread(data, 1, *size, f), *size);
	fclose(f);
	return data;
}

static void file_write(const char *path, const uint8_t *data, size_t size)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, size, f), size);
	fclose(f);
}

static void test_damage_is_refused(void **state)
{
	struct error err = { 0 };
	char bad[112];
	size_t size;
	uint8_t *data;

	(void)state;
	assert_true(point_write(5, point, &err) >= 0);
	data = file_read(point, &size);
	snprintf(bad, sizeof(bad), "%s/bad", folder);
	for (size_t at = 0; at < size; at++) {
		data[at] ^= (uint8_t)(1 + at % 255);
		file_write(bad, data, size);
		data[at] ^= (uint8_t)(1 + at % 255);
		memset(&err, 0, sizeof(err));
		if (point_frame(bad, &err) >= 0)
			fail_msg("byte %zu of %zu may be anything", at, size);
		assert_non_null(strstr(err.text, bad));
	}
	for (size_t cut = 0; cut < size; cut += 1 + size / 97) {
		file_write(bad, data, cut);
		assert_true(point_frame(bad, &err) < 0);
	}
	/* whole, but no checkpoint */
	assert_true(point_frame(source, &err) < 0);
	assert_non_null(strstr(err.text, "no checkpoint"));
	unlink(bad);
	free(data);
}

static bool driver_there(void)
{
	int status = 1;
	pid_t pid = fork();

	/* in a process of its own, so that children here may choose another */
	if (pid == 0) {
		struct sink *s = NULL;

		_exit(sink_gl_create(&s, NULL, NULL) < 0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

int main(void)
{
	const struct CMUnitTest files[] = {
		cmocka_unit_test(test_killed_while_writing),
		cmocka_unit_test(test_no_room),
		cmocka_unit_test(test_damage_is_refused),
	}, drivers[] = {
		cmocka_unit_test(test_another_driver),      /* before this process has one */
		cmocka_unit_test(test_restores_the_state_and_goes_on),
	};
	int r;

	setenv("LIBGL_ALWAYS_SOFTWARE", "1", 1);
	setenv("GALLIUM_DRIVER", "llvmpipe", 1);
	snprintf(folder, sizeof(folder), "/tmp/blink-checkpoint-XXXXXX");
	if (!mkdtemp(folder))
		return 1;
	snprintf(source, sizeof(source), "%s/source.blink", folder);
	snprintf(point, sizeof(point), "%s/point.blink", folder);
	source_write();
	r = cmocka_run_group_tests(files, NULL, NULL);
	if (driver_there())
		r += cmocka_run_group_tests(drivers, NULL, NULL);
	else if (!r)
		r = SKIP;
	unlink(point);
	unlink(source);
	rmdir(folder);
	if (r == SKIP)
		fprintf(stderr, "test_checkpoint: no GL driver off-screen: nothing was restored\n");
	return r;
}
