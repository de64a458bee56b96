/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plot.h - curves with axes: nice ticks, a legend, several series, a log scale.
 *
 * The series come in order of importance: where two share a cell the first one's style shows.  Each has its
 * own dash, so that they are told apart without colour.  NaN breaks a curve; on a log scale so does a value
 * not above 0.  UI thread; nothing is kept.
 */
#ifndef UI_PLOT_H
#define UI_PLOT_H

#include "ui/surface.h"

#define PLOT_TICKS 16

struct plot_series {
	const char *label;
	uint16_t style;
	int on, period;        /* dots drawn of each period; 1 of 1: solid */
	const double *x, *y;   /* [n], x ascending */
	size_t n;
};

struct plot {
	const struct plot_series *series;
	size_t n_series;
	double x_lo, x_hi;     /* the axis; equal: from the data */
	bool whole_x, log_y;   /* ticks of x at whole numbers only */
	bool legend_low;       /* the legend of several series: at the bottom (for curves that rise) */
	double mark_x;         /* a line from top to bottom; NaN: none */
	double at_x;           /* another, where one stands; 0: none */
	bool ranks;            /* y are ranks less than 0 (-1 is the best, on top), and told as they are */
	const struct plot_series *under; /* from 0 on, in a row below the labels of x where there is room: the greatest fills it */
	const char *x_label;
};

void plot_draw(struct surface *s, struct rect r, const struct plot *p);

/* Ticks for an axis from lo to hi: at most `most` (>= 2) values 1, 2 or 5 times a power of ten apart; the
 * first at or below lo, the last at or above hi.  Returns their number, *decimals to print them with. */
int plot_ticks(double lo, double hi, int most, bool whole, double *out, int *decimals);
/* On a log scale, 0 < lo < hi: values within, powers of ten (thinned out to `most`) or, where there are fewer
 * than two, 1, 2 and 5 times such, or 1 to 9 times; else lo and hi themselves. */
int plot_log_ticks(double lo, double hi, int most, double *out);

#endif
