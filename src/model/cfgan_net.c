/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cfgan_net.c - see cfgan_net.h. */
#include "model/cfgan_net.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "num/linalg.h"
#include "num/linear.h"

#define BIAS_MOST 0.01f /* the authors' start of biases: U(-0.01, 0.01) */

/* --- The weights ------------------------------------------------------------------- */

static size_t add(struct cfgan_part *p, const char *of, uint32_t layer, const char *name, size_t rows, size_t cols)
{
	char full[48];

	snprintf(full, sizeof(full), "%s.%u.%s", of, (unsigned)layer, name);
	return tensors_add(&p->t, full, rows, cols);
}

static void list_layers(struct cfgan_part *p, const char *of)
{
	p->t = (struct tensors){ 0 };
	for (uint32_t l = 0; l < p->n; l++) {
		p->W[l] = l ? add(p, of, l, "weight", p->size[l - 1], p->size[l]) : 0;
		p->b[l] = add(p, of, l, "bias", p->size[l], 0);
	}
}

static void list_verdict(struct cfgan_net *n)
{
	n->verdict = tensors_add(&n->D.t, "discriminator.out.weight", cfgan_last(&n->D), 0);
	n->verdict_bias = tensors_add(&n->D.t, "discriminator.out.bias", 1, 0);
}

size_t cfgan_part_dense(const struct cfgan_part *p, bool judges)
{
	struct cfgan_net listed = { .D = *p };

	list_layers(&listed.D, "");
	if (judges)
		list_verdict(&listed);
	return listed.D.t.size;
}

size_t cfgan_generator_floats(const struct cfgan_net *n)
{
	return (size_t)n->I * (n->G.size[0] + cfgan_width(n)) + cfgan_part_dense(&n->G, false);
}

size_t cfgan_net_floats(const struct cfgan_net *n)
{
	return cfgan_generator_floats(n) + 2 * (size_t)n->I * n->D.size[0] + cfgan_part_dense(&n->D, true);
}

bool cfgan_net_make_dense(struct cfgan_net *n, struct err *err)
{
	n->G.rows = n->I;
	n->G.in = n->D.in = n->out = NULL;
	n->D.t.w = NULL;
	list_layers(&n->G, "generator");
	return tensors_make(&n->G.t, err);
}

bool cfgan_net_make_generator(struct cfgan_net *n, struct err *err)
{
	if (cfgan_net_make_dense(n, err) &&
	    (n->G.in = mem_zeroed((size_t)n->G.rows * n->G.size[0], sizeof(float), err)) &&
	    (n->out = mem_zeroed((size_t)n->I * cfgan_width(n), sizeof(float), err)))
		return true;
	cfgan_net_done(n);
	return false;
}

bool cfgan_net_make(struct cfgan_net *n, struct err *err)
{
	if (!cfgan_net_make_generator(n, err))
		return false;
	n->D.rows = 2 * n->I;
	list_layers(&n->D, "discriminator");
	list_verdict(n);
	if (tensors_make(&n->D.t, err) &&
	    (n->D.in = mem_zeroed((size_t)n->D.rows * n->D.size[0], sizeof(float), err)))
		return true;
	cfgan_net_done(n);
	return false;
}

void cfgan_net_drop_discriminator(struct cfgan_net *n)
{
	tensors_done(&n->D.t);
	mem_free(n->D.in);
	n->D.in = NULL;
}

void cfgan_net_done(struct cfgan_net *n)
{
	cfgan_net_drop_discriminator(n);
	packed_tensors_done(&n->dense);
	packed_done(&n->packed_in);
	packed_done(&n->packed_out);
	mem_free(n->bias);
	tensors_done(&n->G.t);
	mem_free(n->G.in);
	mem_free(n->out);
	n->G.in = n->out = n->bias = NULL;
}

bool cfgan_net_copy_generator(struct cfgan_net *to, const struct cfgan_net *from, struct err *err)
{
	*to = *from;
	if (!cfgan_net_make_generator(to, err))
		return false;
	memcpy(to->G.in, from->G.in, (size_t)from->G.rows * from->G.size[0] * sizeof(float));
	memcpy(to->out, from->out, (size_t)from->I * cfgan_width(from) * sizeof(float));
	memcpy(to->G.t.w, from->G.t.w, from->G.t.size * sizeof(float));
	return true;
}

static void fill_even(float *v, size_t n, float most, struct rng *r)
{
	for (size_t i = 0; i < n; i++)
		v[i] = most * (2 * rng_uniformf(r) - 1);
}

static void fill_part(struct cfgan_part *p, struct rng *r)
{
	tensors_fill_glorot(p->in, p->rows, p->size[0], r);
	for (uint32_t l = 0; l < p->n; l++) {
		if (l)
			tensors_fill_glorot(p->t.w + p->W[l], p->size[l - 1], p->size[l], r);
		fill_even(p->t.w + p->b[l], p->size[l], BIAS_MOST, r);
	}
}

void cfgan_net_fill(struct cfgan_net *n, uint64_t seed)
{
	struct rng g = rng_stream(seed, "cfgan.generator", 0, 0), d = rng_stream(seed, "cfgan.discriminator", 0, 0);
	uint32_t Z = cfgan_last(&n->G);
	float most = sqrtf(6.0f / (float)(n->I + Z));

	fill_part(&n->G, &g);
	for (uint32_t i = 0; i < n->I; i++) {
		fill_even(n->out + (size_t)i * (Z + 1), Z, most, &g);
		fill_even(n->out + (size_t)i * (Z + 1) + Z, 1, BIAS_MOST, &g);
	}
	fill_part(&n->D, &d);
	tensors_fill_glorot(n->D.t.w + n->verdict, cfgan_last(&n->D), 1, &d);
	fill_even(n->D.t.w + n->verdict_bias, 1, BIAS_MOST, &d);
}

/* --- Forward and backward ------------------------------------------------------------ */

void cfgan_part_sum(const struct cfgan_part *p, float *sum, uint32_t offset, const uint32_t *rows, const float *f,
		    size_t n)
{
	for (size_t k = 0; k < n; k++)
		linalg_axpy(f[k], p->in + ((size_t)offset + rows[k]) * p->size[0], sum, p->size[0]);
}

void cfgan_part_forward(const struct cfgan_part *p, float *const *a, size_t R)
{
	for (size_t r = 0; r < R; r++)
		linalg_axpy(1, p->t.w + p->b[0], a[0] + r * p->size[0], p->size[0]);
	for (uint32_t l = 0; l < p->n; l++) {
		if (l)
			linear_forward(a[l], a[l - 1], p->t.w + p->W[l], p->t.w + p->b[l], R, p->size[l - 1],
				       p->size[l]);
		activation_forward(p->act, a[l], a[l], R * p->size[l]);
	}
}

void cfgan_part_backward(const struct cfgan_part *p, float *const *a, float *const *d, float *const *e, float *grad,
			 size_t R)
{
	for (uint32_t l = p->n; l-- > 0;) {
		size_t K = l ? p->size[l - 1] : 0, M = p->size[l];

		/* forward: a_l = act(a_{l-1} W_l + b_l) */
		memset(e[l], 0, R * M * sizeof(float));
		activation_backward(p->act, e[l], d[l], NULL, a[l], R * M);
		if (l) {
			memset(d[l - 1], 0, R * K * sizeof(float));
			linear_backward(d[l - 1], grad ? grad + p->W[l] : NULL, grad ? grad + p->b[l] : NULL, e[l],
					a[l - 1], p->t.w + p->W[l], R, K, M);
		}
	}
	for (size_t r = 0; grad && r < R; r++)
		linalg_axpy(1, e[0] + r * p->size[0], grad + p->b[0], p->size[0]);
}
