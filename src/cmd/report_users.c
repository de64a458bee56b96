/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_users.c - some users: what they took, what they are recommended, and why. */
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cmd/report.h"
#include "cmd/report_html.h"
#include "data/split.h"
#include "eval/rank_lists.h"
#include "explain/explain.h"

#define EVENTS_SHOWN 20
#define EXPLAINED 5
#define PARTS 6

struct telling {
	const struct snapshot *snapshot;
	const struct split *split;
	struct rank_options options;
	struct history_buf buf;
	uint32_t user;
};

static bool next_query(void *ctx, size_t i, unsigned slot, struct query *out, struct err *err)
{
	struct telling *x = ctx;

	(void)i, (void)slot;
	return history_query(x->snapshot, x->split, x->user, false, &x->buf, out, err);
}

static void put_event(FILE *f, const struct dataset *d, size_t e)
{
	char date[32];

	page_put(f, "<tr><td class=\"wrap\">");
	page_text(f, dataset_title(d, d->item[e]));
	page_put(f, "</td>");
	if (d->value)
		page_put(f, "<td class=\"n\">%.3g</td>", (double)d->value[e]);
	if (d->time)
		page_put(f, "<td>%s</td>", d->time[e] == NO_TIME ? "" : clock_date(d->time[e], date));
	page_put(f, "</tr>\n");
}

/* Newest first; test events stand apart. */
static void put_events(FILE *f, const struct telling *x, bool test)
{
	const struct dataset *d = x->split->data;
	size_t shown = 0, all = 0;

	for (size_t e = d->user_ptr[x->user]; e < d->user_ptr[x->user + 1]; e++)
		all += (x->split->part[e] == PART_TEST) == test;
	if (!all)
		return;
	page_put(f, "<table>\n<thead><tr><th scope=\"col\">%s (%zu)</th>", test ? "held out for test" : "history, newest first", all);
	page_put(f, "%s%s</tr></thead>\n<tbody>\n", d->value ? "<th scope=\"col\" class=\"n\">value</th>" : "",
		 d->time ? "<th scope=\"col\">on</th>" : "");
	for (size_t e = d->user_ptr[x->user + 1]; e-- > d->user_ptr[x->user] && shown < EVENTS_SHOWN;) {
		if ((x->split->part[e] == PART_TEST) != test)
			continue;
		put_event(f, d, e);
		shown++;
	}
	page_put(f, "</tbody>\n</table>\n");
	if (all > shown)
		page_put(f, "<p class=\"dim\">and %zu older ones</p>\n", all - shown);
}

static void put_list(FILE *f, const struct telling *x, const struct ranked_lists *l)
{
	const struct dataset *d = x->split->data;

	page_put(f, "<table>\n<thead><tr><th scope=\"col\" class=\"n\">rank</th><th scope=\"col\">recommended</th>"
		    "<th scope=\"col\" class=\"n\">score</th><th scope=\"col\">in test</th></tr></thead>\n<tbody>\n");
	for (uint32_t k = 0; k < l->count[0]; k++) {
		bool hit = csr_has(&x->split->test, x->user, l->item[k]);

		page_put(f, "<tr%s><td class=\"n\">%u</td><td class=\"wrap\">", hit ? " class=\"hit\"" : "", k + 1);
		page_text(f, dataset_title(d, l->item[k]));
		page_put(f, "</td><td class=\"n\">%.4g</td><td>%s</td></tr>\n", (double)l->score[k], hit ? "hit" : "");
	}
	page_put(f, "</tbody>\n</table>\n");
}

static bool put_why(FILE *f, struct telling *x, uint32_t rank, uint32_t item, const struct task *t, struct err *err)
{
	const struct dataset *d = x->split->data;
	struct chart_row row[PARTS + 2];
	struct str title = STR_INIT;
	struct explanation *e;
	struct query q;
	size_t n = 0;

	if (!history_query(x->snapshot, x->split, x->user, false, &x->buf, &q, err))
		return false;
	e = explain_item(x->snapshot, x->split, &q, item, PARTS, &x->options, t, err);
	if (!e)
		return false;
	for (size_t k = 0; k < e->n_parts && n < PARTS; k++)
		row[n++] = (struct chart_row){ dataset_title(d, e->parts[k].item), (double)e->parts[k].value, NAN, NAN };
	if (isfinite(e->rest) && e->rest != 0)
		row[n++] = (struct chart_row){ "all other events", e->rest, NAN, NAN };
	if (isfinite(e->base) && e->base != 0)
		row[n++] = (struct chart_row){ "base", e->base, NAN, NAN };
	str_printf(&title, "%u. %s: score %.4g (%s)", rank, dataset_title(d, item), e->score, e->method);
	if (!isnan(e->trained_score))
		str_printf(&title, "; %.4g with the user's trained vector", e->trained_score);
	if (n)
		chart_parts(f, title.s, row, n);
	else
		page_put(f, "<p>No event of the history speaks for rank %u.</p>\n", rank);
	str_done(&title);
	explanation_free(e);
	return true;
}

static bool put_user(FILE *f, struct telling *x, size_t number, const struct task *t, struct err *err)
{
	const struct dataset *d = x->split->data;
	struct ranked_lists l = { 0 };
	bool good = rank_lists(x->snapshot->model, d->n_items, next_query, x, 1, &x->options, t, &l, err);

	if (!good)
		return false;
	page_put(f, "<h3 class=\"wrap\" id=\"user-%zu\">User ", number);
	page_text(f, dataset_user_id(d, x->user));
	page_put(f, "</h3>\n<div class=\"side\">\n<div>\n");
	put_events(f, x, false);
	put_events(f, x, true);
	page_put(f, "</div>\n<div>\n");
	put_list(f, x, &l);
	page_put(f, "</div>\n</div>\n<div class=\"side\">\n");
	for (uint32_t k = 0; good && k < l.count[0] && k < EXPLAINED; k++)
		good = put_why(f, x, k + 1, l.item[k], t, err);
	page_put(f, "</div>\n");
	ranked_lists_done(&l);
	return good;
}

bool report_put_users(FILE *f, const struct report *r, struct hold *answering, const struct task *t, struct err *err)
{
	struct telling x = { .split = answering->split, .options = { .k = r->k } };
	uint64_t *barred = NULL;
	uint32_t n_candidates;
	bool good;

	x.snapshot = hold_snapshot(answering, err);
	good = x.snapshot && rank_barred(x.split, rank_all_items(x.split, x.snapshot->model), &barred, &n_candidates, err);
	x.options.barred = barred;
	page_put(f, "<section id=\"users\">\n<h2>Users</h2>\n<p class=\"dim\">Recommended by ");
	page_text(f, answering->record.name);
	page_put(f, ". Below the lists: which events of the history a score comes from. "
		    "Exact parts sum to the score, leave-one-out parts need not.</p>\n");
	for (size_t i = 0; good && i < r->n_users; i++) {
		x.user = r->user[i];
		good = put_user(f, &x, i + 1, t, err);
	}
	page_put(f, "</section>\n");
	history_buf_done(&x.buf);
	mem_free(barred);
	return good;
}
