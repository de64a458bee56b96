/* SPDX-License-Identifier: GPL-3.0-or-later */
/* snapshot.h - a frozen model with its references counted, and what it was made from.
 *
 * A worker makes one and gives it away inside a message; jobs, requests and views each hold a reference.
 * Immutable.  Thread: ANY.
 */
#ifndef MODEL_SNAPSHOT_H
#define MODEL_SNAPSHOT_H

#include "model/model.h"

struct snapshot {
	struct model *model;             /* owned, frozen */
	const struct model_ops *ops;
	char run[64];                    /* "ease#1" */
	uint32_t epoch;
	uint64_t data_fingerprint, split_fingerprint;
	bool refit, values;              /* how x was made: queries need the same x */
	enum precision precision;        /* of its large tables */
	_Atomic unsigned refs;
};

/* Takes the model in any case (frees it on failure). */
struct snapshot *snapshot_new(struct model *take, const char *run, uint32_t epoch, const struct split *split,
			      bool refit, bool values, struct err *err);
/* The same in fewer bits (struct model_ops, pack), one that is in `to` already referenced.  ERR_UNSUPPORTED: the
 * model has no such form, or has been rounded to fewer bits already. */
struct snapshot *snapshot_pack(const struct snapshot *s, enum precision to, struct err *err);
/* One that nobody else holds yet becomes one in `to`; takes it in any case (NULL is passed on). */
struct snapshot *snapshot_keep(struct snapshot *take, enum precision to, struct err *err);
/* What scoring needs, and the notes of what it is: model, run, epoch, the fingerprints. */
bool snapshot_write(const struct snapshot *s, struct weights_writer *w, struct err *err);
const struct snapshot *snapshot_ref(const struct snapshot *s);
void snapshot_unref(const struct snapshot *s); /* NULL is fine */

/* A dataset user's history as a query, in the arrays of `buf` (grown as needed): train+valid for
 * for_valid = false, train alone for true; x filled only when the snapshot was fitted with values.  A user
 * without events in what was fitted is asked as NO_USER: there is no trained vector. */
struct history_buf {
	uint32_t *items;
	float *x;
	int64_t *times; /* filled where the data has times */
	size_t cap;
};
bool history_query(const struct snapshot *s, const struct split *split, uint32_t user, bool for_valid,
		   struct history_buf *buf, struct query *out, struct err *err);
void history_buf_done(struct history_buf *b);

/* A history that is given, not a user's own.  Zero it before first use. */
struct given_history {
	uint32_t user;   /* whose trained vector may be kept, or NO_USER */
	uint32_t n;
	uint32_t *items; /* [n] distinct, oldest first; owned */
	float *x;        /* [n] owned */
};
bool given_history_copy(struct given_history *out, const struct given_history *g, struct err *err);
void given_history_done(struct given_history *g);
/* Borrows g's arrays; as history_query() does of x and of users that were never trained on. */
void given_history_query(const struct snapshot *s, const struct split *split, const struct given_history *g,
			 struct query *out);

#endif
