/* SPDX-License-Identifier: GPL-3.0-or-later */
/* targets.c - one pass over users: history against test items. */
#include "eval/targets.h"

#include <string.h>

#include "base/mem.h"

static bool in_history(uint8_t part, bool on_valid)
{
	return part == PART_TRAIN || part == PART_HISTORY || (part == PART_VALID && !on_valid);
}

/* Stamps the history of u; returns how many events it has. */
static size_t stamp_history(const struct split *s, uint32_t u, bool on_valid, uint32_t *stamp)
{
	const struct dataset *d = s->data;
	size_t n = 0;

	for (size_t e = d->user_ptr[u]; e < d->user_ptr[u + 1]; e++)
		if (in_history(s->part[e], on_valid)) {
			stamp[d->item[e]] = u;
			n++;
		}
	return n;
}

uint32_t targets_history(const struct split *s, uint32_t u, bool on_valid)
{
	uint32_t n = 0;

	for (size_t e = s->data->user_ptr[u]; e < s->data->user_ptr[u + 1]; e++)
		n += in_history(s->part[e], on_valid);
	return n;
}

static void add_user(struct targets *t, const struct csr *wanted, uint32_t u, bool keep_seen,
		     const uint32_t *stamp)
{
	size_t at = t->ptr[t->n];

	for (size_t k = wanted->ptr[u]; k < wanted->ptr[u + 1]; k++) {
		bool seen = stamp[wanted->idx[k]] == u;

		if (seen && !keep_seen)
			t->hazards.repeats_removed++;
		else
			t->item[at++] = wanted->idx[k];
	}
	if (at == t->ptr[t->n])
		return;
	t->user[t->n++] = u;
	t->ptr[t->n] = at;
}

static void count_cold(struct targets *t, const struct split *s, const struct csr *wanted, uint32_t *stamp)
{
	memset(stamp, 0, s->data->n_items * sizeof(*stamp));
	for (size_t k = 0; k < csr_n(wanted); k++) {
		uint32_t i = wanted->idx[k];

		t->hazards.cold_test_items += s->item_train[i] == 0 && !stamp[i];
		stamp[i] = 1;
	}
}

static bool fill(struct targets *t, const struct split *s, bool on_valid, bool keep_seen, uint32_t *stamp,
		 const struct task *task, struct err *err)
{
	const struct csr *wanted = on_valid ? &s->valid : &s->test;
	uint32_t n_users = s->data->n_users;

	memset(stamp, 0xff, s->data->n_items * sizeof(*stamp));
	t->ptr[0] = 0;
	for (uint32_t u = 0; u < n_users; u++) {
		if (u % 1024 == 0 && !task_keep_going(task))
			return task_cancelled(err);
		if (csr_row_n(wanted, u) == 0)
			continue;
		if (stamp_history(s, u, on_valid, stamp) == 0)
			t->hazards.users_dropped++;
		else
			add_user(t, wanted, u, keep_seen, stamp);
	}
	count_cold(t, s, wanted, stamp);
	t->hazards.tied = on_valid ? split_count_tied(s, true) : s->hazards.tied;
	return true;
}

bool targets_make(struct targets *t, const struct split *split, bool on_valid, bool keep_seen,
		  const struct task *task, struct err *err)
{
	const struct csr *wanted = on_valid ? &split->valid : &split->test;
	size_t n_users = split->data->n_users;
	uint32_t *stamp = mem_alloc((size_t)split->data->n_items + 1, sizeof(*stamp), err);
	bool made;

	memset(t, 0, sizeof(*t));
	made = stamp && (t->user = mem_alloc(n_users + 1, sizeof(*t->user), err)) &&
	       (t->ptr = mem_alloc(n_users + 1, sizeof(*t->ptr), err)) &&
	       (t->item = mem_alloc(csr_n(wanted) + 1, sizeof(*t->item), err)) &&
	       fill(t, split, on_valid, keep_seen, stamp, task, err);
	mem_free(stamp);
	if (!made)
		targets_done(t);
	return made;
}

void targets_done(struct targets *t)
{
	mem_free(t->user);
	mem_free(t->ptr);
	mem_free(t->item);
	memset(t, 0, sizeof(*t));
}

bool targets_has(const struct targets *t, size_t i, uint32_t item)
{
	const uint32_t *row = targets_of(t, i);
	uint32_t lo = 0, hi = targets_n(t, i);

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (row[mid] < item)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < targets_n(t, i) && row[lo] == item;
}

bool asker_init(struct asker *a, const struct snapshot *s, const struct split *split, const struct targets *t,
		const struct eval_options *o, const struct task *task, struct err *err)
{
	*a = (struct asker){ .snapshot = s, .split = split, .targets = t, .on_valid = o->on_valid,
			     .fold_in = o->fold_in, .cut = o->cut, .slots = task_slots(task) };
	a->buf = mem_zeroed(a->slots, sizeof(*a->buf), err);
	return a->buf != NULL;
}

void asker_done(struct asker *a)
{
	for (unsigned i = 0; a->buf && i < a->slots; i++)
		history_buf_done(&a->buf[i]);
	mem_free(a->buf);
	a->buf = NULL;
}

bool asker_query(void *asker, size_t i, unsigned slot, struct query *out, struct err *err)
{
	struct asker *a = asker;

	if (!history_query(a->snapshot, a->split, a->targets->user[i], a->on_valid, &a->buf[slot], out, err))
		return false;
	out->fold_in = a->fold_in;
	if (a->cut && out->n > a->cut) {
		out->hidden = out->items;
		out->n_hidden = out->n - a->cut;
		out->items += out->n_hidden;
		out->x = out->x ? out->x + out->n_hidden : NULL;
		out->n = a->cut;
	}
	return true;
}
