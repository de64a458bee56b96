/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tables.h - the rows of cmd_*.c, listed once in command_table, and what those files share.  cmd/ only. */
#ifndef CMD_TABLES_H
#define CMD_TABLES_H

#include "cmd/command.h"

/* cmd_data.c, cmd_generate.c, cmd_export.c */
extern const struct command load_command, split_command, generate_command, export_command;
/* cmd_model.c, cmd_train.c, cmd_runs.c, cmd_jobs.c */
extern const struct command models_command, params_command, train_command, tune_command, jobs_command, pause_command,
	resume_command, cancel_command, runs_command, use_command, delete_command;
/* cmd_import.c */
extern const struct command import_command;
/* cmd_evaluate.c, cmd_evaluate_explain.c (of no table: evaluate hands over to it), cmd_compare.c */
extern const struct command evaluate_command, evaluate_explain, compare_command;
/* cmd_apart.c */
extern const struct command apart_command;
/* cmd_ask.c, cmd_explain.c, cmd_browse.c */
extern const struct command recommend_command, similar_command, explain_command, users_command, items_command,
	user_command, item_command;
/* cmd_odd.c */
extern const struct command odd_command;
/* cmd_near.c, cmd_whatif.c, cmd_whynot.c, cmd_persona.c, cmd_overlap.c */
extern const struct command near_command, whatif_command, whynot_command, persona_command, personas_command,
	overlap_command;
/* cmd_rerank.c */
extern const struct command rerank_command;
/* cmd_stability.c */
extern const struct command stability_command;
/* cmd_journal.c */
extern const struct command journal_command;
/* cmd_help.c */
extern const struct command set_command, help_command, quit_command;

/* What `export` can write, what `set` can set: tables that help and completion read too. */
struct name_meaning { const char *name, *meaning; };
extern const struct name_meaning export_whats[]; /* NULL-terminated */

/* What the positional word at `position` is. */
enum word_kind command_word_kind(const struct command *k, size_t position);
/* It is persona=NAME, in the place of a USER. */
bool command_word_is_user(const struct command *k, const struct word *w);
/* The i-th positional word's text, or NULL. */
const char *call_word(const struct call *c, size_t i);
/* A name=value as it was written, marks and all; NULL: not given. */
const struct word *call_named(const struct call *c, const char *name);
/* A PARAM_TEXT of the command's own table: as given, else its default, which may be NULL. */
const char *call_text(const struct call *c, const char *name);
void call_tell_news(const struct call *c, const struct result *r); /* from message(), to who listens (command_listen()) */
/* Data must be loaded; says how when none are. */
bool call_needs_data(const struct call *c, struct err *err);
bool call_user(const struct call *c, const char *id, uint32_t *user, struct err *err);
bool call_item(const struct call *c, const char *id, uint32_t *item, struct err *err);


/* evaluate and compare: a run that may be measured on the current split; name NULL: the one that answers. */
struct hold;
struct eval_result;
struct eval_options;
bool run_is_comparable(const struct run *r); /* it can be measured now, on the current split */
bool hold_evaluable(struct hold *h, const struct call *c, const char *name, struct err *err);
json_t *eval_metrics_json(const struct eval_result *e); /* {"ndcg@10":…,…} */
/* Whether the run tells items without a train event apart, where such are to be found; null: none are. */
json_t *eval_cold_json(const struct eval_result *e);
void eval_say_cold(struct str *out, const struct eval_result *e); /* a line where it does not */
/* UI: the standard evaluation of a run becomes what is told of it. */
void eval_keep(struct session *s, struct eval_result *take);
bool eval_is_standard(const struct eval_options *o, const struct split *split); /* as what is kept has to be */
#define RERANK_PARAM                                                                                              \
	{ .name = "rerank", .type = PARAM_TEXT,                                                                   \
	  .meaning = "lists chosen anew from the best 10 k, at least 100: mmr:W for variety, popularity:W against popularity" }
#define CANDIDATES_PARAM                                                                                          \
	{ .name = "candidates", .type = PARAM_CHOICE, .choices = "train|all|cold",                                \
	  .meaning = "items with a train event, every item, or those without one (default: train; for split cold-items all)" }
void eval_read_candidates(const struct params *p, struct eval_options *o);
/* Rows that tell a table of parameters (help, params). */
void result_params(struct result *r, const struct param_spec *specs);
/* Sets r->text, formatted. */
void result_say(struct result *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
