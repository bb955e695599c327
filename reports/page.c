/* page.c - see page.h. */
#include "reports/page.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blink/sp/output.h"
#include "reports/page_style.h"

void page_open(struct buf *b, const char *title)
{
	buf_printf(b, "<!DOCTYPE html>\n<html lang=en><head><meta charset=utf-8>\n"
		   "<meta name=viewport content=\"width=device-width, initial-scale=1\">\n"
		   "<meta name=color-scheme content=\"light dark\">\n<title>");
	html_text(b, title);
	buf_printf(b, "</title>\n<style>\n%s</style></head><body><main>\n", page_style);
}

void page_close(struct buf *b)
{
	buf_printf(b, "</main></body></html>\n");
}

void html_text(struct buf *b, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&': buf_printf(b, "&amp;"); break;
		case '<': buf_printf(b, "&lt;"); break;
		case '>': buf_printf(b, "&gt;"); break;
		case '"': buf_printf(b, "&quot;"); break;
		default: buf_append(b, text, 1);
		}
	}
}

void html_base64(struct buf *b, const void *data, size_t n)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *s = data;

	for (size_t i = 0; i < n; i += 3) {
		uint32_t v = (uint32_t)s[i] << 16;
		char out[4];

		if (i + 1 < n)
			v |= (uint32_t)s[i + 1] << 8;
		if (i + 2 < n)
			v |= s[i + 2];
		out[0] = digits[v >> 18];
		out[1] = digits[v >> 12 & 63];
		out[2] = i + 1 < n ? digits[v >> 6 & 63] : '=';
		out[3] = i + 2 < n ? digits[v & 63] : '=';
		buf_append(b, out, 4);
	}
}

int file_append(struct buf *b, const char *path, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), r = 0;   /* of FIFOs */
	char chunk[16384];
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return error_set(err, -EINVAL, "%s: not a regular file", path);
	}
	while ((n = read(fd, chunk, sizeof(chunk))) > 0 && !buf_failed(b))
		buf_append(b, chunk, (size_t)n);
	if (n < 0)
		r = error_set(err, -EIO, "%s: could not be read", path);
	else if (buf_failed(b))
		r = error_set(err, -ENOMEM, "%s: out of memory", path);
	close(fd);
	return r;
}

struct json_object *file_json(const char *path, struct error *err)
{
	struct json_object *j = NULL;
	struct buf b;
	int r;

	buf_init(&b);
	r = file_append(&b, path, err);
	buf_append(&b, "", 1);
	if (r >= 0 && !buf_failed(&b))
		j = json_tokener_parse((const char *)b.data);
	if (r >= 0 && !j)
		error_set(err, -EINVAL, "%s: no JSON can be read from it", path);
	buf_finish(&b);
	return j;
}

int file_write(const struct buf *b, const char *path, struct error *err)
{
	struct output o;
	int r;

	if (buf_failed(b))
		return error_set(err, -ENOMEM, "%s: out of memory", path);
	r = output_create(&o, path, err);
	if (r >= 0)
		r = output_write(&o, b->data, b->len, err);
	if (r >= 0)
		r = output_commit(&o, err);
	output_finish(&o);
	return r;
}

int html_picture(struct buf *b, const char *path, const char *alt, struct error *err)
{
	struct buf png;
	int r;

	buf_init(&png);
	r = file_append(&png, path, err);
	if (r >= 0) {
		buf_printf(b, "<img alt=\"");
		html_text(b, alt);
		buf_printf(b, "\" src=\"data:image/png;base64,");
		html_base64(b, png.data, png.len);
		buf_printf(b, "\">");
	}
	buf_finish(&png);
	return r;
}

void html_count(struct buf *b, double n)
{
	char digits[64];
	int len = snprintf(digits, sizeof(digits), "%.0f", n);

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0 && digits[i - 1] != '-')
			buf_append(b, ",", 1);
		buf_append(b, &digits[i], 1);
	}
}

void html_bytes(struct buf *b, double n)
{
	static const char *const units[] = { "B", "kB", "MB", "GB" };
	unsigned u = 0;

	for (; n >= 1000 && u < 3; u++)
		n /= 1000;
	html_number(b, n);
	buf_printf(b, "\u202f%s", units[u]);
}

void html_number(struct buf *b, double n)
{
	double size = fabs(n);

	if (size >= 100 || n == floor(n))
		html_count(b, n);
	else
		buf_printf(b, "%.*f", size >= 10 ? 1 : size >= 0.1 ? 2 : 4, n);
}

struct json_object *json_at(struct json_object *j, const char *path)
{
	char key[64];

	while (j && *path) {
		size_t n = strcspn(path, ".");

		if (n >= sizeof(key) || !json_object_is_type(j, json_type_object))
			return NULL;
		memcpy(key, path, n);
		key[n] = 0;
		if (!json_object_object_get_ex(j, key, &j))
			return NULL;
		path += n + (path[n] == '.');
	}
	return j;
}

bool json_number(struct json_object *j, const char *path, double *out)
{
	struct json_object *v = json_at(j, path);

	if (!json_object_is_type(v, json_type_int) && !json_object_is_type(v, json_type_double))
		return false;
	*out = json_object_get_double(v);
	return true;
}
