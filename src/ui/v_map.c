/* SPDX-License-Identifier: GPL-3.0-or-later */
/* v_map.c - item vectors as dots of braille. */
#include "ui/v_map.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "ui/braille.h"
#include "ui/pane.h"
#include "ui/text.h"

#define MOST_ZOOM 8
#define PAN 0.25
#define MARGIN 0.04
#define LIT 60 /* neighbours; the first nine by their number */

/* --- questions ------------------------------------------------------------------------------------------------ */

static void count_tags(struct map_state *m, const struct dataset *d)
{
	uint32_t *n;
	struct err err;

	m->n_tags = 0;
	m->data_id = d->id;
	n = d->item_tags.ptr && d->tag_names.n ? mem_zeroed(d->tag_names.n, sizeof(*n), &err) : NULL;
	if (!n)
		return; /* none, or no memory for colours: a map without */
	for (size_t k = 0; k < d->item_tags.ptr[d->n_items]; k++)
		n[d->item_tags.idx[k]]++;
	for (uint32_t t = 0; t < d->tag_names.n; t++) {
		uint32_t at = m->n_tags;

		if (at == MAP_TAGS && n[t] <= m->tag_items[MAP_TAGS - 1])
			continue;
		if (at == MAP_TAGS)
			at--;
		else
			m->n_tags++;
		for (; at > 0 && m->tag_items[at - 1] < n[t]; at--) {
			m->tag[at] = m->tag[at - 1];
			m->tag_items[at] = m->tag_items[at - 1];
		}
		m->tag[at] = t;
		m->tag_items[at] = n[t];
	}
	mem_free(n);
}

/* A layout takes long: of a run in training there is none until it ends. */
static void ask(struct map_asked *asked, struct session *s, enum pane pane)
{
	const struct run *run = session_answering(s);
	bool pending;

	session_answer(s, pane, &pending);
	if (!run || (pane == PANE_LAYOUT && run->job))
		return;
	if (!strcmp(asked->run, run->label) && asked->split == session_split_serial(s) &&
	    (pending || asked->epoch == run->rec.epochs))
		return;
	if (!session_ask_map(s, pane))
		return;
	snprintf(asked->run, sizeof asked->run, "%s", run->label);
	asked->epoch = run->rec.epochs;
	asked->split = session_split_serial(s);
}

void map_sync(struct map_state *m, struct session *s, uint32_t item)
{
	const struct dataset *d = session_data(s);

	if (m->item != item) {
		m->item = m->centre = item;
		m->pan_x = m->pan_y = 0;
	}
	if (m->shows == MAP_OFF || !d)
		return;
	if (m->data_id != d->id)
		count_tags(m, d);
	ask(&m->asked[0], s, PANE_MAP);
	if (m->shows == MAP_LAYOUT)
		ask(&m->asked[1], s, PANE_LAYOUT);
}

/* What can be drawn: the layout where it is made, else the components. */
static const struct map_answer *map_of(const struct map_state *m, const struct session *s, bool *pending, const struct err **why)
{
	const struct dataset *d = session_data(s);
	const struct answer *a = m->shows == MAP_LAYOUT ? session_answer(s, PANE_LAYOUT, pending) : NULL;
	bool layout_pending = a || m->shows == MAP_LAYOUT ? *pending : false;

	if (!a || a->data_id != d->id || a->err.code != ERR_OK || !session_answering(s) ||
	    strcmp(a->map.run, session_answering(s)->rec.name) != 0)
		a = session_answer(s, PANE_MAP, pending);
	*pending |= layout_pending;
	*why = a && a->data_id == d->id && a->err.code != ERR_OK ? &a->err : NULL;
	return a && a->data_id == d->id && a->err.code == ERR_OK ? &a->map : NULL;
}

void map_forget(struct map_state *m)
{
	free(m->found);
	m->found = NULL;
	m->n_found = 0;
	m->sought[0] = '\0';
}

static bool is_near(const struct nearest_answer *near, uint32_t item)
{
	for (size_t i = 0; near && i < near->n; i++)
		if (near->row[i].item == item)
			return true;
	return false;
}

void map_find(struct map_state *m, const struct session *s, const char *text, const struct nearest_answer *near)
{
	const struct dataset *d = session_data(s);
	const struct err *why;
	bool pending;
	const struct map_answer *a = map_of(m, s, &pending, &why);

	map_forget(m);
	snprintf(m->sought, sizeof m->sought, "%s", text);
	m->found = mem_must(malloc(((a ? a->n : 0) + 1) * sizeof *m->found));
	for (size_t i = 0; a && i < a->n; i++)
		if (utf8_contains_fold(dataset_title(d, a->item[i]), text) && !is_near(near, a->item[i]))
			m->found[m->n_found++] = a->item[i];
}

/* --- actions -------------------------------------------------------------------------------------------------- */

static bool show(struct map_state *m, const char *name)
{
	static const char *const names[N_MAP_SHOWS] = { "off", "components", "neighbours" };
	int at = (m->shows + 1) % N_MAP_SHOWS;

	if (*name)
		for (at = 0; at < N_MAP_SHOWS && strcmp(names[at], name);)
			at++;
	if (at == N_MAP_SHOWS)
		return false;
	m->shows = (enum map_shows)at;
	return true;
}

static bool zoom(struct map_state *m, const char *how)
{
	if (!strcmp(how, "in"))
		m->zoom += m->zoom < MOST_ZOOM;
	else if (!strcmp(how, "out"))
		m->zoom -= m->zoom > 0;
	else if (!strcmp(how, "all"))
		m->zoom = 0;
	else
		return false;
	if (!m->zoom)
		m->pan_x = m->pan_y = 0;
	return true;
}

static bool pan(struct map_state *m, const char *where)
{
	if (!strcmp(where, "left"))
		m->pan_x -= PAN;
	else if (!strcmp(where, "right"))
		m->pan_x += PAN;
	else if (!strcmp(where, "up"))
		m->pan_y -= PAN;
	else if (!strcmp(where, "down"))
		m->pan_y += PAN;
	else
		return false;
	return true;
}

bool map_handle(struct map_state *m, const struct act *act, bool focus)
{
	if (act->id == ACT_MAP)
		return show(m, act->arg);
	if (m->shows == MAP_OFF)
		return false;
	if (act->id == ACT_ZOOM)
		return zoom(m, act->arg);
	if (act->id == ACT_COLOUR) {
		m->colour = m->n_tags ? (m->colour + 1) % (m->n_tags + 2) : 0;
		return true;
	}
	return act->id == ACT_MOVE && focus && m->zoom && pan(m, act->arg);
}

/* --- drawing -------------------------------------------------------------------------------------------------- */

struct sheet { /* from the map's plane to dots */
	double x0, y0, scale;
};

static size_t find(const struct map_answer *a, uint32_t item)
{
	size_t lo = 0, hi = a->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (a->item[mid] < item)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < a->n && a->item[lo] == item ? lo : SIZE_MAX;
}

/* One scale for both directions, so that near is near; braille dots are about as wide as high. */
static struct sheet lay(const struct map_state *m, const struct map_answer *a, int dots_w, int dots_h)
{
	double lo[2] = { INFINITY, INFINITY }, hi[2] = { -INFINITY, -INFINITY }, cx, cy, w, h;
	size_t chosen = find(a, m->centre);
	struct sheet sheet;

	for (size_t i = 0; i < 2 * a->n; i++) {
		lo[i % 2] = fmin(lo[i % 2], (double)a->xy[i]);
		hi[i % 2] = fmax(hi[i % 2], (double)a->xy[i]);
	}
	w = fmax(hi[0] - lo[0], 1e-9) * (1 + 2 * MARGIN);
	h = fmax(hi[1] - lo[1], 1e-9) * (1 + 2 * MARGIN);
	sheet.scale = fmin(dots_w / w, dots_h / h) * (double)(1u << m->zoom);
	cx = 0.5 * (lo[0] + hi[0]);
	cy = 0.5 * (lo[1] + hi[1]);
	if (m->zoom && chosen != SIZE_MAX) {
		cx = (double)a->xy[2 * chosen];
		cy = (double)a->xy[2 * chosen + 1];
	}
	if (m->zoom) {
		cx += m->pan_x * dots_w / sheet.scale;
		cy -= m->pan_y * dots_h / sheet.scale; /* up is where y grows */
	}
	sheet.x0 = cx - 0.5 * dots_w / sheet.scale;
	sheet.y0 = cy + 0.5 * dots_h / sheet.scale;
	return sheet;
}

static bool dot_of(const struct map_answer *a, size_t i, const struct sheet *s, int dots_w, int dots_h, int *x, int *y)
{
	double dx = floor(((double)a->xy[2 * i] - s->x0) * s->scale), dy = floor((s->y0 - (double)a->xy[2 * i + 1]) * s->scale);

	if (!(dx >= 0 && dy >= 0 && dx < dots_w && dy < dots_h))
		return false;
	*x = (int)dx;
	*y = (int)dy;
	return true;
}

static bool has_tag(const struct dataset *d, uint32_t item, uint32_t tag)
{
	for (size_t k = d->item_tags.ptr[item]; k < d->item_tags.ptr[item + 1]; k++)
		if (d->item_tags.idx[k] == tag)
			return true;
	return false;
}

/* 0: none that is coloured; else the place of its first one, from 1. */
static unsigned tag_of(const struct map_state *m, const struct dataset *d, uint32_t item)
{
	for (uint32_t t = 0; m->colour && t < m->n_tags; t++)
		if ((m->colour == 1 || m->colour == t + 2) && has_tag(d, item, m->tag[t]))
			return t + 1;
	return 0;
}

static const uint16_t tag_styles[MAP_TAGS + 1] = { STYLE_DIM, STYLE_SERIES_1, STYLE_SERIES_2, STYLE_SERIES_3, STYLE_SERIES_4 };

/* A cell has one colour: that of most of its tagged items.  One tag alone: its items and no others. */
static void draw_dots(const struct map_state *m, const struct dataset *d, const struct map_answer *a, const struct sheet *sheet,
		      struct surface *out, struct rect in)
{
	size_t cells = (size_t)in.w * (size_t)in.h;
	struct err err;
	uint8_t *bits = mem_zeroed(cells, 1, &err);
	uint16_t (*of)[MAP_TAGS + 1] = bits ? mem_zeroed(cells, sizeof(*of), &err) : NULL;
	struct braille b = { .cols = in.w, .rows = in.h, .bits = bits };

	for (size_t i = 0; of && i < a->n; i++) {
		unsigned tag = tag_of(m, d, a->item[i]);
		int x, y;

		if (!dot_of(a, i, sheet, 2 * in.w, 4 * in.h, &x, &y) || (m->colour > 1 && !tag))
			continue;
		braille_dot(&b, x, y);
		if (of[(y / 4) * in.w + x / 2][tag] < UINT16_MAX)
			of[(y / 4) * in.w + x / 2][tag]++;
	}
	for (size_t c = 0; of && c < cells; c++) {
		unsigned best = 0;

		for (unsigned t = 1; t <= MAP_TAGS; t++)
			if (of[c][t] > (best ? of[c][best] : 0))
				best = t;
		if (bits[c])
			surface_fill(out, (struct rect){ in.x + (int)(c % (size_t)in.w), in.y + (int)(c / (size_t)in.w), 1, 1 },
				     0x2800u + bits[c], m->colour ? tag_styles[best] : STYLE_PLAIN);
	}
	mem_free(bits);
	mem_free(of);
}

static bool cell_of(const struct map_answer *a, uint32_t item, const struct sheet *sheet, struct rect in, struct rect *cell)
{
	size_t i = find(a, item);
	int x, y;

	if (i == SIZE_MAX || !dot_of(a, i, sheet, 2 * in.w, 4 * in.h, &x, &y))
		return false;
	*cell = (struct rect){ in.x + x / 2, in.y + y / 4, 1, 1 };
	return true;
}

/* The nearest on top: they are drawn last. */
static void light(const struct map_state *m, const struct map_answer *a, const struct nearest_answer *near, size_t cursor,
		  const struct sheet *sheet, struct surface *out, struct rect in)
{
	const size_t n = near ? near->n : 0;
	struct rect cell;

	for (size_t k = 0; k < m->n_found; k++)
		if (cell_of(a, m->found[k], sheet, in, &cell))
			surface_fill(out, cell, '*', STYLE_WARN | STYLE_BOLD);
	for (size_t k = n; k-- > 0;) {
		uint16_t style = STYLE_HIT | (k == cursor ? STYLE_REVERSE : 0);

		if (k < LIT && k != cursor && cell_of(a, near->row[k].item, sheet, in, &cell))
			surface_fill(out, cell, k < 9 ? (uint32_t)('1' + k) : 'o', style);
	}
	if (cursor >= n && cursor - n < m->n_found && cell_of(a, m->found[cursor - n], sheet, in, &cell))
		surface_fill(out, cell, '*', STYLE_WARN | STYLE_BOLD | STYLE_REVERSE);
	if (near && cursor < near->n && cell_of(a, near->row[cursor].item, sheet, in, &cell))
		surface_fill(out, cell, cursor < 9 ? (uint32_t)('1' + cursor) : 'o', STYLE_HIT | STYLE_REVERSE);
	if (cell_of(a, m->item, sheet, in, &cell))
		surface_mark(out, cell.x, cell.y, STYLE_KEY | STYLE_REVERSE | STYLE_BOLD, MARK_TIMES);
}

static void draw_legend(const struct map_state *m, const struct dataset *d, const struct nearest_answer *near, size_t cursor,
			struct surface *out, struct rect line)
{
	const size_t n_near = near ? near->n : 0;
	int x = line.x, end = line.x + line.w;

	if (cursor >= n_near && cursor - n_near < m->n_found) {
		surface_printf(out, x, line.y, line.w, STYLE_WARN, "* %zu of %zu with \"%.40s\": %s", cursor - n_near + 1,
			       m->n_found, m->sought, dataset_title(d, m->found[cursor - n_near]));
		return;
	}
	if (!m->colour && near && cursor < near->n) {
		surface_printf(out, x, line.y, line.w, STYLE_DIM, "%zu %s %.3f", cursor + 1,
			       dataset_title(d, near->row[cursor].item), (double)near->row[cursor].score);
		return;
	}
	if (m->colour > 1) {
		char n[32];

		text_count(n, sizeof n, m->tag_items[m->colour - 2]);
		surface_printf(out, x, line.y, line.w, tag_styles[m->colour - 1], "%s items of %s alone", n,
			       strtab_get(&d->tag_names, m->tag[m->colour - 2]));
		return;
	}
	for (uint32_t t = 0; m->colour && t < m->n_tags && x < end; t++)
		x += surface_text(out, x, line.y, end - x, tag_styles[t + 1], strtab_get(&d->tag_names, m->tag[t])) + 2;
	if (!m->colour)
		surface_text(out, x, line.y, line.w, STYLE_DIM, "numbers: its nearest, in order");
}

void map_title(const struct map_state *m, const struct session *s, char *out, size_t size, bool *pending)
{
	const struct err *why;
	const struct map_answer *a = map_of(m, s, pending, &why);
	int n;

	if (!a) {
		snprintf(out, size, "Map");
		return;
	}
	n = snprintf(out, size, "Map of %.40s · ", a->run);
	if (isnan(a->share))
		n += snprintf(out + n, size - (size_t)n, "%zu by neighbours (KL %.2f)", a->n, a->kl);
	else
		n += snprintf(out + n, size - (size_t)n, "%.0f%% of variance%s", 100 * a->share,
			      m->shows == MAP_LAYOUT ? *pending ? ", laying out …" : "" : "");
	if (m->zoom && n < (int)size)
		snprintf(out + n, size - (size_t)n, " · x%u", 1u << m->zoom);
}

void map_draw(const struct map_state *m, const struct session *s, const struct nearest_answer *near, size_t cursor,
	      struct surface *out, struct rect in)
{
	const struct dataset *d = session_data(s);
	bool pending;
	const struct err *why;
	const struct map_answer *a = map_of(m, s, &pending, &why);
	struct rect dots = { in.x, in.y, in.w, in.h - (in.h > 4) }, line = { in.x, in.y + in.h - 1, in.w, 1 };
	struct sheet sheet;

	if (!a || !a->n || dots.w < 1 || dots.h < 1) {
		pane_say(out, in, why ? why->msg : pending ? "Computing …" : "No item has a train event");
		return;
	}
	sheet = lay(m, a, 2 * dots.w, 4 * dots.h);
	draw_dots(m, d, a, &sheet, out, dots);
	light(m, a, near, cursor, &sheet, out, dots);
	if (dots.h < in.h)
		draw_legend(m, d, near, cursor, out, line);
}
