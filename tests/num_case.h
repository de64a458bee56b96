/* SPDX-License-Identifier: GPL-3.0-or-later */
/* num_case.h - random matrices, tables of kernels and threads, for the tests of num/.
 *
 * Its own generator, so that these tests stand without base/rng.
 */
#ifndef TESTS_NUM_CASE_H
#define TESTS_NUM_CASE_H

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/pool.h"
#include "base/task.h"
#include "num/csr.h"
#include "num/kern.h"
#include "tap.h"

#if defined(__GNUC__)
#define CASE_FN __attribute__((unused)) static
#endif

static uint64_t case_state = 88172645463325252u;

CASE_FN uint64_t case_u64(void)
{
	case_state ^= case_state << 13;
	case_state ^= case_state >> 7;
	case_state ^= case_state << 17;
	return case_state;
}

CASE_FN uint32_t case_below(uint32_t n)
{
	return (uint32_t)((case_u64() >> 33) % n);
}

/* -1 .. 1 */
CASE_FN float case_float(void)
{
	return (float)((double)(case_u64() >> 40) / (1 << 23) - 1.0);
}

CASE_FN float *case_floats(size_t n)
{
	struct err err;
	float *v = mem_must(mem_alloc(n ? n : 1, sizeof(float), &err));

	for (size_t i = 0; i < n; i++)
		v[i] = case_float();
	return v;
}

CASE_FN void *case_zeroed(size_t n, size_t size)
{
	struct err err;

	return mem_must(mem_zeroed(n ? n : 1, size, &err));
}

/* Each pair with chance p, columns' chances falling; values 1..3, or none. */
CASE_FN struct csr case_csr(uint32_t rows, uint32_t cols, double p, bool values)
{
	struct csr m = { .rows = rows, .cols = cols };
	size_t n = 0;

	m.ptr = case_zeroed((size_t)rows + 1, sizeof(*m.ptr));
	m.idx = case_zeroed((size_t)rows * cols, sizeof(*m.idx));
	if (values)
		m.val = case_zeroed((size_t)rows * cols, sizeof(*m.val));
	for (uint32_t r = 0; r < rows; r++) {
		for (uint32_t c = 0; c < cols; c++) {
			double chance = p * 3.0 / (1.0 + 6.0 * c / cols);

			if ((double)(case_u64() >> 40) / (1 << 24) >= chance)
				continue;
			if (values)
				m.val[n] = (float)(1 + case_below(3));
			m.idx[n++] = c;
		}
		m.ptr[r + 1] = n;
	}
	return m;
}

/* Largest |a - b| / max(1, |b|). */
CASE_FN double case_apart(const float *a, const double *b, size_t n)
{
	double worst = 0;

	for (size_t i = 0; i < n; i++) {
		double apart = fabs((double)a[i] - b[i]) / fmax(1, fabs(b[i]));

		if (!(apart <= worst))
			worst = apart;
	}
	return worst;
}

/* A task with `threads` threads; free with case_task_done(). */
CASE_FN struct task case_task(unsigned threads)
{
	struct err err;

	return (struct task){ .pool = mem_must(pool_new(threads, &err)) };
}

CASE_FN void case_task_done(struct task *t)
{
	pool_free(t->pool);
}

/* for (each table this processor has) … */
static const char *const case_tables[] = { "plain", "avx2", "avx512", "vnni" };
#define CASE_EACH_TABLE(name)                                                                      \
	for (size_t case_t_ = 0; case_t_ < 3; case_t_++)                                           \
		for (const char *name = case_tables[case_t_]; name && kern_choose(name);           \
		     name = NULL)

#endif
