/* SPDX-License-Identifier: GPL-3.0-or-later */
/* theme.h - the styles by their meaning, and our own marks with their ASCII twins: two tables.
 *
 * Every style has a column for 256, 16, 8 colours and for mono; colour never carries a meaning alone.
 */
#ifndef UI_THEME_H
#define UI_THEME_H

#include <stdint.h>

enum style { STYLE_PLAIN, STYLE_DIM, STYLE_TITLE, STYLE_BORDER, STYLE_BORDER_FOCUS, STYLE_HEAD, STYLE_TAB,
	     STYLE_TAB_ON, STYLE_NUMBER, STYLE_GOOD, STYLE_BAD, STYLE_WARN, STYLE_BAR, STYLE_BAR_NEGATIVE,
	     STYLE_KEY, STYLE_HINT, STYLE_HIT, STYLE_SERIES_1, STYLE_SERIES_2, STYLE_SERIES_3, STYLE_SERIES_4,
	     STYLE_AXIS, STYLE_MESSAGE, STYLE_ERROR, STYLE_PROMPT, N_STYLES };
#define STYLE_MASK 0x00ff
#define STYLE_REVERSE 0x0100 /* the cursor row */
#define STYLE_BOLD 0x0200

enum mark { MARK_CUT, MARK_DOT, MARK_CURSOR, MARK_HISTOGRAM_0, MARK_HISTOGRAM_8 = MARK_HISTOGRAM_0 + 8,
	    MARK_BAR_FULL, MARK_BAR_NEGATIVE, MARK_TIMES, MARK_DASH, MARK_PLUS_MINUS, N_MARKS };

#endif
