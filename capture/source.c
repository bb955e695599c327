/* source.c - see source.h. */
#include "capture/source.h"

#include "capture/recording.h"

/* ---- traces ---------------------------------------------------------------- */

static int next_of_trace(void *reader, struct trace_call *call, struct error *err)
{
	return trace_next(reader, call, err);
}

static uint64_t position_of_trace(const void *reader)
{
	return trace_position(reader);
}

static bool truncated_of_trace(const void *reader)
{
	return trace_truncated(reader);
}

static uint64_t lost_of_trace(const void *reader, char *remarks, size_t size)
{
	(void)reader;
	if (size)
		remarks[0] = 0;
	return 0;
}

static const char *property_of_trace(const void *reader, const char *name)
{
	return trace_property(reader, name);
}

static const struct blink_frame_data *frame_of_trace(const void *reader)
{
	(void)reader;
	return NULL;
}

static void close_trace(void *reader)
{
	trace_close(reader);
}

static int open_trace(struct call_source *s, const char *path, struct error *err)
{
	struct trace *t;
	int r = trace_open(&t, path, err);

	if (r < 0)
		return r;
	*s = (struct call_source){
		.kind = "trace", .version = trace_version(t), .size = trace_size(t), .reader = t,
		.next = next_of_trace, .position = position_of_trace,
		.truncated = truncated_of_trace, .lost = lost_of_trace, .property = property_of_trace,
		.frame = frame_of_trace, .close = close_trace
	};
	return 0;
}

/* ---- recordings ------------------------------------------------------------ */

static int next_of_recording(void *reader, struct trace_call *call, struct error *err)
{
	return recording_next(reader, call, err);
}

static int refresh_of_recording(void *reader, struct error *err)
{
	return recording_refresh(reader, err);
}

static uint64_t position_of_recording(const void *reader)
{
	return recording_position(reader);
}

static bool truncated_of_recording(const void *reader)
{
	return recording_truncated(reader);
}

static uint64_t lost_of_recording(const void *reader, char *remarks, size_t size)
{
	return recording_remarks(reader, remarks, size);
}

static const char *property_of_recording(const void *reader, const char *name)
{
	return recording_property(reader, name);
}

static const struct blink_frame_data *frame_of_recording(const void *reader)
{
	return recording_frame(reader);
}

static void close_recording(void *reader)
{
	recording_close(reader);
}

static int open_recording(struct call_source *s, const char *path, bool follow,
			  struct error *err)
{
	struct recording *r;
	int code = follow ? recording_follow(&r, path, err) : recording_open(&r, path, err);

	if (code < 0)
		return code;
	*s = (struct call_source){
		.kind = "recording", .version = recording_version(r), .size = recording_size(r),
		.arrays_stay = true, .reader = r,
		.next = next_of_recording, .refresh = refresh_of_recording,
		.position = position_of_recording,
		.truncated = truncated_of_recording, .lost = lost_of_recording,
		.property = property_of_recording,
		.frame = frame_of_recording, .close = close_recording
	};
	return 0;
}

int call_source_open(struct call_source *s, const char *path, struct error *err)
{
	*s = (struct call_source){ 0 };
	return recording_is(path) ? open_recording(s, path, false, err)
				  : open_trace(s, path, err);
}

int call_source_follow(struct call_source *s, const char *path, struct error *err)
{
	*s = (struct call_source){ 0 };
	return open_recording(s, path, true, err);
}

void call_source_close(struct call_source *s)
{
	if (s->reader)
		s->close(s->reader);
	*s = (struct call_source){ 0 };
}
