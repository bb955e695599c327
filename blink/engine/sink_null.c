/* sink_null.c - sinks that draw nothing: measures what lies before the driver.
 *
 * Either every entry is one function that returns 0 at once, or entries are those
 * of a library, a null libGL, which another program can be run on as well.
 */
#include "blink/engine/sink.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>

struct sink_null {
	struct sink sink;
	void *library;       /* NULL for the built-in entry */
};

static uint64_t null_entry(void)
{
	return 0;
}

static int null_context_create(struct sink *s, uint32_t ctx, uint32_t share, uint32_t version,
			       uint32_t flags, struct error *err)
{
	(void)s, (void)ctx, (void)share, (void)version, (void)flags, (void)err;
	return 0;
}

static int null_drawable(struct sink *s, uint32_t drawable, uint32_t w, uint32_t h,
			 uint32_t config, struct error *err)
{
	(void)s, (void)drawable, (void)w, (void)h, (void)config, (void)err;
	return 0;
}

static int null_resize(struct sink *s, uint32_t drawable, uint32_t w, uint32_t h,
		       struct error *err)
{
	(void)s, (void)drawable, (void)w, (void)h, (void)err;
	return 0;
}

static void null_name(struct sink *s, uint32_t name)
{
	(void)s, (void)name;
}

static int null_make_current(struct sink *s, uint32_t ctx, uint32_t draw, uint32_t read,
			     struct error *err)
{
	(void)s, (void)ctx, (void)draw, (void)read, (void)err;
	return 0;
}

static int null_swap(struct sink *s, uint32_t drawable, struct error *err)
{
	(void)s, (void)drawable, (void)err;
	return 0;
}

static void null_destroy(struct sink *s)
{
	struct sink_null *n = (struct sink_null *)s;

	if (n->library)
		dlclose(n->library);
	free(n);
}

static const struct sink_ops null_ops = {
	.context_create = null_context_create,
	.context_destroy = null_name,
	.drawable_create = null_drawable,
	.drawable_resize = null_resize,
	.drawable_destroy = null_name,
	.make_current = null_make_current,
	.swap = null_swap,
	.destroy = null_destroy,
};

struct sink *sink_null_create(void)
{
	struct sink_null *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->sink.name = "null";
	n->sink.ops = &null_ops;
	n->sink.zeroed = true;             /* there is no storage */
	for (unsigned op = 0; op < GL_OP_COUNT; op++)
		n->sink.entry[op] = (sink_fn)null_entry;
	n->sink.pixel_storei = (sink_fn)null_entry;
	return &n->sink;
}

static sink_fn library_entry(struct sink_null *n, const char *name)
{
	sink_fn fn;

	/* POSIX promises that dlsym's result converts; C does not say how */
	*(void **)&fn = dlsym(n->library, name);
	return fn;
}

int sink_nullgl_create(struct sink **s, const char *path, struct error *err)
{
	struct sink_null *n = (struct sink_null *)sink_null_create();

	if (!n)
		return error_set(err, -ENOMEM, "%s: out of memory", path);
	n->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (!n->library) {
		int rc = error_set(err, -ENODEV, "%s: %s (make bench builds the null libGL)",
				   path, dlerror());
		free(n);
		return rc;
	}
	n->sink.name = "nullgl";
	for (unsigned op = 0; op < GL_OP_COUNT; op++) {
		const char *name = sink_entry_name(op);
		sink_fn fn = name ? library_entry(n, name) : NULL;

		if (name)
			n->sink.entry[op] = fn ? fn : sink_missing_entry(op);
	}
	n->sink.pixel_storei = library_entry(n, "glPixelStorei");
	*s = &n->sink;
	return 0;
}
