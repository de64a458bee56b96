/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sequences.c - see sequences.h. */
#include "model/sequences.h"

#include <string.h>

#include "base/mem.h"

/* A user's events of x into to; returns how many. */
static uint32_t take_history(const struct build_env *env, uint32_t u, uint32_t most, uint32_t *all, uint32_t *to)
{
	uint32_t n = split_history(env->split, u, !env->refit, all, NULL, NULL), kept = 0;

	for (uint32_t k = 0; k < n; k++) /* what is mere history is not trained on */
		if (csr_has(env->x, u, all[k]))
			all[kept++] = all[k];
	n = kept < most ? kept : most;
	memcpy(to, all + kept - n, n * sizeof(*to));
	return n;
}

static size_t longest_history(const struct dataset *d)
{
	size_t longest = 1;

	for (uint32_t u = 0; u < d->n_users; u++)
		if (d->user_ptr[u + 1] - d->user_ptr[u] > longest)
			longest = d->user_ptr[u + 1] - d->user_ptr[u];
	return longest;
}

bool sequences_make(struct sequences *s, const struct build_env *env, uint32_t most, struct err *err)
{
	uint32_t *all = mem_alloc(longest_history(env->data), sizeof(*all), err);

	*s = (struct sequences){ .U = env->x->rows };
	if (all && (s->ptr = mem_zeroed((size_t)s->U + 1, sizeof(*s->ptr), err)))
		s->item = mem_alloc(csr_n(env->x), sizeof(*s->item), err);
	for (uint32_t u = 0; s->item && u < s->U; u++)
		s->ptr[u + 1] = s->ptr[u] + take_history(env, u, most, all, s->item + s->ptr[u]);
	mem_free(all);
	if (s->item)
		return true;
	sequences_done(s);
	return false;
}

void sequences_done(struct sequences *s)
{
	mem_free(s->ptr);
	mem_free(s->item);
	*s = (struct sequences){ 0 };
}

uint32_t sequences_longest(const struct sequences *s)
{
	uint32_t longest = 1;

	for (uint32_t u = 0; u < s->U; u++)
		if (sequences_n(s, u) > longest)
			longest = sequences_n(s, u);
	return longest;
}

uint64_t sequences_bytes(uint32_t U, size_t events)
{
	return ((uint64_t)U + 1) * sizeof(size_t) + events * sizeof(uint32_t);
}
