/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cfgan_batch.c - see cfgan_batch.h. */
#include "model/cfgan_batch.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"

/* --- Sizes ----------------------------------------------------------------------------- */

static size_t drawn_for(float ratio, size_t events, size_t histories, size_t I)
{
	double n = ceil((double)ratio * (double)events / (double)histories);

	return n < (double)I ? (size_t)n : I;
}

static size_t drawn_at_most(float ratio, size_t longest, size_t I, size_t events, size_t groups)
{
	size_t each = drawn_for(ratio, longest, 1, I);
	/* Full groups draw by the events of all their histories; the last may be one history alone. */
	double all = ceil((double)ratio * (double)events / CFGAN_GROUP) + (double)groups + (double)each;

	return all < (double)groups * (double)each ? (size_t)all : groups * each;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

struct cfgan_limits cfgan_limits(const struct model_shape *s, uint32_t histories, float pm, float zr)
{
	struct cfgan_limits m = { .histories = least(histories, s->n_users) };

	m.groups = (m.histories + CFGAN_GROUP - 1) / CFGAN_GROUP;
	m.events = least(m.histories * s->longest, s->n_events);
	m.group_events = least((size_t)CFGAN_GROUP * s->longest, s->n_events);
	m.group_drawn = drawn_for(pm, s->longest, 1, s->n_items) + drawn_for(zr, s->longest, 1, s->n_items);
	m.drawn = drawn_at_most(pm, s->longest, s->n_items, m.events, m.groups) +
		  drawn_at_most(zr, s->longest, s->n_items, m.events, m.groups);
	return m;
}

uint64_t cfgan_batch_bytes(const struct model_shape *s, const struct cfgan_limits *m)
{
	return sizeof(uint32_t) * ((uint64_t)s->n_users + 1 + s->n_items + 3 * (uint64_t)m->events + m->histories +
				   m->groups + m->drawn + 1) + m->groups * sizeof(struct cfgan_group);
}

/* --- Life -------------------------------------------------------------------------------- */

bool cfgan_batch_make(struct cfgan_batch *b, const struct csr *x, const struct cfgan_limits *most, struct err *err)
{
	*b = (struct cfgan_batch){ .x = x, .most = *most };
	if ((b->order = mem_alloc((size_t)x->rows + 1, sizeof(*b->order), err)) &&
	    (b->place = mem_zeroed(x->cols, sizeof(*b->place), err)) &&
	    (b->item = mem_alloc(most->events, sizeof(*b->item), err)) &&
	    (b->value = mem_alloc(most->events, sizeof(*b->value), err)) &&
	    (b->seen = mem_alloc(most->events, sizeof(*b->seen), err)) &&
	    (b->start = mem_alloc(most->histories + most->groups, sizeof(*b->start), err)) &&
	    (b->drawn = mem_alloc(most->drawn + 1, sizeof(*b->drawn), err)) &&
	    (b->group = mem_alloc(most->groups, sizeof(*b->group), err))) {
		for (uint32_t u = 0; u < x->rows; u++)
			b->n_users += csr_row_n(x, u) > 0;
		return true;
	}
	cfgan_batch_done(b);
	return false;
}

void cfgan_batch_done(struct cfgan_batch *b)
{
	mem_free(b->order);
	mem_free(b->place);
	mem_free(b->item);
	mem_free(b->value);
	mem_free(b->seen);
	mem_free(b->start);
	mem_free(b->drawn);
	mem_free(b->group);
	*b = (struct cfgan_batch){ 0 };
}

size_t cfgan_batch_count(const struct cfgan_batch *b)
{
	return (b->n_users + b->most.histories - 1) / b->most.histories;
}

/* --- Filling ------------------------------------------------------------------------------ */

/* The same order for a pass, whatever the order was before. */
void cfgan_batch_shuffle(struct cfgan_batch *b, const struct cfgan_draw *d)
{
	struct rng r = rng_stream(d->seed, "cfgan.order", d->epoch, d->pass);
	uint32_t n = 0;

	for (uint32_t u = 0; u < b->x->rows; u++)
		if (csr_row_n(b->x, u))
			b->order[n++] = u;
	rng_shuffle_u32(&r, b->order, n);
}

/* What is left in grows, so that a sum over the history keeps its mean. */
static void leave_out(float *seen, const float *x, size_t n, uint32_t u, const struct cfgan_draw *d)
{
	struct rng r = rng_stream(d->seed, "cfgan.drop", d->epoch, (uint64_t)d->pass << 32 | u);
	float grow = 1 / (1 - d->drop);

	for (size_t k = 0; k < n; k++)
		seen[k] = rng_uniformf(&r) < d->drop ? 0 : grow * x[k];
}

static void add_history(struct cfgan_batch *b, uint32_t u, const struct cfgan_draw *d)
{
	size_t n = csr_row_n(b->x, u);
	float *x = b->value + b->P, *seen = b->seen + b->P;

	memcpy(b->item + b->P, csr_row(b->x, u), n * sizeof(*b->item));
	for (size_t k = 0; k < n; k++)
		x[k] = csr_x(b->x, b->x->ptr[u] + k);
	if (d->drop > 0)
		leave_out(seen, x, n, u, d);
	else
		memcpy(seen, x, n * sizeof(*seen));
	b->P += n;
}

/* n distinct items, all alike. */
static void draw_items(struct cfgan_batch *b, size_t n, struct rng *r)
{
	uint32_t *drawn = b->drawn + b->N, I = b->x->cols;

	for (size_t k = 0; k < n; k++) {
		uint32_t i = n == I ? (uint32_t)k : rng_below(r, I);

		while (b->place[i])
			i = rng_below(r, I);
		b->place[i] = 1;
		drawn[k] = i;
	}
	for (size_t k = 0; k < n; k++)
		b->place[drawn[k]] = 0;
	b->N += n;
}

static void fill_group(struct cfgan_batch *b, size_t from, size_t to, const struct cfgan_draw *d)
{
	struct rng r = rng_stream(d->seed, "cfgan.items", d->epoch, (uint64_t)d->pass << 32 | from);
	struct cfgan_group *g = &b->group[b->n_groups];
	uint32_t *start = b->start + b->S + b->n_groups++;

	*g = (struct cfgan_group){ .S = to - from, .first = b->S, .event = b->P, .draw = b->N, .start = start,
				   .item = b->item + b->P, .x = b->value + b->P, .seen = b->seen + b->P,
				   .drawn = b->drawn + b->N };
	start[0] = 0;
	for (size_t at = from; at < to; at++) {
		add_history(b, b->order[at], d);
		start[at - from + 1] = (uint32_t)(b->P - g->event);
	}
	g->P = b->P - g->event;
	g->n_pm = drawn_for(d->pm, g->P, g->S, b->x->cols);
	g->n_zr = drawn_for(d->zr, g->P, g->S, b->x->cols);
	draw_items(b, g->n_pm, &r);
	draw_items(b, g->n_zr, &r);
	b->S += g->S;
}

void cfgan_batch_fill(struct cfgan_batch *b, size_t k, const struct cfgan_draw *d)
{
	size_t from = k * b->most.histories, to = least(from + b->most.histories, b->n_users);

	b->S = b->P = b->N = b->n_groups = 0;
	for (size_t at = from; at < to; at += CFGAN_GROUP)
		fill_group(b, at, least(at + CFGAN_GROUP, to), d);
}
