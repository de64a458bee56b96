/* SPDX-License-Identifier: GPL-3.0-or-later */
/* item_knn.c - each item keeps its most similar items; a history adds up its items' neighbours.
 *
 * Sarwar et al. 2001; Ferrari Dacrema et al. 2019.  score(u,i) = sum over j in H(u) of x_uj sim(j,i),
 * where i is among the K items most similar to j (keep=history), or j among those most similar to i
 * (keep=candidate).  Weights (tf-idf, bm25) act inside sim alone.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "model/csr_tensors.h"
#include "model/registry.h"
#include "model/row_sum.h"
#include "model/rows.h"
#include "num/knn_core.h"

enum similarity { COSINE, JACCARD, TF_IDF, BM25 }; /* as the parameter lists them */

struct item_knn {
	struct model_base base;
	uint32_t I, K;
	float shrink;
	enum similarity similarity;
	bool by_candidate;
	struct csr sims; /* I x I, row j: the items that an event with j speaks for */
};

static const struct param_spec params[] = {
	{ .name = "neighbours", .type = PARAM_INT, .lo = 1, .hi = 100000, .def = "200", .unit = "items",
	  .meaning = "most similar items kept for each item", .source = TUNED, .log_scale = true,
	  .tune = "20..1000" },
	{ .name = "similarity", .type = PARAM_CHOICE, .def = "tf-idf", .choices = "cosine|jaccard|tf-idf|bm25",
	  .unit = "", .meaning = "how two items' users are compared", .source = TUNED,
	  .tune = "cosine,jaccard,tf-idf,bm25" },
	{ .name = "shrink", .type = PARAM_REAL, .lo = 0, .hi = 1e6, .def = "10", .unit = "",
	  .meaning = "added to the similarity's denominator: doubts what few users say",
	  .source = TUNED,
	  .tune = "0,5,10,20,50,100" },
	{ .name = "keep", .type = PARAM_CHOICE, .def = "history", .choices = "history|candidate", .unit = "",
	  .meaning = "whose nearest count: those of the items taken, or those of the item scored",
	  .source = "Sarwar et al. 2001 by history; Ferrari Dacrema et al. 2019 by candidate" },
	{ .name = NULL },
};

static void destroy(struct model *model)
{
	struct item_knn *m = (struct item_knn *)model;

	if (m)
		csr_done(&m->sims);
	mem_free(m);
}

static struct item_knn *new_model(uint32_t I, const struct params *p, struct err *err)
{
	struct item_knn *m = mem_zeroed(1, sizeof(*m), err);

	if (!m)
		return NULL;
	m->base.ops = &item_knn_ops;
	m->I = I;
	m->K = (uint32_t)params_int(p, "neighbours");
	if (m->K > I)
		m->K = I;
	m->shrink = (float)params_real(p, "shrink");
	m->similarity = (enum similarity)params_choice(p, "similarity");
	m->by_candidate = params_choice(p, "keep") == 1;
	return m;
}

static struct model *create(const struct build_env *env, const struct params *p, struct err *err)
{
	return (struct model *)new_model(env->x->cols, p, err);
}

/* What the similarity sees: x itself, its pattern, or x with weights put on. */
static bool weigh(const struct item_knn *m, const struct build_env *env, struct csr *x, struct csr *xt,
		  const struct task *task, struct err *err)
{
	enum knn_weights kind = m->similarity == TF_IDF ? KNN_TFIDF : KNN_BM25;

	if (!knn_weigh(x, env->x, kind, err))
		return false;
	if (csr_transpose(xt, x, task, err))
		return true;
	csr_done(x);
	return false;
}

/* Each row held the nearest of its item; from now on, the items whose nearest it is among. */
static bool turn(struct csr *sims, const struct task *task, struct err *err)
{
	struct csr turned;

	if (!csr_transpose(&turned, sims, task, err))
		return false;
	csr_done(sims);
	*sims = turned;
	return true;
}

static bool fit_similarities(struct item_knn *m, const struct csr *x, const struct csr *xt,
			     const struct task *task, struct err *err)
{
	float *column = mem_alloc(m->I, sizeof(*column), err); /* norms, or numbers of events */
	struct knn_rule rule = { .shrink = m->shrink, .K = m->K };
	bool done;

	if (!column)
		return false;
	if (m->similarity == JACCARD) {
		for (uint32_t i = 0; i < m->I; i++)
			column[i] = (float)csr_row_n(xt, i);
		rule.s = column;
		rule.e = 1;
	} else if (m->similarity == BM25) {
		for (uint32_t i = 0; i < m->I; i++)
			column[i] = 0.5f; /* the denominator is s_i + s_j = 1 */
		rule.s = column;
		rule.shrink = 0;
	} else {
		knn_norms(xt, column);
		rule.a = column;
	}
	csr_done(&m->sims); /* of an epoch before */
	done = knn_fit(&m->sims, x, xt, &rule, task, err);
	mem_free(column);
	return done && (!m->by_candidate || turn(&m->sims, task, err));
}

static bool fit_epoch(struct model *model, const struct build_env *env, struct fit_ctx *ctx, struct err *err)
{
	struct item_knn *m = (struct item_knn *)model;
	struct csr x = *env->x, xt = *env->xt;
	bool done;

	if (m->similarity == TF_IDF || m->similarity == BM25) {
		if (!weigh(m, env, &x, &xt, ctx->task, err))
			return false;
		done = fit_similarities(m, &x, &xt, ctx->task, err);
		csr_done(&x);
		csr_done(&xt);
		return done;
	}
	if (m->similarity == JACCARD)
		x.val = xt.val = NULL;
	return fit_similarities(m, &x, &xt, ctx->task, err);
}

static struct model *freeze(struct model *model, bool may_move, struct err *err)
{
	struct item_knn *m = (struct item_knn *)model, *copy;

	if (may_move)
		return model;
	copy = mem_alloc(1, sizeof(*copy), err);
	if (!copy)
		return NULL;
	*copy = *m;
	copy->sims = (struct csr){ 0 };
	if (csr_copy(&copy->sims, &m->sims, err))
		return (struct model *)copy;
	mem_free(copy);
	return NULL;
}

/* Scratch: a row_sum a query, then the cursors of all. */
static bool query_begin(const struct model *model, const struct query *q, size_t B, struct scratch *s,
			struct err *err)
{
	const struct item_knn *m = (const struct item_knn *)model;
	struct row_sum *sum;
	size_t *at, events = 0;

	for (size_t b = 0; b < B; b++)
		events += q[b].n;
	sum = scratch_need(s, B * sizeof(*sum) + events * sizeof(*at), err);
	if (!sum)
		return false;
	at = (size_t *)(void *)(sum + B);
	for (size_t b = 0; b < B; b++) {
		sum[b] = (struct row_sum){ .rows = q[b].items, .weight = q[b].x, .n = q[b].n, .at = at };
		row_sum_begin(&sum[b], &m->sims);
		at += q[b].n;
	}
	return true;
}

static void score_block(const struct model *model, const struct query *q, size_t B, uint32_t lo, uint32_t hi,
			struct scratch *s, float *out, size_t stride)
{
	const struct item_knn *m = (const struct item_knn *)model;
	struct row_sum *sum = s->p;

	(void)q;
	for (size_t b = 0; b < B; b++)
		row_sum_tile(&sum[b], &m->sims, lo, hi, out + b * stride);
}

static bool contributions(const struct model *model, const struct query *q, uint32_t item, struct scratch *s,
			  float *parts, float *base, struct err *err)
{
	const struct item_knn *m = (const struct item_knn *)model;

	(void)s, (void)err;
	for (uint32_t k = 0; k < q->n; k++)
		parts[k] = (q->x ? q->x[k] : 1) * csr_at(&m->sims, q->items[k], item);
	*base = 0;
	return true;
}

static bool similar(const struct model *model, uint32_t item, float *out, struct err *err)
{
	const struct item_knn *m = (const struct item_knn *)model;

	(void)err;
	memset(out, 0, m->I * sizeof(*out));
	for (size_t k = m->sims.ptr[item]; k < m->sims.ptr[item + 1]; k++)
		out[m->sims.idx[k]] = m->sims.val[k];
	return true;
}

static bool save(const struct model *model, enum weights_what what, struct weights_writer *w, struct err *err)
{
	const struct item_knn *m = (const struct item_knn *)model;

	(void)what;
	return csr_tensors_add(w, "item_neighbours", &m->sims, err);
}

static struct model *load(const struct build_env *env, const struct params *p, const struct weights *w,
			  enum weights_what what, struct err *err)
{
	uint32_t I = env->data->n_items;
	struct item_knn *m = new_model(I, p, err);

	(void)what;
	if (!m)
		return NULL;
	if (csr_tensors_get(w, "item_neighbours", I, I, &m->sims, err) && (m->sims.val || !csr_n(&m->sims)))
		return (struct model *)m;
	if (m->sims.ptr)
		err_set(err, ERR_SYNTAX, "the weights file has neighbours without similarities");
	destroy((struct model *)m);
	return NULL;
}

static uint64_t bytes(const struct model_shape *shape, const struct params *p)
{
	uint64_t K = (uint64_t)params_int(p, "neighbours");
	bool weighs = params_choice(p, "similarity") >= TF_IDF;
	uint64_t copies = weighs ? 2 * shape->n_events * (sizeof(uint32_t) + sizeof(float)) : 0;
	uint32_t most = K < shape->n_items ? (uint32_t)K : shape->n_items;
	size_t kept = (size_t)rows_met(shape, most);
	uint64_t turned = params_choice(p, "keep") ? (uint64_t)kept * (sizeof(uint32_t) + sizeof(float)) : 0;

	return copies + turned + knn_fit_bytes(shape->n_events, shape->n_items, most, kept, shape_threads(shape));
}

static uint64_t held(const struct model *model)
{
	return csr_bytes(&((const struct item_knn *)model)->sims);
}

/* Every pair of events of a user is counted; then each item's row of counts is judged. */
static void effort(const struct model_shape *shape, const struct params *p, struct model_effort *out)
{
	double I = (double)shape->n_items, K = fmin((double)params_int(p, "neighbours"), I);
	double pairs = rows_users(shape, rows_square, NULL), E = (double)shape->n_events, seen = rows_met(shape, I);
	double weighs = params_choice(p, "similarity") >= TF_IDF;

	out->once.shared[EFFORT_ADD] += 1.5 * pairs;
	out->once.shared[EFFORT_DRAW] += 5.5 * seen; /* judged, and the best of each row kept in order */
	out->once.alone[EFFORT_ADD] += (2 + 4 * weighs) * E;
	effort_tiles(&out->asked, I);
	effort_row_sums(&out->asked, I, rows_mean(shape), K);
}

const struct model_ops item_knn_ops = {
	.name = "item-knn",
	.title = "Item neighbours: items that the same people take",
	.cite = "Sarwar et al. 2001; Ferrari Dacrema et al. 2019",
	.caps = MODEL_FROM_HISTORY | MODEL_EXACT,
	.params = params,
	.create = create,
	.fit_epoch = fit_epoch,
	.freeze = freeze,
	.whole_why = "half of what it keeps is which items are neighbours, and that cannot be rounded",
	.query_begin = query_begin,
	.score_block = score_block,
	.contributions = contributions,
	.similar = similar,
	.save = save,
	.load = load,
	.bytes = bytes,
	.held = held,
	.effort = effort,
	.destroy = destroy,
};
