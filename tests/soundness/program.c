/* program.c - the world of every program: payloads, limits, registers; text files. */
#include "tests/soundness/program.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "blink/sp/asm.h"

#define HUGE_BYTES (2u << 20)
#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static struct sp_payload payload[PAY_ALL];
struct sp_payloads program_payloads = { payload, PAY_ALL };

/* ---- payloads ------------------------------------------------------------------ */

/* Memory of that size whose end is as near to an untouchable page as alignment lets. */
uint8_t *program_guarded(uint32_t size)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (size + 8 + page - 1) / page * page;
	uint8_t *p = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || mprotect(p + room, page, PROT_NONE) < 0)
		abort();
	return p + room - ((size + 7u) & ~7u);
}

static uint8_t *payload_make(unsigned id, const void *data, uint32_t size)
{
	uint8_t *p = program_guarded(size);

	if (data)
		memcpy(p, data, size);
	payload[id] = (struct sp_payload){ .data = p, .size = size };
	return p;
}

#define MAKE(id, ...) \
	payload_make(id, (const __typeof__((__VA_ARGS__)[0])[sizeof(__VA_ARGS__) / \
		     sizeof((__VA_ARGS__)[0])])__VA_ARGS__, sizeof(__VA_ARGS__))

static void payloads_text_make(void)
{
	payload_make(PAY_STRING, "name", 5);
	payload_make(PAY_STRINGS, "a\0bc\0\0def", 10);
	payload_make(PAY_OPEN, "abc", 3);
	payload_make(PAY_LISTS, (const uint8_t[]){ 1, 2, 3, 1 }, 4);
	payload_make(PAY_EMPTY, NULL, 0);
	payload[PAY_ABSENT] = (struct sp_payload){ .size = 64 };
}

static void payloads_driver_make(void)
{
	static const float wild[] = { 0, 1, -1, 1e30f, -1e30f, INFINITY, -INFINITY, NAN, 1e-40f,
				      2147483648.f, 4294967296.f, 0.5f, 65536, -65537, 3e38f };
	static const uint32_t edges[] = { 0x7fffffff, 0x80000000, 0, 0xffffffff, 1, 0x7ffffffe,
					  0x80000001, 0xffff, 0x10000, 0x8000, 255, 256 };
	static const uint32_t drawn[] = { 0x8CE0, 0x8CE1, 0, 0x8CE2, 0x8CE3, 0x8CE0, 0x405, 0x8CE7 };
	static const uint32_t many[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	static const uint8_t listed[] = { 1, 2, 3, 4, 5, 6 };
	uint32_t *w = (uint32_t *)(void *)payload_make(PAY_WILD, NULL, 4096);

	for (unsigned i = 0; i < 1024; i++)
		memcpy(w + i, &wild[i % COUNT(wild)], 4);
	w = (uint32_t *)(void *)payload_make(PAY_EDGES, NULL, 4096);
	for (unsigned i = 0; i < 1024; i++)
		w[i] = edges[i % COUNT(edges)];
	w = (uint32_t *)(void *)payload_make(PAY_HUGE, NULL, HUGE_BYTES);
	for (unsigned i = 0; i < HUGE_BYTES / 4; i++)
		w[i] = i % 5 ? 0x3f800000u + i % 7 : i % 3;
	payload_make(PAY_ENUMS, drawn, sizeof(drawn));
	payload_make(PAY_LISTED, listed, sizeof(listed));
	payload_make(PAY_MANY, many, sizeof(many));
	for (unsigned i = 0; PAY_SHADERS + i < PAY_ALL && scene_shader(i); i++)
		payload_make(PAY_SHADERS + i, scene_shader(i)->text,
			     (uint32_t)strlen(scene_shader(i)->text) + 1);
}

void program_world_make(void)
{
	static const float vertices[16] = { 0, 1, 2, 3, -1, 0.5f, 7, 0, 1, 1, 1, 1, 0, 0, 0, 1 };
	static const uint8_t index8[6] = { 0, 1, 2, 3, 2, 1 };
	static const uint16_t index16[6] = { 0, 1, 2, 3, 2, 1 }, high[4] = { 0, 1, 2, 40 };
	static const uint16_t restart[4] = { 0, 1, 0xffff, 3 }, all[2] = { 0xffff, 0xffff };
	static const uint32_t index32[6] = { 0, 1, 2, 3, 2, 1 }, names[3] = { 1, 2, 3 };
	static const uint32_t odd[3] = { 0, 2, 2 }, names_high[2] = { 1, 1000 };
	static const int32_t counts[4] = { 2, 1, 0, 3 };
	struct dice d = { 7 };
	uint8_t *p;

	if (payload[PAY_VERTICES].data)
		return;
	payload_make(PAY_VERTICES, vertices, sizeof(vertices));
	payload_make(PAY_TWO, vertices, 24);
	payload_make(PAY_INDEX8, index8, sizeof(index8));
	payload_make(PAY_INDEX16, index16, sizeof(index16));
	payload_make(PAY_INDEX32, index32, sizeof(index32));
	payload_make(PAY_INDEX_HIGH, high, sizeof(high));
	payload_make(PAY_RESTART, restart, sizeof(restart));
	payload_make(PAY_RESTART_ALL, all, sizeof(all));
	payload_make(PAY_NAMES, names, sizeof(names));
	payload_make(PAY_NAMES_ODD, odd, sizeof(odd));
	payload_make(PAY_NAMES_HIGH, names_high, sizeof(names_high));
	payload_make(PAY_COUNTS, counts, sizeof(counts));
	payloads_text_make();
	payloads_driver_make();
	p = payload_make(PAY_BYTES, NULL, 512);
	for (unsigned i = 0; i < 512; i++)
		p[i] = dice_below(&d, 4) ? (uint8_t)dice_below(&d, 5) : (uint8_t)dice_u32(&d);
	p = payload_make(PAY_LARGE, NULL, 8192);
	for (unsigned i = 0; i < 8192; i++)
		p[i] = (uint8_t)(i * 7 % 251 / 10);
}

/* ---- limits and registers ------------------------------------------------------- */

void program_limits(struct verify_limits *limits, bool strict)
{
	memset(limits, 0, sizeof(*limits));
	for (unsigned i = 0; i < GL_SPACE_COUNT; i++)
		limits->names[i] = PROGRAM_NAMES;
	limits->slots = PROGRAM_SLOTS;
	limits->words = PROGRAM_BUDGET;
	limits->allow_opaque = limits->allow_sensitive = !strict;
}

const uint32_t *program_registers(uint32_t i)
{
	static const uint32_t odd[] = {
		0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff, 0x3f800000, 0xbf800000, 0x7f800000,
		0xff800000, 0x7fc00000, 0xffc00001, 0x7f800001, 0x00000001, 0x4f000000,
		0xcf000000, 0x42480000, 31, 4, 0x1406,
	};
	static uint32_t file[PROGRAM_SPS][SP_REGISTERS];
	static bool made;
	struct dice d = { 11 };

	for (uint32_t k = 0; !made && k < PROGRAM_SPS; k++)
		for (uint32_t r = 0; r < SP_REGISTERS; r++)
			file[k][r] = dice_below(&d, 3) ?
				odd[dice_below(&d, sizeof(odd) / sizeof(*odd))] : dice_u32(&d);
	made = true;
	return file[i % PROGRAM_SPS];
}

/* ---- words ---------------------------------------------------------------------- */

void program_cut(struct program_sp *sp, uint32_t at, uint32_t len)
{
	const uint32_t *end = sp->words + sp->n, *r;
	bool bad;

	for (r = sp->words; (r = sp_next(r, end, &bad)) && r < sp->words + at; r += sp_words(r)) {
		const struct gl_op *op = &gl_ops[sp_opcode(*r)];
		uint32_t after = (uint32_t)(r - sp->words) + op->words, *label;

		if (!op->noperands || op->operands[op->noperands - 1].kind != GL_KIND_LABEL)
			continue;
		label = sp->words + (r - sp->words) + op->operands[op->noperands - 1].word;
		if (after + *label > at && *label >= len)
			*label -= len;
	}
	memmove(sp->words + at, sp->words + at + len, (sp->n - at - len) * sizeof(uint32_t));
	sp->n -= len;
}

struct sp program_get(const struct program *p, uint32_t i)
{
	return (struct sp){ .id = i, .callback = p->sp[i].callback, .code = p->sp[i].words,
			    .nwords = p->sp[i].n };
}

/* ---- files ---------------------------------------------------------------------- */

/* A line of comment for people, then one line per procedure: callback and words. */
int program_save(const struct program *p, const char *path, const char *why, struct error *err)
{
	FILE *f = fopen(path, "w");

	if (!f)
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	fprintf(f, "# %s\n", why);
	for (uint32_t i = 0; i < p->nsps; i++) {
		const struct program_sp *sp = &p->sp[i];
		const uint32_t *end = sp->words + sp->n, *r = sp->words, *whole;
		bool bad;

		fprintf(f, "sp %s%s\n", sp->callback < SP_CALLBACKS ?
			sp_callback_names[sp->callback] : "none", p->strict ? " strict" : "");
		while ((whole = sp_next(r, end, &bad))) {
			struct buf line;

			buf_init(&line);
			sp_disassemble_record(whole, &line);
			/* the name keeps the case when opcodes move; the text is for people */
			fprintf(f, "%s %x", gl_ops[sp_opcode(*whole)].name, sp_mask(*whole));
			for (unsigned k = 1; k < sp_words(whole); k++)
				fprintf(f, " %x", whole[k]);
			fprintf(f, "\t# %.*s\n", (int)line.len, (const char *)line.data);
			buf_finish(&line);
			r = whole + sp_words(whole);
		}
		for (; r < end; r++)
			fprintf(f, ".word %x\n", *r);
	}
	return fclose(f) ? error_set(err, -EIO, "%s: not written", path) : 0;
}

static bool record_parse(struct program_sp *sp, char *line)
{
	char *save = NULL, *name = strtok_r(line, " \t\n", &save), *word;
	unsigned op;
	uint32_t n = 0, mask = 0;

	if (strcmp(name, ".word") == 0) {
		word = strtok_r(NULL, " \t\n", &save);
		if (!word || sp->n == PROGRAM_WORDS)
			return false;
		sp->words[sp->n++] = (uint32_t)strtoul(word, NULL, 16);
		return true;
	}
	op = gl_op_find(name);
	if (op == GL_OP_COUNT || sp->n + gl_ops[op].words > PROGRAM_WORDS)
		return false;
	word = strtok_r(NULL, " \t\n", &save);
	mask = word ? (uint32_t)strtoul(word, NULL, 16) : 0;
	sp->words[sp->n] = sp_header(op, mask);
	while ((word = strtok_r(NULL, " \t\n", &save)) && ++n < gl_ops[op].words)
		sp->words[sp->n + n] = (uint32_t)strtoul(word, NULL, 16);
	sp->n += gl_ops[op].words;
	return n + 1 == gl_ops[op].words;
}

static bool head_parse(struct program *p, const char *line)
{
	struct program_sp *sp = &p->sp[p->nsps];
	char callback[16];

	if (p->nsps == PROGRAM_SPS || sscanf(line, "sp %15s", callback) != 1)
		return false;
	p->nsps++;
	p->strict |= strstr(line, " strict") != NULL;
	for (sp->callback = 0; sp->callback < SP_CALLBACKS; sp->callback++)
		if (strcmp(callback, sp_callback_names[sp->callback]) == 0)
			return true;
	return true;            /* one that there is not */
}

int program_load(struct program *p, const char *path, struct error *err)
{
	FILE *f = fopen(path, "r");
	char line[1024];
	unsigned number = 0;
	bool good = true;

	memset(p, 0, sizeof(*p));
	if (!f)
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	while (good && fgets(line, sizeof(line), f)) {
		char *note = strchr(line, '#');

		number++;
		if (note)
			*note = 0;
		if (!line[strspn(line, " \t\n")])
			continue;
		if (strncmp(line, "sp ", 3) == 0)
			good = head_parse(p, line);
		else
			good = p->nsps && record_parse(&p->sp[p->nsps - 1], line);
	}
	fclose(f);
	return good && p->nsps ? 0 : error_set(err, -EINVAL, "%s:%u: not a program", path, number);
}
