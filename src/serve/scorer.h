/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scorer.h - the thread that answers the screen's questions while the screen goes on.
 *
 * DESIGN: one slot a pane.  A newer request takes the slot of an older one of its pane: if that was
 * waiting it is dropped, if it was running it is cancelled (within 10 ms).  The cheapest kind is taken
 * first (order, list, nearest, why, map).  Faithfulness, why-not, the search for a removal and a layout are background requests: a quick
 * one that comes stops them, and they begin again after that one.  Each answer goes to the message queue as one
 * MESSAGE_ANSWER with the request's serial; an answer to a replaced request is never posted.  Requests hold
 * references to what they read.  The words of the items are read at the first question by text and kept for
 * the same data's.
 */
#ifndef SERVE_SCORER_H
#define SERVE_SCORER_H

#include "data/split.h"
#include "explain/whatif.h"
#include "job/message_queue.h"
#include "model/snapshot.h"
#include "serve/answers.h"

enum { MESSAGE_ANSWER = MESSAGE_USER + 100 }; /* payload: struct answer */

struct request {
	enum pane pane;
	uint64_t serial;
	const struct snapshot *snapshot; /* NULL for orders and nearest by behaviour or text; may be for PANE_NEAR */
	const struct snapshot *other;    /* PANE_BESIDE: of the second run */
	const struct split *split;
	uint32_t user, item;   /* as the pane needs; user: of the data, or with `given` whatever number the answer is to bear */
	uint32_t k;            /* PANE_LIST, PANE_NEAREST, PANE_WHY (parts kept), PANE_REMOVAL (of the list) */
	uint32_t with;         /* PANE_NEAR: the other item */
	enum nearest_by by;    /* PANE_NEAREST and the two behind it */
	const struct item_text *text; /* NEAREST_TEXT, PANE_NEAR: the words of split's items, borrowed; NULL: to be read */
	bool by_content;       /* PANE_WHY */
	enum order_key key;
	bool reverse;
	char filter[128];      /* case-insensitive part of id or title; "" all */
	float *metric;         /* [U], owned by the request; for ORDER_METRIC */
	struct edit *edit;     /* [n_edits] of the user's history, owned by the request */
	size_t n_edits;
	uint64_t seed;         /* PANE_FAITHFULNESS */
	struct given_history *given; /* NULL, or instead of the user's own history, folded in where models fold in; owned */
	const uint64_t *left_out; /* PANE_WHYNOT: bit set [I] of a filter, borrowed; NULL on the screen */
};
void request_drop(struct request *r); /* what it owns; not its references */

struct scorer;
struct scorer *scorer_new(struct message_queue *q, struct pool *pool, struct err *err);
/* UI.  Takes references of its own to the snapshots and the split; takes what r owns. */
bool scorer_ask(struct scorer *s, const struct request *r, struct err *err);
void scorer_drop(struct scorer *s, enum pane pane); /* forget what is asked; nothing will be answered */
void scorer_free(struct scorer *s); /* cancels, joins */

/* The same work in the calling thread, for commands and tests. */
struct answer *scorer_answer_now(const struct request *r, const struct task *task, struct err *err);

#endif
