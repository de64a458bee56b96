/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cfgan_loss.c - see cfgan_loss.h. */
#include "model/cfgan_loss.h"

#include <string.h>

#include "num/kern.h"
#include "num/linalg.h"
#include "num/loss.h"

/* --- Memory -------------------------------------------------------------------------- */

struct cursor {
	char *memory; /* NULL: only counted */
	size_t at;
};

/* The next n numbers of 4 bytes, rounded up to a multiple of 16. */
static void *take(struct cursor *c, size_t n)
{
	void *p = c->memory ? c->memory + c->at : NULL;

	c->at += (n + 15) / 16 * 64;
	return p;
}

static void take_layers(struct cursor *c, const struct cfgan_part *p, size_t R, float **a, float **d, float **e)
{
	for (uint32_t l = 0; l < p->n; l++) {
		a[l] = take(c, R * p->size[l]);
		d[l] = take(c, R * p->size[l]);
		e[l] = take(c, R * p->size[l]);
	}
}

static size_t lay(struct cfgan_work *w, void *memory, const struct cfgan_net *n, size_t S, size_t P, size_t N)
{
	size_t width = cfgan_width(n), first = n->D.size[0];
	struct cursor at = { .memory = memory };

	take_layers(&at, &n->G, S, w->a, w->da, w->ea);
	take_layers(&at, &n->D, 2 * S, w->b, w->db, w->eb);
	w->y = take(&at, P);
	w->dy = take(&at, P);
	w->yn = take(&at, N * S);
	w->dyn = take(&at, N * S);
	w->out_rows = take(&at, N * width);
	w->in_rows = take(&at, N * first);
	w->dz = take(&at, S * width);
	w->turned = take(&at, S * (width > first ? width : first));
	w->logit = take(&at, 2 * S);
	w->label = take(&at, 2 * S);
	w->slope = take(&at, 2 * S);
	w->place = take(&at, n->I);
	return at.at;
}

size_t cfgan_work_size(const struct cfgan_net *n, size_t S, size_t P, size_t N)
{
	struct cfgan_work w;

	return lay(&w, NULL, n, S, P, N);
}

void cfgan_work_lay(struct cfgan_work *w, void *memory, const struct cfgan_net *n, size_t S, size_t P, size_t N)
{
	lay(w, memory, n, S, P, N);
}

/* --- Rows of tables ------------------------------------------------------------------- */

static void take_rows(float *to, const float *table, size_t D, const uint32_t *rows, size_t n)
{
	for (size_t k = 0; k < n; k++)
		memcpy(to + k * D, table + rows[k] * D, D * sizeof(*to));
}

/* to [C][R] = v [R][C] */
static void turn(float *to, const float *v, size_t R, size_t C)
{
	for (size_t r = 0; r < R; r++)
		for (size_t c = 0; c < C; c++)
			to[c * R + r] = v[r * C + c];
}

/* Zeroes what v [n][S], of n items drawn, has where the item is in the history. */
static void clear_taken(float *v, const struct cfgan_group *g, const uint32_t *drawn, size_t n, uint32_t *place)
{
	for (size_t k = 0; k < n; k++)
		place[drawn[k]] = (uint32_t)k + 1;
	for (size_t s = 0; s < g->S; s++)
		for (size_t p = g->start[s]; p < g->start[s + 1]; p++)
			if (place[g->item[p]])
				v[(place[g->item[p]] - 1) * g->S + s] = 0;
	for (size_t k = 0; k < n; k++)
		place[drawn[k]] = 0;
}

/* --- Forward ---------------------------------------------------------------------------- */

static void make_vectors(const struct cfgan_run *run)
{
	const struct cfgan_net *n = run->net;
	const struct cfgan_group *g = run->g;
	struct cfgan_work *w = run->w;
	size_t first = n->G.size[0], Z = cfgan_last(&n->G), width = cfgan_width(n), N = g->n_pm + g->n_zr;

	memset(w->a[0], 0, g->S * first * sizeof(float));
	for (size_t s = 0; s < g->S; s++) {
		size_t at = g->start[s];

		cfgan_part_sum(&n->G, w->a[0] + s * first, 0, g->item + at, g->seen + at, g->start[s + 1] - at);
	}
	cfgan_part_forward(&n->G, w->a, g->S);
	for (size_t s = 0; s < g->S; s++) {
		float *z = run->z + s * width;

		memcpy(z, w->a[n->G.n - 1] + s * Z, Z * sizeof(*z));
		z[Z] = 1;
		for (size_t p = g->start[s]; p < g->start[s + 1]; p++)
			w->y[p] = linalg_dot(z, n->out + g->item[p] * width, width);
	}
	if (!N)
		return;
	take_rows(w->out_rows, n->out, width, g->drawn, N);
	turn(w->turned, run->z, g->S, width);
	kern()->gemm(&(struct kern_gemm){ .c = w->yn, .ldc = g->S, .a = w->out_rows, .a_row = width, .a_col = 1,
					  .b = w->turned, .ldb = g->S, .m = N, .n = g->S, .K = width });
	clear_taken(w->yn, g, g->drawn, g->n_pm, w->place);
	clear_taken(w->yn + g->n_pm * g->S, g, g->drawn + g->n_pm, g->n_zr, w->place);
}

/* The sums that the discriminator begins with: [S] of made vectors, and before them, with real, [S] of real ones. */
static size_t show_vectors(const struct cfgan_run *run, bool real)
{
	const struct cfgan_part *D = &run->net->D;
	const struct cfgan_group *g = run->g;
	struct cfgan_work *w = run->w;
	size_t first = D->size[0], I = run->net->I;
	float *made = w->b[0] + (real ? g->S * first : 0);

	memset(made, 0, g->S * first * sizeof(*made));
	for (size_t s = 0; s < g->S; s++) {
		size_t at = g->start[s], n = g->start[s + 1] - at;

		cfgan_part_sum(D, made + s * first, 0, g->item + at, g->seen + at, n);
		if (real) {
			memcpy(w->b[0] + s * first, made + s * first, first * sizeof(*made));
			cfgan_part_sum(D, w->b[0] + s * first, (uint32_t)I, g->item + at, g->x + at, n);
		}
		cfgan_part_sum(D, made + s * first, (uint32_t)I, g->item + at, w->y + at, n);
	}
	if (g->n_pm) {
		take_rows(w->in_rows, D->in + I * first, first, g->drawn, g->n_pm);
		kern()->gemm(&(struct kern_gemm){ .c = made, .ldc = first, .a = w->yn, .a_row = 1, .a_col = g->S,
						  .b = w->in_rows, .ldb = first, .m = g->S, .n = first, .K = g->n_pm,
						  .add = true });
	}
	return real ? 2 * g->S : g->S;
}

/* The loss of R verdicts, the first `reals` of which should be 1, and its gradient by the last layer. */
static double give_verdicts(const struct cfgan_run *run, size_t R, size_t reals)
{
	const struct cfgan_net *n = run->net;
	struct cfgan_work *w = run->w;
	size_t last = cfgan_last(&n->D);
	const float *v = n->D.t.w + n->verdict, *a = w->b[n->D.n - 1];
	float *d = w->db[n->D.n - 1];
	double loss;

	cfgan_part_forward(&n->D, w->b, R);
	for (size_t r = 0; r < R; r++) {
		w->logit[r] = linalg_dot(a + r * last, v, last) + n->D.t.w[n->verdict_bias];
		w->label[r] = r < reals;
		w->slope[r] = 0;
	}
	loss = loss_bce(w->slope, w->logit, w->label, run->weight, R);
	memset(d, 0, R * last * sizeof(*d));
	for (size_t r = 0; r < R; r++)
		linalg_axpy(w->slope[r], v, d + r * last, last);
	return loss;
}

/* --- The discriminator's side --------------------------------------------------------------- */

static void list_judged(const struct cfgan_run *run, const float *real, const float *made, const float *both)
{
	const struct cfgan_group *g = run->g;
	uint32_t I = run->net->I;
	size_t first = run->net->D.size[0];
	struct row_grad *e = run->in;

	for (size_t s = 0; s < g->S; s++)
		for (size_t p = g->start[s]; p < g->start[s + 1]; p++) {
			*e++ = (struct row_grad){ both + s * first, g->item[p], g->seen[p] };
			*e++ = (struct row_grad){ real + s * first, I + g->item[p], g->x[p] };
			*e++ = (struct row_grad){ made + s * first, I + g->item[p], run->w->y[p] };
		}
	for (size_t k = 0; k < g->n_pm; k++)
		*e++ = (struct row_grad){ run->drawn + k * first, I + g->drawn[k], 1 };
}

double cfgan_judge(struct cfgan_run *run)
{
	const struct cfgan_net *n = run->net;
	const struct cfgan_group *g = run->g;
	struct cfgan_work *w = run->w;
	size_t first = n->D.size[0], last = cfgan_last(&n->D), S = g->S, R;
	float *real = run->e, *made = real + S * first, *both = made + S * first, *kept = w->eb[0];
	double loss;

	make_vectors(run);
	R = show_vectors(run, true);
	loss = give_verdicts(run, R, S);
	for (size_t r = 0; r < R; r++) {
		linalg_axpy(w->slope[r], w->b[n->D.n - 1] + r * last, run->grad + n->verdict, last);
		run->grad[n->verdict_bias] += w->slope[r];
	}
	w->eb[0] = run->e;
	cfgan_part_backward(&n->D, w->b, w->db, w->eb, run->grad, R);
	w->eb[0] = kept;
	memcpy(both, real, S * first * sizeof(*both));
	linalg_axpy(1, made, both, S * first);
	/* forward: made += yn' in_rows */
	if (g->n_pm)
		kern()->gemm(&(struct kern_gemm){ .c = run->drawn, .ldc = first, .a = w->yn, .a_row = S, .a_col = 1,
						  .b = made, .ldb = first, .m = g->n_pm, .n = first, .K = S });
	list_judged(run, real, made, both);
	return loss;
}

/* --- The generator's side --------------------------------------------------------------------- */

/* The gradient by y, from e, that by the sums of the made vectors; and the zeros' own. */
static void ask_of_vectors(struct cfgan_run *run, const float *e)
{
	const struct cfgan_part *D = &run->net->D;
	const struct cfgan_group *g = run->g;
	struct cfgan_work *w = run->w;
	size_t first = D->size[0], I = run->net->I, pm = g->n_pm * g->S, zr = g->n_zr * g->S;
	double squares = 0;

	for (size_t s = 0; s < g->S; s++)
		for (size_t p = g->start[s]; p < g->start[s + 1]; p++)
			w->dy[p] = linalg_dot(e + s * first, D->in + (I + g->item[p]) * first, first);
	if (pm) {
		turn(w->turned, e, g->S, first);
		kern()->gemm(&(struct kern_gemm){ .c = w->dyn, .ldc = g->S, .a = w->in_rows, .a_row = first, .a_col = 1,
						  .b = w->turned, .ldb = g->S, .m = g->n_pm, .n = g->S, .K = first });
		clear_taken(w->dyn, g, g->drawn, g->n_pm, w->place);
	}
	for (size_t k = pm; k < pm + zr; k++) {
		squares += (double)w->yn[k] * (double)w->yn[k];
		w->dyn[k] = 2 * run->weight * run->zeros * w->yn[k];
	}
	run->zeros_loss = (double)run->zeros * squares;
}

/* forward: y = z . out */
static void back_to_hidden(const struct cfgan_run *run)
{
	const struct cfgan_net *n = run->net;
	const struct cfgan_group *g = run->g;
	struct cfgan_work *w = run->w;
	size_t width = cfgan_width(n), Z = width - 1, N = g->n_pm + g->n_zr, S = g->S;

	memset(w->dz, 0, S * width * sizeof(float));
	for (size_t s = 0; s < S; s++)
		for (size_t p = g->start[s]; p < g->start[s + 1]; p++)
			linalg_axpy(w->dy[p], n->out + g->item[p] * width, w->dz + s * width, width);
	if (N) {
		kern()->gemm(&(struct kern_gemm){ .c = w->dz, .ldc = width, .a = w->dyn, .a_row = 1, .a_col = S,
						  .b = w->out_rows, .ldb = width, .m = S, .n = width, .K = N,
						  .add = true });
		kern()->gemm(&(struct kern_gemm){ .c = run->drawn, .ldc = width, .a = w->dyn, .a_row = S, .a_col = 1,
						  .b = run->z, .ldb = width, .m = N, .n = width, .K = S });
	}
	for (size_t s = 0; s < S; s++) /* but for the 1 beside it */
		memcpy(w->da[n->G.n - 1] + s * Z, w->dz + s * width, Z * sizeof(float));
}

static void list_generated(const struct cfgan_run *run)
{
	const struct cfgan_group *g = run->g;
	size_t width = cfgan_width(run->net), first = run->net->G.size[0];
	struct row_grad *in = run->in, *out = run->out;

	for (size_t s = 0; s < g->S; s++)
		for (size_t p = g->start[s]; p < g->start[s + 1]; p++) {
			*in++ = (struct row_grad){ run->e + s * first, g->item[p], g->seen[p] };
			*out++ = (struct row_grad){ run->z + s * width, g->item[p], run->w->dy[p] };
		}
	for (size_t k = 0; k < g->n_pm + g->n_zr; k++)
		*out++ = (struct row_grad){ run->drawn + k * width, g->drawn[k], 1 };
}

double cfgan_generate(struct cfgan_run *run)
{
	const struct cfgan_net *n = run->net;
	struct cfgan_work *w = run->w;
	float *kept = w->ea[0];
	double loss;
	size_t R;

	make_vectors(run);
	R = show_vectors(run, false);
	loss = give_verdicts(run, R, R);
	cfgan_part_backward(&n->D, w->b, w->db, w->eb, NULL, R);
	ask_of_vectors(run, w->eb[0]);
	back_to_hidden(run);
	w->ea[0] = run->e;
	cfgan_part_backward(&n->G, w->a, w->da, w->ea, run->grad, R);
	w->ea[0] = kept;
	list_generated(run);
	return loss + run->zeros_loss;
}
