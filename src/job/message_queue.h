/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message_queue.h - the only road from a worker thread to the UI thread.
 *
 * Threads:   any thread may post; only the UI thread may take.
 * Ownership: post() takes the message (and what it points to) away from the caller; take() hands it
 *            to the UI thread, which frees it.
 * Wake-up:   fd() becomes readable when the queue is non-empty, so the UI waits for keys, signals and
 *            workers in one poll(2).
 * Delivery:  never dropped, order kept per worker.  High-rate progress does not belong here: it lives
 *            in the job's atomics (see job.h).
 */
#ifndef JOB_MESSAGE_QUEUE_H
#define JOB_MESSAGE_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* This layer owns MESSAGE_JOB_ENDED; higher layers number their kinds from MESSAGE_USER. */
enum message_kind { MESSAGE_JOB_ENDED, MESSAGE_USER };
enum job_state { JOB_QUEUED, JOB_RUNNING, JOB_PAUSED, JOB_DONE, JOB_FAILED, JOB_CANCELLED };

struct message {
	struct message *next;         /* owned by the queue */
	int kind;                     /* enum message_kind, or MESSAGE_USER + n */
	uint32_t job_id;              /* 0: from no job */
	void *payload;                /* owned by whoever holds the message */
	void (*payload_free)(void *); /* may be NULL */
	enum job_state end;           /* MESSAGE_JOB_ENDED */
	struct err err;               /* MESSAGE_JOB_ENDED with JOB_FAILED */
};

struct message_queue;

struct message_queue *message_queue_new(struct err *err);
void message_queue_free(struct message_queue *q); /* after every poster joined */
int message_queue_fd(const struct message_queue *q);
void message_queue_post(struct message_queue *q, struct message *msg);
struct message *message_queue_take(struct message_queue *q); /* NULL when empty */
void message_free(struct message *msg); /* with its payload; NULL is fine */

#endif
