/* test_picture.c - frame pictures: streams, files, differences. */
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
#include <png.h>

#include "replay/picture.h"

static struct picture picture_make(uint32_t w, uint32_t h, unsigned seed)
{
	struct picture p = { w, h, malloc((size_t)w * h * 3) };

	assert_non_null(p.rgb);
	for (size_t i = 0; i < (size_t)w * h * 3; i++)
		p.rgb[i] = (uint8_t)(i * 7 + seed);
	return p;
}

static void test_stream_round_trip(void **state)
{
	struct picture a = picture_make(5, 3, 1), b = picture_make(2, 9, 2), in = { 0 };
	struct error err = { 0 };
	struct picture_difference d;
	FILE *f = tmpfile();
	uint64_t number;

	(void)state;
	assert_int_equal(picture_write_pnm(f, &a, 12345678901, &err), 0);
	assert_int_equal(picture_write_pnm(f, &b, 7, &err), 0);
	rewind(f);
	assert_int_equal(picture_read_pnm(f, &in, &number, &err), 1);
	assert_true(number == 12345678901);
	assert_true(picture_compare(&a, &in, &d));
	assert_int_equal(picture_read_pnm(f, &in, &number, &err), 1);
	assert_int_equal(number, 7);
	assert_true(picture_compare(&b, &in, &d));
	assert_int_equal(picture_read_pnm(f, &in, &number, &err), 0);
	fclose(f);
	picture_finish(&a);
	picture_finish(&b);
	picture_finish(&in);
}

static void test_broken_streams(void **state)
{
	static const char *const broken[] = {
		"P5\n1 1\n255\nx", "P6", "P6\n", "P6\n#3\n", "P6\n3\n255\n", "P6 2 2 255 12345678901",
		"P6\n0 1\n255\n", "P6\n99999 99999\n255\n", "P6\n4294967297 1\n255\nabc",
		"P6\n1 1\n65535\nabcdef", "P6\n-1 1\n255\nabc", "garbage",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		struct error err = { 0 };
		struct picture in = { 0 };
		uint64_t number;
		FILE *f = tmpfile();

		fputs(broken[i], f);
		rewind(f);
		assert_int_equal(picture_read_pnm(f, &in, &number, &err), -EPROTO);
		assert_true(err.text[0]);
		fclose(f);
		picture_finish(&in);
	}
}

static void test_difference(void **state)
{
	struct picture a = picture_make(4, 4, 0), b = picture_make(4, 4, 0), small = picture_make(2, 3, 0);
	struct picture_difference d;
	struct picture drawn = { 0 };

	(void)state;
	assert_true(picture_compare(&a, &b, &d));
	b.rgb[3 * 5 + 1] ^= 0x40;
	b.rgb[3 * 6] ^= 0x01;
	assert_false(picture_compare(&a, &b, &d));
	assert_true(d.same_size);
	assert_int_equal(d.pixels, 2);
	assert_int_equal(d.most, 0x40);
	assert_int_equal(picture_difference_draw(&a, &b, &drawn), 0);
	for (uint32_t i = 0; i < 16; i++)
		assert_int_equal(drawn.rgb[i * 3], i == 5 || i == 6 ? 255 : 0);
	picture_finish(&drawn);
	assert_false(picture_compare(&a, &small, &d));
	assert_false(d.same_size);
	assert_int_equal(picture_difference_draw(&a, &small, &drawn), 0);
	assert_int_equal(drawn.w, 2);
	assert_int_equal(drawn.h, 3);
	picture_finish(&drawn);
	picture_finish(&a);
	picture_finish(&b);
	picture_finish(&small);
}

static void test_png(void **state)
{
	struct picture a = picture_make(6, 4, 3);
	png_image image = { .version = PNG_IMAGE_VERSION };
	struct error err = { 0 };
	uint8_t back[6 * 4 * 3];
	char path[64];

	(void)state;
	snprintf(path, sizeof(path), "/tmp/test_picture.%d.png", (int)getpid());
	assert_int_equal(picture_write_png(&a, path, &err), 0);
	assert_true(png_image_begin_read_from_file(&image, path));
	assert_int_equal(image.width, 6);
	assert_int_equal(image.height, 4);
	image.format = PNG_FORMAT_RGB;
	assert_true(png_image_finish_read(&image, NULL, back, 0, NULL));
	assert_memory_equal(back, a.rgb, sizeof(back));
	unlink(path);
	assert_true(picture_write_png(&a, "/nonexistent/x.png", &err) < 0);
	assert_non_null(strstr(err.text, "/nonexistent/x.png"));
	picture_finish(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stream_round_trip),
		cmocka_unit_test(test_broken_streams),
		cmocka_unit_test(test_difference),
		cmocka_unit_test(test_png),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
