/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fused ranking against scores made one by one and sorted. */
#include "num/rank.h"

#include "num_case.h"

struct data {
	uint32_t I, D, Q, k;
	size_t stride;
	float *items, *queries, *bias;
	uint32_t **skip, *n_skip;
	uint64_t *barred;
};

static struct data data_new(uint32_t I, uint32_t D, uint32_t Q, uint32_t k, bool bias, bool uneven)
{
	struct data d = { .I = I, .D = D, .Q = Q, .k = k, .stride = D + 5 };

	d.items = case_floats(I * d.stride);
	d.queries = case_floats(Q * d.stride);
	d.bias = bias ? case_floats(I) : NULL;
	d.skip = case_zeroed(Q, sizeof(*d.skip));
	d.n_skip = case_zeroed(Q, sizeof(*d.n_skip));
	d.barred = case_zeroed(I / 64 + 1, sizeof(*d.barred));
	for (uint32_t i = 0; i < I; i++) {
		/* quarters: exact ties; lengths falling far apart: panels are skipped */
		float scale = uneven ? 1.0f / (1.0f + (float)(i * 7919 % I)) : 1.0f;

		for (uint32_t j = 0; j < D; j++)
			d.items[i * d.stride + j] =
				roundf(d.items[i * d.stride + j] * 4) / 4 * scale;
		if (case_below(10) == 0)
			d.barred[i / 64] |= (uint64_t)1 << i % 64;
	}
	for (uint32_t q = 0; q < Q; q++) {
		d.skip[q] = case_zeroed(I, sizeof(**d.skip));
		for (uint32_t i = 0; i < I; i++)
			if (case_below(5) == 0)
				d.skip[q][d.n_skip[q]++] = i;
	}
	return d;
}

static void data_done(struct data *d)
{
	for (uint32_t q = 0; q < d->Q; q++)
		mem_free(d->skip[q]);
	mem_free(d->skip);
	mem_free(d->n_skip);
	mem_free(d->items);
	mem_free(d->queries);
	mem_free(d->bias);
	mem_free(d->barred);
}

static bool left_out(const struct data *d, uint32_t q, uint32_t item)
{
	for (uint32_t k = 0; k < d->n_skip[q]; k++)
		if (d->skip[q][k] == item)
			return true;
	return d->barred[item / 64] >> item % 64 & 1;
}

static double naive(const struct data *d, uint32_t q, uint32_t i)
{
	double sum = d->bias ? (double)d->bias[i] : 0;

	for (uint32_t j = 0; j < d->D; j++)
		sum += (double)d->queries[q * d->stride + j] * (double)d->items[i * d->stride + j];
	return sum;
}

static float *all_scores(const struct data *d, const struct rank_panels *p)
{
	float *s = case_floats((size_t)d->Q * d->I);

	rank_scores(p, d->queries, d->stride, d->Q, 0, d->I, s, d->I);
	return s;
}

static void check_scores(const struct data *d, const struct rank_panels *p)
{
	float *s = all_scores(d, p), one;
	double worst = 0;
	bool same = true;

	for (uint32_t q = 0; q < d->Q; q++)
		for (uint32_t i = 0; i < d->I; i++)
			worst = fmax(worst, fabs((double)s[q * d->I + i] - naive(d, q, i)));
	for (uint32_t t = 0; t < 200 && d->I; t++) {
		uint32_t q = case_below(d->Q), i = case_below(d->I);

		rank_scores(p, d->queries + q * d->stride, d->stride, 1, i, i + 1, &one, 1);
		same &= !memcmp(&one, &s[q * d->I + i], sizeof(one));
	}
	ok(worst < 1e-5 * (d->D + 1), "  scores, off by %.1e", worst);
	ok(same, "  one by one they have the same bits");
	mem_free(s);
}

/* From the kernel's own scores (ties and all), by plain topk. */
static void check_top(const struct data *d, const struct rank_panels *p)
{
	float *s = all_scores(d, p), *score = case_floats(2 * d->Q * d->k);
	uint32_t *item = case_zeroed(2 * d->Q * d->k, sizeof(*item));
	struct topk *got = case_zeroed(d->Q, sizeof(*got)), want;
	bool right = true;

	for (uint32_t q = 0; q < d->Q; q++)
		topk_begin(&got[q], d->k, score + q * d->k, item + q * d->k);
	rank_top(p, d->queries, d->stride, d->Q, (const uint32_t *const *)d->skip, d->n_skip,
		 d->barred, got);
	for (uint32_t q = 0; q < d->Q; q++) {
		topk_begin(&want, d->k, score + d->Q * d->k, item + d->Q * d->k);
		for (uint32_t i = 0; i < d->I; i++)
			if (!left_out(d, q, i))
				topk_push(&want, i, s[q * d->I + i]);
		topk_finish(&want);
		right &= want.n == got[q].n &&
			 !memcmp(want.item, got[q].item, want.n * sizeof(*item)) &&
			 !memcmp(want.score, got[q].score, want.n * sizeof(*score));
	}
	ok(right, "  the same lists and bits as from all scores");
	mem_free(s);
	mem_free(score);
	mem_free(item);
	mem_free(got);
}

/* Long vectors beside the queries' direction, all with one score, and shorter ones along it whose
 * scores differ from that one by a few roundings: skipped by length, they would be missed by the
 * last bit. */
static void align(struct data *d)
{
	double score = 0, square = 0;

	for (uint32_t j = 0; j < d->D; j++) {
		float along = j % 2 ? 0.7f : -0.3f, beside = j < d->D / 2 ? 0.2f : -0.2f;

		for (uint32_t q = 0; q < d->Q; q++)
			d->queries[q * d->stride + j] = along;
		for (uint32_t i = 0; i < d->I; i++)
			d->items[i * d->stride + j] = along + beside;
		score += (double)along * (double)(along + beside);
		square += (double)along * (double)along;
	}
	for (uint32_t i = 20; i < 60; i++)
		for (uint32_t j = 0; j < d->D; j++)
			d->items[i * d->stride + j] = (float)(score / square *
							      (1 + 1e-7 * ((int)i - 40))) *
						      (j % 2 ? 0.7f : -0.3f);
}

static void check(uint32_t I, uint32_t D, uint32_t Q, uint32_t k, bool bias, bool uneven,
		  bool aligned)
{
	struct data d = data_new(I, D, Q, k, bias, uneven);
	struct rank_panels *p;
	struct err err;

	if (aligned)
		align(&d);
	p = rank_panels_new(d.items, d.stride, I, D, d.bias, &err);
	ok(p != NULL, "%u items of %u, %u queries, k=%u%s%s%s", I, D, Q, k, bias ? ", bias" : "",
	   uneven ? ", uneven lengths" : "", aligned ? ", aligned" : "");
	check_scores(&d, p);
	check_top(&d, p);
	rank_panels_free(p);
	data_done(&d);
}

/* The formula of int8, a product at a time: every table gives these very bits. */
static float by_bytes(const struct data *d, const struct packed *t, uint32_t q, uint32_t i)
{
	int16_t query[RANK_MAX_D];
	const int8_t *item = (const int8_t *)t->data + (size_t)i * d->D;
	float scale = packed_quantise_query(d->queries + q * d->stride, d->D, query);
	int32_t sum = 0;

	for (uint32_t j = 0; j < d->D; j++)
		sum += item[j] * query[j];
	return fmaf((float)sum, t->scale[i] * scale, d->bias ? d->bias[i] : 0);
}

/* The formula of bf16: what the floats it stands for score. */
static float *by_floats(const struct data *d, const struct packed *t)
{
	float *v = case_floats((size_t)d->I * d->D), *s;
	struct rank_panels *p;
	struct err err;

	for (uint32_t i = 0; i < d->I; i++)
		packed_row(t, i, v + (size_t)i * d->D);
	p = rank_panels_new(v, d->D, d->I, d->D, d->bias, &err);
	s = all_scores(d, p);
	rank_panels_free(p);
	mem_free(v);
	return s;
}

/* The largest sums that there can be: every number as far out as it goes, all of one sign. */
static void check_extremes(void)
{
	enum { D = RANK_MAX_D, N = 40 };
	float *v = case_floats((size_t)N * D), score[2 * N], scale = 127 * (float)PACKED_QUERY * D;
	struct packed whole = packed_view(v, N, D), t;
	struct rank_panels *p;
	bool right = true;
	struct err err;

	for (size_t k = 0; k < (size_t)N * D; k++)
		v[k] = k / D % 2 ? -127 : 127;
	packed_make(&t, &whole, PRECISION_INT8, &err);
	for (size_t k = 0; k < 2 * D; k++)
		v[k] = k / D % 2 ? -PACKED_QUERY : PACKED_QUERY;
	p = rank_panels_new_packed(&t, NULL, &err);
	rank_scores(p, v, D, 2, 0, N, score, N);
	for (uint32_t q = 0; q < 2; q++)
		for (uint32_t i = 0; i < N; i++)
			right &= score[q * N + i] == (i % 2 == q ? scale : -scale);
	ok(right, "the largest sums of int8 do not run over");
	rank_panels_free(p);
	packed_done(&t);
	mem_free(v);
}

static void check_packed(uint32_t I, uint32_t D, uint32_t Q, uint32_t k, bool bias, enum precision to)
{
	struct data d = data_new(I, D, Q, k, bias, true);
	float *dense = case_floats((size_t)I * D), *got, *want = NULL;
	struct packed whole = packed_view(dense, I, D), t;
	struct rank_panels *p;
	bool same = true;
	struct err err;

	for (uint32_t i = 0; i < I; i++)
		memcpy(dense + (size_t)i * D, d.items + i * d.stride, D * sizeof(*dense));
	packed_make(&t, &whole, to, &err);
	p = rank_panels_new_packed(&t, d.bias, &err);
	got = all_scores(&d, p);
	if (to == PRECISION_BF16)
		want = by_floats(&d, &t);
	for (uint32_t q = 0; q < Q; q++)
		for (uint32_t i = 0; i < I; i++) {
			float w = want ? want[q * I + i] : by_bytes(&d, &t, q, i);

			same &= !memcmp(&w, &got[q * I + i], sizeof(w));
		}
	ok(same, "%u items of %u in %s%s: the formula's bits", I, D, precision_name[to], bias ? ", bias" : "");
	check_top(&d, p);
	rank_panels_free(p);
	packed_done(&t);
	mem_free(dense);
	mem_free(got);
	mem_free(want);
	data_done(&d);
}

static void check_nan_query(void)
{
	struct data d = data_new(40, 8, 1, 10, false, false);
	struct packed whole = packed_view(d.items, 40, 8), t;
	struct topk top;
	struct rank_panels *p;
	float score[10];
	uint32_t item[10];
	struct err err;

	packed_make(&t, &whole, PRECISION_INT8, &err);
	p = rank_panels_new_packed(&t, NULL, &err);
	topk_begin(&top, 10, score, item);
	d.queries[3] = NAN;
	rank_top(p, d.queries, d.stride, 1, NULL, NULL, NULL, &top);
	ok(top.n == 0, "nothing is chosen by a NaN query in int8");
	rank_panels_free(p);
	packed_done(&t);
	data_done(&d);
}

static void check_nan(void)
{
	struct data d = data_new(100, 8, 3, 100, false, false);
	struct topk t[3];
	float score[300];
	uint32_t item[300];
	bool clean = true;
	struct rank_panels *p;
	struct err err;

	d.items[17 * d.stride] = NAN;
	d.items[18 * d.stride] = INFINITY;
	d.queries[d.stride + 2] = NAN;
	p = rank_panels_new(d.items, d.stride, 100, 8, NULL, &err);
	for (int q = 0; q < 3; q++)
		topk_begin(&t[q], 100, score + 100 * q, item + 100 * q);
	rank_top(p, d.queries, d.stride, 3, NULL, NULL, NULL, t);
	for (uint32_t i = 0; i < t[0].n; i++)
		clean &= item[i] != 17 && !isnan(score[i]);
	ok(clean && t[0].n == 99, "a NaN item is never chosen");
	ok(t[1].n == 0, "nor anything by a NaN query");
	rank_panels_free(p);
	data_done(&d);
}

int main(void)
{
	CASE_EACH_TABLE(name) {
		printf("# %s\n", name);
		check(1000, 16, 30, 10, false, false, false);
		check(2000, 33, 13, 7, true, true, false);
		check(31, 64, 1, 50, false, false, false);
		check(33, 1, 5, 3, true, false, false);
		check(3000, 24, 40, 20, false, true, false);
		check(300, 1024, 25, 5, false, true, false);
		check(3000, 50, 20, 10, false, false, true);
		check(3000, 51, 20, 30, false, false, true);
		check_nan();
		for (enum precision to = PRECISION_BF16; to <= PRECISION_INT8; to++) {
			check_packed(1000, 16, 30, 10, false, to);
			check_packed(700, 33, 13, 7, true, to);
			check_packed(31, 64, 1, 50, false, to);
			check_packed(33, 1, 5, 3, true, to);
			check_packed(300, 1024, 25, 5, false, to);
		}
		check_nan_query();
		check_extremes();
	}
	return done_testing();
}
