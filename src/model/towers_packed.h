/* SPDX-License-Identifier: GPL-3.0-or-later */
/* towers_packed.h - the network of a frozen towers in fewer bits: the people's tower and its tables.
 *
 * The items' tower has done its work by then: their vectors stand beside it (model/towers.c), and its weights, the
 * tags' and the words' vectors are not kept.  The dense weights are packed by the rows of their matrices, and
 * read back: t.w holds the floats that those stand for.
 */
#ifndef MODEL_TOWERS_PACKED_H
#define MODEL_TOWERS_PACKED_H

#include "model/towers_net.h"
#include "model/weights.h"

/* From a whole one or one packed already; towers_net_done() it. */
bool towers_packed_make(struct towers_net *to, const struct towers_net *from, enum precision in, struct err *err);
static inline bool towers_is_packed(const struct towers_net *n) { return !n->users; }

bool towers_packed_add(struct weights_writer *w, const struct towers_net *n, struct err *err);
/* Of n: all that towers_net_make() wants set; its features are let go. */
bool towers_packed_get(const struct weights *w, struct towers_net *n, struct err *err);
uint64_t towers_packed_bytes(const struct towers_net *n);

#endif
