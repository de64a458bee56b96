/* SPDX-License-Identifier: GPL-3.0-or-later */
/* loop.c - poll() over the signal pipe and whatever was registered.
 *
 * DESIGN: a handler may run on any thread (OpenBLAS starts threads before main() with signals open), so
 * it does nothing but set a flag and write one byte into a pipe that never blocks.  A full pipe loses
 * nothing: the flag is set, and the loop wakes for the bytes that are in it.  There is one loop a
 * process because there is one set of handlers.
 */
#include "app/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

static const int caught[] = { SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT, SIGWINCH };
#define N_CAUGHT (sizeof(caught) / sizeof(*caught))
#define MAX_FDS 16

struct watch {
	int fd;
	void (*ready)(void *ctx);
	void *ctx;
};

struct loop {
	int pipe[2];
	struct sigaction old[N_CAUGHT], old_pipe, old_size;
	struct watch watch[MAX_FDS];
	size_t n_watch;
	void (*signal)(void *ctx, int signo);
	void *signal_ctx;
	void (*turn)(void *ctx);
	void *turn_ctx;
	double wake_at; /* clock_now(); INFINITY: never */
	bool stop;
};

/* Atomic, not merely volatile: a signal may be delivered to any thread, such as one of OpenBLAS's. */
static atomic_bool pending[N_CAUGHT];
static atomic_int pipe_end = -1;

static void on_signal(int signo)
{
	int saved = errno;

	for (size_t i = 0; i < N_CAUGHT; i++) {
		if (caught[i] == signo)
			atomic_store(&pending[i], true);
	}
	if (atomic_load(&pipe_end) >= 0) {
		ssize_t n = write(atomic_load(&pipe_end), "", 1);

		(void)n; /* full: the loop is going to wake anyway */
	}
	errno = saved;
}

static bool make_pipe(int fd[2], struct err *err)
{
	if (pipe(fd) != 0)
		return err_set(err, ERR_IO, "cannot make a pipe for signals: %s", strerror(errno));
	for (int i = 0; i < 2; i++) {
		fcntl(fd[i], F_SETFL, fcntl(fd[i], F_GETFL) | O_NONBLOCK);
		fcntl(fd[i], F_SETFD, FD_CLOEXEC);
	}
	return true;
}

struct loop *loop_new(struct err *err)
{
	struct loop *l = mem_must(calloc(1, sizeof(*l)));
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	if (!make_pipe(l->pipe, err)) {
		free(l);
		return NULL;
	}
	l->wake_at = INFINITY;
	atomic_store(&pipe_end, l->pipe[1]);
	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < N_CAUGHT; i++) {
		atomic_store(&pending[i], false);
		sigaction(caught[i], &sa, &l->old[i]);
		/* nohup stays in force. */
		if (caught[i] == SIGHUP && l->old[i].sa_handler == SIG_IGN)
			sigaction(SIGHUP, &l->old[i], NULL);
	}
	/* Writes fail with a reason instead. */
	sigaction(SIGPIPE, &ignore, &l->old_pipe);
	sigaction(SIGXFSZ, &ignore, &l->old_size);
	return l;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < N_CAUGHT; i++)
		sigaction(caught[i], &l->old[i], NULL);
	sigaction(SIGPIPE, &l->old_pipe, NULL);
	sigaction(SIGXFSZ, &l->old_size, NULL);
	atomic_store(&pipe_end, -1);
	close(l->pipe[0]);
	close(l->pipe[1]);
	free(l);
}

bool loop_watch_fd(struct loop *l, int fd, void (*ready)(void *ctx), void *ctx, struct err *err)
{
	if (l->n_watch == MAX_FDS)
		return err_set(err, ERR_RANGE, "too many files are watched at once (%d)", MAX_FDS);
	l->watch[l->n_watch++] = (struct watch){ fd, ready, ctx };
	return true;
}

void loop_unwatch_fd(struct loop *l, int fd)
{
	size_t keep = 0;

	for (size_t i = 0; i < l->n_watch; i++) {
		if (l->watch[i].fd != fd)
			l->watch[keep++] = l->watch[i];
	}
	l->n_watch = keep;
}

void loop_on_signal(struct loop *l, void (*receiver)(void *ctx, int signo), void *ctx)
{
	l->signal = receiver;
	l->signal_ctx = ctx;
}

void loop_on_turn(struct loop *l, void (*turn)(void *ctx), void *ctx)
{
	l->turn = turn;
	l->turn_ctx = ctx;
}

void loop_wake_in(struct loop *l, double seconds)
{
	double at = clock_now() + seconds;

	if (at < l->wake_at)
		l->wake_at = at;
}

static void take_signals(struct loop *l)
{
	char bytes[64];

	while (read(l->pipe[0], bytes, sizeof(bytes)) > 0)
		;
	for (size_t i = 0; i < N_CAUGHT; i++) {
		if (!atomic_exchange(&pending[i], false))
			continue;
		if (l->signal)
			l->signal(l->signal_ctx, caught[i]);
		else if (caught[i] == SIGTSTP)
			raise(SIGSTOP); /* nobody has a terminal to put right first */
	}
}

static const struct watch *find_watch(const struct loop *l, int fd)
{
	for (size_t i = 0; i < l->n_watch; i++) {
		if (l->watch[i].fd == fd)
			return &l->watch[i];
	}
	return NULL;
}

static int poll_ms(const struct loop *l, double timeout)
{
	double left = l->wake_at - clock_now();

	if (timeout < 0 || left < timeout)
		timeout = left;
	if (timeout == INFINITY)
		return -1;
	if (timeout <= 0)
		return 0;
	return timeout > 1e6 ? 1000000000 : (int)ceil(timeout * 1000);
}

bool loop_turn(struct loop *l, double timeout, struct err *err)
{
	struct pollfd p[MAX_FDS + 1] = { { .fd = l->pipe[0], .events = POLLIN } };
	size_t n = l->n_watch;
	bool happened = false;
	int got;

	for (size_t i = 0; i < n; i++)
		p[i + 1] = (struct pollfd){ .fd = l->watch[i].fd, .events = POLLIN };
	got = poll(p, (nfds_t)n + 1, poll_ms(l, timeout));
	if (got < 0 && errno != EINTR)
		return err_set(err, ERR_IO, "cannot wait for events: %s", strerror(errno));
	if (got < 0 || p[0].revents) {
		take_signals(l);
		happened = true;
	}
	/* A receiver may drop the watch of another: look each one up again. */
	for (size_t i = 0; got > 0 && i < n; i++) {
		const struct watch *w = p[i + 1].revents ? find_watch(l, p[i + 1].fd) : NULL;

		if (w) {
			w->ready(w->ctx);
			happened = true;
		}
	}
	if (clock_now() >= l->wake_at) {
		l->wake_at = INFINITY;
		happened = true;
	}
	if (happened && l->turn)
		l->turn(l->turn_ctx);
	return true;
}

void loop_run(struct loop *l)
{
	struct err err;

	l->stop = false;
	while (!l->stop && loop_turn(l, -1, &err))
		;
}

void loop_stop(struct loop *l)
{
	l->stop = true;
}
