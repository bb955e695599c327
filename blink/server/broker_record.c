/* broker_record.c - a film of what the screen showed: YUV4MPEG2, or what ffmpeg makes of it.
 *
 * A film has a frame per display refresh.  The executor makes none while nothing changes,
 * so a picture is repeated until the time of the next one. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "blink/server/broker_priv.h"

#define REPEAT_MAX 1000u                /* frames that one picture stands for */

struct film {
	FILE *out;
	char *path;
	pid_t ffmpeg;                   /* 0: none */
	uint32_t w, h;
	double refresh;
	uint8_t *planes;                /* of the last picture: Y, Cb, Cr in full size */
	uint64_t first_ns, frames;
	bool any, failed;
};

/* Pictures go into a pipe; what comes out of it is ffmpeg's to write. */
static pid_t ffmpeg_start(const char *path, FILE **in)
{
	int ends[2];
	pid_t pid;

	if (pipe(ends))
		return -1;
	pid = fork();
	if (!pid) {
		sigset_t none;

		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		signal(SIGINT, SIG_IGN);
		dup2(ends[0], 0);
		close_range(3, ~0u, 0);
		execlp("ffmpeg", "ffmpeg", "-loglevel", "error", "-y", "-f", "yuv4mpegpipe", "-i",
		       "-", "-pix_fmt", "yuv420p", "-preset", "ultrafast", path, (char *)NULL);
		_exit(127);
	}
	close(ends[0]);
	*in = pid > 0 ? fdopen(ends[1], "w") : NULL;
	if (!*in)
		close(ends[1]);
	return pid;
}

static int out_open(struct film *r, const char *path, struct error *err)
{
	size_t n = strlen(path);

	if (n > 4 && !strcmp(path + n - 4, ".y4m")) {
		r->out = fopen(path, "we");
	} else {
		r->ffmpeg = ffmpeg_start(path, &r->out);
		if (r->ffmpeg < 0)
			r->out = NULL;
	}
	if (!r->out)
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	return 0;
}

int film_open(struct film **out, const char *path, uint32_t w, uint32_t h,
		   double refresh, struct error *err)
{
	struct film *r = calloc(1, sizeof(*r));
	int e = 0;

	if (r) {
		r->path = strdup(path);
		r->planes = calloc((size_t)w * h, 3);
	}
	if (!r || !r->path || !r->planes)
		e = error_set(err, -ENOMEM, "%s: out of memory", path);
	if (e >= 0)
		e = out_open(r, path, err);
	if (e < 0) {
		if (r) {
			free(r->path);
			free(r->planes);
		}
		free(r);
		return e;
	}
	r->w = w;
	r->h = h;
	r->refresh = refresh;
	fprintf(r->out, "YUV4MPEG2 W%u H%u F%ld:1000 Ip A1:1 C444\n", w, h, lround(refresh * 1000));
	*out = r;
	return 0;
}

static uint8_t byte(int v)
{
	return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* BT.601, studio range: what readers of the format take it for. */
static void planes_fill(struct film *r, const uint8_t *rgb)
{
	size_t n = (size_t)r->w * r->h;
	uint8_t *y = r->planes, *u = y + n, *v = u + n;

	for (size_t i = 0; i < n; i++) {
		int red = rgb[3 * i], green = rgb[3 * i + 1], blue = rgb[3 * i + 2];

		y[i] = byte(16 + (66 * red + 129 * green + 25 * blue + 128) / 256);
		u[i] = byte(128 + (-38 * red - 74 * green + 112 * blue) / 256);
		v[i] = byte(128 + (112 * red - 94 * green - 18 * blue) / 256);
	}
}

static void frame_write(struct film *r)
{
	size_t n = (size_t)r->w * r->h * 3;

	if (r->failed)
		return;
	if (fputs("FRAME\n", r->out) < 0 || fwrite(r->planes, 1, n, r->out) != n)
		r->failed = true;
	r->frames++;
}

void film_add(struct film *r, const uint8_t *rgb, uint64_t time_ns)
{
	uint64_t due;

	if (!r->any)
		r->first_ns = time_ns;
	due = (uint64_t)llround((double)(time_ns - r->first_ns) * 1e-9 * r->refresh);
	for (unsigned i = 0; r->any && r->frames < due && i < REPEAT_MAX; i++)
		frame_write(r);
	if (r->frames > due)
		return;                 /* two within one refresh */
	planes_fill(r, rgb);
	r->any = true;
	frame_write(r);
}

uint64_t film_close(struct film *r, struct error *err)
{
	uint64_t frames = r->frames;
	int status = 0;

	r->failed |= ferror(r->out) != 0;
	if (fclose(r->out))
		r->failed = true;
	if (r->ffmpeg > 0) {
		while (waitpid(r->ffmpeg, &status, 0) < 0 && errno == EINTR)
			;
		if (!WIFEXITED(status) || WEXITSTATUS(status))
			r->failed = true;
	}
	if (r->failed) {
		error_set(err, -EIO, "%s: the film could not be written%s", r->path,
			  r->ffmpeg ? " (install ffmpeg, or name a .y4m)" : "");
		frames = 0;
	}
	free(r->path);
	free(r->planes);
	free(r);
	return frames;
}
