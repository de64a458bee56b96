/* SPDX-License-Identifier: GPL-3.0-or-later */
/* text_words.h - the words of a text, one after the other, in the form in which they are compared.
 *
 * A word is a run of letters, digits and marks of any script, its letters made small (utf8_fold) and its
 * wide forms narrow.  An apostrophe between letters joins them and is dropped (don't: dont), a point
 * between digits joins and stays (2.0), + and # stay behind a lone letter (c++, f#).  Chinese and Japanese
 * set no blanks: a run of their characters gives each pair of neighbours (overlapping pairs, as search
 * engines index them), a lone one itself.  All else parts words: blanks, punctuation, symbols, emoji.
 * The rule is a table of our own, so that no result depends on the locale.  A word over TEXT_WORD_MAX
 * bytes is cut there.  Thread: ANY.
 */
#ifndef BASE_TEXT_WORDS_H
#define BASE_TEXT_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#define TEXT_WORD_MAX 63

struct text_words { /* a reader */
	const char *s; /* borrowed */
	size_t n, at;
	bool paired;   /* the character at `at` was the second of a pair */
};
struct text_word {
	char s[TEXT_WORD_MAX + 1];
	size_t n;
	size_t from, to; /* where it stands in the text, in bytes */
};

static inline struct text_words text_words_of(const char *s, size_t n)
{
	return (struct text_words){ .s = s, .n = n };
}
bool text_words_next(struct text_words *r, struct text_word *out);

#endif
