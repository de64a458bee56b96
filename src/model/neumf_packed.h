/* SPDX-License-Identifier: GPL-3.0-or-later */
/* neumf_packed.h - a frozen neumf network in fewer bits: both tables, and the dense weights by the rows of their
 * matrices; t.w holds the floats that these stand for.
 */
#ifndef MODEL_NEUMF_PACKED_H
#define MODEL_NEUMF_PACKED_H

#include "model/neumf_net.h"
#include "model/weights.h"

/* From a whole one or one packed already; neumf_net_done() it. */
bool neumf_packed_make(struct neumf_net *to, const struct neumf_net *from, enum precision in, struct err *err);
bool neumf_packed_add(struct weights_writer *w, const struct neumf_net *n, struct err *err);
bool neumf_packed_get(const struct weights *w, struct neumf_net *n, struct err *err); /* of n: as neumf_net_make() */
uint64_t neumf_packed_bytes(const struct neumf_net *n);

#endif
