/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pager.c - see pager.h. */
#include "ui/pager.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "ui/pane.h"

void pager_close(struct pager *p)
{
	free(p->text);
	free(p->line);
	*p = (struct pager){ .open = false };
}

void pager_show(struct pager *p, const char *title, const char *text)
{
	size_t n = 0;

	pager_close(p);
	p->open = true;
	snprintf(p->title, sizeof p->title, "%s", title);
	p->text = mem_strdup(text);
	for (const char *at = p->text; *at; at++)
		n += *at == '\n';
	p->line = mem_must(calloc(n + 1, sizeof *p->line));
	n = 0;
	for (char *at = p->text; *at;) {
		size_t len = strcspn(at, "\n");
		int w = utf8_text_width(at, len);

		p->line[n++] = (size_t)(at - p->text);
		p->width = w > p->width ? w : p->width;
		at += len;
		if (*at)
			*at++ = '\0';
	}
	table_init(&p->table);
	p->table.n = n;
}

/* Only as large as its text. */
static struct rect box_of(const struct pager *p, struct rect body)
{
	int title = utf8_text_width(p->title, strlen(p->title)) + 6;
	int w = p->width + 4 > title ? p->width + 4 : title, h = p->table.n + 2 < 4096 ? (int)p->table.n + 2 : 4096;

	w = w < body.w ? w : body.w;
	h = h < body.h ? h : body.h;
	if (w < 30)
		w = 30;
	return (struct rect){ body.x + (body.w - w) / 2, body.y + (body.h - h) / 2, w, h };
}

void pager_place(struct pager *p, struct rect body)
{
	struct rect r = box_of(p, body);
	size_t lines = (size_t)(r.h - 2);

	p->table.rows = r.h - 2;
	/* The cursor is the top line. */
	if (p->table.n <= lines)
		p->table.cursor = 0;
	else if (p->table.cursor > p->table.n - lines)
		p->table.cursor = p->table.n - lines;
	p->table.top = p->table.cursor;
}

bool pager_key(struct pager *p, struct key key)
{
	switch (key.code) {
	case K_ESC: case 'q': case '?': case K_ENTER:
		pager_close(p);
		return true;
	case K_UP: case 'k': case K_WHEEL_UP:
		return table_move(&p->table, MOVE_UP) || true;
	case K_DOWN: case 'j': case K_WHEEL_DOWN:
		return table_move(&p->table, MOVE_DOWN) || true;
	case K_PAGE_UP:
		return table_move(&p->table, MOVE_PAGE_UP) || true;
	case K_PAGE_DOWN: case ' ':
		return table_move(&p->table, MOVE_PAGE_DOWN) || true;
	case K_HOME: case 'g':
		return table_move(&p->table, MOVE_FIRST) || true;
	case K_END: case 'G':
		return table_move(&p->table, MOVE_LAST) || true;
	default:
		return false;
	}
}

void pager_draw(const struct pager *p, struct surface *s, struct rect body)
{
	struct pane_box box = { .r = box_of(p, body), .top = true, .low = true };
	struct rect in;

	surface_fill(s, box.r, ' ', STYLE_PLAIN);
	in = pane_draw(s, &box, p->title, true, NULL);
	for (int y = 0; y < in.h && p->table.top + (size_t)y < p->table.n; y++) {
		const char *line = p->text + p->line[p->table.top + (size_t)y];
		/* A line that starts at the margin and ends in ":" heads what follows. */
		size_t n = strlen(line);
		bool head = n > 1 && line[0] != ' ' && line[n - 1] == ':';

		surface_text(s, in.x + 1, in.y + y, in.w - 2, head ? STYLE_HEAD : STYLE_PLAIN, line);
	}
	pane_draw_thumb(s, &box, &p->table);
}
