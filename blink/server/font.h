/* font.h - the server's own letters, for labels that no client can imitate.
 *
 * 5 x 7 pixels in cells of 6 x 8, for the printable characters of ASCII.  They are data of
 * the server: no font file, no library, nothing that a client could bring.
 */
#ifndef BLINK_SERVER_FONT_H
#define BLINK_SERVER_FONT_H

#include <stdint.h>

#define FONT_W 5
#define FONT_H 7
#define FONT_CELL 6             /* pixels from one letter to the next */
#define FONT_FIRST 0x20
#define FONT_LAST 0x7e

/* Columns from left to right; bit 0 is the upper pixel. */
extern const uint8_t font_columns[FONT_LAST - FONT_FIRST + 1][FONT_W];

#endif
