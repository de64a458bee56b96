/* SPDX-License-Identifier: GPL-3.0-or-later */
/* planar.h - many vectors as points of a plane, to be looked at.
 *
 * planar_pca(): the two directions of greatest variance, by orthogonal iteration with more columns than are
 * wanted and a Rayleigh-Ritz step at its end (Golub & Van Loan, Matrix Computations, 8.2.4), on centred rows that
 * are never copied.  Each direction points to where its greatest loading is positive, so that a map does not flip.
 *
 * planar_neighbours(): t-SNE (van der Maaten & Hinton 2008), exact: it lowers KL(P || Q), P the joint
 * probabilities of being neighbours in X (Gaussians as wide as makes the perplexity), Q those of the plane
 * (Student t).  It begins at y, which the two components of a PCA make the same at each start (Kobak & Berens
 * 2019), with early exaggeration 12 and the step n / 12 (Belkina et al. 2019).  Work grows with n squared: it is
 * for samples.
 *
 * All sums in double and in order: same bits at any thread count.  WORKER; cancelled within 100 ms.
 */
#ifndef NUM_PLANAR_H
#define NUM_PLANAR_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/task.h"

/* x[n][stride], D used; y[n][2].  share[2]: of the variance that each direction holds; 0 where there is none. */
bool planar_pca(const float *x, size_t n, size_t D, size_t stride, double *y, double share[2], const struct task *t,
		struct err *err);

#define PLANAR_MOST 4000 /* of planar_neighbours() */
struct planar_options {
	double perplexity;        /* lowered to (n - 1) / 3 where there are fewer */
	unsigned iterations, exaggerated; /* of these, the first with exaggeration */
};
/* y is read (any scale) and written.  *kl: where it ended, in nats. */
bool planar_neighbours(const float *x, size_t n, size_t D, size_t stride, const struct planar_options *o, double *y,
		       double *kl, const struct task *t, struct err *err);

/* For its checks: P[n][n] of the rows of x; and at a given y the divergence (kl NULL: not asked for) and its gradient,
 * the first 2n of 5n numbers. */
bool planar_joint(const float *x, size_t n, size_t D, size_t stride, double perplexity, float *p, const struct task *t,
		  struct err *err);
bool planar_gradient(const float *p, size_t n, double exaggeration, const double *y, double *gradient, double *kl,
		     const struct task *t, struct err *err);

#endif
