/* emit_enum.c - enum names: by name, by value, and by group and value. */
#include "blink/gl/gen/gen.h"

#include <stdlib.h>
#include <string.h>

struct member { int group; uint32_t value; const struct gl_enum_row *e; };

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct gl_enum_row *)a)->name, ((const struct gl_enum_row *)b)->name);
}

/* The best name of a value comes first: plain, then ARB and EXT, then the vendors'. */
static int by_value(const void *pa, const void *pb)
{
	const struct member *a = pa, *b = pb;

	if (a->group != b->group)
		return a->group - b->group;
	if (a->value != b->value)
		return a->value < b->value ? -1 : 1;
	if (a->e->rank != b->e->rank)
		return a->e->rank - b->e->rank;
	return strcmp(a->e->name, b->e->name);
}

static int unique_names(void)
{
	int n = 0;

	qsort(enums, (size_t)nenums, sizeof(*enums), by_name);
	for (int i = 0; i < nenums; i++)
		if (!n || strcmp(enums[n - 1].name, enums[i].name) != 0)
			enums[n++] = enums[i];
	return n;
}

static int group_number(struct pool *groups, const char *name)
{
	return pool_add(groups, name);
}

/* Group 0 holds everything. */
static struct member *members(struct pool *groups, int *count)
{
	struct member *v = NULL;
	size_t n = 0;

	group_number(groups, "");
	for (int i = 0; i < nenums; i++) {
		char *list = text_copy(enums[i].group ? enums[i].group : ""), *g;

		v = grow(v, n, sizeof(*v));
		v[n++] = (struct member){ 0, enums[i].value, &enums[i] };
		for (g = strtok(list, ","); g; g = strtok(NULL, ",")) {
			v = grow(v, n, sizeof(*v));
			v[n++] = (struct member){ group_number(groups, g), enums[i].value, &enums[i] };
		}
		free(list);
	}
	qsort(v, n, sizeof(*v), by_value);
	*count = (int)n;
	return v;
}

void emit_enums(struct buf *out)
{
	struct pool groups = { 0 };
	struct member *v;
	int n, last = NONE, *start;

	nenums = unique_names();
	v = members(&groups, &n);
	buf_printf(out, "const struct gl_enum gl_enums[] = {\n");
	for (int i = 0; i < nenums; i++)
		buf_printf(out, "\t{ \"%s\", 0x%x },\n", enums[i].name, enums[i].value);
	buf_printf(out, "};\nconst unsigned gl_enum_count = %d;\n\n", nenums);

	/* each group's values ascend; of equal ones the best name stands alone */
	start = calloc((size_t)groups.n + 1, sizeof(*start));
	buf_printf(out, "const uint16_t gl_enum_members[] = {\n");
	for (int i = 0, at = 0; i < n; i++) {
		bool fresh = v[i].group != last;

		if (fresh)
			start[v[i].group] = at;
		if (!fresh && v[i].value == v[i - 1].value)
			continue;
		last = v[i].group;
		buf_printf(out, "\t%d,%s", (int)(v[i].e - enums), at % 12 == 11 ? "\n" : "");
		start[groups.n] = ++at;
	}
	buf_printf(out, "\n};\n\nconst struct gl_enum_group gl_enum_groups[] = {\n");
	for (int i = 0; i < groups.n; i++)
		buf_printf(out, "\t{ \"%s\", %d, %d },\n", groups.v[i], start[i], start[i + 1]);
	buf_printf(out, "};\nconst unsigned gl_enum_group_count = %d;\n", groups.n);
	free(start);
	free(v);
}
