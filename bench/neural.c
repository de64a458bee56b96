/* SPDX-License-Identifier: GPL-3.0-or-later */
/* neural.c - how fast the neural layers and sasrec are.
 *
 *	bench/neural [--threads N] [--epochs N] [PATH [NAME=VALUE…]]
 *
 * Without a path the layers, on one thread.  With one, a file of sequences as of `load … format=sequence`, it
 * is split leave-last and sasrec trained with the parameters given.  Wall-clock seconds are told beside processor seconds a thread: what an epoch
 * takes when nothing else runs.  The arithmetic counted is that of the events alone, forward and backward.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/pool.h"
#include "data/load.h"
#include "model/registry.h"
#include "num/blas.h"
#include "num/dropout.h"
#include "num/kern.h"
#include "num/layernorm.h"
#include "num/linalg.h"
#include "num/linear.h"
#include "num/softmax_all.h"

static struct err err;
static struct task task;
static unsigned threads = 2;
static uint32_t epochs = 3;

static void *need(void *p)
{
	if (!p) {
		fprintf(stderr, "bench/neural: %s\n", err.msg);
		exit(1);
	}
	return p;
}

static double cpu_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* --- Layers, on one thread --------------------------------------------------------------- */

static float *numbers(size_t n)
{
	struct rng r = rng_stream(1, "bench.neural", 0, 0);
	float *v = need(mem_alloc(n, sizeof(*v), &err));

	for (size_t i = 0; i < n; i++)
		v[i] = 0.1f * (rng_uniformf(&r) - 0.5f);
	return v;
}

/* The best of 15 goes of about 2 ms, in processor time. */
#define BEST(seconds, work)                                            \
	do {                                                           \
		seconds = 1e9;                                         \
		for (int go_ = 0; go_ < 15; go_++) {                   \
			double from_ = cpu_now(), took_;               \
			int n_ = 0;                                    \
			do {                                           \
				work;                                  \
				n_++;                                  \
			} while ((took_ = cpu_now() - from_) < 2e-3);  \
			seconds = fmin(seconds, took_ / n_);           \
		}                                                      \
	} while (0)

static double peak;

static void say(const char *what, double flop, double seconds)
{
	printf("  %-44s %8.1f us  %6.1f GFLOP/s  %3.0f %% of peak\n", what, 1e6 * seconds, 1e-9 * flop / seconds,
	       100 * flop / seconds / peak);
}

static void measure_peak(void)
{
	enum { N = 96 };
	float *a = numbers(3 * N * N), *b = a + N * N, *c = b + N * N;
	struct kern_gemm g = { .c = c, .a = a, .b = b, .m = N, .n = 64, .K = N, .a_row = N, .a_col = 1, .ldb = N, .ldc = N };
	double s;

	BEST(s, kern()->gemm(&g));
	peak = 2.0 * N * 64 * N / s;
	printf("kernels %s; a product in cache: %.1f GFLOP/s a thread\n", kern()->name, 1e-9 * peak);
	mem_free(a);
}

static void bench_linear(size_t R, size_t K, size_t M)
{
	float *x = numbers(R * K), *W = numbers(K * M), *b = numbers(M), *y = numbers(R * M), *dx = numbers(R * K);
	float *dW = numbers(K * M), *db = numbers(M);
	double flop = 2.0 * (double)(R * K * M), s;
	char what[80];

	BEST(s, linear_forward(y, x, W, b, R, K, M));
	snprintf(what, sizeof(what), "linear forward %zu x %zu -> %zu", R, K, M);
	say(what, flop, s);
	BEST(s, blas_gemm(false, R, M, K, 1, x, K, W, M, 0, y, M));
	say("  the same by OpenBLAS, without the bias", flop, s);
	BEST(s, linear_backward(dx, dW, db, y, x, W, R, K, M));
	say("  backward: dx, dW, db", 2 * flop, s);
	mem_free(x), mem_free(W), mem_free(b), mem_free(y), mem_free(dx), mem_free(dW), mem_free(db);
}

static void bench_passes(size_t R, size_t D)
{
	size_t n = R * D;
	float *x = numbers(n), *y = numbers(n), *mean = numbers(R), *rstd = numbers(R), *g = numbers(D), *b = numbers(D);
	float *dg = numbers(D), *db = numbers(D), *dx = numbers(n);
	uint16_t *mask = need(mem_alloc(n, sizeof(*mask), &err));
	struct rng r = rng_stream(1, "bench.neural", 1, 0);
	double s;

	BEST(s, layernorm_forward(y, mean, rstd, x, g, b, R, D));
	printf("  %-44s %8.1f us\n", "layernorm forward", 1e6 * s);
	BEST(s, layernorm_backward(dx, dg, db, y, x, g, mean, rstd, R, D));
	printf("  %-44s %8.1f us\n", "layernorm backward", 1e6 * s);
	BEST(s, dropout_draw(mask, n, 0.5f, &r));
	printf("  %-44s %8.1f us\n", "dropout: the draw", 1e6 * s);
	BEST(s, dropout_forward(y, x, mask, n, 0.5f));
	printf("  %-44s %8.1f us\n", "dropout forward", 1e6 * s);
	mem_free(x), mem_free(y), mem_free(mean), mem_free(rstd), mem_free(g), mem_free(b), mem_free(dg), mem_free(db);
	mem_free(dx), mem_free(mask);
}

static void bench_softmax(uint32_t I, size_t R, uint32_t D)
{
	struct softmax_all *all = need(softmax_all_new(I, D, &err));
	float *x = numbers(R * D), *dx = numbers(R * D), *E = numbers((size_t)I * D), *dE = numbers((size_t)I * D);
	float *strip = numbers(softmax_all_strip(I));
	uint32_t *target = need(mem_zeroed(R, sizeof(*target), &err));
	char what[80];
	double s;

	softmax_all_pack(all, E, &task_null);
	BEST(s, softmax_all_loss(all, dx, dE, x, E, target, 1, R, strip));
	snprintf(what, sizeof(what), "softmax of %zu rows over %u items", R, (unsigned)I);
	say(what, 6.0 * (double)R * I * D, s);
	softmax_all_free(all);
	mem_free(x), mem_free(dx), mem_free(E), mem_free(dE), mem_free(strip), mem_free(target);
}

/* --- sasrec ------------------------------------------------------------------------------ */

/* Multiply-adds twice, of one position forward and backward, but for attention's own products. */
static double flop_of_position(const struct params *p, uint32_t I)
{
	double D = (double)params_int(p, "dim"), blocks = (double)params_int(p, "blocks");
	int loss = params_choice(p, "loss");
	double asked = loss == 0 ? I : loss == 1 ? (double)params_int(p, "negatives") + 1 : 2;

	return 3 * (blocks * 5 * 2 * D * D + 2 * D * asked);
}

static void train(const struct build_env *env, const struct params *p)
{
	const struct model_ops *ops = &sasrec_ops;
	struct model *m = need(ops->create(env, p, &err));
	size_t histories = 0;

	for (uint32_t u = 0; u < env->x->rows; u++)
		histories += csr_row_n(env->x, u) > 1;
	for (uint32_t e = 1; e <= epochs; e++) {
		struct fit_ctx ctx = { .task = &task, .epoch = e, .seed = env->seed };
		double wall = clock_now(), cpu = cpu_now(), flop;

		need(ops->fit_epoch(m, env, &ctx, &err) ? m : NULL);
		wall = clock_now() - wall;
		cpu = (cpu_now() - cpu) / threads;
		flop = flop_of_position(p, env->data->n_items) * (double)ctx.examples;
		printf("  epoch %u: loss %.4f, %.2f s (%.2f s of each processor): %.0f (%.0f) histories/s, %.0f (%.0f) "
		       "events/s, %.0f GFLOP/s, %.0f %% of peak\n", (unsigned)e, ctx.loss[0], wall, cpu,
		       (double)histories / wall, (double)histories / cpu, (double)ctx.examples / wall,
		       (double)ctx.examples / cpu, 1e-9 * flop / cpu, 100 * flop / cpu / (peak * threads));
	}
	ops->destroy(m);
}

static void bench_sasrec(const char *path, char **set, int n)
{
	struct load_options o;
	struct dataset *d;
	struct split *s;
	struct params p, split_p;
	struct csr xt;
	struct build_env env;

	load_options_init(&o);
	o.format = "sequence";
	d = need(dataset_load(&path, 1, &o, &task, &err));
	params_init(&split_p, split_params("leave-last"));
	s = need(split_make(d, "leave-last", &split_p, 42, &task, &err));
	need(csr_transpose(&xt, &s->train, &task, &err) ? s : NULL);
	env = (struct build_env){ .data = d, .split = s, .x = &s->train, .xt = &xt, .seed = 42, .task = &task };
	params_init(&p, sasrec_ops.params);
	printf("sasrec");
	for (int k = 0; k < n; k++) {
		char *value = strchr(set[k], '=');

		printf(" %s", set[k]);
		if (value)
			*value = 0;
		need(params_set(&p, set[k], value ? value + 1 : "", &err) ? s : NULL);
	}
	printf(", %u threads:\n", threads);
	train(&env, &p);
	csr_done(&xt);
	split_unref(s);
	dataset_unref(d);
}

int main(int argc, char **argv)
{
	int k = 1;

	for (; k + 1 < argc && !strncmp(argv[k], "--", 2); k += 2) {
		if (!strcmp(argv[k], "--threads"))
			threads = (unsigned)atoi(argv[k + 1]);
		else if (!strcmp(argv[k], "--epochs"))
			epochs = (uint32_t)atoi(argv[k + 1]);
	}
	linalg_init();
	task = task_null;
	task.pool = need(pool_new(threads, &err));
	measure_peak();
	if (k < argc) {
		bench_sasrec(argv[k], argv + k + 1, argc - k - 1);
	} else {
		bench_linear(256, 64, 64);
		bench_linear(256, 64, 192);
		bench_passes(256, 64);
		bench_softmax(12101, 256, 64);
	}
	pool_free(task.pool);
	return 0;
}
