/* environment.c - see environment.h. */
#include "jit-bench/environment.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static void processor_name(char *name, size_t size)
{
	FILE *f = fopen("/proc/cpuinfo", "r");
	char line[256];

	snprintf(name, size, "unknown");
	while (f && fgets(line, sizeof(line), f)) {
		char *colon = strchr(line, ':');

		if (strncmp(line, "model name", 10) || !colon)
			continue;
		colon[strcspn(colon, "\n")] = 0;
		snprintf(name, size, "%s", colon + 2);
		break;
	}
	if (f)
		fclose(f);
}

struct json_object *environment_json(void)
{
	struct json_object *j = json_object_new_object();
	struct utsname u;
	time_t now = time(NULL);
	char cpu[256], date[64];
	struct tm tm;

	processor_name(cpu, sizeof(cpu));
	json_object_object_add(j, "cpu", json_object_new_string(cpu));
	json_object_object_add(j, "processors",
			       json_object_new_int64(sysconf(_SC_NPROCESSORS_ONLN)));
	if (uname(&u) == 0)
		json_object_object_add(j, "kernel", json_object_new_string(u.release));
	json_object_object_add(j, "compiler", json_object_new_string(__VERSION__));
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	json_object_object_add(j, "date", json_object_new_string(date));
	return j;
}
