/* SPDX-License-Identifier: GPL-3.0-or-later */
/* command.h - the table of commands: one row each; help, completion, the manual and the prompt read it.
 *
 * Grammar: interface.md "Commands".  A command is made ready on the UI thread (words checked, references
 * taken), run in its lane, finished on the UI thread; scripts wait for the end, the screen does not.
 */
#ifndef CMD_COMMAND_H
#define CMD_COMMAND_H

#include "app/session.h"
#include "base/param.h"
#include "cmd/result.h"
#include "cmd/words.h"

/* What completes a word, and what it is called in a synopsis. */
enum word_kind { WORD_NONE, WORD_PATH, WORD_USER, WORD_ITEM, WORD_EDIT /* +ITEM, -ITEM, ITEM=VALUE */, WORD_PERSONA, WORD_RUN,
		 WORD_EVALUATED /* a run, or explain */, WORD_MODEL, WORD_JOB, WORD_SPLIT,
		 WORD_WHAT /* of export */, WORD_VERB /* of .verbs */, WORD_SETTING, WORD_COMMAND, WORD_FILE, WORD_ANY };

struct call {                      /* one use of a command */
	const struct command *command;
	struct session *session;
	struct words words;        /* the positional ones */
	struct words named;        /* name=value ones, as they were written */
	struct params params;      /* of command->params, filled */
	struct params more;        /* of command->more_params(), filled; specs NULL: none */
	char title[96];            /* of its job; prepare may say it better */
	char run_name[64];         /* of a training; "" else */
	uint32_t job;              /* 0 until it is one */
	size_t entry;              /* in the journal */
	void *state;               /* the command's own, released by its release() */
	struct result result;
};

/* What the journal keeps of a command, and where (app/journal.h). */
enum keep {
	KEEP_ASKS,    /* stands where it began */
	KEEP_CHANGES, /* stands where it ended: what others see of it changed then */
	KEEP_COMMENT, /* is told, and not done again: it is about this very session */
	KEEP_NOT,
};

struct command {
	const char *name, *synopsis, *summary;
	enum work_lane lane;               /* LANE_NONE: at once */
	const char *verbs;                 /* what a WORD_VERB may be: "save|use" */
	enum word_kind words[4];           /* positional; the last repeats when `many` */
	bool many;
	bool names_are_ids;                /* a name=value that is no parameter is a positional word */
	unsigned least, most;              /* positional words; most 0: none, UINT_MAX any */
	const struct param_spec *params;   /* named words; NULL none */
	/* Further named words that depend on the first positional one (a model's or a split's parameters). */
	const struct param_spec *(*more_params)(const struct call *c);
	bool (*prepare)(struct call *c, struct err *err);                                  /* UI */
	bool (*run)(struct call *c, struct job *job, const struct task *t, struct err *err); /* WORKER; NULL: prepare did all */
	/* UI, after run() ended well; after a cancelled one only with keep_partial.  NULL: nothing. */
	bool (*finish)(struct call *c, struct err *err);
	bool keep_partial;                 /* what a cancelled run() made is an answer too */
	void (*failed)(struct call *c, const struct err *why); /* UI, run() failed or was cancelled before it ran */
	void (*message)(struct call *c, void *payload);  /* UI: run() posted it as MESSAGE_WORK; borrowed */
	const char *group;                 /* of help: "Data", "Models", "Questions", "Program" */
	void (*release)(struct call *c);
	enum keep keep;
	/* UI, it ended well: puts behind the line what makes it do the same again (name=…, force=yes).  Returns
	 * what keeps it from that, or NULL: nothing does.  May be NULL. */
	const char *(*again)(const struct call *c, struct str *line);
	/* A question to ask on the screen before it is done, or NULL / false: none. */
	bool (*confirm)(const struct call *c, struct str *question);
};
extern const struct command *const command_table[]; /* in the order of help; NULL-terminated */
const struct command *command_find(const char *name, struct err *err);

/* Parses and starts one line.  done() is called exactly once on the UI thread (perhaps before this
 * returns) with the result or the error.  Returns false when it failed at once (done was called).
 * *job: the job it runs as, 0 when it is already done. */
typedef void command_done_fn(void *ctx, const struct call *call, const struct result *r, const struct err *err);
bool command_start(struct session *s, const char *line, command_done_fn *done, void *ctx, uint32_t *job);
/* The models that `train` knows, in the order of `models`; NULL behind the last. */
const char *model_listed(size_t i, const char **title);
/* UI.  What a command tells while it still works (compare: the rows that there are): a result as done() gets one,
 * borrowed.  One listener; NULL: none. */
typedef void command_news_fn(void *ctx, const struct call *call, const struct result *r);
void command_listen(command_news_fn *fn, void *ctx);
/* What the screen asks first; false: nothing to ask. */
bool command_question(struct session *s, const char *line, struct str *question);

/* Completion at the end of `line[0..cursor)`: candidates replace line[*from..cursor).  Each comes with a
 * hint (a title, a meaning).  Bounded to `max`. */
struct candidate { char *text, *hint; };
size_t command_complete(struct session *s, const char *line, size_t cursor, size_t *from,
			struct candidate *out, size_t max);

/* quit was asked; the screen or the script loop looks at it. */
bool command_quit_asked(const struct session *s);

#endif
