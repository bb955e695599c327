/* server_stage.c - see server_stage.h. */
#include "jit-bench/server_stage.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define VIRGL_SOCKET "/tmp/.virgl_test"        /* where Mesa looks */
#define VIRGL_WAITS 100                /* of 0.05 s, for it to listen, and to end */
#define LISTENS 0x10000u               /* flag in /proc/net/unix */

/* ---- the X server ------------------------------------------------------------------------ */

/* It writes its number and a newline into that file when it answers. */
static int number_wait(struct stage *s, struct error *err)
{
	for (int i = 0; i < 300; i++) {
		char text[16] = "";
		FILE *f = fopen(s->number, "r");
		size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

		if (f)
			fclose(f);
		if (n && text[n - 1] == '\n') {
			snprintf(s->display, sizeof(s->display), "DISPLAY=:%.*s", (int)n - 1, text);
			return 0;
		}
		if (process_has_ended(&s->x))
			break;
		rig_sleep(0.1);
	}
	return error_set(err, -ENODEV, "Xvfb: it did not start (install xvfb)");
}

static int x_start(struct stage *s, struct error *err)
{
	static const char *const settings[] = { "LD_PRELOAD=libGLX_mesa.so.0", NULL };
	static const char *const own[] = { "LP_NUM_THREADS=0", "LIBGL_ALWAYS_SOFTWARE=1", NULL };
	bool indirect = s->kind == STAGE_INDIRECT;
	const char *env[] = { own[0], own[1], indirect ? settings[0] : NULL, NULL };
	const char *const argv[] = { "Xvfb", "-displayfd", "1", "-screen", "0", "1280x1024x24",
				     "+extension", "GLX", "-nolisten", "tcp", "-noreset",
				     indirect ? "+iglx" : NULL, NULL };
	const struct process_place place = { .output = s->number };
	int e;

	snprintf(s->number, sizeof(s->number), "%s/display", s->rig.folder);
	e = process_start(&s->x, &place, argv, env, err);
	return e == 0 ? number_wait(s, err) : e;
}

/* ---- virgl_test_server --------------------------------------------------------------------- */

/* By the kernel's list: one that serves a single client would take a question for it. */
static bool somebody_listens(void)
{
	FILE *f = fopen("/proc/net/unix", "r");
	bool yes = false;
	char line[512];

	while (f && !yes && fgets(line, sizeof(line), f)) {
		char *end = line + strcspn(line, "\n");
		unsigned flags = 0;

		*end = 0;
		yes = sscanf(line, "%*s %*x %*x %x", &flags) == 1 && flags & LISTENS &&
		      end - line >= (ptrdiff_t)strlen(VIRGL_SOCKET) &&
		      !strcmp(end - strlen(VIRGL_SOCKET), VIRGL_SOCKET);
	}
	if (f)
		fclose(f);
	return yes;
}

int stage_virgl_start(struct stage *s, bool once, struct error *err)
{
	static const char *const env[] = { "LP_NUM_THREADS=0", "GALLIUM_DRIVER=llvmpipe", NULL };
	const char *const argv[] = { "virgl_test_server", "--use-egl-surfaceless",
				     once ? "--no-loop-or-fork" : NULL, NULL };
	const struct process_place place = { 0 };
	struct stat st;
	double cpu;
	int e;

	for (int i = 0; i < VIRGL_WAITS && somebody_listens(); i++)
		rig_sleep(0.05);
	if (somebody_listens())
		return error_set(err, -ENODEV, "virgl_test_server: somebody else's listens at "
				 VIRGL_SOCKET);
	unlink(VIRGL_SOCKET);
	e = process_start(&s->virgl, &place, argv, env, err);
	for (int i = 0; i < VIRGL_WAITS && e == 0; i++) {
		if (!stat(VIRGL_SOCKET, &st)) {
			rig_sleep(0.05);        /* bound; now it listens */
			return 0;
		}
		if (process_has_ended(&s->virgl))
			break;
		rig_sleep(0.05);
	}
	process_stop(&s->virgl, &cpu);
	return e < 0 ? e : error_set(err, -ENODEV, "virgl_test_server: it did not start (install "
				     "virgl-server)");
}

void stage_virgl_end(struct stage *s, double *cpu)
{
	/* its times are kept until it is waited for */
	for (int i = 0; i < VIRGL_WAITS && s->virgl.pid > 0 && !process_has_ended(&s->virgl); i++)
		rig_sleep(0.05);
	process_stop(&s->virgl, cpu);
	unlink(VIRGL_SOCKET);
}

/* ---- both ------------------------------------------------------------------------------------ */

int stage_open(struct stage *s, enum stage_kind kind, struct error *err)
{
	unsigned n = 0;
	int e;

	memset(s, 0, sizeof(*s));
	s->kind = kind;
	e = rig_folder(&s->rig, err);
	snprintf(s->rig.env, sizeof(s->rig.env), "BLINK_SERVER=none");
	if (e == 0)
		e = x_start(s, err);
	s->env[n++] = s->display;
	s->env[n++] = "LIBGL_ALWAYS_SOFTWARE=1";
	s->env[n++] = "vblank_mode=0";
	s->env[n++] = "LP_NUM_THREADS=0";
	s->env[n++] = kind == STAGE_VIRGL ? "GALLIUM_DRIVER=virpipe" : "GALLIUM_DRIVER=llvmpipe";
	s->env[n++] = kind == STAGE_INDIRECT ? "LIBGL_ALWAYS_INDIRECT=1" : NULL;
	return e;
}

void stage_close(struct stage *s)
{
	double cpu;

	rig_clients_stop(&s->rig);
	if (s->virgl.pid > 0) {
		process_stop(&s->virgl, &cpu);
		unlink(VIRGL_SOCKET);
	}
	process_stop(&s->x, &cpu);
	unlink(s->number);
	rig_close(&s->rig);
}

double stage_cpu(const struct stage *s)
{
	double x = rig_group_cpu(s->x.pid), virgl = s->virgl.pid ? rig_group_cpu(s->virgl.pid) : 0;

	return (x > 0 ? x : 0) + (virgl > 0 ? virgl : 0);
}
