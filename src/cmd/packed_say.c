/* SPDX-License-Identifier: GPL-3.0-or-later */
/* packed_say.c - see packed_say.h. */
#include "cmd/packed_say.h"

#include <math.h>

#include "base/json.h"

/* The share of the metric that was lost; negative: it rose. */
static double loss_of(const struct packed_cost *c)
{
	return c->whole.got.value > 0 ? 1 - c->packed.got.value / c->whole.got.value : NAN;
}

void packed_cost_json(struct result *r, const struct packed_cost *c)
{
	json_t *m = json_null();

	result_set(r, "precision", json_text(precision_name[c->packed.precision]));
	result_set(r, "bytes", json_integer((json_int_t)c->packed.bytes));
	result_set(r, "bytes_whole", json_integer((json_int_t)c->whole.bytes));
	if (c->on)
		m = json_pack("{s:o,s:I,s:s,s:o,s:o,s:o,s:o,s:o}", "on", json_text(c->on), "users",
			      (json_int_t)c->packed.got.n_users, "metric", "ndcg@10", "whole",
			      json_number(c->whole.got.value), "packed", json_number(c->packed.got.value), "loss",
			      json_number(loss_of(c)), "users_per_second", json_number(c->packed.got.users_per_second),
			      "users_per_second_whole", json_number(c->whole.got.users_per_second));
	result_set(r, "measured", m);
}

static double times_as_fast(const struct packed_cost *c)
{
	return c->packed.got.users_per_second / c->whole.got.users_per_second;
}

double packed_cost_smaller(const struct packed_cost *c)
{
	return (double)c->whole.bytes / (double)c->packed.bytes;
}

void packed_cost_line(const struct packed_cost *c, double times_smaller, struct str *out)
{
	if (c->on && !isnan(loss_of(c)))
		str_printf(out, "ndcg@10 %+.2f %%, ", -100 * loss_of(c));
	str_printf(out, "%.2f x smaller", times_smaller);
	if (c->on)
		str_printf(out, ", %.2f x as fast", times_as_fast(c));
}

void packed_cost_text(const struct packed_cost *c, struct str *out)
{
	const char *in = precision_name[c->packed.precision], *was = precision_name[c->whole.precision];
	char a[32], b[32];

	str_printf(out, "memory: %s in %s, %s in %s (%.2f times smaller)\n", str_bytes(c->packed.bytes, a), in,
		   str_bytes(c->whole.bytes, b), was, packed_cost_smaller(c));
	if (!c->on) {
		str_printf(out, "its loss is not measured: %s\n", c->why);
		return;
	}
	str_printf(out, "ndcg@10 on %s, %s users: %.4f in %s, %.4f in %s", c->on,
		   str_thousands(c->packed.got.n_users, a), c->packed.got.value, in, c->whole.got.value, was);
	if (!isnan(loss_of(c)))
		str_printf(out, " (%+.2f %%)", -100 * loss_of(c));
	str_printf(out, "\nusers ranked a second: %s in %s, %s in %s (%.2f times)\n",
		   str_thousands((uint64_t)c->packed.got.users_per_second, a), in,
		   str_thousands((uint64_t)c->whole.got.users_per_second, b), was,
		   times_as_fast(c));
}
