/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tally.c - sums a chunk at a time. */
#include "eval/tally.h"

#include <math.h>

#include "base/mem.h"

bool tally_open(struct tally *t, struct eval_result *r, unsigned metrics, struct err *err)
{
	*t = (struct tally){ .r = r, .metrics = metrics, .n_chunks = (r->n_users + TALLY_USERS - 1) / TALLY_USERS };
	t->chunk = mem_zeroed(t->n_chunks ? t->n_chunks : 1, sizeof(*t->chunk), err);
	if (!t->chunk)
		return false;
	for (int m = 0; m < N_METRICS; m++)
		for (unsigned k = 0; k < r->options.n_k; k++) {
			r->value[m][k] = r->by_chance[m][k] = NAN;
			if (!metric_table[m].per_user || !(metrics >> m & 1))
				continue;
			r->per_user[m][k] = mem_alloc(r->n_users ? r->n_users : 1, sizeof(float), err);
			if (!r->per_user[m][k])
				return false;
			for (size_t i = 0; i < r->n_users; i++)
				r->per_user[m][k][i] = NAN;
		}
	return true;
}

void tally_put(struct tally *t, size_t i, int metric, unsigned k, double value)
{
	struct tally_sum *s = &t->chunk[i / TALLY_USERS];

	t->r->per_user[metric][k][i] = (float)value;
	if (isnan(value))
		return;
	s->sum[metric][k] += value;
	s->n[metric][k]++;
}

void tally_chance(struct tally *t, size_t i, int metric, unsigned k, double value)
{
	t->chunk[i / TALLY_USERS].chance[metric][k] += value;
	t->chunk[i / TALLY_USERS].n_chance[metric][k]++;
}

void tally_close(struct tally *t)
{
	for (int m = 0; m < N_METRICS; m++)
		for (unsigned k = 0; k < t->r->options.n_k; k++) {
			double sum = 0, chance = 0;
			size_t n = 0, n_chance = 0;

			for (size_t c = 0; c < t->n_chunks; c++) {
				sum += t->chunk[c].sum[m][k];
				n += t->chunk[c].n[m][k];
				chance += t->chunk[c].chance[m][k];
				n_chance += t->chunk[c].n_chance[m][k];
			}
			if (metric_table[m].per_user && n > 0)
				t->r->value[m][k] = sum / (double)n;
			if (n_chance > 0)
				t->r->by_chance[m][k] = chance / (double)n_chance;
		}
	mem_free(t->chunk);
	t->chunk = NULL;
}
