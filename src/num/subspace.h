/* SPDX-License-Identifier: GPL-3.0-or-later */
/* subspace.h - the leading right singular vectors of a large sparse matrix.
 *
 * Of A = diag(left) X diag(right), X sparse [U][I]: the rows of V' in A = W diag(sigma) V', by falling
 * sigma.  Found as eigenvectors of A'A or AA', whichever is smaller, in growing block Krylov subspaces
 * that are restarted from their best vectors (Golub & Underwood 1977; Wu & Simon 2000, "Thick-restart
 * Lanczos"): the same subspace iteration that a Chebyshev filter hastens, with the best filter there is.
 * All in double.  It ends when the projector V V' on the leading `dim` is within SUBSPACE_TOLERANCE of
 * that of a full decomposition (Davis & Kahan 1970: residual over gap).  Where sigma_dim and the next are
 * equal, which vectors of theirs are taken is arbitrary, but the same at any thread count.
 * Singular values of 0 have no vector here: *found may be less than dim.
 * WORKER; cancelled within 100 ms.
 */
#ifndef NUM_SUBSPACE_H
#define NUM_SUBSPACE_H

#include "num/csr.h"
#include "num/effort.h"

#define SUBSPACE_TOLERANCE 1e-7

struct subspace_of {
	const struct csr *x, *xt;    /* X [U][I] and its transpose */
	const double *left, *right; /* [U], [I] */
};

struct subspace {
	uint32_t found;  /* <= dim */
	float *vectors;  /* [I][found], V; mem_free() */
	double *sigma;   /* [found], falling; mem_free() */
	unsigned blocks; /* products with A'A that it took, of SUBSPACE_BLOCK columns each */
};
#define SUBSPACE_BLOCK 16

bool subspace_right(const struct subspace_of *a, uint32_t dim, uint64_t seed, const struct task *t,
		    struct subspace *out, struct err *err);
void subspace_done(struct subspace *s);
/* Memory while it works, what it gives included. */
uint64_t subspace_bytes(uint32_t U, uint32_t I, uint32_t dim, unsigned slots);
/* += what it takes on x.  How often it restarts is not known before: the larger the matrix beside the basis, the
 * closer its values lie, the more often. */
void subspace_effort(const struct csr *x, uint32_t dim, struct effort *e);

#endif
