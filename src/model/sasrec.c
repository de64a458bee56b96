/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sasrec.c - what comes next: causal self-attention over a history in the order of time.
 *
 * Kang & McAuley 2018, arXiv:1808.09781.  The network stands in model/sasrec_net.h, its training in
 * model/sasrec_fit.h.  A query's vector is the state after its newest event (model/sasrec_read.h), its
 * score with an item their dot product.
 */
#include <math.h>

#include "base/mem.h"
#include "model/net_tensors.h"
#include "model/packed_tensors.h"
#include "model/registry.h"
#include "model/rows.h"
#include "model/sasrec_fit.h"
#include "model/sasrec_read.h"
#include "model/vectors.h"

enum { MAX_D = 1024, MAX_LEN = 1024 };

struct sasrec {
	struct model_base base;
	struct sasrec_net net;
	struct sasrec_fit *fit;     /* training alone */
	struct rank_panels *panels; /* frozen alone */
};

static const struct param_spec params[] = {
	{ .name = "dim", .type = PARAM_INT, .lo = 1, .hi = MAX_D, .def = "64", .unit = "factors",
	  .meaning = "length of the vectors", .source = "", .log_scale = true,
	  .tune = "32,64,128" },
	{ .name = "blocks", .type = PARAM_INT, .lo = 1, .hi = SASREC_MAX_BLOCKS, .def = "2", .unit = "blocks",
	  .meaning = "layers of attention", .source = "Kang 2018",
	  .tune = "1..3" },
	{ .name = "heads", .type = PARAM_INT, .lo = 1, .hi = 64, .def = "1", .unit = "heads",
	  .meaning = "of the attention; must divide dim", .source = "Kang 2018",
	  .tune = "1,2" },
	{ .name = "max-len", .type = PARAM_INT, .lo = 1, .hi = MAX_LEN, .def = "50", .unit = "events",
	  .meaning = "of a history, the newest that count", .source = "Kang 2018", .log_scale = true,
	  .tune = "20,50,100" },
	{ .name = "loss", .type = PARAM_CHOICE, .def = "ce", .choices = "ce|sampled-ce|bce", .unit = "",
	  .meaning = "softmax over all items, over a sample, or one negative a position",
	  .source = "Klenitskiy & Vasilev 2023, arXiv:2309.07602" },
	{ .name = "negatives", .type = PARAM_INT, .lo = 1, .hi = 65536, .def = "256", .unit = "items",
	  .meaning = "of sampled-ce, shared by a group of histories", .source = "", .log_scale = true },
	{ .name = "dropout", .type = PARAM_REAL, .lo = 0, .hi = 0.95, .def = "0.2", .unit = "",
	  .meaning = "share of the numbers between layers left out in training; 0.5 where most histories are short",
	  .source = "Kang 2018: 0.2 on dense, 0.5 on sparse data",
	  .tune = "0.1..0.6" },
	{ .name = "drop", .type = PARAM_REAL, .lo = 0, .hi = 0.95, .def = "0", .unit = "",
	  .meaning = "share of each history's events left out, anew each epoch",
	  .source = "0.2 gained nothing on most sets tried" },
	{ .name = "epochs", .type = PARAM_INT, .lo = 1, .hi = 100000, .def = "200", .unit = "epochs",
	  .meaning = "passes over the histories, at most", .source = "" },
	{ .name = "batch", .type = PARAM_INT, .lo = 1, .hi = 65536, .def = "128", .unit = "histories",
	  .meaning = "histories a step", .source = "Kang 2018; better than half and twice on the sets tried",
	  .log_scale = true },
	{ .name = "lr", .type = PARAM_REAL, .lo = 1e-6, .hi = 10, .def = "0.001", .unit = "",
	  .meaning = "length of adam's steps", .source = "Kang 2018", .log_scale = true,
	  .tune = "0.0003..0.003" },
	{ .name = "warmup", .type = PARAM_INT, .lo = 0, .hi = 1000000, .def = "0", .unit = "steps",
	  .meaning = "steps over which lr rises from 0", .source = "" },
	{ .name = "clip", .type = PARAM_REAL, .lo = 0, .hi = 1e6, .def = "0", .unit = "",
	  .meaning = "the gradient's norm at most; 0: any", .source = "" },
	{ .name = "l2", .type = PARAM_REAL, .lo = 0, .hi = 10, .def = "0", .unit = "",
	  .meaning = "weight of the squared weights in each step", .source = "Kang 2018", .log_scale = true },
	{ .name = "adam", .type = PARAM_CHOICE, .def = "lazy", .choices = "lazy|dense", .unit = "",
	  .meaning = "item vectors stepped: those of the batch alone, or all (ce: always all)",
	  .source = "with bce its ndcg was an eighth above dense's on sparse data" },
	{ .name = "patience", .type = PARAM_INT, .lo = 0, .hi = 100000, .def = "20", .unit = "rounds",
	  .meaning = "validations without a better metric before it stops; 0: never",
	  .source = "with 10 a plateau on long histories ended some trainings at half the metric" },
	{ .name = NULL },
};

static struct sasrec_net net_of(uint32_t I, const struct params *p)
{
	return (struct sasrec_net){
		.I = I, .D = (uint32_t)params_int(p, "dim"), .blocks = (uint32_t)params_int(p, "blocks"),
		.heads = (uint32_t)params_int(p, "heads"), .max_len = (uint32_t)params_int(p, "max-len"),
		.dropout = (float)params_real(p, "dropout"),
	};
}

static struct sasrec_rule rule_of(const struct params *p)
{
	struct sasrec_rule r = {
		.loss = (enum sasrec_loss)params_choice(p, "loss"), .batch = (uint32_t)params_int(p, "batch"),
		.negatives = (uint32_t)params_int(p, "negatives"), .warmup = (uint32_t)params_int(p, "warmup"),
		.drop = (float)params_real(p, "drop"), .lazy = params_choice(p, "adam") == 0,
		.lr = params_real(p, "lr"), .clip = params_real(p, "clip"),
	};

	optim_rule_init(&r.optim, OPTIM_ADAM);
	r.optim.beta2 = 0.98f; /* the authors' */
	r.optim.l2 = (float)params_real(p, "l2");
	return r;
}

static void destroy(struct model *model)
{
	struct sasrec *m = (struct sasrec *)model;

	if (!m)
		return;
	sasrec_fit_free(m->fit);
	rank_panels_free(m->panels);
	sasrec_net_done(&m->net);
	mem_free(m);
}

static struct sasrec *new_model(uint32_t I, const struct params *p, struct err *err)
{
	struct sasrec_net net = net_of(I, p);
	struct sasrec *m;

	if (net.D % net.heads) {
		err_set(err, ERR_RANGE, "heads=%u does not divide dim=%u", (unsigned)net.heads, (unsigned)net.D);
		return NULL;
	}
	m = mem_zeroed(1, sizeof(*m), err);
	if (!m)
		return NULL;
	m->base.ops = &sasrec_ops;
	m->net = net;
	if (sasrec_net_make(&m->net, err))
		return m;
	mem_free(m);
	return NULL;
}

static struct model *create(const struct build_env *env, const struct params *p, struct err *err)
{
	struct sasrec_rule rule = rule_of(p);
	struct sasrec *m;

	if (!env->data->has_order) {
		err_set(err, ERR_UNSUPPORTED, "sasrec reads histories in order, and this data has neither times nor "
			"an order: ials, ease or bpr need none");
		return NULL;
	}
	m = new_model(env->x->cols, p, err);
	if (!m)
		return NULL;
	m->fit = sasrec_fit_new(&m->net, &rule, env, err);
	if (!m->fit) {
		destroy((struct model *)m);
		return NULL;
	}
	sasrec_net_fill(&m->net, env->seed);
	return (struct model *)m;
}

static bool fit_epoch(struct model *model, const struct build_env *env, struct fit_ctx *ctx, struct err *err)
{
	struct sasrec *m = (struct sasrec *)model;

	(void)env;
	return sasrec_fit_epoch(m->fit, &m->net, ctx, err);
}

static bool valid_loss(struct model *model, const struct build_env *env, const struct fit_ctx *ctx, double *out,
		       struct err *err)
{
	struct sasrec *m = (struct sasrec *)model;

	return sasrec_fit_valid_loss(m->fit, &m->net, env, ctx->task, out, err);
}

static bool make_panels(struct sasrec *m, struct err *err)
{
	m->panels = m->net.E ? rank_panels_new(m->net.E, m->net.D, m->net.I, m->net.D, NULL, err)
			     : rank_panels_new_packed(&m->net.items, NULL, err);
	return m->panels != NULL;
}

static struct model *freeze(struct model *model, bool may_move, struct err *err)
{
	struct sasrec *m = (struct sasrec *)model, *copy;

	if (may_move) {
		sasrec_fit_free(m->fit);
		m->fit = NULL;
		return make_panels(m, err) ? model : (destroy(model), NULL);
	}
	copy = mem_zeroed(1, sizeof(*copy), err);
	if (!copy)
		return NULL;
	copy->base = m->base;
	if (sasrec_net_copy(&copy->net, &m->net, err)) {
		if (make_panels(copy, err))
			return (struct model *)copy;
		sasrec_net_done(&copy->net);
	}
	mem_free(copy);
	return NULL;
}

/* --- In fewer bits ------------------------------------------------------------------- */

static struct packed items_of(const struct sasrec *m)
{
	return m->net.E ? packed_view(m->net.E, m->net.I, m->net.D) : m->net.items;
}

static bool pack_dense(struct sasrec *out, const struct sasrec *m, enum precision to, struct err *err)
{
	struct tensors whole = m->net.t;
	bool packed = !whole.w, good;

	if (packed && !tensors_make(&whole, err))
		return false;
	if (packed)
		packed_tensors_read(&m->net.dense, whole.w);
	good = packed_tensors_make(&out->net.dense, &whole, to, err);
	out->net.dense.of = &out->net.t;
	if (packed)
		tensors_done(&whole);
	return good;
}

static struct model *pack(const struct model *model, enum precision to, struct err *err)
{
	const struct sasrec *m = (const struct sasrec *)model;
	struct packed items = items_of(m);
	struct sasrec *out = mem_zeroed(1, sizeof(*out), err);

	if (!out)
		return NULL;
	out->base = m->base;
	out->net = m->net;
	out->net.E = out->net.t.w = NULL;
	out->net.items = (struct packed){ 0 };
	out->net.dense = (struct packed_tensors){ 0 };
	if (pack_dense(out, m, to, err) && packed_make(&out->net.items, &items, to, err) && make_panels(out, err))
		return (struct model *)out;
	destroy((struct model *)out);
	return NULL;
}

/* --- Scoring --------------------------------------------------------------------------- */

/* Scratch: the queries' vectors [B][D].  Aux: what reading needs. */
static bool query_begin(const struct model *model, const struct query *q, size_t B, struct scratch *s,
			struct err *err)
{
	const struct sasrec_net *n = &((const struct sasrec *)model)->net;
	float *vectors = scratch_need(s, B * n->D * sizeof(*vectors), err);

	return vectors && sasrec_read(n, q, B, vectors, s, err);
}

static bool attention(const struct model *model, const struct query *q, struct scratch *s, float *weight,
		      struct err *err)
{
	return sasrec_attention(&((const struct sasrec *)model)->net, q, weight, s, err);
}

static uint32_t newest(const struct model *model)
{
	return ((const struct sasrec *)model)->net.max_len;
}

static void score_block(const struct model *model, const struct query *q, size_t B, uint32_t lo, uint32_t hi,
			struct scratch *s, float *out, size_t stride)
{
	const struct sasrec *m = (const struct sasrec *)model;

	(void)q;
	rank_scores(m->panels, s->p, m->net.D, B, lo, hi, out, stride);
}

static bool dot_form(const struct model *model, size_t B, struct scratch *s, struct dot_form *out)
{
	const struct sasrec *m = (const struct sasrec *)model;

	(void)B;
	*out = (struct dot_form){ .panels = m->panels, .queries = s->p, .stride = m->net.D };
	return true;
}

static bool similar(const struct model *model, uint32_t item, float *out, struct err *err)
{
	const struct sasrec *m = (const struct sasrec *)model;

	if (!m->net.E)
		return packed_cosines(&m->net.items, item, out, err);
	vectors_cosines(m->net.E, m->net.I, m->net.D, item, out);
	return true;
}

static const float *item_vectors(const struct model *model, size_t *D, size_t *stride)
{
	const struct sasrec *m = (const struct sasrec *)model;

	*D = *stride = m->net.D;
	return m->net.E;
}

/* --- Files --------------------------------------------------------------------------- */

static bool save(const struct model *model, enum weights_what what, struct weights_writer *w, struct err *err)
{
	const struct sasrec *m = (const struct sasrec *)model;
	const struct sasrec_net *n = &m->net;

	if (!n->E)
		return packed_add(w, "items", &n->items, err) && packed_tensors_add(w, &n->dense, err);
	if (!weights_add(w, "items", TENSOR_F32, n->E, n->I, n->D, err) || !dense_tensors_add(w, &n->t, err))
		return false;
	return what == WEIGHTS_SCORING || (optim_tensors_add(w, "dense", sasrec_fit_dense(m->fit), err) &&
					   optim_tensors_add(w, "items", sasrec_fit_items(m->fit), err));
}

static bool take_weights(struct sasrec *m, const struct weights *w, struct err *err)
{
	struct sasrec_net *n = &m->net;

	return dense_tensors_take(w, &n->t, err) && weights_take(w, "items", TENSOR_F32, n->E, n->I, n->D, err);
}

static bool take_packed(struct sasrec *m, const struct weights *w, struct err *err)
{
	sasrec_net_done(&m->net);
	return packed_get(w, "items", m->net.I, m->net.D, &m->net.items, err) &&
	       packed_tensors_get(w, &m->net.t, &m->net.dense, err) && make_panels(m, err);
}

static bool take_state(struct sasrec *m, const struct build_env *env, const struct params *p, const struct weights *w,
		       struct err *err)
{
	struct sasrec_rule rule = rule_of(p);

	m->fit = sasrec_fit_new(&m->net, &rule, env, err);
	return m->fit && optim_tensors_take(w, "dense", sasrec_fit_dense(m->fit), err) &&
	       optim_tensors_take(w, "items", sasrec_fit_items(m->fit), err);
}

static struct model *load(const struct build_env *env, const struct params *p, const struct weights *w,
			  enum weights_what what, struct err *err)
{
	struct sasrec *m = new_model(env->data->n_items, p, err);
	bool taken;

	if (!m)
		return NULL;
	if (what == WEIGHTS_SCORING && packed_is(w, "items"))
		taken = take_packed(m, w, err);
	else
		taken = take_weights(m, w, err) &&
			(what == WEIGHTS_SCORING ? make_panels(m, err) : take_state(m, env, p, w, err));
	if (taken)
		return (struct model *)m;
	destroy((struct model *)m);
	return NULL;
}

/* --- Sizes --------------------------------------------------------------------------- */

static uint64_t dense_bytes(const struct sasrec_net *n)
{
	return sasrec_dense_size(n) * sizeof(float);
}

static uint64_t items_bytes(enum precision p, const struct sasrec_net *n)
{
	return packed_bytes_for(p, n->I, n->D) + rank_panels_bytes_for(p, n->I, n->D);
}

static uint64_t held(const struct model *model)
{
	const struct sasrec *m = (const struct sasrec *)model;

	if (m->net.E)
		return dense_bytes(&m->net) + items_bytes(PRECISION_F32, &m->net);
	return packed_tensors_bytes(&m->net.dense) + items_bytes(m->net.items.precision, &m->net);
}

/* Training with its state as it is kept (adam's moments too), the best and the newest frozen model beside it, one more as it is packed; dense weights
 * counted whole. */
static uint64_t bytes(const struct model_shape *shape, const struct params *p)
{
	struct sasrec_net n = net_of(shape->n_items, p);
	struct sasrec_rule rule = rule_of(p);
	uint64_t training = dense_bytes(&n) + packed_bytes_for(PRECISION_F32, n.I, n.D);
	uint64_t whole = shape->kept == PRECISION_F32 ? 0 : dense_bytes(&n) + items_bytes(PRECISION_F32, &n);

	return training + shape_state(shape, 3 * training, training) + whole +
	       shape_snapshots(shape) * (dense_bytes(&n) + items_bytes(shape->kept, &n)) +
	       sasrec_fit_bytes(&n, &rule, shape, shape_threads(shape));
}

static void effort(const struct model_shape *shape, const struct params *p, struct model_effort *out)
{
	struct sasrec_net n = net_of(shape->n_items, p);
	struct sasrec_rule rule = rule_of(p);
	double I = (double)n.I, D = (double)n.D, read = fmin(rows_mean(shape), n.max_len);

	sasrec_fit_effort(&n, &rule, shape, &out->epoch);
	effort_copies(&out->epoch, 2 * I * D + (double)sasrec_dense_size(&n));
	out->once.alone[EFFORT_DRAW] += 20 * I * D;
	effort_dots(&out->asked, I, D, rows_mean(shape));
	out->asked.shared[EFFORT_PRODUCT] += read * sasrec_row_products(&n, read);
}

const struct model_ops sasrec_ops = {
	.name = "sasrec",
	.title = "SASRec: self-attention over the history in its order",
	.cite = "Kang & McAuley 2018, arXiv:1808.09781",
	.caps = MODEL_ITERATIVE | MODEL_FROM_HISTORY | MODEL_ITEM_VECTORS | MODEL_SEQUENTIAL,
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
	.attention = attention,
	.newest = newest,
	.similar = similar,
	.item_vectors = item_vectors,
	.save = save,
	.load = load,
	.bytes = bytes,
	.held = held,
	.effort = effort,
	.destroy = destroy,
};
