/* SPDX-License-Identifier: GPL-3.0-or-later */
/* history_drop.h - denoising: some events of a history hidden in training, anew each epoch, so that a model
 * learns to do without any one of them (Vincent et al. 2008; of histories, Wu et al. 2016, CDAE).
 * The parameter of it is called `drop` by every model that has it.  Thread: ANY, each with its own stream.
 */
#ifndef MODEL_HISTORY_DROP_H
#define MODEL_HISTORY_DROP_H

#include "base/rng.h"

/* The places of the events that stay, ascending, into kept [n]; returns how many.  Each goes with chance
 * `drop`; when fewer than `least` would stay, all do.  drop 0 draws nothing. */
uint32_t history_drop(uint32_t *kept, uint32_t n, uint32_t least, float drop, struct rng *r);

#endif
