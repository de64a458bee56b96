/* SPDX-License-Identifier: GPL-3.0-or-later */
/* towers.c - the scores of trained models against the towers written from their equations (tests/towers_case.h) on
 * the weights that were saved; and that towers without their towers are matrix factorisation, step by step.
 */
#include "model/registry.h"
#include "model/towers_batch.h"
#include "model/weights.h"
#include "num/linalg.h"
#include "towers_case.h"

#include <unistd.h>

enum { D = 6 };

static struct fixture f;

static struct weights *saved(const struct model *m, enum weights_what what)
{
	struct err err;
	struct weights_writer *w = weights_writer_new(&err);
	struct weights *file;
	char path[64];

	snprintf(path, sizeof(path), "oracle-towers-%d.safetensors", (int)getpid());
	fixture_must(w && towers_ops.save(m, what, w, &err) && weights_commit(w, path, &err), &err);
	weights_writer_free(w);
	file = weights_open(path, &err);
	fixture_must(file != NULL, &err);
	unlink(path);
	return file;
}

static double *tensor(const struct weights *file, const char *name, size_t n)
{
	struct err err;
	size_t rows, cols;
	const float *from = weights_get(file, name, TENSOR_F32, SIZE_MAX, SIZE_MAX, &rows, &cols, &err);
	double *to = mem_must(mem_zeroed(n, sizeof(*to), &err));

	fixture_must(from != NULL, &err);
	ok(rows * (cols ? cols : 1) == n, "%s has %zu numbers", name, n);
	for (size_t k = 0; k < n; k++)
		to[k] = (double)from[k];
	return to;
}

/* --- Scores -------------------------------------------------------------------------------- */

/* The words of the items, and what i' is made of. */
struct words { const struct item_text *text; double *vector, scale; };

/* i' without the word of that place; held: the others keep their shares. */
static void naive_words(const struct words *w, uint32_t item, size_t without, bool held, float *out)
{
	const struct csr *bag = &w->text->bag;
	size_t begin = bag->ptr[item], end = bag->ptr[item + 1];
	double sum = 0;

	for (size_t k = begin; k < end; k++)
		sum += k - begin != without || held ? (double)bag->val[k] : 0;
	for (size_t d = 0; d < D; d++) {
		double mean = 0;

		for (size_t k = begin; k < end; k++)
			if (k - begin != without)
				mean += (double)bag->val[k] / sum * w->vector[bag->idx[k] * D + d];
		out[d] = (float)(mean * w->scale);
	}
}

/* i' from the words' vectors and their weights, at a mean square length of 1. */
static struct towers_text *text_of(const struct weights *file, struct words *w)
{
	struct err err;
	const struct item_text_rule rule = { .min_items = 2, .titles = true, .tags = true, .texts = true };
	struct towers_text *t = mem_must(mem_zeroed(1, sizeof(*t), &err));
	double square = 0, with = 0;

	*w = (struct words){ .text = item_text_new(f.data, &rule, "test", &task_null, &err), .scale = 1 };
	fixture_must(w->text != NULL, &err);
	*t = (struct towers_text){ .I = TC_I, .D = D, .refs = 1 };
	t->mean = mem_must(mem_zeroed(TC_I * D, sizeof(float), &err));
	w->vector = tensor(file, "words", w->text->words.n * D);
	for (uint32_t i = 0; i < TC_I; i++) {
		naive_words(w, i, SIZE_MAX, false, t->mean + i * D);
		for (size_t d = 0; d < D; d++)
			square += (double)t->mean[i * D + d] * (double)t->mean[i * D + d];
		with += csr_row_n(&w->text->bag, i) > 0;
	}
	w->scale = sqrt(with / square);
	for (uint32_t i = 0; i < TC_I; i++)
		naive_words(w, i, SIZE_MAX, false, t->mean + i * D);
	return t;
}

static void read_weights(struct naive *a, struct towers_net *net, const struct weights *file)
{
	struct err err;

	*a = (struct naive){ .net = net, .f = &f, .users = tensor(file, "users", TC_U * D),
			     .items = tensor(file, "items", TC_I * D), .past = tensor(file, "past", TC_I * D),
			     .tags = tensor(file, "tags", TC_TAGS * D) };
	a->t = mem_must(mem_zeroed(net->t.size, sizeof(double), &err));
	for (size_t k = 0; k < net->t.n; k++) {
		const struct tensor *t = &net->t.tensor[k];
		double *from = tensor(file, t->name, tensor_n(t));

		memcpy(a->t + t->at, from, tensor_n(t) * sizeof(double));
		mem_free(from);
	}
}

static void naive_scores(const struct naive *a, const struct query *q, double out[TC_I])
{
	double u[D], r[D];
	bool stranger = q->fold_in || q->user == NO_USER || !csr_row_n(&f.x, q->user);

	naive_person(a, q->user, stranger, q->items, q->x, q->n, NO_ITEM, u);
	naive_unit(a->net, u);
	for (uint32_t i = 0; i < TC_I; i++) {
		naive_item(a, i, false, r);
		out[i] = 0;
		for (size_t d = 0; d < D; d++)
			out[i] += u[d] * r[d];
	}
}

/* --- Content -------------------------------------------------------------------------------- */

struct parting {
	struct naive *a;
	const struct words *w;
	float *text; /* of all items, the network's own */
	double u[D], score, sum, worst;
	uint32_t item;
	bool exact, named;
	const struct content *got;
	size_t n;
};

static double naive_score(const struct parting *p, bool unknown)
{
	double r[D], sum = 0;

	naive_item(p->a, p->item, unknown, r);
	for (size_t d = 0; d < D; d++)
		sum += p->u[d] * r[d];
	return sum;
}

/* The next part is to be what the score has lost now. */
static void next_part(struct parting *p, const char *kind, const char *name, bool unknown)
{
	const struct content_part *part = &p->got->part[p->n];
	double want = p->score - naive_score(p, unknown);

	if (p->n++ >= p->got->n) {
		p->named = false;
		return;
	}
	p->named = p->named && !strcmp(part->kind, kind) && !strcmp(part->name, name);
	p->worst = fmax(p->worst, fabs((double)part->value - want));
	p->sum += (double)part->value;
}

/* The same with weights that are 0. */
static void next_part_of(struct parting *p, const char *kind, const char *name, double *weight, size_t n)
{
	struct err err;
	double *kept = mem_must(mem_alloc(n, sizeof(*kept), &err));

	memcpy(kept, weight, n * sizeof(*kept));
	memset(weight, 0, n * sizeof(*weight));
	next_part(p, kind, name, false);
	memcpy(weight, kept, n * sizeof(*kept));
	mem_free(kept);
}

static void check_parts(struct parting *p)
{
	const struct naive *a = p->a;
	const struct csr *tags = &f.data->item_tags, *bag = &p->w->text->bag;

	p->score = naive_score(p, false);
	for (size_t k = 0; k < csr_row_n(bag, p->item); k++) {
		naive_words(p->w, p->item, k, p->exact, p->text + p->item * D);
		next_part(p, "word", strtab_get(&p->w->text->words, csr_row(bag, p->item)[k]), false);
	}
	naive_words(p->w, p->item, SIZE_MAX, false, p->text + p->item * D);
	for (size_t k = 0; k < csr_row_n(tags, p->item); k++) {
		uint32_t t = csr_row(tags, p->item)[k];

		next_part_of(p, "tag", strtab_get(&f.data->tag_names, t), a->tags + t * D, D);
	}
	for (size_t m = 0; m < f.data->n_modalities; m++)
		if (f.data->modalities[m].has[p->item])
			next_part_of(p, "modality", f.data->modalities[m].name, a->t + a->net->features.P[m],
				     ((size_t)f.data->modalities[m].dim + 1) * D);
	if (csr_row_n(&f.xt, p->item))
		next_part(p, "id", dataset_item_id(f.data, p->item), true);
	p->named = p->named && p->n == p->got->n;
}

static void test_content(const struct model *m, struct naive *a, const struct words *w, float *text, bool exact,
			 const char *name)
{
	struct err err;
	struct scratch s = { 0 };
	uint32_t items[TC_PER_USER + 2];
	float x[TC_PER_USER + 2];
	bool named = true, told = true;
	double worst = 0, off = 0;
	size_t parts = 0;

	for (uint32_t u = 0; u < TC_U; u += 4)
		for (uint32_t i = 0; i < TC_I; i++) {
			struct content c = { 0 };
			struct query q = { .items = items, .x = f.x.val ? x : NULL, .user = u };
			struct parting p = { .a = a, .w = w, .text = text, .item = i, .exact = exact, .named = true,
					     .got = &c };

			q.n = (uint32_t)naive_history(a, u, items, x);
			fixture_must(towers_ops.content(m, &q, i, &s, &c, &err), &err);
			naive_person(a, u, !csr_row_n(&f.x, u), items, q.x, q.n, NO_ITEM, p.u);
			naive_unit(a->net, p.u);
			check_parts(&p);
			named = named && p.named;
			parts += p.n;
			worst = fmax(worst, p.worst);
			told = told && c.exact == exact && (exact || (isnan(c.base) && isnan(c.rest)));
			off = exact ? fmax(off, fabs((double)c.base + p.sum + (double)c.rest - p.score)) : 0;
			content_done(&c);
		}
	ok(named && parts > TC_I, "%s: words, tags, modalities and the number are told (%zu)", name, parts);
	ok(worst < 2e-5, "%s: each by what the score loses without it (%.1e)", name, worst);
	ok(told && off < 2e-5, "%s: %s (%.1e)", name, exact ? "and with the base they sum" : "that do not sum", off);
	scratch_done(&s);
}

static void test_scores(const char *loss, const char *activation)
{
	struct err err;
	struct params p;
	struct towers_net net = { .U = TC_U, .I = TC_I, .D = D, .cosine = !strcmp(loss, "ccl"), .project = true,
				  .history = true, .recency = 0.7f, .social = 0.3f };
	struct naive a;
	struct scratch s = { 0 };
	struct weights *file;
	struct towers_text *text;
	struct words words;
	struct model *m;
	double worst = 0;

	params_init(&p, towers_ops.params);
	fixture_set(&p, "dim", "6");
	fixture_set(&p, "loss", loss);
	fixture_set(&p, "activation", activation);
	fixture_set(&p, "project", "yes");
	fixture_set(&p, "recency", "0.7");
	fixture_set(&p, "social", "0.3");
	fixture_set(&p, "lr", "0.05");
	net.activation = (enum towers_activation)params_choice(&p, "activation");
	m = fixture_fit(&f, &towers_ops, &p, 4, &task_null, &err);
	fixture_must(m != NULL, &err);
	file = saved(m, WEIGHTS_SCORING);
	fixture_must(towers_features_init(&net.features, f.data, D, true, true, &err), &err);
	net.features.text = text = text_of(file, &words);
	fixture_must(towers_net_make(&net, &err), &err);
	read_weights(&a, &net, file);
	for (uint32_t u = 0; u < TC_U; u++) {
		for (int how = 0; how < 4; how++) { /* a stranger, known, folded in, without a history */
			uint32_t items[TC_PER_USER + 2];
			float x[TC_PER_USER + 2], got[TC_I];
			struct query q = { .items = items, .x = f.x.val ? x : NULL, .user = how ? u : NO_USER,
					   .fold_in = how == 2 };
			double want[TC_I];

			q.n = (uint32_t)naive_history(&a, u, items, x);
			q.n = how == 3 ? 0 : q.n;
			fixture_must(model_score_all(m, &q, &s, got, TC_I, &err), &err);
			naive_scores(&a, &q, want);
			worst = fmax(worst, relative_difference(got, want, TC_I));
		}
	}
	ok(worst < 1e-5, "%s, %s: scores are those of the equations (%.1e)", loss, activation, worst);
	test_content(m, &a, &words, text->mean, !net.cosine && net.activation == TOWERS_LINEAR, loss);
	item_text_unref(words.text);
	mem_free(words.vector);
	mem_free(a.t), mem_free(a.users), mem_free(a.items), mem_free(a.past), mem_free(a.tags);
	towers_net_done(&net);
	weights_close(file);
	scratch_done(&s);
	towers_ops.destroy(m);
}

/* --- Matrix factorisation -------------------------------------------------------------------- */

struct table { double *w, *m, *v, *g; bool *touched; uint32_t rows; };

static struct table table_of(const struct weights *file, const char *name, uint32_t rows)
{
	struct err err;

	return (struct table){ .w = tensor(file, name, rows * D), .rows = rows,
			       .m = mem_must(mem_zeroed(rows * D, sizeof(double), &err)),
			       .v = mem_must(mem_zeroed(rows * D, sizeof(double), &err)),
			       .g = mem_must(mem_zeroed(rows * D, sizeof(double), &err)),
			       .touched = mem_must(mem_zeroed(rows, 1, &err)) };
}

static void table_done(struct table *t)
{
	mem_free(t->w), mem_free(t->m), mem_free(t->v), mem_free(t->g), mem_free(t->touched);
}

static void adam(struct table *t, double lr, int step)
{
	for (uint32_t r = 0; r < t->rows; r++) {
		for (size_t k = r * D; t->touched[r] && k < (r + 1) * D; k++) {
			t->m[k] = 0.9 * t->m[k] + 0.1 * t->g[k];
			t->v[k] = 0.999 * t->v[k] + 0.001 * t->g[k] * t->g[k];
			t->w[k] -= lr * t->m[k] / (1 - pow(0.9, step)) / (sqrt(t->v[k] / (1 - pow(0.999, step))) + 1e-8);
		}
		t->touched[r] = false;
	}
	memset(t->g, 0, t->rows * D * sizeof(*t->g));
}

static double dot(const struct table *W, uint32_t u, const struct table *H, uint32_t i)
{
	double s = 0;

	for (size_t d = 0; d < D; d++)
		s += W->w[u * D + d] * H->w[i * D + d];
	return s;
}

static void add_slope(struct table *W, uint32_t u, struct table *H, uint32_t i, double slope)
{
	W->touched[u] = H->touched[i] = true;
	for (size_t d = 0; d < D; d++) {
		W->g[u * D + d] += slope * H->w[i * D + d];
		H->g[i * D + d] += slope * W->w[u * D + d];
	}
}

/* Rendle's pairs: each event against the batch's negatives outside the user's row. */
static void factorise(struct table *W, struct table *H, const struct towers_batch *b)
{
	for (size_t p = 0; p < b->n; p++)
		for (size_t row = b->row_of[p]; row < b->row_of[p + 1]; row++) {
			uint32_t u = b->first[p].user, i = b->item[b->at[row]], counted = 0;

			for (uint32_t k = 0; k < b->N; k++)
				counted += !csr_has(&f.x, u, b->item[k]);
			for (uint32_t k = 0; k < b->N; k++) {
				uint32_t j = b->item[k];
				double slope = 1 / (1 + exp(dot(W, u, H, i) - dot(W, u, H, j))) / counted / (double)b->R;

				H->touched[j] = true;
				if (csr_has(&f.x, u, j))
					continue;
				add_slope(W, u, H, j, slope);
				add_slope(W, u, H, i, -slope);
			}
		}
}

static double apart(const struct table *t, const struct weights *file, const char *name)
{
	double *now = tensor(file, name, t->rows * D), worst = 0, size = 0;

	for (size_t k = 0; k < t->rows * D; k++) {
		worst = fmax(worst, fabs(now[k] - t->w[k]));
		size = fmax(size, fabs(t->w[k]));
	}
	mem_free(now);
	return worst / size;
}

static void test_factorisation(void)
{
	static const char *const off[] = { "project", "history", "text", "tags", "vectors" };
	struct err err;
	struct params p;
	struct towers_batch b;
	struct table W, H;
	struct weights *file;
	struct model *m;
	int steps = 0;

	params_init(&p, towers_ops.params);
	for (size_t k = 0; k < 5; k++)
		fixture_set(&p, off[k], "no");
	fixture_set(&p, "dim", "6");
	fixture_set(&p, "activation", "linear");
	fixture_set(&p, "loss", "bpr");
	fixture_set(&p, "negatives", "7");
	fixture_set(&p, "batch", "24");
	fixture_set(&p, "lr", "0.01");
	fixture_set(&p, "user-dropout", "0");
	fixture_set(&p, "item-dropout", "0");
	fixture_set(&p, "dropout", "0");
	fixture_set(&p, "l2", "0");
	m = towers_ops.create(&f.env, &p, &err);
	fixture_must(m && towers_batch_make(&b, &f.env, 24, 7, &err), &err);
	file = saved(m, WEIGHTS_STATE);
	ok(!weights_has(file, "user.weight") && !weights_has(file, "history.weight") && !weights_has(file, "text.weight") &&
	   !weights_has(file, "item.bias") && !weights_has(file, "past") && !weights_has(file, "tags"),
	   "without towers there are no matrices and biases");
	W = table_of(file, "users", TC_U);
	H = table_of(file, "items", TC_I);
	weights_close(file);
	for (uint32_t e = 1; e <= 5; e++) {
		struct fit_ctx ctx = { .task = &task_null, .epoch = e, .seed = 42 };

		fixture_must(towers_ops.fit_epoch(m, &f.env, &ctx, &err), &err);
		towers_batch_shuffle(&b, 42, e);
		for (size_t k = 0; k < b.n_batches; k++) {
			towers_batch_fill(&b, k, 42, e);
			factorise(&W, &H, &b);
			adam(&W, 0.01, ++steps);
			adam(&H, 0.01, steps);
		}
	}
	file = saved(m, WEIGHTS_STATE);
	ok(apart(&W, file, "users") < 1e-3 && apart(&H, file, "items") < 1e-3,
	   "after %d steps the vectors are those of matrix factorisation (%.1e, %.1e)", steps, apart(&W, file, "users"),
	   apart(&H, file, "items"));
	weights_close(file);
	table_done(&W);
	table_done(&H);
	towers_batch_done(&b);
	towers_ops.destroy(m);
}

int main(void)
{
	size_t before;

	linalg_init();
	for (int values = 0; values < 2; values++) {
		before = mem_bytes_now();
		tc_make(&f, values);
		test_scores("ccl", "seed");
		test_scores("ccl", "linear");
		test_scores("softmax", "tanh");
		test_scores("bpr", "seed");
		test_scores("softmax", "linear");
		if (!values)
			test_factorisation();
		fixture_done(&f);
		ok(mem_bytes_now() == before, "nothing is held at the end");
	}
	return done_testing();
}
