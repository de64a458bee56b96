/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bars.c - see bars.h. */
#include "ui/bars.h"

#include <math.h>

void bar_draw(struct surface *s, int x, int y, int cols, double share, uint16_t style)
{
	bool negative = share < 0;
	double size = fmin(fabs(share), 1) * cols;
	int eighths = (int)lround(size * 8);

	if (isnan(share) || cols <= 0 || share == 0)
		return;
	if (eighths == 0)
		eighths = 1;
	if (negative) { /* this pattern has no eighths */
		for (int i = 0; i < (eighths + 7) / 8; i++)
			surface_mark(s, x + i, y, style, MARK_BAR_NEGATIVE);
		return;
	}
	for (int i = 0; i < eighths / 8; i++)
		surface_mark(s, x + i, y, style, MARK_BAR_FULL);
	if (eighths % 8)
		surface_mark(s, x + eighths / 8, y, style, MARK_BAR_0 + (enum mark)(eighths % 8));
}

/* What column c of w shows of n values. */
static double column_value(const uint64_t *v, size_t n, int c, int w)
{
	size_t lo = n * (size_t)c / (size_t)w, hi = n * (size_t)(c + 1) / (size_t)w;
	double sum = 0;

	if (hi <= lo)
		hi = lo + 1;
	for (size_t i = lo; i < hi; i++)
		sum += (double)v[i];
	return n > (size_t)w ? sum / (double)(hi - lo) : sum;
}

static void draw_column(struct surface *s, int x, struct rect r, int eighths, uint16_t style)
{
	for (int i = 0; i < r.h && eighths > 0; i++, eighths -= 8)
		surface_mark(s, x, r.y + r.h - 1 - i, style,
			     eighths >= 8 ? MARK_HISTOGRAM_8 : MARK_HISTOGRAM_0 + (enum mark)eighths);
}

void bars_draw_columns(struct surface *s, struct rect r, const uint64_t *v, size_t n, uint16_t style)
{
	double most = 0;

	if (!n || r.w <= 0 || r.h <= 0)
		return;
	for (int c = 0; c < r.w; c++)
		most = fmax(most, column_value(v, n, c, r.w));
	for (int c = 0; c < r.w && most > 0; c++) {
		double value = column_value(v, n, c, r.w);
		int eighths = (int)lround(value / most * 8 * r.h);

		draw_column(s, r.x + c, r, value > 0 && eighths < 1 ? 1 : eighths, style);
	}
}
