/* SPDX-License-Identifier: GPL-3.0-or-later */
/* neumf_fit.c - see neumf_fit.h. */
#include "model/neumf_fit.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "num/embedding.h"
#include "num/kern.h"
#include "num/loss.h"

enum { GROUP_ROWS = 128, MOST_CHUNKS = 16, TRIES = 16 };

struct table { /* the vectors of users or of items, in training */
	struct row_grads *touched;
	struct optim optim;
	float *dense; /* with dense adam: the gradient of every row */
	float *d;     /* [entries][D] gradients of this batch's rows */
};

struct neumf_fit {
	struct neumf_rule rule;
	const struct csr *x; /* borrowed */
	uint32_t *user, *order; /* [events]: whose it is; the events by this epoch's turn */
	size_t n_events, per_batch, each;
	struct table users, items;
	struct optim dense;
	float *turned, *grad[MOST_CHUNKS];
	double *loss; /* [groups] */
	void **work;  /* [n_slots] */
	unsigned n_slots;
	/* Of the present batch: */
	struct neumf_net *net;
	uint64_t seed;
	uint32_t epoch;
	size_t batch, first, E, n_groups, n_chunks;
};

struct optim *neumf_fit_optim(struct neumf_fit *f, unsigned which)
{
	return which == NEUMF_DENSE ? &f->dense : which == NEUMF_USERS ? &f->users.optim : &f->items.optim;
}

/* --- Memory ------------------------------------------------------------------------- */

static size_t events_a_batch(const struct neumf_rule *r)
{
	size_t n = r->batch / (1 + r->negatives);

	return n ? n : 1;
}

static size_t groups_of(size_t E, size_t each)
{
	size_t n = E * each / GROUP_ROWS;

	return n < 1 ? 1 : n > E ? E : n;
}

static size_t chunks_of(size_t groups)
{
	return groups < MOST_CHUNKS ? groups : MOST_CHUNKS;
}

/* Events of a group, at most, whatever part of a batch it is cut from. */
static size_t group_cap(size_t per_batch, size_t each)
{
	size_t most = 2 * GROUP_ROWS / each + 2;

	return per_batch < most ? per_batch : most;
}

static void table_free(struct table *t)
{
	row_grads_free(t->touched);
	optim_done(&t->optim);
	mem_free(t->dense);
	mem_free(t->d);
}

static bool table_make(struct table *t, const struct neumf_rule *r, uint32_t rows, uint32_t D, size_t entries,
		       struct err *err)
{
	size_t all = (size_t)rows * D;

	if (!(t->touched = row_grads_new(rows, D, err)) || !row_grads_begin(t->touched, entries, err) ||
	    !(t->d = mem_alloc(entries * D, sizeof(*t->d), err)) || !optim_init(&t->optim, &r->optim, all, err))
		return false;
	if (r->adam == NEUMF_DENSE_ADAM)
		return (t->dense = mem_alloc(all, sizeof(*t->dense), err)) != NULL;
	return r->adam == NEUMF_LAZY || optim_coast(&t->optim, &r->optim, D, err);
}

static uint64_t table_bytes(const struct neumf_rule *r, uint32_t rows, uint32_t D, size_t entries)
{
	size_t all = (size_t)rows * D;

	return row_grads_bytes(rows, D, entries) + optim_bytes(&r->optim, all) +
	       (entries * D + (r->adam == NEUMF_DENSE_ADAM ? all : 0)) * sizeof(float) +
	       (r->adam == NEUMF_DEFERRED ? optim_coast_bytes(rows) : 0);
}

static bool list_users(struct neumf_fit *f, struct err *err)
{
	size_t n = csr_n(f->x);

	f->user = mem_alloc(n + 1, sizeof(*f->user), err);
	f->order = f->user ? mem_alloc(n + 1, sizeof(*f->order), err) : NULL;
	for (uint32_t u = 0; f->order && u < f->x->rows; u++)
		for (size_t e = f->x->ptr[u]; e < f->x->ptr[u + 1]; e++)
			f->user[e] = u;
	return f->order != NULL;
}

static bool make_gradients(struct neumf_fit *f, const struct neumf_net *n, struct err *err)
{
	size_t groups = groups_of(f->per_batch, f->each);

	for (size_t c = 0; c < chunks_of(groups); c++)
		if (!(f->grad[c] = mem_alloc(n->t.size, sizeof(float), err)))
			return false;
	return (f->loss = mem_alloc(groups, sizeof(*f->loss), err)) &&
	       (f->turned = mem_alloc(n->t.size, sizeof(float), err)) &&
	       optim_init(&f->dense, &f->rule.optim, n->t.size, err) &&
	       table_make(&f->users, &f->rule, n->U, n->D, f->per_batch, err) &&
	       table_make(&f->items, &f->rule, n->I, n->D, f->per_batch * f->each, err);
}

struct neumf_fit *neumf_fit_new(const struct neumf_net *n, const struct neumf_rule *r, const struct csr *x,
				struct err *err)
{
	struct neumf_fit *f = mem_zeroed(1, sizeof(*f), err);

	if (!f)
		return NULL;
	f->rule = *r;
	f->x = x;
	f->each = 1 + (size_t)r->negatives;
	f->per_batch = events_a_batch(r);
	if (f->per_batch > csr_n(x))
		f->per_batch = csr_n(x) ? csr_n(x) : 1;
	if (list_users(f, err) && make_gradients(f, n, err))
		return f;
	neumf_fit_free(f);
	return NULL;
}

static void free_slots(struct neumf_fit *f)
{
	for (unsigned s = 0; s < f->n_slots; s++)
		mem_free(f->work[s]);
	mem_free(f->work);
	f->work = NULL;
	f->n_slots = 0;
}

static bool make_slots(struct neumf_fit *f, unsigned n_slots, struct err *err)
{
	size_t cap = group_cap(f->per_batch, f->each), size = neumf_work_size(f->net, cap, cap * f->each);

	if (f->n_slots >= n_slots)
		return true;
	free_slots(f);
	f->work = mem_zeroed(n_slots, sizeof(*f->work), err);
	if (!f->work)
		return false;
	for (f->n_slots = 0; f->n_slots < n_slots; f->n_slots++) {
		f->work[f->n_slots] = mem_alloc(1, size, err);
		if (!f->work[f->n_slots]) {
			free_slots(f);
			return false;
		}
	}
	return true;
}

void neumf_fit_free(struct neumf_fit *f)
{
	if (!f)
		return;
	free_slots(f);
	for (size_t c = 0; c < MOST_CHUNKS; c++)
		mem_free(f->grad[c]);
	table_free(&f->users);
	table_free(&f->items);
	optim_done(&f->dense);
	mem_free(f->user);
	mem_free(f->order);
	mem_free(f->turned);
	mem_free(f->loss);
	mem_free(f);
}

uint64_t neumf_fit_bytes(const struct neumf_net *n, const struct neumf_rule *r, size_t events, unsigned slots)
{
	size_t each = 1 + (size_t)r->negatives, batch = events_a_batch(r) < events ? events_a_batch(r) : events;
	size_t groups = groups_of(batch, each), cap = group_cap(batch, each), dense = neumf_dense_size(n);

	return sizeof(struct neumf_fit) + 2 * (uint64_t)events * sizeof(uint32_t) + groups * sizeof(double) +
	       (chunks_of(groups) + 1) * dense * sizeof(float) + optim_bytes(&r->optim, dense) +
	       table_bytes(r, n->U, n->D, batch) + table_bytes(r, n->I, n->D, batch * each) +
	       slots * (uint64_t)neumf_work_size(n, cap, cap * each);
}

static double hidden(const struct neumf_net *n, double *widths)
{
	double sum = n->L[n->n - 1] + n->G;

	*widths = n->L[0];
	for (unsigned k = 1; k < n->n; k++) {
		sum += (double)n->L[k - 1] * n->L[k];
		*widths += n->L[k];
	}
	return sum;
}

/* A pair goes forward, and twice as much backward, through layers so small that products run at a third of their
 * speed.  A batch that is one chunk is one thread's; what follows it, the
 * sums of gradients and the steps on what was touched, is too short for more. */
void neumf_fit_effort(const struct neumf_net *n, const struct neumf_rule *r, const struct model_shape *s,
		      struct effort *e)
{
	double E = (double)s->n_events, each = 1 + (double)r->negatives, per_batch = fmin((double)events_a_batch(r), E);
	double batches = per_batch > 0 ? ceil(E / per_batch) : 0, widths, above = hidden(n, &widths);
	double dense = (double)neumf_dense_size(n), met = per_batch * (1 + each) * n->D;
	double stepped = r->adam == NEUMF_DENSE_ADAM ? (double)(n->U + n->I) * n->D : r->adam == NEUMF_DEFERRED ? 1.5 * met : met;
	size_t chunks = chunks_of(groups_of((size_t)per_batch, (size_t)each));
	double *work = chunks > 1 ? e->shared : e->alone;

	work[EFFORT_PRODUCT] += 9 * E * ((each + 1) * n->M * n->L[0] + each * above);
	work[EFFORT_PASS] += E * each * (8 * widths + 3 * n->D);
	work[EFFORT_DRAW] += E * (each - 1) * (5 + log2((double)s->n_events / (s->n_users + 1.0) + 2)) +
			     (n->dropout > 0 ? E * each * widths / 4 : 0);
	e->alone[effort_rows((double)(n->U + n->I) * n->D * sizeof(float))] += 2 * E * (1 + each) * n->D;
	e->alone[EFFORT_PASS] += batches * ((double)chunks * dense + 10 * (dense + stepped));
	e->alone[EFFORT_DRAW] += 6 * E * (1 + each);
}

/* --- What a batch holds --------------------------------------------------------------------- */

uint32_t neumf_absent_item(const struct csr *x, uint32_t u, uint32_t rank)
{
	const uint32_t *items = csr_row(x, u);
	uint32_t lo = 0, hi = (uint32_t)csr_row_n(x, u);

	/* How many of the row's items lie before it: items[k] - k items are absent before the k-th. */
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (items[mid] - mid <= rank)
			lo = mid + 1;
		else
			hi = mid;
	}
	return rank + lo;
}

static void shuffle(struct neumf_fit *f)
{
	struct rng r = rng_stream(f->seed, "neumf.order", f->epoch, 0);

	f->n_events = 0;
	for (uint32_t u = 0; u < f->x->rows; u++)
		for (size_t e = f->x->ptr[u]; e < f->x->ptr[u + 1] && csr_row_n(f->x, u) < f->x->cols; e++)
			f->order[f->n_events++] = (uint32_t)e;
	rng_shuffle_u32(&r, f->order, f->n_events);
}

/* Row of the work: the pair of an event's user with an item. */
static void fill_row(const struct neumf_fit *f, struct neumf_work *w, size_t row, uint32_t item, float label)
{
	const struct neumf_net *n = f->net;

	optim_row(&f->items.optim, &f->rule.optim, n->Q, n->D, item, (float)f->rule.lr, w->q + row * n->D);
	w->item[row] = item;
	w->label[row] = label;
}

/* An item that u has no event with, alike. */
static uint32_t draw_absent(const struct csr *x, uint32_t u, struct rng *r)
{
	return neumf_absent_item(x, u, rng_below(r, x->cols - (uint32_t)csr_row_n(x, u)));
}

/* The vectors and labels of events from .. to - 1 of the batch. */
static void fill_group(const struct neumf_fit *f, struct neumf_work *w, size_t from, size_t to, struct rng *r)
{
	const struct neumf_net *n = f->net;

	for (size_t e = from; e < to; e++) {
		uint32_t event = f->order[f->first + e], u = f->user[event];
		size_t row = (e - from) * f->each;

		optim_row(&f->users.optim, &f->rule.optim, n->P, n->D, u, (float)f->rule.lr, w->p + (e - from) * n->D);
		fill_row(f, w, row, f->x->idx[event], 1);
		for (size_t k = 1; k < f->each; k++)
			fill_row(f, w, row + k, draw_absent(f->x, u, r), 0);
	}
}

/* Where the rows' gradients will stand, and whose they are. */
static void list_gradients(const struct neumf_fit *f, const struct neumf_work *w, size_t from, size_t to)
{
	size_t D = f->net->D, first = from * f->each;

	for (size_t e = from; e < to; e++)
		f->users.touched->entry[e] = (struct row_grad){ .from = f->users.d + e * D,
								.row = f->user[f->order[f->first + e]], .coef = 1 };
	for (size_t r = first; r < to * f->each; r++)
		f->items.touched->entry[r] = (struct row_grad){ .from = f->items.d + r * D, .row = w->item[r - first],
								.coef = 1 };
}

/* --- One batch: chunks forward and backward ------------------------------------------------- */

/* The gradient of l2 / 2 |row|^2 in the loss of `pairs` pairs: d [n][D] += pairs' share of it, x [n][D]. */
static void add_l2(const struct neumf_fit *f, float *d, const float *x, size_t n, size_t pairs)
{
	float each = f->rule.l2 * (float)pairs / (float)(f->E * f->each);

	if (each > 0)
		kern()->axpy(each, x, d, n * f->net->D);
}

/* Whether the product and the perceptron are trained each for itself still. */
static bool apart(const struct neumf_fit *f)
{
	return f->rule.pretrain && f->epoch <= f->rule.pretrain;
}

static void run_group(struct neumf_fit *f, size_t chunk, size_t group, void *memory)
{
	const struct neumf_net *n = f->net;
	size_t from = group * f->E / f->n_groups, to = (group + 1) * f->E / f->n_groups, E = to - from, R = E * f->each;
	uint64_t place = (uint64_t)f->batch << 32 | group;
	struct rng draws = rng_stream(f->seed, "neumf.negatives", f->epoch, place);
	struct rng drops = rng_stream(f->seed, "neumf.dropout", f->epoch, place);
	bool dropped = n->dropout > 0;
	float weight = 1.0f / (float)(f->E * f->each);
	struct neumf_work w;

	neumf_work_lay(&w, memory, n, E, R);
	fill_group(f, &w, from, to, &draws);
	list_gradients(f, &w, from, to);
	neumf_forward(n, &w, E, f->each, dropped ? &drops : NULL);
	memset(w.ds, 0, R * sizeof(*w.ds));
	f->loss[group] = apart(f) ? neumf_loss_apart(n, &w, weight, R) : loss_bce(w.ds, w.s, w.label, weight, R);
	neumf_backward(n, f->turned, &w, E, f->each, dropped, f->users.d + from * n->D, f->items.d + from * f->each * n->D,
		       f->grad[chunk]);
	add_l2(f, f->users.d + from * n->D, w.p, E, f->each);
	add_l2(f, f->items.d + from * f->each * n->D, w.q, R, 1);
}

static void run_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct neumf_fit *f = ctx;
	size_t from = chunk * f->n_groups / f->n_chunks, to = (chunk + 1) * f->n_groups / f->n_chunks;

	memset(f->grad[chunk], 0, f->net->t.size * sizeof(float));
	for (size_t g = from; g < to; g++)
		run_group(f, chunk, g, f->work[slot]);
}

/* --- One batch: the step --------------------------------------------------------------------- */

static bool diverged(const struct neumf_fit *f, const char *kind, const char *tensor, struct err *err)
{
	return err_set(err, ERR_NUMERIC, "neumf: epoch %u, batch %zu: %s%s grew beyond all numbers: a smaller lr helps",
		       (unsigned)f->epoch, f->batch + 1, kind, tensor);
}

static const char *spoilt_weights(const struct neumf_net *n)
{
	if (!floats_finite(n->P, (size_t)n->U * n->D))
		return "users";
	if (!floats_finite(n->Q, (size_t)n->I * n->D))
		return "items";
	return tensors_spoilt(&n->t, n->t.w);
}

static bool check_gradients(const struct neumf_fit *f, double norm2, struct err *err)
{
	const char *tensor;

	if (isfinite(norm2))
		return true;
	tensor = tensors_spoilt(&f->net->t, f->grad[0]);
	return diverged(f, "the gradient of ", tensor ? tensor : "the vectors", err);
}

static bool sum_rows(struct table *t, size_t entries, uint32_t D, double *norm2, const struct task *task, struct err *err)
{
	t->touched->n = entries;
	if (!row_grads_sum(t->touched, task, err))
		return false;
	*norm2 += optim_norm2(t->touched->sum, t->touched->n_touched * D);
	return true;
}

static bool step_rows(struct neumf_fit *f, struct table *t, float *rows, const struct task *task)
{
	const struct optim_rule *rule = &f->rule.optim;
	float lr = (float)f->rule.lr;

	if (f->rule.adam != NEUMF_DENSE_ADAM)
		return optim_step_rows(&t->optim, rule, rows, f->net->D, t->touched->touched, t->touched->sum,
				       t->touched->n_touched, lr, 1, task);
	memset(t->dense, 0, t->optim.n * sizeof(*t->dense));
	row_grads_add_to(t->touched, t->dense);
	return optim_step(&t->optim, rule, rows, t->dense, lr, 1, task);
}

/* Rows that coast come to where they are by now: others read the tables after an epoch. */
static bool settle(struct neumf_fit *f, struct neumf_net *n, const struct task *t)
{
	const struct optim_rule *rule = &f->rule.optim;
	float lr = (float)f->rule.lr;

	return optim_settle(&f->users.optim, rule, n->P, n->D, lr, t) && optim_settle(&f->items.optim, rule, n->Q, n->D, lr, t);
}

static bool step(struct neumf_fit *f, struct fit_ctx *ctx, struct err *err)
{
	struct neumf_net *n = f->net;
	const struct task *t = ctx->task;
	double norm2 = 0;

	if (!tensors_reduce(f->grad[0], f->grad, f->n_chunks, n->t.size, t))
		return task_cancelled(err);
	if (!sum_rows(&f->users, f->E, n->D, &norm2, t, err) ||
	    !sum_rows(&f->items, f->E * f->each, n->D, &norm2, t, err))
		return false;
	norm2 += optim_norm2(f->grad[0], n->t.size);
	if (!check_gradients(f, norm2, err))
		return false;
	ctx->gradient_norm += sqrt(norm2);
	return (optim_step(&f->dense, &f->rule.optim, n->t.w, f->grad[0], (float)f->rule.lr, 1, t) &&
		step_rows(f, &f->users, n->P, t) && step_rows(f, &f->items, n->Q, t)) ||
	       task_cancelled(err);
}

static bool run_batch(struct neumf_fit *f, struct fit_ctx *ctx, struct err *err)
{
	double loss = 0;

	f->first = f->batch * f->per_batch;
	f->E = f->n_events - f->first < f->per_batch ? f->n_events - f->first : f->per_batch;
	f->n_groups = groups_of(f->E, f->each);
	f->n_chunks = chunks_of(f->n_groups);
	neumf_turn(f->net, f->turned);
	if (!task_chunks(ctx->task, f->n_chunks, run_chunk, f))
		return task_cancelled(err);
	for (size_t g = 0; g < f->n_groups; g++)
		loss += f->loss[g];
	if (!isfinite(loss)) {
		const char *tensor = spoilt_weights(f->net);

		return diverged(f, "", tensor ? tensor : "the scores", err);
	}
	ctx->loss[0] += loss;
	return step(f, ctx, err);
}

bool neumf_fit_epoch(struct neumf_fit *f, struct neumf_net *n, struct fit_ctx *ctx, struct err *err)
{
	const char *tensor;
	size_t batches;

	f->net = n;
	f->seed = ctx->seed;
	f->epoch = ctx->epoch;
	if (!make_slots(f, task_slots(ctx->task), err))
		return false;
	if (f->rule.pretrain && f->epoch == f->rule.pretrain + 1)
		neumf_join(n);
	optim_settled(&f->users.optim, n->D); /* as they were loaded, where this is a resume */
	optim_settled(&f->items.optim, n->D);
	shuffle(f);
	batches = (f->n_events + f->per_batch - 1) / f->per_batch;
	ctx->loss[0] = ctx->gradient_norm = 0;
	for (f->batch = 0; f->batch < batches; f->batch++) {
		if (!run_batch(f, ctx, err))
			return false;
		task_progress(ctx->task, f->batch + 1, batches);
	}
	if (!settle(f, n, ctx->task))
		return task_cancelled(err);
	tensor = spoilt_weights(n); /* by the last step */
	if (tensor)
		return f->batch--, diverged(f, "", tensor, err);
	ctx->examples = f->n_events * f->each;
	ctx->loss[0] /= ctx->examples ? (double)ctx->examples : 1;
	ctx->gradient_norm /= batches ? (double)batches : 1;
	ctx->lr = f->rule.lr;
	ctx->n_loss = 1;
	ctx->loss_name[0] = "loss";
	return true;
}

/* --- The loss on valid events --------------------------------------------------------------- */

struct valid_run {
	const struct neumf_fit *f;
	const struct csr *events;
	uint32_t *user, *item; /* [n] of those that are asked for */
	size_t n, a_group;
	double *loss;          /* [groups] */
	uint64_t seed;
};

static void valid_chunk(void *ctx, size_t chunk, unsigned slot)
{
	const struct valid_run *v = ctx;
	const struct neumf_fit *f = v->f;
	const struct neumf_net *n = f->net;
	size_t from = chunk * v->a_group, E = v->n - from < v->a_group ? v->n - from : v->a_group;
	struct rng r = rng_stream(v->seed, "neumf.valid", 0, chunk);
	struct neumf_work w;

	neumf_work_lay(&w, f->work[slot], n, E, E * f->each);
	for (size_t e = 0; e < E; e++) {
		uint32_t u = v->user[from + e], item = v->item[from + e];

		memcpy(w.p + e * n->D, n->P + (size_t)u * n->D, n->D * sizeof(float));
		fill_row(f, &w, e * f->each, item, 1);
		for (size_t k = 1; k < f->each; k++) {
			for (int t = 0; t < TRIES && (!t || csr_has(v->events, u, item)); t++)
				item = draw_absent(f->x, u, &r);
			fill_row(f, &w, e * f->each + k, item, 0);
		}
	}
	neumf_forward(n, &w, E, f->each, NULL);
	memset(w.ds, 0, E * f->each * sizeof(*w.ds));
	v->loss[chunk] = apart(f) ? neumf_loss_apart(n, &w, 0, E * f->each) : loss_bce(w.ds, w.s, w.label, 0, E * f->each);
}

/* Of users who have been trained on, and lack an item. */
static void list_valid(struct valid_run *v)
{
	const struct csr *x = v->f->x;

	for (uint32_t u = 0; u < v->events->rows; u++) {
		size_t known = csr_row_n(x, u);

		for (size_t e = v->events->ptr[u]; known && known < x->cols && e < v->events->ptr[u + 1]; e++) {
			v->user[v->n] = u;
			v->item[v->n++] = v->events->idx[e];
		}
	}
}

bool neumf_fit_valid_loss(struct neumf_fit *f, struct neumf_net *n, const struct csr *valid, uint64_t seed,
			  const struct task *t, double *out, struct err *err)
{
	struct valid_run v = { .f = f, .events = valid, .seed = seed, .a_group = group_cap(f->per_batch, f->each) };
	size_t groups = csr_n(valid) / v.a_group + 1;
	double sum = 0;
	bool done;

	f->net = n;
	done = make_slots(f, task_slots(t), err) && (v.user = mem_alloc(csr_n(valid) + 1, sizeof(*v.user), err)) &&
	       (v.item = mem_alloc(csr_n(valid) + 1, sizeof(*v.item), err)) &&
	       (v.loss = mem_alloc(groups, sizeof(*v.loss), err));
	if (done) {
		list_valid(&v);
		groups = (v.n + v.a_group - 1) / v.a_group;
		done = task_chunks(t, groups, valid_chunk, &v) || task_cancelled(err);
	}
	for (size_t g = 0; done && g < groups; g++)
		sum += v.loss[g];
	*out = v.n ? sum / (double)(v.n * f->each) : NAN;
	mem_free(v.user);
	mem_free(v.item);
	mem_free(v.loss);
	return done;
}
