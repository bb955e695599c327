/* test_window.c - the screen as a window on an X display: what the X server shows is what the
 * server's own screenshot shows, and the X server's pointer and keys reach the clients that
 * they concern, and no other. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <GL/gl.h>
#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <X11/keysym.h>
#include <dlfcn.h>

#include "blink/client/blinkgl.h"
#include "blink/client/client.h"
#include "blink/server/broker.h"

#define W 400u
#define H 300u
#define SIDE 100u
#define ANSWER_NS INT64_C(60000000000)
#define TRIES 3000u                     /* of 20 ms: the machine may be busy */

enum { INIT = 1, INPUT, REDRAW };

static char folder[] = "/tmp/blink-window-XXXXXX", path[64], shot[64];
static pid_t server, x_server;
static Display *display;
static uint8_t own[3 * W * H];          /* the server's screenshot */

/* XTEST, as the X client library has it where it is there. */
static int (*fake_motion)(Display *, int, int, int, unsigned long);
static int (*fake_button)(Display *, unsigned, Bool, unsigned long);
static int (*fake_key)(Display *, unsigned, Bool, unsigned long);

static struct blink_connection *client[2];

static void nap(void)
{
	usleep(20000);
}

/* ---- an X server, and the display server in it ---------------------------------------------- */

/* False: there is no Xvfb here. */
static bool x_start(void)
{
	char number[16] = "", name[20];
	int pipe_of[2], null = open("/dev/null", O_RDWR | O_CLOEXEC);
	ssize_t n;

	if (pipe(pipe_of) < 0)
		return false;
	x_server = fork();
	if (!x_server) {
		char fd[8];

		snprintf(fd, sizeof(fd), "%d", pipe_of[1]);
		close(pipe_of[0]);
		dup2(null, 2);
		execlp("Xvfb", "Xvfb", "-displayfd", fd, "-screen", "0", "640x480x24", "-nolisten",
		       "tcp", (char *)NULL);
		_exit(127);
	}
	close(pipe_of[1]);
	n = read(pipe_of[0], number, sizeof(number) - 1);
	close(pipe_of[0]);
	close(null);
	if (n <= 0)
		return false;
	snprintf(name, sizeof(name), ":%d", atoi(number));
	setenv("DISPLAY", name, 1);
	display = XOpenDisplay(NULL);
	return display;
}

static bool xtest_find(void)
{
	void *so = dlopen("libXtst.so.6", RTLD_NOW);

	if (!so)
		return false;
	*(void **)&fake_motion = dlsym(so, "XTestFakeMotionEvent");
	*(void **)&fake_button = dlsym(so, "XTestFakeButtonEvent");
	*(void **)&fake_key = dlsym(so, "XTestFakeKeyEvent");
	return fake_motion && fake_button && fake_key;
}

static int picture_write(const char *to, const uint8_t *rgb, uint32_t w, uint32_t h,
			 struct error *err)
{
	FILE *out = fopen(to, "we");
	bool bad = !out || fwrite(rgb, 3, (size_t)w * h, out) != (size_t)w * h;

	bad |= out && fclose(out) != 0;
	return bad ? error_set(err, -EIO, "%s: cannot be written", to) : 0;
}

static bool asked(const char *request)
{
	struct error err = { 0 };
	char *line = NULL;
	bool ok = control_ask(path, request, &line, &err) >= 0 && strstr(line, "\"ok\":true");

	free(line);
	return ok;
}

/* The exit status of what could not be started; 0: it serves. */
static int server_start(void)
{
	int status = 0;

	server = fork();
	if (!server) {
		const struct broker_options opt = {
			.server = { .width = W, .height = H, .refresh = 50, .clients = 4,
				    .limits = server_limits_default },
			.listen = path, .window = true, .watchdog_ms = 60000,
			.picture = picture_write,
		};
		struct broker_options with = opt;
		struct broker_summary sum;
		struct error err = { 0 };
		int r;

		close(ConnectionNumber(display));
		with.server.limits.quotas = vso_quotas_default;
		r = broker_run(&with, &sum, &err);
		if (r < 0)
			fprintf(stderr, "%s\n", err.text);
		_exit(r == -ENODEV ? 77 : r < 0);
	}
	for (unsigned i = 0; i < TRIES; i++, nap()) {
		if (asked("{\"verb\":\"top\"}"))
			return 0;
		if (waitpid(server, &status, WNOHANG) == server) {
			server = 0;
			return WIFEXITED(status) && WEXITSTATUS(status) ? WEXITSTATUS(status) : 1;
		}
	}
	return 1;
}

/* ---- what is shown ------------------------------------------------------------------------------ */

static void own_take(void)
{
	char request[128];
	FILE *in;

	snprintf(request, sizeof(request), "{\"verb\":\"screenshot\",\"file\":\"%s\"}", shot);
	assert_true(asked(request));
	in = fopen(shot, "re");
	assert_non_null(in);
	assert_int_equal(fread(own, 1, sizeof(own), in), sizeof(own));
	fclose(in);
}

/* How many pixels of the X server's own picture of all of its screen are others than these. */
static unsigned unlike(void)
{
	XImage *i = XGetImage(display, DefaultRootWindow(display), 0, 0, W, H, AllPlanes, ZPixmap);
	unsigned n = 0;

	assert_non_null(i);
	for (unsigned y = 0; y < H; y++)
		for (unsigned x = 0; x < W; x++) {
			const uint8_t *p = own + 3 * (y * W + x);
			unsigned long is = XGetPixel(i, (int)x, (int)y) & 0xffffff;

			n += is != ((unsigned long)p[0] << 16 | (unsigned long)p[1] << 8 | p[2]);
		}
	XDestroyImage(i);
	return n;
}

/* The clients' colours change only when something was done, so both are still then. */
static void same_pictures(void)
{
	unsigned n = 1;

	for (unsigned i = 0; i < TRIES && n; i++, nap()) {
		own_take();
		n = unlike();
	}
	assert_int_equal(n, 0);
}

/* Until that pixel is shown so by the X server. */
static void shows(int x, int y, unsigned long wanted)
{
	unsigned long is = 0;

	for (unsigned i = 0; i < TRIES; i++, nap()) {
		XImage *image = XGetImage(display, DefaultRootWindow(display), x, y, 1, 1, AllPlanes,
					  ZPixmap);

		assert_non_null(image);
		is = XGetPixel(image, 0, 0) & 0xffffff;
		XDestroyImage(image);
		if (is == wanted)
			return;
	}
	fail_msg("pixel %d,%d is %06lx, not %06lx", x, y, is, wanted);
}

/* ---- clients ------------------------------------------------------------------------------------ */

/* Its area is red where the key that it was told of last is not 0 modulo 256, green by the
 * pointer, blue while a button is down: a byte of each. */
static void client_make(unsigned which)
{
	struct vso_wishes w = blink_wishes(which ? "two" : "one");
	struct error err = { 0 };
	struct buf *code;

	w.width = w.height = SIDE;
	if (blink_connect(&client[which], path, &w, &err) < 0)
		fail_msg("%s", err.text);
	code = blink_program(client[which]);
	blink_program_begin(client[which]);
	blink_window(code, SIDE, SIDE);
	assert_int_equal(blink_program_end(client[which], INIT, SP_INIT, &err), 0);
	blink_program_begin(client[which]);
	blink_ext(code, 0, SP_EXT_KEY);
	blink_ext(code, 1, SP_EXT_POINTER_X);
	blink_ext(code, 2, SP_EXT_BUTTONS);
	for (unsigned i = 0; i < 3; i++) {
		blink_and(code, i, blink_r(i), blink_u(255));
		blink_cvt_if(code, i, blink_r(i));
		blink_div_f(code, i, blink_r(i), blink_f(255));
	}
	blinkClearColor_r(code, blink_r(0), blink_r(1), blink_r(2), blink_f(1));
	blinkClear(code, GL_COLOR_BUFFER_BIT);
	assert_int_equal(blink_program_end(client[which], REDRAW, SP_REDRAW, &err), 0);
	if (blink_settle(client[which], REDRAW, ANSWER_NS, &err) < 0)
		fail_msg("%s", err.text);
}

static void place(unsigned id, int x, int y)
{
	char request[96];

	snprintf(request, sizeof(request), "{\"verb\":\"move\",\"id\":%u,\"x\":%d,\"y\":%d}", id, x, y);
	assert_true(asked(request));
}

/* ---- tests ---------------------------------------------------------------------------------------- */

static void pointer_to(int x, int y)
{
	fake_motion(display, -1, x, y, 0);
	XFlush(display);
}

static void key(KeySym sym, Bool down)
{
	fake_key(display, XKeysymToKeycode(display, sym), down, 0);
	XFlush(display);
}

static void test_pictures(void **state)
{
	(void)state;
	pointer_to(390, 290);
	client_make(0);
	client_make(1);
	place(1, 40, 40);
	place(2, 220, 40);
	same_pictures();
	/* a window moved by its bar, in the X server: the picture follows */
	place(1, 60, 120);
	same_pictures();
}

/* Pixels of the areas: origin lower left, so that x alone is told of the pointer. */
static void test_pointer(void **state)
{
	(void)state;
	place(1, 40, 40);
	pointer_to(40 + 77, 60);
	shows(50, 50, 77 << 8);
	pointer_to(220 + 33, 60);
	shows(230, 50, 33 << 8);
	/* the other one's stands where it was seen last */
	shows(50, 50, 77 << 8);
	same_pictures();
}

static void test_buttons_and_keys(void **state)
{
	(void)state;
	pointer_to(40 + 10, 60);
	fake_button(display, 1, True, 0);
	XFlush(display);
	shows(50, 50, 10 << 8 | 1);
	/* while it is down the pointer stays this client's, wherever it goes */
	pointer_to(220 + 99, 60);
	shows(50, 50, (unsigned long)(279 & 255) << 8 | 1);
	shows(230, 50, 33 << 8);
	pointer_to(40 + 10, 60);
	fake_button(display, 1, False, 0);
	XFlush(display);
	shows(50, 50, 10 << 8);
	/* it has the focus now: keys are its, and nobody else's */
	key(XK_a, True);
	shows(50, 50, 'a' << 16 | 10 << 8);
	shows(230, 50, 33 << 8);
	key(XK_a, False);
	shows(50, 50, 10 << 8);
	pointer_to(220 + 20, 60);
	fake_button(display, 1, True, 0);
	fake_button(display, 1, False, 0);
	key(XK_z, True);
	shows(230, 50, 'z' << 16 | 20 << 8);
	shows(50, 50, 10 << 8);
	key(XK_z, False);
	shows(230, 50, 20 << 8);
	same_pictures();
}

/* A window manager's wish that the window closes ends the server. */
static void test_closing(void **state)
{
	Window root = DefaultRootWindow(display), parent, *children = NULL;
	XEvent e = { .xclient = { .type = ClientMessage, .format = 32 } };
	unsigned n = 0;
	int status = -1;

	(void)state;
	assert_true(XQueryTree(display, root, &root, &parent, &children, &n));
	assert_int_equal(n, 1);
	e.xclient.window = children[0];
	e.xclient.message_type = XInternAtom(display, "WM_PROTOCOLS", False);
	e.xclient.data.l[0] = (long)XInternAtom(display, "WM_DELETE_WINDOW", False);
	XFree(children);
	XSendEvent(display, e.xclient.window, False, NoEventMask, &e);
	XFlush(display);
	assert_int_equal(waitpid(server, &status, 0), server);
	server = 0;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- beginning and end --------------------------------------------------------------------------- */

static void end(void)
{
	for (unsigned i = 0; i < 2; i++)
		blink_disconnect(client[i]);
	if (server) {
		kill(server, SIGTERM);
		waitpid(server, NULL, 0);
	}
	if (display)
		XCloseDisplay(display);
	if (x_server) {
		kill(x_server, SIGTERM);
		waitpid(x_server, NULL, 0);
	}
	unlink(shot);
	rmdir(folder);
}

static int left_out(const char *why)
{
	printf("%s\n", why);
	end();
	return 77;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pictures), cmocka_unit_test(test_pointer),
		cmocka_unit_test(test_buttons_and_keys), cmocka_unit_test(test_closing),
	};
	int r;

	if (!mkdtemp(folder))
		return 1;
	snprintf(path, sizeof(path), "%s/s", folder);
	snprintf(shot, sizeof(shot), "%s/shot", folder);
	if (!x_start())
		return left_out("there is no Xvfb (package xvfb)");
	if (!xtest_find())
		return left_out("there is no XTEST library (package libxtst6)");
	r = server_start();
	if (r == 77)
		return left_out("there is no driver");
	if (r == 0)
		r = cmocka_run_group_tests(tests, NULL, NULL);
	end();
	return r;
}
