/* SPDX-License-Identifier: GPL-3.0-or-later */
/* braille.c - dots, lines and curves on a canvas of bits. */
#include "ui/braille.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void braille_clear(struct braille *b)
{
	memset(b->bits, 0, (size_t)b->cols * (size_t)b->rows);
}

void braille_dot(struct braille *b, int x, int y)
{
	static const uint8_t bit[4][2] = { /* Unicode numbers dots by column */
		{ 0x01, 0x08 }, { 0x02, 0x10 }, { 0x04, 0x20 }, { 0x40, 0x80 },
	};

	if (x < 0 || y < 0 || x >= 2 * b->cols || y >= 4 * b->rows)
		return;
	b->bits[(y / 4) * b->cols + x / 2] |= bit[y % 4][x % 2];
}

void braille_line_dashed(struct braille *b, int x0, int y0, int x1, int y1, int on, int period, int *phase)
{
	int dx = abs(x1 - x0), dy = -abs(y1 - y0);
	int sx = x0 < x1 ? 1 : -1, sy = y0 < y1 ? 1 : -1, e = dx + dy;

	for (;;) { /* Bresenham */
		int twice = 2 * e;

		if (*phase % period < on)
			braille_dot(b, x0, y0);
		if (x0 == x1 && y0 == y1)
			break;
		*phase = (*phase + 1) % period;
		if (twice >= dy) {
			e += dy;
			x0 += sx;
		}
		if (twice <= dx) {
			e += dx;
			y0 += sy;
		}
	}
}

void braille_line(struct braille *b, int x0, int y0, int x1, int y1)
{
	int phase = 0;

	braille_line_dashed(b, x0, y0, x1, y1, 1, 1, &phase);
}

void braille_series(struct braille *b, const double *v, size_t n, double lo, double hi)
{
	int w = 2 * b->cols, h = 4 * b->rows, px = -1, py = 0;

	for (size_t i = 0; i < n; i++) {
		double t;
		int x, y;

		if (isnan(v[i])) {
			px = -1;
			continue;
		}
		t = hi > lo ? (v[i] - lo) / (hi - lo) : 0.5;
		t = fmin(1, fmax(0, t));
		x = n > 1 ? (int)lround((double)i * (w - 1) / (double)(n - 1)) : 0;
		y = (int)lround((1 - t) * (h - 1));
		if (px >= 0)
			braille_line(b, px, py, x, y);
		else
			braille_dot(b, x, y);
		px = x;
		py = y;
	}
}

void braille_row_utf8(const struct braille *b, int row, char *out)
{
	for (int c = 0; c < b->cols; c++) {
		uint8_t bits = b->bits[row * b->cols + c];

		*out++ = (char)0xe2;
		*out++ = (char)(0xa0 | bits >> 6);
		*out++ = (char)(0x80 | (bits & 0x3f));
	}
	*out = '\0';
}
