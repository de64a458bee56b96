/* SPDX-License-Identifier: GPL-3.0-or-later */
/* script.c - the loop turned until each command is done; its result printed.
 *
 * DESIGN: a script reads its file through the same loop that brings signals and messages, so that Ctrl-C
 * works while it waits for a line of a pipe as well as while a job runs.
 */
#include "cmd/script.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app/session_change.h"
#include "app/settings.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "cmd/command.h"

#define PROGRESS_SECONDS 0.2
#define LONGEST_LINE ((size_t)16 << 20)

struct script {
	struct session *session;
	struct loop *loop;
	bool json, tty_out, tty_err;
	const char *file;   /* of the command under way; NULL: -c */
	uint64_t line;
	char *command;      /* its name */
	bool done, failed, progress_shown;
	int signal;         /* that interrupted; 0: none */
	bool in_ready;
};

/* --- what is printed -------------------------------------------------------------------------------------- */

static void clear_progress(struct script *x)
{
	if (x->progress_shown)
		fputs("\r\033[K", stderr);
	x->progress_shown = false;
}

static void put_error_line(struct script *x, const char *text)
{
	struct str s = STR_INIT;

	clear_progress(x);
	if (x->tty_err)
		utf8_sanitise(&s, text, strlen(text));
	else
		str_puts(&s, text);
	fprintf(stderr, "whyrec: %s\n", str_text(&s));
	str_done(&s);
}

static void put_error(struct script *x, const struct err *err)
{
	struct str s = STR_INIT;
	char text[sizeof(err->file) + sizeof(err->msg) + 32];

	if (x->file)
		str_printf(&s, "%s:%llu: ", x->file, (unsigned long long)x->line);
	err_text(err, text, sizeof(text));
	str_puts(&s, text);
	put_error_line(x, s.s);
	str_done(&s);
	if (x->json) {
		struct err placed = *err;
		char *line;

		if (!placed.file[0] && x->file) {
			snprintf(placed.file, sizeof(placed.file), "%s", x->file);
			placed.line = x->line;
		}
		line = result_error_json(x->command ? x->command : "", &placed);
		puts(line);
		free(line);
	}
	x->failed = true;
}

static int screen_width(void)
{
	struct winsize w;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 ? w.ws_col : 0;
}

static void put_result(struct script *x, const struct result *r)
{
	clear_progress(x);
	if (x->json) {
		char *line = result_json(x->command, r);

		puts(line);
		free(line);
	} else {
		struct str s = STR_INIT;

		result_text(r, x->tty_out, x->tty_out ? screen_width() : 0, &s);
		fwrite(str_text(&s), 1, s.len, stdout);
		str_done(&s);
	}
}

static void flush_output(struct script *x)
{
	struct err err = { .code = ERR_OK };

	if (fflush(stdout) == 0 && !ferror(stdout))
		return;
	/* A reader that has seen enough (head) is no fault to complain of. */
	if (errno != EPIPE) {
		err_set(&err, ERR_IO, "standard output: %s", strerror(errno));
		put_error_line(x, err.msg);
	}
	x->failed = true;
}

static void put_progress(struct script *x, uint32_t job)
{
	struct job_row row;
	struct str s = STR_INIT;
	char left[32];

	if (!job || !session_find_job(x->session, job, &row))
		return;
	utf8_sanitise(&s, row.title, strlen(row.title));
	if (row.epochs > 1)
		str_printf(&s, "  epoch %u of %u", row.epoch, row.epochs);
	if (row.total)
		str_printf(&s, "  %.0f%%", 100.0 * (double)row.done / (double)row.total);
	if (row.left > 0)
		str_printf(&s, "  left %s", str_seconds(row.left, left));
	fprintf(stderr, "\r\033[K%s", s.s);
	fflush(stderr);
	x->progress_shown = true;
	str_done(&s);
}

/* --- one command ------------------------------------------------------------------------------------------ */

static void told(void *ctx, enum log_level level, const char *text)
{
	struct str s = STR_INIT;

	if (level == LOG_INFO)
		return;
	str_printf(&s, "%s%s", level == LOG_WARN ? "warning: " : "", text);
	put_error_line(ctx, s.s);
	str_done(&s);
}

static void on_signal(void *ctx, int signo)
{
	struct script *x = ctx;
	struct err ignored;

	if (signo == SIGTSTP) {
		clear_progress(x);
		raise(SIGSTOP);
	}
	if (signo != SIGINT && signo != SIGTERM && signo != SIGHUP)
		return;
	if (x->signal) { /* asked twice: the shortest way out */
		struct sigaction plain = { .sa_handler = SIG_DFL };

		sigaction(signo, &plain, NULL);
		raise(signo);
	}
	x->signal = signo;
	for (size_t i = 0; i < session_n_jobs(x->session); i++) {
		struct job_row row;

		session_job(x->session, i, &row);
		session_job_cancel(x->session, row.id, &ignored);
	}
	session_cancel_questions(x->session);
}

static void on_done(void *ctx, const struct call *call, const struct result *r, const struct err *err)
{
	struct script *x = ctx;

	x->done = true;
	if (call->command) {
		free(x->command);
		x->command = mem_strdup(call->command->name);
	}
	if (err->code != ERR_OK)
		put_error(x, err);
	else if (call->command)
		put_result(x, r);
	flush_output(x);
}

/* What an error of a line that names no command is told under: its first word. */
static void guess_command(struct script *x, const char *line)
{
	size_t from = strspn(line, " \t"), n = strcspn(line + from, " \t\r\n");

	free(x->command);
	x->command = mem_must(strndup(line + from, n));
}

static void run_line(struct script *x, const char *line)
{
	struct err err;
	uint32_t job;

	x->done = false;
	guess_command(x, line);
	command_start(x->session, line, on_done, x, &job);
	while (!x->done) {
		if (!loop_turn(x->loop, x->tty_err ? PROGRESS_SECONDS : -1, &err)) {
			put_error(x, &err);
			return;
		}
		if (x->tty_err && !x->done)
			put_progress(x, job);
	}
}

static bool may_go_on(const struct script *x)
{
	return !x->failed && !x->signal && !command_quit_asked(x->session);
}

/* A -c text of several lines is several commands, as in a file. */
static void run_text(struct script *x, const char *text)
{
	while (may_go_on(x)) {
		size_t n = strcspn(text, "\n");
		char *line = mem_must(strndup(text, n));

		run_line(x, line);
		free(line);
		if (!text[n])
			break;
		text += n + 1;
	}
}

/* --- files ------------------------------------------------------------------------------------------------ */

struct reader {
	int fd;
	struct str held; /* read, not yet given out */
	size_t at;       /* start of the next line in held */
	bool end;
};

static void in_ready(void *ctx)
{
	((struct script *)ctx)->in_ready = true;
}

static bool read_more(struct script *x, struct reader *r, struct err *err)
{
	char block[65536];
	ssize_t n;

	x->in_ready = false;
	if (!loop_watch_fd(x->loop, r->fd, in_ready, x, err))
		return false;
	while (!x->in_ready && !x->signal && loop_turn(x->loop, -1, err))
		;
	loop_unwatch_fd(x->loop, r->fd);
	if (!x->in_ready)
		return x->signal != 0;
	n = read(r->fd, block, sizeof(block));
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n < 0)
		return err_at(err, ERR_IO, x->file, 0, "cannot be read: %s", strerror(errno));
	r->end = n == 0;
	str_append(&r->held, block, (size_t)n);
	if (r->held.len - r->at > LONGEST_LINE)
		return err_at(err, ERR_SYNTAX, x->file, x->line, "the line is longer than 16 MiB: this is no script");
	return true;
}

/* The next line, without its end (free()); NULL at the end, on a signal, and on an error (err set). */
static char *next_line(struct script *x, struct reader *r, struct err *err)
{
	err->code = ERR_OK;
	for (;;) {
		const char *from = str_text(&r->held) + r->at;
		size_t left = r->held.len - r->at;
		const char *stop = left ? memchr(from, '\n', left) : NULL;
		size_t n = stop ? (size_t)(stop - from) : left;
		char *line;

		if (!stop && !(r->end && left)) {
			if (r->end || x->signal || !read_more(x, r, err))
				return NULL;
			continue;
		}
		x->line++;
		if (memchr(from, '\0', n)) {
			err_set(err, ERR_SYNTAX, "the line holds a NUL byte: this is no script");
			return NULL;
		}
		line = mem_must(strndup(from, n));
		r->at += n + (stop != NULL);
		return line;
	}
}

static void run_file(struct script *x, const char *name)
{
	bool is_stdin = !strcmp(name, "-");
	struct reader r = { .fd = STDIN_FILENO, .held = STR_INIT };
	struct err err = { .code = ERR_OK };
	char *line;

	x->file = is_stdin ? "<stdin>" : name;
	x->line = 0;
	if (!is_stdin)
		r.fd = open(name, O_RDONLY | O_CLOEXEC);
	if (r.fd < 0) {
		err_set(&err, ERR_IO, "the script cannot be opened: %s: %s", name, strerror(errno));
		x->file = NULL;
		put_error(x, &err);
		return;
	}
	while (may_go_on(x) && (line = next_line(x, &r, &err))) {
		run_line(x, line);
		free(line);
	}
	if (err.code != ERR_OK)
		put_error(x, &err);
	if (!is_stdin)
		close(r.fd);
	str_done(&r.held);
	x->file = NULL;
}

/* --- all of it -------------------------------------------------------------------------------------------- */

static void load_paths(struct script *x, const struct script_options *o)
{
	struct str line = STR_INIT;

	str_puts(&line, "load");
	for (size_t i = 0; i < o->n_paths; i++) {
		str_putc(&line, ' ');
		word_quote(&line, o->paths[i]);
	}
	run_line(x, line.s);
	str_done(&line);
}

int script_run(struct session *s, struct loop *l, const struct script_options *o)
{
	struct script x = { .session = s, .loop = l, .json = o->json, .tty_out = isatty(STDOUT_FILENO),
			    .tty_err = isatty(STDERR_FILENO) };
	struct session_watcher watcher = { .told = told, .ctx = &x };

	session_watch(s, &watcher);
	loop_on_signal(l, on_signal, &x);
	settings_read(s);
	if (o->n_paths)
		load_paths(&x, o);
	for (size_t i = 0; i < o->n_items && may_go_on(&x); i++) {
		if (o->items[i].is_file)
			run_file(&x, o->items[i].text);
		else
			run_text(&x, o->items[i].text);
	}
	clear_progress(&x);
	loop_on_signal(l, NULL, NULL);
	session_watch(s, NULL);
	free(x.command);
	if (x.signal)
		return 128 + x.signal;
	return x.failed ? 1 : 0;
}
