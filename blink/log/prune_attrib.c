/* prune_attrib.c - what PushAttrib and PushClientAttrib save: the bits that save a slot's
 * cells, and a switch's.
 */
#include "blink/log/prune_impl.h"

#include <GL/gl.h>
#include <GL/glext.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof(*(a)))

static const struct { uint16_t slot; uint32_t groups; } slot_groups[] = {
	{ GL_SLOT_current_color, GL_CURRENT_BIT }, { GL_SLOT_current_secondary_color, GL_CURRENT_BIT },
	{ GL_SLOT_current_normal, GL_CURRENT_BIT }, { GL_SLOT_current_texcoord, GL_CURRENT_BIT },
	{ GL_SLOT_current_fogcoord, GL_CURRENT_BIT }, { GL_SLOT_current_index, GL_CURRENT_BIT },
	{ GL_SLOT_edge_flag, GL_CURRENT_BIT }, { GL_SLOT_raster_pos, GL_CURRENT_BIT },
	{ GL_SLOT_current_attrib, GL_CURRENT_BIT },
	{ GL_SLOT_point_size, GL_POINT_BIT }, { GL_SLOT_point_param, GL_POINT_BIT },
	{ GL_SLOT_line_width, GL_LINE_BIT }, { GL_SLOT_line_stipple, GL_LINE_BIT },
	{ GL_SLOT_cull_face, GL_POLYGON_BIT }, { GL_SLOT_front_face, GL_POLYGON_BIT },
	{ GL_SLOT_polygon_mode, GL_POLYGON_BIT }, { GL_SLOT_polygon_offset, GL_POLYGON_BIT },
	{ GL_SLOT_polygon_stipple, GL_POLYGON_STIPPLE_BIT },
	{ GL_SLOT_pixel_transfer, GL_PIXEL_MODE_BIT }, { GL_SLOT_pixel_zoom, GL_PIXEL_MODE_BIT },
	{ GL_SLOT_bound_read_buffer, GL_PIXEL_MODE_BIT },
	{ GL_SLOT_light, GL_LIGHTING_BIT }, { GL_SLOT_light_model, GL_LIGHTING_BIT },
	{ GL_SLOT_material, GL_LIGHTING_BIT }, { GL_SLOT_tracked_material, GL_LIGHTING_BIT },
	{ GL_SLOT_color_material, GL_LIGHTING_BIT }, { GL_SLOT_shade_model, GL_LIGHTING_BIT },
	{ GL_SLOT_provoking_vertex, GL_LIGHTING_BIT }, { GL_SLOT_fog, GL_FOG_BIT },
	{ GL_SLOT_depth_func, GL_DEPTH_BUFFER_BIT }, { GL_SLOT_depth_mask, GL_DEPTH_BUFFER_BIT },
	{ GL_SLOT_clear_depth, GL_DEPTH_BUFFER_BIT }, { GL_SLOT_depth_bounds, GL_DEPTH_BUFFER_BIT },
	{ GL_SLOT_clear_accum, GL_ACCUM_BUFFER_BIT },
	{ GL_SLOT_stencil_func, GL_STENCIL_BUFFER_BIT }, { GL_SLOT_stencil_op, GL_STENCIL_BUFFER_BIT },
	{ GL_SLOT_stencil_mask, GL_STENCIL_BUFFER_BIT },
	{ GL_SLOT_clear_stencil, GL_STENCIL_BUFFER_BIT },
	{ GL_SLOT_viewport, GL_VIEWPORT_BIT }, { GL_SLOT_depth_range, GL_VIEWPORT_BIT },
	{ GL_SLOT_clip_plane, GL_TRANSFORM_BIT }, { GL_SLOT_clip_control, GL_TRANSFORM_BIT },
	{ GL_SLOT_alpha_func, GL_COLOR_BUFFER_BIT }, { GL_SLOT_blend_func, GL_COLOR_BUFFER_BIT },
	{ GL_SLOT_blend_equation, GL_COLOR_BUFFER_BIT }, { GL_SLOT_blend_color, GL_COLOR_BUFFER_BIT },
	{ GL_SLOT_logic_op, GL_COLOR_BUFFER_BIT }, { GL_SLOT_color_mask, GL_COLOR_BUFFER_BIT },
	{ GL_SLOT_index_mask, GL_COLOR_BUFFER_BIT }, { GL_SLOT_clear_color, GL_COLOR_BUFFER_BIT },
	{ GL_SLOT_clear_index, GL_COLOR_BUFFER_BIT }, { GL_SLOT_clamp_color, GL_COLOR_BUFFER_BIT },
	{ GL_SLOT_bound_draw_buffers, GL_COLOR_BUFFER_BIT },
	{ GL_SLOT_hint, GL_HINT_BIT }, { GL_SLOT_map_grid, GL_EVAL_BIT },
	{ GL_SLOT_list_base, GL_LIST_BIT }, { GL_SLOT_scissor, GL_SCISSOR_BIT },
	{ GL_SLOT_texture_binding, GL_TEXTURE_BIT }, { GL_SLOT_texgen_mode, GL_TEXTURE_BIT },
	{ GL_SLOT_texgen_plane, GL_TEXTURE_BIT }, { GL_SLOT_bound_texture_param, GL_TEXTURE_BIT },
	{ GL_SLOT_sample_coverage, GL_MULTISAMPLE_BIT }, { GL_SLOT_sample_mask, GL_MULTISAMPLE_BIT },
	{ GL_SLOT_sample_shading, GL_MULTISAMPLE_BIT },
	{ GL_SLOT_array_object, GROUP_CLIENT }, { GL_SLOT_buffer_binding, GROUP_CLIENT },
	{ GL_SLOT_primitive_restart, GROUP_CLIENT },
	{ GL_SLOT_bound_array, GROUP_CLIENT }, { GL_SLOT_bound_array_enable, GROUP_CLIENT },
	{ GL_SLOT_bound_attrib_array, GROUP_CLIENT }, { GL_SLOT_bound_attrib_enable, GROUP_CLIENT },
	{ GL_SLOT_bound_attrib_divisor, GROUP_CLIENT },
};

static const struct { uint32_t cap, groups; } cap_groups[] = {
	{ GL_POINT_SMOOTH, GL_POINT_BIT }, { GL_POINT_SPRITE, GL_POINT_BIT },
	{ GL_LINE_SMOOTH, GL_LINE_BIT }, { GL_LINE_STIPPLE, GL_LINE_BIT },
	{ GL_CULL_FACE, GL_POLYGON_BIT }, { GL_POLYGON_SMOOTH, GL_POLYGON_BIT },
	{ GL_POLYGON_STIPPLE, GL_POLYGON_BIT }, { GL_POLYGON_OFFSET_POINT, GL_POLYGON_BIT },
	{ GL_POLYGON_OFFSET_LINE, GL_POLYGON_BIT }, { GL_POLYGON_OFFSET_FILL, GL_POLYGON_BIT },
	{ GL_LIGHTING, GL_LIGHTING_BIT }, { GL_COLOR_MATERIAL, GL_LIGHTING_BIT },
	{ GL_FOG, GL_FOG_BIT }, { GL_COLOR_SUM, GL_FOG_BIT },
	{ GL_DEPTH_TEST, GL_DEPTH_BUFFER_BIT }, { GL_DEPTH_BOUNDS_TEST_EXT, GL_DEPTH_BUFFER_BIT },
	{ GL_STENCIL_TEST, GL_STENCIL_BUFFER_BIT }, { GL_NORMALIZE, GL_TRANSFORM_BIT },
	{ GL_RESCALE_NORMAL, GL_TRANSFORM_BIT }, { GL_DEPTH_CLAMP, GL_TRANSFORM_BIT },
	{ GL_ALPHA_TEST, GL_COLOR_BUFFER_BIT }, { GL_BLEND, GL_COLOR_BUFFER_BIT },
	{ GL_INDEX_LOGIC_OP, GL_COLOR_BUFFER_BIT }, { GL_COLOR_LOGIC_OP, GL_COLOR_BUFFER_BIT },
	{ GL_DITHER, GL_COLOR_BUFFER_BIT }, { GL_FRAMEBUFFER_SRGB, GL_COLOR_BUFFER_BIT },
	{ GL_SCISSOR_TEST, GL_SCISSOR_BIT }, { GL_AUTO_NORMAL, GL_EVAL_BIT },
	{ GL_MULTISAMPLE, GL_MULTISAMPLE_BIT },
	{ GL_SAMPLE_ALPHA_TO_COVERAGE, GL_MULTISAMPLE_BIT },
	{ GL_SAMPLE_ALPHA_TO_ONE, GL_MULTISAMPLE_BIT },
	{ GL_SAMPLE_COVERAGE, GL_MULTISAMPLE_BIT },
};

bool prune_cap_of_unit(uint32_t cap)
{
	return cap == GL_TEXTURE_1D || cap == GL_TEXTURE_2D || cap == GL_TEXTURE_3D ||
	       cap == GL_TEXTURE_CUBE_MAP || cap == GL_TEXTURE_RECTANGLE ||
	       (cap >= GL_TEXTURE_GEN_S && cap <= GL_TEXTURE_GEN_Q);
}

static uint32_t groups_of_cap(uint32_t cap)
{
	if (cap >= GL_LIGHT0 && cap < GL_LIGHT0 + 32)
		return GL_LIGHTING_BIT | GL_ENABLE_BIT;
	if (cap >= GL_CLIP_PLANE0 && cap < GL_CLIP_PLANE0 + 32)
		return GL_TRANSFORM_BIT | GL_ENABLE_BIT;
	if (cap >= GL_MAP1_COLOR_4 && cap <= GL_MAP2_VERTEX_4)
		return GL_EVAL_BIT | GL_ENABLE_BIT;
	if (prune_cap_of_unit(cap))
		return GL_TEXTURE_BIT | GL_ENABLE_BIT;
	for (size_t i = 0; i < ARRAY_LEN(cap_groups); i++)
		if (cap_groups[i].cap == cap)
			return cap_groups[i].groups | GL_ENABLE_BIT;
	return GL_ENABLE_BIT;
}

uint32_t prune_attrib_groups(unsigned slot, uint32_t key)
{
	if (slot == GL_SLOT_enable)
		return groups_of_cap(key);
	if (slot == GL_SLOT_texenv)
		return key == GL_COORD_REPLACE ? GL_POINT_BIT : GL_TEXTURE_BIT;
	for (size_t i = 0; i < ARRAY_LEN(slot_groups); i++)
		if (slot_groups[i].slot == slot)
			return slot_groups[i].groups;
	return 0;
}
