/* SPDX-License-Identifier: GPL-3.0-or-later */
/* thread.c - starting a worker thread. */
#include "base/thread.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __linux__
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "base/mem.h"

#define NICE_STEPS 10 /* about a tenth of the share of a thread at the usual priority */

struct start {
	void *(*fn)(void *);
	void *arg;
	char name[16];
};

static void *thread_main(void *opaque)
{
	struct start s = *(struct start *)opaque;

	free(opaque);
#ifdef __linux__
	{
		/* On Linux a priority belongs to a thread.  Being refused does no harm. */
		id_t tid = (id_t)syscall(SYS_gettid);
		int now = getpriority(PRIO_PROCESS, tid);

		setpriority(PRIO_PROCESS, tid, now + NICE_STEPS > 19 ? 19 : now + NICE_STEPS);
		pthread_setname_np(pthread_self(), s.name);
	}
#endif
	return s.fn(s.arg);
}

bool thread_start(pthread_t *thread, const char *name, void *(*fn)(void *), void *arg, struct err *err)
{
	struct start *s = mem_must(malloc(sizeof(*s)));
	sigset_t all, old;
	int rc;

	s->fn = fn;
	s->arg = arg;
	snprintf(s->name, sizeof(s->name), "%s", name);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(thread, NULL, thread_main, s);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc) {
		free(s);
		return err_set(err, ERR_NOMEM, "cannot start a thread: %s", strerror(rc));
	}
	return true;
}
