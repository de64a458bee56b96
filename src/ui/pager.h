/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pager.h - text over the view: help, and what a command answered.  UI thread. */
#ifndef UI_PAGER_H
#define UI_PAGER_H

#include "base/str.h"
#include "ui/keys.h"
#include "ui/layout.h"
#include "ui/table.h"

struct pager {
	bool open;
	char title[128];
	char *text;         /* owned; lines end in NULs */
	size_t *line;       /* [table.n] offsets, owned */
	int width;          /* of the widest line */
	struct table table; /* the cursor is the line at the top */
};
void pager_show(struct pager *p, const char *title, const char *text);
void pager_close(struct pager *p);
void pager_place(struct pager *p, struct rect body);
/* False: the key closes nothing and moves nothing here. */
bool pager_key(struct pager *p, struct key key);
void pager_draw(const struct pager *p, struct surface *s, struct rect body);

#endif
