/* test_known_frames.c - frames of real programs through pieces known from before, and from
 * nothing: the same verdicts, places and facts, whatever is done to their operands.
 *
 * Every recording of corpora/cases (and those named on the command line) is verified by two
 * verifiers, one of which forgets everything before each procedure.  Each frame is then
 * verified again as it is, and with words changed: payloads by other numbers, counts and
 * names at the edges of their ranges, anything at all.  The one that remembers knows most of
 * its pieces then; what a changed word does to the shadow is part of what must agree.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "blink/sp/file.h"
#include "blink/verify/verify.h"
#include "tests/engine/random_sp.h"

#define CHANGED 24u             /* times that each frame is changed */
#define RECORDS_MAX 1000000u     /* of one recording: the rest of it is not played */

static char **paths;
static int npaths;

struct both {
	struct blink_file *file;
	struct verify_state *state[2];          /* remembers; forgets */
	struct verify_env env[2];
	struct sp_payload *payload;             /* copies, of which some go, or are shared */
	struct random random;
	uint64_t accepted, refused, records;
};

static const struct sp *callee(void *user, uint32_t id)
{
	static struct sp sp;
	struct both *b = user;

	return blink_sp_load(b->file, id, &sp, NULL) < 0 ? NULL : &sp;
}

static void both_open(struct both *b, const char *path)
{
	struct error err = { 0 };

	memset(b, 0, sizeof(*b));
	b->random.state = 5;
	if (blink_open(&b->file, path, 0, &err) < 0)
		fail_msg("%s: %s", path, err.text);
	b->payload = calloc(blink_payloads(b->file)->n + 1, sizeof(*b->payload));
	assert_non_null(b->payload);
	for (unsigned i = 0; i < 2; i++) {
		struct verify_env *e = &b->env[i];

		b->state[i] = verify_state_create();
		assert_non_null(b->state[i]);
		for (unsigned s = 0; s < GL_SPACE_COUNT; s++)
			e->limits.names[s] = blink_names_max(b->file, s);
		e->limits.slots = blink_slots(b->file);
		e->limits.words = SP_MAX_WORDS;
		e->limits.allow_opaque = e->limits.allow_sensitive = true;
		e->callee = callee;
		e->user = b;
		e->payloads_stable = true;
	}
}

static void both_close(struct both *b)
{
	for (unsigned i = 0; i < 2; i++)
		verify_state_destroy(b->state[i]);
	free(b->payload);
	blink_close(b->file);
}

/* Where the two differ, NULL if they agree. */
static const char *verdicts_differ(const struct verify_verdict *d, const int *rc)
{
	if (rc[0] != rc[1] || d[0].reason != d[1].reason)
		return "verdict";
	if (d[0].record != d[1].record || d[0].word != d[1].word ||
	    strcmp(d[0].line, d[1].line) != 0)
		return "place";
	return rc[0] == 0 && memcmp(&d[0].facts, &d[1].facts, sizeof(d->facts)) ? "facts" : NULL;
}

static bool both_verify(struct both *b, const struct sp *sp, const char *path, const char *how)
{
	struct verify_verdict d[2];
	const char *difference;
	int rc[2];

	for (unsigned i = 0; i < 2; i++) {
		if (i)
			verify_forget(b->state[1]);
		b->env[i].payloads = (struct sp_payloads){ b->payload,
							   blink_payloads(b->file)->n };
		rc[i] = verify_sp(b->state[i], &b->env[i], sp, &d[i]);
	}
	difference = verdicts_differ(d, rc);
	if (difference)
		fail_msg("%s: SP %u, %s: %s differs: %s at record %u (%s); from nothing: %s at "
			 "record %u (%s)", path, sp->id, how, difference,
			 verify_reason_name(d[0].reason), d[0].record, d[0].line,
			 verify_reason_name(d[1].reason), d[1].record, d[1].line);
	b->accepted += rc[0] == 0;
	b->refused += rc[0] != 0;
	b->records += rc[0] ? d[0].record : d[0].facts.commands;
	return rc[0] == 0;
}

/* A word at random becomes something else; mostly an operand, now and then a header. */
static void word_change(struct both *b, uint32_t *code, uint32_t nwords)
{
	static const uint32_t hostile[] = { 0, 1, 2, 3, 16, 255, 256, 0x7fff, 0xffff, 0x10000,
		0x1403, 0x1405, 0x1406, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff };
	uint32_t *word = &code[random_below(&b->random, nwords)];

	switch (random_below(&b->random, 6)) {
	case 0:
		*word = hostile[random_below(&b->random, sizeof(hostile) / sizeof(*hostile))];
		break;
	case 1: *word += random_below(&b->random, 5) - 2; break;
	case 2: *word = random_below(&b->random, blink_payloads(b->file)->n); break;
	case 3: *word ^= 1u << random_below(&b->random, 32); break;
	case 4: *word = code[random_below(&b->random, nwords)]; break;
	default: *word *= 2; break;
	}
}

static void payloads_take(struct both *b)
{
	const struct sp_payloads *p = blink_payloads(b->file);

	memcpy(b->payload, p->v, p->n * sizeof(*p->v));
}

static void frame_change(struct both *b, const struct sp *sp, const char *path)
{
	struct sp other = *sp;
	uint32_t *code = malloc(sp->nwords * sizeof(*code));

	assert_non_null(code);
	other.code = code;
	for (unsigned i = 0; i < CHANGED; i++) {
		uint32_t id = random_below(&b->random, blink_payloads(b->file)->n);

		memcpy(code, sp->code, sp->nwords * sizeof(*code));
		for (unsigned n = i ? random_below(&b->random, 4) : 0; n; n--)
			word_change(b, code, sp->nwords);
		payloads_take(b);
		if (i % 4 == 3)
			b->payload[id].flags |= SP_PAYLOAD_SHARED;
		if (i % 8 == 5)
			b->payload[id].data = NULL;
		both_verify(b, &other, path, i ? "changed" : "again");
	}
	payloads_take(b);
	free(code);
}

static void recording(const char *path)
{
	struct verify_reuse reuse;
	struct both b;

	both_open(&b, path);
	for (uint32_t id = 0; id < blink_sp_count(b.file) && b.records < RECORDS_MAX; id++) {
		struct error err = { 0 };
		struct sp sp;

		if (blink_sp_load(b.file, id, &sp, &err) < 0)
			fail_msg("%s: %s", path, err.text);
		payloads_take(&b);
		both_verify(&b, &sp, path, "as it is");
		if (sp.callback == SP_REDRAW && sp.nwords)
			frame_change(&b, &sp, path);
		blink_sp_release(b.file, id);
	}
	verify_reuse_get(b.state[0], &reuse);
	print_message("%s: %llu accepted, %llu refused, %llu of %llu records known\n", path,
		      (unsigned long long)b.accepted, (unsigned long long)b.refused,
		      (unsigned long long)reuse.hits, (unsigned long long)b.records);
	both_close(&b);
}

static void recordings(void **state)
{
	(void)state;
	for (int i = 0; i < npaths; i++)
		recording(paths[i]);
}

/* Every level of the processor comes to the same. */
static void levels(void **state)
{
	enum cpu_level best = cpu_level();

	(void)state;
	for (unsigned level = 0; level < best; level++) {
		assert_true(cpu_level_set((enum cpu_level)level));
		recording(paths[0]);
	}
	cpu_level_set(best);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recordings),
		cmocka_unit_test(levels),
	};
	glob_t cases = { 0 };
	int rc;

	if (argc < 2 && glob("corpora/cases/*.blink", 0, NULL, &cases) != 0) {
		print_message("1..0 # SKIP no recordings in corpora/cases\n");
		return 77;
	}
	paths = argc > 1 ? argv + 1 : cases.gl_pathv;
	npaths = argc > 1 ? argc - 1 : (int)cases.gl_pathc;
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	globfree(&cases);
	return rc;
}
