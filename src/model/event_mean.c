/* SPDX-License-Identifier: GPL-3.0-or-later */
/* event_mean.c - see event_mean.h. */
#include "model/event_mean.h"

#include <math.h>

#include "base/mem.h"

enum { CHUNK_USERS = 128 };

struct event_sum {
	const struct csr *events, *known;
	event_loss_fn *fn;
	const void *ctx;
	struct part { double loss; size_t n; } *part; /* of each chunk */
};

static void sum_chunk(void *ctx, size_t chunk, unsigned slot)
{
	const struct event_sum *s = ctx;
	const struct csr *e = s->events;
	uint32_t from = (uint32_t)chunk * CHUNK_USERS, to = from + CHUNK_USERS < e->rows ? from + CHUNK_USERS : e->rows;
	struct part p = { 0 };

	(void)slot;
	for (uint32_t u = from; u < to; u++) {
		size_t at = e->ptr[u], n = csr_row_n(e, u);

		if (!n || !csr_row_n(s->known, u))
			continue;
		p.loss += s->fn(s->ctx, u, e->idx + at, e->val ? e->val + at : NULL, n);
		p.n += n;
	}
	s->part[chunk] = p;
}

bool event_mean(const struct csr *events, const struct csr *known, event_loss_fn *fn, const void *ctx,
		const struct task *t, double *out, struct err *err)
{
	size_t chunks = ((size_t)events->rows + CHUNK_USERS - 1) / CHUNK_USERS;
	struct event_sum s = { .events = events, .known = known, .fn = fn, .ctx = ctx };
	struct part all = { 0 };
	bool done;

	s.part = mem_alloc(chunks ? chunks : 1, sizeof(*s.part), err);
	if (!s.part)
		return false;
	done = task_chunks(t, chunks, sum_chunk, &s);
	for (size_t c = 0; done && c < chunks; c++) {
		all.loss += s.part[c].loss;
		all.n += s.part[c].n;
	}
	mem_free(s.part);
	*out = all.n ? all.loss / (double)all.n : NAN;
	return done || task_cancelled(err);
}
