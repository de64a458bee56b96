/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tensors.c - see tensors.h. */
#include "num/tensors.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "num/kern.h"

enum { CHUNK = 1 << 14 }; /* floats */

size_t tensors_add(struct tensors *t, const char *name, size_t rows, size_t cols)
{
	struct tensor *new = &t->tensor[t->n++];

	assert(t->n <= TENSORS_MAX && !t->w);
	snprintf(new->name, sizeof(new->name), "%s", name);
	new->rows = rows;
	new->cols = cols;
	new->at = t->size;
	t->size += (tensor_n(new) + KERN_PAD - 1) / KERN_PAD * KERN_PAD;
	return new->at;
}

bool tensors_make(struct tensors *t, struct err *err)
{
	t->w = mem_zeroed(t->size, sizeof(*t->w), err);
	return t->w != NULL;
}

void tensors_done(struct tensors *t)
{
	mem_free(t->w);
	t->w = NULL;
}

void tensors_fill_glorot(float *w, size_t rows, size_t cols, struct rng *r)
{
	float a = (float)sqrt(6.0 / (double)(rows + cols));

	for (size_t i = 0; i < rows * cols; i++)
		w[i] = a * (2 * rng_uniformf(r) - 1);
}

void tensors_fill_normal(float *w, size_t n, double sigma, struct rng *r)
{
	for (size_t i = 0; i < n; i++)
		w[i] = (float)(sigma * rng_normal(r));
}

struct reduction {
	float *sum;
	float *const *blocks;
	size_t C, n;
};

static void reduce_chunk(void *ctx, size_t chunk, unsigned slot)
{
	const struct reduction *d = ctx;
	size_t from = chunk * CHUNK, n = d->n - from < CHUNK ? d->n - from : CHUNK;

	(void)slot;
	if (d->sum != d->blocks[0])
		memcpy(d->sum + from, d->blocks[0] + from, n * sizeof(*d->sum));
	for (size_t c = 1; c < d->C; c++)
		kern()->axpy(1, d->blocks[c] + from, d->sum + from, n);
}

bool tensors_reduce(float *sum, float *const *blocks, size_t C, size_t n, const struct task *t)
{
	struct reduction d = { sum, blocks, C, n };

	return task_chunks(t, (n + CHUNK - 1) / CHUNK, reduce_chunk, &d);
}

/* x - x is 0 but for Inf and NaN: a sum that the compiler can widen. */
bool floats_finite(const float *v, size_t n)
{
	float bad = 0;

	for (size_t i = 0; i < n; i += 1024) {
		float some[16] = { 0 };
		size_t end = i + 1024 < n ? i + 1024 : n, k = i;

		for (; k + 16 <= end; k += 16)
			for (size_t l = 0; l < 16; l++)
				some[l] += v[k + l] - v[k + l];
		for (; k < end; k++)
			some[0] += v[k] - v[k];
		for (size_t l = 0; l < 16; l++)
			bad += some[l];
		if (!(bad == 0))
			return false;
	}
	return true;
}

const char *tensors_spoilt(const struct tensors *t, const float *w)
{
	for (size_t k = 0; k < t->n; k++)
		if (!floats_finite(w + t->tensor[k].at, tensor_n(&t->tensor[k])))
			return t->tensor[k].name;
	return NULL;
}
