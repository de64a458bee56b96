/* SPDX-License-Identifier: GPL-3.0-or-later */
/* v_users_beside.c - Users with two runs side by side: their lists of the same person, lines between the same items,
 * and both explanations of one.
 *
 * DESIGN: another kind of the same view: `m` changes the kind that the view is of, Esc changes it back, the state and
 * the table of users are the same.  A row of the lists is a rank; the cursor is on one side of it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cmd/command.h"
#include "ui/braille.h"
#include "ui/text.h"
#include "ui/v_users.h"
#include "ui/views.h"

#define BESIDE_K 20
#define PARTS 40
#define GUTTER_LEAST 8

enum { BESIDE = 1, WHY_FIRST, WHY_SECOND };

static const struct pane_spec panes[] = {
	[USERS] = { .name = "users", .title = "Users", .column = 0, .row = 0, .group = 0, .least = 4, .head = 1,
		    .share = 29 },
	[BESIDE] = { .name = "beside", .title = "Side by side", .column = 1, .row = 0, .group = 0, .least = 4, .head = 1 },
	[WHY_FIRST] = { .name = "why", .title = "Why", .column = 1, .row = 1, .slot = 0, .group = 1, .least = 4,
			.want = 12 },
	[WHY_SECOND] = { .name = "why-other", .title = "Why by the other", .column = 1, .row = 1, .slot = 1, .group = 1,
			 .least = 4, .want = 12 },
};

/* --- answers -------------------------------------------------------------------------------------------------- */

static const struct beside_answer *lists(const struct users_state *st, const struct session *s, bool *pending)
{
	const struct run *first = session_answering(s), *second = session_beside(s);
	const struct answer *a = session_answer(s, PANE_BESIDE, pending);

	if (!first || !second || !a || a->data_id != st->data_id || a->err.code != ERR_OK || users_is_of_other_data(st, s))
		return NULL;
	*pending |= a->beside.user != st->user || strcmp(a->beside.run[1], second->rec.name) != 0;
	return &a->beside;
}

static const struct beside_line *line_at(const struct beside_answer *b, int side, size_t rank)
{
	if (!b || rank >= b->n[side])
		return NULL;
	return &b->line[side ? b->second[rank] : rank];
}

/* Under the cursor. */
static const struct beside_line *chosen(const struct view *v, const struct session *s)
{
	const struct users_state *st = v->state;
	bool pending;

	return line_at(lists(st, s, &pending), st->side, v->table[BESIDE].cursor);
}

static const struct why_answer *why_of(const struct users_state *st, const struct session *s, int side, bool *pending)
{
	const struct answer *a = session_answer(s, side ? PANE_BESIDE_WHY : PANE_WHY, pending);
	const struct question *q = side ? &st->beside_why : &st->why;

	if (!st->why_on || !a || a->data_id != st->data_id || a->err.code != ERR_OK || users_is_of_other_data(st, s))
		return NULL;
	*pending |= a->why.user != q->user || a->why.item != q->item || a->why.by_content != st->by_content;
	return &a->why;
}

static void ask(struct view *v, struct users_state *st, struct session *s)
{
	const struct beside_line *line;

	if (!session_answering(s) || !session_beside(s) || st->user == NO_USER || users_is_of_other_data(st, s))
		return;
	if (strcmp(st->beside_run, session_beside(s)->rec.name) != 0) {
		snprintf(st->beside_run, sizeof st->beside_run, "%s", session_beside(s)->rec.name);
		st->beside.asked = st->beside_why.asked = false;
	}
	if (!users_asked(&st->beside, st, s, PANE_BESIDE, 0) &&
	    session_ask_beside(s, st->user, session_edits_now(s), BESIDE_K))
		users_note_question(&st->beside, st, s, 0);
	line = chosen(v, s);
	if (!st->why_on || !line)
		return;
	if ((st->why.by_content != st->by_content || !users_asked(&st->why, st, s, PANE_WHY, line->item)) &&
	    session_ask_why(s, st->user, line->item, session_edits_now(s), PARTS, st->by_content)) {
		users_note_question(&st->why, st, s, line->item);
		st->why.by_content = st->by_content;
	}
	if ((st->beside_why.by_content != st->by_content || !users_asked(&st->beside_why, st, s, PANE_BESIDE_WHY, line->item)) &&
	    session_ask_beside_why(s, st->user, line->item, session_edits_now(s), PARTS, st->by_content)) {
		users_note_question(&st->beside_why, st, s, line->item);
		st->beside_why.by_content = st->by_content;
	}
}

static void beside_sync(struct view *v, struct session *s)
{
	struct users_state *st = v->state;
	const struct beside_answer *b;
	bool pending;

	if (!users_sync_people(v, s))
		return;
	ask(v, st, s);
	b = lists(st, s, &pending);
	view_rows(v, BESIDE, b ? b->n[0] > b->n[1] ? b->n[0] : b->n[1] : 0);
	for (int side = 0; side < 2; side++) {
		const struct why_answer *why = why_of(st, s, side, &pending);

		view_rows(v, WHY_FIRST + side, why ? why->n_parts : 0);
	}
}

/* --- actions -------------------------------------------------------------------------------------------------- */

static bool may_stand_beside(const struct session *s, const struct run *r)
{
	return r->of_data && r != session_answering(s) && (r->snapshot || (!r->job && r->rec.readable));
}

/* The run after `now` that can stand beside the one that answers, the newest first. */
static const struct run *next_run(const struct session *s, const char *now)
{
	const size_t n = session_n_runs(s);
	size_t at = n;

	for (size_t i = 0; i < n; i++)
		if (!strcmp(session_run(s, i)->rec.name, now))
			at = i;
	for (size_t step = 1; step <= n; step++) {
		const struct run *r = session_run(s, (at + n - step) % n);

		if (may_stand_beside(s, r))
			return r;
	}
	return NULL;
}

void users_open_beside(struct view *v, struct session *s, const char *name)
{
	struct users_state *st = v->state;
	const bool open = v->kind == &view_users_beside;
	const struct run *next = *name ? NULL : next_run(s, open ? st->beside_run : "");
	struct err err;

	if (!*name && !next) {
		session_tell(s, LOG_INFO, "there is no other run to hold against this one: t on Train trains one");
		return;
	}
	if (!session_set_beside(s, *name ? name : next->rec.name, &err)) {
		session_tell(s, LOG_ERROR, "%s", err.msg);
		return;
	}
	st->why_on = false;
	st->why.asked = false;
	if (open)
		return;
	v->kind = &view_users_beside;
	st->side = 0;
	for (int i = BESIDE; i <= WHY_SECOND; i++)
		table_init(&v->table[i]);
	view_focus(v, WHY_FIRST);
	view_focus(v, BESIDE);
}

static void close_beside(struct view *v, struct session *s)
{
	struct users_state *st = v->state;
	struct err none;

	session_set_beside(s, NULL, &none);
	st->beside_run[0] = '\0';
	st->why_on = false;
	st->why.asked = false;
	v->kind = &view_users;
	for (int i = HISTORY; i <= WHY; i++)
		table_init(&v->table[i]);
	view_focus(v, WHY);
	view_focus(v, LIST);
}

/* Both explanations by history or by content; without a word the other one, when one shows. */
static bool explain_by(struct users_state *st, const char *by)
{
	const bool history = !strcmp(by, "history"), content = !strcmp(by, "content");

	if (*by && !history && !content)
		return false;
	st->by_content = content || (!history && (!st->by_content || !st->why_on));
	st->why_on = true;
	return true;
}

static bool beside_handle(struct view *v, struct session *s, const struct act *act)
{
	struct users_state *st = v->state;

	switch (act->id) {
	case ACT_BESIDE:
		users_open_beside(v, s, act->arg);
		return true;
	case ACT_BACK:
		close_beside(v, s);
		return true;
	case ACT_WHYNOT: /* Why has room for it on Users alone */
		close_beside(v, s);
		return view_users.handle(v, s, act);
	case ACT_BY:
		return chosen(v, s) && explain_by(st, act->arg);
	case ACT_EXPLAIN:
		st->why_on = chosen(v, s) != NULL;
		return st->why_on;
	case ACT_MOVE:
		if (v->focus != BESIDE || (strcmp(act->arg, "left") != 0 && strcmp(act->arg, "right") != 0))
			return false;
		st->side = !strcmp(act->arg, "right");
		return true;
	case ACT_SORT:
	case ACT_REVERSE:
	case ACT_FILTER:
	case ACT_GO_USER:
	case ACT_UNDO:
	case ACT_REDO:
	case ACT_CLEAR_EDITS:
		return view_users.handle(v, s, act);
	default:
		return false;
	}
}

static bool beside_value(const struct view *v, struct session *s, const char *what, struct str *out)
{
	const struct beside_line *line = chosen(v, s);

	if (strcmp(what, "item") != 0)
		return view_users.value(v, s, what, out);
	if (v->focus != BESIDE || !line)
		return false;
	word_quote(out, dataset_true_item_id(session_data(s), line->item));
	return true;
}

static void beside_row_text(const struct view *v, const struct session *s, int pane, size_t row, struct str *out)
{
	const struct users_state *st = v->state;
	const struct beside_line *line;
	bool pending;

	if (pane == USERS)
		view_users.row_text(v, s, pane, row, out);
	line = pane == BESIDE ? line_at(lists(st, s, &pending), st->side, row) : NULL;
	if (line)
		str_puts(out, dataset_title(session_data(s), line->item));
}

/* --- how it looks --------------------------------------------------------------------------------------------- */

struct side_ctx {
	const struct dataset *d;
	const struct beside_answer *b;
	int side;
};

enum { S_RANK, S_TITLE, S_HIT, S_OTHER };

static void side_cell(const void *ctx, size_t row, int column, struct table_cell *out)
{
	const struct side_ctx *c = ctx;
	const struct beside_line *line = line_at(c->b, c->side, row);

	if (!line)
		return;
	if (column == S_RANK)
		snprintf(out->text, sizeof out->text, "%zu", row + 1);
	else if (column == S_TITLE)
		snprintf(out->text, sizeof out->text, "%s", dataset_title(c->d, line->item));
	else if (column == S_HIT && line->hit)
		snprintf(out->text, sizeof out->text, "hit");
	else if (column == S_OTHER && line->rank[!c->side])
		text_count(out->text, sizeof out->text, line->rank[!c->side]);
	else if (column == S_OTHER)
		snprintf(out->text, sizeof out->text, "none");
	if (line->hit)
		out->style = STYLE_HIT;
	else if (line->rank[!c->side] == 0 || line->rank[!c->side] > c->b->n[!c->side]) /* it alone has it */
		out->style = STYLE_PLAIN | STYLE_BOLD;
}

static void draw_line(struct braille *canvas, const struct beside_line *line, size_t top)
{
	const int y[2] = { 4 * ((int)line->rank[0] - 1 - (int)top) + 1, 4 * ((int)line->rank[1] - 1 - (int)top) + 1 };

	braille_line(canvas, 0, y[0], 2 * canvas->cols - 1, y[1]);
}

/* Lines from where the first run ranks an item to where the second does; the chosen one's stands out. */
static void draw_lines(const struct view *v, const struct beside_answer *b, const struct beside_line *which,
		       struct surface *out, struct rect r)
{
	struct braille canvas = { .cols = r.w, .rows = r.h };
	char *text = mem_must(malloc(3 * (size_t)r.w + 1));

	canvas.bits = mem_must(malloc((size_t)r.w * (size_t)r.h));
	for (int bright = 0; bright < 2; bright++) {
		braille_clear(&canvas);
		for (size_t i = 0; i < b->n[0]; i++)
			if (b->line[i].rank[1] && b->line[i].rank[1] <= b->n[1] && (&b->line[i] == which) == bright)
				draw_line(&canvas, &b->line[i], v->table[BESIDE].top);
		for (int y = 0; y < r.h; y++)
			for (int x = 0; x < r.w; x++)
				if (canvas.bits[y * r.w + x]) {
					struct braille cell = { .cols = 1, .rows = 1, .bits = &canvas.bits[y * r.w + x] };

					braille_row_utf8(&cell, 0, text);
					surface_text(out, r.x + x, r.y + y, 1, bright ? STYLE_PLAIN | STYLE_BOLD : STYLE_DIM, text);
				}
	}
	free(canvas.bits);
	free(text);
}

static void say_figures(const struct session *s, const struct beside_answer *b, char *out, size_t size)
{
	if (!b)
		snprintf(out, size, "Side by side");
	else if (isnan(b->overlap))
		snprintf(out, size, "%s | %s · neither recommends anything", b->run[0], b->run[1]);
	else
		snprintf(out, size, "%s | %s · overlap@%u %.2f · rank-biased overlap %.2f%s", b->run[0], b->run[1], b->k,
			 b->overlap, b->rbo, edits_unsaved(session_edits_now(s)) ? " · edited" : "");
}

static void draw_lists(const struct view *v, const struct session *s, struct surface *out)
{
	const struct users_state *st = v->state;
	bool pending;
	const struct beside_answer *b = lists(st, s, &pending);
	char title[256];
	struct rect in;
	int w;

	say_figures(s, b, title, sizeof title);
	in = view_pane(v, out, BESIDE, title);
	if (!b) {
		pane_say(out, in, session_beside(s) || pending ? "Computing …" : "The other run is being read …");
		return;
	}
	w = (in.w - GUTTER_LEAST) / 2;
	for (int side = 0; side < 2; side++) {
		const struct table_column column[] = {
			[S_RANK] = { .title = "", .width = 2, .right = true },
			[S_TITLE] = { .title = b->run[side], .least = 12 },
			[S_HIT] = { .title = "", .width = 3, .drop = 1 },
			[S_OTHER] = { .title = "there", .width = 5, .right = true },
		};
		const struct side_ctx c = { session_data(s), b, side };
		const struct rect half = { side ? in.x + in.w - w : in.x, in.y, w, in.h };

		table_draw(&v->table[BESIDE], out, half, column, 4, side_cell, &c,
			   TABLE_HEAD | (pending ? TABLE_PENDING : 0) |
			   (side == st->side ? (v->focus == BESIDE ? TABLE_FOCUS : 0) : TABLE_NO_CURSOR));
	}
	draw_lines(v, b, chosen(v, s), out, (struct rect){ in.x + w, in.y + 1, in.w - 2 * w, in.h - 1 });
	pane_draw_thumb(out, &v->box[BESIDE], &v->table[BESIDE]);
}

struct parts_ctx {
	const struct dataset *d;
	const struct why_answer *why;
	double most;
};

static void part_cell(const void *ctx, size_t row, int column, struct table_cell *out)
{
	const struct parts_ctx *c = ctx;

	if (column == 0 && c->why->by_content)
		users_name_content(&c->why->part[row], out->text, sizeof out->text);
	else if (column == 0)
		snprintf(out->text, sizeof out->text, "%s", dataset_title(c->d, c->why->part[row].item));
	else if (column == 1)
		text_signed(out->text, sizeof out->text, c->why->part[row].value, c->most >= 0.1 ? 3 : 5);
	else
		out->bar = c->most > 0 ? c->why->part[row].value / c->most : 0;
}

static void draw_why(const struct view *v, const struct session *s, int side, struct surface *out)
{
	static const struct table_column column[] = {
		{ .title = "", .least = 16 }, { .title = "", .width = 8, .right = true },
		{ .title = "", .width = 8, .bar = true, .drop = 1 },
	};
	const struct users_state *st = v->state;
	const int pane = WHY_FIRST + side;
	bool pending;
	struct parts_ctx c = { .d = session_data(s), .why = why_of(st, s, side, &pending) };
	const struct answer *a = session_answer(s, side ? PANE_BESIDE_WHY : PANE_WHY, &(bool){ false });
	char title[300] = "Why", score[32];
	struct rect in;

	if (c.why) {
		text_short(score, sizeof score, c.why->score);
		if (c.why->rank)
			snprintf(title, sizeof title, "%s ranks it %u, %s: %.120s", c.why->run, c.why->rank, c.why->method,
				 dataset_title(c.d, c.why->item));
		else
			snprintf(title, sizeof title, "%s does not rank it (%s): %.120s", c.why->run,
				 c.why->why_no_rank ? c.why->why_no_rank : "no candidate", dataset_title(c.d, c.why->item));
	}
	in = view_pane(v, out, pane, title);
	for (size_t i = 0; c.why && i < c.why->n_parts; i++)
		c.most = fmax(c.most, fabs((double)c.why->part[i].value));
	if (c.why && c.why->n_parts)
		view_table(v, out, pane, in, column, 3, part_cell, &c, pending);
	else if (c.why)
		pane_say(out, in, c.why->by_content ? "Nothing is said of this item" : "This score does not depend on the history");
	else if (!pending && st->why_on && a && a->err.code != ERR_OK)
		pane_say(out, in, a->err.msg);
	else
		pane_say(out, in, pending ? "Computing …" : "Enter explains an item by both");
}

static void beside_draw(const struct view *v, const struct session *s, struct surface *out)
{
	const struct users_state *st = v->state;
	const struct dataset *d = session_data(s);

	if (!d || st->user == NO_USER) {
		view_users.draw(v, s, out);
		return;
	}
	if (view_shows(v, USERS))
		users_draw_people(v, s, out);
	if (view_shows(v, BESIDE))
		draw_lists(v, s, out);
	for (int side = 0; side < 2; side++)
		if (view_shows(v, WHY_FIRST + side))
			draw_why(v, s, side, out);
}

const struct view_kind view_users_beside = {
	.name = "users",
	.title = "Users",
	.panes = panes,
	.n_panes = 4,
	.first_focus = BESIDE,
	.state_size = sizeof(struct users_state),
	.done = users_done,
	.sync = beside_sync,
	.handle = beside_handle,
	.draw = beside_draw,
	.value = beside_value,
	.row_text = beside_row_text,
	.result = users_result,
};
