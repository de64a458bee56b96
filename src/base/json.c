/* SPDX-License-Identifier: GPL-3.0-or-later */
/* json.c - our ways with jansson. */
#include "base/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"

#define FILE_MAX ((size_t)1 << 30)
#define NINE_DIGITS JSON_REAL_PRECISION(9)

json_t *json_number(double v)
{
	return isfinite(v) ? mem_must(json_real(v)) : json_null();
}

json_t *json_text(const char *s)
{
	size_t n = strlen(s);
	struct str whole = STR_INIT;
	json_t *j;

	if (utf8_valid(s, n))
		return mem_must(json_stringn_nocheck(s, n));
	while (n) {
		char bytes[4];
		uint32_t cp;
		size_t used = utf8_decode(s, n, &cp);

		str_append(&whole, bytes, utf8_encode(cp, bytes));
		s += used;
		n -= used;
	}
	j = mem_must(json_stringn_nocheck(whole.s, whole.len));
	str_done(&whole);
	return j;
}

void json_put(json_t *object, const char *key, json_t *take)
{
	if (json_object_set_new(object, key, take) != 0)
		mem_must(NULL);
}

double json_number_in(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	return json_is_number(v) ? json_number_value(v) : NAN;
}

char *json_line(const json_t *j)
{
	return mem_must(json_dumps(j, JSON_COMPACT | JSON_ENCODE_ANY | NINE_DIGITS));
}

bool json_save(const json_t *j, const char *path, struct err *err)
{
	char *text = json_dumps(j, JSON_INDENT(2) | NINE_DIGITS);
	struct str all = STR_INIT;
	bool good;

	if (!text)
		return err_at(err, ERR_NOMEM, path, 0, "cannot be written as JSON");
	str_puts(&all, text);
	str_putc(&all, '\n');
	free(text);
	good = file_write_whole(path, all.s, all.len, 0666, err);
	str_done(&all);
	return good;
}

json_t *json_open(const char *path, struct err *err)
{
	json_error_t why;
	json_t *j;
	char *bytes;
	size_t n;

	if (!file_read_whole(path, FILE_MAX, &bytes, &n, err))
		return NULL;
	j = json_loadb(bytes, n, 0, &why);
	mem_free(bytes);
	if (!j)
		err_at(err, ERR_SYNTAX, path, why.line > 0 ? (uint64_t)why.line : 0, "damaged JSON: %s", why.text);
	return j;
}
