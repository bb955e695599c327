/* program_main.c - see program_main.h. */
#include "blink/client/programs/program_main.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define OPTIONS_MAX 24

int64_t program_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static volatile sig_atomic_t told_to_end, told_anew;

static void end_note(int number)
{
	(void)number;
	told_to_end = 1;
}

static void anew_note(int number)
{
	(void)number;
	told_anew = 1;
}

static const struct { int number; void (*note)(int); } told[] = {
	{ SIGTERM, end_note }, { SIGINT, end_note }, { SIGUSR1, anew_note },
};

int64_t program_left(const struct program *p)
{
	int64_t left = p->end_ns - program_now();

	if (told_to_end)
		return 0;
	return p->end_ns == INT64_MAX ? -1 : left > 0 ? left : 0;
}

double program_number(const char *text, double otherwise)
{
	char *end;
	double v = text ? strtod(text, &end) : otherwise;

	return text && (end == text || *end) ? otherwise : v;
}

int program_fail(const struct program *p, const struct error *err)
{
	fprintf(stderr, "%s: %s\n", p->name, err->text);
	return err->code == -ENODEV || err->code == -ENOENT || err->code == -ECONNREFUSED ? 77 : 1;
}

/* ---- options --------------------------------------------------------------------- */

static void help_line(const char *name, const char *value, const char *help)
{
	char left[64];

	snprintf(left, sizeof(left), "--%s%s%s", name, value ? " " : "", value ? value : "");
	printf("  %-22s %s\n", left, help);
}

static void help(const struct program *p, const struct program_option *common)
{
	printf("usage: %s [options]%s%s\n\n%s\n", p->name, p->operand ? " " : "",
	       p->operand ? p->operand : "", p->summary);
	if (p->text)
		printf("\n%s\n", p->text);
	printf("\noptions:\n");
	for (const struct program_option *o = p->options; o && o->name; o++)
		help_line(o->name, o->value, o->help);
	for (const struct program_option *o = common; o->name; o++)
		help_line(o->name, o->value, o->help);
	help_line("help", NULL, "print this help");
}

static void options_fill(struct option *out, const struct program_option **which, int *n,
			 const struct program_option *list)
{
	for (; list && list->name && *n < OPTIONS_MAX; list++) {
		out[*n] = (struct option){ .name = list->name, .val = *n + 1,
					   .has_arg = list->value ? required_argument
								  : no_argument };
		which[(*n)++] = list;
	}
}

static bool size_ok(struct program *p, const char *size)
{
	unsigned w, h;
	char rest;

	if (!size)
		return true;
	if (sscanf(size, "%ux%u%c", &w, &h, &rest) != 2 || !w || !h || w > VSO_WINDOW_MAX ||
	    h > VSO_WINDOW_MAX)
		return false;
	p->width = w;
	p->height = h;
	return true;
}

static int usage(const struct program *p, const char *why)
{
	fprintf(stderr, "%s: %s (try --help)\n", p->name, why);
	return 2;
}

int program_options(struct program *p, int argc, char **argv)
{
	const char *size = NULL, *seconds = NULL, *json = NULL;
	const struct program_option common[] = {
		{ "server", "PATH", "the server's socket ($BLINK_SERVER, or the user's)", &p->server },
		{ "size", "WxH", "pixels of the area (300x300)", &size },
		{ "seconds", "S", "end after so long (never)", &seconds },
		{ "name", "TEXT", "what stands on the frame", &p->title },
		{ "json", NULL, "the figures at the end as JSON", &json },
		{ 0 }
	};
	const struct program_option *which[OPTIONS_MAX];
	struct option list[OPTIONS_MAX + 2] = { 0 };
	int n = 0, c;

	options_fill(list, which, &n, p->options);
	options_fill(list, which, &n, common);
	list[n] = (struct option){ .name = "help", .val = 'h' + 256 };
	while ((c = getopt_long(argc, argv, "", list, NULL)) != -1) {
		if (c == 'h' + 256) {
			help(p, common);
			return 0;
		}
		if (c < 1 || c > n)
			return 2;
		*which[c - 1]->text = optarg ? optarg : "";
	}
	p->json = json != NULL;
	p->seconds = program_number(seconds, 0);
	p->width = p->width ? p->width : 300;
	p->height = p->height ? p->height : 300;
	if (!size_ok(p, size))
		return usage(p, "--size takes WxH");
	if (argc - optind != (p->operand ? 1 : 0))
		return usage(p, p->operand ? "one operand is needed" : "it takes no operand");
	p->argument = p->operand ? argv[optind] : NULL;
	/* waits end with a signal; what libraries read and write is not to (a driver that talks to
	 * a server of its own takes an interrupted answer for its end) */
	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		sigaction(told[i].number, &(struct sigaction){ .sa_handler = told[i].note,
							       .sa_flags = SA_RESTART }, NULL);
	p->end_ns = p->seconds > 0 ? program_now() + (int64_t)(p->seconds * 1e9) : INT64_MAX;
	return -1;
}

/* ---- last words ------------------------------------------------------------------ */

static double seconds_of(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec * 1e-6;
}

/* What is counted, from the program's start. */
struct counted { double cpu, switches, wakeups, reconnects, frames; };
static struct counted before;

static struct counted counted(struct blink_connection *c)
{
	struct counted n = { 0 };
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	n.cpu = seconds_of(&u.ru_utime) + seconds_of(&u.ru_stime);
	n.switches = (double)(u.ru_nvcsw + u.ru_nivcsw);
	if (!c)
		return n;
	n.wakeups = (double)blink_wakeups(c);
	n.reconnects = (double)blink_reconnects(c);
	n.frames = (double)atomic_load(&vso_client_server(blink_vso(c))->frames);
	return n;
}

bool program_anew(struct blink_connection *c)
{
	if (!told_anew)
		return false;
	told_anew = 0;
	before = counted(c);
	return true;
}

static void say(const struct program *p, const char *name, double value, bool first)
{
	if (p->json)
		printf("%s\"%s\": %.9g", first ? "{ " : ", ", name, value);
	else
		printf("%s %.9g\n", name, value);
}

void program_report(const struct program *p, struct blink_connection *c,
		    const struct program_count *own, unsigned n)
{
	struct counted now = counted(c);

	say(p, "cpu_seconds", now.cpu - before.cpu, true);
	say(p, "switches", now.switches - before.switches, false);
	if (c) {
		say(p, "wakeups", now.wakeups - before.wakeups, false);
		say(p, "reconnects", now.reconnects - before.reconnects, false);
		/* (a server that came anew counts from 0) */
		say(p, "frames", now.reconnects > before.reconnects ? now.frames
								    : now.frames - before.frames,
		    false);
	}
	for (unsigned i = 0; i < n; i++)
		say(p, own[i].name, own[i].value, false);
	if (p->json)
		printf(" }\n");
	fflush(stdout);
}

/* ---- programs that sleep ----------------------------------------------------------- */

#define SETTLE_NS INT64_C(5000000000)

int program_show(const struct program *p, const struct vso_wishes *wishes,
		 int (*publish)(struct blink_connection *c, const struct program *p,
				struct error *err),
		 uint32_t shown)
{
	struct blink_connection *c = NULL;
	struct error err = { 0 };
	int r = blink_connect(&c, p->server, wishes, &err);

	if (r >= 0)
		r = publish(c, p, &err);
	if (r >= 0)
		r = blink_settle(c, shown, SETTLE_NS, &err);
	while (r >= 0 && program_left(p)) {
		r = blink_wait(c, program_left(p), &err);
		program_anew(c);
	}
	if (r >= 0)
		program_report(p, c, NULL, 0);
	blink_disconnect(c);
	return r < 0 ? program_fail(p, &err) : 0;
}
