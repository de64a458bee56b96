/* SPDX-License-Identifier: GPL-3.0-or-later */
/* v_odd_draw.c - how the two lists of Odd look. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ui/text.h"
#include "ui/v_odd.h"

struct odd_drawing {
	const struct odd_state *st;
	const struct dataset *d;
};

static bool is_looking(const struct session *s)
{
	struct job_row row;

	for (size_t i = session_n_jobs(s); i-- > 0;) {
		session_job(s, i, &row);
		if (!strncmp(row.title, "odd ", 4) && job_is_alive(&row))
			return true;
	}
	return false;
}

/* "burst copy": the kinds alone. */
static void say_kinds(const struct odd_report *r, uint32_t user, char *out, size_t size)
{
	size_t used = 0;

	for (int k = 0; k < N_ODD; k++)
		if (!odd_table[k].of_items && used < size && odd_flag_of(r, (enum odd_kind)k, user) != SIZE_MAX)
			used += (size_t)snprintf(out + used, size - used, "%s%s", used ? " " : "", odd_table[k].name);
}

static void queue_cell(const void *ctx, size_t row, int column, struct table_cell *out)
{
	static const enum odd_figure figure[] = { [C_NDCG] = ODD_NDCG, [C_GAP] = ODD_GAP, [C_DIFFERENCE] = ODD_DIFFERENCE,
						  [C_TASTE] = ODD_TASTE, [C_CHURN] = ODD_CHURN };
	const struct odd_drawing *c = ctx;
	const struct odd_report *r = c->st->report;
	const uint32_t u = c->st->user[row];

	switch (column) {
	case C_USER:
		snprintf(out->text, sizeof out->text, "%s", dataset_user_id(c->d, u));
		break;
	case C_EVENTS:
		text_count(out->text, sizeof out->text, r->events[u]);
		break;
	case C_KINDS:
		say_kinds(r, u, out->text, sizeof out->text);
		out->style = STYLE_WARN;
		break;
	case C_GAP:
	case C_DIFFERENCE:
		text_signed(out->text, sizeof out->text, (double)r->figure[figure[column]][u], 2);
		break;
	default:
		text_real(out->text, sizeof out->text, (double)r->figure[figure[column]][u], 2);
	}
}

static bool has_churn(const struct odd_report *r)
{
	for (uint32_t u = 0; r && u < r->n_who; u++)
		if (!isnan(r->figure[ODD_CHURN][u]))
			return true;
	return false;
}

static const char *say_empty(const struct odd_state *st, const struct session *s)
{
	if (!session_data(s))
		return view_no_data;
	if (is_looking(s))
		return "Looking …";
	if (!st->report)
		return "Enter looks for users and items that deserve a look";
	return st->filter[0] ? "Nothing has this: Esc clears the filter" : "Nobody has a figure of this kind";
}

static bool is_of_another(const struct odd_state *st, const struct session *s)
{
	const struct run *run = session_answering(s);

	return run && strcmp(run->rec.name, st->report->run) != 0;
}

static void draw_queue(const struct view *v, const struct session *s, struct surface *out)
{
	const struct odd_state *st = v->state;
	const struct odd_drawing c = { st, session_data(s) };
	const bool differs = st->report && st->report->with[0];
	const struct table_column column[] = {
		[C_USER] = { .title = "user", .least = 8 },
		[C_EVENTS] = { .title = "events", .width = 7, .right = true, .drop = 3 },
		[C_NDCG] = { .title = "ndcg", .width = 5, .right = true, .drop = 4 },
		[C_GAP] = { .title = "gap", .width = 6, .right = true, .drop = 1 },
		[C_DIFFERENCE] = { .title = "differs", .width = differs ? 8 : -1, .right = true },
		[C_TASTE] = { .title = "taste", .width = 6, .right = true, .drop = 2 },
		[C_CHURN] = { .title = "churn", .width = has_churn(st->report) ? 6 : -1, .right = true, .drop = 5 },
		[C_KINDS] = { .title = "flags", .width = 14 },
	};
	char title[256] = "Worth a look", total[32];
	struct rect in;

	if (st->report) {
		text_count(total, sizeof total, st->n_users);
		snprintf(title, sizeof title, "Worth a look (%s)%s%.60s by %s · lists of %.40s%s%.40s%s", total,
			 st->filter[0] ? " \\ " : "", st->filter, odd_order_name(st), st->report->run,
			 differs ? " against " : "", st->report->with,
			 is_of_another(st, s) ? ": R asks the run that answers" : "");
	}
	in = view_pane(v, out, QUEUE, title);
	if (st->n_users)
		view_table(v, out, QUEUE, in, column, 8, queue_cell, &c, is_looking(s));
	else
		pane_say(out, in, say_empty(st, s));
}

static void flag_cell(const void *ctx, size_t row, int column, struct table_cell *out)
{
	const struct odd_drawing *c = ctx;
	const struct odd_flag *f = &c->st->report->flags.flag[c->st->flag[row]];
	struct str text = STR_INIT;

	if (column == 0) {
		snprintf(out->text, sizeof out->text, "%s", odd_table[f->kind].name);
		out->style = STYLE_WARN;
	} else if (column == 1) {
		snprintf(out->text, sizeof out->text, "%s",
			 odd_table[f->kind].of_items ? dataset_title(c->d, f->who) : dataset_user_id(c->d, f->who));
	} else {
		odd_say(c->d, f, &text);
		snprintf(out->text, sizeof out->text, "%s", str_text(&text));
		str_done(&text);
	}
}

/* "burst 6 · pair 12": of all, whatever the filter. */
static void say_counts(const struct odd_state *st, char *out, size_t size)
{
	size_t n[N_ODD] = { 0 }, used = 0;

	for (size_t i = 0; i < st->report->flags.n; i++)
		n[st->report->flags.flag[i].kind]++;
	*out = '\0';
	for (int k = 0; k < N_ODD; k++)
		if (n[k] && used < size)
			used += (size_t)snprintf(out + used, size - used, "%s%s %zu", used ? " · " : "", odd_table[k].name, n[k]);
}

static void draw_flags(const struct view *v, const struct session *s, struct surface *out)
{
	static const struct table_column column[] = {
		{ .title = "flag", .width = 9 }, { .title = "of", .least = 8 }, { .title = "reason", .least = 20, .drop = 1 },
	};
	const struct odd_state *st = v->state;
	const struct odd_drawing c = { st, session_data(s) };
	char title[300] = "Flags", counts[200], total[32];
	struct rect in;

	if (st->report) {
		text_count(total, sizeof total, st->n_flags);
		say_counts(st, counts, sizeof counts);
		snprintf(title, sizeof title, "Flags (%s)%s%.60s %s", total, st->filter[0] ? " \\ " : "", st->filter,
			 st->filter[0] ? "" : counts);
	}
	in = view_pane(v, out, FLAGS, title);
	if (st->n_flags)
		view_table(v, out, FLAGS, in, column, 3, flag_cell, &c, is_looking(s));
	else
		pane_say(out, in, st->report && !st->filter[0] ? "No flag: nothing odd was found" : say_empty(st, s));
}

void odd_draw(const struct view *v, const struct session *s, struct surface *out)
{
	if (view_shows(v, QUEUE))
		draw_queue(v, s, out);
	if (view_shows(v, FLAGS))
		draw_flags(v, s, out);
	if (view_shows(v, BEHIND))
		odd_draw_behind(v, s, out);
}
