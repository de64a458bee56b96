/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bpr.c - matrix factorisation that learns to put what a person took before what they did not.
 *
 * Rendle et al. 2009, arXiv:1205.2618.  score = w_u.h_i + b_i, by stochastic gradient descent over
 * triples (num/bpr_core.h).  A person without a trained vector is folded in: the vector that minimises
 * the same regularised loss over H(u) x a set of negatives, drawn once from the seed and kept with the
 * weights, the items' vectors fixed.  Explanations leave events out of that fold-in.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "model/event_mean.h"
#include "model/fold_negatives.h"
#include "model/packed_tensors.h"
#include "model/registry.h"
#include "model/rows.h"
#include "model/vectors.h"
#include "num/bpr_core.h"
#include "num/linalg.h"

#define INIT_SIGMA 1.0 /* with 0.1 the vectors need many epochs to leave popularity behind (lastfm never did) */
enum { MAX_D = 1024, VALID_NEGATIVES = 4, TRIES = 16 };

struct bpr {
	struct model_base base;
	uint32_t U, I, D;
	struct bpr_rule rule;
	float *W, *H, *bias;  /* [U][D], [I][D], [I] */
	struct packed users, items; /* in fewer bits, frozen alone: W and H are NULL then */
	uint8_t *trained;     /* [U]: 1 where the user had events to train on */
	struct fold_negatives negatives;
	struct bpr_core *core;      /* training alone */
	struct rank_panels *panels; /* frozen alone */
};

static const struct param_spec params[] = {
	{ .name = "dim", .type = PARAM_INT, .lo = 1, .hi = MAX_D, .def = "64", .unit = "factors",
	  .meaning = "length of the vectors", .source = "the size most papers compare at", .log_scale = true,
	  .tune = "32..256" },
	{ .name = "epochs", .type = PARAM_INT, .lo = 1, .hi = 100000, .def = "200", .unit = "epochs",
	  .meaning = "passes over the events, at most", .source = "the best came within 110 on every set tried" },
	{ .name = "lr", .type = PARAM_REAL, .lo = 1e-6, .hi = 10, .def = "0.05", .unit = "",
	  .meaning = "length of a step", .source = TUNED, .log_scale = true,
	  .tune = "0.01..0.2" },
	{ .name = "l2", .type = PARAM_REAL, .lo = 1e-8, .hi = 10, .def = "0.01", .unit = "",
	  .meaning = "weight of the squared vectors at each draw", .source = TUNED, .log_scale = true,
	  .tune = "0.001..0.1" },
	{ .name = "negatives", .type = PARAM_CHOICE, .def = "uniform", .choices = "uniform|popularity",
	  .unit = "", .meaning = "how items that were not taken are drawn", .source = "Rendle 2009",
	  .tune = "uniform,popularity" },
	{ .name = "patience", .type = PARAM_INT, .lo = 0, .hi = 100000, .def = "10", .unit = "rounds",
	  .meaning = "validations without a better metric before it stops; 0: never",
	  .source = "the metric wavers by a few epochs" },
	{ .name = NULL },
};

static void destroy(struct model *model)
{
	struct bpr *m = (struct bpr *)model;

	if (!m)
		return;
	mem_free(m->W);
	mem_free(m->H);
	packed_done(&m->users);
	packed_done(&m->items);
	mem_free(m->bias);
	mem_free(m->trained);
	bpr_core_free(m->core);
	rank_panels_free(m->panels);
	mem_free(m);
}

/* All but the tables of vectors. */
static struct bpr *new_without_tables(uint32_t U, uint32_t I, uint32_t D, const struct bpr_rule *rule, struct err *err)
{
	struct bpr *m = mem_zeroed(1, sizeof(*m), err);

	if (!m)
		return NULL;
	m->base.ops = &bpr_ops;
	m->U = U;
	m->I = I;
	m->D = D;
	m->negatives.n = I < FOLD_NEGATIVES ? I : FOLD_NEGATIVES;
	m->rule = *rule;
	m->bias = mem_zeroed(I, sizeof(*m->bias), err);
	m->trained = m->bias ? mem_zeroed(U, sizeof(*m->trained), err) : NULL;
	if (m->trained)
		return m;
	destroy((struct model *)m);
	return NULL;
}

static struct bpr *new_untabled(uint32_t U, uint32_t I, const struct params *p, struct err *err)
{
	struct bpr_rule rule = {
		.lr = (float)params_real(p, "lr"), .l2 = (float)params_real(p, "l2"),
		.negatives = params_choice(p, "negatives") ? BPR_POPULARITY : BPR_UNIFORM,
	};

	return new_without_tables(U, I, (uint32_t)params_int(p, "dim"), &rule, err);
}

static struct bpr *new_model(uint32_t U, uint32_t I, const struct params *p, struct err *err)
{
	struct bpr *m = new_untabled(U, I, p, err);

	if (!m)
		return NULL;
	m->W = mem_zeroed((size_t)U * m->D, sizeof(*m->W), err);
	m->H = m->W ? mem_zeroed((size_t)I * m->D, sizeof(*m->H), err) : NULL;
	if (m->H)
		return m;
	destroy((struct model *)m);
	return NULL;
}

static struct model *create(const struct build_env *env, const struct params *p, struct err *err)
{
	struct bpr *m = new_model(env->x->rows, env->x->cols, p, err);

	if (!m)
		return NULL;
	m->core = bpr_core_new(env->x, env->seed, err);
	if (!m->core || !fold_negatives_draw(&m->negatives, m->I, env->seed, "bpr.fold-in", err)) {
		destroy((struct model *)m);
		return NULL;
	}
	if (!vectors_draw(m->W, m->U, m->D, INIT_SIGMA, env->seed, "bpr.users", env->task, err) ||
	    !vectors_draw(m->H, m->I, m->D, INIT_SIGMA, env->seed, "bpr.items", env->task, err)) {
		destroy((struct model *)m);
		return NULL;
	}
	for (uint32_t u = 0; u < m->U; u++)
		m->trained[u] = csr_row_n(env->x, u) > 0;
	return (struct model *)m;
}

static bool fit_epoch(struct model *model, const struct build_env *env, struct fit_ctx *ctx, struct err *err)
{
	struct bpr *m = (struct bpr *)model;
	struct bpr_tables tables = { .W = m->W, .H = m->H, .bias = m->bias, .stride = m->D, .D = m->D };

	if (!bpr_epoch(m->core, &tables, &m->rule, ctx->epoch - 1, &ctx->loss[0], ctx->task, err))
		return false;
	ctx->n_loss = 1;
	ctx->loss_name[0] = "loss";
	ctx->examples = csr_n(env->x);
	ctx->lr = (double)m->rule.lr;
	return true;
}

/* --- The loss on valid events: against items drawn as in training, the same in every epoch --------------- */

struct watching { const struct bpr *m; const struct build_env *env; };

static double score_of(const struct bpr *m, uint32_t user, uint32_t item)
{
	return (double)(linalg_dot(m->W + (size_t)user * m->D, m->H + (size_t)item * m->D, m->D) + m->bias[item]);
}

static uint32_t draw_unseen(const struct watching *w, uint32_t user, struct rng *r)
{
	const struct csr *x = w->env->x;
	uint32_t item = 0;

	for (int t = 0; t < TRIES; t++) {
		item = w->m->rule.negatives == BPR_UNIFORM ? rng_below(r, w->m->I) : x->idx[rng_below64(r, csr_n(x))];
		if (!csr_has(x, user, item) && !csr_has(&w->env->split->valid, user, item))
			break;
	}
	return item;
}

static double loss_of_user(const void *ctx, uint32_t user, const uint32_t *items, const float *x, size_t n)
{
	const struct watching *w = ctx;
	struct rng r = rng_stream(w->env->seed, "bpr.valid", 0, user);
	double sum = 0;

	(void)x;
	for (size_t k = 0; k < n; k++) {
		double s = score_of(w->m, user, items[k]);

		for (int j = 0; j < VALID_NEGATIVES; j++) {
			double d = score_of(w->m, user, draw_unseen(w, user, &r)) - s;

			sum += fmax(d, 0) + log1p(exp(-fabs(d)));
		}
	}
	return sum / VALID_NEGATIVES;
}

static bool valid_loss(struct model *model, const struct build_env *env, const struct fit_ctx *ctx, double *out,
		       struct err *err)
{
	struct watching w = { (const struct bpr *)model, env };

	return event_mean(&env->split->valid, env->x, loss_of_user, &w, ctx->task, out, err);
}

static bool make_panels(struct bpr *m, struct err *err)
{
	m->panels = m->H ? rank_panels_new(m->H, m->D, m->I, m->D, m->bias, err)
			 : rank_panels_new_packed(&m->items, m->bias, err);
	return m->panels != NULL;
}

static struct model *freeze(struct model *model, bool may_move, struct err *err)
{
	struct bpr *m = (struct bpr *)model, *copy;

	if (may_move) {
		bpr_core_free(m->core);
		m->core = NULL;
		return make_panels(m, err) ? model : (destroy(model), NULL);
	}
	copy = mem_alloc(1, sizeof(*copy), err);
	if (!copy)
		return NULL;
	*copy = *m;
	copy->core = NULL;
	copy->W = vectors_copy(m->W, m->U, m->D, err);
	copy->H = copy->W ? vectors_copy(m->H, m->I, m->D, err) : NULL;
	copy->bias = copy->H ? vectors_copy(m->bias, m->I, 1, err) : NULL;
	copy->trained = copy->bias ? mem_alloc(m->U, sizeof(*m->trained), err) : NULL;
	if (copy->trained) {
		memcpy(copy->trained, m->trained, m->U * sizeof(*m->trained));
		if (make_panels(copy, err))
			return (struct model *)copy;
	}
	destroy((struct model *)copy);
	return NULL;
}

static struct packed table(const float *whole, uint32_t rows, uint32_t D, const struct packed *packed)
{
	return whole ? packed_view(whole, rows, D) : *packed;
}

static struct model *pack(const struct model *model, enum precision to, struct err *err)
{
	const struct bpr *m = (const struct bpr *)model;
	struct packed users = table(m->W, m->U, m->D, &m->users), items = table(m->H, m->I, m->D, &m->items);
	struct bpr *out = new_without_tables(m->U, m->I, m->D, &m->rule, err);

	if (!out)
		return NULL;
	memcpy(out->bias, m->bias, m->I * sizeof(*m->bias));
	memcpy(out->trained, m->trained, m->U * sizeof(*m->trained));
	out->negatives = m->negatives;
	if (packed_make(&out->users, &users, to, err) && packed_make(&out->items, &items, to, err) &&
	    make_panels(out, err))
		return (struct model *)out;
	destroy((struct model *)out);
	return NULL;
}

static bool has_vector(const struct bpr *m, const struct query *q)
{
	return !q->fold_in && q->user < m->U && m->trained[q->user];
}

static bool no_vector(const struct query *q, struct err *err)
{
	return err_set(err, ERR_NUMERIC, "bpr: the vector of a history of %u events cannot be found", (unsigned)q->n);
}

/* The rows that take part, as floats, stand in for the whole tables. */
static bool fold_in_packed(const struct bpr *m, const struct query *q, const uint32_t *negatives, uint32_t n,
			   float *w, struct scratch *s, struct err *err)
{
	size_t all = (size_t)q->n + n, work = bpr_fold_in_bytes(q->n, n, m->D);
	char *at = scratch_need_aux(s, work + all * ((size_t)m->D + 2) * sizeof(float), err);
	float *rows = (float *)(void *)(at + work), *bias = rows + all * m->D;
	uint32_t *which = (uint32_t *)(void *)(bias + all);

	if (!at)
		return false;
	for (size_t t = 0; t < all; t++) {
		uint32_t item = t < q->n ? q->items[t] : negatives[t - q->n];

		packed_row(&m->items, item, rows + t * m->D);
		bias[t] = m->bias[item];
		which[t] = (uint32_t)t;
	}
	return bpr_fold_in(rows, bias, m->D, m->D, which, q->n, which + q->n, n, m->rule.l2, w, at) ||
	       no_vector(q, err);
}

static bool fold_in(const struct bpr *m, const struct query *q, float *w, struct scratch *s, struct err *err)
{
	uint32_t negatives[FOLD_NEGATIVES], n = fold_negatives_for(&m->negatives, q->items, q->n, negatives);
	void *work;

	if (!q->n || !n) {
		memset(w, 0, m->D * sizeof(*w));
		return true;
	}
	if (!m->H)
		return fold_in_packed(m, q, negatives, n, w, s, err);
	work = scratch_need_aux(s, bpr_fold_in_bytes(q->n, n, m->D), err);
	if (!work)
		return false;
	return bpr_fold_in(m->H, m->bias, m->D, m->D, q->items, q->n, negatives, n, m->rule.l2, w, work) ||
	       no_vector(q, err);
}

/* Scratch: the queries' vectors [B][D].  Aux: what a fold-in needs. */
static bool query_begin(const struct model *model, const struct query *q, size_t B, struct scratch *s,
			struct err *err)
{
	const struct bpr *m = (const struct bpr *)model;
	struct packed users = table(m->W, m->U, m->D, &m->users);
	float *w = scratch_need(s, B * m->D * sizeof(*w), err);

	for (size_t b = 0; w && b < B; b++) {
		float *row = w + b * m->D;

		if (has_vector(m, &q[b]))
			packed_row(&users, q[b].user, row);
		else if (!fold_in(m, &q[b], row, s, err))
			return false;
	}
	return w != NULL;
}

static void score_block(const struct model *model, const struct query *q, size_t B, uint32_t lo, uint32_t hi,
			struct scratch *s, float *out, size_t stride)
{
	const struct bpr *m = (const struct bpr *)model;

	(void)q;
	rank_scores(m->panels, s->p, m->D, B, lo, hi, out, stride);
}

static bool dot_form(const struct model *model, size_t B, struct scratch *s, struct dot_form *out)
{
	const struct bpr *m = (const struct bpr *)model;

	(void)B;
	*out = (struct dot_form){ .panels = m->panels, .queries = s->p, .stride = m->D };
	return true;
}

static bool similar(const struct model *model, uint32_t item, float *out, struct err *err)
{
	const struct bpr *m = (const struct bpr *)model;

	if (!m->H)
		return packed_cosines(&m->items, item, out, err);
	vectors_cosines(m->H, m->I, m->D, item, out);
	return true;
}

static const float *item_vectors(const struct model *model, size_t *D, size_t *stride)
{
	const struct bpr *m = (const struct bpr *)model;

	*D = *stride = m->D;
	return m->H;
}

/* The state is what scoring needs: a step of this descent remembers nothing else. */
static bool save(const struct model *model, enum weights_what what, struct weights_writer *w, struct err *err)
{
	const struct bpr *m = (const struct bpr *)model;
	struct packed users = table(m->W, m->U, m->D, &m->users), items = table(m->H, m->I, m->D, &m->items);

	(void)what;
	return packed_add(w, "user_vectors", &users, err) && packed_add(w, "item_vectors", &items, err) &&
	       weights_add(w, "item_bias", TENSOR_F32, m->bias, m->I, 0, err) &&
	       weights_add(w, "user_trained", TENSOR_U8, m->trained, m->U, 0, err) &&
	       weights_add(w, "fold_in_negatives", TENSOR_U32, m->negatives.item, m->negatives.n, 0, err);
}

static bool take_tables(struct bpr *m, const struct weights *w, struct err *err)
{
	if (m->W)
		return weights_take(w, "user_vectors", TENSOR_F32, m->W, m->U, m->D, err) &&
		       weights_take(w, "item_vectors", TENSOR_F32, m->H, m->I, m->D, err);
	return packed_get(w, "user_vectors", m->U, m->D, &m->users, err) &&
	       packed_get(w, "item_vectors", m->I, m->D, &m->items, err);
}

static struct model *load(const struct build_env *env, const struct params *p, const struct weights *w,
			  enum weights_what what, struct err *err)
{
	bool packed = what == WEIGHTS_SCORING && packed_is(w, "item_vectors");
	struct bpr *m = (packed ? new_untabled : new_model)(env->data->n_users, env->data->n_items, p, err);
	bool done;

	if (!m)
		return NULL;
	done = take_tables(m, w, err) && weights_take(w, "item_bias", TENSOR_F32, m->bias, m->I, 0, err) &&
	       weights_take(w, "user_trained", TENSOR_U8, m->trained, m->U, 0, err) &&
	       weights_take(w, "fold_in_negatives", TENSOR_U32, m->negatives.item, m->negatives.n, 0, err);
	if (done && !fold_negatives_whole(&m->negatives, m->I))
		done = err_set(err, ERR_SYNTAX, "the tensor fold_in_negatives in the weights file is damaged");
	if (done && what == WEIGHTS_SCORING)
		done = make_panels(m, err);
	if (done && what == WEIGHTS_STATE) {
		m->core = bpr_core_new(env->x, env->seed, err);
		done = m->core != NULL;
	}
	if (done)
		return (struct model *)m;
	destroy((struct model *)m);
	return NULL;
}

static uint64_t tables_bytes(enum precision p, uint64_t U, uint64_t I, uint64_t D)
{
	return packed_bytes_for(p, U + I, D) + I * sizeof(float) + U + sizeof(struct bpr);
}

static uint64_t held(const struct model *model)
{
	const struct bpr *m = (const struct bpr *)model;
	enum precision p = m->H ? PRECISION_F32 : m->items.precision;

	return tables_bytes(p, m->U, m->I, m->D) + rank_panels_bytes_for(p, m->I, m->D);
}

/* Training with its state as it is kept, the best and the newest frozen model beside it; one more as it is packed. */
static uint64_t bytes(const struct model_shape *shape, const struct params *p)
{
	uint32_t D = (uint32_t)params_int(p, "dim");
	uint64_t whole = tables_bytes(PRECISION_F32, shape->n_users, shape->n_items, D);
	uint64_t panels = rank_panels_bytes(shape->n_items, D);

	return whole + (shape->kept == PRECISION_F32 ? 0 : whole + panels) +
	       shape_state(shape, whole, tables_bytes(shape->kept, shape->n_users, shape->n_items, D)) +
	       shape_snapshots(shape) * (tables_bytes(shape->kept, shape->n_users, shape->n_items, D) +
					 rank_panels_bytes_for(shape->kept, shape->n_items, D)) +
	       bpr_core_bytes_for(shape->n_users, shape->n_items, shape->n_events);
}

static double searched(double events, const void *ctx)
{
	(void)ctx;
	return events * log2(events + 1);
}

/* A step reads and writes a user's row and two items' of its part, which the cache holds. */
static void effort(const struct model_shape *shape, const struct params *p, struct model_effort *out)
{
	double U = (double)shape->n_users, I = (double)shape->n_items, E = (double)shape->n_events;
	double D = (double)params_int(p, "dim"), search = rows_users(shape, searched, NULL);

	out->epoch.shared[EFFORT_NEAR] += 7 * E * D;
	out->epoch.shared[EFFORT_DRAW] += search + 14 * E; /* a negative drawn, looked for; the event dealt */
	out->epoch.shared[effort_rows(I * D * sizeof(float))] += shape->n_valid * VALID_NEGATIVES * D;
	out->epoch.shared[EFFORT_DRAW] += shape->n_valid * VALID_NEGATIVES * (8 + (E > 0 ? search / E : 0));
	effort_copies(&out->epoch, (U + 2 * I) * D);
	out->once.shared[EFFORT_DRAW] += 20 * (U + I) * D;
	out->once.alone[EFFORT_PASS] += 4 * E;
	effort_dots(&out->asked, I, 0.7 * D, rows_mean(shape)); /* long vectors and biases rule items out unseen, fewer as it learns */
}

const struct model_ops bpr_ops = {
	.name = "bpr",
	.title = "BPR: matrix factorisation that learns orders of pairs",
	.cite = "Rendle et al. 2009, arXiv:1205.2618",
	.caps = MODEL_ITERATIVE | MODEL_USER_VECTORS | MODEL_ITEM_VECTORS,
	.example_unit = "pairs",
	.params = params,
	.create = create,
	.fit_epoch = fit_epoch,
	.valid_loss = valid_loss,
	.freeze = freeze,
	.pack = pack,
	.query_begin = query_begin,
	.score_block = score_block,
	.dot_form = dot_form,
	.similar = similar,
	.item_vectors = item_vectors,
	.save = save,
	.load = load,
	.bytes = bytes,
	.held = held,
	.effort = effort,
	.destroy = destroy,
};
