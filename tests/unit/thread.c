/* SPDX-License-Identifier: GPL-3.0-or-later */
/* thread.c - a worker thread has every signal blocked and a lower priority, its maker keeps its own. */
#include "base/thread.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#ifdef __linux__
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "tap.h"

struct seen {
	bool blocked;
	int priority;
	char name[32];
};

static int own_priority(void)
{
#ifdef __linux__
	return getpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid));
#else
	return 0;
#endif
}

static void *look(void *arg)
{
	struct seen *s = arg;
	sigset_t set;

	pthread_sigmask(SIG_SETMASK, NULL, &set);
	s->blocked = sigismember(&set, SIGINT) && sigismember(&set, SIGTERM) && sigismember(&set, SIGWINCH) &&
		     sigismember(&set, SIGUSR1);
	s->priority = own_priority();
	pthread_getname_np(pthread_self(), s->name, sizeof(s->name));
	return s;
}

int main(void)
{
	struct seen seen = { 0 };
	struct err err = { 0 };
	int before = own_priority();
	sigset_t old, now;
	pthread_t t;
	void *back = NULL;

	pthread_sigmask(SIG_SETMASK, NULL, &old);
	ok(thread_start(&t, "a-name-longer-than-fifteen", look, &seen, &err), "a thread starts");
	pthread_join(t, &back);
	pthread_sigmask(SIG_SETMASK, NULL, &now);
	ok(back == &seen, "gets its argument and gives its result");
	ok(seen.blocked, "every signal is blocked in it");
	ok(sigismember(&now, SIGINT) == sigismember(&old, SIGINT) && !sigismember(&now, SIGWINCH), "none here");
#ifdef __linux__
	ok(seen.priority > before || before == 19, "it has a lower priority (%d, %d here)", seen.priority, before);
	ok(own_priority() == before, "and we the old one");
#else
	(void)before;
#endif
	is_str(seen.name, "a-name-longer-t", "its name is cut to what fits");
	return done_testing();
}
