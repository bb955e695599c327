/* frame.c - swaps: time stamps, the drawable's size, and on request the hash of what is
 * about to be shown. */
#include "capture/record/lib/lib.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "capture/record/lib/picture.h"

#define DRAWABLES 64u
#define LOOK_NS UINT64_C(500000000)       /* sizes are asked for this often */

/* What is known of drawables; the oldest is forgotten. */
static struct drawable {
	uint64_t handle;
	uint64_t window;                  /* X's own, of a GLX drawable; 0: is none */
	uint64_t looked;                  /* when last */
	uint32_t w, h, config;
	bool made, sent, asked;           /* asked: .config is known */
} drawables[DRAWABLES];
static unsigned next_drawable;
static struct rec_lock lock;

static struct drawable *drawable_get(uint64_t handle)
{
	for (unsigned i = 0; i < DRAWABLES; i++)
		if (drawables[i].handle == handle)
			return &drawables[i];
	next_drawable = (next_drawable + 1) % DRAWABLES;
	drawables[next_drawable] = (struct drawable){ .handle = handle };
	return &drawables[next_drawable];
}

/* window: of the X server, 0: a pbuffer */
void rec_drawable_made(uint64_t handle, uint64_t window)
{
	struct drawable *d;

	if (!handle || !rec_active())
		return;
	rec_lock(&lock);
	d = drawable_get(handle);
	*d = (struct drawable){ .handle = handle, .window = window, .made = true };
	rec_unlock(&lock);
}

static uint64_t now(clockid_t clock)
{
	struct timespec t = { 0 };

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

/* ---- sizes -------------------------------------------------------------------------- */

/* By XCB, which may be used from any thread, and whose errors are answers. */
struct geometry { uint8_t type, depth; uint16_t sequence; uint32_t length, root;
		  int16_t x, y; uint16_t w, h; };

static bool size_of_window(uint64_t display, uint64_t window, uint32_t *w, uint32_t *h)
{
	static void *(*connection)(void *);
	static unsigned (*ask)(void *, uint32_t);
	static struct geometry *(*reply)(void *, unsigned, void **);
	static atomic_int tried;        /* 1: not there, 2: there */
	struct geometry *g;
	void *error = NULL, *c;
	int t = atomic_load(&tried);

	if (!t) {
		void *a = dlopen("libX11-xcb.so.1", RTLD_LAZY | RTLD_NOLOAD);
		void *b = dlopen("libxcb.so.1", RTLD_LAZY | RTLD_NOLOAD);
		void *p = a ? dlsym(a, "XGetXCBConnection") : NULL;

		memcpy(&connection, &p, sizeof(p));
		p = b ? dlsym(b, "xcb_get_geometry") : NULL;
		memcpy(&ask, &p, sizeof(p));
		p = b ? dlsym(b, "xcb_get_geometry_reply") : NULL;
		memcpy(&reply, &p, sizeof(p));
		t = connection && ask && reply ? 2 : 1;
		atomic_store(&tried, t);
	}
	c = t == 2 && display ? connection((void *)(uintptr_t)display) : NULL;
	g = c ? reply(c, ask(c, (uint32_t)window), &error) : NULL;
	if (g) {
		*w = g->w;
		*h = g->h;
	}
	free(g);
	free(error);
	return g != NULL;
}

static void size_ask(const struct drawable *d, uint64_t display, bool egl, uint32_t *w,
		     uint32_t *h)
{
	uint32_t got[2] = { 0 };

	if (egl) {
		rec_gl(eglQuerySurface, uint32_t, uint64_t, uint64_t, int32_t, uint32_t *)
			(display, d->handle, 0x3057, &got[0]);
		rec_gl(eglQuerySurface, uint32_t, uint64_t, uint64_t, int32_t, uint32_t *)
			(display, d->handle, 0x3056, &got[1]);
	} else if (!d->made) {
		size_of_window(display, d->handle, &got[0], &got[1]);
	} else if (d->window) {
		size_of_window(display, d->window, &got[0], &got[1]);
	} else if (!d->w) {
		rec_gl(glXQueryDrawable, void, uint64_t, uint64_t, int32_t, uint32_t *)
			(display, d->handle, 0x801D, &got[0]);
		rec_gl(glXQueryDrawable, void, uint64_t, uint64_t, int32_t, uint32_t *)
			(display, d->handle, 0x801E, &got[1]);
	}
	if (got[0] && got[1] && got[0] <= 32768 && got[1] <= 32768) {
		*w = got[0];
		*h = got[1];
	}
}

static bool hashes_wanted(void)
{
	static atomic_int known;        /* 1: no, 2: yes */
	int k = atomic_load(&known);
	const char *s;

	if (!k) {
		s = getenv(RECORD_ENV_HASH);
		k = s && !strcmp(s, "1") ? 2 : 1;
		atomic_store(&known, k);
	}
	return k == 2;
}

/* w, h: what is known of the size otherwise, 0: nothing */
static struct drawable drawable_look(uint64_t display, uint64_t handle, bool egl, uint32_t w,
				     uint32_t h, uint64_t time)
{
	struct drawable *d, copy;
	uint32_t values[5];
	bool look, changed;

	rec_lock(&lock);
	d = drawable_get(handle);
	look = !d->looked || time - d->looked > LOOK_NS || hashes_wanted();
	d->looked = look ? time : d->looked;
	copy = *d;
	rec_unlock(&lock);
	if (!w && !h) {
		w = copy.w;
		h = copy.h;
	}
	if (look)
		size_ask(&copy, display, egl, &w, &h);
	changed = !copy.sent || copy.w != w || copy.h != h;
	if (!copy.asked && rec.context && rec.context->draw == handle) {
		uint32_t samples = 0;

		rec_gl(glGetIntegerv, void, uint32_t, uint32_t *)(0x80A9, &samples);
		samples = (samples <= 16 ? samples : 0) | rec.context->config;
		changed |= copy.config != samples;
		copy.config = samples;
		copy.asked = true;
	}
	copy.w = w;
	copy.h = h;
	copy.sent = w && h;
	if ((!changed && !copy.asked) || !copy.sent)
		return copy;
	rec_lock(&lock);
	d = drawable_get(handle);
	d->w = w;
	d->h = h;
	d->config = copy.config;
	d->asked = copy.asked;
	d->sent = true;
	rec_unlock(&lock);
	if (!changed)
		return copy;
	memcpy(values, &handle, 8);
	values[2] = w;
	values[3] = h;
	values[4] = copy.config;
	rec_mark(RECORD_DRAWABLE, values, 5, NULL);
	return copy;
}

void rec_drawable(uint64_t display, uint64_t handle, bool egl, uint32_t w, uint32_t h)
{
	drawable_look(display, handle, egl, w, h, now(CLOCK_MONOTONIC));
}

/* ---- frames --------------------------------------------------------------------------- */

void rec_frame(uint64_t display, uint64_t handle, bool egl)
{
	const struct rec_context *c;
	uint64_t time, cpu;
	struct rec_hash hash = { 0 };
	struct drawable d;
	uint32_t v[11] = { 0 };
	int e = errno;

	if (!rec_prepare(1))
		return;
	c = rec.context;
	rec_floor_look();
	rec_maps_visible();
	time = now(CLOCK_MONOTONIC);
	cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	d = drawable_look(display, handle, egl, 0, 0, time);
	if (hashes_wanted() && c && c->draw == handle && rec_picture(c, &d.w, &d.h, &hash))
		v[4] = RECORD_FRAME_HASHED;
	memcpy(v, &time, 8);
	memcpy(v + 2, &cpu, 8);
	memcpy(v + 5, &hash.low, 8);
	memcpy(v + 7, &hash.high, 8);
	v[9] = d.w;
	v[10] = d.h;
	rec_mark(RECORD_FRAME, v, 11, NULL);
	atomic_fetch_add(&rec_frames, 1);
	atomic_fetch_add(&rec_header->frames, 1);
	atomic_fetch_add(&rec_header->calls, rec.calls);
	rec.calls = 0;
	if (atomic_load(&rec_header->stop))
		rec_stop();
	errno = e;
}
