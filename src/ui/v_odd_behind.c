/* SPDX-License-Identifier: GPL-3.0-or-later */
/* v_odd_behind.c - the users, items and events that stand behind a flag, as rows that can be opened. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "ui/text.h"
#include "ui/v_odd.h"

#define MOST_EVENTS 200 /* of a flag that are told */
#define LABEL 9         /* columns */
#define REASON_AT (LABEL + 4) /* columns that a row's reason has less than the pane */

static void add_row(struct odd_state *st, struct behind_row row)
{
	if (st->n_behind == st->cap_behind) {
		st->cap_behind = 2 * st->cap_behind + 16;
		st->behind = mem_must(realloc(st->behind, st->cap_behind * sizeof *st->behind));
	}
	st->behind[st->n_behind++] = row;
}

static void add_user(struct odd_state *st, size_t flag, const char *label, uint32_t user)
{
	if (user != NO_USER)
		add_row(st, (struct behind_row){ BEHIND_USER, label, user, flag, SIZE_MAX });
}

static void add_item(struct odd_state *st, size_t flag, const char *label, uint32_t item)
{
	if (item != NO_ITEM)
		add_row(st, (struct behind_row){ BEHIND_ITEM, label, item, flag, SIZE_MAX });
}

/* --- the events of a flag ------------------------------------------------------------------------------------------ */

static bool is_of(const struct odd_flag *f, const struct dataset *d, size_t e)
{
	switch (f->kind) {
	case ODD_BURST:
		return d->time && d->time[e] != NO_TIME && d->time[e] >= f->time && d->time[e] - f->time <= BURST_SECONDS;
	case ODD_TIED:
		return d->time && d->time[e] == f->time;
	case ODD_REPEAT:
		return d->item[e] == f->item;
	default:
		return false;
	}
}

static void add_events(struct odd_state *st, const struct session *s, size_t flag)
{
	const struct dataset *d = session_data(s);
	const struct odd_flag *f = &st->report->flags.flag[flag];
	size_t n = 0;

	for (size_t e = d->user_ptr[f->who]; e < d->user_ptr[f->who + 1] && n < MOST_EVENTS; e++)
		if (is_of(f, d, e)) {
			add_row(st, (struct behind_row){ BEHIND_ITEM, session_is_test(s, e) ? "test" : "history", d->item[e],
							 flag, e });
			n++;
		}
}

/* Users with the very same items tell one of them each, the first other. */
static void add_copies(struct odd_state *st, size_t flag)
{
	const struct odd_flags *all = &st->report->flags;
	const struct odd_flag *f = &all->flag[flag];

	add_user(st, flag, "user", f->user);
	for (size_t i = 0; i < all->n; i++) {
		const struct odd_flag *o = &all->flag[i];

		if (o->kind == ODD_COPY && o->who != f->who && o->who != f->user && (o->user == f->user || o->user == f->who))
			add_user(st, flag, "user", o->who);
	}
}

static void add_pairs_given(struct odd_state *st, size_t flag)
{
	const struct odd_flags *all = &st->report->flags;

	for (size_t i = 0, n = 0; i < all->n && n < MOST_EVENTS; i++)
		if (all->flag[i].kind == ODD_PAIR && all->flag[i].user == all->flag[flag].who) {
			add_item(st, i, "pair", all->flag[i].who);
			n++;
		}
}

static void add_flag(struct odd_state *st, const struct session *s, size_t flag)
{
	const struct odd_flag *f = &st->report->flags.flag[flag];

	add_row(st, (struct behind_row){ BEHIND_REASON, odd_table[f->kind].name, f->who, flag, SIZE_MAX });
	switch (f->kind) {
	case ODD_BURST:
	case ODD_REPEAT:
	case ODD_TIED:
		add_events(st, s, flag);
		break;
	case ODD_COPY:
		add_copies(st, flag);
		break;
	case ODD_DOMINANT:
		add_pairs_given(st, flag);
		break;
	case ODD_LEAK:
		add_item(st, flag, "test", f->item);
		add_item(st, flag, "train", f->other);
		break;
	case ODD_TITLE:
	case ODD_AUDIENCE:
	case ODD_PAIR:
		add_item(st, flag, "other", f->item);
		add_user(st, flag, "user", f->user);
		break;
	case ODD_EVERYBODY:
	case N_ODD:
		break;
	}
}

void odd_fill_behind(struct view *v, const struct session *s)
{
	struct odd_state *st = v->state;
	const uint32_t user = odd_user_under(v);
	const size_t flag = odd_flag_under(v);

	if (st->from == st->behind_from && (st->from == QUEUE ? user == st->behind_user : flag == st->behind_flag))
		return;
	st->behind_from = st->from;
	st->behind_user = user;
	st->behind_flag = flag;
	st->n_behind = 0;
	table_go(&v->table[BEHIND], 0);
	if (!st->report)
		return;
	if (st->from == FLAGS && flag != SIZE_MAX) {
		const struct odd_flag *f = &st->report->flags.flag[flag];

		(odd_table[f->kind].of_items ? add_item : add_user)(st, flag, odd_table[f->kind].of_items ? "item" : "user", f->who);
		add_flag(st, s, flag);
	} else if (st->from == QUEUE && user != NO_USER) {
		add_user(st, SIZE_MAX, "user", user);
		for (int k = 0; k < N_ODD; k++)
			if (!odd_table[k].of_items && odd_flag_of(st->report, (enum odd_kind)k, user) != SIZE_MAX)
				add_flag(st, s, odd_flag_of(st->report, (enum odd_kind)k, user));
	}
}

/* --- how it looks ---------------------------------------------------------------------------------------------------- */

void odd_behind_text(const struct behind_row *b, const struct odd_report *r, const struct dataset *d, struct str *out)
{
	if (b->is == BEHIND_REASON)
		odd_say(d, &r->flags.flag[b->flag], out);
	else
		str_puts(out, b->is == BEHIND_USER ? dataset_user_id(d, b->who) : dataset_title(d, b->who));
}

struct behind_drawing {
	const struct odd_state *st;
	const struct session *s;
	const struct dataset *d;
};

/* An event: when, and what it is worth; the later ones of a burst by how long after the first. */
static void say_event(const struct behind_drawing *c, const struct behind_row *b, char *out, size_t size)
{
	const struct odd_flag *f = &c->st->report->flags.flag[b->flag];
	char date[32] = "", value[32] = "";

	if (c->d->value)
		text_value(value, sizeof value, (double)c->d->value[b->event]);
	if (c->d->time && c->d->time[b->event] != NO_TIME) {
		if (f->kind == ODD_BURST && c->d->time[b->event] > f->time)
			snprintf(date, sizeof date, "+%d s", (int)(c->d->time[b->event] - f->time));
		else
			clock_date_minute(c->d->time[b->event], date);
	}
	snprintf(out, size, "%s%s%s", value, *value && *date ? "  " : "", date);
}

static void behind_cell(const void *ctx, size_t row, int column, struct table_cell *out)
{
	const struct behind_drawing *c = ctx;
	const struct behind_row *b = &c->st->behind[row];
	struct str text = STR_INIT;
	char n[32];

	if (column == 0) {
		snprintf(out->text, sizeof out->text, "%s", b->label);
		out->style = b->is == BEHIND_REASON ? STYLE_WARN : STYLE_DIM;
	} else if (column == 1) {
		odd_behind_text(b, c->st->report, c->d, &text);
		snprintf(out->text, sizeof out->text, "%s", str_text(&text));
		out->span = b->is == BEHIND_REASON;
		str_done(&text);
	} else if (b->event != SIZE_MAX) {
		say_event(c, b, out->text, sizeof out->text);
	} else if (b->is != BEHIND_REASON) {
		uint32_t events = b->is == BEHIND_USER ? c->st->report->events[b->who] : session_item_events(c->s, b->who);

		text_count(n, sizeof n, events);
		snprintf(out->text, sizeof out->text, "%s event%s", n, events == 1 ? "" : "s");
	}
}

static void say_user(const struct odd_report *r, const struct dataset *d, uint32_t u, char *out, size_t size)
{
	size_t used = (size_t)snprintf(out, size, "User %.80s", dataset_user_id(d, u));

	if (!isnan(r->figure[ODD_NDCG][u]) && used < size)
		used += (size_t)snprintf(out + used, size - used, " · ndcg@%d %.2f, popularity %.2f", ODD_K,
					 (double)r->figure[ODD_NDCG][u], (double)r->figure[ODD_POPULARITY][u]);
	if (!isnan(r->figure[ODD_OTHER][u]) && used < size)
		snprintf(out + used, size - used, ", %.40s %.2f", r->with, (double)r->figure[ODD_OTHER][u]);
}

void odd_draw_behind(const struct view *v, const struct session *s, struct surface *out)
{
	static const struct table_column column[] = {
		{ .title = "", .width = LABEL }, { .title = "", .least = 12 }, { .title = "", .width = 21, .right = true, .drop = 1 },
	};
	const struct odd_state *st = v->state;
	const struct behind_drawing c = { st, s, session_data(s) };
	const size_t at = v->table[BEHIND].cursor;
	size_t flag; /* of the reason under the cursor, else of the first */
	char title[256] = "Behind it";
	struct str text = STR_INIT;
	struct rect in;

	if (st->report && st->from == QUEUE && st->behind_user != NO_USER && st->n_behind)
		say_user(st->report, c.d, st->behind_user, title, sizeof title);
	else if (st->report && st->from == FLAGS && st->n_behind)
		snprintf(title, sizeof title, "Behind it: %s",
			 odd_table[st->report->flags.flag[st->behind_flag].kind].meaning);
	in = view_pane(v, out, BEHIND, title);
	if (!st->n_behind)
		return;
	view_table(v, out, BEHIND, in, column, 3, behind_cell, &c, false);
	/* Room that is left tells the reason in full where its row cuts it. */
	flag = st->behind[at < st->n_behind && st->behind[at].flag != SIZE_MAX ? at : st->n_behind > 1].flag;
	if (flag != SIZE_MAX && (int)st->n_behind + 2 <= in.h)
		odd_say(c.d, &st->report->flags.flag[flag], &text);
	if (surface_width(out, str_text(&text)) > in.w - REASON_AT)
		pane_wrap(out, (struct rect){ in.x + 1, in.y + (int)st->n_behind + 1, in.w - 2, in.h - (int)st->n_behind - 1 },
			  STYLE_DIM, str_text(&text));
	str_done(&text);
}
