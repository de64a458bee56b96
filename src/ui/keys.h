/* SPDX-License-Identifier: GPL-3.0-or-later */
/* keys.h - keys, their names, and the one table that binds them: `VIEW KEY TEXT`.
 *
 * VIEW is `all`, a view (`train`) or a pane of one (`train.runs`); the narrowest binding wins, of two of one
 * breadth the later (a user's own file comes after the built-in table).  TEXT is a view action or a command
 * with {user} {item} {event} {run} {job} of the focused row, {kept} the user unless the history is edited, {explained} a
 * blank and the item that Why tells of; a text that starts with : / or \ opens the
 * prompt with the rest typed in.  UI thread.
 */
#ifndef UI_KEYS_H
#define UI_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* A code is a code point, or one of these above all of them. */
enum key_code {
	KEY_FIRST = 0x110000,
	K_UP = KEY_FIRST, K_DOWN, K_LEFT, K_RIGHT, K_PAGE_UP, K_PAGE_DOWN, K_HOME, K_END, K_INSERT, K_DELETE,
	K_BACKSPACE, K_SHIFT_TAB, K_F1, K_F12 = K_F1 + 11,
	K_CLICK, K_DOUBLE_CLICK, K_WHEEL_UP, K_WHEEL_DOWN,
	K_PASTE_BEGIN, K_PASTE_END, K_RESIZE, K_OTHER,
};
#define K_TAB 9
#define K_ENTER 13
#define K_ESC 27
#define K_ALT 0x1000000u /* or'ed in */

struct key {
	uint32_t code;
	int x, y; /* of the mouse */
};

bool key_parse(const char *name, uint32_t *code);
const char *key_text(uint32_t code, char buf[16]);

struct binding {
	const char *where, *key, *text;
	const char *hint; /* on the last line, most used first; NULL: in help alone */
};
extern const struct binding builtin_keys[]; /* ends with a NULL key */

struct keymap;
struct keymap *keymap_new(void);
void keymap_free(struct keymap *m);
/* Adds a user's file (missing: nothing).  A line that is wrong is left out; the first such is told in err. */
bool keymap_read(struct keymap *m, const char *path, struct err *err);
bool keymap_add(struct keymap *m, const char *line, struct err *err);
const struct binding *keymap_find(const struct keymap *m, const char *view, const char *pane, uint32_t code);
/* The i-th binding that acts in this pane (not one hidden by a narrower), or NULL beyond the last. */
const struct binding *keymap_list(const struct keymap *m, const char *view, const char *pane, size_t i);

#endif
