/* SPDX-License-Identifier: GPL-3.0-or-later */
/* synth_words.h - what made-up items are called: scenarios, their tastes and the tastes' words.
 *
 * Patterns: %a adjective, %n %m two nouns, %w who it is for or about, %d what they do or it does, all of
 * the item's taste; %N a name, %P a place, %B a maker, %y an occasion, of the scenario; a capital letter
 * from %A %W %D starts a sentence.  All words and names are our own.
 */
#ifndef DATA_SYNTH_WORDS_H
#define DATA_SYNTH_WORDS_H

#include <stdint.h>

#define SYNTH_ADJECTIVES 8
#define SYNTH_NOUNS 10
#define SYNTH_MOST_TASTES 12

struct synth_taste {
	const char *name;
	const char *tag[4];
	const char *adjective[SYNTH_ADJECTIVES];
	const char *noun[SYNTH_NOUNS];
	const char *who[4];
	const char *deed[4];
};

struct synth_scenario {
	const char *name;
	const char *value;      /* the value's column: "rating" */
	char prefix;            /* of item ids */
	const struct synth_taste *taste;
	uint32_t n_tastes;
	const char *const *title; /* patterns, NULL-terminated, as the next three */
	const char *const *foreign; /* titles in Chinese or with accents; one in 40 items */
	const char *const *text;
	const char *const *name_list, *const *place_list, *const *maker_list, *const *occasion_list;
	uint32_t first_year, last_year; /* "(1987)" behind titles; 0: none */
	double session_mean;    /* events a session */
	uint32_t gap;           /* seconds between events of a session, at most */
	const char *busy_hours; /* 24 digits: how likely a session begins in each hour */
};

extern const struct synth_scenario synth_scenarios[4];

#endif
