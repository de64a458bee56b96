/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_overlap.c - overlap: what two runs recommend to the same person, and how alike the two lists are. */
#include <math.h>
#include <stdlib.h>

#include "app/settings.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/hold.h"
#include "cmd/person.h"
#include "cmd/tables.h"
#include "data/split.h"
#include "explain/overlap.h"

struct asked {
	struct hold hold[2];
	struct person who;
	uint32_t k;
	double p;
};

static const struct param_spec overlap_params[] = {
	{ .name = "with", .type = PARAM_TEXT, .meaning = "the other run" },
	{ .name = "run", .type = PARAM_TEXT, .meaning = "the run it is held against (default: the current one)" },
	{ .name = "k", .type = PARAM_INT, .lo = 1, .hi = 100000, .unit = "items",
	  .meaning = "length of the lists (default: set k)" },
	{ .name = "p", .type = PARAM_REAL, .lo = 0.01, .hi = 0.999, .def = "0.9",
	  .meaning = "rank-biased overlap: the chance to read on to the next rank",
	  .source = "Webber, Moffat & Zobel 2010: at 0.9 the best 10 carry 86% of the weight" },
	PERSONA_PARAM,
	{ .name = NULL },
};

static bool overlap_prepare(struct call *c, struct err *err)
{
	struct asked *a = mem_must(calloc(1, sizeof(*a)));
	const char *with = call_text(c, "with");

	c->state = a;
	person_init(&a->who);
	a->k = (uint32_t)(params_is_set(&c->params, "k") ? params_int(&c->params, "k") : settings_int(c->session, "k"));
	a->p = params_real(&c->params, "p");
	if (!with)
		return err_set(err, ERR_SYNTAX, "overlap needs the other run: with=RUN");
	return hold_data(&a->hold[0], c, err) && hold_data(&a->hold[1], c, err) && person_take(&a->who, c, err) &&
	       hold_run(&a->hold[0], c, call_text(c, "run"), err) && hold_run(&a->hold[1], c, with, err);
}

static void overlap_release(struct call *c)
{
	struct asked *a = c->state;

	hold_done(&a->hold[0]);
	hold_done(&a->hold[1]);
	person_done(&a->who);
	free(a);
}

static json_t *rank_or_null(uint32_t rank)
{
	return rank ? json_integer(rank) : json_null();
}

static void say(struct call *c, const struct asked *a, const char *const run[2], const struct beside *b)
{
	struct str s = STR_INIT;

	str_printf(&s, "%s and %s to ", run[0], run[1]);
	person_say(&a->who, a->hold[0].data, &s);
	if (isnan(b->overlap))
		str_puts(&s, ": neither recommends anything\n");
	else
		str_printf(&s, ": overlap@%u %.3f, rank-biased overlap %.3f (p %g)\n", a->k, b->overlap, b->rbo, a->p);
	result_say(&c->result, "%s", s.s);
	str_done(&s);
}

static void tell(struct call *c, const struct asked *a, const char *const run[2], const struct beside *b)
{
	static const struct result_column columns[] = {
		{ "rank", "rank", COLUMN_INT },           { "with_rank", "other rank", COLUMN_INT },
		{ "item", "item", COLUMN_ID },            { "title", "title", COLUMN_TEXT },
		{ "score", "score", COLUMN_SCORE },       { "with_score", "other score", COLUMN_SCORE },
		{ "hit", "in test", COLUMN_YES },         { NULL, NULL, 0 },
	};
	const struct dataset *d = a->hold[0].data;
	struct result *r = &c->result;

	person_put(&a->who, d, r);
	result_set(r, "run", json_text(run[0]));
	result_set(r, "with", json_text(run[1]));
	result_set(r, "k", json_integer(a->k));
	result_set(r, "p", json_number(a->p));
	result_set(r, "overlap", json_number(b->overlap));
	result_set(r, "rbo", json_number(b->rbo));
	r->rows_key = "items";
	r->columns = columns;
	for (size_t i = 0; i < b->n_rows; i++) {
		const struct beside_row *row = &b->row[i];
		json_t *o = result_add_row(r);

		json_put(o, "item", json_text(dataset_item_id(d, row->item)));
		json_put(o, "title", json_text(dataset_title(d, row->item)));
		json_put(o, "rank", rank_or_null(row->rank[0]));
		json_put(o, "with_rank", rank_or_null(row->rank[1]));
		json_put(o, "score", json_number((double)row->score[0]));
		json_put(o, "with_score", json_number((double)row->score[1]));
		json_put(o, "hit", json_boolean(person_has_hit(&a->who, a->hold[0].split, row->item)));
	}
	say(c, a, run, b);
}

static bool overlap_run(struct call *c, struct job *job, const struct task *t, struct err *err)
{
	struct asked *a = c->state;
	const struct split *split = a->hold[0].split;
	const uint32_t I = split->data->n_items, k = a->k < I ? a->k : I;
	const struct snapshot *s[2] = { NULL, NULL };
	struct rank_options o[2] = { { .k = k }, { .k = k } };
	uint64_t *barred[2] = { NULL, NULL };
	struct query q[2];
	struct beside *b = NULL;
	uint32_t n;
	bool good = true;

	(void)job;
	for (int i = 0; good && i < 2; i++) {
		s[i] = hold_snapshot(&a->hold[i], err);
		good = s[i] && person_query(&a->who, s[i], split, &q[i], err) &&
		       rank_barred(split, rank_all_items(split, s[i]->model), &barred[i], &n, err);
		o[i].barred = barred[i];
	}
	b = good ? beside_rank(s, I, q, o, a->p, t, err) : NULL;
	if (b)
		tell(c, a, (const char *const[]){ s[0]->run, s[1]->run }, b);
	beside_free(b);
	mem_free(barred[0]);
	mem_free(barred[1]);
	return b != NULL;
}

const struct command overlap_command = {
	.name = "overlap", .group = "Questions", .synopsis = "overlap USER|persona=NAME with=RUN [run=RUN] [k=10] [p=0.9]",
	.summary = "how alike the lists of two runs are, and where each ranks the other's items",
	.lane = LANE_ASK, .words = { WORD_USER }, .least = 1, .most = 1, .params = overlap_params,
	.prepare = overlap_prepare, .run = overlap_run, .release = overlap_release,
};
