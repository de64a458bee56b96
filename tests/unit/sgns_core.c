/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Skip-gram with negative sampling: steps against a naive loop in double, an epoch against the same loop over
 * the same draws, pairs and draws by counting, and what becomes of words that stand together.
 */
#include "num/sgns_core.h"

#include "num/linalg.h"
#include "num_case.h"

/* --- Steps -------------------------------------------------------------------------------- */

/* Each gradient from the values before the step; of equal outputs the later starts where the earlier ended. */
static double naive_step(double *w, double *out, size_t D, const uint32_t *c, size_t n, double lr)
{
	double loss = 0, dw[SGNS_MAX_D] = { 0 }, g[SGNS_MAX_NEGATIVES + 1];

	for (size_t k = 0; k < n; k++) {
		double y = 0;

		for (size_t d = 0; d < D; d++)
			y += w[d] * out[c[k] * D + d];
		y = k ? -y : y;
		loss += log1p(exp(-y));
		g[k] = (k ? -lr : lr) / (1 + exp(y));
	}
	for (size_t k = 0; k < n; k++) {
		for (size_t d = 0; d < D; d++) {
			dw[d] += g[k] * out[c[k] * D + d];
			out[c[k] * D + d] += g[k] * w[d];
		}
	}
	for (size_t d = 0; d < D; d++)
		w[d] += dw[d];
	return loss;
}

static double *doubled(const float *v, size_t n)
{
	double *d = case_zeroed(n, sizeof(*d));

	for (size_t k = 0; k < n; k++)
		d[k] = (double)v[k];
	return d;
}

static void check_steps(const char *table, size_t D, unsigned most)
{
	enum { ROWS = 30, STEPS = 200 };
	float *in = case_floats(ROWS * D), *out = case_floats(ROWS * D);
	double *in_d = doubled(in, ROWS * D), *out_d = doubled(out, ROWS * D), loss = 0, worst;
	uint32_t w[STEPS], c[STEPS * (SGNS_MAX_NEGATIVES + 1)];
	uint8_t n[STEPS];
	struct kern_sgns s = { .in_table = in, .out_table = out, .D = D, .in = w, .out = c, .n_out = n, .n = STEPS,
			       .most = most, .lr = 0.05f };

	for (size_t t = 0; t < STEPS; t++) {
		w[t] = case_below(ROWS);
		n[t] = (uint8_t)(1 + case_below(most)); /* some drawn the positive */
		for (size_t k = 0; k < n[t]; k++)
			c[t * most + k] = case_below(ROWS); /* and some a word twice */
	}
	kern()->sgns_steps(&s);
	for (size_t t = 0; t < STEPS; t++)
		loss += naive_step(in_d + w[t] * D, out_d, D, c + t * most, n[t], 0.05);
	worst = fmax(case_apart(in, in_d, ROWS * D), case_apart(out, out_d, ROWS * D));
	ok(worst < 1e-4 && fabs(s.loss - loss) < 1e-4 * loss, "%s: D=%zu, up to %u outputs: off by %.1e, loss %.6g for %.6g",
	   table, D, most, worst, s.loss, loss);
	mem_free(in), mem_free(out), mem_free(in_d), mem_free(out_d);
}

static void check_far(const char *table)
{
	float in[2] = { 1000, 1 }, out[3] = { -1, 1, INFINITY };
	uint32_t w = 0, c[2] = { 0, 1 };
	uint8_t n = 2;
	struct kern_sgns s = { .in_table = in, .out_table = out, .D = 1, .in = &w, .out = c, .n_out = &n, .n = 1,
			       .most = 2, .lr = 1e-6f };

	kern()->sgns_steps(&s);
	ok(fabs(s.loss - 2000) < 1e-2, "%s: a score far wrong costs its distance: %g", table, s.loss);
	w = 1;
	c[0] = 2;
	c[1] = 2;
	kern()->sgns_steps(&s);
	ok(!isfinite(s.loss), "%s: what is not finite makes the loss none", table);
}

/* --- Pairs and draws -------------------------------------------------------------------- */

struct text {
	struct sgns_corpus c;
	size_t *ptr;
	uint32_t *word;
	uint64_t *count;
};

/* Topics of words; a sentence stays within one, and low numbers of a topic are frequent. */
static struct text text_new(uint32_t sentences, uint32_t most, uint32_t V, uint32_t topics)
{
	struct text t = { .ptr = case_zeroed(sentences + 1, sizeof(*t.ptr)), .count = case_zeroed(V, sizeof(*t.count)),
			  .word = case_zeroed((size_t)sentences * most, sizeof(*t.word)) };

	for (uint32_t s = 0; s < sentences; s++) {
		uint32_t n = case_below(most + 1), topic = case_below(topics);

		t.ptr[s + 1] = t.ptr[s] + n;
		for (size_t k = t.ptr[s]; k < t.ptr[s + 1]; k++) {
			uint32_t of = V / topics, a = case_below(of), b = case_below(of);

			t.word[k] = (a < b ? a : b) * topics + topic;
			t.count[t.word[k]]++;
		}
	}
	t.c = (struct sgns_corpus){ .n_sentences = sentences, .V = V, .ptr = t.ptr, .word = t.word, .count = t.count };
	return t;
}

static void text_done(struct text *t)
{
	mem_free(t->ptr), mem_free(t->word), mem_free(t->count);
}

static void check_pairs(void)
{
	enum { N = 60, WINDOW = 7, TIMES = 4000 };
	size_t ptr[2] = { 0, N };
	uint32_t word[N], keep[N], room[N], far[WINDOW + 2] = { 0 };
	uint64_t count[N];
	const struct sgns_corpus c = { .n_sentences = 1, .V = N, .ptr = ptr, .word = word, .count = count };
	struct sgns_pair pair[2 * WINDOW * N];
	struct rng rng = rng_stream(3, "pairs", 0, 0);
	bool right = true;
	double worst = 0;
	size_t n;

	for (uint32_t k = 0; k < N; k++) {
		word[k] = k;
		count[k] = 1;
	}
	sgns_keep(&c, 0, keep);
	n = sgns_pairs_make(&c, 0, 1, keep, &rng, room, pair);
	for (size_t k = 0; k < n; k++)
		right = right && (pair[k].in + 1 == pair[k].out || pair[k].in == pair[k].out + 1);
	ok(n == 2 * N - 2 && right, "window 1: each word with the one before and the one after");
	ok(sgns_pairs_most(&c, 0, WINDOW) == 2 * WINDOW * N && sgns_pairs_most(&c, 0, 1000) == N * (N - 1),
	   "and no more room than the sentence needs");
	/* A distance d is inside when b >= d: (WINDOW - d + 1) / WINDOW of the time. */
	for (int t = 0; t < TIMES; t++) {
		n = sgns_pairs_make(&c, 0, WINDOW, keep, &rng, room, pair);
		for (size_t k = 0; k < n; k++) {
			uint32_t d = pair[k].in > pair[k].out ? pair[k].in - pair[k].out : pair[k].out - pair[k].in;

			far[d <= WINDOW ? d : WINDOW + 1]++;
		}
	}
	for (uint32_t d = 1; d <= WINDOW; d++)
		worst = fmax(worst, fabs(far[d] / (2.0 * (N - d) * TIMES) * WINDOW / (WINDOW - d + 1) - 1));
	ok(worst < 0.02 && !far[0] && !far[WINDOW + 1], "windows are drawn alike from 1 to %d (%.4f)", WINDOW, worst);
}

static void check_subsample(void)
{
	enum { N = 1000, TIMES = 2000 };
	size_t ptr[2] = { 0, N };
	uint32_t word[N], keep[3], room[N], seen[3] = { 0 };
	uint64_t count[3] = { 600, 390, 10 };
	const struct sgns_corpus c = { .n_sentences = 1, .V = 3, .ptr = ptr, .word = word, .count = count };
	static struct sgns_pair pair[2 * N];
	struct rng rng = rng_stream(3, "subsample", 0, 0);
	double worst = 0;

	for (uint32_t k = 0; k < N; k++)
		word[k] = k < 600 ? 0 : k < 990 ? 1 : 2;
	sgns_keep(&c, 0.02, keep);
	for (int t = 0; t < TIMES; t++) {
		size_t n = sgns_pairs_make(&c, 0, 1, keep, &rng, room, pair);

		for (size_t k = 0; k < n; k++)
			seen[pair[k].out]++;
	}
	for (uint32_t w = 0; w < 3; w++) { /* but for the two ends, a kept word is the output of two pairs */
		double f = (double)count[w] / N, p = fmin(1, sqrt(0.02 / f) + 0.02 / f);

		worst = fmax(worst, fabs(seen[w] / (2.0 * TIMES) - p * (double)count[w]) / (double)count[w]);
	}
	ok(worst < 0.06, "frequent words are kept as often as the formula says (%.3f)", worst);
}

static void check_alias(void)
{
	enum { N = 97 };
	struct alias_slot slot[N];
	float weight[N];
	double share[N], sum = 0, got[N] = { 0 }, worst = 0;
	uint32_t stack[N];

	for (uint32_t k = 0; k < N; k++) {
		weight[k] = k % 11 ? powf((float)k, 3) : 0;
		sum += (double)weight[k];
	}
	alias_make(slot, weight, N, share, stack);
	for (uint32_t k = 0; k < N; k++) {
		got[k] += slot[k].keep / 0x1p32 / N;
		got[slot[k].other] += (1 - slot[k].keep / 0x1p32) / N;
	}
	for (uint32_t k = 0; k < N; k++)
		worst = fmax(worst, fabs(got[k] - (double)weight[k] / sum));
	ok(worst < 1e-8, "the slots give each thing its share (%.1e)", worst);
}

/* --- An epoch --------------------------------------------------------------------------- */

static struct sgns_tables tables_new(uint32_t V, uint32_t D, uint64_t seed)
{
	struct sgns_tables t = { .in = case_zeroed((size_t)V * D, 4), .out = case_zeroed((size_t)V * D, 4), .D = D };

	sgns_tables_init(&t, V, seed);
	return t;
}

static void tables_done(struct sgns_tables *t)
{
	mem_free(t->in), mem_free(t->out);
}

static struct sgns_told epochs(const struct text *text, const struct sgns_rule *rule, const struct sgns_tables *w,
			       uint32_t from, uint32_t n, const struct task *task)
{
	struct sgns_told told = { 0 };
	struct err err;
	struct sgns_core *s = mem_must(sgns_core_new(&text->c, rule, w->D, 5, &err));

	for (uint32_t e = from; e < from + n; e++)
		if (!sgns_epoch(s, w, e, "test", &told, task, &err))
			printf("# %s\n", err.msg);
	sgns_core_free(s);
	return told;
}

/* Few words make one group: then an epoch is its sentences' pairs in a shuffled order, and can be done again
 * here with the arithmetic of naive_step(). */
static void check_naive_epoch(bool free_order)
{
	enum { V = 90, D = 10, WINDOW = 3, K = 4, CHUNKS = 16 };
	struct text t = text_new(40, 12, V, 3);
	const struct sgns_rule rule = { .lr = 0.1f, .window = WINDOW, .negatives = K, .epochs = 4, .subsample = 0.01,
					.power = 0.75, .free_order = free_order };
	struct sgns_tables w = tables_new(V, D, 1);
	double *in = doubled(w.in, V * D), *out = doubled(w.out, V * D), loss = 0, share[V], worst;
	struct rng order = rng_stream(5, "sgns.sentences", 2, 0), pairs = rng_stream(5, "sgns.pairs", 2, 0);
	struct rng draws = rng_stream(5, free_order ? "sgns.free" : "sgns.part", 2, 0);
	uint32_t sentence[40], keep[V], room[12], stack[V];
	struct sgns_pair pair[2 * WINDOW * 12];
	struct alias_slot slot[V];
	struct sgns_told told;
	float weight[V];
	size_t n_pairs = 0;

	told = epochs(&t, &rule, &w, 2, 1, &task_null);
	sgns_keep(&t.c, rule.subsample, keep);
	for (uint32_t v = 0; v < V; v++)
		weight[v] = (float)pow((double)t.count[v], rule.power);
	alias_make(slot, weight, V, share, stack);
	for (uint32_t k = 0; k < 40; k++)
		sentence[k] = k;
	rng_shuffle_u32(&order, sentence, 40);
	for (uint32_t k = 0; k < 40; k++) {
		size_t n = sgns_pairs_make(&t.c, sentence[k], WINDOW, keep, &pairs, room, pair);

		for (size_t p = 0; p < n; p++) {
			uint32_t c[K + 1] = { pair[p].out };
			size_t m = 1;

			for (int d = 0; d < K; d++) {
				uint32_t v = alias_draw(slot, V, &draws);

				if (v != c[0])
					c[m++] = v;
			}
			loss += naive_step(in + pair[p].in * D, out, D, c, m, 0.1 * 0.5);
		}
		n_pairs += n;
	}
	worst = fmax(case_apart(w.in, in, V * D), case_apart(w.out, out, V * D));
	ok(worst < 1e-5 && told.pairs == n_pairs && fabs(told.loss - loss / (double)n_pairs) < 1e-6,
	   "an epoch%s is the naive one: off by %.1e, loss %.7g for %.7g", free_order ? " in free order" : "", worst,
	   told.loss, loss / (double)n_pairs);
	ok(fabs(told.lr - 0.1 * 0.25) < 1e-7, "the step has fallen to %.3g", told.lr);
	mem_free(in), mem_free(out);
	tables_done(&w);
	text_done(&t);
}

static double cosine(const float *v, uint32_t a, uint32_t b, uint32_t D)
{
	const float *x = v + (size_t)a * D, *y = v + (size_t)b * D;

	return (double)linalg_dot(x, y, D) / sqrt((double)linalg_dot(x, x, D) * (double)linalg_dot(y, y, D));
}

static void check_training(bool free_order)
{
	enum { V = 400, D = 20, TOPICS = 4, EPOCHS = 6 };
	struct text t = text_new(6000, 14, V, TOPICS);
	const struct sgns_rule rule = { .lr = 0.05f, .window = 5, .negatives = 5, .epochs = EPOCHS, .subsample = 1e-3,
					.power = 0.75, .free_order = free_order };
	struct sgns_tables a = tables_new(V, D, 1), b = tables_new(V, D, 1);
	struct task two = case_task(2), three = case_task(3);
	struct sgns_told first = epochs(&t, &rule, &a, 0, 1, free_order ? &task_null : &two);
	struct sgns_told last = epochs(&t, &rule, &a, 1, EPOCHS - 1, free_order ? &task_null : &three);
	double same = 0, other = 0;
	size_t n_same = 0, n_other = 0;

	epochs(&t, &rule, &b, 0, EPOCHS, &task_null);
	ok(!memcmp(a.in, b.in, V * D * sizeof(float)) && !memcmp(a.out, b.out, V * D * sizeof(float)),
	   "%s: %s", free_order ? "free" : "fixed",
	   free_order ? "one thread is one result" : "the same bits on one, two and three threads, and after a stop");
	ok(last.loss < first.loss && last.pairs > 0, "the loss falls: %.4f, %.4f", first.loss, last.loss);
	for (uint32_t x = 0; x < 100; x++) {
		for (uint32_t y = 0; y < x; y++) {
			bool together = x % TOPICS == y % TOPICS;

			*(together ? &same : &other) += cosine(a.in, x, y, D);
			*(together ? &n_same : &n_other) += 1;
		}
	}
	ok(same / (double)n_same > other / (double)n_other + 0.5, "words that stand together come together: %.2f, others %.2f",
	   same / (double)n_same, other / (double)n_other);
	case_task_done(&two), case_task_done(&three);
	tables_done(&a), tables_done(&b);
	text_done(&t);
}

/* In a tiny step from outputs of 0, an output moves down by lr/2 for each time it is drawn, up for each pair:
 * the difference of two runs over the same pairs, with 5 negatives and with 1, is draws alone. */
static void check_draws(void)
{
	enum { V = 300, EPOCHS = 300 };
	struct text t = text_new(400, 10, V, 1);
	struct sgns_rule rule = { .lr = 1e-9f, .window = 2, .epochs = UINT32_MAX, .power = 0.75 };
	struct sgns_tables w[2] = { tables_new(V, 1, 1), tables_new(V, 1, 1) };
	double sum = 0, all = 0, worst = 0;

	for (int k = 0; k < 2; k++) {
		for (uint32_t v = 0; v < V; v++)
			w[k].in[v] = 1;
		rule.negatives = k ? 5 : 1;
		epochs(&t, &rule, &w[k], 0, EPOCHS, &task_null);
	}
	for (uint32_t v = 0; v < V; v++) {
		sum += pow((double)t.count[v], 0.75);
		all += (double)w[0].out[v] - (double)w[1].out[v];
	}
	for (uint32_t v = 0; v < V; v++) {
		double got = ((double)w[0].out[v] - (double)w[1].out[v]) / all;

		if (t.count[v] >= 5)
			worst = fmax(worst, fabs(got / pow((double)t.count[v], 0.75) * sum - 1));
	}
	ok(all > 0 && worst < 0.12, "words are drawn as count^0.75 says (%.3f)", worst);
	tables_done(&w[0]), tables_done(&w[1]);
	text_done(&t);
}

static bool never(void *ctx)
{
	(void)ctx;
	return false;
}

static void check_ends(void)
{
	enum { V = 400, D = 8 };
	struct text t = text_new(3000, 14, V, 4);
	struct sgns_rule rule = { .lr = 0.05f, .window = 5, .negatives = 5, .epochs = 1, .power = 0.75 };
	struct sgns_tables w = tables_new(V, D, 1);
	const struct task stop = { .keep_going = never };
	struct sgns_told told;
	struct err err = { 0 };
	struct sgns_core *s = mem_must(sgns_core_new(&t.c, &rule, D, 5, &err));

	ok(!sgns_epoch(s, &w, 0, "test", &told, &stop, &err) && err.code == ERR_CANCELLED, "it can be stopped");
	w.in[17] = NAN;
	ok(!sgns_epoch(s, &w, 0, "test", &told, &task_null, &err) && err.code == ERR_NUMERIC &&
		   strstr(err.msg, "epoch 1") && strstr(err.msg, "vectors"), "what is spoilt is told: %s", err.msg);
	sgns_core_free(s);
	tables_done(&w);
	text_done(&t);
	/* Nothing to learn from: sentences of one word, words that never come. */
	t = text_new(30, 1, V, 4);
	w = tables_new(V, D, 1);
	told = epochs(&t, &rule, &w, 0, 1, &task_null);
	ok(told.pairs == 0 && told.loss == 0, "sentences of one word give no pairs");
	tables_done(&w);
	text_done(&t);
}

int main(void)
{
	linalg_init();
	CASE_EACH_TABLE(name) {
		static const size_t D[] = { 1, 7, 16, 50, 64, 100 };

		for (size_t k = 0; k < sizeof(D) / sizeof(*D); k++)
			for (unsigned most = 1; most <= SGNS_MAX_NEGATIVES + 1; most += most < 8 ? 1 : 19)
				check_steps(name, D[k], most);
		check_far(name);
	}
	check_pairs();
	check_subsample();
	check_alias();
	check_naive_epoch(false);
	check_naive_epoch(true);
	check_training(false);
	check_training(true);
	check_draws();
	check_ends();
	ok(mem_bytes_now() == 0, "nothing is held at the end");
	return done_testing();
}
