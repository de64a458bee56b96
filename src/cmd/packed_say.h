/* SPDX-License-Identifier: GPL-3.0-or-later */
/* packed_say.h - what fewer bits cost and gain, told by `use` and `export model`.  cmd/ only. */
#ifndef CMD_PACKED_SAY_H
#define CMD_PACKED_SAY_H

#include "cmd/result.h"
#include "eval/packed_cost.h"

#define PRECISION_CHOICES "f32|bf16|int8"

/* Into the head: precision, bytes, bytes_whole, measured {on, users, metric, whole, packed, loss,
 * users_per_second, users_per_second_whole} or null. */
void packed_cost_json(struct result *r, const struct packed_cost *c);
double packed_cost_smaller(const struct packed_cost *c); /* in memory */
/* "ndcg@10 -0.42 %, 4.01 x smaller, 1.20 x as fast": all of it in one line, as the screen has one. */
void packed_cost_line(const struct packed_cost *c, double times_smaller, struct str *out);
/* The figures behind it, three lines. */
void packed_cost_text(const struct packed_cost *c, struct str *out);

#endif
