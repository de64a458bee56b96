/* SPDX-License-Identifier: GPL-3.0-or-later */
/* spectral_sizes.h - which form of its linear filter spectral keeps, and what it takes: for spectral.c alone.
 * Thread: ANY.
 */
#ifndef MODEL_SPECTRAL_SIZES_H
#define MODEL_SPECTRAL_SIZES_H

#include "model/model.h"

enum product { AUTO, ITEMS, USERS }; /* as the parameter lists them */
enum form { WHOLE, SPARSE, BY_USERS };

/* pairs: of items that share a user, at most.  *bytes: of the form by items that is smaller. */
enum form spectral_form(enum product product, uint64_t I, uint64_t pairs, uint64_t *bytes);
uint64_t spectral_bytes(const struct model_shape *shape, const struct params *p);
void spectral_effort(const struct model_shape *shape, const struct params *p, struct model_effort *out);

#endif
