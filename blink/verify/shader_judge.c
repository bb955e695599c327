/* shader_judge.c - trials of shaders: a process forked while this one is still young waits
 * for sources, and forks one child per trial.  The child makes a context of its own,
 * compiles, links, and draws nothing visible, so that drivers that compile at the first
 * draw do it then.  Verdicts by hash: see shader.h.
 */
#include "blink/verify/shader.h"

#define GL_GLEXT_PROTOTYPES
#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GL/gl.h>
#include <GL/glext.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xxhash.h>

#define EXIT_NO_DRIVER 77
#define TRIAL_NICE 10
#define KNOWN_MAX 16384u                /* verdicts kept; then all are forgotten */

struct request { uint32_t stage, n; };
struct reply { uint32_t reason; int32_t detail; };

struct known { XXH128_hash_t hash; bool used; uint8_t reason; };

/* Who asked while another's trial was under way, and has had none since: the longest first. */
struct asker { const void *who; uint64_t asked_ms; };
#define ASKERS_MAX 256u
#define ASKER_MS 400u                   /* who has not asked again for so long is not waited for */

struct shader_judge {
	struct shader_limits limits;
	pthread_mutex_t lock;           /* of all that follows */
	int socket;
	pid_t pid;
	bool lost;
	bool under_way;                 /* a trial was asked for, its reply is not here */
	XXH128_hash_t way, untried;     /* what of; the last one that could not be tried */
	uint8_t reply[sizeof(struct reply)];
	size_t replied;
	struct known *known;            /* open addressing */
	uint32_t nknown;
	struct asker asker[ASKERS_MAX];
	uint32_t naskers;
	struct shader_judge_stats stats;
};

/* ---- whole messages -------------------------------------------------------------- */

static bool send_all(int fd, const void *data, size_t n)
{
	for (const char *p = data; n;) {
		ssize_t k = send(fd, p, n, MSG_NOSIGNAL);

		if (k <= 0 && !(k < 0 && errno == EINTR))
			return false;
		if (k > 0)
			p += k, n -= (size_t)k;
	}
	return true;
}

static bool receive_all(int fd, void *data, size_t n)
{
	for (char *p = data; n;) {
		ssize_t k = recv(fd, p, n, 0);

		if (k <= 0 && !(k < 0 && errno == EINTR))
			return false;
		if (k > 0)
			p += k, n -= (size_t)k;
	}
	return true;
}

/* ---- the trial, in a child --------------------------------------------------------- */

static bool context_make(void)
{
	static const EGLint wanted[] = { EGL_SURFACE_TYPE, EGL_PBUFFER_BIT, EGL_RENDERABLE_TYPE,
					 EGL_OPENGL_BIT, EGL_NONE };
	static const EGLint size[] = { EGL_WIDTH, 1, EGL_HEIGHT, 1, EGL_NONE };
	PFNEGLGETPLATFORMDISPLAYEXTPROC get = (PFNEGLGETPLATFORMDISPLAYEXTPROC)
		eglGetProcAddress("eglGetPlatformDisplayEXT");
	EGLDisplay d = get ? get(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, NULL)
			   : EGL_NO_DISPLAY;
	EGLConfig config;
	EGLSurface s;
	EGLint n = 0;

	if (!eglInitialize(d, NULL, NULL) || !eglBindAPI(EGL_OPENGL_API) ||
	    !eglChooseConfig(d, wanted, &config, 1, &n) || n < 1)
		return false;
	s = eglCreatePbufferSurface(d, config, size);
	return eglMakeCurrent(d, s, s, eglCreateContext(d, config, EGL_NO_CONTEXT, NULL));
}

/* Of this process now, in bytes. */
static uint64_t memory_used(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f) {
		if (fscanf(f, "%lu", &pages) != 1)
			pages = 0;
		fclose(f);
	}
	return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void limits_set(const struct shader_limits *l)
{
	struct rlimit cpu = { l->cpu_seconds, l->cpu_seconds + 1 };
	struct rlimit memory = { memory_used() + l->memory, memory_used() + l->memory };
	struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CPU, &cpu);
	setrlimit(RLIMIT_AS, &memory);
	setrlimit(RLIMIT_CORE, &none);
	setrlimit(RLIMIT_FSIZE, &none);
}

static void program_compile(uint32_t target, const char *source, uint32_t n)
{
	GLuint id;

	glGenProgramsARB(1, &id);
	glBindProgramARB(target, id);
	glProgramStringARB(target, GL_PROGRAM_FORMAT_ASCII_ARB, (GLsizei)n, source);
	glEnable(target);
}

static void shader_compile(uint32_t stage, const char *source, uint32_t n)
{
	GLuint shader = glCreateShader(stage), program = glCreateProgram();
	GLint length = (GLint)n;

	glShaderSource(shader, 1, &source, &length);
	glCompileShader(shader);
	glAttachShader(program, shader);
	glLinkProgram(program);
	glUseProgram(program);
}

/* No pixel is made of it, and no more than three vertices. */
static void draw_nothing(void)
{
	glEnable(GL_CULL_FACE);
	glCullFace(GL_FRONT_AND_BACK);
	glBegin(GL_TRIANGLES);
	for (int i = 0; i < 3; i++)
		glVertex3f((GLfloat)i, (GLfloat)(i * i), 0);
	glEnd();
	glFinish();
}

static void trial(const struct shader_limits *l, uint32_t stage, const char *source, uint32_t n)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* what the driver prints about itself is no part of the verdict */
	if (!freopen("/dev/null", "w", stderr))
		_exit(1);
	if (!context_make())
		_exit(EXIT_NO_DRIVER);
	limits_set(l);
	if (stage == GL_VERTEX_PROGRAM_ARB || stage == GL_FRAGMENT_PROGRAM_ARB)
		program_compile(stage, source, n);
	else
		shader_compile(stage, source, n);
	draw_nothing();
	_exit(0);
}

/* ---- the process that trials are forked from ------------------------------------------ */

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static struct reply status_judge(const struct shader_limits *l, int status, bool late,
				 const struct rusage *used)
{
	int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return (struct reply){ SHADER_OK, 0 };
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NO_DRIVER)
		return (struct reply){ SHADER_UNTRIED, 0 };
	if (late || signal == SIGXCPU || (uint64_t)used->ru_utime.tv_sec >= l->cpu_seconds)
		return (struct reply){ SHADER_TIME, signal };
	/* an allocation that failed ends as a crash of another kind */
	if ((uint64_t)used->ru_maxrss * 1024 > l->memory / 2)
		return (struct reply){ SHADER_MEMORY, signal };
	return (struct reply){ SHADER_CRASH, signal };
}

static struct reply trial_run(const struct shader_limits *l, uint32_t stage, const char *source,
			      uint32_t n)
{
	uint64_t end = now_ms() + l->wall_ms;
	struct rusage used;
	bool late = false;
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		trial(l, stage, source, n);
	if (pid < 0)
		return (struct reply){ SHADER_UNTRIED, 0 };
	while (wait4(pid, &status, WNOHANG, &used) == 0) {
		if (!late && now_ms() >= end) {
			late = true;
			kill(pid, SIGKILL);
		}
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	}
	return status_judge(l, status, late, &used);
}

static void trials_serve(int fd, const struct shader_limits *l)
{
	struct request q;
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* trials are in nobody's way: nor is their session, where the kernel weighs sessions
	 * (whoever asks for them may have one that goes before others) */
	setsid();
	setpriority(PRIO_PROCESS, 0, TRIAL_NICE);
	/* a crash is to end the process, whoever else used to catch it */
	for (int s = 1; s < NSIG; s++)
		signal(s, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* nothing else that the process had open: not the other end, nor another judge's */
	if (fd != 3 && dup2(fd, 3) < 0)
		_exit(1);
	fd = 3;
	close_range(4, ~0u, 0);
	while (receive_all(fd, &q, sizeof(q)) && q.n <= l->bytes) {
		char *source = malloc(q.n + 1u);
		struct reply r;

		if (!source || !receive_all(fd, source, q.n))
			_exit(1);
		source[q.n] = 0;
		r = trial_run(l, q.stage, source, q.n);
		free(source);
		if (!send_all(fd, &r, sizeof(r)))
			break;
	}
	_exit(0);
}

/* ---- verdicts that are known ------------------------------------------------------------ */

/* Where that hash is, or belongs. */
static struct known *known_at(struct shader_judge *j, XXH128_hash_t h)
{
	uint32_t i = (uint32_t)h.low64 % (2 * KNOWN_MAX);

	while (j->known[i].used && !XXH128_isEqual(j->known[i].hash, h))
		i = (i + 1) % (2 * KNOWN_MAX);
	return &j->known[i];
}

static void known_add(struct shader_judge *j, XXH128_hash_t h, enum shader_reason reason)
{
	if (j->nknown == KNOWN_MAX) {
		memset(j->known, 0, 2 * KNOWN_MAX * sizeof(*j->known));
		j->nknown = 0;
	}
	*known_at(j, h) = (struct known){ h, true, (uint8_t)reason };
	j->nknown++;
}

/* ---- the judge ----------------------------------------------------------------------------- */

int shader_judge_create(struct shader_judge **out, const struct shader_limits *l,
			struct error *err)
{
	struct shader_judge *j = calloc(1, sizeof(*j));
	int pair[2];

	*out = NULL;
	if (j)
		j->known = calloc(2 * KNOWN_MAX, sizeof(*j->known));
	if (!j || !j->known) {
		free(j);
		return error_set(err, -ENOMEM, "shaders: out of memory");
	}
	j->limits = *l;
	pthread_mutex_init(&j->lock, NULL);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		free(j->known);
		free(j);
		return error_set(err, -errno, "shaders: no socket: %s", strerror(errno));
	}
	j->pid = fork();
	if (j->pid == 0) {
		close(pair[0]);
		trials_serve(pair[1], l);
	}
	close(pair[1]);
	j->socket = pair[0];
	if (j->pid < 0) {
		error_set(err, -errno, "shaders: no process for trials: %s", strerror(errno));
		shader_judge_destroy(j);
		return err ? err->code : -EAGAIN;
	}
	*out = j;
	return 0;
}

void shader_judge_destroy(struct shader_judge *j)
{
	int status;

	if (!j)
		return;
	close(j->socket);
	if (j->pid > 0 && kill(j->pid, SIGKILL) == 0)
		waitpid(j->pid, &status, 0);
	free(j->known);
	free(j);
}

/* The reply of the trial under way: true when it is here. */
static bool trial_take(struct shader_judge *j, int flags)
{
	struct reply r;
	ssize_t k;

	while (j->replied < sizeof(r)) {
		k = recv(j->socket, j->reply + j->replied, sizeof(r) - j->replied, flags);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return false;
		if (k <= 0) {
			j->lost = true;
			j->under_way = false;
			return true;
		}
		j->replied += (size_t)k;
	}
	memcpy(&r, j->reply, sizeof(r));
	j->replied = 0;
	j->under_way = false;
	if (r.reason >= SHADER_REASONS)
		j->lost = true;
	else if (r.reason == SHADER_UNTRIED)
		j->untried = j->way;
	else
		known_add(j, j->way, (enum shader_reason)r.reason);
	return true;
}

/* ---- whose turn it is ------------------------------------------------------------------------ */

static uint32_t asker_find(const struct shader_judge *j, const void *who)
{
	uint32_t i = 0;

	while (i < j->naskers && j->asker[i].who != who)
		i++;
	return i;
}

static void asker_drop(struct shader_judge *j, uint32_t i)
{
	if (i >= j->naskers)
		return;
	memmove(j->asker + i, j->asker + i + 1, (--j->naskers - i) * sizeof(*j->asker));
}

void shader_judge_forget(struct shader_judge *j, const void *who)
{
	if (!j)
		return;
	pthread_mutex_lock(&j->lock);
	asker_drop(j, asker_find(j, who));
	pthread_mutex_unlock(&j->lock);
}

/* who asks, and keeps his place.  Is he the first of those who ask still? */
static bool is_first(struct shader_judge *j, const void *who)
{
	uint64_t now = now_ms();
	uint32_t i = asker_find(j, who);

	if (i == ASKERS_MAX)
		return !j->under_way;
	if (i == j->naskers)
		j->asker[j->naskers++].who = who;
	j->asker[i].asked_ms = now;
	for (uint32_t k = 0; k < i; k++)
		if (now - j->asker[k].asked_ms < ASKER_MS)
			return false;
	return true;
}

static bool ahead(struct shader_judge *j, const void *who, uint32_t stage, const char *source,
		  size_t n)
{
	XXH128_hash_t h = XXH3_128bits_withSeed(source, n, stage);
	struct request q = { stage, (uint32_t)n };
	struct shader_verdict v;

	if (j->under_way)
		trial_take(j, MSG_DONTWAIT);
	if (j->lost || known_at(j, h)->used || XXH128_isEqual(h, j->untried))
		return true;
	if (j->under_way) {
		is_first(j, who);
		return false;
	}
	if (shader_check(&j->limits, source, n, &v) != SHADER_OK)
		return true;
	if (!is_first(j, who))
		return false;
	asker_drop(j, asker_find(j, who));
	j->stats.trials++;
	j->lost = !send_all(j->socket, &q, sizeof(q)) || !send_all(j->socket, source, n);
	j->under_way = !j->lost;
	j->way = h;
	return j->lost;
}

bool shader_judge_ahead(struct shader_judge *j, const void *who, uint32_t stage,
			const char *source, size_t n)
{
	bool answers;

	/* (else another thread waits for a trial) */
	if (pthread_mutex_trylock(&j->lock))
		return false;
	answers = ahead(j, who, stage, source, n);
	pthread_mutex_unlock(&j->lock);
	return answers;
}

static enum shader_reason trial_ask(struct shader_judge *j, uint32_t stage, const char *source,
				    uint32_t n, struct shader_verdict *v)
{
	struct request q = { stage, n };
	struct reply r;

	j->stats.trials++;
	if (j->lost || !send_all(j->socket, &q, sizeof(q)) || !send_all(j->socket, source, n) ||
	    !receive_all(j->socket, &r, sizeof(r)) || r.reason >= SHADER_REASONS) {
		j->lost = true;
		return v->reason = SHADER_UNTRIED;
	}
	v->detail = r.detail;
	return v->reason = (enum shader_reason)r.reason;
}

enum shader_reason shader_judge_known(struct shader_judge *j, uint32_t stage, const char *source,
				      size_t n, struct shader_verdict *v)
{
	const struct known *k;

	if (shader_check(&j->limits, source, n, v) != SHADER_OK)
		return v->reason;
	pthread_mutex_lock(&j->lock);
	j->stats.asked++;
	k = known_at(j, XXH3_128bits_withSeed(source, n, stage));
	j->stats.known += k->used;
	v->reason = k->used ? (enum shader_reason)k->reason : SHADER_UNTRIED;
	pthread_mutex_unlock(&j->lock);
	return v->reason;
}

static enum shader_reason judge(struct shader_judge *j, uint32_t stage, const char *source,
				size_t n, struct shader_verdict *v)
{
	XXH128_hash_t h = XXH3_128bits_withSeed(source, n, stage);
	struct known *k;

	j->stats.asked++;
	/* (what is known need not wait for a trial of somebody else's) */
	if (!known_at(j, h)->used && j->under_way)
		trial_take(j, 0);
	k = known_at(j, h);
	if (k->used) {
		j->stats.known++;
		return v->reason = (enum shader_reason)k->reason;
	}
	/* being untried is no property of the source */
	if (trial_ask(j, stage, source, (uint32_t)n, v) != SHADER_UNTRIED)
		known_add(j, h, v->reason);
	return v->reason;
}

enum shader_reason shader_judge(struct shader_judge *j, uint32_t stage, const char *source,
				size_t n, struct shader_verdict *v)
{
	enum shader_reason r = shader_check(&j->limits, source, n, v);

	if (r != SHADER_OK)
		return r;
	pthread_mutex_lock(&j->lock);
	r = judge(j, stage, source, n, v);
	pthread_mutex_unlock(&j->lock);
	return r;
}

void shader_judge_stats(const struct shader_judge *j, struct shader_judge_stats *out)
{
	*out = j->stats;
}
