/* live_entry.h - an SP of a file as an entry of a stream.  Private to replay. */
#ifndef REPLAY_LIVE_ENTRY_H
#define REPLAY_LIVE_ENTRY_H

#include "blink/base/buf.h"
#include "blink/sp/file.h"
#include "blink/vso/vso.h"

struct live_entry {
	struct vso_stream_sp sp;       /* code and payloads lie below, or in the file */
	struct buf code;
	struct sp_payload *payloads;
	uint32_t cap;
	uint64_t *seen;                /* per payload of the file: stamp << 32 | its number */
	uint32_t nseen, stamp;
};
void live_entry_init(struct live_entry *e);
void live_entry_finish(struct live_entry *e);
/* sp must be loaded; the entry is good until it is released.  -EINVAL: it calls others. */
int live_entry_make(struct live_entry *e, const struct sp *sp, const struct sp_payloads *p,
		    struct error *err);
/* What it takes of the ring. */
uint64_t live_entry_size(const struct live_entry *e);

/* The largest entry of SPs [0, end), and the size of the window shown first. */
struct live_needs { uint64_t largest; uint32_t width, height; };
int live_needs_find(struct blink_file *f, uint32_t end, struct live_needs *out,
		    struct error *err);

#endif
