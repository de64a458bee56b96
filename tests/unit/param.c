/* SPDX-License-Identifier: GPL-3.0-or-later */
/* param.c - values are checked by their table, refused in words, and survive JSON. */
#include "base/param.h"

#include <math.h>
#include <stdlib.h>

#include "tap.h"

static const struct param_spec specs[] = {
	{ .name = "factors", .type = PARAM_INT, .lo = 1, .hi = 4096, .def = "64" },
	{ .name = "lambda", .type = PARAM_REAL, .lo = 0, .hi = INFINITY, .def = "0.05" },
	{ .name = "implicit", .type = PARAM_BOOL, .def = "yes" },
	{ .name = "similarity", .type = PARAM_CHOICE, .choices = "cosine|jaccard|tf-idf|bm25", .def = "tf-idf" },
	{ .name = "start", .type = PARAM_TEXT },
	{ .name = "runs", .type = PARAM_RUNS },
	{ .name = "layers", .type = PARAM_INTS, .lo = 1, .hi = 1024, .def = "128,64" },
	{ .name = "dropout", .type = PARAM_REAL, .lo = 0, .hi = 0.9, .def = "0.2" },
	{ .name = "limit", .type = PARAM_INT, .lo = 0, .hi = 1e15 },
	{ 0 },
};
static struct err err;

static bool refused(const char *name, const char *text, enum err_code code, const char *say)
{
	struct params p;
	bool good;

	params_init(&p, specs);
	err.code = ERR_OK;
	good = !params_set(&p, name, text, &err) && err.code == code && strstr(err.msg, say);
	return ok(good, "%s=%s: %s", name, text, err.msg);
}

static void defaults(void)
{
	struct params p;
	int64_t layers[4];

	params_init(&p, specs);
	ok(params_int(&p, "factors") == 64 && params_real(&p, "lambda") == 0.05 && params_bool(&p, "implicit") &&
	   params_choice(&p, "similarity") == 2, "defaults are read from the table");
	is_str(params_text(&p, "start"), "", "unset text is empty");
	ok(!params_is_set(&p, "start") && !params_is_set(&p, "limit") && params_is_set(&p, "factors"),
	   "without a default it is unset");
	ok(params_ints(&p, "layers", layers, 4) == 2 && layers[0] == 128 && layers[1] == 64, "a list");
	ok(params_ints(&p, "layers", layers, 1) == 1, "no more than asked for");
	is_str(params_text(&p, "similarity"), "tf-idf", "a choice reads as text too");
}

static void sets(void)
{
	struct params p;
	int64_t layers[4];
	char runs[2][PARAM_RUN_SIZE];

	params_init(&p, specs);
	ok(params_set(&p, "factors", "1", &err) && params_int(&p, "factors") == 1, "the lower bound");
	ok(params_set(&p, "factors", "4096", &err) && params_int(&p, "factors") == 4096, "the upper bound");
	ok(!params_set(&p, "factors", "4097", &err) && params_int(&p, "factors") == 4096, "a refusal changes nothing");
	ok(params_set(&p, "lambda", "1e-3", &err) && params_real(&p, "lambda") == 1e-3, "a real");
	is_str(params_text(&p, "lambda"), "1e-3", "reads as typed");
	ok(params_set(&p, "implicit", "no", &err) && !params_bool(&p, "implicit"), "no");
	ok(params_set(&p, "similarity", "cosine", &err) && params_choice(&p, "similarity") == 0 &&
	   params_set(&p, "similarity", "bm25", &err) && params_choice(&p, "similarity") == 3, "first and last choice");
	ok(params_set(&p, "start", "at the start", &err), "text");
	ok(params_set(&p, "layers", "+7,8,9", &err) && params_ints(&p, "layers", layers, 4) == 3 && layers[2] == 9,
	   "another list");
	is_str(params_text(&p, "layers"), "7,8,9", "canonical");
	ok(params_set(&p, "runs", "a#1,b#23,c", &err) && params_runs(&p, "runs", runs, 2) == 3 && !strcmp(runs[0], "a#1") &&
	   !strcmp(runs[1], "b#23"), "names of runs");
	ok(params_name_run(&p, "c") && params_name_run(&p, "a#1") && !params_name_run(&p, "a#") && !params_name_run(&p, "b#2"),
	   "whether a run is named");
}

static void refusals(void)
{
	char longer[PARAM_TEXT_SIZE + 1];

	refused("lamda", "1", ERR_USAGE, "did you mean \"lambda\"");
	refused("xyzzy", "1", ERR_USAGE, "factors, lambda, implicit");
	refused("factors", "0", ERR_RANGE, "integer 1..4096");
	refused("factors", "many", ERR_SYNTAX, "integer 1..4096");
	refused("factors", "1.5", ERR_SYNTAX, "integer 1..4096");
	refused("lambda", "-1", ERR_RANGE, "number 0 or more");
	refused("lambda", "nan", ERR_SYNTAX, "number 0 or more");
	refused("dropout", "0.95", ERR_RANGE, "number 0..0.9");
	refused("similarity", "cosines", ERR_RANGE, "did you mean \"cosine\"");
	refused("implicit", "maybe", ERR_SYNTAX, "yes|no");
	refused("similarity", "jacard", ERR_RANGE, "did you mean \"jaccard\"");
	refused("similarity", "cos", ERR_RANGE, "cosine|jaccard|tf-idf|bm25");
	refused("similarity", "", ERR_RANGE, "cosine|jaccard|tf-idf|bm25");
	refused("layers", "1,,2", ERR_SYNTAX, "separated by commas");
	refused("layers", "", ERR_SYNTAX, "separated by commas");
	refused("layers", "0", ERR_RANGE, "each 1..1024");
	refused("layers", "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1", ERR_RANGE, "too many");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	refused("start", longer, ERR_RANGE, "at most 255 bytes");
	refused("runs", longer, ERR_RANGE, "at most 255 bytes");
	longer[PARAM_RUN_SIZE] = '\0';
	refused("runs", longer, ERR_SYNTAX, "names of different runs");
	refused("runs", "", ERR_SYNTAX, "names of different runs");
	refused("runs", "a#1,,b#2", ERR_SYNTAX, "names of different runs");
	refused("runs", "a#1,b#2,", ERR_SYNTAX, "names of different runs");
	refused("runs", "a#1,b#2,a#1", ERR_RANGE, "a#1 twice");
}

static void through_json(void)
{
	struct params p, q;
	json_t *j;
	char *text;
	unsigned same = 0;

	params_init(&p, specs);
	params_set(&p, "lambda", "0.1", &err);
	params_set(&p, "start", "\xc3\xa4", &err);
	j = params_to_json(&p);
	text = json_dumps(j, JSON_COMPACT | JSON_REAL_PRECISION(9));
	is_str(text, "{\"factors\":64,\"lambda\":0.1,\"implicit\":true,\"similarity\":\"tf-idf\",\"start\":\"\xc3\xa4\","
	       "\"layers\":[128,64],\"dropout\":0.2}", "what is set, in the table's order");
	free(text);
	params_init(&q, specs);
	ok(params_from_json(&q, j, &err), "reads back");
	for (int i = 0; specs[i].name; i++)
		same += p.v[i].set == q.v[i].set && p.v[i].num == q.v[i].num;
	ok(same == sizeof(specs) / sizeof(specs[0]) - 1, "to the same values");
	json_object_set_new(j, "factors", json_integer(9));
	json_object_set_new(j, "layers", json_string("no list"));
	ok(!params_from_json(&q, j, &err) && params_int(&q, "factors") == 64, "all or nothing: %s", err.msg);
	json_object_set_new(j, "layers", json_null());
	ok(!params_from_json(&q, j, &err), "null is no value: %s", err.msg);
	json_decref(j);
	j = json_array();
	ok(!params_from_json(&q, j, &err), "an array is no set of parameters");
	json_decref(j);
}

int main(void)
{
	defaults();
	sets();
	refusals();
	through_json();
	ok(param_find(specs, "layers") == 6 && param_find(specs, "nothing") == -1, "finding by name");
	return done_testing();
}
