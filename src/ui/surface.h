/* SPDX-License-Identifier: GPL-3.0-or-later */
/* surface.h - a grid of cells that views draw into; ui/term.c alone puts it on a terminal.
 *
 * DESIGN: views never touch curses.  A screen is then tested as text, in process, at any size, and width
 * and sanitising live here: every text is decoded, made safe, measured and clipped on its way in.  A wide
 * character that would cross the right edge becomes a space.  Coordinates are 0-based cells; everything
 * outside the clip is ignored.  UI thread.
 */
#ifndef UI_SURFACE_H
#define UI_SURFACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "ui/theme.h"

struct cell {
	uint32_t cp;       /* 0: the right half of a wide character */
	uint32_t mark;     /* one combining mark, or 0 */
	uint16_t style;    /* enum style (theme.h), with STYLE_REVERSE and the like or'ed in */
};
struct rect { int x, y, w, h; };

struct surface {
	int w, h;
	struct cell *cell; /* [h][w], owned */
	struct rect clip;
	bool ascii;        /* our own marks by their ASCII twins; data text stays what the terminal can show */
	bool double_focus; /* mono: the focused border is told by double lines */
	struct str scratch;    /* text being made safe */
	int cursor_x, cursor_y; /* where the terminal's cursor shows; -1: hidden */
};

bool surface_init(struct surface *s, int w, int h);
bool surface_resize(struct surface *s, int w, int h); /* content is lost */
void surface_done(struct surface *s);
void surface_clear(struct surface *s, uint16_t style);
struct rect surface_clip(struct surface *s, struct rect r); /* narrows to r; returns the old one to put back */

void surface_fill(struct surface *s, struct rect r, uint32_t cp, uint16_t style);
/* Draws at most `cols` columns (sanitised) and returns the columns used; what does not fit ends in the
 * cut mark. */
int surface_text(struct surface *s, int x, int y, int cols, uint16_t style, const char *utf8);
int surface_text_right(struct surface *s, int x, int y, int cols, uint16_t style, const char *utf8);
/* Columns that the text takes here (sanitised, marks by their twins in ascii). */
int surface_width(struct surface *s, const char *utf8);
void surface_mark(struct surface *s, int x, int y, uint16_t style, enum mark m);
int surface_printf(struct surface *s, int x, int y, int cols, uint16_t style, const char *fmt, ...)
	__attribute__((format(printf, 6, 7)));
void surface_style(struct surface *s, struct rect r, uint16_t style); /* restyles what is there */
/* Rows as UTF-8 lines, trailing blanks cut: for golden screens. */
void surface_dump(const struct surface *s, struct str *out);
/* The same with a second block of one style letter a cell. */
void surface_dump_styles(const struct surface *s, struct str *out);

#endif
