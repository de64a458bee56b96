/* SPDX-License-Identifier: GPL-3.0-or-later */
/* v_users_whynot.c - the pane Why, asked why an item is not in the list: its causes, what would lift it in, and the
 * events that hold it down, each with the rank that it would have without. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cmd/explain_words.h"
#include "ui/text.h"
#include "ui/v_users.h"

#define WHYNOT_K 10 /* of what list it is missing */

const struct whynot_answer *users_whynot(const struct users_state *st, const struct session *s, bool *pending)
{
	const struct answer *a = session_answer(s, PANE_WHYNOT, pending);

	if (st->whynot_item == NO_ITEM || !a || a->data_id != st->data_id || a->err.code != ERR_OK ||
	    users_is_of_other_data(st, s) || a->whynot.item != st->whynot_item || a->whynot.user != st->user)
		return NULL;
	return &a->whynot;
}

void users_ask_whynot(struct users_state *st, struct session *s)
{
	if (!users_asked(&st->whynot, st, s, PANE_WHYNOT, st->whynot_item) &&
	    session_ask_whynot(s, st->user, st->whynot_item, session_edits_now(s), WHYNOT_K))
		users_note_question(&st->whynot, st, s, st->whynot_item);
}

bool users_begin_whynot(struct view *v, struct session *s, const char *text)
{
	struct users_state *st = v->state;
	const struct dataset *d = session_data(s);
	struct str known = STR_INIT;
	uint32_t item;

	if (!d || st->user == NO_USER)
		return false;
	item = users_find_item(d, text);
	if (item == NO_ITEM) {
		say_absent(&known, d, text);
		session_tell(s, LOG_INFO, "%s", str_text(&known));
		str_done(&known);
		return true;
	}
	st->whynot_item = item;
	st->scrub.epoch = 0; /* asked of the run as it is now */
	table_go(&v->table[WHY], 0);
	return true;
}

/* --- rows: causes, the addition, then the events ------------------------------------------------------------------ */

static bool is_missing(const struct whynot_answer *w) { return w->rank > w->k; }

static size_t n_lines(const struct whynot_answer *w)
{
	return w->n_causes + (is_missing(w) ? 1 + (w->n_held == 0) : 0);
}

size_t users_whynot_rows(const struct whynot_answer *w) { return n_lines(w) + w->n_held; }

uint32_t users_whynot_item(const struct whynot_answer *w, size_t row)
{
	return row >= n_lines(w) && row - n_lines(w) < w->n_held ? w->held[row - n_lines(w)].item : NO_ITEM;
}

enum { N_TITLE, N_VALUE, N_RANK, N_BAR };

struct drawing {
	const struct dataset *d;
	const struct whynot_answer *w;
};

static void line_cell(const struct drawing *c, size_t row, struct table_cell *out)
{
	struct str text = STR_INIT;

	out->span = true;
	if (row < c->w->n_causes) {
		out->style = STYLE_WARN;
		say_cause(&text, c->w->cause[row].text, c->w->cause[row].file, c->w->cause[row].line);
	} else if (row == c->w->n_causes) {
		out->style = STYLE_TITLE;
		say_addition(&text, c->d, c->w);
	} else {
		out->style = STYLE_DIM;
		str_puts(&text, "No event of the history holds it down");
	}
	snprintf(out->text, sizeof out->text, "%s", str_text(&text));
	str_done(&text);
}

static void whynot_cell(const void *ctx, size_t row, int column, struct table_cell *out)
{
	const struct drawing *c = ctx;
	const size_t lines = n_lines(c->w);
	const struct whynot_event *held;

	if (row < lines) {
		line_cell(c, row, out);
		return;
	}
	held = &c->w->held[row - lines];
	switch (column) {
	case N_TITLE:
		snprintf(out->text, sizeof out->text, "%s", dataset_title(c->d, held->item));
		break;
	case N_VALUE:
		text_signed(out->text, sizeof out->text, -held->value, c->w->held[0].value >= 0.1f ? 3 : 5);
		break;
	case N_RANK:
		snprintf(out->text, sizeof out->text, "rank %u", held->rank);
		break;
	default:
		out->bar = -held->value / c->w->held[0].value;
	}
}

void users_draw_whynot(const struct view *v, const struct users_drawing *u, struct surface *out)
{
	static const struct table_column columns[] = {
		[N_TITLE] = { .title = "", .least = 24 },
		[N_VALUE] = { .title = "", .width = 8, .right = true },
		[N_RANK] = { .title = "", .width = 9, .right = true },
		[N_BAR] = { .title = "", .least = 8, .bar = true, .drop = 1 },
	};
	struct drawing c = { .d = u->d };
	struct str title = STR_INIT;
	bool pending;
	struct rect in;

	c.w = users_whynot(u->st, u->s, &pending);
	str_puts(&title, "Why not");
	if (c.w) {
		str_puts(&title, ": ");
		say_whynot(&title, u->d, c.w);
	} else {
		str_printf(&title, " %s", dataset_title(u->d, u->st->whynot_item));
	}
	in = view_pane(v, out, WHY, str_text(&title));
	str_done(&title);
	if (c.w && users_whynot_rows(c.w))
		view_table(v, out, WHY, in, columns, 4, whynot_cell, &c, pending);
	else if (c.w)
		pane_say(out, in, "It is in the list: Enter on its row explains it");
	else
		users_say_nothing(u, PANE_WHYNOT, out, in, "No run can answer yet");
}
