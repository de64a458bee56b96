/* SPDX-License-Identifier: GPL-3.0-or-later */
/* planar.c - principal components against a planted plane, the gradient of t-SNE against differences, and what a
 * layout is for: neighbours stay neighbours, more of them than in a projection.
 */
#include "num/planar.h"

#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "tap.h"

static const struct task none;

static void test_pca(void)
{
	enum { N = 500, D = 12, STRIDE = 16 };
	static float x[N * STRIDE];
	static double y[2 * N], again[2 * N];
	double share[2], wrong = 0, var[2] = { 0 }, total = 0, mean[D] = { 0 };
	struct rng r = rng_stream(7, "test.planar", 0, 0);
	struct err err;

	for (int i = 0; i < N; i++) {
		double a = 5 * rng_normal(&r), b = 2 * rng_normal(&r);

		for (int d = 0; d < D; d++) {
			x[i * STRIDE + d] = (float)(100 + 0.1 * rng_normal(&r));
			mean[d] += (double)x[i * STRIDE + d] / N;
		}
		/* Planted: a along -(e2 + e5)/sqrt(2), b along e9, far from the origin. */
		x[i * STRIDE + 2] -= (float)(a / sqrt(2));
		x[i * STRIDE + 5] -= (float)(a / sqrt(2));
		x[i * STRIDE + 9] += (float)b;
	}
	ok(planar_pca(x, N, D, STRIDE, y, share, &none, &err), "components");
	memset(mean, 0, sizeof mean);
	for (int i = 0; i < N; i++)
		for (int d = 0; d < D; d++)
			mean[d] += (double)x[i * STRIDE + d] / N;
	for (int i = 0; i < N; i++) {
		double along = ((double)x[i * STRIDE + 2] - mean[2] + (double)x[i * STRIDE + 5] - mean[5]) / sqrt(2);

		wrong = fmax(wrong, fabs(fabs(y[2 * i]) - fabs(along)));
		for (int c = 0; c < 2; c++)
			var[c] += y[2 * i + c] * y[2 * i + c];
		for (int d = 0; d < D; d++)
			total += ((double)x[i * STRIDE + d] - mean[d]) * ((double)x[i * STRIDE + d] - mean[d]);
	}
	ok(wrong < 0.35, "the first is the planted direction (off by %.3g)", wrong);
	ok(fabs(share[0] - var[0] / total) < 1e-9 && fabs(share[1] - var[1] / total) < 1e-9, "shares are of the variance");
	ok(share[0] > 0.8 && share[1] > 0.1 && share[0] + share[1] > 0.99, "two hold nearly all (%.3f, %.3f)", share[0], share[1]);
	planar_pca(x, N, D, STRIDE, again, share, &none, &err);
	ok(!memcmp(y, again, sizeof y), "and are the same again");
	for (int i = 0; i < N; i++) /* one direction alone, then none */
		for (int d = 0; d < D; d++)
			x[i * STRIDE + d] = (float)(d == 3 ? i : 1);
	ok(planar_pca(x, N, D, STRIDE, y, share, &none, &err) && fabs(share[0] - 1) < 1e-9 && share[1] < 1e-9 && fabs(y[0] + 249.5) < 1e-6,
	   "a line");
	ok(planar_pca(x, N, 2, STRIDE, y, share, &none, &err) && share[0] <= 0 && share[1] <= 0 && y[7] <= 0 && y[7] >= 0, "a point");
}

/* Four clusters of different width in D dimensions. */
static void clusters(float *x, int n, int D)
{
	struct rng r = rng_stream(3, "test.clusters", 0, 0);

	for (int i = 0; i < n; i++)
		for (int d = 0; d < D; d++)
			x[i * D + d] = (float)((d == i % 4 || d == 4 + i % 3 ? 3.0 : 0.0) + (0.3 + 0.2 * (i % 4)) * rng_normal(&r));
}

static void test_gradient(void)
{
	enum { N = 40, D = 8 };
	static float x[N * D], p[N * N];
	static double y[2 * N], gradient[5 * N], other[5 * N];
	struct rng r = rng_stream(5, "test.gradient", 0, 0);
	double sum = 0, worst = 0, entropy = 0, kl, up, down;
	struct err err;

	clusters(x, N, D);
	planar_joint(x, N, D, D, 10, p, &none, &err);
	for (int i = 0; i < N * N; i++)
		sum += (double)p[i];
	ok(fabs(sum - 1) < 1e-5 && p[0] <= 0 && fabsf(p[1] - p[N]) < 1e-9f, "P sums to 1, is symmetric, and pairs nobody with itself");
	for (int i = 0; i < 2 * N; i++)
		y[i] = rng_normal(&r);
	planar_gradient(p, N, 1, y, gradient, &kl, &none, &err);
	for (int i = 0; i < 2 * N; i++) {
		const double h = 1e-5, was = y[i];
		double slope;

		y[i] = was + h;
		planar_gradient(p, N, 1, y, other, &up, &none, &err);
		y[i] = was - h;
		planar_gradient(p, N, 1, y, other, &down, &none, &err);
		y[i] = was;
		slope = (up - down) / (2 * h);
		worst = fmax(worst, fabs(slope - gradient[i]) / fmax(1e-3, fabs(slope)));
		entropy += fabs(slope);
	}
	ok(worst < 1e-4 && entropy > 0.01, "the gradient is that of the divergence (off by %.2g)", worst);
}

/* Of the 10 nearest in x, how many are among the 10 nearest in the plane: the mean share. */
static double kept(const float *x, const double *y, int n, int D)
{
	int found = 0;

	for (int i = 0; i < n; i++) {
		static int near[2][10];

		for (int where = 0; where < 2; where++) {
			double best[10];
			int m = 0;

			for (int j = 0; j < n; j++) {
				double d2 = 0;
				int at;

				for (int d = 0; d < (where ? 2 : D); d++) {
					double a = where ? y[2 * i + d] - y[2 * j + d] : (double)(x[i * D + d] - x[j * D + d]);

					d2 += a * a;
				}
				if (j == i || (m == 10 && d2 >= best[9]))
					continue;
				for (at = m < 10 ? m++ : 9; at > 0 && best[at - 1] > d2; at--) {
					best[at] = best[at - 1];
					near[where][at] = near[where][at - 1];
				}
				best[at] = d2;
				near[where][at] = j;
			}
		}
		for (int a = 0; a < 10; a++)
			for (int b = 0; b < 10; b++)
				found += near[0][a] == near[1][b];
	}
	return found / (10.0 * n);
}

static void test_layout(void)
{
	enum { N = 240, D = 8 };
	static const struct planar_options o = { 15, 300, 80 };
	static float x[N * D];
	static double y[2 * N], again[2 * N], one[2];
	double share[2], kl, by_pca, by_layout;
	struct err err;

	clusters(x, N, D);
	planar_pca(x, N, D, D, y, share, &none, &err);
	by_pca = kept(x, y, N, D);
	memcpy(again, y, sizeof y);
	ok(planar_neighbours(x, N, D, D, &o, y, &kl, &none, &err), "a layout");
	by_layout = kept(x, y, N, D);
	ok(by_layout > by_pca + 0.1 && by_layout > 0.4, "it keeps more neighbours: %.2f of them, a projection %.2f", by_layout, by_pca);
	ok(kl > 0 && kl < 1.5, "the divergence it ends at (%.3f)", kl);
	planar_neighbours(x, N, D, D, &o, again, &kl, &none, &err);
	ok(!memcmp(y, again, sizeof y), "the same again");
	ok(planar_neighbours(x, 1, D, D, &o, one, &kl, &none, &err), "one point alone");
	ok(!planar_neighbours(x, PLANAR_MOST + 1, D, D, &o, y, &kl, &none, &err) && err.code == ERR_RANGE, "too many are refused");
	memset(x, 0, sizeof x);
	memset(y, 0, sizeof y);
	ok(planar_neighbours(x, 50, D, D, &o, y, &kl, &none, &err) && isfinite(y[0]) && isfinite(y[99]), "all in one place");
}

int main(void)
{
	test_pca();
	test_gradient();
	test_layout();
	return done_testing();
}
