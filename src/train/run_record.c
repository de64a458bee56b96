/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run_record.c - a run's record made, copied, and to and from JSON.
 *
 * Fingerprints are 64 bits and stand as hexadecimal text: JSON's numbers do not hold them everywhere.
 */
#include "train/run_record.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

#define FORMAT 1 /* of run.json; a reader refuses a later one */

void run_record_init(struct run_record *r)
{
	*r = (struct run_record){ .best_metric = NAN, .seconds = NAN, .told_once = NAN, .told_epoch = NAN };
	curves_init(&r->curves);
}

void run_record_done(struct run_record *r)
{
	json_decref(r->params);
	json_decref(r->metrics);
	json_decref(r->tuning);
	curves_done(&r->curves);
	run_record_init(r);
}

/* The JSON values are copied too: a record may go to another thread while this one's changes. */
bool run_record_copy(struct run_record *out, const struct run_record *r, struct err *err)
{
	struct curves curves;

	if (!curves_copy(&curves, &r->curves, err))
		return false;
	*out = *r;
	out->curves = curves;
	out->params = r->params ? mem_must(json_deep_copy(r->params)) : NULL;
	out->metrics = r->metrics ? mem_must(json_deep_copy(r->metrics)) : NULL;
	out->tuning = r->tuning ? mem_must(json_deep_copy(r->tuning)) : NULL;
	return true;
}

static json_t *hex(uint64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%016" PRIx64, v);
	return json_text(text);
}

double run_record_told(const struct run_record *r)
{
	double epochs = r->epochs;

	return r->refit && r->patience ? 2 * r->told_once + (epochs + r->best_epoch) * r->told_epoch
				       : r->told_once + epochs * r->told_epoch;
}

json_t *run_record_to_json(const struct run_record *r)
{
	json_t *j = mem_must(json_object());

	json_put(j, "format", json_integer(FORMAT));
	json_put(j, "name", json_text(r->name));
	json_put(j, "model", json_text(r->model));
	json_put(j, "params", r->params ? json_deep_copy(r->params) : json_object());
	json_put(j, "data", json_text(r->data_name));
	json_put(j, "data_fingerprint", hex(r->data_fingerprint));
	json_put(j, "split", json_text(r->split_text));
	json_put(j, "split_fingerprint", hex(r->split_fingerprint));
	json_put(j, "seed", json_integer((json_int_t)r->seed));
	json_put(j, "values", json_boolean(r->values));
	json_put(j, "refit", json_boolean(r->refit));
	json_put(j, "precision", json_text(precision_name[r->precision]));
	json_put(j, "readable", json_boolean(r->readable));
	json_put(j, "epochs_asked", json_integer(r->epochs_asked));
	json_put(j, "patience", json_integer(r->patience));
	json_put(j, "valid_every", json_integer(r->valid_every));
	json_put(j, "epochs", json_integer(r->epochs));
	json_put(j, "best_epoch", json_integer(r->best_epoch));
	json_put(j, "stopped", json_text(r->stopped));
	json_put(j, "failure", json_text(r->failure));
	if (r->note[0])
		json_put(j, "note", json_text(r->note));
	json_put(j, "metric", json_text(r->metric));
	json_put(j, "best_metric", json_number(r->best_metric));
	json_put(j, "seconds", json_number(r->seconds));
	json_put(j, "bytes", json_integer((json_int_t)r->bytes));
	json_put(j, "made", json_integer((json_int_t)r->made));
	json_put(j, "metrics", r->metrics ? json_deep_copy(r->metrics) : json_null());
	if (r->told_bytes)
		json_put(j, "told", mem_must(json_pack("{s:o,s:o,s:I}", "once", json_number(r->told_once), "epoch",
						       json_number(r->told_epoch), "bytes", (json_int_t)r->told_bytes)));
	if (r->peak_bytes)
		json_put(j, "peak_bytes", json_integer((json_int_t)r->peak_bytes));
	if (r->tuning)
		json_put(j, "tuning", json_deep_copy(r->tuning));
	return j;
}

/* --- reading: every field is checked, since the file may have been edited or damaged ---------------------------- */

struct reading {
	const json_t *j;
	struct err *err;
	bool good;
};

static const json_t *get(struct reading *d, const char *key)
{
	const json_t *v = json_object_get(d->j, key);

	if (!v && d->good)
		d->good = err_set(d->err, ERR_SYNTAX, "it has no \"%s\"", key);
	return v;
}

static void read_text(struct reading *d, const char *key, char *out, size_t size)
{
	const char *s = json_string_value(get(d, key));

	if (!d->good)
		return;
	if (!s || strlen(s) >= size)
		d->good = err_set(d->err, ERR_SYNTAX, "\"%s\" is no text under %zu bytes", key, size);
	else
		snprintf(out, size, "%s", s);
}

static uint64_t read_hex(struct reading *d, const char *key)
{
	char text[24] = "", *end;
	uint64_t v;

	read_text(d, key, text, sizeof(text));
	v = strtoull(text, &end, 16);
	if (d->good && (*end || strlen(text) != 16))
		d->good = err_set(d->err, ERR_SYNTAX, "\"%s\" is no fingerprint", key);
	return v;
}

static uint64_t read_integer(struct reading *d, const char *key, uint64_t most)
{
	const json_t *v = get(d, key);
	json_int_t n = json_integer_value(v);

	if (d->good && (!json_is_integer(v) || (uint64_t)n > most))
		d->good = err_set(d->err, ERR_SYNTAX, "\"%s\" is no whole number that it could be", key);
	return (uint64_t)n;
}

static double read_real(struct reading *d, const char *key)
{
	const json_t *v = get(d, key);

	if (d->good && !json_is_number(v) && !json_is_null(v))
		d->good = err_set(d->err, ERR_SYNTAX, "\"%s\" is no number", key);
	return json_is_number(v) ? json_number_value(v) : NAN;
}

static bool read_bool(struct reading *d, const char *key)
{
	const json_t *v = get(d, key);

	if (d->good && !json_is_boolean(v))
		d->good = err_set(d->err, ERR_SYNTAX, "\"%s\" is neither true nor false", key);
	return json_is_true(v);
}

/* A run kept before there was a choice has f32. */
static enum precision read_precision(struct reading *d)
{
	const json_t *v = json_object_get(d->j, "precision");
	const char *name = json_string_value(v);

	for (enum precision p = PRECISION_F32; name && p <= PRECISION_INT8; p++)
		if (!strcmp(name, precision_name[p]))
			return p;
	if (v && d->good)
		d->good = err_set(d->err, ERR_SYNTAX, "\"precision\" is none of f32, bf16, int8");
	return PRECISION_F32;
}

static void read_counts(struct reading *d, struct run_record *r)
{
	r->seed = read_integer(d, "seed", UINT64_MAX);
	r->epochs_asked = (uint32_t)read_integer(d, "epochs_asked", UINT32_MAX);
	r->patience = (uint32_t)read_integer(d, "patience", UINT32_MAX);
	r->valid_every = (uint32_t)read_integer(d, "valid_every", UINT32_MAX);
	r->epochs = (uint32_t)read_integer(d, "epochs", UINT32_MAX);
	r->best_epoch = (uint32_t)read_integer(d, "best_epoch", UINT32_MAX);
	r->bytes = read_integer(d, "bytes", INT64_MAX);
	r->made = (int64_t)read_integer(d, "made", INT64_MAX);
	r->best_metric = read_real(d, "best_metric");
	r->seconds = read_real(d, "seconds");
	r->values = read_bool(d, "values");
	r->refit = read_bool(d, "refit");
	r->precision = read_precision(d);
	r->readable = read_bool(d, "readable");
}

/* What was told before, where it was: a run kept by an earlier whyrec has none. */
static void read_told(struct reading *d, struct run_record *r)
{
	const json_t *told = json_object_get(d->j, "told"), *whole = d->j;

	if (json_object_get(whole, "peak_bytes"))
		r->peak_bytes = read_integer(d, "peak_bytes", INT64_MAX);
	if (!told)
		return;
	d->j = told;
	r->told_once = read_real(d, "once");
	r->told_epoch = read_real(d, "epoch");
	r->told_bytes = read_integer(d, "bytes", INT64_MAX);
	d->j = whole;
}

bool run_record_from_json(struct run_record *r, const json_t *j, struct err *err)
{
	struct reading d = { .j = j, .err = err, .good = true };
	const json_t *params, *metrics, *tuning;

	run_record_init(r);
	if (!json_is_object(j))
		return err_set(err, ERR_SYNTAX, "it is no JSON object");
	if (read_integer(&d, "format", INT64_MAX) > FORMAT && d.good)
		return err_set(err, ERR_UNSUPPORTED, "it was written by a later whyrec");
	read_text(&d, "name", r->name, sizeof(r->name));
	read_text(&d, "model", r->model, sizeof(r->model));
	read_text(&d, "data", r->data_name, sizeof(r->data_name));
	read_text(&d, "split", r->split_text, sizeof(r->split_text));
	read_text(&d, "stopped", r->stopped, sizeof(r->stopped));
	read_text(&d, "failure", r->failure, sizeof(r->failure));
	if (json_object_get(j, "note")) /* most have none */
		read_text(&d, "note", r->note, sizeof(r->note));
	read_text(&d, "metric", r->metric, sizeof(r->metric));
	r->data_fingerprint = read_hex(&d, "data_fingerprint");
	r->split_fingerprint = read_hex(&d, "split_fingerprint");
	read_counts(&d, r);
	read_told(&d, r);
	params = get(&d, "params");
	metrics = json_object_get(j, "metrics");
	tuning = json_object_get(j, "tuning");
	if (d.good && !json_is_object(params))
		d.good = err_set(err, ERR_SYNTAX, "\"params\" is no object");
	if (!d.good)
		return false;
	r->params = mem_must(json_deep_copy(params));
	r->metrics = json_is_object(metrics) ? mem_must(json_deep_copy(metrics)) : NULL;
	r->tuning = json_is_object(tuning) ? mem_must(json_deep_copy(tuning)) : NULL;
	return true;
}
