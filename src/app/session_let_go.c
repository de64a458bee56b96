/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session_let_go.c - references given up, off the UI thread.
 *
 * DESIGN: whoever drops the last reference frees the memory, and giving a gigabyte back to the system takes
 * tens of milliseconds.  A key must not wait for that: what may be large is dropped by a worker.
 */
#include <stdlib.h>

#include "app/session_private.h"
#include "base/mem.h"

#define SMALL_BYTES (4u << 20) /* freed within a fraction of a millisecond */

struct leftovers {
	const struct snapshot *snapshot;
	const struct split *split;
	const struct dataset *data;
};

static void leftovers_free(struct leftovers *l)
{
	snapshot_unref(l->snapshot);
	split_unref(l->split);
	dataset_unref(l->data);
	*l = (struct leftovers){ 0 };
}

static bool let_go_run(struct job *job, const struct task *task, void *arg, struct err *err)
{
	(void)job, (void)task, (void)err;
	leftovers_free(arg);
	return true;
}

static void let_go_finish(struct session *s, void *arg, int end, const struct err *err)
{
	(void)s, (void)arg, (void)end, (void)err;
}

/* A work that was cancelled in the queue still holds them. */
static void let_go_release(void *arg)
{
	leftovers_free(arg);
	free(arg);
}

static bool is_small(const struct leftovers *l)
{
	uint64_t bytes = l->data ? dataset_bytes(l->data) : 0;

	if (l->snapshot)
		bytes += l->snapshot->ops->held(l->snapshot->model);
	return bytes < SMALL_BYTES;
}

void session_let_go(struct session *s, const struct snapshot *snapshot, const struct split *split,
		    const struct dataset *data)
{
	struct leftovers l = { snapshot, split, data }, *kept;
	struct work w = { .title = "let go", .lane = LANE_ASK, .run = let_go_run, .finish = let_go_finish,
			  .release = let_go_release };
	struct err ignored;
	uint32_t id;

	if (s->closing || is_small(&l)) {
		leftovers_free(&l);
		return;
	}
	kept = mem_must(calloc(1, sizeof(*kept)));
	*kept = l;
	w.arg = kept;
	session_start(s, &w, &id, &ignored);
}
