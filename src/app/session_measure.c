/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session_measure.c - the answering run measured on test, user by user, so that Users can show and sort by it.
 *
 * Only where somebody looks, and where it costs a moment: what is larger waits for `evaluate`.
 */
#include <stdio.h>
#include <stdlib.h>

#include "app/session_private.h"
#include "base/mem.h"

#define CHEAP_SCORES 200e6 /* users x items: well under a second */

struct measure {
	const struct snapshot *snapshot;
	const struct split *split;
	struct eval_options options;
	struct eval_result *result;
};

static bool measure_run(struct job *job, const struct task *task, void *arg, struct err *err)
{
	struct measure *m = arg;

	(void)job;
	m->result = eval_run(m->snapshot, m->split, &m->options, task, err);
	return m->result != NULL;
}

static void measure_finish(struct session *s, void *arg, int end, const struct err *err)
{
	struct measure *m = arg;

	(void)err; /* a column stays empty */
	if (end != JOB_DONE)
		return;
	session_put_eval(s, m->result);
	m->result = NULL;
}

static void measure_release(void *arg)
{
	struct measure *m = arg;

	eval_result_free(m->result);
	snapshot_unref(m->snapshot);
	split_unref(m->split);
	free(m);
}

void session_measure(struct session *s)
{
	const struct run *r = session_answering(s);
	struct work w = { .lane = LANE_ASK, .run = measure_run, .finish = measure_finish, .release = measure_release };
	struct measure *m;
	struct err ignored;
	uint32_t id;

	if (!s->options.screen || s->closing || !r || r->job || r->test || !r->of_split || !s->split->test_users ||
	    (double)s->split->test_users * s->data->n_items > CHEAP_SCORES)
		return;
	m = mem_must(calloc(1, sizeof(*m)));
	m->snapshot = snapshot_ref(r->snapshot);
	m->split = split_ref((struct split *)s->split);
	eval_options_for(&m->options, m->split);
	m->options.n_k = 1;
	m->options.k[0] = 10;
	w.arg = m;
	snprintf(w.title, sizeof(w.title), "measure %.64s", r->rec.name);
	session_start(s, &w, &id, &ignored);
}
