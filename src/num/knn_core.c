/* SPDX-License-Identifier: GPL-3.0-or-later */
/* knn_core.c - see knn_core.h. */
#include "num/knn_core.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "num/kern.h"
#include "num/knn_best.h"
#include "num/rank.h"

#define BLOCK 64 /* similarities at a time: the bits of one uint64_t */

static const float zeros[BLOCK];

static const float *or_zeros(const float *v, size_t at)
{
	return v ? v + at : zeros;
}

/* --- Fitting ------------------------------------------------------------------- */

#define CHUNK_COST ((size_t)1 << 21) /* pairs added up in a chunk, about; a few ms */

struct fit {
	const struct kern *k;
	const struct csr *x, *xt;
	struct knn_rule rule;
	uint32_t *place;  /* [cols] by falling number of entries */
	uint32_t *column; /* [cols] the inverse */
	uint32_t *idx;    /* x->idx, as places */
	float *a, *s;     /* by place; NULL where the rule's are */
	size_t *first;    /* chunks: columns first[c] .. first[c + 1] - 1 */
	size_t chunks;
	uint32_t *found;  /* [cols] */
	uint64_t *keys;   /* [cols][K] the result, before packing: number, then the bits of sim */
	struct knn_best *best;   /* a slot each, like the two below */
	float *acc;          /* [slots][cols], 0 between columns */
	uint32_t *touched;   /* [slots][cols] */
	struct csr *out;
};

static size_t column_cost(const struct fit *f, size_t j)
{
	size_t cost = 0;

	for (size_t e = f->xt->ptr[j]; e < f->xt->ptr[j + 1]; e++)
		cost += csr_row_n(f->x, f->xt->idx[e]);
	return cost;
}

static void add_row(float *acc, const uint32_t *idx, const float *val, size_t n, float w)
{
	if (val) {
		for (size_t k = 0; k < n; k++)
			acc[idx[k]] += w * val[k];
	} else {
		for (size_t k = 0; k < n; k++)
			acc[idx[k]] += w;
	}
}

static size_t add_row_listed(float *acc, const uint32_t *idx, const float *val, size_t n, float w,
			     uint32_t *touched, size_t n_touched)
{
	for (size_t k = 0; k < n; k++) {
		float *at = &acc[idx[k]];

		touched[n_touched] = idx[k]; /* room for one more than there are places */
		n_touched += *at == 0;
		*at += val ? w * val[k] : w;
	}
	return n_touched;
}

/* Every place in turn. */
static void scan_all(const struct fit *f, struct knn_best *b, float *acc, float a, float s)
{
	float sim[BLOCK];

	for (size_t p = 0; p < f->x->cols; p += BLOCK) {
		size_t n = f->x->cols - p < BLOCK ? f->x->cols - p : BLOCK;
		uint64_t bits = f->k->similarity(acc + p, or_zeros(f->a, p), or_zeros(f->s, p), a,
						 s, f->rule.e, f->rule.shrink, b->least, n, sim);

		for (; bits; bits &= bits - 1) {
			int at = __builtin_ctzll(bits);

			knn_best_add(b, sim[at], f->column[p + (size_t)at]);
		}
	}
}

/* Only the places touched: gathered, so that the same kernel judges them. */
static void scan_touched(const struct fit *f, struct knn_best *b, float *acc, float a, float s,
			 const uint32_t *touched, size_t n_touched)
{
	float sim[BLOCK], n_ij[BLOCK], ga[BLOCK] = { 0 }, gs[BLOCK] = { 0 };

	for (size_t t = 0; t < n_touched; t += BLOCK) {
		size_t n = n_touched - t < BLOCK ? n_touched - t : BLOCK;
		uint64_t bits;

		for (size_t k = 0; k < n; k++) {
			n_ij[k] = acc[touched[t + k]];
			acc[touched[t + k]] = 0; /* a place listed twice counts once */
		}
		for (size_t k = 0; f->a && k < n; k++)
			ga[k] = f->a[touched[t + k]];
		for (size_t k = 0; f->s && k < n; k++)
			gs[k] = f->s[touched[t + k]];
		bits = f->k->similarity(n_ij, ga, gs, a, s, f->rule.e, f->rule.shrink, b->least, n,
					sim);
		for (; bits; bits &= bits - 1) {
			int at = __builtin_ctzll(bits);

			knn_best_add(b, sim[at], f->column[touched[t + (size_t)at]]);
		}
	}
}

#define AHEAD 4 /* rows: the processor cannot guess where the next one lies */

static void fetch_row(const struct fit *f, uint32_t u)
{
	const uint32_t *row = f->idx + f->x->ptr[u];

	__builtin_prefetch(row);
	__builtin_prefetch(row + 16);
}

static void fit_column(const struct fit *f, uint32_t j, unsigned slot)
{
	const struct csr *x = f->x, *xt = f->xt;
	float *acc = f->acc + slot * (size_t)x->cols;
	uint32_t *touched = f->touched + slot * ((size_t)x->cols + 1);
	float a = f->rule.a ? f->rule.a[j] : 0, s = f->rule.s ? f->rule.s[j] : 0;
	struct knn_best *b = &f->best[slot];
	bool listed = column_cost(f, j) < x->cols / 8;
	size_t n_touched = 0;

	b->n = 0;
	b->least = 1e-37f;
	for (size_t e = xt->ptr[j]; e < xt->ptr[j + 1]; e++) {
		size_t at = x->ptr[xt->idx[e]], n = x->ptr[xt->idx[e] + 1] - at;
		const float *val = x->val ? x->val + at : NULL;

		if (e + AHEAD < xt->ptr[j + 1])
			fetch_row(f, xt->idx[e + AHEAD]);
		if (listed)
			n_touched = add_row_listed(acc, f->idx + at, val, n, csr_x(xt, e), touched,
						   n_touched);
		else
			add_row(acc, f->idx + at, val, n, csr_x(xt, e));
	}
	acc[f->place[j]] = 0;
	if (listed)
		scan_touched(f, b, acc, a, s, touched, n_touched);
	else
		scan_all(f, b, acc, a, s);
	knn_best_cut(b);
	f->found[j] = (uint32_t)b->n;
	knn_best_by_number(b);
	memcpy(f->keys + (size_t)j * f->rule.K, b->key, b->n * sizeof(*b->key));
}

static void fit_chunk(void *ctx, size_t chunk, unsigned slot)
{
	const struct fit *f = ctx;

	for (size_t j = f->first[chunk]; j < f->first[chunk + 1]; j++)
		fit_column(f, (uint32_t)j, slot);
}

/* Places by falling number of entries (counting sort, stable), and all that is kept by place. */
static bool fit_places(struct fit *f, struct err *err)
{
	size_t cols = f->x->cols, most = 0, sum = 0, *at;

	for (uint32_t c = 0; c < cols; c++)
		most = csr_row_n(f->xt, c) > most ? csr_row_n(f->xt, c) : most;
	at = mem_zeroed(most + 2, sizeof(*at), err);
	if (!at)
		return false;
	for (uint32_t c = 0; c < cols; c++)
		at[most - csr_row_n(f->xt, c)]++;
	for (size_t d = 0; d <= most; d++) {
		size_t n = at[d];

		at[d] = sum;
		sum += n;
	}
	for (uint32_t c = 0; c < cols; c++) {
		f->place[c] = (uint32_t)at[most - csr_row_n(f->xt, c)]++;
		f->column[f->place[c]] = c;
	}
	mem_free(at);
	for (size_t e = 0; e < csr_n(f->x); e++)
		f->idx[e] = f->place[f->x->idx[e]];
	for (size_t p = 0; p < cols; p++) {
		if (f->a)
			f->a[p] = f->rule.a[f->column[p]];
		if (f->s)
			f->s[p] = f->rule.s[f->column[p]];
	}
	return true;
}

static bool fit_cut(struct fit *f, struct err *err)
{
	size_t cols = f->x->cols, cost = 0, total = 0;

	for (uint32_t r = 0; r < f->x->rows; r++)
		total += csr_row_n(f->x, r) * csr_row_n(f->x, r);
	total += cols * 64; /* what a column costs by itself */
	f->first = mem_zeroed(total / CHUNK_COST + 3, sizeof(*f->first), err);
	if (!f->first)
		return false;
	for (size_t j = 0; j < cols; j++) {
		cost += column_cost(f, j) + 64;
		if (cost >= CHUNK_COST || j + 1 == cols) {
			f->first[++f->chunks] = j + 1;
			cost = 0;
		}
	}
	return true;
}

static bool fit_make(struct fit *f, unsigned slots, struct err *err)
{
	size_t cols = f->x->cols, room = knn_best_room(f->rule.K);
	uint64_t *keys;

	if (!(f->place = mem_alloc(cols, sizeof(*f->place), err)) ||
	    !(f->column = mem_alloc(cols, sizeof(*f->column), err)) ||
	    !(f->idx = mem_alloc(csr_n(f->x) + 1, sizeof(*f->idx), err)) ||
	    !(f->found = mem_zeroed(cols, sizeof(*f->found), err)) ||
	    !(f->keys = mem_alloc(cols * f->rule.K, sizeof(*f->keys), err)) ||
	    !(f->acc = mem_zeroed(slots * cols, sizeof(*f->acc), err)) ||
	    !(f->touched = mem_alloc(slots * (cols + 1), sizeof(*f->touched), err)) ||
	    (f->rule.a && !(f->a = mem_alloc(cols, sizeof(*f->a), err))) ||
	    (f->rule.s && !(f->s = mem_alloc(cols, sizeof(*f->s), err))) ||
	    !(f->best = mem_zeroed(slots, sizeof(*f->best), err)) ||
	    !(keys = mem_alloc(2 * slots * room, sizeof(*keys), err)))
		return false;
	for (unsigned i = 0; i < slots; i++)
		f->best[i] = (struct knn_best){ .key = keys + 2 * i * room,
						.brink = keys + (2 * i + 1) * room,
						.K = f->rule.K,
						.room = room };
	return true;
}

static void fit_done(struct fit *f)
{
	if (f->best)
		mem_free(f->best[0].key);
	mem_free(f->best);
	mem_free(f->place);
	mem_free(f->column);
	mem_free(f->idx);
	mem_free(f->first);
	mem_free(f->found);
	mem_free(f->keys);
	mem_free(f->acc);
	mem_free(f->touched);
	mem_free(f->a);
	mem_free(f->s);
}

/* --- Packing the result -------------------------------------------------------- */

#define PACK_COLUMNS 512

static void pack_chunk(void *ctx, size_t chunk, unsigned slot)
{
	const struct fit *f = ctx;
	size_t end = (chunk + 1) * PACK_COLUMNS;

	(void)slot;
	for (size_t j = chunk * PACK_COLUMNS; j < end && j < f->x->cols; j++) {
		const uint64_t *keys = f->keys + j * f->rule.K;
		size_t to = f->out->ptr[j];

		for (uint32_t k = 0; k < f->found[j]; k++, to++) {
			f->out->idx[to] = (uint32_t)(keys[k] >> 32);
			f->out->val[to] = knn_best_sim((uint32_t)keys[k]);
		}
	}
}

static bool pack(struct fit *f, const struct task *t, struct err *err)
{
	size_t cols = f->x->cols;
	struct csr *out = f->out;

	*out = (struct csr){ .rows = (uint32_t)cols, .cols = (uint32_t)cols };
	out->ptr = mem_zeroed(cols + 1, sizeof(*out->ptr), err);
	for (size_t j = 0; out->ptr && j < cols; j++)
		out->ptr[j + 1] = out->ptr[j] + f->found[j];
	out->idx = out->ptr ? mem_alloc(out->ptr[cols] + 1, sizeof(*out->idx), err) : NULL;
	out->val = out->idx ? mem_alloc(out->ptr[cols] + 1, sizeof(*out->val), err) : NULL;
	if (out->val && (task_chunks(t, (cols + PACK_COLUMNS - 1) / PACK_COLUMNS, pack_chunk, f) ||
			 task_cancelled(err)))
		return true;
	csr_done(out);
	return false;
}

bool knn_fit(struct csr *out, const struct csr *x, const struct csr *xt,
	     const struct knn_rule *rule, const struct task *t, struct err *err)
{
	struct fit f = { .k = kern(), .x = x, .xt = xt, .rule = *rule, .out = out };
	bool fine;

	*out = (struct csr){ 0 };
	if (f.rule.K > x->cols)
		f.rule.K = x->cols ? x->cols : 1; /* buffers no larger than they can be filled */
	fine = fit_make(&f, task_slots(t), err) && fit_places(&f, err) && fit_cut(&f, err);
	if (fine && !task_chunks_shown(t, f.chunks, fit_chunk, &f))
		fine = task_cancelled(err);
	fine = fine && pack(&f, t, err);
	fit_done(&f);
	return fine;
}

size_t knn_fit_bytes(size_t entries, uint32_t cols, uint32_t K, size_t kept, unsigned slots)
{
	size_t c = cols;

	/* Renumbered entries; keys and result; places and the like; what each thread has. */
	return entries * sizeof(uint32_t) + c * K * sizeof(uint64_t) + kept * 2 * sizeof(uint32_t) +
	       c * (6 * 4 + sizeof(size_t)) +
	       slots * (c * 8 + 2 * knn_best_room(K) * sizeof(uint64_t));
}

/* --- Queries ------------------------------------------------------------------- */

uint32_t knn_nearest(const struct csr *xt, const struct knn_rule *rule, const uint32_t *items,
		     const float *q, uint32_t n, float a, float s, uint32_t leave_out, float *acc,
		     uint32_t *nearest, float *sim)
{
	const struct kern *k = kern();
	float sims[BLOCK];
	struct topk best;

	topk_begin(&best, rule->K, sim, nearest);
	for (uint32_t t = 0; t < n; t++)
		add_row(acc, csr_row(xt, items[t]), csr_row_val(xt, items[t]),
			csr_row_n(xt, items[t]), q ? q[t] : 1.0f);
	if (leave_out < xt->cols)
		acc[leave_out] = 0;
	for (uint32_t v = 0; v < xt->cols; v += BLOCK) {
		size_t count = xt->cols - v < BLOCK ? xt->cols - v : BLOCK;
		uint64_t bits = k->similarity(acc + v, or_zeros(rule->a, v), or_zeros(rule->s, v),
					      a, s, rule->e, rule->shrink, best.threshold, count,
					      sims);

		for (; bits; bits &= bits - 1) {
			uint32_t at = (uint32_t)__builtin_ctzll(bits);

			topk_push(&best, v + at, sims[at]);
		}
	}
	topk_finish(&best);
	return best.n;
}

void knn_score(const struct csr *sims, const uint32_t *items, const float *x, uint32_t n,
	       float *out)
{
	for (uint32_t t = 0; t < n; t++)
		add_row(out, csr_row(sims, items[t]), csr_row_val(sims, items[t]),
			csr_row_n(sims, items[t]), x ? x[t] : 1.0f);
}

/* --- Weights ------------------------------------------------------------------- */

void knn_norms(const struct csr *m, float *out)
{
	for (uint32_t r = 0; r < m->rows; r++) {
		double sum = 0;

		for (size_t k = m->ptr[r]; k < m->ptr[r + 1]; k++)
			sum += (double)csr_x(m, k) * (double)csr_x(m, k);
		out[r] = (float)sqrt(sum);
	}
}

#define BM25_K1 1.2
#define BM25_B 0.75

static double weigh(enum knn_weights kind, double x, double U, double n, double len_by_mean)
{
	if (kind == KNN_TFIDF)
		return sqrt(x) * (log(U) - log(1.0 + n));
	if (kind == KNN_BM25)
		return x * (BM25_K1 + 1.0) / (BM25_K1 * (1.0 - BM25_B + BM25_B * len_by_mean) + x) *
		       log(U / (1.0 + n));
	return x;
}

bool knn_weigh(struct csr *out, const struct csr *x, enum knn_weights kind, struct err *err)
{
	double *len = mem_zeroed(x->cols ? x->cols : 1, sizeof(*len), err), mean = 0;

	if (!len || !csr_copy(out, x, err)) {
		mem_free(len);
		return false;
	}
	if (!out->val)
		out->val = mem_alloc(csr_n(x) + 1, sizeof(*out->val), err);
	if (!out->val) {
		csr_done(out);
		mem_free(len);
		return false;
	}
	for (size_t e = 0; e < csr_n(x); e++) {
		len[x->idx[e]] += (double)csr_x(x, e);
		mean += (double)csr_x(x, e);
	}
	mean /= x->cols ? x->cols : 1;
	for (uint32_t u = 0; u < x->rows; u++)
		for (size_t e = x->ptr[u]; e < x->ptr[u + 1]; e++)
			out->val[e] = (float)weigh(kind, (double)csr_x(x, e), x->rows,
						   (double)csr_row_n(x, u), len[x->idx[e]] / mean);
	mem_free(len);
	return true;
}
