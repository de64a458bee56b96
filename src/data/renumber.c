/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/renumber.h"

#include "base/mem.h"

#define ASK_IDS (1u << 16) /* between two questions whether to go on */

/* Radix sort, 3 passes of 11 bits: an ordering of millions must not take seconds. */
uint32_t *renumber_order(const uint32_t *first, uint32_t n, uint32_t *kept, struct err *err)
{
	uint32_t *a = mem_alloc(n, sizeof(*a), err), *b = a ? mem_alloc(n, sizeof(*b), err) : NULL;
	uint32_t m = 0;

	if (!b) {
		mem_free(a);
		return NULL;
	}
	for (uint32_t i = 0; i < n; i++)
		if (first[i] != UINT32_MAX)
			a[m++] = i;
	for (unsigned shift = 0; shift < 33; shift += 11) {
		uint32_t count[2049] = { 0 }, *swap = a;

		for (uint32_t k = 0; k < m; k++)
			count[((first[a[k]] >> shift) & 2047) + 1]++;
		for (unsigned v = 0; v < 2048; v++)
			count[v + 1] += count[v];
		for (uint32_t k = 0; k < m; k++)
			b[count[(first[a[k]] >> shift) & 2047]++] = a[k];
		a = b;
		b = swap;
	}
	mem_free(b);
	*kept = m;
	return a;
}

bool renumber_ids(struct strtab *t, const uint32_t *order, uint32_t n, const struct task *task, struct err *err)
{
	struct strtab out;

	strtab_init(&out);
	for (uint32_t k = 0; k < n; k++)
		if ((k % ASK_IDS == 0 && !task_keep_going(task) && !task_cancelled(err)) ||
		    strtab_intern(&out, strtab_get(t, order[k]), strtab_len(t, order[k]), err) == STRTAB_NONE) {
			strtab_done(&out);
			return false;
		}
	strtab_done(t);
	*t = out;
	return true;
}
