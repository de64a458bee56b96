/* SPDX-License-Identifier: GPL-3.0-or-later */
/* thread.h - how every thread of ours but the first is started.
 *
 * With every signal blocked, so that handlers run on the UI thread (or on a library's own threads,
 * which is why handlers do nothing but write to the self-pipe); at a lower priority than the UI, so
 * that a key is answered at once while all processors are busy; and named, for top and debuggers.
 * Join it with pthread_join().  Thread: ANY.
 */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>

#include "base/err.h"

/* name: at most 15 bytes are shown. */
bool thread_start(pthread_t *thread, const char *name, void *(*fn)(void *), void *arg, struct err *err);

#endif
