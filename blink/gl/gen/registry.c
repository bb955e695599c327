/* registry.c - gl.xml and glx.xml: commands, types, aliases, versions, enums. */
#include "blink/gl/gen/gen.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdlib.h>
#include <string.h>

struct command *commands;
int ncommands;
struct gl_enum_row *enums;
int nenums;

static const struct { const char *name, *ctype; int bytes; } types[] = {
	{ "void", "VOID", 1 }, { "GLvoid", "VOID", 1 },
	{ "GLbyte", "I8", 1 }, { "GLchar", "I8", 1 }, { "GLcharARB", "I8", 1 },
	{ "char", "I8", 1 },
	{ "GLubyte", "U8", 1 }, { "GLboolean", "U8", 1 },
	{ "GLshort", "I16", 2 }, { "GLushort", "U16", 2 }, { "GLhalfNV", "U16", 2 },
	{ "GLint", "I32", 4 }, { "GLsizei", "I32", 4 }, { "GLfixed", "I32", 4 },
	{ "GLclampx", "I32", 4 }, { "int", "I32", 4 }, { "Bool", "I32", 4 },
	{ "Status", "I32", 4 }, { "int32_t", "I32", 4 }, { "EGLint", "I32", 4 },
	{ "GLuint", "U32", 4 }, { "GLenum", "U32", 4 }, { "GLbitfield", "U32", 4 },
	{ "GLhandleARB", "U32", 4 }, { "unsigned int", "U32", 4 },
	{ "EGLBoolean", "U32", 4 }, { "EGLenum", "U32", 4 },
	{ "GLfloat", "F32", 4 }, { "GLclampf", "F32", 4 },
	{ "GLdouble", "F64", 8 }, { "GLclampd", "F64", 8 },
	{ "GLint64", "I64", 8 }, { "GLint64EXT", "I64", 8 }, { "int64_t", "I64", 8 },
	{ "GLintptr", "I64", 8 }, { "GLsizeiptr", "I64", 8 },
	{ "GLintptrARB", "I64", 8 }, { "GLsizeiptrARB", "I64", 8 },
	{ "GLuint64", "U64", 8 }, { "GLuint64EXT", "U64", 8 }, { "EGLTime", "U64", 8 },
	{ "unsigned long", "U64", 8 }, { "EGLAttrib", "I64", 8 },
	/* X identifiers are unsigned long */
	{ "GLXDrawable", "U64", 8 }, { "GLXPixmap", "U64", 8 }, { "GLXPbuffer", "U64", 8 },
	{ "GLXWindow", "U64", 8 }, { "GLXContextID", "U64", 8 }, { "Window", "U64", 8 },
	{ "Pixmap", "U64", 8 }, { "Font", "U64", 8 }, { "Colormap", "U64", 8 },
	{ "GLXPbufferSGIX", "U64", 8 },
};

const char *ctype_of(const char *base, int depth)
{
	if (depth)
		return "PTR";
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (strcmp(types[i].name, base) == 0)
			return types[i].ctype;
	return "PTR";   /* GLsync, GLXContext, function pointers: opaque pointers */
}

static int elem_bytes(const char *base, int depth)
{
	if (depth != 1)
		return 8;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++)
		if (strcmp(types[i].name, base) == 0)
			return types[i].bytes;
	return 8;
}

/* "const void *const*" -> base void, depth 2, constant */
void param_type(struct param *p, const char *text)
{
	char *copy = text_copy(text), *base = copy, *star = strchr(copy, '*');

	p->type = text_copy(text_trim(copy));
	for (const char *s = star; s && *s; s++)
		p->depth += *s == '*';
	copy = text_copy(p->type);
	star = strchr(copy, '*');
	if (star)
		*star = 0;
	base = text_trim(copy);
	if (text_has_prefix(base, "const ")) {
		p->constant = true;
		base = text_trim(base + 6);
	}
	if (text_has_prefix(base, "struct "))
		base = text_trim(base + 7);
	p->base = base;
	p->ctype = ctype_of(base, p->depth);
	p->elem = elem_bytes(base, p->depth);
}

struct command *command_find(const char *name)
{
	for (int i = 0; i < ncommands; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

struct command *command_new(const char *name)
{
	struct command *c;

	/* pointers to commands are kept, so the array never moves */
	if (!commands)
		commands = calloc(8192, sizeof(*commands));
	if (!commands || ncommands == 8192)
		die("no room for command %s", name);
	c = &commands[ncommands++];
	c->name = text_copy(name);
	c->label = c->name;
	c->ret = text_copy("void");
	c->retc = "VOID";
	c->op = c->op_buf = NONE;
	return c;
}

int param_find(const struct command *c, const char *name)
{
	for (int i = 0; i < c->nparams; i++)
		if (strcmp(c->params[i].name, name) == 0)
			return i;
	return NONE;
}

/* ---- XML ----------------------------------------------------------------- */

static char *prop(xmlNode *n, const char *name)
{
	xmlChar *v = xmlGetProp(n, (const xmlChar *)name);

	return v ? text_copy((const char *)v) : NULL;
}

static bool is(const xmlNode *n, const char *name)
{
	return n->type == XML_ELEMENT_NODE && strcmp((const char *)n->name, name) == 0;
}

/* The text of a declaration without its <name>, which goes to *name. */
static char *declaration(xmlNode *decl, char **name)
{
	struct buf b;

	buf_init(&b);
	for (xmlNode *n = decl->children; n; n = n->next) {
		char *s = (char *)xmlNodeGetContent(n);

		if (is(n, "name"))
			*name = text_copy(text_trim(s));
		else
			buf_append(&b, s, strlen(s));
	}
	buf_append(&b, "", 1);
	return text_trim((char *)b.data);
}

static void read_command(xmlNode *node, bool window_system)
{
	struct command *c = NULL;

	for (xmlNode *n = node->children; n; n = n->next) {
		char *name = NULL, *text;

		if (is(n, "proto")) {
			struct param ret = { 0 };

			text = declaration(n, &name);
			/* gl.xml comes first: GLX repeats none of its names */
			if (!name || (window_system && command_find(name)))
				return;
			c = command_new(name);
			param_type(&ret, text);
			c->ret = ret.type;
			c->retc = ret.ctype;
		} else if (is(n, "param") && c) {
			struct param *p = &c->params[c->nparams];

			if (c->nparams++ == MAX_PARAMS)
				die("%s: too many parameters", c->name);
			text = declaration(n, &p->name);
			param_type(p, text);
			p->group = prop(n, "group");
			p->klass = prop(n, "class");
			p->len = prop(n, "len");
		} else if (is(n, "alias") && c) {
			c->alias = prop(n, "name");
		}
	}
}

static void read_enum(xmlNode *n, bool bits)
{
	char *name = prop(n, "name"), *value = prop(n, "value"), *api = prop(n, "api");
	char *end;
	unsigned long long v;

	if (!name || !value || (api && strcmp(api, "gl") != 0 && strcmp(api, "glcore") != 0))
		return;
	v = strtoull(value, &end, 0);
	if (value[0] == '-')
		v = (unsigned long long)strtoll(value, &end, 0);
	else if (v > UINT32_MAX)
		return;         /* GL_TIMEOUT_IGNORED: no 32-bit value */
	enums = grow(enums, (size_t)nenums, sizeof(*enums));
	enums[nenums++] = (struct gl_enum_row){
		.name = name, .value = (uint32_t)v, .group = prop(n, "group"), .bits = bits,
	};
}

static void read_enums(xmlNode *node)
{
	char *type = prop(node, "type"), *group = prop(node, "group");
	bool bits = type && strcmp(type, "bitmask") == 0;

	for (xmlNode *n = node->children; n; n = n->next) {
		int before = nenums;

		if (!is(n, "enum"))
			continue;
		read_enum(n, bits);
		if (nenums > before && !enums[before].group && group)
			enums[before].group = group;
	}
}

/* Names a command or enum of a feature or extension. */
static void read_require(xmlNode *node, int version, char *extension)
{
	for (xmlNode *n = node->children; n; n = n->next) {
		struct command *c;

		if (!is(n, "command"))
			continue;
		c = command_find(prop(n, "name"));
		if (!c)
			continue;
		if (version && (!c->version || version < c->version))
			c->version = version;
		if (extension && !c->extension)
			c->extension = extension;
	}
}

static void read_feature(xmlNode *node, bool window_system)
{
	char *api = prop(node, "api"), *number = prop(node, "number");
	int version;

	if (!api || !number || strcmp(api, window_system ? "glx" : "gl") != 0)
		return;
	version = (number[0] - '0') * 10 + (number[2] - '0');
	for (xmlNode *n = node->children; n; n = n->next)
		if (is(n, "require"))
			read_require(n, version, NULL);
}

static void read_extensions(xmlNode *node)
{
	for (xmlNode *e = node->children; e; e = e->next)
		if (is(e, "extension"))
			for (xmlNode *n = e->children; n; n = n->next)
				if (is(n, "require"))
					read_require(n, 0, prop(e, "name"));
}

/* Among enums of one value the plain name is better than GL_FOO_ARB. */
static int enum_rank(const char *name)
{
	static const char *const vendor[] = {
		"_ARB", "_EXT", "_NV", "_ATI", "_AMD", "_SGI", "_SGIS", "_SGIX", "_OES", "_APPLE",
		"_QCOM", "_INTEL", "_IBM", "_SUN", "_HP", "_KHR", "_IMG", "_ANGLE", "_3DFX",
		"_INGR", "_PGI", "_WIN", "_MESA", "_REND", "_S3", "_ARM", "_NVX", "_GREMEDY",
		"_SUNX", "_OML", "_ANDROID", "_VIV", "_DMP", "_FJ", "_OVR", "_MESAX",
	};
	size_t n = strlen(name);

	for (size_t i = 0; i < sizeof(vendor) / sizeof(*vendor); i++) {
		size_t v = strlen(vendor[i]);

		if (n > v && strcmp(name + n - v, vendor[i]) == 0)
			return i ? 2 : 1;
	}
	return 0;
}

void registry_read(const char *path, bool window_system)
{
	xmlDoc *doc = xmlReadFile(path, NULL, XML_PARSE_NONET | XML_PARSE_NOBLANKS);
	xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;

	if (!root)
		die("%s: not readable as XML (install khronos-api)", path);
	for (xmlNode *n = root->children; n; n = n->next) {
		if (is(n, "commands")) {
			for (xmlNode *c = n->children; c; c = c->next)
				if (is(c, "command"))
					read_command(c, window_system);
		} else if (is(n, "enums") && !window_system) {
			read_enums(n);
		} else if (is(n, "feature")) {
			read_feature(n, window_system);
		} else if (is(n, "extensions")) {
			read_extensions(n);
		}
	}
	for (int i = 0; i < nenums; i++)
		enums[i].rank = enum_rank(enums[i].name);
}

bool enum_value(const char *name, uint32_t *value)
{
	char *full = text_has_prefix(name, "GL_") ? text_copy(name) : text_printf("GL_%s", name);

	for (int i = 0; i < nenums; i++)
		if (strcmp(enums[i].name, full) == 0) {
			*value = enums[i].value;
			return true;
		}
	return false;
}
