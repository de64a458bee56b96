/* SPDX-License-Identifier: GPL-3.0-or-later */
/* watched.h - the lists of a few users as they stood after the epochs of a training.
 *
 * U users, K items a list, E epochs that are kept.  The lists of an epoch are made once, never change and are
 * counted: the worker, its messages and the session hold the same ones.  A `watched` keeps at most WATCHED_BYTES:
 * when it would be more, every second epoch goes (stride 2, 4, …); the first and the newest always stay.
 *
 * churn@k of an epoch: the mean, over the users whose list has any item, of the share of the first k items of
 * the list that were not among the first k of the epoch before.  0: no list changed; 1: nothing stayed.
 * epoch_lists are ANY thread; a watched belongs to one thread at a time.
 */
#ifndef TRAIN_WATCHED_H
#define TRAIN_WATCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct snapshot;
struct split;
struct task;

#define WATCHED_K 50            /* items a list */
#define WATCHED_SAMPLE 20       /* users, where nobody chose any */
#define WATCHED_USERS_MOST 100
#define WATCHED_BYTES (4u << 20)
#define CHURN_K 10

struct epoch_lists {
	_Atomic unsigned refs;
	uint32_t epoch, n_users, k;
	uint32_t *user;  /* [U] numbers of the dataset, ascending; all arrays lie behind the struct */
	uint32_t *count; /* [U] how many of k are filled */
	uint32_t *item;  /* [U][K] best first */
	float *score;    /* [U][K] */
};
struct epoch_lists *epoch_lists_new(uint32_t epoch, uint32_t n_users, uint32_t k, struct err *err); /* all zero */
const struct epoch_lists *epoch_lists_ref(const struct epoch_lists *l);
void epoch_lists_unref(const struct epoch_lists *l); /* NULL is fine */
size_t epoch_lists_bytes(const struct epoch_lists *l);
/* The user's place among those watched; n_users: it is none. */
uint32_t epoch_lists_find(const struct epoch_lists *l, uint32_t user);
uint32_t epoch_lists_rank(const struct epoch_lists *l, uint32_t at, uint32_t item); /* from 1; 0: not among the k */
/* Of one user, the at-th: NaN where the list is empty. */
double epoch_lists_churn_of(const struct epoch_lists *before, const struct epoch_lists *now, uint32_t at, uint32_t k);
/* Of two epochs of the same users; NaN: there is no earlier one, or nobody has a list. */
double epoch_lists_churn(const struct epoch_lists *before, const struct epoch_lists *now, uint32_t k);

struct watched {
	const struct epoch_lists **at; /* [n] rising epochs */
	size_t n, cap;
	uint32_t stride; /* 1 in so many epochs is kept; 0: nothing yet */
};
/* Takes a reference.  Epochs come rising. */
bool watched_add(struct watched *w, const struct epoch_lists *l, struct err *err);
bool watched_copy(struct watched *out, const struct watched *w, struct err *err);
void watched_done(struct watched *w);
/* The place of the last one kept at or before the epoch; n: none is. */
size_t watched_find(const struct watched *w, uint32_t epoch);

/* lists.safetensors: users [U], epochs [E], counts [E][U], items and scores [E][U K]; replaced whole. */
bool watched_save(const struct watched *w, uint64_t data_fingerprint, const char *path, struct err *err);
/* Refuses one of other data, and numbers that are none of the n_users and n_items. */
bool watched_open(struct watched *w, uint64_t data_fingerprint, uint32_t n_users, uint32_t n_items, const char *path,
		  struct err *err);

/* watched_rank.c, WORKER: the lists as `recommend` makes them, from the history of train and valid. */
struct epoch_lists *watched_rank(const struct snapshot *s, const struct split *split, const uint32_t *user,
				 uint32_t n_users, uint32_t k, const struct task *task, struct err *err);
/* Up to `most` users with train events, drawn by the seed; ascending.  Returns how many. */
uint32_t watched_sample(const struct split *split, uint64_t seed, uint32_t most, uint32_t *out);

#endif
