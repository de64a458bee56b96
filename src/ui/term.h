/* SPDX-License-Identifier: GPL-3.0-or-later */
/* term.h - the terminal: the one file behind it includes curses.
 *
 * Standard input and output.  A frame is one erase and one doupdate.  Whatever ends the program gives the
 * terminal back: term_close(), a fatal signal (by write() and tcsetattr() alone), or mem_must()'s abort.
 * UI thread.
 */
#ifndef UI_TERM_H
#define UI_TERM_H

#include <stdbool.h>

#include "base/err.h"
#include "ui/keys.h"
#include "ui/surface.h"

struct term_options { bool no_color, ascii, no_mouse; };

bool term_open(const struct term_options *o, struct err *err);
void term_close(void); /* fine when it is not open */
void term_size(int *w, int *h);
enum palette term_palette(void);
bool term_is_ascii(void);
void term_show(const struct surface *s);
bool term_read(struct key *key); /* the next key that has come in; false: none */
bool term_is_lost(void);         /* the other end is gone */
void term_resize(void);          /* takes over the size that it has now */
void term_redraw(void);          /* the next term_show() sends everything */
void term_suspend(void);         /* gives the terminal back, stops the process; returns when it goes on */
void term_resume(void);          /* after SIGCONT */

#endif
