/* SPDX-License-Identifier: GPL-3.0-or-later */
/* neumf.c - neural collaborative filtering: what a person makes of an item, learned as a product and as a
 * perceptron at once.
 *
 * He et al. 2017, arXiv:1708.05031.  The network stands in model/neumf_net.h, its training in
 * model/neumf_fit.h, scoring in model/neumf_score.h.  A person without a trained row is folded in
 * (model/neumf_fold_in.h) against negatives drawn once from the seed and kept with the weights.  Items are alike
 * by the cosine of their rows, product and perceptron's vectors side by side.
 */
#include <string.h>

#include "base/mem.h"
#include "model/fold_negatives.h"
#include "model/net_tensors.h"
#include "model/packed_tensors.h"
#include "model/neumf_fit.h"
#include "model/neumf_fold_in.h"
#include "model/neumf_packed.h"
#include "model/neumf_score.h"
#include "model/registry.h"
#include "model/rows.h"
#include "model/vectors.h"

enum { MAX_WIDTH = 1024 };

struct neumf {
	struct model_base base;
	struct neumf_net net;
	uint32_t negatives;   /* a positive, in training */
	uint8_t *trained;     /* [U]: 1 where the user had events to train on */
	struct fold_negatives fold;
	struct neumf_fit *fit; /* training alone */
	struct neumf_panels *panels; /* frozen alone, as what follows */
	struct neumf_people people;
	float *turned;
};

static const struct param_spec params[] = {
	{ .name = "dim", .type = PARAM_INT, .lo = 1, .hi = MAX_WIDTH, .def = "64", .unit = "factors",
	  .meaning = "length of the vectors that are multiplied", .source = TUNED, .log_scale = true,
	  .tune = "16..128" },
	{ .name = "layers", .type = PARAM_INTS, .lo = 1, .hi = MAX_WIDTH, .def = "8,4", .unit = "widths",
	  .meaning = "of the perceptron: its two vectors side by side (even), then each hidden layer", .source = TUNED },
	{ .name = "negatives", .type = PARAM_INT, .lo = 1, .hi = 1000, .def = "8", .unit = "items",
	  .meaning = "drawn anew for each event, outside the user's history", .source = TUNED, .log_scale = true,
	  .tune = "4..16" },
	{ .name = "dropout", .type = PARAM_REAL, .lo = 0, .hi = 0.95, .def = "0", .unit = "",
	  .meaning = "share of the hidden layers' outputs left out in training", .source = TUNED,
	  .tune = "0..0.5" },
	{ .name = "pretrain", .type = PARAM_INT, .lo = 0, .hi = 100000, .def = "0", .unit = "epochs",
	  .meaning = "first, in which product and perceptron are each trained for itself, before both are joined",
	  .source = "full rankings of ml-1m's valid events were no better with it, samples of them by 1 to 3 percent" },
	{ .name = "epochs", .type = PARAM_INT, .lo = 1, .hi = 100000, .def = "100", .unit = "epochs",
	  .meaning = "passes over the events, at most", .source = "the best came within 35 on every set tried" },
	{ .name = "batch", .type = PARAM_INT, .lo = 1, .hi = 1 << 20, .def = "1024", .unit = "pairs",
	  .meaning = "pairs a step, events with all their negatives", .source = TUNED, .log_scale = true },
	{ .name = "lr", .type = PARAM_REAL, .lo = 1e-6, .hi = 10, .def = "0.0005", .unit = "",
	  .meaning = "length of adam's steps", .source = TUNED, .log_scale = true,
	  .tune = "0.0002..0.002" },
	{ .name = "l2", .type = PARAM_REAL, .lo = 0, .hi = 10, .def = "0.01", .unit = "",
	  .meaning = "weight of the squared vectors in the loss of each pair", .source = TUNED, .log_scale = true,
	  .tune = "0.0003..0.03" },
	{ .name = "adam", .type = PARAM_CHOICE, .def = "deferred", .choices = "deferred|lazy|dense", .unit = "",
	  .meaning = "vectors that a batch has not met go on by their momentum, made up for later, stand still, or go on at once",
	  .source = "dense is He 2017's; deferred is the same descent, and its cost follows the batch" },
	{ .name = "patience", .type = PARAM_INT, .lo = 0, .hi = 100000, .def = "10", .unit = "rounds",
	  .meaning = "validations without a better metric before it stops; 0: never",
	  .source = "the metric wavers by a few epochs" },
	{ .name = NULL },
};

/* False, with err set unless it is NULL, where the layers make no network. */
static bool net_of(struct neumf_net *n, uint32_t U, uint32_t I, const struct params *p, struct err *err)
{
	int64_t width[NEUMF_MAX_LAYERS + 2];
	size_t count = params_ints(p, "layers", width, NEUMF_MAX_LAYERS + 2);

	*n = (struct neumf_net){ .U = U, .I = I, .G = (uint32_t)params_int(p, "dim"),
				 .dropout = (float)params_real(p, "dropout") };
	if (count < 2 || count > NEUMF_MAX_LAYERS + 1 || width[0] % 2)
		return err_set(err, ERR_RANGE, "layers=%s: an even width for the two vectors and 1 to %d hidden layers are "
			       "asked for, such as 64,32,16", params_text(p, "layers"), NEUMF_MAX_LAYERS);
	n->M = (uint32_t)width[0] / 2;
	n->D = n->G + n->M;
	n->n = (unsigned)count - 1;
	for (unsigned k = 0; k < n->n; k++)
		n->L[k] = (uint32_t)width[k + 1];
	return true;
}

static struct neumf_rule rule_of(const struct params *p)
{
	struct neumf_rule r = {
		.batch = (uint32_t)params_int(p, "batch"), .negatives = (uint32_t)params_int(p, "negatives"),
		.pretrain = (uint32_t)params_int(p, "pretrain"),
		.adam = (enum neumf_adam)params_choice(p, "adam"), .lr = params_real(p, "lr"),
		.l2 = (float)params_real(p, "l2"),
	};

	optim_rule_init(&r.optim, OPTIM_ADAM);
	return r;
}

static void destroy(struct model *model)
{
	struct neumf *m = (struct neumf *)model;

	if (!m)
		return;
	neumf_fit_free(m->fit);
	neumf_panels_free(m->panels);
	neumf_people_done(&m->people);
	neumf_net_done(&m->net);
	mem_free(m->trained);
	mem_free(m->turned);
	mem_free(m);
}

/* packed: without tables and weights, which the file has. */
static struct neumf *new_model(uint32_t U, uint32_t I, const struct params *p, bool packed, struct err *err)
{
	struct neumf *m = mem_zeroed(1, sizeof(*m), err);

	if (!m)
		return NULL;
	m->base.ops = &neumf_ops;
	m->negatives = (uint32_t)params_int(p, "negatives");
	m->fold.n = I < FOLD_NEGATIVES ? I : FOLD_NEGATIVES;
	if (net_of(&m->net, U, I, p, err) && (m->trained = mem_zeroed(U, sizeof(*m->trained), err)) &&
	    (packed || neumf_net_make(&m->net, err)))
		return m;
	destroy((struct model *)m);
	return NULL;
}

static struct model *create(const struct build_env *env, const struct params *p, struct err *err)
{
	struct neumf *m = new_model(env->x->rows, env->x->cols, p, false, err);
	struct neumf_rule rule = rule_of(p);

	if (!m)
		return NULL;
	m->fit = neumf_fit_new(&m->net, &rule, env->x, err);
	if (!m->fit || !fold_negatives_draw(&m->fold, m->net.I, env->seed, "neumf.fold-in", err) ||
	    !neumf_net_fill(&m->net, env->seed, env->task, err)) {
		destroy((struct model *)m);
		return NULL;
	}
	for (uint32_t u = 0; u < m->net.U; u++)
		m->trained[u] = csr_row_n(env->x, u) > 0;
	return (struct model *)m;
}

static bool fit_epoch(struct model *model, const struct build_env *env, struct fit_ctx *ctx, struct err *err)
{
	struct neumf *m = (struct neumf *)model;

	(void)env;
	return neumf_fit_epoch(m->fit, &m->net, ctx, err);
}

static bool valid_loss(struct model *model, const struct build_env *env, const struct fit_ctx *ctx, double *out,
		       struct err *err)
{
	struct neumf *m = (struct neumf *)model;

	return neumf_fit_valid_loss(m->fit, &m->net, &env->split->valid, env->seed, ctx->task, out, err);
}

/* What scoring and folding in read. */
static bool make_ready(struct neumf *m, struct err *err)
{
	if (!(m->panels = neumf_panels_new(&m->net, err)) ||
	    !neumf_people_make(&m->people, &m->net, m->trained, err) ||
	    !(m->turned = mem_alloc(m->net.t.size, sizeof(*m->turned), err)))
		return false;
	neumf_turn(&m->net, m->turned);
	return true;
}

static struct model *freeze(struct model *model, bool may_move, struct err *err)
{
	struct neumf *m = (struct neumf *)model, *copy;

	if (may_move) {
		neumf_fit_free(m->fit);
		m->fit = NULL;
		return make_ready(m, err) ? model : (destroy(model), NULL);
	}
	copy = mem_zeroed(1, sizeof(*copy), err);
	if (!copy)
		return NULL;
	copy->base = m->base;
	copy->negatives = m->negatives;
	copy->fold = m->fold;
	copy->trained = mem_alloc(m->net.U, sizeof(*copy->trained), err);
	if (copy->trained && neumf_net_copy(&copy->net, &m->net, err)) {
		memcpy(copy->trained, m->trained, m->net.U * sizeof(*m->trained));
		if (make_ready(copy, err))
			return (struct model *)copy;
	}
	destroy((struct model *)copy);
	return NULL;
}

static struct model *pack(const struct model *model, enum precision to, struct err *err)
{
	const struct neumf *m = (const struct neumf *)model;
	struct neumf *out = mem_zeroed(1, sizeof(*out), err);

	if (!out)
		return NULL;
	out->base = m->base;
	out->negatives = m->negatives;
	out->fold = m->fold;
	out->trained = mem_alloc(m->net.U, sizeof(*out->trained), err);
	if (out->trained && neumf_packed_make(&out->net, &m->net, to, err)) {
		memcpy(out->trained, m->trained, m->net.U * sizeof(*m->trained));
		if (make_ready(out, err))
			return (struct model *)out;
	}
	destroy((struct model *)out);
	return NULL;
}

/* --- Scoring --------------------------------------------------------------------------- */

static bool fold_in(const struct neumf *m, const struct query *q, float *p, struct scratch *s, struct err *err)
{
	size_t most = (size_t)q->n + m->fold.n, list = (most * sizeof(uint32_t) + 63) / 64 * 64;
	uint32_t *items = scratch_need_aux(s, list + neumf_fold_in_bytes(&m->net, most), err), n;
	float each;

	if (!items)
		return false;
	if (q->n)
		memcpy(items, q->items, q->n * sizeof(*items));
	n = fold_negatives_for(&m->fold, q->items, q->n, items + q->n);
	each = n ? (float)m->negatives * (float)q->n / (float)n : 0;
	return neumf_fold_in(&m->net, m->turned, &m->people, items, q->n, q->n + n, each, p, (char *)items + list) ||
	       err_set(err, ERR_NUMERIC, "neumf: the vector of a history of %u events cannot be found", (unsigned)q->n);
}

/* Scratch: the work of scoring, a row, the queries.  Aux: what a fold-in needs. */
static bool query_begin(const struct model *model, const struct query *q, size_t B, struct scratch *s, struct err *err)
{
	const struct neumf *m = (const struct neumf *)model;
	const struct neumf_net *n = &m->net;
	struct packed users = neumf_users(n);
	size_t work = neumf_score_floats(n), each = neumf_query_floats(n);
	float *p = scratch_need(s, (work + n->D + B * each) * sizeof(*p), err);

	if (!p)
		return false;
	p += work;
	for (size_t b = 0; b < B; b++) {
		if (!q[b].fold_in && q[b].user < n->U && m->trained[q[b].user])
			packed_row(&users, q[b].user, p);
		else if (!fold_in(m, &q[b], p, s, err))
			return false;
		neumf_query(n, p, p + n->D + b * each);
	}
	return true;
}

static void score_block(const struct model *model, const struct query *q, size_t B, uint32_t lo, uint32_t hi,
			struct scratch *s, float *out, size_t stride)
{
	const struct neumf *m = (const struct neumf *)model;
	float *work = s->p;

	(void)q;
	neumf_score(&m->net, m->panels, work + neumf_score_floats(&m->net) + m->net.D, B, lo, hi, work, out, stride);
}

static bool similar(const struct model *model, uint32_t item, float *out, struct err *err)
{
	const struct neumf_net *n = &((const struct neumf *)model)->net;

	if (!n->Q)
		return packed_cosines(&n->items, item, out, err);
	vectors_cosines(n->Q, n->I, n->D, item, out);
	return true;
}

static const float *item_vectors(const struct model *model, size_t *D, size_t *stride)
{
	const struct neumf_net *n = &((const struct neumf *)model)->net;

	*D = *stride = n->D;
	return n->Q;
}

/* --- Files --------------------------------------------------------------------------- */

static const char *const optim_of[NEUMF_OPTIMS] = {
	[NEUMF_DENSE] = "dense", [NEUMF_USERS] = "users", [NEUMF_ITEMS] = "items",
};

static bool save_state(const struct neumf *m, struct weights_writer *w, struct err *err)
{
	for (unsigned k = 0; k < NEUMF_OPTIMS; k++)
		if (!optim_tensors_add(w, optim_of[k], neumf_fit_optim(m->fit, k), err))
			return false;
	return true;
}

static bool save(const struct model *model, enum weights_what what, struct weights_writer *w, struct err *err)
{
	const struct neumf *m = (const struct neumf *)model;
	const struct neumf_net *n = &m->net;

	if (!weights_add(w, "user_trained", TENSOR_U8, m->trained, n->U, 0, err) ||
	    !weights_add(w, "fold_in_negatives", TENSOR_U32, m->fold.item, m->fold.n, 0, err))
		return false;
	if (!n->Q)
		return neumf_packed_add(w, n, err);
	if (!weights_add(w, "users", TENSOR_F32, n->P, n->U, n->D, err) ||
	    !weights_add(w, "items", TENSOR_F32, n->Q, n->I, n->D, err) || !dense_tensors_add(w, &n->t, err))
		return false;
	return what == WEIGHTS_SCORING || save_state(m, w, err);
}

static bool take_state(struct neumf *m, const struct weights *w, struct err *err)
{
	for (unsigned k = 0; k < NEUMF_OPTIMS; k++)
		if (!optim_tensors_take(w, optim_of[k], neumf_fit_optim(m->fit, k), err))
			return false;
	return true;
}

static bool take_tables(struct neumf_net *n, const struct weights *w, struct err *err)
{
	if (!n->Q)
		return neumf_packed_get(w, n, err);
	return dense_tensors_take(w, &n->t, err) && weights_take(w, "users", TENSOR_F32, n->P, n->U, n->D, err) &&
	       weights_take(w, "items", TENSOR_F32, n->Q, n->I, n->D, err);
}

static bool take_weights(struct neumf *m, const struct weights *w, struct err *err)
{
	struct neumf_net *n = &m->net;

	return take_tables(n, w, err) &&
	       weights_take(w, "user_trained", TENSOR_U8, m->trained, n->U, 0, err) &&
	       weights_take(w, "fold_in_negatives", TENSOR_U32, m->fold.item, m->fold.n, 0, err) &&
	       (fold_negatives_whole(&m->fold, n->I) ||
		err_set(err, ERR_SYNTAX, "the tensor fold_in_negatives in the weights file is damaged"));
}

static struct model *load(const struct build_env *env, const struct params *p, const struct weights *w,
			  enum weights_what what, struct err *err)
{
	bool packed = what == WEIGHTS_SCORING && packed_is(w, "items");
	struct neumf *m = new_model(env->data->n_users, env->data->n_items, p, packed, err);
	struct neumf_rule rule = rule_of(p);
	bool done;

	if (!m)
		return NULL;
	done = take_weights(m, w, err);
	if (done && what == WEIGHTS_SCORING)
		done = make_ready(m, err);
	else if (done)
		done = (m->fit = neumf_fit_new(&m->net, &rule, env->x, err)) && take_state(m, w, err);
	if (done)
		return (struct model *)m;
	destroy((struct model *)m);
	return NULL;
}

/* --- Sizes --------------------------------------------------------------------------- */

static uint64_t net_bytes(const struct neumf_net *n)
{
	return sizeof(struct neumf) + n->U +
	       (((uint64_t)n->U + n->I) * n->D + neumf_dense_size(n)) * sizeof(float);
}

/* Beside the network, of a frozen model. */
static uint64_t ready_bytes(const struct neumf_net *n)
{
	return neumf_panels_bytes(n) + (neumf_dense_size(n) + 2 * (uint64_t)n->D) * sizeof(float);
}

static uint64_t held(const struct model *model)
{
	const struct neumf_net *n = &((const struct neumf *)model)->net;

	if (!n->Q)
		return sizeof(struct neumf) + n->U + neumf_packed_bytes(n) + ready_bytes(n);
	return net_bytes(n) + ready_bytes(n);
}

/* Training with its state as it is kept (adam's moments too), the best and the newest frozen model beside it. */
static uint64_t bytes(const struct model_shape *shape, const struct params *p)
{
	struct neumf_rule rule = rule_of(p);
	struct neumf_net n;
	struct err err;

	if (!net_of(&n, shape->n_users, shape->n_items, p, &err))
		return 0; /* create() says why */
	return net_bytes(&n) + shape_state(shape, 3 * net_bytes(&n), net_bytes(&n)) +
	       shape_snapshots(shape) * (net_bytes(&n) + ready_bytes(&n)) +
	       neumf_fit_bytes(&n, &rule, shape->n_events, shape_threads(shape));
}

/* Multiply-adds of a pair in the layers above the first. */
static double above_first(const struct neumf_net *n)
{
	double sum = n->L[n->n - 1] + n->G;

	for (unsigned k = 1; k < n->n; k++)
		sum += (double)n->L[k - 1] * n->L[k];
	return sum;
}

/* Forward, and twice as much backward; a batch's sums, then the optimiser on the dense weights and the rows met. */
static void effort(const struct model_shape *shape, const struct params *p, struct model_effort *out)
{
	struct neumf_rule rule = rule_of(p);
	struct neumf_net n;
	struct err ignored;
	double U = (double)shape->n_users, I = (double)shape->n_items, E = (double)shape->n_events, each = 1 + rule.negatives;

	if (!net_of(&n, shape->n_users, shape->n_items, p, &ignored))
		return;
	neumf_fit_effort(&n, &rule, shape, &out->epoch);
	out->epoch.shared[EFFORT_PRODUCT] += shape->n_valid * ((each + 1) * n.M * n.L[0] + each * above_first(&n));
	effort_copies(&out->epoch, (U + 2 * I) * n.D);
	out->epoch.alone[EFFORT_PRODUCT] += I * n.M * n.L[0]; /* the items' half of the first layer */
	out->once.shared[EFFORT_DRAW] += 20 * (U + I) * n.D;
	out->once.alone[EFFORT_PASS] += 2 * E;
	effort_tiles(&out->asked, I);
	out->asked.shared[EFFORT_PRODUCT] += n.M * n.L[0] + 1.6 * I * (above_first(&n) + n.L[0] / 4.0);
}

const struct model_ops neumf_ops = {
	.name = "neumf",
	.title = "NeuMF: a product and a perceptron over vectors, fused",
	.cite = "He et al. 2017, arXiv:1708.05031",
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
	.similar = similar,
	.item_vectors = item_vectors,
	.save = save,
	.load = load,
	.bytes = bytes,
	.held = held,
	.effort = effort,
	.destroy = destroy,
};
