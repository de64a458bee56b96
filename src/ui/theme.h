/* SPDX-License-Identifier: GPL-3.0-or-later */
/* theme.h - the styles by their meaning, and our own marks with their ASCII twins: two tables.
 *
 * Every style has a column for 256, 16, 8 colours and for mono; colour never carries a meaning alone.
 */
#ifndef UI_THEME_H
#define UI_THEME_H

#include <stdbool.h>
#include <stdint.h>

enum style { STYLE_PLAIN, STYLE_DIM, STYLE_TITLE, STYLE_BORDER, STYLE_BORDER_FOCUS, STYLE_HEAD, STYLE_TAB,
	     STYLE_TAB_ON, STYLE_NUMBER, STYLE_GOOD, STYLE_BAD, STYLE_WARN, STYLE_BAR, STYLE_BAR_NEGATIVE,
	     STYLE_KEY, STYLE_HINT, STYLE_HIT, STYLE_SERIES_1, STYLE_SERIES_2, STYLE_SERIES_3, STYLE_SERIES_4,
	     STYLE_AXIS, STYLE_MESSAGE, STYLE_ERROR, STYLE_PROMPT, N_STYLES };
#define STYLE_MASK 0x00ff
#define STYLE_REVERSE 0x0100 /* the cursor row */
#define STYLE_BOLD 0x0200

enum mark { MARK_CUT, MARK_DOT, MARK_CURSOR,
	    MARK_HISTOGRAM_0, MARK_HISTOGRAM_8 = MARK_HISTOGRAM_0 + 8,
	    MARK_BAR_0, MARK_BAR_FULL = MARK_BAR_0 + 8, /* eighths of a cell, from the left */
	    MARK_BAR_NEGATIVE, MARK_TIMES, MARK_DASH, MARK_PLUS_MINUS, MARK_UP, MARK_DOWN,
	    MARK_H, MARK_V, MARK_TOP_LEFT, MARK_TOP_RIGHT, MARK_LOW_LEFT, MARK_LOW_RIGHT, MARK_TEE_RIGHT,
	    MARK_TEE_LEFT, MARK_TEE_DOWN,
	    MARK_FOCUS_H, MARK_FOCUS_V, MARK_FOCUS_TOP_LEFT, MARK_FOCUS_TOP_RIGHT, MARK_FOCUS_LOW_LEFT,
	    MARK_FOCUS_LOW_RIGHT, MARK_FOCUS_TEE_RIGHT, MARK_FOCUS_TEE_LEFT, MARK_THUMB, N_MARKS };

struct mark_row { uint32_t cp; const char *twin; /* one column or two of ASCII */ };
extern const struct mark_row mark_table[N_MARKS];
/* The ASCII twin of one of our own marks (or of a braille cell), NULL for any other code point. */
const char *mark_twin(uint32_t cp);
/* Eight dots of a braille cell as the ASCII character that fills the same part of a cell. */
char mark_braille_twin(uint8_t dots);

/* How a terminal shows a style. */
enum palette { PALETTE_MONO, PALETTE_8, PALETTE_16, PALETTE_256, N_PALETTES };
enum { LOOK_BOLD = 1, LOOK_DIM = 2, LOOK_UNDERLINE = 4, LOOK_REVERSE = 8 };
struct look {
	int16_t fg[N_PALETTES]; /* -1: the terminal's own; PALETTE_MONO is always -1 */
	uint8_t attr;           /* in colour */
	uint8_t mono;           /* without */
	char letter;            /* in dumps of styles */
};
extern const struct look look_table[N_STYLES];

#endif
