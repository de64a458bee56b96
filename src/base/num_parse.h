/* SPDX-License-Identifier: GPL-3.0-or-later */
/* num_parse.h - numbers and dates from text, the whole field or nothing, whatever the locale.
 *
 * Each returns false when the field is not exactly one such value ("5 stars", "", "nan", "1e999" and
 * "1,5" are no numbers).  Spaces around the value are not accepted.  Thread: ANY.
 */
#ifndef BASE_NUM_PARSE_H
#define BASE_NUM_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool num_parse_double(const char *s, size_t n, double *out); /* finite only; correctly rounded */
bool num_parse_float(const char *s, size_t n, float *out);   /* via double, finite as float */
bool num_parse_i64(const char *s, size_t n, int64_t *out);
bool num_parse_u64(const char *s, size_t n, uint64_t *out);
bool num_parse_bytes(const char *s, size_t n, uint64_t *out); /* "512", "64k", "2GB" */
bool num_parse_seconds(const char *s, size_t n, double *out); /* "90", "90s", "10m", "1h30m" */

#endif
