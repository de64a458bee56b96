/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plot.c - curves with axes on a surface.
 *
 * The frame is found first (labels decide how wide the left margin is), then each series is drawn on a
 * braille canvas of its own and laid over the cells, the least important first.
 */
#include "ui/plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "ui/braille.h"

#define LABEL_SIZE 24

struct axis {
	double lo, hi;   /* of the canvas; logarithms on a log scale */
	int n;
	double tick[PLOT_TICKS];
	char label[PLOT_TICKS][LABEL_SIZE];
};

struct frame {
	struct axis x, y;
	struct rect canvas;
	int margin;      /* columns left of the axis */
};

static double nice_step(double span, int most, bool whole)
{
	double rough = span / (most > 1 ? most - 1 : 1), power, part;

	power = pow(10, floor(log10(rough)));
	part = rough / power;
	part = part <= 1.0000001 ? 1 : part <= 2.0000001 ? 2 : part <= 5.0000001 ? 5 : 10;
	return whole && part * power < 1 ? 1 : part * power;
}

int plot_ticks(double lo, double hi, int most, bool whole, double *out, int *decimals)
{
	double step, first;
	int n = 0;

	if (most > PLOT_TICKS)
		most = PLOT_TICKS;
	if (!(hi > lo)) {
		double pad = lo != 0 ? fabs(lo) * 0.05 : 1;

		lo -= pad;
		hi += pad;
	}
	step = nice_step(hi - lo, most, whole);
	/* Rounding outwards may ask for one tick more than there is room for.  (An axis across 0 needs three
	 * whatever the step.) */
	for (int tries = 0; tries < 8 && ceil(hi / step - 1e-9) - floor(lo / step + 1e-9) + 1 > most; tries++)
		step = nice_step(step * 1.5 * (most > 1 ? most - 1 : 1), most, whole);
	first = floor(lo / step + 1e-9);
	for (; n < PLOT_TICKS; n++) {
		out[n] = (first + n) * step;
		if (out[n] >= hi - step * 1e-9) {
			n++;
			break;
		}
	}
	*decimals = step >= 1 ? 0 : (int)ceil(-log10(step) - 1e-9);
	return n;
}

static int ticks_within(double lo, double hi, int most, const double *part, int n_parts, int every, double *out)
{
	int first = (int)floor(log10(lo)), n = 0;

	for (int e = first; e <= (int)ceil(log10(hi)); e++)
		for (int k = 0; k < n_parts; k++) {
			double v = part[k] * pow(10, e);

			if (v < lo * (1 - 1e-9) || v > hi * (1 + 1e-9) || (e - first) % every)
				continue;
			if (n == most)
				return n + 1; /* too many */
			out[n++] = v;
		}
	return n;
}

int plot_log_ticks(double lo, double hi, int most, double *out)
{
	static const double one[] = { 1 }, some[] = { 1, 2, 5 }, all[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
	int n = 0;

	if (most > PLOT_TICKS)
		most = PLOT_TICKS;
	if (most < 2)
		most = 2;
	for (int every = 1; every < 400; every++) {
		n = ticks_within(lo, hi, most, one, 1, every, out);
		if (n <= most)
			break;
	}
	if (n < 2)
		n = ticks_within(lo, hi, most, some, 3, 1, out);
	if (n < 2)
		n = ticks_within(lo, hi, most, all, 9, 1, out);
	if (n >= 2 && n <= most)
		return n;
	out[0] = lo;
	out[1] = hi;
	return 2;
}

static void print_tick(char out[LABEL_SIZE], double v, int decimals)
{
	if (fabs(v) >= 1e7 || (v != 0 && decimals > 6)) {
		snprintf(out, LABEL_SIZE, "%.2g", v);
	} else if (fabs(v) >= 1000) {
		char digits[32];

		snprintf(out, LABEL_SIZE, "%s%s", v < 0 ? "-" : "", str_thousands((uint64_t)fabs(v), digits));
	} else {
		snprintf(out, LABEL_SIZE, "%.*f", decimals, v == 0 ? 0 : v);
	}
}

static void find_range(const struct plot *p, bool of_x, double *lo, double *hi)
{
	*lo = INFINITY;
	*hi = -INFINITY;
	for (size_t k = 0; k < p->n_series; k++) {
		const double *v = of_x ? p->series[k].x : p->series[k].y;

		for (size_t i = 0; i < p->series[k].n; i++)
			if (isfinite(v[i]) && (of_x || !p->log_y || v[i] > 0)) {
				*lo = fmin(*lo, v[i]);
				*hi = fmax(*hi, v[i]);
			}
	}
}

/* As many ticks as there is room for; fewer where these stand an even number of rows apart and the curves do not
 * lose much of their height by it. */
static int even_ticks(double lo, double hi, int rows, int most, double *out, int *decimals)
{
	int n = plot_ticks(lo, hi, most, false, out, decimals);
	double span = out[n - 1] - out[0];

	for (int m = most; m >= 3; m--) {
		n = plot_ticks(lo, hi, m, false, out, decimals);
		if (n > 1 && (rows - 1) % (n - 1) == 0 && out[n - 1] - out[0] <= span * 1.3)
			return n;
	}
	return plot_ticks(lo, hi, most, false, out, decimals);
}

static void make_y_axis(const struct plot *p, int rows, struct axis *y)
{
	int most = rows < 4 ? 2 : rows / 2 + 1 > 6 ? 6 : rows / 2 + 1, decimals = 0;
	double lo, hi;

	find_range(p, false, &lo, &hi);
	if (!(lo <= hi)) {
		lo = p->log_y ? 0.1 : 0;
		hi = 1;
	}
	if (p->ranks) { /* from the best on, at least a few: steps are whole */
		lo = fmin(lo, -5);
		hi = 0;
	}
	if (p->log_y) {
		hi = hi > lo * 1.1 ? hi : lo * 1.1;
		y->n = plot_log_ticks(lo, hi, most, y->tick);
		y->lo = log10(lo);
		y->hi = log10(hi);
	} else {
		y->n = even_ticks(lo, hi, rows, most, y->tick, &decimals);
		y->lo = y->tick[0];
		y->hi = y->tick[y->n - 1];
	}
	for (int i = 0; i < y->n; i++) {
		if (p->ranks && y->tick[i] >= 0)
			y->label[i][0] = '\0'; /* there is no rank 0 */
		else if (p->ranks)
			print_tick(y->label[i], -y->tick[i], 0);
		else if (p->log_y)
			snprintf(y->label[i], LABEL_SIZE, "%.3g", y->tick[i]);
		else
			print_tick(y->label[i], y->tick[i], decimals);
	}
}

static void make_x_axis(const struct plot *p, int cols, struct axis *x)
{
	int most = cols / 10 < 2 ? 2 : cols / 10, decimals, kept = 0;

	x->lo = p->x_lo;
	x->hi = p->x_hi;
	if (!(x->hi > x->lo))
		find_range(p, true, &x->lo, &x->hi);
	if (!(x->lo <= x->hi)) {
		x->lo = 0;
		x->hi = 1;
	}
	if (x->hi == x->lo)
		x->hi = x->lo + 1;
	x->n = plot_ticks(x->lo, x->hi, most, p->whole_x, x->tick, &decimals);
	/* The axis ends with the data: ticks outside of it are left out. */
	for (int i = 0; i < x->n; i++)
		if (x->tick[i] >= x->lo - 1e-9 && x->tick[i] <= x->hi + 1e-9)
			x->tick[kept++] = x->tick[i];
	x->n = kept;
	for (int i = 0; i < x->n; i++)
		print_tick(x->label[i], x->tick[i], decimals);
}

static int dots_at(double v, const struct axis *a, int dots)
{
	double t = (v - a->lo) / (a->hi - a->lo);

	return (int)lround(fmin(1, fmax(0, t)) * (dots - 1));
}

static void trace_series(struct braille *b, const struct plot *p, const struct plot_series *series,
			 const struct frame *f)
{
	int w = 2 * b->cols, h = 4 * b->rows, px = -1, py = 0, phase = 0;

	for (size_t i = 0; i < series->n; i++) {
		double v = p->log_y && series->y[i] > 0 ? log10(series->y[i]) : series->y[i];
		int x, y;

		if (!isfinite(v) || (p->log_y && series->y[i] <= 0) || series->x[i] < f->x.lo ||
		    series->x[i] > f->x.hi) {
			px = -1;
			continue;
		}
		x = dots_at(series->x[i], &f->x, w);
		y = h - 1 - dots_at(v, &f->y, h);
		if (px < 0) {
			braille_dot(b, x, y);
			phase = 0;
		} else {
			braille_line_dashed(b, px, py, x, y, series->on, series->period, &phase);
		}
		px = x;
		py = y;
	}
}

/* Lays the canvas over what is there: dots add up, the style is the newer one's. */
static void lay_canvas(struct surface *s, const struct braille *b, const struct frame *f, uint8_t *sum,
		       uint16_t style)
{
	for (int row = 0; row < b->rows; row++)
		for (int col = 0; col < b->cols; col++) {
			int at = row * b->cols + col;
			struct rect cell = { f->canvas.x + col, f->canvas.y + row, 1, 1 };

			if (!b->bits[at])
				continue;
			sum[at] |= b->bits[at];
			surface_fill(s, cell, 0x2800u + sum[at], style);
		}
}

/* A line from top to bottom: one dot in every `period`. */
static void trace_upright(struct surface *s, struct braille *b, const struct frame *f, double at, int period,
			  uint16_t style, uint8_t *sum)
{
	int x, phase = 0;

	if (isnan(at) || at < f->x.lo || at > f->x.hi)
		return;
	x = dots_at(at, &f->x, 2 * b->cols);
	braille_clear(b);
	braille_line_dashed(b, x, 0, x, 4 * b->rows - 1, 1, period, &phase);
	lay_canvas(s, b, f, sum, style);
}

static void draw_curves(struct surface *s, const struct plot *p, const struct frame *f)
{
	size_t cells = (size_t)f->canvas.w * (size_t)f->canvas.h;
	struct err err = { 0 };
	uint8_t *bits = mem_zeroed(2 * cells, 1, &err);
	struct braille b = { .cols = f->canvas.w, .rows = f->canvas.h, .bits = bits };

	if (!bits)
		return; /* a screen without its curves is better than none */
	trace_upright(s, &b, f, p->mark_x, 2, STYLE_AXIS, bits + cells);
	if (p->at_x != 0)
		trace_upright(s, &b, f, p->at_x, 1, STYLE_WARN, bits + cells);
	for (size_t k = p->n_series; k-- > 0;) {
		braille_clear(&b);
		trace_series(&b, p, &p->series[k], f);
		lay_canvas(s, &b, f, bits + cells, p->series[k].style);
	}
	mem_free(bits);
}

static void draw_y_axis(struct surface *s, const struct plot *p, const struct frame *f)
{
	int x = f->canvas.x - 1;

	for (int row = 0; row < f->canvas.h; row++)
		surface_mark(s, x, f->canvas.y + row, STYLE_AXIS, MARK_V);
	for (int i = 0; i < f->y.n; i++) {
		double v = p->log_y ? log10(f->y.tick[i]) : f->y.tick[i];
		int row = f->canvas.h - 1 - dots_at(v, &f->y, f->canvas.h);

		surface_mark(s, x, f->canvas.y + row, STYLE_AXIS, MARK_TEE_LEFT);
		surface_text_right(s, x - f->margin, f->canvas.y + row, f->margin, STYLE_AXIS, f->y.label[i]);
	}
}

/* Labels of x stand under their ticks, the name of the axis at the right end. */
static void draw_x_axis(struct surface *s, const struct plot *p, const struct frame *f)
{
	int y = f->canvas.y + f->canvas.h, end = f->canvas.x + f->canvas.w, free_from = f->canvas.x - 1;
	int name = p->x_label ? (int)strlen(p->x_label) : 0;

	surface_mark(s, f->canvas.x - 1, y, STYLE_AXIS, MARK_LOW_LEFT);
	for (int x = f->canvas.x; x < end; x++)
		surface_mark(s, x, y, STYLE_AXIS, MARK_H);
	for (int i = 0; i < f->x.n; i++) {
		int x = f->canvas.x + dots_at(f->x.tick[i], &f->x, 2 * f->canvas.w) / 2;
		int w = (int)strlen(f->x.label[i]), from = x - (w - 1) / 2;

		surface_mark(s, x, y, STYLE_AXIS, MARK_TEE_DOWN);
		if (from + w > end)
			from = end - w;
		if (from < free_from || from + w > end - name - 1)
			continue;
		surface_text(s, from, y + 1, w, STYLE_AXIS, f->x.label[i]);
		free_from = from + w + 1;
	}
	if (name && name < f->canvas.w)
		surface_text(s, end - name, y + 1, name, STYLE_AXIS, p->x_label);
}

/* The mean of those from *i on that share a column; *i: the first of the next column. */
static double under_column(const struct plot_series *u, const struct frame *f, size_t *i, int *col)
{
	double sum = 0;
	size_t seen = 0;

	*col = dots_at(u->x[*i], &f->x, 2 * f->canvas.w) / 2;
	for (; *i < u->n && dots_at(u->x[*i], &f->x, 2 * f->canvas.w) / 2 == *col; ++*i)
		if (isfinite(u->y[*i])) {
			sum += u->y[*i];
			seen++;
		}
	return seen ? sum / (double)seen : 0;
}

static void draw_under(struct surface *s, const struct plot_series *u, const struct frame *f)
{
	int y = f->canvas.y + f->canvas.h + 2, col;
	double most = 0;

	surface_text(s, f->canvas.x - 1 - f->margin, y, f->margin, STYLE_AXIS, u->label);
	for (size_t i = 0; i < u->n;)
		most = fmax(most, under_column(u, f, &i, &col));
	for (size_t i = 0; i < u->n && most > 0;) {
		double value = under_column(u, f, &i, &col);
		int eighths = (int)lround(value / most * 8);

		if (value > 0)
			surface_mark(s, f->canvas.x + col, y, u->style,
				     MARK_HISTOGRAM_0 + (enum mark)(eighths < 1 ? 1 : eighths));
	}
}

static void draw_legend(struct surface *s, const struct plot *p, const struct frame *f)
{
	int row = f->canvas.y + (p->legend_low && f->canvas.h > (int)p->n_series ? f->canvas.h - (int)p->n_series : 0);

	if (p->n_series < 2) /* the title says whose curve it is */
		return;
	for (size_t k = 0; k < p->n_series && row < f->canvas.y + f->canvas.h; k++, row++) {
		const struct plot_series *series = &p->series[k];
		int w = surface_width(s, series->label), room = f->canvas.w / 2;
		int x;

		if (w > room)
			w = room;
		x = f->canvas.x + f->canvas.w - w - 2;
		surface_mark(s, x, row, series->style,
			     series->period < 2 ? MARK_H : series->on > 1 ? MARK_DASH : MARK_DOT);
		surface_fill(s, (struct rect){ x + 1, row, 1, 1 }, ' ', STYLE_PLAIN);
		surface_text(s, x + 2, row, w, STYLE_DIM, series->label);
	}
}

void plot_draw(struct surface *s, struct rect r, const struct plot *p)
{
	bool x_axis = r.h >= 5, under = p->under && r.h >= 9;
	int below = x_axis ? 2 + under : 0;
	struct frame f = { .margin = under ? surface_width(s, p->under->label) : 0 };

	if (r.w < 12 || r.h < 2)
		return;
	make_y_axis(p, r.h - below, &f.y);
	for (int i = 0; i < f.y.n; i++)
		if ((int)strlen(f.y.label[i]) > f.margin)
			f.margin = (int)strlen(f.y.label[i]);
	f.canvas = (struct rect){ r.x + f.margin + 1, r.y, r.w - f.margin - 1, r.h - below };
	if (f.canvas.w < 4)
		return;
	make_x_axis(p, f.canvas.w, &f.x);
	draw_y_axis(s, p, &f);
	draw_curves(s, p, &f);
	if (x_axis)
		draw_x_axis(s, p, &f);
	if (under)
		draw_under(s, p->under, &f);
	draw_legend(s, p, &f);
}
