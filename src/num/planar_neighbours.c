/* SPDX-License-Identifier: GPL-3.0-or-later */
/* planar_neighbours.c - exact t-SNE. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "num/planar.h"

#define EXAGGERATION 12.0
#define START_SD 1e-4
#define LEAST_P 1e-12
#define ROWS 32 /* between two looks at the task */

/* --- P ------------------------------------------------------------------------------------------------------ */

static double squared(const float *a, const float *b, size_t D)
{
	double s = 0;

	for (size_t d = 0; d < D; d++) {
		double x = (double)a[d] - (double)b[d];

		s += x * x;
	}
	return s;
}

/* p_j|i of one row, from squared distances, by the width that gives the entropy log(perplexity). */
static void row_of_p(const double *d2, size_t n, size_t self, double entropy, double *p)
{
	double least = INFINITY, lo = 0, hi = INFINITY, beta = 1, sum, weighted;

	for (size_t j = 0; j < n; j++)
		if (j != self && d2[j] < least)
			least = d2[j];
	for (int round = 0; round < 64; round++) {
		double h;

		sum = weighted = 0;
		for (size_t j = 0; j < n; j++) {
			p[j] = j == self ? 0 : exp(-beta * (d2[j] - least));
			sum += p[j];
			weighted += p[j] * (d2[j] - least);
		}
		h = log(sum) + beta * weighted / sum;
		if (fabs(h - entropy) < 1e-6)
			break;
		if (h > entropy) {
			lo = beta;
			beta = isinf(hi) ? 2 * beta : 0.5 * (lo + hi);
		} else {
			hi = beta;
			beta = 0.5 * (lo + hi);
		}
		if (beta > 1e30 || beta < 1e-30)
			break; /* all alike, or all the same: no width tells them apart */
	}
	for (size_t j = 0; j < n; j++)
		p[j] /= sum;
}

bool planar_joint(const float *x, size_t n, size_t D, size_t stride, double perplexity, float *p, const struct task *t,
		  struct err *err)
{
	double *d2 = mem_alloc(2 * n, sizeof(*d2), err), *row = d2 + (d2 ? n : 0);
	bool good = d2 != NULL;

	memset(p, 0, n * n * sizeof(*p));
	for (size_t i = 0; good && i < n; i++) {
		if (i % ROWS == 0 && !task_keep_going(t)) {
			good = task_cancelled(err);
			break;
		}
		for (size_t j = 0; j < n; j++)
			d2[j] = squared(x + i * stride, x + j * stride, D);
		row_of_p(d2, n, i, log(perplexity), row);
		for (size_t j = 0; j < n; j++) { /* p_ij = (p_j|i + p_i|j) / 2n */
			p[i * n + j] += (float)(row[j] / (2.0 * (double)n));
			p[j * n + i] += (float)(row[j] / (2.0 * (double)n));
		}
	}
	mem_free(d2);
	return good;
}

/* --- the divergence and its gradient ------------------------------------------------------------------------- */

/* KL = sum p_ij log(p_ij / q_ij), q_ij = w_ij / Z, w_ij = 1 / (1 + |y_i - y_j|^2), Z = sum w_ij.
 * dKL/dy_i = 4 sum_j (p_ij - q_ij) w_ij (y_i - y_j); with exaggeration p_ij counts so many times. */
struct pass {
	const float *p;
	size_t n;
	double exaggeration;
	const double *y;
	double *gradient, *push, *row; /* [n][2]; repulsion [n][2], which waits for Z; [n] of Z, or of KL */
	double z;
};

static void one_row(const struct pass *a, size_t i)
{
	const float *p = a->p + i * a->n;
	double z = 0, pull[2] = { 0, 0 }, push[2] = { 0, 0 };

	for (size_t j = 0; j < a->n; j++) {
		double dx = a->y[2 * i] - a->y[2 * j], dy = a->y[2 * i + 1] - a->y[2 * j + 1];
		double w = 1 / (1 + dx * dx + dy * dy), f = (double)p[j] * w, g = w * w;

		z += w;
		pull[0] += f * dx;
		pull[1] += f * dy;
		push[0] += g * dx;
		push[1] += g * dy;
	}
	a->row[i] = z - 1; /* w_ii = 1 is no pair */
	for (size_t c = 0; c < 2; c++) {
		a->gradient[2 * i + c] = 4 * a->exaggeration * pull[c];
		a->push[2 * i + c] = push[c];
	}
}

static void gradient_chunk(void *ctx, size_t chunk, unsigned slot)
{
	const struct pass *a = ctx;

	(void)slot;
	for (size_t i = chunk * ROWS; i < a->n && i < (chunk + 1) * ROWS; i++)
		one_row(a, i);
}

static void divergence_chunk(void *ctx, size_t chunk, unsigned slot)
{
	const struct pass *a = ctx;

	(void)slot;
	for (size_t i = chunk * ROWS; i < a->n && i < (chunk + 1) * ROWS; i++) {
		a->row[i] = 0;
		for (size_t j = 0; j < a->n; j++) {
			double dx = a->y[2 * i] - a->y[2 * j], dy = a->y[2 * i + 1] - a->y[2 * j + 1];
			double p = (double)a->p[i * a->n + j];

			if (i != j && p > LEAST_P)
				a->row[i] += p * log(p * a->z * (1 + dx * dx + dy * dy));
		}
	}
}

static double total(const double *v, size_t n)
{
	double s = 0;

	for (size_t i = 0; i < n; i++)
		s += v[i];
	return s;
}

bool planar_gradient(const float *p, size_t n, double exaggeration, const double *y, double *gradient, double *kl,
		     const struct task *t, struct err *err)
{
	struct pass a = { .p = p, .n = n, .exaggeration = exaggeration, .y = y, .gradient = gradient,
			  .push = gradient + 2 * n, .row = gradient + 4 * n };

	if (!task_chunks(t, (n + ROWS - 1) / ROWS, gradient_chunk, &a))
		return task_cancelled(err);
	a.z = total(a.row, n);
	for (size_t i = 0; i < 2 * n; i++)
		gradient[i] -= 4 * a.push[i] / a.z;
	if (!kl)
		return true;
	if (!task_chunks(t, (n + ROWS - 1) / ROWS, divergence_chunk, &a))
		return task_cancelled(err);
	*kl = total(a.row, n);
	return true;
}

/* --- descent ------------------------------------------------------------------------------------------------- */

struct descent {
	double *gradient; /* [n][2], and what planar_gradient() needs behind it */
	double *step, *gain; /* [n][2] */
};

/* To the start's spread, around nothing. */
static void begin_at(double *y, size_t n)
{
	double mean[2] = { 0, 0 }, var = 0;

	for (size_t i = 0; i < 2 * n; i++)
		mean[i % 2] += y[i] / (double)n;
	for (size_t i = 0; i < n; i++)
		var += (y[2 * i] - mean[0]) * (y[2 * i] - mean[0]) / (double)n;
	for (size_t i = 0; i < 2 * n; i++)
		y[i] = (y[i] - mean[i % 2]) * (var > 0 ? START_SD / sqrt(var) : 0) +
		       (var > 0 ? 0 : START_SD * cos((double)i)); /* all in one place: a circle tells them apart */
}

/* Jacobs' gains (1988) and momentum, as the paper has them. */
static void descend(struct descent *s, double *y, size_t n, double rate, double momentum)
{
	for (size_t i = 0; i < 2 * n; i++) {
		bool on = (s->gradient[i] > 0) != (s->step[i] > 0);

		s->gain[i] = fmax(0.01, on ? s->gain[i] + 0.2 : 0.8 * s->gain[i]);
		s->step[i] = momentum * s->step[i] - rate * s->gain[i] * s->gradient[i];
		y[i] += s->step[i];
	}
}

bool planar_neighbours(const float *x, size_t n, size_t D, size_t stride, const struct planar_options *o, double *y,
		       double *kl, const struct task *t, struct err *err)
{
	double perplexity = fmin(o->perplexity, fmax(1, ((double)n - 1) / 3)), rate = fmax(50, (double)n / EXAGGERATION);
	float *p;
	struct descent s = { 0 };
	bool good;

	*kl = 0;
	if (n < 3)
		return true;
	if (n > PLANAR_MOST)
		return err_set(err, ERR_RANGE, "a layout of %zu points: at most %d", n, PLANAR_MOST);
	p = mem_alloc(n * n, sizeof(*p), err);
	s.gradient = p ? mem_zeroed(9 * n, sizeof(*s.gradient), err) : NULL;
	s.step = s.gradient + (s.gradient ? 5 * n : 0);
	s.gain = s.step + (s.gradient ? 2 * n : 0);
	good = s.gradient && planar_joint(x, n, D, stride, perplexity, p, t, err);
	for (size_t i = 0; good && i < 2 * n; i++)
		s.gain[i] = 1;
	if (good)
		begin_at(y, n);
	for (unsigned i = 0; good && i < o->iterations; i++) {
		bool early = i < o->exaggerated;

		good = planar_gradient(p, n, early ? EXAGGERATION : 1, y, s.gradient, NULL, t, err);
		if (good)
			descend(&s, y, n, rate, early ? 0.5 : 0.8);
		task_progress(t, i + 1, o->iterations);
	}
	good = good && planar_gradient(p, n, 1, y, s.gradient, kl, t, err);
	mem_free(p);
	mem_free(s.gradient);
	return good;
}
