/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compare_rewards.h - compare MODEL… rewards=yes: what the data rewards (train/rewards.h), beside the verdict.  cmd/ only. */
#ifndef CMD_COMPARE_REWARDS_H
#define CMD_COMPARE_REWARDS_H

#include "cmd/result.h"
#include "train/rewards.h"

/* UI.  Into the head, and a line each as text. */
void compare_rewards_tell(const struct rewards *w, struct result *r, struct str *text);

#endif
