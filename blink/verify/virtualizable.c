/* virtualizable.c - see virtualizable.h. */
#include "blink/verify/virtualizable.h"

#include <GL/gl.h>
#include <GL/glext.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *const virtualizable_sentences[VIRTUALIZABLE_WHYS] = {
	[VIRTUALIZABLE_GOOD] = "innocuous, or mediated",
	[VIRTUALIZABLE_UNMEDIATED] = "sensitive, and nobody mediates",
	[VIRTUALIZABLE_UNKNOWN_MEDIATION] = "its mediation stands in no list",
	[VIRTUALIZABLE_CONTROLS] = "called innocuous, but changes what confines a client",
	[VIRTUALIZABLE_BEHAVES] = "called innocuous, but its result depends on placement",
};

static bool touches(const struct gl_effect *e, unsigned n, unsigned slot)
{
	for (unsigned i = 0; i < n; i++)
		if (e[i].slot == slot)
			return true;
	return false;
}

/* What confines a client on a shared window.  Scissoring is one switch of many: a command
 * with a capability for an argument may be it. */
static bool writes_confinement(const struct virtualizable_row *r)
{
	static const uint16_t slots[] = { GL_SLOT_scissor, GL_SLOT_viewport,
		GL_SLOT_framebuffer_binding, GL_SLOT_bound_draw_buffers,
		GL_SLOT_bound_read_buffer };

	for (size_t i = 0; i < sizeof(slots) / sizeof(*slots); i++)
		if (touches(r->writes, r->nwrites, slots[i]))
			return true;
	for (unsigned i = 0; i < r->nwrites; i++) {
		const struct gl_key *k = &r->writes[i].key[0];

		if (r->writes[i].slot == GL_SLOT_enable &&
		    (k->kind != GL_KEY_CONST || k->value == GL_SCISSOR_TEST))
			return true;
	}
	return false;
}

/* Writes pixels wherever the viewport is: the scissor alone holds it back. */
static bool ignores_viewport(const struct virtualizable_row *r)
{
	return touches(r->writes, r->nwrites, GL_SLOT_color_buffer) &&
	       !touches(r->reads, r->nreads, GL_SLOT_viewport);
}

/* Reads pixels of the window, or takes or keeps positions on it. */
static bool depends_on_placement(const struct virtualizable_row *r)
{
	if ((touches(r->reads, r->nreads, GL_SLOT_bound_read_buffer) &&
	     touches(r->reads, r->nreads, GL_SLOT_color_buffer)) ||
	    touches(r->writes, r->nwrites, GL_SLOT_polygon_stipple))
		return true;
	/* a raster position that no viewport moves: WindowPos */
	return touches(r->writes, r->nwrites, GL_SLOT_raster_pos) &&
	       !touches(r->reads, r->nreads, GL_SLOT_viewport) &&
	       !touches(r->reads, r->nreads, GL_SLOT_raster_pos);
}

unsigned virtualizable_class(const struct virtualizable_row *r)
{
	if (writes_confinement(r) || ignores_viewport(r))
		return GL_CLASS_CONTROL;
	return depends_on_placement(r) ? GL_CLASS_BEHAVIOUR : GL_CLASS_INNOCUOUS;
}

static enum virtualizable_why row_judge(const struct virtualizable_row *r,
					const struct gl_text *mediations, struct virtualizable *v)
{
	unsigned touched = virtualizable_class(r);

	v->innocuous += r->klass == GL_CLASS_INNOCUOUS;
	v->control += r->klass == GL_CLASS_CONTROL;
	v->behaviour += r->klass == GL_CLASS_BEHAVIOUR;
	if (r->klass == GL_CLASS_INNOCUOUS)
		return touched == GL_CLASS_CONTROL ? VIRTUALIZABLE_CONTROLS :
		       touched == GL_CLASS_BEHAVIOUR ? VIRTUALIZABLE_BEHAVES : VIRTUALIZABLE_GOOD;
	if (!r->mediation)
		return VIRTUALIZABLE_UNMEDIATED;
	for (unsigned i = 0; mediations[i].name && i < VIRTUALIZABLE_MEDIATIONS; i++)
		if (strcmp(mediations[i].name, r->mediation) == 0) {
			v->mediated[i]++;
			return VIRTUALIZABLE_GOOD;
		}
	return VIRTUALIZABLE_UNKNOWN_MEDIATION;
}

int virtualizable_judge(const struct virtualizable_row *rows, unsigned n,
			const struct gl_text *mediations, struct virtualizable *out)
{
	memset(out, 0, sizeof(*out));
	out->faults = calloc(n ? n : 1, sizeof(*out->faults));
	if (!out->faults)
		return -ENOMEM;
	out->rows = n;
	for (unsigned i = 0; i < n; i++) {
		enum virtualizable_why why;

		if (rows[i].opaque) {
			out->opaque++;
			continue;
		}
		why = row_judge(&rows[i], mediations, out);
		if (why != VIRTUALIZABLE_GOOD)
			out->faults[out->nfaults++] =
				(struct virtualizable_fault){ rows[i].name, (uint8_t)why };
	}
	return 0;
}

void virtualizable_finish(struct virtualizable *v)
{
	free(v->faults);
	memset(v, 0, sizeof(*v));
}

struct virtualizable_row *virtualizable_rows(unsigned *n)
{
	struct virtualizable_row *rows = calloc(gl_command_count, sizeof(*rows));

	*n = 0;
	for (unsigned i = 0; rows && i < gl_command_count; i++) {
		const struct gl_command *c = &gl_commands[i];

		if (c->op == GL_OP_COUNT || c->replay == GL_REPLAY_REFUSE)
			continue;
		rows[(*n)++] = (struct virtualizable_row){ c->name, c->klass, c->mediation,
			c->opaque || !c->stated, c->reads, c->writes, c->nreads, c->nwrites };
	}
	return rows;
}
