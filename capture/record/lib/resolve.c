/* resolve.c - the driver's entry points, and every way by which a program gets at them:
 * by linking, by glXGetProcAddress and eglGetProcAddress, and by dlsym() on a library
 * that it opened itself, as SDL, libepoxy and ctypes do.  For the last, dlsym() is ours
 * as well: what it would find in a GL library is answered with our entry point. */
#include "capture/record/lib/lib.h"

#include <dlfcn.h>

/* Looked up by the program: the driver's function for a slot. */
static _Atomic(rec_fn) found[REC_NAMED + REC_EXTRA];
static char extra[REC_EXTRA][64];
static unsigned nextra;
static struct rec_lock lock;

typedef void *(*dlsym_fn)(void *, const char *);

rec_fn rec_resolve(unsigned slot);

static dlsym_fn real_dlsym(void)
{
	static _Atomic(dlsym_fn) real;
	dlsym_fn fn = atomic_load(&real);

	if (!fn) {
		void *p = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34");

		if (!p)
			p = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5");
		memcpy(&fn, &p, sizeof(fn));
		atomic_store(&real, fn);
	}
	return fn;
}

static void *symbol(void *library, const char *name)
{
	dlsym_fn fn = real_dlsym();

	return fn ? fn(library, name) : NULL;
}

/* ---- names ------------------------------------------------------------------------- */

static int find_in(const char *name, int lo, int hi)
{
	while (lo < hi) {
		int mid = lo + (hi - lo) / 2, c = strcmp(name, rec_entries[mid].name);

		if (!c)
			return mid;
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return -1;
}

static int slot_find(const char *name)
{
	int slot = find_in(name, 0, REC_KNOWN);

	return slot >= 0 ? slot : find_in(name, REC_KNOWN, REC_NAMED);
}

static const char *slot_name(unsigned slot)
{
	return slot < REC_NAMED ? rec_entries[slot].name : extra[slot - REC_NAMED];
}

/* A slot for a name that nobody foresaw; -1: there is none left. */
static int slot_add(const char *name)
{
	int slot = -1;

	if (strlen(name) >= sizeof(extra[0]))
		return -1;
	rec_lock(&lock);
	for (unsigned i = 0; i < nextra && slot < 0; i++)
		if (!strcmp(extra[i], name))
			slot = (int)(REC_NAMED + i);
	if (slot < 0 && nextra < REC_EXTRA) {
		memcpy(extra[nextra], name, strlen(name) + 1);
		slot = (int)(REC_NAMED + nextra++);
	}
	rec_unlock(&lock);
	return slot;
}

/* ---- the driver's functions ---------------------------------------------------------- */

static void nothing(void)
{
}

static const char *const libraries[] = {
	"libGL.so.1", "libOpenGL.so.0", "libEGL.so.1", "libGLX.so.0", "libGLESv2.so.2",
};

/* In a library that the program has loaded, or, wanted: one that is loaded now. */
static void *in_libraries(const char *name, bool wanted)
{
	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++) {
		bool egl = i == 2;
		void *l, *p;

		if (wanted && egl != !strncmp(name, "egl", 3))
			continue;
		l = dlopen(libraries[i], RTLD_LAZY | (wanted ? 0 : RTLD_NOLOAD));
		p = l ? symbol(l, name) : NULL;
		if (p)
			return p;       /* the library stays: its function is in use */
		if (l)
			dlclose(l);
	}
	return NULL;
}

static rec_fn ask_driver(const char *name)
{
	rec_fn (*get)(const char *) = NULL, fn;
	void *p = in_libraries("glXGetProcAddressARB", false);

	memcpy(&get, &p, sizeof(get));
	fn = get ? get(name) : NULL;
	if (fn)
		return fn;
	p = in_libraries("eglGetProcAddress", false);
	memcpy(&get, &p, sizeof(get));
	return get ? get(name) : NULL;
}

/* A library whose function is kept here must stay, even if the program closes it, as SDL
 * does between two windows. */
static void pin(const void *address)
{
	static _Atomic(void *) last;
	Dl_info info;

	if (!dladdr(address, &info) || info.dli_fbase == atomic_load(&last) || !info.dli_fname)
		return;
	atomic_store(&last, info.dli_fbase);
	dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}

static rec_fn driver_function(unsigned slot)
{
	const char *name = slot_name(slot);
	rec_fn fn = atomic_load(&found[slot]);
	void *p;

	if (!fn) {
		p = symbol(RTLD_NEXT, name);
		if (!p)
			p = in_libraries(name, false);
		if (!p && (fn = ask_driver(name)))
			memcpy(&p, &fn, sizeof(p));
		if (!p)
			p = in_libraries(name, true);
		memcpy(&fn, &p, sizeof(fn));
	}
	memcpy(&p, &fn, sizeof(p));
	if (p)
		pin(p);
	return fn;
}

/* Called by the trampolines, at a slot's first call. */
rec_fn rec_resolve(unsigned slot)
{
	rec_fn fn = driver_function(slot);

	if (slot >= REC_KNOWN)
		rec_lost(slot_name(slot), "no row of the command table describes it");
	if (!fn)
		fn = nothing;
	rec_real[slot] = fn;
	return fn;
}

rec_fn rec_fn_of(unsigned slot)
{
	return rec_real[slot];
}

/* ---- the program asks ------------------------------------------------------------------ */

static rec_fn stub_of(unsigned slot)
{
	const uint8_t *p;
	rec_fn fn;

	if (slot < REC_KNOWN)
		return rec_entries[slot].stub;
	/* foreign: the jump through rec_real[] */
	p = rec_foreign_stubs + 6 * (slot - REC_KNOWN);
	memcpy(&fn, &p, sizeof(fn));
	return fn;
}

/* What the program gets instead of the driver's function. */
static rec_fn answer(const char *name, rec_fn driver)
{
	void *p;
	int slot;

	if (!driver)
		return NULL;
	memcpy(&p, &driver, sizeof(p));
	pin(p);
	slot = slot_find(name);
	if (slot < 0)
		slot = slot_add(name);
	if (slot < 0) {
		rec_lost(name, "more unknown names than there is room for");
		return driver;
	}
	atomic_store(&found[slot], driver);
	return stub_of((unsigned)slot);
}

static bool is_ours(rec_fn fn)
{
	Dl_info a, b;
	void *p, *own = (void *)&rec_header;

	memcpy(&p, &fn, sizeof(p));
	return dladdr(p, &a) && dladdr(own, &b) && a.dli_fbase == b.dli_fbase;
}

static const void *asked(unsigned slot, const void *name)
{
	rec_fn (*get)(const char *), fn;
	const void *p;

	fn = rec_real[slot];
	memcpy(&get, &fn, sizeof(get));
	fn = get(name);
	if (fn && name && !is_ours(fn))
		fn = answer(name, fn);
	memcpy(&p, &fn, sizeof(p));
	return p;
}

const void *rec_wrap_glXGetProcAddress(const void *name)
{
	return asked(REC_glXGetProcAddress, name);
}

const void *rec_wrap_glXGetProcAddressARB(const void *name)
{
	return asked(REC_glXGetProcAddressARB, name);
}

const void *rec_wrap_eglGetProcAddress(const void *name)
{
	return asked(REC_eglGetProcAddress, name);
}

/* ---- dlsym --------------------------------------------------------------------------------- */

static bool is_gl_library(const char *path)
{
	static const char *const names[] = {
		"libGL.", "libOpenGL.", "libEGL.", "libGLX.", "libGLES", "libGLdispatch.",
		"libGLX_", "libEGL_", "libnvidia-", "libgallium", "libglapi", "glxtrace.", "egltrace.",
	};
	const char *base = strrchr(path, '/');

	base = base ? base + 1 : path;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strncmp(base, names[i], strlen(names[i])))
			return true;
	return strstr(base, "_dri.so") != NULL;
}

static bool in_gl_library(const void *address)
{
	Dl_info info;

	return dladdr(address, &info) && info.dli_fname && is_gl_library(info.dli_fname);
}

static void *replaced(void *library, const char *name, void *p, const void *caller)
{
	rec_fn fn;

	/* the libraries' own look-ups are none of the program's */
	if (in_gl_library(caller))
		return p;
	memcpy(&fn, &p, sizeof(fn));
	if (p && is_ours(fn)) {
		/* found here; but is it in the driver at all? */
		int slot = slot_find(name);
		rec_fn driver = slot >= 0 ? driver_function((unsigned)slot) : NULL;

		return library == RTLD_DEFAULT && !driver ? NULL : p;
	}
	if (!p || !in_gl_library(p))
		return p;
	fn = answer(name, fn);
	memcpy(&p, &fn, sizeof(p));
	return p;
}

__attribute__((visibility("default"))) void *dlsym(void *restrict library,
						    const char *restrict name)
{
	dlsym_fn real = real_dlsym();

	if (!real)
		return NULL;
	/* RTLD_NEXT means next to the caller: it must stay the caller */
	if (library == RTLD_NEXT || (strncmp(name, "gl", 2) && strncmp(name, "egl", 3)))
		return real(library, name);
	return replaced(library, name, real(library, name), __builtin_return_address(0));
}
