/* SPDX-License-Identifier: GPL-3.0-or-later */
/* word_vectors.c - see word_vectors.h. */
#include "model/word_vectors.h"

#include <math.h>

#include "base/mem.h"
#include "model/skipgram.h"

struct sgns_corpus word_vectors_corpus(const struct item_text *t)
{
	return (struct sgns_corpus){ .n_sentences = t->bag.rows, .V = t->words.n, .ptr = t->ptr, .word = t->word,
				     .count = t->count };
}

struct sgns_rule word_vectors_rule(void)
{
	return (struct sgns_rule){ .lr = 0.1f, .window = 10, .negatives = 5, .epochs = 30, .subsample = 1e-4,
				   .power = 0.75 };
}

bool word_vectors_train(const struct item_text *t, const struct sgns_rule *rule, uint32_t D, uint64_t seed, float *out,
			const char *who, const struct task *task, struct err *err)
{
	struct sgns_corpus corpus = word_vectors_corpus(t);
	struct sgns_tables w = { .in = out, .D = D };
	const struct task quiet = { .keep_going = task->keep_going, .ctx = task->ctx, .pool = task->pool };
	struct sgns_core *core = sgns_core_new(&corpus, rule, D, seed, err);
	struct sgns_told told;
	bool done = core && (w.out = mem_alloc((size_t)corpus.V * D, sizeof(*w.out), err));

	if (done)
		sgns_tables_init(&w, corpus.V, seed);
	for (uint32_t e = 0; done && e < rule->epochs; e++) {
		task_progress(task, e, rule->epochs);
		done = sgns_epoch(core, &w, e, who, &told, &quiet, err);
	}
	mem_free(w.out);
	sgns_core_free(core);
	return done;
}

/* Words by Zipf's law: the r-th of V is met 1 / (r H) of the time.  The share of all that is kept. */
static double share_kept(double V, double standing, double subsample)
{
	double H = 0, kept = 0;

	for (double r = 1; r <= V; r++)
		H += 1 / r;
	for (double r = 1; r <= V; r++)
		kept += sgns_kept(standing / (r * H), standing, subsample) / (r * H);
	return kept;
}

void word_vectors_effort(const struct item_text_size *text, double I, const struct sgns_rule *rule, uint32_t D,
			 struct effort *e)
{
	double V = (double)text->words, words = (double)text->standing;
	double kept = V > 0 ? words * share_kept(V, words, rule->subsample) : 0;

	skipgram_effort(e, rule, D, V, words, I > 0 ? I * sgns_pairs_expected(kept / I, rule->window) : 0);
}
