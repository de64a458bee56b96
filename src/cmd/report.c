/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report.c - collecting, measuring, and the page around the sections. */
#include "cmd/report.h"

#include <math.h>
#include <stdlib.h>

#include "app/comparison.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "cmd/report_html.h"
#include "cmd/tables.h"
#include "data/split.h"
#include "eval/interval.h"

#define USERS_SHOWN 3 /* where none are chosen */

static bool collect_runs(struct report *r, const struct call *c, struct err *err)
{
	size_t n = session_n_runs(c->session);

	r->run = mem_must(calloc(n + 1, sizeof(*r->run)));
	for (size_t i = 0; i < n; i++) {
		const struct run *run = session_run(c->session, i);

		if (run_is_comparable(run) && !hold_evaluable(&r->run[r->n_runs++].hold, c, run->rec.name, err))
			return false;
	}
	return true;
}

static bool chosen_users(struct report *r, const struct call *c, const struct word *given, struct err *err)
{
	struct words ids;
	bool good = word_split_list(&ids, given, err);

	if (!good)
		return false;
	r->user = mem_must(calloc(ids.n + 1, sizeof(*r->user)));
	for (size_t i = 0; good && i < ids.n; i++)
		good = call_user(c, ids.w[i].text, &r->user[r->n_users++], err);
	words_done(&ids);
	return good;
}

/* Evenly spread over those with something to be found. */
static void some_users(struct report *r, const struct split *s)
{
	uint32_t n = 0, seen = 0, next = 0;

	r->user = mem_must(calloc(USERS_SHOWN, sizeof(*r->user)));
	for (uint32_t u = 0; u < s->test.rows; u++)
		n += csr_row_n(&s->test, u) > 0;
	for (uint32_t u = 0; u < s->test.rows && next < USERS_SHOWN; u++) {
		if (!csr_row_n(&s->test, u))
			continue;
		if (seen++ >= (uint64_t)next * n / USERS_SHOWN) {
			r->user[next++] = u;
			r->n_users++;
		}
	}
}

bool report_collect(struct report *r, const struct call *c, struct err *err)
{
	const struct comparison *last = session_comparison(c->session);
	const struct word *given = call_named(c, "users");

	if (last && last->n) { /* a copy: JSON is of one thread */
		r->compared = mem_must(json_deep_copy(last->rows));
		r->verdict = mem_must(json_deep_copy(last->head));
	}
	r->seed = session_seed(c->session);
	r->k = call_named(c, "k") ? (uint32_t)params_int(&c->params, "k") : 10;
	if (given && !chosen_users(r, c, given, err))
		return false;
	if (!given)
		some_users(r, session_split(c->session));
	return collect_runs(r, c, err);
}

/* --- measuring ------------------------------------------------------------------------------------------------ */

static bool measure(struct report *r, struct report_run *run, const struct task *t, struct err *err)
{
	static const struct { int metric; uint32_t k; } asked[REPORT_METRICS] = {
		[REPORT_NDCG] = { METRIC_NDCG, 10 }, [REPORT_RECALL] = { METRIC_RECALL, 20 },
		[REPORT_MRR] = { METRIC_MRR, 10 },   [REPORT_NOVELTY] = { METRIC_NOVELTY, 10 },
		[REPORT_COVERAGE] = { METRIC_COVERAGE, 10 },
	};
	const struct snapshot *s = hold_snapshot(&run->hold, err);
	struct eval_options o;

	if (!s)
		return false;
	eval_options_for(&o, run->hold.split);
	o.seed = r->seed;
	run->eval = eval_run(s, run->hold.split, &o, t, err);
	hold_let_go(&run->hold); /* one model at a time in memory */
	for (int m = 0; run->eval && m < REPORT_METRICS; m++) {
		unsigned at = 0;
		const float *v;

		while (at + 1 < run->eval->options.n_k && run->eval->options.k[at] != asked[m].k)
			at++;
		run->value[m] = run->eval->value[asked[m].metric][at];
		run->lo[m] = run->hi[m] = NAN;
		v = run->eval->per_user[asked[m].metric][at];
		if (v && !interval_mean(v, run->eval->n_users, r->seed, t, &run->lo[m], &run->hi[m]))
			return task_cancelled(err);
	}
	return run->eval != NULL;
}

/* --- the page ------------------------------------------------------------------------------------------------- */

static void put_head(FILE *f, const struct report *r, const struct hold *h)
{
	char date[32], n[3][32];

	page_put(f, "<header>\n<h1 class=\"wrap\">");
	page_text(f, h->data->name);
	page_put(f, "</h1>\n<p class=\"dim\">%s users, %s items, %s events. Split ",
		 str_thousands(h->data->n_users, n[0]), str_thousands(h->data->n_items, n[1]),
		 str_thousands(h->data->n_events, n[2]));
	page_text(f, h->split->text);
	page_put(f, ". %zu run%s. Written by " PACKAGE_STRING " on %s UTC, seed %llu.</p>\n", r->n_runs,
		 r->n_runs == 1 ? "" : "s", clock_date_minute(clock_wall(), date), (unsigned long long)r->seed);
	page_put(f, "<p><a href=\"#data\">Data</a> · <a href=\"#runs\">Runs</a> · <a href=\"#comparison\">Comparison</a> · "
		    "<a href=\"#curves\">Curves</a> · "
		    "<a href=\"#users\">Users</a></p>\n</header>\n");
}

bool report_write(const char *path, struct report *r, struct hold *answering, const struct task *t, struct err *err)
{
	struct file_writer w;
	struct str title = STR_INIT;
	bool good = true;

	for (size_t i = 0; good && i < r->n_runs; i++)
		good = measure(r, &r->run[i], t, err);
	if (!good || !file_writer_begin(&w, path, 0666, err))
		return false;
	str_printf(&title, "whyrec: %s", answering->data->name);
	page_begin(w.f, title.s);
	str_done(&title);
	put_head(w.f, r, answering);
	report_put_data(w.f, answering->data, answering->split);
	report_put_runs(w.f, r);
	report_put_comparison(w.f, r);
	report_put_curves(w.f, r);
	good = report_put_users(w.f, r, answering, t, err);
	page_end(w.f);
	good = good && file_writer_commit(&w, err);
	file_writer_abandon(&w);
	return good;
}

void report_done(struct report *r)
{
	for (size_t i = 0; i < r->n_runs; i++) {
		hold_done(&r->run[i].hold);
		eval_result_free(r->run[i].eval);
	}
	free(r->run);
	json_decref(r->compared);
	json_decref(r->verdict);
	free(r->user);
	*r = (struct report){ 0 };
}
