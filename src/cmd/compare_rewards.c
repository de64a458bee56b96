/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compare_rewards.c - see compare_rewards.h. */
#include "cmd/compare_rewards.h"

#include "base/json.h"
#include "base/mem.h"

void compare_rewards_tell(const struct rewards *w, struct result *r, struct str *text)
{
	json_t *list = mem_must(json_array());

	str_puts(text, "What the data rewards:\n");
	for (int k = 0; k < N_REWARDS; k++) {
		const struct reward *o = &w->of[k];

		if (!o->text[0])
			continue;
		json_array_append_new(list, mem_must(json_pack(
			"{s:s,s:s,s:o,s:o,s:o,s:o,s:I,s:o}", "what", o->what, "rewarded", reward_told_text(o->told), "with",
			json_number(o->with), "without", json_number(o->without), "low", json_number(o->low), "high",
			json_number(o->high), "n", (json_int_t)o->n, "text", json_text(o->text))));
		str_printf(text, "  %s\n", o->text);
	}
	result_set(r, "rewards", list);
}
