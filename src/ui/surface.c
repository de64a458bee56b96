/* SPDX-License-Identifier: GPL-3.0-or-later */
/* surface.c - the grid of cells.  All text on its way to the screen passes here: decoded, made safe, measured. */
#include "ui/surface.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

#define BLANK(st) ((struct cell){ .cp = ' ', .style = (st) })

bool surface_init(struct surface *s, int w, int h)
{
	memset(s, 0, sizeof *s);
	return surface_resize(s, w, h);
}

bool surface_resize(struct surface *s, int w, int h)
{
	struct err err = { 0 };
	struct cell *cell;

	if (w < 1 || h < 1)
		return false;
	cell = mem_alloc((size_t)w * (size_t)h, sizeof *cell, &err);
	if (!cell)
		return false;
	mem_free(s->cell);
	s->cell = cell;
	s->w = w;
	s->h = h;
	surface_clear(s, STYLE_PLAIN);
	return true;
}

void surface_done(struct surface *s)
{
	mem_free(s->cell);
	str_done(&s->scratch);
	memset(s, 0, sizeof *s);
}

void surface_clear(struct surface *s, uint16_t style)
{
	for (size_t i = 0; i < (size_t)s->w * (size_t)s->h; i++)
		s->cell[i] = BLANK(style);
	s->clip = (struct rect){ 0, 0, s->w, s->h };
	s->cursor_x = s->cursor_y = -1;
}

static struct rect rect_meet(struct rect a, struct rect b)
{
	int x = a.x > b.x ? a.x : b.x, y = a.y > b.y ? a.y : b.y;
	int right = a.x + a.w < b.x + b.w ? a.x + a.w : b.x + b.w;
	int low = a.y + a.h < b.y + b.h ? a.y + a.h : b.y + b.h;

	return (struct rect){ x, y, right > x ? right - x : 0, low > y ? low - y : 0 };
}

struct rect surface_clip(struct surface *s, struct rect r)
{
	struct rect old = s->clip;

	s->clip = rect_meet(rect_meet(r, old), (struct rect){ 0, 0, s->w, s->h });
	return old;
}

static bool is_inside(const struct surface *s, int x, int y)
{
	return x >= s->clip.x && y >= s->clip.y && x < s->clip.x + s->clip.w && y < s->clip.y + s->clip.h;
}

static struct cell *cell_at(struct surface *s, int x, int y)
{
	return &s->cell[(size_t)y * (size_t)s->w + (size_t)x];
}

/* A half of a wide character never stays behind alone. */
static void put_cell(struct surface *s, int x, int y, struct cell c)
{
	struct cell *to;

	if (!is_inside(s, x, y))
		return;
	to = cell_at(s, x, y);
	if (to->cp == 0 && x > 0)
		to[-1] = BLANK(to[-1].style);
	if (x + 1 < s->w && to[1].cp == 0)
		to[1] = BLANK(to[1].style);
	*to = c;
}

static void put_wide(struct surface *s, int x, int y, struct cell c)
{
	if (!is_inside(s, x, y) || !is_inside(s, x + 1, y)) {
		put_cell(s, x, y, BLANK(c.style));
		put_cell(s, x + 1, y, BLANK(c.style));
		return;
	}
	put_cell(s, x, y, c);
	put_cell(s, x + 1, y, BLANK(c.style));
	cell_at(s, x + 1, y)->cp = 0;
}

void surface_fill(struct surface *s, struct rect r, uint32_t cp, uint16_t style)
{
	const char *twin = s->ascii ? mark_twin(cp) : NULL;

	r = rect_meet(r, s->clip);
	for (int y = r.y; y < r.y + r.h; y++)
		for (int x = r.x; x < r.x + r.w; x++)
			put_cell(s, x, y, (struct cell){ .cp = twin ? (uint32_t)*twin : cp, .style = style });
}

void surface_style(struct surface *s, struct rect r, uint16_t style)
{
	r = rect_meet(r, s->clip);
	for (int y = r.y; y < r.y + r.h; y++)
		for (int x = r.x; x < r.x + r.w; x++)
			cell_at(s, x, y)->style = style;
}

void surface_mark(struct surface *s, int x, int y, uint16_t style, enum mark m)
{
	uint32_t cp = s->ascii ? (uint32_t)*mark_table[m].twin : mark_table[m].cp;

	put_cell(s, x, y, (struct cell){ .cp = cp, .style = style });
}

/* Makes text safe in s->scratch.  Of a text of megabytes only what can show is read; *more then. */
static const char *make_safe(struct surface *s, const char *utf8, int cols, size_t *n, bool *more)
{
	size_t most = (size_t)(cols > 0 ? cols : 0) * 16 + 64, len = strnlen(utf8, most + 1);
	bool plain = true;

	*more = len > most;
	if (*more)
		len = most;
	for (size_t i = 0; i < len && plain; i++)
		plain = (unsigned char)utf8[i] >= 0x20 && (unsigned char)utf8[i] < 0x7f;
	*n = len;
	if (plain)
		return utf8;
	str_clear(&s->scratch);
	utf8_sanitise(&s->scratch, utf8, len);
	*n = s->scratch.len;
	return str_text(&s->scratch);
}

/* Walks safe text: one step is one base character with its width, or its ASCII twin's. */
struct step {
	uint32_t cp, mark;
	const char *twin;
	int width;
};

static size_t next_step(const struct surface *s, const char *t, size_t n, struct step *out)
{
	size_t used = utf8_decode(t, n, &out->cp);

	out->mark = 0;
	out->twin = s->ascii ? mark_twin(out->cp) : NULL;
	out->width = out->twin ? (int)strlen(out->twin) : utf8_width(out->cp);
	while (used < n && (unsigned char)t[used] >= 0x80) {
		uint32_t cp;
		size_t more = utf8_decode(t + used, n - used, &cp);

		if (utf8_width(cp) != 0)
			break;
		if (!out->mark) /* a cell holds one combining mark; further ones are left out */
			out->mark = cp;
		used += more;
	}
	return used;
}

static int safe_width(const struct surface *s, const char *t, size_t n, int enough)
{
	int width = 0;
	struct step step;

	for (size_t i = 0; i < n && width <= enough; width += step.width)
		i += next_step(s, t + i, n - i, &step);
	return width;
}

int surface_width(struct surface *s, const char *utf8)
{
	size_t n;
	bool more;
	const char *t = make_safe(s, utf8, 4096, &n, &more);

	return safe_width(s, t, n, 4096);
}

static void put_step(struct surface *s, int x, int y, uint16_t style, const struct step *step)
{
	struct cell c = { .cp = step->cp, .mark = step->mark, .style = style };

	if (step->twin)
		for (int i = 0; i < step->width; i++)
			put_cell(s, x + i, y, (struct cell){ .cp = (uint32_t)step->twin[i], .style = style });
	else if (step->width == 2)
		put_wide(s, x, y, c);
	else if (step->width == 1)
		put_cell(s, x, y, c);
}

static int draw_safe(struct surface *s, int x, int y, int cols, uint16_t style, const char *t, size_t n, bool more)
{
	bool cut = more || safe_width(s, t, n, cols) > cols;
	int room = cut ? cols - 1 : cols, used = 0;
	struct step step;

	for (size_t i = 0; i < n;) {
		i += next_step(s, t + i, n - i, &step);
		if (used + step.width > room)
			break;
		put_step(s, x + used, y, style, &step);
		used += step.width;
	}
	if (!cut)
		return used;
	for (; used < room; used++)
		put_cell(s, x + used, y, BLANK(style));
	surface_mark(s, x + room, y, style, MARK_CUT);
	return cols;
}

int surface_text(struct surface *s, int x, int y, int cols, uint16_t style, const char *utf8)
{
	size_t n;
	bool more;
	const char *t;

	if (cols <= 0 || y < s->clip.y || y >= s->clip.y + s->clip.h)
		return 0;
	t = make_safe(s, utf8, cols, &n, &more);
	return draw_safe(s, x, y, cols, style, t, n, more);
}

int surface_text_right(struct surface *s, int x, int y, int cols, uint16_t style, const char *utf8)
{
	size_t n;
	bool more;
	const char *t;
	int width;

	if (cols <= 0)
		return 0;
	t = make_safe(s, utf8, cols, &n, &more);
	width = more ? cols : safe_width(s, t, n, cols);
	if (width > cols)
		width = cols;
	return draw_safe(s, x + cols - width, y, width, style, t, n, more);
}

int surface_printf(struct surface *s, int x, int y, int cols, uint16_t style, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return surface_text(s, x, y, cols, style, text);
}

static void put_utf8(struct str *out, uint32_t cp)
{
	char bytes[4];

	str_append(out, bytes, utf8_encode(cp, bytes));
}

void surface_dump(const struct surface *s, struct str *out)
{
	for (int y = 0; y < s->h; y++) {
		const struct cell *row = &s->cell[(size_t)y * (size_t)s->w];
		int end = s->w;

		while (end > 0 && row[end - 1].cp == ' ')
			end--;
		for (int x = 0; x < end; x++) {
			if (row[x].cp)
				put_utf8(out, row[x].cp);
			if (row[x].mark)
				put_utf8(out, row[x].mark);
		}
		str_putc(out, '\n');
	}
}

static char style_letter(const struct cell *c)
{
	uint16_t style = c->style & STYLE_MASK;
	char letter = style < N_STYLES ? look_table[style].letter : '?';

	if (!(c->style & STYLE_REVERSE))
		return letter;
	return letter >= 'a' && letter <= 'z' ? (char)(letter - 'a' + 'A') : letter == '.' ? '@' : letter;
}

void surface_dump_styles(const struct surface *s, struct str *out)
{
	surface_dump(s, out);
	str_puts(out, "\f\n");
	for (int y = 0; y < s->h; y++) {
		const struct cell *row = &s->cell[(size_t)y * (size_t)s->w];

		for (int x = 0; x < s->w; x++)
			str_putc(out, style_letter(&row[x]));
		str_putc(out, '\n');
	}
}
