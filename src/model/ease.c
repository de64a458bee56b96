/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ease.c - a linear autoencoder over items with a closed solution.
 *
 * Steck 2019, arXiv:1905.03375:  minimise |X - XB|^2 + lambda |B|^2 with diag(B) = 0.  With
 * P = (X'X + lambda E)^-1 the solution is  B_ij = -P_ij / P_jj,  B_ii = 0.  A history x scores x B.
 *
 * The inverse is taken in double for up to DOUBLE_ITEMS items, where it costs a second or two; beyond, in
 * float, for half the time and a third of the memory.  On ml-100k float is off by 5e-6 in a score of about
 * 1 at lambda = 200, 3e-4 at lambda = 1.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "model/item_matrix.h"
#include "model/packed_tensors.h"
#include "model/registry.h"
#include "model/rows.h"
#include "num/linalg.h"

enum { DOUBLE_ITEMS = 4096 };
enum inverse { AUTO, DOUBLE, FLOAT }; /* as the parameter lists them */

struct ease {
	struct model_base base;
	uint32_t I;
	double lambda;
	bool in_double;
	float *B; /* [I][I]; row j: what an event with j adds to every item's score */
	struct packed table; /* the same in fewer bits: B is NULL then; data NULL: not packed */
};

static const struct param_spec params[] = {
	{ .name = "lambda", .type = PARAM_REAL, .lo = 1e-3, .hi = 1e7, .def = "200", .unit = "",
	  .meaning = "weight of the squared coefficients", .source = TUNED, .log_scale = true,
	  .tune = "10..5000" },
	{ .name = "inverse", .type = PARAM_CHOICE, .def = "auto", .choices = "auto|double|float", .unit = "",
	  .meaning = "how exact; auto: double up to 4,096 items, float beyond (half the time, a third of the memory)",
	  .source = "float suffices at the usual lambda" },
	{ .name = NULL },
};

static void destroy(struct model *model)
{
	struct ease *m = (struct ease *)model;

	if (!m)
		return;
	mem_free(m->B);
	packed_done(&m->table);
	mem_free(m);
}

static bool takes_double(const struct params *p, uint64_t I)
{
	enum inverse inverse = (enum inverse)params_choice(p, "inverse");

	return inverse == DOUBLE || (inverse == AUTO && I <= DOUBLE_ITEMS);
}

static struct ease *new_empty(uint32_t I, double lambda, struct err *err)
{
	struct ease *m = mem_zeroed(1, sizeof(*m), err);

	if (!m)
		return NULL;
	m->base.ops = &ease_ops;
	m->I = I;
	m->lambda = lambda;
	return m;
}

static struct ease *new_model(uint32_t I, double lambda, struct err *err)
{
	struct ease *m = new_empty(I, lambda, err);

	if (!m)
		return NULL;
	m->B = mem_alloc((size_t)I * I, sizeof(*m->B), err);
	if (!m->B) {
		destroy((struct model *)m);
		return NULL;
	}
	return m;
}

static uint64_t bytes(const struct model_shape *shape, const struct params *p)
{
	uint64_t I = shape->n_items;
	uint64_t packed = shape->kept == PRECISION_F32 ? 0 : packed_bytes_for(shape->kept, I, I);

	/* The matrix, inverted where it lies or in double; and the inverse's two columns of tiles. */
	if (takes_double(p, I))
		return packed + I * I * (sizeof(float) + sizeof(double)) + (2 * I * 256 + 256 * 256) * sizeof(double);
	return packed + I * I * sizeof(float) + (2 * I * 256 + 256 * 256) * sizeof(float);
}

static struct model *create(const struct build_env *env, const struct params *p, struct err *err)
{
	struct model_shape shape = { .n_users = env->x->rows, .n_items = env->x->cols, .n_events = csr_n(env->x) };
	uint64_t need = bytes(&shape, p), available = mem_bytes_available();
	struct ease *m;
	char a[32], b[32], c[32];

	if (need > available) {
		err_set(err, ERR_NOMEM,
			"ease holds a matrix of items by items: %s items need %s, and %s can be had; load with "
			"min-item=N to keep fewer items, or train ials or item-knn, which need far less",
			str_thousands(shape.n_items, a), str_bytes(need, b), str_bytes(available, c));
		return NULL;
	}
	m = new_model(shape.n_items, params_real(p, "lambda"), err);
	if (m)
		m->in_double = takes_double(p, shape.n_items);
	return (struct model *)m;
}

/* P becomes B, a row at a time; P may be B itself. */
struct to_weights {
	const double *P;   /* in double, or NULL: B holds P in float */
	float *B;
	const double *diag; /* P_jj */
	uint32_t I;
};

enum { ROWS_A_CHUNK = 64 };

static void rows_to_weights(void *ctx, size_t chunk, unsigned slot)
{
	const struct to_weights *t = ctx;
	size_t end = (chunk + 1) * ROWS_A_CHUNK < t->I ? (chunk + 1) * ROWS_A_CHUNK : t->I;

	(void)slot;
	for (size_t i = chunk * ROWS_A_CHUNK; i < end; i++) {
		float *row = t->B + i * t->I;

		for (uint32_t j = 0; j < t->I; j++)
			row[j] = (float)(-(t->P ? t->P[i * t->I + j] : (double)row[j]) / t->diag[j]);
		row[i] = 0;
	}
}

static bool to_weights(struct ease *m, const double *P, const struct task *task, struct err *err)
{
	double *diag = mem_alloc(m->I, sizeof(*diag), err);
	struct to_weights t = { P, m->B, diag, m->I };
	bool done = true;

	if (!diag)
		return false;
	for (size_t i = 0; i < m->I; i++) {
		diag[i] = P ? P[i * m->I + i] : (double)m->B[i * m->I + i];
		done = done && isfinite(diag[i]) && diag[i] > 0; /* NaN passes through a factorisation */
	}
	if (!done)
		err_set(err, ERR_NUMERIC, "the inverse is not positive definite");
	else if (!task_chunks(task, (m->I + ROWS_A_CHUNK - 1) / ROWS_A_CHUNK, rows_to_weights, &t))
		done = task_cancelled(err);
	mem_free(diag);
	return done;
}

/* The Gram matrix is in B.  Counts are exact there; lambda is added in double. */
static bool solve_in_double(struct ease *m, const struct task *task, struct err *err)
{
	size_t I = m->I;
	double *P = mem_alloc(I * I, sizeof(*P), err);
	bool done;

	if (!P)
		return false;
	for (size_t k = 0; k < I * I; k++)
		P[k] = (double)m->B[k];
	for (size_t i = 0; i < I; i++)
		P[i * I + i] += m->lambda;
	done = linalg_spd_inverse_double(P, I, task, err) && to_weights(m, P, task, err);
	mem_free(P);
	return done;
}

static bool fit_epoch(struct model *model, const struct build_env *env, struct fit_ctx *ctx, struct err *err)
{
	struct ease *m = (struct ease *)model;

	if (!linalg_sparse_gram(env->x, env->xt, m->in_double ? 0 : (float)m->lambda, m->B, ctx->task, err))
		return false;
	if (m->in_double ? solve_in_double(m, ctx->task, err)
		      : linalg_spd_inverse(m->B, m->I, ctx->task, err) && to_weights(m, NULL, ctx->task, err))
		return true;
	return err->code == ERR_NUMERIC ? err_wrap(err, "ease with lambda=%g: a larger one helps", m->lambda)
					: false;
}

static struct model *freeze(struct model *model, bool may_move, struct err *err)
{
	struct ease *m = (struct ease *)model, *copy;

	if (may_move)
		return model;
	copy = new_model(m->I, m->lambda, err);
	if (copy)
		memcpy(copy->B, m->B, (size_t)m->I * m->I * sizeof(*m->B));
	return (struct model *)copy;
}

static struct packed table_of(const struct ease *m)
{
	return m->B ? packed_view(m->B, m->I, m->I) : m->table;
}

static struct model *pack(const struct model *model, enum precision to, struct err *err)
{
	const struct ease *m = (const struct ease *)model;
	struct ease *out = new_empty(m->I, m->lambda, err);
	struct packed from = table_of(m);

	if (out && packed_make(&out->table, &from, to, err))
		return (struct model *)out;
	destroy((struct model *)out);
	return NULL;
}

static bool query_begin(const struct model *m, const struct query *q, size_t B, struct scratch *s,
			struct err *err)
{
	(void)m, (void)q, (void)B, (void)s, (void)err;
	return true;
}

static void score_block(const struct model *model, const struct query *q, size_t B, uint32_t lo, uint32_t hi,
			struct scratch *s, float *out, size_t stride)
{
	struct packed t = table_of((const struct ease *)model);

	(void)s;
	item_matrix_scores(&t, q, B, lo, hi, out, stride);
}

static bool contributions(const struct model *model, const struct query *q, uint32_t item, struct scratch *s,
			  float *parts, float *base, struct err *err)
{
	struct packed t = table_of((const struct ease *)model);

	(void)s, (void)err;
	item_matrix_parts(&t, q, item, parts);
	*base = 0;
	return true;
}

static bool similar(const struct model *model, uint32_t item, float *out, struct err *err)
{
	struct packed t = table_of((const struct ease *)model);

	(void)err;
	packed_row(&t, item, out);
	return true;
}

static bool save(const struct model *model, enum weights_what what, struct weights_writer *w, struct err *err)
{
	struct packed t = table_of((const struct ease *)model);

	(void)what;
	return packed_add(w, "item_item", &t, err);
}

static struct model *load(const struct build_env *env, const struct params *p, const struct weights *w,
			  enum weights_what what, struct err *err)
{
	uint32_t I = env->data->n_items;
	struct ease *m = new_empty(I, params_real(p, "lambda"), err);

	(void)what;
	if (m && packed_take(w, "item_item", I, I, &m->B, &m->table, NULL, err))
		return (struct model *)m;
	destroy((struct model *)m);
	return NULL;
}

static uint64_t held(const struct model *model)
{
	struct packed t = table_of((const struct ease *)model);

	return packed_bytes(&t);
}

static void effort(const struct model_shape *shape, const struct params *p, struct model_effort *out)
{
	double I = (double)shape->n_items, pairs = rows_users(shape, rows_square, NULL);
	bool in_double = takes_double(p, shape->n_items);

	out->once.shared[EFFORT_ADD] += pairs / 2;
	out->once.shared[EFFORT_PASS] += 8 * I * I; /* cleared, mirrored twice, made weights */
	/* Factor and inverse, at half the speed of a product and more. */
	out->once.shared[in_double ? EFFORT_DOUBLE : EFFORT_PRODUCT] += (in_double ? 1 : 0.75) * I * I * I;
	out->once.alone[EFFORT_PASS] += in_double ? 3 * I * I : 0;
	effort_tiles(&out->asked, I);
	out->asked.shared[EFFORT_PASS] += rows_mean(shape) * I;
}

const struct model_ops ease_ops = {
	.name = "ease",
	.title = "EASE: a linear item-to-item model, solved at once",
	.cite = "Steck 2019, arXiv:1905.03375",
	.caps = MODEL_FROM_HISTORY | MODEL_EXACT,
	.params = params,
	.create = create,
	.fit_epoch = fit_epoch,
	.freeze = freeze,
	.pack = pack,
	.query_begin = query_begin,
	.score_block = score_block,
	.contributions = contributions,
	.similar = similar,
	.save = save,
	.load = load,
	.bytes = bytes,
	.held = held,
	.effort = effort,
	.destroy = destroy,
};
