/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job.c - lanes and their jobs.
 *
 * DESIGN: one lock a lane guards its list and what its jobs are asked to do; pausing and cancelling
 * broadcast the lane's condition.  The question that work asks all the time reads two atomics and takes
 * the lock only when the answer is not simply "go on".
 *
 * A job belongs to its lane until its end message is posted; whoever posts it (the lane's thread, or the
 * UI thread for a job cancelled while it waits) touches the job no more, because the UI thread frees it
 * on taking that message.
 *
 * A job that was told to stop ends as cancelled.  One that was asked too late, after its last question,
 * did all its work and ends as done. */
#include "job/job.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/thread.h"

struct job {
	struct job *next; /* in the lane's list */
	struct lane *lane;
	uint32_t id;
	job_fn *fn;
	void *arg;
	struct message *end; /* allocated up front: ending cannot fail */

	_Atomic enum job_state state; /* never JOB_PAUSED: that is `paused` while it is not over */
	atomic_bool paused, cancelled;
	bool told_to_stop; /* the lane's thread only */
	_Atomic uint64_t done, total;

	/* Under the lane's lock. */
	double started, ended, paused_since, paused_for; /* clock_now(); 0: not yet, not now */
};

struct lane {
	struct message_queue *q;
	struct pool *pool;
	pthread_t thread;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t changed;
	struct job *first; /* waiting, oldest first */
	bool closing;
};

static void lane_remove(struct lane *l, struct job *job)
{
	struct job **at = &l->first;

	while (*at && *at != job)
		at = &(*at)->next;
	if (*at)
		*at = job->next;
}

/* Under the lock. */
static void wait_while_paused(struct job *job)
{
	struct lane *l = job->lane;

	if (!job->paused || job->cancelled)
		return;
	job->paused_since = clock_now();
	while (job->paused && !job->cancelled)
		pthread_cond_wait(&l->changed, &l->lock);
	job->paused_for += clock_now() - job->paused_since;
	job->paused_since = 0;
}

static bool job_keep_going(void *ctx)
{
	struct job *job = ctx;

	if (atomic_load_explicit(&job->paused, memory_order_relaxed)) {
		pthread_mutex_lock(&job->lane->lock);
		wait_while_paused(job);
		pthread_mutex_unlock(&job->lane->lock);
	}
	if (!atomic_load_explicit(&job->cancelled, memory_order_relaxed))
		return true;
	job->told_to_stop = true;
	return false;
}

static void job_tell(void *ctx, uint64_t done, uint64_t total)
{
	struct job *job = ctx;

	atomic_store_explicit(&job->done, done, memory_order_relaxed);
	atomic_store_explicit(&job->total, total, memory_order_relaxed);
}

/* The last touch of *job. */
static void job_end(struct job *job, enum job_state state)
{
	struct message_queue *q = job->lane->q;
	struct message *end = job->end;

	end->kind = MESSAGE_JOB_ENDED;
	end->job_id = job->id;
	end->end = state;
	job->end = NULL;
	atomic_store(&job->state, state);
	message_queue_post(q, end);
}

static enum job_state job_run(struct job *job, struct err *err)
{
	struct task task = {
		.keep_going = job_keep_going, .progress = job_tell, .ctx = job, .pool = job->lane->pool,
	};
	bool good;

	if (!job_keep_going(job))
		return JOB_CANCELLED;
	good = job->fn(job, &task, job->arg, err);
	if (job->told_to_stop || (!good && err->code == ERR_CANCELLED))
		return JOB_CANCELLED;
	return good ? JOB_DONE : JOB_FAILED;
}

static void *lane_main(void *opaque)
{
	struct lane *l = opaque;

	pthread_mutex_lock(&l->lock);
	while (!l->closing) {
		struct job *job = l->first;
		enum job_state state;

		if (!job) {
			pthread_cond_wait(&l->changed, &l->lock);
			continue;
		}
		l->first = job->next;
		atomic_store(&job->state, JOB_RUNNING);
		job->started = clock_now();
		pthread_mutex_unlock(&l->lock);

		state = job_run(job, &job->end->err);

		pthread_mutex_lock(&l->lock);
		job->ended = clock_now();
		pthread_mutex_unlock(&l->lock);
		job_end(job, state);
		pthread_mutex_lock(&l->lock);
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

struct lane *lane_new(const char *name, struct message_queue *q, struct pool *pool, struct err *err)
{
	struct lane *l = mem_must(calloc(1, sizeof(*l)));
	char thread_name[16];

	l->q = q;
	l->pool = pool;
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->changed, NULL);
	snprintf(thread_name, sizeof(thread_name), "whyrec-%s", name);
	if (!thread_start(&l->thread, thread_name, lane_main, l, err)) {
		pthread_cond_destroy(&l->changed);
		pthread_mutex_destroy(&l->lock);
		free(l);
		return NULL;
	}
	return l;
}

void lane_free(struct lane *l)
{
	if (!l)
		return;
	pthread_mutex_lock(&l->lock);
	l->closing = true;
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
	pthread_join(l->thread, NULL);
	pthread_cond_destroy(&l->changed);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

struct job *job_submit(struct lane *l, uint32_t id, job_fn *fn, void *arg, struct err *err)
{
	struct job *job = calloc(1, sizeof(*job)), **at;
	struct message *end = calloc(1, sizeof(*end));

	if (!job || !end) {
		free(job);
		free(end);
		err_set(err, ERR_NOMEM, "out of memory for a job");
		return NULL;
	}
	job->lane = l;
	job->id = id;
	job->fn = fn;
	job->arg = arg;
	job->end = end;
	job->state = JOB_QUEUED;
	pthread_mutex_lock(&l->lock);
	for (at = &l->first; *at; at = &(*at)->next)
		;
	*at = job;
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
	return job;
}

static void set_paused(struct job *job, bool paused)
{
	pthread_mutex_lock(&job->lane->lock);
	atomic_store(&job->paused, paused);
	pthread_cond_broadcast(&job->lane->changed);
	pthread_mutex_unlock(&job->lane->lock);
}

void job_pause(struct job *job)
{
	set_paused(job, true);
}

void job_resume(struct job *job)
{
	set_paused(job, false);
}

void job_cancel(struct job *job)
{
	struct lane *l = job->lane;
	bool waiting;

	pthread_mutex_lock(&l->lock);
	waiting = job->state == JOB_QUEUED;
	if (waiting)
		lane_remove(l, job);
	atomic_store(&job->cancelled, true);
	if (waiting)
		atomic_store(&job->state, JOB_CANCELLED); /* asked again, it must not end again */
	pthread_cond_broadcast(&l->changed);
	pthread_mutex_unlock(&l->lock);
	if (waiting)
		job_end(job, JOB_CANCELLED);
}

void job_free(struct job *job)
{
	free(job);
}

enum job_state job_state(const struct job *job)
{
	enum job_state state = atomic_load(&job->state);

	return state <= JOB_RUNNING && job->paused && !job->cancelled ? JOB_PAUSED : state;
}

void job_progress(const struct job *job, uint64_t *done, uint64_t *total)
{
	*done = atomic_load_explicit(&job->done, memory_order_relaxed);
	*total = atomic_load_explicit(&job->total, memory_order_relaxed);
}

double job_seconds(const struct job *job)
{
	struct lane *l = job->lane;
	double seconds = 0;

	pthread_mutex_lock(&l->lock);
	if (job->started > 0) {
		double now = job->ended > 0 ? job->ended : job->paused_since > 0 ? job->paused_since : clock_now();

		seconds = now - job->started - job->paused_for;
	}
	pthread_mutex_unlock(&l->lock);
	return seconds;
}

bool job_rests(const struct job *job)
{
	struct lane *l = job->lane;
	bool rests;

	pthread_mutex_lock(&l->lock);
	rests = job_state(job) == JOB_PAUSED && (!(job->started > 0) || job->paused_since > 0);
	pthread_mutex_unlock(&l->lock);
	return rests;
}

void job_post(struct job *job, struct message *msg)
{
	msg->job_id = job->id;
	message_queue_post(job->lane->q, msg);
}

bool job_cancel_asked(const struct job *job)
{
	return atomic_load_explicit(&job->cancelled, memory_order_relaxed);
}
