/* dump_native.c - see dump_native.h.
 *
 * Procedures are verified in order, as a replay does, since the JIT takes none that is not,
 * and compiled for the recorder sink, each of whose entry points is an instruction's own:
 * so calls have names.
 */
#include "cli/dump_native.h"

#include <errno.h>

#ifndef HAVE_CAPSTONE
int dump_native(struct blink_file *f, const struct dump_options *opt, FILE *out,
		struct error *err)
{
	(void)f, (void)opt, (void)out;
	return error_set(err, -ENOPKG, "dump --native: built without a disassembler "
			 "(install libcapstone-dev and build again)");
}
#else

#include <capstone/capstone.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "blink/engine/jit_tools.h"
#include "blink/verify/verify.h"

struct native {
	struct blink_file *file;
	const struct dump_options *opt;
	FILE *out;
	struct verify_state *state;
	struct verify_env env;
	struct buf log;
	struct sink *sink;
	struct jit *jit;
	csh capstone;
	cs_insn *insn;
	struct buf line;
};

/* ---- instructions ---------------------------------------------------------------- */

static const char *entry_name(const struct native *n, uint64_t address)
{
	for (unsigned op = 0; op < GL_OP_COUNT; op++)
		if ((uint64_t)(uintptr_t)n->sink->entry[op] == address && address)
			return gl_ops[op].name;
	return NULL;
}

/* What an instruction calls: at once, or through the arena's table of far targets. */
static const char *callee_name(const struct native *n, const uint8_t *at, const cs_insn *i)
{
	int32_t distance;
	uint64_t end = (uint64_t)(uintptr_t)at + i->size, target;

	if (i->size < 5)
		return NULL;
	memcpy(&distance, at + i->size - 4, sizeof(distance));
	if (at[0] == 0xe8)
		target = end + (uint64_t)(int64_t)distance;
	else if (at[0] == 0xff && at[1] == 0x15)
		memcpy(&target, (const void *)(uintptr_t)(end + (uint64_t)(int64_t)distance),
		       sizeof(target));
	else
		return NULL;
	return entry_name(n, target);
}

static void bytes_print(struct native *n, const cs_insn *i)
{
	char hex[3 * 16 + 1] = "";

	for (unsigned k = 0; k < i->size && k < 16; k++)
		snprintf(hex + 2 * k, 3, "%02x", i->bytes[k]);
	fprintf(n->out, "    %6" PRIx64 "  %-20s %s %s", i->address, hex, i->mnemonic, i->op_str);
}

/* Addresses count from the beginning of the procedure's code. */
static void range_print(struct native *n, const struct jit_lines *l, uint32_t from, uint32_t size)
{
	const uint8_t *at = l->code + from;
	uint64_t address = from;
	size_t left = size;

	while (left && cs_disasm_iter(n->capstone, &at, &left, &address, n->insn)) {
		const char *callee = callee_name(n, at - n->insn->size, n->insn);

		bytes_print(n, n->insn);
		fprintf(n->out, callee ? "  ; %s\n" : "\n", callee);
	}
	if (left)
		fprintf(n->out, "    %6" PRIx64 "  (%zu bytes that are no instruction)\n", address,
			left);
}

/* ---- lines ------------------------------------------------------------------------- */

static void record_print(struct native *n, const struct sp *sp, const struct jit_line *v)
{
	buf_clear(&n->line);
	sp_disassemble_record(sp->code + v->pc, &n->line);
	fprintf(n->out, "  %u", v->record);
	if (v->rounds > 1)
		fprintf(n->out, " and %u more, every %u words", v->rounds - 1, v->stride);
	fprintf(n->out, ": %.*s\n", (int)n->line.len, (const char *)n->line.data);
}

static void lines_print(struct native *n, const struct sp *sp, const struct jit_lines *l)
{
	uint32_t first = l->n ? l->v[0].code : l->size;

	fprintf(n->out, "  (block: budget)\n");
	range_print(n, l, 0, first);
	for (uint32_t i = 0; i < l->n; i++) {
		const struct jit_line *v = &l->v[i];

		/* of a loop's first record, the way into it */
		if (i + 1 < l->n && v[1].pc == v->pc && v->rounds == 1)
			fprintf(n->out, "  (loop: %u rounds)\n", v[1].rounds);
		else
			record_print(n, sp, v);
		range_print(n, l, v->code, v->size);
	}
}

static int sp_print(struct native *n, const struct sp *sp, struct error *err)
{
	const struct jit_code *code = jit_compile(n->jit, sp, err);
	char name[JIT_SYMBOL_SIZE];
	struct jit_lines lines;
	int rc = code ? jit_lines_make(&lines, code, sp, err) : err->code;

	if (rc < 0)
		return rc;
	jit_symbol(sp, name);
	fprintf(n->out, "%s: %u words of records, %u bytes of code\n", name, sp->nwords,
		lines.size);
	lines_print(n, sp, &lines);
	jit_lines_finish(&lines);
	return ferror(n->out) ? error_set(err, -EIO, "dump: cannot write") : 0;
}

/* ---- the file ------------------------------------------------------------------------ */

static const struct sp *callee(void *user, uint32_t id)
{
	static struct sp loaded;
	struct native *n = user;

	return blink_sp_load(n->file, id, &loaded, NULL) < 0 ? NULL : &loaded;
}

static bool wanted(const struct native *n, const struct sp *sp, uint32_t first, uint32_t count)
{
	if (n->opt->sp >= 0)
		return sp->id == n->opt->sp;
	return n->opt->frame < 0 || (sp->id >= first && sp->id - first < count);
}

static int sps_print(struct native *n, struct error *err)
{
	uint32_t first = 0, count = 0, end = blink_sp_count(n->file);
	struct verify_verdict v;
	struct sp sp;
	int rc = 0;

	if (n->opt->frame >= 0)
		rc = n->opt->frame < blink_frame_count(n->file)
			? blink_frame(n->file, (uint32_t)n->opt->frame, &first, &count)
			: error_set(err, -EINVAL, "dump: there is no frame %" PRId64, n->opt->frame);
	if (n->opt->frame >= 0)
		end = first + count;
	if (n->opt->sp >= end)
		rc = error_set(err, -EINVAL, "dump: there is no SP %" PRId64 " (the file has %u)",
			       n->opt->sp, end);
	else if (n->opt->sp >= 0)
		end = (uint32_t)n->opt->sp + 1;
	for (uint32_t id = 0; id < end && rc == 0; id++) {
		rc = blink_sp_load(n->file, id, &sp, err);
		if (rc < 0)
			break;
		n->env.payloads = *blink_payloads(n->file);
		rc = verify_sp(n->state, &n->env, &sp, &v);
		if (rc < 0)
			error_set(err, rc, "SP %u refused: %s (record %u: %s)", id,
				  verify_reason_sentence(v.reason), v.record, v.line);
		else if (wanted(n, &sp, first, count))
			rc = sp_print(n, &sp, err);
		blink_sp_release(n->file, id);
	}
	return rc;
}

static int native_open(struct native *n, struct error *err)
{
	for (unsigned s = 0; s < GL_SPACE_COUNT; s++)
		n->env.limits.names[s] = blink_names_max(n->file, s);
	n->env.limits.slots = blink_slots(n->file);
	n->env.limits.words = SP_MAX_WORDS;
	n->env.limits.allow_opaque = n->env.limits.allow_sensitive = true;
	n->env.callee = callee;
	n->env.user = n;
	n->state = verify_state_create();
	n->sink = sink_recorder_create(&n->log);
	if (cs_open(CS_ARCH_X86, CS_MODE_64, &n->capstone) != CS_ERR_OK)
		return error_set(err, -EIO, "dump: Capstone does not start");
	n->insn = cs_malloc(n->capstone);
	if (!n->state || !n->sink || !n->insn)
		return error_set(err, -ENOMEM, "dump: out of memory");
	return jit_create(&n->jit, n->sink, err);
}

int dump_native(struct blink_file *f, const struct dump_options *opt, FILE *out,
		struct error *err)
{
	struct native n = { .file = f, .opt = opt, .out = out };
	int rc;

	buf_init(&n.log);
	buf_init(&n.line);
	rc = native_open(&n, err);
	if (rc == 0)
		rc = sps_print(&n, err);
	jit_destroy(n.jit);
	if (n.insn)
		cs_free(n.insn, 1);
	if (n.capstone)
		cs_close(&n.capstone);
	if (n.sink)
		sink_destroy(n.sink);
	verify_state_destroy(n.state);
	buf_finish(&n.log);
	buf_finish(&n.line);
	return rc;
}
#endif
