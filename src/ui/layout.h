/* SPDX-License-Identifier: GPL-3.0-or-later */
/* layout.h - where everything goes: a pure function from a size to rectangles.
 *
 * A view names its panes once, with their place in two forms.  Wide (110 columns and more): a left and a
 * right column; a row of a column may hold several panes side by side.  Narrow: one column of groups, each
 * showing one pane of its members (the focused one, else the one shown last).  When rows run short, the rows
 * or groups furthest down go first, the focused one never.  What is shown lies inside the body, nothing
 * overlaps, every shown pane has at least one line of content.
 */
#ifndef UI_LAYOUT_H
#define UI_LAYOUT_H

#include <stdbool.h>

#include "ui/surface.h"

#define SCREEN_LEAST_W 60
#define SCREEN_LEAST_H 15
#define LAYOUT_WIDE 110
#define MAX_PANES 6

struct pane_spec {
	const char *name;         /* as `pane NAME` and the key table call it */
	const char *title;        /* among its siblings in the border */
	int column, row, slot;    /* wide */
	int group;                /* narrow */
	int least, want;          /* rows, title line included; want 0: takes what is left */
	int share;                /* of the first pane: percent of the width that the left column takes */
	int head;                 /* lines above a table's rows */
};

struct pane_box {
	struct rect r;            /* all of it; w 0: not shown */
	bool top, low;            /* has a corner above, a bottom line of its own */
};

struct screen_layout {
	bool too_small;
	struct rect header, tabs, body, last;
};

void layout_screen(int w, int h, struct screen_layout *out);
/* shown[g]: the pane last shown of narrow group g (kept by the caller).  Returns whether it is wide. */
bool layout_panes(const struct pane_spec *spec, int n, struct rect body, int focus, const int *shown,
		  struct pane_box *out);
struct rect pane_inside(const struct pane_box *b);

#endif
