/* SPDX-License-Identifier: GPL-3.0-or-later */
/* json.h - what every JSON of ours shares: jansson, numbers as %.9g, NaN and infinities as null,
 * files replaced whole.  Thread: ANY (a json_t belongs to one thread at a time). */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

json_t *json_number(double v); /* null for NaN and infinities; whole numbers stay reals */
/* Any bytes as a JSON string: broken UTF-8 becomes U+FFFD. */
json_t *json_text(const char *s);
/* Into an object; takes the value. */
void json_put(json_t *object, const char *key, json_t *take);
double json_number_in(const json_t *object, const char *key); /* NaN: there is none */
char *json_line(const json_t *j); /* one compact line; free() */
bool json_save(const json_t *j, const char *path, struct err *err); /* indented, file_write_whole */
json_t *json_open(const char *path, struct err *err);

#endif
