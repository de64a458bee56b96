/* SPDX-License-Identifier: GPL-3.0-or-later */
/* snapshot.c - references are counted; a user's history becomes the query that it should be. */
#include "model/snapshot.h"

#include "model_fixture.h"
#include "num/linalg.h"

enum { U = 60, I = 40, PER_USER = 20 };

static struct snapshot *make(const struct fixture *f, bool values)
{
	struct err err;
	const struct model_ops *ops = model_find("popularity", &err);
	struct params p;
	struct model *m;
	struct snapshot *s;

	params_init(&p, ops->params);
	m = fixture_fit(f, ops, &p, 1, &task_null, &err);
	s = m ? snapshot_new(m, "popularity#3", 1, f->split, false, values, &err) : NULL;
	fixture_must(s != NULL, &err);
	return s;
}

/* The history against the dataset's events and their parts. */
static bool right_history(const struct fixture *f, const struct query *q, const struct history_buf *b, uint32_t u,
			  bool for_valid)
{
	const struct dataset *d = f->data;
	uint32_t n = 0;
	bool right = true;

	for (size_t e = d->user_ptr[u]; e < d->user_ptr[u + 1]; e++) {
		if (f->split->part[e] == PART_TEST || (for_valid && f->split->part[e] == PART_VALID))
			continue;
		right = right && n < q->n && q->items[n] == d->item[e] && b->times[n] == d->time[e] &&
			(!q->x || q->x[n] == d->value[e]);
		n++;
	}
	return right && n == q->n && q->user == u && !q->fold_in;
}

static void test_history(const struct fixture *f, bool values)
{
	struct snapshot *s = make(f, values);
	struct history_buf b = { 0 };
	struct query q;
	struct err err;
	bool right = true;

	for (uint32_t u = 0; u < U; u++) {
		for (int for_valid = 0; for_valid < 2; for_valid++) {
			fixture_must(history_query(s, f->split, u, for_valid, &b, &q, &err), &err);
			right = right && right_history(f, &q, &b, u, for_valid) && !q.x == !values;
		}
	}
	ok(right, "histories in time order, without test%s", values ? ", with values" : "");
	history_buf_done(&b);
	snapshot_unref(s);
}

/* Split by users: those without train events are asked as nobody's, their history as ever. */
static void test_untrained(struct fixture *f)
{
	struct err err;
	struct params p;
	struct split *by_users, *kept = f->split;
	struct snapshot *s;
	struct history_buf b = { 0 };
	struct query q;
	uint32_t nobody = 0;
	bool right = true;

	params_init(&p, split_params("users"));
	by_users = split_make(f->data, "users", &p, 42, &task_null, &err);
	fixture_must(by_users != NULL, &err);
	f->split = by_users;
	s = make(f, false);
	for (uint32_t u = 0; u < U; u++) {
		bool trained = csr_row_n(&by_users->train, u) > 0;

		fixture_must(history_query(s, by_users, u, false, &b, &q, &err), &err);
		right = right && q.user == (trained ? u : NO_USER);
		nobody += !trained && q.n > 0;
	}
	ok(right && nobody > 0, "%u users with a history and no train events are asked as nobody", (unsigned)nobody);
	history_buf_done(&b);
	snapshot_unref(s);
	split_unref(by_users);
	f->split = kept;
}

int main(void)
{
	struct fixture f;
	struct snapshot *s;
	const struct snapshot *second;
	struct params p;
	struct model *m;
	struct err err;
	size_t held;

	linalg_init();
	fixture_make(&f, U, I, PER_USER, false);
	held = mem_bytes_now();
	s = make(&f, false);
	is_str(s->run, "popularity#3", "it knows its run");
	ok(s->data_fingerprint == f.data->fingerprint && s->split_fingerprint == f.split->fingerprint,
	   "and what it was made from");
	second = snapshot_ref(s);
	snapshot_unref(s);
	ok(second->ops->held(second->model) > 0, "one reference keeps it");
	snapshot_unref(second);
	snapshot_unref(NULL);
	ok(mem_bytes_now() == held, "the last one frees it");

	params_init(&p, model_find("popularity", &err)->params);
	m = fixture_fit(&f, model_find("popularity", &err), &p, 1, &task_null, &err);
	mem_fail_at(1);
	ok(!snapshot_new(m, "x", 1, f.split, false, false, &err) && mem_bytes_now() == held,
	   "without memory the model is freed too");
	mem_fail_at(0);
	test_history(&f, false);
	test_history(&f, true);
	test_untrained(&f);
	fixture_done(&f);
	return done_testing();
}
