/* faults.c - the table of faults in words. */
#include "blink/vso/protocol.h"

#include <ctype.h>
#include <stddef.h>

static const struct {
	const char *id, *sentence;
	enum vso_act act;
} faults[VSO_FAULTS] = {
#define FAULT(id, act, sentence) { #id, sentence, VSO_ACT_##act },
#include "blink/vso/faults.def"
#undef FAULT
};

/* PAGE_RANGE -> page-range */
const char *vso_fault_name(enum vso_fault f)
{
	static _Thread_local char name[32];
	size_t i = 0;

	if ((unsigned)f >= VSO_FAULTS)
		return "?";
	for (const char *s = faults[f].id; *s && i + 1 < sizeof(name); s++)
		name[i++] = *s == '_' ? '-' : (char)tolower((unsigned char)*s);
	name[i] = 0;
	return name;
}

const char *vso_fault_sentence(enum vso_fault f)
{
	return (unsigned)f < VSO_FAULTS ? faults[f].sentence : "?";
}

enum vso_act vso_fault_act(enum vso_fault f)
{
	return (unsigned)f < VSO_FAULTS ? faults[f].act : VSO_ACT_NONE;
}
