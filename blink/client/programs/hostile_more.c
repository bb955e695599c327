/* hostile_more.c - acts against what is behind budgets and accounts: single commands that a
 * driver takes long for, procedures that take long to verify, memory that is taken back, and
 * a new program for each harm. */
#include "blink/client/programs/hostile.h"

#include <GL/gl.h>
#include <GL/glext.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "blink/client/blinkgl.h"

enum { OBJECT_INIT = 1, OBJECT_REDRAW, OBJECT_DATA, OBJECT_HUGE };
#define SIDE 120
#define HUGE_RECORDS 300000u
#define HANG_US 3000000u

static void init(struct hostile *h)
{
	blink_window(&h->code, SIDE, SIDE);
	hostile_publish(h, OBJECT_INIT, SP_INIT);
}

/* State that no draw had before: the driver compiles at each.  Grey whatever it is, so that
 * a coloured pixel there is somebody else's. */
static void variants(struct hostile *h)
{
	static const uint32_t caps[] = { GL_ALPHA_TEST, GL_BLEND, GL_COLOR_LOGIC_OP, GL_DEPTH_TEST,
					 GL_FOG, GL_LIGHTING, GL_LIGHT0, GL_NORMALIZE,
					 GL_STENCIL_TEST, GL_COLOR_MATERIAL, GL_TEXTURE_GEN_S,
					 GL_POLYGON_OFFSET_FILL };
	struct buf *code = &h->code;
	uint8_t mask;

	if (!h->step++)
		init(h);
	for (unsigned i = 0; i < sizeof(caps) / sizeof(*caps); i++) {
		if (hostile_below(h, 2))
			blinkEnable(code, caps[i]);
		else
			blinkDisable(code, caps[i]);
	}
	blinkAlphaFunc(code, GL_NEVER + hostile_below(h, 8), 0.5f);
	blinkDepthFunc(code, GL_NEVER + hostile_below(h, 8));
	blinkBlendFunc(code, GL_SRC_COLOR + hostile_below(h, 8), GL_SRC_COLOR + hostile_below(h, 6));
	blinkLogicOp(code, GL_CLEAR + hostile_below(h, 16));
	mask = (uint8_t)hostile_below(h, 2);
	blinkColorMask(code, mask, mask, mask, (uint8_t)hostile_below(h, 2));
	blinkStencilFunc(code, GL_NEVER + hostile_below(h, 8), 1, 0xff);
	blinkColor3f(code, 0.5f, 0.5f, 0.5f);
	blinkRectf(code, -1, -1, 1, 1);
	hostile_publish(h, OBJECT_REDRAW, SP_REDRAW);
	vso_client_ring(h->c);
}

/* Procedures of a million words, none like another: nothing can be cut in verifying one. */
static void huge(struct hostile *h)
{
	if (!h->step++)
		init(h);
	for (uint32_t i = 0; i < HUGE_RECORDS; i++)
		blinkColor3f(&h->code, 1, 0, (float)hostile_below(h, 100) * 0.01f);
	blinkClear(&h->code, GL_COLOR_BUFFER_BIT);
	hostile_publish(h, OBJECT_REDRAW, SP_REDRAW);
	vso_client_ring(h->c);
}

/* This process's memory that it shares: -1 none. */
static int memory_of(struct hostile *h, off_t *size)
{
	char path[40], to[64];
	struct stat st;

	for (int fd = 3; fd < 64; fd++) {
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, to, sizeof(to) - 1);
		if (n <= 0)
			continue;
		to[n] = 0;
		if (strncmp(to, "/memfd:", 7) || fstat(fd, &st) ||
		    st.st_size != (off_t)hostile_pages(h) * VSO_PAGE)
			continue;
		*size = st.st_size;
		return fd;
	}
	return -1;
}

/* The pages are given back to the system, over and over, while the server reads them. */
static void holes(struct hostile *h)
{
	static uint8_t data[1 << 20];
	off_t size = 0, first = 64 * VSO_PAGE;
	int fd = memory_of(h, &size);

	if (!h->step++)
		init(h);
	memset(data, (int)h->step, sizeof(data));
	hostile_data(h, OBJECT_DATA + h->step % 8, data, sizeof(data));
	vso_client_ring(h->c);
	if (fd >= 0 && size > first)
		(void)!fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, first,
				 size - first);
}

/* ---- a new program for each harm ---------------------------------------------------------- */

static void act_until(struct hostile *h, const char *name)
{
	for (const struct hostile_act *a = hostile_commands; a->name; a++)
		while (!strcmp(a->name, name)) {
			a->step(h);
			hostile_pause(20000);
		}
}

static void fresh(struct hostile *h)
{
	pid_t parent = getpid(), pid = fork();

	if (pid == 0) {
		struct vso_wishes w = blink_wishes("fresh");
		struct vso_link *l = NULL;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		w.data_bytes = 1 << 20;
		if (getppid() != parent || vso_local_connect(&l, h->path, vso_client_pages(&w), NULL) < 0 ||
		    vso_client_create(&h->c, l, &w, NULL) < 0)
			_exit(1);
		if (vso_client_start(h->c, INT64_C(3000000000), NULL) >= 0)
			act_until(h, "shader-endless");
		_exit(1);
	}
	if (pid < 0)
		return;
	h->connections++;
	hostile_pause(HANG_US);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

const struct hostile_act hostile_more[] = {
	{ "variants", "draws for each of which the driver compiles", variants, true, 5000, false },
	{ "huge", "procedures of a million words, each another one", huge, true, 1000, false },
	{ "holes", "pages that are given back to the system while they are read", holes, true, 2000, false },
	{ "fresh", "a shader that does not end, each time from a new process", fresh, false, 0, true },
	{ 0 }
};
