/* SPDX-License-Identifier: GPL-3.0-or-later */
/* v_compare_plots.c - see v_compare_plots.h. */
#include "base/json.h"
#include "ui/v_compare_plots.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/comparison_table.h"
#include "ui/plot.h"
#include "ui/text.h"

#define MAX_POINTS 32
#define MARGIN 8           /* of the labels of y */
#define SECONDS_LEAST 0.001 /* a quicker training stands at the axis */

struct point { const char *run; double seconds, value; bool front; int x, y; };

struct scatter {
	struct point p[MAX_POINTS];
	size_t n;
	struct rect canvas;
	double x_lo, x_hi, y_lo, y_hi; /* x: log10 of seconds */
};

static void take_points(struct scatter *s, const json_t *rows)
{
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		struct point p = { .run = json_string_value(json_object_get(row, "run")), .value = json_number_in(row, "value"),
				   .seconds = json_number_in(row, "train_seconds") };

		if (s->n == MAX_POINTS || isnan(p.value) || isnan(p.seconds) || !p.run)
			continue;
		p.seconds = fmax(p.seconds, SECONDS_LEAST);
		p.front = comparison_on_front(rows, i, SECONDS_LEAST);
		s->p[s->n++] = p;
	}
}

static void make_axes(struct scatter *s, double *tick, int *n_ticks, int *decimals)
{
	double lo = INFINITY, hi = -INFINITY;

	s->x_lo = INFINITY;
	s->x_hi = -INFINITY;
	for (size_t k = 0; k < s->n; k++) {
		lo = fmin(lo, s->p[k].value);
		hi = fmax(hi, s->p[k].value);
		s->x_lo = fmin(s->x_lo, log10(s->p[k].seconds));
		s->x_hi = fmax(s->x_hi, log10(s->p[k].seconds));
	}
	if (s->x_hi - s->x_lo < 1) {
		double middle = (s->x_hi + s->x_lo) / 2;

		s->x_lo = middle - 0.5;
		s->x_hi = middle + 0.5;
	}
	if (!(hi > lo))
		hi = lo + fmax(fabs(lo) * 0.1, 1e-3);
	*n_ticks = plot_ticks(lo, hi, s->canvas.h / 2 + 1 > 6 ? 6 : s->canvas.h / 2 + 1, false, tick, decimals);
	s->y_lo = tick[0];
	s->y_hi = tick[*n_ticks - 1];
}

static int column_of(const struct scatter *s, double log_seconds)
{
	return s->canvas.x + (int)lround((log_seconds - s->x_lo) / (s->x_hi - s->x_lo) * (s->canvas.w - 1));
}

static int row_of(const struct scatter *s, double value)
{
	return s->canvas.y + s->canvas.h - 1 - (int)lround((value - s->y_lo) / (s->y_hi - s->y_lo) * (s->canvas.h - 1));
}

static void draw_axes(struct surface *out, const struct scatter *s, const double *tick, int n_ticks, int decimals)
{
	int low = s->canvas.y + s->canvas.h, end = s->canvas.x + s->canvas.w, free_from = s->canvas.x;
	double at[PLOT_TICKS];
	char label[32];
	int n = plot_log_ticks(pow(10, s->x_lo), pow(10, s->x_hi), s->canvas.w / 10 < 2 ? 2 : s->canvas.w / 10, at);

	for (int y = s->canvas.y; y < low; y++)
		surface_mark(out, s->canvas.x - 1, y, STYLE_AXIS, MARK_V);
	for (int k = 0; k < n_ticks; k++) {
		int y = row_of(s, tick[k]);

		snprintf(label, sizeof label, "%.*f", decimals, tick[k]);
		surface_mark(out, s->canvas.x - 1, y, STYLE_AXIS, MARK_TEE_LEFT);
		surface_text_right(out, s->canvas.x - 1 - MARGIN, y, MARGIN - 1, STYLE_AXIS, label);
	}
	surface_mark(out, s->canvas.x - 1, low, STYLE_AXIS, MARK_LOW_LEFT);
	for (int x = s->canvas.x; x < end; x++)
		surface_mark(out, x, low, STYLE_AXIS, MARK_H);
	for (int k = 0; k < n; k++) {
		int x = column_of(s, log10(at[k])), w, from;

		snprintf(label, sizeof label, "%.3g s", at[k]);
		w = (int)strlen(label);
		from = x - w / 2 < free_from ? free_from : x - w / 2;
		surface_mark(out, x, low, STYLE_AXIS, MARK_TEE_DOWN);
		if (from + w > end)
			from = end - w;
		if (from < free_from)
			continue;
		surface_text(out, from, low + 1, w, STYLE_AXIS, label);
		free_from = from + w + 1;
	}
}

static bool is_blank(const struct surface *out, int x, int y, int w)
{
	for (int k = 0; k < w; k++)
		if (x + k < 0 || x + k >= out->w || (out->cell[y * out->w + x + k].cp != ' ' && out->cell[y * out->w + x + k].cp))
			return false;
	return true;
}

/* Right of its point, left of it where there is no room; else nowhere: the table names it. */
static void put_name(struct surface *out, const struct scatter *s, const struct point *p, uint16_t style)
{
	int w = surface_width(out, p->run);

	if (p->x + 2 + w <= s->canvas.x + s->canvas.w && is_blank(out, p->x + 1, p->y, w + 1))
		surface_text(out, p->x + 2, p->y, w, style, p->run);
	else if (p->x - 1 - w >= s->canvas.x && is_blank(out, p->x - 1 - w, p->y, w + 1))
		surface_text(out, p->x - 1 - w, p->y, w, style, p->run);
}

void compare_draw_cost(struct surface *out, struct rect in, const json_t *rows, const char *metric, size_t cursor)
{
	struct scatter s = { .canvas = { in.x + MARGIN + 1, in.y + 1, in.w - MARGIN - 3, in.h - 3 } };
	double tick[PLOT_TICKS];
	int n_ticks, decimals;

	take_points(&s, rows);
	if (!s.n || s.canvas.w < 12 || s.canvas.h < 2)
		return;
	make_axes(&s, tick, &n_ticks, &decimals);
	surface_printf(out, in.x + 1, in.y, in.w - 2, STYLE_DIM, "%s by training time; %s none better is quicker", metric,
		       out->ascii ? "#" : "\xe2\x97\x86");
	draw_axes(out, &s, tick, n_ticks, decimals);
	for (size_t k = 0; k < s.n; k++) {
		struct point *p = &s.p[k];

		p->x = column_of(&s, log10(p->seconds));
		p->y = row_of(&s, p->value);
		surface_text(out, p->x, p->y, 1, p->front ? STYLE_GOOD | STYLE_BOLD : STYLE_SERIES_1,
			     out->ascii ? p->front ? "#" : "o" : p->front ? "\xe2\x97\x86" : "\xe2\x97\x8b");
	}
	for (size_t k = 0; k < s.n; k++)
		put_name(out, &s, &s.p[k], k == cursor ? STYLE_PLAIN | STYLE_BOLD : s.p[k].front ? STYLE_PLAIN : STYLE_DIM);
}

/* --- learning curves ------------------------------------------------------------------------------------------ */

#define MAX_CURVES 8
#define MAX_SHARES 16

bool compare_draw_appetite(struct surface *out, struct rect in, const json_t *rows)
{
	static const uint16_t style[] = { STYLE_SERIES_1, STYLE_SERIES_2, STYLE_SERIES_3, STYLE_SERIES_4 };
	static const int on[] = { 1, 1, 3, 2 }, period[] = { 1, 3, 5, 6 };
	double x[MAX_CURVES][MAX_SHARES], y[MAX_CURVES][MAX_SHARES];
	struct plot_series series[MAX_CURVES];
	struct plot p = { .series = series, .mark_x = NAN, .legend_low = true, .x_label = "% of the events" };
	const json_t *row, *share;
	size_t i, k;

	json_array_foreach(rows, i, row) {
		size_t n = 0, c = p.n_series;

		json_array_foreach(json_object_get(row, "shares"), k, share) {
			if (c == MAX_CURVES || n == MAX_SHARES)
				break;
			x[c][n] = 100 * json_number_in(share, "share");
			y[c][n++] = json_number_in(share, "value");
		}
		if (n > 1)
			series[p.n_series++] = (struct plot_series){ .label = json_string_value(json_object_get(row, "run")),
				.style = style[c % 4], .on = on[c % 4], .period = period[c % 4], .x = x[c], .y = y[c], .n = n };
	}
	if (p.n_series)
		plot_draw(out, in, &p);
	return p.n_series > 0;
}

/* --- lists chosen anew ---------------------------------------------------------------------------------------- */

#define MAX_WEIGHTS 32

struct bought { double x, y; };

static int by_x(const void *a, const void *b)
{
	const struct bought *p = a, *q = b;

	return (p->x > q->x) - (p->x < q->x);
}

bool compare_draw_rerank(struct surface *out, struct rect in, const json_t *rows)
{
	static const char *const buys[] = { "diversity", "coverage" };
	static const uint16_t style[] = { STYLE_SERIES_1, STYLE_SERIES_2 };
	double x[2][MAX_WEIGHTS], y[2][MAX_WEIGHTS], first, last;
	struct plot_series series[2];
	struct plot p = { .series = series, .mark_x = NAN, .legend_low = true, .x_label = "diversity, coverage" };
	const json_t *row;
	size_t i;

	for (int c = 0; c < 2; c++) {
		struct bought point[MAX_WEIGHTS];
		size_t n = 0;

		json_array_foreach(rows, i, row) {
			struct bought b = { json_number_in(row, buys[c]), json_number_in(row, "ndcg") };

			if (n < MAX_WEIGHTS && !isnan(b.x) && !isnan(b.y))
				point[n++] = b;
		}
		qsort(point, n, sizeof(*point), by_x);
		for (size_t k = 0; k < n; k++) {
			x[c][k] = point[k].x;
			y[c][k] = point[k].y;
		}
		if (n > 1)
			series[p.n_series++] = (struct plot_series){ .label = buys[c], .style = style[c], .on = 1,
				.period = c ? 3 : 1, .x = x[c], .y = y[c], .n = n };
	}
	first = json_number_in(json_array_get(rows, 0), "weight");
	last = json_number_in(json_array_get(rows, json_array_size(rows) - 1), "weight");
	if (!p.n_series)
		return false;
	surface_printf(out, in.x + 1, in.y, in.w - 2, STYLE_DIM, "ndcg by what weights %.2g to %.2g buy", first, last);
	plot_draw(out, (struct rect){ in.x, in.y + 1, in.w, in.h - 1 }, &p);
	return true;
}
