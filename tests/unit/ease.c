/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ease.c - refuses a matrix that the machine cannot hold, and one that cannot be solved; can be stopped. */
#include "model_fixture.h"
#include "num/linalg.h"

static bool never(void *ctx)
{
	(void)ctx;
	return false;
}

static void test_too_large(const struct model_ops *ops)
{
	const uint32_t items = 4000000; /* 64 TB */
	size_t ptr[] = { 0, 1 };
	uint32_t idx[] = { 0 };
	const struct csr x = { .rows = 1, .cols = items, .ptr = ptr, .idx = idx };
	const struct build_env env = { .x = &x, .task = &task_null };
	const struct model_shape shape = { .n_users = 1, .n_items = items, .n_events = 1, .longest = 1 };
	struct params p;
	struct err err = { 0 };
	size_t held = mem_bytes_now();

	params_init(&p, ops->params);
	ok(ops->bytes(&shape, &p) >= (uint64_t)items * items * 4, "what it would take is told");
	ok(!ops->create(&env, &p, &err) && err.code == ERR_NOMEM && strstr(err.msg, "4,000,000") &&
	   strstr(err.msg, " TB") && strstr(err.msg, "min-item"), "too many items: %s", err.msg);
	ok(mem_bytes_now() == held, "nothing was taken");
}

int main(void)
{
	struct fixture f;
	struct params p;
	struct err err = { 0 };
	const struct task cancelled = { .keep_going = never };
	const struct model_ops *ops = model_find("ease", &err);
	float before, before_t;

	linalg_init();
	test_too_large(ops);
	fixture_make(&f, 80, 40, 20, true);
	params_init(&p, ops->params);
	ok(!fixture_fit(&f, ops, &p, 1, &cancelled, &err) && err.code == ERR_CANCELLED, "it can be cancelled");
	before = f.x.val[3];
	before_t = f.xt.val[3];
	f.x.val[3] = f.xt.val[3] = NAN;
	ok(!fixture_fit(&f, ops, &p, 1, &task_null, &err) && err.code == ERR_NUMERIC, "no solution: %s", err.msg);
	f.x.val[3] = before;
	f.xt.val[3] = before_t;
	fixture_done(&f);
	return done_testing();
}
