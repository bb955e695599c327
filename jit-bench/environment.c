/* environment.c - see environment.h. */
#include "jit-bench/environment.h"

#include <json-c/json_c_version.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>
#include <zstd.h>

#include "revision.gen.h"

static void put_text(struct json_object *j, const char *key, const char *text)
{
	json_object_object_add(j, key, json_object_new_string(text));
}

/* The value behind "key : " in the first such line of a file; "unknown" without one.
 * key NULL: the first line. */
static void file_line(const char *path, const char *key, char *out, size_t size)
{
	FILE *f = fopen(path, "r");
	char line[256];

	snprintf(out, size, "unknown");
	while (f && fgets(line, sizeof(line), f)) {
		char *colon = strchr(line, ':'), *from = line;

		if (key && (strncmp(line, key, strlen(key)) || !colon))
			continue;
		if (key)
			from = colon + 1 + strspn(colon + 1, " \t");
		from[strcspn(from, "\n")] = 0;
		snprintf(out, size, "%s", from);
		break;
	}
	if (f)
		fclose(f);
}

static void machine_put(struct json_object *j)
{
	struct utsname u;
	char text[256];

	file_line("/proc/cpuinfo", "model name", text, sizeof(text));
	put_text(j, "cpu", text);
	json_object_object_add(j, "processors",
			       json_object_new_int64(sysconf(_SC_NPROCESSORS_ONLN)));
	file_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", NULL, text,
		  sizeof(text));
	put_text(j, "governor", text);
	file_line("/proc/meminfo", "MemTotal", text, sizeof(text));
	put_text(j, "memory", text);
	if (uname(&u) == 0)
		put_text(j, "kernel", u.release);
}

static struct json_object *libraries(void)
{
	struct json_object *j = json_object_new_object();
	char xxhash[24];
	unsigned v = XXH_versionNumber();

	snprintf(xxhash, sizeof(xxhash), "%u.%u.%u", v / 10000, v / 100 % 100, v % 100);
	put_text(j, "json-c", json_c_version());
	put_text(j, "libpng", png_get_libpng_ver(NULL));
	put_text(j, "xxhash", xxhash);
	put_text(j, "zstd", ZSTD_versionString());
	return j;
}

/* What decides which driver a program meets. */
static struct json_object *settings(void)
{
	static const char *const names[] = {
		"DISPLAY", "GALLIUM_DRIVER", "LIBGL_ALWAYS_SOFTWARE", "LP_NUM_THREADS",
		"MESA_EXTENSION_OVERRIDE", "MESA_LOADER_DRIVER_OVERRIDE", "vblank_mode",
	};
	struct json_object *j = json_object_new_object();

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (getenv(names[i]))
			put_text(j, names[i], getenv(names[i]));
	return j;
}

struct json_object *environment_json(void)
{
	struct json_object *j = json_object_new_object();
	time_t now = time(NULL);
	double load = 0;
	char date[64];
	struct tm tm;

	machine_put(j);
	if (getloadavg(&load, 1) == 1)
		json_object_object_add(j, "load", json_object_new_double(load));
	put_text(j, "compiler", __VERSION__);
	put_text(j, "revision", BLINK_REVISION);
	json_object_object_add(j, "libraries", libraries());
	json_object_object_add(j, "settings", settings());
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	put_text(j, "date", date);
	return j;
}
