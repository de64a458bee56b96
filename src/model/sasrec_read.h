/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sasrec_read.h - what a sasrec network makes of given histories: their vectors, and what it looks at.
 *
 * Of a history the newest max-len events are read.  One without events gets what padding alone would give:
 * the bias of the last norm.  Thread: ANY, each with its own scratch, of which the second block is used.
 */
#ifndef MODEL_SASREC_READ_H
#define MODEL_SASREC_READ_H

#include "model/model.h"
#include "model/sasrec_net.h"

/* The state after the newest event of each of B histories: vectors [B][D]. */
bool sasrec_read(const struct sasrec_net *n, const struct query *q, size_t B, float *vectors, struct scratch *s,
		 struct err *err);
/* See model_ops.attention: weight [q->n], 0 where an event is not read. */
bool sasrec_attention(const struct sasrec_net *n, const struct query *q, float *weight, struct scratch *s,
		      struct err *err);

#endif
