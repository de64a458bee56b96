/* SPDX-License-Identifier: GPL-3.0-or-later */
/* docs_tables.c - prints a section of the manual from the program's own tables, as man(7) source.
 *
 * docs_tables SECTION.  What it prints stands between the lines BEGIN GENERATED SECTION and END GENERATED
 * SECTION of the manual pages: tests/docs.sh puts it there.
 */
#include <stdio.h>
#include <string.h>

#include "app/settings.h"
#include "cmd/command.h"
#include "cmd/options.h"
#include "data/split.h"
#include "eval/eval.h"
#include "model/model.h"
#include "train/scenario.h"
#include "ui/keys.h"

/* Text as roff reads it: - and \ are written out, a dot or quote may not start a line. */
static void put(const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", stdout);
	for (; *text; text++) {
		if (*text == '-')
			fputs("\\-", stdout);
		else if (*text == '\\')
			fputs("\\e", stdout);
		else if (!strncmp(text, "\xe2\x80\xa6", 3)) {
			fputs("\\&...", stdout);
			text += 2;
		} else
			putchar(*text);
	}
}

static void put_line(const char *text)
{
	put(text);
	putchar('\n');
}

static void bold(const char *text)
{
	fputs("\\fB", stdout);
	put(text);
	fputs("\\fR", stdout);
}

static void options(void)
{
	for (const struct option_row *o = option_table; o->name; o++) {
		puts(".TP");
		if (o->letter)
			printf("\\fB\\-%c\\fR, ", o->letter);
		fputs("\\fB\\-\\-", stdout);
		put(o->name);
		fputs("\\fR", stdout);
		if (o->argument)
			printf(" \\fI%s\\fR", o->argument);
		putchar('\n');
		put_line(o->meaning);
	}
}

static void param(const struct param_spec *p)
{
	struct str range = STR_INIT;

	param_describe_range(p, &range);
	puts(".TP");
	bold(p->name);
	printf("=\\fI");
	put(str_text(&range));
	puts("\\fR");
	put(p->meaning);
	if (p->unit && p->unit[0]) {
		fputs(" (", stdout);
		put(p->unit);
		putchar(')');
	}
	if (p->def) {
		fputs("; default ", stdout);
		put(p->def[0] ? p->def : "none");
	}
	if (p->tune) {
		fputs("; tuned over ", stdout);
		put(p->tune);
	}
	if (p->source && p->source[0]) {
		fputs(". From: ", stdout);
		put(p->source);
	}
	puts(".");
	str_done(&range);
}

static void params(const struct param_spec *specs)
{
	for (; specs && specs->name; specs++)
		param(specs);
}

static void commands(void)
{
	const char *group = "";

	for (size_t i = 0; command_table[i]; i++) {
		const struct command *c = command_table[i];
		struct call any = { .command = c };
		const struct param_spec *more = c->more_params ? c->more_params(&any) : NULL;

		if (strcmp(group, c->group) != 0)
			printf(".SS %s\n", c->group);
		group = c->group;
		puts(".TP");
		bold(c->name);
		put_line(c->synopsis + strlen(c->name));
		put(c->summary);
		puts(".");
		if (!more && !c->params)
			continue;
		puts(".RS");
		params(more); /* those that hold whatever the first word is */
		params(c->params);
		puts(".RE");
	}
}

static void splits(void)
{
	for (size_t i = 0; split_kinds[i]; i++) {
		const struct param_spec *p = split_params(split_kinds[i]);

		puts(".TP");
		bold(split_kinds[i]);
		putchar('\n');
		if (!p->name) {
			puts("No parameters.");
			continue;
		}
		puts(".RS");
		params(p);
		puts(".RE");
	}
}

static void metrics(void)
{
	for (int m = 0; m < N_METRICS; m++) {
		puts(".TP");
		fputs("\\fB", stdout);
		put(metric_table[m].name);
		puts("@\\fIK\\fR");
		put(metric_table[m].meaning);
		puts(metric_table[m].per_user ? "." : "; no mean over users.");
	}
}

/* The criteria, then the weights that each scenario gives them. */
static void scenarios(void)
{
	for (int c = 0; c < N_CRITERIA; c++) {
		puts(".TP");
		fputs("\\fB", stdout);
		put(criterion_table[c].name);
		puts("\\fR");
		put(criterion_table[c].meaning);
		puts(".");
	}
	for (const struct scenario *s = scenario_table; s->name; s++) {
		const char *comma = "";

		printf(".PP\n\\fBscenario=%s\\fR\n", s->name);
		put(s->where);
		fputs(" (", stdout);
		for (int c = 0; c < N_CRITERIA; c++)
			if (s->weight[c] > 0) {
				fputs(comma, stdout);
				put(criterion_table[c].name);
				printf(" %g", s->weight[c]);
				comma = ", ";
			}
		puts(").");
	}
}

static void parameters(void)
{
	for (size_t i = 0; model_registry[i]; i++) {
		const struct model_ops *ops = model_registry[i];

		fputs(".SS ", stdout);
		put_line(ops->name);
		put(ops->title);
		puts(".");
		put(ops->cite);
		puts(".");
		params(ops->params);
	}
}

static void settings(void)
{
	params(settings_table);
}

/* Keys that do the same at the same place share a line. */
static void keys(void)
{
	const char *where = "";

	for (const struct binding *b = builtin_keys; b->key; b++) {
		bool first = true;

		for (const struct binding *e = builtin_keys; e < b; e++)
			first &= strcmp(e->where, b->where) != 0 || strcmp(e->text, b->text) != 0;
		if (!first)
			continue;
		if (strcmp(where, b->where) != 0)
			printf(".SS %s\n", b->where);
		where = b->where;
		puts(".TP");
		for (const struct binding *k = b; k->key; k++) {
			if (strcmp(k->where, b->where) != 0 || strcmp(k->text, b->text) != 0)
				continue;
			if (k != b)
				fputs(", ", stdout);
			bold(k->key);
		}
		putchar('\n');
		put(b->text);
		if (b->hint && strcmp(b->hint, b->text) != 0) {
			fputs(" (", stdout);
			put(b->hint);
			putchar(')');
		}
		putchar('\n');
	}
}

int main(int argc, char **argv)
{
	static const struct { const char *name; void (*print)(void); } sections[] = {
		{ "options", options }, { "commands", commands }, { "splits", splits }, { "metrics", metrics }, { "scenarios", scenarios },
		{ "settings", settings }, { "keys", keys }, { "parameters", parameters },
	};

	for (size_t i = 0; argc == 2 && i < sizeof(sections) / sizeof(*sections); i++) {
		if (!strcmp(argv[1], sections[i].name)) {
			sections[i].print();
			return 0;
		}
	}
	fputs("usage: docs_tables options|commands|splits|metrics|settings|keys|parameters\n", stderr);
	return 2;
}
