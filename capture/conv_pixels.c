/* conv_pixels.c - pixel store state, repacking images to BlinkGL's tight layout.
 *
 * BlinkGL has no pixel-store state: a payload's rows follow one another without
 * padding.  (OpenGL 3.3 compatibility, section 3.7.4, "Unpacking", says where row
 * i of image k starts; the traced blob starts at the pointer given to the call.) */
#include "capture/conv.h"

#include <string.h>

enum {
	UNPACK_SWAP = 0x0CF0, UNPACK_LSB, UNPACK_ROW_LENGTH, UNPACK_SKIP_ROWS,
	UNPACK_SKIP_PIXELS, UNPACK_ALIGNMENT,
	PACK_SWAP = 0x0D00, PACK_LSB, PACK_ROW_LENGTH, PACK_SKIP_ROWS, PACK_SKIP_PIXELS,
	PACK_ALIGNMENT,
	PACK_SKIP_IMAGES = 0x806B, PACK_IMAGE_HEIGHT, UNPACK_SKIP_IMAGES, UNPACK_IMAGE_HEIGHT
};

void conv_pixelstore_reset(struct conv_pixelstore *p)
{
	memset(p, 0, sizeof(*p));
	p->alignment = 4;
}

int conv_hook_pixelstore(struct conv *c, const struct trace_call *call,
			 const struct conv_plan *plan)
{
	uint32_t pname = (uint32_t)conv_arg_uint(call, 0);
	struct conv_pixelstore *u = &c->ctx->unpack, *p = &c->ctx->pack;
	double d = 0;
	int32_t v;

	(void)plan;
	if (call->sig->nargs < 2 || !trace_double(&call->args[1], &d))
		return conv_refuse(c, call, "no value");
	v = (int32_t)d;
	switch (pname) {
	case UNPACK_SWAP: u->swap = v != 0; break;
	case UNPACK_LSB: u->lsb = v != 0; break;
	case UNPACK_ROW_LENGTH: u->row_length = v; break;
	case UNPACK_SKIP_ROWS: u->skip_rows = v; break;
	case UNPACK_SKIP_PIXELS: u->skip_pixels = v; break;
	case UNPACK_ALIGNMENT: u->alignment = v; break;
	case UNPACK_SKIP_IMAGES: u->skip_images = v; break;
	case UNPACK_IMAGE_HEIGHT: u->image_height = v; break;
	case PACK_SWAP: p->swap = v != 0; break;
	case PACK_LSB: p->lsb = v != 0; break;
	case PACK_ROW_LENGTH: p->row_length = v; break;
	case PACK_SKIP_ROWS: p->skip_rows = v; break;
	case PACK_SKIP_PIXELS: p->skip_pixels = v; break;
	case PACK_ALIGNMENT: p->alignment = v; break;
	case PACK_SKIP_IMAGES: p->skip_images = v; break;
	case PACK_IMAGE_HEIGHT: p->image_height = v; break;
	default: break;         /* an error then as it would be now; no state changes */
	}
	return 0;
}

/* Layout of an image in the traced program's memory, in bytes. */
struct layout {
	uint64_t start, row, image;     /* first pixel; row to row; image to image */
	uint64_t tight;                 /* bytes of one tight row */
	uint64_t w, h, d;
	unsigned bits;                  /* per pixel */
	uint64_t skip_bits;             /* bitmaps: pixels skipped within a byte */
};

static bool layout_of(const struct conv_pixelstore *s, unsigned bits, unsigned component,
		      uint64_t w, uint64_t h, uint64_t d, struct layout *l)
{
	uint64_t len = s->row_length > 0 ? (uint64_t)s->row_length : w;
	uint64_t height = s->image_height > 0 ? (uint64_t)s->image_height : h;
	uint64_t align = s->alignment == 1 || s->alignment == 2 || s->alignment == 8
		       ? (uint64_t)s->alignment : 4;
	uint64_t bytes;

	if (w > 1u << 20 || h > 1u << 20 || d > 1u << 20 || len > 1u << 24 ||
	    height > 1u << 24 || s->skip_rows < 0 || s->skip_pixels < 0 || s->skip_images < 0)
		return false;
	bytes = (len * bits + 7) / 8;
	/* components wider than the alignment are not padded (s >= a) */
	l->row = component >= align ? bytes : (bytes + align - 1) / align * align;
	l->image = l->row * height;
	l->tight = (w * bits + 7) / 8;
	l->start = (uint64_t)s->skip_images * l->image + (uint64_t)s->skip_rows * l->row +
		   (uint64_t)s->skip_pixels * bits / 8;
	l->skip_bits = bits == 1 ? (uint64_t)s->skip_pixels % 8 : 0;
	l->w = w;
	l->h = h;
	l->d = d;
	l->bits = bits;
	return true;
}

static unsigned reverse(unsigned b)
{
	b = (b & 0xf0) >> 4 | (b & 0x0f) << 4;
	b = (b & 0xcc) >> 2 | (b & 0x33) << 2;
	return (b & 0xaa) >> 1 | (b & 0x55) << 1;
}

static void copy_bits(uint8_t *to, const uint8_t *from, const struct layout *l, bool lsb)
{
	for (uint64_t x = 0; x < l->w; x++) {
		uint64_t at = x + l->skip_bits;
		unsigned byte = lsb ? reverse(from[at / 8]) : from[at / 8];

		if (x % 8 == 0)
			to[x / 8] = 0;
		if (byte & 0x80u >> at % 8)
			to[x / 8] = (uint8_t)(to[x / 8] | 0x80u >> x % 8);
	}
}

static void swap_bytes(uint8_t *p, uint64_t n, unsigned size)
{
	for (uint64_t i = 0; size > 1 && i + size <= n; i += size)
		for (unsigned k = 0; k < size / 2; k++) {
			uint8_t t = p[i + k];

			p[i + k] = p[i + size - 1 - k];
			p[i + size - 1 - k] = t;
		}
}

static void copy_image(uint8_t *to, const uint8_t *from, const struct layout *l,
		       const struct conv_pixelstore *s, unsigned component)
{
	for (uint64_t z = 0; z < l->d; z++)
		for (uint64_t y = 0; y < l->h; y++) {
			const uint8_t *row = from + l->start + z * l->image + y * l->row;

			if (l->bits == 1)
				copy_bits(to, row, l, s->lsb);
			else
				memcpy(to, row, l->tight);
			if (s->swap)
				swap_bytes(to, l->tight, component);
			to += l->tight;
		}
}

static int64_t dimension(const struct trace_call *call, const struct gl_command *cmd,
			 const char *name, int64_t missing)
{
	int i = conv_param_index(cmd, name);

	return i < 0 ? missing : (int32_t)conv_arg_uint(call, (unsigned)i);
}

/* Which parameter takes the pixels: the one with an offset in the .buf op. */
static const struct gl_operand *operand_of_kind(unsigned op, unsigned kind)
{
	for (unsigned i = 0; i < gl_ops[op].noperands; i++)
		if (gl_ops[op].operands[i].kind == kind)
			return &gl_ops[op].operands[i];
	return NULL;
}

static int encode_from_buffer(struct conv *c, const struct trace_call *call,
			      const struct conv_plan *plan, const struct conv_pixelstore *s,
			      const struct gl_operand *pixels, uint64_t start)
{
	unsigned op = plan->cmd->op_buf, n = gl_ops[op].noperands;
	const struct gl_operand *o = gl_ops[op].operands;
	uint32_t w[64] = { 0 };
	unsigned given = 0;
	uint64_t at = conv_arg_uint(call, pixels->param) + start;

	for (unsigned i = 0; i < n; i++) {
		uint32_t *to = w + o[i].word - 1;

		if (&o[i] == pixels)
			memcpy(to, &at, 8);
		else if (!strcmp(o[i].name, "row_length"))
			*to = (uint32_t)s->row_length;
		else if (!strcmp(o[i].name, "image_height"))
			*to = (uint32_t)s->image_height;
		else if (!strcmp(o[i].name, "flags"))
			*to = ((uint32_t)s->alignment & SP_UNPACK_ALIGN_MASK) |
			      (s->swap ? SP_UNPACK_SWAP : 0) | (s->lsb ? SP_UNPACK_LSB : 0);
		else
			continue;
		given |= 1u << i;
	}
	return conv_encode_given(c, call, plan, op, w, given);
}

/* Format and type of a command's pixels; fixed for bitmaps and stipples. */
static void pixel_format(const struct trace_call *call, const struct gl_command *cmd,
			 uint32_t *format, uint32_t *type)
{
	*format = (uint32_t)dimension(call, cmd, "format", 0x1900);     /* COLOR_INDEX */
	*type = (uint32_t)dimension(call, cmd, "type", 0x1A00);         /* BITMAP */
}

static bool call_layout(const struct trace_call *call, const struct gl_command *cmd,
			const struct conv_pixelstore *s, struct layout *l, unsigned *component)
{
	bool stipple = conv_param_index(cmd, "width") < 0;
	int64_t w = dimension(call, cmd, "width", 32);
	int64_t h = dimension(call, cmd, "height", stipple ? 32 : 1);
	int64_t d = dimension(call, cmd, "depth", 1);
	uint32_t format, type;
	unsigned bits;

	pixel_format(call, cmd, &format, &type);
	if (w < 0 || h < 0 || d < 0 || !gl_pixel_size(format, type, &bits))
		return false;
	*component = 1;
	gl_type_size(type, component);
	return layout_of(s, bits, *component, (uint64_t)w, (uint64_t)h, (uint64_t)d, l);
}

int conv_hook_pixels(struct conv *c, const struct trace_call *call,
		     const struct conv_plan *plan)
{
	const struct conv_pixelstore *s = &c->ctx->unpack;
	const struct gl_command *cmd = plan->cmd;
	const struct gl_operand *off = operand_of_kind(cmd->op_buf, GL_KIND_OFFSET);
	const struct gl_operand *in = operand_of_kind(cmd->op, GL_KIND_PAYLOAD);
	const uint8_t *bytes;
	uint32_t w[64] = { 0 };
	struct layout l;
	uint64_t tight, need;
	unsigned component;
	size_t avail;
	uint8_t *to;

	if (!off || !in || in->param >= call->sig->nargs)
		return conv_refuse(c, call, "its row has no pixels operand");
	if (!call_layout(call, cmd, s, &l, &component)) {
		if (call->args[in->param].kind == TRACE_NULL)
			return conv_encode(c, call, plan, cmd->op);
		return conv_refuse(c, call, "unknown pixel format, type or size");
	}
	if (conv_bound_buffer(c, 0x88EC))               /* PIXEL_UNPACK_BUFFER */
		return encode_from_buffer(c, call, plan, s, off, l.start);
	tight = l.tight * l.h * l.d;
	if (call->args[in->param].kind == TRACE_NULL || !tight)
		return conv_encode(c, call, plan, cmd->op);
	if (!conv_bytes(c, &call->args[in->param], plan->element[in->param], &bytes, &avail))
		return conv_refuse(c, call, "the trace holds no data for %s", in->name);
	need = l.start + (l.d - 1) * l.image + (l.h - 1) * l.row + l.tight +
	       (l.skip_bits + l.w % 8 > 8 ? 1 : 0);
	if (need > avail)
		return conv_refuse(c, call, "%s has %zu bytes where the command reads %llu",
				   in->name, avail, (unsigned long long)need);
	if (tight <= SP_MAX_PAYLOAD && call->args[in->param].place && !s->swap && l.bits != 1 &&
	    l.row == l.tight && l.image == l.tight * l.h) {
		w[in->word - 1] = conv_payload(c, &call->args[in->param], bytes + l.start, tight);
		return conv_encode_given(c, call, plan, cmd->op, w,
					 1u << (unsigned)(in - gl_ops[cmd->op].operands));
	}
	if (tight > SP_MAX_PAYLOAD || !(to = c->sink->payload_begin(c->sink->user, (uint32_t)tight)))
		return conv_refuse(c, call, "%s is larger than a payload may be", in->name);
	if (!s->swap && l.bits != 1 && l.row == l.tight && l.image == l.tight * l.h)
		memcpy(to, bytes + l.start, tight);
	else
		copy_image(to, bytes, &l, s, component);
	w[in->word - 1] = c->sink->payload_end(c->sink->user, (uint32_t)tight);
	c->stats->payload_bytes += tight;
	return conv_encode_given(c, call, plan, cmd->op, w,
				 1u << (unsigned)(in - gl_ops[cmd->op].operands));
}

/* Reading back matters to a replay only where it fills a bound pack buffer. */
int conv_hook_readback(struct conv *c, const struct trace_call *call,
		       const struct conv_plan *plan)
{
	const struct gl_operand *off;
	struct layout l;
	unsigned component;

	if (plan->cmd->op_buf == GL_OP_COUNT || !conv_bound_buffer(c, 0x88EB)) {
		c->stats->skipped++;
		return 0;
	}
	off = operand_of_kind(plan->cmd->op_buf, GL_KIND_OFFSET);
	if (!off)
		return conv_refuse(c, call, "its row has no offset operand");
	if (!call_layout(call, plan->cmd, &c->ctx->pack, &l, &component))
		l.start = 0;    /* glGetTexImage: its size is the texture's */
	return encode_from_buffer(c, call, plan, &c->ctx->pack, off, l.start);
}
