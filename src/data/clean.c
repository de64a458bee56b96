/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is read well but not kept: repeats of a pair, and what is outside the k-core.
 * Works on a dataset under construction: user_ptr, item, value, time are set. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/build.h"

struct dedupe_run {
	struct dataset *d;
	enum dedupe how;
	const uint32_t *bound; /* chunks of users */
	uint64_t *removed;     /* [chunks] */
	uint32_t **owner;      /* [slots][I] the user that touched the item last, plus 1 */
	size_t **kept;         /* [slots][I] its kept event; only for sum and max */
};

static bool slot_ready(struct dedupe_run *r, unsigned slot, struct err *err)
{
	if (!r->owner[slot])
		r->owner[slot] = mem_zeroed(r->d->n_items, sizeof(uint32_t), err);
	if (r->owner[slot] && r->kept && !r->kept[slot])
		r->kept[slot] = mem_alloc(r->d->n_items, sizeof(size_t), err);
	return r->owner[slot] && (!r->kept || r->kept[slot]);
}

/* Newest to oldest; `e` is a repeat of the event kept at *kept.  Returns the event that goes. */
static size_t fold_pair(struct dataset *d, enum dedupe how, size_t e, size_t *kept)
{
	size_t out = e;

	if (how == DEDUPE_SUM) {
		d->value[*kept] += d->value[e];
	} else if (how == DEDUPE_MAX && d->value && d->value[e] > d->value[*kept]) {
		out = *kept;
		*kept = e;
	}
	return out;
}

static uint64_t dedupe_user(struct dedupe_run *r, uint32_t u, uint32_t *owner, size_t *kept)
{
	struct dataset *d = r->d;
	const size_t lo = d->user_ptr[u], hi = d->user_ptr[u + 1];
	uint64_t removed = 0;

	for (size_t k = lo; k < hi; k++) {
		size_t e = r->how == DEDUPE_FIRST ? k : hi - 1 - (k - lo);
		uint32_t i = d->item[e];

		if (owner[i] != u + 1) {
			owner[i] = u + 1;
			if (kept)
				kept[i] = e;
			continue;
		}
		d->item[kept ? fold_pair(d, r->how, e, &kept[i]) : e] = NO_ITEM;
		removed++;
	}
	return removed;
}

static void dedupe_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct dedupe_run *r = ctx;

	for (uint32_t u = r->bound[chunk]; u < r->bound[chunk + 1]; u++)
		r->removed[chunk] += dedupe_user(r, u, r->owner[slot], r->kept ? r->kept[slot] : NULL);
}

bool clean_duplicates(struct dataset *d, enum dedupe how, uint64_t *removed, const struct task *task, struct err *err)
{
	const unsigned slots = task_slots(task);
	struct dedupe_run r = { .d = d, .how = how };
	uint32_t *bound = NULL;
	size_t n_chunks;
	bool fine = false;

	*removed = 0;
	if (how == DEDUPE_NONE)
		return true;
	bound = build_user_chunks(d->user_ptr, d->n_users, &n_chunks, err);
	r.bound = bound;
	r.removed = bound ? mem_zeroed(n_chunks, sizeof(*r.removed), err) : NULL;
	r.owner = mem_must(calloc(slots, sizeof(*r.owner)));
	if (how == DEDUPE_SUM || how == DEDUPE_MAX)
		r.kept = mem_must(calloc(slots, sizeof(*r.kept)));
	if (!r.removed)
		goto out;
	for (unsigned s = 0; s < slots; s++)
		if (!slot_ready(&r, s, err))
			goto out;
	if (!task_chunks(task, n_chunks, dedupe_chunk, &r)) {
		task_cancelled(err);
		goto out;
	}
	for (size_t c = 0; c < n_chunks; c++)
		*removed += r.removed[c];
	fine = true;
out:
	for (unsigned s = 0; s < slots; s++) {
		mem_free(r.owner[s]);
		if (r.kept)
			mem_free(r.kept[s]);
	}
	free(r.owner);
	free(r.kept);
	mem_free(r.removed);
	mem_free(bound);
	return fine;
}

/* One sweep: events of users and items that have too few go.  Returns how many went. */
static uint64_t core_sweep(struct dataset *d, uint32_t min_user, uint32_t min_item, size_t *of_user, size_t *of_item)
{
	uint64_t removed = 0;

	for (uint32_t u = 0; u < d->n_users; u++) {
		bool user_out = of_user[u] < min_user;

		if (!of_user[u])
			continue;
		for (size_t e = d->user_ptr[u]; e < d->user_ptr[u + 1]; e++) {
			uint32_t i = d->item[e];

			if (i == NO_ITEM || (!user_out && of_item[i] >= min_item))
				continue;
			d->item[e] = NO_ITEM;
			of_user[u]--;
			of_item[i]--;
			removed++;
		}
	}
	return removed;
}

bool clean_core(struct dataset *d, uint32_t min_user, uint32_t min_item, uint64_t *removed, const struct task *task,
		struct err *err)
{
	size_t *of_user, *of_item;
	uint64_t went;
	bool fine = false;

	*removed = 0;
	if (min_user <= 1 && min_item <= 1)
		return true;
	of_user = mem_zeroed(d->n_users, sizeof(*of_user), err);
	of_item = of_user ? mem_zeroed(d->n_items, sizeof(*of_item), err) : NULL;
	if (!of_item)
		goto out;
	for (uint32_t u = 0; u < d->n_users; u++)
		for (size_t e = d->user_ptr[u]; e < d->user_ptr[u + 1]; e++)
			if (d->item[e] != NO_ITEM) {
				of_user[u]++;
				of_item[d->item[e]]++;
			}
	do {
		if (!task_keep_going(task)) {
			task_cancelled(err);
			goto out;
		}
		went = core_sweep(d, min_user, min_item, of_user, of_item);
		*removed += went;
	} while (went);
	fine = true;
out:
	mem_free(of_user);
	mem_free(of_item);
	return fine;
}
