/* SPDX-License-Identifier: GPL-3.0-or-later */
/* comparison.h - what `compare` told last: its rows, and the users' values that they stand on.
 *
 * Nothing of it changes once it is put in place; a comparison that goes on is followed by another one.  It is counted,
 * and let go, on the UI thread; a worker may read the values while it is held.
 */
#ifndef APP_COMPARISON_H
#define APP_COMPARISON_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct session;

struct comparison {
	unsigned refs;
	json_t *head, *rows;   /* as the command told them, best first; UI thread; owned */
	char (*run)[64];       /* [n] */
	size_t n, n_users;
	float *value;          /* [n][n_users] of the metric, of the same users in each row; NaN: left out */
	uint64_t seed;         /* of the resampling */
};
/* Of n rows, to be filled.  Made by any thread, which gives it away. */
struct comparison *comparison_new(size_t n, size_t n_users, struct err *err);
struct comparison *comparison_ref(struct comparison *c);
void comparison_unref(struct comparison *c);

/* Of the split that is current; NULL: nothing was compared on it. */
struct comparison *session_comparison(const struct session *s);
/* Where `split` (session_split_serial()) is no longer current, it is let go.  take NULL: there is none any more. */
void session_put_comparison(struct session *s, struct comparison *take, uint64_t split);

#endif
