/* SPDX-License-Identifier: GPL-3.0-or-later */
/* optim.c - steps of each optimiser held against their formulas in double; rows; schedules; clipping. */
#include "num/optim.h"

#include "num_case.h"

enum { N = 40000, D = 20, ROWS = N / D, STEPS = 5 };

struct naive { double w[N], m[N], v[N]; };

static double sign(double x)
{
	return x > 0 ? 1 : x < 0 ? -1 : 0;
}

static void naive_step(struct naive *o, const struct optim_rule *r, size_t i, double g, double lr, double t)
{
	double b1 = (double)r->beta1, b2 = (double)r->beta2, eps = (double)r->eps;

	g += (double)r->l2 * o->w[i] + (double)r->l1 * sign(o->w[i]);
	if (r->kind == OPTIM_SGD) {
		o->w[i] -= lr * g;
	} else if (r->kind == OPTIM_ADAGRAD) {
		o->v[i] += g * g;
		o->w[i] -= lr * g / (sqrt(o->v[i]) + eps);
	} else {
		o->m[i] = b1 * o->m[i] + (1 - b1) * g;
		o->v[i] = b2 * o->v[i] + (1 - b2) * g * g;
		o->w[i] -= lr * (o->m[i] / (1 - pow(b1, t))) / (sqrt(o->v[i] / (1 - pow(b2, t))) + eps);
	}
}

static struct naive naive;

static void test_kind(enum optim_kind kind, const char *name, const char *kernels)
{
	struct err err;
	struct optim_rule r;
	struct optim o, rows, two;
	struct task t2 = case_task(2);
	float *w = case_floats(N), *g = case_floats(N), *w_rows = case_floats(N), *w_two = case_floats(N);
	uint32_t all[ROWS], some[3] = { 5, 1, ROWS - 1 };
	double apart;
	bool still = true;

	optim_rule_init(&r, kind);
	r.l1 = 0.01f;
	r.l2 = 0.02f;
	mem_must(optim_init(&o, &r, N, &err) && optim_init(&rows, &r, N, &err) && optim_init(&two, &r, N, &err) ? &o : NULL);
	memset(&naive, 0, sizeof(naive));
	memcpy(w_rows, w, N * sizeof(*w));
	memcpy(w_two, w, N * sizeof(*w));
	for (size_t i = 0; i < N; i++)
		naive.w[i] = (double)w[i];
	for (uint32_t k = 0; k < ROWS; k++)
		all[k] = k;
	for (int t = 1; t <= STEPS; t++) {
		for (size_t i = 0; i < N; i++)
			g[i] = case_float();
		optim_step(&o, &r, w, g, 0.05f, 0.5f, &task_null);
		optim_step(&two, &r, w_two, g, 0.05f, 0.5f, &t2);
		optim_step_rows(&rows, &r, w_rows, D, all, g, ROWS, 0.05f, 0.5f, &t2);
		for (size_t i = 0; i < N; i++)
			naive_step(&naive, &r, i, 0.5 * (double)g[i], 0.05, t);
	}
	apart = case_apart(w, naive.w, N);
	ok(apart < 1e-5, "%s: %s is its formula (%.1e)", kernels, name, apart);
	ok(!memcmp(w, w_two, N * sizeof(*w)), "%s: %s has the same bits on two threads", kernels, name);
	apart = case_apart(w_rows, naive.w, N);
	ok(apart < 1e-5, "%s: %s by rows is the same where all rows are touched (%.1e)", kernels, name, apart);
	optim_step_rows(&rows, &r, w_rows, D, some, g, 3, 0.05f, 0.5f, &task_null);
	for (size_t k = 0; k < 3; k++)
		for (size_t d = 0; d < D; d++)
			naive_step(&naive, &r, some[k] * D + d, 0.5 * (double)g[k * D + d], 0.05, STEPS + 1);
	still = case_apart(w_rows, naive.w, N) < 1e-5;
	ok(still, "%s: %s by rows leaves the others alone", kernels, name);
	optim_done(&o), optim_done(&rows), optim_done(&two);
	case_task_done(&t2);
	mem_free(w), mem_free(g), mem_free(w_rows), mem_free(w_two);
}

/* A few rows a step, some of them seldom: as dense adam has them whose gradient is 0 meanwhile. */
static void test_coast(uint64_t begin, const char *kernels)
{
	enum { FEW = 12, STEPS_LONG = 300 };
	struct err err;
	struct optim_rule r;
	struct optim one, two;
	struct task t2 = case_task(2);
	float *w = case_floats(FEW * D), *w_two = case_floats(FEW * D), now[D];
	double looked_at = 0, apart;

	optim_rule_init(&r, OPTIM_ADAM);
	r.l2 = 0.02f;
	mem_must(optim_init(&one, &r, FEW * D, &err) && optim_init(&two, &r, FEW * D, &err) &&
		 optim_coast(&one, &r, D, &err) && optim_coast(&two, &r, D, &err) ? &one : NULL);
	one.t = two.t = begin;
	optim_settled(&one, D);
	optim_settled(&two, D);
	memset(&naive, 0, sizeof(naive));
	memcpy(w_two, w, FEW * D * sizeof(*w));
	for (size_t i = 0; i < FEW * D; i++)
		naive.w[i] = (double)w[i];
	for (uint32_t t = 1; t <= STEPS_LONG; t++) {
		uint32_t rows[FEW], n = 0;
		float g[FEW * D];

		for (uint32_t row = 0; row < FEW; row++) { /* row k every 2^k steps; the last ones once or never */
			bool met = t % (1u << row) == 0;

			for (size_t d = 0; d < D; d++) {
				size_t i = row * D + d;
				double l2 = (double)r.l2;

				g[n * D + d] = met ? case_float() : 0;
				r.l2 = met ? r.l2 : 0; /* on touched rows alone */
				naive_step(&naive, &r, i, met ? (double)g[n * D + d] : 0, 0.01, (double)(begin + t));
				r.l2 = (float)l2;
			}
			rows[n] = row;
			n += met;
		}
		optim_step_rows(&one, &r, w, D, rows, g, n, 0.01f, 1, &task_null);
		optim_step_rows(&two, &r, w_two, D, rows, g, n, 0.01f, 1, &t2);
		optim_row(&one, &r, w, D, 5, 0.01f, now);
		looked_at = fmax(looked_at, case_apart(now, naive.w + (size_t)5 * D, D));
	}
	apart = case_apart(w, naive.w, FEW * D);
	ok(apart > 1e-3, "%s: rows stand where they were met (%.1e)", kernels, apart);
	optim_settle(&one, &r, w, D, 0.01f, &task_null);
	optim_settle(&two, &r, w_two, D, 0.01f, &t2);
	optim_settle(&two, &r, w_two, D, 0.01f, &t2); /* they are there already */
	apart = case_apart(w, naive.w, FEW * D);
	ok(apart < 1e-5 && looked_at < 1e-5, "%s: from step %d, settled rows are dense adam's (%.1e), and those looked at (%.1e)",
	   kernels, (int)begin, apart, looked_at);
	ok(!memcmp(w, w_two, FEW * D * sizeof(*w)), "%s: the same bits on two threads", kernels);
	optim_done(&one), optim_done(&two);
	case_task_done(&t2);
	mem_free(w), mem_free(w_two);
}

static void test_schedule(void)
{
	struct optim_schedule s = { .lr = 2, .warmup = 4, .total = 14, .decay = DECAY_LINEAR };

	ok(optim_lr(&s, 0) == 0.5f && optim_lr(&s, 3) == 2, "warm-up rises in a straight line");
	ok(optim_lr(&s, 4) == 2 && optim_lr(&s, 9) == 1 && optim_lr(&s, 14) == 0 && optim_lr(&s, 99) == 0,
	   "linear decay ends at the total");
	s.decay = DECAY_COSINE;
	ok(optim_lr(&s, 4) == 2 && fabs((double)optim_lr(&s, 9) - 1) < 1e-6 && optim_lr(&s, 14) < 1e-6f, "cosine decay");
	s.decay = DECAY_NONE;
	ok(optim_lr(&s, 99) == 2, "no decay");
	s.total = 0;
	s.decay = DECAY_COSINE;
	ok(optim_lr(&s, 99) == 2, "no total, no decay");
}

static void test_clip(void)
{
	float v[10000];
	double sum = 0;

	for (size_t i = 0; i < 10000; i++) {
		v[i] = case_float();
		sum += (double)v[i] * (double)v[i];
	}
	ok(fabs(optim_norm2(v, 10000) - sum) < 1e-5 * sum, "the norm");
	ok(fabs((double)optim_clip(16, 2) - 0.5) < 1e-7 && optim_clip(16, 5) == 1 && optim_clip(16, 0) == 1, "clipping");
}

int main(void)
{
	CASE_EACH_TABLE(name) {
		test_kind(OPTIM_SGD, "sgd", name);
		test_kind(OPTIM_ADAGRAD, "adagrad", name);
		test_kind(OPTIM_ADAM, "adam", name);
		test_coast(0, name);
		test_coast(16300, name);
	}
	test_schedule();
	test_clip();
	ok(mem_bytes_now() == 0, "nothing is held at the end");
	return done_testing();
}
