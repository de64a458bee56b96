/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_apart.c - apart: of the runs that were compared last, which two are told apart, and by how much.
 *
 * The users' values are those of the comparison, whole or still under way, so that nothing is measured again and no
 * heavy job is waited for.  Each interval is that of its own pair at 95 %; told apart is by p-values Holm-corrected
 * over the pairs of the answer (eval/interval.h), so that an interval may miss zero where the pair is not told apart.
 */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/comparison.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/tables.h"
#include "eval/interval.h"

#define LEVEL 0.05

struct pair { size_t a, b; struct paired told; double p; };
struct asked {
	struct comparison *of;
	size_t *row, n;        /* of the comparison, best first */
	struct pair *pair;
	size_t n_pairs;
};

static bool take_row(struct asked *a, const char *run, struct err *err)
{
	size_t at = 0;

	while (at < a->of->n && strcmp(a->of->run[at], run) != 0)
		at++;
	if (at == a->of->n)
		return err_set(err, ERR_NOTFOUND, "%s is none of the runs that were compared last", run);
	for (size_t i = 0; i < a->n; i++)
		if (a->row[i] == at)
			return err_set(err, ERR_USAGE, "%s is given twice", run);
	a->row[a->n++] = at;
	return true;
}

static int by_row(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return (x > y) - (x < y);
}

static bool apart_prepare(struct call *c, struct err *err)
{
	struct asked *a = mem_must(calloc(1, sizeof(*a)));
	bool good = call_needs_data(c, err);

	c->state = a;
	if (good && !session_comparison(c->session))
		return err_set(err, ERR_USAGE, "nothing was compared on this split: compare comes first");
	if (!good)
		return false;
	a->of = comparison_ref(session_comparison(c->session));
	a->row = mem_must(calloc(a->of->n + 1, sizeof(*a->row)));
	for (size_t i = 0; good && i < c->words.n; i++)
		good = take_row(a, call_word(c, i), err);
	while (good && !c->words.n && a->n < a->of->n) {
		a->row[a->n] = a->n;
		a->n++;
	}
	if (good && a->n < 2)
		return err_set(err, ERR_USAGE, "apart takes two runs or more");
	qsort(a->row, a->n, sizeof(*a->row), by_row);
	return good;
}

static bool apart_run(struct call *c, struct job *job, const struct task *t, struct err *err)
{
	struct asked *a = c->state;
	const size_t n = a->n * (a->n - 1) / 2;
	double *p = mem_must(calloc(n + 1, sizeof(*p)));
	bool good = true;

	(void)job;
	a->pair = mem_must(calloc(n + 1, sizeof(*a->pair)));
	for (size_t i = 0; good && i < a->n; i++)
		for (size_t k = i + 1; good && k < a->n; k++) {
			struct pair *pair = &a->pair[a->n_pairs];

			*pair = (struct pair){ .a = a->row[i], .b = a->row[k] };
			task_progress(t, a->n_pairs, n);
			good = interval_paired(a->of->value + pair->a * a->of->n_users, a->of->value + pair->b * a->of->n_users,
					       a->of->n_users, a->of->seed, t, &pair->told);
			p[a->n_pairs++] = pair->told.p;
		}
	interval_holm(p, a->n_pairs);
	for (size_t i = 0; i < a->n_pairs; i++)
		a->pair[i].p = p[i];
	free(p);
	return good || task_cancelled(err);
}

static void put_pair(struct call *c, const struct asked *a, const struct pair *pair)
{
	json_t *row = result_add_row(&c->result);
	const struct paired *t = &pair->told;
	char shown[64];

	snprintf(shown, sizeof(shown), "%+.4f [%+.4f, %+.4f]", t->mean, t->lo, t->hi);
	json_put(row, "run", json_text(a->of->run[pair->a]));
	json_put(row, "other", json_text(a->of->run[pair->b]));
	json_put(row, "difference", json_number(t->mean));
	json_put(row, "low", json_number(t->lo));
	json_put(row, "high", json_number(t->hi));
	json_put(row, "p", json_number(pair->p));
	json_put(row, "apart", json_boolean(pair->p < LEVEL));
	json_put(row, "users", json_integer((json_int_t)t->users));
	json_put(row, "interval", json_text(isnan(t->mean) ? "n/a" : shown));
	json_put(row, "told", json_text(pair->p < LEVEL ? "told apart" : "not told apart"));
}

static bool apart_finish(struct call *c, struct err *err)
{
	static const struct result_column columns[] = {
		{ "run", "run", COLUMN_TEXT }, { "other", "against", COLUMN_TEXT }, { "interval", "difference", COLUMN_TEXT },
		{ "p", "p (Holm)", COLUMN_SCORE }, { "told", "", COLUMN_TEXT }, { NULL, NULL, COLUMN_TEXT },
	};
	const struct asked *a = c->state;
	struct result *r = &c->result;
	const char *metric = json_string_value(json_object_get(json_array_get(a->of->rows, 0), "metric"));
	char n[32];

	(void)err;
	r->rows_key = "rows";
	r->columns = columns;
	for (size_t i = 0; i < a->n_pairs; i++)
		put_pair(c, a, &a->pair[i]);
	result_set(r, "metric", json_text(metric ? metric : ""));
	result_set(r, "total", json_integer((json_int_t)a->n_pairs));
	result_say(r, "%s of one run less another's, of the same users (%s), with 95%% intervals; told apart by p-values "
		   "corrected over %zu pair%s\n", metric ? metric : "", str_thousands(a->of->n_users, n), a->n_pairs,
		   a->n_pairs == 1 ? "" : "s");
	return true;
}

static void apart_release(struct call *c)
{
	struct asked *a = c->state;

	comparison_unref(a->of);
	free(a->row);
	free(a->pair);
	free(a);
}

const struct command apart_command = {
	.name = "apart", .group = "Questions", .synopsis = "apart [RUN…]",
	.summary = "of the runs that were compared last, which two are told apart, and by how much",
	.lane = LANE_ASK, .words = { WORD_RUN }, .many = true, .most = UINT_MAX,
	.prepare = apart_prepare, .run = apart_run, .finish = apart_finish, .release = apart_release,
};
