/* SPDX-License-Identifier: GPL-3.0-or-later */
/* towers_packed.c - see towers_packed.h. */
#include "model/towers_packed.h"

#include <string.h>

#include "model/packed_tensors.h"

/* Sizes and switches, and the people's dense weights as 0. */
static bool begin(struct towers_net *to, const struct towers_net *from, struct err *err)
{
	*to = (struct towers_net){
		.U = from->U, .I = from->I, .D = from->D, .activation = from->activation, .cosine = from->cosine,
		.project = from->project, .history = from->history, .recency = from->recency, .social = from->social,
	};
	return towers_net_make_people(to, err);
}

/* The tensors of `to` from those of the same name. */
static void copy_people(struct towers_net *to, const struct towers_net *from)
{
	for (size_t k = 0; k < to->t.n; k++) {
		const struct tensor *t = &to->t.tensor[k];

		for (size_t j = 0; j < from->t.n; j++)
			if (!strcmp(t->name, from->t.tensor[j].name))
				memcpy(to->t.w + t->at, from->t.w + from->t.tensor[j].at, tensor_n(t) * sizeof(float));
	}
}

static struct packed table(const float *whole, uint32_t rows, uint32_t D, const struct packed *packed)
{
	return whole ? packed_view(whole, rows, D) : *packed;
}

static bool make_tables(struct towers_net *to, const struct towers_net *from, enum precision in, struct err *err)
{
	struct packed users = table(from->users, from->U, from->D, &from->packed_users);
	struct packed past = table(from->past, from->I, from->D, &from->packed_past);

	return packed_make(&to->packed_users, &users, in, err) &&
	       (!to->history || packed_make(&to->packed_past, &past, in, err));
}

bool towers_packed_make(struct towers_net *to, const struct towers_net *from, enum precision in, struct err *err)
{
	if (begin(to, from, err)) {
		copy_people(to, from);
		if (make_tables(to, from, in, err) && packed_tensors_make(&to->dense, &to->t, in, err)) {
			packed_tensors_read(&to->dense, to->t.w);
			return true;
		}
	}
	towers_net_done(to);
	return false;
}

bool towers_packed_add(struct weights_writer *w, const struct towers_net *n, struct err *err)
{
	return packed_add(w, "users", &n->packed_users, err) &&
	       (!n->history || packed_add(w, "past", &n->packed_past, err)) && packed_tensors_add(w, &n->dense, err);
}

bool towers_packed_get(const struct weights *w, struct towers_net *n, struct err *err)
{
	struct towers_net whole = *n;

	towers_features_done(&whole.features);
	if (!begin(n, &whole, err) || !packed_get(w, "users", n->U, n->D, &n->packed_users, err) ||
	    (n->history && !packed_get(w, "past", n->I, n->D, &n->packed_past, err)) ||
	    !packed_tensors_get(w, &n->t, &n->dense, err))
		return false;
	packed_tensors_read(&n->dense, n->t.w);
	return true;
}

uint64_t towers_packed_bytes(const struct towers_net *n)
{
	return packed_bytes(&n->packed_users) + packed_bytes(&n->packed_past) + packed_tensors_bytes(&n->dense) +
	       n->t.size * sizeof(float);
}
