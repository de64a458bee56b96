/* SPDX-License-Identifier: GPL-3.0-or-later */
/* form.h - a model's settings as rows: from its table of parameters, checked by it.
 *
 * Row 0 chooses the model; then the model's parameters, then those of `train`.  UI thread.
 */
#ifndef UI_FORM_H
#define UI_FORM_H

#include "base/param.h"
#include "base/str.h"
#include "app/session.h"
#include "ui/table.h"

#define FORM_MODELS 32

struct form {
	char model[FORM_MODELS][24]; /* what can be trained */
	char title[FORM_MODELS][96];
	int n_models, chosen;
	struct params own, of_train; /* the model's; the command's */
	bool ready;
};

/* Asks the commands which models there are; once is enough. */
void form_fill(struct form *f, struct session *s);
size_t form_rows(const struct form *f);
const struct param_spec *form_spec(const struct form *f, size_t row); /* NULL: the model's row */
const char *form_value(const struct form *f, size_t row);
bool form_is_changed(const struct form *f, size_t row);
bool form_set(struct form *f, size_t row, const char *text, struct err *err);
/* To the next or the previous value; false: only typing helps. */
bool form_step(struct form *f, struct session *s, size_t row, int step);
/* "ials dim=32 epochs=5": what follows `train`. */
void form_words(const struct form *f, struct str *out);

#endif
