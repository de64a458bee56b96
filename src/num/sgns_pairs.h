/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sgns_pairs.h - what skip-gram is trained on: pairs of words that stand near each other, and words drawn
 * against them.  Mikolov et al. 2013, arXiv:1301.3781 and arXiv:1310.4546, as their program does it:
 *
 * - an occurrence of a word of count n, of N in all, is kept with the probability
 *   (sqrt(n / tN) + 1) tN / n, t = subsample (0: all are); what is dropped leaves no gap;
 * - each kept occurrence draws its window b from 1..window and is the output of one pair with each of the b
 *   words before and after it as input;
 * - negatives are drawn with probability proportional to count^power.
 *
 * Thread: all but making is const and ANY; a struct rng is its thread's own.
 */
#ifndef NUM_SGNS_PAIRS_H
#define NUM_SGNS_PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/rng.h"

/* Sentence s is word[ptr[s]..ptr[s+1]-1], each < V; count[w] its occurrences.  Borrowed. */
struct sgns_corpus {
	uint32_t n_sentences, V;
	const size_t *ptr;    /* [n_sentences + 1] */
	const uint32_t *word;
	const uint64_t *count; /* [V] */
};

struct sgns_pair { uint32_t in, out; };

/* keep[V]: the probability of each word, as a share of 2^32 - 1. */
void sgns_keep(const struct sgns_corpus *c, double subsample, uint32_t *keep);
/* The same for one word that stands `count` times among `total`, as a share of 1. */
double sgns_kept(double count, double total, double subsample);
/* Pairs that a sentence of so many kept words gives in the mean. */
double sgns_pairs_expected(double words, uint32_t window);
/* The most pairs that sentence s can give. */
size_t sgns_pairs_most(const struct sgns_corpus *c, uint32_t s, uint32_t window);
/* The pairs of sentence s into out; returns how many.  room: one number a word of the sentence,
 * none for a lone word, which gives no pair. */
size_t sgns_pairs_make(const struct sgns_corpus *c, uint32_t s, uint32_t window, const uint32_t *keep,
		       struct rng *rng, uint32_t *room, struct sgns_pair *out);

/* Drawing one of n things by weight in constant time (Walker's alias method, in Vose's form). */
struct alias_slot { uint32_t keep, other; }; /* of slot k: k itself with keep / 2^32, else `other` */
/* weight[n] >= 0 and not all 0, n >= 1; share, stack: room, [n]. */
void alias_make(struct alias_slot *slot, const float *weight, uint32_t n, double *share, uint32_t *stack);
static inline uint32_t alias_draw(const struct alias_slot *slot, uint32_t n, struct rng *rng)
{
	uint64_t x = rng_u64(rng);
	uint32_t k = (uint32_t)((x >> 32) * n >> 32);

	return (uint32_t)x <= slot[k].keep ? k : slot[k].other;
}

#endif
