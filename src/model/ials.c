/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ials.c - matrix factorisation of implicit feedback by alternating least squares, solved exactly.
 *
 * Hu, Koren & Volinsky 2008; Rendle et al. 2021, arXiv:2110.14037 and 2110.14044.  With w_u, h_i [D]:
 *
 *	sum over events of x_ui (w_u.h_i - 1)^2  +  alpha0 sum over all pairs of (w_u.h_i)^2
 *	+ sum over u of lambda_u |w_u|^2  +  sum over i of lambda_i |h_i|^2,
 *	lambda_u = lambda (|H(u)| + alpha0 I)^nu,  lambda_i = lambda (events of i + alpha0 U)^nu.
 *
 * Each epoch solves the items, then the users (num/ials_core.h).  Scoring solves w_u afresh on the
 * query's history, so that no user needs a kept vector; the parts of a score are those of that solve.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "model/event_mean.h"
#include "model/ials_packed.h"
#include "model/packed_tensors.h"
#include "model/registry.h"
#include "model/rows.h"
#include "model/vectors.h"
#include "num/ials_core.h"
#include "num/kern.h"
#include "num/linalg.h"

#define INIT_SIGMA 0.1

struct ials {
	struct model_base base;
	uint32_t U, I, D;
	double lambda, alpha0, nu;
	float *H; /* [I][D] */

	/* Training alone (NULL once frozen). */
	float *W;                             /* [U][D] */
	float *user_lambda, *item_lambda;     /* [U], [I] */
	struct ials_side *user_side;

	/* The items, rotated: half of every epoch, and what a history is solved against once frozen.  `rotated`:
	 * it holds this H.  A frozen copy takes it along, which is cheaper than rotating again; the next epoch
	 * makes another. */
	struct ials_side *item_side;
	bool rotated;
	struct rank_panels *panels; /* frozen alone */

	struct ials_packed packed;  /* frozen in fewer bits: in place of H and its side, which are NULL */
};

static const struct param_spec params[] = {
	{ .name = "dim", .type = PARAM_INT, .lo = 1, .hi = IALS_MAX_D, .def = "64", .unit = "factors",
	  .meaning = "length of the vectors", .source = "the size most papers compare at", .log_scale = true,
	  .tune = "32..256" },
	{ .name = "epochs", .type = PARAM_INT, .lo = 1, .hi = 10000, .def = "50", .unit = "epochs",
	  .meaning = "sweeps over items and users, at most", .source = "the best came within 40 on every set tried" },
	{ .name = "lambda", .type = PARAM_REAL, .lo = 1e-8, .hi = 1e4, .def = "0.2", .unit = "",
	  .meaning = "weight of the squared vectors", .source = TUNED, .log_scale = true,
	  .tune = "0.01..2" },
	{ .name = "alpha0", .type = PARAM_REAL, .lo = 0, .hi = 100, .def = "0.1", .unit = "",
	  .meaning = "weight of the pairs without an event, against 1 of an event", .source = TUNED,
	  .log_scale = true,
	  .tune = "0.01..1" },
	{ .name = "nu", .type = PARAM_REAL, .lo = 0, .hi = 2, .def = "0.5", .unit = "",
	  .meaning = "how far lambda follows the number of events: 0 not at all, 1 in proportion",
	  .source = TUNED,
	  .tune = "0..1" },
	{ .name = "patience", .type = PARAM_INT, .lo = 0, .hi = 10000, .def = "4", .unit = "rounds",
	  .meaning = "validations without a better metric before it stops; 0: never",
	  .source = "the metric climbs smoothly" },
	{ .name = NULL },
};

static void destroy(struct model *model)
{
	struct ials *m = (struct ials *)model;

	if (!m)
		return;
	mem_free(m->H);
	mem_free(m->W);
	mem_free(m->user_lambda);
	mem_free(m->item_lambda);
	ials_side_free(m->user_side);
	ials_side_free(m->item_side);
	rank_panels_free(m->panels);
	ials_packed_done(&m->packed);
	mem_free(m);
}

static struct ials *new_model(uint32_t U, uint32_t I, const struct params *p, struct err *err)
{
	struct ials *m = mem_zeroed(1, sizeof(*m), err);

	if (!m)
		return NULL;
	m->base.ops = &ials_ops;
	m->U = U;
	m->I = I;
	m->D = (uint32_t)params_int(p, "dim");
	m->lambda = params_real(p, "lambda");
	m->alpha0 = params_real(p, "alpha0");
	m->nu = params_real(p, "nu");
	return m;
}

static float lambda_of(const struct ials *m, size_t events, uint32_t others)
{
	return (float)(m->lambda * pow((double)events + m->alpha0 * (double)others, m->nu));
}

static float *lambdas(const struct ials *m, const struct csr *x, struct err *err)
{
	float *lambda = mem_alloc(x->rows, sizeof(*lambda), err);

	for (uint32_t r = 0; lambda && r < x->rows; r++)
		lambda[r] = lambda_of(m, csr_row_n(x, r), x->cols);
	return lambda;
}

/* All that training needs but the vectors' values. */
static struct ials *new_training(const struct build_env *env, const struct params *p, struct err *err)
{
	struct ials *m = new_model(env->x->rows, env->x->cols, p, err);

	if (!m)
		return NULL;
	m->H = mem_zeroed((size_t)m->I * m->D, sizeof(*m->H), err);
	m->W = m->H ? mem_zeroed((size_t)m->U * m->D, sizeof(*m->W), err) : NULL;
	m->user_lambda = m->W ? lambdas(m, env->x, err) : NULL;
	m->item_lambda = m->user_lambda ? lambdas(m, env->xt, err) : NULL;
	m->user_side = m->item_lambda ? ials_side_new(m->U, m->D, err) : NULL;
	m->item_side = m->user_side ? ials_side_new(m->I, m->D, err) : NULL;
	if (m->item_side)
		return m;
	destroy((struct model *)m);
	return NULL;
}

static struct model *create(const struct build_env *env, const struct params *p, struct err *err)
{
	struct ials *m = new_training(env, p, err);

	if (!m || vectors_draw(m->W, m->U, m->D, INIT_SIGMA, env->seed, "ials.init", env->task, err))
		return (struct model *)m;
	destroy((struct model *)m);
	return NULL;
}

static double squared_weight(const struct ials *m)
{
	double sum = 0;

	for (uint32_t i = 0; i < m->I; i++) {
		const float *h = m->H + (size_t)i * m->D;

		sum += (double)m->item_lambda[i] * (double)linalg_dot(h, h, m->D);
	}
	return sum;
}

/* One of the two halves of an epoch: its rows are part of the epoch's progress. */
struct half {
	const struct task *whole;
	uint64_t before, rows, total;
};

static bool half_keep_going(void *ctx)
{
	return task_keep_going(((struct half *)ctx)->whole);
}

static void half_progress(void *ctx, uint64_t done, uint64_t total)
{
	struct half *h = ctx;

	task_progress(h->whole, h->before + (total ? h->rows * done / total : 0), h->total);
}

static bool sweep(struct half *h, const struct ials_side *fixed, const struct csr *x, const float *lambda,
		  float *to, uint32_t D, double *fit, struct err *err)
{
	struct task t = { half_keep_going, half_progress, h, h->whole->pool };

	return ials_sweep(fixed, x, lambda, to, D, fit, &t, err);
}

static bool blame(struct err *err, uint32_t epoch, const char *what)
{
	return err->code == ERR_NUMERIC ? err_wrap(err, "ials, epoch %u, %s", (unsigned)epoch, what) : false;
}

static bool fit_epoch(struct model *model, const struct build_env *env, struct fit_ctx *ctx, struct err *err)
{
	struct ials *m = (struct ials *)model;
	uint64_t rows = (uint64_t)m->U + m->I;
	struct half items = { ctx->task, 0, m->I, rows }, users = { ctx->task, m->I, m->U, rows };
	double fit;

	m->rotated = false;
	if (!m->item_side)
		m->item_side = ials_side_new(m->I, m->D, err);
	if (!m->item_side)
		return false;
	if (!ials_side_set(m->user_side, m->W, m->D, m->alpha0, ctx->task, err) ||
	    !sweep(&items, m->user_side, env->xt, m->item_lambda, m->H, m->D, NULL, err))
		return blame(err, ctx->epoch, "solving the items on the users' vectors");
	if (!ials_side_set(m->item_side, m->H, m->D, m->alpha0, ctx->task, err) ||
	    !sweep(&users, m->item_side, env->x, m->user_lambda, m->W, m->D, &fit, err))
		return blame(err, ctx->epoch, "solving the users on the items' vectors");
	m->rotated = true;
	ctx->n_loss = 1;
	ctx->loss_name[0] = "loss";
	ctx->loss[0] = (fit + squared_weight(m)) / (double)csr_n(env->x);
	ctx->examples = csr_n(env->x);
	if (!isfinite(ctx->loss[0]))
		return err_set(err, ERR_NUMERIC, "ials, epoch %u: the loss is not finite; a larger lambda helps",
			       (unsigned)ctx->epoch);
	return true;
}

static double misses(const void *ctx, uint32_t user, const uint32_t *items, const float *x, size_t n)
{
	const struct ials *m = ctx;
	const float *w = m->W + (size_t)user * m->D;
	double sum = 0;

	for (size_t k = 0; k < n; k++) {
		double miss = (double)linalg_dot(w, m->H + (size_t)items[k] * m->D, m->D) - 1;

		sum += (x ? (double)x[k] : 1) * miss * miss;
	}
	return sum;
}

static double mean_weight(const struct csr *x)
{
	double sum = 0;

	for (size_t k = 0; x->val && k < csr_n(x); k++)
		sum += (double)x->val[k];
	return x->val ? sum / (double)csr_n(x) : 1;
}

/* The same objective, with the misses of the valid events in the place of the train events', each as heavy
 * as the mean train event; the other terms do not ask which events there are. */
static bool valid_loss(struct model *model, const struct build_env *env, const struct fit_ctx *ctx, double *out,
		       struct err *err)
{
	double train, valid;

	if (!event_mean(env->x, env->x, misses, model, ctx->task, &train, err) ||
	    !event_mean(&env->split->valid, env->x, misses, model, ctx->task, &valid, err))
		return false;
	*out = ctx->loss[0] - train + mean_weight(env->x) * valid;
	return true;
}

/* What scoring adds to H: the packed items and the rotated ones. */
static bool make_scoring(struct ials *m, struct err *err)
{
	m->panels = rank_panels_new(m->H, m->D, m->I, m->D, NULL, err);
	if (!m->panels)
		return false;
	if (!m->item_side)
		m->item_side = ials_side_new(m->I, m->D, err);
	if (m->item_side && !m->rotated)
		m->rotated = ials_side_set(m->item_side, m->H, m->D, m->alpha0, &task_null, err);
	return m->rotated;
}

static void drop_training(struct ials *m)
{
	mem_free(m->W);
	mem_free(m->user_lambda);
	mem_free(m->item_lambda);
	ials_side_free(m->user_side);
	m->W = m->user_lambda = m->item_lambda = NULL;
	m->user_side = NULL;
}

static struct model *freeze(struct model *model, bool may_move, struct err *err)
{
	struct ials *m = (struct ials *)model, *copy;

	if (may_move) {
		drop_training(m);
		return make_scoring(m, err) ? model : (destroy(model), NULL);
	}
	copy = mem_zeroed(1, sizeof(*copy), err);
	if (!copy)
		return NULL;
	*copy = (struct ials){ .base = m->base, .U = m->U, .I = m->I, .D = m->D, .lambda = m->lambda,
			       .alpha0 = m->alpha0, .nu = m->nu };
	if (m->rotated) {
		copy->item_side = m->item_side;
		copy->rotated = true;
		m->item_side = NULL;
		m->rotated = false;
	}
	copy->H = vectors_copy(m->H, m->I, m->D, err);
	if (copy->H && make_scoring(copy, err))
		return (struct model *)copy;
	destroy((struct model *)copy);
	return NULL;
}

static struct model *pack(const struct model *model, enum precision to, struct err *err)
{
	const struct ials *m = (const struct ials *)model;
	struct ials *out = mem_zeroed(1, sizeof(*out), err);

	if (!out)
		return NULL;
	*out = (struct ials){ .base = m->base, .U = m->U, .I = m->I, .D = m->D, .lambda = m->lambda,
			      .alpha0 = m->alpha0, .nu = m->nu };
	if (m->H ? ials_packed_make(&out->packed, m->item_side, m->I, m->D, to, err)
		 : ials_packed_make_from(&out->packed, &m->packed, to, err))
		out->panels = rank_panels_new_packed(&out->packed.items, NULL, err);
	if (out->panels)
		return (struct model *)out;
	destroy((struct model *)out);
	return NULL;
}

/* --- Scoring -------------------------------------------------------------------------- */

static bool no_solution(const struct query *q, struct err *err)
{
	return err_set(err, ERR_NUMERIC, "ials: a history of %u events cannot be solved; a larger lambda helps",
		       (unsigned)q->n);
}

static size_t vector_size(const struct ials *m)
{
	return m->H ? m->D : m->packed.P;
}

static bool solve_query(const struct ials *m, const struct query *q, float *w, struct scratch *s, struct err *err)
{
	float lambda = lambda_of(m, q->n, m->I);
	void *work;

	if (!q->n) {
		memset(w, 0, vector_size(m) * sizeof(*w));
		return true;
	}
	if (!m->H)
		return ials_packed_solve(&m->packed, q, lambda, w, s, err) || (err->code == ERR_OK && no_solution(q, err));
	work = scratch_need_aux(s, ials_scratch_bytes(m->D), err);
	return work && (ials_solve_row(m->item_side, q->items, q->x, q->n, lambda, w, work) || no_solution(q, err));
}

/* Scratch: the queries' vectors [B][D], rotated [B][P] in fewer bits.  Aux: what a solve needs. */
static bool query_begin(const struct model *model, const struct query *q, size_t B, struct scratch *s,
			struct err *err)
{
	const struct ials *m = (const struct ials *)model;
	float *w = scratch_need(s, B * vector_size(m) * sizeof(*w), err);

	for (size_t b = 0; w && b < B; b++)
		if (!solve_query(m, &q[b], w + b * vector_size(m), s, err))
			return false;
	return w != NULL;
}

static void score_block(const struct model *model, const struct query *q, size_t B, uint32_t lo, uint32_t hi,
			struct scratch *s, float *out, size_t stride)
{
	const struct ials *m = (const struct ials *)model;

	(void)q;
	rank_scores(m->panels, s->p, vector_size(m), B, lo, hi, out, stride);
}

static bool dot_form(const struct model *model, size_t B, struct scratch *s, struct dot_form *out)
{
	const struct ials *m = (const struct ials *)model;

	(void)B;
	*out = (struct dot_form){ .panels = m->panels, .queries = s->p, .stride = vector_size(m) };
	return true;
}

/* The score and its parts come from two solves in float, which round apart by some 1e-6 of the parts' sizes;
 * where large parts cancel that shows.  It is shared out by size, so that parts sum to the score. */
static void share_rounding(float *part, uint32_t n, float score)
{
	double sum = 0, size = 0;

	for (uint32_t k = 0; k < n; k++) {
		sum += (double)part[k];
		size += fabs((double)part[k]);
	}
	for (uint32_t k = 0; size > 0 && k < n; k++)
		part[k] = (float)((double)part[k] + ((double)score - sum) * fabs((double)part[k]) / size);
}

static bool parts_of(const struct ials *m, const struct query *q, uint32_t item, struct scratch *s, float *parts,
		     struct err *err)
{
	float lambda = lambda_of(m, q->n, m->I);

	if (!m->H)
		return ials_packed_parts(&m->packed, q, lambda, item, parts, s, err) ||
		       (err->code == ERR_OK && no_solution(q, err));
	/* Scoring left room for a solve in aux. */
	return ials_parts(m->item_side, q->items, q->x, q->n, lambda, m->H + (size_t)item * m->D, parts, s->aux) ||
	       no_solution(q, err);
}

static bool contributions(const struct model *model, const struct query *q, uint32_t item, struct scratch *s,
			  float *parts, float *base, struct err *err)
{
	const struct ials *m = (const struct ials *)model;
	float score;

	*base = 0;
	if (!q->n)
		return true;
	if (!model_score_one(model, q, item, s, &score, err) || !parts_of(m, q, item, s, parts, err))
		return false;
	share_rounding(parts, q->n, score);
	return true;
}

static bool similar(const struct model *model, uint32_t item, float *out, struct err *err)
{
	const struct ials *m = (const struct ials *)model;

	if (!m->H)
		return packed_cosines(&m->packed.items, item, out, err);
	vectors_cosines(m->H, m->I, m->D, item, out);
	return true;
}

static const float *item_vectors(const struct model *model, size_t *D, size_t *stride)
{
	const struct ials *m = (const struct ials *)model;

	*D = *stride = m->D;
	return m->H;
}

static bool save(const struct model *model, enum weights_what what, struct weights_writer *w, struct err *err)
{
	const struct ials *m = (const struct ials *)model;

	if (!m->H)
		return ials_packed_add(w, &m->packed, err);
	return weights_add(w, "item_vectors", TENSOR_F32, m->H, m->I, m->D, err) &&
	       (what == WEIGHTS_SCORING || weights_add(w, "user_vectors", TENSOR_F32, m->W, m->U, m->D, err));
}

static struct model *load_scoring(uint32_t U, uint32_t I, const struct params *p, const float *H, struct err *err)
{
	struct ials *m = new_model(U, I, p, err);

	if (!m)
		return NULL;
	m->H = vectors_copy(H, I, m->D, err);
	if (m->H && make_scoring(m, err))
		return (struct model *)m;
	destroy((struct model *)m);
	return NULL;
}

static struct model *load_packed(uint32_t U, uint32_t I, const struct params *p, const struct weights *w,
				 struct err *err)
{
	struct ials *m = new_model(U, I, p, err);

	if (m && ials_packed_get(w, I, m->D, &m->packed, err))
		m->panels = rank_panels_new_packed(&m->packed.items, NULL, err);
	if (m && m->panels)
		return (struct model *)m;
	destroy((struct model *)m);
	return NULL;
}

static struct model *load(const struct build_env *env, const struct params *p, const struct weights *w,
			  enum weights_what what, struct err *err)
{
	uint32_t U = env->data->n_users, I = env->data->n_items;
	size_t D = (size_t)params_int(p, "dim");
	const float *H, *W;
	struct ials *m;

	if (what == WEIGHTS_SCORING && packed_is(w, "item_vectors"))
		return load_packed(U, I, p, w, err);
	H = weights_get(w, "item_vectors", TENSOR_F32, I, D, NULL, NULL, err);
	if (!H)
		return NULL;
	if (what == WEIGHTS_SCORING)
		return load_scoring(U, I, p, H, err);
	W = weights_get(w, "user_vectors", TENSOR_F32, U, D, NULL, NULL, err);
	m = W ? new_training(env, p, err) : NULL;
	if (m) {
		memcpy(m->H, H, I * D * sizeof(*H));
		memcpy(m->W, W, U * D * sizeof(*W));
	}
	return (struct model *)m;
}

static uint64_t scoring_bytes(enum precision p, uint32_t I, uint32_t D)
{
	uint64_t table = packed_bytes_for(p, I, D) + rank_panels_bytes_for(p, I, D);

	return p == PRECISION_F32 ? table + ials_side_bytes(I, D) : table;
}

/* Training with its state as it is kept, the best and the newest frozen model beside it; one more as it is packed. */
static uint64_t bytes(const struct model_shape *shape, const struct params *p)
{
	uint64_t U = shape->n_users, I = shape->n_items;
	uint32_t D = (uint32_t)params_int(p, "dim");
	uint64_t whole = shape->kept == PRECISION_F32 ? 0 : scoring_bytes(PRECISION_F32, shape->n_items, D);

	return (U + I) * (D + 1) * sizeof(float) + shape_state(shape, (U + I) * D * sizeof(float), I * D * sizeof(float)) +
	       ials_side_bytes(shape->n_users, D) + ials_side_bytes(shape->n_items, D) + whole +
	       shape_snapshots(shape) * scoring_bytes(shape->kept, shape->n_items, D);
}

static uint64_t held(const struct model *model)
{
	const struct ials *m = (const struct ials *)model;

	return scoring_bytes(m->H ? PRECISION_F32 : m->packed.items.precision, m->I, m->D);
}

struct solved { double D, P; }; /* P: D padded to whole vectors */

/* As num/ials_core.h solves a row of n events: by its own n x n system or the D x D one. */
static double multiply_adds(double n, const void *ctx)
{
	const struct solved *s = ctx;

	if (n == 0)
		return 0;
	return n < s->D ? s->P * n * n / 2 + n * n * n / 6 + n * n : n * s->P * s->P / 2 + s->P * s->P * s->P / 6 + s->P * s->P;
}

/* A fixed side made ready: its Gram matrix, that one's eigenvectors, all rows rotated. */
static void side_effort(struct effort *e, double rows, const struct solved *s)
{
	e->shared[EFFORT_SOLVE] += rows * s->P * s->P / 2;
	e->shared[EFFORT_PRODUCT] += rows * s->P * s->P;
	e->alone[EFFORT_DOUBLE] += 9 * s->D * s->D * s->D;
}

static void effort(const struct model_shape *shape, const struct params *p, struct model_effort *out)
{
	double U = (double)shape->n_users, I = (double)shape->n_items, E = (double)shape->n_events;
	double D = (double)params_int(p, "dim");
	struct solved s = { D, ceil(D / KERN_PAD) * KERN_PAD };
	double by_users = rows_users(shape, multiply_adds, &s), n = rows_mean(shape);
	struct effort *e = &out->epoch;

	side_effort(e, U, &s);
	side_effort(e, I, &s);
	e->shared[EFFORT_SOLVE] += 0.9 * (by_users + rows_items(shape, multiply_adds, &s));
	e->shared[EFFORT_PRODUCT] += (U + I) * s.P * s.P;
	e->shared[effort_rows(U * s.P * sizeof(float))] += 2 * E * s.P;
	e->shared[effort_rows(I * s.P * sizeof(float))] += 2 * E * s.P + shape->n_valid * s.D;
	effort_copies(e, (2 * I + U) * s.P);
	out->once.shared[EFFORT_DRAW] += 20 * (U + I) * s.D; /* the first vectors */
	effort_dots(&out->asked, I, s.D, n);
	out->asked.shared[EFFORT_SOLVE] += U > 0 ? 0.7 * by_users / U : 0;
	out->asked.shared[EFFORT_PRODUCT] += s.P * s.P;
	out->asked.shared[effort_rows(I * s.P * sizeof(float))] += 2 * n * s.P;
}

const struct model_ops ials_ops = {
	.name = "ials",
	.title = "iALS: matrix factorisation, solved exactly in turn",
	.cite = "Hu, Koren & Volinsky 2008; Rendle et al. 2021, arXiv:2110.14037",
	.caps = MODEL_ITERATIVE | MODEL_FROM_HISTORY | MODEL_ITEM_VECTORS | MODEL_EXACT,
	.example_unit = "events",
	.params = params,
	.create = create,
	.fit_epoch = fit_epoch,
	.valid_loss = valid_loss,
	.freeze = freeze,
	.pack = pack,
	.query_begin = query_begin,
	.score_block = score_block,
	.dot_form = dot_form,
	.contributions = contributions,
	.similar = similar,
	.item_vectors = item_vectors,
	.save = save,
	.load = load,
	.bytes = bytes,
	.held = held,
	.effort = effort,
	.destroy = destroy,
};
