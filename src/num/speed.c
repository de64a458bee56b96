/* SPDX-License-Identifier: GPL-3.0-or-later */
/* speed.c - see speed.h. */
#include "num/speed.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/rng.h"
#include "num/blas.h"
#include "num/kern.h"

/* Sizes of what is run: a layer of 64, a history of 64, rows of 64, a table as that of 60,000 items. */
enum { D = 64, ROWS = 128, COLS = 256, FAR_ROWS = 1 << 16, NEAR_ROWS = 1 << 10, LIST = 1 << 14, ORDER = 256,
       PASSED = 1 << 16, TRIES = 2, ROUNDS = 2, CHUNKS = 4 /* a thread */, WARM = 10 };
#define CHUNK_SECONDS 0.0004

struct bench { /* memory of one thread */
	float *a, *b, *c;    /* a product; c also a small system */
	double *da, *db, *dc;
	float *near;         /* [NEAR_ROWS][D] */
	float *from, *to;    /* [PASSED] */
	float *sum;          /* [LIST] places, and sums of rows */
	uint32_t *order;     /* [LIST] places drawn, all distinct */
	uint32_t *row;       /* [LIST] rows of near drawn */
	uint32_t *rising;    /* [LIST] */
	double sink;
};

struct bench_run {
	struct bench *of;        /* [slots] */
	float *far;              /* [FAR_ROWS][D], read by all */
	uint32_t *far_row;       /* [LIST] */
	enum effort_kind kind;
	double seconds;          /* of a chunk */
	double *units;           /* [chunks] done */
};

/* --- One piece of each kind; returns its units -------------------------------------------------------------- */

static double piece_product(struct bench *b)
{
	kern()->gemm(&(struct kern_gemm){ .c = b->c, .ldc = COLS, .a = b->a, .a_row = D, .a_col = 1, .b = b->b,
					  .ldb = COLS, .m = ROWS, .n = COLS, .K = D });
	b->sink += (double)b->c[0];
	return (double)ROWS * COLS * D;
}

static double piece_solve(struct bench *b)
{
	float rdiag[D];

	memset(b->c, 0, D * D * sizeof(*b->c));
	for (size_t d = 0; d < D; d++)
		b->c[d * D + d] = 1;
	kern()->syrk(b->c, D, b->a, D, D, D);
	b->sink += kern()->chol(b->c, D, D, rdiag);
	return (double)D * D * D * (1.0 / 2 + 1.0 / 6);
}

static double piece_double(struct bench *b)
{
	blas_gemm_double(false, ORDER / 4, ORDER, ORDER, 1, b->da, ORDER, b->db, ORDER, 0, b->dc, ORDER);
	b->sink += b->dc[0];
	return (double)ORDER / 4 * ORDER * ORDER;
}

static double piece_rows(struct bench *b, const float *table, const uint32_t *rows)
{
	for (size_t k = 0; k < LIST / 8; k++)
		kern()->axpy(0.5f, table + (size_t)rows[k] * D, b->sum, D);
	return (double)(LIST / 8) * D;
}

static double piece_add(struct bench *b)
{
	for (size_t k = 0; k < LIST; k++)
		b->sum[b->order[k]] += 1;
	return LIST;
}

static double piece_pass(struct bench *b)
{
	memcpy(b->to, b->from, PASSED * sizeof(*b->to));
	b->sink += (double)b->to[PASSED / 2];
	return PASSED;
}

static double piece_exp(struct bench *b)
{
	memcpy(b->c, b->a, (size_t)ROWS * D * sizeof(*b->c));
	b->sink += (double)kern()->exp_sum(b->c, (size_t)ROWS * D, 1);
	return (double)ROWS * D;
}

/* Searching a sorted list for numbers drawn: log2 of its length steps each. */
static double piece_draw(struct bench *b)
{
	struct rng r = rng_stream(1, "speed.draw", 0, 0);
	size_t found = 0;

	for (size_t k = 0; k < 256; k++) {
		uint32_t x = rng_below(&r, LIST);
		size_t lo = 0, hi = LIST;

		while (lo < hi) {
			size_t mid = lo + (hi - lo) / 2;

			if (b->rising[mid] < x)
				lo = mid + 1;
			else
				hi = mid;
		}
		found += lo;
	}
	b->sink += (double)found;
	return 256 * 14;
}

static double piece(const struct bench_run *r, struct bench *b)
{
	switch (r->kind) {
	case EFFORT_PRODUCT: return piece_product(b);
	case EFFORT_SOLVE: return piece_solve(b);
	case EFFORT_DOUBLE: return piece_double(b);
	case EFFORT_NEAR: return piece_rows(b, b->near, b->row);
	case EFFORT_FAR: return piece_rows(b, r->far, r->far_row);
	case EFFORT_ADD: return piece_add(b);
	case EFFORT_PASS: return piece_pass(b);
	case EFFORT_EXP: return piece_exp(b);
	default: return piece_draw(b);
	}
}

/* --- The runs ----------------------------------------------------------------------------------------------- */

static void run_chunk(void *ctx, size_t chunk, unsigned slot)
{
	const struct bench_run *r = ctx;
	double began = clock_now(), done = 0;

	do
		done += piece(r, &r->of[slot]);
	while (clock_now() - began < r->seconds);
	r->units[chunk] = done;
}

/* Units a second of one try, 0 when it was cancelled. */
static double one_try(struct bench_run *r, const struct task *t, unsigned slots)
{
	double began = clock_now(), units = 0;
	size_t chunks = (size_t)slots * CHUNKS;

	if (!task_chunks(t, chunks, run_chunk, r))
		return 0;
	for (size_t c = 0; c < chunks; c++)
		units += r->units[c];
	return units / (clock_now() - began);
}

static bool measure(struct bench_run *r, const struct task *t, double *rate, struct err *err)
{
	for (int k = 0; k < TRIES; k++) {
		double here = one_try(r, t, task_slots(t));

		if (!(here > 0))
			return task_cancelled(err);
		*rate = fmax(*rate, here);
	}
	return true;
}

/* --- Memory ------------------------------------------------------------------------------------------------- */

static bool fill(float **out, size_t n, struct err *err)
{
	*out = mem_alloc(n, sizeof(**out), err);
	for (size_t k = 0; *out && k < n; k++)
		(*out)[k] = (float)(k % 7) / 64;
	return *out != NULL;
}

static bool fill_double(double **out, size_t n, struct err *err)
{
	*out = mem_alloc(n, sizeof(**out), err);
	for (size_t k = 0; *out && k < n; k++)
		(*out)[k] = (double)(k % 7) / 64;
	return *out != NULL;
}

/* Drawn without repeats where `most` allows. */
static bool draw(uint32_t **out, uint32_t most, struct err *err)
{
	struct rng r = rng_stream(1, "speed.order", most, 0);

	*out = mem_alloc(LIST, sizeof(**out), err);
	for (uint32_t k = 0; *out && k < LIST; k++)
		(*out)[k] = most <= LIST ? k % most : (uint32_t)((uint64_t)k * most / LIST);
	if (*out)
		rng_shuffle_u32(&r, *out, LIST);
	return *out != NULL;
}

static bool bench_make(struct bench *b, struct err *err)
{
	if (!fill(&b->a, (size_t)ROWS * D, err) || !fill(&b->b, (size_t)D * COLS, err) ||
	    !fill(&b->c, (size_t)ROWS * COLS, err) || !fill_double(&b->da, (size_t)ORDER * ORDER, err) ||
	    !fill_double(&b->db, (size_t)ORDER * ORDER, err) || !fill_double(&b->dc, (size_t)ORDER * ORDER, err) ||
	    !fill(&b->near, (size_t)NEAR_ROWS * D, err) || !fill(&b->from, PASSED, err) || !fill(&b->to, PASSED, err) ||
	    !fill(&b->sum, LIST, err) || !draw(&b->order, LIST, err) || !draw(&b->row, NEAR_ROWS, err) ||
	    !draw(&b->rising, LIST, err))
		return false;
	for (uint32_t k = 0; k < LIST; k++)
		b->rising[k] = k;
	return true;
}

static void bench_done(struct bench *b)
{
	mem_free(b->a);
	mem_free(b->b);
	mem_free(b->c);
	mem_free(b->da);
	mem_free(b->db);
	mem_free(b->dc);
	mem_free(b->near);
	mem_free(b->from);
	mem_free(b->to);
	mem_free(b->sum);
	mem_free(b->order);
	mem_free(b->row);
	mem_free(b->rising);
}

static bool bench_run_make(struct bench_run *r, unsigned slots, struct err *err)
{
	if (!(r->of = mem_zeroed(slots, sizeof(*r->of), err)) ||
	    !(r->units = mem_zeroed((size_t)slots * CHUNKS, sizeof(*r->units), err)) ||
	    !fill(&r->far, (size_t)FAR_ROWS * D, err) || !draw(&r->far_row, FAR_ROWS, err))
		return false;
	for (unsigned s = 0; s < slots; s++)
		if (!bench_make(&r->of[s], err))
			return false;
	return true;
}

bool speed_measure(struct speed *out, const struct task *t, struct err *err)
{
	struct task lone = { t->keep_going, NULL, t->ctx, NULL };
	struct task all = { t->keep_going, NULL, t->ctx, t->pool };
	struct bench_run r = { .seconds = CHUNK_SECONDS };
	unsigned slots = task_slots(t);
	bool done = bench_run_make(&r, slots, err);

	/* Threads that slept are not all on processors of their own at once. */
	r.kind = EFFORT_DRAW;
	for (int k = 0; done && k < WARM; k++)
		done = one_try(&r, &all, slots) > 0 || task_cancelled(err);
	*out = (struct speed){ 0 };
	/* In rounds, so that what troubles a moment does not trouble all tries of a kind. */
	for (int k = 0; done && k < ROUNDS * EFFORT_KINDS; k++) {
		r.kind = (enum effort_kind)(k % EFFORT_KINDS);
		done = measure(&r, &lone, &out->alone[r.kind], err) && measure(&r, &all, &out->shared[r.kind], err);
	}
	for (unsigned s = 0; r.of && s < slots; s++)
		bench_done(&r.of[s]);
	mem_free(r.of);
	mem_free(r.units);
	mem_free(r.far);
	mem_free(r.far_row);
	return done;
}

double speed_seconds(const struct speed *s, const struct effort *e)
{
	double sum = 0;

	for (int k = 0; k < EFFORT_KINDS; k++)
		sum += e->shared[k] / s->shared[k] + e->alone[k] / s->alone[k];
	return sum;
}
