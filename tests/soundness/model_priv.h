/* model_priv.h - what the files of the model share: see model.h.
 *
 *   model.c     dispatch, contexts, Begin and End, lists
 *   memory.c    buffers, vertex array objects, draws
 *   arrays.c    pointers, which arrays are on, saved client state
 *   switches.c  what decides pixels: tests, masks, clears, saved attributes, facts
 */
#ifndef TESTS_SOUNDNESS_MODEL_PRIV_H
#define TESTS_SOUNDNESS_MODEL_PRIV_H

#include <GL/gl.h>
#include <GL/glext.h>
#include <string.h>

#include "tests/soundness/model.h"

#define M_ARRAYS 31u                  /* 7 fixed, 8 texture units, 16 generic */
#define M_TEXCOORD 7u
#define M_GENERIC 15u
#define M_NAMES (PROGRAM_NAMES + 1)
#define M_OBJECTS 96u                 /* buffers or vertex array objects in one program */
#define M_STACK 16u
#define M_LISTS 8u
#define M_LIST_WORDS 1024u
#define M_STORE 64u                   /* bytes of a buffer that are followed */
#define M_UNKNOWN UINT32_MAX

enum where { NOWHERE, CLIENT, BUFFER, ANYWHERE };

struct marray {
	uint8_t where;
	bool on;                      /* may be on */
	uint32_t payload, offset, stride, bytes, divisor, buffer, serial;
};
struct mvao {
	bool live;
	uint32_t context, element;    /* element: object, 0 none, M_UNKNOWN */
	struct marray a[M_ARRAYS];
};
struct mbuffer {
	bool live, frozen;            /* frozen: immutable storage, contents not followed */
	uint32_t group;
	uint64_t size;
	uint32_t known;               /* leading bytes that are known */
	uint8_t bytes[M_STORE];
};

enum msw { SW_SCISSOR, SW_DEPTH, SW_STENCIL, SW_BLEND, SW_STIPPLE, SW_COUNT };
struct switches {
	bool on[SW_COUNT];            /* may be on */
	bool color_part, depth_part, stencil_part;    /* masks that may hold back */
	bool buffer_odd;              /* not GL_BACK */
};
struct msaved_attrib { uint32_t mask; struct switches sw; };
struct msaved_client {
	uint32_t mask, vao, array_buffer, unit, deletes, unpack, pack, restart_index, locked;
	uint8_t restart;
	bool restart_lost;
	struct mvao copy;
};

struct mcontext {
	bool made, begin;
	uint32_t group;
	uint32_t vao, vao_name[M_NAMES];      /* objects; vao_name[0] is the default one */
	uint32_t array_buffer, unpack, pack;
	uint32_t unit;                        /* M_UNKNOWN: not known */
	uint32_t locked;
	uint8_t restart;                      /* 0 off, 1 on, 2 who knows */
	bool restart_lost, fixed;              /* lost: the index is not known; GL begins with 0 */
	uint32_t restart_index;
	struct msaved_client saved[M_STACK];
	unsigned nsaved;
	struct switches sw;
	bool discard, conditional, draw_framebuffer, program, pipeline, fragment_program;
	struct msaved_attrib attrib[M_STACK];
	unsigned nattrib;
	uint32_t list;                        /* being compiled */
	bool list_executes;
	uint32_t list_base;
};

struct mlist { bool known; uint32_t group, n, words[M_LIST_WORDS]; };

struct model {
	struct mcontext ctx[M_NAMES], *now;
	bool used[M_NAMES];
	struct mvao vao[M_OBJECTS];
	struct mbuffer buffer[M_OBJECTS];
	uint32_t nvaos, nbuffers, ngroups;
	uint32_t buffer_name[M_NAMES];        /* the client's names: objects, 0 none */
	uint32_t deletes, serial;
	bool feedback;                        /* drawing may write any buffer */
	struct mlist list[M_LISTS];
	struct mlist building[M_NAMES];       /* by context; a list's when it ends */
	unsigned list_depth;
	bool beyond;                          /* more objects than there is room for */
	const char *wrong;
	struct model_facts facts;
};

static inline void model_fault(struct model *m, const char *why)
{
	if (!m->wrong && !m->beyond)
		m->wrong = why;
}

/* Operands by name; `has` tells whether there is one. */
static inline const uint32_t *operand_at(const uint32_t *rec, const char *name)
{
	const struct gl_op *op = &gl_ops[sp_opcode(*rec)];

	for (unsigned i = 0; i < op->noperands; i++)
		if (strcmp(op->operands[i].name, name) == 0)
			return rec + op->operands[i].word;
	return NULL;
}

static inline uint32_t operand(const uint32_t *rec, const char *name, uint32_t none)
{
	const uint32_t *w = operand_at(rec, name);

	return w ? *w : none;
}

static inline const uint8_t *payload_bytes(const uint32_t *w)
{
	return w && w[0] ? program_payloads.v[w[0]].data + w[1] : NULL;
}

/* memory.c: true when the record was one of its own. */
bool memory_record(struct model *m, const uint32_t *rec);
void memory_context_make(struct model *m, uint32_t name, uint32_t share);

/* arrays.c: true when the record was one of its own; !*taken: others look at it, too. */
bool arrays_record(struct model *m, const uint32_t *rec, bool *taken);
struct mvao *arrays_bound(struct model *m);
/* Its arrays may lie anywhere from now on. */
void arrays_lose(struct mvao *v);
unsigned array_type_bytes(uint32_t type);             /* 0: none of its types */
/* switches.c: likewise */
bool switches_record(struct model *m, const uint32_t *rec);
void switches_draw(struct model *m);
/* model.c */
void lists_call(struct model *m, uint32_t name);

#endif
