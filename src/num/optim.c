/* SPDX-License-Identifier: GPL-3.0-or-later */
/* optim.c - see optim.h. */
#include "num/optim.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "num/kern.h"

enum { CHUNK = 1 << 14, ROWS_CHUNK = 1 << 8 };
enum { COAST = 128 }; /* terms of the sum: (b1/sqrt(b2))^128 is a millionth */
enum { FIXES = 1 << 14 }; /* steps whose bias corrections are told from 1 */

void optim_rule_init(struct optim_rule *r, enum optim_kind kind)
{
	*r = (struct optim_rule){ .kind = kind, .beta1 = 0.9f, .beta2 = 0.999f,
				  .eps = kind == OPTIM_ADAGRAD ? 1e-10f : 1e-8f };
}

bool optim_init(struct optim *o, const struct optim_rule *r, size_t n, struct err *err)
{
	*o = (struct optim){ .n = n };
	if (r->kind == OPTIM_ADAM && !(o->m = mem_zeroed(n, sizeof(*o->m), err)))
		return false;
	if (r->kind != OPTIM_SGD && !(o->v = mem_zeroed(n, sizeof(*o->v), err))) {
		optim_done(o);
		return false;
	}
	return true;
}

void optim_done(struct optim *o)
{
	mem_free(o->m);
	mem_free(o->v);
	mem_free(o->when);
	mem_free(o->fix);
	*o = (struct optim){ 0 };
}

size_t optim_bytes(const struct optim_rule *r, size_t n)
{
	return n * sizeof(float) * (r->kind == OPTIM_ADAM ? 2 : r->kind == OPTIM_ADAGRAD);
}

/* --- Rows that coast ---------------------------------------------------------- */

bool optim_coast(struct optim *o, const struct optim_rule *r, size_t D, struct err *err)
{
	o->when = mem_zeroed(o->n / D, sizeof(*o->when), err);
	o->fix = o->when ? mem_alloc(FIXES, sizeof(*o->fix), err) : NULL;
	for (size_t t = 0; o->fix && t < FIXES; t++)
		o->fix[t] = (float)(sqrt(1 - pow((double)r->beta2, (double)t + 1)) /
				    (1 - pow((double)r->beta1, (double)t + 1)));
	return o->fix != NULL;
}

size_t optim_coast_bytes(size_t rows)
{
	return rows * sizeof(uint64_t) + FIXES * sizeof(float);
}

/* Row's way from where it stands to after step `to`, by m / (sqrt(v) + eps). */
struct coast { float by, eps; uint64_t steps; };

static struct coast coast_of(const struct optim *o, const struct optim_rule *r, uint32_t row, uint64_t to, float lr)
{
	uint64_t from = o->when[row];
	struct coast c = { .steps = to - from };
	float ratio = r->beta1 / sqrtf(r->beta2), part = lr;

	for (uint64_t s = from; s < to && s < from + COAST; s++) {
		part *= ratio;
		c.by += part * (s < FIXES ? o->fix[s] : 1);
	}
	c.eps = r->eps * sqrtf(1 - powf(r->beta2, (float)from + 1));
	return c;
}

void optim_row(const struct optim *o, const struct optim_rule *r, const float *table, size_t D, uint32_t row, float lr,
	       float *out)
{
	size_t at = row * D;
	struct coast c = { 0 };

	if (o->when && o->when[row] < o->t)
		c = coast_of(o, r, row, o->t, lr);
	if (c.steps)
		kern()->adam_coast(out, table + at, o->m + at, o->v + at, D, c.by, c.eps);
	else
		memcpy(out, table + at, D * sizeof(*out));
}

/* Brings a row to where dense adam had it after step `to`. */
static void coast_row(struct optim *o, const struct optim_rule *r, float *table, size_t D, uint32_t row, uint64_t to, float lr)
{
	float *m = o->m + row * D, *v = o->v + row * D, *w = table + row * D, keep1, keep2;
	struct coast c;

	if (o->when[row] >= to)
		return;
	c = coast_of(o, r, row, to, lr);
	keep1 = powf(r->beta1, (float)c.steps);
	keep2 = powf(r->beta2, (float)c.steps);
	kern()->adam_coast(w, w, m, v, D, c.by, c.eps);
	for (size_t d = 0; d < D; d++) {
		m[d] *= keep1;
		v[d] *= keep2;
	}
	o->when[row] = to;
}

struct settle {
	struct optim *o;
	const struct optim_rule *rule;
	float *table, lr;
	size_t D;
};

static void settle_chunk(void *ctx, size_t chunk, unsigned slot)
{
	const struct settle *s = ctx;
	size_t rows = s->o->n / s->D, from = chunk * ROWS_CHUNK, to = from + ROWS_CHUNK < rows ? from + ROWS_CHUNK : rows;

	(void)slot;
	for (size_t row = from; row < to; row++)
		coast_row(s->o, s->rule, s->table, s->D, (uint32_t)row, s->o->t, s->lr);
}

bool optim_settle(struct optim *o, const struct optim_rule *r, float *table, size_t D, float lr, const struct task *t)
{
	struct settle s = { .o = o, .rule = r, .table = table, .lr = lr, .D = D };

	return !o->when || task_chunks(t, (o->n / D + ROWS_CHUNK - 1) / ROWS_CHUNK, settle_chunk, &s);
}

void optim_settled(struct optim *o, size_t D)
{
	for (size_t row = 0; o->when && row < o->n / D; row++)
		o->when[row] = o->t;
}

/* --- One run of weights ------------------------------------------------------- */

struct step {
	struct optim *o;
	const struct optim_rule *rule;
	struct kern_adam adam;
	float *w;
	const float *g;
	const uint32_t *rows;
	size_t n, D;
	float lr; /* without bias corrections */
};

static float full_gradient(const struct kern_adam *a, float w, float g)
{
	return g * a->scale + a->l2 * w + (w > 0 ? a->l1 : w < 0 ? -a->l1 : 0);
}

static void step_sgd(const struct kern_adam *a, float *w, const float *g, size_t n)
{
	for (size_t i = 0; i < n; i++)
		w[i] -= a->lr * full_gradient(a, w[i], g[i]);
}

static void step_adagrad(const struct kern_adam *a, float *w, float *v, const float *g, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		float d = full_gradient(a, w[i], g[i]);

		v[i] += d * d;
		w[i] -= a->lr * d / (sqrtf(v[i]) + a->eps);
	}
}

static void step_run(const struct step *s, size_t at, const float *g, size_t n)
{
	switch (s->rule->kind) {
	case OPTIM_SGD:
		step_sgd(&s->adam, s->w + at, g, n);
		break;
	case OPTIM_ADAGRAD:
		step_adagrad(&s->adam, s->w + at, s->o->v + at, g, n);
		break;
	case OPTIM_ADAM:
		kern()->adam(s->w + at, s->o->m + at, s->o->v + at, g, n, &s->adam);
		break;
	}
}

static void dense_chunk(void *ctx, size_t chunk, unsigned slot)
{
	const struct step *s = ctx;
	size_t from = chunk * CHUNK;

	(void)slot;
	step_run(s, from, s->g + from, s->n - from < CHUNK ? s->n - from : CHUNK);
}

static void rows_chunk(void *ctx, size_t chunk, unsigned slot)
{
	const struct step *s = ctx;
	size_t from = chunk * ROWS_CHUNK, to = from + ROWS_CHUNK < s->n ? from + ROWS_CHUNK : s->n;

	(void)slot;
	for (size_t k = from; k < to; k++) {
		if (s->o->when) {
			coast_row(s->o, s->rule, s->w, s->D, s->rows[k], s->o->t - 1, s->lr);
			s->o->when[s->rows[k]] = s->o->t;
		}
		step_run(s, s->rows[k] * s->D, s->g + k * s->D, s->D);
	}
}

/* Takes the step's number, and puts adam's bias corrections into its constants. */
static struct step begin(struct optim *o, const struct optim_rule *r, float *w, const float *g, float lr, float scale)
{
	struct step s = { .o = o, .rule = r, .w = w, .g = g, .lr = lr };
	double t = (double)++o->t;

	s.adam = (struct kern_adam){ .lr = lr, .beta1 = r->beta1, .beta2 = r->beta2, .eps = r->eps, .scale = scale,
				     .l1 = r->l1, .l2 = r->l2 };
	if (r->kind == OPTIM_ADAM) {
		s.adam.lr = (float)((double)lr / (1 - pow((double)r->beta1, t)));
		s.adam.rsqrt_fix2 = (float)(1 / sqrt(1 - pow((double)r->beta2, t)));
	}
	return s;
}

bool optim_step(struct optim *o, const struct optim_rule *r, float *w, const float *g, float lr, float scale,
		const struct task *t)
{
	struct step s = begin(o, r, w, g, lr, scale);

	s.n = o->n;
	return task_chunks(t, (o->n + CHUNK - 1) / CHUNK, dense_chunk, &s);
}

bool optim_step_rows(struct optim *o, const struct optim_rule *r, float *table, size_t D, const uint32_t *rows,
		     const float *g, size_t n, float lr, float scale, const struct task *t)
{
	struct step s = begin(o, r, table, g, lr, scale);

	s.rows = rows;
	s.n = n;
	s.D = D;
	return task_chunks(t, (n + ROWS_CHUNK - 1) / ROWS_CHUNK, rows_chunk, &s);
}

/* --- Schedule and clipping ----------------------------------------------------- */

float optim_lr(const struct optim_schedule *s, uint64_t step)
{
	double lr = s->lr, at;

	if (step < s->warmup)
		return (float)(lr * (double)(step + 1) / (double)s->warmup);
	if (s->total <= s->warmup || s->decay == DECAY_NONE)
		return (float)lr;
	at = fmin(1, (double)(step - s->warmup) / (double)(s->total - s->warmup));
	return (float)(lr * (s->decay == DECAY_LINEAR ? 1 - at : (1 + cos(at * 3.14159265358979323846)) / 2));
}

double optim_norm2(const float *g, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i += 4096) {
		size_t w = n - i < 4096 ? n - i : 4096;

		sum += (double)kern()->dot(g + i, g + i, w);
	}
	return sum;
}

float optim_clip(double norm2, double most)
{
	return most > 0 && norm2 > most * most ? (float)(most / sqrt(norm2)) : 1.0f;
}
