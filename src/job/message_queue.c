/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message_queue.c - a list under a lock, and a pipe that tells of it.
 *
 * DESIGN: the pipe holds one byte while the list is not empty, and none while it is.  It is written on
 * the step from empty to not empty and drained by the take that finds nothing, both under the lock: so
 * no post can slip in between and have its wake-up eaten, and the pipe can never fill. */
#include "job/message_queue.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

struct message_queue {
	pthread_mutex_t lock; /* guards all below */
	struct message *head, *tail;
	bool told; /* a byte is in the pipe */
	int read_fd, write_fd;
};

static bool open_pipe(int fds[2])
{
	if (pipe(fds))
		return false;
	for (int i = 0; i < 2; i++) {
		fcntl(fds[i], F_SETFD, FD_CLOEXEC);
		fcntl(fds[i], F_SETFL, O_NONBLOCK);
	}
	return true;
}

struct message_queue *message_queue_new(struct err *err)
{
	struct message_queue *q;
	int fds[2];

	if (!open_pipe(fds)) {
		err_set(err, ERR_IO, "cannot make the pipe for messages: %s", strerror(errno));
		return NULL;
	}
	q = mem_must(calloc(1, sizeof(*q)));
	q->read_fd = fds[0];
	q->write_fd = fds[1];
	pthread_mutex_init(&q->lock, NULL);
	return q;
}

void message_queue_free(struct message_queue *q)
{
	struct message *msg;

	if (!q)
		return;
	while ((msg = message_queue_take(q)))
		message_free(msg);
	pthread_mutex_destroy(&q->lock);
	close(q->read_fd);
	close(q->write_fd);
	free(q);
}

int message_queue_fd(const struct message_queue *q)
{
	return q->read_fd;
}

void message_queue_post(struct message_queue *q, struct message *msg)
{
	msg->next = NULL;
	pthread_mutex_lock(&q->lock);
	if (q->head)
		q->tail->next = msg;
	else
		q->head = msg;
	q->tail = msg;
	if (!q->told) {
		while (write(q->write_fd, "", 1) < 0 && errno == EINTR)
			;
		q->told = true;
	}
	pthread_mutex_unlock(&q->lock);
}

struct message *message_queue_take(struct message_queue *q)
{
	struct message *msg;
	char byte;

	pthread_mutex_lock(&q->lock);
	msg = q->head;
	if (msg) {
		q->head = msg->next;
		msg->next = NULL;
	} else if (q->told) {
		while (read(q->read_fd, &byte, 1) < 0 && errno == EINTR)
			;
		q->told = false;
	}
	pthread_mutex_unlock(&q->lock);
	return msg;
}

void message_free(struct message *msg)
{
	if (!msg)
		return;
	if (msg->payload_free)
		msg->payload_free(msg->payload);
	free(msg);
}
