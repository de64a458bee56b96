/* SPDX-License-Identifier: GPL-3.0-or-later */
/* towers_params.h - the parameters of towers, and what they ask for.  Thread: ANY. */
#ifndef MODEL_TOWERS_PARAMS_H
#define MODEL_TOWERS_PARAMS_H

#include "model/towers_fit.h"

extern const struct param_spec towers_params[];

bool towers_says_yes(const struct params *p, const char *name); /* of those that are yes|no */
struct towers_rule towers_rule_of(const struct params *p, const struct split *s); /* s NULL: any, for sizes */
/* The share of items that training knows by their content alone, which the split decides where it is not given: all of
 * them, where what is asked for are items without a train event.  No e_i is learnt then, nor scored with. */
float towers_drop_item(const struct split *s, const struct params *p);
/* The network's shape and its features, but for the text. */
bool towers_net_of(struct towers_net *n, const struct dataset *d, const struct params *p, struct err *err);
/* What it makes of the order of a history, which past=auto leaves to the split; ERR_UNSUPPORTED: there is no order. */
bool towers_set_time(struct towers_net *n, const struct split *s, const struct params *p, struct err *err);

/* model_ops.effort (towers_effort.c). */
void towers_effort(const struct model_shape *shape, const struct params *p, struct model_effort *out);

#endif
