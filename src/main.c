/* SPDX-License-Identifier: GPL-3.0-or-later */
/* main.c - the program's entry: options in, exit status out. */
#include <getopt.h>
#include <stdio.h>

static void print_usage(FILE *out)
{
	fputs("usage: whyrec [-h | --help] [-V | --version]\n", out);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	int opt = getopt_long(argc, argv, "hV", options, NULL);

	switch (opt) {
	case 'h':
		print_usage(stdout);
		return 0;
	case 'V':
		puts(PACKAGE_STRING);
		return 0;
	default:
		print_usage(stderr);
		return 2;
	}
}
