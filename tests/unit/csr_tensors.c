/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csr_tensors.c - sparse matrices come back; rows out of order or columns out of reach are refused. */
#include "model/csr_tensors.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "tap.h"

static char path[] = "csr-XXXXXX";

/* Writes the three tensors as they are, whole or not, and reads them as a matrix of 3 x 5. */
static bool through_file(struct csr m, size_t n, struct csr *back, struct err *err)
{
	struct weights_writer *w = weights_writer_new(err);
	struct weights *file;
	bool done;

	done = weights_add(w, "m.ptr", TENSOR_U64, m.ptr, 4, 0, err) &&
	       weights_add(w, "m.idx", TENSOR_U32, m.idx, n, 0, err) &&
	       (!m.val || weights_add(w, "m.val", TENSOR_F32, m.val, n, 0, err)) && weights_commit(w, path, err);
	weights_writer_free(w);
	file = done ? weights_open(path, err) : NULL;
	done = file && csr_tensors_get(file, "m", 3, 5, back, err);
	weights_close(file);
	return done;
}

static void refused(size_t ptr[4], uint32_t idx[4], const char *what)
{
	float val[] = { 1, 2, 3, 4 };
	struct csr back;
	struct err err = { 0 };
	bool done = through_file((struct csr){ 3, 5, ptr, idx, val }, 4, &back, &err);

	ok(!done && err.code == ERR_SYNTAX, "%s: %s", what, err.msg);
	if (done)
		csr_done(&back);
}

static void test_round_trip(bool values)
{
	size_t ptr[] = { 0, 2, 2, 4 };
	uint32_t idx[] = { 1, 4, 0, 3 };
	float val[] = { 1, -2, 3, .5f };
	const struct csr m = { 3, 5, ptr, idx, values ? val : NULL };
	struct csr back;
	struct err err;
	struct weights_writer *w = weights_writer_new(&err);
	struct weights *file;

	ok(w && csr_tensors_add(w, "m", &m, &err) && weights_commit(w, path, &err), "written");
	weights_writer_free(w);
	file = weights_open(path, &err);
	ok(file && csr_tensors_get(file, "m", 3, 5, &back, &err) && back.rows == 3 && back.cols == 5 &&
	   !memcmp(back.ptr, ptr, sizeof(ptr)) && !memcmp(back.idx, idx, sizeof(idx)) && !back.val == !values &&
	   (!values || !memcmp(back.val, val, sizeof(val))), "and read, %s", values ? "with values" : "ones");
	csr_done(&back);
	ok(!csr_tensors_get(file, "m", 4, 5, &back, &err) && err.code == ERR_RANGE, "another size is refused");
	weights_close(file);
}

int main(void)
{
	close(mkstemp(path));
	test_round_trip(true);
	test_round_trip(false);
	refused((size_t[]){ 0, 2, 2, 4 }, (uint32_t[]){ 1, 4, 0, 5 }, "a column out of reach");
	refused((size_t[]){ 0, 2, 2, 4 }, (uint32_t[]){ 4, 1, 0, 3 }, "columns out of order");
	refused((size_t[]){ 0, 2, 2, 4 }, (uint32_t[]){ 1, 1, 0, 3 }, "a column twice");
	refused((size_t[]){ 0, 3, 2, 4 }, (uint32_t[]){ 1, 4, 0, 3 }, "rows that go back");
	refused((size_t[]){ 0, 9, 9, 4 }, (uint32_t[]){ 1, 4, 0, 3 }, "a row beyond the end");
	refused((size_t[]){ 1, 2, 2, 4 }, (uint32_t[]){ 1, 4, 0, 3 }, "a first row that does not begin at 0");
	refused((size_t[]){ 0, 2, 2, 3 }, (uint32_t[]){ 1, 4, 0, 3 }, "entries of no row");
	ok(mem_bytes_now() == 0, "nothing leaks");
	unlink(path);
	return done_testing();
}
