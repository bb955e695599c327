/* main.c - gengl -r REGISTRY -t TABLES -o OUT: see gen.h. */
#include "blink/gl/gen/gen.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_LINE "/* Made by gengl from the Khronos registry and blink/gl/tables/; do not edit. */\n"

static int tbl_filter(const struct dirent *d)
{
	const char *dot = strrchr(d->d_name, '.');

	return dot && strcmp(dot, ".tbl") == 0;
}

/* Which rows a file holds is told by its name; slots come before the commands that
 * use them, marks of proof after everything. */
static const struct { const char *prefix; void (*fn)(struct row *row); } stages[] = {
	{ "slots", effects_slot_row }, { "pnames", size_pname_row },
	{ "mediation", model_mediation_row }, { "core", model_core_row },
	{ "window", model_window_row },
	{ NULL, model_cmd_row }, { "proved", model_proved_row },
};
#define STAGES (sizeof(stages) / sizeof(*stages))

static size_t stage_of(const char *file)
{
	size_t other = 0;

	for (size_t i = 0; i < STAGES; i++) {
		size_t n = stages[i].prefix ? strlen(stages[i].prefix) : 0;

		if (!n)
			other = i;
		else if (strncmp(file, stages[i].prefix, n) == 0 &&
			 (file[n] == '.' || (file[n] >= '0' && file[n] <= '9')))
			return i;
	}
	return other;
}

static void read_tables(const char *dir)
{
	struct dirent **files;
	int n = scandir(dir, &files, tbl_filter, alphasort);

	if (n < 0)
		die("%s: %s", dir, strerror(errno));
	for (size_t s = 0; s < STAGES; s++)
		for (int i = 0; i < n; i++)
			if (stage_of(files[i]->d_name) == s)
				rows_read(text_printf("%s/%s", dir, files[i]->d_name),
					  stages[s].fn);
}

/* Nothing half-written is left behind. */
static void write_file(const char *dir, const char *name, const struct buf *b)
{
	char *path = text_printf("%s/%s", dir, name), *tmp = text_printf("%s.tmp", path);
	FILE *f = fopen(tmp, "w");

	if (buf_failed(b))
		die("out of memory");
	if (!f || fwrite(b->data, 1, b->len, f) != b->len || fclose(f) != 0 ||
	    rename(tmp, path) != 0)
		die("%s: %s", path, strerror(errno));
}

int main(int argc, char **argv)
{
	const char *registry = NULL, *tables = NULL, *out = NULL;
	struct buf header, table, record, record_header, client;
	int c;

	while ((c = getopt(argc, argv, "r:t:o:")) != -1) {
		if (c == 'r')
			registry = optarg;
		else if (c == 't')
			tables = optarg;
		else if (c == 'o')
			out = optarg;
	}
	if (!registry || !tables || !out || optind < argc)
		die("usage: gengl -r REGISTRY -t TABLES -o OUT");
	registry_read(text_printf("%s/gl.xml", registry), false);
	registry_read(text_printf("%s/glx.xml", registry), true);
	read_tables(tables);
	model_choose();
	model_build();

	buf_init(&header);
	buf_printf(&header, FIRST_LINE);
	emit_header(&header);
	buf_init(&table);
	buf_printf(&table, FIRST_LINE "#include \"blink/gl/table_private.h\"\n\n");
	effects_emit(&table);
	mediations_emit(&table);
	emit_commands(&table);
	emit_ops(&table);
	emit_calls(&table);
	size_emit(&table);
	emit_enums(&table);
	buf_init(&record_header);
	buf_printf(&record_header, FIRST_LINE);
	recorder_emit_header(&record_header);
	buf_init(&record);
	buf_printf(&record, FIRST_LINE);
	recorder_emit(&record);
	buf_init(&client);
	buf_printf(&client, FIRST_LINE);
	client_emit(&client);
	/* the table last: its date is the one that make looks at */
	write_file(out, "gl_ops.gen.h", &header);
	write_file(out, "gl_record.gen.h", &record_header);
	write_file(out, "gl_record.gen.c", &record);
	write_file(out, "blink/client/blinkgl.h", &client);
	write_file(out, "gl_table.gen.c", &table);
	buf_finish(&header);
	buf_finish(&table);
	buf_finish(&record_header);
	buf_finish(&record);
	buf_finish(&client);
	return 0;
}
