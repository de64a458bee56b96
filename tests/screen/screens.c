/* SPDX-License-Identifier: GPL-3.0-or-later */
/* screens - whole screens against the golden ones beside this file: real session, sample data, in process.
 *
 * A scene is a size, a look and keys; its screen is compared as text with NAME.screen.  WHYREC_GOLDEN=1
 * rewrites them (`make golden`).  The linker puts the clock below in the place of ours, so that what takes
 * time takes none and a screen is the same on every machine.
 */
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/machine.h"
#include "app/session_change.h"
#include "base/file.h"
#include "base/mem.h"
#include "tap.h"
#include "ui/prompt.h"
#include "ui/screen.h"
#include "ui/view.h"

double __wrap_clock_now(void);
int64_t __wrap_clock_wall(void);

double __wrap_clock_now(void)
{
	return 1000;
}

int64_t __wrap_clock_wall(void)
{
	return 1700000000;
}

static struct loop *loop;
static struct session *session;
static struct screen *screen;
static struct surface surface;

#define TURNS_MOST 120000 /* ten minutes: the sanitizers make the search for a removal slow */

/* Turns until nothing is under way any more: no job, no answer that is waited for. */
static void settle(void)
{
	struct err err = { 0 };

	for (int quiet = 0, turns = 0; quiet < 3 && turns < TURNS_MOST; turns++) {
		bool busy = session_jobs_alive(session) || screen_waiting(screen) > 0;

		screen_draw(screen, &surface);
		for (int p = 0; p < N_PANES; p++) {
			bool pending;

			session_answer(session, (enum pane)p, &pending);
			busy |= pending;
		}
		quiet = busy ? 0 : quiet + 1;
		loop_turn(loop, 0.005, &err);
	}
	screen_draw(screen, &surface);
}

/* "3 Tab Enter :text Enter": words are keys by their names, or text to type after ':' '/' or '\'. */
static void press(const char *keys)
{
	char word[128];

	while (*keys) {
		size_t n = strcspn(keys, " ");
		uint32_t code;

		snprintf(word, sizeof word, "%.*s", (int)n, keys);
		for (char *c = word; *c; c++) /* a blank within a typed text */
			if (*c == '_')
				*c = ' ';
		if (key_parse(word, &code))
			screen_key(screen, (struct key){ .code = code });
		else
			for (const char *c = word; *c; c++)
				screen_key(screen, (struct key){ .code = (unsigned char)*c });
		settle();
		keys += n + (keys[n] == ' ');
	}
}

static void print_lines(const char *what, const char *text)
{
	printf("# %s:\n", what);
	while (*text) {
		size_t n = strcspn(text, "\n");

		printf("# %.*s\n", (int)n, text);
		text += n + (text[n] == '\n');
	}
}

static void check_text(const char *name, const char *got)
{
	char path[512];
	const char *folder = getenv("top_srcdir");
	struct err err = { 0 };
	char *want;
	size_t n;

	snprintf(path, sizeof path, "%s/tests/screen/%s.screen", folder ? folder : ".", name);
	if (getenv("WHYREC_GOLDEN")) {
		ok(file_write_whole(path, got, strlen(got), 0644, &err), "%s written", name);
		return;
	}
	if (!file_read_whole(path, 1 << 20, &want, &n, &err)) {
		ok(false, "%s: %s", name, err.msg);
		return;
	}
	if (!ok(!strcmp(want, got), "%s", name)) {
		print_lines("got", got);
		print_lines("want", want);
	}
	mem_free(want);
}

static void check(const char *name)
{
	struct str got = STR_INIT;

	surface_dump(&surface, &got);
	check_text(name, str_text(&got));
	str_done(&got);
}

struct scene {
	const char *name;
	int w, h;
	bool ascii, mono;
	const char *keys; /* on a fresh screen over the one session */
};

static const struct scene scenes[] = {
	{ "data-80x24", 80, 24, false, false, "1" },
	{ "data-200x50", 200, 50, false, false, "1" },
	{ "data-60x15", 60, 15, false, false, "1" },
	{ "train-80x24", 80, 24, false, false, "2" },
	{ "train-120x36", 120, 36, false, false, "2" },
	{ "train-overlay-200x50", 200, 50, false, false, "2 o Up y b" },
	{ "settings-80x24", 80, 24, false, false, "2 Tab Right Down" },
	{ "users-80x24", 80, 24, false, false, "3 Enter Enter" },
	{ "users-120x36", 120, 36, false, false, "3 s s Down Down Enter Enter" },
	{ "users-200x50", 200, 50, false, false, "3 Enter Enter Down" },
	{ "users-60x15", 60, 15, false, false, "3 Enter Enter" },
	{ "users-filter-120x36", 120, 36, false, false, "3 \\ 12" },
	{ "users-mono-120x36", 120, 36, false, true, "3 Enter Enter" },
	{ "users-whatif-120x36", 120, 36, false, false, "3 Enter S-Tab Space Down Down r 1 Enter Tab Down a u C-r" },
	{ "users-whatif-80x24", 80, 24, false, true, "3 Enter S-Tab Space Tab Enter" },
	{ "users-whynot-80x24", 80, 24, false, false, "3 Enter G w" },
	{ "users-whynot-120x36", 120, 36, false, true, "4 Down Down w" },
	{ "users-ascii-80x24", 80, 24, true, true, "3 Enter Enter" },
	{ "users-epochs-120x36", 120, 36, false, false, "3 } Enter [ [ [ Down" },
	{ "users-epochs-80x24", 80, 24, false, true, "3 } Enter [ [ ] Down" },
	{ "users-unwatched-80x24", 80, 24, false, false, "3 Enter [" },
	{ "train-epochs-120x36", 120, 36, false, false, "2 [ [ [ } b" },
	{ "train-epochs-80x24", 80, 24, true, true, "2 :pane_watched Enter [ [ Down Down" },
	{ "items-80x24", 80, 24, false, false, "4 Enter" },
	{ "items-120x36", 120, 36, false, false, "4 Down b" },
	{ "items-ascii-120x36", 120, 36, true, false, "4" },
	{ "items-map-80x24", 80, 24, false, false, "4 Enter m" },
	{ "items-map-120x36", 120, 36, false, false, "4 m c" },
	{ "items-map-zoom-120x36", 120, 36, false, false, "4 Enter m + + Right" },
	{ "items-map-found-120x36", 120, 36, false, true, "4 Enter m + / rowboat Enter n" },
	{ "items-why-near-80x24", 80, 24, false, false, "4 Enter b b Down" },
	{ "items-200x50", 200, 50, false, false, "4 Enter b Down" },
	{ "items-map-ascii-60x15", 60, 15, true, true, "4 Enter m c c" },
	{ "compare-80x24", 80, 24, false, false, "5 Enter" },
	{ "compare-200x50", 200, 50, false, false, "5 Enter" },
	{ "jobs-80x24", 80, 24, false, false, "6" },
	{ "jobs-ascii-60x15", 60, 15, true, true, "6" },
	{ "odd-none-80x24", 80, 24, false, false, "7" },
	{ "help-80x24", 80, 24, false, false, "2 ?" },
	{ "prompt-80x24", 80, 24, false, false, "1 :move_ Tab Tab" },
	{ "question-80x24", 80, 24, false, false, "2 Down d" },
	{ "error-80x24", 80, 24, false, false, "1 :trian_ease Enter" },
	{ "result-120x36", 120, 36, false, false, "1 :explain_u1_f53 Enter" },
	{ "users-persona-120x36", 120, 36, false, false, "3 Enter S-Tab Space P anna Enter :persona_use_anna Enter Down Space" },
	{ "users-unsaved-80x24", 80, 24, false, true, "3 Enter S-Tab Space S-Tab Down Tab Space" },
	{ "quit-unsaved-80x24", 80, 24, false, true, "3 Enter S-Tab Space q" },
	{ "users-beside-120x36", 120, 36, false, false, "3 m Down Enter" },
	{ "users-beside-80x24", 80, 24, false, true, "3 Down m Right Down Down Enter" },
	{ "users-beside-ascii-80x24", 80, 24, true, true, "3 m" },
	{ "small-40x10", 40, 10, false, false, "1" },
};

static void play(const struct scene *scene)
{
	struct screen_options none = { NULL, NULL };
	struct err err;

	screen = screen_new(session, &none);
	surface_resize(&surface, scene->w, scene->h);
	surface.ascii = scene->ascii;
	surface.double_focus = scene->mono;
	settle();
	press(scene->keys);
	check(scene->name);
	edits_begin(session_edits(session), NO_USER); /* as other scenes find it */
	while (session_n_personas(session))
		session_drop_persona(session, session_persona(session, 0)->name, &err);
	screen_free(screen);
}

/* The sample, a run that is solved at once and one that iterates. */
static void prepare(void)
{
	/* Every parameter that counts is given, so that a default may change and the curves stay. */
	static const char *const lines[] = {
		"split leave-last seed=42",
		"train ease lambda=200 name=ease#1",
		"train ials dim=8 epochs=6 lambda=0.005 alpha0=0.2 nu=1 patience=0 name=ials#1",
		"train bpr dim=8 epochs=12 lr=0.05 l2=0.01 negatives=uniform patience=0 name=bpr#1",
	};
	struct screen_options none = { NULL, NULL };
	struct str load = STR_INIT;

	screen = screen_new(session, &none);
	surface_init(&surface, 100, 30);
	str_puts(&load, "load ");
	word_quote(&load, getenv("top_srcdir") ? getenv("top_srcdir") : ".");
	str_puts(&load, "/data/films");
	screen_run_quietly(screen, str_text(&load));
	settle();
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		screen_run_quietly(screen, lines[i]);
		settle();
	}
	str_done(&load);
	screen_free(screen);
}

/* Every view, whichever pane has the focus, at many sizes: the frame stands, and no line leaves it. */
static void every_size(void)
{
	struct screen_options none = { NULL, NULL };
	size_t wrong = 0, drawn = 0;

	screen = screen_new(session, &none);
	for (int w = 60; w <= 210; w += w < 130 ? 7 : 26)
		for (int h = 15; h <= 60; h += h < 30 ? 3 : 15)
			for (int v = 1; v <= 7; v++)
				for (int focus = 0; focus < 5; focus++) {
					const struct cell *row;

					surface_resize(&surface, w, h);
					screen_key(screen, (struct key){ .code = (uint32_t)('0' + v) });
					screen_key(screen, (struct key){ .code = K_TAB });
					screen_draw(screen, &surface);
					drawn++;
					row = &surface.cell[(size_t)(h - 2) * (size_t)w];
					wrong += row[0].cp != 0x2514 || row[w - 1].cp != 0x2518; /* └ and ┘ */
					row = &surface.cell[2 * (size_t)w];
					wrong += row[0].cp != 0x250c || row[w - 1].cp != 0x2510; /* ┌ and ┐ */
				}
	ok(drawn > 1000 && !wrong, "%zu screens of all sizes, %zu with a broken frame", drawn, wrong);
	settle();
	screen_free(screen);
}

/* What colour says is held too: one letter a cell, as look_table names them. */
static void styles(void)
{
	struct screen_options none = { NULL, NULL };
	struct str dump = STR_INIT;

	screen = screen_new(session, &none);
	surface_resize(&surface, 80, 24);
	settle();
	press("3 Enter Enter");
	surface_dump_styles(&surface, &dump);
	check_text("users-80x24-styles", strchr(str_text(&dump), '\f') + 2);
	str_done(&dump);
	screen_free(screen);
}

/* A layout that descends for hundreds of steps is no golden screen: the last bit of a vector may move a dot. */
static void layout_of_items(void)
{
	struct screen_options none = { NULL, NULL };
	struct str dump = STR_INIT;

	screen = screen_new(session, &none);
	surface_resize(&surface, 120, 36);
	settle();
	press("4 Enter m m");
	surface_dump(&surface, &dump);
	ok(strstr(str_text(&dump), "800 by neighbours (KL 0.") != NULL, "a layout by neighbours comes");
	str_clear(&dump);
	press("m");
	surface_dump(&surface, &dump);
	ok(strstr(str_text(&dump), "Nearest by bpr#1") != NULL, "and the map goes");
	str_done(&dump);
	screen_free(screen);
}

/* A search goes on between two frames, where rows that the last one counted may be gone. */
static void rows_gone(void)
{
	const size_t many = 1u << 30;

	for (size_t i = 0; view_list[i]; i++) {
		struct view v;
		bool ends = true;
		int searched = 0;

		view_init(&v, view_list[i]);
		view_place(&v, (struct rect){ 0, 2, 120, 33 });
		for (int pane = 0; pane < v.kind->n_panes; pane++) {
			v.table[pane].n = many;
			v.kind->sync(&v, session);
			if (v.table[pane].n == many) /* no table: what it shows has no rows */
				continue;
			v.focus = pane;
			v.table[pane].n = v.table[pane].cursor = many;
			view_search(&v, "in no row at all", 1);
			ends = ends && !view_search_on(&v, session, INFINITY);
			searched++;
		}
		ok(ends && searched, "a search in %s ends, though rows are gone (%d tables)", v.kind->name, searched);
		view_done(&v);
	}
}

/* A run that reads texts: what is near by them, and what the words of a title speak for. */
static void words(void)
{
	static const struct scene scenes_of_words[] = {
		{ "items-text-120x36", 120, 36, false, false, "4 b b" },
		{ "users-content-80x24", 80, 24, false, false, "3 Enter Enter b" },
		{ "users-content-120x36", 120, 36, false, false, "3 Enter Enter b" },
		{ "users-content-mono-200x50", 200, 50, false, true, "3 Enter Enter b Down" },
		{ "users-beside-content-120x36", 120, 36, false, false, "3 m Enter b" },
		{ "similar-text-120x36", 120, 36, false, false, "1 :similar_text=\"the_quiet_sea\"_k=5 Enter" },
	};
	struct screen_options none = { NULL, NULL };
	struct str dump = STR_INIT;

	screen = screen_new(session, &none);
	screen_run_quietly(screen, "train word2vec dim=16 epochs=8 window=5 lr=0.1 subsample=0.001 patience=0 name=word2vec#1");
	settle();
	screen_free(screen);
	for (size_t i = 0; i < sizeof scenes_of_words / sizeof *scenes_of_words; i++)
		play(&scenes_of_words[i]);
	screen = screen_new(session, &none);
	surface_resize(&surface, 80, 24);
	settle();
	press("3 Enter Enter b");
	surface_dump_styles(&surface, &dump);
	check_text("users-content-80x24-styles", strchr(str_text(&dump), '\f') + 2);
	str_done(&dump);
	screen_free(screen);
}

/* A shop with a burst, copies, twins among the titles, a test item that is in train under its twin's id, tied times. */
static void write_oddities(const char *folder)
{
	struct str events = STR_INIT, items = STR_INIT;
	char path[128];
	struct err err;

	str_puts(&events, "user,item,rating,timestamp\n");
	for (int u = 0; u < 120; u++)
		for (int k = 0; k < 6; k++)
			str_printf(&events, "u%d,i%d,%d,%d\n", u, (u * 17 + k * (3 + u % 7) + u / 30) % 30, 1 + (u + k) % 5,
				   1500000000 + 86400 * (u + 121 * k));
	for (int k = 0; k < 12; k++)
		str_printf(&events, "robot,i%d,5,%d\n", 29 - k, 1510000000 + k / 2);
	for (int c = 0; c < 2; c++)
		for (int k = 0; k < 5; k++)
			str_printf(&events, "twin%d,i%d,4,%d\n", c + 1, 4 * k + 1, 1505000000 + 3600 * k + c);
	str_puts(&events, "reader,i30,4,1500000100\nreader,i3,4,1500500100\nreader,i4,4,1500900100\nreader,i31,5,1501000100\n"
			  "hasty,i5,3,1500000200\nhasty,i6,3,1500600200\nhasty,i7,3,1500700200\nhasty,i8,3,1500700200\n");
	str_puts(&items, "item,title\n");
	for (int i = 0; i < 30; i++)
		str_printf(&items, "i%d,Plain lamp no. %d\n", i, 100 + i);
	str_puts(&items, "i30,The winter lantern\ni31,Winter lantern (the)\n");
	snprintf(path, sizeof path, "%s/ratings.csv", folder);
	ok(file_write_whole(path, str_text(&events), events.len, 0644, &err), "events are written");
	snprintf(path, sizeof path, "%s/items.csv", folder);
	ok(file_write_whole(path, str_text(&items), items.len, 0644, &err), "items are written");
	str_done(&events);
	str_done(&items);
}

static void oddities(void)
{
	static const struct scene odd_scenes[] = {
		{ "odd-80x24", 80, 24, false, false, "7 Enter" },
		{ "odd-flags-120x36", 120, 36, false, false, "7 Enter Tab Down Enter Down" },
		{ "odd-ascii-80x24", 80, 24, true, true, "7 Enter Tab \\ title Enter Enter" },
		{ "odd-against-200x50", 200, 50, false, false, "7 :odd_with=popularity#1_sort=difference Enter" },
		{ "odd-opened-80x24", 80, 24, false, false, "7 Enter Down Enter" },
		{ "odd-item-80x24", 80, 24, false, false, "7 Enter Tab \\ leak Enter Enter Down Down Enter" },
	};
	struct screen_options none = { NULL, NULL };
	char home[] = "/tmp/whyrec-screens-XXXXXX", folder[64], line[128];

	if (!ok(mkdtemp(home) != NULL, "a folder"))
		return;
	snprintf(folder, sizeof folder, "%s/shop", home);
	ok(mkdir(folder, 0755) == 0, "the shop's");
	write_oddities(folder);
	screen = screen_new(session, &none);
	snprintf(line, sizeof line, "load %s", folder);
	screen_run_quietly(screen, line);
	settle();
	screen_run_quietly(screen, "train ease lambda=20 name=ease#2");
	settle();
	screen_free(screen);
	for (size_t i = 0; i < sizeof odd_scenes / sizeof *odd_scenes; i++)
		play(&odd_scenes[i]);
	snprintf(line, sizeof line, "%s/ratings.csv", folder);
	unlink(line);
	snprintf(line, sizeof line, "%s/items.csv", folder);
	unlink(line);
	rmdir(folder);
	rmdir(home);
}

int main(void)
{
	struct session_options options = { .threads = 1, .seed = 42, .readonly = true, .screen = true };
	struct speed speed;
	struct err err = { 0 };

	/* What trainings are told to take hangs on the machine: on this one all work goes alike. */
	for (int k = 0; k < EFFORT_KINDS; k++)
		speed.shared[k] = speed.alone[k] = 1e9;
	machine_set_speed(options.threads, &speed);
	setlocale(LC_CTYPE, "C.UTF-8");
	loop = loop_new(&err);
	session = session_new(&options, loop, &err);
	if (!ok(session != NULL, "a session %s", err.msg))
		return done_testing();
	prepare();
	ok(session_data(session) && session_n_runs(session) == 4, "the sample and four runs (%zu)",
	   session_n_runs(session));
	for (size_t i = 0; i < sizeof scenes / sizeof *scenes; i++)
		play(&scenes[i]);
	styles();
	layout_of_items();
	rows_gone();
	every_size();
	words();
	oddities();
	surface_done(&surface);
	session_free(session);
	loop_free(loop);
	return done_testing();
}
