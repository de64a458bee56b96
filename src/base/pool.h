/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pool.h - sleeping threads that share out numbered chunks.
 *
 * DESIGN: whoever calls pool_run() works too; the pool's threads - 1 helpers join the oldest run that
 * still has chunks.  Several threads may run chunks at the same time (a training, a load, the scorer).
 * Idle threads sleep on a condition variable; nothing spins.  Helpers run with every signal blocked
 * and at a lower priority than the UI.  Chunks are numbered; which thread runs which chunk is left to
 * chance, so a chunk's result may depend on its number only.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct pool;

/* A chunk: `slot` is 0..pool_slots()-1, distinct among the chunks of one run that run at one time
 * (for scratch memory). */
typedef void pool_chunk_fn(void *ctx, size_t chunk, unsigned slot);

struct pool *pool_new(unsigned threads, struct err *err); /* threads >= 1, callers included */
void pool_free(struct pool *p);                           /* NULL is fine; joins */
unsigned pool_slots(const struct pool *p);                /* NULL: 1 */

/* Runs chunks 0..n-1, returns when every started chunk has ended.  between() (may be NULL) is asked by
 * the calling thread between its chunks: it may block (a paused job), and while it does no helper takes
 * a chunk of this run; false stops the run.  Returns false when stopped early. */
bool pool_run(struct pool *p, size_t n, pool_chunk_fn *fn, void *ctx,
	      bool (*between)(void *ctx), void *between_ctx);

#endif
