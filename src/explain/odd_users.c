/* SPDX-License-Identifier: GPL-3.0-or-later */
/* odd_users.c - bursts, repeats, copies and tied test events. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "explain/odd.h"

/* --- what is much, against what is usual ------------------------------------------------------------------- */

/* A user's largest figure of a kind, and where it is. */
struct peak { uint32_t n; size_t event; };

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* The figure that 99 % of the users do not exceed. */
static bool usual_peak(const struct peak *peak, uint32_t n, uint32_t *out, struct err *err)
{
	uint32_t *sorted = mem_alloc(n ? n : 1, sizeof(*sorted), err);

	if (!sorted)
		return false;
	for (uint32_t u = 0; u < n; u++)
		sorted[u] = peak[u].n;
	qsort(sorted, n, sizeof(*sorted), by_number);
	*out = n ? sorted[(size_t)n * 99 / 100 == n ? n - 1 : (size_t)n * 99 / 100] : 0;
	mem_free(sorted);
	return true;
}

static bool flag_peaks(const struct dataset *d, const struct peak *peak, enum odd_kind kind, uint32_t least,
		       struct odd_flags *out, struct err *err)
{
	uint32_t usual;

	if (!usual_peak(peak, d->n_users, &usual, err))
		return false;
	for (uint32_t u = 0; u < d->n_users; u++) {
		struct odd_flag f = { .kind = kind, .who = u, .user = NO_USER, .other = NO_ITEM, .n = peak[u].n,
				      .of = usual };

		if (peak[u].n < least || peak[u].n <= usual)
			continue;
		f.item = d->item[peak[u].event];
		f.time = d->time ? d->time[peak[u].event] : NO_TIME;
		if (!odd_add(out, &f, err))
			return false;
	}
	return true;
}

/* Where all times are whole minutes, all of an invoice has one: nothing tells how fast its events came. */
static bool tells_seconds(const struct dataset *d)
{
	for (size_t e = 0; d->time && e < d->n_events; e++)
		if (d->time[e] != NO_TIME && d->time[e] % 60 != 0)
			return true;
	return false;
}

/* Two ends of a window of BURST_SECONDS over the user's events, which come by time. */
static struct peak burst_of(const struct dataset *d, uint32_t u)
{
	struct peak p = { 0, d->user_ptr[u] };

	for (size_t lo = d->user_ptr[u], hi = lo; hi < d->user_ptr[u + 1]; hi++) {
		if (d->time[hi] == NO_TIME)
			continue;
		while (d->time[lo] == NO_TIME || d->time[hi] - d->time[lo] > BURST_SECONDS)
			lo++;
		if (hi - lo + 1 > p.n)
			p = (struct peak){ (uint32_t)(hi - lo + 1), lo };
	}
	return p;
}

static struct peak repeat_of(const struct dataset *d, const struct csr *x, uint32_t u, uint32_t *count)
{
	struct peak p = { 0, d->user_ptr[u] };

	for (size_t e = d->user_ptr[u]; e < d->user_ptr[u + 1]; e++)
		if (++count[d->item[e]] > p.n)
			p = (struct peak){ count[d->item[e]], e };
	for (size_t k = x->ptr[u]; k < x->ptr[u + 1]; k++)
		count[x->idx[k]] = 0;
	return p;
}

static bool find_peaks(const struct dataset *d, const struct odd_counts *c, const struct task *task,
		       struct odd_flags *out, struct err *err)
{
	struct peak *peak = mem_zeroed((size_t)d->n_users + 1, sizeof(*peak), err);
	uint32_t *count = peak ? mem_zeroed((size_t)d->n_items + 1, sizeof(*count), err) : NULL;
	const bool timed = tells_seconds(d);
	bool good = count != NULL;

	for (uint32_t u = 0; good && timed && u < d->n_users; u++)
		peak[u] = burst_of(d, u);
	good = good && (!timed || flag_peaks(d, peak, ODD_BURST, BURST_LEAST, out, err));
	for (uint32_t u = 0; good && u < d->n_users; u++) {
		if (u % 1024 == 0 && !task_keep_going(task))
			good = task_cancelled(err);
		peak[u] = repeat_of(d, &c->by_user, u, count);
	}
	good = good && flag_peaks(d, peak, ODD_REPEAT, REPEAT_LEAST, out, err);
	mem_free(peak);
	mem_free(count);
	return good;
}

/* --- the same items ----------------------------------------------------------------------------------------- */

struct keyed { uint64_t key; uint32_t who; };

static int by_key(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	if (x->key != y->key)
		return x->key > y->key ? 1 : -1;
	return (x->who > y->who) - (x->who < y->who);
}

static bool same_row(const struct csr *x, uint32_t a, uint32_t b)
{
	size_t n = csr_row_n(x, a);

	return n == csr_row_n(x, b) && !memcmp(csr_row(x, a), csr_row(x, b), n * sizeof(*x->idx));
}

/* `group` are users whose rows have one hash: those with one row are told, each with the first other of them. */
static bool flag_copies(const struct csr *x, const struct keyed *group, size_t n, struct odd_flags *out, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		struct odd_flag f = { .kind = ODD_COPY, .who = group[i].who, .user = NO_USER, .item = NO_ITEM,
				      .other = NO_ITEM, .n = (double)csr_row_n(x, group[i].who), .of = 1,
				      .time = NO_TIME };

		for (size_t j = 0; j < n; j++) {
			if (j == i || !same_row(x, group[i].who, group[j].who))
				continue;
			f.of++;
			if (f.user == NO_USER)
				f.user = group[j].who;
		}
		if (f.user != NO_USER && !odd_add(out, &f, err))
			return false;
	}
	return true;
}

static bool find_copies(const struct csr *x, struct odd_flags *out, struct err *err)
{
	struct keyed *key = mem_alloc((size_t)x->rows + 1, sizeof(*key), err);
	size_t n = 0;
	bool good = key != NULL;

	for (uint32_t u = 0; good && u < x->rows; u++)
		if (csr_row_n(x, u) >= COPY_LEAST)
			key[n++] = (struct keyed){ hash_bytes(csr_row(x, u), csr_row_n(x, u) * sizeof(*x->idx), 0), u };
	if (good && n)
		qsort(key, n, sizeof(*key), by_key);
	for (size_t i = 0, end; good && i < n; i = end) {
		for (end = i + 1; end < n && key[end].key == key[i].key; end++)
			continue;
		good = end - i < 2 || flag_copies(x, key + i, end - i, out, err);
	}
	mem_free(key);
	return good;
}

/* --- tied test events ---------------------------------------------------------------------------------------- */

/* Where the order in time tells which events are tested. */
static bool order_decides(const struct split *split)
{
	return split->data->time && (!strcmp(split->kind, "leave-last") || strstr(split->text, "order=time"));
}

static bool is_history(enum part p)
{
	return p == PART_TRAIN || p == PART_VALID || p == PART_HISTORY;
}

static bool find_tied(const struct split *split, struct odd_flags *out, struct err *err)
{
	const struct dataset *d = split->data;

	for (uint32_t u = 0; order_decides(split) && u < d->n_users; u++) {
		struct odd_flag f = { .kind = ODD_TIED, .who = u, .user = NO_USER, .item = NO_ITEM, .other = NO_ITEM,
				      .time = NO_TIME };

		for (size_t e = d->user_ptr[u]; e < d->user_ptr[u + 1]; e++) {
			bool tied = false;

			if (split->part[e] != PART_TEST)
				continue;
			f.of++;
			for (size_t b = e; b > d->user_ptr[u] && d->time[b - 1] == d->time[e] && !tied; b--)
				tied = is_history(split->part[b - 1]);
			for (size_t a = e + 1; a < d->user_ptr[u + 1] && d->time[a] == d->time[e] && !tied; a++)
				tied = is_history(split->part[a]);
			if (!tied || d->time[e] == NO_TIME)
				continue;
			f.n++;
			f.item = d->item[e];
			f.time = d->time[e];
		}
		if (f.n > 0 && !odd_add(out, &f, err))
			return false;
	}
	return true;
}

bool odd_users(const struct split *split, const struct odd_counts *c, const struct task *task, struct odd_flags *out,
	       struct err *err)
{
	return find_peaks(split->data, c, task, out, err) && find_copies(&c->by_user, out, err) &&
	       find_tied(split, out, err);
}
