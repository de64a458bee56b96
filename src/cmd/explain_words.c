/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/explain_words.h"

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
