/* SPDX-License-Identifier: GPL-3.0-or-later */
/* param.h - a table of named parameters, and a set of values for it.
 *
 * One table a model, a split, a command's options, the settings.  The form on Train, `name=value`
 * words, completion, validation, checkpoints, tuning ranges and the manual all read it.  A table ends
 * with a row whose name is NULL.  Thread: tables are const; a struct params belongs to one thread,
 * shared read-only.
 */
#ifndef BASE_PARAM_H
#define BASE_PARAM_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum param_type { PARAM_INT, PARAM_REAL, PARAM_BOOL /* yes|no */, PARAM_CHOICE, PARAM_TEXT, PARAM_INTS /* 128,64 */,
		  PARAM_RUNS /* ease#1,ials#2: names of runs */ };

struct param_spec {
	const char *name;       /* as typed: "lambda", "max-len" */
	enum param_type type;
	double lo, hi;          /* PARAM_INT, PARAM_REAL (inclusive), PARAM_INTS (each) */
	const char *def;        /* the default, as text; NULL: unset unless given */
	const char *choices;    /* PARAM_CHOICE: "cosine|jaccard|tf-idf|bm25" */
	const char *unit;       /* "", "days", "factors" … */
	const char *meaning;    /* one line for help and the manual */
	const char *source;     /* where the default comes from */
	bool log_scale;         /* tuning and forms step by factors */
	const char *tune;       /* what a tuning searches: "0.01..1", "cosine,jaccard", of widths "64|128"; NULL: left alone */
};

#define PARAM_MAX 32
#define PARAM_TEXT_SIZE 256
struct param_value {
	bool set;
	double num;      /* INT, REAL, BOOL (0/1), CHOICE (its position) */
	char text[PARAM_TEXT_SIZE]; /* as typed, canonical; TEXT, INTS and RUNS live here */
};
struct params {
	const struct param_spec *specs;
	struct param_value v[PARAM_MAX]; /* in the table's order */
};

void params_init(struct params *p, const struct param_spec *specs); /* all defaults */
/* Errors name the parameter, its range and the nearest right name or value. */
bool params_set(struct params *p, const char *name, const char *text, struct err *err);
int param_find(const struct param_spec *specs, const char *name); /* -1 */
/* Getters by name: the name must be in the table (asserted). */
int64_t params_int(const struct params *p, const char *name);
double params_real(const struct params *p, const char *name);
bool params_bool(const struct params *p, const char *name);
int params_choice(const struct params *p, const char *name);       /* position in choices */
const char *params_text(const struct params *p, const char *name); /* "" when unset */
size_t params_ints(const struct params *p, const char *name, int64_t *out, size_t max);
/* The names of a PARAM_RUNS in their order, at most max; how many there are. */
#define PARAM_RUN_SIZE 64
size_t params_runs(const struct params *p, const char *name, char (*out)[PARAM_RUN_SIZE], size_t max);
/* Whether any PARAM_RUNS of the table names that run. */
bool params_name_run(const struct params *p, const char *run);
bool params_is_set(const struct params *p, const char *name);
json_t *params_to_json(const struct params *p);
bool params_from_json(struct params *p, const json_t *j, struct err *err);
/* "integer 1..4096", "yes|no", "cosine|jaccard": for help and errors. */
void param_describe_range(const struct param_spec *spec, struct str *out);

#endif
