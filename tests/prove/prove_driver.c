/* prove_driver.c - one untouched context, and children that run commands in it.
 *
 * Mesa's software rasterizer runs without threads here (LP_NUM_THREADS=0), so that a
 * fork takes the whole driver with it.
 */
#include "tests/prove/prove.h"

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIDE 32                 /* of the window */
#define DUMP_ENTRIES 65536
#define NAMES 24                /* highest driver name that a set-up reaches */
#define SKIP 77

enum { EXIT_RAN, EXIT_GUARD = 42, EXIT_FAULT, EXIT_ERROR, EXIT_NO_DUMP };

struct shared {                 /* what a child tells */
	unsigned gl_error;
	size_t count;
	struct state_entry v[DUMP_ENTRIES];
};
static struct shared *shared;
static uint8_t *guards[PROVE_PARAMS];   /* unreadable pages, one per pointer */
static unsigned nguards;
static size_t page;
/* Entry points by command. Found before any fork: GLVND drops a forked child's current
 * context when it is asked for one. */
static void (**entries)(void);

static int no_driver(const char *why)
{
	fprintf(stderr, "prove: %s: skipped\n", why);
	return SKIP;
}

static int context_make(void)
{
	static const EGLint config_want[] = {
		EGL_SURFACE_TYPE, EGL_PBUFFER_BIT, EGL_RED_SIZE, 8, EGL_GREEN_SIZE, 8,
		EGL_BLUE_SIZE, 8, EGL_ALPHA_SIZE, 8, EGL_DEPTH_SIZE, 24, EGL_STENCIL_SIZE, 8,
		EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT, EGL_NONE,
	};
	static const EGLint size[] = { EGL_WIDTH, SIDE, EGL_HEIGHT, SIDE, EGL_NONE };
	PFNEGLGETPLATFORMDISPLAYEXTPROC display_get = (PFNEGLGETPLATFORMDISPLAYEXTPROC)
		eglGetProcAddress("eglGetPlatformDisplayEXT");
	EGLDisplay display;
	EGLSurface surface;
	EGLContext context;
	EGLConfig config;
	EGLint n = 0;

	if (!display_get)
		return no_driver("EGL has no platform displays");
	display = display_get(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, NULL);
	if (!eglInitialize(display, NULL, NULL) || !eglBindAPI(EGL_OPENGL_API))
		return no_driver("no surfaceless EGL with OpenGL");
	if (!eglChooseConfig(display, config_want, &config, 1, &n) || n < 1)
		return no_driver("no configuration with depth and stencil");
	surface = eglCreatePbufferSurface(display, config, size);
	context = eglCreateContext(display, config, EGL_NO_CONTEXT, NULL);
	if (!eglMakeCurrent(display, surface, surface, context))
		return no_driver("no OpenGL context");
	/* payloads are tight */
	glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
	glPixelStorei(GL_PACK_ALIGNMENT, 1);
	return 0;
}

int prove_driver_open(void)
{
	int status;

	setenv("LP_NUM_THREADS", "0", 1);
	setenv("LIBGL_ALWAYS_SOFTWARE", "1", 1);
	setenv("GALLIUM_DRIVER", "llvmpipe", 1);
	setenv("MESA_SHADER_CACHE_DISABLE", "true", 1);
	setenv("mesa_glthread", "false", 1);
	status = context_make();
	if (status)
		return status;
	page = (size_t)sysconf(_SC_PAGESIZE);
	entries = calloc(gl_command_count, sizeof(*entries));
	if (!entries)
		return no_driver("no memory");
	for (unsigned i = 0; i < gl_command_count; i++)
		entries[i] = eglGetProcAddress(gl_commands[i].name);
	return prove_driver_share();
}

int prove_driver_share(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	return shared == MAP_FAILED ? no_driver("no shared memory") : 0;
}

/* ---- in the child -------------------------------------------------------- */

static void on_fault(int sig, siginfo_t *info, void *context)
{
	const uint8_t *at = info->si_addr;
	bool hit = false;

	(void)sig;
	(void)context;
	for (unsigned i = 0; i < nguards; i++)
		hit |= at >= guards[i] && at < guards[i] + page;
	_exit(hit ? EXIT_GUARD : EXIT_FAULT);
}

/* size bytes that end at an unreadable page, less the last one if short_by is 1. */
static void *guarded(const void *data, size_t size, size_t short_by)
{
	size_t room = (size + page - 1) / page * page;
	uint8_t *base = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint8_t *at, *guard = base + room;

	if (base == MAP_FAILED || nguards == PROVE_PARAMS)
		_exit(EXIT_NO_DUMP);
	guards[nguards++] = guard;
	at = guard - size + short_by;
	memcpy(at, data, size - short_by);
	if (mprotect(guard, page, PROT_NONE))
		_exit(EXIT_NO_DUMP);
	return at;
}

static void actions_run(const char *names)
{
	while (names && *names) {
		size_t n = strcspn(names, " ");
		const struct prove_action *a = prove_action_find(names, n);

		if (!a) {
			fprintf(stderr, "prove: no action %.*s\n", (int)n, names);
			_exit(EXIT_NO_DUMP);
		}
		a->run();
		names += n;
		names += strspn(names, " ");
	}
}

/* Actions behind a '!' complete what the command begins: without it they do not run. */
static void actions_around(const struct prove_run *run, const char *names)
{
	if (!names || *names != '!')
		actions_run(names);
	else if (run->cmd)
		actions_run(names + 1);
}

/* The forms whose memory is an array of pointers get it built around the payload. */
static void command_call(const struct prove_run *run)
{
	const struct gl_command *cmd = run->cmd;
	uint64_t argv[PROVE_PARAMS];
	const char *texts[16];
	int32_t length = 0;

	memcpy(argv, run->args->v, sizeof(argv));
	for (unsigned i = 0; i < cmd->nparams; i++) {
		const struct prove_args *a = run->args;

		if (cmd->params[i].space == GL_SPACE_SYNC)
			argv[i] = (uint64_t)(uintptr_t)prove_sync;
		if (!cmd->params[i].pointer || cmd->params[i].space == GL_SPACE_SYNC)
			continue;
		argv[i] = a->null[i] ? 0 : (uint64_t)(uintptr_t)guarded(
			a->data[i], a->size[i], run->guarded == (int)i);
		if (cmd->form == GL_FORM_SOURCE && strcmp(cmd->params[i].name, "string") == 0) {
			texts[0] = (const char *)(uintptr_t)argv[i];
			length = (int32_t)a->size[i];
			argv[i] = (uint64_t)(uintptr_t)texts;
		} else if (cmd->form == GL_FORM_SOURCE) {
			argv[i] = (uint64_t)(uintptr_t)&length;
		} else if (cmd->form == GL_FORM_STRINGS) {
			const char *at = (const char *)(uintptr_t)argv[i];

			for (uint64_t k = 0; k < argv[1] && k < 16; k++, at += strlen(at) + 1)
				texts[k] = at;
			argv[i] = (uint64_t)(uintptr_t)texts;
		}
	}
	gl_invoke(gl_command_signature(cmd), entries[cmd - gl_commands], argv);
}

void prove_actions_run(const char *names)
{
	actions_run(names && *names == '!' ? names + 1 : names);
}

void prove_call(const struct prove_run *run)
{
	command_call(run);
}

static void child(const struct prove_run *run)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	struct state_dump d;
	struct error err;

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	alarm(60);
	actions_run(run->c->setup);
	shared->gl_error = glGetError();
	if (shared->gl_error) {
		fprintf(stderr, "prove: set-up '%s': GL error 0x%x\n", run->c->setup,
			shared->gl_error);
		_exit(EXIT_NO_DUMP);
	}
	actions_around(run, run->c->before);
	if (run->cmd)
		command_call(run);
	actions_around(run, run->c->after);
	shared->gl_error = glGetError();
	if (shared->gl_error)
		_exit(EXIT_ERROR);
	if (!run->dump)
		_exit(EXIT_RAN);
	state_init(&d, NAMES);
	d.probe_names = true;
	if (state_take(&d, &err) < 0) {
		fprintf(stderr, "prove: %s\n", err.text);
		_exit(EXIT_NO_DUMP);
	}
	if (d.count > DUMP_ENTRIES)
		_exit(EXIT_NO_DUMP);
	shared->count = d.count;
	memcpy(shared->v, d.v, d.count * sizeof(*d.v));
	_exit(EXIT_RAN);
}

/* ---- in the parent ------------------------------------------------------- */

static bool dump_copy(struct state_dump *out)
{
	state_init(out, NAMES);
	out->v = malloc((shared->count + 1) * sizeof(*out->v));
	if (!out->v)
		return false;
	memcpy(out->v, shared->v, shared->count * sizeof(*out->v));
	out->count = out->cap = shared->count;
	return true;
}

enum prove_end prove_run_child(const struct prove_run *run, struct state_dump *out,
			       unsigned *detail)
{
	int status = 0;
	pid_t pid;

	if (run->cmd && !entries[run->cmd - gl_commands])
		return PROVE_BROKEN;
	fflush(NULL);
	shared->gl_error = 0;
	shared->count = 0;
	pid = fork();
	if (pid == 0)
		child(run);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return PROVE_BROKEN;
	*detail = WIFSIGNALED(status) ? (unsigned)WTERMSIG(status) : shared->gl_error;
	if (!WIFEXITED(status))
		return PROVE_FAULT;
	switch (WEXITSTATUS(status)) {
	case EXIT_RAN:
		return !run->dump || dump_copy(out) ? PROVE_RAN : PROVE_BROKEN;
	case EXIT_GUARD: return PROVE_FAULT_GUARD;
	case EXIT_FAULT: return PROVE_FAULT;
	case EXIT_ERROR: return PROVE_GL_ERROR;
	default: return PROVE_BROKEN;
	}
}
