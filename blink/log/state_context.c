/* state_context.c - dumps of what glGet* knows about a context: one row per value. */
#include "blink/log/state_dump.h"

#include <string.h>

#include "blink/gl/targets.h"

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define ANY STATE_NO_KEY
#define COORDS 8                /* texture units of the fixed-function pipeline */

/* ---- plain values -------------------------------------------------------- */

static const struct get { const char *slot; uint32_t key0, key1; GLenum pname; unsigned n; } gets[] = {
	{ "current_color", ANY, ANY, GL_CURRENT_COLOR, 4 },
	{ "current_secondary_color", ANY, ANY, GL_CURRENT_SECONDARY_COLOR, 4 },
	{ "current_normal", ANY, ANY, GL_CURRENT_NORMAL, 3 },
	{ "current_fogcoord", ANY, ANY, GL_CURRENT_FOG_COORD, 1 },
	{ "current_index", ANY, ANY, GL_CURRENT_INDEX, 1 },
	{ "edge_flag", ANY, ANY, GL_EDGE_FLAG, 1 },
	{ "array_lock", ANY, ANY, GL_ARRAY_ELEMENT_LOCK_FIRST_EXT, 1 },
	{ "array_lock", ANY, ANY, GL_ARRAY_ELEMENT_LOCK_COUNT_EXT, 1 },
	{ "matrix_mode", ANY, ANY, GL_MATRIX_MODE, 1 },
	{ "matrix", GL_MODELVIEW, 0, GL_MODELVIEW_MATRIX, 16 },
	{ "matrix_stack", GL_MODELVIEW, 0, GL_MODELVIEW_STACK_DEPTH, 1 },
	{ "matrix", GL_PROJECTION, 0, GL_PROJECTION_MATRIX, 16 },
	{ "matrix_stack", GL_PROJECTION, 0, GL_PROJECTION_STACK_DEPTH, 1 },
	{ "viewport", ANY, ANY, GL_VIEWPORT, 4 },
	{ "depth_range", ANY, ANY, GL_DEPTH_RANGE, 2 },
	{ "clip_control", ANY, ANY, GL_CLIP_ORIGIN, 1 },
	{ "clip_control", ANY, ANY, GL_CLIP_DEPTH_MODE, 1 },
	{ "light_model", GL_LIGHT_MODEL_AMBIENT, ANY, GL_LIGHT_MODEL_AMBIENT, 4 },
	{ "light_model", GL_LIGHT_MODEL_LOCAL_VIEWER, ANY, GL_LIGHT_MODEL_LOCAL_VIEWER, 1 },
	{ "light_model", GL_LIGHT_MODEL_TWO_SIDE, ANY, GL_LIGHT_MODEL_TWO_SIDE, 1 },
	{ "light_model", GL_LIGHT_MODEL_COLOR_CONTROL, ANY, GL_LIGHT_MODEL_COLOR_CONTROL, 1 },
	{ "color_material", ANY, ANY, GL_COLOR_MATERIAL_FACE, 1 },
	{ "color_material", ANY, ANY, GL_COLOR_MATERIAL_PARAMETER, 1 },
	{ "shade_model", ANY, ANY, GL_SHADE_MODEL, 1 },
	{ "provoking_vertex", ANY, ANY, GL_PROVOKING_VERTEX, 1 },
	{ "clamp_color", GL_CLAMP_VERTEX_COLOR, ANY, GL_CLAMP_VERTEX_COLOR, 1 },
	{ "clamp_color", GL_CLAMP_FRAGMENT_COLOR, ANY, GL_CLAMP_FRAGMENT_COLOR, 1 },
	{ "clamp_color", GL_CLAMP_READ_COLOR, ANY, GL_CLAMP_READ_COLOR, 1 },
	{ "raster_pos", ANY, ANY, GL_CURRENT_RASTER_POSITION, 4 },
	{ "raster_pos", ANY, ANY, GL_CURRENT_RASTER_POSITION_VALID, 1 },
	{ "raster_pos", ANY, ANY, GL_CURRENT_RASTER_COLOR, 4 },
	{ "raster_pos", ANY, ANY, GL_CURRENT_RASTER_SECONDARY_COLOR, 4 },
	{ "raster_pos", ANY, ANY, GL_CURRENT_RASTER_DISTANCE, 1 },
	{ "raster_pos", ANY, ANY, GL_CURRENT_RASTER_TEXTURE_COORDS, 4 },
	{ "point_size", ANY, ANY, GL_POINT_SIZE, 1 },
	{ "point_param", GL_POINT_SIZE_MIN, ANY, GL_POINT_SIZE_MIN, 1 },
	{ "point_param", GL_POINT_SIZE_MAX, ANY, GL_POINT_SIZE_MAX, 1 },
	{ "point_param", GL_POINT_FADE_THRESHOLD_SIZE, ANY, GL_POINT_FADE_THRESHOLD_SIZE, 1 },
	{ "point_param", GL_POINT_DISTANCE_ATTENUATION, ANY, GL_POINT_DISTANCE_ATTENUATION, 3 },
	{ "point_param", GL_POINT_SPRITE_COORD_ORIGIN, ANY, GL_POINT_SPRITE_COORD_ORIGIN, 1 },
	{ "line_width", ANY, ANY, GL_LINE_WIDTH, 1 },
	{ "line_stipple", ANY, ANY, GL_LINE_STIPPLE_PATTERN, 1 },
	{ "line_stipple", ANY, ANY, GL_LINE_STIPPLE_REPEAT, 1 },
	{ "cull_face", ANY, ANY, GL_CULL_FACE_MODE, 1 },
	{ "front_face", ANY, ANY, GL_FRONT_FACE, 1 },
	{ "polygon_offset", ANY, ANY, GL_POLYGON_OFFSET_FACTOR, 1 },
	{ "polygon_offset", ANY, ANY, GL_POLYGON_OFFSET_UNITS, 1 },
	{ "pixel_zoom", ANY, ANY, GL_ZOOM_X, 1 },
	{ "pixel_zoom", ANY, ANY, GL_ZOOM_Y, 1 },
	{ "fog", GL_FOG_MODE, ANY, GL_FOG_MODE, 1 },
	{ "fog", GL_FOG_DENSITY, ANY, GL_FOG_DENSITY, 1 },
	{ "fog", GL_FOG_START, ANY, GL_FOG_START, 1 },
	{ "fog", GL_FOG_END, ANY, GL_FOG_END, 1 },
	{ "fog", GL_FOG_INDEX, ANY, GL_FOG_INDEX, 1 },
	{ "fog", GL_FOG_COLOR, ANY, GL_FOG_COLOR, 4 },
	{ "fog", GL_FOG_COORD_SRC, ANY, GL_FOG_COORD_SRC, 1 },
	{ "scissor", ANY, ANY, GL_SCISSOR_BOX, 4 },
	{ "sample_coverage", ANY, ANY, GL_SAMPLE_COVERAGE_VALUE, 1 },
	{ "sample_coverage", ANY, ANY, GL_SAMPLE_COVERAGE_INVERT, 1 },
	{ "sample_shading", ANY, ANY, GL_MIN_SAMPLE_SHADING_VALUE, 1 },
	{ "alpha_func", ANY, ANY, GL_ALPHA_TEST_FUNC, 1 },
	{ "alpha_func", ANY, ANY, GL_ALPHA_TEST_REF, 1 },
	{ "stencil_func", GL_FRONT, ANY, GL_STENCIL_FUNC, 1 },
	{ "stencil_func", GL_FRONT, ANY, GL_STENCIL_REF, 1 },
	{ "stencil_func", GL_FRONT, ANY, GL_STENCIL_VALUE_MASK, 1 },
	{ "stencil_func", GL_BACK, ANY, GL_STENCIL_BACK_FUNC, 1 },
	{ "stencil_func", GL_BACK, ANY, GL_STENCIL_BACK_REF, 1 },
	{ "stencil_func", GL_BACK, ANY, GL_STENCIL_BACK_VALUE_MASK, 1 },
	{ "stencil_op", GL_FRONT, ANY, GL_STENCIL_FAIL, 1 },
	{ "stencil_op", GL_FRONT, ANY, GL_STENCIL_PASS_DEPTH_FAIL, 1 },
	{ "stencil_op", GL_FRONT, ANY, GL_STENCIL_PASS_DEPTH_PASS, 1 },
	{ "stencil_op", GL_BACK, ANY, GL_STENCIL_BACK_FAIL, 1 },
	{ "stencil_op", GL_BACK, ANY, GL_STENCIL_BACK_PASS_DEPTH_FAIL, 1 },
	{ "stencil_op", GL_BACK, ANY, GL_STENCIL_BACK_PASS_DEPTH_PASS, 1 },
	{ "stencil_mask", GL_FRONT, ANY, GL_STENCIL_WRITEMASK, 1 },
	{ "stencil_mask", GL_BACK, ANY, GL_STENCIL_BACK_WRITEMASK, 1 },
	{ "depth_func", ANY, ANY, GL_DEPTH_FUNC, 1 },
	{ "depth_bounds", ANY, ANY, GL_DEPTH_BOUNDS_EXT, 2 },
	{ "blend_color", ANY, ANY, GL_BLEND_COLOR, 4 },
	{ "logic_op", ANY, ANY, GL_LOGIC_OP_MODE, 1 },
	{ "index_mask", ANY, ANY, GL_INDEX_WRITEMASK, 1 },
	{ "depth_mask", ANY, ANY, GL_DEPTH_WRITEMASK, 1 },
	{ "clear_color", ANY, ANY, GL_COLOR_CLEAR_VALUE, 4 },
	{ "clear_index", ANY, ANY, GL_INDEX_CLEAR_VALUE, 1 },
	{ "clear_depth", ANY, ANY, GL_DEPTH_CLEAR_VALUE, 1 },
	{ "clear_stencil", ANY, ANY, GL_STENCIL_CLEAR_VALUE, 1 },
	{ "clear_accum", ANY, ANY, GL_ACCUM_CLEAR_VALUE, 4 },
	{ "map_grid", 1, ANY, GL_MAP1_GRID_DOMAIN, 2 },
	{ "map_grid", 1, ANY, GL_MAP1_GRID_SEGMENTS, 1 },
	{ "map_grid", 2, ANY, GL_MAP2_GRID_DOMAIN, 4 },
	{ "map_grid", 2, ANY, GL_MAP2_GRID_SEGMENTS, 2 },
	{ "render_mode", ANY, ANY, GL_RENDER_MODE, 1 },
	{ "feedback_buffer", ANY, ANY, GL_FEEDBACK_BUFFER_SIZE, 1 },
	{ "feedback_buffer", ANY, ANY, GL_FEEDBACK_BUFFER_TYPE, 1 },
	{ "select_buffer", ANY, ANY, GL_SELECTION_BUFFER_SIZE, 1 },
	{ "name_stack", ANY, ANY, GL_NAME_STACK_DEPTH, 1 },
	{ "list_base", ANY, ANY, GL_LIST_BASE, 1 },
	{ "list_mode", ANY, ANY, GL_LIST_INDEX, 1 },
	{ "list_mode", ANY, ANY, GL_LIST_MODE, 1 },
	{ "attrib_stack", ANY, ANY, GL_ATTRIB_STACK_DEPTH, 1 },
	{ "client_attrib_stack", ANY, ANY, GL_CLIENT_ATTRIB_STACK_DEPTH, 1 },
	{ "primitive_restart", ANY, ANY, GL_PRIMITIVE_RESTART_INDEX, 1 },
	{ "client_active_texture", ANY, ANY, GL_CLIENT_ACTIVE_TEXTURE, 1 },
	{ "active_texture", ANY, ANY, GL_ACTIVE_TEXTURE, 1 },
	{ "transform_feedback", ANY, ANY, GL_TRANSFORM_FEEDBACK_BINDING, 1 },
	{ "transform_feedback", ANY, ANY, GL_TRANSFORM_FEEDBACK_BUFFER_ACTIVE, 1 },
	{ "transform_feedback", ANY, ANY, GL_TRANSFORM_FEEDBACK_BUFFER_PAUSED, 1 },
	{ "buffer_binding", GL_ARRAY_BUFFER, ANY, GL_ARRAY_BUFFER_BINDING, 1 },
	{ "buffer_binding", GL_PIXEL_PACK_BUFFER, ANY, GL_PIXEL_PACK_BUFFER_BINDING, 1 },
	{ "buffer_binding", GL_PIXEL_UNPACK_BUFFER, ANY, GL_PIXEL_UNPACK_BUFFER_BINDING, 1 },
	{ "buffer_binding", GL_UNIFORM_BUFFER, ANY, GL_UNIFORM_BUFFER_BINDING, 1 },
	{ "buffer_binding", GL_TRANSFORM_FEEDBACK_BUFFER, ANY,
	  GL_TRANSFORM_FEEDBACK_BUFFER_BINDING, 1 },
	{ "buffer_binding", GL_COPY_READ_BUFFER, ANY, GL_COPY_READ_BUFFER_BINDING, 1 },
	{ "buffer_binding", GL_COPY_WRITE_BUFFER, ANY, GL_COPY_WRITE_BUFFER_BINDING, 1 },
	{ "buffer_binding", GL_TEXTURE_BUFFER, ANY, GL_TEXTURE_BUFFER, 1 },
	{ "buffer_binding", GL_DRAW_INDIRECT_BUFFER, ANY, GL_DRAW_INDIRECT_BUFFER_BINDING, 1 },
	{ "buffer_binding", GL_SHADER_STORAGE_BUFFER, ANY, GL_SHADER_STORAGE_BUFFER_BINDING, 1 },
	{ "buffer_binding", GL_ATOMIC_COUNTER_BUFFER, ANY, GL_ATOMIC_COUNTER_BUFFER_BINDING, 1 },
};

/* Slots whose key is the name that is asked for. */
static const struct named { const char *slot; GLenum pname[20]; } named[] = {
	{ "pixel_store", { GL_PACK_SWAP_BYTES, GL_PACK_LSB_FIRST, GL_PACK_ROW_LENGTH,
			   GL_PACK_SKIP_ROWS, GL_PACK_SKIP_PIXELS, GL_PACK_ALIGNMENT,
			   GL_PACK_IMAGE_HEIGHT, GL_PACK_SKIP_IMAGES, GL_UNPACK_SWAP_BYTES,
			   GL_UNPACK_LSB_FIRST, GL_UNPACK_ROW_LENGTH, GL_UNPACK_SKIP_ROWS,
			   GL_UNPACK_SKIP_PIXELS, GL_UNPACK_ALIGNMENT, GL_UNPACK_IMAGE_HEIGHT,
			   GL_UNPACK_SKIP_IMAGES } },
	{ "pixel_transfer", { GL_MAP_COLOR, GL_MAP_STENCIL, GL_INDEX_SHIFT, GL_INDEX_OFFSET,
			      GL_RED_SCALE, GL_GREEN_SCALE, GL_BLUE_SCALE, GL_ALPHA_SCALE,
			      GL_DEPTH_SCALE, GL_RED_BIAS, GL_GREEN_BIAS, GL_BLUE_BIAS,
			      GL_ALPHA_BIAS, GL_DEPTH_BIAS } },
	{ "hint", { GL_PERSPECTIVE_CORRECTION_HINT, GL_POINT_SMOOTH_HINT, GL_LINE_SMOOTH_HINT,
		    GL_POLYGON_SMOOTH_HINT, GL_FOG_HINT, GL_GENERATE_MIPMAP_HINT,
		    GL_TEXTURE_COMPRESSION_HINT, GL_FRAGMENT_SHADER_DERIVATIVE_HINT } },
};

static void plain_dump(struct state_dump *d)
{
	for (size_t i = 0; i < COUNT(gets); i++) {
		const struct get *g = &gets[i];
		double v[16] = { 0 };
		unsigned space;         /* of a value that is a name */

		glGetDoublev(g->pname, v);
		space = strcmp(g->slot, "buffer_binding") == 0 ? GL_SPACE_BUFFER :
			g->pname == GL_TRANSFORM_FEEDBACK_BINDING ? GL_SPACE_XFB : GL_SPACE_NONE;
		if (space != GL_SPACE_NONE)
			v[0] = state_client(d, space, (uint32_t)v[0]);
		state_put_double(d, &(struct state_at){ g->slot, { g->key0, g->key1 }, 0 },
				 g->pname, v, g->n);
	}
	for (size_t i = 0; i < COUNT(named); i++) {
		for (size_t k = 0; k < COUNT(named[i].pname) && named[i].pname[k]; k++) {
			double v[16] = { 0 };

			glGetDoublev(named[i].pname[k], v);
			state_put_double(d, &(struct state_at){ named[i].slot,
					 { named[i].pname[k], ANY }, 0 }, 0, v, 1);
		}
	}
}

/* ---- enables ------------------------------------------------------------- */

static const GLenum caps[] = {
	GL_ALPHA_TEST, GL_AUTO_NORMAL, GL_COLOR_LOGIC_OP, GL_INDEX_LOGIC_OP,
	GL_COLOR_MATERIAL, GL_CULL_FACE, GL_DEPTH_TEST, GL_DITHER, GL_FOG, GL_LIGHTING,
	GL_LINE_SMOOTH, GL_LINE_STIPPLE, GL_MAP1_COLOR_4, GL_MAP1_INDEX, GL_MAP1_NORMAL,
	GL_MAP1_TEXTURE_COORD_1, GL_MAP1_TEXTURE_COORD_2, GL_MAP1_TEXTURE_COORD_3,
	GL_MAP1_TEXTURE_COORD_4, GL_MAP1_VERTEX_3, GL_MAP1_VERTEX_4, GL_MAP2_COLOR_4,
	GL_MAP2_INDEX, GL_MAP2_NORMAL, GL_MAP2_TEXTURE_COORD_1, GL_MAP2_TEXTURE_COORD_2,
	GL_MAP2_TEXTURE_COORD_3, GL_MAP2_TEXTURE_COORD_4, GL_MAP2_VERTEX_3,
	GL_MAP2_VERTEX_4, GL_MULTISAMPLE, GL_NORMALIZE, GL_POINT_SMOOTH, GL_POINT_SPRITE,
	GL_POLYGON_OFFSET_FILL, GL_POLYGON_OFFSET_LINE, GL_POLYGON_OFFSET_POINT,
	GL_POLYGON_SMOOTH, GL_POLYGON_STIPPLE, GL_RESCALE_NORMAL,
	GL_SAMPLE_ALPHA_TO_COVERAGE, GL_SAMPLE_ALPHA_TO_ONE, GL_SAMPLE_COVERAGE,
	GL_SCISSOR_TEST, GL_STENCIL_TEST, GL_STENCIL_TEST_TWO_SIDE_EXT, GL_COLOR_SUM,
	GL_VERTEX_PROGRAM_ARB, GL_FRAGMENT_PROGRAM_ARB, GL_VERTEX_PROGRAM_POINT_SIZE,
	GL_VERTEX_PROGRAM_TWO_SIDE, GL_FRAMEBUFFER_SRGB, GL_PRIMITIVE_RESTART,
	GL_PRIMITIVE_RESTART_FIXED_INDEX, GL_RASTERIZER_DISCARD, GL_SAMPLE_MASK,
	GL_SAMPLE_SHADING, GL_TEXTURE_CUBE_MAP_SEAMLESS, GL_DEPTH_CLAMP,
	GL_DEPTH_BOUNDS_TEST_EXT, GL_DEBUG_OUTPUT, GL_DEBUG_OUTPUT_SYNCHRONOUS,
	GL_CLIP_PLANE0, GL_CLIP_PLANE1, GL_CLIP_PLANE2, GL_CLIP_PLANE3, GL_CLIP_PLANE4,
	GL_CLIP_PLANE5, GL_LIGHT0, GL_LIGHT1, GL_LIGHT2, GL_LIGHT3, GL_LIGHT4, GL_LIGHT5,
	GL_LIGHT6, GL_LIGHT7,
};

static void enables_dump(struct state_dump *d)
{
	for (size_t i = 0; i < COUNT(caps); i++)
		state_put_int(d, &(struct state_at){ "enable", { caps[i], ANY }, 0 }, 0,
			      glIsEnabled(caps[i]));
	state_put_int(d, &(struct state_at){ "bound_array_enable",
		      { GL_PRIMITIVE_RESTART_NV, ANY }, 0 }, 0, glIsEnabled(GL_PRIMITIVE_RESTART_NV));
	for (GLuint i = 0; i < 8; i++)
		state_put_int(d, &(struct state_at){ "enable", { GL_BLEND, ANY }, 0 }, i,
			      glIsEnabledi(GL_BLEND, i));
}

/* ---- lighting, clipping -------------------------------------------------- */

static void lights_dump(struct state_dump *d)
{
	static const struct { GLenum pname; unsigned n; } light[] = {
		{ GL_AMBIENT, 4 }, { GL_DIFFUSE, 4 }, { GL_SPECULAR, 4 }, { GL_POSITION, 4 },
		{ GL_SPOT_DIRECTION, 3 }, { GL_SPOT_EXPONENT, 1 }, { GL_SPOT_CUTOFF, 1 },
		{ GL_CONSTANT_ATTENUATION, 1 }, { GL_LINEAR_ATTENUATION, 1 },
		{ GL_QUADRATIC_ATTENUATION, 1 },
	}, material[] = {
		{ GL_AMBIENT, 4 }, { GL_DIFFUSE, 4 }, { GL_SPECULAR, 4 }, { GL_EMISSION, 4 },
		{ GL_SHININESS, 1 }, { GL_COLOR_INDEXES, 3 },
	};
	static const GLenum faces[] = { GL_FRONT, GL_BACK };

	for (GLenum l = GL_LIGHT0; l < GL_LIGHT0 + 8; l++)
		for (size_t i = 0; i < COUNT(light); i++) {
			float v[4] = { 0 };

			glGetLightfv(l, light[i].pname, v);
			state_put(d, &(struct state_at){ "light", { l, light[i].pname }, 0 }, 0, v,
				  light[i].n * sizeof(*v), (double)v[0]);
		}
	for (size_t f = 0; f < COUNT(faces); f++)
		for (size_t i = 0; i < COUNT(material); i++) {
			float v[4] = { 0 };

			glGetMaterialfv(faces[f], material[i].pname, v);
			state_put(d, &(struct state_at){ "material", { faces[f], material[i].pname },
				  0 }, 0, v, material[i].n * sizeof(*v), (double)v[0]);
		}
	for (GLenum p = GL_CLIP_PLANE0; p < GL_CLIP_PLANE0 + 6; p++) {
		double v[4] = { 0 };

		glGetClipPlane(p, v);
		state_put_double(d, &(struct state_at){ "clip_plane", { p, ANY }, 0 }, 0, v, 4);
	}
}

/* ---- per draw buffer, per face, per index -------------------------------- */

/* Drivers that were told the same are to have the same entries, also where one cannot do
 * what another can: that has then stayed as it begins. */
static void patches_dump(struct state_dump *d)
{
	static const struct { GLenum pname; unsigned n; double begins; } params[] = {
		{ GL_PATCH_VERTICES, 1, 3 }, { GL_PATCH_DEFAULT_OUTER_LEVEL, 4, 1 },
		{ GL_PATCH_DEFAULT_INNER_LEVEL, 2, 1 },
	};
	GLint most = 0;

	glGetIntegerv(GL_MAX_PATCH_VERTICES, &most);
	for (size_t i = 0; i < COUNT(params); i++) {
		const struct state_at at = { "patch_param", { params[i].pname, ANY }, 0 };
		double v[4] = { params[i].begins, params[i].begins, params[i].begins,
				params[i].begins };

		if (most > 0)
			glGetDoublev(params[i].pname, v);
		state_put_double(d, &at, params[i].pname, v, params[i].n);
	}
}

/* The first viewport is among the plain values; glViewport sets all. */
static void viewports_dump(struct state_dump *d)
{
	static const struct { const char *slot; GLenum pname; unsigned n; } boxes[] = {
		{ "viewport", GL_VIEWPORT, 4 }, { "scissor", GL_SCISSOR_BOX, 4 },
		{ "depth_range", GL_DEPTH_RANGE, 2 },
	};
	GLint n = 0;

	glGetIntegerv(GL_MAX_VIEWPORTS, &n);
	for (size_t i = 0; i < COUNT(boxes); i++)
		for (GLuint k = 1; n > 0 && k < (GLuint)n && k < 16; k++) {
			double first[4] = { 0 }, v[4] = { 0 };

			glGetDoublei_v(boxes[i].pname, 0, first);
			glGetDoublei_v(boxes[i].pname, k, v);
			if (memcmp(first, v, sizeof(v)))
				state_put_double(d, &(struct state_at){ boxes[i].slot, { ANY, ANY }, 0 },
					 0x10000 + k, v, boxes[i].n);
		}
}

static void images_dump(struct state_dump *d)
{
	static const GLenum pnames[] = {
		GL_IMAGE_BINDING_LEVEL, GL_IMAGE_BINDING_LAYERED, GL_IMAGE_BINDING_LAYER,
		GL_IMAGE_BINDING_ACCESS, GL_IMAGE_BINDING_FORMAT,
	};
	GLint n = 0;

	glGetIntegerv(GL_MAX_IMAGE_UNITS, &n);
	for (GLuint u = 0; u < 8; u++) {
		const struct state_at at = { "image_binding", { u, ANY }, 0 };
		GLint name = 0, v[COUNT(pnames)] = { 0 };

		if (n > 0 && u < (GLuint)n)
			glGetIntegeri_v(GL_IMAGE_BINDING_NAME, u, &name);
		state_put_int(d, &at, 0, (int)state_client(d, GL_SPACE_TEXTURE, (uint32_t)name));
		if (!name)
			continue;
		for (size_t i = 0; i < COUNT(pnames); i++)
			glGetIntegeri_v(pnames[i], u, &v[i]);
		state_put(d, &at, 1, v, sizeof(v), v[0]);
	}
}

static void indexed_dump(struct state_dump *d)
{
	static const struct { const char *slot; GLenum pname; } buffers[] = {
		{ "blend_func", GL_BLEND_SRC_RGB }, { "blend_func", GL_BLEND_DST_RGB },
		{ "blend_func", GL_BLEND_SRC_ALPHA }, { "blend_func", GL_BLEND_DST_ALPHA },
		{ "blend_equation", GL_BLEND_EQUATION_RGB },
		{ "blend_equation", GL_BLEND_EQUATION_ALPHA }, { "color_mask", GL_COLOR_WRITEMASK },
	};
	static const struct { GLenum target, binding, start, size; } ranges[] = {
		{ GL_UNIFORM_BUFFER, GL_UNIFORM_BUFFER_BINDING, GL_UNIFORM_BUFFER_START,
		  GL_UNIFORM_BUFFER_SIZE },
		{ GL_TRANSFORM_FEEDBACK_BUFFER, GL_TRANSFORM_FEEDBACK_BUFFER_BINDING,
		  GL_TRANSFORM_FEEDBACK_BUFFER_START, GL_TRANSFORM_FEEDBACK_BUFFER_SIZE },
	};
	GLint mode[2] = { 0 };

	for (size_t i = 0; i < COUNT(buffers); i++)
		for (GLuint b = 0; b < 8; b++) {
			GLint v[4] = { 0 };

			glGetIntegeri_v(buffers[i].pname, b, v);
			state_put(d, &(struct state_at){ buffers[i].slot, { b, ANY }, 0 },
				  buffers[i].pname, v, sizeof(v), v[0]);
		}
	for (size_t i = 0; i < COUNT(ranges); i++)
		for (GLuint b = 0; b < 4; b++) {
			GLint64 v[3] = { 0 };

			glGetInteger64i_v(ranges[i].binding, b, &v[0]);
			glGetInteger64i_v(ranges[i].start, b, &v[1]);
			glGetInteger64i_v(ranges[i].size, b, &v[2]);
			v[0] = state_client(d, GL_SPACE_BUFFER, (uint32_t)v[0]);
			state_put(d, &(struct state_at){ "buffer_range", { ranges[i].target, b }, 0 },
				  0, v, sizeof(v), (double)v[0]);
		}
	patches_dump(d);
	viewports_dump(d);
	images_dump(d);
	glGetIntegeri_v(GL_SAMPLE_MASK_VALUE, 0, mode);
	state_put_int(d, &(struct state_at){ "sample_mask", { 0, ANY }, 0 }, 0, mode[0]);
	glGetIntegerv(GL_POLYGON_MODE, mode);
	state_put_int(d, &(struct state_at){ "polygon_mode", { GL_FRONT, ANY }, 0 }, 0, mode[0]);
	state_put_int(d, &(struct state_at){ "polygon_mode", { GL_BACK, ANY }, 0 }, 0, mode[1]);
	/* attribute 0 is the vertex: it has no current value to ask for */
	for (GLuint i = 1; i < 16; i++) {
		GLint v[4] = { 0 };

		glGetVertexAttribIiv(i, GL_CURRENT_VERTEX_ATTRIB, v);
		state_put(d, &(struct state_at){ "current_attrib", { i, ANY }, 0 }, 0, v, sizeof(v),
			  v[0]);
	}
}

/* ---- maps, stipple, lists ------------------------------------------------ */

void state_maps(struct state_dump *d)
{
	static const unsigned wide[] = { 4, 1, 3, 1, 2, 3, 4, 3, 4 };
	uint8_t stipple[128] = { 0 };

	if (d->core)
		return;
	for (GLenum m = GL_PIXEL_MAP_I_TO_I; m <= GL_PIXEL_MAP_A_TO_A; m++) {
		const struct state_at at = { "pixel_map", { m, ANY }, 0 };
		/* the sizes' names follow the maps' own, in the same order */
		GLenum size_name = GL_PIXEL_MAP_I_TO_I_SIZE + (m - GL_PIXEL_MAP_I_TO_I);
		static float v[65536];
		GLint n = 0;

		glGetIntegerv(size_name, &n);
		if (n < 0 || n > 65536)
			continue;
		glGetPixelMapfv(m, v);
		state_put(d, &at, 0, v, (size_t)n * sizeof(*v), n);
	}
	for (GLenum m = 0; m < 2 * COUNT(wide); m++) {
		GLenum target = m < COUNT(wide) ? GL_MAP1_COLOR_4 + m
						: GL_MAP2_COLOR_4 + m - (GLenum)COUNT(wide);
		const struct state_at at = { "evaluator", { target, ANY }, 0 };
		double domain[4] = { 0 }, coeff[4 * 30 * 30];
		GLint order[2] = { 1, 1 };

		glGetMapiv(target, GL_ORDER, order);
		glGetMapdv(target, GL_DOMAIN, domain);
		state_put_double(d, &at, GL_DOMAIN, domain, 4);
		state_put(d, &at, GL_ORDER, order, sizeof(order), order[0]);
		if (m < COUNT(wide))
			order[1] = 1;
		if (order[0] * order[1] > 900)
			continue;
		glGetMapdv(target, GL_COEFF, coeff);
		state_put_double(d, &at, GL_COEFF, coeff, (unsigned)(order[0] * order[1]) *
				 wide[m % COUNT(wide)]);
	}
	glGetPolygonStipple(stipple);
	state_put(d, &(struct state_at){ "polygon_stipple", { ANY, ANY }, 0 }, 0, stipple,
		  sizeof(stipple), stipple[0]);
	for (struct state_each l = { 0 }; state_next(d, GL_SPACE_LIST, &l); )
		if (glIsList(l.driver))
			state_put_int(d, &(struct state_at){ "list", { l.client, ANY }, 0 }, 0, 1);
}

static void pointers_dump(struct state_dump *d)
{
	void *p = NULL;

	glGetPointerv(GL_FEEDBACK_BUFFER_POINTER, &p);
	state_put_int(d, &(struct state_at){ "feedback_buffer", { ANY, ANY }, 0 }, 0,
		      d->world ? p != NULL : (int64_t)(intptr_t)p);
	p = NULL;
	glGetPointerv(GL_SELECTION_BUFFER_POINTER, &p);
	state_put_int(d, &(struct state_at){ "select_buffer", { ANY, ANY }, 0 }, 0,
		      d->world ? p != NULL : (int64_t)(intptr_t)p);
}

void state_context(struct state_dump *d)
{
	plain_dump(d);
	enables_dump(d);
	indexed_dump(d);
	if (d->core)
		return;
	lights_dump(d);
	pointers_dump(d);
}

/* ---- matrices below the top ----------------------------------------------- */

#define DEPTH_MAX 64

/* The stack is popped and built up again; one of a single matrix is not touched. */
static void stack_dump(struct state_dump *d, GLenum mode, GLenum depth_name, GLenum name,
		       uint32_t unit)
{
	static float m[DEPTH_MAX][16];
	const struct state_at at = { "matrix_stack", { mode, unit }, 0 };
	GLint depth = 1;

	glGetIntegerv(depth_name, &depth);
	if (depth <= 1 || depth > DEPTH_MAX)
		return;
	glMatrixMode(mode);
	for (GLint i = depth; i-- > 0; ) {
		glGetFloatv(name, m[i]);
		if (i + 1 < depth)
			state_put(d, &at, 0x10000u + (uint32_t)i, m[i], sizeof(m[i]),
				  (double)m[i][0]);
		if (i)
			glPopMatrix();
	}
	for (GLint i = 1; i < depth; i++) {
		glPushMatrix();
		glLoadMatrixf(m[i]);
	}
}

void state_stacks(struct state_dump *d)
{
	GLint mode = GL_MODELVIEW, active = GL_TEXTURE0;

	if (d->core)
		return;
	glGetIntegerv(GL_MATRIX_MODE, &mode);
	glGetIntegerv(GL_ACTIVE_TEXTURE, &active);
	stack_dump(d, GL_MODELVIEW, GL_MODELVIEW_STACK_DEPTH, GL_MODELVIEW_MATRIX, 0);
	stack_dump(d, GL_PROJECTION, GL_PROJECTION_STACK_DEPTH, GL_PROJECTION_MATRIX, 0);
	for (GLenum u = GL_TEXTURE0; u < GL_TEXTURE0 + COORDS; u++) {
		glActiveTexture(u);
		stack_dump(d, GL_TEXTURE, GL_TEXTURE_STACK_DEPTH, GL_TEXTURE_MATRIX, u);
	}
	glActiveTexture((GLenum)active);
	glMatrixMode((GLenum)mode);
}

/* ---- texture units ------------------------------------------------------- */

#define UNITS_MAX 32

static void unit_env_dump(struct state_dump *d, GLenum unit)
{
	static const struct { GLenum target, pname; unsigned n; } env[] = {
		{ GL_TEXTURE_ENV, GL_TEXTURE_ENV_MODE, 1 }, { GL_TEXTURE_ENV, GL_TEXTURE_ENV_COLOR, 4 },
		{ GL_TEXTURE_ENV, GL_COMBINE_RGB, 1 }, { GL_TEXTURE_ENV, GL_COMBINE_ALPHA, 1 },
		{ GL_TEXTURE_ENV, GL_SRC0_RGB, 1 }, { GL_TEXTURE_ENV, GL_SRC1_RGB, 1 },
		{ GL_TEXTURE_ENV, GL_SRC2_RGB, 1 }, { GL_TEXTURE_ENV, GL_SRC0_ALPHA, 1 },
		{ GL_TEXTURE_ENV, GL_SRC1_ALPHA, 1 }, { GL_TEXTURE_ENV, GL_SRC2_ALPHA, 1 },
		{ GL_TEXTURE_ENV, GL_OPERAND0_RGB, 1 }, { GL_TEXTURE_ENV, GL_OPERAND1_RGB, 1 },
		{ GL_TEXTURE_ENV, GL_OPERAND2_RGB, 1 }, { GL_TEXTURE_ENV, GL_OPERAND0_ALPHA, 1 },
		{ GL_TEXTURE_ENV, GL_OPERAND1_ALPHA, 1 }, { GL_TEXTURE_ENV, GL_OPERAND2_ALPHA, 1 },
		{ GL_TEXTURE_ENV, GL_RGB_SCALE, 1 }, { GL_TEXTURE_ENV, GL_ALPHA_SCALE, 1 },
		{ GL_TEXTURE_FILTER_CONTROL, GL_TEXTURE_LOD_BIAS, 1 },
		{ GL_POINT_SPRITE, GL_COORD_REPLACE, 1 },
	};

	for (size_t i = 0; i < COUNT(env); i++) {
		float v[4] = { 0 };

		glGetTexEnvfv(env[i].target, env[i].pname, v);
		state_put(d, &(struct state_at){ "texenv", { unit, env[i].pname }, 0 }, 0, v,
			  env[i].n * sizeof(*v), (double)v[0]);
	}
	for (GLenum c = GL_S; c <= GL_Q; c++) {
		struct state_at at = { "texgen_mode", { unit, c }, 0 };
		double v[4] = { 0 };

		glGetTexGendv(c, GL_TEXTURE_GEN_MODE, v);
		state_put_double(d, &at, 0, v, 1);
		at.slot = "texgen_plane";
		glGetTexGendv(c, GL_OBJECT_PLANE, v);
		state_put_double(d, &at, GL_OBJECT_PLANE, v, 4);
		glGetTexGendv(c, GL_EYE_PLANE, v);
		state_put_double(d, &at, GL_EYE_PLANE, v, 4);
	}
}

static void unit_dump(struct state_dump *d, GLuint u)
{
	static const GLenum unit_caps[] = {
		GL_TEXTURE_1D, GL_TEXTURE_2D, GL_TEXTURE_3D, GL_TEXTURE_CUBE_MAP,
		GL_TEXTURE_RECTANGLE, GL_TEXTURE_GEN_S, GL_TEXTURE_GEN_T, GL_TEXTURE_GEN_R,
		GL_TEXTURE_GEN_Q,
	};
	GLenum unit = GL_TEXTURE0 + u;
	double v[16] = { 0 };
	GLint name = 0;

	glActiveTexture(unit);
	for (size_t i = 0; i < GL_TEXTURE_TARGETS; i++) {
		glGetIntegerv(gl_texture_targets[i].binding, &name);
		state_put_name(d, &(struct state_at){ "texture_binding", { unit,
			       gl_texture_targets[i].target }, 0 }, 0, GL_SPACE_TEXTURE, name);
	}
	glGetIntegerv(GL_SAMPLER_BINDING, &name);
	state_put_name(d, &(struct state_at){ "sampler_binding", { u, ANY }, 0 }, 0,
		       GL_SPACE_SAMPLER, name);
	if (d->core || u >= COORDS)
		return;
	glGetDoublev(GL_CURRENT_TEXTURE_COORDS, v);
	state_put_double(d, &(struct state_at){ "current_texcoord", { unit, ANY }, 0 }, 0, v, 4);
	glGetDoublev(GL_TEXTURE_MATRIX, v);
	state_put_double(d, &(struct state_at){ "matrix", { GL_TEXTURE, unit }, 0 }, 0, v, 16);
	glGetDoublev(GL_TEXTURE_STACK_DEPTH, v);
	state_put_double(d, &(struct state_at){ "matrix_stack", { GL_TEXTURE, unit }, 0 }, 0, v, 1);
	for (size_t i = 0; i < COUNT(unit_caps); i++)
		state_put_int(d, &(struct state_at){ "enable", { unit_caps[i], unit }, 0 }, 0,
			      glIsEnabled(unit_caps[i]));
	unit_env_dump(d, unit);
}

void state_units(struct state_dump *d)
{
	GLint active = GL_TEXTURE0, mode = 0, units = COORDS;

	glGetIntegerv(GL_MAX_COMBINED_TEXTURE_IMAGE_UNITS, &units);
	glGetIntegerv(GL_ACTIVE_TEXTURE, &active);
	glGetIntegerv(GL_MATRIX_MODE, &mode);
	state_put_int(d, &(struct state_at){ "matrix_unit", { ANY, ANY }, 0 }, 0,
		      mode == GL_TEXTURE ? active : 0);
	for (GLuint u = 0; u < UNITS_MAX && u < (GLuint)units; u++)
		unit_dump(d, u);
	glActiveTexture((GLenum)active);
}
