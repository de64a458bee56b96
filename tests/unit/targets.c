/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who is asked in an evaluation, with which history, and as whom. */
#include "eval/targets.h"

#include "model_fixture.h"

static struct err err;

/* A split by users: nobody who is asked was trained on, so nobody's trained vector may be used. */
static void test_unknown_users(struct fixture *f)
{
	struct snapshot s = { .run = "none#1" };
	struct split *split = split_make(f->data, "users", NULL, 42, &task_null, &err);
	struct eval_options o;
	struct targets t;
	struct asker a;
	size_t wrong = 0;

	eval_options_init(&o);
	fixture_must(split && targets_make(&t, split, false, false, &task_null, &err), &err);
	fixture_must(asker_init(&a, &s, split, &t, &o, &task_null, &err), &err);
	for (size_t i = 0; i < t.n; i++) {
		struct query q;

		fixture_must(asker_query(&a, i, 0, &q, &err), &err);
		wrong += q.user != NO_USER || q.fold_in || q.x;
		for (uint32_t j = 0; j < q.n; j++)
			wrong += targets_has(&t, i, q.items[j]);
		wrong += q.n + targets_n(&t, i) != f->data->user_ptr[t.user[i] + 1] - f->data->user_ptr[t.user[i]];
	}
	ok(t.n > 10 && t.n == split->test_users && wrong == 0,
	   "%zu unknown users: asked by what is not target, as nobody", t.n);
	asker_done(&a);
	targets_done(&t);
	split_unref(split);
}

static void test_known_users(struct fixture *f)
{
	struct snapshot s = { .run = "none#1", .values = true };
	struct eval_options o;
	struct targets t;
	struct asker a;
	size_t wrong = 0;

	eval_options_init(&o);
	o.fold_in = true;
	o.on_valid = true;
	fixture_must(targets_make(&t, f->split, true, false, &task_null, &err), &err);
	fixture_must(asker_init(&a, &s, f->split, &t, &o, &task_null, &err), &err);
	for (size_t i = 0; i < t.n; i++) {
		struct query q;

		fixture_must(asker_query(&a, i, 0, &q, &err), &err);
		wrong += q.user != t.user[i] || !q.fold_in || !q.x || q.n != csr_row_n(&f->split->train, t.user[i]);
		wrong += targets_n(&t, i) != 1 || !csr_has(&f->split->valid, t.user[i], targets_of(&t, i)[0]);
	}
	ok(t.n > 10 && wrong == 0, "on=valid: train is the history, valid the target");
	asker_done(&a);
	targets_done(&t);
}

int main(void)
{
	struct fixture f;

	fixture_make(&f, 200, 60, 20, false);
	test_unknown_users(&f);
	test_known_users(&f);
	fixture_done(&f);
	return done_testing();
}
