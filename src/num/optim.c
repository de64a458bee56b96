/* SPDX-License-Identifier: GPL-3.0-or-later */
/* optim.c - see optim.h. */
#include "num/optim.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "num/kern.h"

enum { CHUNK = 1 << 14, ROWS_CHUNK = 1 << 8 };

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
	*o = (struct optim){ 0 };
}

size_t optim_bytes(const struct optim_rule *r, size_t n)
{
	return n * sizeof(float) * (r->kind == OPTIM_ADAM ? 2 : r->kind == OPTIM_ADAGRAD);
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
	for (size_t k = from; k < to; k++)
		step_run(s, s->rows[k] * s->D, s->g + k * s->D, s->D);
}

/* Takes the step's number, and puts adam's bias corrections into its constants. */
static struct step begin(struct optim *o, const struct optim_rule *r, float *w, const float *g, float lr, float scale)
{
	struct step s = { .o = o, .rule = r, .w = w, .g = g };
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
