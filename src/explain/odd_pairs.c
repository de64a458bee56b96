/* SPDX-License-Identifier: GPL-3.0-or-later */
/* odd_pairs.c - pairs of items whose co-count comes from one user, and users who give many of them.
 *
 * DESIGN: an item at a time: the rows of all who took it are added up against the items of higher number, with the
 * greatest share of one user and whose it is.  Chunks of items write their own rows and add to the users' numbers,
 * whole ones, so that no order counts.
 */
#include <stdatomic.h>

#include "base/mem.h"
#include "explain/odd.h"

#define CHUNK 8 /* items */

/* The pair of an item that is told: the one with the greatest co-count among those of one user. */
struct worst { uint32_t other, user; float part, sum; };

struct pair_slot {
	float *sum, *most; /* [I] */
	uint32_t *who;     /* [I] */
	uint32_t *seen;    /* items touched */
	uint64_t pairs;
};

struct pair_job {
	const struct odd_counts *c;
	struct pair_slot *slot;
	struct worst *worst;      /* [I] sum 0: none */
	_Atomic uint64_t *given; /* [U] pairs of which the user gives more than half */
};

static size_t add_up(const struct odd_counts *c, uint32_t item, struct pair_slot *s)
{
	size_t n = 0;

	for (size_t k = c->by_item.ptr[item]; k < c->by_item.ptr[item + 1]; k++) {
		uint32_t u = c->by_item.idx[k];
		float x = c->by_item.val[k];

		for (size_t j = csr_seek(&c->by_user, u, item + 1); j < c->by_user.ptr[u + 1]; j++) {
			uint32_t other = c->by_user.idx[j];
			float part = x * c->by_user.val[j];

			if (s->sum[other] == 0)
				s->seen[n++] = other;
			s->sum[other] += part;
			if (part > s->most[other]) {
				s->most[other] = part;
				s->who[other] = u;
			}
		}
	}
	return n;
}

static void pairs_of(struct pair_job *job, uint32_t item, struct pair_slot *s)
{
	size_t n = add_up(job->c, item, s);
	struct worst *w = &job->worst[item];

	s->pairs += n;
	for (size_t k = 0; k < n; k++) {
		uint32_t other = s->seen[k];

		if (s->most[other] > s->sum[other] / 2) {
			atomic_fetch_add_explicit(&job->given[s->who[other]], 1, memory_order_relaxed);
			if (s->sum[other] >= PAIR_LEAST &&
			    (s->sum[other] > w->sum || (s->sum[other] == w->sum && other < w->other)))
				*w = (struct worst){ other, s->who[other], s->most[other], s->sum[other] };
		}
		s->sum[other] = s->most[other] = 0;
	}
}

static void pairs_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct pair_job *job = ctx;
	uint32_t first = (uint32_t)chunk * CHUNK, n_items = job->c->by_item.rows;

	for (uint32_t i = first; i < first + CHUNK && i < n_items; i++)
		pairs_of(job, i, &job->slot[slot]);
}

static bool make_slots(struct pair_job *job, unsigned n, uint32_t n_items, struct err *err)
{
	job->slot = mem_zeroed(n, sizeof(*job->slot), err);
	for (unsigned i = 0; job->slot && i < n; i++) {
		struct pair_slot *s = &job->slot[i];

		if (!(s->sum = mem_zeroed((size_t)n_items + 1, sizeof(*s->sum), err)) ||
		    !(s->most = mem_zeroed((size_t)n_items + 1, sizeof(*s->most), err)) ||
		    !(s->who = mem_zeroed((size_t)n_items + 1, sizeof(*s->who), err)) ||
		    !(s->seen = mem_zeroed((size_t)n_items + 1, sizeof(*s->seen), err)))
			return false;
	}
	return job->slot != NULL;
}

static void free_slots(struct pair_job *job, unsigned n)
{
	for (unsigned i = 0; job->slot && i < n; i++) {
		mem_free(job->slot[i].sum);
		mem_free(job->slot[i].most);
		mem_free(job->slot[i].who);
		mem_free(job->slot[i].seen);
	}
	mem_free(job->slot);
}

static bool flag_givers(const struct pair_job *job, uint64_t pairs, struct odd_flags *out, struct err *err)
{
	for (uint32_t u = 0; u < job->c->by_user.rows; u++) {
		struct odd_flag f = { .kind = ODD_DOMINANT, .who = u, .user = NO_USER, .item = NO_ITEM,
				      .other = NO_ITEM, .of = (double)pairs, .time = NO_TIME };

		f.n = (double)atomic_load_explicit(&job->given[u], memory_order_relaxed);
		if (f.n > 0 && f.n >= DOMINANT_SHARE * f.of && !odd_add(out, &f, err))
			return false;
	}
	return true;
}

static bool flag_pairs(const struct pair_job *job, struct odd_flags *out, struct err *err)
{
	for (uint32_t i = 0; i < job->c->by_item.rows; i++) {
		const struct worst *w = &job->worst[i];
		struct odd_flag f = { .kind = ODD_PAIR, .who = i, .user = w->user, .item = w->other, .other = NO_ITEM,
				      .n = (double)w->part, .of = (double)w->sum, .time = NO_TIME };

		if (w->sum > 0 && !odd_add(out, &f, err))
			return false;
	}
	return true;
}

bool odd_pairs(const struct odd_counts *c, const struct task *task, struct odd_flags *out, struct err *err)
{
	uint32_t n_items = c->by_item.rows;
	struct pair_job job = { .c = c };
	unsigned n_slots = task_slots(task);
	uint64_t pairs = 0;
	bool good = (job.worst = mem_zeroed((size_t)n_items + 1, sizeof(*job.worst), err)) &&
		    (job.given = mem_zeroed((size_t)c->by_user.rows + 1, sizeof(*job.given), err)) &&
		    make_slots(&job, n_slots, n_items, err);

	if (good && !task_chunks_shown(task, ((size_t)n_items + CHUNK - 1) / CHUNK, pairs_chunk, &job))
		good = task_cancelled(err);
	for (unsigned i = 0; good && i < n_slots; i++)
		pairs += job.slot[i].pairs;
	good = good && flag_givers(&job, pairs, out, err) && flag_pairs(&job, out, err);
	free_slots(&job, n_slots);
	mem_free(job.worst);
	mem_free((void *)job.given);
	return good;
}
