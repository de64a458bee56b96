/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spectral.c - two filters on the graph of users and items, without training.
 *
 * Shen et al. 2021, "How Powerful is Graph Convolution for Recommendation?", arXiv:2108.07567 (GF-CF): with
 * R = X divided by the square roots of both degrees, D the items' degrees and V the leading right singular
 * vectors of R, a history x scores
 *
 *	x (R'R)  +  alpha x D^(-1/2) V V' D^(1/2)
 *
 * the linear filter (what people who share an item with x took) and the ideal low-pass filter.  A degree is
 * the sum of x over a row or a column.  An item without events scores 0.
 *
 * DESIGN: all is linear in x, so that it may be one matrix of items by items, which is fastest where many
 * pairs of items share a user (films: all do).  Where few do, R'R is kept sparse and V apart, in a hundredth
 * of the memory; and where even that is too much, R alone, and x R'R goes through the users.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "model/csr_tensors.h"
#include "model/item_matrix.h"
#include "model/packed_tensors.h"
#include "model/registry.h"
#include "model/row_sum.h"
#include "model/spectral_sizes.h"
#include "model/vectors.h"
#include "num/blas.h"
#include "num/linalg.h"
#include "num/rank.h"
#include "num/subspace.h"

enum { TILE = 256 };

struct spectral {
	struct model_base base;
	uint32_t I, U, dim, D; /* D: of dim, the vectors there are */
	float alpha;
	enum product product;
	enum form form;
	float *degree;  /* [I] */
	float *vectors; /* [I][D] D^(1/2) V */
	float *B;       /* WHOLE: [I][I] of both filters */
	struct packed packed_vectors, packed_B; /* WHOLE, frozen in fewer bits: in place of both, which are NULL */
	struct csr R;   /* SPARSE: R'R, I x I; BY_USERS: R', I x U */
	struct rank_panels *panels; /* of vectors; NULL for WHOLE */
};

static const struct param_spec params[] = {
	{ .name = "dim", .type = PARAM_INT, .lo = 1, .hi = 512, .def = "256", .unit = "vectors",
	  .meaning = "singular vectors that the low-pass filter lets through", .source = "Shen 2021",
	  .tune = "32..512" },
	{ .name = "alpha", .type = PARAM_REAL, .lo = 0, .hi = 1000, .def = "0.3", .unit = "",
	  .meaning = "weight of the low-pass filter beside the linear one", .source = "Shen 2021",
	  .tune = "0..1" },
	{ .name = "product", .type = PARAM_CHOICE, .def = "auto", .choices = "auto|items|users", .unit = "",
	  .meaning = "the linear filter by a matrix of items, or through the users (little memory, slower); auto: items up to 4 GB",
	  .source = "the scores are the same" },
	{ .name = NULL },
};

static void destroy(struct model *model)
{
	struct spectral *m = (struct spectral *)model;

	if (!m)
		return;
	mem_free(m->degree);
	mem_free(m->vectors);
	mem_free(m->B);
	packed_done(&m->packed_vectors);
	packed_done(&m->packed_B);
	csr_done(&m->R);
	rank_panels_free(m->panels);
	mem_free(m);
}

static struct spectral *new_model(uint32_t U, uint32_t I, const struct params *p, struct err *err)
{
	struct spectral *m = mem_zeroed(1, sizeof(*m), err);

	if (!m)
		return NULL;
	m->base.ops = &spectral_ops;
	m->U = U;
	m->I = I;
	m->dim = (uint32_t)params_int(p, "dim");
	m->alpha = (float)params_real(p, "alpha");
	m->product = (enum product)params_choice(p, "product");
	return m;
}

static struct model *create(const struct build_env *env, const struct params *p, struct err *err)
{
	return (struct model *)new_model(env->x->rows, env->x->cols, p, err);
}

/* --- Fitting ---------------------------------------------------------------------------------------- */

struct normalised { /* R and R': x's pattern, values of their own */
	struct csr r, rt;
	double *left, *right; /* 1 / sqrt(degree), 0 where there is none */
};

static void inverse_roots(const struct csr *x, double *out, float *degree)
{
	for (uint32_t r = 0; r < x->rows; r++) {
		double sum = 0;

		for (size_t k = x->ptr[r]; k < x->ptr[r + 1]; k++)
			sum += (double)csr_x(x, k);
		out[r] = sum > 0 ? 1 / sqrt(sum) : 0;
		if (degree)
			degree[r] = (float)sum;
	}
}

static bool degrees(struct spectral *m, const struct build_env *env, struct normalised *n, struct err *err)
{
	m->degree = mem_alloc(m->I, sizeof(*m->degree), err);
	n->left = m->degree ? mem_alloc(m->U, sizeof(*n->left), err) : NULL;
	n->right = n->left ? mem_alloc(m->I, sizeof(*n->right), err) : NULL;
	if (!n->right)
		return false;
	inverse_roots(env->x, n->left, NULL);
	inverse_roots(env->xt, n->right, m->degree);
	return true;
}

static bool scaled(struct csr *out, const struct csr *x, const double *rows, const double *cols, struct err *err)
{
	*out = *x;
	out->val = mem_alloc(csr_n(x) + 1, sizeof(*out->val), err);
	for (uint32_t r = 0; out->val && r < x->rows; r++)
		for (size_t k = x->ptr[r]; k < x->ptr[r + 1]; k++)
			out->val[k] = (float)((double)csr_x(x, k) * rows[r] * cols[x->idx[k]]);
	return out->val != NULL;
}

static bool find_vectors(struct spectral *m, const struct build_env *env, const struct normalised *n,
			 const struct task *task, struct err *err)
{
	const struct subspace_of of = { env->x, env->xt, n->left, n->right };
	struct subspace s;

	if (!subspace_right(&of, m->dim, env->seed, task, &s, err))
		return false;
	m->D = s.found;
	m->vectors = s.vectors;
	s.vectors = NULL;
	subspace_done(&s);
	for (uint32_t i = 0; i < m->I; i++)
		for (uint32_t d = 0; d < m->D; d++)
			m->vectors[(size_t)i * m->D + d] *= sqrtf(m->degree[i]);
	return true;
}

/* B += alpha D^(-1/2) V (D^(1/2) V)', ROWS rows a chunk. */
enum { ROWS = 64 };

struct low_pass {
	const struct spectral *m;
	float *rows; /* [slots][ROWS][D] */
};

static void low_pass_chunk(void *ctx, size_t chunk, unsigned slot)
{
	const struct low_pass *l = ctx;
	const struct spectral *m = l->m;
	size_t D = m->D, lo = chunk * ROWS, n = m->I - lo < ROWS ? m->I - lo : ROWS;
	float *rows = l->rows + slot * ROWS * D;

	for (size_t r = 0; r < n; r++)
		for (size_t d = 0; d < D; d++)
			rows[r * D + d] = m->degree[lo + r] > 0 ? m->vectors[(lo + r) * D + d] / m->degree[lo + r] : 0;
	blas_gemm(true, n, m->I, D, m->alpha, rows, D, m->vectors, D, 1, m->B + lo * m->I, m->I);
}

static bool make_whole(struct spectral *m, const struct normalised *n, const struct task *task, struct err *err)
{
	struct low_pass l = { .m = m };
	bool done;

	m->B = mem_alloc((size_t)m->I * m->I, sizeof(*m->B), err);
	if (!m->B || !linalg_sparse_gram(&n->r, &n->rt, 0, m->B, task, err))
		return false;
	l.rows = mem_alloc((size_t)task_slots(task) * ROWS, m->D * sizeof(*l.rows), err);
	if (!l.rows)
		return false;
	done = task_chunks(task, (m->I + ROWS - 1) / ROWS, low_pass_chunk, &l) || task_cancelled(err);
	mem_free(l.rows);
	return done;
}

static bool make_panels(struct spectral *m, struct err *err)
{
	m->panels = rank_panels_new(m->vectors, m->D, m->I, m->D, NULL, err);
	return m->panels != NULL;
}

static bool make_linear(struct spectral *m, const struct build_env *env, struct normalised *n,
			const struct task *task, struct err *err)
{
	uint64_t pairs = 0, unused;

	for (uint32_t u = 0; u < m->U; u++)
		pairs += (uint64_t)csr_row_n(env->x, u) * csr_row_n(env->x, u);
	m->form = spectral_form(m->product, m->I, pairs, &unused);
	if (!scaled(&n->rt, env->xt, n->right, n->left, err))
		return false;
	if (m->form == BY_USERS)
		return csr_copy(&m->R, &n->rt, err) && make_panels(m, err);
	if (!scaled(&n->r, env->x, n->left, n->right, err))
		return false;
	if (m->form == WHOLE)
		return make_whole(m, n, task, err);
	return csr_gram(&m->R, &n->r, &n->rt, task, err) && make_panels(m, err);
}

static bool fit_epoch(struct model *model, const struct build_env *env, struct fit_ctx *ctx, struct err *err)
{
	struct spectral *m = (struct spectral *)model;
	struct normalised n = { .left = NULL };
	bool done = degrees(m, env, &n, err) && find_vectors(m, env, &n, ctx->task, err) &&
		    make_linear(m, env, &n, ctx->task, err);

	mem_free(n.left);
	mem_free(n.right);
	mem_free(n.r.val);
	mem_free(n.rt.val);
	return done;
}

static void *copy_of(const void *p, size_t n, size_t size, struct err *err)
{
	void *copy = mem_alloc(n, size, err);

	if (copy)
		memcpy(copy, p, n * size);
	return copy;
}

static struct model *freeze(struct model *model, bool may_move, struct err *err)
{
	struct spectral *m = (struct spectral *)model, *c;
	size_t I = m->I;
	bool done;

	if (may_move)
		return model;
	c = mem_alloc(1, sizeof(*c), err);
	if (!c)
		return NULL;
	*c = *m;
	c->vectors = c->B = NULL;
	c->R = (struct csr){ 0 };
	c->panels = NULL;
	c->degree = copy_of(m->degree, I, sizeof(float), err);
	c->vectors = c->degree ? copy_of(m->vectors, I * m->D, sizeof(float), err) : NULL;
	done = c->vectors != NULL;
	if (done && m->form == WHOLE)
		done = (c->B = copy_of(m->B, I * I, sizeof(float), err)) != NULL;
	else if (done)
		done = csr_copy(&c->R, &m->R, err) && make_panels(c, err);
	if (done)
		return (struct model *)c;
	destroy((struct model *)c);
	return NULL;
}

static struct packed whole_of(const struct spectral *m)
{
	return m->B ? packed_view(m->B, m->I, m->I) : m->packed_B;
}

static struct packed vectors_of(const struct spectral *m)
{
	return m->vectors ? packed_view(m->vectors, m->I, m->D) : m->packed_vectors;
}

static struct model *pack(const struct model *model, enum precision to, struct err *err)
{
	const struct spectral *m = (const struct spectral *)model;
	struct packed vectors = vectors_of(m), whole = whole_of(m);
	struct spectral *out;

	if (m->form != WHOLE) {
		err_set(err, ERR_UNSUPPORTED, "spectral holds a sparse graph here: half of it are numbers of items%s, which "
			"%s cannot round", m->form == BY_USERS ? "' users" : "", precision_name[to]);
		return NULL;
	}
	out = mem_alloc(1, sizeof(*out), err);
	if (!out)
		return NULL;
	*out = *m;
	out->vectors = out->B = NULL;
	out->packed_vectors = out->packed_B = (struct packed){ 0 };
	out->degree = copy_of(m->degree, m->I, sizeof(float), err);
	if (out->degree && packed_make(&out->packed_vectors, &vectors, to, err) &&
	    packed_make(&out->packed_B, &whole, to, err))
		return (struct model *)out;
	destroy((struct model *)out);
	return NULL;
}

/* --- Scoring ---------------------------------------------------------------------------------------- */

/* Of a batch, in scratch: each query's alpha x D^(-1/2) V; for SPARSE its sum of rows with the cursors, for
 * BY_USERS its x R'. */
struct begun {
	float *low;  /* [B][D] */
	float *tile; /* [B][TILE] */
	float *users; /* [B][U] */
	struct row_sum *sum; /* [B] */
};

static float share(const struct query *q, uint32_t k)
{
	return q->x ? q->x[k] : 1;
}

static void begin_low(const struct spectral *m, const struct query *q, float *low)
{
	memset(low, 0, m->D * sizeof(*low));
	for (uint32_t k = 0; k < q->n; k++) {
		uint32_t j = q->items[k];

		if (m->degree[j] > 0)
			linalg_axpy(m->alpha * share(q, k) / m->degree[j], m->vectors + (size_t)j * m->D, low, m->D);
	}
}

static void begin_users(const struct spectral *m, const struct query *q, float *users)
{
	memset(users, 0, m->U * sizeof(*users));
	for (uint32_t k = 0; k < q->n; k++)
		for (size_t e = m->R.ptr[q->items[k]]; e < m->R.ptr[q->items[k] + 1]; e++)
			users[m->R.idx[e]] += share(q, k) * m->R.val[e];
}

static bool query_begin(const struct model *model, const struct query *q, size_t B, struct scratch *s,
			struct err *err)
{
	const struct spectral *m = (const struct spectral *)model;
	size_t events = 0, floats = B * (m->D + TILE + (m->form == BY_USERS ? m->U : 0));
	struct begun *b;
	size_t *at;

	if (m->form == WHOLE)
		return true;
	for (size_t i = 0; i < B; i++)
		events += q[i].n;
	b = scratch_need(s, sizeof(*b) + B * sizeof(*b->sum) + events * sizeof(*at) + floats * sizeof(float), err);
	if (!b)
		return false;
	b->sum = (struct row_sum *)(void *)(b + 1);
	at = (size_t *)(void *)(b->sum + B);
	b->low = (float *)(void *)(at + events);
	b->tile = b->low + B * m->D;
	b->users = b->tile + B * TILE;
	for (size_t i = 0; i < B; i++) {
		begin_low(m, &q[i], b->low + i * m->D);
		if (m->form == BY_USERS) {
			begin_users(m, &q[i], b->users + i * m->U);
			continue;
		}
		b->sum[i] = (struct row_sum){ .rows = q[i].items, .weight = q[i].x, .n = q[i].n, .at = at };
		row_sum_begin(&b->sum[i], &m->R);
		at += q[i].n;
	}
	return true;
}

static void through_users(const struct csr *R, const float *users, uint32_t lo, uint32_t hi, float *out)
{
	for (uint32_t i = lo; i < hi; i++) {
		float sum = 0;

		for (size_t e = R->ptr[i]; e < R->ptr[i + 1]; e++)
			sum += R->val[e] * users[R->idx[e]];
		out[i - lo] = sum;
	}
}

static void score_tile(const struct spectral *m, struct begun *b, size_t B, uint32_t lo, uint32_t hi, float *out,
		       size_t stride)
{
	rank_scores(m->panels, b->low, m->D, B, lo, hi, b->tile, TILE);
	for (size_t i = 0; i < B; i++) {
		float *to = out + i * stride;

		if (m->form == BY_USERS)
			through_users(&m->R, b->users + i * m->U, lo, hi, to);
		else
			row_sum_tile(&b->sum[i], &m->R, lo, hi, to);
		for (uint32_t k = 0; k < hi - lo; k++)
			to[k] += b->tile[i * TILE + k];
	}
}

static void score_block(const struct model *model, const struct query *q, size_t B, uint32_t lo, uint32_t hi,
			struct scratch *s, float *out, size_t stride)
{
	const struct spectral *m = (const struct spectral *)model;

	if (m->form == WHOLE) {
		struct packed whole = whole_of(m);

		item_matrix_scores(&whole, q, B, lo, hi, out, stride);
		return;
	}
	for (uint32_t at = lo; at < hi; at += TILE)
		score_tile(m, s->p, B, at, hi - at < TILE ? hi : at + TILE, out + (at - lo), stride);
}

/* Entry (i, j) of R'R from R', by merging the users of both. */
static float shared_users(const struct csr *R, uint32_t i, uint32_t j)
{
	size_t a = R->ptr[i], b = R->ptr[j];
	float sum = 0;

	while (a < R->ptr[i + 1] && b < R->ptr[j + 1]) {
		if (R->idx[a] == R->idx[b])
			sum += R->val[a++] * R->val[b++];
		else if (R->idx[a] < R->idx[b])
			a++;
		else
			b++;
	}
	return sum;
}

static float entry(const struct spectral *m, uint32_t j, uint32_t item)
{
	float linear = m->form == SPARSE ? csr_at(&m->R, j, item) : shared_users(&m->R, j, item);

	if (!(m->degree[j] > 0))
		return linear;
	return linear + m->alpha / m->degree[j] * linalg_dot(m->vectors + (size_t)j * m->D,
							     m->vectors + (size_t)item * m->D, m->D);
}

static bool contributions(const struct model *model, const struct query *q, uint32_t item, struct scratch *s,
			  float *parts, float *base, struct err *err)
{
	const struct spectral *m = (const struct spectral *)model;

	(void)s, (void)err;
	*base = 0;
	if (m->form == WHOLE) {
		struct packed whole = whole_of(m);

		item_matrix_parts(&whole, q, item, parts);
		return true;
	}
	for (uint32_t k = 0; k < q->n; k++)
		parts[k] = share(q, k) * entry(m, q->items[k], item);
	return true;
}

static bool similar(const struct model *model, uint32_t item, float *out, struct err *err)
{
	const struct spectral *m = (const struct spectral *)model;

	if (!m->vectors)
		return packed_cosines(&m->packed_vectors, item, out, err);
	vectors_cosines(m->vectors, m->I, m->D, item, out);
	return true;
}

static const float *item_vectors(const struct model *model, size_t *D, size_t *stride)
{
	const struct spectral *m = (const struct spectral *)model;

	*D = *stride = m->D;
	return m->vectors;
}

/* --- Kept ------------------------------------------------------------------------------------------- */

static bool save(const struct model *model, enum weights_what what, struct weights_writer *w, struct err *err)
{
	const struct spectral *m = (const struct spectral *)model;
	struct packed vectors = vectors_of(m), whole = whole_of(m);

	(void)what;
	if (!weights_add(w, "degree", TENSOR_F32, m->degree, m->I, 0, err) ||
	    !packed_add(w, "item_vectors", &vectors, err))
		return false;
	if (m->form == WHOLE)
		return packed_add(w, "item_item", &whole, err);
	return csr_tensors_add(w, m->form == SPARSE ? "item_gram" : "item_users", &m->R, err);
}

static bool take_linear(struct spectral *m, const struct weights *w, struct err *err)
{
	if (weights_has(w, "item_item")) {
		m->form = WHOLE;
		return packed_take(w, "item_item", m->I, m->I, &m->B, &m->packed_B, NULL, err);
	}
	if (!m->vectors)
		return err_set(err, ERR_SYNTAX, "the weights file has a graph beside vectors of fewer bits");
	m->form = weights_has(w, "item_gram.ptr") ? SPARSE : BY_USERS;
	if (!csr_tensors_get(w, m->form == SPARSE ? "item_gram" : "item_users", m->I,
			     m->form == SPARSE ? m->I : m->U, &m->R, err))
		return false;
	if (!m->R.val)
		return err_set(err, ERR_SYNTAX, "the weights file has a graph without weights");
	return make_panels(m, err);
}

static bool take(struct spectral *m, const struct weights *w, struct err *err)
{
	uint32_t D;

	m->degree = mem_alloc(m->I, sizeof(*m->degree), err);
	if (!m->degree || !weights_take(w, "degree", TENSOR_F32, m->degree, m->I, 0, err) ||
	    !packed_take(w, "item_vectors", m->I, PACKED_ANY, &m->vectors, &m->packed_vectors, &D, err))
		return false;
	if (D < 1 || D > m->dim)
		return err_set(err, ERR_RANGE, "the weights file has vectors of length %u: of 1 to dim=%u were expected",
			       (unsigned)D, (unsigned)m->dim);
	m->D = D;
	return take_linear(m, w, err);
}

static struct model *load(const struct build_env *env, const struct params *p, const struct weights *w,
			  enum weights_what what, struct err *err)
{
	struct spectral *m = new_model(env->data->n_users, env->data->n_items, p, err);

	(void)what;
	if (m && take(m, w, err))
		return (struct model *)m;
	destroy((struct model *)m);
	return NULL;
}

static uint64_t held(const struct model *model)
{
	const struct spectral *m = (const struct spectral *)model;
	struct packed vectors = vectors_of(m), whole = whole_of(m);
	uint64_t n = m->I * sizeof(float) + packed_bytes(&vectors);

	if (m->form == WHOLE)
		return n + packed_bytes(&whole);
	return n + csr_bytes(&m->R) + rank_panels_bytes(m->I, m->D);
}

const struct model_ops spectral_ops = {
	.name = "spectral",
	.title = "Spectral: filters on the graph of users and items, no training",
	.cite = "Shen et al. 2021 (GF-CF), arXiv:2108.07567",
	.caps = MODEL_FROM_HISTORY | MODEL_ITEM_VECTORS | MODEL_EXACT,
	.params = params,
	.create = create,
	.fit_epoch = fit_epoch,
	.freeze = freeze,
	.pack = pack,
	.query_begin = query_begin,
	.score_block = score_block,
	.contributions = contributions,
	.similar = similar,
	.item_vectors = item_vectors,
	.save = save,
	.load = load,
	.bytes = spectral_bytes,
	.held = held,
	.effort = spectral_effort,
	.destroy = destroy,
};
