/* SPDX-License-Identifier: GPL-3.0-or-later */
/* options.c - getopt_long over the table. */
#include "cmd/options.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num_parse.h"

#define MAX_THREADS 1024

const struct option_row option_table[] = {
	{ 'c', "command", "TEXT", "run this command; may be repeated and mixed with -f" },
	{ 'f', "file", "FILE", "run the commands of a file, one a line; - is standard input" },
	{ 0, "json", NULL, "print one JSON object a command, and nothing else" },
	{ 0, "threads", "N", "worker threads (default: all cores)" },
	{ 0, "seed", "N", "every random stream is derived from it (default 42)" },
	{ 0, "home", "DIR", "where runs are kept (default: $XDG_DATA_HOME/whyrec, else ~/.local/share/whyrec)" },
	{ 0, "no-color", NULL, "no colours; NO_COLOR does the same" },
	{ 0, "ascii", NULL, "ASCII marks and plots, whatever the locale" },
	{ 0, "no-mouse", NULL, "leave the mouse to the terminal" },
	{ 0, "readonly", NULL, "write and delete nothing; runs live in memory" },
	{ 'h', "help", NULL, "print this and exit" },
	{ 'V', "version", NULL, "print the version and exit" },
	{ 0, NULL, NULL, NULL },
};
#define N_OPTIONS (sizeof(option_table) / sizeof(*option_table) - 1)

static void add_item(struct options *o, bool is_file, const char *text)
{
	o->items = mem_must(realloc(o->items, (o->n_items + 1) * sizeof(*o->items)));
	o->items[o->n_items++] = (struct script_item){ is_file, text };
}

static bool take(struct options *o, const char *name, const char *value, struct err *err)
{
	uint64_t n = 0;
	bool number = value && num_parse_u64(value, strlen(value), &n);

	if (!strcmp(name, "command"))
		add_item(o, false, value);
	else if (!strcmp(name, "file"))
		add_item(o, true, value);
	else if (!strcmp(name, "json"))
		o->json = true;
	else if (!strcmp(name, "home"))
		o->session.home = value;
	else if (!strcmp(name, "no-color"))
		o->no_color = true;
	else if (!strcmp(name, "ascii"))
		o->ascii = true;
	else if (!strcmp(name, "no-mouse"))
		o->no_mouse = true;
	else if (!strcmp(name, "readonly"))
		o->session.readonly = true;
	else if (!strcmp(name, "help"))
		o->help = true;
	else if (!strcmp(name, "version"))
		o->version = true;
	else if (!strcmp(name, "threads") && (!number || n < 1 || n > MAX_THREADS))
		return err_set(err, ERR_USAGE, "--threads %s: a number from 1 to %d was expected", value, MAX_THREADS);
	else if (!strcmp(name, "threads"))
		o->session.threads = (unsigned)n;
	else if (!number)
		return err_set(err, ERR_USAGE, "--seed %s: a whole number from 0 was expected", value);
	else
		o->session.seed = n;
	return true;
}

static const struct option_row *find_letter(int letter)
{
	for (size_t i = 0; i < N_OPTIONS; i++) {
		if (letter && option_table[i].letter == letter)
			return &option_table[i];
	}
	return NULL;
}

static bool wrong_call(const char *word, struct err *err)
{
	const char *names[N_OPTIONS], *near;
	size_t len = strcspn(word, "=");
	char name[64];

	if (word[0] != '-' || word[1] != '-' || len >= sizeof(name))
		return err_set(err, ERR_USAGE, "unknown option, or an option without its argument: %s (see whyrec --help)",
			       word);
	memcpy(name, word, len);
	name[len] = '\0';
	for (size_t i = 0; i < N_OPTIONS; i++) {
		names[i] = option_table[i].name;
		if (!strcmp(name + 2, names[i]))
			return err_set(err, ERR_USAGE, option_table[i].argument ? "%s needs an argument: %s %s"
					: "%s takes no argument", name, name, option_table[i].argument);
	}
	near = str_nearest(name + 2, names, N_OPTIONS);
	if (near)
		return err_set(err, ERR_USAGE, "no option is named %s: did you mean --%s?", name, near);
	return err_set(err, ERR_USAGE, "no option is named %s: see whyrec --help", name);
}

bool options_parse(struct options *o, int argc, char **argv, struct err *err)
{
	struct option longs[N_OPTIONS + 1];
	char shorts[2 * N_OPTIONS + 2];
	size_t at = 0;
	int c, index = -1;
	bool good = true;

	*o = (struct options){ .session = { .seed = 42 } };
	shorts[at++] = ':';
	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct option_row *row = &option_table[i];

		longs[i] = (struct option){ row->name, row->argument ? required_argument : no_argument, NULL, 0 };
		if (row->letter)
			shorts[at++] = row->letter;
		if (row->letter && row->argument)
			shorts[at++] = ':';
	}
	shorts[at] = '\0';
	longs[N_OPTIONS] = (struct option){ 0 };
	opterr = 0;
	optind = 1;
	while (good && (c = getopt_long(argc, argv, shorts, longs, &index)) != -1) {
		const struct option_row *row = c == 0 ? &option_table[index] : find_letter(c);

		good = row ? take(o, row->name, optarg, err) : wrong_call(argv[optind - 1], err);
	}
	o->paths = argv + optind;
	o->n_paths = (size_t)(argc - optind);
	return good;
}

void options_done(struct options *o)
{
	free(o->items);
}

void options_help(struct str *out)
{
	str_puts(out, "usage: whyrec [OPTION…] [PATH…]            the screens; the sample data when no PATH is given\n"
		      "       whyrec [OPTION…] -c COMMAND…        runs the commands and prints their results\n"
		      "       whyrec [OPTION…] -f SCRIPT          the same from a file ('-': standard input)\n\n");
	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct option_row *row = &option_table[i];
		struct str left = STR_INIT;

		if (row->letter)
			str_printf(&left, "-%c, ", row->letter);
		else
			str_puts(&left, "    ");
		str_printf(&left, "--%s", row->name);
		if (row->argument)
			str_printf(&left, " %s", row->argument);
		str_printf(out, "  %-22s %s\n", left.s, row->meaning);
		str_done(&left);
	}
	str_puts(out, "\nwhyrec -c help lists the commands.\n");
}
