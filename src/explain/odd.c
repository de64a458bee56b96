/* SPDX-License-Identifier: GPL-3.0-or-later */
/* odd.c - the table of what is odd, the steps one after another, and the words for a flag. */
#include "explain/odd.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"

const struct odd_info odd_table[N_ODD] = {
	[ODD_BURST] = { "burst", false, "many events within ten seconds" },
	[ODD_REPEAT] = { "repeat", false, "many events of one item" },
	[ODD_COPY] = { "copy", false, "the very same items as another user" },
	[ODD_DOMINANT] = { "dominant", false, "alone gives most co-counts of many pairs of items" },
	[ODD_TIED] = { "tied", false, "the file's order decided which event is tested" },
	[ODD_LEAK] = { "leak", false, "a test item is in train under another id" },
	[ODD_TITLE] = { "title", true, "another item has nearly the same title" },
	[ODD_AUDIENCE] = { "audience", true, "another item was taken by the very same users" },
	[ODD_PAIR] = { "pair", true, "one user gives most co-counts with another item" },
	[ODD_EVERYBODY] = { "everybody", true, "recommended to nearly everybody" },
};

bool odd_add(struct odd_flags *f, const struct odd_flag *flag, struct err *err)
{
	void *at = f->flag;

	if (!mem_grow(&at, &f->cap, f->n + 1, sizeof(*f->flag), err))
		return false;
	f->flag = at;
	f->flag[f->n++] = *flag;
	return true;
}

void odd_done(struct odd_flags *f)
{
	mem_free(f->flag);
	*f = (struct odd_flags){ 0 };
}

/* --- how often each user took each item ------------------------------------------------------------------- */

struct taken { uint32_t item; float x; };

static int by_item(const void *a, const void *b)
{
	const struct taken *x = a, *y = b;

	return (x->item > y->item) - (x->item < y->item);
}

/* One row: the user's items, ascending, repeats added up. */
static void count_row(const struct dataset *d, uint32_t u, struct taken *room, struct csr *out, size_t *at)
{
	size_t lo = d->user_ptr[u], n = d->user_ptr[u + 1] - lo;

	for (size_t i = 0; i < n; i++)
		room[i] = (struct taken){ d->item[lo + i], d->weighted ? dataset_value(d, lo + i) : 1 };
	qsort(room, n, sizeof(*room), by_item);
	for (size_t i = 0; i < n; i++) {
		if (i && room[i].item == room[i - 1].item) {
			out->val[*at - 1] += room[i].x;
		} else {
			out->idx[*at] = room[i].item;
			out->val[(*at)++] = room[i].x;
		}
	}
	out->ptr[u + 1] = *at;
}

static bool count_events(const struct dataset *d, const struct task *task, struct odd_counts *c, struct err *err)
{
	struct csr *x = &c->by_user;
	struct taken *room;
	size_t most = 1, at = 0;
	bool good = true;

	for (uint32_t u = 0; u < d->n_users; u++)
		most = d->user_ptr[u + 1] - d->user_ptr[u] > most ? d->user_ptr[u + 1] - d->user_ptr[u] : most;
	*c = (struct odd_counts){ .by_user = { .rows = d->n_users, .cols = d->n_items } };
	room = mem_alloc(most, sizeof(*room), err);
	if (!room || !(x->ptr = mem_zeroed((size_t)d->n_users + 1, sizeof(*x->ptr), err)) ||
	    !(x->idx = mem_alloc(d->n_events + 1, sizeof(*x->idx), err)) ||
	    !(x->val = mem_alloc(d->n_events + 1, sizeof(*x->val), err)))
		good = false;
	for (uint32_t u = 0; good && u < d->n_users; u++) {
		if (u % 1024 == 0 && !task_keep_going(task))
			good = task_cancelled(err);
		count_row(d, u, room, x, &at);
	}
	mem_free(room);
	return good && csr_transpose(&c->by_item, x, task, err);
}

static int by_kind(const void *a, const void *b)
{
	const struct odd_flag *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind > y->kind ? 1 : -1;
	return (x->who > y->who) - (x->who < y->who);
}

bool odd_find(const struct split *split, const struct task *task, struct odd_flags *out, struct err *err)
{
	const struct dataset *d = split->data;
	uint32_t *twin = mem_alloc((size_t)d->n_items + 1, sizeof(*twin), err);
	struct odd_counts c = { 0 };
	bool good = twin && count_events(d, task, &c, err) && odd_users(split, &c, task, out, err) &&
		    odd_twins(d, &c, task, twin, out, err) && odd_leaks(split, twin, out, err) &&
		    odd_pairs(&c, task, out, err);

	csr_done(&c.by_user);
	csr_done(&c.by_item);
	mem_free(twin);
	if (good && out->n)
		qsort(out->flag, out->n, sizeof(*out->flag), by_kind);
	return good;
}

/* --- test items under another id in train ----------------------------------------------------------------- */

/* The user's train item that is a twin of the test item; NO_ITEM. */
static uint32_t twin_in_train(const struct split *split, uint32_t user, uint32_t test, const uint32_t *twin)
{
	for (size_t k = split->train.ptr[user]; k < split->train.ptr[user + 1]; k++) {
		uint32_t item = split->train.idx[k];

		if (item != test && twin[item] == twin[test])
			return item;
	}
	return NO_ITEM;
}

bool odd_leaks(const struct split *split, const uint32_t *twin, struct odd_flags *out, struct err *err)
{
	for (uint32_t u = 0; u < split->data->n_users; u++) {
		struct odd_flag f = { .kind = ODD_LEAK, .who = u, .user = NO_USER, .time = NO_TIME };

		f.item = NO_ITEM;
		f.of = (double)csr_row_n(&split->test, u);
		for (size_t k = split->test.ptr[u]; k < split->test.ptr[u + 1]; k++) {
			uint32_t found = twin_in_train(split, u, split->test.idx[k], twin);

			if (found == NO_ITEM)
				continue;
			if (f.n == 0) {
				f.item = split->test.idx[k];
				f.other = found;
			}
			f.n++;
		}
		if (f.n > 0 && !odd_add(out, &f, err))
			return false;
	}
	return true;
}

/* --- words ------------------------------------------------------------------------------------------------- */

static const char *plural(double n)
{
	return n == 1 ? "" : "s";
}

void odd_say(const struct dataset *d, const struct odd_flag *f, struct str *out)
{
	const char *item = f->item == NO_ITEM ? "" : dataset_title(d, f->item);
	const char *other = f->other == NO_ITEM ? "" : dataset_title(d, f->other);
	const char *user = f->user == NO_USER ? "" : dataset_user_id(d, f->user);
	char date[32];

	switch (f->kind) {
	case ODD_BURST:
		str_printf(out, "%.0f events within %d s, from %s on (%s); 99 %% of users have at most %.0f", f->n,
			   BURST_SECONDS, clock_date_minute(f->time, date), item, f->of);
		break;
	case ODD_REPEAT:
		str_printf(out, "%.0f events of %s; 99 %% of users have at most %.0f of one item", f->n, item, f->of);
		break;
	case ODD_COPY:
		str_printf(out, "the same %.0f items as user %s", f->n, user);
		if (f->of > 2)
			str_printf(out, " and %.0f more", f->of - 2);
		break;
	case ODD_DOMINANT:
		str_printf(out, "gives more than half of the co-counts of %.0f of %.0f pairs of items (%.1f %%)", f->n,
			   f->of, 100 * f->n / f->of);
		break;
	case ODD_TIED:
		str_printf(out, "%.0f of %.0f test event%s at the same time as one of the history (%s)", f->n, f->of,
			   plural(f->of), item);
		break;
	case ODD_LEAK:
		str_printf(out, "test item %s is in train as %s", item, other);
		if (strcmp(item, other) == 0)
			str_printf(out, " (%s and %s)", dataset_item_id(d, f->item), dataset_item_id(d, f->other));
		if (f->n > 1)
			str_printf(out, ", and %.0f more", f->n - 1);
		break;
	case ODD_TITLE:
		str_printf(out, "nearly the title of %s (%s)", dataset_item_id(d, f->item), item);
		break;
	case ODD_AUDIENCE:
		str_printf(out, "taken by the same %.0f users as %s", f->n, item);
		break;
	case ODD_PAIR:
		str_printf(out, "user %s gives %.4g of the co-count %.4g with %s", user, f->n, f->of, item);
		break;
	case ODD_EVERYBODY:
		str_printf(out, "in %.0f of %.0f lists (%.0f %%)", f->n, f->of, 100 * f->n / f->of);
		break;
	case N_ODD:
		break;
	}
}
