/* confine_memory.c - mediation of what takes memory: objects, images, buffers (lists: confine_lists.c).
 *
 * All of it is on objects' accounts (confine_account.c).  A command that would exceed the
 * budget is not executed (a buffer is made empty instead, so that no draw reads what the
 * verifier took to be replaced); its fault is told.
 *
 * Storage that a client gives no contents for is made of zeros: a driver may hand out
 * memory that was another client's.  Where the sink does not say that its driver sees to
 * that, images and buffers are given zeros here; what cannot be given any (renderbuffers,
 * immutable and multisampled textures) is not made at all. */
#include "blink/server/confine.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "blink/gl/targets.h"

#define LEVELS 16                       /* of any texture */
#define PIECE_MIPMAPS (CONFINE_PIECE_ALL - 1)
#define PIECE_GUESSED (CONFINE_PIECE_ALL - 2) /* of levels that the driver makes room for ahead */

uint32_t confine_object_bytes(unsigned space)
{
	switch (space) {
	case GL_SPACE_VERTEXARRAY: return 3328;
	case GL_SPACE_PROGRAM: return 2048;
	case GL_SPACE_ARBPROGRAM: return 1792;
	case GL_SPACE_TEXTURE: case GL_SPACE_FRAMEBUFFER: return 1536;
	case GL_SPACE_QUERY: return 1024;
	default: return 512;
	}
}

/* ---- what is bound ------------------------------------------------------------------- */

static const struct gl_target buffer_bindings[] = {
	{ GL_ARRAY_BUFFER, GL_ARRAY_BUFFER_BINDING },
	{ GL_ELEMENT_ARRAY_BUFFER, GL_ELEMENT_ARRAY_BUFFER_BINDING },
	{ GL_PIXEL_PACK_BUFFER, GL_PIXEL_PACK_BUFFER_BINDING },
	{ GL_PIXEL_UNPACK_BUFFER, GL_PIXEL_UNPACK_BUFFER_BINDING },
	{ GL_UNIFORM_BUFFER, GL_UNIFORM_BUFFER_BINDING },
	{ GL_TRANSFORM_FEEDBACK_BUFFER, GL_TRANSFORM_FEEDBACK_BUFFER_BINDING },
	{ GL_COPY_READ_BUFFER, GL_COPY_READ_BUFFER_BINDING },
	{ GL_COPY_WRITE_BUFFER, GL_COPY_WRITE_BUFFER_BINDING },
	{ GL_TEXTURE_BUFFER, GL_TEXTURE_BUFFER },
	{ GL_DRAW_INDIRECT_BUFFER, GL_DRAW_INDIRECT_BUFFER_BINDING },
	{ GL_SHADER_STORAGE_BUFFER, GL_SHADER_STORAGE_BUFFER_BINDING },
	{ GL_ATOMIC_COUNTER_BUFFER, GL_ATOMIC_COUNTER_BUFFER_BINDING },
	{ GL_DISPATCH_INDIRECT_BUFFER, GL_DISPATCH_INDIRECT_BUFFER_BINDING },
	{ GL_QUERY_BUFFER, GL_QUERY_BUFFER_BINDING },
};

/* False: no such target (GL says so itself, or it is a proxy, which holds nothing). */
static bool bound_name(const struct confined *k, const struct gl_target *b, size_t n,
		       uint32_t target, uint32_t *name)
{
	size_t i = 0;

	while (i < n && b[i].target != target)
		i++;
	*name = i < n ? confine_ask(k, b[i].binding, 0, 0) : 0;
	return i < n;
}

/* Of an image's texture; the last target has no images. */
static bool bound_texture(const struct confined *k, uint32_t image, uint32_t *name)
{
	return bound_name(k, gl_texture_targets, GL_TEXTURE_TARGETS - 1, gl_image_target(image),
			  name);
}

/* ---- storage ------------------------------------------------------------------------- */

/* Which parameter is what, from 1; 0: there is none. */
struct storage {
	uint16_t op, op_buf;
	uint8_t level, levels, samples, format, w, h, d, pixels;
};

#define BUF(op) OP_##op, OP_##op##_buf
#define ONE(op) OP_##op, 0
static const struct storage storages[] = {
	/* of glTexImage2D(target, level, internalformat, width, ...) */
	{ BUF(glTexImage1D), 2, 0, 0, 3, 4, 0, 0, 8 },
	{ BUF(glTexImage2D), 2, 0, 0, 3, 4, 5, 0, 9 },
	{ BUF(glTexImage3D), 2, 0, 0, 3, 4, 5, 6, 10 },
	{ ONE(glTexImage2DMultisample), 0, 0, 2, 3, 4, 5, 0, 0 },
	{ ONE(glTexImage3DMultisample), 0, 0, 2, 3, 4, 5, 6, 0 },
	{ ONE(glCopyTexImage1D), 2, 0, 0, 3, 6, 0, 0, 0 },
	{ ONE(glCopyTexImage2D), 2, 0, 0, 3, 6, 7, 0, 0 },
	{ ONE(glCompressedTexImage1D), 2, 0, 0, 3, 4, 0, 0, 0 },
	{ ONE(glCompressedTexImage2D), 2, 0, 0, 3, 4, 5, 0, 0 },
	{ ONE(glCompressedTexImage3D), 2, 0, 0, 3, 4, 5, 6, 0 },
	{ ONE(glTexStorage1D), 0, 2, 0, 3, 4, 0, 0, 0 },
	{ ONE(glTexStorage2D), 0, 2, 0, 3, 4, 5, 0, 0 },
	{ ONE(glTexStorage3D), 0, 2, 0, 3, 4, 5, 6, 0 },
	{ ONE(glTexStorage2DMultisample), 0, 0, 2, 3, 4, 5, 0, 0 },
	{ ONE(glTexStorage3DMultisample), 0, 0, 2, 3, 4, 5, 6, 0 },
	{ ONE(glRenderbufferStorage), 0, 0, 0, 2, 3, 4, 0, 0 },
	{ ONE(glRenderbufferStorageMultisample), 0, 0, 2, 3, 4, 5, 0, 0 },
};
#undef BUF
#undef ONE

static const struct storage *storage_find(unsigned op)
{
	for (unsigned i = 0; i < sizeof(storages) / sizeof(*storages); i++)
		if (storages[i].op == op || (storages[i].op_buf && storages[i].op_buf == op))
			return &storages[i];
	return NULL;
}

static int64_t at(const uint64_t *argv, uint8_t which, int64_t otherwise)
{
	return which ? (int32_t)argv[which - 1] : otherwise;
}

static uint64_t storage_bytes(const struct storage *s, const uint64_t *argv)
{
	int64_t w = at(argv, s->w, 1), h = at(argv, s->h, 1), d = at(argv, s->d, 1);
	int64_t levels = at(argv, s->levels, 1), samples = at(argv, s->samples, 1);
	uint64_t faces = s->levels && (uint32_t)argv[0] == GL_TEXTURE_CUBE_MAP ? 6 : 1, sum = 0;

	for (int64_t i = 0; i < levels && i < 32; i++) {
		uint64_t one = confine_image_bytes((uint32_t)argv[s->format - 1], w, h, d);

		one = one > UINT64_MAX / 1024 ? UINT64_MAX / 64 : one * faces;
		sum += one;
		w = w > 1 ? w / 2 : w;
		h = h > 1 ? h / 2 : h;
		d = d > 1 ? d / 2 : d;
	}
	samples = samples < 1 ? 1 : samples > 64 ? 64 : samples;
	return sum > UINT64_MAX / 128 ? UINT64_MAX / 2 : sum * (uint64_t)samples;
}

/* Calls with zeros for pixels: of pages that all are the one zero page. */
static uint64_t with_zeros(struct confined *k, unsigned op, const uint64_t *argv,
			   unsigned param, uint64_t size)
{
	static const uint8_t few[4096];
	uint64_t mine[CONFINE_ARGUMENTS], r;
	const void *zeros = few;

	if (size > sizeof(few))
		zeros = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			     -1, 0);
	if (zeros == MAP_FAILED) {
		confine_fault(k, VSO_FAULT_MEMORY);
		return 0;
	}
	memcpy(mine, argv, sizeof(mine));
	mine[param] = (uint64_t)(uintptr_t)zeros;
	r = confine_invoke(k, op, mine);
	if (zeros != few)
		munmap((void *)(uintptr_t)zeros, size);
	return r;
}

static uint64_t storage_make(struct confined *k, const struct storage *s, unsigned op,
			     const uint64_t *argv)
{
	const struct gl_command *c = &gl_commands[gl_ops[op].command];
	uint64_t size;

	if (strcmp(c->mediation, "framebuffer") == 0)
		return confine_view_call(k, op, argv);
	if (k->gl->zeroed)
		return confine_invoke(k, op, argv);
	if (!s->pixels && s->op != OP_glCompressedTexImage1D && s->op != OP_glCompressedTexImage2D &&
	    s->op != OP_glCompressedTexImage3D) {
		confine_fault(k, VSO_FAULT_GL);
		return 0;
	}
	if (s->pixels && op == s->op && !argv[s->pixels - 1] &&
	    gl_param_size(c, argv, s->pixels - 1u, &size) && size)
		return with_zeros(k, op, argv, s->pixels - 1u, size);
	return confine_invoke(k, op, argv);
}

/* A level below the first, without the first: drivers (Mesa) guess how large that is going
 * to be, and make all levels at once.  What they so make beyond this image; 0: nothing. */
static uint64_t guessed(const struct account *a, const struct storage *s, const uint64_t *argv)
{
	int64_t w = at(argv, s->w, 1), h = at(argv, s->h, 1), d = at(argv, s->d, 1);
	uint32_t target = (uint32_t)argv[0], level = (uint32_t)at(argv, s->level, 0);
	bool flat = !s->h || target == GL_TEXTURE_1D_ARRAY, deep = target == GL_TEXTURE_3D;
	uint64_t first;

	if (!s->level || !level || level > 20 || target == GL_TEXTURE_RECTANGLE ||
	    (s->h && target != GL_TEXTURE_1D_ARRAY && (w == 1) != (h == 1)))
		return 0;
	first = confine_image_bytes((uint32_t)argv[s->format - 1], w << level,
				    flat ? h : h << level, deep ? d << level : d);
	if (first <= confine_piece_bytes(a, target << 8))
		return 0;
	if (target - GL_TEXTURE_CUBE_MAP_POSITIVE_X < 6)
		first = first > UINT64_MAX / 16 ? first : first * 6;
	return first > UINT64_MAX / 4 ? first : flat ? first * 2 : first + first / 3;
}

/* An image that a list makes: of any texture there is, or is to come, and of the default one. */
static bool listed_room(struct confined *k, uint32_t id, uint64_t bytes)
{
	uint64_t was = confine_piece_bytes(&k->listed, id), more = bytes - was, n = 1, all;

	if (bytes <= was)
		return true;
	for (uint32_t i = 0; i < k->accounts_cap; i++)
		for (struct account *a = k->accounts[i]; a; a = a->next)
			n += a->space == GL_SPACE_TEXTURE;
	if (__builtin_mul_overflow(more, n, &all))
		all = UINT64_MAX;
	if (!confine_room(k, all))
		return false;
	for (uint32_t i = 0; i < k->accounts_cap; i++)
		for (struct account *a = k->accounts[i]; a; a = a->next)
			a->bytes += a->space == GL_SPACE_TEXTURE ? more : 0;
	k->memory += all - more;
	confine_piece_set(k, &k->listed, id, bytes);
	return true;
}

static uint64_t storage_listed(struct confined *k, const struct storage *s, unsigned op,
			       const uint64_t *argv, uint32_t id, uint64_t bytes)
{
	if (!listed_room(k, id, bytes) ||
	    !listed_room(k, PIECE_GUESSED, guessed(&k->listed, s, argv)))
		return 0;
	return storage_make(k, s, op, argv);
}

/* A piece that is to become smaller is as small as the driver says. */
static uint64_t kept(const struct confined *k, const struct account *a, uint32_t id,
		     uint32_t target, uint64_t bytes)
{
	uint64_t was = confine_piece_bytes(a, id);

	if (bytes >= was)
		return bytes;
	if (target == GL_RENDERBUFFER)
		return confine_kept_renderbuffer(k, was);
	/* immutable, as a rule */
	return id == CONFINE_PIECE_ALL ? was : confine_kept_image(k, target, (int32_t)(id & 0xff), was);
}

static uint64_t storage_call(struct confined *k, const struct storage *s, unsigned op,
			     const uint64_t *argv)
{
	uint32_t target = (uint32_t)argv[0], name = 0, id;
	bool renderbuffer = target == GL_RENDERBUFFER;
	uint64_t bytes = storage_bytes(s, argv), r, ahead;
	struct account *a;

	if (renderbuffer)
		name = confine_ask(k, GL_RENDERBUFFER_BINDING, 0, 0);
	else if (!bound_texture(k, target, &name))
		return confine_invoke(k, op, argv);
	/* one piece per target (a face, for the default texture also a kind) and level */
	id = s->level ? target << 8 | ((uint32_t)at(argv, s->level, 0) & 0xff) : CONFINE_PIECE_ALL;
	if (s->level && k->current && k->current->list)
		return storage_listed(k, s, op, argv, id, bytes);
	if (!confine_piece_room(k, renderbuffer ? GL_SPACE_RENDERBUFFER : GL_SPACE_TEXTURE, name, id,
			bytes, &a))
		return 0;
	ahead = guessed(a, s, argv);
	if (ahead > confine_piece_bytes(a, PIECE_GUESSED)) {
		if (!confine_room(k, ahead - confine_piece_bytes(a, PIECE_GUESSED)))
			return 0;
		confine_piece_set(k, a, PIECE_GUESSED, ahead);
	}
	r = storage_make(k, s, op, argv);
	confine_piece_set(k, a, id, kept(k, a, id, target, bytes));
	return r;
}

/* An image of a format that cannot be drawn to has its mipmaps made by the processor, of as many
 * levels as there are beneath: of those that an earlier, larger one has left, too, for which a
 * driver (Mesa) has no room.  Such are not made. */
static bool image_overflows(const struct confined *k, uint32_t image)
{
	for (int32_t level = 0; level < LEVELS; level++) {
		int32_t below = confine_kept_levels(k, image, level);

		if (below >= 0 && confine_kept_undrawable(k, image, level) &&
		    confine_kept_levels(k, image, level + below + 1) >= 0)
			return true;
	}
	return false;
}

/* (of a cube's faces each may have some left) */
static bool mipmaps_overflow(const struct confined *k, uint32_t target)
{
	if (target != GL_TEXTURE_CUBE_MAP)
		return image_overflows(k, target);
	for (uint32_t face = 0; face < 6; face++)
		if (image_overflows(k, GL_TEXTURE_CUBE_MAP_POSITIVE_X + face))
			return true;
	return false;
}

/* The levels below the first, of each face. */
static uint64_t mipmap_call(struct confined *k, const uint64_t *argv)
{
	uint32_t name;
	struct account *a;
	uint64_t base = 0, was;
	bool flat = (uint32_t)argv[0] == GL_TEXTURE_1D || (uint32_t)argv[0] == GL_TEXTURE_1D_ARRAY;

	if (mipmaps_overflow(k, (uint32_t)argv[0]))
		return 0;
	if (!bound_texture(k, (uint32_t)argv[0], &name))
		return confine_invoke(k, OP_glGenerateMipmap, argv);
	a = confine_account(k, GL_SPACE_TEXTURE, name);
	for (uint32_t i = 0; a && i < a->npieces; i++)
		if (a->piece[i].id != PIECE_MIPMAPS && a->piece[i].id != PIECE_GUESSED &&
		    a->piece[i].bytes > base)
			base = a->piece[i].bytes;
	base = base * ((uint32_t)argv[0] == GL_TEXTURE_CUBE_MAP ? 6 : 1) / (flat ? 1 : 3);
	/* a smaller first level leaves the others as they are */
	was = confine_piece_bytes(a, PIECE_MIPMAPS);
	base = base > was ? base : was;
	if (!confine_piece_room(k, GL_SPACE_TEXTURE, name, PIECE_MIPMAPS, base, &a))
		return 0;
	confine_piece_set(k, a, PIECE_MIPMAPS, base);
	return confine_invoke(k, OP_glGenerateMipmap, argv);
}

/* ---- buffers ------------------------------------------------------------------------- */

/* glBufferData(target, size, data, usage), glBufferStorage likewise */
static uint64_t buffer_call(struct confined *k, unsigned op, const uint64_t *argv)
{
	uint64_t size = (int64_t)argv[1] > 0 ? argv[1] : 0, empty[4] = { argv[0], 0, 0, argv[3] };
	uint64_t was, r;
	struct account *a;
	uint32_t name;

	if (!bound_name(k, buffer_bindings, sizeof(buffer_bindings) / sizeof(*buffer_bindings),
			(uint32_t)argv[0], &name))
		return confine_invoke(k, op, argv);
	if (!confine_piece_room(k, GL_SPACE_BUFFER, name, CONFINE_PIECE_ALL, size, &a)) {
		if (op == OP_glBufferData)
			confine_invoke(k, op, empty);
		return 0;
	}
	was = confine_piece_bytes(a, CONFINE_PIECE_ALL);
	r = !argv[2] && size && !k->gl->zeroed ? with_zeros(k, op, argv, 2, size)
					       : confine_invoke(k, op, argv);
	confine_piece_set(k, a, CONFINE_PIECE_ALL,
		  size < was ? confine_kept_buffer(k, (uint32_t)argv[0], was) : size);
	return r;
}

/* ---- objects ------------------------------------------------------------------------- */

/* The name space of a command that makes or deletes objects: of its only list of names, or
 * of the operand that is no parameter. */
static unsigned space_of(unsigned op)
{
	for (unsigned i = 0; i < gl_ops[op].noperands; i++)
		if (gl_ops[op].operands[i].space != GL_SPACE_NONE)
			return gl_ops[op].operands[i].space;
	return GL_SPACE_NONE;
}

/* What binds it then binds nothing: the driver takes offsets for addresses, and draws from the
 * arrays of vertex array object 0. */
static void gen_missing(struct confined *k, unsigned space)
{
	if (space == GL_SPACE_BUFFER || space == GL_SPACE_VERTEXARRAY)
		confine_wreck(k);
}

static uint64_t gen_call(struct confined *k, unsigned op, const uint64_t *argv)
{
	const uint32_t *names = (const uint32_t *)(uintptr_t)argv[1];
	int32_t n = (int32_t)argv[0];
	unsigned space = space_of(op);
	uint64_t each = confine_object_bytes(space) + (space == GL_SPACE_TEXTURE ? k->listed.bytes : 0);

	if (n > (int32_t)CONFINE_GEN_MAX || (n > 0 && (each > k->limits.memory ||
					       !confine_room(k, (uint64_t)n * each)))) {
		confine_fault(k, VSO_FAULT_MEMORY);
		gen_missing(k, space);
		return 0;
	}
	confine_invoke(k, op, argv);
	for (int32_t i = 0; i < n; i++) {
		/* (a sink without state gives none) */
		if (!names[i] && k->gl->get_integerv)
			gen_missing(k, space);
		else if (names[i] && !confine_account_make(k, space, names[i], confine_object_bytes(space)))
			confine_fault(k, VSO_FAULT_MEMORY);
	}
	return 0;
}

static uint64_t delete_call(struct confined *k, unsigned op, const uint64_t *argv)
{
	const uint32_t *names = (const uint32_t *)(uintptr_t)argv[1];
	bool inside = confine_inside(k), programs = space_of(op) == GL_SPACE_ARBPROGRAM;
	uint64_t before = programs ? heap_bytes() : 0;

	confine_invoke(k, op, argv);
	if (inside)
		return 0;
	if (programs)
		confine_programs_grow(k, before);
	for (int32_t i = 0; i < (int32_t)argv[0]; i++)
		if (names[i])
			confine_hold_deleted(k, confine_account(k, space_of(op), names[i]));
	for (int32_t i = 0; i < (int32_t)argv[0]; i++)
		if (names[i])
			confine_account_close(k, space_of(op), names[i]);
	if (op == OP_glDeleteFramebuffers)
		confine_view_bound(k, 0);
	return 0;
}

#define ALL_PROGRAMS UINT64_MAX

void confine_programs_grow(struct confined *k, uint64_t heap_before)
{
	if (confine_account_make(k, GL_SPACE_ARBPROGRAM, ALL_PROGRAMS, 0))
		confine_grow(k, GL_SPACE_ARBPROGRAM, ALL_PROGRAMS, 0,
			     (int64_t)(heap_bytes() - heap_before));
}

/* One object, which is the result: a shader, a program, a fence. */
static uint64_t create_call(struct confined *k, unsigned op, const uint64_t *argv)
{
	struct account *a;
	uint64_t name;

	if (!confine_room(k, confine_object_bytes(space_of(op))))
		return 0;
	name = confine_invoke(k, op, argv);
	a = name ? confine_account_make(k, space_of(op), name, confine_object_bytes(space_of(op))) : NULL;
	if (a && op == OP_glCreateShader)
		a->stage = (uint32_t)argv[0];
	return name;
}

static uint64_t delete1_call(struct confined *k, unsigned op, const uint64_t *argv)
{
	bool inside = confine_inside(k);

	confine_invoke(k, op, argv);
	if (argv[0] && !inside)
		confine_account_close(k, space_of(op), argv[0]);
	return 0;
}

void confine_grow(struct confined *k, unsigned space, uint64_t name, uint32_t id, int64_t by)
{
	struct account *a = confine_account(k, space, name);
	uint64_t was = confine_piece_bytes(a, id), less = by < 0 ? (uint64_t)-by : 0;

	if (a)
		confine_piece_set(k, a, id, by >= 0 ? was + (uint64_t)by : was > less ? was - less : 0);
	if (k->memory > k->limits.memory)
		confine_fault(k, VSO_FAULT_MEMORY);
}

uint32_t confine_shader_stage(const struct confined *k, uint32_t name)
{
	const struct account *a = confine_account(k, GL_SPACE_PROGRAM, name);

	return a ? a->stage : 0;
}

/* ---- by instruction ------------------------------------------------------------------ */

bool confine_accounts(unsigned op)
{
	const struct gl_command *c = &gl_commands[gl_ops[op].command];
	unsigned form = gl_ops[op].form;

	return (c->mediation && strcmp(c->mediation, "memory") == 0) || storage_find(op) ||
	       form == GL_FORM_GEN || form == GL_FORM_DELETE || form == GL_FORM_CREATE ||
	       form == GL_FORM_DELETE1 || op == OP_glEndList || op == OP_glDeleteLists ||
	       confine_holds(op);
}

uint64_t confine_memory_call(struct confined *k, unsigned op, const uint64_t *argv)
{
	const struct storage *s = storage_find(op);

	if (s)
		return storage_call(k, s, op, argv);
	if (confine_holds(op))
		return confine_hold_call(k, op, argv);
	switch (op) {
	case OP_glBufferData: case OP_glBufferStorage: return buffer_call(k, op, argv);
	case OP_glGenerateMipmap: return mipmap_call(k, argv);
	case OP_glGenLists: case OP_glNewList: case OP_glEndList: case OP_glDeleteLists:
		return confine_list_call(k, op, argv);
	default: break;
	}
	switch (gl_ops[op].form) {
	case GL_FORM_GEN: return gen_call(k, op, argv);
	case GL_FORM_DELETE: return delete_call(k, op, argv);
	case GL_FORM_CREATE: return create_call(k, op, argv);
	case GL_FORM_DELETE1: return delete1_call(k, op, argv);
	default:
		/* one that the table counts, and nobody here knows: it is not done */
		confine_fault(k, VSO_FAULT_MEMORY);
		return 0;
	}
}
