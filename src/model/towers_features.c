/* SPDX-License-Identifier: GPL-3.0-or-later */
/* towers_features.c - see towers_features.h. */
#include "model/towers_features.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "num/kern.h"
#include "num/linalg.h"

/* 1 / the root mean square length of the rows that there are. */
static float scale_of(const struct modality *m, uint32_t I)
{
	double sum = 0;
	size_t n = 0;

	for (uint32_t i = 0; i < I; i++) {
		const float *v = m->v + (size_t)i * m->dim;

		if (!m->has[i])
			continue;
		sum += (double)linalg_dot(v, v, m->dim);
		n++;
	}
	return sum > 0 && isfinite(sum) ? (float)sqrt((double)n / sum) : 1;
}

static bool weigh_tags(struct towers_features *f, struct err *err)
{
	f->tag_weight = mem_alloc(csr_n(f->tags), sizeof(*f->tag_weight), err);
	for (uint32_t i = 0; f->tag_weight && i < f->I; i++) {
		size_t from = f->tags->ptr[i], n = csr_row_n(f->tags, i);
		float *a = f->tag_weight + from, by;

		for (size_t k = 0; k < n; k++)
			a[k] = 1 + logf(fmaxf(csr_x(f->tags, from + k), 1));
		by = n ? 1 / sqrtf(linalg_dot(a, a, n)) : 0;
		for (size_t k = 0; k < n; k++)
			a[k] *= by;
	}
	return f->tag_weight != NULL;
}

static bool take_modalities(struct towers_features *f, const struct dataset *d, struct err *err)
{
	if (d->n_modalities > TOWERS_MAX_MODALITIES)
		return err_set(err, ERR_UNSUPPORTED, "towers takes %d modalities at most, and the data has %zu: vectors=no "
			       "goes without", TOWERS_MAX_MODALITIES, d->n_modalities);
	f->modality = d->modalities;
	f->n_modalities = d->n_modalities;
	f->scale = mem_alloc(f->n_modalities, sizeof(*f->scale), err);
	for (size_t m = 0; f->scale && m < f->n_modalities; m++)
		f->scale[m] = scale_of(&f->modality[m], f->I);
	return f->scale != NULL;
}

bool towers_features_init(struct towers_features *f, const struct dataset *d, uint32_t D, bool tags, bool vectors,
			  struct err *err)
{
	*f = (struct towers_features){ .I = d->n_items, .D = D, .data = dataset_ref(d) };
	if (tags && d->item_tags.ptr && d->item_tags.cols)
		f->tags = &d->item_tags;
	if ((f->tags && !weigh_tags(f, err)) || (vectors && d->n_modalities && !take_modalities(f, d, err))) {
		towers_features_done(f);
		return false;
	}
	return true;
}

void towers_features_done(struct towers_features *f)
{
	towers_text_unref(f->text);
	mem_free(f->tag_weight);
	mem_free(f->scale);
	dataset_unref(f->data);
	*f = (struct towers_features){ 0 };
}

bool towers_features_copy(struct towers_features *to, const struct towers_features *from, struct err *err)
{
	size_t n = from->tags ? csr_n(from->tags) : 0;

	*to = *from;
	to->tag_weight = to->scale = NULL;
	towers_text_ref(to->text);
	dataset_ref(to->data);
	if ((from->tags && !(to->tag_weight = mem_alloc(n, sizeof(float), err))) ||
	    (from->n_modalities && !(to->scale = mem_alloc(from->n_modalities, sizeof(float), err)))) {
		towers_features_done(to);
		return false;
	}
	if (from->tags)
		memcpy(to->tag_weight, from->tag_weight, n * sizeof(float));
	if (from->n_modalities)
		memcpy(to->scale, from->scale, from->n_modalities * sizeof(float));
	return true;
}

void towers_features_list(struct towers_features *f, struct tensors *t, bool text)
{
	if (text)
		f->W4 = tensors_add(t, "text.weight", f->D, f->D);
	for (size_t m = 0; m < f->n_modalities; m++) {
		char name[48];

		snprintf(name, sizeof(name), "modality.%zu.weight", m);
		f->P[m] = tensors_add(t, name, (size_t)f->modality[m].dim + 1, f->D);
	}
}

size_t towers_content_work(const struct towers_features *f, size_t M)
{
	size_t widest = f->text ? f->D : 0;

	for (size_t m = 0; m < f->n_modalities; m++)
		if (f->modality[m].dim + (size_t)1 > widest)
			widest = f->modality[m].dim + (size_t)1;
	return M * (widest + f->D);
}

/* x [M][dim + 1]: the items' rows of modality m, scaled, and 1 behind; all 0 where an item has none. */
static void modality_rows(const struct towers_features *f, size_t m, const uint32_t *item, size_t M,
			  const struct towers_without *without, float *x)
{
	const struct modality *of = &f->modality[m];
	size_t dim = of->dim;

	for (size_t k = 0; k < M; k++, x += dim + 1) {
		memset(x, 0, (dim + 1) * sizeof(*x));
		if (!of->has[item[k]] || (without && without->modality == m))
			continue;
		linalg_axpy(f->scale[m], of->v + item[k] * dim, x, dim);
		x[dim] = 1;
	}
}

static void text_rows(const struct towers_features *f, const uint32_t *item, size_t M,
		      const struct towers_without *without, float *x)
{
	for (size_t k = 0; k < M; k++)
		memcpy(x + k * f->D, without && without->text ? without->text : f->text->mean + (size_t)item[k] * f->D,
		       f->D * sizeof(*x));
}

static void add_tags(const struct towers_features *f, const float *tags, uint32_t item,
		     const struct towers_without *without, float *y)
{
	for (size_t k = f->tags->ptr[item]; k < f->tags->ptr[item + 1]; k++)
		if (!without || without->tag != f->tags->idx[k])
			linalg_axpy(f->tag_weight[k], tags + (size_t)f->tags->idx[k] * f->D, y, f->D);
}

static void add_product(float *y, const float *x, const float *W, size_t M, size_t K, size_t D)
{
	kern()->gemm(&(struct kern_gemm){ .c = y, .ldc = D, .a = x, .a_row = K, .a_col = 1, .b = W, .ldb = D,
					  .m = M, .n = D, .K = K, .add = true });
}

static void add_weight_grad(float *dW, const float *x, const float *dy, size_t M, size_t K, size_t D)
{
	/* forward: y += x W */
	kern()->gemm(&(struct kern_gemm){ .c = dW, .ldc = D, .a = x, .a_row = 1, .a_col = K, .b = dy, .ldb = D,
					  .m = K, .n = D, .K = M, .add = true });
}

void towers_content(const struct towers_features *f, const float *w, const float *tags, const uint32_t *item, size_t M,
		    const struct towers_without *without, float *y, float *work)
{
	size_t D = f->D;

	if (f->text) {
		text_rows(f, item, M, without, work);
		add_product(y, work, w + f->W4, M, D, D);
	}
	if (without && without->text_alone)
		return;
	for (size_t k = 0; f->tags && k < M; k++)
		add_tags(f, tags, item[k], without, y + k * D);
	for (size_t m = 0; m < f->n_modalities; m++) {
		modality_rows(f, m, item, M, without, work);
		add_product(y, work, w + f->P[m], M, f->modality[m].dim + (size_t)1, D);
	}
}

void towers_content_backward(const struct towers_features *f, float *grad, struct row_grad *entry, const float *dy,
			     const uint32_t *item, size_t M, float *work)
{
	size_t D = f->D;

	if (f->text) {
		text_rows(f, item, M, NULL, work);
		add_weight_grad(grad + f->W4, work, dy, M, D, D);
	}
	for (size_t k = 0; f->tags && k < M; k++) /* forward: y += a t */
		for (size_t j = f->tags->ptr[item[k]]; j < f->tags->ptr[item[k] + 1]; j++)
			*entry++ = (struct row_grad){ .from = dy + k * D, .row = f->tags->idx[j],
						      .coef = f->tag_weight[j] };
	for (size_t m = 0; m < f->n_modalities; m++) {
		size_t K = f->modality[m].dim + (size_t)1;

		modality_rows(f, m, item, M, NULL, work);
		add_weight_grad(grad + f->P[m], work, dy, M, K, D);
	}
}

size_t towers_tag_entries(const struct towers_features *f, const uint32_t *item, size_t M)
{
	size_t n = 0;

	for (size_t k = 0; f->tags && k < M; k++)
		n += csr_row_n(f->tags, item[k]);
	return n;
}
