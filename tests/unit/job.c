/* SPDX-License-Identifier: GPL-3.0-or-later */
/* job.c - lanes run their jobs in turn; each can be paused, resumed and cancelled, and ends once. */
#include "job/job.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "tap.h"

static struct message_queue *q;
static struct lane *lane, *other;
static struct pool *pool;
static struct err err;
static atomic_int runs, order;

static void nap(long milliseconds)
{
	struct timespec t = { milliseconds / 1000, milliseconds % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

static bool five_messages(struct job *job, const struct task *task, void *arg, struct err *e)
{
	(void)arg;
	(void)e;
	for (int i = 0; i < 5; i++) {
		struct message *msg = calloc(1, sizeof(*msg));

		task_progress(task, (uint64_t)i + 1, 5);
		msg->kind = MESSAGE_USER + i;
		job_post(job, msg);
	}
	return true;
}

static bool until_cancelled(struct job *job, const struct task *task, void *arg, struct err *e)
{
	(void)job;
	(void)arg;
	atomic_fetch_add(&runs, 1);
	for (uint64_t i = 0; task_keep_going(task); i++) {
		task_progress(task, i, 0);
		nap(1);
	}
	return task_cancelled(e); /* either value will do */
}

static void tick(void *ctx, size_t chunk, unsigned slot)
{
	(void)chunk;
	(void)slot;
	atomic_fetch_add((atomic_int *)ctx, 1);
	nap(1);
}

static bool in_chunks(struct job *job, const struct task *task, void *arg, struct err *e)
{
	(void)job;
	(void)e;
	return task_chunks(task, 100000, tick, arg);
}

static bool diverges(struct job *job, const struct task *task, void *arg, struct err *e)
{
	(void)job;
	(void)task;
	(void)arg;
	return err_set(e, ERR_NUMERIC, "loss is nan at epoch 3, batch 17");
}

static bool takes_turn(struct job *job, const struct task *task, void *arg, struct err *e)
{
	(void)job;
	(void)e;
	*(int *)arg = atomic_fetch_add(&order, 1);
	return task_keep_going(task);
}

/* Waits until it is asked to stop, but never puts the question itself. */
static bool deaf(struct job *job, const struct task *task, void *arg, struct err *e)
{
	(void)task;
	(void)arg;
	(void)e;
	atomic_fetch_add(&runs, 1);
	while (!job_cancel_asked(job))
		nap(1);
	return true;
}

/* The screen's loop in miniature: the next message of the job's end, other messages counted. */
static struct message *wait_end(unsigned *others)
{
	for (;;) {
		struct pollfd p = { .fd = message_queue_fd(q), .events = POLLIN };
		struct message *msg = message_queue_take(q);

		if (!msg && poll(&p, 1, 10000) <= 0)
			return NULL;
		if (msg && msg->kind == MESSAGE_JOB_ENDED)
			return msg;
		if (msg && others)
			++*others;
		message_free(msg);
	}
}

static bool ends(struct job *job, uint32_t id, enum job_state how)
{
	struct message *end = wait_end(NULL);
	bool good = end && end->job_id == id && end->end == how && job_state(job) == how;

	message_free(end);
	job_free(job);
	return good;
}

static void wait_runs(int n)
{
	while (atomic_load(&runs) < n)
		nap(1);
}

static void runs_to_the_end(void)
{
	struct job *job = job_submit(lane, 1, five_messages, NULL, &err);
	unsigned others = 0;
	uint64_t done, total;
	struct message *end = wait_end(&others);

	ok(end && end->end == JOB_DONE && end->job_id == 1 && job_state(job) == JOB_DONE, "a job ends as done");
	ok(others == 5, "its messages come before its end");
	job_progress(job, &done, &total);
	ok(done == 5 && total == 5, "its last progress stays");
	ok(job_seconds(job) >= 0 && job_seconds(job) < 10, "its time stands");
	message_free(end);
	job_free(job);

	job = job_submit(lane, 2, diverges, NULL, &err);
	end = wait_end(NULL);
	ok(end && end->end == JOB_FAILED && end->err.code == ERR_NUMERIC, "a job that fails ends as failed");
	is_str(end ? end->err.msg : "", "loss is nan at epoch 3, batch 17", "with its reason");
	message_free(end);
	job_free(job);
}

static void pauses(void)
{
	struct job *job;
	uint64_t before, after, total;
	double seconds, resumed;

	runs = 0;
	job = job_submit(lane, 3, until_cancelled, NULL, &err);
	wait_runs(1);
	ok(job_state(job) == JOB_RUNNING, "it runs");
	job_pause(job);
	ok(job_state(job) == JOB_PAUSED, "then it is paused");
	/* On a busy machine it may be a while before it puts its next question. */
	for (int i = 0; i < 500 && (seconds = job_seconds(job), nap(20), job_seconds(job) != seconds); i++)
		;
	ok(job_seconds(job) == seconds, "its time stands still");
	job_progress(job, &before, &total);
	nap(50);
	job_progress(job, &after, &total);
	ok(before == after, "and it makes no progress");
	resumed = clock_now();
	job_resume(job);
	for (int i = 0; i < 10000 && (job_progress(job, &after, &total), after == before); i++)
		nap(1);
	ok(after > before && job_state(job) == JOB_RUNNING, "resumed it goes on");
	seconds = job_seconds(job) - seconds;
	ok(seconds > 0 && seconds < clock_now() - resumed + 0.010, "without the pause in its time");
	job_pause(job);
	nap(10);
	job_cancel(job);
	ok(ends(job, 3, JOB_CANCELLED), "a paused job can be cancelled");
}

/* The promise is 100 ms on an idle machine; the limit leaves room for a busy one under a sanitizer. */
static void cancels_quickly(void)
{
	struct job *job;
	double asked;
	atomic_int ticks = 0;
	int at_pause;

	job = job_submit(lane, 4, in_chunks, &ticks, &err);
	while (ticks < 10)
		nap(1);
	job_pause(job);
	do { /* those in work end, however busy the machine */
		at_pause = ticks;
		nap(30);
	} while (ticks != at_pause && ticks < 50000);
	nap(50);
	ok(ticks == at_pause, "the pool's threads pause with their job");
	job_resume(job);
	while (ticks < at_pause + 10)
		nap(1);
	asked = clock_now();
	job_cancel(job);
	ok(ends(job, 4, JOB_CANCELLED), "work in chunks can be cancelled");
	ok(clock_now() - asked < 1.0, "soon (%.1f ms)", (clock_now() - asked) * 1e3);
}

static void queues(void)
{
	struct job *first, *job[4];
	int turn[4] = { -1, -1, -1, -1 };

	runs = order = 0;
	first = job_submit(lane, 10, until_cancelled, NULL, &err);
	for (int i = 0; i < 4; i++)
		job[i] = job_submit(lane, 11 + (uint32_t)i, takes_turn, &turn[i], &err);
	wait_runs(1);
	ok(job_state(job[0]) == JOB_QUEUED && job_seconds(job[0]) == 0, "the second job waits");
	job_cancel(job[1]);
	job_cancel(job[1]);
	ok(ends(job[1], 12, JOB_CANCELLED), "a job that waits can be cancelled, and ends once");
	job_pause(job[2]);
	ok(job_state(job[2]) == JOB_PAUSED, "or paused");
	job_cancel(first);
	ok(ends(first, 10, JOB_CANCELLED), "the first is cancelled");
	ok(ends(job[0], 11, JOB_DONE) && turn[0] == 0, "the next runs");
	nap(30);
	ok(turn[2] == -1 && turn[3] == -1, "a paused job keeps the lane");
	job_resume(job[2]);
	ok(ends(job[2], 13, JOB_DONE) && turn[2] == 1, "until it is resumed");
	ok(ends(job[3], 14, JOB_DONE) && turn[3] == 2, "in the order of submission");
	ok(turn[1] == -1, "the cancelled one never ran");
	ok(!message_queue_take(q), "no end came twice");
}

static void side_by_side(void)
{
	struct job *long_one, *short_one;
	int turn = -1;

	runs = 0;
	long_one = job_submit(lane, 20, until_cancelled, NULL, &err);
	wait_runs(1);
	short_one = job_submit(other, 21, takes_turn, &turn, &err);
	ok(ends(short_one, 21, JOB_DONE), "a second lane runs beside the first");
	job_cancel(long_one);
	ok(ends(long_one, 20, JOB_CANCELLED), "which goes on");
}

static void asked_too_late(void)
{
	struct job *job;

	runs = 0;
	job = job_submit(lane, 30, deaf, NULL, &err);
	wait_runs(1);
	job_cancel(job);
	ok(ends(job, 30, JOB_DONE), "a job asked to stop after its last question has done its work");
}

static void races(void)
{
	bool good = true;

	for (uint32_t i = 0; i < 300; i++) {
		struct job *job = job_submit(lane, 100 + i, until_cancelled, NULL, &err);

		if (i % 3 == 1)
			job_pause(job);
		if (i % 7 == 2)
			nap(1);
		job_cancel(job);
		if (i % 5 == 3)
			job_resume(job);
		good &= ends(job, 100 + i, JOB_CANCELLED);
	}
	ok(good, "300 jobs cancelled at once, each ends once");
}

int main(void)
{
	q = message_queue_new(&err);
	pool = pool_new(3, &err);
	lane = lane_new("heavy", q, pool, &err);
	other = lane_new("light", q, pool, &err);
	ok(q && pool && lane && other, "queue, pool and two lanes are made");
	runs_to_the_end();
	pauses();
	cancels_quickly();
	queues();
	side_by_side();
	asked_too_late();
	races();
	lane_free(lane);
	lane_free(other);
	lane_free(NULL);
	pool_free(pool);
	message_queue_free(q);
	return done_testing();
}
