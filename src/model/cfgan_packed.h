/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cfgan_packed.h - a generator in fewer bits: its two tables and its dense weights.
 *
 * The outputs' last column, the bias, stays whole and stands beside the table, so that a row's scale is that of its
 * vector.  The dense weights are packed by the rows of their matrices, and read back: G.t.w holds the floats that
 * those stand for.
 */
#ifndef MODEL_CFGAN_PACKED_H
#define MODEL_CFGAN_PACKED_H

#include "model/cfgan_net.h"
#include "model/weights.h"

/* From a whole one or one packed already; cfgan_net_done() it. */
bool cfgan_packed_make(struct cfgan_net *to, const struct cfgan_net *from, enum precision in, struct err *err);
static inline bool cfgan_is_packed(const struct cfgan_net *n) { return n->bias != NULL; }

/* Tensors of these names, NAME_OF_OUT.bias and the dense ones. */
bool cfgan_packed_add(struct weights_writer *w, const struct cfgan_net *n, const char *in, const char *out,
		      struct err *err);
/* Of n: what cfgan_net_make() wants set. */
bool cfgan_packed_get(const struct weights *w, struct cfgan_net *n, const char *in, const char *out, struct err *err);
uint64_t cfgan_packed_bytes(const struct cfgan_net *n);

#endif
