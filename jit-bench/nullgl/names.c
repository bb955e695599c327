/* names.c - prints the C text of the null libGL's entry points: a weak alias of the
 * zero function per name in the command table, and a sorted table of them all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blink/gl/table.h"

static const char **names;
static size_t count;

static void add(const char *name)
{
	if (strncmp(name, "gl", 2))
		return;
	names = realloc(names, (count + 1) * sizeof(*names));
	if (!names)
		abort();
	names[count++] = name;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int main(void)
{
	for (unsigned i = 0; i < gl_command_count; i++) {
		add(gl_commands[i].name);
		for (const char *const *a = gl_commands[i].aliases; a && *a; a++)
			add(*a);
	}
	qsort(names, count, sizeof(*names), compare);
	puts("/* Made by jit-bench/nullgl/names.c from the command table; do not edit. */\n"
	     "#include \"jit-bench/nullgl/nullgl.h\"\n\n"
	     "/* What nearly every entry point is. */\n"
	     "NULLGL_EXPORT long nullgl_zero(void) { return 0; }\n"
	     "#define N(name) NULLGL_EXPORT long name(void) "
	     "__attribute__((weak, alias(\"nullgl_zero\")));");
	for (size_t i = 0; i < count; i++)
		if (!i || strcmp(names[i], names[i - 1]))
			printf("N(%s)\n", names[i]);
	puts("\nconst struct nullgl_name nullgl_names[] = {");
	for (size_t i = 0; i < count; i++)
		if (!i || strcmp(names[i], names[i - 1]))
			printf("\t{ \"%s\", (void (*)(void))%s },\n", names[i], names[i]);
	puts("};\nconst unsigned nullgl_name_count = "
	     "sizeof(nullgl_names) / sizeof(nullgl_names[0]);");
	free(names);
	return 0;
}
