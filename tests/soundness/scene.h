/* scene.h - what scenes are made of: lines of records, some of whose words are chosen anew
 * each time.  Between scene.c and scene_lines.c. */
#ifndef TESTS_SOUNDNESS_SCENE_H
#define TESTS_SOUNDNESS_SCENE_H

#include "blink/gl/table.h"

/* Words of a line that stand for a choice: R by the operand's own kind, name and group, the
 * others the same in all lines of one scene. */
enum {
	R = 0x7eef0001, SC_TARGET, SC_IMAGE, SC_NAME, SC_INTERNAL, SC_FORMAT, SC_TYPE, SC_WIDTH,
	SC_HEIGHT, SC_DEPTH, SC_LEVEL, SC_BUFFER, SC_BUFFER_NAME, SC_ATTRIB, SC_PRIMITIVE,
	SC_INDEX_TYPE, SC_FRAMEBUFFER, SC_ATTACHMENT, SC_SHADER, SC_STAGE, SC_SHADER_NAME,
	SC_PROGRAM, SC_LIST, SC_QUERY, SC_QUERY_TARGET, SC_UNIT, SC_COUNT, SC_CAP, SC_MAP1, SC_MAP2,
	SC_CHOICES
};

struct scene_line {
	uint16_t op;
	uint8_t times;                  /* of 8 */
	uint32_t word[16];
};

enum scene_kind { SCENE_SET_UP, SCENE_ACT };
struct scene_part {
	const char *name;
	enum scene_kind kind;
	uint8_t dimensions;             /* of textures whose target is SC_TARGET, 0: buffers,
	                                   4: with samples, 5: any */
	const struct scene_line *line;
	unsigned n;
};
extern const struct scene_part scene_parts[];
extern const unsigned scene_nparts;

#endif
