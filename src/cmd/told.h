/* SPDX-License-Identifier: GPL-3.0-or-later */
/* told.h - what was told of a training before it, beside what it took.  UI thread or WORKER. */
#ifndef CMD_TOLD_H
#define CMD_TOLD_H

#include <jansson.h>

#include "base/str.h"
#include "train/run_record.h"

/* "told": {"seconds","bytes"} for the epochs that there were, or null; "peak_bytes". */
void told_put(json_t *row, const struct run_record *rec);
/* ", told 3.1 s and 24.1 MB, took 2.8 s and 23.0 MB"; nothing where nothing was told. */
void told_say(const struct run_record *rec, struct str *out);

#endif
