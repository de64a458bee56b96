/* SPDX-License-Identifier: GPL-3.0-or-later */
/* explain_words.h - what stands behind an explanation, in words: the same in a command's text and on the screen.
 *
 * Each appends one line's text, without its end.  ANY thread.
 */
#ifndef CMD_EXPLAIN_WORDS_H
#define CMD_EXPLAIN_WORDS_H

#include "base/str.h"
#include "data/dataset.h"
#include "serve/answers.h"

/* "It leaves the best 10 without 2 events (no fewer do): A, B". */
void say_removal(struct str *out, const struct dataset *d, const struct removal_answer *r);
/* "Faithful: 0.93, in random order 0.41"; "Unfaithful: …, no better than chance". */
void say_faithfulness(struct str *out, const struct faithfulness_answer *f);
/* "Shrek (2001) is 123rd, lacks 0.12 to rank 10, by ease#1"; why it is not ranked stands among the causes. */
void say_whynot(struct str *out, const struct dataset *d, const struct whynot_answer *w);
/* "In with 1 event more, as 7th (no fewer do, of those tried): A". */
void say_addition(struct str *out, const struct dataset *d, const struct whynot_answer *w);
/* "rejected (ratings.csv:17): …" */
void say_cause(struct str *out, const char *text, const char *file, uint64_t line);
/* What is known of an id that is no item of the data. */
void say_absent(struct str *out, const struct dataset *d, const char *id);

#endif
