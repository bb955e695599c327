/* shadow.h - what the verifier knows of each context's state: the part on which the
 * safety of later records depends.  Private to blink/verify.
 *
 * Followed exactly: buffer bindings, vertex arrays (per vertex array object), client
 * attribute stack, Begin and lists.  Followed only for facts: enables and masks.
 * OpenGL 3.3 compatibility: 2.8 to 2.10, 5.4 (which commands a list never holds).
 */
#ifndef BLINK_VERIFY_SHADOW_H
#define BLINK_VERIFY_SHADOW_H

#include "blink/verify/desc.h"
#include "blink/verify/verify.h"

enum varray_source { VARRAY_UNSET, VARRAY_PAYLOAD, VARRAY_BUFFER };

struct varray {
	bool enabled;
	uint8_t source;           /* enum varray_source */
	uint32_t divisor;
	uint32_t payload, offset; /* PAYLOAD: where it starts */
	uint32_t buffer;          /* BUFFER: client name */
	uint32_t element, stride; /* bytes of one vertex; from one to the next */
	uint64_t serial;          /* of the SP that set it: its payload is resident then */
};

struct vao {
	uint32_t name;            /* 0: the default one */
	bool live;
	uint32_t element_buffer;
	struct varray arrays[VARRAYS];
};

struct client_saved {
	bool arrays;              /* whether the vertex arrays were saved */
	uint32_t array_buffer, vao, client_active;
	struct vao copy;
};

#define SHADOW_CLIENT_DEPTH 16u

struct shadow {
	uint32_t context;
	bool live;
	struct shadow *next;
	uint32_t array_buffer, unpack_buffer, pack_buffer;
	uint32_t vao;             /* index of the current one in vaos; [0] is the default */
	struct vao *vaos;
	uint32_t nvaos;
	uint32_t client_active;
	struct client_saved *saved;
	uint32_t depth;
	bool in_begin, in_list, list_begin;
	bool restart, restart_fixed, lost;
	uint32_t restart_index;
	/* for facts: what may be on */
	bool depth_test, stencil_test, blend, scissor, masked;
};

/* One verification in progress. */
struct run {
	struct verify_state *state;
	const struct verify_env *env;
	const struct desc_table *table;
	struct verify_verdict *verdict;
	struct shadow *now;       /* the current context's */
	unsigned callback, depth;
	uint32_t stack[SP_CALL_DEPTH];
	bool conditional;         /* within the reach of a jump */
};

struct index_max {
	uint64_t serial;
	uint32_t payload, offset, count, type, max, min;
};
#define INDEX_CACHE 1024u

struct verify_state {
	struct shadow *contexts, *now;
	uint64_t serial;          /* SPs verified */
	struct effects_walk *walk;
	struct index_max cache[INDEX_CACHE];
};

/* shadow.c */
struct shadow *shadow_find(struct verify_state *s, uint32_t context);
struct shadow *shadow_make(struct verify_state *s, uint32_t context);
void shadow_free(struct shadow *x);
static inline struct vao *shadow_vao(struct shadow *x) { return &x->vaos[x->vao]; }
/* Applies a record with a hook; the reason it is refused, or VERIFY_OK. */
enum verify_reason shadow_hook(struct run *r, const struct desc *d, const uint32_t *rec);

/* draw.c */
enum verify_reason draw_check(struct run *r, const struct desc *d, const uint32_t *rec);
bool draw_client_arrays(const struct shadow *x);

/* operand.c */
enum verify_reason operand_checks(struct run *r, const struct desc *d, const uint32_t *rec);
/* The payload that an operand names, if so many bytes are there. */
enum verify_reason operand_payload(const struct run *r, const uint32_t *words, uint64_t need,
				   const uint8_t **data);

#endif
