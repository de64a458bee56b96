/* SPDX-License-Identifier: GPL-3.0-or-later */
/* layout - at every size from 1 to 250: inside, no overlap, none empty, the focused pane in sight. */
#include "tap.h"
#include "ui/layout.h"

static const struct pane_spec spec[][MAX_PANES] = {
	{ { "a", "A", 0, 0, 0, 0, 4, 0, 0, 0 }, { "b", "B", 1, 0, 0, 0, 4, 0, 0, 0 }, { "c", "C", 1, 0, 1, 0, 4, 0, 0, 0 },
	  { "d", "D", 1, 1, 0, 1, 4, 12, 0, 0 } },
	{ { "a", "A", 0, 0, 0, 0, 4, 0, 0, 0 }, { "b", "B", 0, 1, 0, 0, 5, 14, 0, 0 }, { "c", "C", 1, 0, 0, 1, 6, 0, 0, 0 },
	  { "d", "D", 1, 1, 0, 1, 6, 0, 0, 0 }, { "e", "E", 1, 2, 0, 2, 3, 3, 0, 0 } },
	{ { "a", "A", 0, 0, 0, 0, 4, 0, 0, 0 } },
};

static int n_of(const struct pane_spec *p)
{
	int n = 0;

	while (n < MAX_PANES && p[n].name)
		n++;
	return n;
}

static bool is_within(struct rect r, struct rect body)
{
	return r.x >= body.x && r.y >= body.y && r.x + r.w <= body.x + body.w && r.y + r.h <= body.y + body.h;
}

static bool do_overlap(struct rect a, struct rect b)
{
	return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

/* Every cell of the body belongs to a pane: nothing is lost between them. */
static bool is_right(const struct pane_spec *p, int n, struct rect body, int focus)
{
	struct pane_box box[MAX_PANES];
	int shown[MAX_PANES] = { 0 }, area = 0;

	layout_panes(p, n, body, focus, shown, box);
	for (int i = 0; i < n; i++) {
		struct rect in = pane_inside(&box[i]);

		if (!box[i].r.w) {
			if (i == focus)
				return false;
			continue;
		}
		area += box[i].r.w * box[i].r.h;
		if (!is_within(box[i].r, body) || in.w < 1 || in.h < 1)
			return false;
		for (int k = 0; k < i; k++)
			if (box[k].r.w && do_overlap(box[k].r, box[i].r))
				return false;
	}
	return area == body.w * body.h;
}

int main(void)
{
	size_t wrong = 0, tried = 0;
	struct screen_layout l;

	for (int w = 1; w <= 250; w++)
		for (int h = 1; h <= 250; h++) {
			layout_screen(w, h, &l);
			if (l.too_small != (w < SCREEN_LEAST_W || h < SCREEN_LEAST_H))
				wrong++;
			if (l.too_small)
				continue;
			for (size_t v = 0; v < sizeof spec / sizeof *spec; v++)
				for (int f = 0; f < n_of(spec[v]); f++) {
					tried++;
					if (!is_right(spec[v], n_of(spec[v]), l.body, f) && !wrong++)
						printf("# first wrong: %dx%d, view %zu, focus %d\n", w, h, v, f);
				}
		}
	ok(tried > 100000 && !wrong, "%zu layouts are right, %zu are wrong", tried, wrong);
	layout_screen(80, 24, &l);
	ok(l.body.y == 2 && l.body.h == 21 && l.last.y == 23, "the frame takes three lines");
	return done_testing();
}
