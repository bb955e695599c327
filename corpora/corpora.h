/* corpora.h - the programs that are recorded, as data: one JSON file each in recipes/.
 *
 *   {
 *     "title":       "what it is and which parts of GL it uses",
 *     "packages":    ["mesa-utils"],                Debian packages
 *     "files":       { "name": ["line", ...] },     written into the folder
 *     "setup":       [["ffmpeg", ...], ...],        commands run there first
 *     "command":     ["glxgears"],
 *     "environment": { "KEY": "value" },
 *     "screen":      "1280x1024",                   of the display of its own
 *     "api":         "glx",                         or "egl"; absent: found out
 *     "frames":      300,                           where the recording stops;
 *     "duration":    60                             whichever comes first
 *   }
 *
 * Each recording runs in a fresh folder that is also its HOME, so that it neither sees
 * nor changes anyone's settings; "@DIR@" in strings stands for that folder.  The file's
 * name is the recipe's.  An unknown key is an error: a misspelt one would be ignored.
 */
#ifndef CORPORA_CORPORA_H
#define CORPORA_CORPORA_H

#include <stdint.h>

#include "blink/base/error.h"

struct json_object;

struct recipe {
	char *name;
	const char *title, *api;         /* api: NULL, "glx" or "egl" */
	unsigned width, height;          /* 0: default */
	uint64_t frames;                 /* 0: no limit */
	double duration;                 /* 0: no limit */
	struct json_object *json;        /* owns the strings */
};

/* The folder of recipes: $BLINK_CORPORA, beside the program (build tree or
 * installation), or below the current folder.  -ENOENT when there is none. */
int corpora_folder(char *path, unsigned long size, struct error *err);

/* Names in alphabetical order, to be freed with corpora_free_names; their number. */
int corpora_names(char ***names, struct error *err);
void corpora_free_names(char **names);

int recipe_load(struct recipe *r, const char *name, struct error *err);
void recipe_finish(struct recipe *r);

/* Packages that dpkg does not have installed; NULL-terminated list of pointers into
 * the recipe, to be freed.  NULL: no memory. */
const char **recipe_missing(const struct recipe *r);
const char **recipe_packages(const struct recipe *r);

/* A place where the recipe can run: folder made, files written, setup run. */
struct recipe_run {
	char dir[256];
	char **argv, **env;              /* NULL-terminated, "@DIR@" filled in */
};
int recipe_prepare(struct recipe_run *run, const struct recipe *r, struct error *err);
void recipe_clean(struct recipe_run *run);       /* removes the folder */

#endif
