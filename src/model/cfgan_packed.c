/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cfgan_packed.c - see cfgan_packed.h. */
#include "model/cfgan_packed.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "model/packed_tensors.h"

static bool begin(struct cfgan_net *to, const struct cfgan_net *from, struct err *err)
{
	struct cfgan_part G = { .rows = from->I, .n = from->G.n, .act = from->G.act };

	memcpy(G.size, from->G.size, sizeof(G.size));
	*to = (struct cfgan_net){ .I = from->I, .G = G };
	to->bias = mem_alloc(to->I, sizeof(*to->bias), err);
	return to->bias && cfgan_net_make_dense(to, err);
}

static bool make_tables(struct cfgan_net *to, const struct cfgan_net *from, enum precision in, struct err *err)
{
	uint32_t Z = cfgan_last(&from->G), width = cfgan_width(from);
	struct packed first, out;

	if (cfgan_is_packed(from)) {
		memcpy(to->bias, from->bias, from->I * sizeof(*to->bias));
		return packed_make(&to->packed_in, &from->packed_in, in, err) &&
		       packed_make(&to->packed_out, &from->packed_out, in, err);
	}
	for (uint32_t i = 0; i < from->I; i++)
		to->bias[i] = from->out[(size_t)i * width + Z];
	first = packed_view(from->G.in, from->I, from->G.size[0]);
	out = packed_view(from->out, from->I, width);
	return packed_make(&to->packed_in, &first, in, err) && packed_make_of(&to->packed_out, &out, Z, in, err);
}

bool cfgan_packed_make(struct cfgan_net *to, const struct cfgan_net *from, enum precision in, struct err *err)
{
	if (begin(to, from, err)) {
		memcpy(to->G.t.w, from->G.t.w, to->G.t.size * sizeof(float));
		if (make_tables(to, from, in, err) && packed_tensors_make(&to->dense, &to->G.t, in, err)) {
			packed_tensors_read(&to->dense, to->G.t.w);
			return true;
		}
	}
	cfgan_net_done(to);
	return false;
}

static const char *bias_of(const char *out, char name[64])
{
	snprintf(name, 64, "%s.bias", out);
	return name;
}

bool cfgan_packed_add(struct weights_writer *w, const struct cfgan_net *n, const char *in, const char *out,
		      struct err *err)
{
	char name[64];

	return packed_add(w, in, &n->packed_in, err) && packed_add(w, out, &n->packed_out, err) &&
	       weights_add(w, bias_of(out, name), TENSOR_F32, n->bias, n->I, 0, err) &&
	       packed_tensors_add(w, &n->dense, err);
}

bool cfgan_packed_get(const struct weights *w, struct cfgan_net *n, const char *in, const char *out, struct err *err)
{
	struct cfgan_net sizes = *n;
	char name[64];

	if (!begin(n, &sizes, err) || !packed_get(w, in, n->I, n->G.size[0], &n->packed_in, err) ||
	    !packed_get(w, out, n->I, cfgan_last(&n->G), &n->packed_out, err) ||
	    !weights_take(w, bias_of(out, name), TENSOR_F32, n->bias, n->I, 0, err) ||
	    !packed_tensors_get(w, &n->G.t, &n->dense, err)) {
		cfgan_net_done(n);
		return false;
	}
	packed_tensors_read(&n->dense, n->G.t.w);
	return true;
}

uint64_t cfgan_packed_bytes(const struct cfgan_net *n)
{
	return packed_bytes(&n->packed_in) + packed_bytes(&n->packed_out) + packed_tensors_bytes(&n->dense) +
	       (n->I + n->G.t.size) * sizeof(float);
}
