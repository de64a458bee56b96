/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal.h - the commands of a session, as lines of a script that gives the same results again.
 *
 * An entry is made where a command begins and settled where it ends.  A script runs one command after the
 * other, the screens many at once, so that an entry has a place: what asks stands where it began, since that
 * is when it read; what changes something may be moved to where it ended, since that is when it took effect.
 * What a script cannot do again (it failed, was cancelled, was asked of a run half trained) stays as a
 * comment that says so.
 *
 * Beside this, each settled entry is appended to the file of the journal, which the sessions of a user share
 * (mode 0600): one write an entry, its process behind it.  A file above 4 MiB becomes FILE.old.  A journal
 * that cannot be written is no reason to fail: the log says why, once.  UI thread.
 */
#ifndef APP_JOURNAL_H
#define APP_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct journal;

struct journal *journal_new(char *take_file); /* NULL: nothing is written */
void journal_free(struct journal *j);         /* NULL is fine */

/* Returns the entry's number.  The line holds no line break. */
size_t journal_begin(struct journal *j, const char *line);
/* line NULL: as it began.  why: what keeps it from being done again, NULL: nothing does. */
void journal_settle(struct journal *j, size_t entry, const char *line, const char *why, bool move_here);
/* A command that is no part of what is told, such as `journal save` itself. */
void journal_drop(struct journal *j, size_t entry);

/* The runs that the lines of this journal make. */
void journal_makes_run(struct journal *j, const char *name);
bool journal_made_run(const struct journal *j, const char *name);

bool journal_is_empty(const struct journal *j); /* nothing was ever begun */
/* In order.  NULL: no such line.  *why as above; an entry that is not settled has one. */
size_t journal_n(struct journal *j);
const char *journal_line(struct journal *j, size_t i, const char **why);
/* Comments that say whence, then the lines. */
void journal_script(struct journal *j, struct str *out);

#endif
