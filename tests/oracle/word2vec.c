/* SPDX-License-Identifier: GPL-3.0-or-later */
/* word2vec.c - word2vec's and item2vec's scores, parts and likenesses against naive ones in double, from the
 * vectors that their files hold.
 *
 * Words, counts and idf are found here afresh from the titles, which are plain words between blanks.
 */
#include <unistd.h>

#include "explain/similar.h"
#include "model/registry.h"
#include "model_fixture.h"
#include "num/linalg.h"

enum { U = 80, I = 40, PER_USER = 20, D = 8, MAX_WORDS = 64 };

static struct fixture f;
static char word[MAX_WORDS][8]; /* of two titles or more, in the file's order */
static uint32_t V;
static double item[I][D], unit[I][D], centred[MAX_WORDS][D], idf[MAX_WORDS];

static size_t times_in(uint32_t i, const char *w)
{
	const char *s = strtab_get(&f.data->titles, i);
	size_t n = 0, len = strlen(w);

	for (const char *at = s; (at = strstr(at, w)); at += len)
		n += (at == s || at[-1] == ' ') && (at[len] == ' ' || !at[len]);
	return n;
}

static double weight_in(uint32_t i, uint32_t w)
{
	size_t n = times_in(i, word[w]);

	return n ? idf[w] * (1 + log((double)n)) : 0;
}

static double dot(const double *a, const double *b)
{
	double sum = 0;

	for (int d = 0; d < D; d++)
		sum += a[d] * b[d];
	return sum;
}

/* The file of a frozen model, opened; the caller closes it. */
static struct weights *file_of(const struct model *m)
{
	struct err err;
	char path[64];
	struct weights_writer *w = weights_writer_new(&err);
	struct weights *file;

	snprintf(path, sizeof(path), "oracle-word2vec-%d.safetensors", (int)getpid());
	fixture_must(w && model_ops_of(m)->save(m, WEIGHTS_SCORING, w, &err) && weights_commit(w, path, &err), &err);
	weights_writer_free(w);
	file = weights_open(path, &err);
	fixture_must(file != NULL, &err);
	unlink(path);
	return file;
}

static void mean_of_words(uint32_t i, double out[D])
{
	double sum = 0;

	memset(out, 0, D * sizeof(*out));
	for (uint32_t w = 0; w < V; w++) {
		double b = weight_in(i, w);

		for (int d = 0; d < D; d++)
			out[d] += b * centred[w][d];
		sum += b;
	}
	for (int d = 0; d < D; d++)
		out[d] /= sum;
}

/* Item vectors from the words of the file. */
static void naive_items(const struct model *m)
{
	struct err err;
	struct weights *file = file_of(m);
	size_t size, rows;
	const char *names = weights_get(file, "words", TENSOR_U8, SIZE_MAX, 0, &size, NULL, &err);
	const float *vectors = weights_get(file, "word_vectors", TENSOR_F32, SIZE_MAX, D, &rows, NULL, &err);
	bool counted = names && vectors;
	double all[D] = { 0 };

	for (const char *at = names; counted && at < names + size; at += strlen(at) + 1, V++) {
		uint32_t n = 0;

		snprintf(word[V], sizeof(word[V]), "%s", at);
		for (uint32_t i = 0; i < I; i++)
			n += times_in(i, at) > 0;
		counted = n >= 2;
		idf[V] = log((1.0 + I) / (1.0 + n));
		for (int d = 0; d < D; d++)
			centred[V][d] = (double)vectors[V * D + (uint32_t)d];
	}
	ok(counted && V == rows && V > 20, "the file has %u words, each of two titles or more", (unsigned)V);
	for (uint32_t i = 0; i < I; i++) {
		double length;

		mean_of_words(i, item[i]);
		length = sqrt(dot(item[i], item[i]));
		for (int d = 0; d < D; d++) {
			all[d] += item[i][d];
			unit[i][d] = item[i][d] / length;
		}
	}
	ok(sqrt(dot(all, all)) < 1e-3, "what all items have in common is taken out (%.1e is left)", sqrt(dot(all, all)));
	weights_close(file);
}

static double naive_direction(const struct query *q, double m[D])
{
	double length;

	memset(m, 0, D * sizeof(*m));
	for (uint32_t k = 0; k < q->n; k++)
		for (int d = 0; d < D; d++)
			m[d] += (double)(q->x ? q->x[k] : 1) * unit[q->items[k]][d];
	length = sqrt(dot(m, m));
	for (int d = 0; d < D; d++)
		m[d] /= length;
	return length;
}

static void check_scores(const struct model *m, const char *what)
{
	struct scratch s = { 0 };
	struct err err;
	float got[I], parts[PER_USER], base;
	double worst = 0, worst_part = 0;

	for (uint32_t u = 0; u < U; u++) {
		struct query q = fixture_query(&f, u);
		double dir[D], length, want[I];

		if (!q.n)
			continue;
		length = naive_direction(&q, dir);
		for (uint32_t i = 0; i < I; i++)
			want[i] = dot(unit[i], dir);
		fixture_must(model_score_all(m, &q, &s, got, I, &err), &err);
		worst = fmax(worst, relative_difference(got, want, I));
		fixture_must(model_ops_of(m)->contributions(m, &q, u % I, &s, parts, &base, &err), &err);
		for (uint32_t k = 0; k < q.n; k++)
			worst_part = fmax(worst_part, fabs((double)parts[k] - (double)(q.x ? q.x[k] : 1) / length *
									       dot(unit[u % I], unit[q.items[k]])));
	}
	ok(worst < 1e-5, "%s: scores are the naive ones (%.1e)", what, worst);
	ok(worst_part < 1e-5, "%s: and so are the parts by history (%.1e)", what, worst_part);
	scratch_done(&s);
}

static uint32_t number_of(const char *name)
{
	for (uint32_t w = 0; w < V; w++)
		if (!strcmp(word[w], name))
			return w;
	return UINT32_MAX;
}

static void check_content(const struct model *m)
{
	struct scratch s = { 0 };
	struct err err;
	double worst = 0, worst_sum = 0;
	bool named = true;

	for (uint32_t u = 3; u < U; u += 7) {
		struct query q = fixture_query(&f, u);
		struct content c = { 0 };
		double dir[D], sum = 0, weights = 0, length = sqrt(dot(item[u % I], item[u % I]));
		float score;

		naive_direction(&q, dir);
		fixture_must(model_score_one(m, &q, u % I, &s, &score, &err) &&
				     model_ops_of(m)->content(m, &q, u % I, &s, &c, &err), &err);
		for (uint32_t w = 0; w < V; w++)
			weights += weight_in(u % I, w);
		for (size_t k = 0; k < c.n; k++) {
			uint32_t w = number_of(c.part[k].name);

			named = named && w < V && !strcmp(c.part[k].kind, "word") && c.exact;
			sum += (double)c.part[k].value;
			worst = fmax(worst, fabs((double)c.part[k].value - weight_in(u % I, w) / (weights * length) *
									      dot(centred[w], dir)));
		}
		worst_sum = fmax(worst_sum, fabs(sum + (double)(c.base + c.rest) - (double)score));
		content_done(&c);
	}
	ok(named && worst < 1e-5, "parts by word are the naive ones (%.1e)", worst);
	ok(worst_sum < 1e-5, "and sum to the score (%.1e)", worst_sum);
	scratch_done(&s);
}

/* In fewer bits the items are read again: the same words, with parts as near as the rounding. */
static void check_packed_content(const struct model *m, enum precision to, double within)
{
	struct scratch s = { 0 };
	struct err err;
	struct model *packed = word2vec_ops.pack(m, to, &err);
	bool same = true;
	double worst = 0;

	fixture_must(packed != NULL, &err);
	for (uint32_t u = 3; u < U; u += 7) {
		struct query q = fixture_query(&f, u);
		struct content a = { 0 }, b = { 0 };

		fixture_must(word2vec_ops.content(m, &q, u % I, &s, &a, &err) &&
				     word2vec_ops.content(packed, &q, u % I, &s, &b, &err), &err);
		same = same && a.n == b.n && a.n > 0;
		for (size_t k = 0; same && k < a.n; k++) {
			same = !strcmp(a.part[k].name, b.part[k].name);
			worst = fmax(worst, fabs((double)(a.part[k].value - b.part[k].value)));
		}
		content_done(&a);
		content_done(&b);
	}
	ok(same && worst < within, "in %s: the same words (off by %.1e)", precision_name[to], worst);
	ok(word2vec_ops.held(packed) < word2vec_ops.held(m) / 2, "in %s: %u bytes of %u", precision_name[to],
	   (unsigned)word2vec_ops.held(packed), (unsigned)word2vec_ops.held(m));
	scratch_done(&s);
	word2vec_ops.destroy(packed);
}

static void check_texts(const struct model *m)
{
	struct err err = { 0 };
	float got[I], cosine[I];
	double want[I], bag[I] = { 0 }, length[I] = { 0 };
	const struct item_text *text = similar_text_of(f.data, &task_null, &err);
	struct similar_list l;
	bool right = true;

	/* An item's own title is a text like any other. */
	fixture_must(model_ops_of(m)->similar_text(m, strtab_get(&f.data->titles, 5), strtab_len(&f.data->titles, 5), got,
						   &err), &err);
	for (uint32_t i = 0; i < I; i++)
		want[i] = dot(unit[5], unit[i]);
	ok(relative_difference(got, want, I) < 1e-5 && fabsf(got[5] - 1) < 1e-5f, "a text is as near as the item it tells of");
	fixture_must(model_ops_of(m)->similar(m, 5, got, &err), &err);
	ok(relative_difference(got, want, I) < 1e-5, "items are near by the cosine of their vectors");
	ok(!model_ops_of(m)->similar_text(m, "nothing known", 13, got, &err) && err.code == ERR_NOTFOUND,
	   "a text without a known word: %s", err.msg);
	/* By text: cosines of the bags, whatever the model. */
	fixture_must(text != NULL, &err);
	for (uint32_t i = 0; i < I; i++) {
		for (uint32_t w = 0; w < V; w++) {
			bag[i] += weight_in(5, w) * weight_in(i, w);
			length[i] += weight_in(i, w) * weight_in(i, w);
		}
	}
	for (uint32_t i = 0; i < I; i++)
		cosine[i] = (float)(bag[i] / sqrt(length[i] * length[5]));
	fixture_must(similar_by_text(text, 5, 6, &task_null, &l, &err), &err);
	for (uint32_t k = 0; k < l.n; k++)
		right = right && l.item[k] != 5 && fabsf(l.score[k] - cosine[l.item[k]]) < 1e-5f &&
			(!k || l.score[k] <= l.score[k - 1]);
	for (uint32_t i = 0; right && i < I; i++) {
		bool in = i == 5;

		for (uint32_t k = 0; k < l.n; k++)
			in = in || l.item[k] == i;
		right = in || cosine[i] <= l.score[l.n - 1] + 1e-5f;
	}
	ok(right && l.n == 6, "nearest by text are the highest cosines of the bags");
	similar_list_done(&l);
	item_text_unref(text);
}

static struct model *fitted(const struct model_ops *ops, uint32_t epochs)
{
	struct params p;
	struct err err;
	struct model *m;

	params_init(&p, ops->params);
	fixture_set(&p, "dim", "8");
	fixture_set(&p, "subsample", "0");
	m = fixture_fit(&f, ops, &p, epochs, &task_null, &err);
	fixture_must(m != NULL, &err);
	return m;
}

static void check_word2vec(void)
{
	struct model *m = fitted(&word2vec_ops, 20);

	naive_items(m);
	check_scores(m, "word2vec");
	check_content(m);
	check_texts(m);
	check_packed_content(m, PRECISION_BF16, 0.01);
	check_packed_content(m, PRECISION_INT8, 0.02);
	word2vec_ops.destroy(m);
}

/* Its vectors are the file's, made 1 long; an item without events has none. */
static void check_item2vec(void)
{
	struct model *m = fitted(&item2vec_ops, 20);
	struct weights *file = file_of(m);
	struct err err;
	const float *v = weights_get(file, "item_vectors", TENSOR_F32, I, D, NULL, NULL, &err);
	bool right = v != NULL;
	double same = 0, other = 0;
	size_t n_same = 0, n_other = 0;

	for (uint32_t i = 0; v && i < I; i++) {
		for (int d = 0; d < D; d++)
			unit[i][d] = (double)v[i * D + (uint32_t)d];
		right = right && fabs(dot(unit[i], unit[i]) - (csr_row_n(&f.xt, i) > 0)) < 1e-5;
	}
	ok(right, "item2vec: vectors are 1 long where there are events, else 0");
	check_scores(m, "item2vec");
	for (uint32_t i = 0; i < I; i++) {
		for (uint32_t j = 0; j < i; j++) {
			bool together = i % TASTES == j % TASTES;

			*(together ? &same : &other) += dot(unit[i], unit[j]);
			*(together ? &n_same : &n_other) += 1;
		}
	}
	ok(same / (double)n_same > other / (double)n_other + 0.2, "item2vec: items of a taste come together: %.2f, others %.2f",
	   same / (double)n_same, other / (double)n_other);
	weights_close(file);
	item2vec_ops.destroy(m);
}

/* Data that say nothing of their items, and texts that are others than those learnt from. */
static void check_refusals(void)
{
	struct fixture dumb = f;
	struct params p;
	struct err err = { 0 };
	struct model *m = fitted(&word2vec_ops, 1), *back;
	struct weights *file = file_of(m);
	struct dataset *d = fixture_data(U, I, PER_USER, 7);

	params_init(&p, word2vec_ops.params);
	fixture_set(&p, "dim", "8");
	dumb.env.data = d;
	ok(!word2vec_ops.create(&dumb.env, &p, &err) && err.code == ERR_UNSUPPORTED && strstr(err.msg, "titles"),
	   "without text: %s", err.msg);
	fixture_titles(d, 8);
	back = word2vec_ops.load(&dumb.env, &p, file, WEIGHTS_SCORING, &err);
	ok(!back && err.code == ERR_UNSUPPORTED, "with other titles: %s", err.msg);
	back = word2vec_ops.load(&f.env, &p, file, WEIGHTS_SCORING, &err);
	ok(back != NULL, "with the same ones it opens");
	if (back)
		word2vec_ops.destroy(back);
	weights_close(file);
	word2vec_ops.destroy(m);
	dataset_unref(d);
}

int main(void)
{
	linalg_init();
	for (int values = 0; values < 2; values++) {
		fixture_make(&f, U, I, PER_USER, values);
		V = 0;
		check_word2vec();
		check_item2vec();
		check_refusals();
		fixture_done(&f);
	}
	ok(mem_bytes_now() == 0, "nothing is held at the end");
	return done_testing();
}
