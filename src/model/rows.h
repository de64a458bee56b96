/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rows.h - sums over the users, or over the items, of a function of how many events each has: what the counts of
 * model_ops.effort are made of.  Thread: ANY.
 */
#ifndef MODEL_ROWS_H
#define MODEL_ROWS_H

#include "model/model.h"

typedef double row_fn(double events, const void *ctx);
double rows_users(const struct model_shape *s, row_fn *fn, const void *ctx);
double rows_items(const struct model_shape *s, row_fn *fn, const void *ctx);
double rows_square(double events, const void *ctx); /* ctx: nothing */

/* Of the users: events a history has in the mean, weighed by nothing; 0 for none. */
double rows_mean(const struct model_shape *s);
/* A history's share of work that goes by the events of its items: sum over items of events^2, a user. */
double rows_reach(const struct model_shape *s);

/* Of each item at most so many others that share a user with it, summed over the items; the most there can be where the
 * shape tells too little. */
double rows_met(const struct model_shape *s, double most);

/* A list made by tiles of scores: the tile read, barred and compared, the best kept. */
void effort_tiles(struct effort *e, double I);
/* The same by dot products of D floats: the history sorted, all items scored where they lie packed. */
void effort_dots(struct effort *e, double I, double D, double events);
/* A list whose scores are the sum of so many sparse rows of so many entries (row_sum.h): each row is met again in
 * every tile of items. */
void effort_row_sums(struct effort *e, double I, double rows, double entries);
/* So many floats of large tables made: the system clears what it gives, page by page, far slower than a copy. */
void effort_fresh(struct effort *e, double floats);
/* A table's copy for a snapshot, with its panels, and the state kept in memory beside it. */
void effort_copies(struct effort *e, double floats);

#endif
