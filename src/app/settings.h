/* SPDX-License-Identifier: GPL-3.0-or-later */
/* settings.h - what `set` sets: one table, read by set, help, completion and the manual.
 *
 * Settings hold for this session; $XDG_CONFIG_HOME/whyrec/settings gives them at the start, one
 * `NAME VALUE` a line, # for comments.  UI thread.
 */
#ifndef APP_SETTINGS_H
#define APP_SETTINGS_H

#include "app/session.h"
#include "base/param.h"
#include "train/scenario.h"

extern const struct param_spec settings_table[];

bool settings_set(struct session *s, const char *name, const char *value, struct err *err);
/* The value in force, as text. */
void settings_get(const struct session *s, const char *name, struct str *out);
int64_t settings_int(const struct session *s, const char *name); /* of an integer setting */
/* The scenario of that name, which there is, with the weights in force. */
void settings_scenario(const struct session *s, const char *name, struct scenario *out);
/* Reads the file; a bad line is told as a warning and passed over. */
void settings_read(struct session *s);

#endif
