/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cfgan.c - a generator that makes a person's vector over items, and a discriminator that tells it from real ones.
 *
 * Chae et al. 2018, CIKM.  The networks stand in model/cfgan_net.h, the game in model/cfgan_loss.h, the
 * training in model/cfgan_fit.h.  A score is what the generator makes of the history at the item: the hidden
 * state times the item's output weights and bias.  The discriminator serves training alone; a frozen model
 * has none.
 */
#include <string.h>

#include "base/mem.h"
#include "model/cfgan_fit.h"
#include "model/cfgan_packed.h"
#include "model/net_tensors.h"
#include "model/packed_tensors.h"
#include "model/registry.h"
#include "model/rows.h"
#include "model/vectors.h"
#include "num/linalg.h"

#define TUNED_FILM "tuned on valid events of MovieLens 100K"
enum { MAX_WIDTH = RANK_MAX_D - 1, TILE = 32 /* queries that go through together */ };

struct cfgan {
	struct model_base base;
	struct cfgan_net net;
	struct cfgan_fit *fit;      /* training alone */
	struct rank_panels *panels; /* frozen alone */
};

static const struct param_spec params[] = {
	{ .name = "masking", .type = PARAM_CHOICE, .def = "zp", .choices = "none|zr|pm|zp", .unit = "",
	  .meaning = "zeros taught: none, as a loss (zr), shown to the discriminator (pm), or both", .source = "Chae 2018" },
	{ .name = "zr-ratio", .type = PARAM_REAL, .lo = 0.01, .hi = 1000, .def = "4", .unit = "",
	  .meaning = "items drawn for zr, as a multiple of a history's events", .source = "", .log_scale = true },
	{ .name = "zr-weight", .type = PARAM_REAL, .lo = 0, .hi = 1000, .def = "0.12", .unit = "",
	  .meaning = "weight of the squared outputs of the items drawn for zr", .source = TUNED_FILM, .log_scale = true,
	  .tune = "0.01..1" },
	{ .name = "pm-ratio", .type = PARAM_REAL, .lo = 0.01, .hi = 1000, .def = "4", .unit = "",
	  .meaning = "items drawn for pm, as a multiple of a history's events", .source = "", .log_scale = true },
	{ .name = "layers", .type = PARAM_INTS, .lo = 1, .hi = MAX_WIDTH, .def = "256", .unit = "",
	  .meaning = "sizes of the generator's hidden layers, 4 at most", .source = "",
	  .tune = "128|256|512" },
	{ .name = "d-layers", .type = PARAM_INTS, .lo = 1, .hi = MAX_WIDTH, .def = "64", .unit = "",
	  .meaning = "sizes of the discriminator's hidden layers, 4 at most", .source = "" },
	{ .name = "activation", .type = PARAM_CHOICE, .def = "sigmoid", .choices = "sigmoid|tanh|relu", .unit = "",
	  .meaning = "of the hidden layers", .source = "Chae 2018" },
	{ .name = "lr", .type = PARAM_REAL, .lo = 1e-7, .hi = 10, .def = "0.0003", .unit = "",
	  .meaning = "length of adam's steps, of the generator", .source = TUNED_FILM, .log_scale = true,
	  .tune = "0.0001..0.001" },
	{ .name = "d-lr", .type = PARAM_REAL, .lo = 1e-7, .hi = 10, .def = "0.0003", .unit = "",
	  .meaning = "the same of the discriminator", .source = TUNED_FILM, .log_scale = true,
	  .tune = "0.0001..0.001" },
	{ .name = "l2", .type = PARAM_REAL, .lo = 0, .hi = 10, .def = "0.00001", .unit = "",
	  .meaning = "weight of the generator's squared weights in each step", .source = TUNED_FILM, .log_scale = true },
	{ .name = "d-l2", .type = PARAM_REAL, .lo = 0, .hi = 10, .def = "0", .unit = "",
	  .meaning = "the same of the discriminator", .source = "", .log_scale = true },
	{ .name = "g-steps", .type = PARAM_INT, .lo = 1, .hi = 1000, .def = "2", .unit = "passes",
	  .meaning = "the generator's passes over the histories an epoch", .source = "" },
	{ .name = "d-steps", .type = PARAM_INT, .lo = 1, .hi = 1000, .def = "1", .unit = "passes",
	  .meaning = "the discriminator's passes, before them", .source = "" },
	{ .name = "drop", .type = PARAM_REAL, .lo = 0, .hi = 0.95, .def = "0.5", .unit = "",
	  .meaning = "share of each history's events that do not go in, anew each pass", .source = TUNED_FILM,
	  .tune = "0.2..0.7" },
	{ .name = "batch", .type = PARAM_INT, .lo = 1, .hi = 65536, .def = "64", .unit = "histories",
	  .meaning = "histories a step", .source = "", .log_scale = true },
	{ .name = "epochs", .type = PARAM_INT, .lo = 1, .hi = 100000, .def = "400", .unit = "epochs",
	  .meaning = "rounds of the game, at most", .source = "" },
	{ .name = "patience", .type = PARAM_INT, .lo = 0, .hi = 100000, .def = "40", .unit = "rounds",
	  .meaning = "validations without a better metric before it stops; 0: never", .source = "the metric wavers from epoch to epoch" },
	{ .name = NULL },
};

static bool read_layers(struct cfgan_part *part, const struct params *p, const char *name, struct err *err)
{
	int64_t size[CFGAN_MAX_LAYERS + 1];
	size_t n = params_ints(p, name, size, CFGAN_MAX_LAYERS + 1);

	if (!n || n > CFGAN_MAX_LAYERS)
		return err_set(err, ERR_RANGE, "%s: %d sizes at most, and at least one", name, (int)CFGAN_MAX_LAYERS);
	part->n = (uint32_t)n;
	for (size_t l = 0; l < n; l++)
		part->size[l] = (uint32_t)size[l];
	part->act = (enum activation[]){ ACT_SIGMOID, ACT_TANH, ACT_RELU }[params_choice(p, "activation")];
	return true;
}

static bool net_of(struct cfgan_net *n, uint32_t I, const struct params *p, struct err *err)
{
	*n = (struct cfgan_net){ .I = I };
	return read_layers(&n->G, p, "layers", err) && read_layers(&n->D, p, "d-layers", err);
}

static struct cfgan_rule rule_of(const struct params *p)
{
	int masking = params_choice(p, "masking"); /* bit 0: zr, bit 1: pm */
	struct cfgan_rule r = {
		.batch = (uint32_t)params_int(p, "batch"), .d_passes = (uint32_t)params_int(p, "d-steps"),
		.g_passes = (uint32_t)params_int(p, "g-steps"), .drop = (float)params_real(p, "drop"),
		.zr = masking & 1 ? (float)params_real(p, "zr-ratio") : 0,
		.pm = masking & 2 ? (float)params_real(p, "pm-ratio") : 0,
		.zeros = (float)params_real(p, "zr-weight"), .lr = params_real(p, "lr"), .d_lr = params_real(p, "d-lr"),
	};

	optim_rule_init(&r.g, OPTIM_ADAM);
	optim_rule_init(&r.d, OPTIM_ADAM);
	r.g.l2 = (float)params_real(p, "l2");
	r.d.l2 = (float)params_real(p, "d-l2");
	return r;
}

/* --- Life -------------------------------------------------------------------------------- */

static void destroy(struct model *model)
{
	struct cfgan *m = (struct cfgan *)model;

	if (!m)
		return;
	cfgan_fit_free(m->fit);
	rank_panels_free(m->panels);
	cfgan_net_done(&m->net);
	mem_free(m);
}

/* scores: with the generator alone. */
static struct cfgan *new_model(uint32_t I, const struct params *p, bool scores, struct err *err)
{
	struct cfgan_net net;
	struct cfgan *m;

	if (!net_of(&net, I, p, err))
		return NULL;
	m = mem_zeroed(1, sizeof(*m), err);
	if (!m)
		return NULL;
	m->base.ops = &cfgan_ops;
	m->net = net;
	if (scores ? cfgan_net_make_generator(&m->net, err) : cfgan_net_make(&m->net, err))
		return m;
	mem_free(m);
	return NULL;
}

static struct model *create(const struct build_env *env, const struct params *p, struct err *err)
{
	struct cfgan_rule rule = rule_of(p);
	struct cfgan *m = new_model(env->x->cols, p, false, err);

	if (!m)
		return NULL;
	m->fit = cfgan_fit_new(&m->net, &rule, env, err);
	if (!m->fit) {
		destroy((struct model *)m);
		return NULL;
	}
	cfgan_net_fill(&m->net, env->seed);
	return (struct model *)m;
}

static bool fit_epoch(struct model *model, const struct build_env *env, struct fit_ctx *ctx, struct err *err)
{
	struct cfgan *m = (struct cfgan *)model;

	(void)env;
	return cfgan_fit_epoch(m->fit, &m->net, ctx, err);
}

static bool make_panels(struct cfgan *m, struct err *err)
{
	uint32_t width = cfgan_width(&m->net);

	m->panels = cfgan_is_packed(&m->net) ? rank_panels_new_packed(&m->net.packed_out, m->net.bias, err)
					     : rank_panels_new(m->net.out, width, m->net.I, width, NULL, err);
	return m->panels != NULL;
}

static struct model *freeze(struct model *model, bool may_move, struct err *err)
{
	struct cfgan *m = (struct cfgan *)model, *copy;

	if (may_move) {
		cfgan_fit_free(m->fit);
		m->fit = NULL;
		cfgan_net_drop_discriminator(&m->net);
		return make_panels(m, err) ? model : (destroy(model), NULL);
	}
	copy = mem_zeroed(1, sizeof(*copy), err);
	if (!copy)
		return NULL;
	copy->base = m->base;
	if (cfgan_net_copy_generator(&copy->net, &m->net, err)) {
		if (make_panels(copy, err))
			return (struct model *)copy;
		cfgan_net_done(&copy->net);
	}
	mem_free(copy);
	return NULL;
}

static struct model *pack(const struct model *model, enum precision to, struct err *err)
{
	const struct cfgan *m = (const struct cfgan *)model;
	struct cfgan *out = mem_zeroed(1, sizeof(*out), err);

	if (!out)
		return NULL;
	out->base = m->base;
	if (cfgan_packed_make(&out->net, &m->net, to, err) && make_panels(out, err))
		return (struct model *)out;
	destroy((struct model *)out);
	return NULL;
}

/* --- Scoring --------------------------------------------------------------------------- */

struct reading { /* of a tile of queries, in the scratch's second block */
	float *a[CFGAN_MAX_LAYERS], *ones;
};

static bool begin_reading(const struct cfgan_net *n, struct reading *r, const struct query *q, size_t B,
			  struct scratch *s, struct err *err)
{
	size_t floats = 0, longest = 0, at = 0;
	float *memory;

	for (size_t b = 0; b < B; b++)
		longest = q[b].n > longest ? q[b].n : longest;
	for (uint32_t l = 0; l < n->G.n; l++)
		floats += (size_t)TILE * n->G.size[l];
	memory = scratch_need_aux(s, (floats + longest) * sizeof(*memory), err);
	if (!memory)
		return false;
	for (uint32_t l = 0; l < n->G.n; l++) {
		r->a[l] = memory + at;
		at += (size_t)TILE * n->G.size[l];
	}
	r->ones = memory + at;
	for (size_t k = 0; k < longest; k++)
		r->ones[k] = 1;
	return true;
}

static void read_tile(const struct cfgan_net *n, const struct reading *r, const struct query *q, size_t R, float *z)
{
	size_t first = n->G.size[0], Z = cfgan_last(&n->G);

	if (!cfgan_is_packed(n))
		memset(r->a[0], 0, R * first * sizeof(float));
	for (size_t b = 0; b < R; b++)
		if (cfgan_is_packed(n))
			packed_sum_rows(&n->packed_in, q[b].items, q[b].x, q[b].n, 0, n->G.size[0], r->a[0] + b * first);
		else
			cfgan_part_sum(&n->G, r->a[0] + b * first, 0, q[b].items, q[b].x ? q[b].x : r->ones, q[b].n);
	cfgan_part_forward(&n->G, r->a, R);
	for (size_t b = 0; b < R; b++) {
		memcpy(z + b * (Z + 1), r->a[n->G.n - 1] + b * Z, Z * sizeof(*z));
		z[b * (Z + 1) + Z] = 1; /* times the bias; packed, it is added by itself */
	}
}

/* Scratch: the queries' states [B][width].  Aux: what reading needs. */
static bool query_begin(const struct model *model, const struct query *q, size_t B, struct scratch *s,
			struct err *err)
{
	const struct cfgan_net *n = &((const struct cfgan *)model)->net;
	size_t width = cfgan_width(n);
	float *z = scratch_need(s, B * width * sizeof(*z), err);
	struct reading r;

	if (!z || !begin_reading(n, &r, q, B, s, err))
		return false;
	for (size_t b = 0; b < B; b += TILE)
		read_tile(n, &r, q + b, B - b < TILE ? B - b : TILE, z + b * width);
	return true;
}

static void score_block(const struct model *model, const struct query *q, size_t B, uint32_t lo, uint32_t hi,
			struct scratch *s, float *out, size_t stride)
{
	const struct cfgan *m = (const struct cfgan *)model;

	(void)q;
	rank_scores(m->panels, s->p, cfgan_width(&m->net), B, lo, hi, out, stride);
}

static bool dot_form(const struct model *model, size_t B, struct scratch *s, struct dot_form *out)
{
	const struct cfgan *m = (const struct cfgan *)model;

	(void)B;
	*out = (struct dot_form){ .panels = m->panels, .queries = s->p, .stride = cfgan_width(&m->net) };
	return true;
}

/* --- Likeness: items whose outputs the hidden state moves alike ------------------------------- */

static bool similar(const struct model *model, uint32_t item, float *out, struct err *err)
{
	const struct cfgan_net *n = &((const struct cfgan *)model)->net;

	if (cfgan_is_packed(n))
		return packed_cosines(&n->packed_out, item, out, err);
	vectors_cosines_of(n->out, n->I, cfgan_last(&n->G), cfgan_width(n), item, out);
	return true;
}

static const float *item_vectors(const struct model *model, size_t *D, size_t *stride)
{
	const struct cfgan_net *n = &((const struct cfgan *)model)->net;

	*D = cfgan_last(&n->G);
	*stride = cfgan_width(n);
	return n->out;
}

/* --- Files --------------------------------------------------------------------------- */

static bool save_optims(struct cfgan_fit *fit, struct weights_writer *w, struct err *err)
{
	for (int b = 0; b < CFGAN_BLOCKS; b++)
		if (!optim_tensors_add(w, cfgan_block_name[b], cfgan_fit_optim(fit, (enum cfgan_block)b), err))
			return false;
	return true;
}

static bool save(const struct model *model, enum weights_what what, struct weights_writer *w, struct err *err)
{
	const struct cfgan *m = (const struct cfgan *)model;
	const struct cfgan_net *n = &m->net;

	if (cfgan_is_packed(n))
		return cfgan_packed_add(w, n, cfgan_block_name[CFGAN_G_IN], cfgan_block_name[CFGAN_G_OUT], err);
	if (!weights_add(w, cfgan_block_name[CFGAN_G_IN], TENSOR_F32, n->G.in, n->G.rows, n->G.size[0], err) ||
	    !weights_add(w, cfgan_block_name[CFGAN_G_OUT], TENSOR_F32, n->out, n->I, cfgan_width(n), err) ||
	    !dense_tensors_add(w, &n->G.t, err))
		return false;
	return what == WEIGHTS_SCORING ||
	       (weights_add(w, cfgan_block_name[CFGAN_D_IN], TENSOR_F32, n->D.in, n->D.rows, n->D.size[0], err) &&
		dense_tensors_add(w, &n->D.t, err) && save_optims(m->fit, w, err));
}

static bool take_optims(struct cfgan_fit *fit, const struct weights *w, struct err *err)
{
	for (int b = 0; b < CFGAN_BLOCKS; b++)
		if (!optim_tensors_take(w, cfgan_block_name[b], cfgan_fit_optim(fit, (enum cfgan_block)b), err))
			return false;
	return true;
}

static bool take_generator(struct cfgan_net *n, const struct weights *w, struct err *err)
{
	return weights_take(w, cfgan_block_name[CFGAN_G_IN], TENSOR_F32, n->G.in, n->G.rows, n->G.size[0], err) &&
	       weights_take(w, cfgan_block_name[CFGAN_G_OUT], TENSOR_F32, n->out, n->I, cfgan_width(n), err) &&
	       dense_tensors_take(w, &n->G.t, err);
}

static bool take_state(struct cfgan *m, const struct build_env *env, const struct params *p, const struct weights *w,
		       struct err *err)
{
	struct cfgan_rule rule = rule_of(p);
	struct cfgan_net *n = &m->net;

	if (!weights_take(w, cfgan_block_name[CFGAN_D_IN], TENSOR_F32, n->D.in, n->D.rows, n->D.size[0], err) ||
	    !dense_tensors_take(w, &n->D.t, err))
		return false;
	m->fit = cfgan_fit_new(n, &rule, env, err);
	return m->fit && take_optims(m->fit, w, err);
}

static struct model *load_packed(uint32_t I, const struct params *p, const struct weights *w, struct err *err)
{
	struct cfgan *m = mem_zeroed(1, sizeof(*m), err);

	if (!m)
		return NULL;
	m->base.ops = &cfgan_ops;
	if (net_of(&m->net, I, p, err) &&
	    cfgan_packed_get(w, &m->net, cfgan_block_name[CFGAN_G_IN], cfgan_block_name[CFGAN_G_OUT], err) &&
	    make_panels(m, err))
		return (struct model *)m;
	destroy((struct model *)m);
	return NULL;
}

static struct model *load(const struct build_env *env, const struct params *p, const struct weights *w,
			  enum weights_what what, struct err *err)
{
	struct cfgan *m;

	if (what == WEIGHTS_SCORING && packed_is(w, cfgan_block_name[CFGAN_G_OUT]))
		return load_packed(env->data->n_items, p, w, err);
	m = new_model(env->data->n_items, p, what == WEIGHTS_SCORING, err);
	if (!m)
		return NULL;
	if (take_generator(&m->net, w, err) &&
	    (what == WEIGHTS_SCORING ? make_panels(m, err) : take_state(m, env, p, w, err)))
		return (struct model *)m;
	destroy((struct model *)m);
	return NULL;
}

/* --- Sizes --------------------------------------------------------------------------- */

static uint64_t held(const struct model *model)
{
	const struct cfgan_net *n = &((const struct cfgan *)model)->net;

	if (cfgan_is_packed(n))
		return cfgan_packed_bytes(n) + rank_panels_bytes_for(n->packed_out.precision, n->I, cfgan_last(&n->G));
	return cfgan_generator_floats(n) * sizeof(float) + rank_panels_bytes(n->I, cfgan_width(n));
}

/* Training with its state as it is kept (adam's moments too), the best and the newest frozen model beside it. */
static uint64_t bytes(const struct model_shape *shape, const struct params *p)
{
	struct cfgan_rule rule = rule_of(p);
	struct cfgan_net n;
	struct err ignored;
	uint64_t net, generator;

	if (!net_of(&n, shape->n_items, p, &ignored)) /* create() tells why */
		return 0;
	net = cfgan_net_floats(&n) * sizeof(float);
	generator = cfgan_generator_floats(&n) * sizeof(float);
	return net + shape_state(shape, 3 * net, generator) +
	       shape_snapshots(shape) * (generator + rank_panels_bytes(n.I, cfgan_width(&n))) +
	       cfgan_fit_bytes(&n, &rule, shape, shape_threads(shape));
}

static void effort(const struct model_shape *shape, const struct params *p, struct model_effort *out)
{
	struct cfgan_rule rule = rule_of(p);
	struct cfgan_net n;
	struct err ignored;
	struct effort fit = { 0 };
	double I, width;

	if (!net_of(&n, shape->n_items, p, &ignored))
		return;
	I = (double)n.I;
	width = (double)cfgan_width(&n);
	cfgan_fit_effort(&n, &rule, shape, &fit);
	effort_add(&out->epoch, &fit, 0.85); /* rows that a batch meets again are near */
	effort_fresh(&out->once, 6 * (double)cfgan_net_floats(&n));
	effort_copies(&out->epoch, (double)cfgan_generator_floats(&n) + I * width + (double)cfgan_net_floats(&n));
	out->once.alone[EFFORT_DRAW] += 2 * (double)cfgan_net_floats(&n);
	effort_dots(&out->asked, I, width, rows_mean(shape));
	out->asked.shared[effort_rows(I * width * sizeof(float))] += rows_mean(shape) * (double)n.G.size[0];
}

const struct model_ops cfgan_ops = {
	.name = "cfgan",
	.title = "CFGAN: vectors over items, made so that they pass for real ones",
	.cite = "Chae et al. 2018, CIKM, doi:10.1145/3269206.3271743",
	.caps = MODEL_ITERATIVE | MODEL_FROM_HISTORY | MODEL_ITEM_VECTORS,
	.example_unit = "histories",
	.params = params,
	.create = create,
	.fit_epoch = fit_epoch,
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
