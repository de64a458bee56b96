/* SPDX-License-Identifier: GPL-3.0-or-later */
/* row_sum.c - see row_sum.h. */
#include "model/row_sum.h"

#include <string.h>

void row_sum_begin(struct row_sum *s, const struct csr *m)
{
	for (uint32_t r = 0; r < s->n; r++)
		s->at[r] = m->ptr[s->rows[r]];
	s->next = 0;
}

static size_t add_row(const struct csr *m, size_t k, size_t end, float weight, uint32_t lo, uint32_t hi,
		      float *out)
{
	if (m->val)
		for (; k < end && m->idx[k] < hi; k++)
			out[m->idx[k] - lo] += weight * m->val[k];
	else
		for (; k < end && m->idx[k] < hi; k++)
			out[m->idx[k] - lo] += weight;
	return k;
}

void row_sum_tile(struct row_sum *s, const struct csr *m, uint32_t lo, uint32_t hi, float *out)
{
	memset(out, 0, (hi - lo) * sizeof(*out));
	for (uint32_t r = 0; r < s->n; r++) {
		uint32_t row = s->rows[r];
		size_t k = lo == s->next ? s->at[r] : csr_seek(m, row, lo);

		s->at[r] = add_row(m, k, m->ptr[row + 1], s->weight ? s->weight[r] : 1, lo, hi, out);
	}
	s->next = hi;
}
