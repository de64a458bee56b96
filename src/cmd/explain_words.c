/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/explain_words.h"

#include <math.h>

#include "explain/whynot.h"

void say_removal(struct str *out, const struct dataset *d, const struct removal_answer *r)
{
	if (!r->ranked) {
		str_printf(out, "%s is not among the best %u", r->folded_in ? "Folded in from the history, it" : "It", r->k);
		return;
	}
	if (!r->found) {
		str_printf(out, "No removal of events takes it out of the best %u", r->k);
		return;
	}
	str_printf(out, "It leaves the best %u without %zu event%s (%s): ", r->k, r->n, r->n == 1 ? "" : "s",
		   r->smallest ? "no fewer do" : "the fewest found");
	for (size_t i = 0; i < r->n; i++)
		str_printf(out, "%s%s", i ? ", " : "", dataset_title(d, r->without[i]));
}

void say_faithfulness(struct str *out, const struct faithfulness_answer *f)
{
	if (f->why_not)
		str_printf(out, "Faithfulness n/a: %s", f->why_not);
	else
		str_printf(out, "%s: %.2f, in random order %.2f%s", f->faithful ? "Faithful" : "Unfaithful", f->value,
			   f->random, f->faithful ? "" : ": its parts name no better than chance");
}

static const char *ordinal(uint32_t n)
{
	return n % 100 / 10 == 1 ? "th" : n % 10 == 1 ? "st" : n % 10 == 2 ? "nd" : n % 10 == 3 ? "rd" : "th";
}

void say_whynot(struct str *out, const struct dataset *d, const struct whynot_answer *w)
{
	str_printf(out, "%s is ", dataset_title(d, w->item));
	if (!w->rank)
		str_puts(out, "not ranked");
	else
		str_printf(out, "%u%s", w->rank, ordinal(w->rank));
	if (w->rank && w->rank <= w->k)
		str_printf(out, ", among the best %u", w->k);
	else if (w->rank && !isnan(w->gap))
		str_printf(out, ", lacks %.3g to rank %u", w->gap, w->k);
	str_printf(out, ", by %s", w->run);
	if (w->folded_in)
		str_puts(out, " folded in");
	if (w->trained_rank && w->trained_rank != w->rank)
		str_printf(out, "; %u%s by the trained vector", w->trained_rank, ordinal(w->trained_rank));
}

void say_addition(struct str *out, const struct dataset *d, const struct whynot_answer *w)
{
	if (!w->added) {
		str_printf(out, "No addition that was tried lifts it into the best %u", w->k);
		return;
	}
	str_printf(out, "It is %u%s with %zu event%s more (%s): ", w->added_rank, ordinal(w->added_rank), w->n_add,
		   w->n_add == 1 ? "" : "s", w->smallest ? "no fewer do" : "the fewest found");
	for (size_t k = 0; k < w->n_add; k++)
		str_printf(out, "%s%s", k ? ", " : "", dataset_title(d, w->add[k]));
}

void say_cause(struct str *out, const char *text, const char *file, uint64_t line)
{
	str_puts(out, text);
	if (file && line)
		str_printf(out, " (%s:%llu)", file, (unsigned long long)line);
	else if (file)
		str_printf(out, " (%s)", file);
}

void say_absent(struct str *out, const struct dataset *d, const char *id)
{
	struct whynot_causes causes;

	whynot_absent(d, id, &causes);
	str_printf(out, "%s is no item of the data: ", id);
	for (size_t k = 0; k < causes.n; k++) {
		str_puts(out, k ? "; " : "");
		say_cause(out, causes.cause[k].text, causes.cause[k].file, causes.cause[k].line);
	}
}
