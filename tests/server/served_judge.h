/* served_judge.h - a judge of shaders that tries nothing: in the place of the one that forks
 * (blink/verify/shader_judge.c), which is not linked where this is.  A source is known when it
 * was asked about often enough; some are found to be bad. */
#ifndef TESTS_SERVER_SERVED_JUDGE_H
#define TESTS_SERVER_SERVED_JUDGE_H

#include <xxhash.h>

#include "blink/verify/shader.h"

#define JUDGE_KNOWN 8u

struct shader_judge {
	uint32_t patience, asked, n;       /* so often it says "later" first */
	uint64_t known[JUDGE_KNOWN];
};

static uint64_t judge_hash(uint32_t stage, const char *source, size_t n)
{
	return XXH3_64bits_withSeed(source, n, stage);
}

static bool judge_knows(const struct shader_judge *j, uint64_t hash)
{
	for (uint32_t i = 0; i < JUDGE_KNOWN; i++)
		if (i < j->n && j->known[i % JUDGE_KNOWN] == hash)
			return true;
	return false;
}

bool shader_judge_ahead(struct shader_judge *j, const void *who, uint32_t stage,
			const char *source, size_t n)
{
	uint64_t hash = judge_hash(stage, source, n);

	(void)who;
	if (judge_knows(j, hash))
		return true;
	if (j->asked++ < j->patience)
		return false;
	j->asked = 0;
	/* (a full one begins anew, as the real one does) */
	if (j->n == JUDGE_KNOWN)
		j->n = 0;
	j->known[j->n++] = hash;
	return true;
}

enum shader_reason shader_judge_known(struct shader_judge *j, uint32_t stage, const char *source,
				      size_t n, struct shader_verdict *v)
{
	uint64_t hash = judge_hash(stage, source, n);

	*v = (struct shader_verdict){ .reason = !judge_knows(j, hash) ? SHADER_UNTRIED
						: hash % 4 ? SHADER_OK : SHADER_CRASH };
	return v->reason;
}

enum shader_reason shader_judge(struct shader_judge *j, uint32_t stage, const char *source,
				size_t n, struct shader_verdict *v)
{
	return shader_judge_known(j, stage, source, n, v);
}

void shader_judge_forget(struct shader_judge *j, const void *who) { (void)j, (void)who; }
void shader_judge_destroy(struct shader_judge *j) { (void)j; }
void shader_judge_stats(const struct shader_judge *j, struct shader_judge_stats *out)
{
	*out = (struct shader_judge_stats){ .known = j->n };
}

int shader_judge_create(struct shader_judge **j, const struct shader_limits *l, struct error *err)
{
	(void)j, (void)l;
	return error_set(err, -1, "there is no judge here");
}

#endif
