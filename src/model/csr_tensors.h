/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csr_tensors.h - a sparse matrix as three tensors: NAME.ptr (u64), NAME.idx (u32), NAME.val (f32; absent
 * where every entry is 1), as scipy.sparse.csr_matrix takes them.
 */
#ifndef MODEL_CSR_TENSORS_H
#define MODEL_CSR_TENSORS_H

#include "model/weights.h"
#include "num/csr.h"

bool csr_tensors_add(struct weights_writer *w, const char *name, const struct csr *m, struct err *err);
/* Copies; checks that rows are in order and columns within reach.  csr_done() it. */
bool csr_tensors_get(const struct weights *w, const char *name, uint32_t rows, uint32_t cols, struct csr *out,
		     struct err *err);

#endif
