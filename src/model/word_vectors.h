/* SPDX-License-Identifier: GPL-3.0-or-later */
/* word_vectors.h - vectors for the words of the items' texts, each item's text one sentence of skip-gram
 * (num/sgns_core.h), for models that take them as they come.  word2vec trains the same, watched epoch by
 * epoch.  Thread: WORKER.
 */
#ifndef MODEL_WORD_VECTORS_H
#define MODEL_WORD_VECTORS_H

#include "model/item_text.h"
#include "num/effort.h"
#include "num/sgns_core.h"

/* Borrows from the text. */
struct sgns_corpus word_vectors_corpus(const struct item_text *t);
/* A rule that does for titles, tags and descriptions. */
struct sgns_rule word_vectors_rule(void);
/* rule.epochs epochs from the seed: out[V][D]; progress is told in epochs. */
bool word_vectors_train(const struct item_text *t, const struct sgns_rule *rule, uint32_t D, uint64_t seed, float *out,
			const char *who, const struct task *task, struct err *err);
/* What an epoch takes, of a text that was guessed. */
void word_vectors_effort(const struct item_text_size *text, double I, const struct sgns_rule *rule, uint32_t D,
			 struct effort *e);

#endif
