/* SPDX-License-Identifier: GPL-3.0-or-later */
/* braille.h - a dot canvas: 2 x 4 dots per terminal cell (U+2800..U+28FF).
 *
 * Pure: knows nothing of ncurses, so a plot is tested by comparing text.
 * Dot (0,0) is the top left; dots outside the canvas are ignored.
 */
#ifndef UI_BRAILLE_H
#define UI_BRAILLE_H

#include <stddef.h>
#include <stdint.h>

struct braille {
	int cols, rows; /* cells */
	uint8_t *bits;  /* [rows][cols], owned by the caller */
};

void braille_clear(struct braille *b);
void braille_dot(struct braille *b, int x, int y);
void braille_line(struct braille *b, int x0, int y0, int x1, int y1);
/* The same in `on` dots of every `period`; *phase carries the pattern over the corners of a curve. */
void braille_line_dashed(struct braille *b, int x0, int y0, int x1, int y1, int on, int period, int *phase);

/* Plots v[0..n-1] left to right over the whole width; lo maps to the bottom
 * row, hi to the top.  NaN breaks the line, +-inf is clamped. */
void braille_series(struct braille *b, const double *v, size_t n, double lo, double hi);

/* Writes row `row` as UTF-8 (3 bytes a cell) plus NUL; needs 3*cols+1 bytes. */
void braille_row_utf8(const struct braille *b, int row, char *out);

#endif
