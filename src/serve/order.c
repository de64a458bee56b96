/* SPDX-License-Identifier: GPL-3.0-or-later */
/* order.c - filter, then a merge sort that can be stopped.
 *
 * qsort() cannot be stopped and a million titles take it a second, so the merge is our own: runs of 64 by
 * insertion, then pairs of runs, asking the task as it goes. */
#include "serve/order.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/num_parse.h"
#include "base/utf8.h"

enum { ASK_EVERY = 4096, SHORT_RUN = 64 };

struct sorter {
	const struct order_request *r;
	const struct task *task;
	double *figure; /* [rows of the table] or NULL: by text alone */
	uint64_t steps;
	bool stopped;
};

static uint32_t table_rows(const struct order_request *r)
{
	return r->items ? r->data->n_items : r->data->n_users;
}

static const char *row_id(const struct order_request *r, uint32_t i)
{
	return r->items ? dataset_true_item_id(r->data, i) : dataset_true_user_id(r->data, i);
}

static const char *row_text(const struct order_request *r, uint32_t i)
{
	if (r->items)
		return dataset_title(r->data, i);
	return r->data->user_notes.n ? strtab_get(&r->data->user_notes, i) : row_id(r, i);
}

/* Every row costs a step; false once the task said no. */
static bool step(struct sorter *s)
{
	if (!s->stopped && ++s->steps % ASK_EVERY == 0 && !task_keep_going(s->task))
		s->stopped = true;
	return !s->stopped;
}

/* --- Figures -------------------------------------------------------------------- */

static bool count_events(struct sorter *s, bool mean, struct err *err)
{
	const struct dataset *d = s->r->data;
	uint32_t *count = mem_zeroed((size_t)table_rows(s->r) + 1, sizeof(*count), err);

	if (!count)
		return false;
	memset(s->figure, 0, table_rows(s->r) * sizeof(*s->figure));
	for (uint32_t u = 0; u < d->n_users; u++)
		for (size_t e = d->user_ptr[u]; e < d->user_ptr[u + 1] && step(s); e++) {
			uint32_t row = s->r->items ? d->item[e] : u;

			count[row]++;
			s->figure[row] += (double)dataset_value(d, e);
		}
	for (uint32_t i = 0; i < table_rows(s->r); i++)
		s->figure[i] = !mean ? count[i] : count[i] ? s->figure[i] / count[i] : (double)NAN;
	mem_free(count);
	return true;
}

static void number_ids(struct sorter *s)
{
	for (uint32_t i = 0; i < table_rows(s->r) && step(s); i++) {
		const char *id = row_id(s->r, i);
		uint64_t v;

		s->figure[i] = num_parse_u64(id, strlen(id), &v) ? (double)v : (double)NAN;
	}
}

static bool make_figures(struct sorter *s, struct err *err)
{
	enum order_key key = s->r->key;

	if (key == ORDER_NUMBER || key == ORDER_TITLE)
		return true;
	s->figure = mem_alloc((size_t)table_rows(s->r) + 1, sizeof(*s->figure), err);
	if (!s->figure)
		return false;
	if (key == ORDER_ID)
		number_ids(s);
	else if (key != ORDER_METRIC)
		return count_events(s, key == ORDER_MEAN, err);
	else
		for (uint32_t i = 0; i < table_rows(s->r); i++)
			s->figure[i] = s->r->metric && !s->r->items ? (double)s->r->metric[i] : (double)NAN;
	return true;
}

/* --- Sorting -------------------------------------------------------------------- */

static int turn(const struct sorter *s, int order)
{
	return s->r->reverse ? -order : order;
}

static int compare(const struct sorter *s, uint32_t a, uint32_t b)
{
	enum order_key key = s->r->key;

	if (key == ORDER_NUMBER)
		return turn(s, (a > b) - (a < b));
	if (key == ORDER_TITLE)
		return turn(s, strcoll(row_text(s->r, a), row_text(s->r, b)));
	if (isnan(s->figure[a]) || isnan(s->figure[b])) {
		int last = (isnan(s->figure[a]) != 0) - (isnan(s->figure[b]) != 0);

		if (key != ORDER_ID)
			return last;
		return turn(s, last ? last : strcmp(row_id(s->r, a), row_id(s->r, b)));
	}
	return turn(s, (s->figure[a] > s->figure[b]) - (s->figure[a] < s->figure[b]));
}

static void sort_short(struct sorter *s, uint32_t *v, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		uint32_t x = v[i];
		size_t j = i;

		for (; j > 0 && compare(s, v[j - 1], x) > 0; j--)
			v[j] = v[j - 1];
		v[j] = x;
		if (!step(s))
			return;
	}
}

static void merge(struct sorter *s, uint32_t *out, const uint32_t *a, size_t na, const uint32_t *b, size_t nb)
{
	size_t i = 0, j = 0;

	while (i < na && j < nb) {
		*out++ = compare(s, a[i], b[j]) <= 0 ? a[i++] : b[j++];
		if (!step(s))
			return;
	}
	memcpy(out, a + i, (na - i) * sizeof(*out));
	memcpy(out + (na - i), b + j, (nb - j) * sizeof(*out));
}

/* Leaves the result in *v; *spare is the other half of the work. */
static void sort_rows(struct sorter *s, uint32_t **v, uint32_t **spare, size_t n)
{
	for (size_t at = 0; at < n && !s->stopped; at += SHORT_RUN)
		sort_short(s, *v + at, n - at < SHORT_RUN ? n - at : SHORT_RUN);
	for (size_t run = SHORT_RUN; run < n && !s->stopped; run *= 2) {
		uint32_t *swap = *v;

		for (size_t at = 0; at < n && !s->stopped; at += 2 * run) {
			size_t na = n - at < run ? n - at : run;
			size_t nb = n - at - na < run ? n - at - na : run;

			merge(s, *spare + at, *v + at, na, *v + at + na, nb);
		}
		*v = *spare;
		*spare = swap;
	}
}

static size_t filter_rows(struct sorter *s, uint32_t *row)
{
	size_t n = 0;

	for (uint32_t i = 0; i < table_rows(s->r) && step(s); i++)
		if (!*s->r->filter || utf8_contains_fold(row_id(s->r, i), s->r->filter) ||
		    utf8_contains_fold(row_text(s->r, i), s->r->filter))
			row[n++] = i;
	return n;
}

bool order_rows(const struct order_request *r, const struct task *task, uint32_t **row, size_t *n, struct err *err)
{
	struct sorter s = { .r = r, .task = task };
	uint32_t *spare = NULL;
	bool done = false;

	*n = 0;
	*row = mem_alloc((size_t)table_rows(r) + 1, sizeof(**row), err);
	if (*row && (spare = mem_alloc((size_t)table_rows(r) + 1, sizeof(*spare), err)) && make_figures(&s, err)) {
		*n = filter_rows(&s, *row);
		sort_rows(&s, row, &spare, *n);
		done = !s.stopped || task_cancelled(err);
	}
	mem_free(spare);
	mem_free(s.figure);
	if (!done) {
		mem_free(*row);
		*row = NULL;
		*n = 0;
	}
	return done;
}
