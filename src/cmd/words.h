/* SPDX-License-Identifier: GPL-3.0-or-later */
/* words.h - the grammar of a command line: blanks, quotes, marks, lists, comments.
 *
 * '…' is literal; "…" knows \\ \" \n \t \xHH; outside quotes a backslash takes the next character; `#`
 * starts a comment at the start of a line or after a blank.  Marks (+ - = : ,) count only where they stand
 * unquoted, so each byte of a word remembers whether it was quoted.  Whatever bytes an id is made of (no
 * NUL), parse(quote(id)) = id.  Thread: ANY.
 */
#ifndef CMD_WORDS_H
#define CMD_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

struct word {
	char *text;         /* unquoted; of name=value, the value */
	char *name;         /* "k" of an unquoted k=…, or NULL */
	bool quoted;        /* any part of text was quoted: always an id */
	char *marks;        /* [strlen(text)] 1 where the byte was quoted */
	size_t from, to;    /* where it stands in the line */
};
struct words { size_t n; struct word *w; };

/* Splits and unquotes one line; a comment or blank line gives n == 0. */
bool words_parse(struct words *out, const char *line, struct err *err);
void words_done(struct words *w);
void word_done(struct word *w);

/* The elements of a list: text split at unquoted commas.  An empty element is an error. */
bool word_split_list(struct words *out, const struct word *w, struct err *err);
/* Cuts at the last unquoted `mark`: w keeps what stands before it, the text behind it is returned (points
 * into w); NULL when there is none. */
char *word_cut_at(struct word *w, char mark);

/* A path's unquoted ~ in front of / or alone becomes $HOME. */
void word_expand_home(struct word *w);

/* Quotes an id so that parse(quote(id)) = id; a plain word stays plain.  What a terminal must not see is
 * written as \xHH. */
void word_quote(struct str *out, const char *id);

/* For completion: where the word at the end of line[0..cursor) begins, and what has been typed of it so
 * far, unquoted (free()).  *comment: the cursor stands in a comment. */
size_t words_tail(const char *line, size_t cursor, char **typed, bool *quoted, bool *comment);

#endif
