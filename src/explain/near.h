/* SPDX-License-Identifier: GPL-3.0-or-later */
/* near.h - why two items are near: who took both, and what is said of both.
 *
 * With n_a and n_b train users of the two items, n_ab of both, U users of the data:
 *   behaviour = n_ab / sqrt(n_a n_b), the cosine of similar.h; chance alone would give n_a n_b / U in common
 *   text      = sum over the words w of both of  bag[a][w] bag[b][w] / (|bag[a]| |bag[b]|), the cosine of similar.h:
 *               so much of it is the word's part
 *   model     = the run's own likeness of the two
 * NaN: there is none (no run, a model without likeness, no text, an item without a train event or a word).
 * WORKER.  The result is owned by the caller, near_pair_done() frees it.
 */
#ifndef EXPLAIN_NEAR_H
#define EXPLAIN_NEAR_H

#include "data/split.h"
#include "model/item_text.h"
#include "model/snapshot.h"

struct near_word { uint32_t word; float part; }; /* of the text's words */
struct near_pair {
	uint32_t users[2], both;
	double by_chance;      /* expected in common */
	double model, behaviour, text;
	size_t n_words, n_tags;
	struct near_word *word; /* the greatest part first */
	uint32_t *tag;          /* that both have, the rarest first */
};
/* s, t: NULL where there is none. */
bool near_pair_make(const struct snapshot *s, const struct split *split, const struct item_text *t, uint32_t a, uint32_t b,
		    const struct task *task, struct near_pair *out, struct err *err);
void near_pair_done(struct near_pair *p);

#endif
