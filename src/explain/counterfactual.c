/* SPDX-License-Identifier: GPL-3.0-or-later */
/* counterfactual.c - see counterfactual.h.
 *
 * DESIGN: both searches are rounds of trials.  A trial is the history with a set of changes; a round tries
 * many sets of one size over the pool, some at once in the arrays of a thread's slot, so that the items are read
 * once for all of them, and leaves a rank for each.  What a round chooses depends on the ranks alone. */
#include "explain/counterfactual.h"

#include <string.h>

#include "base/bits.h"
#include "base/mem.h"
#include "explain/changed_history.h"

enum { TRIALS_A_CHUNK = RANKS_AT_ONCE, GREEDY_POOL = 32 /* events that a greedy step chooses from */ };

struct trials {
	const struct snapshot *s;
	uint32_t n_items, item;
	const struct query *given;
	struct rank_options o;
	bool adds;
	const uint32_t *set; /* [n][size] places in the history that are taken out; or items that are added */
	uint32_t size;
	size_t n, cap;
	uint32_t *rank; /* [n] */
	float *score;   /* [n] tells apart changes that leave the same rank */
	uint32_t *order; /* removals: [history] places, the one whose removal alone moves the item furthest first */
	struct changed_history tried;
};

static void trials_done(struct trials *t)
{
	changed_history_done(&t->tried);
	mem_free(t->rank);
	mem_free(t->score);
	mem_free(t->order);
}

static void trial_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct trials *t = ctx;
	struct changed_slot *mine = &t->tried.slot[slot];
	const size_t first = chunk * TRIALS_A_CHUNK, n = t->n - first < TRIALS_A_CHUNK ? t->n - first : TRIALS_A_CHUNK;
	struct query q[TRIALS_A_CHUNK];

	for (size_t i = 0; i < n; i++) {
		const uint32_t *set = t->set + (first + i) * t->size;

		q[i] = t->adds ? changed_with(&t->tried, slot, i, set, t->size)
			       : changed_without(&t->tried, slot, i, set, t->size);
	}
	if (!ranks_of_item(t->s->model, t->n_items, q, n, &t->o, t->item, &mine->scratch, &t->rank[first],
			   &t->score[first], &mine->err))
		atomic_store(&t->tried.failed, true);
}

/* Ranks and scores of n sets of `size`. */
static bool try_sets(struct trials *t, const uint32_t *set, size_t n, uint32_t size, struct counterfactual *out,
		     const struct task *task, struct err *err)
{
	if (n > t->cap) {
		t->cap = 0;
		mem_free(t->rank);
		mem_free(t->score);
		t->rank = mem_alloc(n, sizeof(*t->rank), err);
		t->score = mem_alloc(n, sizeof(*t->score), err);
		if (!t->rank || !t->score)
			return false;
		t->cap = n;
	}
	t->set = set;
	t->n = n;
	t->size = size;
	out->trials += (uint32_t)n;
	if (!task_chunks(task, (n + TRIALS_A_CHUNK - 1) / TRIALS_A_CHUNK, trial_chunk, t))
		return task_cancelled(err);
	return changed_history_fine(&t->tried, err);
}

/* Does trial i serve better than trial j: a removal by a worse rank, an addition by a better one? */
static bool serves_better(const struct trials *t, size_t i, size_t j)
{
	if (t->rank[i] != t->rank[j])
		return t->adds ? t->rank[i] < t->rank[j] : t->rank[i] > t->rank[j];
	return t->adds ? t->score[i] > t->score[j] : t->score[i] < t->score[j];
}

static size_t choose(const struct trials *t)
{
	size_t best = 0;

	for (size_t i = 1; i < t->n; i++)
		if (serves_better(t, i, best))
			best = i;
	return best;
}

static bool is_there(const struct trials *t, size_t i)
{
	return t->adds ? t->rank[i] <= t->o.k : t->rank[i] > t->o.k;
}

static bool take(struct counterfactual *out, const uint32_t *items, uint32_t n, uint32_t rank, bool smallest,
		 struct err *err)
{
	out->items = mem_alloc(n, sizeof(*out->items), err);
	if (!out->items)
		return false;
	memcpy(out->items, items, n * sizeof(*items));
	out->n = n;
	out->rank = rank;
	out->found = true;
	out->smallest = smallest;
	return true;
}

void counterfactual_done(struct counterfactual *c)
{
	mem_free(c->items);
	*c = (struct counterfactual){ 0 };
}

/* --- Removal -------------------------------------------------------------------- */

/* n over size, or SIZE_MAX where that is more than `most`. */
static size_t choices(uint32_t n, uint32_t size, size_t most)
{
	size_t c = 1;

	for (uint32_t k = 0; k < size; k++) {
		c = c * (n - k) / (k + 1);
		if (c > most)
			return SIZE_MAX;
	}
	return c;
}

/* All sets of `size` of the n places, in order. */
static void list_choices(uint32_t *set, uint32_t n, uint32_t size, size_t count)
{
	for (uint32_t j = 0; j < size; j++)
		set[j] = j;
	for (size_t i = 1; i < count; i++) {
		uint32_t *now = set + i * size, j = size - 1;

		memcpy(now, now - size, size * sizeof(*now));
		while (now[j] == n - size + j)
			j--;
		now[j]++;
		for (uint32_t k = j + 1; k < size; k++)
			now[k] = now[k - 1] + 1;
	}
}

static bool take_places(const struct trials *t, struct counterfactual *out, uint32_t *places, uint32_t n,
			uint32_t rank, bool smallest, struct err *err)
{
	for (uint32_t i = 1; i < n; i++) /* in the order of the history */
		for (uint32_t j = i; j > 0 && places[j] < places[j - 1]; j--) {
			uint32_t swap = places[j];

			places[j] = places[j - 1];
			places[j - 1] = swap;
		}
	for (uint32_t i = 0; i < n; i++)
		places[i] = t->given->items[places[i]];
	return take(out, places, n, rank, smallest, err);
}

/* After a round of all single removals. */
static bool keep_order(struct trials *t, struct err *err)
{
	t->order = mem_alloc(t->n, sizeof(*t->order), err);
	for (uint32_t i = 0; t->order && i < t->n; i++) {
		uint32_t j = i;

		for (; j > 0 && serves_better(t, i, t->order[j - 1]); j--)
			t->order[j] = t->order[j - 1];
		t->order[j] = i;
	}
	return t->order != NULL;
}

/* Every set of one size. */
static bool try_all(struct trials *t, uint32_t size, size_t count, struct counterfactual *out,
		    const struct task *task, struct err *err)
{
	uint32_t *set = mem_alloc(count * size, sizeof(*set), err);
	bool fine = set != NULL;

	if (fine) {
		list_choices(set, t->given->n, size, count);
		fine = try_sets(t, set, count, size, out, task, err) && (size > 1 || keep_order(t, err));
	}
	if (fine) {
		size_t best = choose(t);

		if (is_there(t, best))
			fine = take_places(t, out, set + best * size, size, t->rank[best], true, err);
	}
	mem_free(set);
	return fine;
}

static bool in_set(const uint32_t *set, uint32_t n, uint32_t x)
{
	for (uint32_t k = 0; k < n; k++)
		if (set[k] == x)
			return true;
	return false;
}

/* The sets that a chosen one and each further change make: [count][n_chosen + 1]. */
static size_t list_further(uint32_t *set, const uint32_t *chosen, uint32_t n_chosen, const uint32_t *pool,
			   uint32_t n_pool)
{
	size_t count = 0;

	for (uint32_t k = 0; k < n_pool; k++) {
		uint32_t *now = set + count * (n_chosen + 1);

		if (in_set(chosen, n_chosen, pool[k]))
			continue;
		memcpy(now, chosen, n_chosen * sizeof(*now));
		now[n_chosen] = pool[k];
		count++;
	}
	return count;
}

/* A set of changes while it grows. */
struct growing {
	uint32_t *chosen; /* [room] */
	uint32_t n, rank;
	bool there;
};

/* One change after another out of the pool, each the one that moves the item furthest. */
static bool go_greedily(struct trials *t, struct growing *g, const uint32_t *pool, uint32_t n_pool, uint32_t most,
			struct counterfactual *out, const struct task *task, struct err *err)
{
	uint32_t *set = mem_alloc((size_t)n_pool * most, sizeof(*set), err);
	bool fine = set != NULL;

	while (fine && !g->there && g->n < most && g->n < n_pool) {
		size_t count = list_further(set, g->chosen, g->n, pool, n_pool), best;

		fine = try_sets(t, set, count, g->n + 1, out, task, err);
		if (!fine)
			break;
		best = choose(t);
		memcpy(g->chosen, set + best * (g->n + 1), (g->n + 1) * sizeof(*g->chosen));
		g->n++;
		g->rank = t->rank[best];
		g->there = is_there(t, best);
	}
	mem_free(set);
	return fine;
}

/* The rest in order, one trial each: for histories that are longer than the pool. */
static bool go_on_in_order(struct trials *t, struct growing *g, struct counterfactual *out, const struct task *task,
			   struct err *err)
{
	for (uint32_t k = g->n; !g->there && k < t->given->n; k++) {
		g->chosen[g->n++] = t->order[k];
		if (!try_sets(t, g->chosen, 1, g->n, out, task, err))
			return false;
		g->rank = t->rank[0];
		g->there = is_there(t, 0);
	}
	return true;
}

/* Gives back what the set can do without: the last chosen first. */
static bool thin_out(struct trials *t, struct growing *g, struct counterfactual *out, const struct task *task,
		     struct err *err)
{
	uint32_t *without = mem_alloc(g->n, sizeof(*without), err);
	bool fine = without != NULL;

	for (uint32_t k = g->n; fine && g->n > 1 && k-- > 0;) {
		memcpy(without, g->chosen, k * sizeof(*without));
		memcpy(without + k, g->chosen + k + 1, (g->n - k - 1) * sizeof(*without));
		fine = try_sets(t, without, 1, g->n - 1, out, task, err);
		if (!fine || !is_there(t, 0))
			continue;
		memcpy(g->chosen, without, --g->n * sizeof(*g->chosen));
		g->rank = t->rank[0];
	}
	mem_free(without);
	return fine;
}

/* After all sets of `proven` events have failed. */
static bool remove_greedily(struct trials *t, uint32_t proven, struct counterfactual *out, const struct task *task,
			    struct err *err)
{
	const uint32_t n = t->given->n, pool = n < GREEDY_POOL ? n : GREEDY_POOL;
	struct growing g = { .chosen = mem_alloc(n, sizeof(*g.chosen), err) };
	bool fine = g.chosen && go_greedily(t, &g, t->order, pool, pool, out, task, err) &&
		    go_on_in_order(t, &g, out, task, err);

	if (fine && g.there)
		fine = thin_out(t, &g, out, task, err) &&
		       take_places(t, out, g.chosen, g.n, g.rank, g.n <= proven + 1, err);
	mem_free(g.chosen);
	return fine;
}

/* Candidates of all trials: not the history as it is, nor what the caller bars. */
static uint64_t *bar_history(const struct query *q, uint32_t n_items, const uint64_t *barred, struct err *err)
{
	const size_t words = bits_words(n_items);
	uint64_t *set = mem_zeroed(words, sizeof(*set), err);

	if (set && barred)
		memcpy(set, barred, words * sizeof(*set));
	for (uint32_t k = 0; set && k < q->n; k++)
		bits_add(set, q->items[k]);
	return set;
}

bool smallest_removal(const struct snapshot *s, uint32_t n_items, const struct query *given, uint32_t item,
		      const struct rank_options *o, uint32_t budget, const struct task *task,
		      struct counterfactual *out, struct err *err)
{
	struct trials t = { .s = s, .n_items = n_items, .item = item, .given = given,
			    .o = { .k = o->k, .keep_seen = true } };
	uint64_t *barred = bar_history(given, n_items, o->barred, err);
	uint32_t proven = 0; /* no set of so many does */
	bool fine;

	*out = (struct counterfactual){ 0 };
	t.o.barred = barred;
	fine = barred && changed_history_init(&t.tried, given, 0, TRIALS_A_CHUNK, task, err);
	while (fine && !out->found && proven < given->n) {
		size_t count = choices(given->n, proven + 1, budget);

		if (proven > 0 && (count == SIZE_MAX || out->trials + count > budget))
			break;
		fine = try_all(&t, proven + 1, count == SIZE_MAX ? given->n : count, out, task, err);
		proven++;
	}
	if (fine && !out->found && proven < given->n)
		fine = remove_greedily(&t, proven, out, task, err);
	trials_done(&t);
	mem_free(barred);
	return fine;
}

/* --- Addition ------------------------------------------------------------------- */

bool smallest_addition(const struct snapshot *s, uint32_t n_items, const struct query *given, uint32_t item,
		       const struct rank_options *o, const uint32_t *tried, uint32_t n_tried,
		       const struct task *task, struct counterfactual *out, struct err *err)
{
	struct trials t = { .s = s, .n_items = n_items, .item = item, .given = given, .o = *o, .adds = true };
	bool fine;

	uint32_t chosen[ADDITIONS_MOST];
	struct growing g = { .chosen = chosen };

	*out = (struct counterfactual){ 0 };
	if (!n_tried)
		return true;
	fine = changed_history_init(&t.tried, given, ADDITIONS_MOST, TRIALS_A_CHUNK, task, err) &&
	       go_greedily(&t, &g, tried, n_tried, ADDITIONS_MOST, out, task, err);
	if (fine && g.there)
		fine = take(out, chosen, g.n, g.rank, g.n == 1, err);
	trials_done(&t);
	return fine;
}
