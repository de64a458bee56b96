/* SPDX-License-Identifier: GPL-3.0-or-later */
/* towers_net.c - see towers_net.h. */
#include "model/towers_net.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "model/vectors.h"
#include "num/dropout.h"
#include "num/kern.h"
#include "num/linalg.h"
#include "num/linear.h"
#include "num/loss.h"

#define SIGMA 0.1 /* of a vector's length at the start */

/* --- The weights --------------------------------------------------------------------- */

static void list_tensors(struct towers_net *n, struct tensors *t, bool people_alone)
{
	size_t D = n->D;

	if (n->project) {
		n->W1 = tensors_add(t, "user.weight", D, D);
		n->b = tensors_add(t, "user.bias", D, 0);
	}
	if (n->project && !people_alone) {
		n->W3 = tensors_add(t, "item.weight", D, D);
		n->b3 = tensors_add(t, "item.bias", D, 0);
	}
	if (n->history)
		n->W2 = tensors_add(t, "history.weight", D, D);
	if (!people_alone)
		towers_features_list(&n->features, t, n->features.text != NULL);
}

bool towers_net_make_people(struct towers_net *n, struct err *err)
{
	n->t = (struct tensors){ 0 };
	list_tensors(n, &n->t, true);
	return tensors_make(&n->t, err);
}

uint64_t towers_net_bytes(const struct towers_net *n)
{
	struct towers_net listed = *n;
	struct tensors t = { 0 };
	uint64_t rows = (uint64_t)n->U + (n->history ? 2 : 1) * (uint64_t)n->I + towers_n_tags(&n->features);

	list_tensors(&listed, &t, false);
	return (rows * n->D + t.size) * sizeof(float);
}

bool towers_net_make(struct towers_net *n, struct err *err)
{
	size_t D = n->D, n_tags = towers_n_tags(&n->features);

	n->t = (struct tensors){ 0 };
	list_tensors(n, &n->t, false);
	n->past = n->tags = NULL;
	n->users = mem_zeroed(n->U * D, sizeof(float), err);
	n->items = n->users ? mem_zeroed(n->I * D, sizeof(float), err) : NULL;
	if (n->items && (!n->history || (n->past = mem_zeroed(n->I * D, sizeof(float), err))) &&
	    (!n_tags || (n->tags = mem_zeroed(n_tags * D, sizeof(float), err))) && tensors_make(&n->t, err))
		return true;
	return false;
}

void towers_net_done(struct towers_net *n)
{
	towers_features_done(&n->features);
	packed_tensors_done(&n->dense);
	tensors_done(&n->t);
	mem_free(n->users);
	mem_free(n->items);
	mem_free(n->past);
	mem_free(n->tags);
	n->users = n->items = n->past = n->tags = NULL;
	packed_done(&n->packed_users);
	packed_done(&n->packed_past);
}

static void clear_without_events(float *v, const struct csr *x, size_t D)
{
	for (uint32_t r = 0; r < x->rows; r++)
		if (!csr_row_n(x, r))
			memset(v + r * D, 0, D * sizeof(*v));
}

/* A matrix that hands on what comes in, and a little of everything else. */
static void fill_near_identity(float *W, size_t D, struct rng *r)
{
	tensors_fill_normal(W, D * D, 0.1 / sqrt((double)D), r);
	for (size_t d = 0; d < D; d++)
		W[d * D + d] += 1;
}

void towers_net_fill(struct towers_net *n, const struct csr *x, const struct csr *xt, uint64_t seed)
{
	struct rng r = rng_stream(seed, "towers.weights", 0, 0);
	size_t D = n->D;

	vectors_init(n->users, n->U, n->D, SIGMA, seed, "towers.users");
	vectors_init(n->items, n->I, n->D, SIGMA, seed, "towers.items");
	clear_without_events(n->users, x, D);
	clear_without_events(n->items, xt, D);
	if (n->tags)
		vectors_init(n->tags, towers_n_tags(&n->features), n->D, SIGMA, seed, "towers.tags");
	if (n->history) {
		vectors_init(n->past, n->I, n->D, SIGMA, seed, "towers.past");
		clear_without_events(n->past, xt, D);
		if (n->features.text)
			linalg_axpy(1, n->features.text->mean, n->past, n->I * D);
		fill_near_identity(n->t.w + n->W2, D, &r);
	}
	if (n->project) {
		fill_near_identity(n->t.w + n->W1, D, &r);
		fill_near_identity(n->t.w + n->W3, D, &r);
	}
	if (n->features.text)
		tensors_fill_normal(n->t.w + n->features.W4, D * D, SIGMA / sqrt((double)D), &r);
	for (size_t m = 0; m < n->features.n_modalities; m++)
		tensors_fill_normal(n->t.w + n->features.P[m], ((size_t)n->features.modality[m].dim + 1) * D,
				    SIGMA / sqrt((double)D), &r);
}

void towers_net_copy_weights(struct towers_net *to, const struct towers_net *from)
{
	size_t D = from->D;

	memcpy(to->users, from->users, from->U * D * sizeof(float));
	memcpy(to->items, from->items, from->I * D * sizeof(float));
	if (from->past)
		memcpy(to->past, from->past, from->I * D * sizeof(float));
	if (from->tags)
		memcpy(to->tags, from->tags, towers_n_tags(&from->features) * D * sizeof(float));
	memcpy(to->t.w, from->t.w, from->t.size * sizeof(float));
}

/* --- The towers ------------------------------------------------------------------------ */

/* act = in W + b, or in as it is. */
static void project(const struct towers_net *n, float *act, const float *in, size_t W, size_t b, size_t R)
{
	if (n->project)
		linear_forward(act, in, n->t.w + W, n->t.w + b, R, n->D, n->D);
	else
		memcpy(act, in, R * n->D * sizeof(*act));
}

static void project_backward(const struct towers_net *n, float *din, float *grad, const float *dpre, const float *in,
			     size_t W, size_t b, size_t R)
{
	if (!n->project) {
		memcpy(din, dpre, R * n->D * sizeof(*din));
		return;
	}
	memset(din, 0, R * n->D * sizeof(*din));
	linear_backward(din, grad + W, grad + b, dpre, in, n->t.w + W, R, n->D, n->D);
}

static void finish(const struct towers_net *n, const struct tower *t, enum activation a, size_t R)
{
	size_t all = R * n->D;

	activation_forward(a, t->act, t->act, all);
	if (t->mask)
		dropout_forward(t->out, t->act, t->mask, all, t->dropout);
	else
		memcpy(t->out, t->act, all * sizeof(*t->out));
	if (n->cosine)
		unit_rows_forward(t->out, t->norm, t->out, R, n->D);
}

/* dpre: the gradient before the activation. */
static void finish_backward(const struct towers_net *n, const struct tower *t, enum activation a, float *dout,
			    float *dpre, size_t R)
{
	size_t all = R * n->D;

	if (n->cosine) {
		memset(dpre, 0, all * sizeof(*dpre));
		unit_rows_backward(dpre, dout, t->out, t->norm, R, n->D);
		memcpy(dout, dpre, all * sizeof(*dpre));
	}
	if (t->mask)
		dropout_backward_in_place(dout, t->mask, all, t->dropout);
	memset(dpre, 0, all * sizeof(*dpre));
	activation_backward(a, dpre, dout, NULL, t->act, all);
}

static float *take(float **at, size_t n)
{
	float *p = *at;

	*at += (n + 15) / 16 * 16;
	return p;
}

struct tower tower_lay(const struct towers_net *n, float **at, size_t rows)
{
	struct tower t = { 0 };

	t.in = take(at, rows * n->D);
	t.mean = take(at, rows * n->D);
	t.act = take(at, rows * n->D);
	t.norm = take(at, rows);
	return t;
}

size_t tower_floats(const struct towers_net *n, size_t rows)
{
	return 3 * (rows * n->D + 15) + rows + 15;
}

void towers_people(const struct towers_net *n, const struct tower *t, size_t R)
{
	size_t D = n->D;

	project(n, t->act, t->in, n->W1, n->b, R);
	if (n->history)
		kern()->gemm(&(struct kern_gemm){ .c = t->act, .ldc = D, .a = t->mean, .a_row = D, .a_col = 1,
						  .b = n->t.w + n->W2, .ldb = D, .m = R, .n = D, .K = D, .add = true });
	finish(n, t, towers_f(n), R);
}

void towers_people_backward(const struct towers_net *n, const struct tower *t, float *dout, float *din, float *dmean,
			    float *grad, size_t R)
{
	float *dpre = dmean;

	finish_backward(n, t, towers_f(n), dout, dpre, R);
	project_backward(n, din, grad, dpre, t->in, n->W1, n->b, R);
	if (!n->history)
		return;
	/* forward: pre += mean W2 */
	memcpy(dout, dpre, R * n->D * sizeof(*dout));
	memset(dmean, 0, R * n->D * sizeof(*dmean));
	linear_backward(dmean, grad + n->W2, NULL, dout, t->mean, n->t.w + n->W2, R, n->D, n->D);
}

void towers_items(const struct towers_net *n, const struct tower *t, const uint32_t *item, size_t M,
		  const struct towers_without *without, float *work)
{
	project(n, t->act, t->in, n->W3, n->b3, M);
	towers_content(&n->features, n->t.w, n->tags, item, M, without, t->act, work);
	finish(n, t, towers_g(n), M);
}

void towers_items_backward(const struct towers_net *n, const struct tower *t, const uint32_t *item, float *dout,
			   float *din, float *dpre, float *grad, struct row_grad *tag_entry, size_t M, float *work)
{
	finish_backward(n, t, towers_g(n), dout, dpre, M);
	project_backward(n, din, grad, dpre, t->in, n->W3, n->b3, M);
	towers_content_backward(&n->features, grad, tag_entry, dpre, item, M, work);
}

void towers_sum_past(const struct towers_net *n, const uint32_t *item, const float *f, size_t count, float *out)
{
	size_t D = n->D;

	if (!n->past) {
		packed_sum_rows(&n->packed_past, item, f, count, 0, n->D, out);
		return;
	}
	if (D % KERN_PAD == 0) {
		kern()->combine(out, n->past, D, item, f, count, D);
		return;
	}
	memset(out, 0, D * sizeof(*out));
	for (size_t k = 0; k < count; k++)
		linalg_axpy(f[k], n->past + item[k] * D, out, D);
}

bool towers_all_items(const struct towers_net *n, float *r, struct err *err)
{
	enum { ROWS = TOWERS_ROWS };
	size_t D = n->D, work = towers_content_work(&n->features, ROWS);
	float *memory = mem_alloc(tower_floats(n, ROWS) + work + 1, sizeof(*memory), err), *at = memory;
	uint32_t item[ROWS];
	struct tower t;

	if (!memory)
		return false;
	t = tower_lay(n, &at, ROWS);
	for (uint32_t i = 0; i < n->I; i += ROWS) {
		uint32_t here = n->I - i < ROWS ? n->I - i : ROWS;

		for (uint32_t k = 0; k < here; k++)
			item[k] = i + k;
		memcpy(t.in, n->items + i * D, here * D * sizeof(float));
		t.out = r + i * D;
		towers_items(n, &t, item, here, NULL, at);
	}
	mem_free(memory);
	return true;
}
