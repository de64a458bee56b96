/* SPDX-License-Identifier: GPL-3.0-or-later */
/* num.c - how fast the numeric cores are: times, operations a second, and the share of what the
 * processor could do.
 *
 *	bench/num [--threads N] [--scale S] [WHAT…]      WHAT: ials bpr knn rank inverse
 *
 * The data is drawn here: users' activity and items' popularity follow power laws, S = 1 is 810
 * thousand events of 30 thousand users with 41 thousand items, S = 25 about 20 million.  Each
 * figure is the best and the median of several runs.  The peak is measured too: independent
 * multiply-adds in registers.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/pool.h"
#include "base/rng.h"
#include "num/bpr_core.h"
#include "num/ials_core.h"
#include "num/kern.h"
#include "num/knn_core.h"
#include "num/linalg.h"
#include "num/rank.h"

static struct err err;
static struct task task;
static struct csr x, xt;
static unsigned threads = 2;
static double scale = 1, peak; /* multiply-adds a second, one thread */

static void *need(void *p)
{
	if (!p) {
		fprintf(stderr, "bench/num: %s\n", err.msg);
		exit(1);
	}
	return p;
}

static void must(bool fine)
{
	need(fine ? &err : NULL);
}

/* --- Measuring ------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	double p = *(const double *)a, q = *(const double *)b;

	return (p > q) - (p < q);
}

static double cpu_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#define RUNS 7
/* Processor seconds a run and thread: what a run takes when nothing else runs. */
static double cpu_each;

/* Seconds of fn: the median, and *best. */
static double measure(void (*fn)(void *), void *ctx, double *best)
{
	double t[RUNS], cpu = cpu_now(), spent = 0;
	int n = 0;

	for (; n < RUNS && (n < 3 || spent < 10); n++) {
		double start = clock_now();

		fn(ctx);
		spent += t[n] = clock_now() - start;
	}
	cpu_each = (cpu_now() - cpu) / n / threads;
	qsort(t, (size_t)n, sizeof(*t), by_value);
	*best = t[0];
	return t[n / 2];
}

static void measure_peak(void)
{
	/* A product whose operands stay in the first-level cache comes nearest to it. */
	enum { N = 64 };
	float *a = need(mem_alloc(3 * N * N, sizeof(*a), &err)), *b = a + N * N, *c = b + N * N;

	for (size_t k = 0; k < 3 * N * N; k++)
		a[k] = 0.5f;
	for (int t = 0; t < 20; t++) {
		double start = cpu_now(), rate;

		for (int r = 0; r < 1000; r++)
			kern()->product(c, N, a, N, b, N, N, N, N);
		rate = 1000.0 * N * N * N / (cpu_now() - start);
		peak = rate > peak ? rate : peak;
	}
	mem_free(a);
	printf("kernels %s, %u threads, a product in cache %.1f G multiply-adds/s a thread\n",
	       kern()->name, threads, peak / 1e9);
}

static double share(double operations, double seconds)
{
	return 100 * operations / seconds / (peak * threads);
}

/* --- Data ------------------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
	uint32_t p = *(const uint32_t *)a, q = *(const uint32_t *)b;

	return (p > q) - (p < q);
}

static void make_data(void)
{
	/* 25 times the events are 5 times the users with 5 times the history, as real sets grow. */
	uint32_t U = (uint32_t)(30000 * sqrt(scale)), I = 41000, *item;
	double mean = 27 * sqrt(scale), *weight = need(mem_alloc(I + 1, sizeof(*weight), &err)),
	       sum = 0;
	struct rng r = rng_stream(1, "bench.num", 0, 0);
	size_t n = 0;

	weight[0] = 0;
	item = need(mem_alloc(I, sizeof(*item), &err));
	for (uint32_t i = 0; i < I; i++) {
		item[i] = i;
		weight[i + 1] = sum += pow(20.0 + i, -0.9);
	}
	rng_shuffle_u32(&r, item, I); /* popularity has nothing to do with numbers */
	x = (struct csr){ .rows = U, .cols = I };
	x.ptr = need(mem_zeroed(U + 1, sizeof(*x.ptr), &err));
	x.idx = need(mem_alloc((size_t)(3 * mean * U) + 4096, sizeof(*x.idx), &err));
	for (uint32_t u = 0; u < U; u++) {
		double z = rng_normal(&r), want = mean * exp(1.0 * z - 0.5) + 1;
		size_t from = n;

		want = want < 2000 ? want : 2000;
		for (size_t k = 0; k < (size_t)want; k++) {
			double at = rng_uniform(&r) * sum;
			uint32_t lo = 0, hi = I;

			while (hi - lo > 1) {
				uint32_t mid = (lo + hi) / 2;

				if (weight[mid] <= at)
					lo = mid;
				else
					hi = mid;
			}
			x.idx[n++] = item[lo];
		}
		qsort(x.idx + from, n - from, sizeof(*x.idx), by_number);
		for (size_t k = from + 1, last = from; k <= n; k++) {
			if (k == n)
				n = last + 1;
			else if (x.idx[k] != x.idx[last])
				x.idx[++last] = x.idx[k];
		}
		x.ptr[u + 1] = n;
	}
	mem_free(weight);
	mem_free(item);
	must(csr_transpose(&xt, &x, &task, &err));
	printf("data: %zu events, %u users, %u items\n", csr_n(&x), x.rows, x.cols);
}

static float *normals(size_t n, double deviation)
{
	struct rng r = rng_stream(2, "bench.num", 0, 0);
	float *v = need(mem_alloc(n, sizeof(*v), &err));

	for (size_t k = 0; k < n; k++)
		v[k] = (float)(rng_normal(&r) * deviation);
	return v;
}

/* --- ials ---------------------------------------------------------------------------- */

struct ials {
	uint32_t D;
	float *W, *H, *user_lambda, *item_lambda;
	struct ials_side *users, *items;
	double set, sweep;
};

static void ials_epoch(void *ctx)
{
	struct ials *m = ctx;
	double t0 = clock_now(), t1, t2, t3;

	must(ials_side_set(m->users, m->W, m->D, 0.1, &task, &err));
	t1 = clock_now();
	must(ials_sweep(m->users, &xt, m->item_lambda, m->H, m->D, NULL, &task, &err));
	t2 = clock_now();
	must(ials_side_set(m->items, m->H, m->D, 0.1, &task, &err));
	t3 = clock_now();
	must(ials_sweep(m->items, &x, m->user_lambda, m->W, m->D, NULL, &task, &err));
	m->set = t1 - t0 + t3 - t2;
	m->sweep = clock_now() - t3 + t2 - t1;
}

static double sweep_operations(const struct csr *m, double D)
{
	double sum = 0;

	for (uint32_t r = 0; r < m->rows; r++) {
		double n = (double)csr_row_n(m, r), a = n < D ? n : D, b = n < D ? D : n;

		sum += a * a * b / 2 + a * a * a / 6 + 2 * a * a + 3 * n * D + D * D;
	}
	return sum + (double)m->cols * D * D * 1.5;
}

static float *lambdas(const struct csr *m)
{
	float *v = need(mem_alloc(m->rows, sizeof(*v), &err));

	for (uint32_t r = 0; r < m->rows; r++)
		v[r] = 0.003f * ((float)csr_row_n(m, r) + 0.1f * (float)m->cols);
	return v;
}

static void ials_model(struct ials *m, uint32_t D)
{
	*m = (struct ials){ .D = D, .W = normals((size_t)x.rows * D, 0.1 / sqrt(D)),
			    .H = normals((size_t)x.cols * D, 0.1 / sqrt(D)),
			    .user_lambda = lambdas(&x), .item_lambda = lambdas(&xt),
			    .users = need(ials_side_new(x.rows, D, &err)),
			    .items = need(ials_side_new(x.cols, D, &err)) };
}

static void ials_done(struct ials *m)
{
	mem_free(m->W);
	mem_free(m->H);
	mem_free(m->user_lambda);
	mem_free(m->item_lambda);
	ials_side_free(m->users);
	ials_side_free(m->items);
}

static void bench_ials(uint32_t D)
{
	double best, median, operations;
	struct ials m;

	ials_model(&m, D);
	median = measure(ials_epoch, &m, &best);
	operations = sweep_operations(&x, D) + sweep_operations(&xt, D);
	printf("  %.2f G multiply-adds\n", operations / 1e9);
	printf("ials D=%-4u    epoch %.3f s (best %.3f: basis %.3f, solving %.3f), "
	       "%.1f%% of peak, cpu %.3f s a thread\n",
	       D, median, best, m.set, m.sweep, share(operations, cpu_each), cpu_each);
	ials_done(&m);
}

/* --- bpr ------------------------------------------------------------------------------ */

struct bpr {
	struct bpr_core *core;
	struct bpr_tables t;
	struct bpr_rule rule;
	uint32_t epoch;
	double loss;
};

static void bpr_run(void *ctx)
{
	struct bpr *b = ctx;

	must(bpr_epoch(b->core, &b->t, &b->rule, b->epoch++, &b->loss, &task, &err));
}

static void bench_bpr(uint32_t D, enum bpr_negatives negatives)
{
	struct bpr b = { .core = need(bpr_core_new(&x, 1, &err)),
			 .rule = { .lr = 0.05f, .l2 = 0.01f } };
	double best, median, n = (double)csr_n(&x);

	b.rule.negatives = negatives;
	b.t = (struct bpr_tables){ .W = normals((size_t)x.rows * D, 0.1),
				   .H = normals((size_t)x.cols * D, 0.1),
				   .bias = need(mem_zeroed(x.cols, 4, &err)),
				   .stride = D,
				   .D = D };
	median = measure(bpr_run, &b, &best);
	printf("bpr D=%-4u     epoch %.3f s (best %.3f), %.1f million updates/s, %s, loss %.3f, "
	       "cpu %.3f s a thread\n",
	       D, median, best, n / median / 1e6,
	       negatives == BPR_UNIFORM ? "uniform" : "popularity", b.loss, cpu_each);
	bpr_core_free(b.core);
	mem_free(b.t.W);
	mem_free(b.t.H);
	mem_free(b.t.bias);
}

/* --- item-knn -------------------------------------------------------------------------- */

static void knn_run(void *ctx)
{
	struct csr out;

	must(knn_fit(&out, &x, &xt, ctx, &task, &err));
	csr_done(&out);
}

static void bench_knn(uint32_t K)
{
	float *norm = need(mem_alloc(x.cols, sizeof(*norm), &err));
	struct knn_rule rule = { .a = norm, .shrink = 10, .K = K };
	double best, median, pairs = 0;

	knn_norms(&xt, norm);
	for (uint32_t u = 0; u < x.rows; u++)
		pairs += (double)csr_row_n(&x, u) * (double)csr_row_n(&x, u);
	median = measure(knn_run, &rule, &best);
	printf("item-knn K=%-4u fit %.3f s (best %.3f), %.0f million pairs, "
	       "%.2f ns a pair and thread, cpu %.3f s a thread\n",
	       K, median, best, pairs / 1e6, median * threads * 1e9 / pairs, cpu_each);
	mem_free(norm);
}

/* --- Ranking --------------------------------------------------------------------------- */

struct rank {
	const struct rank_panels *p;
	const float *W;
	uint32_t D, k;
};
#define RANK_CHUNK 192

static void rank_chunk(void *ctx, size_t chunk, unsigned slot)
{
	const struct rank *r = ctx;
	struct topk top[RANK_CHUNK];
	const uint32_t *skip[RANK_CHUNK];
	uint32_t n_skip[RANK_CHUNK], item[RANK_CHUNK * 100], lo = (uint32_t)chunk * RANK_CHUNK;
	uint32_t n = x.rows - lo < RANK_CHUNK ? x.rows - lo : RANK_CHUNK;
	float score[RANK_CHUNK * 100];

	(void)slot;
	for (uint32_t q = 0; q < n; q++) {
		topk_begin(&top[q], r->k, score + q * r->k, item + q * r->k);
		skip[q] = csr_row(&x, lo + q);
		n_skip[q] = (uint32_t)csr_row_n(&x, lo + q);
	}
	rank_top(r->p, r->W + (size_t)lo * r->D, r->D, n, skip, n_skip, NULL, top);
}

static void rank_run(void *ctx)
{
	must(task_chunks(&task, (x.rows + RANK_CHUNK - 1) / RANK_CHUNK, rank_chunk, ctx));
}

static void rank_report(const char *what, const float *W, const float *H, uint32_t D, uint32_t k)
{
	struct rank_panels *p = need(rank_panels_new(H, D, x.cols, D, NULL, &err));
	struct rank r = { p, W, D, k };
	double best, median = measure(rank_run, &r, &best);

	printf("rank D=%u k=%-3u %.0f users/s (best %.0f), %s; %.0f G multiply-adds/s if all were "
	       "done, %.1f%% of peak, cpu %.3f s a thread\n",
	       D, k, x.rows / median, x.rows / best, what,
	       (double)x.rows * x.cols * D / median / 1e9,
	       share((double)x.rows * x.cols * D, cpu_each), cpu_each);
	rank_panels_free(p);
}

static void bench_rank(uint32_t D, uint32_t k)
{
	float *W = normals((size_t)x.rows * D, 1), *H = normals((size_t)x.cols * D, 1);
	struct ials m;

	rank_report("normal vectors", W, H, D, k);
	mem_free(W);
	mem_free(H);
	ials_model(&m, D);
	for (int e = 0; e < 5; e++)
		ials_epoch(&m);
	rank_report("ials vectors", m.W, m.H, D, k);
	ials_done(&m);
}

/* --- The inverse ------------------------------------------------------------------------ */

static void bench_inverse(size_t n)
{
	float *a = need(mem_alloc(n, n * sizeof(*a), &err));
	double start, seconds, cpu;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			a[i * n + j] =
				i == j ? 2 : 1.0f / (float)n * (float)((i * 31 + j * 31) % 17) / 17;
	start = clock_now();
	cpu = cpu_now();
	must(linalg_spd_inverse(a, n, &task, &err));
	seconds = clock_now() - start;
	cpu_each = (cpu_now() - cpu) / threads;
	printf("inverse n=%-6zu %.2f s, %.0f G multiply-adds/s, %.1f%% of peak, "
	       "cpu %.3f s a thread\n",
	       n, seconds, pow((double)n, 3) / 2 / seconds / 1e9,
	       share(pow((double)n, 3) / 2, cpu_each), cpu_each);
	mem_free(a);
}

static bool asked(int argc, char **argv, const char *what)
{
	bool any = false;

	for (int a = 1; a < argc; a++) {
		if (!strcmp(argv[a], "--threads") || !strcmp(argv[a], "--scale"))
			a++;
		else if (!strcmp(argv[a], what))
			return true;
		else
			any = true;
	}
	return !any;
}

int main(int argc, char **argv)
{
	for (int a = 1; a + 1 < argc; a++) {
		if (!strcmp(argv[a], "--threads"))
			threads = (unsigned)strtoul(argv[a + 1], NULL, 10);
		if (!strcmp(argv[a], "--scale"))
			scale = (double)strtoul(argv[a + 1], NULL, 10);
	}
	linalg_init();
	task = (struct task){ .pool = need(pool_new(threads, &err)) };
	measure_peak();
	make_data();
	if (asked(argc, argv, "ials")) {
		bench_ials(64);
		bench_ials(128);
	}
	if (asked(argc, argv, "bpr")) {
		bench_bpr(64, BPR_UNIFORM);
		bench_bpr(64, BPR_POPULARITY);
	}
	if (asked(argc, argv, "knn")) {
		bench_knn(20);
		bench_knn(100);
	}
	if (asked(argc, argv, "rank")) {
		bench_rank(64, 10);
		bench_rank(64, 100);
		bench_rank(128, 10);
	}
	if (asked(argc, argv, "inverse")) {
		bench_inverse(2000);
		bench_inverse(10000);
	}
	csr_done(&x);
	csr_done(&xt);
	pool_free(task.pool);
	return 0;
}
