/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sgns_core.h - word vectors by skip-gram with negative sampling, Mikolov et al. 2013, arXiv:1310.4546.
 *
 * Minimises, by stochastic gradient descent over the pairs (i, o) of sgns_pairs.h and K drawn words k each,
 *
 *	ln(1 + exp(-v_i.c_o)) + sum_k ln(1 + exp(v_i.c_k))
 *
 * with input vectors v, output vectors c, and a step that falls straight from lr to lr / 10^4 over
 * rule.epochs epochs.  A drawn word that equals o is left out.
 *
 * DESIGN: sentences come in an order shuffled anew each epoch and are cut into slabs of about as many pairs.
 * For each epoch the words are dealt into P groups twice, as inputs and as outputs, P depending on V alone:
 * word after word by falling count, P at a time, one to each group, so that the groups weigh the same.
 * Round r of P over a slab gives part p its pairs of input group p and output group (p + r) % P; negatives
 * are drawn within the output group.  No two parts of a round share a vector, so they run at one time and
 * equal a serial run (Gemulla et al. 2011, as num/bpr_core.h): the same bits at any number of threads, no
 * step from stale vectors, and a part's vectors stay in cache.
 * free_order gives that up (Recht et al. 2011, "Hogwild"): threads take runs of sentences, draw against all
 * words, and write without locks; the result then depends on chance when there are several threads.
 *
 * Tables [V][D], dense.  Thread: WORKER.
 */
#ifndef NUM_SGNS_CORE_H
#define NUM_SGNS_CORE_H

#include "base/task.h"
#include "num/kern.h"
#include "num/sgns_pairs.h"

#define SGNS_MAX_D KERN_SGNS_MAX_D
#define SGNS_MAX_NEGATIVES (KERN_SGNS_MAX_OUT - 1)
#define SGNS_MAX_WINDOW 1000

struct sgns_rule {
	float lr;
	uint32_t window, negatives; /* 1.. their maxima */
	uint32_t epochs;            /* over which lr falls */
	double subsample, power;    /* 1e-4 or so, 0: none; 0.75 */
	bool free_order;
};

struct sgns_tables { /* borrowed, written in place */
	float *in, *out;
	uint32_t D; /* at most SGNS_MAX_D */
};

struct sgns_core; /* borrows the corpus, which must outlive it */
/* D: of the tables it will be given. */
struct sgns_core *sgns_core_new(const struct sgns_corpus *c, const struct sgns_rule *rule, uint32_t D, uint64_t seed,
				struct err *err);
void sgns_core_free(struct sgns_core *s); /* NULL is fine */
uint64_t sgns_core_bytes(uint32_t V, uint32_t n_sentences, size_t longest, uint32_t window);

/* in: uniform in +-1/2D, out: 0. */
void sgns_tables_init(const struct sgns_tables *t, uint32_t V, uint64_t seed);

struct sgns_told { double loss, lr; uint64_t pairs, words; }; /* mean loss a pair; lr at the end; all words read */
/* One epoch; they count from 0, and (seed, epoch, tables) decide the result, whatever ran before.
 * NaN or Inf: ERR_NUMERIC naming `who`, epoch, batch (slab.round) and tensor; the tables are then spoilt.
 * ERR_CANCELLED leaves them part way: the caller drops or restores them. */
bool sgns_epoch(struct sgns_core *s, const struct sgns_tables *w, uint32_t epoch, const char *who,
		struct sgns_told *told, const struct task *t, struct err *err);

#endif
