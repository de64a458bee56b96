/* SPDX-License-Identifier: GPL-3.0-or-later */
/* form - what the form on Train makes of a model's table: values step within their range, wrong ones are refused,
 * and only what was changed is said to `train`. */
#include <stdlib.h>

#include "tap.h"
#include "ui/form.h"

static struct form f;

static size_t row_of(const char *name)
{
	for (size_t row = 1; row < form_rows(&f); row++)
		if (!strcmp(form_spec(&f, row)->name, name))
			return row;
	return 0;
}

static const char *words(void)
{
	static struct str out = STR_INIT;

	str_clear(&out);
	form_words(&f, &out);
	return str_text(&out);
}

static void choose(struct session *s, const char *model)
{
	for (int i = 0; i < f.n_models && strcmp(form_value(&f, 0), model); i++)
		form_step(&f, s, 0, 1);
}

/* Whatever a row is, stepping it a hundred times either way leaves a value that it takes. */
static void steps_stay_right(struct session *s)
{
	size_t wrong = 0, stepped = 0;
	struct err err;

	for (int m = 0; m < f.n_models; m++) {
		for (size_t row = 1; row < form_rows(&f); row++)
			for (int i = 0; i < 200; i++) {
				char value[96];

				err.code = ERR_OK;
				stepped += form_step(&f, s, row, i < 100 ? 1 : -1);
				snprintf(value, sizeof value, "%s", form_value(&f, row));
				if (*value && !form_set(&f, row, value, &err) && !wrong++)
					printf("# %s: %s\n", value, err.msg);
			}
		form_step(&f, s, 0, 1);
	}
	ok(stepped > 1000 && !wrong, "%zu steps, %zu to a value that is refused", stepped, wrong);
}

int main(void)
{
	struct session_options options = { .threads = 1, .seed = 42, .readonly = true };
	struct err err = { 0 };
	struct loop *loop = loop_new(&err);
	struct session *s = session_new(&options, loop, &err);

	if (!ok(s != NULL, "a session %s", err.msg))
		return done_testing();
	form_fill(&f, s);
	is_str(form_value(&f, 0), "ease", "the first to try");
	is_str(words(), "ease", "unchanged, only the model is said");
	choose(s, "ials");
	ok(row_of("dim") && form_set(&f, row_of("dim"), "32", &err), "a value is set");
	is_str(words(), "ials dim=32", "and said");
	ok(!form_set(&f, row_of("dim"), "many", &err) && strstr(err.msg, "dim"), "a wrong one is refused: %s", err.msg);
	is_str(words(), "ials dim=32", "and changes nothing");
	ok(form_set(&f, row_of("dim"), "", &err), "nothing typed");
	is_str(words(), "ials", "is the default again");
	ok(form_step(&f, s, row_of("values"), 1) && strstr(words(), "values=yes"), "yes and no step");
	steps_stay_right(s);
	session_free(s);
	loop_free(loop);
	return done_testing();
}
