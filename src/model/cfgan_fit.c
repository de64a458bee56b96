/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cfgan_fit.c - see cfgan_fit.h. */
#include "model/cfgan_fit.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"

enum { MOST_CHUNKS = 16 };

const char *const cfgan_block_name[CFGAN_BLOCKS] = {
	[CFGAN_G_DENSE] = "generator.dense", [CFGAN_G_IN] = "generator.in", [CFGAN_G_OUT] = "generator.out",
	[CFGAN_D_DENSE] = "discriminator.dense", [CFGAN_D_IN] = "discriminator.in",
};

struct slot { /* memory of one thread */
	void *memory;
	struct cfgan_work work;
};
struct result { double loss, zeros; }; /* of a group */

struct cfgan_fit {
	struct cfgan_rule rule;
	struct cfgan_batch batch;
	struct slot *slot;
	unsigned n_slots;
	float *z, *e, *drawn;     /* see cfgan_loss.h; groups side by side */
	float *grad[MOST_CHUNKS]; /* of either network's dense weights */
	struct result *result;    /* [groups] */
	struct row_grads *of_in, *of_out, *of_judged; /* rows of G.in, out, D.in */
	struct optim optim[CFGAN_BLOCKS];
	/* Of the present batch: */
	struct cfgan_net *net;
	struct cfgan_draw draw;
	bool judging; /* the discriminator's turn */
	size_t k, n_chunks;
};

struct optim *cfgan_fit_optim(struct cfgan_fit *f, enum cfgan_block block)
{
	return &f->optim[block];
}

/* --- Memory ------------------------------------------------------------------------- */

static size_t floats_of(const struct cfgan_net *n, enum cfgan_block block)
{
	switch (block) {
	case CFGAN_G_DENSE:
		return cfgan_part_dense(&n->G, false);
	case CFGAN_G_IN:
		return (size_t)n->I * n->G.size[0];
	case CFGAN_G_OUT:
		return (size_t)n->I * cfgan_width(n);
	case CFGAN_D_DENSE:
		return cfgan_part_dense(&n->D, true);
	default:
		return 2 * (size_t)n->I * n->D.size[0];
	}
}

static size_t greater(size_t a, size_t b)
{
	return a > b ? a : b;
}

static size_t grad_size(const struct cfgan_net *n)
{
	return greater(floats_of(n, CFGAN_G_DENSE), floats_of(n, CFGAN_D_DENSE));
}

static size_t chunks_at_most(size_t groups)
{
	return groups < MOST_CHUNKS ? groups : MOST_CHUNKS;
}

static size_t work_size(const struct cfgan_net *n, const struct cfgan_limits *m)
{
	return cfgan_work_size(n, CFGAN_GROUP, m->group_events, m->group_drawn);
}

static void free_slots(struct cfgan_fit *f)
{
	for (unsigned s = 0; s < f->n_slots; s++)
		mem_free(f->slot[s].memory);
	mem_free(f->slot);
	f->slot = NULL;
	f->n_slots = 0;
}

static bool make_slots(struct cfgan_fit *f, unsigned n_slots, struct err *err)
{
	const struct cfgan_limits *m = &f->batch.most;

	if (f->n_slots >= n_slots)
		return true;
	free_slots(f);
	f->slot = mem_zeroed(n_slots, sizeof(*f->slot), err);
	if (!f->slot)
		return false;
	f->n_slots = n_slots;
	for (unsigned s = 0; s < n_slots; s++) {
		f->slot[s].memory = mem_zeroed(1, work_size(f->net, m), err);
		if (!f->slot[s].memory) {
			free_slots(f);
			return false;
		}
		cfgan_work_lay(&f->slot[s].work, f->slot[s].memory, f->net, CFGAN_GROUP, m->group_events, m->group_drawn);
	}
	return true;
}

static bool make_gradients(struct cfgan_fit *f, const struct cfgan_net *n, struct err *err)
{
	const struct cfgan_limits *m = &f->batch.most;
	size_t first = n->D.size[0], width = cfgan_width(n);

	for (size_t c = 0; c < chunks_at_most(m->groups); c++)
		if (!(f->grad[c] = mem_alloc(grad_size(n), sizeof(float), err)))
			return false;
	for (int b = 0; b < CFGAN_BLOCKS; b++)
		if (!optim_init(&f->optim[b], b < CFGAN_D_DENSE ? &f->rule.g : &f->rule.d,
				floats_of(n, (enum cfgan_block)b), err))
			return false;
	return (f->z = mem_alloc(m->histories * width, sizeof(float), err)) &&
	       (f->e = mem_alloc(m->histories * greater(3 * first, n->G.size[0]), sizeof(float), err)) &&
	       (f->drawn = mem_alloc((m->drawn + 1) * greater(first, width), sizeof(float), err)) &&
	       (f->result = mem_alloc(m->groups, sizeof(*f->result), err)) &&
	       (f->of_in = row_grads_new(n->I, n->G.size[0], err)) &&
	       (f->of_out = row_grads_new(n->I, (uint32_t)width, err)) &&
	       (f->of_judged = row_grads_new(2 * n->I, n->D.size[0], err)) &&
	       row_grads_begin(f->of_in, m->events, err) && row_grads_begin(f->of_out, m->events + m->drawn, err) &&
	       row_grads_begin(f->of_judged, 3 * m->events + m->drawn, err);
}

struct cfgan_fit *cfgan_fit_new(const struct cfgan_net *n, const struct cfgan_rule *r, const struct build_env *env,
				struct err *err)
{
	struct model_shape shape = { .n_users = env->x->rows, .n_items = env->x->cols, .n_events = csr_n(env->x),
				     .longest = csr_longest_row(env->x) };
	struct cfgan_fit *f = mem_zeroed(1, sizeof(*f), err);
	struct cfgan_limits most;

	if (!f)
		return NULL;
	f->rule = *r;
	most = cfgan_limits(&shape, r->batch, r->pm, r->zr);
	if (cfgan_batch_make(&f->batch, env->x, &most, err) && make_gradients(f, n, err))
		return f;
	cfgan_fit_free(f);
	return NULL;
}

void cfgan_fit_free(struct cfgan_fit *f)
{
	if (!f)
		return;
	free_slots(f);
	for (size_t c = 0; c < MOST_CHUNKS; c++)
		mem_free(f->grad[c]);
	for (int b = 0; b < CFGAN_BLOCKS; b++)
		optim_done(&f->optim[b]);
	cfgan_batch_done(&f->batch);
	mem_free(f->z);
	mem_free(f->e);
	mem_free(f->drawn);
	mem_free(f->result);
	row_grads_free(f->of_in);
	row_grads_free(f->of_out);
	row_grads_free(f->of_judged);
	mem_free(f);
}

uint64_t cfgan_fit_bytes(const struct cfgan_net *n, const struct cfgan_rule *r, const struct model_shape *s,
			 unsigned slots)
{
	struct cfgan_limits m = cfgan_limits(s, r->batch, r->pm, r->zr);
	size_t first = n->D.size[0], width = cfgan_width(n);
	uint64_t floats = 2 * (uint64_t)cfgan_net_floats(n) + chunks_at_most(m.groups) * (uint64_t)grad_size(n);

	floats += m.histories * ((uint64_t)width + greater(3 * first, n->G.size[0])) +
		  (m.drawn + 1) * (uint64_t)greater(first, width);
	return floats * sizeof(float) + slots * (uint64_t)(work_size(n, &m) + sizeof(struct slot)) +
	       cfgan_batch_bytes(s, &m) + m.groups * sizeof(struct result) + sizeof(struct cfgan_fit) +
	       row_grads_bytes(n->I, n->G.size[0], m.events) + row_grads_bytes(n->I, (uint32_t)width, m.events + m.drawn) +
	       row_grads_bytes(2 * n->I, n->D.size[0], 3 * m.events + m.drawn);
}

/* Multiply-adds of a part's layers above its first. */
static double above_first(const struct cfgan_part *p)
{
	double sum = 0;

	for (uint32_t l = 1; l < p->n; l++)
		sum += (double)p->size[l - 1] * p->size[l];
	return sum;
}

/* Of I items how many are among so many drawn. */
static double distinct(double I, double drawn)
{
	return I > 0 ? I * (1 - exp(-drawn / I)) : 0;
}

/* Rows of the events one by one, rows of what is drawn for a group as a product with its histories.  Gradients of rows
 * are added up and stepped a batch at a time. */
void cfgan_fit_effort(const struct cfgan_net *n, const struct cfgan_rule *r, const struct model_shape *s,
		      struct effort *e)
{
	double I = (double)n->I, U = (double)s->n_users, E = (double)s->n_events, G = (double)n->G.size[0];
	double J = (double)n->D.size[0], width = (double)cfgan_width(n), mean = U > 0 ? E / U : 0;
	double pm = fmin(ceil(r->pm * mean), I), zr = fmin(ceil(r->zr * mean), I), groups = U / CFGAN_GROUP;
	double batch = fmin((double)r->batch, U), batches = batch > 0 ? ceil(U / batch) : 0, in_batch = E / fmax(batches, 1);
	double made = E * (G + width) + U * above_first(&n->G), judged = U * above_first(&n->D);
	double met_out = distinct(I, in_batch + (pm + zr) * batch / CFGAN_GROUP), met_in = distinct(I, in_batch);
	double met_judged = met_in + distinct(I, in_batch + pm * batch / CFGAN_GROUP);
	double d = (double)r->d_passes, g = (double)r->g_passes;
	enum effort_kind rows = effort_rows(I * width * sizeof(float));

	/* The discriminator: the history made and judged with the real one; its gradients. */
	e->shared[rows] += 2 * d * (made + 6 * E * J + groups * pm * J);
	e->shared[EFFORT_PRODUCT] += 2 * d * (U * pm * (width + 2 * J) + 6 * judged);
	e->shared[EFFORT_PASS] += d * batches * 24 * met_judged * J;
	/* The generator: through the discriminator and back. */
	e->shared[rows] += 2 * g * (3 * made + 3 * E * J + groups * (pm + zr) * width * 2);
	e->shared[EFFORT_PRODUCT] += 2 * g * (U * (pm + zr) * width * 3 + U * pm * 2 * J + 3 * judged);
	e->shared[EFFORT_PASS] += g * batches * 24 * (met_out * width + met_in * G);
	e->shared[EFFORT_EXP] += (d + g) * U * (G + J);
	e->alone[EFFORT_DRAW] += (d + g) * (12 * E + 4 * groups * (pm + zr));
	e->alone[EFFORT_PASS] += 3 * (d * met_judged * J + g * (met_out * width + met_in * G)) * batches;
}

/* --- One batch: chunks forward and backward ------------------------------------------------- */

static void run_group(struct cfgan_fit *f, size_t chunk, size_t group, struct slot *s)
{
	const struct cfgan_net *n = f->net;
	const struct cfgan_group *g = &f->batch.group[group];
	size_t first = n->D.size[0], width = cfgan_width(n);
	struct result *result = &f->result[group];
	struct cfgan_run run = {
		.net = n, .g = g, .w = &s->work, .weight = 1.0f / (float)f->batch.S, .zeros = f->rule.zeros,
		.z = f->z + g->first * width, .grad = f->grad[chunk],
	};

	if (f->judging) {
		run.e = f->e + 3 * g->first * first;
		run.drawn = f->drawn + g->draw * first;
		run.in = f->of_judged->entry + 3 * g->event + g->draw;
		result->loss = cfgan_judge(&run);
	} else {
		run.e = f->e + g->first * n->G.size[0];
		run.drawn = f->drawn + g->draw * width;
		run.in = f->of_in->entry + g->event;
		run.out = f->of_out->entry + g->event + g->draw;
		result->loss = cfgan_generate(&run);
	}
	result->zeros = run.zeros_loss;
}

static void run_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct cfgan_fit *f = ctx;
	size_t groups = f->batch.n_groups, from = chunk * groups / f->n_chunks, to = (chunk + 1) * groups / f->n_chunks;

	memset(f->grad[chunk], 0, grad_size(f->net) * sizeof(float));
	for (size_t g = from; g < to; g++)
		run_group(f, chunk, g, &f->slot[slot]);
}

/* --- One batch: the step --------------------------------------------------------------------- */

static bool diverged(const struct cfgan_fit *f, const char *kind, const char *tensor, struct err *err)
{
	return err_set(err, ERR_NUMERIC, "cfgan: epoch %u, batch %zu of the %s: %s%s grew beyond all numbers: a smaller "
		       "lr or d-lr helps", (unsigned)f->draw.epoch, f->k + 1,
		       f->judging ? "discriminator" : "generator", kind, tensor);
}

static bool is_finite(const struct cfgan_net *n, enum cfgan_block block, const float *v)
{
	return floats_finite(v, floats_of(n, block));
}

/* Whose numbers are no numbers; NULL: none's. */
static const char *spoilt(const struct cfgan_net *n)
{
	const char *tensor = tensors_spoilt(&n->G.t, n->G.t.w);

	if (!is_finite(n, CFGAN_G_IN, n->G.in))
		return cfgan_block_name[CFGAN_G_IN];
	if (!is_finite(n, CFGAN_G_OUT, n->out))
		return cfgan_block_name[CFGAN_G_OUT];
	if (!is_finite(n, CFGAN_D_IN, n->D.in))
		return cfgan_block_name[CFGAN_D_IN];
	return tensor ? tensor : tensors_spoilt(&n->D.t, n->D.t.w);
}

static bool check_gradients(const struct cfgan_fit *f, double of_in, double of_out, double of_dense, struct err *err)
{
	const struct tensors *t = f->judging ? &f->net->D.t : &f->net->G.t;
	const char *tensor;

	if (isfinite(of_in + of_out + of_dense))
		return true;
	if (!isfinite(of_dense) && (tensor = tensors_spoilt(t, f->grad[0])))
		return diverged(f, "the gradient of ", tensor, err);
	return diverged(f, "the gradient of ",
			cfgan_block_name[f->judging ? CFGAN_D_IN : isfinite(of_out) ? CFGAN_G_IN : CFGAN_G_OUT], err);
}

static double norm2_of(const struct row_grads *g)
{
	return optim_norm2(g->sum, g->n_touched * g->D);
}

static bool step_rows(struct cfgan_fit *f, enum cfgan_block block, const struct row_grads *g, float *table,
		      const struct task *t)
{
	bool judged = block == CFGAN_D_IN;

	return optim_step_rows(&f->optim[block], judged ? &f->rule.d : &f->rule.g, table, g->D, g->touched, g->sum,
			       g->n_touched, (float)(judged ? f->rule.d_lr : f->rule.lr), 1, t);
}

static bool step_discriminator(struct cfgan_fit *f, struct fit_ctx *ctx, struct err *err)
{
	struct cfgan_net *n = f->net;

	f->of_judged->n = 3 * f->batch.P + f->batch.N;
	if (!row_grads_sum(f->of_judged, ctx->task, err) ||
	    !check_gradients(f, norm2_of(f->of_judged), 0, optim_norm2(f->grad[0], n->D.t.size), err))
		return false;
	return (optim_step(&f->optim[CFGAN_D_DENSE], &f->rule.d, n->D.t.w, f->grad[0], (float)f->rule.d_lr, 1, ctx->task) &&
		step_rows(f, CFGAN_D_IN, f->of_judged, n->D.in, ctx->task)) || task_cancelled(err);
}

static bool step_generator(struct cfgan_fit *f, struct fit_ctx *ctx, struct err *err)
{
	struct cfgan_net *n = f->net;
	double of_in, of_out, of_dense;

	f->of_in->n = f->batch.P;
	f->of_out->n = f->batch.P + f->batch.N;
	if (!row_grads_sum(f->of_in, ctx->task, err) || !row_grads_sum(f->of_out, ctx->task, err))
		return false;
	of_in = norm2_of(f->of_in);
	of_out = norm2_of(f->of_out);
	of_dense = optim_norm2(f->grad[0], n->G.t.size);
	if (!check_gradients(f, of_in, of_out, of_dense, err))
		return false;
	ctx->gradient_norm += sqrt(of_in + of_out + of_dense);
	return (optim_step(&f->optim[CFGAN_G_DENSE], &f->rule.g, n->G.t.w, f->grad[0], (float)f->rule.lr, 1, ctx->task) &&
		step_rows(f, CFGAN_G_IN, f->of_in, n->G.in, ctx->task) &&
		step_rows(f, CFGAN_G_OUT, f->of_out, n->out, ctx->task)) || task_cancelled(err);
}

static bool run_batch(struct cfgan_fit *f, struct fit_ctx *ctx, struct result *sum, struct err *err)
{
	struct result all = { 0 };

	cfgan_batch_fill(&f->batch, f->k, &f->draw);
	f->n_chunks = chunks_at_most(f->batch.n_groups);
	if (!task_chunks(ctx->task, f->n_chunks, run_chunk, f))
		return task_cancelled(err);
	for (size_t g = 0; g < f->batch.n_groups; g++) {
		all.loss += f->result[g].loss;
		all.zeros += f->result[g].zeros;
	}
	if (!isfinite(all.loss)) {
		const char *tensor = spoilt(f->net);

		return diverged(f, "", tensor ? tensor : "the scores", err);
	}
	sum->loss += all.loss;
	sum->zeros += all.zeros;
	ctx->examples += f->batch.S;
	if (!tensors_reduce(f->grad[0], f->grad, f->n_chunks, f->judging ? f->net->D.t.size : f->net->G.t.size, ctx->task))
		return task_cancelled(err);
	return f->judging ? step_discriminator(f, ctx, err) : step_generator(f, ctx, err);
}

/* --- An epoch ------------------------------------------------------------------------------- */

static bool run_pass(struct cfgan_fit *f, struct fit_ctx *ctx, struct result *sum, struct err *err)
{
	size_t batches = cfgan_batch_count(&f->batch), passes = f->rule.d_passes + f->rule.g_passes;

	f->judging = f->draw.pass < f->rule.d_passes;
	f->draw.zr = f->judging ? 0 : f->rule.zr;
	cfgan_batch_shuffle(&f->batch, &f->draw);
	for (f->k = 0; f->k < batches; f->k++) {
		if (!run_batch(f, ctx, sum, err))
			return false;
		task_progress(ctx->task, f->draw.pass * batches + f->k + 1, passes * batches);
	}
	return true;
}

static void tell(const struct cfgan_fit *f, struct fit_ctx *ctx, const struct result *judged, const struct result *made)
{
	double judgements = (double)f->batch.n_users * f->rule.d_passes, makings = (double)f->batch.n_users * f->rule.g_passes;

	ctx->n_loss = f->rule.zr > 0 ? 3 : 2;
	ctx->loss_name[0] = "generator";
	ctx->loss[0] = made->loss / makings;
	ctx->loss_name[1] = "discriminator";
	ctx->loss[1] = judged->loss / judgements;
	ctx->loss_name[2] = "zeros"; /* what zr has of the generator's */
	ctx->loss[2] = made->zeros / makings;
	ctx->gradient_norm /= (double)cfgan_batch_count(&f->batch) * f->rule.g_passes;
	ctx->lr = f->rule.lr;
}

bool cfgan_fit_epoch(struct cfgan_fit *f, struct cfgan_net *n, struct fit_ctx *ctx, struct err *err)
{
	struct result judged = { 0 }, made = { 0 };
	const char *tensor;

	f->net = n;
	f->draw = (struct cfgan_draw){ .pm = f->rule.pm, .drop = f->rule.drop, .seed = ctx->seed, .epoch = ctx->epoch };
	if (!make_slots(f, task_slots(ctx->task), err))
		return false;
	ctx->gradient_norm = 0;
	ctx->examples = 0;
	for (; f->draw.pass < f->rule.d_passes + f->rule.g_passes; f->draw.pass++)
		if (!run_pass(f, ctx, f->draw.pass < f->rule.d_passes ? &judged : &made, err))
			return false;
	tensor = spoilt(n);
	if (tensor)
		return f->k--, diverged(f, "", tensor, err); /* what the last step spoilt */
	tell(f, ctx, &judged, &made);
	return true;
}
