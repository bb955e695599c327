/* cmd_doctor.c - blinkctl doctor: what this machine has, and which Debian package brings
 * what is missing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/run.h"
#include "capture/run_record.h"
#include "cli/command.h"
#include "cli/doctor.h"

static const struct cli_option options[] = { { 0 } };

/* Programs: asked for their version, where that is cheap and harmless. */
static const struct tool {
	const char *name;
	const char *version;             /* the argument to ask with, NULL: presence only */
	const char *package;
	const char *purpose;
} tools[] = {
	{ "apitrace", NULL, "apitrace", "capture, and the replay that compare measures against" },
	{ "Xvfb", NULL, "xvfb", "a display where there is none" },
	{ "glretrace", NULL, "apitrace", "compare and bench" },
	{ "gnuplot", "--version", "gnuplot-nox", "figures" },
	{ "gcc", "--version", "gcc", "building" },
	{ "clang", "--version", "clang", "building, fuzzing" },
	{ "make", "--version", "make", "building" },
	{ "zstd", "--version", "zstd", "looking into compressed results" },
	{ "ffmpeg", "-version", "ffmpeg", "the video of the mplayer recipe" },
	{ "gdb", "--version", "gdb", "debugging" },
	{ "valgrind", "--version", "valgrind", "exact instruction counts" },
	{ "perf", "--version", "linux-perf", "profiles with stored procedures by name" },
	{ "qemu-system-x86_64", "--version", "qemu-system-x86", "a Xen machine to test on" },
	{ "man", NULL, "man-db", "reading the manual" },
};

/* Libraries are linked or not when blinkctl is built; these say what was there. */
static const struct feature {
	const char *name, *package, *purpose;
	bool built;
} features[] = {
	{ "snappy", "libsnappy-dev", "reading traces", true },
	{ "zstd library", "libzstd-dev", "payloads in .blink files", true },
	{ "Khronos registry", "khronos-api", "building the command table", true },
#ifdef HAVE_CAPSTONE
	{ "capstone", "libcapstone-dev", "listings of machine code", true },
#else
	{ "capstone", "libcapstone-dev", "listings of machine code", false },
#endif
#ifdef HAVE_PFM
	{ "libpfm4", "libpfm4-dev", "names of hardware counters, in bench", true },
#else
	{ "libpfm4", "libpfm4-dev", "names of hardware counters, in bench", false },
#endif
#ifdef HAVE_ASMJIT
	{ "AsmJit", "libasmjit-dev g++", "bench jit --peers", true },
#else
	{ "AsmJit", "libasmjit-dev g++", "bench jit --peers", false },
#endif
#ifdef HAVE_LIBTCC
	{ "libtcc", "libtcc-dev", "bench jit --peers", true },
#else
	{ "libtcc", "libtcc-dev", "bench jit --peers", false },
#endif
#ifdef HAVE_LLVM
	{ "LLVM", "llvm-dev", "bench jit --peers", true },
#else
	{ "LLVM", "llvm-dev", "bench jit --peers", false },
#endif
#ifdef HAVE_LIBGCCJIT
	{ "libgccjit", "libgccjit-12-dev", "bench jit --peers", true },
#else
	{ "libgccjit", "libgccjit-12-dev", "bench jit --peers", false },
#endif
};

struct finding {
	const char *name, *package, *purpose;
	bool have;
	char detail[256];
};

static void finding_add(struct json_object *list, const struct finding *f)
{
	struct json_object *j = json_object_new_object();

	json_object_object_add(j, "name", json_object_new_string(f->name));
	json_object_object_add(j, "have", json_object_new_boolean(f->have));
	if (f->detail[0])
		json_object_object_add(j, "detail", json_object_new_string(f->detail));
	json_object_object_add(j, "for", json_object_new_string(f->purpose));
	if (!f->have && f->package)
		json_object_object_add(j, "package", json_object_new_string(f->package));
	json_object_array_add(list, j);
}

/* The version of an installed package, where dpkg knows it. */
static void package_version(const char *package, char *text, size_t size)
{
	const char *const argv[] = { "dpkg-query", "-W", "-f", "${Version}", package, NULL };

	if (!doctor_ask(argv, text, size) || !strncmp(text, "dpkg-query:", 11))
		text[0] = 0;
}

static void tool_examine(const struct tool *t, struct finding *f)
{
	char path[512];
	const char *argv[3] = { path, t->version, NULL };

	*f = (struct finding){ .name = t->name, .package = t->package, .purpose = t->purpose };
	f->have = run_find_program(t->name, path, sizeof path);
	if (!f->have)
		return;
	if (t->version)
		doctor_ask(argv, f->detail, sizeof f->detail);
	else
		package_version(t->package, f->detail, sizeof f->detail);
	if (!f->detail[0])
		snprintf(f->detail, sizeof f->detail, "%.200s", path);
}

static void examine_tools(struct json_object *list)
{
	struct finding f;
	char path[512], egl[512];

	for (size_t i = 0; i < sizeof tools / sizeof tools[0]; i++) {
		tool_examine(&tools[i], &f);
		finding_add(list, &f);
	}
	f = (struct finding){ .name = "apitrace wrappers", .package = "apitrace", .purpose = "capture" };
	f.have = run_find_wrapper("glxtrace.so", path, sizeof path);
	if (f.have)
		snprintf(f.detail, sizeof f.detail, "%.200s%s", path,
			 run_find_wrapper("egltrace.so", egl, sizeof egl) ? " and egltrace.so" : "");
	finding_add(list, &f);
	f = (struct finding){ .name = "libblink-record.so", .purpose = "capture with our own recorder" };
	f.have = run_find_recorder(path, sizeof path);
	if (f.have)
		snprintf(f.detail, sizeof f.detail, "%.200s", path);
	finding_add(list, &f);
}

static void examine_machine(struct json_object *list)
{
	struct finding f = { .name = "GL driver", .package = "libegl-mesa0 libgl1-mesa-dri",
			     .purpose = "replay, compare" };
	struct doctor_gl gl;
	const char *display = getenv("DISPLAY");

	doctor_gl(&gl);
	f.have = gl.works;
	if (gl.works)
		snprintf(f.detail, sizeof f.detail, "%.90s, OpenGL %.90s", gl.renderer, gl.version);
	else
		snprintf(f.detail, sizeof f.detail, "%s", gl.why);
	finding_add(list, &f);

	f = (struct finding){ .name = "X display", .purpose = "replay --window; capture has its own otherwise" };
	f.have = display && *display;
	snprintf(f.detail, sizeof f.detail, "%.100s", f.have ? display : "DISPLAY is not set");
	finding_add(list, &f);

	f = (struct finding){ .name = "hardware counters", .purpose = "cycles in bench" };
	f.have = doctor_counters(f.detail, sizeof f.detail);
	finding_add(list, &f);

	f = (struct finding){ .name = "Xen", .purpose = "clients in other virtual machines" };
	f.have = doctor_xen(f.detail, sizeof f.detail);
	finding_add(list, &f);

	f = (struct finding){ .name = "processors", .purpose = "everything", .have = true };
	snprintf(f.detail, sizeof f.detail, "%ld", sysconf(_SC_NPROCESSORS_ONLN));
	finding_add(list, &f);
}

static void examine_features(struct json_object *list)
{
	for (size_t i = 0; i < sizeof features / sizeof features[0]; i++) {
		struct finding f = { .name = features[i].name, .package = features[i].package,
				     .purpose = features[i].purpose, .have = features[i].built };

		snprintf(f.detail, sizeof f.detail, "%s", f.have ? "built in" :
			 "not built in: install it and build again");
		finding_add(list, &f);
	}
}

static const char *text_of(struct json_object *j, const char *key)
{
	struct json_object *v;

	return json_object_object_get_ex(j, key, &v) ? json_object_get_string(v) : "";
}

static void findings_print(struct json_object *list)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *j = json_object_array_get_idx(list, i);
		bool have = json_object_get_boolean(json_object_object_get(j, "have"));
		const char *package = text_of(j, "package"), *detail = text_of(j, "detail");

		printf("  %-4s %-20s %s", have ? "yes" : "no", text_of(j, "name"), detail);
		if (!have)
			printf("%s(for: %s%s%s)", *detail ? " " : "", text_of(j, "for"),
			       *package ? "; apt install " : "", package);
		putchar('\n');
	}
}

static int doctor_run(const struct cli_args *args)
{
	static const struct {
		const char *key, *title;
		void (*examine)(struct json_object *list);
	} parts[] = {
		{ "machine", "This machine", examine_machine },
		{ "programs", "Programs", examine_tools },
		{ "libraries", "Libraries in this blinkctl", examine_features },
	};
	struct json_object *all = json_object_new_object();

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		struct json_object *list = json_object_new_array();

		parts[i].examine(list);
		if (!args->json) {
			printf("%s\n", parts[i].title);
			findings_print(list);
		}
		json_object_object_add(all, parts[i].key, list);
	}
	if (args->json)
		cli_print(args, all);
	else
		json_object_put(all);
	return EXIT_GOOD;
}

const struct cli_command cmd_doctor = {
	.name = "doctor",
	.synopsis = "",
	.summary = "say what this machine has, and which package brings what is missing",
	.text =
		"Looks at the GL driver (by making a context, in a child process), the display, the "
		"processor's counters, Xen, and the programs that other commands use. What is "
		"missing is named with the Debian package that brings it. Nothing is changed; the "
		"status is 0 whatever is found.",
	.options = options,
	.min_args = 0,
	.max_args = 0,
	.run = doctor_run,
};
