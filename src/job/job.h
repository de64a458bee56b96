/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job.h - one unit of background work with pause, cancel and progress, and the lane it waits in.
 *
 * A lane runs its jobs one at a time in the order they were submitted, on one thread of its own at a
 * lower priority, with every signal blocked.  Two lanes exist: heavy (train, tune, compare of models)
 * and light (load, split, evaluate, generate, export).  A paused job keeps its lane.  The work is an
 * opaque function and payload: this layer knows nothing of models.
 *
 * Every function is for the UI thread except those marked WORKER.  A job ends with exactly one
 * MESSAGE_JOB_ENDED, its last act, allocated before it starts; after taking that message the UI thread
 * may (and must) call job_free().  A job cancelled while queued ends too, without having run.
 */
#ifndef JOB_JOB_H
#define JOB_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/task.h"
#include "job/message_queue.h"

struct job;
struct lane;

/* WORKER.  Returns false with *err set on failure; soon after task_keep_going() says no it returns
 * (either value): being cancelled is not a failure. */
typedef bool job_fn(struct job *job, const struct task *task, void *arg, struct err *err);

struct lane *lane_new(const char *name, struct message_queue *q, struct pool *pool, struct err *err);
void lane_free(struct lane *l); /* after its last job was freed; joins */

struct job *job_submit(struct lane *l, uint32_t id, job_fn *fn, void *arg, struct err *err);
void job_pause(struct job *job);  /* queued or running; running work stops at its next question */
void job_resume(struct job *job);
void job_cancel(struct job *job); /* returns at once; also wakes a paused job */
void job_free(struct job *job);
enum job_state job_state(const struct job *job);
bool job_rests(const struct job *job); /* paused, and come to a stop: its progress is the last */
void job_progress(const struct job *job, uint64_t *done, uint64_t *total);
double job_seconds(const struct job *job); /* running time, pauses left out */

void job_post(struct job *job, struct message *msg); /* WORKER */
bool job_cancel_asked(const struct job *job);        /* ANY */

#endif
