/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_generate.c - generate DIR: data with planted tastes. */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/tables.h"
#include "data/synth.h"

struct generation {
	uint64_t seed, users, items, events;
};

static const struct param_spec generate_params[] = {
	{ .name = "seed", .type = PARAM_INT, .lo = 0, .hi = 1e15,
	  .meaning = "the same seed gives the same bytes (default: the session's)" },
	{ .name = NULL },
};

static const struct param_spec *generate_more(const struct call *c)
{
	(void)c;
	return synth_params;
}

static bool generate_prepare(struct call *c, struct err *err)
{
	struct generation *g = mem_must(calloc(1, sizeof(*g)));

	c->state = g;
	if (session_readonly(c->session))
		return err_set(err, ERR_USAGE, "--readonly writes nothing");
	g->seed = params_is_set(&c->params, "seed") ? (uint64_t)params_int(&c->params, "seed")
						   : session_seed(c->session);
	snprintf(c->title, sizeof(c->title), "generate %.80s", file_base(call_word(c, 0)));
	return true;
}

static bool generate_run(struct call *c, struct job *job, const struct task *t, struct err *err)
{
	struct generation *g = c->state;

	(void)job;
	return synth_write(call_word(c, 0), &c->more, g->seed, t, &g->users, &g->items, &g->events, err);
}

static bool generate_finish(struct call *c, struct err *err)
{
	const struct generation *g = c->state;
	struct result *r = &c->result;
	char u[32], i[32], n[32];

	(void)err;
	result_set(r, "ok", json_true());
	result_set(r, "folder", json_text(call_word(c, 0)));
	result_set(r, "users", json_integer((json_int_t)g->users));
	result_set(r, "items", json_integer((json_int_t)g->items));
	result_set(r, "events", json_integer((json_int_t)g->events));
	result_say(r, "%s: %s users, %s items, %s events; load it with: load %s\n", call_word(c, 0),
		   str_thousands(g->users, u), str_thousands(g->items, i), str_thousands(g->events, n),
		   call_word(c, 0));
	return true;
}

static void generate_release(struct call *c)
{
	free(c->state);
}

const struct command generate_command = {
	.name = "generate", .group = "Data",
	.synopsis = "generate DIR [scenario=films|shop|courses|music] [users=N items=N events=N] "
		    "[order=0..1 text=0..1 social=0..1 noise=0..1] [seed=N]",
	.summary = "makes data with planted tastes, and truth.csv",
	.lane = LANE_LIGHT, .words = { WORD_FILE }, .least = 1, .most = 1, .params = generate_params,
	.more_params = generate_more, .prepare = generate_prepare, .run = generate_run, .finish = generate_finish,
	.release = generate_release,
};
