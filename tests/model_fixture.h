/* SPDX-License-Identifier: GPL-3.0-or-later */
/* model_fixture.h - a small dataset with planted tastes, split and ready to fit, for tests of models.
 *
 * Users and items fall into TASTES groups; most of a user's events lie in their own group, and low
 * numbers of a group are taken more often.  Values are 1..5, times ascend.
 */
#ifndef TESTS_MODEL_FIXTURE_H
#define TESTS_MODEL_FIXTURE_H

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/rng.h"
#include "model/model.h"
#include "model/snapshot.h"
#include "tap.h"

enum { TASTES = 4 };

struct fixture {
	struct dataset *data;
	struct split *split;
	struct csr x, xt; /* x borrows split->train */
	struct build_env env;
};

static inline void fixture_must(bool fine, const struct err *err)
{
	if (fine)
		return;
	printf("Bail out! %s\n", err->msg);
	exit(1);
}

static inline uint32_t fixture_draw_item(struct rng *r, uint32_t taste, uint32_t I)
{
	double u = rng_uniform(r);
	uint32_t of_taste = I / TASTES, k = (uint32_t)(u * u * of_taste);

	if (rng_uniform(r) < 0.2)
		taste = rng_below(r, TASTES);
	return k * TASTES + taste;
}

/* Titles of five words, four of the item's own taste and one of all: what text tells of the tastes. */
static inline void fixture_titles(struct dataset *d, uint64_t seed)
{
	struct rng r = rng_stream(seed, "fixture.titles", 0, 0);
	struct err err;
	char title[80];

	for (uint32_t i = 0; i < d->n_items; i++) {
		size_t n = 0;

		for (uint32_t k = 0; k < 5; k++)
			n += (size_t)snprintf(title + n, sizeof(title) - n, "%c%u ", k ? 'a' + (int)(i % TASTES) : 'z',
					      (unsigned)rng_below(&r, 6));
		fixture_must(strtab_push(&d->titles, title, n - 1, &err) != STRTAB_NONE, &err);
	}
}

static inline struct dataset *fixture_data(uint32_t U, uint32_t I, uint32_t per_user, uint64_t seed)
{
	struct err err;
	struct event_columns c = { 0 };
	struct strtab users, items;
	size_t cap = (size_t)U * per_user;
	bool *taken = mem_must(mem_zeroed(I, 1, &err));
	struct rng r = rng_stream(seed, "fixture", 0, 0);
	struct dataset *d;
	char id[16];

	strtab_init(&users);
	strtab_init(&items);
	c.user = mem_must(mem_alloc(cap, sizeof(uint32_t), &err));
	c.item = mem_must(mem_alloc(cap, sizeof(uint32_t), &err));
	c.value = mem_must(mem_alloc(cap, sizeof(float), &err));
	c.time = mem_must(mem_alloc(cap, sizeof(int64_t), &err));
	for (uint32_t i = 0; i < I; i++) {
		int n = snprintf(id, sizeof(id), "i%u", (unsigned)i);

		strtab_intern(&items, id, (size_t)n, &err);
	}
	for (uint32_t u = 0; u < U; u++) {
		int n = snprintf(id, sizeof(id), "u%u", (unsigned)u);

		strtab_intern(&users, id, (size_t)n, &err);
		memset(taken, 0, I);
		for (uint32_t k = 0; k < 2 + u * (per_user - 2) / U; k++) { /* histories of all lengths */
			uint32_t i = fixture_draw_item(&r, u % TASTES, I);

			if (taken[i])
				continue;
			taken[i] = true;
			c.user[c.n] = u;
			c.item[c.n] = i;
			c.value[c.n] = (float)(1 + rng_below(&r, 5));
			c.time[c.n] = 1000000 + 3600 * (int64_t)c.n;
			c.n++;
		}
	}
	mem_free(taken);
	d = dataset_new_from("fixture", &c, &users, &items, true, &task_null, &err);
	fixture_must(d != NULL, &err);
	return d;
}

/* For models made of other runs: "ease#1" is ease with its defaults, fitted when asked for. */
#define FIXTURE_RUNS "ease#1,item-knn#1"
static inline const struct snapshot *fixture_run(void *fixture, const char *run, struct err *err);

/* Weights 1, 2, 3 … in proportion. */
static inline bool fixture_weights(void *ctx, const struct mixture_part *part, size_t n, const struct task *task,
				   double *weights, struct err *err)
{
	(void)ctx, (void)part, (void)task, (void)err;
	for (size_t r = 0; r < n; r++)
		weights[r] = (double)(r + 1) / ((double)n * (double)(n + 1) / 2);
	return true;
}

/* values: x carries the values. */
static inline void fixture_make(struct fixture *f, uint32_t U, uint32_t I, uint32_t per_user, bool values)
{
	struct err err;
	struct params p;

	params_init(&p, split_params("leave-last"));
	f->data = fixture_data(U, I, per_user, 7);
	fixture_titles(f->data, 7);
	f->split = split_make(f->data, "leave-last", &p, 42, &task_null, &err);
	fixture_must(f->split != NULL, &err);
	f->x = f->split->train;
	if (!values)
		f->x.val = NULL;
	fixture_must(csr_transpose(&f->xt, &f->x, &task_null, &err), &err);
	f->env = (struct build_env){ .data = f->data, .split = f->split, .x = &f->x, .xt = &f->xt, .seed = 42,
				     .task = &task_null, .resolve_run = fixture_run, .resolve_ctx = f,
				     .choose_weights = fixture_weights };
}

static inline void fixture_done(struct fixture *f)
{
	csr_done(&f->xt);
	split_unref(f->split);
	dataset_unref(f->data);
}

/* Row u of x as a query that does not name the user. */
static inline struct query fixture_query(const struct fixture *f, uint32_t u)
{
	return (struct query){ .items = csr_row(&f->x, u), .x = csr_row_val(&f->x, u),
			       .n = (uint32_t)csr_row_n(&f->x, u), .user = NO_USER };
}

static inline void fixture_set(struct params *p, const char *name, const char *value)
{
	struct err err;

	fixture_must(params_set(p, name, value, &err), &err);
}

/* Parameters that name runs, where they are not set. */
static inline void fixture_name_runs(struct params *p)
{
	for (const struct param_spec *spec = p->specs; spec->name; spec++)
		if (spec->type == PARAM_RUNS && !params_is_set(p, spec->name))
			fixture_set(p, spec->name, FIXTURE_RUNS);
}

/* Fitted for so many epochs and frozen; names runs for a model that is made of some. */
static inline struct model *fixture_fit(const struct fixture *f, const struct model_ops *ops, struct params *p,
					uint32_t epochs, const struct task *task, struct err *err)
{
	struct build_env env = f->env;
	struct model *m;

	env.task = task;
	fixture_name_runs(p);
	m = ops->create(&env, p, err);
	for (uint32_t e = 1; m && e <= epochs; e++) {
		struct fit_ctx ctx = { .task = task, .epoch = e, .seed = env.seed };

		if (!ops->fit_epoch(m, &env, &ctx, err)) {
			ops->destroy(m);
			m = NULL;
		}
	}
	return m ? ops->freeze(m, true, err) : NULL;
}

static inline const struct snapshot *fixture_run(void *fixture, const char *run, struct err *err)
{
	const struct fixture *f = fixture;
	const struct model_ops *ops;
	struct params p;
	struct model *m;
	char name[PARAM_RUN_SIZE];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(run, "#"), run);
	ops = model_find(name, err);
	if (!ops)
		return NULL;
	params_init(&p, ops->params);
	if (param_find(ops->params, "dim") >= 0)
		fixture_set(&p, "dim", "8");
	m = fixture_fit(f, ops, &p, ops->caps & MODEL_ITERATIVE ? 2 : 1, &task_null, err);
	return m ? snapshot_new(m, run, 1, f->split, f->env.refit, f->x.val != NULL, err) : NULL;
}

/* Of small vectors, after so many epochs where the model takes some; snapshot_unref() it. */
static inline struct snapshot *fixture_snapshot(const struct fixture *f, const struct model_ops *ops, uint32_t epochs)
{
	struct params p;
	struct err err;
	struct model *m;
	struct snapshot *s;

	params_init(&p, ops->params);
	if (param_find(ops->params, "dim") >= 0)
		fixture_set(&p, "dim", "8");
	m = fixture_fit(f, ops, &p, ops->caps & MODEL_ITERATIVE ? epochs : 1, &task_null, &err);
	s = m ? snapshot_new(m, "test#1", 1, f->split, false, false, &err) : NULL;
	fixture_must(s != NULL, &err);
	return s;
}

/* The largest difference between two score rows, relative to the largest score. */
static inline double relative_difference(const float *got, const double *want, size_t n)
{
	double worst = 0, scale = 0;

	for (size_t i = 0; i < n; i++) {
		worst = fmax(worst, fabs((double)got[i] - want[i]));
		scale = fmax(scale, fabs(want[i]));
	}
	return scale > 0 ? worst / scale : worst;
}

#endif
