/* SPDX-License-Identifier: GPL-3.0-or-later */
/* packed_tensors.c - see packed_tensors.h; what comes from a file is checked before use. */
#include "model/packed_tensors.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

static const enum tensor_type type_of[] = {
	[PRECISION_F32] = TENSOR_F32, [PRECISION_BF16] = TENSOR_BF16, [PRECISION_INT8] = TENSOR_I8,
};

bool packed_add(struct weights_writer *w, const char *name, const struct packed *p, struct err *err)
{
	char scale[96];

	snprintf(scale, sizeof(scale), "%s.scale", name);
	return weights_add(w, name, type_of[p->precision], p->data, p->rows, p->cols, err) &&
	       (!p->scale || weights_add(w, scale, TENSOR_F32, p->scale, p->rows, 0, err));
}

bool packed_is(const struct weights *w, const char *name)
{
	return weights_is(w, name, TENSOR_BF16) || weights_is(w, name, TENSOR_I8);
}

static bool take_scales(const struct weights *w, const char *name, struct packed *p, struct err *err)
{
	const int8_t *q = p->data;
	const float *from;
	char scale[96];

	snprintf(scale, sizeof(scale), "%s.scale", name);
	from = weights_get(w, scale, TENSOR_F32, p->rows, 0, NULL, NULL, err);
	if (!from)
		return false;
	memcpy(p->scale, from, p->rows * sizeof(*from));
	for (uint32_t r = 0; r < p->rows; r++)
		if (!isfinite(from[r]) || from[r] < 0)
			return err_set(err, ERR_SYNTAX, "the tensor %s in the weights file is damaged", scale);
	for (size_t k = 0; k < (size_t)p->rows * p->cols; k++) /* sums of products were counted without it */
		if (q[k] == INT8_MIN)
			return err_set(err, ERR_SYNTAX, "the tensor %s in the weights file is damaged", name);
	return true;
}

/* Of one dimension where cols is 0: a row of a table. */
static bool get(const struct weights *w, const char *name, enum precision precision, uint32_t rows, uint32_t cols,
		struct packed *out, struct err *err)
{
	size_t found;
	const void *data = weights_get(w, name, type_of[precision], rows, cols == PACKED_ANY ? SIZE_MAX : cols, NULL,
				       &found, err);

	if (data && cols == PACKED_ANY)
		cols = (uint32_t)found;
	if (!data || !packed_alloc(out, precision, cols ? rows : 1, cols ? cols : rows, err))
		return false;
	memcpy(out->data, data, packed_bytes_for(precision, out->rows, out->cols) -
					(out->scale ? out->rows * sizeof(float) : 0));
	if (!out->scale || take_scales(w, name, out, err))
		return true;
	packed_done(out);
	return false;
}

bool packed_get(const struct weights *w, const char *name, uint32_t rows, uint32_t cols, struct packed *out,
		struct err *err)
{
	enum precision p = weights_is(w, name, TENSOR_I8) ? PRECISION_INT8
			   : weights_is(w, name, TENSOR_BF16) ? PRECISION_BF16 : PRECISION_F32;

	return get(w, name, p, rows, cols, out, err);
}

bool packed_take(const struct weights *w, const char *name, uint32_t rows, uint32_t cols, float **whole,
		 struct packed *packed, uint32_t *found, struct err *err)
{
	if (!packed_get(w, name, rows, cols, packed, err))
		return false;
	if (found)
		*found = packed->cols;
	if (packed->precision == PRECISION_F32) {
		*whole = packed->data;
		*packed = (struct packed){ 0 };
	}
	return true;
}

bool packed_tensors_add(struct weights_writer *w, const struct packed_tensors *p, struct err *err)
{
	for (size_t k = 0; k < p->of->n; k++) {
		const struct tensor *t = &p->of->tensor[k];

		if (!(t->cols ? packed_add(w, t->name, &p->t[k], err)
			      : weights_add(w, t->name, TENSOR_F32, p->t[k].data, t->rows, 0, err)))
			return false;
	}
	return true;
}

bool packed_tensors_get(const struct weights *w, const struct tensors *of, struct packed_tensors *out,
			struct err *err)
{
	*out = (struct packed_tensors){ .of = of, .t = mem_zeroed(of->n ? of->n : 1, sizeof(*out->t), err) };
	for (size_t k = 0; out->t && k < of->n; k++) {
		const struct tensor *t = &of->tensor[k];

		if (!(t->cols ? packed_get(w, t->name, (uint32_t)t->rows, (uint32_t)t->cols, &out->t[k], err)
			      : get(w, t->name, PRECISION_F32, (uint32_t)t->rows, 0, &out->t[k], err))) {
			packed_tensors_done(out);
			return false;
		}
	}
	return out->t != NULL;
}
