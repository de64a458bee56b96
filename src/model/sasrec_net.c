/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sasrec_net.c - see sasrec_net.h. */
#include "model/sasrec_net.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "num/activation.h"
#include "num/attention.h"
#include "num/dropout.h"
#include "num/embedding.h"
#include "num/layernorm.h"
#include "num/linalg.h"
#include "num/linear.h"
#include "model/vectors.h"

#define ITEM_SIGMA 0.02

/* --- The weights ------------------------------------------------------------------- */

static size_t add(struct sasrec_net *n, unsigned b, const char *name, size_t rows, size_t cols)
{
	char full[48];

	snprintf(full, sizeof(full), "blocks.%u.%s", b, name);
	return tensors_add(&n->t, full, rows, cols);
}

static void list_tensors(struct sasrec_net *n)
{
	size_t D = n->D;

	n->position = tensors_add(&n->t, "positions", n->max_len, D);
	for (unsigned b = 0; b < n->blocks; b++) {
		struct sasrec_block *k = &n->block[b];

		k->gain1 = add(n, b, "attention.norm.gain", D, 0);
		k->bias1 = add(n, b, "attention.norm.bias", D, 0);
		k->qkv = add(n, b, "attention.qkv.weight", D, 3 * D);
		k->qkv_bias = add(n, b, "attention.qkv.bias", 3 * D, 0);
		k->gain2 = add(n, b, "feed.norm.gain", D, 0);
		k->bias2 = add(n, b, "feed.norm.bias", D, 0);
		k->W1 = add(n, b, "feed.1.weight", D, D);
		k->b1 = add(n, b, "feed.1.bias", D, 0);
		k->W2 = add(n, b, "feed.2.weight", D, D);
		k->b2 = add(n, b, "feed.2.bias", D, 0);
	}
	n->gain = tensors_add(&n->t, "norm.gain", D, 0);
	n->bias = tensors_add(&n->t, "norm.bias", D, 0);
}

size_t sasrec_dense_size(const struct sasrec_net *n)
{
	struct sasrec_net listed = { .D = n->D, .blocks = n->blocks, .max_len = n->max_len };

	list_tensors(&listed);
	return listed.t.size;
}

static void fill_ones(float *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		v[i] = 1;
}

bool sasrec_net_make(struct sasrec_net *n, struct err *err)
{
	n->t = (struct tensors){ 0 };
	list_tensors(n);
	n->E = mem_zeroed((size_t)n->I * n->D, sizeof(*n->E), err);
	if (!n->E || !tensors_make(&n->t, err)) {
		sasrec_net_done(n);
		return false;
	}
	for (unsigned b = 0; b < n->blocks; b++) {
		fill_ones(n->t.w + n->block[b].gain1, n->D);
		fill_ones(n->t.w + n->block[b].gain2, n->D);
	}
	fill_ones(n->t.w + n->gain, n->D);
	return true;
}

void sasrec_net_fill(struct sasrec_net *n, uint64_t seed)
{
	struct rng r = rng_stream(seed, "sasrec.weights", 0, 0);
	size_t D = n->D;

	vectors_init(n->E, n->I, n->D, ITEM_SIGMA * sqrt((double)D), seed, "sasrec.items");
	tensors_fill_normal(n->t.w + n->position, n->max_len * D, ITEM_SIGMA, &r);
	for (unsigned b = 0; b < n->blocks; b++) {
		tensors_fill_glorot(n->t.w + n->block[b].qkv, D, 3 * D, &r);
		tensors_fill_glorot(n->t.w + n->block[b].W1, D, D, &r);
		tensors_fill_glorot(n->t.w + n->block[b].W2, D, D, &r);
	}
}

bool sasrec_net_copy(struct sasrec_net *to, const struct sasrec_net *from, struct err *err)
{
	*to = *from;
	if (!sasrec_net_make(to, err))
		return false;
	memcpy(to->E, from->E, (size_t)from->I * from->D * sizeof(*to->E));
	memcpy(to->t.w, from->t.w, from->t.size * sizeof(*to->t.w));
	return true;
}

void sasrec_net_done(struct sasrec_net *n)
{
	packed_tensors_done(&n->dense);
	packed_done(&n->items);
	tensors_done(&n->t);
	mem_free(n->E);
	n->E = NULL;
}

/* --- The work ------------------------------------------------------------------------- */

struct cursor {
	char *memory; /* NULL: only counted */
	size_t at;
};

/* The next n bytes, rounded up to a multiple of 64. */
static void *take(struct cursor *c, size_t n)
{
	void *p = c->memory ? c->memory + c->at : NULL;

	c->at += (n + 63) / 64 * 64;
	return p;
}

static size_t lay(struct sasrec_work *w, void *memory, const struct sasrec_net *n, size_t P, size_t squares,
		  bool keep)
{
	size_t rows = P * n->D * sizeof(float), one = P * sizeof(float), prob = squares * n->heads;
	struct cursor at = { .memory = memory };

	for (unsigned b = 0; b < n->blocks; b++) {
		struct sasrec_layer *l = &w->layer[b];

		if (!keep) /* all blocks in the same place, but for x, which goes back and forth */
			at.at = 0;
		l->n1 = take(&at, rows);
		l->qkv = take(&at, 3 * rows);
		l->prob = take(&at, prob * sizeof(float));
		l->x1 = take(&at, rows);
		l->n2 = take(&at, rows);
		l->f1 = take(&at, rows);
		l->mean1 = take(&at, one);
		l->rstd1 = take(&at, one);
		l->mean2 = take(&at, one);
		l->rstd2 = take(&at, one);
		l->mask_prob = keep ? take(&at, prob * sizeof(uint16_t)) : NULL;
		l->mask_f1 = keep ? take(&at, rows / 2) : NULL;
		l->mask_f2 = keep ? take(&at, rows / 2) : NULL;
	}
	for (unsigned b = 0; b <= n->blocks; b++)
		w->layer[b].x = keep || b < 2 ? take(&at, rows) : w->layer[b - 2].x;
	w->mean = take(&at, one);
	w->rstd = take(&at, one);
	w->attention = take(&at, attention_work(n->max_len) * sizeof(float));
	w->d1 = take(&at, rows);
	w->mask_x = keep ? take(&at, rows / 2) : NULL;
	w->d2 = keep ? take(&at, rows) : NULL;
	w->dqkv = keep ? take(&at, 3 * rows) : NULL;
	return at.at;
}

size_t sasrec_work_size(const struct sasrec_net *n, size_t P, size_t squares, bool keep)
{
	struct sasrec_work w;

	return lay(&w, NULL, n, P, squares, keep);
}

void sasrec_work_lay(struct sasrec_work *w, void *memory, const struct sasrec_net *n, size_t P, size_t squares,
		     bool keep)
{
	lay(w, memory, n, P, squares, keep);
}

/* --- Forward ---------------------------------------------------------------------------- */

static void drop(float *y, uint16_t *mask, size_t n, float p, struct rng *r)
{
	if (!r)
		return;
	dropout_draw(mask, n, p, r);
	dropout_forward(y, y, mask, n, p);
}

static void forward_input(const struct sasrec_net *n, float *x, const struct sasrec_pack *p)
{
	const float *position = n->t.w + n->position;

	embedding_forward(x, n->E, p->item, sqrtf((float)n->D), p->P, n->D);
	for (size_t s = 0; s < p->S; s++)
		for (size_t r = p->start[s]; r < p->start[s + 1]; r++)
			linalg_axpy(1, position + (p->start[s + 1] - 1 - r) * n->D, x + r * n->D, n->D);
}

static struct attention attention_of(const struct sasrec_net *n, const struct sasrec_pack *p, bool dropout,
				     const uint16_t *mask)
{
	return (struct attention){ .start = p->start, .S = p->S, .D = n->D, .H = n->heads, .ld = 3 * (size_t)n->D,
				   .mask = dropout && n->dropout > 0 ? mask : NULL, .p = n->dropout };
}

static void forward_block(const struct sasrec_net *n, struct sasrec_work *w, const struct sasrec_pack *p, unsigned b,
			  struct rng *dropout)
{
	const struct sasrec_block *k = &n->block[b];
	struct sasrec_layer *l = &w->layer[b];
	struct attention a = attention_of(n, p, dropout != NULL, l->mask_prob);
	const float *t = n->t.w;
	size_t D = n->D, all = p->P * D;
	float *out = w->layer[b + 1].x;

	layernorm_forward(l->n1, l->mean1, l->rstd1, l->x, t + k->gain1, t + k->bias1, p->P, D);
	linear_forward(l->qkv, l->n1, t + k->qkv, t + k->qkv_bias, p->P, D, 3 * D);
	if (a.mask)
		dropout_draw(l->mask_prob, attention_cache(p->start, p->S, n->heads), n->dropout, dropout);
	attention_forward(&a, l->x1, l->prob, l->qkv, l->qkv + D, l->qkv + 2 * D, w->attention);
	linalg_axpy(1, l->x, l->x1, all);
	layernorm_forward(l->n2, l->mean2, l->rstd2, l->x1, t + k->gain2, t + k->bias2, p->P, D);
	linear_forward(l->f1, l->n2, t + k->W1, t + k->b1, p->P, D, D);
	activation_forward(ACT_RELU, l->f1, l->f1, all);
	drop(l->f1, l->mask_f1, all, n->dropout, dropout);
	linear_forward(out, l->f1, t + k->W2, t + k->b2, p->P, D, D);
	drop(out, l->mask_f2, all, n->dropout, dropout);
	linalg_axpy(1, l->x1, out, all);
}

void sasrec_forward(const struct sasrec_net *n, struct sasrec_work *w, const struct sasrec_pack *p, float *h,
		    struct rng *dropout)
{
	const float *t = n->t.w;

	forward_input(n, w->layer[0].x, p);
	drop(w->layer[0].x, w->mask_x, p->P * n->D, n->dropout, dropout);
	for (unsigned b = 0; b < n->blocks; b++)
		forward_block(n, w, p, b, dropout);
	layernorm_forward(h, w->mean, w->rstd, w->layer[n->blocks].x, t + n->gain, t + n->bias, p->P, n->D);
}

/* --- Backward ---------------------------------------------------------------------------- */

/* dx: of the block's output on entry, of its input on return. */
static void backward_block(const struct sasrec_net *n, struct sasrec_work *w, const struct sasrec_pack *p, unsigned b,
			   float *dx, float *grad, bool dropout)
{
	const struct sasrec_block *k = &n->block[b];
	const struct sasrec_layer *l = &w->layer[b];
	struct attention a = attention_of(n, p, dropout, l->mask_prob);
	const float *t = n->t.w;
	size_t D = n->D, all = p->P * D, bytes = all * sizeof(float);

	/* forward: out = x1 + drop(f1 W2 + b2) */
	memcpy(w->d1, dx, bytes);
	if (dropout)
		dropout_backward_in_place(w->d1, l->mask_f2, all, n->dropout);
	memset(w->d2, 0, bytes);
	linear_backward(w->d2, grad + k->W2, grad + k->b2, w->d1, l->f1, t + k->W2, p->P, D, D);
	/* forward: f1 = drop(relu(n2 W1 + b1)) */
	if (dropout)
		dropout_backward_in_place(w->d2, l->mask_f1, all, n->dropout);
	memset(w->d1, 0, bytes);
	activation_backward(ACT_RELU, w->d1, w->d2, NULL, l->f1, all);
	memset(w->d2, 0, bytes);
	linear_backward(w->d2, grad + k->W1, grad + k->b1, w->d1, l->n2, t + k->W1, p->P, D, D);
	/* forward: n2 = norm(x1) */
	layernorm_backward(dx, grad + k->gain2, grad + k->bias2, w->d2, l->x1, t + k->gain2, l->mean2, l->rstd2,
			   p->P, D);
	/* forward: x1 = x + attention(n1 Wqkv + b) */
	memset(w->dqkv, 0, 3 * bytes);
	attention_backward(&a, w->dqkv, w->dqkv + D, w->dqkv + 2 * D, dx, l->prob, l->qkv, l->qkv + D, l->qkv + 2 * D,
			   w->attention);
	memset(w->d2, 0, bytes);
	linear_backward(w->d2, grad + k->qkv, grad + k->qkv_bias, w->dqkv, l->n1, t + k->qkv, p->P, D, 3 * D);
	/* forward: n1 = norm(x) */
	layernorm_backward(dx, grad + k->gain1, grad + k->bias1, w->d2, l->x, t + k->gain1, l->mean1, l->rstd1,
			   p->P, D);
}

void sasrec_backward(const struct sasrec_net *n, struct sasrec_work *w, const struct sasrec_pack *p,
		     const float *dh, float *dx, float *grad, bool dropout)
{
	size_t D = n->D;

	memset(dx, 0, p->P * D * sizeof(*dx));
	layernorm_backward(dx, grad + n->gain, grad + n->bias, dh, w->layer[n->blocks].x, n->t.w + n->gain, w->mean,
			   w->rstd, p->P, D);
	for (unsigned b = n->blocks; b-- > 0; )
		backward_block(n, w, p, b, dx, grad, dropout);
	/* forward: x = drop(sqrt(D) E[item] + position) */
	if (dropout)
		dropout_backward_in_place(dx, w->mask_x, p->P * D, n->dropout);
	for (size_t s = 0; s < p->S; s++)
		for (size_t r = p->start[s]; r < p->start[s + 1]; r++)
			linalg_axpy(1, dx + r * D, grad + n->position + (p->start[s + 1] - 1 - r) * D, D);
}
