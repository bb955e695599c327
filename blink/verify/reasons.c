/* reasons.c - the reasons table in words. */
#include "blink/verify/verify.h"

#include <ctype.h>
#include <stddef.h>

static const char *const sentences[VERIFY_REASONS] = {
#define REASON(id, sentence) sentence,
#include "blink/verify/verify_reasons.def"
#undef REASON
};

static const char *const identifiers[VERIFY_REASONS] = {
#define REASON(id, sentence) #id,
#include "blink/verify/verify_reasons.def"
#undef REASON
};

/* PAYLOAD_SHORT -> payload-short */
const char *verify_reason_name(enum verify_reason r)
{
	static _Thread_local char name[40];
	size_t i = 0;

	if (r >= VERIFY_REASONS)
		return "?";
	for (const char *s = identifiers[r]; *s && i + 1 < sizeof(name); s++)
		name[i++] = *s == '_' ? '-' : (char)tolower((unsigned char)*s);
	name[i] = 0;
	return name;
}

const char *verify_reason_sentence(enum verify_reason r)
{
	return r < VERIFY_REASONS ? sentences[r] : "?";
}
