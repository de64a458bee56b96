/* SPDX-License-Identifier: GPL-3.0-or-later */
/* effort.h - how much of what kind of work a computation is, counted before it is done.
 *
 * Counts depend on sizes and parameters alone; num/speed.h tells how fast a machine does each kind, so that
 *
 *	seconds = sum over kinds of shared / rate with all threads + alone / rate of one thread.
 *
 * A term is charged to the kind whose kernel does it; what passes by in a kernel's shadow (a sigmoid after a
 * product) is left out.  Counts are expectations where chance decides.  Plain data; thread: ANY.
 */
#ifndef NUM_EFFORT_H
#define NUM_EFFORT_H

#include <stddef.h>

enum effort_kind {
	EFFORT_PRODUCT, /* multiply-adds of dense products of floats (kern gemm, rank panels) */
	EFFORT_SOLVE,   /* multiply-adds of small symmetric products and factorisations (kern syrk, chol) */
	EFFORT_DOUBLE,  /* multiply-adds of large products of doubles (BLAS) */
	EFFORT_NEAR,    /* floats of rows at random places that the second-level cache holds, a multiply-add each */
	EFFORT_FAR,     /* the same of tables that it does not hold */
	EFFORT_ADD,     /* additions to places named by a list: counting pairs, sums of sparse rows */
	EFFORT_PASS,    /* floats passed over in order: copies, steps of an optimiser */
	EFFORT_EXP,     /* exponentials of a row (kern exp_sum) */
	EFFORT_DRAW,    /* scalar steps that nothing predicts: a number drawn, a comparison of a sort or a search */
	EFFORT_KINDS
};
extern const char *const effort_name[EFFORT_KINDS]; /* "product", … */

struct effort {
	double shared[EFFORT_KINDS]; /* by all threads */
	double alone[EFFORT_KINDS];  /* by one, the others wait */
};

/* e += times x what. */
void effort_add(struct effort *e, const struct effort *what, double times);
/* Random rows: near or far, as a table of so many bytes is. */
enum effort_kind effort_rows(double table_bytes);
/* Comparisons of sorting n. */
double effort_sort(double n);

#endif
