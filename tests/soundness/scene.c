/* scene.c - programs for a driver: state of every kind is set up, then drawn with, copied,
 * read; with arguments at random and at the edges.
 *
 * A procedure is a sequence of parts (scene_lines.c) and of single records of any command.
 * Words that stand for a choice are chosen by the operand's kind, its name and its enum
 * group: mostly what could be meant, else what nobody means.  Payloads are as large as the
 * command's size rule says, and lie at the end of theirs.
 */
#include <GL/gl.h>
#include <GL/glext.h>
#include <stdlib.h>
#include <string.h>

#include "tests/soundness/program.h"
#include "tests/soundness/scene.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define PICK(g, a) ((a)[below(g, (uint32_t)COUNT(a))])

struct stage {
	struct dice *d;
	struct program_sp *sp;
	uint32_t chosen[SC_CHOICES - R];
	uint32_t last;                  /* start of the last record */
	bool calm;                      /* fewer edges: so that more of it works */
};

static uint32_t below(struct stage *g, uint32_t n) { return dice_below(g->d, n); }

/* ---- enums ------------------------------------------------------------------------------ */

/* Values of a group of the registry's, found once. */
#define GROUPS 512u
struct group { const char *name; uint16_t *v; uint32_t n; };

static struct group *group_of(const char *name)
{
	static struct group groups[GROUPS];
	struct group *g = groups;

	for (; g->name; g++)
		if (g->name == name || g == groups + GROUPS - 1)
			return g;
	g->v = malloc(sizeof(*g->v) * 65536);
	if (!g->v)
		abort();
	for (uint32_t v = 0; v < 65536; v++)
		if (gl_enum_name(name[0] ? name : NULL, v))
			g->v[g->n++] = (uint16_t)v;
	g->v = realloc(g->v, sizeof(*g->v) * (g->n + 1));
	g->name = name;
	return g;
}

static uint32_t any_enum(struct stage *g)
{
	static const char any[] = "";
	struct group *all = group_of(any);

	return all->v[below(g, all->n)];
}

static uint32_t enum_choose(struct stage *g, const char *name)
{
	struct group *all = name ? group_of(name) : NULL;

	if (!below(g, g->calm ? 60 : 12) || !all || !all->n)
		return below(g, 3) ? any_enum(g) : below(g, 8);
	return all->v[below(g, all->n)];
}

static uint32_t bits_choose(struct stage *g, const char *name)
{
	uint32_t bits = 0;

	if (!below(g, 4))
		return below(g, 2) ? UINT32_MAX : dice_u32(g->d);
	for (unsigned b = 0; b < 32; b++)
		if (name && gl_bit_name(name, 1u << b) && below(g, 2))
			bits |= 1u << b;
	return bits;
}

/* ---- numbers ---------------------------------------------------------------------------- */

static uint32_t edge(struct stage *g)
{
	static const uint32_t edges[] = { 0, 1, 0xffffffff, 0x7fffffff, 0x80000000, 0x80000001,
		0xfffffffe, 0x7ffffff0, 0xfffffff0, 0xffff0000, 0x40000000, 0x3fffffff, 0x10000, 0xffff,
		0x8000, 0x7fff, 0x4000, 0x4001, 255, 256, 1000, 1000000, 0x10008, 0x2000, 0x1fffffff,
		0x20000000, 0x55555556, 33, 65, 127, 128 };

	return PICK(g, edges);
}

static uint32_t side(struct stage *g)
{
	static const uint32_t sides[] = { 1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 31, 32, 33, 63, 64, 65,
		4, 8, 16, 32, 64, 1, 2, 8, 100, 127, 128, 255, 256, 257 };
	static const uint32_t large[] = { 0, 1000, 2048, 4096, 8192, 16384, 16385, 32767, 32768 };

	return below(g, 40) ? PICK(g, sides) : PICK(g, large);
}

static bool named(const char *name, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(name, list[i]) == 0)
			return true;
	return false;
}
#define NAMED(name, ...) named(name, (const char *const[]){ __VA_ARGS__ }, \
	sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

/* What an integer of that name could well be. */
static uint32_t sensible(struct stage *g, const struct gl_operand *o)
{
	const char *n = o->name;

	if (NAMED(n, "width", "height", "depth", "w", "h"))
		return side(g);
	if (NAMED(n, "internalformat", "internalFormat"))
		return g->chosen[SC_INTERNAL - R];
	if (NAMED(n, "level", "border", "levels", "layer", "minlevel", "numlevels", "minlayer"))
		return below(g, 6) ? below(g, 4) : below(g, 16);
	if (NAMED(n, "x", "y", "xoffset", "yoffset", "zoffset", "z", "srcX0", "srcY0", "dstX0", "dstY0",
		  "srcX1", "srcY1", "dstX1", "dstY1"))
		return below(g, 8) ? below(g, 66) : 0u - below(g, 40);
	if (NAMED(n, "stride"))
		return below(g, 3) ? 4 * below(g, 16) : below(g, 300);
	if (NAMED(n, "size"))
		return 1 + below(g, 4);
	if (NAMED(n, "length", "len"))
		return 1 + below(g, 400);
	if (NAMED(n, "row_length", "image_height"))
		return below(g, 2) ? 0 : below(g, 80);
	if (NAMED(n, "flags"))
		return 1u << below(g, 4) | (below(g, 4) ? 0 : below(g, 64));
	if (NAMED(n, "instancecount", "primcount", "samples"))
		return below(g, 9);
	if (NAMED(n, "mapsize"))
		return 1u << below(g, 9);
	if (NAMED(n, "n", "un", "vn", "count"))
		return below(g, 3) ? below(g, 8) : below(g, 70);
	return below(g, 3) ? below(g, 5) : below(g, 40);
}

static uint32_t number(struct stage *g, const struct gl_operand *o)
{
	return below(g, g->calm ? 60 : 9) ? sensible(g, o) : edge(g);
}

static float real(struct stage *g)
{
	static const float some[] = { 0, 1, -1, 0.5f, -0.25f, 2, 0.75f, 0.1f, 10, 3, 1, 0, 0.5f };
	static const float odd[] = { 1e30f, -1e30f, 1e-30f, -100, 100, 65536, 2147483648.f, -2147483648.f,
		4294967296.f, 1e-42f, 3.4e38f, 1000, 255, 256, 32768, 16777216, -65537 };
	static const uint32_t none[] = { 0x7fc00000, 0xffc00000, 0x7f800000, 0xff800000, 0x7f800001 };
	float f;

	if (below(g, g->calm ? 30 : 5))
		return PICK(g, some);
	if (below(g, 3))
		return PICK(g, odd);
	memcpy(&f, &PICK(g, none), 4);
	return f;
}

/* A float where an enum may be meant. */
static float parameter(struct stage *g)
{
	return below(g, 4) ? real(g) : (float)any_enum(g);
}

/* ---- operands ------------------------------------------------------------------------------ */

static void wide_choose(struct stage *g, uint32_t *w)
{
	w[0] = below(g, 3) ? 4 * below(g, 64) : below(g, 2) ? below(g, 5000) : edge(g);
	w[1] = below(g, 12) ? 0 : below(g, 2) ? edge(g) : 0xffffffff;
}

static void operand_choose(struct stage *g, const struct gl_operand *o, uint32_t *w)
{
	float f;
	double d;

	switch (o->kind) {
	case GL_KIND_INT: case GL_KIND_UINT:
		/* (parameters are integers whatever they mean) */
		w[0] = strncmp(o->name, "param", 5) == 0 && below(g, 2) ? any_enum(g) : number(g, o);
		return;
	case GL_KIND_FLOAT:
		f = parameter(g);
		memcpy(w, &f, 4);
		return;
	case GL_KIND_DOUBLE:
		d = (double)real(g);
		memcpy(w, &d, 8);
		return;
	case GL_KIND_INT64: case GL_KIND_UINT64: case GL_KIND_OFFSET: wide_choose(g, w); return;
	case GL_KIND_BOOL: w[0] = below(g, 2); return;
	case GL_KIND_ENUM: w[0] = enum_choose(g, o->group); return;
	case GL_KIND_BITS: w[0] = bits_choose(g, o->group); return;
	case GL_KIND_NAME: w[0] = below(g, 30) ? below(g, 10) : below(g, SCENE_NAMES + 1); return;
	case GL_KIND_LOCATION: w[0] = below(g, SCENE_SLOTS); return;
	case GL_KIND_DST: w[0] = below(g, SP_REGISTERS); return;
	case GL_KIND_EXTERN: w[0] = below(g, SP_EXTERNS); return;
	}
}

/* One that is long enough, at its end; where none is, the longest, too short. */
static void payload_choose(struct stage *g, uint64_t need, uint32_t *w)
{
	static const uint8_t some[] = { PAY_VERTICES, PAY_BYTES, PAY_WILD, PAY_EDGES, PAY_LARGE, PAY_HUGE,
		PAY_INDEX16, PAY_INDEX8, PAY_INDEX32, PAY_MANY, PAY_ENUMS, PAY_SHADERS + 15, PAY_LISTED };

	w[0] = PAY_HUGE;
	for (unsigned tries = 0; tries < 5; tries++) {
		uint32_t i = PICK(g, some);

		if (program_payloads.v[i].size >= need) {
			w[0] = i;
			break;
		}
	}
	w[1] = 0;
	if (need <= program_payloads.v[w[0]].size && below(g, 8))
		w[1] = program_payloads.v[w[0]].size - (uint32_t)need;
}

/* Vertex arrays: room for a few vertices, aligned as it comes. */
static void array_choose(struct stage *g, uint32_t *w)
{
	w[0] = below(g, 3) ? PAY_HUGE : PAY_LARGE;
	w[1] = below(g, 2) ? 0 : below(g, 3000);
	if (!below(g, 4))
		w[1] = program_payloads.v[w[0]].size - 4 * below(g, 200);
}

static void payload_operand(struct stage *g, uint32_t *rec, unsigned i)
{
	const struct gl_operand *o = &gl_ops[sp_opcode(*rec)].operands[i];
	uint32_t *w = rec + o->word;
	uint64_t need = 0;

	w[0] = w[1] = 0;
	if (o->nullable && !below(g, 4))
		return;
	if (o->size_rule == GL_SIZE_ANY) {
		array_choose(g, w);
		return;
	}
	if (o->size_rule == GL_SIZE_STRING || o->size_rule == GL_SIZE_STRINGS) {
		w[0] = o->size_rule == GL_SIZE_STRING ? PAY_STRING : PAY_STRINGS;
		return;
	}
	if (!gl_payload_size(rec, i, &need))
		need = 0;
	if (o->space != GL_SPACE_NONE)
		w[0] = need <= 12 ? PAY_NAMES : PAY_MANY;
	else
		payload_choose(g, need, w);
}

/* Pairs of operands that repeat what another one says. */
static void form_operands(struct stage *g, uint32_t *rec)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	unsigned pay = op->noperands;

	for (unsigned i = 0; i < op->noperands; i++)
		if (op->operands[i].kind == GL_KIND_PAYLOAD)
			pay = i;
	/* the length of a text that is known */
	if ((op->form == GL_FORM_SOURCE || sp_opcode(*rec) == OP_glProgramStringARB) &&
	    pay < op->noperands && rec[op->operands[pay].word] >= PAY_SHADERS && below(g, 16))
		rec[op->operands[pay].word - 1] =
			program_payloads.v[rec[op->operands[pay].word]].size - 1;
}

/* ---- what the lines of one part have in common ---------------------------------------------- */

struct format { uint32_t internal, format, type; };
static const struct format formats[] = {
	{ GL_RGBA8, GL_RGBA, GL_UNSIGNED_BYTE }, { GL_RGB8, GL_RGB, GL_UNSIGNED_BYTE },
	{ GL_RGBA, GL_BGRA, GL_UNSIGNED_INT_8_8_8_8_REV }, { GL_RGB565, GL_RGB, GL_UNSIGNED_SHORT_5_6_5 },
	{ GL_RGBA32F, GL_RGBA, GL_FLOAT }, { GL_RGBA16F, GL_RGBA, GL_HALF_FLOAT }, { GL_R8, GL_RED, GL_UNSIGNED_BYTE },
	{ GL_RG16, GL_RG, GL_UNSIGNED_SHORT }, { GL_R11F_G11F_B10F, GL_RGB, GL_UNSIGNED_INT_10F_11F_11F_REV },
	{ GL_RGB9_E5, GL_RGB, GL_UNSIGNED_INT_5_9_9_9_REV }, { GL_RGB10_A2, GL_RGBA, GL_UNSIGNED_INT_2_10_10_10_REV },
	{ GL_DEPTH_COMPONENT24, GL_DEPTH_COMPONENT, GL_UNSIGNED_INT }, { GL_DEPTH_COMPONENT32F, GL_DEPTH_COMPONENT, GL_FLOAT },
	{ GL_DEPTH24_STENCIL8, GL_DEPTH_STENCIL, GL_UNSIGNED_INT_24_8 },
	{ GL_DEPTH32F_STENCIL8, GL_DEPTH_STENCIL, GL_FLOAT_32_UNSIGNED_INT_24_8_REV },
	{ GL_STENCIL_INDEX8, GL_STENCIL_INDEX, GL_UNSIGNED_BYTE }, { GL_LUMINANCE8, GL_LUMINANCE, GL_UNSIGNED_BYTE },
	{ GL_ALPHA16, GL_ALPHA, GL_SHORT }, { GL_INTENSITY8, GL_LUMINANCE_ALPHA, GL_BYTE }, { GL_SRGB8_ALPHA8, GL_RGBA, GL_INT },
	{ GL_RGBA8I, GL_RGBA_INTEGER, GL_BYTE }, { GL_RGB32UI, GL_RGB_INTEGER, GL_UNSIGNED_INT }, { GL_R32I, GL_RED_INTEGER, GL_INT },
	{ GL_RGBA8_SNORM, GL_RGBA, GL_BYTE }, { GL_COMPRESSED_RGB_S3TC_DXT1_EXT, GL_RGB, GL_UNSIGNED_BYTE },
	{ GL_COMPRESSED_RG_RGTC2, GL_RG, GL_FLOAT }, { GL_COMPRESSED_RGBA_BPTC_UNORM, GL_RGBA, GL_UNSIGNED_BYTE },
	{ GL_COMPRESSED_RGBA8_ETC2_EAC, GL_RGBA, GL_UNSIGNED_BYTE }, { GL_RGBA16_SNORM, GL_RGBA, GL_SHORT },
	{ GL_RGB5_A1, GL_BGRA, GL_UNSIGNED_SHORT_1_5_5_5_REV }, { GL_R3_G3_B2, GL_RGB, GL_UNSIGNED_BYTE_2_3_3_REV },
	{ GL_RGBA, GL_COLOR_INDEX, GL_UNSIGNED_BYTE }, { 4, GL_ABGR_EXT, GL_UNSIGNED_SHORT_4_4_4_4 }, { GL_RGBA, GL_COLOR_INDEX, GL_BITMAP },
};

static void formats_choose(struct stage *g)
{
	const struct format *f = &PICK(g, formats);

	g->chosen[SC_INTERNAL - R] = below(g, 4) ? f->internal : enum_choose(g, "InternalFormat");
	g->chosen[SC_FORMAT - R] = below(g, 12) ? f->format : enum_choose(g, "PixelFormat");
	g->chosen[SC_TYPE - R] = below(g, 8) ? f->type : enum_choose(g, "PixelType");
}

/* Targets have names of their own, so that one is not bound to two. */
static void target_choose(struct stage *g, unsigned dimensions)
{
	static const struct { uint32_t target, dimensions; } t[] = {
		{ GL_TEXTURE_1D, 1 }, { GL_TEXTURE_2D, 2 }, { GL_TEXTURE_3D, 3 }, { GL_TEXTURE_CUBE_MAP, 2 },
		{ GL_TEXTURE_RECTANGLE, 2 }, { GL_TEXTURE_1D_ARRAY, 2 }, { GL_TEXTURE_2D_ARRAY, 3 },
		{ GL_TEXTURE_CUBE_MAP_ARRAY, 3 }, { GL_TEXTURE_BUFFER, 5 }, { GL_TEXTURE_2D_MULTISAMPLE, 4 },
		{ GL_TEXTURE_2D_MULTISAMPLE_ARRAY, 4 }, { GL_TEXTURE_2D, 2 }, { GL_TEXTURE_2D, 2 },
	};
	uint32_t i;

	do
		i = below(g, COUNT(t));
	while (dimensions && dimensions < 5 && t[i].dimensions != dimensions);
	g->chosen[SC_TARGET - R] = g->chosen[SC_IMAGE - R] = t[i].target;
	g->chosen[SC_NAME - R] = i > 10 ? 2 : i + 1;
	if (t[i].target == GL_TEXTURE_CUBE_MAP)
		g->chosen[SC_IMAGE - R] = GL_TEXTURE_CUBE_MAP_POSITIVE_X + below(g, 6);
	g->chosen[SC_WIDTH - R] = side(g);
	g->chosen[SC_HEIGHT - R] = below(g, 2) ? g->chosen[SC_WIDTH - R] : side(g);
	g->chosen[SC_DEPTH - R] = below(g, 4) ? 6 : side(g) % 33;
}

static void others_choose(struct stage *g)
{
	static const uint32_t binds[] = { GL_ARRAY_BUFFER, GL_ELEMENT_ARRAY_BUFFER, GL_PIXEL_PACK_BUFFER,
		GL_PIXEL_UNPACK_BUFFER, GL_UNIFORM_BUFFER, GL_TEXTURE_BUFFER, GL_TRANSFORM_FEEDBACK_BUFFER,
		GL_COPY_READ_BUFFER, GL_COPY_WRITE_BUFFER, GL_DRAW_INDIRECT_BUFFER, GL_SHADER_STORAGE_BUFFER,
		GL_ATOMIC_COUNTER_BUFFER, GL_QUERY_BUFFER };
	static const uint32_t types[] = { GL_UNSIGNED_BYTE, GL_UNSIGNED_SHORT, GL_UNSIGNED_INT };
	static const uint32_t where[] = { GL_COLOR_ATTACHMENT0, GL_COLOR_ATTACHMENT0, GL_COLOR_ATTACHMENT1,
		GL_DEPTH_ATTACHMENT, GL_STENCIL_ATTACHMENT, GL_DEPTH_STENCIL_ATTACHMENT, GL_COLOR_ATTACHMENT7 };
	static const uint32_t counted[] = { GL_SAMPLES_PASSED, GL_ANY_SAMPLES_PASSED, GL_PRIMITIVES_GENERATED,
		GL_TRANSFORM_FEEDBACK_PRIMITIVES_WRITTEN, GL_TIME_ELAPSED, GL_ANY_SAMPLES_PASSED_CONSERVATIVE };
	uint32_t shader = below(g, PAY_ALL - PAY_SHADERS);

	while (!scene_shader(shader))
		shader /= 2;
	g->chosen[SC_LEVEL - R] = below(g, 3) ? 0 : below(g, 6);
	g->chosen[SC_BUFFER - R] = PICK(g, binds);
	g->chosen[SC_BUFFER_NAME - R] = 1 + below(g, 5);
	g->chosen[SC_ATTRIB - R] = below(g, 16);
	g->chosen[SC_PRIMITIVE - R] = below(g, 15);
	g->chosen[SC_INDEX_TYPE - R] = PICK(g, types);
	g->chosen[SC_FRAMEBUFFER - R] = 1 + below(g, 3);
	g->chosen[SC_ATTACHMENT - R] = PICK(g, where);
	g->chosen[SC_SHADER - R] = PAY_SHADERS + shader;
	g->chosen[SC_STAGE - R] = scene_shader(shader)->stage;
	g->chosen[SC_SHADER_NAME - R] = 3 + below(g, 4);
	g->chosen[SC_PROGRAM - R] = 1 + below(g, 2);
	g->chosen[SC_LIST - R] = 1 + below(g, 6);
	g->chosen[SC_QUERY - R] = 1 + below(g, 3);
	g->chosen[SC_QUERY_TARGET - R] = PICK(g, counted);
	g->chosen[SC_UNIT - R] = GL_TEXTURE0 + below(g, below(g, 8) ? 4 : 200);
	g->chosen[SC_COUNT - R] = below(g, 3) ? 3 + below(g, 10) : below(g, 100);
	g->chosen[SC_MAP1 - R] = GL_MAP1_COLOR_4 + below(g, 9);
	g->chosen[SC_MAP2 - R] = GL_MAP2_COLOR_4 + below(g, 9);
}

/* ---- records --------------------------------------------------------------------------------- */

static uint32_t *record_room(struct stage *g, unsigned op)
{
	uint32_t *rec = g->sp->words + g->sp->n;

	if (g->sp->n + gl_ops[op].words + 1 > PROGRAM_WORDS)
		return NULL;
	g->last = g->sp->n;
	g->sp->n += gl_ops[op].words;
	memset(rec, 0, gl_ops[op].words * sizeof(*rec));
	rec[0] = sp_header(op, 0);
	return rec;
}

static uint32_t chosen(const struct stage *g, uint32_t word)
{
	return word > R && word < SC_CHOICES ? g->chosen[word - R] : word;
}

/* Registers instead, at times: they hold what a program finds there. */
static void registers_choose(struct stage *g, uint32_t *rec)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];
	unsigned mask = 0;

	if (below(g, 24))
		return;
	for (unsigned i = 0; i < op->noperands; i++)
		if (op->operands[i].reg_ok && below(g, 2)) {
			mask |= 1u << i;
			rec[op->operands[i].word] = below(g, SP_REGISTERS);
		}
	rec[0] = sp_header(sp_opcode(*rec), mask);
}

static void record_make(struct stage *g, unsigned op, const uint32_t *word)
{
	const struct gl_op *row = &gl_ops[op];
	uint32_t *rec = record_room(g, op);
	uint32_t odds = g->calm ? 200 : 30;

	if (!rec)
		return;
	for (unsigned i = 0; i < row->noperands; i++) {
		const struct gl_operand *o = &row->operands[i];

		if (!word || word[o->word - 1] == R || !below(g, odds)) {
			operand_choose(g, o, rec + o->word);
			continue;
		}
		for (unsigned k = 0; k < sp_kind_words(o->kind); k++)
			rec[o->word + k] = chosen(g, word[o->word - 1 + k]);
	}
	for (unsigned i = 0; i < row->noperands; i++) {
		const struct gl_operand *o = &row->operands[i];

		if (o->kind == GL_KIND_PAYLOAD && (!word || word[o->word - 1] == R))
			payload_operand(g, rec, i);
	}
	form_operands(g, rec);
	registers_choose(g, rec);
}

/* Any command, but for jumps and calls: those are another grammar's. */
static void any_record(struct stage *g)
{
	unsigned op;

	do
		op = below(g, GL_OP_COUNT);
	while (op <= OP_call || gl_ops[op].form == GL_FORM_WINDOW);
	target_choose(g, 0);
	formats_choose(g);
	record_make(g, op, NULL);
}

/* The last one again, some of its operands others. */
static void record_again(struct stage *g)
{
	uint32_t at = g->last, *rec, header = g->sp->words[at];
	const struct gl_op *row = &gl_ops[sp_opcode(header)];

	rec = g->sp->n ? record_room(g, sp_opcode(header)) : NULL;
	if (!rec)
		return;
	memcpy(rec, g->sp->words + at, row->words * sizeof(*rec));
	for (unsigned i = 0; i < row->noperands; i++)
		if (!(sp_mask(header) >> i & 1) && row->operands[i].kind != GL_KIND_PAYLOAD &&
		    !below(g, 3))
			operand_choose(g, &row->operands[i], rec + row->operands[i].word);
}

static void part(struct stage *g, enum scene_kind kind)
{
	const struct scene_part *p;

	do
		p = &scene_parts[below(g, scene_nparts)];
	while (p->kind != kind);
	target_choose(g, p->dimensions);
	formats_choose(g);
	others_choose(g);
	for (unsigned i = 0; i < p->n; i++) {
		if (below(g, 8) < p->line[i].times)
			record_make(g, p->line[i].op, p->line[i].word);
		if (!below(g, 20))
			record_again(g);
		if (!below(g, 30))
			any_record(g);
	}
}

/* ---- procedures ------------------------------------------------------------------------------- */

static void begin(struct stage *g)
{
	static const uint32_t versions[] = { 0, 0, 0, 0, 0, 33, 21, 45 };
	const uint32_t made[] = { 1, 0, PICK(g, versions), !below(g, 10) };
	const uint32_t window[] = { 1, 64, 64, below(g, 3) ? 1u : 1u | 4u | 24u << 16 | 8u << 24 |
				    (below(g, 2) ? 4u << 8 : 0) };

	record_make(g, OP_blinkContext, made);
	record_make(g, OP_blinkDrawable, window);
	record_make(g, OP_blinkMakeCurrent, (const uint32_t[]){ 1, 1, 1 });
}

static void sp_make(struct stage *g, uint32_t id, bool few)
{
	uint32_t parts = few ? 1 : 2 + below(g, 4);

	g->sp->n = 0;
	g->last = 0;
	g->sp->callback = id ? SP_REDRAW : SP_INIT;
	if (!id) {
		bool calm = g->calm;

		g->calm = true;
		begin(g);
		g->calm = calm;
	}
	while (parts--) {
		part(g, below(g, 2) ? SCENE_SET_UP : SCENE_ACT);
		for (uint32_t n = below(g, few ? 30 : 8); n; n--)
			any_record(g);
	}
	if (id && below(g, 2))
		record_make(g, OP_blinkSwap, (const uint32_t[]){ 1 });
	record_room(g, OP_end);
}

void scene(struct program *p, struct dice *d)
{
	struct stage g = { .d = d, .calm = dice_below(d, 3) != 0 };
	bool few = !dice_below(d, 3);

	program_world_make();
	p->nsps = 1 + dice_below(d, 4);
	p->strict = true;
	for (uint32_t i = 0; i < p->nsps; i++) {
		g.sp = &p->sp[i];
		if (i > 1 && !dice_below(d, 3))
			*g.sp = p->sp[i - 1];   /* the next frame */
		else
			sp_make(&g, i, few);
	}
}
