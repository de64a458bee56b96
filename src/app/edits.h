/* SPDX-License-Identifier: GPL-3.0-or-later */
/* edits.h - the edits of one user's history on the screen, with undo and redo.  `user` may be a persona's
 * number (session_person()).
 *
 * What counts is the net: an event that was removed and brought back has no edit.  Each change makes a new
 * version; undo goes back among them, a change after an undo drops what was undone.  UI thread.
 */
#ifndef APP_EDITS_H
#define APP_EDITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "explain/whatif.h"

struct edits_version {
	struct edit *edit; /* [n] at most one an item, in the order they were made */
	size_t n;
};
struct edits {
	uint32_t user;
	struct edits_version *version; /* [n]; version[at] counts */
	size_t n, at, cap;
	size_t saved;    /* the version that was saved as a persona; 0: none */
	uint64_t serial; /* another one after every change, for all users */
};

void edits_init(struct edits *e);
void edits_done(struct edits *e);
void edits_begin(struct edits *e, uint32_t user); /* forgets all */
void edits_note_saved(struct edits *e);
bool edits_unsaved(const struct edits *e); /* there are some, and they were not saved as they are now */

const struct edit *edits_now(const struct edits *e, size_t *n);
const struct edit *edits_of(const struct edits *e, uint32_t item); /* NULL: none */

void edits_toggle(struct edits *e, uint32_t item); /* removes an event; brings a removed one back; drops an added one */
void edits_add(struct edits *e, uint32_t item, float value);
void edits_rate(struct edits *e, uint32_t item, float value);
void edits_clear(struct edits *e); /* can be undone */
bool edits_undo(struct edits *e);  /* false: nothing to undo */
bool edits_redo(struct edits *e);

#endif
