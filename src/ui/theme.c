/* SPDX-License-Identifier: GPL-3.0-or-later */
/* theme.c - the two tables of how things look, and nothing else.
 *
 * Colours are chosen to be read on dark and on light terminals: the background is never set, text keeps
 * the terminal's own colour, and no meaning rests on a colour alone.
 */
#include "ui/theme.h"

#include <stddef.h>

/* None of these has an emoji form.  Boxes, bars and arrows are one column wide in every font. */
const struct mark_row mark_table[N_MARKS] = {
	[MARK_CUT] = { 0x2026, "~" },
	[MARK_DOT] = { 0x00b7, "." },
	[MARK_CURSOR] = { '>', ">" },
	[MARK_HISTOGRAM_0] = { ' ', " " },
	[MARK_HISTOGRAM_0 + 1] = { 0x2581, "_" },
	[MARK_HISTOGRAM_0 + 2] = { 0x2582, "." },
	[MARK_HISTOGRAM_0 + 3] = { 0x2583, "-" },
	[MARK_HISTOGRAM_0 + 4] = { 0x2584, "=" },
	[MARK_HISTOGRAM_0 + 5] = { 0x2585, "+" },
	[MARK_HISTOGRAM_0 + 6] = { 0x2586, "*" },
	[MARK_HISTOGRAM_0 + 7] = { 0x2587, "%" },
	[MARK_HISTOGRAM_8] = { 0x2588, "#" },
	[MARK_BAR_0] = { ' ', " " },
	[MARK_BAR_0 + 1] = { 0x258f, "-" },
	[MARK_BAR_0 + 2] = { 0x258e, "-" },
	[MARK_BAR_0 + 3] = { 0x258d, "-" },
	[MARK_BAR_0 + 4] = { 0x258c, "-" },
	[MARK_BAR_0 + 5] = { 0x258b, "=" },
	[MARK_BAR_0 + 6] = { 0x258a, "=" },
	[MARK_BAR_0 + 7] = { 0x2589, "=" },
	[MARK_BAR_FULL] = { 0x2588, "#" },
	[MARK_BAR_NEGATIVE] = { 0x2592, "%" },
	[MARK_TIMES] = { 0x00d7, "x" },
	[MARK_DASH] = { 0x2013, "-" },
	[MARK_PLUS_MINUS] = { 0x00b1, "+-" },
	[MARK_UP] = { 0x2191, "^" },
	[MARK_DOWN] = { 0x2193, "v" },
	[MARK_H] = { 0x2500, "-" },
	[MARK_V] = { 0x2502, "|" },
	[MARK_TOP_LEFT] = { 0x250c, "+" },
	[MARK_TOP_RIGHT] = { 0x2510, "+" },
	[MARK_LOW_LEFT] = { 0x2514, "+" },
	[MARK_LOW_RIGHT] = { 0x2518, "+" },
	[MARK_TEE_RIGHT] = { 0x251c, "+" },
	[MARK_TEE_LEFT] = { 0x2524, "+" },
	[MARK_TEE_DOWN] = { 0x252c, "+" },
	[MARK_FOCUS_H] = { 0x2550, "=" },
	[MARK_FOCUS_V] = { 0x2551, "#" },
	[MARK_FOCUS_TOP_LEFT] = { 0x2554, "#" },
	[MARK_FOCUS_TOP_RIGHT] = { 0x2557, "#" },
	[MARK_FOCUS_LOW_LEFT] = { 0x255a, "#" },
	[MARK_FOCUS_LOW_RIGHT] = { 0x255d, "#" },
	[MARK_FOCUS_TEE_RIGHT] = { 0x2560, "#" },
	[MARK_FOCUS_TEE_LEFT] = { 0x2563, "#" },
	[MARK_THUMB] = { 0x2503, "%" },
};

const char *mark_twin(uint32_t cp)
{
	static const char *const dots[] = { " ", "'", ".", ":" };

	if (cp < 0x80)
		return NULL;
	if (cp >= 0x2800 && cp <= 0x28ff) {
		char c = mark_braille_twin((uint8_t)(cp & 0xff));

		for (size_t i = 0; i < sizeof dots / sizeof *dots; i++)
			if (*dots[i] == c)
				return dots[i];
	}
	for (int m = 0; m < N_MARKS; m++)
		if (mark_table[m].cp == cp)
			return mark_table[m].twin;
	return NULL;
}

char mark_braille_twin(uint8_t dots)
{
	bool upper = dots & 0x1b, lower = dots & 0xe4;

	return upper && lower ? ':' : upper ? '\'' : lower ? '.' : ' ';
}

/*                            mono   8   16  256 */
const struct look look_table[N_STYLES] = {
	[STYLE_PLAIN]        = { { -1, -1, -1, -1 },  0, 0, '.' },
	[STYLE_DIM]          = { { -1, -1, 8, 244 },  0, LOOK_DIM, 'd' },
	[STYLE_TITLE]        = { { -1, -1, -1, -1 },  LOOK_BOLD, LOOK_BOLD, 't' },
	[STYLE_BORDER]       = { { -1, -1, 8, 241 },  0, 0, 'b' },
	[STYLE_BORDER_FOCUS] = { { -1, 6, 6, 37 },    LOOK_BOLD, LOOK_BOLD, 'f' },
	[STYLE_HEAD]         = { { -1, 4, 4, 67 },    0, LOOK_UNDERLINE, 'h' },
	[STYLE_TAB]          = { { -1, -1, 8, 244 },  0, 0, 'u' },
	[STYLE_TAB_ON]       = { { -1, 6, 6, 37 },    LOOK_BOLD, LOOK_BOLD, 'v' },
	[STYLE_NUMBER]       = { { -1, -1, -1, -1 },  0, 0, 'n' },
	[STYLE_GOOD]         = { { -1, 2, 2, 71 },    0, LOOK_BOLD, 'g' },
	[STYLE_BAD]          = { { -1, 1, 1, 167 },   0, LOOK_BOLD, 'x' },
	[STYLE_WARN]         = { { -1, 3, 3, 172 },   0, LOOK_BOLD, 'w' },
	[STYLE_BAR]          = { { -1, 6, 6, 67 },    0, 0, 'r' },
	[STYLE_BAR_NEGATIVE] = { { -1, 1, 1, 167 },   0, 0, 'q' },
	[STYLE_KEY]          = { { -1, 6, 6, 37 },    LOOK_BOLD, LOOK_BOLD, 'k' },
	[STYLE_HINT]         = { { -1, -1, 8, 244 },  0, 0, 'i' },
	[STYLE_HIT]          = { { -1, 2, 2, 71 },    LOOK_BOLD, LOOK_BOLD, 'y' },
	[STYLE_SERIES_1]     = { { -1, 6, 6, 37 },    0, 0, '1' },
	[STYLE_SERIES_2]     = { { -1, 3, 3, 172 },   0, 0, '2' },
	[STYLE_SERIES_3]     = { { -1, 2, 2, 71 },    0, 0, '3' },
	[STYLE_SERIES_4]     = { { -1, 5, 5, 133 },   0, 0, '4' },
	[STYLE_AXIS]         = { { -1, -1, 8, 244 },  0, 0, 'a' },
	[STYLE_MESSAGE]      = { { -1, -1, -1, -1 },  0, 0, 'm' },
	[STYLE_ERROR]        = { { -1, 1, 1, 167 },   LOOK_BOLD, LOOK_BOLD, 'e' },
	[STYLE_PROMPT]       = { { -1, -1, -1, -1 },  0, 0, 'p' },
};
