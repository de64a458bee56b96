/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pane.h - the border of a pane: its title, its siblings in the narrow form, how far it is scrolled. */
#ifndef UI_PANE_H
#define UI_PANE_H

#include "ui/layout.h"
#include "ui/table.h"

/* Draws the border and returns the inside.  `others`: the siblings' names, the shown one in brackets; NULL
 * in the wide form. */
struct rect pane_draw(struct surface *s, const struct pane_box *b, const char *title, bool focus,
		      const char *others);
/* The thumb in the right border of a table with more rows than lines. */
void pane_draw_thumb(struct surface *s, const struct pane_box *b, const struct table *t);
/* Lines of text from the top, each cut with a mark; returns the lines used.  Blanks are where it wraps. */
int pane_wrap(struct surface *s, struct rect r, uint16_t style, const char *text);
/* What an empty pane says: in the middle, dim. */
void pane_say(struct surface *s, struct rect r, const char *text);

#endif
