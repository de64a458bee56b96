/* SPDX-License-Identifier: GPL-3.0-or-later */
/* screen_run.c - lines: their placeholders, the prompt they are typed at, who carries them out, what comes back. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cmd/command.h"
#include "data/dataset.h"
#include "ui/prompt.h"
#include "ui/screen_parts.h"
#include "ui/text.h"

void screen_say(struct screen *sc, enum log_level level, const char *text)
{
	/* An error waits for Esc: what is merely news must not cover it. */
	if (sc->has_message && sc->message_level == LOG_ERROR && level != LOG_ERROR)
		return;
	snprintf(sc->message, sizeof sc->message, "%.*s", (int)sizeof sc->message - 1, text);
	sc->message_level = level;
	sc->has_message = *text != '\0';
}

__attribute__((format(printf, 2, 3)))
static void refuse(struct screen *sc, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	screen_say(sc, LOG_WARN, text);
}

/* --- {placeholders} ------------------------------------------------------------------------------------ */

static bool expand_one(struct screen *sc, const char *what, struct str *out)
{
	static const struct { const char *what, *why_not; } missing[] = {
		{ "user", "no user is under the cursor" },   { "item", "no item is under the cursor" },
		{ "event", "no event is under the cursor" }, { "run", "no run is under the cursor" },
		{ "job", "nothing is running here" },        { "settings", "there are no settings here" },
		{ "kept", "asked of a kept history: P keeps the edited one as a persona, c drops the edits" },
	};
	struct view *v = screen_view(sc);
	struct job_row front;

	if (!strcmp(what, "front")) {
		if (screen_front_job(sc->session, &front)) {
			str_printf(out, "%u", front.id);
			return true;
		}
		screen_say(sc, LOG_INFO, "nothing is running: q quits");
		return false;
	}
	if (v->kind->value && v->kind->value(v, sc->session, what, out))
		return true;
	for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
		if (!strcmp(missing[i].what, what)) {
			screen_say(sc, LOG_INFO, missing[i].why_not);
			return false;
		}
	refuse(sc, "the key stands for {%s}, which is none of user item event run job", what);
	return false;
}

bool screen_expand(struct screen *sc, const char *text, struct str *out)
{
	str_puts(out, "");
	while (*text) {
		const char *shut = *text == '{' ? strchr(text, '}') : NULL;
		char what[32];

		if (!shut || shut - text >= (int)sizeof what) {
			str_putc(out, *text++);
			continue;
		}
		snprintf(what, sizeof what, "%.*s", (int)(shut - text - 1), text + 1);
		if (!expand_one(sc, what, out))
			return false;
		text = shut + 1;
	}
	return true;
}

/* --- commands -------------------------------------------------------------------------------------------- */

void screen_forget(struct waiting *w)
{
	*w->link = w->next;
	if (w->next)
		w->next->link = w->link;
	free(w);
}

/* Which view shows it itself; -1: none. */
static int view_that_takes(struct screen *sc, const struct call *call, const struct result *r)
{
	for (int i = 0; i < N_VIEWS; i++) {
		struct view *v = &sc->view[i];

		if (call->command && v->kind->result && v->kind->result(v, sc->session, call, r))
			return i;
	}
	return -1;
}

/* A result of more than a line opens over the view when it is what the operator waits for. */
static void show_result(struct screen *sc, const struct waiting *w, const struct call *call, const struct result *r)
{
	int taken = view_that_takes(sc, call, r);
	struct str text = STR_INIT;
	size_t first;

	if (taken >= 0) {
		if (w->typed == sc->typed && !prompt_is_open()) /* not under the hands of who types */
			sc->current = taken;
		return;
	}
	result_text(r, true, sc->w > 8 ? sc->w - 8 : 0, &text);
	first = strcspn(str_text(&text), "\n");
	/* What ran behind the screen shows in the views; of its answer only a table is news. */
	if (w->typed && w->typed == sc->typed && first + 1 < text.len && call->command &&
	    ((r->columns && json_array_size(r->rows)) || call->command->lane == LANE_NONE || call->command->lane == LANE_ASK)) {
		pager_show(&sc->pager, w->line, str_text(&text));
	} else if (first && (w->typed == sc->typed || !w->typed)) {
		char line[512];

		snprintf(line, sizeof line, "%.*s", (int)(first < sizeof line ? first : sizeof line - 1),
			 str_text(&text));
		log_add(LOG_INFO, "%s", line);
		screen_say(sc, LOG_INFO, line);
	}
	str_done(&text);
}

/* News of what still works: to the view that shows it, wherever the operator is. */
void screen_news(void *ctx, const struct call *call, const struct result *r)
{
	struct screen *sc = ctx;

	view_that_takes(sc, call, r);
	sc->wishes |= WISH_PAINT;
}

static void command_done(void *ctx, const struct call *call, const struct result *r, const struct err *err)
{
	struct waiting *w = ctx;
	struct screen *sc = w->sc;
	char text[900];

	if (err->code == ERR_CANCELLED) {
		refuse(sc, "%s: cancelled", w->line);
	} else if (err->code != ERR_OK) {
		err_text(err, text, sizeof text);
		log_add(LOG_ERROR, "%s", text);
		screen_say(sc, LOG_ERROR, text);
	} else {
		show_result(sc, w, call, r);
	}
	if (command_quit_asked(sc->session))
		sc->wishes |= WISH_QUIT;
	sc->wishes |= WISH_PAINT;
	screen_forget(w);
}

void screen_start(struct screen *sc, const char *line)
{
	struct waiting *w = mem_must(calloc(1, sizeof *w));
	uint32_t job;

	w->sc = sc;
	w->next = sc->waiting;
	w->link = &sc->waiting;
	if (w->next)
		w->next->link = &w->next;
	sc->waiting = w;
	w->typed = sc->shows_result ? sc->typed : 0;
	/* A title and a message show it, and a key has put ids into it. */
	snprintf(w->line, sizeof w->line, "%.*s", dataset_ids_are_masked() ? (int)strcspn(line, " ") : (int)sizeof w->line, line);
	command_start(sc->session, line, command_done, w, &job);
}

/* --- view actions ------------------------------------------------------------------------------------------ */

static void go_view(struct screen *sc, const char *name)
{
	for (int i = 0; view_list[i]; i++)
		if (!strcmp(view_list[i]->name, name) || !strcmp(view_list[i]->title, name)) {
			sc->current = i;
			return;
		}
	refuse(sc, "no view is named \"%.40s\": data train users items compare jobs odd", name);
}

/* Pause and go on: one key, as the job of this row stands. */
static void hold(struct screen *sc)
{
	struct str id = STR_INIT;
	struct job_row row;
	char line[64];

	if (expand_one(sc, "job", &id)) {
		uint32_t number = 0;

		for (const char *c = str_text(&id); *c >= '0' && *c <= '9'; c++)
			number = number * 10 + (uint32_t)(*c - '0');
		if (session_find_job(sc->session, number, &row)) {
			snprintf(line, sizeof line, "%s %u", job_is_paused(&row) ? "resume" : "pause", number);
			screen_start(sc, line);
		}
	}
	str_done(&id);
}

/* A view that was not drawn since the data came starts afresh at its next sync, and would forget where it was sent. */
static void sync_view(struct screen *sc)
{
	struct screen_layout l;

	layout_screen(sc->w, sc->h, &l);
	if (l.too_small)
		return;
	view_place(screen_view(sc), l.body);
	screen_view(sc)->kind->sync(screen_view(sc), sc->session);
}

static void go_to(struct screen *sc, const struct act *act)
{
	const char *name = act->id == ACT_GO_ITEM ? "items" : act->id == ACT_GO_RUN ? "train" : "users";

	go_view(sc, name);
	sync_view(sc);
	if (!screen_view(sc)->kind->handle(screen_view(sc), sc->session, act))
		refuse(sc, act->id == ACT_WHYNOT ? "why-not wants an item, and a user to ask for: \"%.60s\""
		       : act->id == ACT_GO_RUN ? "no run here is called \"%.60s\""
						 : "nothing here has the id \"%.60s\"", act->arg);
}

static void clear_pending_input(struct screen *sc)
{
	sc->view[sc->current].search_step = 0;
}

static void grant_wishes(struct screen *sc);

/* True: it belongs to no view and was done. */
static bool act_here(struct screen *sc, const struct act *act)
{
	struct view *v = screen_view(sc);
	struct str help = STR_INIT;

	switch (act->id) {
	case ACT_VIEW:
		go_view(sc, act->arg);
		return true;
	case ACT_PANE:
		if (!view_focus_name(v, act->arg))
			refuse(sc, "this view has no pane \"%.40s\"", act->arg);
		return true;
	case ACT_SEARCH:
		view_search(v, act->arg, 1);
		return true;
	case ACT_SEARCH_NEXT:
	case ACT_SEARCH_PREVIOUS:
		view_search(v, NULL, act->id == ACT_SEARCH_NEXT ? 1 : -1);
		return true;
	case ACT_HELP:
		help_write(sc, &help);
		pager_show(&sc->pager, "Help", str_text(&help));
		str_done(&help);
		return true;
	case ACT_REDRAW:
		sc->wishes |= WISH_REDRAW;
		return true;
	case ACT_SUSPEND:
		sc->wishes |= WISH_SUSPEND;
		return true;
	case ACT_HOLD:
		hold(sc);
		return true;
	case ACT_GO_USER:
	case ACT_GO_ITEM:
	case ACT_GO_RUN:
	case ACT_WHYNOT:
		go_to(sc, act);
		return true;
	default:
		return false;
	}
}

static void do_action(struct screen *sc, const struct action *a, const char *arg)
{
	struct view *v = screen_view(sc);
	struct act act = { a->id, arg };

	if (!action_is_of(a, v->kind->name)) {
		refuse(sc, "%s does nothing in this view", a->name);
		return;
	}
	clear_pending_input(sc);
	if (act_here(sc, &act))
		return;
	if (v->kind->handle(v, sc->session, &act)) {
		grant_wishes(sc);
		return;
	}
	if (a->id == ACT_MOVE) {
		if (!view_move(v, arg))
			refuse(sc, "\"%.40s\" is no direction: up down left right page-up page-down first last", arg);
	} else if (a->id != ACT_BACK) {
		refuse(sc, "%s does nothing in this pane", a->name);
	}
}

void screen_do(struct screen *sc, const char *line)
{
	struct words words;
	struct err err = { 0 };
	const struct action *a;
	struct str question = STR_INIT;

	if (!words_parse(&words, line, &err)) {
		screen_say(sc, LOG_ERROR, err.msg);
		return;
	}
	a = words.n && !words.w[0].name ? action_find(words.w[0].text) : NULL;
	if (a) {
		do_action(sc, a, words.n > 1 ? words.w[1].text : "");
	} else if (words.n && command_question(sc->session, line, &question) && question.len) {
		snprintf(sc->question, sizeof sc->question, "%s", str_text(&question));
		snprintf(sc->asked, sizeof sc->asked, "%s", line);
		sc->asker = NULL;
	} else if (words.n) {
		screen_start(sc, line);
	}
	str_done(&question);
	words_done(&words);
}

void screen_run_quietly(struct screen *sc, const char *line)
{
	sc->shows_result = false;
	screen_do(sc, line);
}

void screen_run(struct screen *sc, const char *line)
{
	sc->typed++;
	sc->shows_result = true;
	screen_do(sc, line);
}

/* --- the prompt ---------------------------------------------------------------------------------------------- */

static void typed_command(void *ctx, const char *line)
{
	if (line && *line)
		screen_run(ctx, line);
}

static void typed_search(void *ctx, const char *line)
{
	if (line && *line)
		view_search(screen_view(ctx), line, 1);
}

static void send_filter(struct screen *sc, const char *text)
{
	struct act act = { ACT_FILTER, text };

	screen_view(sc)->kind->handle(screen_view(sc), sc->session, &act);
}

static void typed_filter(void *ctx, const char *line)
{
	send_filter(ctx, line ? line : "");
}

/* The filter works while it is typed. */
static void changed_filter(void *ctx, const char *line)
{
	send_filter(ctx, line);
}

void screen_open_prompt(struct screen *sc, char label, const char *text)
{
	char shown[2] = { label, '\0' };
	struct prompt_ask ask = { .label = shown, .text = text, .ctx = sc };

	if (label == ':') {
		ask.command = true;
		ask.done = typed_command;
	} else if (label == '/') {
		ask.done = typed_search;
	} else {
		ask.done = typed_filter;
		ask.changed = changed_filter;
	}
	prompt_open(&ask);
}

static void answered_wish(void *ctx, const char *line)
{
	struct screen *sc = ctx;
	struct view *v = screen_view(sc);

	if (line && v->wish.answer)
		v->wish.answer(v, sc->session, line);
	grant_wishes(sc);
}

static void grant_wishes(struct screen *sc)
{
	struct view *v = screen_view(sc);
	struct prompt_ask ask = { .label = v->wish.prompt_label, .text = v->wish.prompt_text,
				  .done = answered_wish, .ctx = sc };

	if (v->wish.line[0]) {
		char line[sizeof v->wish.line];

		snprintf(line, sizeof line, "%s", v->wish.line);
		v->wish.line[0] = '\0';
		screen_do(sc, line);
	}
	if (v->wish.wants_yes) {
		v->wish.wants_yes = false;
		sc->asker = v;
		snprintf(sc->question, sizeof sc->question, "%s", v->wish.question);
	}
	if (!v->wish.wants_prompt)
		return;
	v->wish.wants_prompt = false;
	prompt_open(&ask);
}

/* --- completion ------------------------------------------------------------------------------------------------ */

static size_t add_candidate(struct candidate *out, size_t n, size_t max, const char *text, size_t len,
			    const char *hint)
{
	if (n == max)
		return n;
	out[n].text = mem_must(strndup(text, len));
	out[n].hint = mem_strdup(hint);
	return n + 1;
}

/* The words that an action takes. */
static size_t complete_choice(const struct action *a, const char *part, size_t n_part, struct candidate *out,
			      size_t max)
{
	size_t n = 0;

	for (const char *at = a->choices; at && *at;) {
		size_t len = strcspn(at, "|");

		if (len >= n_part && !strncmp(at, part, n_part))
			n = add_candidate(out, n, max, at, len, "");
		at += len + (at[len] == '|');
	}
	return n;
}

/* The word of an action as the word of a command: `line` from `from` on, behind that command's name. */
static size_t complete_as(const struct screen *sc, const char *command, const char *line, size_t cursor, size_t *from,
			  struct candidate *out, size_t max)
{
	struct str other = STR_INIT;
	size_t behind = strlen(command) + 1, begin = *from, n;

	str_printf(&other, "%s %s", command, line + begin);
	n = command_complete(sc->session, str_text(&other), behind + cursor - begin, from, out, max);
	*from = begin + *from - behind;
	str_done(&other);
	return n;
}

size_t screen_complete(void *ctx, const char *line, size_t cursor, size_t *from, struct candidate *out, size_t max)
{
	struct screen *sc = ctx;
	size_t start = strspn(line, " "), word = strcspn(line + start, " "), n;
	char name[40];

	snprintf(name, sizeof name, "%.*s", (int)word, line + start);
	if (cursor > start + word && action_find(name)) {
		*from = start + word + strspn(line + start + word, " ");
		if (*from <= cursor && action_find(name)->as)
			return complete_as(sc, action_find(name)->as, line, cursor, from, out, max);
		return *from <= cursor ? complete_choice(action_find(name), line + *from, cursor - *from, out, max) : 0;
	}
	n = command_complete(sc->session, line, cursor, from, out, max);
	if (cursor > start + word || cursor < start)
		return n;
	*from = start;
	for (int i = 0; i < N_ACTIONS; i++)
		if (action_is_of(&action_table[i], screen_view(sc)->kind->name) &&
		    !strncmp(action_table[i].name, line + start, cursor - start))
			n = add_candidate(out, n, max, action_table[i].name, strlen(action_table[i].name),
					  action_table[i].summary);
	return n;
}
