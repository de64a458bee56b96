/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sasrec_fit.c - see sasrec_fit.h. */
#include "model/sasrec_fit.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "model/rows.h"
#include "model/sasrec_valid.h"
#include "num/embedding.h"
#include "num/linalg.h"

enum { MOST_CHUNKS = 16, CE_CHUNKS = 4 };

struct slot { /* memory of one thread */
	void *work;
	float *dh;     /* [rows][D] */
	float *scores; /* what the loss needs */
	uint32_t *item;
};

struct sasrec_fit {
	struct sasrec_rule rule;
	const struct csr *x;  /* borrowed: who has what */
	struct sasrec_batch batch;
	size_t rows, squares; /* of a group, at most */
	struct slot *slot;
	unsigned n_slots;
	float *h, *dx;        /* [batch.cap][D] */
	float *dneg;          /* sampled-ce: [groups][negatives][D] */
	float *grad[MOST_CHUNKS], *dE[CE_CHUNKS];
	double *loss;         /* [groups] */
	struct row_grads *touched;
	struct softmax_all *all;
	struct optim dense, items;
	/* Of the present batch: */
	struct sasrec_net *net;
	uint64_t seed;
	uint32_t epoch;
	size_t k, n_chunks;
};

struct optim *sasrec_fit_dense(struct sasrec_fit *f)
{
	return &f->dense;
}

struct optim *sasrec_fit_items(struct sasrec_fit *f)
{
	return &f->items;
}

/* --- Memory ------------------------------------------------------------------------- */

static bool steps_all_items(const struct sasrec_rule *r)
{
	return r->loss == SASREC_CE || !r->lazy;
}

static size_t chunks_at_most(const struct sasrec_rule *r, size_t groups)
{
	size_t most = r->loss == SASREC_CE ? CE_CHUNKS : MOST_CHUNKS;

	return groups < most ? groups : most;
}

static size_t dense_blocks(const struct sasrec_rule *r, size_t groups)
{
	return r->loss == SASREC_CE ? chunks_at_most(r, groups) : steps_all_items(r);
}

static size_t entries_at_most(const struct sasrec_rule *r, size_t cap, size_t groups)
{
	if (r->loss == SASREC_CE)
		return cap;
	return r->loss == SASREC_BCE ? 3 * cap : 2 * cap + groups * r->negatives;
}

static size_t scores_size(const struct sasrec_fit *f)
{
	return sasrec_loss_floats(f->rule.loss, f->net->I, f->net->D, f->rule.negatives, f->rows);
}

static size_t items_size(const struct sasrec_fit *f)
{
	return sasrec_loss_items(f->rule.loss, f->rule.negatives, f->rows);
}

static void free_slots(struct sasrec_fit *f)
{
	for (unsigned s = 0; s < f->n_slots; s++) {
		mem_free(f->slot[s].work);
		mem_free(f->slot[s].dh);
		mem_free(f->slot[s].scores);
		mem_free(f->slot[s].item);
	}
	mem_free(f->slot);
	f->slot = NULL;
	f->n_slots = 0;
}

static bool make_slots(struct sasrec_fit *f, unsigned n_slots, struct err *err)
{
	const struct sasrec_net *n = f->net;

	if (f->n_slots >= n_slots)
		return true;
	free_slots(f);
	f->slot = mem_zeroed(n_slots, sizeof(*f->slot), err);
	if (!f->slot)
		return false;
	f->n_slots = n_slots;
	for (unsigned k = 0; k < n_slots; k++) {
		struct slot *s = &f->slot[k];

		if (!(s->work = mem_alloc(1, sasrec_work_size(n, f->rows, f->squares, true), err)) ||
		    !(s->dh = mem_alloc(f->rows * n->D, sizeof(*s->dh), err)) ||
		    !(s->scores = mem_alloc(scores_size(f), sizeof(*s->scores), err)) ||
		    !(s->item = mem_alloc(items_size(f), sizeof(*s->item), err))) {
			free_slots(f);
			return false;
		}
	}
	return true;
}

static bool make_gradients(struct sasrec_fit *f, const struct sasrec_net *n, struct err *err)
{
	size_t groups = sasrec_group_cap(&f->batch), cap = f->batch.cap, D = n->D;

	for (size_t c = 0; c < chunks_at_most(&f->rule, groups); c++)
		if (!(f->grad[c] = mem_alloc(n->t.size, sizeof(float), err)))
			return false;
	for (size_t c = 0; c < dense_blocks(&f->rule, groups); c++)
		if (!(f->dE[c] = mem_alloc((size_t)n->I * D, sizeof(float), err)))
			return false;
	if (f->rule.loss == SASREC_CE && !(f->all = softmax_all_new(n->I, n->D, err)))
		return false;
	if (f->rule.loss == SASREC_SAMPLED_CE &&
	    !(f->dneg = mem_alloc(groups * f->rule.negatives * D, sizeof(float), err)))
		return false;
	return (f->h = mem_alloc(cap * D, sizeof(float), err)) && (f->dx = mem_alloc(cap * D, sizeof(float), err)) &&
	       (f->loss = mem_alloc(groups, sizeof(*f->loss), err)) &&
	       (f->touched = row_grads_new(n->I, n->D, err)) &&
	       row_grads_begin(f->touched, entries_at_most(&f->rule, cap, groups), err) &&
	       optim_init(&f->dense, &f->rule.optim, n->t.size, err) &&
	       optim_init(&f->items, &f->rule.optim, (size_t)n->I * D, err);
}

struct sasrec_fit *sasrec_fit_new(const struct sasrec_net *n, const struct sasrec_rule *r,
				  const struct build_env *env, struct err *err)
{
	struct sasrec_fit *f = mem_zeroed(1, sizeof(*f), err);

	if (!f)
		return NULL;
	f->rule = *r;
	f->x = env->x;
	f->rows = SASREC_GROUP_ROWS + n->max_len;
	f->squares = f->rows * n->max_len;
	if (sasrec_batch_make(&f->batch, env, r->batch, n->max_len, err) && make_gradients(f, n, err))
		return f;
	sasrec_fit_free(f);
	return NULL;
}

void sasrec_fit_free(struct sasrec_fit *f)
{
	if (!f)
		return;
	free_slots(f);
	for (size_t c = 0; c < MOST_CHUNKS; c++)
		mem_free(f->grad[c]);
	for (size_t c = 0; c < CE_CHUNKS; c++)
		mem_free(f->dE[c]);
	sasrec_batch_done(&f->batch);
	mem_free(f->h);
	mem_free(f->dx);
	mem_free(f->dneg);
	mem_free(f->loss);
	row_grads_free(f->touched);
	softmax_all_free(f->all);
	optim_done(&f->dense);
	optim_done(&f->items);
	mem_free(f);
}

uint64_t sasrec_fit_bytes(const struct sasrec_net *n, const struct sasrec_rule *r, const struct model_shape *s,
			  unsigned slots)
{
	size_t rows = SASREC_GROUP_ROWS + n->max_len, dense = sasrec_dense_size(n), table = (size_t)n->I * n->D;
	size_t cap = sasrec_batch_cap(s->n_events, r->batch, n->max_len), groups = cap / SASREC_GROUP_ROWS + 1;
	uint64_t floats = 2 * (uint64_t)cap * n->D + (dense_blocks(r, groups) + 2) * (uint64_t)table +
			  (chunks_at_most(r, groups) + 2) * (uint64_t)dense + 2 * groups;

	floats += slots * ((uint64_t)rows * n->D + sasrec_loss_floats(r->loss, n->I, n->D, r->negatives, rows) +
			   sasrec_loss_items(r->loss, r->negatives, rows));
	if (r->loss == SASREC_SAMPLED_CE)
		floats += (uint64_t)groups * r->negatives * n->D;
	return floats * sizeof(float) + slots * (uint64_t)sasrec_work_size(n, rows, rows * n->max_len, true) +
	       sasrec_batch_bytes(s, r->batch, n->max_len) + (r->loss == SASREC_CE ? softmax_all_bytes(n->I, n->D) : 0) +
	       row_grads_bytes(n->I, n->D, entries_at_most(r, cap, groups)) + sasrec_valid_bytes(n, r, slots);
}

double sasrec_row_products(const struct sasrec_net *n, double read)
{
	return n->blocks * ((double)n->D * n->D * 5 + read * n->D);
}

static double rows_read(double events, const void *ctx)
{
	return fmin(fmax(events - 1, 0), *(const double *)ctx);
}

static double rows_squared(double events, const void *ctx)
{
	double n = rows_read(events, ctx);

	return n * n;
}

/* A row forward, and twice as much backward, whose sums run slower; its loss as often over the items that it is told from. */
void sasrec_fit_effort(const struct sasrec_net *n, const struct sasrec_rule *r, const struct model_shape *s,
		       struct effort *e)
{
	double I = (double)n->I, D = (double)n->D, U = (double)s->n_users, most = (double)n->max_len;
	double rows = rows_users(s, rows_read, &most), read = rows > 0 ? rows_users(s, rows_squared, &most) / rows : 0;
	double batches = ceil(U / r->batch), all = steps_all_items(r) ? I * D : 0;
	double against = r->loss == SASREC_CE ? I : r->loss == SASREC_BCE ? 2 : 1 + (double)r->negatives;
	double chunks = (double)chunks_at_most(r, (size_t)(rows / (batches > 0 ? batches : 1) / SASREC_GROUP_ROWS) + 1);

	e->shared[EFFORT_PRODUCT] += rows * 4 * (sasrec_row_products(n, read) + against * D);
	e->shared[EFFORT_EXP] += rows * (against + n->blocks * n->heads * read);
	e->shared[EFFORT_PASS] += rows * n->blocks * D * 30 + batches * (chunks + 10) * (all + (double)n->t.size);
	e->alone[EFFORT_DRAW] += rows * 3;
	e->alone[EFFORT_NEAR] += 2 * rows * D;
	e->alone[EFFORT_PASS] += batches * 2 * all;
	e->shared[EFFORT_PRODUCT] += s->n_valid * (read * sasrec_row_products(n, read) + against * D);
	e->shared[EFFORT_EXP] += s->n_valid * against;
}

/* --- One batch: chunks forward and backward ------------------------------------------------- */

static void run_loss(struct sasrec_fit *f, size_t chunk, size_t group, struct slot *s)
{
	const struct sasrec_net *n = f->net;
	const struct sasrec_group *g = &f->batch.group[group];
	size_t all = f->batch.P, at = g->first, N = f->rule.negatives;
	struct row_grad *entry = f->touched->entry;
	struct sasrec_loss_run run = {
		.E = n->E, .I = n->I, .D = n->D, .N = f->rule.negatives, .x = f->x, .g = g,
		.target = f->batch.target + at, .weight = 1.0f / (float)all, .h = f->h + at * n->D, .dh = s->dh,
		.rng = rng_stream(f->seed, "sasrec.negatives", f->epoch, (uint64_t)f->k << 32 | group),
		.scores = s->scores, .item = s->item, .all = f->all,
	};

	if (f->rule.loss == SASREC_CE) {
		run.dE = f->dE[chunk];
	} else {
		run.of_target = entry + all + at;
		run.of_negative = entry + 2 * all + (f->rule.loss == SASREC_BCE ? at : group * N);
		run.dneg = f->dneg ? f->dneg + group * N * n->D : NULL;
	}
	f->loss[group] = sasrec_loss(f->rule.loss, &run);
}

static void run_group(struct sasrec_fit *f, size_t chunk, size_t group, struct slot *s)
{
	const struct sasrec_net *n = f->net;
	const struct sasrec_group *g = &f->batch.group[group];
	struct sasrec_pack p = { .item = f->batch.item + g->first, .start = g->start, .S = g->S, .P = g->P };
	struct rng dropout = rng_stream(f->seed, "sasrec.dropout", f->epoch, (uint64_t)f->k << 32 | group);
	float *dx = f->dx + g->first * n->D;
	bool drops = n->dropout > 0;
	struct sasrec_work w;

	sasrec_work_lay(&w, s->work, n, g->P, g->squares, true);
	sasrec_forward(n, &w, &p, f->h + g->first * n->D, drops ? &dropout : NULL);
	memset(s->dh, 0, g->P * n->D * sizeof(*s->dh));
	run_loss(f, chunk, group, s);
	sasrec_backward(n, &w, &p, s->dh, dx, f->grad[chunk], drops);
	/* forward: x = drop(sqrt(D) E[item] + position) */
	for (size_t r = 0; r < g->P; r++)
		f->touched->entry[g->first + r] =
			(struct row_grad){ .from = dx + r * n->D, .row = p.item[r], .coef = sqrtf((float)n->D) };
}

static void run_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct sasrec_fit *f = ctx;
	size_t groups = f->batch.n_groups, from = chunk * groups / f->n_chunks, to = (chunk + 1) * groups / f->n_chunks;

	memset(f->grad[chunk], 0, f->net->t.size * sizeof(float));
	if (f->rule.loss == SASREC_CE)
		memset(f->dE[chunk], 0, (size_t)f->net->I * f->net->D * sizeof(float));
	for (size_t g = from; g < to; g++)
		run_group(f, chunk, g, &f->slot[slot]);
}

/* --- One batch: the step --------------------------------------------------------------------- */

static bool diverged(const struct sasrec_fit *f, const char *kind, const char *tensor, struct err *err)
{
	return err_set(err, ERR_NUMERIC, "sasrec: epoch %u, batch %zu: %s%s grew beyond all numbers: a smaller lr "
		       "helps, or clip=1", (unsigned)f->epoch, f->k + 1, kind, tensor);
}

/* Whose numbers are no numbers, when a loss is none. */
static bool name_weights(const struct sasrec_fit *f, struct err *err)
{
	const struct sasrec_net *n = f->net;
	const char *tensor = tensors_spoilt(&n->t, n->t.w);

	if (!floats_finite(n->E, (size_t)n->I * n->D))
		tensor = "items";
	return diverged(f, "", tensor ? tensor : "the scores", err);
}

static bool check_gradients(const struct sasrec_fit *f, double norm2, struct err *err)
{
	const char *tensor;

	if (isfinite(norm2))
		return true;
	tensor = tensors_spoilt(&f->net->t, f->grad[0]);
	return diverged(f, "the gradient of ", tensor ? tensor : "items", err);
}

/* The gradient by the items: sums of the rows touched, or in dE[0] all rows. */
static bool sum_items(struct sasrec_fit *f, const struct task *t, double *norm2, struct err *err)
{
	const struct sasrec_net *n = f->net;
	size_t all = (size_t)n->I * n->D;

	f->touched->n = entries_at_most(&f->rule, f->batch.P, f->batch.n_groups);
	if (!row_grads_sum(f->touched, t, err))
		return false;
	if (!steps_all_items(&f->rule)) {
		*norm2 += optim_norm2(f->touched->sum, f->touched->n_touched * n->D);
		return true;
	}
	if (f->rule.loss != SASREC_CE)
		memset(f->dE[0], 0, all * sizeof(float));
	else if (!tensors_reduce(f->dE[0], f->dE, f->n_chunks, all, t))
		return task_cancelled(err);
	row_grads_add_to(f->touched, f->dE[0]);
	*norm2 += optim_norm2(f->dE[0], all);
	return true;
}

static bool step(struct sasrec_fit *f, const struct task *t, struct fit_ctx *ctx, struct err *err)
{
	struct sasrec_net *n = f->net;
	const struct optim_rule *rule = &f->rule.optim;
	struct optim_schedule schedule = { .lr = f->rule.lr, .warmup = f->rule.warmup };
	float lr = optim_lr(&schedule, f->dense.t), scale;
	double norm2 = 0;
	bool done;

	if (!tensors_reduce(f->grad[0], f->grad, f->n_chunks, n->t.size, t))
		return task_cancelled(err);
	if (!sum_items(f, t, &norm2, err))
		return false;
	norm2 += optim_norm2(f->grad[0], n->t.size);
	if (!check_gradients(f, norm2, err))
		return false;
	scale = optim_clip(norm2, f->rule.clip);
	ctx->gradient_norm += sqrt(norm2);
	ctx->lr = (double)lr;
	done = optim_step(&f->dense, rule, n->t.w, f->grad[0], lr, scale, t);
	if (done && steps_all_items(&f->rule))
		done = optim_step(&f->items, rule, n->E, f->dE[0], lr, scale, t);
	else if (done)
		done = optim_step_rows(&f->items, rule, n->E, n->D, f->touched->touched, f->touched->sum,
				       f->touched->n_touched, lr, scale, t);
	return done || task_cancelled(err);
}

static bool run_batch(struct sasrec_fit *f, struct fit_ctx *ctx, struct err *err)
{
	double loss = 0;

	sasrec_batch_fill(&f->batch, f->k, f->rule.drop, f->seed, f->epoch);
	f->n_chunks = chunks_at_most(&f->rule, f->batch.n_groups);
	if (f->all && !softmax_all_pack(f->all, f->net->E, ctx->task))
		return task_cancelled(err);
	if (!task_chunks(ctx->task, f->n_chunks, run_chunk, f))
		return task_cancelled(err);
	for (size_t g = 0; g < f->batch.n_groups; g++)
		loss += f->loss[g];
	if (!isfinite(loss))
		return name_weights(f, err);
	ctx->loss[0] += loss;
	ctx->examples += f->batch.P;
	return step(f, ctx->task, ctx, err);
}

bool sasrec_fit_epoch(struct sasrec_fit *f, struct sasrec_net *n, struct fit_ctx *ctx, struct err *err)
{
	size_t batches = sasrec_batch_count(&f->batch);

	f->net = n;
	f->seed = ctx->seed;
	f->epoch = ctx->epoch;
	if (!make_slots(f, task_slots(ctx->task), err))
		return false;
	sasrec_batch_shuffle(&f->batch, f->seed, f->epoch);
	ctx->loss[0] = ctx->gradient_norm = 0;
	ctx->examples = 0;
	for (f->k = 0; f->k < batches; f->k++) {
		if (!run_batch(f, ctx, err))
			return false;
		task_progress(ctx->task, f->k + 1, batches);
	}
	if (!floats_finite(n->E, (size_t)n->I * n->D) || tensors_spoilt(&n->t, n->t.w))
		return f->k--, name_weights(f, err); /* what the last step spoilt */
	ctx->loss[0] /= (double)ctx->examples;
	ctx->gradient_norm /= (double)batches;
	ctx->n_loss = 1;
	ctx->loss_name[0] = "loss";
	return true;
}

bool sasrec_fit_valid_loss(struct sasrec_fit *f, const struct sasrec_net *n, const struct build_env *env,
			   const struct task *t, double *out, struct err *err)
{
	return sasrec_valid_loss(n, &f->rule, &f->batch.seq, f->all, env, t, out, err);
}
