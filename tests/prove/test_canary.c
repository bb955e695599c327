/* test_canary.c - innocuous commands make no difference: Popek and Goldberg's classes
 * held against the driver.
 *
 *     test_canary [-v] [-a | COMMAND...]
 *
 * A client draws in a part of a window, confined by viewport and scissor as a server
 * confines it; a canary, with a context of its own, has painted the whole window.  Each
 * command that the table calls innocuous runs with arguments at random, as test_prove
 * calls it, at two placements.  Then
 *
 *   - colour, depth and stencil outside of the client's part are as the canary left them,
 *     and so is all state of the canary's context (control-sensitive otherwise);
 *   - the client's part looks the same at both placements (behaviour-sensitive otherwise).
 *
 * By default every eighth command is asked, with -a all of them (two minutes of a processor).
 * The commands named in `felt` are not innocuous, and the test must notice: otherwise it
 * would see nothing at all.
 */
#include "tests/prove/prove.h"

#include <EGL/egl.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIDE 32
#define PART 16                         /* the client's, a square */
#define OTHER 13                        /* its second placement, the first is 0 */
#define WORDS_PER_PIXEL 3               /* colour, depth, stencil */
#define CASES 1                         /* of one command */
#define SLICE 8                         /* of every so many commands one is asked */
#define JUMPS 10                        /* pixels where rounding meets a step of the picture */
#define STATE_EVERY 8                   /* cases, looked at with the canary's state */
#define NAMES 24

struct view { uint32_t v[SIDE * SIDE][WORDS_PER_PIXEL]; uint64_t state; bool whole; };

struct tally { unsigned commands, runs, broken, found; };
static struct tally *tallies;           /* one per worker */
static struct view *view;               /* what a child saw */
static EGLDisplay display;
static EGLSurface surface;
static EGLContext client, canary;
static bool verbose, all;

/* ---- the canary ------------------------------------------------------------------ */

static void canary_current(bool on)
{
	if (!eglMakeCurrent(display, surface, surface, on ? canary : client))
		_exit(1);
}

/* Repeats with the client's part, so that what is under it is the same everywhere. */
static uint32_t pattern(unsigned x, unsigned y)
{
	/* x, y: from the client's corner, modulo 2^32 */
	return 0xff000000u | (x % PART * 16 + 3) | (y % PART * 16 + 5) << 8 |
	       ((x + y) % PART * 8 + 40) << 16;
}

static void canary_paint(unsigned at)
{
	static uint32_t pixels[SIDE * SIDE];

	for (unsigned i = 0; i < SIDE * SIDE; i++)
		pixels[i] = pattern(i % SIDE - at, i / SIDE - at);
	glClearDepth(0.75);
	glClearStencil(0x35);
	glClear(GL_DEPTH_BUFFER_BIT | GL_STENCIL_BUFFER_BIT);
	glWindowPos2i(0, 0);
	glDrawPixels(SIDE, SIDE, GL_RGBA, GL_UNSIGNED_BYTE, pixels);
	glFinish();
}

/* All but what pixels there are. */
static uint64_t canary_state(void)
{
	uint64_t h = 1469598103934665603u;
	struct state_dump d;
	struct error err;

	state_init(&d, NAMES);
	if (state_take(&d, &err) < 0)
		_exit(1);
	for (size_t i = 0; i < d.count; i++) {
		const struct state_entry *e = &d.v[i];
		const uint64_t v[] = { e->slot, e->key[0], e->key[1], e->object, e->item, e->hash };

		if (e->slot >= gl_slot_count || gl_slots[e->slot].scope == GL_SCOPE_DRAWABLE)
			continue;
		for (size_t k = 0; k < sizeof(v) / sizeof(*v); k++)
			h = (h ^ v[k]) * 1099511628211u;
	}
	state_finish(&d);
	return h;
}

static void canary_look(void)
{
	static uint32_t colors[SIDE * SIDE], depths[SIDE * SIDE];
	static uint8_t stencils[SIDE * SIDE];

	glReadPixels(0, 0, SIDE, SIDE, GL_RGBA, GL_UNSIGNED_BYTE, colors);
	glReadPixels(0, 0, SIDE, SIDE, GL_DEPTH_COMPONENT, GL_UNSIGNED_INT, depths);
	glReadPixels(0, 0, SIDE, SIDE, GL_STENCIL_INDEX, GL_UNSIGNED_BYTE, stencils);
	for (unsigned i = 0; i < SIDE * SIDE; i++) {
		view->v[i][0] = colors[i];
		view->v[i][1] = depths[i];
		view->v[i][2] = stencils[i];
	}
}

/* ---- the client ------------------------------------------------------------------ */

static void confine(unsigned at)
{
	glViewport((GLint)at, (GLint)at, PART, PART);
	glScissor((GLint)at, (GLint)at, PART, PART);
	glEnable(GL_SCISSOR_TEST);
	glWindowPos2i((GLint)at, (GLint)at);    /* a new context's is the window's corner */
}

/* Shows what the command left behind, beyond all edges of the client's part. */
static void probe(void)
{
	static const GLubyte bits[8] = { 0xff, 0x81, 0xff, 0x18, 0x18, 0xff, 0x81, 0xff };

	glBitmap(8, 8, 0, 0, 4, 0, bits);
	glBegin(GL_TRIANGLES);
	glVertex3f(-0.75f, -0.875f, 0.25f);
	glVertex3f(1.75f, -0.5f, 0);
	glVertex3f(0.25f, 1.25f, -0.5f);
	glEnd();
	glBegin(GL_LINES);
	glVertex2f(-2, 0.75f);
	glVertex2f(2, 0.25f);
	glEnd();
	glBegin(GL_POINTS);
	glVertex2f(0.875f, 0.875f);
	glVertex2f(-1, 0);
	glEnd();
	glRasterPos2f(0.75f, 0.5f);
	glBitmap(8, 8, 0, 0, 4, 0, bits);
	glFinish();
}

static void child(const struct prove_run *run, unsigned at, bool with_state)
{
	alarm(20);
	view->whole = false;
	confine(at);
	prove_actions_run(run->c->setup);
	confine(at);            /* whatever the set-up did: a server mediates */
	canary_current(true);
	canary_paint(at);
	canary_current(false);
	prove_actions_run(run->c->before);
	if (run->cmd)
		prove_call(run);
	prove_actions_run(run->c->after);
	probe();
	canary_current(true);
	canary_look();
	if (with_state)
		view->state = canary_state();
	view->whole = true;
	_exit(0);
}

static bool run_at(const struct prove_run *run, unsigned at, bool with_state, struct view *out)
{
	int status = 0;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0)
		child(run, at, with_state);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !view->whole)
		return false;
	*out = *view;
	return true;
}

/* ---- looking --------------------------------------------------------------------- */

static bool inside(unsigned x, unsigned y, unsigned at)
{
	return x - at < PART && y - at < PART;
}

/* What the canary finds changed, or NULL. */
static const char *canary_hurt(const struct view *is, const struct view *was, unsigned at)
{
	for (unsigned i = 0; i < SIDE * SIDE; i++)
		if (!inside(i % SIDE, i / SIDE, at) && memcmp(is->v[i], was->v[i], sizeof(is->v[i])))
			return "changes pixels outside of the client's part";
	return NULL;
}

static const char felt_placement[] = "looks different at another placement";

/* But for rounding: positions are floats, and their sums end elsewhere on the window. */
static bool pixels_equal(const uint32_t *a, const uint32_t *b)
{
	uint32_t depth = a[1] > b[1] ? a[1] - b[1] : b[1] - a[1];

	for (unsigned shift = 0; shift < 32; shift += 8) {
		int x = a[0] >> shift & 0xff, y = b[0] >> shift & 0xff;

		if (abs(x - y) > 1)
			return false;
	}
	return depth < 1u << 11 && a[2] == b[2];        /* 8 units of 24 bits */
}

static const char *placement_felt(const struct view *a, unsigned at, const struct view *b,
				  unsigned bt)
{
	unsigned differ = 0;

	for (unsigned y = 0; y < PART; y++)
		for (unsigned x = 0; x < PART; x++)
			differ += !pixels_equal(a->v[(y + at) * SIDE + x + at],
						b->v[(y + bt) * SIDE + x + bt]);
	return differ > JUMPS ? felt_placement : NULL;
}

/* The window as the canary paints it for each placement, and its state. */
static struct view untouched[2];

static const char *judge(const struct prove_run *run, struct tally *t)
{
	static struct view a, b;
	bool with_state = t->runs++ % STATE_EVERY == 0;
	const char *why;

	if (!run_at(run, 0, false, &a) || !run_at(run, OTHER, with_state, &b)) {
		t->broken++;
		return NULL;
	}
	why = canary_hurt(&a, &untouched[0], 0);
	if (!why)
		why = canary_hurt(&b, &untouched[1], OTHER);
	if (!why)
		why = placement_felt(&a, 0, &b, OTHER);
	if (!why && with_state && b.state != untouched[1].state)
		why = "changes the canary's state";
	return why;
}

/* ---- which commands, and how ------------------------------------------------------ */

/* Mediations that concern the window. */
static bool is_of_the_window(const struct gl_command *cmd)
{
	static const char *const words[] = { "scissor", "viewport", "framebuffer", "offscreen",
					     "restore", "list", "drawable", "swap" };

	for (size_t i = 0; cmd->mediation && i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(cmd->mediation, words[i]) == 0)
			return true;
	return false;
}

/* Actions around the command may themselves do what a server would mediate. */
static bool actions_are_innocuous(const char *names)
{
	while (names && *names) {
		size_t n;
		const struct prove_action *a;

		names += *names == '!';
		n = strcspn(names, " ");
		a = prove_action_find(names, n);
		for (unsigned i = 0; a && a->commands && i < gl_command_count; i++)
			if (is_of_the_window(&gl_commands[i]) &&
			    prove_names(a->commands, gl_commands[i].name))
				return false;
		names += n;
		names += strspn(names, " ");
	}
	return true;
}

/* A command that feels its placement does so whatever its arguments; among these are some
 * (coordinates of noise) that make all rounding visible. */
static const char *case_judge(const struct gl_command *cmd, const struct prove_case *c,
			      struct tally *t)
{
	const char *found = NULL;

	for (uint32_t seed = 0; seed < 4; seed++) {
		struct prove_args args;
		struct prove_run run = { cmd, c, &args, -1, false };
		char why[200];

		found = NULL;
		if (prove_args_draw(&args, cmd, c, 12345 + seed, why, sizeof(why)))
			found = judge(&run, t);
		prove_args_finish(&args);
		if (!found || strcmp(found, felt_placement) != 0)
			break;
	}
	return found;
}

static const char *command_judge(const struct gl_command *cmd, struct tally *t)
{
	const char *found = NULL;
	unsigned cases = 0;

	for (unsigned i = 0; i < prove_case_count && !found && cases < CASES; i++) {
		const struct prove_case *c = &prove_cases[i];

		if (!prove_names(c->commands, cmd->name) || !actions_are_innocuous(c->before) ||
		    !actions_are_innocuous(c->after))
			continue;
		found = case_judge(cmd, c, t);
		cases++;
	}
	return found;
}

/* Left out, with the reason. */
static const struct { const char *name, *why; } noise[] = {
	{ "glVertexAttribIPointer", "its cases show fractions of large random integers" },
};

static bool is_asked(const struct gl_command *cmd)
{
	for (size_t i = 0; i < sizeof(noise) / sizeof(*noise); i++)
		if (strcmp(noise[i].name, cmd->name) == 0)
			return false;
	return cmd->klass == GL_CLASS_INNOCUOUS && !cmd->opaque && cmd->op != GL_OP_COUNT &&
	       cmd->replay != GL_REPLAY_REFUSE;
}

static void worker(unsigned k, unsigned n)
{
	struct tally *t = &tallies[k];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* memory of its own for its children's views */
	view = mmap(NULL, sizeof(*view), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (unsigned i = 0, asked = 0; i < gl_command_count; i++) {
		unsigned runs = t->runs;
		const char *why;

		if (!is_asked(&gl_commands[i]))
			continue;
		/* shares of the workers, and of the slice */
		asked++;
		if (asked % n != k || (!all && asked / n % SLICE))
			continue;
		why = command_judge(&gl_commands[i], t);
		t->commands += t->runs > runs;
		t->found += why != NULL;
		if (why || verbose)
			printf("%-40s %s\n", gl_commands[i].name, why ? why :
			       t->runs > runs ? "innocuous" : "no case");
	}
	fflush(stdout);
	_exit(0);
}

/* ---- commands that must be felt ---------------------------------------------------- */

static const struct { const char *name, *args; } felt[] = {
	{ "glViewport", "x=0 y=0 width=32 height=32" },
	{ "glScissor", "x=0 y=0 width=32 height=32" },
	{ "glDisable", "cap=GL_SCISSOR_TEST" },
	{ "glWindowPos2i", "x=2 y=3" },
};

/* The rows' own classes are right: what is sensitive does make a difference. */
static unsigned felt_judge(void)
{
	unsigned unfelt = 0;

	for (size_t i = 0; i < sizeof(felt) / sizeof(*felt); i++) {
		const struct gl_command *cmd = gl_command_find(felt[i].name);
		struct prove_case c = { .commands = felt[i].name + 2, .args = felt[i].args,
					.setup = NULL };
		struct prove_args args;
		struct prove_run run = { cmd, &c, &args, -1, false };
		struct tally t = { 0 };
		char why[200] = "";
		const char *found = NULL;

		if (prove_args_draw(&args, cmd, &c, 99, why, sizeof(why)))
			found = judge(&run, &t);
		prove_args_finish(&args);
		printf("# %-40s %s %s\n", felt[i].name, found ? found : "NOT FELT", why);
		unfelt += !found;
	}
	return unfelt;
}

/* ---- main --------------------------------------------------------------------------- */

static int contexts_make(void)
{
	static const EGLint by_id[] = { EGL_CONFIG_ID, 0, EGL_NONE };
	EGLint attributes[3], n = 0;
	EGLConfig config;

	display = eglGetCurrentDisplay();
	surface = eglGetCurrentSurface(EGL_DRAW);
	client = eglGetCurrentContext();
	memcpy(attributes, by_id, sizeof(by_id));
	if (!eglQueryContext(display, client, EGL_CONFIG_ID, &attributes[1]) ||
	    !eglChooseConfig(display, attributes, &config, 1, &n) || n < 1)
		return 77;
	canary = eglCreateContext(display, config, EGL_NO_CONTEXT, NULL);
	if (canary == EGL_NO_CONTEXT || !eglMakeCurrent(display, surface, surface, canary)) {
		fprintf(stderr, "test_canary: no second context on this window: skipped\n");
		return 77;
	}
	glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
	glPixelStorei(GL_PACK_ALIGNMENT, 1);
	return eglMakeCurrent(display, surface, surface, client) ? 0 : 77;
}

static bool untouched_get(unsigned at, struct view *out)
{
	pid_t pid;
	int status;

	view->whole = false;
	pid = fork();
	if (pid == 0) {
		canary_current(true);
		canary_paint(at);
		canary_look();
		view->state = canary_state();
		view->whole = true;
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !view->whole)
		return false;
	*out = *view;
	return true;
}

static int all_judge(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned n = cpus < 1 ? 1 : cpus > 8 ? 8 : (unsigned)cpus;
	struct tally t = { 0 };
	int status, failed = 0;

	fflush(NULL);
	for (unsigned k = 0; k < n; k++)
		if (fork() == 0)
			worker(k, n);
	while (wait(&status) > 0)
		failed |= status;
	for (unsigned k = 0; k < n; k++) {
		t.commands += tallies[k].commands;
		t.runs += tallies[k].runs;
		t.broken += tallies[k].broken;
		t.found += tallies[k].found;
	}
	printf("# %u innocuous commands in %u cases at two placements: %u made a difference, "
	       "%u cases did not run\n", t.commands, t.runs, t.found, t.broken);
	return failed || t.found || t.commands < (all ? 300u : 300u / SLICE);
}

int main(int argc, char **argv)
{
	size_t size = sizeof(*view) + 8 * sizeof(*tallies);
	unsigned first = 1, bad = 0;
	int status = prove_cases_read();

	if (status)
		return status;
	status = prove_driver_open();
	if (!status)
		status = contexts_make();
	if (status)
		return status;
	view = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	tallies = (struct tally *)(void *)(view + 1);
	if (!untouched_get(0, &untouched[0]) || !untouched_get(OTHER, &untouched[1])) {
		fprintf(stderr, "test_canary: a forked child cannot use the contexts: skipped\n");
		return 77;
	}
	for (; (int)first < argc && *argv[first] == '-'; first++) {
		verbose |= argv[first][1] == 'v';
		all |= argv[first][1] == 'a';
	}
	if (argc > (int)first) {
		for (int i = (int)first; i < argc; i++) {
			const struct gl_command *cmd = gl_command_find(argv[i]);
			const char *why = cmd ? command_judge(cmd, tallies) : "no such command";

			printf("%-40s %s\n", argv[i], why ? why : "innocuous");
			bad += why != NULL;
		}
		return bad != 0;
	}
	printf("1..2\n");
	for (size_t i = 0; i < sizeof(noise) / sizeof(*noise); i++)
		printf("# %-40s left out: %s\n", noise[i].name, noise[i].why);
	bad = felt_judge();
	printf("%sok 1 - sensitive commands are felt beside a canary\n", bad ? "not " : "");
	status = all_judge();
	printf("%sok 2 - innocuous commands make no difference\n", status ? "not " : "");
	return bad || status;
}
