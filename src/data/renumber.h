/* SPDX-License-Identifier: GPL-3.0-or-later */
/* renumber.h - new numbers where cleaning took events out: by the first kept event in file order.  WORKER. */
#ifndef DATA_RENUMBER_H
#define DATA_RENUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strtab.h"
#include "base/task.h"

/* Old numbers in the order of first[]; those without (UINT32_MAX) are left out.  mem_free(). */
uint32_t *renumber_order(const uint32_t *first, uint32_t n, uint32_t *kept, struct err *err);
/* Keeps the strings order[0..n-1], in that order. */
bool renumber_ids(struct strtab *t, const uint32_t *order, uint32_t n, const struct task *task, struct err *err);

#endif
