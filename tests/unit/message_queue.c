/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message_queue.c - order is kept, nothing is lost, and poll() tells the truth. */
#include "job/message_queue.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>

#include "tap.h"

#define POSTERS 4
#define EACH 5000

static struct message_queue *q;
static int freed;

static bool readable(int timeout)
{
	struct pollfd p = { .fd = message_queue_fd(q), .events = POLLIN };

	return poll(&p, 1, timeout) == 1;
}

static struct message *message(uint32_t job_id, int kind)
{
	struct message *msg = calloc(1, sizeof(*msg));

	msg->job_id = job_id;
	msg->kind = kind;
	return msg;
}

static void count_free(void *payload)
{
	free(payload);
	freed++;
}

static void alone(void)
{
	struct message *msg;

	ok(!message_queue_take(q) && !readable(0), "a new queue is empty and silent");
	for (int i = 0; i < 3; i++)
		message_queue_post(q, message(1, i));
	ok(readable(0), "it is readable once something was posted");
	for (int i = 0; i < 3; i++) {
		msg = message_queue_take(q);
		ok(msg && msg->kind == i, "message %d comes in its turn", i);
		message_free(msg);
	}
	ok(!message_queue_take(q) && !readable(0), "taken empty it is silent again");
	message_queue_post(q, message(1, 9));
	ok(readable(0), "and tells of the next");
	message_free(message_queue_take(q));
	message_queue_post(q, message(1, 10));
	ok(readable(0), "also when it was not seen empty in between");
	message_free(message_queue_take(q));
	message_free(message_queue_take(q));
}

static void *poster(void *arg)
{
	uint32_t id = (uint32_t)(uintptr_t)arg;

	for (int i = 0; i < EACH; i++)
		message_queue_post(q, message(id, i));
	return NULL;
}

/* The loop of the screen: sleep in poll(), take until empty.  A lost wake-up would end the poll by its
 * time limit. */
static void several_posters(void)
{
	int next[POSTERS] = { 0 };
	unsigned got = 0;
	bool in_order = true, woken = true;
	pthread_t t[POSTERS];

	for (uintptr_t i = 0; i < POSTERS; i++)
		pthread_create(&t[i], NULL, poster, (void *)i);
	while (got < POSTERS * EACH && woken) {
		struct message *msg;

		woken = readable(5000);
		while ((msg = message_queue_take(q))) {
			in_order &= msg->kind == next[msg->job_id]++;
			got++;
			message_free(msg);
		}
	}
	for (int i = 0; i < POSTERS; i++)
		pthread_join(t[i], NULL);
	ok(woken && got == POSTERS * EACH, "of %d messages from %d threads none is lost", POSTERS * EACH, POSTERS);
	ok(in_order, "and each thread's come in order");
	ok(!readable(0), "then there is silence");
}

int main(void)
{
	struct err err;
	struct message *msg;

	q = message_queue_new(&err);
	ok(q != NULL, "a queue is made");
	alone();
	several_posters();
	for (int i = 0; i < 3; i++) {
		msg = message(0, MESSAGE_USER);
		msg->payload = malloc(8);
		msg->payload_free = count_free;
		message_queue_post(q, msg);
	}
	message_free(message_queue_take(q));
	ok(freed == 1, "a message is freed with its payload");
	message_queue_free(q);
	ok(freed == 3, "what was not taken is freed with the queue");
	message_queue_free(NULL);
	message_free(NULL);
	return done_testing();
}
