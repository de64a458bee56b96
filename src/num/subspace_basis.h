/* SPDX-License-Identifier: GPL-3.0-or-later */
/* subspace_basis.h - the basis that subspace.c searches in, and the block that grows it.  num/subspace*.c
 * alone.
 *
 * M is A'A or AA', n x n.  V holds orthonormal vectors as rows, W the block that M makes of the last ones, T
 * what V sees of M.  Work is cut into pieces of n that depend on n alone, and summed in order.
 */
#ifndef NUM_SUBSPACE_BASIS_H
#define NUM_SUBSPACE_BASIS_H

#include "num/subspace.h"

#define S SUBSPACE_BLOCK
enum { ROWS_A_CHUNK = 64 };

struct krylov {
	const struct csr *first, *second;      /* M = near second far first near */
	const double *near, *far;              /* scales: [n]; [N], used twice */
	size_t n, N, want, keep, cap;
	size_t m, w;                           /* vectors in the basis; rows of W that are in use */
	double *V;                             /* [cap + S][n] */
	double *W;                             /* [S][n] */
	double *Z, *Y;                         /* [n][S], [N][S]: a block as rows of S */
	double *T, *H, *part;                  /* [cap][cap]; [S][cap + S]; [pieces][S][cap + S] */
	double *vectors, *theta;               /* of T: [keep][m], [keep] */
	double *a;                             /* [cap][cap] T, to be used up */
	double *strip;                         /* [slots][strip_size] */
	size_t pieces, strip_size;
	double left_over[S * S];               /* Gram matrix of W when it was orthogonal to V */
	uint64_t seed;
	unsigned blocks;
	double error, progress;
	const struct task *task;
	/* The arguments of the chunks below. */
	const double *with;                    /* inner, subtract: rows of V or W */
	size_t with_n;
	double turn[S * S];
};

static inline size_t chunks_of(size_t n, size_t a_chunk) { return (n + a_chunk - 1) / a_chunk; }
static inline size_t ld_of(const struct krylov *k) { return k->cap + S; } /* of H and part */

/* All return false when cancelled; krylov_add_block() sets *err. */
bool krylov_first(struct krylov *k);  /* Y = far^2 X (near last block)' alone, whatever k->m and k->w call the last */
void krylov_draw(struct krylov *k, size_t row, uint64_t again); /* a row of W from the seed */
/* One more block's rows of T, and W what the basis lacks of M times it.  After a restart that block is tied
 * to all the basis, else to the two last blocks. */
bool krylov_extend(struct krylov *k, bool restarted);
/* W becomes `next` orthonormal rows that span it (any others that V lacks, where it spans less), and the
 * basis's next block.  size: M's largest eigenvalue, or about. */
bool krylov_add_block(struct krylov *k, size_t next, double size, struct err *err);

#endif
