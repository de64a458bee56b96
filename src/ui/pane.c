/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pane.c - see pane.h. */
#include "ui/pane.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

struct border {
	uint16_t style;
	enum mark h, v, top_left, top_right, low_left, low_right, tee_right, tee_left;
};

static struct border border_of(const struct surface *s, bool focus)
{
	uint16_t style = focus ? STYLE_BORDER_FOCUS : STYLE_BORDER;

	if (focus && s->double_focus)
		return (struct border){ style, MARK_FOCUS_H, MARK_FOCUS_V, MARK_FOCUS_TOP_LEFT,
					MARK_FOCUS_TOP_RIGHT, MARK_FOCUS_LOW_LEFT, MARK_FOCUS_LOW_RIGHT,
					MARK_FOCUS_TEE_RIGHT, MARK_FOCUS_TEE_LEFT };
	return (struct border){ style, MARK_H, MARK_V, MARK_TOP_LEFT, MARK_TOP_RIGHT, MARK_LOW_LEFT,
				MARK_LOW_RIGHT, MARK_TEE_RIGHT, MARK_TEE_LEFT };
}

static void draw_line(struct surface *s, int x, int y, int w, const struct border *b, enum mark left, enum mark right)
{
	surface_mark(s, x, y, b->style, left);
	for (int i = 1; i < w - 1; i++)
		surface_mark(s, x + i, y, b->style, b->h);
	surface_mark(s, x + w - 1, y, b->style, right);
}

/* "Users · History · [Recommended]": the shown one stands out. */
static void draw_others(struct surface *s, int x, int y, int cols, const char *others)
{
	const char *open = strchr(others, '['), *shut = open ? strchr(open, ']') : NULL;
	char part[128];
	int used = 0;

	if (!shut) {
		surface_text(s, x, y, cols, STYLE_DIM, others);
		return;
	}
	snprintf(part, sizeof part, "%.*s", (int)(open - others), others);
	used += surface_text(s, x, y, cols, STYLE_DIM, part);
	snprintf(part, sizeof part, "%.*s", (int)(shut + 1 - open), open);
	used += surface_text(s, x + used, y, cols - used, STYLE_TAB_ON, part);
	surface_text(s, x + used, y, cols - used, STYLE_DIM, shut + 1);
}

struct rect pane_draw(struct surface *s, const struct pane_box *b, const char *title, bool focus,
		      const char *others)
{
	struct border border = border_of(s, focus);
	struct rect r = b->r;
	int names = others ? surface_width(s, others) : 0, room = r.w - 4, used;

	if (r.w < 3 || r.h < 1)
		return (struct rect){ 0, 0, 0, 0 };
	draw_line(s, r.x, r.y, r.w, &border, b->top ? border.top_left : border.tee_right,
		  b->top ? border.top_right : border.tee_left);
	if (names) /* the title gives way to its siblings' names, but for a few letters */
		room = room - names - 3 > 8 ? room - names - 3 : room;
	surface_text(s, r.x + 1, r.y, 1, border.style, " ");
	used = surface_text(s, r.x + 2, r.y, room, focus ? STYLE_TITLE : STYLE_PLAIN, title);
	surface_text(s, r.x + 2 + used, r.y, 1, border.style, " ");
	if (names && room < r.w - 4) {
		int x = r.x + r.w - names - 3;

		surface_text(s, x, r.y, 1, border.style, " ");
		draw_others(s, x + 1, r.y, names, others);
		surface_text(s, x + 1 + names, r.y, 1, border.style, " ");
	}
	for (int y = r.y + 1; y < r.y + r.h - b->low; y++) {
		surface_mark(s, r.x, y, border.style, border.v);
		surface_mark(s, r.x + r.w - 1, y, border.style, border.v);
	}
	if (b->low)
		draw_line(s, r.x, r.y + r.h - 1, r.w, &border, border.low_left, border.low_right);
	return pane_inside(b);
}

void pane_draw_thumb(struct surface *s, const struct pane_box *b, const struct table *t)
{
	struct rect in = pane_inside(b);
	int lines = t->rows, size, at;

	if (lines < 2 || t->n <= (size_t)lines)
		return;
	size = (int)((size_t)lines * (size_t)lines / t->n);
	if (size < 1)
		size = 1;
	at = (int)((double)t->top / (double)(t->n - (size_t)lines) * (lines - size) + 0.5);
	for (int i = 0; i < size; i++)
		surface_mark(s, b->r.x + b->r.w - 1, in.y + in.h - lines + at + i, STYLE_PLAIN, MARK_THUMB);
}

/* Bytes of `text` that fill a line of `cols`: to the last blank that fits, else as far as it goes. */
static size_t line_bytes(const char *text, size_t n, int cols)
{
	size_t at = 0, blank = 0;
	int width = 0;

	while (at < n) {
		uint32_t cp;
		size_t used = utf8_decode(text + at, n - at, &cp);
		int w = utf8_width(cp);

		if (width + w > cols)
			return blank ? blank : at;
		if (cp == ' ')
			blank = at;
		else if (w == 2)
			blank = at + used; /* wide scripts break anywhere */
		width += w;
		at += used;
	}
	return n;
}

int pane_wrap(struct surface *s, struct rect r, uint16_t style, const char *text)
{
	struct str safe = STR_INIT;
	size_t most = (size_t)(r.w > 0 ? r.w : 0) * (size_t)(r.h > 0 ? r.h : 0) * 4 + 64, at = 0;
	int line = 0;

	utf8_sanitise(&safe, text, strnlen(text, most));
	while (at < safe.len && line < r.h && r.w > 1) {
		const char *from = str_text(&safe) + at;
		size_t n = line == r.h - 1 ? safe.len - at : line_bytes(from, safe.len - at, r.w);
		char *part = strndup(from, n ? n : 1);

		if (!part)
			break;
		surface_text(s, r.x, r.y + line++, r.w, style, part);
		free(part);
		at += n ? n : 1;
		while (at < safe.len && str_text(&safe)[at] == ' ')
			at++;
	}
	str_done(&safe);
	return line;
}

void pane_say(struct surface *s, struct rect r, const char *text)
{
	int w = surface_width(s, text);

	if (r.h < 1)
		return;
	if (w <= r.w) {
		surface_text(s, r.x + (r.w - w) / 2, r.y + (r.h - 1) / 2, r.w, STYLE_DIM, text);
		return;
	}
	pane_wrap(s, (struct rect){ r.x + 1, r.y, r.w - 2, r.h }, STYLE_DIM, text);
}
