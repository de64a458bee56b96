/* SPDX-License-Identifier: GPL-3.0-or-later */
/* v_items_draw.c - how Items looks: the items, the three lists, what is known of an item, why two are near. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ui/text.h"
#include "ui/v_items.h"

struct draw_ctx {
	const struct items_state *st;
	const struct session *s;
	const struct dataset *d;
	const struct nearest_answer *near;
};

static void item_cell(const void *ctx, size_t row, int column, struct table_cell *out)
{
	const struct draw_ctx *c = ctx;
	uint32_t i = items_at(c->st, c->s, row);

	if (i == NO_ITEM || i >= c->d->n_items)
		return;
	if (column == I_TITLE)
		snprintf(out->text, sizeof out->text, "%s", dataset_title(c->d, i));
	else if (column == I_EVENTS)
		text_count(out->text, sizeof out->text, session_item_events(c->s, i));
	else
		text_real(out->text, sizeof out->text, session_item_mean(c->s, i), 1);
}

void items_draw_list(const struct view *v, const struct session *s, struct surface *out)
{
	static const struct table_column column[] = {
		[I_TITLE] = { .title = "item", .least = 10 },
		[I_EVENTS] = { .title = "events", .width = 7, .right = true },
		[I_MEAN] = { .title = "mean", .width = 5, .right = true, .drop = 1 },
	};
	const struct draw_ctx c = { .st = v->state, .s = s, .d = session_data(s) };
	char title[200], total[32];
	bool pending;
	struct rect in;

	items_order(c.st, s, &pending);
	text_count(total, sizeof total, v->table[ITEMS].n);
	snprintf(title, sizeof title, c.st->filter[0] ? "Items (%s) \\ %s" : "Items (%s)", total, c.st->filter);
	in = view_pane(v, out, ITEMS, title);
	view_table(v, out, ITEMS, in, column, c.d->value ? 3 : 2, item_cell, &c, pending);
	if (!v->table[ITEMS].n)
		pane_say(out, in, pending ? "Looking …" : "No item has this: Esc clears the filter");
}

/* --- what is near ------------------------------------------------------------------------------------------------- */

#define WIDE_LIST 56

enum { N_RANK, N_TITLE, N_EVENTS, N_COS, N_BAR };

static void near_cell(const void *ctx, size_t row, int column, struct table_cell *out)
{
	const struct draw_ctx *c = ctx;
	const struct list_row *r = &c->near->row[row];

	switch (column) {
	case N_RANK:
		snprintf(out->text, sizeof out->text, "%zu", row + 1);
		break;
	case N_TITLE:
		snprintf(out->text, sizeof out->text, "%s", dataset_title(c->d, r->item));
		break;
	case N_EVENTS:
		text_count(out->text, sizeof out->text, session_item_events(c->s, r->item));
		break;
	case N_COS:
		text_real(out->text, sizeof out->text, r->score, 3);
		break;
	case N_BAR:
		out->bar = r->score;
		break;
	}
}

static void draw_nearest(const struct view *v, const struct session *s, enum nearest_by by, struct surface *out)
{
	struct table_column column[] = {
		[N_RANK] = { .title = "", .width = 2, .right = true },
		[N_TITLE] = { .title = "item", .least = 12 },
		[N_EVENTS] = { .title = "events", .width = -1, .right = true, .drop = 2 },
		[N_COS] = { .title = "cosine", .width = 6, .right = true },
		[N_BAR] = { .title = "", .width = 12, .bar = true, .drop = 1 },
	};
	static const char *const titles[N_NEAREST] = {
		[NEAREST_MODEL] = "Nearest by ", [NEAREST_BEHAVIOUR] = "By behaviour", [NEAREST_TEXT] = "By text",
	};
	struct draw_ctx c = { .st = v->state, .s = s, .d = session_data(s) };
	const struct answer *a;
	char title[128];
	bool pending;
	struct rect in;

	c.near = items_nearest(c.st, s, by, &pending);
	snprintf(title, sizeof title, "%s%s", titles[by],
		 by != NEAREST_MODEL ? "" : session_answering(s) ? session_answering(s)->rec.name : "the model");
	in = view_pane(v, out, NEAREST + (int)by, title);
	if (in.w >= WIDE_LIST) /* else the titles need the room, in all three alike */
		column[N_EVENTS].width = 7;
	if (c.near && c.near->n) {
		view_table(v, out, NEAREST + (int)by, in, column, 5, near_cell, &c, pending);
		return;
	}
	a = session_answer(s, PANE_NEAREST + (enum pane)by, &pending);
	pane_say(out, in, pending ? "Computing …" : a && a->err.code != ERR_OK ? a->err.msg : "Nothing is near this item");
}

/* --- why ------------------------------------------------------------------------------------------------------------ */

enum { Y_WORD, Y_PART, Y_BAR };

struct why_ctx {
	const struct dataset *d;
	const struct near_answer *near;
};

/* Lines above the words: the likenesses, who took both, against chance, tags in common. */
enum why_line { LINE_LIKENESS, LINE_USERS, LINE_CHANCE, LINE_TAGS, N_WHY_LINES };

static bool has_line(const struct near_answer *near, enum why_line line)
{
	return line == LINE_CHANCE ? near->both && near->by_chance > 0 : line != LINE_TAGS || near->n_tags;
}

static size_t count_lines(const struct near_answer *near)
{
	size_t n = 0;

	for (int line = 0; line < N_WHY_LINES; line++)
		n += has_line(near, (enum why_line)line);
	return n;
}

/* Then the words, or that there is none. */
size_t items_near_rows(const struct near_answer *near)
{
	return near ? count_lines(near) + (near->n_words ? near->n_words : !isnan(near->text)) : 0;
}

static void say_likeness(const struct near_answer *near, struct str *out)
{
	const struct { const char *name; double value; } by[] = { { near->run, near->model }, { "behaviour", near->behaviour },
								  { "text", near->text } };

	for (size_t i = 0; i < sizeof by / sizeof *by; i++)
		if (!isnan(by[i].value))
			str_printf(out, "%s%s %.3f", out->len ? " · " : "", by[i].name, by[i].value);
}

static void say_users(const struct near_answer *near, struct str *out)
{
	char both[32], a[32], b[32];

	text_count(both, sizeof both, near->both);
	text_count(a, sizeof a, near->users[0]);
	text_count(b, sizeof b, near->users[1]);
	str_printf(out, "%s user%s took both, of %s and %s", both, near->both == 1 ? "" : "s", a, b);
}

static void say_line(const struct why_ctx *c, enum why_line line, struct str *out)
{
	const struct near_answer *near = c->near;
	char times[32];

	if (line == LINE_LIKENESS) {
		say_likeness(near, out);
	} else if (line == LINE_USERS) {
		say_users(near, out);
	} else if (line == LINE_CHANCE) {
		text_short(times, sizeof times, near->both / near->by_chance);
		str_printf(out, "%s times what chance gives", times);
	} else {
		for (size_t k = 0; k < near->n_tags && out->len < CELL_SIZE; k++)
			str_printf(out, "%s%s", k ? ", " : "Tags of both: ", strtab_get(&c->d->tag_names, near->tag[k]));
	}
}

static void why_cell(const void *ctx, size_t row, int column, struct table_cell *out)
{
	const struct why_ctx *c = ctx;
	const struct near_answer *near = c->near;
	const size_t lines = count_lines(near);
	struct str text = STR_INIT;
	int line = 0;

	if (row < lines || !near->n_words) {
		for (size_t left = row; line < N_WHY_LINES && (!has_line(near, (enum why_line)line) || left-- > 0);)
			line++;
		if (row < lines)
			say_line(c, (enum why_line)line, &text);
		else
			str_puts(&text, "No word of their titles and texts in common");
		snprintf(out->text, sizeof out->text, "%s", str_text(&text));
		out->span = true;
		out->style = row < lines ? STYLE_PLAIN : STYLE_DIM;
		str_done(&text);
		return;
	}
	row -= lines;
	if (column == Y_WORD)
		snprintf(out->text, sizeof out->text, "%s", near->part[row].word);
	else if (column == Y_PART)
		text_signed(out->text, sizeof out->text, (double)near->part[row].part, 3);
	else
		out->bar = near->text > 0 ? (double)near->part[row].part / near->text : 0;
}

static void draw_why(const struct view *v, const struct session *s, struct surface *out)
{
	static const struct table_column column[] = {
		[Y_WORD] = { .title = "", .least = 12 },
		[Y_PART] = { .title = "", .width = 6, .right = true },
		[Y_BAR] = { .title = "", .width = 10, .bar = true, .drop = 1 },
	};
	const struct items_state *st = v->state;
	bool pending;
	const struct why_ctx c = { session_data(s), items_near(st, s, &pending) };
	char title[300] = "Why near";
	struct rect in;

	if (c.near)
		snprintf(title, sizeof title, "Why near: %.200s", dataset_title(c.d, c.near->other));
	in = view_pane(v, out, WHY_NEAR, title);
	if (c.near)
		view_table(v, out, WHY_NEAR, in, column, 3, why_cell, &c, pending);
	else
		pane_say(out, in, pending && st->other != NO_ITEM ? "Computing …" : "What is near tells here why it is");
}

/* --- of one item ---------------------------------------------------------------------------------------------------- */

static void say_item(const struct draw_ctx *c, char *out, size_t size)
{
	char n[32], mean[32] = "";

	text_count(n, sizeof n, session_item_events(c->s, c->st->item));
	if (c->d->value)
		snprintf(mean, sizeof mean, " · mean %.1f", session_item_mean(c->s, c->st->item));
	snprintf(out, size, "%.160s · %s event%s%s", dataset_title(c->d, c->st->item), n,
		 session_item_events(c->s, c->st->item) == 1 ? "" : "s", mean);
}

static void add_tags(const struct dataset *d, uint32_t item, struct str *out)
{
	if (!d->item_tags.ptr)
		return;
	for (size_t k = d->item_tags.ptr[item]; k < d->item_tags.ptr[item + 1] && out->len < 600; k++)
		str_printf(out, "%s%s", k > d->item_tags.ptr[item] ? ", " : "",
			   strtab_get(&d->tag_names, d->item_tags.idx[k]));
}

void items_draw_about(const struct view *v, const struct session *s, int pane, struct surface *out)
{
	const struct draw_ctx c = { .st = v->state, .s = s, .d = session_data(s) };
	char title[256] = "About";
	struct str text = STR_INIT;
	struct rect in;

	if (c.st->item != NO_ITEM)
		say_item(&c, title, sizeof title);
	in = view_pane(v, out, pane, title);
	if (c.st->item == NO_ITEM)
		return;
	in.x += 1;
	in.w -= 2;
	str_printf(&text, "id %.120s", dataset_item_id(c.d, c.st->item));
	surface_text(out, in.x, in.y, in.w, STYLE_DIM, str_text(&text));
	in.y++;
	in.h--;
	str_clear(&text);
	add_tags(c.d, c.st->item, &text);
	if (text.len) {
		int used = pane_wrap(out, (struct rect){ in.x, in.y, in.w, in.h > 1 ? in.h / 2 : in.h }, STYLE_PLAIN,
				     str_text(&text));

		in.y += used;
		in.h -= used;
	}
	if (c.d->texts.n && in.h > 0)
		pane_wrap(out, in, STYLE_DIM, strtab_get(&c.d->texts, c.st->item));
	str_done(&text);
}

/* --- all of it -------------------------------------------------------------------------------------------------------- */

bool items_draw_without_data(const struct view *v, const struct session *s, struct surface *out)
{
	if (session_data(s))
		return false;
	for (int i = 0; i < v->kind->n_panes; i++)
		if (view_shows(v, i)) {
			struct rect in = view_pane(v, out, i, v->kind->panes[i].title);

			if (i == v->focus)
				pane_say(out, in, view_no_data);
		}
	return true;
}

void items_draw(const struct view *v, const struct session *s, struct surface *out)
{
	if (items_draw_without_data(v, s, out))
		return;
	if (view_shows(v, ITEMS))
		items_draw_list(v, s, out);
	for (int by = 0; by < N_NEAREST; by++)
		if (view_shows(v, NEAREST + by))
			draw_nearest(v, s, (enum nearest_by)by, out);
	if (view_shows(v, ABOUT))
		items_draw_about(v, s, ABOUT, out);
	if (view_shows(v, WHY_NEAR))
		draw_why(v, s, out);
}
