/* SPDX-License-Identifier: GPL-3.0-or-later */
/* net_tensors.c - see net_tensors.h. */
#include "model/net_tensors.h"

#include <stdio.h>

bool dense_tensors_add(struct weights_writer *w, const struct tensors *t, struct err *err)
{
	for (size_t k = 0; k < t->n; k++)
		if (!weights_add(w, t->tensor[k].name, TENSOR_F32, t->w + t->tensor[k].at, t->tensor[k].rows,
				 t->tensor[k].cols, err))
			return false;
	return true;
}

bool dense_tensors_take(const struct weights *w, struct tensors *t, struct err *err)
{
	for (size_t k = 0; k < t->n; k++)
		if (!weights_take(w, t->tensor[k].name, TENSOR_F32, t->w + t->tensor[k].at, t->tensor[k].rows,
				  t->tensor[k].cols, err))
			return false;
	return true;
}

enum { MEAN, SQUARE, STEPS, N_PARTS };

static void name_parts(char name[N_PARTS][64], const char *of)
{
	static const char *const part[N_PARTS] = { "mean", "square", "steps" };

	for (int k = 0; k < N_PARTS; k++)
		snprintf(name[k], sizeof(name[k]), "adam.%s.%s", of, part[k]);
}

bool optim_tensors_add(struct weights_writer *w, const char *of, const struct optim *o, struct err *err)
{
	char name[N_PARTS][64];

	name_parts(name, of);
	return weights_add(w, name[MEAN], TENSOR_F32, o->m, o->n, 0, err) &&
	       weights_add(w, name[SQUARE], TENSOR_F32, o->v, o->n, 0, err) &&
	       weights_add(w, name[STEPS], TENSOR_U64, &o->t, 1, 0, err);
}

bool optim_tensors_take(const struct weights *w, const char *of, struct optim *o, struct err *err)
{
	char name[N_PARTS][64];

	name_parts(name, of);
	return weights_take(w, name[MEAN], TENSOR_F32, o->m, o->n, 0, err) &&
	       weights_take(w, name[SQUARE], TENSOR_F32, o->v, o->n, 0, err) &&
	       weights_take(w, name[STEPS], TENSOR_U64, &o->t, 1, 0, err);
}
