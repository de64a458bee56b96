/* SPDX-License-Identifier: GPL-3.0-or-later */
/* log.h - the last lines of what happened: a ring that Jobs shows, and a file when asked for.
 *
 * Never writes to a terminal.  Lines are sanitised when drawn, not when kept.  Thread: ANY.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum log_level { LOG_INFO, LOG_WARN, LOG_ERROR };

struct log_line {
	uint64_t serial;      /* 1, 2, 3 … ; never reused */
	int64_t wall;         /* clock_wall() */
	enum log_level level;
	char text[240];       /* cut with … when longer */
};

void log_add(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool log_to_file(const char *path, struct err *err); /* appends; NULL stops */
uint64_t log_newest(void);                           /* serial of the newest line; 0: none */
bool log_get(uint64_t serial, struct log_line *out); /* false: gone or not yet */

#endif
