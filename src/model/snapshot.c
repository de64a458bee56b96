/* SPDX-License-Identifier: GPL-3.0-or-later */
/* snapshot.c - counted references to a frozen model; a user's history as a query to it. */
#include "model/snapshot.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

struct snapshot *snapshot_new(struct model *take, const char *run, uint32_t epoch, const struct split *split,
			      bool refit, bool values, struct err *err)
{
	struct snapshot *s = mem_zeroed(1, sizeof(*s), err);

	if (!s) {
		model_ops_of(take)->destroy(take);
		return NULL;
	}
	s->model = take;
	s->ops = model_ops_of(take);
	snprintf(s->run, sizeof(s->run), "%s", run);
	s->epoch = epoch;
	s->data_fingerprint = split->data->fingerprint;
	s->split_fingerprint = split->fingerprint;
	s->refit = refit;
	s->values = values;
	atomic_init(&s->refs, 1);
	return s;
}

struct snapshot *snapshot_pack(const struct snapshot *s, enum precision to, struct err *err)
{
	struct snapshot *packed;
	struct model *m;

	if (s->precision == to)
		return (struct snapshot *)(uintptr_t)snapshot_ref(s);
	if (s->precision > to) {
		err_set(err, ERR_UNSUPPORTED, "%s is in %s: what was rounded off for it is gone", s->run,
			precision_name[s->precision]);
		return NULL;
	}
	if (!model_packs(s->ops, to, err))
		return NULL;
	m = s->ops->pack(s->model, to, err);
	packed = m ? mem_zeroed(1, sizeof(*packed), err) : NULL;
	if (!packed) {
		if (m)
			s->ops->destroy(m);
		return NULL;
	}
	memcpy(packed, s, sizeof(*packed));
	packed->model = m;
	packed->precision = to;
	atomic_init(&packed->refs, 1);
	return packed;
}

struct snapshot *snapshot_keep(struct snapshot *take, enum precision to, struct err *err)
{
	struct snapshot *packed = take ? snapshot_pack(take, to, err) : NULL;

	snapshot_unref(take);
	return packed;
}

bool snapshot_write(const struct snapshot *s, struct weights_writer *w, struct err *err)
{
	char data[24], split[24], epoch[16];

	snprintf(data, sizeof(data), "%016" PRIx64, s->data_fingerprint);
	snprintf(split, sizeof(split), "%016" PRIx64, s->split_fingerprint);
	snprintf(epoch, sizeof(epoch), "%u", s->epoch);
	return weights_note(w, "model", s->ops->name, err) && weights_note(w, "run", s->run, err) &&
	       weights_note(w, "epoch", epoch, err) && weights_note(w, "data", data, err) &&
	       weights_note(w, "split", split, err) && s->ops->save(s->model, WEIGHTS_SCORING, w, err);
}

/* Only the count changes in a snapshot; const says that nobody else may change the rest. */
static _Atomic unsigned *refs_of(const struct snapshot *s)
{
	return &((struct snapshot *)(uintptr_t)s)->refs;
}

const struct snapshot *snapshot_ref(const struct snapshot *s)
{
	atomic_fetch_add_explicit(refs_of(s), 1, memory_order_relaxed);
	return s;
}

void snapshot_unref(const struct snapshot *s)
{
	if (!s || atomic_fetch_sub_explicit(refs_of(s), 1, memory_order_acq_rel) != 1)
		return;
	s->ops->destroy(s->model);
	mem_free((struct snapshot *)(uintptr_t)s);
}

static bool make_room(struct history_buf *b, size_t n, struct err *err)
{
	size_t cap = n + n / 2 + 16;

	if (b->items && b->cap >= n)
		return true;
	history_buf_done(b);
	b->items = mem_alloc(cap, sizeof(*b->items), err);
	b->x = b->items ? mem_alloc(cap, sizeof(*b->x), err) : NULL;
	b->times = b->x ? mem_alloc(cap, sizeof(*b->times), err) : NULL;
	if (!b->times) {
		history_buf_done(b);
		return false;
	}
	b->cap = cap;
	return true;
}

/* A user who was never trained on has no vector: whatever stands there was only drawn. */
static uint32_t trained_user(const struct snapshot *s, const struct split *split, uint32_t user)
{
	const struct csr *fitted = s->refit ? &split->train_valid : &split->train;

	return user != NO_USER && csr_row_n(fitted, user) ? user : NO_USER;
}

bool history_query(const struct snapshot *s, const struct split *split, uint32_t user, bool for_valid,
		   struct history_buf *buf, struct query *out, struct err *err)
{
	const struct dataset *d = split->data;

	if (!make_room(buf, d->user_ptr[user + 1] - d->user_ptr[user], err))
		return false;
	*out = (struct query){ .items = buf->items, .x = s->values ? buf->x : NULL,
			       .user = trained_user(s, split, user) };
	out->n = split_history(split, user, for_valid, buf->items, buf->x, buf->times);
	return true;
}

void history_buf_done(struct history_buf *b)
{
	mem_free(b->items);
	mem_free(b->x);
	mem_free(b->times);
	*b = (struct history_buf){ 0 };
}

bool given_history_copy(struct given_history *out, const struct given_history *g, struct err *err)
{
	*out = (struct given_history){ .user = g->user };
	out->items = mem_alloc((size_t)g->n + 1, sizeof(*out->items), err);
	out->x = out->items ? mem_alloc((size_t)g->n + 1, sizeof(*out->x), err) : NULL;
	if (!out->x) {
		given_history_done(out);
		return false;
	}
	for (uint32_t k = 0; k < g->n; k++) {
		out->items[k] = g->items[k];
		out->x[k] = g->x[k];
	}
	out->n = g->n;
	return true;
}

void given_history_done(struct given_history *g)
{
	mem_free(g->items);
	mem_free(g->x);
	*g = (struct given_history){ .user = NO_USER };
}

void given_history_query(const struct snapshot *s, const struct split *split, const struct given_history *g,
			 struct query *out)
{
	*out = (struct query){ .items = g->items, .x = s->values ? g->x : NULL, .n = g->n,
			       .user = trained_user(s, split, g->user) };
}
