/* SPDX-License-Identifier: GPL-3.0-or-later */
/* v_users_why.c - the pane Why: what is asked of an item, and how the answers look.
 *
 * The parts are a quick question.  Whether they can be trusted (faithfulness) and what the item's place rests on
 * (removal) are searched for behind it, and come as lines above the parts; so does, once it was asked for, how much of
 * it is the seed's (stability), which is a job.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cmd/explain_words.h"
#include "ui/text.h"
#include "ui/v_users.h"
#include "ui/views.h"

#define WHY_PARTS 40
#define REMOVAL_K 10 /* of what list an item is to leave */

/* --- questions and answers ------------------------------------------------------------------------------------ */

const struct why_answer *users_why(const struct users_state *st, const struct session *s, bool *pending)
{
	const struct answer *a = session_answer(s, PANE_WHY, pending);

	if (!st->why_on || !a || a->data_id != st->data_id || a->err.code != ERR_OK || users_is_of_other_data(st, s))
		return NULL;
	*pending |= a->why.user != st->why.user || a->why.item != st->why.item ||
		    a->why.by_content != st->by_content;
	return &a->why;
}

const struct removal_answer *users_removal(const struct users_state *st, const struct session *s)
{
	bool pending;
	const struct answer *a = session_answer(s, PANE_REMOVAL, &pending);

	if (pending || !st->why_on || !a || a->data_id != st->data_id || a->err.code != ERR_OK || !a->removal.ranked ||
	    a->removal.user != st->why.user || a->removal.item != st->why.item)
		return NULL;
	return &a->removal;
}

const struct faithfulness_answer *users_faithfulness(const struct users_state *st, const struct session *s)
{
	bool pending;
	const struct answer *a = session_answer(s, PANE_FAITHFULNESS, &pending);

	if (pending || !st->why_on || st->by_content || !a || a->data_id != st->data_id || a->err.code != ERR_OK ||
	    a->faithfulness.user != st->why.user || a->faithfulness.item != st->why.item)
		return NULL;
	return &a->faithfulness;
}

void users_ask_why(struct users_state *st, struct session *s, uint32_t item)
{
	if ((st->why.by_content != st->by_content || !users_asked(&st->why, st, s, PANE_WHY, item)) &&
	    session_ask_why(s, st->user, item, session_edits_now(s), WHY_PARTS, st->by_content)) {
		users_note_question(&st->why, st, s, item);
		st->why.by_content = st->by_content;
	}
	if (!st->by_content && !users_asked(&st->faithfulness, st, s, PANE_FAITHFULNESS, item) &&
	    session_ask_faithfulness(s, st->user, item, session_edits_now(s)))
		users_note_question(&st->faithfulness, st, s, item);
	if (!users_asked(&st->removal, st, s, PANE_REMOVAL, item) &&
	    session_ask_removal(s, st->user, item, session_edits_now(s), REMOVAL_K))
		users_note_question(&st->removal, st, s, item);
}

size_t users_why_others(const struct users_state *st, const struct why_answer *why)
{
	if (why->by_content)
		return why->n_more;
	return why->n_parts && st->n_known > why->n_parts ? st->n_known - why->n_parts : 0;
}

uint32_t users_explained(const struct view *v, const struct session *s)
{
	const struct users_state *st = v->state;
	bool pending;
	const struct list_answer *list = users_list(st, s, &pending);
	const size_t at = v->table[LIST].cursor;

	if (st->whynot_item != NO_ITEM)
		return st->whynot_item;
	if (v->kind != &view_users) /* side by side */
		return st->why_on && st->why.asked ? st->why.item : NO_ITEM;
	return st->why_on && list && at < list->n ? list->row[at].item : NO_ITEM;
}

/* --- with other seeds ---------------------------------------------------------------------------------------- */

static const struct stability_told *stability(const struct users_state *st, const struct session *s,
					       const struct why_answer *why)
{
	const struct stability_told *t = &st->stability;
	const struct run *run = session_answering(s);

	return st->has_stability && run && t->data_id == st->data_id && t->split == session_split_serial(s) &&
	       t->who == st->user && !users_is_edited(st, s) && (t->item == NO_ITEM || t->item == why->item) &&
	       !strcmp(t->run, run->rec.name) ? t : NULL;
}

/* The trainings that look for it. */
static bool is_measured(const struct session *s, struct job_row *out)
{
	for (size_t i = session_n_jobs(s); i-- > 0;) {
		session_job(s, i, out);
		if (!strncmp(out->title, "stability", strlen("stability")) && job_is_alive(out))
			return true;
	}
	return false;
}

/* How many lines; the line `at` of them is put into out, which may be NULL. */
static size_t note_stability(const struct users_state *st, const struct session *s, const struct why_answer *why,
			     size_t at, struct str *out)
{
	const struct stability_told *t = stability(st, s, why);
	const bool with_item = t && t->item != NO_ITEM && !t->found.same;
	struct job_row job;

	if (!t && is_measured(s, &job)) {
		if (out)
			str_printf(out, "Trains with other seeds: %s, %s %.0f%%", job.title, job.state_text,
				   job.total ? floor(100.0 * (double)job.done / (double)job.total) : 0);
		return 1;
	}
	if (t && out)
		(at ? say_stability_item : say_stability)(out, t);
	return t ? 1 + with_item : 0;
}

size_t users_why_notes(const struct users_state *st, const struct session *s, const struct why_answer *why)
{
	if (!why->n_parts)
		return 0;
	return (users_faithfulness(st, s) != NULL) + note_stability(st, s, why, 0, NULL) + (users_removal(st, s) != NULL) + why->has_attention +
	       (why->n_unread > 0);
}

/* --- how it looks --------------------------------------------------------------------------------------------- */

enum { W_TITLE, W_VALUE, W_ATTENTION, W_BAR };

static void cell_from(struct table_cell *out, struct str *text, uint16_t style)
{
	snprintf(out->text, sizeof out->text, "%s", str_text(text));
	out->style = style;
	str_done(text);
}

static void why_note(const struct users_drawing *c, size_t row, struct table_cell *out)
{
	const struct why_answer *why = c->why;
	const struct removal_answer *removal = users_removal(c->st, c->s);
	const struct faithfulness_answer *faithfulness = users_faithfulness(c->st, c->s);
	const size_t seeds = note_stability(c->st, c->s, why, 0, NULL), trust = faithfulness != NULL;
	struct str text = STR_INIT;

	out->span = true;
	out->style = STYLE_DIM;
	if (row < trust) {
		say_faithfulness(&text, faithfulness);
		cell_from(out, &text, faithfulness->why_not ? STYLE_DIM : faithfulness->faithful ? STYLE_TITLE : STYLE_BAD);
		return;
	}
	if (row < trust + seeds) {
		note_stability(c->st, c->s, why, row - trust, &text);
		cell_from(out, &text, STYLE_TITLE);
		return;
	}
	row -= trust + seeds;
	if (removal && row-- == 0) {
		say_removal(&text, c->d, removal);
		cell_from(out, &text, STYLE_TITLE);
	} else if (why->has_attention && row-- == 0) {
		snprintf(out->text, sizeof out->text, "Attention, beside the part, is no explanation by itself");
	} else {
		snprintf(out->text, sizeof out->text, "%u older event%s not read: 0", why->n_unread,
			 why->n_unread == 1 ? " is" : "s are");
	}
}

/* A word by itself, other content with its kind. */
void users_name_content(const struct why_part *p, char *out, size_t size)
{
	if (!strcmp(p->kind, "word"))
		snprintf(out, size, "%s", p->name);
	else
		snprintf(out, size, "%s: %s", p->kind, p->name);
}

static void name_part(const struct users_drawing *c, const struct why_part *p, struct table_cell *out)
{
	if (!c->why->by_content)
		snprintf(out->text, sizeof out->text, "%s", dataset_title(c->d, p->item));
	else
		users_name_content(p, out->text, sizeof out->text);
}

static void why_cell(const void *ctx, size_t row, int column, struct table_cell *out)
{
	const struct users_drawing *c = ctx;
	const struct why_answer *why = c->why;
	size_t notes = users_why_notes(c->st, c->s, why), others = users_why_others(c->st, why), i;
	int decimals = c->most >= 0.1 ? 3 : 5;

	if (row < notes) {
		why_note(c, row, out);
		return;
	}
	row -= notes;
	i = row - why->n_parts - (others > 0);
	if (row < why->n_parts) {
		if (column == W_TITLE)
			name_part(c, &why->part[row], out);
		else if (column == W_VALUE)
			text_signed(out->text, sizeof out->text, why->part[row].value, decimals);
		else if (column == W_ATTENTION)
			snprintf(out->text, sizeof out->text, "%.0f%%", 100 * (double)why->part[row].attention);
		else
			out->bar = c->most > 0 ? why->part[row].value / c->most : 0;
	} else if (row == why->n_parts && others) { /* without a sum where parts need not sum */
		if (column == W_TITLE)
			snprintf(out->text, sizeof out->text, "%zu other%s", others, others == 1 ? "" : "s");
		else if (column == W_VALUE)
			text_signed(out->text, sizeof out->text, why->rest, decimals);
	} else if (i < why->n_neighbours) {
		if (column == W_TITLE)
			snprintf(out->text, sizeof out->text, "like user %s",
				 dataset_user_id(c->d, why->neighbour[i].user));
		else if (column == W_VALUE)
			text_real(out->text, sizeof out->text, why->neighbour[i].weight, 3);
		out->style = STYLE_DIM;
	}
}

static const char *ordinal(uint32_t n)
{
	return n % 100 / 10 == 1 ? "th" : n % 10 == 1 ? "st" : n % 10 == 2 ? "nd" : n % 10 == 3 ? "rd" : "th";
}

static void say_why(const struct users_drawing *c, char *out, size_t size)
{
	const struct why_answer *w = c->why;
	char rank[160], score[32], sum[96] = "", trained[64] = "", a[32], b[32];

	if (w->rank)
		snprintf(rank, sizeof rank, "is %u%s", w->rank, ordinal(w->rank));
	else
		snprintf(rank, sizeof rank, "is not ranked (%s)", w->why_no_rank ? w->why_no_rank : "");
	text_short(score, sizeof score, w->score);
	if (!isnan(w->base)) {
		double parts = isnan(w->rest) ? 0 : w->rest;

		for (size_t i = 0; i < w->n_parts; i++)
			parts += w->part[i].value;
		text_short(a, sizeof a, w->base);
		text_short(b, sizeof b, parts);
		if (fabs(w->base) > 1e-12)
			snprintf(sum, sizeof sum, " = base %s + %s %s", a, w->by_content ? "content" : "history", b);
		else
			snprintf(sum, sizeof sum, " = %s %s", w->by_content ? "content" : "history", b);
	}
	if (!isnan(w->trained_score)) {
		text_short(a, sizeof a, w->trained_score);
		snprintf(trained, sizeof trained, ", trained %s", a);
	}
	snprintf(out, size, "Why %.120s %s: %s%s (%s%s)", dataset_title(c->d, w->item), rank, score, sum, w->method,
		 trained);
}

void users_draw_why(const struct view *v, struct users_drawing *c, struct surface *out)
{
	struct table_column column[] = {
		[W_TITLE] = { .title = "", .least = 24 },
		[W_VALUE] = { .title = "", .width = 8, .right = true },
		[W_ATTENTION] = { .title = "", .width = -1, .right = true },
		[W_BAR] = { .title = "", .least = 8, .bar = true, .drop = 1 },
	};
	char title[512] = "Why";
	bool pending;
	struct rect in;

	if (c->st->whynot_item != NO_ITEM) {
		users_draw_whynot(v, c, out);
		return;
	}
	c->why = users_why(c->st, c->s, &pending);
	if (c->why)
		say_why(c, title, sizeof title);
	if (c->why && c->why->has_attention)
		column[W_ATTENTION].width = 4;
	in = view_pane(v, out, WHY, title);
	c->most = 0;
	for (size_t i = 0; c->why && i < c->why->n_parts; i++)
		c->most = fmax(c->most, fabs((double)c->why->part[i].value));
	if (c->why && v->table[WHY].n)
		view_table(v, out, WHY, in, column, 4, why_cell, c, pending);
	else if (c->why)
		pane_say(out, in, c->why->by_content ? "Nothing is said of this item"
						     : "This score has no parts: it does not depend on the history");
	else
		users_say_nothing(c, PANE_WHY, out, in, "Pick a recommended item, Enter");
}
