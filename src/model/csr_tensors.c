/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csr_tensors.c - sparse matrices in weights files; what comes from a file is checked before use. */
#include "model/csr_tensors.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

_Static_assert(sizeof(size_t) == sizeof(uint64_t), "row pointers are kept as u64");

bool csr_tensors_add(struct weights_writer *w, const char *name, const struct csr *m, struct err *err)
{
	char part[96];

	snprintf(part, sizeof(part), "%s.ptr", name);
	if (!weights_add(w, part, TENSOR_U64, m->ptr, (size_t)m->rows + 1, 0, err))
		return false;
	snprintf(part, sizeof(part), "%s.idx", name);
	if (!weights_add(w, part, TENSOR_U32, m->idx, csr_n(m), 0, err))
		return false;
	snprintf(part, sizeof(part), "%s.val", name);
	return !m->val || weights_add(w, part, TENSOR_F32, m->val, csr_n(m), 0, err);
}

static bool is_whole(const size_t *ptr, const uint32_t *idx, size_t n, uint32_t rows, uint32_t cols)
{
	if (ptr[0] != 0 || ptr[rows] != n)
		return false;
	for (uint32_t r = 0; r < rows; r++) {
		if (ptr[r] > ptr[r + 1] || ptr[r + 1] > n)
			return false;
		for (size_t k = ptr[r]; k < ptr[r + 1]; k++)
			if (idx[k] >= cols || (k > ptr[r] && idx[k] <= idx[k - 1]))
				return false;
	}
	return true;
}

static void *copy_of(const void *p, size_t n, size_t size, struct err *err)
{
	void *copy = mem_alloc(n ? n : 1, size, err);

	if (copy && n)
		memcpy(copy, p, n * size);
	return copy;
}

bool csr_tensors_get(const struct weights *w, const char *name, uint32_t rows, uint32_t cols, struct csr *out,
		     struct err *err)
{
	char ptr_name[96], idx_name[96], val_name[96];
	const size_t *ptr;
	const uint32_t *idx;
	const float *val = NULL;
	size_t n = 0;

	snprintf(ptr_name, sizeof(ptr_name), "%s.ptr", name);
	snprintf(idx_name, sizeof(idx_name), "%s.idx", name);
	snprintf(val_name, sizeof(val_name), "%s.val", name);
	*out = (struct csr){ .rows = rows, .cols = cols };
	ptr = weights_get(w, ptr_name, TENSOR_U64, (size_t)rows + 1, 0, NULL, NULL, err);
	idx = ptr ? weights_get(w, idx_name, TENSOR_U32, SIZE_MAX, 0, &n, NULL, err) : NULL;
	if (!idx)
		return false;
	if (weights_has(w, val_name)) {
		val = weights_get(w, val_name, TENSOR_F32, n, 0, NULL, NULL, err);
		if (!val)
			return false;
	}
	if (!is_whole(ptr, idx, n, rows, cols))
		return err_set(err, ERR_SYNTAX, "the sparse matrix %s in the weights file is damaged", name);
	out->ptr = copy_of(ptr, (size_t)rows + 1, sizeof(*ptr), err);
	out->idx = out->ptr ? copy_of(idx, n, sizeof(*idx), err) : NULL;
	if (out->idx && val)
		out->val = copy_of(val, n, sizeof(*val), err);
	if (out->idx && (!val || out->val))
		return true;
	csr_done(out);
	return false;
}
