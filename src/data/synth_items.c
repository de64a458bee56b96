/* SPDX-License-Identifier: GPL-3.0-or-later */
/* synth_items.c - titles, tags and a line of text from the words of an item's tastes. */
#include <ctype.h>
#include <string.h>

#include "base/strtab.h"
#include "data/synth_world.h"

#define FOREIGN_ONE_IN 40
#define TITLE_TRIES 6

/* What an item's title and text draw from.  Its adjective and nouns are drawn once: the text speaks of
 * what the title names. */
struct speaker {
	const struct synth_scenario *sc;
	uint8_t taste;
	struct rng *rng;
	uint32_t adjective, noun, other;
	uint8_t of_adjective, of_noun, of_other; /* their tastes */
	double text;        /* how often a word is of the item's taste */
	struct rng *astray; /* for the others */
};

/* The taste that a word or tag is of. */
static uint8_t stray(struct speaker *s, uint8_t own)
{
	if (s->text >= 1 || rng_uniform(s->astray) < s->text)
		return own;
	return (uint8_t)rng_below(s->astray, s->sc->n_tastes);
}

static const char *pick(const char *const *list, struct rng *rng)
{
	uint32_t n = 0;

	while (list[n])
		n++;
	return list[rng_below(rng, n)];
}

static const char *word_for(struct speaker *s, char what)
{
	const struct synth_taste *taste = s->sc->taste;

	switch (what) {
	case 'a':
		return taste[s->of_adjective].adjective[s->adjective];
	case 'n':
		return taste[s->of_noun].noun[s->noun];
	case 'm':
		return taste[s->of_other].noun[s->other];
	case 'w':
		return taste[stray(s, s->taste)].who[rng_below(s->rng, 4)];
	case 'd':
		return taste[stray(s, s->taste)].deed[rng_below(s->rng, 4)];
	case 'N':
		return pick(s->sc->name_list, s->rng);
	case 'P':
		return pick(s->sc->place_list, s->rng);
	case 'B':
		return pick(s->sc->maker_list, s->rng);
	default: /* 'y' */
		return pick(s->sc->occasion_list, s->rng);
	}
}

static void put_word(struct str *out, const char *word, bool capital, bool small)
{
	size_t at = out->len;

	str_puts(out, word);
	for (size_t i = at; small && i < out->len; i++)
		out->s[i] = (char)tolower((unsigned char)out->s[i]);
	if (capital)
		out->s[at] = (char)toupper((unsigned char)out->s[at]);
}

/* small: adjectives and nouns, which the tables keep as titles have them, in running text. */
static void speak(struct speaker *s, const char *pattern, bool running, struct str *out)
{
	for (; *pattern; pattern++) {
		bool capital = pattern[0] == '%' && strchr("AWD", pattern[1]);
		char what;

		if (*pattern != '%') {
			str_putc(out, *pattern);
			continue;
		}
		what = capital ? (char)tolower((unsigned char)*++pattern) : *++pattern;
		put_word(out, word_for(s, what), capital || (running && out->len == 0),
			 running && strchr("anm", what));
	}
}

void synth_put_field(struct str *out, const char *text)
{
	if (!strpbrk(text, ",\"\r\n")) {
		str_puts(out, text);
		return;
	}
	str_putc(out, '"');
	for (; *text; text++) {
		if (*text == '"')
			str_putc(out, '"');
		str_putc(out, *text);
	}
	str_putc(out, '"');
}

static void say_title(struct speaker *s, struct str *title)
{
	bool foreign = rng_below(s->rng, FOREIGN_ONE_IN) == 0;

	s->adjective = rng_below(s->rng, SYNTH_ADJECTIVES);
	s->noun = rng_below(s->rng, SYNTH_NOUNS);
	s->other = (s->noun + 1 + rng_below(s->rng, SYNTH_NOUNS - 1)) % SYNTH_NOUNS;
	s->of_adjective = stray(s, s->taste);
	s->of_noun = stray(s, s->taste);
	s->of_other = stray(s, s->taste);
	str_clear(title);
	speak(s, pick(foreign ? s->sc->foreign : s->sc->title, s->rng), false, title);
}

/* Few words make many titles, but not endlessly many: from then on they get numbers, as sequels do. */
static bool distinct_title(struct speaker *s, struct strtab *taken, struct str *title, struct err *err)
{
	uint32_t year = s->sc->first_year;

	for (uint32_t try = 0; ; try++) {
		uint32_t before = taken->n, got;
		size_t plain;

		if (try < TITLE_TRIES)
			say_title(s, title);
		plain = title->len;
		if (try >= TITLE_TRIES)
			str_printf(title, " %u", try - TITLE_TRIES + 2);
		got = strtab_intern(taken, title->s, title->len, err);
		if (got == STRTAB_NONE)
			return false;
		if (got == before)
			break;
		title->len = plain;
		title->s[plain] = '\0';
	}
	if (year) { /* later years are likelier */
		uint32_t a = rng_below(s->rng, s->sc->last_year - year + 1);
		uint32_t b = rng_below(s->rng, s->sc->last_year - year + 1);

		str_printf(title, " (%u)", year + (a > b ? a : b));
	}
	return true;
}

/* The tastes' names first, as genres are; then one or two of the first taste's tags. */
static void put_tags(struct speaker *s, const struct synth_item *it, struct str *out)
{
	const struct synth_taste *taste = s->sc->taste;
	uint32_t tag = rng_below(s->rng, 4);

	str_puts(out, taste[stray(s, it->taste)].name);
	if (it->second != it->taste)
		str_printf(out, "|%s", taste[stray(s, it->second)].name);
	str_printf(out, "|%s", taste[stray(s, it->taste)].tag[tag]);
	if (rng_below(s->rng, 2))
		str_printf(out, "|%s", taste[stray(s, it->second)].tag[(tag + 1) % 4]);
}

static bool put_item(const struct synth_world *w, uint32_t i, double text, uint64_t seed, struct strtab *taken,
		     struct str *scrap, struct str *out, struct err *err)
{
	const struct synth_item *it = &w->item[i];
	struct rng rng = rng_stream(seed, "synth.title", i, 0), astray = rng_stream(seed, "synth.astray", i, 0);
	struct speaker s = { .sc = w->scenario, .taste = it->taste, .rng = &rng, .text = text, .astray = &astray };

	if (!distinct_title(&s, taken, scrap, err))
		return false;
	str_printf(out, "%c%u,", w->scenario->prefix, i + 1);
	synth_put_field(out, scrap->s);
	str_putc(out, ',');
	put_tags(&s, it, out);
	str_putc(out, ',');
	str_clear(scrap);
	speak(&s, pick(w->scenario->text, &rng), true, scrap);
	synth_put_field(out, scrap->s);
	str_putc(out, '\n');
	return true;
}

bool synth_put_items(const struct synth_world *w, double text, uint64_t seed, const struct task *task, struct str *out,
		     struct err *err)
{
	struct str scrap = STR_INIT;
	struct strtab taken;
	bool going = true;

	strtab_init(&taken);
	str_puts(out, "item,title,tags,text\n");
	for (uint32_t i = 0; i < w->n_items && going; i++) {
		going = put_item(w, i, text, seed, &taken, &scrap, out, err);
		if (going && i % 4096 == 0 && !task_keep_going(task))
			going = task_cancelled(err);
	}
	strtab_done(&taken);
	str_done(&scrap);
	return going;
}
