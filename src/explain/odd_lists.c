/* SPDX-License-Identifier: GPL-3.0-or-later */
/* odd_lists.c - lists of many users: what nearly everybody is recommended, and how far each is from the taste. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "explain/odd.h"

#define CHUNK 16    /* users */
#define NEWEST 100u /* of a history's items, so that a chunk stays short */

struct asker {
	const struct snapshot *snapshot;
	const struct split *split;
	const uint32_t *user;
	struct history_buf *buf; /* [slots] */
};

static bool give_query(void *ctx, size_t i, unsigned slot, struct query *out, struct err *err)
{
	const struct asker *a = ctx;

	return history_query(a->snapshot, a->split, a->user[i], false, &a->buf[slot], out, err);
}

static bool make_lists(const struct snapshot *s, const struct split *split, const uint32_t *user, size_t n, uint32_t k,
		       const struct task *task, struct ranked_lists *out, struct err *err)
{
	unsigned n_slots = task_slots(task);
	struct asker a = { s, split, user, mem_zeroed(n_slots, sizeof(*a.buf), err) };
	struct rank_options o = { .k = k };
	uint64_t *barred = NULL;
	uint32_t n_candidates;
	bool good = a.buf && rank_barred(split, rank_all_items(split, s->model), &barred, &n_candidates, err);

	o.barred = barred;
	good = good && rank_lists(s->model, split->data->n_items, give_query, &a, n, &o, task, out, err);
	for (unsigned i = 0; a.buf && i < n_slots; i++)
		history_buf_done(&a.buf[i]);
	mem_free(a.buf);
	mem_free(barred);
	return good;
}

/* --- taste ------------------------------------------------------------------------------------------------------ */

struct taste_slot {
	double *history; /* [U] sum of the history's columns */
	double *list;    /* [U] */
	uint32_t *item;  /* of the history */
};

struct taste_job {
	const struct split *split;
	const struct csr *columns; /* I x U */
	const uint32_t *user;
	const struct ranked_lists *lists;
	struct taste_slot *slot;
	float *taste;
	size_t n;
};

static void add_column(const struct csr *columns, uint32_t item, double *sum)
{
	size_t n = csr_row_n(columns, item);
	double x = n ? 1 / sqrt((double)n) : 0;

	for (size_t k = columns->ptr[item]; k < columns->ptr[item + 1]; k++)
		sum[columns->idx[k]] += x;
}

/* Over the users of the columns of `items`; what is counted is set to 0, so that none counts twice. */
static double drain(const struct csr *columns, const uint32_t *items, size_t n, double *sum)
{
	double norm = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t k = columns->ptr[items[i]]; k < columns->ptr[items[i] + 1]; k++) {
			double x = sum[columns->idx[k]];

			norm += x * x;
			sum[columns->idx[k]] = 0;
		}
	return norm;
}

static float taste_of(struct taste_job *job, size_t i, struct taste_slot *s)
{
	const struct csr *columns = job->columns;
	uint32_t u = job->user[i], n_list = job->lists->count[i], n;
	const uint32_t *list = job->lists->item + i * job->lists->k;
	double dot = 0, a, b;

	n = split_history(job->split, u, true, s->item, NULL, NULL);
	if (n > NEWEST) {
		memmove(s->item, s->item + n - NEWEST, NEWEST * sizeof(*s->item));
		n = NEWEST;
	}
	for (uint32_t h = 0; h < n; h++)
		add_column(columns, s->item[h], s->history);
	for (uint32_t l = 0; l < n_list; l++)
		add_column(columns, list[l], s->list);
	s->history[u] = 0; /* of course the user took what the user took */
	s->list[u] = 0;
	for (uint32_t l = 0; l < n_list; l++) /* each item's column against the history's sum */
		for (size_t k = columns->ptr[list[l]]; k < columns->ptr[list[l] + 1]; k++)
			if (columns->idx[k] != u)
				dot += s->history[columns->idx[k]] / sqrt((double)csr_row_n(columns, list[l]));
	a = drain(columns, s->item, n, s->history);
	b = drain(columns, list, n_list, s->list);
	return a > 0 && b > 0 ? (float)(1 - dot / sqrt(a * b)) : NAN;
}

static void taste_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct taste_job *job = ctx;

	for (size_t i = chunk * CHUNK; i < (chunk + 1) * CHUNK && i < job->n; i++)
		job->taste[i] = taste_of(job, i, &job->slot[slot]);
}

static size_t longest_history(const struct dataset *d)
{
	size_t most = 1;

	for (uint32_t u = 0; u < d->n_users; u++)
		most = d->user_ptr[u + 1] - d->user_ptr[u] > most ? d->user_ptr[u + 1] - d->user_ptr[u] : most;
	return most;
}

static bool find_taste(const struct split *split, const uint32_t *user, const struct ranked_lists *lists,
		       const struct task *task, float *taste, struct err *err)
{
	struct csr columns = { 0 };
	struct taste_job job = { .split = split, .columns = &columns, .user = user, .lists = lists, .taste = taste,
				 .n = lists->n };
	unsigned n_slots = task_slots(task);
	size_t most = longest_history(split->data), U = (size_t)split->data->n_users + 1;
	bool good = csr_transpose(&columns, &split->train, task, err) &&
		    (job.slot = mem_zeroed(n_slots, sizeof(*job.slot), err));

	for (unsigned i = 0; good && i < n_slots; i++)
		good = (job.slot[i].history = mem_zeroed(U, sizeof(double), err)) &&
		       (job.slot[i].list = mem_zeroed(U, sizeof(double), err)) &&
		       (job.slot[i].item = mem_alloc(most, sizeof(uint32_t), err));
	if (good && !task_chunks(task, (lists->n + CHUNK - 1) / CHUNK, taste_chunk, &job))
		good = task_cancelled(err);
	for (unsigned i = 0; job.slot && i < n_slots; i++) {
		mem_free(job.slot[i].history);
		mem_free(job.slot[i].list);
		mem_free(job.slot[i].item);
	}
	mem_free(job.slot);
	csr_done(&columns);
	return good;
}

/* --- everybody -------------------------------------------------------------------------------------------------- */

static bool flag_everybody(const struct ranked_lists *lists, uint32_t n_items, struct odd_flags *out, struct err *err)
{
	uint32_t *times = mem_zeroed((size_t)n_items + 1, sizeof(*times), err);
	bool good = times != NULL;

	for (size_t i = 0; good && i < lists->n; i++)
		for (uint32_t r = 0; r < lists->count[i]; r++)
			times[lists->item[i * lists->k + r]]++;
	for (uint32_t i = 0; good && i < n_items; i++) {
		struct odd_flag f = { .kind = ODD_EVERYBODY, .who = i, .user = NO_USER, .item = NO_ITEM,
				      .other = NO_ITEM, .n = times[i], .of = (double)lists->n, .time = NO_TIME };

		if (times[i] && times[i] >= EVERYBODY_SHARE * f.of)
			good = odd_add(out, &f, err);
	}
	mem_free(times);
	return good;
}

bool odd_lists(const struct snapshot *s, const struct split *split, const uint32_t *user, size_t n_users, uint32_t k,
	       const struct task *task, struct odd_flags *flags, float *taste, struct err *err)
{
	struct ranked_lists lists = { 0 };
	bool good = make_lists(s, split, user, n_users, k, task, &lists, err) &&
		    flag_everybody(&lists, split->data->n_items, flags, err) &&
		    find_taste(split, user, &lists, task, taste, err);

	ranked_lists_done(&lists);
	return good;
}
