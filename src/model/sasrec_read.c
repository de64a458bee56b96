/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sasrec_read.c - see sasrec_read.h. */
#include "model/sasrec_read.h"

#include <string.h>

enum { ROWS = 256 /* of a pack, about */ };

struct reading { /* of packed histories, in the scratch's second block */
	uint32_t *item, *start, *of; /* of: the query of each history */
	float *h;
	void *work;
	const struct sasrec_net *net;
	struct sasrec_net unpacked; /* of one in fewer bits: its dense weights as floats, E for a pack's items */
};

static size_t up(size_t bytes)
{
	return (bytes + 63) / 64 * 64;
}

/* keep: every block's cache is there after the pack was read. */
static bool begin_reading(const struct sasrec_net *n, size_t rows, bool keep, struct reading *r, struct scratch *s,
			  struct err *err)
{
	size_t list = up((rows + 1) * sizeof(uint32_t)), h = up(rows * n->D * sizeof(float));
	size_t dense = n->E ? 0 : up(n->t.size * sizeof(float)), E = n->E ? 0 : h;
	size_t work = sasrec_work_size(n, rows, rows * n->max_len, keep);
	char *at = scratch_need_aux(s, 3 * list + h + dense + E + work, err);

	if (!at)
		return false;
	r->item = (uint32_t *)(void *)at;
	r->start = (uint32_t *)(void *)(at + list);
	r->of = (uint32_t *)(void *)(at + 2 * list);
	at += 3 * list;
	r->h = (float *)(void *)at;
	r->work = at + h + dense + E;
	r->start[0] = 0;
	r->net = n;
	if (n->E)
		return true;
	r->unpacked = *n;
	r->unpacked.t.w = (float *)(void *)(at + h);
	r->unpacked.E = (float *)(void *)(at + h + dense);
	r->net = &r->unpacked;
	packed_tensors_read(&n->dense, r->unpacked.t.w);
	return true;
}

static uint32_t newest(const struct sasrec_net *n, const struct query *q)
{
	return q->n < n->max_len ? q->n : n->max_len;
}

static void add_history(const struct sasrec_net *n, const struct reading *r, size_t S, const struct query *q)
{
	uint32_t len = newest(n, q);

	memcpy(r->item + r->start[S], q->items + q->n - len, len * sizeof(*r->item));
	r->start[S + 1] = r->start[S] + len;
}

/* Of a network in fewer bits, the rows that the pack names stand in for E. */
static void forward(const struct sasrec_net *n, const struct reading *r, struct sasrec_work *w, struct sasrec_pack *p)
{
	if (!n->E) {
		packed_rows(&n->items, r->item, p->P, r->unpacked.E, n->D);
		for (size_t t = 0; t < p->P; t++)
			r->item[t] = (uint32_t)t;
	}
	sasrec_forward(r->net, w, p, r->h, NULL);
}

/* Reads what is packed, and puts each history's last state where its query's vector belongs. */
static void read_pack(const struct sasrec_net *n, const struct reading *r, size_t S, float *vectors)
{
	struct sasrec_pack p = { .item = r->item, .start = r->start, .S = S, .P = r->start[S] };
	struct sasrec_work w;
	size_t squares = 0;

	if (!S)
		return;
	for (size_t k = 0; k < S; k++)
		squares += (size_t)(r->start[k + 1] - r->start[k]) * (r->start[k + 1] - r->start[k]);
	sasrec_work_lay(&w, r->work, n, p.P, squares, false);
	forward(n, r, &w, &p);
	for (size_t k = 0; k < S; k++)
		memcpy(vectors + r->of[k] * (size_t)n->D, r->h + (r->start[k + 1] - 1) * (size_t)n->D,
		       n->D * sizeof(*vectors));
}

bool sasrec_read(const struct sasrec_net *n, const struct query *q, size_t B, float *vectors, struct scratch *s,
		 struct err *err)
{
	struct reading r;
	size_t S = 0;

	if (!begin_reading(n, ROWS + n->max_len, false, &r, s, err))
		return false;
	for (size_t b = 0; b < B; b++) {
		if (!q[b].n) {
			memcpy(vectors + b * n->D, r.net->t.w + n->bias, n->D * sizeof(*vectors));
			continue;
		}
		add_history(n, &r, S, &q[b]);
		r.of[S] = (uint32_t)b;
		if (r.start[++S] >= ROWS) {
			read_pack(n, &r, S, vectors);
			S = 0;
		}
	}
	read_pack(n, &r, S, vectors);
	return true;
}

bool sasrec_attention(const struct sasrec_net *n, const struct query *q, float *weight, struct scratch *s,
		      struct err *err)
{
	uint32_t len = newest(n, q);
	float share = 1 / (float)(n->blocks * n->heads);
	struct sasrec_pack p = { .S = 1, .P = len };
	struct sasrec_work w;
	struct reading r;

	memset(weight, 0, q->n * sizeof(*weight));
	if (!len)
		return true;
	if (!begin_reading(n, len, true, &r, s, err))
		return false;
	add_history(n, &r, 0, q);
	p.item = r.item;
	p.start = r.start;
	sasrec_work_lay(&w, r.work, n, len, (size_t)len * len, true);
	forward(n, &r, &w, &p);
	for (size_t b = 0; b < n->blocks; b++)
		for (size_t h = 0; h < n->heads; h++) {
			const float *row = w.layer[b].prob + (h * len + len - 1) * len; /* of the newest event */

			for (uint32_t k = 0; k < len; k++)
				weight[q->n - len + k] += share * row[k];
		}
	return true;
}
