/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sparse matrices: the transpose, membership, norms, and out of memory. */
#include "num/csr.h"

#include "num_case.h"

static bool is_transpose(const struct csr *m, const struct csr *t)
{
	size_t found = 0;

	for (uint32_t c = 0; c < m->cols; c++) {
		for (size_t k = t->ptr[c]; k < t->ptr[c + 1]; k++) {
			uint32_t r = t->idx[k];
			size_t e = m->ptr[r];

			if (k > t->ptr[c] && t->idx[k - 1] >= r)
				return false;
			while (e < m->ptr[r + 1] && m->idx[e] != c)
				e++;
			if (e == m->ptr[r + 1] || csr_x(m, e) != csr_x(t, k))
				return false;
			found++;
		}
	}
	return found == csr_n(m) && csr_n(t) == csr_n(m);
}

static void check_transpose(uint32_t rows, uint32_t cols, bool values, const struct task *task)
{
	struct csr m = case_csr(rows, cols, 0.1, values), t;
	struct err err;

	ok(csr_transpose(&t, &m, task, &err) && is_transpose(&m, &t) && t.rows == cols &&
		   t.cols == rows && !t.val == !values,
	   "transpose of %u x %u%s", rows, cols, values ? " with values" : "");
	csr_done(&t);
	csr_done(&m);
}

/* Over the size where it is cut in pieces: rows of one column each, in a known order. */
static void check_pieces(void)
{
	const uint32_t rows = 5000000, cols = 1000;
	struct csr m = { .rows = rows, .cols = cols }, one, two;
	struct task threads = case_task(2);
	struct err err;
	bool right = true;

	m.ptr = case_zeroed((size_t)rows + 1, sizeof(*m.ptr));
	m.idx = case_zeroed(rows, sizeof(*m.idx));
	for (uint32_t r = 0; r < rows; r++) {
		m.ptr[r + 1] = r + 1;
		m.idx[r] = (uint32_t)((uint64_t)r * 2654435761u % cols);
	}
	ok(csr_transpose(&one, &m, &task_null, &err) && csr_transpose(&two, &m, &threads, &err) &&
	   !memcmp(one.ptr, two.ptr, (cols + 1) * sizeof(*one.ptr)) &&
	   !memcmp(one.idx, two.idx, rows * sizeof(*one.idx)), "pieces: one thread and two agree");
	for (uint32_t c = 0; c < cols; c++)
		for (size_t k = one.ptr[c]; k < one.ptr[c + 1]; k++)
			right &= m.idx[one.idx[k]] == c &&
				 (k == one.ptr[c] || one.idx[k - 1] < one.idx[k]);
	ok(right && csr_n(&one) == rows, "pieces: every entry in its place, ascending");
	csr_done(&one);
	csr_done(&two);
	csr_done(&m);
	case_task_done(&threads);
}

static void check_has(void)
{
	struct csr m = case_csr(20, 30, 0.2, false);
	bool right = true;

	for (uint32_t r = 0; r < m.rows; r++) {
		for (uint32_t c = 0; c < m.cols; c++) {
			bool in = false;

			for (size_t k = m.ptr[r]; k < m.ptr[r + 1]; k++)
				in |= m.idx[k] == c;
			right &= csr_has(&m, r, c) == in;
		}
	}
	ok(right, "csr_has finds what is there and nothing else");
	csr_done(&m);
}

static void check_norms(void)
{
	struct csr m = case_csr(10, 30, 0.3, true);
	double got[10], worst = 0;

	csr_row_norms2(&m, got);
	for (uint32_t r = 0; r < m.rows; r++) {
		double want = 0;

		for (size_t k = m.ptr[r]; k < m.ptr[r + 1]; k++)
			want += (double)m.val[k] * (double)m.val[k];
		worst = fmax(worst, fabs(got[r] - want));
	}
	ok(worst == 0, "sums of squares");
	csr_done(&m);
}

/* X'X by its definition: every entry that is there, none that is not. */
static void check_gram(uint32_t rows, uint32_t cols, bool values, const struct task *t)
{
	struct csr x = case_csr(rows, cols, 0.1, values), xt, g;
	struct err err;
	size_t there = 0;
	bool right = csr_transpose(&xt, &x, t, &err) && csr_gram(&g, &x, &xt, t, &err);

	for (uint32_t i = 0; right && i < cols; i++) {
		for (uint32_t j = 0; j < cols; j++) {
			float sum = 0;

			for (uint32_t r = 0; r < rows; r++)
				sum += csr_at(&x, r, i) * csr_at(&x, r, j);
			right = right && csr_at(&g, i, j) == sum && csr_has(&g, i, j) == (sum > 0);
			there += sum > 0;
		}
		for (size_t k = g.ptr[i] + 1; k < g.ptr[i + 1]; k++)
			right = right && g.idx[k] > g.idx[k - 1];
	}
	ok(right && there == csr_n(&g), "gram of %u x %u%s", (unsigned)rows, (unsigned)cols,
	   values ? ", of values" : "");
	csr_done(&x);
	csr_done(&xt);
	csr_done(&g);
}

static void check_memory(void)
{
	struct csr m = case_csr(20, 30, 0.2, true), t;
	struct err err;
	size_t before = mem_bytes_now();
	unsigned failed = 0;

	for (;;) {
		mem_fail_at(failed + 1);
		if (csr_transpose(&t, &m, &task_null, &err))
			break;
		failed++;
		if (err.code != ERR_NOMEM || mem_bytes_now() != before)
			failed = 1000;
	}
	mem_fail_at(0);
	ok(failed == 4, "transpose: each of %u allocations may fail, nothing is left behind",
	   failed);
	csr_done(&t);
	csr_done(&m);
}

int main(void)
{
	struct task threads = case_task(2);

	check_transpose(40, 30, false, &task_null);
	check_transpose(40, 30, true, &threads);
	check_transpose(1, 50, true, &threads);
	check_transpose(50, 1, false, &threads);
	check_transpose(3, 3, false, &task_null);
	check_pieces();
	check_has();
	check_norms();
	check_gram(40, 30, false, &task_null);
	check_gram(30, 150, true, &threads);
	check_gram(1, 1, false, &task_null);
	check_memory();
	case_task_done(&threads);
	return done_testing();
}
