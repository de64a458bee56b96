/* SPDX-License-Identifier: GPL-3.0-or-later */
/* popularity.c - an item's score is the number (or weight) of its train events, the same for everyone.
 *
 * half-life=DAYS halves an event's worth with every so many days of age, counted back from the newest
 * event fitted.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "model/registry.h"
#include "model/rows.h"

struct popularity {
	struct model_base base;
	uint32_t I;
	double half_life; /* days; 0: events do not age */
	float *score;     /* [I] */
};

static const struct param_spec params[] = {
	{ .name = "half-life", .type = PARAM_REAL, .lo = 0, .hi = 1e6, .def = "0", .unit = "days",
	  .meaning = "an event counts half after so many days; 0: events do not age",
	  .source = "plain counts, the usual baseline",
	  .tune = "0,7,30,90,365" },
	{ .name = NULL },
};

static void destroy(struct model *model)
{
	struct popularity *m = (struct popularity *)model;

	if (m)
		mem_free(m->score);
	mem_free(m);
}

static struct popularity *new_model(uint32_t I, double half_life, struct err *err)
{
	struct popularity *m = mem_zeroed(1, sizeof(*m), err);

	if (!m)
		return NULL;
	m->base.ops = &popularity_ops;
	m->I = I;
	m->half_life = half_life;
	m->score = mem_zeroed(I, sizeof(*m->score), err);
	if (!m->score) {
		destroy((struct model *)m);
		return NULL;
	}
	return m;
}

static struct model *create(const struct build_env *env, const struct params *p, struct err *err)
{
	double half_life = params_real(p, "half-life");

	if (half_life > 0 && !env->data->time) {
		err_set(err, ERR_UNSUPPORTED, "half-life weighs events by age, and these events have no times");
		return NULL;
	}
	return (struct model *)new_model(env->x->cols, half_life, err);
}

static void add_counts(const struct csr *x, double *sum)
{
	for (size_t k = 0; k < csr_n(x); k++)
		sum[x->idx[k]] += (double)csr_x(x, k);
}

static bool is_fitted(const struct build_env *env, size_t e)
{
	return env->split->part[e] == PART_TRAIN || (env->refit && env->split->part[e] == PART_VALID);
}

/* Repeats of a pair count once, by the newest; with values each counts by its own. */
static bool add_aged(const struct build_env *env, double half_life, double *sum, struct err *err)
{
	const struct dataset *d = env->data;
	uint32_t *counted_for = mem_alloc(env->x->cols, sizeof(*counted_for), err);
	int64_t newest = INT64_MIN;

	if (!counted_for)
		return false;
	for (uint32_t i = 0; i < env->x->cols; i++)
		counted_for[i] = NO_USER;
	for (size_t e = 0; e < d->n_events; e++)
		if (is_fitted(env, e) && d->time[e] > newest)
			newest = d->time[e];
	for (uint32_t u = 0; u < d->n_users; u++) {
		for (size_t e = d->user_ptr[u + 1]; e-- > d->user_ptr[u];) {
			uint32_t i = d->item[e];
			double age;

			if (!is_fitted(env, e) || (!env->x->val && counted_for[i] == u))
				continue;
			counted_for[i] = u;
			age = (double)(newest - d->time[e]) / 86400;
			sum[i] += (env->x->val ? (double)dataset_value(d, e) : 1) * exp2(-age / half_life);
		}
	}
	mem_free(counted_for);
	return true;
}

static bool fit_epoch(struct model *model, const struct build_env *env, struct fit_ctx *ctx, struct err *err)
{
	struct popularity *m = (struct popularity *)model;
	double *sum = mem_zeroed(m->I, sizeof(*sum), err);

	(void)ctx;
	if (!sum)
		return false;
	if (m->half_life > 0 && !add_aged(env, m->half_life, sum, err)) {
		mem_free(sum);
		return false;
	}
	if (m->half_life <= 0)
		add_counts(env->x, sum);
	for (uint32_t i = 0; i < m->I; i++)
		m->score[i] = (float)sum[i];
	mem_free(sum);
	return true;
}

static struct model *freeze(struct model *model, bool may_move, struct err *err)
{
	struct popularity *m = (struct popularity *)model, *copy;

	if (may_move)
		return model;
	copy = new_model(m->I, m->half_life, err);
	if (copy)
		memcpy(copy->score, m->score, m->I * sizeof(*m->score));
	return (struct model *)copy;
}

static bool query_begin(const struct model *m, const struct query *q, size_t B, struct scratch *s,
			struct err *err)
{
	(void)m, (void)q, (void)B, (void)s, (void)err;
	return true;
}

static void score_block(const struct model *model, const struct query *q, size_t B, uint32_t lo, uint32_t hi,
			struct scratch *s, float *out, size_t stride)
{
	const struct popularity *m = (const struct popularity *)model;

	(void)q, (void)s;
	for (size_t b = 0; b < B; b++)
		memcpy(out + b * stride, m->score + lo, (hi - lo) * sizeof(*out));
}

static bool contributions(const struct model *model, const struct query *q, uint32_t item, struct scratch *s,
			  float *parts, float *base, struct err *err)
{
	const struct popularity *m = (const struct popularity *)model;

	(void)s, (void)err;
	for (uint32_t k = 0; k < q->n; k++)
		parts[k] = 0;
	*base = m->score[item];
	return true;
}

static bool save(const struct model *model, enum weights_what what, struct weights_writer *w, struct err *err)
{
	const struct popularity *m = (const struct popularity *)model;

	(void)what;
	return weights_add(w, "item_score", TENSOR_F32, m->score, m->I, 0, err);
}

static struct model *load(const struct build_env *env, const struct params *p, const struct weights *w,
			  enum weights_what what, struct err *err)
{
	uint32_t I = env->data->n_items;
	const float *score = weights_get(w, "item_score", TENSOR_F32, I, 0, NULL, NULL, err);
	struct popularity *m = score ? new_model(I, params_real(p, "half-life"), err) : NULL;

	(void)what;
	if (m)
		memcpy(m->score, score, I * sizeof(*score));
	return (struct model *)m;
}

static uint64_t bytes(const struct model_shape *shape, const struct params *p)
{
	(void)p;
	return (uint64_t)shape->n_items * (sizeof(float) + sizeof(double) + sizeof(uint32_t));
}

static uint64_t held(const struct model *model)
{
	return ((const struct popularity *)model)->I * sizeof(float);
}

static void effort(const struct model_shape *shape, const struct params *p, struct model_effort *out)
{
	out->once.alone[EFFORT_ADD] += (double)shape->n_events;
	if (params_real(p, "half-life") > 0)
		out->once.alone[EFFORT_DRAW] += 4 * (double)shape->n_events; /* ages, and repeats looked for */
	effort_tiles(&out->asked, (double)shape->n_items);
}

const struct model_ops popularity_ops = {
	.name = "popularity",
	.title = "Popularity: what most people take",
	.cite = "the usual baseline",
	.caps = MODEL_FROM_HISTORY | MODEL_EXACT,
	.params = params,
	.create = create,
	.fit_epoch = fit_epoch,
	.freeze = freeze,
	.whole_why = "it keeps one number an item",
	.query_begin = query_begin,
	.score_block = score_block,
	.contributions = contributions,
	.save = save,
	.load = load,
	.bytes = bytes,
	.held = held,
	.effort = effort,
	.destroy = destroy,
};
