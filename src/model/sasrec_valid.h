/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sasrec_valid.h - the loss of a sasrec network on valid events: each is asked for from the state after the
 * user's train events, by the rule's own loss (sasrec_fit.h), without dropout, against negatives that are the
 * same in every epoch.  Thread: WORKER.
 */
#ifndef MODEL_SASREC_VALID_H
#define MODEL_SASREC_VALID_H

#include "model/sasrec_fit.h"
#include "model/sequences.h"

/* histories: the train events by user.  all: for ce, any memory of these sizes, which is packed anew.
 * *out is NaN when no user of valid has a history. */
bool sasrec_valid_loss(const struct sasrec_net *n, const struct sasrec_rule *r, const struct sequences *histories,
		       struct softmax_all *all, const struct build_env *env, const struct task *t, double *out,
		       struct err *err);
/* Memory it takes for a while; slots: threads. */
uint64_t sasrec_valid_bytes(const struct sasrec_net *n, const struct sasrec_rule *r, unsigned slots);

#endif
