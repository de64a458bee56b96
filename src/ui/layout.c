/* SPDX-License-Identifier: GPL-3.0-or-later */
/* layout.c - sizes to rectangles.  Nothing here draws or remembers. */
#include "ui/layout.h"

#include <string.h>

void layout_screen(int w, int h, struct screen_layout *out)
{
	memset(out, 0, sizeof *out);
	out->too_small = w < SCREEN_LEAST_W || h < SCREEN_LEAST_H;
	if (out->too_small)
		return;
	out->header = (struct rect){ 0, 0, w, 1 };
	out->tabs = (struct rect){ 0, 1, w, 1 };
	out->body = (struct rect){ 0, 2, w, h - 3 };
	out->last = (struct rect){ 0, h - 1, w, 1 };
}

/* One row of a column, or one group. */
struct band {
	int least, want, got;
	int n;              /* panes in it; 0: there is no such band */
	int first;          /* the first of them */
	bool low;           /* ends with a line of its own */
	bool shown, focus;
};

static int band_least(const struct band *b)
{
	return b->least + b->low;
}

static bool is_last_shown(const struct band *b, int n, int at)
{
	for (int i = at + 1; i < n; i++)
		if (b[i].shown)
			return false;
	return true;
}

static int next_shown(const struct band *b, int n, int at)
{
	for (int i = at + 1; i < n; i++)
		if (b[i].shown)
			return i;
	return -1;
}

static void mark_low(struct band *b, int n)
{
	for (int i = 0; i < n; i++) {
		int next = next_shown(b, n, i);

		b[i].low = b[i].shown && (is_last_shown(b, n, i) || b[i].n > 1 || (next >= 0 && b[next].n > 1));
	}
}

static int sum_least(const struct band *b, int n)
{
	int sum = 0;

	for (int i = 0; i < n; i++)
		if (b[i].shown)
			sum += band_least(&b[i]);
	return sum;
}

/* Leaves out what there is no room for, from below. */
static void drop_bands(struct band *b, int n, int rows)
{
	mark_low(b, n);
	for (int i = n - 1; i >= 0 && sum_least(b, n) > rows; i--)
		if (b[i].shown && !b[i].focus) {
			b[i].shown = false;
			mark_low(b, n);
		}
	/* The focused one alone takes what there is. */
	for (int i = 0; i < n; i++)
		if (b[i].shown && band_least(&b[i]) > rows)
			b[i].least = rows - b[i].low;
}

static void share_rows(struct band *b, int n, int rows)
{
	int left = rows, growing = 0, last = -1;

	drop_bands(b, n, rows);
	for (int i = 0; i < n; i++) {
		if (!b[i].shown)
			continue;
		b[i].got = band_least(&b[i]);
		left -= b[i].got;
		growing += b[i].want == 0;
		last = i;
	}
	/* First what each would like, as far as those that grow keep half of what is over. */
	for (int i = 0, spare = growing ? left / 2 : left; i < n; i++) {
		int more = b[i].want - b[i].least;

		if (!b[i].shown || more <= 0)
			continue;
		more = more < spare ? more : spare;
		b[i].got += more;
		spare -= more;
		left -= more;
	}
	for (int i = 0; i < n && growing; i++)
		if (b[i].shown && b[i].want == 0) {
			int share = left / growing;

			b[i].got += share;
			left -= share;
			growing--;
		}
	if (left > 0 && last >= 0)
		b[last].got += left;
}

static void place_band(const struct pane_spec *spec, int n, const struct band *b, bool top, struct rect r,
		       int column, int row, struct pane_box *out)
{
	int seen = 0, x = r.x;

	for (int i = 0; i < n; i++) {
		int w;

		if (spec[i].column != column || spec[i].row != row)
			continue;
		/* Of two the second, which answers, is a little wider. */
		w = ++seen == b->n ? r.x + r.w - x : b->n == 2 ? r.w * 9 / 20 : r.w / b->n;
		out[i] = (struct pane_box){ .r = { x, r.y, w, r.h }, .top = top, .low = b->low };
		x += w;
	}
}

static void lay_column(const struct pane_spec *spec, int n, int column, struct rect r, int focus,
		       struct pane_box *out)
{
	struct band band[MAX_PANES] = { 0 };
	int y = r.y;
	bool top = true;

	for (int i = 0; i < n; i++) {
		struct band *b = &band[spec[i].row];

		if (spec[i].column != column)
			continue;
		if (b->n++ == 0) {
			b->least = spec[i].least;
			b->want = spec[i].want;
			b->shown = true;
		}
		b->focus |= i == focus;
	}
	share_rows(band, MAX_PANES, r.h);
	for (int row = 0; row < MAX_PANES; row++) {
		if (!band[row].shown)
			continue;
		place_band(spec, n, &band[row], top, (struct rect){ r.x, y, r.w, band[row].got }, column, row, out);
		y += band[row].got;
		top = band[row].low;
	}
}

static void lay_groups(const struct pane_spec *spec, int n, struct rect r, int focus, const int *shown,
		       struct pane_box *out)
{
	struct band band[MAX_PANES] = { 0 };
	int y = r.y;
	bool top = true;

	for (int i = 0; i < n; i++) {
		struct band *b = &band[spec[i].group];

		if (!b->shown) {
			*b = (struct band){ .least = spec[i].least, .want = spec[i].want, .n = 1, .first = i,
					    .shown = true };
		}
		if (shown[spec[i].group] == i && !b->focus)
			b->first = i;
		if (i == focus) {
			b->focus = true;
			b->first = i;
		}
	}
	share_rows(band, MAX_PANES, r.h);
	for (int g = 0; g < MAX_PANES; g++) {
		if (!band[g].shown)
			continue;
		out[band[g].first] = (struct pane_box){ .r = { r.x, y, r.w, band[g].got }, .top = top,
							.low = band[g].low };
		y += band[g].got;
		top = band[g].low;
	}
}

bool layout_panes(const struct pane_spec *spec, int n, struct rect body, int focus, const int *shown,
		  struct pane_box *out)
{
	int left = body.w * (spec[0].share ? spec[0].share : 35) / 100;
	bool two = false;

	memset(out, 0, sizeof *out * (size_t)n);
	if (body.w < LAYOUT_WIDE) {
		lay_groups(spec, n, body, focus, shown, out);
		return false;
	}
	for (int i = 0; i < n; i++)
		two |= spec[i].column == 1;
	left = !two ? body.w : left < 36 ? 36 : left > 64 ? 64 : left;
	lay_column(spec, n, 0, (struct rect){ body.x, body.y, left, body.h }, focus, out);
	if (two)
		lay_column(spec, n, 1, (struct rect){ body.x + left, body.y, body.w - left, body.h }, focus, out);
	return true;
}

struct rect pane_inside(const struct pane_box *b)
{
	if (!b->r.w)
		return (struct rect){ 0, 0, 0, 0 };
	return (struct rect){ b->r.x + 1, b->r.y + 1, b->r.w - 2, b->r.h - 1 - b->low };
}
