/* SPDX-License-Identifier: GPL-3.0-or-later */
/* split.c - applies a kind of split; then counts, matrices and hazards are made from the parts alone. */
#include "data/split.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "data/split_private.h"
#include "data/split_rules.h"

#define USERS_A_CHUNK 512
#define BIT(PART) (1u << (PART))

/* --- Rows of distinct items --------------------------------------------------- */

/* DESIGN: the events of every user are sorted by item once, into `order`; each matrix is then a walk along
 * it that takes the parts it wants.  Both go over fixed chunks of users in parallel.  A row is written where
 * all of its events would fit; rows then move together if repeats left gaps. */
struct rows_job {
	const struct dataset *d;
	const uint8_t *part;
	uint32_t *order;          /* [n] positions within the user, by item; those of an item in input order */

	/* while sorting */
	uint64_t *keys;           /* [slots][longest] */
	size_t longest;

	/* while filling */
	unsigned wanted;          /* BIT()s of the parts that count */
	bool whole_valid_users;   /* history of a user with valid events counts too */
	struct csr *out;
	size_t *row_n;            /* [U] distinct items found */
};

static int by_key(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void sort_keys(uint64_t *k, size_t n)
{
	if (n > 32) {
		qsort(k, n, sizeof(*k), by_key);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		uint64_t x = k[i];
		size_t j = i;

		for (; j > 0 && k[j - 1] > x; j--)
			k[j] = k[j - 1];
		k[j] = x;
	}
}

/* A key is (item, position): sorted, a pair's events lie together in input order. */
static void sort_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct rows_job *job = ctx;
	const struct dataset *d = job->d;
	uint64_t *keys = job->keys + slot * job->longest;
	uint32_t u = (uint32_t)(chunk * USERS_A_CHUNK), end = u + USERS_A_CHUNK;

	for (; u < end && u < d->n_users; u++) {
		size_t first = d->user_ptr[u], n = d->user_ptr[u + 1] - first;

		for (size_t k = 0; k < n; k++)
			keys[k] = (uint64_t)d->item[first + k] << 32 | (uint32_t)k;
		sort_keys(keys, n);
		for (size_t k = 0; k < n; k++)
			job->order[first + k] = (uint32_t)keys[k];
	}
}

static size_t n_user_chunks(const struct dataset *d)
{
	return ((size_t)d->n_users + USERS_A_CHUNK - 1) / USERS_A_CHUNK;
}

static bool sort_events(struct rows_job *job, const struct task *task, struct err *err)
{
	const struct dataset *d = job->d;
	bool sorted;

	job->longest = 1;
	for (uint32_t u = 0; u < d->n_users; u++)
		if (d->user_ptr[u + 1] - d->user_ptr[u] > job->longest)
			job->longest = d->user_ptr[u + 1] - d->user_ptr[u];
	job->order = mem_alloc(d->n_events + 1, sizeof(*job->order), err);
	job->keys = job->order ? mem_alloc(task_slots(task) * job->longest, sizeof(*job->keys), err) : NULL;
	if (!job->keys)
		return false;
	sorted = task_chunks(task, n_user_chunks(d), sort_chunk, job) || task_cancelled(err);
	mem_free(job->keys);
	job->keys = NULL;
	return sorted;
}

/* Does some user have an item twice, in whatever parts? */
static bool has_repeats(const struct rows_job *job)
{
	const struct dataset *d = job->d;

	for (uint32_t u = 0; u < d->n_users; u++) {
		const uint32_t *item = d->item + d->user_ptr[u];

		for (size_t k = d->user_ptr[u] + 1; k < d->user_ptr[u + 1]; k++)
			if (item[job->order[k]] == item[job->order[k - 1]])
				return true;
	}
	return false;
}

static unsigned wanted_of_user(const struct rows_job *job, uint32_t u)
{
	unsigned has = 0;

	if (!job->whole_valid_users)
		return job->wanted;
	for (size_t e = job->d->user_ptr[u]; e < job->d->user_ptr[u + 1]; e++)
		has |= BIT(job->part[e]);
	return has & BIT(PART_VALID) ? job->wanted | BIT(PART_HISTORY) : job->wanted;
}

static void fill_row(const struct rows_job *job, uint32_t u)
{
	const struct dataset *d = job->d;
	struct csr *m = job->out;
	size_t first = d->user_ptr[u], at = m->ptr[u], distinct = 0;
	unsigned wanted = wanted_of_user(job, u);
	double x = 0;

	for (size_t k = first; k < d->user_ptr[u + 1]; k++) {
		size_t e = first + job->order[k];

		if (!(wanted & BIT(job->part[e])))
			continue;
		if (distinct == 0 || m->idx[at + distinct - 1] != d->item[e]) {
			m->idx[at + distinct++] = d->item[e];
			x = 0;
		}
		x += (double)dataset_value(d, e);
		if (m->val)
			m->val[at + distinct - 1] = (float)x;
	}
	job->row_n[u] = distinct;
}

static void fill_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct rows_job *job = ctx;
	uint32_t u = (uint32_t)(chunk * USERS_A_CHUNK), end = u + USERS_A_CHUNK;

	(void)slot;
	for (; u < end && u < job->d->n_users; u++)
		fill_row(job, u);
}

static void close_gaps(struct csr *m, const size_t *row_n)
{
	size_t to = 0;

	for (uint32_t r = 0; r < m->rows; r++) {
		size_t from = m->ptr[r];

		if (from != to) {
			memmove(m->idx + to, m->idx + from, row_n[r] * sizeof(*m->idx));
			if (m->val)
				memmove(m->val + to, m->val + from, row_n[r] * sizeof(*m->val));
		}
		m->ptr[r] = to;
		to += row_n[r];
	}
	m->ptr[m->rows] = to;
}

static bool alloc_rows(struct rows_job *job, bool with_values, struct err *err)
{
	const struct dataset *d = job->d;
	struct csr *m = job->out;
	size_t n = 0;

	m->rows = d->n_users;
	m->cols = d->n_items;
	m->ptr = mem_alloc((size_t)m->rows + 1, sizeof(*m->ptr), err);
	if (!m->ptr)
		return false;
	for (uint32_t u = 0; u < m->rows; u++) {
		unsigned wanted = wanted_of_user(job, u);

		m->ptr[u] = n;
		for (size_t e = d->user_ptr[u]; e < d->user_ptr[u + 1]; e++)
			n += (wanted & BIT(job->part[e])) != 0;
	}
	m->ptr[m->rows] = n;
	return (m->idx = mem_alloc(n + 1, sizeof(*m->idx), err)) &&
	       (!with_values || (m->val = mem_alloc(n + 1, sizeof(*m->val), err))) &&
	       (job->row_n = mem_alloc((size_t)m->rows + 1, sizeof(*job->row_n), err));
}

/* Rows of the events in `wanted` parts.  On failure `out` is left for csr_done(). */
static bool make_rows(struct rows_job *job, unsigned wanted, bool with_values, struct csr *out,
		      const struct task *task, struct err *err)
{
	bool made;

	job->wanted = wanted;
	job->out = out;
	made = alloc_rows(job, with_values, err) &&
	       (task_chunks(task, n_user_chunks(job->d), fill_chunk, job) || task_cancelled(err));
	if (made)
		close_gaps(out, job->row_n);
	mem_free(job->row_n);
	job->row_n = NULL;
	return made;
}

/* --- Counts and hazards ------------------------------------------------------- */

static bool count_parts(struct split *s, struct err *err)
{
	size_t count[PART_OUT + 1] = { 0 };

	for (size_t e = 0; e < s->data->n_events; e++)
		count[s->part[e]]++;
	s->n_train = count[PART_TRAIN];
	s->n_valid = count[PART_VALID];
	s->n_test = count[PART_TEST];
	if (s->n_train > 0)
		return true;
	return err_set(err, ERR_RANGE, "split %s leaves no event to train on: take smaller shares or a later date",
		       s->text);
}

static bool in_history(uint8_t part, bool for_valid)
{
	return part == PART_TRAIN || part == PART_HISTORY || (part == PART_VALID && !for_valid);
}

/* A user's events lie in time order: equal times are runs. */
uint64_t split_count_tied(const struct split *s, bool for_valid)
{
	const struct dataset *d = s->data;
	uint8_t wanted = for_valid ? PART_VALID : PART_TEST;
	uint64_t tied = 0;

	if (!d->time)
		return 0;
	for (uint32_t u = 0; u < d->n_users; u++)
		for (size_t e = d->user_ptr[u]; e < d->user_ptr[u + 1];) {
			int64_t now = d->time[e];
			uint64_t n_wanted = 0, n_known = 0;

			for (; e < d->user_ptr[u + 1] && d->time[e] == now; e++) {
				n_wanted += s->part[e] == wanted;
				n_known += in_history(s->part[e], for_valid);
			}
			tied += n_known ? n_wanted : 0;
		}
	return tied;
}

bool split_in_time(const struct split *s)
{
	const struct dataset *d = s->data;

	for (uint32_t u = 0; d->has_order && u < d->n_users; u++) {
		bool held_out = false;

		for (size_t e = d->user_ptr[u]; e < d->user_ptr[u + 1]; e++) {
			if (held_out && in_history(s->part[e], true))
				return false;
			held_out |= s->part[e] == PART_VALID || s->part[e] == PART_TEST;
		}
	}
	return d->has_order;
}

/* What evaluation on=test with seen=drop will meet: test pairs that are history already, users without a
 * history, and how many users are left.  stamp[i] == u: item i is in the history of u. */
static void count_test_users(struct split *s, uint32_t *stamp)
{
	const struct dataset *d = s->data;

	memset(stamp, 0xff, d->n_items * sizeof(*stamp));
	for (uint32_t u = 0; u < d->n_users; u++) {
		size_t n_test = csr_row_n(&s->test, u), n_known = 0, n_history = 0;

		if (n_test == 0)
			continue;
		for (size_t e = d->user_ptr[u]; e < d->user_ptr[u + 1]; e++)
			if (in_history(s->part[e], false)) {
				stamp[d->item[e]] = u;
				n_history++;
			}
		for (size_t k = s->test.ptr[u]; k < s->test.ptr[u + 1]; k++)
			n_known += stamp[s->test.idx[k]] == u;
		s->hazards.repeats_removed += n_known;
		s->hazards.users_dropped += n_history == 0;
		s->test_users += n_history > 0 && n_known < n_test;
	}
}

static bool count_hazards(struct split *s, struct err *err)
{
	uint32_t n_items = s->data->n_items;
	uint32_t *stamp = mem_alloc((size_t)n_items + 1, sizeof(*stamp), err);

	if (!stamp)
		return false;
	s->hazards.tied = split_count_tied(s, false);
	count_test_users(s, stamp);
	memset(stamp, 0, n_items * sizeof(*stamp));
	for (size_t k = 0; k < csr_n(&s->test); k++) {
		uint32_t i = s->test.idx[k];

		s->hazards.cold_test_items += s->item_train[i] == 0 && !stamp[i];
		stamp[i] = 1;
	}
	mem_free(stamp);
	return true;
}

/* --- Making -------------------------------------------------------------------- */

static bool make_matrices(struct split *s, const struct task *task, struct err *err)
{
	struct rows_job job = { .d = s->data, .part = s->part };
	bool made = sort_events(&job, task, err), values;

	s->repeats = made && has_repeats(&job);
	values = s->data->value || s->repeats;
	made = made && make_rows(&job, BIT(PART_TRAIN), values, &s->train, task, err) &&
	       make_rows(&job, BIT(PART_VALID), false, &s->valid, task, err) &&
	       make_rows(&job, BIT(PART_TEST), false, &s->test, task, err);
	job.whole_valid_users = true;
	made = made && make_rows(&job, BIT(PART_TRAIN) | BIT(PART_VALID), values, &s->train_valid, task, err);
	mem_free(job.order);
	if (!made)
		return false;
	s->item_train = mem_zeroed((size_t)s->data->n_items + 1, sizeof(*s->item_train), err);
	if (!s->item_train)
		return false;
	for (size_t k = 0; k < csr_n(&s->train); k++)
		s->item_train[s->train.idx[k]]++;
	return count_hazards(s, err);
}

/* "ratio order=time test=0.2 valid=0.1 seed=42": what the operator would type to have it again. */
static char *describe(const struct split_rule *rule, const struct params *p, uint64_t seed)
{
	struct str text = STR_INIT;

	str_puts(&text, rule->kind);
	for (int i = 0; p->specs[i].name; i++)
		if (p->v[i].set && p->v[i].text[0] && !split_rule_ignores(rule, p, p->specs[i].name))
			str_printf(&text, strpbrk(p->v[i].text, " \t") ? " %s=\"%s\"" : " %s=%s",
				   p->specs[i].name, p->v[i].text);
	if (rule->draws)
		str_printf(&text, " seed=%llu", (unsigned long long)seed);
	return str_take(&text);
}

static const char *default_kind(const struct dataset *d)
{
	if (d->given)
		return "given";
	return d->has_order ? "leave-last" : "ratio";
}

static bool known_kind(const char *kind, const struct split_rule **rule, struct err *err)
{
	const char *near;
	size_t n = 0;

	*rule = split_rule_find(kind);
	if (*rule)
		return true;
	while (split_kinds[n])
		n++;
	near = str_nearest(kind, split_kinds, n);
	return err_set(err, ERR_NOTFOUND, "no kind of split is called %s%s%s%s; there are leave-last, ratio, "
		       "random, temporal, users, kfold, cold-items, given and none", kind, near ? ": did you mean " : "",
		       near ? near : "", near ? "?" : "");
}

struct split *split_begin(const struct dataset *d, const char *kind, char *take_text, struct err *err)
{
	static atomic_uint_least64_t next_id = 1;
	struct split *s = mem_zeroed(1, sizeof(*s), err);

	if (!s) {
		free(take_text);
		return NULL;
	}
	s->refs = 1;
	s->id = atomic_fetch_add(&next_id, 1);
	s->data = dataset_ref(d);
	s->kind = mem_strdup(kind);
	s->text = take_text;
	s->fingerprint = hash_bytes(s->text, strlen(s->text), d->fingerprint);
	s->part = mem_zeroed(d->n_events ? d->n_events : 1, 1, err); /* PART_TRAIN is 0 */
	if (s->part)
		return s;
	split_unref(s);
	return NULL;
}

bool split_finish(struct split *s, const struct task *task, struct err *err)
{
	return count_parts(s, err) && make_matrices(s, task, err);
}

struct split *split_make(const struct dataset *d, const char *kind, const struct params *p, uint64_t seed,
			 const struct task *task, struct err *err)
{
	const struct split_rule *rule;
	struct params defaults;
	struct split *s;

	if (!known_kind(kind ? kind : default_kind(d), &rule, err))
		return NULL;
	if (!p) {
		params_init(&defaults, rule->params);
		p = &defaults;
	}
	s = split_begin(d, rule->kind, describe(rule, p, seed), err);
	if (!s)
		return NULL;
	s->cold_items = rule->cold_items;
	s->params = *p;
	s->seed = seed;
	if (rule->apply(d, p, seed, s->part, task, err) && split_finish(s, task, err))
		return s;
	split_unref(s);
	return NULL;
}

struct split *split_ref(const struct split *s)
{
	struct split *shared = (struct split *)s; /* only the count changes */

	atomic_fetch_add_explicit(&shared->refs, 1, memory_order_relaxed);
	return shared;
}

void split_unref(const struct split *s)
{
	struct split *last = (struct split *)s;

	if (!s || atomic_fetch_sub_explicit(&last->refs, 1, memory_order_acq_rel) > 1)
		return;
	csr_done(&last->train);
	csr_done(&last->valid);
	csr_done(&last->test);
	csr_done(&last->train_valid);
	mem_free(last->item_train);
	mem_free(last->part);
	free(last->kind);
	free(last->text);
	dataset_unref(last->data);
	mem_free(last);
}

/* --- Histories ------------------------------------------------------------------- */

/* Folds repeats in place: of an item's events the newest stays, with the sum of their values (as in
 * ->train).  keys is scratch of n. */
static uint32_t fold_repeats(uint32_t n, uint32_t *item, float *value, int64_t *time, uint64_t *keys)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n; i++)
		keys[i] = (uint64_t)item[i] << 32 | i;
	sort_keys(keys, n);
	for (uint32_t i = 0; i + 1 < n; i++) {
		uint32_t older = (uint32_t)keys[i], newer = (uint32_t)keys[i + 1];

		if (keys[i] >> 32 != keys[i + 1] >> 32)
			continue;
		if (value)
			value[newer] += value[older];
		item[older] = NO_ITEM;
	}
	for (uint32_t i = 0; i < n; i++) {
		if (item[i] == NO_ITEM)
			continue;
		item[kept] = item[i];
		if (value)
			value[kept] = value[i];
		if (time)
			time[kept] = time[i];
		kept++;
	}
	return kept;
}

uint32_t split_history(const struct split *s, uint32_t user, bool for_valid, uint32_t *item, float *value,
		       int64_t *time)
{
	const struct dataset *d = s->data;
	uint64_t few[256], *keys = few;
	uint32_t n = 0;

	for (size_t e = d->user_ptr[user]; e < d->user_ptr[user + 1]; e++) {
		if (!in_history(s->part[e], for_valid))
			continue;
		item[n] = d->item[e];
		if (value)
			value[n] = dataset_value(d, e);
		if (time)
			time[n] = d->time ? d->time[e] : NO_TIME;
		n++;
	}
	if (!s->repeats || n < 2)
		return n;
	if (n > sizeof(few) / sizeof(*few))
		keys = mem_must(malloc(n * sizeof(*keys))); /* 8 bytes an event of one user */
	n = fold_repeats(n, item, value, time, keys);
	if (keys != few)
		free(keys);
	return n;
}
