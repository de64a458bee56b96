/* SPDX-License-Identifier: GPL-3.0-or-later */
/* journal.c - entries in memory, put in order when they are asked for; the file appended to line by line. */
#include "app/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"

#define FILE_MOST (4 << 20)

struct entry {
	char *line, *why;
	size_t place;
	bool settled, dropped;
};

struct journal {
	struct entry *entry; /* as they began */
	size_t n, room;
	size_t last_place;
	size_t *order;       /* entries that are told, by place */
	size_t n_order;
	char **run;          /* made by these lines */
	size_t n_runs;
	int64_t begun;
	char *folder;        /* where the session runs; "" where that cannot be said */
	char *file;          /* NULL: none, or it cannot be written */
	bool opened;
};

static char *current_folder(void)
{
	char *here = realpath(".", NULL);

	return here ? here : mem_strdup("");
}

struct journal *journal_new(char *take_file)
{
	struct journal *j = mem_must(calloc(1, sizeof(*j)));

	j->file = take_file;
	j->begun = clock_wall();
	j->folder = current_folder();
	return j;
}

void journal_free(struct journal *j)
{
	if (!j)
		return;
	for (size_t i = 0; i < j->n; i++) {
		free(j->entry[i].line);
		free(j->entry[i].why);
	}
	for (size_t i = 0; i < j->n_runs; i++)
		free(j->run[i]);
	free(j->entry);
	free(j->order);
	free(j->run);
	free(j->folder);
	free(j->file);
	free(j);
}

/* --- the file --------------------------------------------------------------------------------------------- */

static void give_up_file(struct journal *j, const char *why)
{
	log_add(LOG_WARN, "the journal is not written: %s: %s", j->file, why);
	free(j->file);
	j->file = NULL;
}

/* One write: what other sessions append stands before it or behind it, never inside. */
static void append(struct journal *j, const struct str *text)
{
	int fd = open(j->file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	ssize_t n;

	if (fd < 0) {
		give_up_file(j, strerror(errno));
		return;
	}
	n = write(fd, text->s, text->len);
	if (n < 0 || (size_t)n < text->len)
		give_up_file(j, n < 0 ? strerror(errno) : "it is full");
	close(fd);
}

/* Its folder, the older file put aside, and a line that says who writes here. */
static bool open_file(struct journal *j)
{
	char *folder = mem_strdup(j->file), date[32];
	struct str text = STR_INIT;
	struct stat st;
	struct err err;

	j->opened = true;
	if (strrchr(folder, '/'))
		*strrchr(folder, '/') = '\0';
	if (!file_make_folders(folder, 0700, &err))
		give_up_file(j, err.msg);
	free(folder);
	if (!j->file)
		return false;
	if (stat(j->file, &st) == 0 && st.st_size > FILE_MOST) {
		str_printf(&text, "%s.old", j->file);
		if (rename(j->file, text.s) != 0)
			log_add(LOG_WARN, "the journal goes on growing: %s: %s", text.s, strerror(errno));
		str_clear(&text);
	}
	str_printf(&text, "# process %ld began at %s in %s\n", (long)getpid(), clock_date_minute(j->begun, date), j->folder);
	append(j, &text);
	str_done(&text);
	return j->file != NULL;
}

/* --- entries ------------------------------------------------------------------------------------------------ */

static char *one_line(const char *text)
{
	char *copy = mem_strdup(text);

	for (char *c = copy; *c; c++)
		if (*c == '\n' || *c == '\r')
			*c = ' ';
	return copy;
}

size_t journal_begin(struct journal *j, const char *line)
{
	if (j->n == j->room) {
		j->room = j->room ? 2 * j->room : 64;
		j->entry = mem_must(realloc(j->entry, j->room * sizeof(*j->entry)));
	}
	j->entry[j->n] = (struct entry){ .line = one_line(line), .place = ++j->last_place };
	return j->n++;
}

static void put_entry(const struct entry *e, struct str *out)
{
	if (!e->settled)
		str_printf(out, "# still running: %s", e->line);
	else if (e->why)
		str_printf(out, "# %s: %s", e->why, e->line);
	else
		str_puts(out, e->line);
}

void journal_settle(struct journal *j, size_t entry, const char *line, const char *why, bool move_here)
{
	struct entry *e = &j->entry[entry];
	struct str text = STR_INIT;

	if (line) {
		free(e->line);
		e->line = one_line(line);
	}
	e->why = why ? one_line(why) : NULL;
	e->settled = true;
	if (move_here)
		e->place = ++j->last_place;
	if (!j->file || (!j->opened && !open_file(j)))
		return;
	put_entry(e, &text);
	str_printf(&text, "  # %ld\n", (long)getpid());
	append(j, &text);
	str_done(&text);
}

void journal_drop(struct journal *j, size_t entry)
{
	j->entry[entry].dropped = true;
}

void journal_makes_run(struct journal *j, const char *name)
{
	if (journal_made_run(j, name))
		return;
	j->run = mem_must(realloc(j->run, (j->n_runs + 1) * sizeof(*j->run)));
	j->run[j->n_runs++] = mem_strdup(name);
}

bool journal_made_run(const struct journal *j, const char *name)
{
	for (size_t i = 0; i < j->n_runs; i++)
		if (!strcmp(j->run[i], name))
			return true;
	return false;
}

bool journal_is_empty(const struct journal *j)
{
	return j->n == 0;
}

/* --- in order ----------------------------------------------------------------------------------------------- */

/* Entries are few and nearly in order: those that moved go to their places by insertion. */
size_t journal_n(struct journal *j)
{
	j->order = mem_must(realloc(j->order, (j->n + 1) * sizeof(*j->order)));
	j->n_order = 0;
	for (size_t i = 0; i < j->n; i++) {
		size_t at = j->n_order;

		if (j->entry[i].dropped)
			continue;
		for (; at > 0 && j->entry[j->order[at - 1]].place > j->entry[i].place; at--)
			j->order[at] = j->order[at - 1];
		j->order[at] = i;
		j->n_order++;
	}
	return j->n_order;
}

const char *journal_line(struct journal *j, size_t i, const char **why)
{
	const struct entry *e;

	if (i >= j->n_order)
		return NULL;
	e = &j->entry[j->order[i]];
	*why = e->settled ? e->why : "still running";
	return e->line;
}

void journal_script(struct journal *j, struct str *out)
{
	char date[32];
	size_t n = journal_n(j);

	str_printf(out, "# Commands of a session of whyrec, begun at %s in %s\n", clock_date_minute(j->begun, date),
		   j->folder);
	str_puts(out, "# whyrec -f THIS does them again.  Runs and files that they name are made anew:\n"
		      "# with --home DIR kept runs stay as they are.  What begins with # is not done again.\n");
	for (size_t i = 0; i < n; i++) {
		put_entry(&j->entry[j->order[i]], out);
		str_putc(out, '\n');
	}
}
