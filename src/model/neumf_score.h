/* SPDX-License-Identifier: GPL-3.0-or-later */
/* neumf_score.h - scores of a neumf network for many items at once.
 *
 * DESIGN: for every item the half of the first layer that is its own, m_i Wi + b_1, is computed once, and kept
 * with g_i in panels of NEUMF_PANEL items side by side.  A user's half is computed once a query.  A pair then
 * costs an addition in the first layer and the small layers above, which run with items along the vectors'
 * lanes: every product fills the registers, however narrow the layers are.  A score has the same bits in any
 * range and batch: sums over each layer's inputs run in their order, the bias first.
 * A network in fewer bits keeps no panels: each is made from its items' rows when a batch comes to it.
 * Thread: making is single; reading is ANY.
 */
#ifndef MODEL_NEUMF_SCORE_H
#define MODEL_NEUMF_SCORE_H

#include "model/neumf_net.h"

enum { NEUMF_PANEL = 64 };

struct neumf_panels; /* immutable */
struct neumf_panels *neumf_panels_new(const struct neumf_net *n, struct err *err);
void neumf_panels_free(struct neumf_panels *p); /* NULL is fine */
uint64_t neumf_panels_bytes(const struct neumf_net *n);

/* What a query is once its user's row p [D] is known: [neumf_query_floats]. */
static inline size_t neumf_query_floats(const struct neumf_net *n) { return n->L[0] + n->G; }
void neumf_query(const struct neumf_net *n, const float *p, float *query);

/* out[b * stride + (i - lo)] for queries [B][neumf_query_floats]; work [neumf_score_floats]. */
size_t neumf_score_floats(const struct neumf_net *n);
void neumf_score(const struct neumf_net *n, const struct neumf_panels *panels, const float *queries, size_t B,
		 uint32_t lo, uint32_t hi, float *work, float *out, size_t stride);

#endif
