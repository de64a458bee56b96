/* SPDX-License-Identifier: GPL-3.0-or-later */
/* net_tensors.h - what networks write beside their tables: the dense weights by their names, and the state of
 * an optimiser as adam.OF.mean, adam.OF.square (f32) and adam.OF.steps (u64).
 */
#ifndef MODEL_NET_TENSORS_H
#define MODEL_NET_TENSORS_H

#include "model/weights.h"
#include "num/optim.h"
#include "num/tensors.h"

bool dense_tensors_add(struct weights_writer *w, const struct tensors *t, struct err *err); /* borrows t->w */
bool dense_tensors_take(const struct weights *w, struct tensors *t, struct err *err);       /* into t->w */
bool optim_tensors_add(struct weights_writer *w, const char *of, const struct optim *o, struct err *err);
bool optim_tensors_take(const struct weights *w, const char *of, struct optim *o, struct err *err);

#endif
