/* SPDX-License-Identifier: GPL-3.0-or-later */
/* neumf_packed.c - see neumf_packed.h. */
#include "model/neumf_packed.h"

#include <string.h>

#include "model/packed_tensors.h"

bool neumf_packed_make(struct neumf_net *to, const struct neumf_net *from, enum precision in, struct err *err)
{
	struct packed users = neumf_users(from), items = neumf_items(from);

	*to = *from;
	if (neumf_net_make_dense(to, err)) {
		memcpy(to->t.w, from->t.w, to->t.size * sizeof(*to->t.w));
		if (packed_make(&to->users, &users, in, err) && packed_make(&to->items, &items, in, err) &&
		    packed_tensors_make(&to->dense, &to->t, in, err)) {
			packed_tensors_read(&to->dense, to->t.w);
			return true;
		}
	}
	neumf_net_done(to);
	return false;
}

bool neumf_packed_add(struct weights_writer *w, const struct neumf_net *n, struct err *err)
{
	return packed_add(w, "users", &n->users, err) && packed_add(w, "items", &n->items, err) &&
	       packed_tensors_add(w, &n->dense, err);
}

bool neumf_packed_get(const struct weights *w, struct neumf_net *n, struct err *err)
{
	if (neumf_net_make_dense(n, err) && packed_get(w, "users", n->U, n->D, &n->users, err) &&
	    packed_get(w, "items", n->I, n->D, &n->items, err) && packed_tensors_get(w, &n->t, &n->dense, err)) {
		packed_tensors_read(&n->dense, n->t.w);
		return true;
	}
	neumf_net_done(n);
	return false;
}

uint64_t neumf_packed_bytes(const struct neumf_net *n)
{
	return packed_bytes(&n->users) + packed_bytes(&n->items) + packed_tensors_bytes(&n->dense) +
	       n->t.size * sizeof(float);
}
