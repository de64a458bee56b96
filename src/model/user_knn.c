/* SPDX-License-Identifier: GPL-3.0-or-later */
/* user_knn.c - the people most like a history; what they have adds up, each by how near they are.
 *
 * Ferrari Dacrema et al. 2019.  With x_u the query's history and N its K nearest train users v (never the
 * user asked for), sim(u,v) = x_u.x_v / (|x_u||x_v| + shrink):
 *
 *	score(u,i) = sum over v in N of sim(u,v) x_vi
 *
 * The part of history item j, with N and the norms held fixed, is
 *	x_uj  sum over v in N of x_vj x_vi / (|x_u||x_v| + shrink).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "model/csr_tensors.h"
#include "model/registry.h"
#include "model/row_sum.h"
#include "model/rows.h"
#include "num/knn_core.h"

struct user_knn {
	struct model_base base;
	uint32_t K;
	float shrink;
	struct csr x, xt; /* the train matrix and its transpose: this model is its data */
	float *norm;      /* [U] */
};

static const struct param_spec params[] = {
	{ .name = "neighbours", .type = PARAM_INT, .lo = 1, .hi = 100000, .def = "50", .unit = "users",
	  .meaning = "nearest users that are listened to", .source = TUNED, .log_scale = true,
	  .tune = "20..500" },
	{ .name = "shrink", .type = PARAM_REAL, .lo = 0, .hi = 1e6, .def = "10", .unit = "",
	  .meaning = "added to the similarity's denominator: doubts what few items say",
	  .source = TUNED,
	  .tune = "0,5,10,20,50,100" },
	{ .name = NULL },
};

static void destroy(struct model *model)
{
	struct user_knn *m = (struct user_knn *)model;

	if (!m)
		return;
	csr_done(&m->x);
	csr_done(&m->xt);
	mem_free(m->norm);
	mem_free(m);
}

static struct user_knn *new_model(uint32_t K, float shrink, struct err *err)
{
	struct user_knn *m = mem_zeroed(1, sizeof(*m), err);

	if (!m)
		return NULL;
	m->base.ops = &user_knn_ops;
	m->K = K;
	m->shrink = shrink;
	return m;
}

static struct user_knn *new_from(uint32_t U, const struct params *p, struct err *err)
{
	uint32_t K = (uint32_t)params_int(p, "neighbours");

	return new_model(K < U ? K : U, (float)params_real(p, "shrink"), err);
}

static struct model *create(const struct build_env *env, const struct params *p, struct err *err)
{
	return (struct model *)new_from(env->x->rows, p, err);
}

static bool make_norms(struct user_knn *m, struct err *err)
{
	m->norm = mem_alloc(m->x.rows, sizeof(*m->norm), err);
	if (m->norm)
		knn_norms(&m->x, m->norm);
	return m->norm != NULL;
}

static bool fit_epoch(struct model *model, const struct build_env *env, struct fit_ctx *ctx, struct err *err)
{
	struct user_knn *m = (struct user_knn *)model;

	(void)ctx;
	return csr_copy(&m->x, env->x, err) && csr_copy(&m->xt, env->xt, err) && make_norms(m, err);
}

static struct model *freeze(struct model *model, bool may_move, struct err *err)
{
	struct user_knn *m = (struct user_knn *)model, *copy;

	if (may_move)
		return model;
	copy = new_model(m->K, m->shrink, err);
	if (copy && csr_copy(&copy->x, &m->x, err) && csr_copy(&copy->xt, &m->xt, err) && make_norms(copy, err))
		return (struct model *)copy;
	destroy((struct model *)copy);
	return NULL;
}

/* Scratch: a row_sum a query, the cursors, the nearest users and their similarities, [B][K] each.  Aux:
 * an accumulator over users. */
static bool query_begin(const struct model *model, const struct query *q, size_t B, struct scratch *s,
			struct err *err)
{
	const struct user_knn *m = (const struct user_knn *)model;
	struct knn_rule rule = { .a = m->norm, .shrink = m->shrink, .K = m->K };
	size_t K = m->K, U = m->x.rows;
	struct row_sum *sum = scratch_need(s, B * (sizeof(*sum) + K * (sizeof(size_t) + sizeof(uint32_t) +
								      sizeof(float))), err);
	float *acc = sum ? scratch_need_aux(s, U * sizeof(*acc), err) : NULL;
	size_t *at;
	uint32_t *nearest;
	float *sim;

	if (!acc)
		return false;
	memset(acc, 0, U * sizeof(*acc));
	at = (size_t *)(void *)(sum + B);
	nearest = (uint32_t *)(void *)(at + B * K);
	sim = (float *)(void *)(nearest + B * K);
	for (size_t b = 0; b < B; b++) {
		double norm2 = 0;

		for (uint32_t k = 0; k < q[b].n; k++)
			norm2 += q[b].x ? (double)q[b].x[k] * (double)q[b].x[k] : 1;
		sum[b] = (struct row_sum){ .rows = nearest + b * K, .weight = sim + b * K, .at = at + b * K };
		sum[b].n = knn_nearest(&m->xt, &rule, q[b].items, q[b].x, q[b].n, (float)sqrt(norm2), 0,
				       q[b].user, acc, nearest + b * K, sim + b * K);
		row_sum_begin(&sum[b], &m->x);
	}
	return true;
}

static void score_block(const struct model *model, const struct query *q, size_t B, uint32_t lo, uint32_t hi,
			struct scratch *s, float *out, size_t stride)
{
	const struct user_knn *m = (const struct user_knn *)model;
	struct row_sum *sum = s->p;

	(void)q;
	for (size_t b = 0; b < B; b++)
		row_sum_tile(&sum[b], &m->x, lo, hi, out + b * stride);
}

static bool contributions(const struct model *model, const struct query *q, uint32_t item, struct scratch *s,
			  float *parts, float *base, struct err *err)
{
	const struct user_knn *m = (const struct user_knn *)model;
	const struct row_sum *near;
	double norm2 = 0;

	if (!query_begin(model, q, 1, s, err))
		return false;
	near = s->p;
	for (uint32_t k = 0; k < q->n; k++) {
		parts[k] = 0;
		norm2 += q->x ? (double)q->x[k] * (double)q->x[k] : 1;
	}
	for (uint32_t r = 0; r < near->n; r++) {
		uint32_t v = near->rows[r];
		float has = csr_at(&m->x, v, item);
		float share = has / ((float)sqrt(norm2) * m->norm[v] + m->shrink);

		for (uint32_t k = 0; has != 0 && k < q->n; k++)
			parts[k] += share * (q->x ? q->x[k] : 1) * csr_at(&m->x, v, q->items[k]);
	}
	*base = 0;
	return true;
}

static int by_weight(const void *a, const void *b)
{
	const struct neighbour *x = a, *y = b;

	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return (x->who > y->who) - (x->who < y->who);
}

static size_t neighbours(const struct model *model, const struct query *q, uint32_t item, struct scratch *s,
			 struct neighbour *out, size_t max, struct err *err)
{
	const struct user_knn *m = (const struct user_knn *)model;
	const struct row_sum *near;
	struct neighbour *all;
	size_t n = 0;

	if (!query_begin(model, q, 1, s, err))
		return SIZE_MAX;
	near = s->p;
	all = mem_alloc(m->K, sizeof(*all), err);
	if (!all)
		return SIZE_MAX;
	for (uint32_t r = 0; r < near->n; r++) {
		float has = csr_at(&m->x, near->rows[r], item);

		if (has != 0)
			all[n++] = (struct neighbour){ near->rows[r], near->weight[r] * has };
	}
	qsort(all, n, sizeof(*all), by_weight);
	if (n > max)
		n = max;
	memcpy(out, all, n * sizeof(*all));
	mem_free(all);
	return n;
}

static bool save(const struct model *model, enum weights_what what, struct weights_writer *w, struct err *err)
{
	const struct user_knn *m = (const struct user_knn *)model;

	(void)what;
	return csr_tensors_add(w, "train", &m->x, err);
}

static struct model *load(const struct build_env *env, const struct params *p, const struct weights *w,
			  enum weights_what what, struct err *err)
{
	uint32_t U = env->data->n_users;
	struct user_knn *m = new_from(U, p, err);

	(void)what;
	if (m && csr_tensors_get(w, "train", U, env->data->n_items, &m->x, err) &&
	    csr_transpose(&m->xt, &m->x, env->task, err) && make_norms(m, err))
		return (struct model *)m;
	destroy((struct model *)m);
	return NULL;
}

static uint64_t csr_size(uint64_t rows, uint64_t entries, bool pattern)
{
	return (rows + 1) * sizeof(size_t) + entries * (sizeof(uint32_t) + (pattern ? 0 : sizeof(float)));
}

static uint64_t bytes(const struct model_shape *shape, const struct params *p)
{
	(void)p;
	return csr_size(shape->n_users, shape->n_events, shape->patterns) +
	       csr_size(shape->n_items, shape->n_events, shape->patterns) +
	       2 * shape->n_users * sizeof(float);
}

static uint64_t held(const struct model *model)
{
	const struct user_knn *m = (const struct user_knn *)model;

	return csr_bytes(&m->x) + csr_bytes(&m->xt) + m->x.rows * sizeof(float);
}

/* All is left to the query: how much each user shares with it, then the sum of the nearest ones' rows. */
static void effort(const struct model_shape *shape, const struct params *p, struct model_effort *out)
{
	double U = (double)shape->n_users, E = (double)shape->n_events, K = fmin((double)params_int(p, "neighbours"), U);

	out->once.alone[EFFORT_PASS] += 4 * E;
	effort_tiles(&out->asked, (double)shape->n_items);
	out->asked.shared[EFFORT_ADD] += 1.45 * rows_reach(shape);
	effort_row_sums(&out->asked, (double)shape->n_items, K, rows_mean(shape));
	out->asked.shared[EFFORT_PASS] += 3 * U;
}

const struct model_ops user_knn_ops = {
	.name = "user-knn",
	.title = "User neighbours: what the most similar people take",
	.cite = "Ferrari Dacrema et al. 2019",
	.caps = MODEL_FROM_HISTORY | MODEL_EXACT,
	.params = params,
	.create = create,
	.fit_epoch = fit_epoch,
	.freeze = freeze,
	.whole_why = "it keeps the events themselves, which cannot be rounded",
	.query_begin = query_begin,
	.score_block = score_block,
	.contributions = contributions,
	.neighbours = neighbours,
	.save = save,
	.load = load,
	.bytes = bytes,
	.held = held,
	.effort = effort,
	.destroy = destroy,
};
