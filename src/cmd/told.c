/* SPDX-License-Identifier: GPL-3.0-or-later */
/* told.c - see told.h. */
#include "cmd/told.h"

#include <math.h>

#include "base/json.h"
#include "base/mem.h"

void told_put(json_t *row, const struct run_record *rec)
{
	json_put(row, "told", rec->told_bytes ? mem_must(json_pack("{s:o,s:I}", "seconds", json_number(run_record_told(rec)),
								   "bytes", (json_int_t)rec->told_bytes))
					      : json_null());
	json_put(row, "peak_bytes", rec->peak_bytes ? json_integer((json_int_t)rec->peak_bytes) : json_null());
}

void told_say(const struct run_record *rec, struct str *out)
{
	char a[32], b[32];

	if (!rec->told_bytes || !rec->peak_bytes)
		return;
	str_bytes(rec->told_bytes, a);
	str_bytes(rec->peak_bytes, b);
	if (isnan(run_record_told(rec)))
		str_printf(out, ", told %s, took %s", a, b);
	else
		str_printf(out, ", told %.2f s and %s, took %.2f s and %s", run_record_told(rec), a, rec->seconds, b);
}
