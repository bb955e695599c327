/* film.c - see film.h. */
#include "blink/client/programs/film.h"

#include <errno.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/imgutils.h>
#include <libswscale/swscale.h>
#include <stdbool.h>
#include <stdlib.h>

#define WIDTH_MAX 8192                  /* of a film, and its height */

struct film {
	const char *path;
	AVFormatContext *format;
	AVCodecContext *codec;
	AVFrame *frame;
	AVPacket *packet;
	struct SwsContext *scale;
	int stream;
	bool draining;                 /* the file has ended, the decoder has not */
	uint64_t read;                 /* pictures since the beginning */
};

static int fail(const struct film *f, int code, const char *what, struct error *err)
{
	char why[128] = "";

	av_strerror(code, why, sizeof(why));
	return error_set(err, code == AVERROR(ENOENT) ? -ENOENT : -EIO, "%s: %s: %s", f->path, what,
			 why);
}

static int decoder_open(struct film *f, struct error *err)
{
	const AVCodec *decoder = NULL;
	int r = avformat_open_input(&f->format, f->path, NULL, NULL);

	if (r < 0)
		return fail(f, r, "it cannot be opened", err);
	r = avformat_find_stream_info(f->format, NULL);
	if (r >= 0)
		r = av_find_best_stream(f->format, AVMEDIA_TYPE_VIDEO, -1, -1, &decoder, 0);
	if (r < 0)
		return fail(f, r, "no film is in it", err);
	f->stream = r;
	f->codec = avcodec_alloc_context3(decoder);
	if (!f->codec)
		return error_set(err, -ENOMEM, "%s: out of memory", f->path);
	avcodec_parameters_to_context(f->codec, f->format->streams[r]->codecpar);
	f->codec->thread_count = 1;
	r = avcodec_open2(f->codec, decoder, NULL);
	if (r < 0)
		return fail(f, r, "it cannot be decoded", err);
	if (f->codec->width < 1 || f->codec->height < 1 || f->codec->width > WIDTH_MAX ||
	    f->codec->height > WIDTH_MAX)
		return error_set(err, -EINVAL, "%s: pictures of %d x %d are not shown", f->path,
				 f->codec->width, f->codec->height);
	return 0;
}

int film_open(struct film **out, const char *path, struct error *err)
{
	struct film *f = calloc(1, sizeof(*f));
	int r;

	if (!f)
		return error_set(err, -ENOMEM, "%s: out of memory", path);
	f->path = path;
	av_log_set_level(AV_LOG_ERROR);
	r = decoder_open(f, err);
	f->frame = av_frame_alloc();
	f->packet = av_packet_alloc();
	if (r >= 0 && (!f->frame || !f->packet))
		r = error_set(err, -ENOMEM, "%s: out of memory", path);
	if (r < 0) {
		film_close(f);
		return r;
	}
	*out = f;
	return 0;
}

void film_close(struct film *f)
{
	if (!f)
		return;
	sws_freeContext(f->scale);
	av_packet_free(&f->packet);
	av_frame_free(&f->frame);
	avcodec_free_context(&f->codec);
	avformat_close_input(&f->format);
	free(f);
}

void film_size(const struct film *f, uint32_t *width, uint32_t *height)
{
	*width = (uint32_t)f->codec->width;
	*height = (uint32_t)f->codec->height;
}

double film_rate(const struct film *f)
{
	AVRational rate = av_guess_frame_rate(f->format, f->format->streams[f->stream], NULL);

	return rate.num > 0 && rate.den > 0 ? av_q2d(rate) : 25;
}

/* ---- pictures -------------------------------------------------------------------- */

static int begin_anew(struct film *f, struct error *err)
{
	int r = av_seek_frame(f->format, f->stream, 0, AVSEEK_FLAG_BACKWARD);

	if (!f->read)
		return error_set(err, -EIO, "%s: no picture is in it", f->path);
	if (r < 0)
		return fail(f, r, "it cannot be played again", err);
	avcodec_flush_buffers(f->codec);
	f->draining = false;
	f->read = 0;
	return 0;
}

/* Gives the decoder something to do. */
static int feed(struct film *f, struct error *err)
{
	int r;

	if (f->draining)
		return begin_anew(f, err);
	r = av_read_frame(f->format, f->packet);
	if (r == AVERROR_EOF) {
		f->draining = true;
		avcodec_send_packet(f->codec, NULL);
		return 0;
	}
	if (r < 0)
		return fail(f, r, "it cannot be read", err);
	/* a damaged packet is one picture less */
	if (f->packet->stream_index == f->stream)
		avcodec_send_packet(f->codec, f->packet);
	av_packet_unref(f->packet);
	return 0;
}

static int convert(struct film *f, void *bgra, struct error *err)
{
	int w = f->codec->width, h = f->codec->height;
	uint8_t *const to[4] = { bgra };
	const int stride[4] = { 4 * w };

	f->scale = sws_getCachedContext(f->scale, f->frame->width, f->frame->height,
					(enum AVPixelFormat)f->frame->format, w, h,
					AV_PIX_FMT_BGRA, SWS_POINT, NULL, NULL, NULL);
	if (!f->scale)
		return error_set(err, -EIO, "%s: its pictures cannot be converted", f->path);
	sws_scale(f->scale, (const uint8_t *const *)f->frame->data, f->frame->linesize, 0,
		  f->frame->height, to, stride);
	return 0;
}

int film_read(struct film *f, void *bgra, struct error *err)
{
	int r;

	while ((r = avcodec_receive_frame(f->codec, f->frame)) < 0) {
		if (r != AVERROR(EAGAIN) && r != AVERROR_EOF)
			return fail(f, r, "it cannot be decoded", err);
		r = feed(f, err);
		if (r < 0)
			return r;
	}
	f->read++;
	r = convert(f, bgra, err);
	av_frame_unref(f->frame);
	return r;
}
