/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bars.h - bars in eighths of a cell: lying ones for shares and scores, standing ones for histograms.
 *
 * Shares outside 0..1 are clamped, NaN draws nothing.  A share above 0 always shows.  UI thread.
 */
#ifndef UI_BARS_H
#define UI_BARS_H

#include "ui/surface.h"

/* Fills `cols` columns from the left by |share|; below 0 in the pattern for negative values. */
void bar_draw(struct surface *s, int x, int y, int cols, double share, uint16_t style);
/* n values side by side over the whole of r, the greatest as tall as r.  More values than columns are
 * averaged by column, fewer are widened. */
void bars_draw_columns(struct surface *s, struct rect r, const uint64_t *v, size_t n, uint16_t style);

#endif
