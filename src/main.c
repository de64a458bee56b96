/* SPDX-License-Identifier: GPL-3.0-or-later */
/* main.c - the program's entry: options in; a script or the screens; exit status out. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/loop.h"
#include "app/paths.h"
#include "app/session.h"
#include "base/mem.h"
#include "cmd/command.h"
#include "cmd/options.h"
#include "num/linalg.h"
#include "ui/ui.h"

enum { EXIT_WRONG_CALL = 2 };

static int fail(const struct err *err, int status)
{
	char text[sizeof(err->file) + sizeof(err->msg) + 32];

	err_text(err, text, sizeof(text));
	fprintf(stderr, "whyrec: %s\n", text);
	return status;
}

/* "load PATH…": what the screens are to open; NULL when there is nothing to open. */
static char *load_line(const struct options *o)
{
	struct str line = STR_INIT;
	char *sample;

	str_puts(&line, "load");
	for (size_t i = 0; i < o->n_paths; i++) {
		str_putc(&line, ' ');
		word_quote(&line, o->paths[i]);
	}
	if (o->n_paths)
		return str_take(&line);
	sample = path_sample();
	if (!sample) {
		str_done(&line);
		return NULL;
	}
	str_putc(&line, ' ');
	word_quote(&line, sample);
	free(sample);
	return str_take(&line);
}

static int run_screens(struct session *session, struct loop *loop, const struct options *o)
{
	char *line = load_line(o);
	const char *const lines[] = { line };
	struct ui_options ui = { .no_color = o->no_color, .ascii = o->ascii, .no_mouse = o->no_mouse,
				 .lines = lines, .n_lines = line ? 1 : 0 };
	int status = ui_run(session, loop, &ui);

	free(line);
	return status;
}

static int run_script(struct session *session, struct loop *loop, const struct options *o)
{
	struct script_options script = { .json = o->json, .paths = o->paths, .n_paths = o->n_paths,
					 .items = o->items, .n_items = o->n_items };

	return script_run(session, loop, &script);
}

static int run(const struct options *o)
{
	struct err err = { 0 };
	struct loop *loop = loop_new(&err);
	struct session *session = loop ? session_new(&o->session, loop, &err) : NULL;
	int status;

	if (!session)
		status = fail(&err, EXIT_FAILURE);
	else if (o->n_items)
		status = run_script(session, loop, o);
	else
		status = run_screens(session, loop, o);
	session_free(session);
	loop_free(loop);
	return status;
}

static int print_help(void)
{
	struct str text = STR_INIT;

	options_help(&text);
	fputs(str_text(&text), stdout);
	str_done(&text);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct err err = { 0 };
	struct options options;
	int status;

	setlocale(LC_CTYPE, "");
	setlocale(LC_COLLATE, ""); /* and no more: a comma is no decimal point in any file of ours */
	linalg_init();
	if (!options_parse(&options, argc, argv, &err))
		status = fail(&err, EXIT_WRONG_CALL);
	else if (options.help)
		status = print_help();
	else if (options.version)
		status = puts(PACKAGE_STRING) == EOF;
	else if (!options.n_items && !(isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)))
		status = (fputs("whyrec: the screens need a terminal; without one give commands with -c or -f "
				"(see whyrec --help)\n", stderr), EXIT_WRONG_CALL);
	else {
		options.session.screen = !options.n_items;
		status = run(&options);
	}
	options_done(&options);
	if (fflush(stdout) || ferror(stdout))
		status = status ? status : EXIT_FAILURE;
	return status;
}
