/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_charts.c - curves, columns, intervals and parts as SVG, in units of its own view box. */
#include <math.h>
#include <string.h>

#include "cmd/report_html.h"

#define W 460
#define LEFT 48
#define RIGHT 16
#define TOP 16
#define PLOT_H 150
#define ROW_H 20
#define MOST_POINTS 400 /* of a line; more cannot be told apart on W units */

struct range { double lo, hi; };

static void chart_open(FILE *f, const char *title, int h)
{
	page_put(f, "<figure>\n<figcaption>");
	page_text(f, title);
	page_put(f, "</figcaption>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", W, h);
	page_text(f, title);
	page_put(f, "\">\n");
}

static void chart_close(FILE *f)
{
	page_put(f, "</svg>\n</figure>\n");
}

static void label(FILE *f, double x, double y, const char *anchor, const char *class, const char *text)
{
	page_put(f, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"%s%s%s>", x, y, anchor, class ? " class=\"" : "",
		 class ? class : "", class ? "\"" : "");
	page_text(f, text);
	page_put(f, "</text>\n");
}

static void rule(FILE *f, const char *class, double x1, double y1, double x2, double y2)
{
	page_put(f, "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", class, x1, y1, x2, y2);
}

static void number(char out[24], double v)
{
	snprintf(out, 24, fabs(v) >= 10000 ? "%.3g" : "%.4g", v);
}

/* A step of 1, 2 or 5 times a power of ten that cuts the range into about `pieces`. */
static double nice_step(struct range r, int pieces)
{
	double raw = (r.hi - r.lo) / pieces, power = pow(10, floor(log10(raw))), m = raw / power;

	return (m <= 1 ? 1 : m <= 2 ? 2 : m <= 5 ? 5 : 10) * power;
}

static void include(struct range *r, double v)
{
	if (!isfinite(v))
		return;
	if (!(r->lo <= v))
		r->lo = v;
	if (!(r->hi >= v))
		r->hi = v;
}

/* Never empty: a flat line gets room above and below. */
static struct range with_room(struct range r)
{
	double room;

	if (isnan(r.lo))
		return (struct range){ 0, 1 };
	room = r.hi > r.lo ? 0.05 * (r.hi - r.lo) : fmax(1e-9, 0.1 * fabs(r.hi));
	return (struct range){ r.lo - room, r.hi + room };
}

static double place(double v, struct range r, double from, double to)
{
	return from + (v - r.lo) / (r.hi - r.lo) * (to - from);
}

static void y_axis(FILE *f, struct range r, double bottom)
{
	double step = nice_step(r, 6);

	for (double v = ceil(r.lo / step) * step; v <= r.hi; v += step) {
		double y = place(v, r, bottom, TOP);
		char text[24];

		number(text, fabs(v) < step * 1e-6 ? 0 : v);
		rule(f, "axis", LEFT, y, W - RIGHT, y);
		label(f, LEFT - 6, y + 4, "end", NULL, text);
	}
}

static void one_line(FILE *f, size_t at, const struct chart_line *l, const double *x, size_t n, struct range rx,
		     struct range ry, double bottom)
{
	size_t stride = n / MOST_POINTS + 1;
	bool open = false, moved = true;

	for (size_t i = 0; i < n; i++) {
		if (i % stride && i + 1 < n)
			continue;
		if (!isfinite(l->y[i]))
			continue; /* measured now and then: a line still joins what was */
		if (!open)
			page_put(f, "<path class=\"line s%zu\" d=\"", at);
		page_put(f, "%s%.1f %.1f", moved ? "M" : "L", place(x[i], rx, LEFT, W - RIGHT),
			 place(l->y[i], ry, bottom, TOP));
		open = true;
		moved = false;
	}
	if (open)
		page_put(f, "\"/>\n");
}

void chart_lines(FILE *f, const char *title, const char *x_name, const double *x, size_t n,
		 const struct chart_line *line, size_t n_lines, double mark, const char *mark_name)
{
	struct range rx = { NAN, NAN }, ry = { NAN, NAN };
	const double bottom = TOP + PLOT_H;
	double at = LEFT;
	char first[24], last[24];

	if (!n)
		return;
	for (size_t i = 0; i < n; i++) {
		include(&rx, x[i]);
		for (size_t k = 0; k < n_lines; k++)
			include(&ry, line[k].y[i]);
	}
	if (!(rx.hi > rx.lo))
		rx.hi = rx.lo + 1;
	ry = with_room(ry);
	chart_open(f, title, (int)bottom + 40);
	y_axis(f, ry, bottom);
	if (isfinite(mark)) {
		double where = place(mark, rx, LEFT, W - RIGHT);

		rule(f, "mark", where, TOP, where, bottom);
		label(f, where > W / 2 ? where + 2 : where - 2, TOP - 5, where > W / 2 ? "end" : "start", NULL, mark_name);
	}
	for (size_t k = 0; k < n_lines && k < CHART_LINES; k++) {
		char class[8];

		one_line(f, k, &line[k], x, n, rx, ry, bottom);
		snprintf(class, sizeof(class), "t%zu", k);
		label(f, at, bottom + 34, "start", class, line[k].name);
		at += 20 + 6.2 * (double)strlen(line[k].name);
	}
	number(first, rx.lo);
	number(last, rx.hi);
	label(f, LEFT, bottom + 16, "start", NULL, first);
	label(f, (LEFT + W - RIGHT) / 2.0, bottom + 16, "middle", NULL, x_name);
	label(f, W - RIGHT, bottom + 16, "end", NULL, last);
	chart_close(f);
}

void chart_columns(FILE *f, const char *title, const double *value, size_t n, const char *const names[3])
{
	const double bottom = TOP + PLOT_H / 2.0, width = (double)(W - LEFT - RIGHT) / (double)(n ? n : 1);
	struct range r = { 0, 0 };
	char most[24];

	for (size_t i = 0; i < n; i++)
		include(&r, value[i]);
	if (!(r.hi > 0))
		return;
	chart_open(f, title, (int)bottom + 22);
	number(most, r.hi);
	label(f, LEFT - 6, TOP + 4, "end", NULL, most);
	for (size_t i = 0; i < n; i++) {
		double y = place(value[i], r, bottom, TOP);

		if (value[i] > 0)
			page_put(f, "<rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
				 LEFT + (double)i * width, fmin(y, bottom - 0.7), fmax(1, width - 1), fmax(0.7, bottom - y));
	}
	rule(f, "axis", LEFT, bottom, W - RIGHT, bottom);
	label(f, LEFT, bottom + 16, "start", NULL, names[0]);
	label(f, (LEFT + W - RIGHT) / 2.0, bottom + 16, "middle", NULL, names[1]);
	label(f, W - RIGHT, bottom + 16, "end", NULL, names[2]);
	chart_close(f);
}

/* So many bytes of a name that it stays in its column; the whole stands in the table beside it. */
static void short_name(char out[64], const char *name, size_t most)
{
	size_t n = strlen(name);

	if (n > most) {
		n = most;
		while (n > 0 && ((unsigned char)name[n] & 0xc0) == 0x80)
			n--;
	}
	snprintf(out, 64, "%.*s%s", (int)n, name, name[n] ? "…" : "");
}

void chart_intervals(FILE *f, const char *title, const struct chart_row *row, size_t n)
{
	const double from = 150;
	struct range r = { NAN, NAN };
	double step;

	if (!n)
		return;
	for (size_t i = 0; i < n; i++) {
		include(&r, row[i].value);
		include(&r, row[i].lo);
		include(&r, row[i].hi);
	}
	r = with_room(r);
	chart_open(f, title, TOP + (int)n * ROW_H + 24);
	step = nice_step(r, 6);
	for (double v = ceil(r.lo / step) * step; v <= r.hi; v += step) {
		double x = place(v, r, from, W - RIGHT);
		char text[24];

		number(text, fabs(v) < step * 1e-6 ? 0 : v);
		rule(f, "axis", x, TOP, x, TOP + (double)n * ROW_H);
		label(f, x, TOP + (double)n * ROW_H + 16, "middle", NULL, text);
	}
	for (size_t i = 0; i < n; i++) {
		double y = TOP + ((double)i + 0.5) * ROW_H;
		char name[64];

		short_name(name, row[i].name, 24);
		label(f, 4, y + 4, "start", "name", name);
		if (isfinite(row[i].lo) && isfinite(row[i].hi))
			rule(f, "whisker", place(row[i].lo, r, from, W - RIGHT), y, place(row[i].hi, r, from, W - RIGHT), y);
		if (isfinite(row[i].value))
			page_put(f, "<circle class=\"bar\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>\n",
				 place(row[i].value, r, from, W - RIGHT), y);
	}
	chart_close(f);
}

void chart_parts(FILE *f, const char *title, const struct chart_row *row, size_t n)
{
	const double from = 205, to = W - 62;
	struct range r = { 0, 0 };
	double zero;

	if (!n)
		return;
	for (size_t i = 0; i < n; i++)
		include(&r, row[i].value);
	if (!(r.hi > r.lo))
		r.hi = 1;
	zero = place(0, r, from, to);
	chart_open(f, title, TOP + (int)n * ROW_H + 4);
	for (size_t i = 0; i < n; i++) {
		double y = TOP + (double)i * ROW_H, x = place(row[i].value, r, from, to);
		char name[64], text[24];

		short_name(name, row[i].name, 32);
		snprintf(text, sizeof(text), "%+.4f", row[i].value);
		label(f, 4, y + 14, "start", "name", name);
		page_put(f, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\"/>\n",
			 row[i].value < 0 ? "minus" : "bar", fmin(x, zero), y + 3, fmax(0.7, fabs(x - zero)), ROW_H - 6);
		label(f, W - 4, y + 14, "end", NULL, text);
	}
	rule(f, "axis", zero, TOP, zero, TOP + (double)n * ROW_H);
	chart_close(f);
}

/* --- points --------------------------------------------------------------------------------------------------- */

struct box { double x, y, w, h; };

static bool overlaps(const struct box *a, const struct box *b)
{
	return a->x < b->x + b->w && b->x < a->x + a->w && a->y < b->y + b->h && b->y < a->y + a->h;
}

#define LABELS_MOST 48
struct labels { struct box box[LABELS_MOST]; size_t n; };

/* Beside its point where nothing stands yet, right of it first; nowhere: the table names it. */
static void put_name(FILE *f, struct labels *l, double x, double y, const char *text, bool full)
{
	static const double down[] = { 4, -7, 15, -18, 26 };
	double w = 6.2 * (double)strlen(text) + 2;
	char name[64];

	short_name(name, text, 24);
	for (size_t k = 0; k < 2 * sizeof(down) / sizeof(*down) && l->n < LABELS_MOST; k++) {
		bool left = k % 2;
		struct box b = { left ? x - 8 - w : x + 8, y + down[k / 2] - 10, w, 11 };
		bool free_place = b.x >= LEFT && b.x + b.w <= W && b.y >= 0 && b.y + b.h <= TOP + PLOT_H;

		for (size_t i = 0; free_place && i < l->n; i++)
			free_place = !overlaps(&b, &l->box[i]);
		if (!free_place)
			continue;
		l->box[l->n++] = b;
		label(f, left ? x - 8 : x + 8, y + down[k / 2], left ? "end" : "start", full ? "name" : NULL, name);
		return;
	}
}

static void log_ticks(FILE *f, struct range r, double bottom)
{
	for (double power = floor(r.lo); power <= r.hi; power++) {
		double x = place(power, r, LEFT, W - RIGHT);
		char text[32];

		if (power < r.lo)
			continue;
		snprintf(text, sizeof(text), "%g s", pow(10, power));
		rule(f, "axis", x, TOP, x, bottom);
		label(f, x, bottom + 16, "middle", NULL, text);
	}
}

void chart_scatter(FILE *f, const char *title, const struct chart_point *point, size_t n)
{
	struct range rx = { NAN, NAN }, ry = { NAN, NAN };
	const double bottom = TOP + PLOT_H;
	struct labels names = { .n = 0 };

	for (size_t i = 0; i < n; i++) {
		include(&rx, log10(point[i].seconds));
		include(&ry, point[i].value);
	}
	if (isnan(rx.lo) || isnan(ry.lo))
		return;
	rx = (struct range){ rx.lo - 0.3, rx.hi + 0.3 };
	ry = with_room(ry);
	chart_open(f, title, (int)bottom + 24);
	y_axis(f, ry, bottom);
	log_ticks(f, rx, bottom);
	for (size_t i = 0; i < n && names.n < LABELS_MOST; i++) {
		double x = place(log10(point[i].seconds), rx, LEFT, W - RIGHT), y = place(point[i].value, ry, bottom, TOP);

		if (!isfinite(x) || !isfinite(y))
			continue;
		page_put(f, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>\n", point[i].full ? "bar" : "hollow", x, y);
		names.box[names.n++] = (struct box){ x - 5, y - 5, 10, 10 };
	}
	for (size_t i = 0; i < n; i++) {
		double x = place(log10(point[i].seconds), rx, LEFT, W - RIGHT), y = place(point[i].value, ry, bottom, TOP);

		if (isfinite(x) && isfinite(y))
			put_name(f, &names, x, y, point[i].name, point[i].full);
	}
	chart_close(f);
}
