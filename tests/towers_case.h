/* SPDX-License-Identifier: GPL-3.0-or-later */
/* towers_case.h - a small dataset with tags, modalities and friends, and the two towers written from their equations
 * in double, one number at a time, for the tests of model/towers.
 */
#ifndef TESTS_TOWERS_CASE_H
#define TESTS_TOWERS_CASE_H

#include "model/towers_net.h"
#include "model_fixture.h"

enum { TC_U = 12, TC_I = 24, TC_PER_USER = 60, TC_TAGS = 5, TC_DIM = 3 };

static inline float tc_number(struct rng *r)
{
	return (float)rng_normal(r);
}

static inline void tc_add_tags(struct dataset *d, struct rng *r)
{
	struct err err;
	struct csr *t = &d->item_tags;

	*t = (struct csr){ .rows = TC_I, .cols = TC_TAGS };
	t->ptr = mem_must(mem_zeroed(TC_I + 1, sizeof(*t->ptr), &err));
	t->idx = mem_must(mem_alloc(TC_I * TC_TAGS, sizeof(*t->idx), &err));
	t->val = mem_must(mem_alloc(TC_I * TC_TAGS, sizeof(*t->val), &err));
	for (uint32_t i = 0; i < TC_I; i++) {
		t->ptr[i + 1] = t->ptr[i];
		for (uint32_t k = 0; k < TC_TAGS; k++) {
			if (rng_uniform(r) < 0.6)
				continue;
			t->val[t->ptr[i + 1]] = (float)(1 + rng_below(r, 4));
			t->idx[t->ptr[i + 1]++] = k;
		}
	}
	for (uint32_t k = 0; k < TC_TAGS; k++) {
		char name[8];

		strtab_intern(&d->tag_names, name, (size_t)snprintf(name, sizeof(name), "t%u", (unsigned)k), &err);
	}
}

/* A file of vectors and a column; some items lack either. */
static inline void tc_add_modalities(struct dataset *d, struct rng *r)
{
	struct err err;

	d->n_modalities = 2;
	d->modalities = mem_must(mem_zeroed(2, sizeof(*d->modalities), &err));
	for (size_t m = 0; m < 2; m++) {
		struct modality *of = &d->modalities[m];

		of->name = mem_strdup(m ? "year" : "image");
		of->dim = m ? 1 : TC_DIM;
		of->sd = 1;
		of->v = mem_must(mem_zeroed((size_t)TC_I * of->dim, sizeof(float), &err));
		of->has = mem_must(mem_zeroed(TC_I, 1, &err));
		for (uint32_t i = 0; i < TC_I; i++) {
			if (rng_uniform(r) < 0.3)
				continue;
			of->has[i] = 1;
			of->n_has++;
			for (uint32_t k = 0; k < of->dim; k++)
				of->v[i * of->dim + k] = 2 * tc_number(r);
		}
	}
}

/* Neighbours on a ring, but for the last two, who have nobody. */
static inline void tc_add_friends(struct dataset *d)
{
	struct err err;
	struct csr *f = &d->friends;

	*f = (struct csr){ .rows = TC_U, .cols = TC_U };
	f->ptr = mem_must(mem_zeroed(TC_U + 1, sizeof(*f->ptr), &err));
	f->idx = mem_must(mem_alloc((size_t)TC_U * TC_U, sizeof(*f->idx), &err));
	for (uint32_t u = 0; u < TC_U; u++) {
		f->ptr[u + 1] = f->ptr[u];
		for (uint32_t v = 0; v < TC_U - 2; v++)
			if (u < TC_U - 2 && (v == (u + 1) % (TC_U - 2) || u == (v + 1) % (TC_U - 2)))
				f->idx[f->ptr[u + 1]++] = v;
	}
}

static inline void tc_make(struct fixture *f, bool values)
{
	struct rng r = rng_stream(3, "towers.case", 0, 0);

	fixture_make(f, TC_U, TC_I, TC_PER_USER, values);
	tc_add_tags(f->data, &r);
	tc_add_modalities(f->data, &r);
	tc_add_friends(f->data);
}

/* Some i', of no words. */
static inline const struct towers_text *tc_text(uint32_t D)
{
	struct err err;
	struct rng r = rng_stream(4, "towers.case", 0, 0);
	struct towers_text *t = mem_must(mem_zeroed(1, sizeof(*t), &err));

	*t = (struct towers_text){ .I = TC_I, .D = D, .scale = 1, .refs = 1 };
	t->mean = mem_must(mem_alloc((size_t)TC_I * D, sizeof(float), &err));
	for (uint32_t k = 0; k < TC_I * D; k++)
		t->mean[k] = tc_number(&r);
	return t;
}

/* --- The towers, naively ------------------------------------------------------------------ */

struct naive { /* the weights in double, of the same places as the network's */
	const struct towers_net *net;
	const struct fixture *f;
	double *t, *users, *items, *past, *tags;
};

static inline double naive_curve(enum activation a, double x)
{
	return a == ACT_SIGMOID ? 1 / (1 + exp(-x)) : a == ACT_TANH ? tanh(x) : x;
}

static inline void naive_product(const double *x, const double *W, size_t K, size_t D, double *y)
{
	for (size_t d = 0; d < D; d++)
		for (size_t k = 0; k < K; k++)
			y[d] += x[k] * W[k * D + d];
}

static inline void naive_unit(const struct towers_net *n, double *v)
{
	double sum = 0;

	for (size_t d = 0; d < n->D; d++)
		sum += v[d] * v[d];
	for (size_t d = 0; n->cosine && d < n->D; d++)
		v[d] /= sqrt(sum);
}

static inline void naive_content(const struct naive *a, uint32_t item, double *y)
{
	const struct towers_net *n = a->net;
	const struct dataset *data = a->f->data;
	const struct csr *tags = n->features.tags;
	size_t D = n->D;
	double square = 0;

	if (n->features.text)
		for (size_t d = 0; d < D; d++)
			for (size_t k = 0; k < D; k++)
				y[d] += (double)n->features.text->mean[item * D + k] * a->t[n->features.W4 + k * D + d];
	for (size_t k = 0; tags && k < csr_row_n(tags, item); k++)
		square += pow(1 + log((double)tags->val[tags->ptr[item] + k]), 2);
	for (size_t k = 0; tags && k < csr_row_n(tags, item); k++)
		for (size_t d = 0; d < D; d++)
			y[d] += (1 + log((double)tags->val[tags->ptr[item] + k])) / sqrt(square) *
				a->tags[csr_row(tags, item)[k] * D + d];
	for (size_t m = 0; m < n->features.n_modalities; m++) {
		const struct modality *of = &data->modalities[m];
		const double *P = a->t + n->features.P[m];
		double mean = 0;

		for (size_t k = 0; k < (size_t)TC_I * of->dim; k++)
			mean += (double)of->v[k] * (double)of->v[k] / of->n_has;
		if (!of->has[item])
			continue;
		for (size_t d = 0; d < D; d++) {
			y[d] += P[of->dim * D + d];
			for (size_t k = 0; k < of->dim; k++)
				y[d] += (double)of->v[item * of->dim + k] / sqrt(mean) * P[k * D + d];
		}
	}
}

/* r; unknown: without e_i. */
static inline void naive_item(const struct naive *a, uint32_t item, bool unknown, double *r)
{
	const struct towers_net *n = a->net;
	size_t D = n->D;

	for (size_t d = 0; d < D; d++)
		r[d] = n->project ? a->t[n->b3 + d] : unknown ? 0 : a->items[item * D + d];
	if (n->project && !unknown)
		naive_product(a->items + item * D, a->t + n->W3, D, D, r);
	naive_content(a, item, r);
	for (size_t d = 0; d < D; d++)
		r[d] = naive_curve(n->activation == TOWERS_LINEAR ? ACT_LINEAR : ACT_TANH, r[d]);
	naive_unit(n, r);
}

/* The mean of a history without item `asked`; returns whether anything is left. */
static inline bool naive_mean(const struct naive *a, const uint32_t *item, const float *x, size_t count, uint32_t asked,
			      double *mean)
{
	size_t D = a->net->D;
	double total = 0;

	memset(mean, 0, D * sizeof(*mean));
	for (size_t k = 0; k < count; k++) {
		size_t later = 0;
		double w;

		if (item[k] == asked)
			continue;
		for (size_t j = k + 1; j < count; j++)
			later += item[j] != asked;
		w = (x ? (double)x[k] : 1) * pow((double)a->net->recency, (double)later);
		total += w;
		for (size_t d = 0; d < D; d++)
			mean[d] += w * a->past[item[k] * D + d];
	}
	for (size_t d = 0; total > 0 && d < D; d++)
		mean[d] /= total;
	return total > 0;
}

/* A user's train events in order. */
static inline size_t naive_history(const struct naive *a, uint32_t u, uint32_t *item, float *x)
{
	uint32_t n = split_history(a->f->split, u, true, item, NULL, NULL);

	for (uint32_t k = 0; k < n; k++)
		x[k] = csr_at(&a->f->x, u, item[k]);
	return n;
}

static inline bool naive_friends(const struct naive *a, uint32_t u, double *mean)
{
	const struct csr *friends = &a->f->data->friends;
	size_t D = a->net->D, with = 0;
	double one[64];
	uint32_t item[TC_PER_USER + 2];
	float x[TC_PER_USER + 2];

	memset(mean, 0, D * sizeof(*mean));
	for (size_t k = 0; friends->ptr && k < csr_row_n(friends, u); k++) {
		size_t n = naive_history(a, csr_row(friends, u)[k], item, x);

		if (!naive_mean(a, item, x, n, NO_ITEM, one))
			continue;
		with++;
		for (size_t d = 0; d < D; d++)
			mean[d] += one[d];
	}
	for (size_t d = 0; with && d < D; d++)
		mean[d] /= (double)with;
	return with > 0;
}

/* u before dropout and before its length is taken, with net->before of what stands before `asked`; user NO_USER: nobody known, stranger: without e_u. */
static inline void naive_person(const struct naive *a, uint32_t user, bool stranger, const uint32_t *item,
				const float *x, size_t count, uint32_t asked, double *u)
{
	const struct towers_net *n = a->net;
	size_t D = n->D;
	double mean[64], friends[64];

	for (size_t k = 0; n->before && k < count; k++)
		if (item[k] == asked)
			count = k;
	for (size_t d = 0; d < D; d++)
		u[d] = n->project ? a->t[n->b + d] : stranger ? 0 : a->users[user * D + d];
	if (n->project && !stranger)
		naive_product(a->users + user * D, a->t + n->W1, D, D, u);
	if (n->history) {
		bool own = naive_mean(a, item, x, count, asked, mean);
		bool met = n->social > 0 && user != NO_USER && naive_friends(a, user, friends);

		for (size_t d = 0; met && d < D; d++)
			mean[d] = own ? (1 - (double)n->social) * mean[d] + (double)n->social * friends[d] : friends[d];
		naive_product(mean, a->t + n->W2, D, D, u);
	}
	for (size_t d = 0; d < D; d++)
		u[d] = naive_curve(n->activation == TOWERS_SEED ? ACT_SIGMOID :
				   n->activation == TOWERS_TANH ? ACT_TANH : ACT_LINEAR, u[d]);
}

#endif
