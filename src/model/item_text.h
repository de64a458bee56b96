/* SPDX-License-Identifier: GPL-3.0-or-later */
/* item_text.h - what is said of the items, as words: a vocabulary, and the words of each item.
 *
 * An item's text is its title, its tags (their words, see base/text_words.h) and its description, in this
 * order.  Kept are the words that at least min_items items have, numbered by falling count (equal ones by
 * first appearance).  I items, V words,
 *
 *	idf[w] = ln((1 + I) / (1 + items that have w))
 *	bag[i] = the distinct words of i, each with the weight idf[w] (1 + ln(times it stands there))
 *
 * so that an item's vector is  sum_w bag[i][w] word[w] / sum_w bag[i][w].
 *
 * Immutable once made and counted by references: models share one.  Thread: WORKER to make, ANY to read.
 */
#ifndef MODEL_ITEM_TEXT_H
#define MODEL_ITEM_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strtab.h"
#include "base/task.h"
#include "data/dataset.h"
#include "num/csr.h"

struct item_text_rule {
	uint32_t min_items;        /* at least 1 */
	bool titles, tags, texts;  /* what is read */
};

struct item_text {
	struct strtab words; /* [V], found by strtab_find() */
	uint64_t *count;     /* [V] times in all items */
	uint32_t *items;     /* [V] items that have it */
	float *idf;          /* [V] */
	size_t *ptr;         /* [I + 1]: the words of item i in order, */
	uint32_t *word;      /* word[ptr[i]] … */
	struct csr bag;      /* I x V */
	_Atomic unsigned refs;
};

/* Whether there is anything to read. */
bool dataset_has_text(const struct dataset *d);
/* Refuses (ERR_UNSUPPORTED, naming `who`) data without text, and text without a word that is kept. */
const struct item_text *item_text_new(const struct dataset *d, const struct item_text_rule *rule, const char *who,
				      const struct task *task, struct err *err);
/* The words and their idf alone, without what the items say: count, items, ptr and word are NULL, the bag is empty. */
const struct item_text *item_text_words_of(const struct item_text *t, struct err *err);
const struct item_text *item_text_ref(const struct item_text *t);
void item_text_unref(const struct item_text *t); /* NULL is fine */
size_t item_text_bytes(const struct item_text *t);
uint64_t item_text_hash(const struct item_text *t); /* of words and bags: equal text, equal number */
/* Before it is made, from a sample of the items: words kept, words standing in all items and in the longest one,
 * bytes, and what lies beside them while it is made. */
struct item_text_size {
	size_t words, standing, longest;
	uint64_t bytes, making;
};
struct item_text_size item_text_guess(const struct dataset *d, const struct item_text_rule *rule);

/* out[D] = the mean of the vectors word[V][D] that a bag (n words, weights) asks for; 0 for an empty one. */
void item_text_mean(const uint32_t *words, const float *weight, size_t n, const float *vectors, uint32_t D,
		    float *out);
/* The bag of one item, read again from the data that the words are of, by the same rule; zero it before first use,
 * item_bag_done() at the end. */
struct item_bag {
	size_t n, words_cap, weight_cap;
	uint32_t *words; /* ascending */
	float *weight;
};
bool item_text_read_bag(const struct item_text *t, const struct dataset *d, const struct item_text_rule *rule, uint32_t item,
			struct item_bag *out, struct err *err);
void item_bag_done(struct item_bag *b);
/* The bag of a new text: distinct known words, ascending, weighted as above.  words, weight [cap]; returns how
 * many; what stands beyond cap distinct words is left out. */
size_t item_text_bag_of(const struct item_text *t, const char *s, size_t n, uint32_t *words, float *weight,
			size_t cap);

#endif
