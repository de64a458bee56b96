/* SPDX-License-Identifier: GPL-3.0-or-later */
/* popularity.c - counts, sums of values, and counts that age, each against a loop over the events. */
#include "model_fixture.h"
#include "num/linalg.h"

enum { U = 60, I = 40, PER_USER = 20 };

static double worth(const struct fixture *f, size_t e, bool values, double half_life, int64_t newest)
{
	double x = values ? (double)f->data->value[e] : 1;

	return half_life > 0 ? x * pow(0.5, (double)(newest - f->data->time[e]) / 86400 / half_life) : x;
}

static void test(bool values, const char *half_life)
{
	struct fixture f;
	struct params p;
	struct err err;
	struct scratch s = { 0 };
	const struct model_ops *ops = model_find("popularity", &err);
	struct query q = { .user = NO_USER };
	struct model *m;
	float got[I];
	double want[I] = { 0 };
	int64_t newest = 0;

	fixture_make(&f, U, I, PER_USER, values);
	params_init(&p, ops->params);
	fixture_set(&p, "half-life", half_life);
	m = fixture_fit(&f, ops, &p, 1, &task_null, &err);
	fixture_must(m != NULL, &err);
	for (size_t e = 0; e < f.data->n_events; e++)
		if (f.split->part[e] == PART_TRAIN && f.data->time[e] > newest)
			newest = f.data->time[e];
	for (size_t e = 0; e < f.data->n_events; e++)
		if (f.split->part[e] == PART_TRAIN)
			want[f.data->item[e]] += worth(&f, e, values, strtod(half_life, NULL), newest);
	fixture_must(model_score_all(m, &q, &s, got, I, &err), &err);
	ok(relative_difference(got, want, I) < 1e-6, "half-life=%s, %s", half_life, values ? "values" : "ones");
	scratch_done(&s);
	ops->destroy(m);
	fixture_done(&f);
}

int main(void)
{
	struct fixture f;
	struct params p;
	struct err err;
	const struct model_ops *ops = model_find("popularity", &err);
	int64_t *time;

	linalg_init();
	test(false, "0");
	test(true, "0");
	test(false, "5");
	test(true, "0.7");

	fixture_make(&f, U, I, PER_USER, false);
	params_init(&p, ops->params);
	fixture_set(&p, "half-life", "5");
	time = f.data->time;
	f.data->time = NULL;
	ok(!ops->create(&f.env, &p, &err) && strstr(err.msg, "no times"), "without times nothing ages: %s", err.msg);
	f.data->time = time;
	fixture_done(&f);
	return done_testing();
}
