/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rank.c - see rank.h. */
#include "num/rank.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/bits.h"
#include "base/mem.h"
#include "num/kern.h"

#define MAX_GROUPS 8 /* of kern.queries queries: a panel is read once for all of them */
#define NEED_PANELS 8 /* how often it is asked what length a vector needs */
#define PACKED_FLOATS ((size_t)KERN_MAX_QUERIES * RANK_MAX_D)

struct rank_panels {
	const struct kern *k;
	enum precision precision;
	const float *vectors, *bias; /* borrowed; vectors of F32 alone */
	const struct packed *table;  /* borrowed; of BF16 and INT8 */
	size_t stride, D, panel_bytes;
	uint32_t I, panels;
	char *packed;       /* [panels][D][panel] float or bf16, or [panels][D/4][panel][4] int8 */
	float *packed_scale; /* [panels][panel] of INT8 */
	float *packed_bias; /* [panels][panel] or NULL */
	float *reach; /* [panels] length of the panel's longest vector (with its bias), rounded up */
	uint32_t *item; /* [panels * panel] which item stands where */
	float *ones;    /* [max(D, panel)] for the gather that packs */
};

static size_t fours(size_t D)
{
	return (D + 3) / 4;
}

static size_t panel_bytes(enum precision p, size_t D, size_t width)
{
	if (p == PRECISION_INT8)
		return fours(D) * 4 * width;
	return D * width * (p == PRECISION_BF16 ? sizeof(uint16_t) : sizeof(float));
}

size_t rank_panels_bytes_for(enum precision p, uint32_t I, uint32_t D)
{
	size_t panels = ((size_t)I + KERN_MAX_PANEL - 1) / KERN_MAX_PANEL;

	return panels * (panel_bytes(p, D, KERN_MAX_PANEL) +
			 KERN_MAX_PANEL * (p == PRECISION_INT8 ? 3 : 2) * sizeof(float));
}

size_t rank_panels_bytes(uint32_t I, uint32_t D)
{
	return rank_panels_bytes_for(PRECISION_F32, I, D);
}

/* --- Packing ----------------------------------------------------------------- */

struct keyed {
	uint32_t key, item;
};

/* Ascending by key, stable; the result is in a (three passes of 11 bits end in b: swapped back). */
static void radix_sort(struct keyed *a, struct keyed *b, size_t n)
{
	for (unsigned shift = 0; shift < 33; shift += 11) {
		size_t at[2048] = { 0 }, sum = 0;
		struct keyed *swap = a;

		for (size_t i = 0; i < n; i++)
			at[a[i].key >> shift & 2047]++;
		for (size_t d = 0; d < 2048; d++) {
			size_t c = at[d];

			at[d] = sum;
			sum += c;
		}
		for (size_t i = 0; i < n; i++)
			b[at[a[i].key >> shift & 2047]++] = a[i];
		a = b;
		b = swap;
	}
	memcpy(b, a, n * sizeof(*a));
}

/* Length of (vector, bias), rounded up by more than all the roundings of a score computed from it and of
 * the length's own sum.  Where squares of floats would be lost below the smallest one, doubles sum them. */
static float reach_of(const struct kern *k, const float *v, float bias, size_t D)
{
	double sum = (double)k->dot(v, v, D);

	if (sum < 1e-30)
		for (size_t d = 0; d < D; d++)
			sum += (double)v[d] * (double)v[d];
	sum += (double)bias * (double)bias;
	return isnan(sum) ? INFINITY : (float)(sqrt(sum) * (1.0 + (double)(2 * D + 8) * FLT_EPSILON));
}

static uint32_t float_bits(float x)
{
	uint32_t bits;

	memcpy(&bits, &x, sizeof(bits));
	return bits;
}

/* As floats, in `room` [D] where they are not kept so. */
static const float *vector_of(const struct rank_panels *p, uint32_t item, float *room)
{
	if (!p->table)
		return p->vectors + item * p->stride;
	packed_row(p->table, item, room);
	return room;
}

static float item_reach(const struct rank_panels *p, uint32_t item)
{
	float room[RANK_MAX_D];

	return reach_of(p->k, vector_of(p, item, room), p->bias ? p->bias[item] : 0, p->D);
}

static bool order_items(struct rank_panels *p, struct err *err)
{
	struct keyed *a = mem_alloc(p->I ? p->I : 1, sizeof(*a), err);
	struct keyed *b = a ? mem_alloc(p->I ? p->I : 1, sizeof(*b), err) : NULL;
	bool fine = b != NULL;

	for (uint32_t i = 0; fine && i < p->I; i++) {
		float reach = item_reach(p, i);

		/* reach >= 0: its bits rise with it */
		a[i] = (struct keyed){ ~float_bits(reach), i };
	}
	if (fine)
		radix_sort(a, b, p->I);
	for (uint32_t i = 0; fine && i < p->I; i++)
		p->item[i] = a[i].item;
	mem_free(a);
	mem_free(b);
	return fine;
}

static void pack_floats(const struct rank_panels *p, const uint32_t *items, size_t n, float *packed)
{
	size_t width = p->k->panel;

	if (n == width && width % KERN_PAD == 0 && p->D % KERN_PAD == 0) {
		p->k->gather_t(packed, width, p->vectors, p->stride, items, p->ones, n, p->ones, p->D);
		return;
	}
	for (size_t lane = 0; lane < width; lane++) {
		const float *v = lane < n ? p->vectors + items[lane] * p->stride : NULL;

		for (size_t d = 0; d < p->D; d++)
			packed[d * width + lane] = v ? v[d] : 0;
	}
}

static void pack_halves(const struct rank_panels *p, const uint32_t *items, size_t n, uint16_t *packed)
{
	size_t width = p->k->panel;

	for (size_t lane = 0; lane < width; lane++) {
		const uint16_t *v = lane < n ? (const uint16_t *)p->table->data + items[lane] * p->D : NULL;

		for (size_t d = 0; d < p->D; d++)
			packed[d * width + lane] = v ? v[d] : 0;
	}
}

static void pack_bytes(const struct rank_panels *p, const uint32_t *items, size_t n, int8_t *packed, float *scale)
{
	size_t width = p->k->panel;

	for (size_t lane = 0; lane < width; lane++) {
		const int8_t *v = lane < n ? (const int8_t *)p->table->data + items[lane] * p->D : NULL;

		for (size_t d = 0; d < 4 * fours(p->D); d++)
			packed[(d / 4 * width + lane) * 4 + d % 4] = v && d < p->D ? v[d] : 0;
		scale[lane] = v ? p->table->scale[items[lane]] : 0;
	}
}

/* scale of INT8 alone; bias may be NULL. */
static void pack_panel(const struct rank_panels *p, const uint32_t *items, size_t n, void *packed, float *scale,
		       float *bias)
{
	if (p->precision == PRECISION_INT8)
		pack_bytes(p, items, n, packed, scale);
	else if (p->precision == PRECISION_BF16)
		pack_halves(p, items, n, packed);
	else
		pack_floats(p, items, n, packed);
	for (size_t lane = 0; bias && lane < p->k->panel; lane++)
		bias[lane] = lane < n ? p->bias[items[lane]] : 0;
}

static void pack_all(struct rank_panels *p)
{
	size_t width = p->k->panel;

	for (uint32_t b = 0; b < p->panels; b++) {
		const uint32_t *items = p->item + b * width;
		size_t n = p->I - b * width < width ? p->I - b * width : width;

		pack_panel(p, items, n, p->packed + b * p->panel_bytes,
			   p->packed_scale ? p->packed_scale + b * width : NULL,
			   p->packed_bias ? p->packed_bias + b * width : NULL);
		p->reach[b] = item_reach(p, items[0]);
	}
}

/* What the caller set: precision, vectors or table, stride, D, I, bias. */
static struct rank_panels *make(const struct rank_panels *want, struct err *err)
{
	struct rank_panels *p;
	size_t width = kern()->panel, D = want->D;

	if (D > RANK_MAX_D) {
		err_set(err, ERR_RANGE, "vectors of %zu dimensions: at most %u can be ranked", D, RANK_MAX_D);
		return NULL;
	}
	p = mem_zeroed(1, sizeof(*p), err);
	if (!p)
		return NULL;
	*p = *want;
	p->k = kern();
	p->panel_bytes = panel_bytes(p->precision, D, width);
	p->panels = (uint32_t)((p->I + width - 1) / width);
	p->packed = mem_alloc((size_t)p->panels + 1, p->panel_bytes ? p->panel_bytes : 1, err);
	p->reach = p->packed ? mem_alloc(p->panels + 1, sizeof(float), err) : NULL;
	p->item = p->reach ? mem_zeroed(p->panels * width + 1, sizeof(uint32_t), err) : NULL;
	if (p->item)
		p->ones = mem_alloc(D > width ? D : width, sizeof(float), err);
	if (p->ones && p->bias)
		p->packed_bias = mem_alloc(p->panels * width + 1, sizeof(float), err);
	if (p->ones && p->precision == PRECISION_INT8)
		p->packed_scale = mem_alloc(p->panels * width + 1, sizeof(float), err);
	if (!p->ones || (p->bias && !p->packed_bias) || (p->precision == PRECISION_INT8 && !p->packed_scale) ||
	    !order_items(p, err)) {
		rank_panels_free(p);
		return NULL;
	}
	for (size_t k = 0; k < D || k < width; k++)
		p->ones[k] = 1.0f;
	pack_all(p);
	return p;
}

struct rank_panels *rank_panels_new(const float *vectors, size_t stride, uint32_t I, uint32_t D,
				    const float *bias, struct err *err)
{
	struct rank_panels want = { .vectors = vectors, .stride = stride, .I = I, .D = D, .bias = bias };

	return make(&want, err);
}

struct rank_panels *rank_panels_new_packed(const struct packed *table, const float *bias, struct err *err)
{
	struct rank_panels want = { .precision = table->precision, .table = table, .I = table->rows,
				    .D = table->cols, .bias = bias };

	if (table->precision == PRECISION_F32)
		return rank_panels_new(table->data, table->cols, table->rows, table->cols, bias, err);
	return make(&want, err);
}

void rank_panels_free(struct rank_panels *p)
{
	if (!p)
		return;
	mem_free(p->packed);
	mem_free(p->packed_bias);
	mem_free(p->packed_scale);
	mem_free(p->reach);
	mem_free(p->item);
	mem_free(p->ones);
	mem_free(p);
}

/* --- Queries ----------------------------------------------------------------- */

/* Queries side by side, as the kernels take them: [D][queries] floats, or the table's own layout of int8. */
struct side_by_side {
	void *packed;
	float scale[KERN_MAX_QUERIES]; /* of INT8 */
};

static size_t side_bytes(const struct rank_panels *p)
{
	size_t bytes = p->precision == PRECISION_INT8 ? KERN_QUERIES8_BYTES(p->D)
						      : p->k->queries * (p->D ? p->D : 1) * sizeof(float);

	return (bytes + 63) / 64 * 64;
}

/* Query q of n goes to its place, a place behind them becomes 0.  In int8 it is `rounded` from then on. */
static void lay_query(const struct rank_panels *p, struct side_by_side *s, size_t place, const float *query,
		      float *rounded)
{
	int16_t q[RANK_MAX_D];
	float *to = s->packed;

	if (p->precision != PRECISION_INT8) {
		for (size_t d = 0; d < p->D; d++)
			to[d * p->k->queries + place] = query ? query[d] : 0;
		return;
	}
	s->scale[place] = query ? packed_quantise_query(query, p->D, q) : 0;
	p->k->rank_query8(s->packed, place, query ? q : NULL, p->D);
	for (size_t d = 0; query && rounded && d < p->D; d++)
		rounded[d] = s->scale[place] * (float)q[d];
}

static void lay_queries(const struct rank_panels *p, const float *queries, size_t q_stride, size_t n,
			struct side_by_side *s)
{
	for (size_t q = 0; q < p->k->queries; q++)
		lay_query(p, s, q, q < n ? queries + q * q_stride : NULL, NULL);
}

/* How many groups of queries fit the room for them. */
static size_t groups_fit(const struct rank_panels *p)
{
	size_t fit = PACKED_FLOATS * sizeof(float) / side_bytes(p);

	return fit < MAX_GROUPS ? fit : MAX_GROUPS;
}

static void panel_scores(const struct rank_panels *p, const void *panel, const float *scale, const float *bias,
			 const struct side_by_side *q, float *scores)
{
	if (p->precision == PRECISION_INT8)
		p->k->rank_scores8(panel, scale, fours(p->D), q->packed, q->scale, bias, scores);
	else if (p->precision == PRECISION_BF16)
		p->k->rank_scores16(panel, p->D, q->packed, bias, scores);
	else
		p->k->rank_scores(panel, p->D, q->packed, bias, scores);
}

static uint32_t panel_hits(const struct rank_panels *p, uint32_t b, const struct side_by_side *q, const float *least,
			   float *scores, uint32_t *hits)
{
	const void *panel = p->packed + b * p->panel_bytes;
	const float *bias = p->packed_bias ? p->packed_bias + (size_t)b * p->k->panel : NULL;

	if (p->precision == PRECISION_INT8)
		return p->k->rank_hits8(panel, p->packed_scale + (size_t)b * p->k->panel, fours(p->D), q->packed,
					q->scale, bias, least, scores, hits);
	if (p->precision == PRECISION_BF16)
		return p->k->rank_hits16(panel, p->D, q->packed, bias, least, scores, hits);
	return p->k->rank_hits(panel, p->D, q->packed, bias, least, scores, hits);
}

/* Items i .. i+n-1, at most a panel, against n_queries laid side by side in groups. */
static void score_panel(const struct rank_panels *p, const struct side_by_side *groups, size_t n_queries, uint32_t i,
			size_t n, float *out, size_t out_stride)
{
	size_t width = p->k->panel, group = p->k->queries;
	float panel[KERN_MAX_PANEL * RANK_MAX_D], bias[KERN_MAX_PANEL], scale[KERN_MAX_PANEL];
	float scores[KERN_MAX_PANEL * KERN_MAX_QUERIES];
	uint32_t items[KERN_MAX_PANEL];

	for (size_t lane = 0; lane < n; lane++)
		items[lane] = i + (uint32_t)lane;
	pack_panel(p, items, n, panel, scale, p->bias ? bias : NULL);
	for (size_t q = 0; q < n_queries; q++) {
		if (q % group == 0)
			panel_scores(p, panel, scale, p->bias ? bias : NULL, &groups[q / group], scores);
		memcpy(out + q * out_stride, scores + q % group * width, n * sizeof(*out));
	}
}

void rank_scores(const struct rank_panels *p, const float *queries, size_t q_stride,
		 size_t n_queries, uint32_t lo, uint32_t hi, float *out, size_t out_stride)
{
	size_t width = p->k->panel, group = p->k->queries, most = groups_fit(p) * group;
	struct side_by_side groups[MAX_GROUPS];
	float room[PACKED_FLOATS];

	for (size_t q = 0; q < n_queries; q += most) {
		size_t here = n_queries - q < most ? n_queries - q : most;

		for (size_t g = 0; g * group < here; g++) {
			groups[g].packed = (char *)room + g * side_bytes(p);
			lay_queries(p, queries + (q + g * group) * q_stride, q_stride,
				    here - g * group < group ? here - g * group : group, &groups[g]);
		}
		for (uint32_t i = lo; i < hi; i += (uint32_t)width)
			score_panel(p, groups, here, i, hi - i < width ? hi - i : width,
				    out + q * out_stride + (i - lo), out_stride);
	}
}

/* --- The best k -------------------------------------------------------------- */

struct group {
	size_t n;
	struct side_by_side queries;
	float length[KERN_MAX_QUERIES]; /* of each query (and 1 for the bias) */
	float least[KERN_MAX_QUERIES];  /* what its k-th best has now */
	float need;                     /* a vector shorter than this enters no list of the group */
	struct topk *out;
	const uint32_t *const *skip;
	const uint32_t *n_skip;
};

/* No branch depends on what is found: hits come in no order a processor could learn. */
static bool in_list(const uint32_t *list, uint32_t n, uint32_t x)
{
	const uint32_t *at = list;

	if (!n)
		return false;
	while (n > 1) {
		uint32_t half = n / 2;

		at += at[half - 1] < x ? half : 0;
		n -= half;
	}
	return *at == x;
}

static void group_need(struct group *g)
{
	g->need = INFINITY;
	for (size_t q = 0; q < g->n; q++) {
		float need = g->least[q] > 0 && g->length[q] > 0 ? g->least[q] / g->length[q] : 0;

		/* NaN or an infinite length needs nothing: never skipped */
		g->need = need < g->need ? need : isnan(need) ? 0 : g->need;
	}
}

static void group_begin(struct group *g, const struct rank_panels *p, const float *queries,
			size_t q_stride)
{
	float rounded[RANK_MAX_D];

	for (size_t q = 0; q < p->k->queries; q++) {
		const float *query = q < g->n ? queries + q * q_stride : NULL;

		lay_query(p, &g->queries, q, query, rounded);
		g->least[q] = query ? g->out[q].threshold : NAN; /* nothing reaches NaN */
		g->length[q] = query ? reach_of(p->k, p->precision == PRECISION_INT8 ? rounded : query,
						p->bias ? 1.0f : 0, p->D)
				     : 0;
	}
}

static void group_hits(struct group *g, const struct rank_panels *p, uint32_t panel, uint32_t any,
		       const float *scores, const uint32_t *hits, const uint64_t *barred)
{
	uint32_t width = p->k->panel;

	for (; any; any &= any - 1) {
		uint32_t q = (uint32_t)__builtin_ctz(any);
		struct topk *t = &g->out[q];

		for (uint32_t bits = hits[q]; bits; bits &= bits - 1) {
			uint32_t lane = (uint32_t)__builtin_ctz(bits), at = panel * width + lane;
			uint32_t item = p->item[at];

			if (at >= p->I || scores[q * width + lane] < t->threshold ||
			    (barred && bits_has(barred, item)) ||
			    (g->skip && g->skip[q] && in_list(g->skip[q], g->n_skip[q], item)))
				continue;
			topk_push(t, item, scores[q * width + lane]);
		}
		g->least[q] = t->threshold;
	}
}

static void rank_block(const struct rank_panels *p, struct group *groups, size_t n,
		       const uint64_t *barred)
{
	float scores[KERN_MAX_PANEL * KERN_MAX_QUERIES];
	uint32_t hits[KERN_MAX_QUERIES];

	for (uint32_t b = 0; b < p->panels; b++) {
		bool alive = false;

		for (size_t i = 0; i < n; i++) {
			struct group *g = &groups[i];
			uint32_t any;

			if (b % NEED_PANELS == 0)
				group_need(g);
			if (p->reach[b] < g->need)
				continue; /* and so for all later panels */
			alive = true;
			any = panel_hits(p, b, &g->queries, g->least, scores, hits);
			if (any)
				group_hits(g, p, b, any, scores, hits, barred);
		}
		if (!alive)
			return;
	}
}

void rank_top(const struct rank_panels *p, const float *queries, size_t q_stride, size_t n_queries,
	      const uint32_t *const *skip, const uint32_t *n_skip, const uint64_t *barred,
	      struct topk *out)
{
	float packed[PACKED_FLOATS];
	struct group groups[MAX_GROUPS];
	size_t width = p->k->queries, fit = groups_fit(p), q = 0;

	while (q < n_queries) {
		size_t n = 0;

		for (; n < fit && q < n_queries; n++) {
			struct group *g = &groups[n];

			g->n = n_queries - q < width ? n_queries - q : width;
			g->queries.packed = (char *)packed + n * side_bytes(p);
			g->out = out + q;
			g->skip = skip ? skip + q : NULL;
			g->n_skip = skip ? n_skip + q : NULL;
			group_begin(g, p, queries + q * q_stride, q_stride);
			q += g->n;
		}
		rank_block(p, groups, n, barred);
	}
	for (q = 0; q < n_queries; q++)
		topk_finish(&out[q]);
}
