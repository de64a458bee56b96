/* SPDX-License-Identifier: GPL-3.0-or-later */
/* term.c - curses behind six functions.
 *
 * Raw mode: Ctrl-C, Ctrl-Z and Ctrl-\ are keys.  Signals from outside reach the loop, which calls in here.
 */
#include "ui/term.h"

#include <errno.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <term.h>

#include "base/mem.h"

/* Codes of our own for sequences that curses does not know. */
#define CODE_PASTE_BEGIN 0x301
#define CODE_PASTE_END 0x302

#define PASTE_ON "\033[?2004h"
#define PASTE_OFF "\033[?2004l"
#define MOUSE_OFF "\033[?1000l\033[?1002l\033[?1003l\033[?1006l"

static struct {
	bool open, ascii;
	bool bytes_only;              /* the locale shows ASCII alone */
	bool pastes;                  /* marks pasted text */
	SCREEN *screen;
	enum palette palette;
	attr_t attr[N_STYLES];
	struct termios saved;
	char restore[512];            /* made at the start, so that a dying program only writes it */
	size_t n_restore;
	struct key pushed;
	bool has_pushed;
} t;

/* --- giving back in an emergency -------------------------------------------------------------------------- */

static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
#define N_FATAL (sizeof fatal / sizeof *fatal)
static struct sigaction old_fatal[N_FATAL];
static char fatal_stack[65536];

static void add_restore(const char *text)
{
	size_t n = text ? strlen(text) : 0;

	if (!n || strstr(text, "$<") || t.n_restore + n > sizeof t.restore)
		return;
	memcpy(t.restore + t.n_restore, text, n);
	t.n_restore += n;
}

/* Async-signal-safe. */
static void give_back(void)
{
	ssize_t n;

	if (!t.open)
		return;
	n = write(STDOUT_FILENO, t.restore, t.n_restore);
	(void)n;
	tcsetattr(STDIN_FILENO, TCSANOW, &t.saved);
}

static void on_fatal(int signo)
{
	give_back();
	for (size_t i = 0; i < N_FATAL; i++)
		if (fatal[i] == signo)
			sigaction(signo, &old_fatal[i], NULL);
	raise(signo);
}

static void catch_fatal(void)
{
	stack_t stack = { .ss_sp = fatal_stack, .ss_size = sizeof fatal_stack };
	struct sigaction sa = { .sa_handler = on_fatal, .sa_flags = SA_ONSTACK | SA_NODEFER };

	sigaltstack(&stack, NULL);
	sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < N_FATAL; i++)
		sigaction(fatal[i], &sa, &old_fatal[i]);
}

/* --- opening ---------------------------------------------------------------------------------------------- */

static attr_t attr_of(uint8_t look)
{
	return ((look & LOOK_BOLD) ? A_BOLD : 0) | ((look & LOOK_DIM) ? A_DIM : 0) |
	       ((look & LOOK_UNDERLINE) ? A_UNDERLINE : 0) | ((look & LOOK_REVERSE) ? A_REVERSE : 0);
}

static enum palette choose_palette(bool no_color)
{
	const char *env = getenv("NO_COLOR");

	if (no_color || (env && *env) || !has_colors() || start_color() == ERR || use_default_colors() == ERR)
		return PALETTE_MONO;
	return COLORS >= 256 ? PALETTE_256 : COLORS >= 16 ? PALETTE_16 : COLORS >= 8 ? PALETTE_8 : PALETTE_MONO;
}

static void make_styles(void)
{
	for (short i = 0; i < N_STYLES; i++) {
		const struct look *look = &look_table[i];
		short fg = look->fg[t.palette];

		t.attr[i] = attr_of(t.palette == PALETTE_MONO ? look->mono : look->attr);
		if (fg >= 0) {
			init_pair((short)(i + 1), fg, -1);
		} else if (t.palette == PALETTE_8) { /* eight colours have no grey */
			t.attr[i] |= attr_of(look->mono & LOOK_DIM);
		}
	}
}

static void mark_pastes(bool on)
{
	const char *text = on ? PASTE_ON : PASTE_OFF;
	ssize_t n = t.pastes ? write(STDOUT_FILENO, text, strlen(text)) : 0;

	(void)n;
}

/* NULL: it has none. */
static char *capability(const char *name)
{
	char *text = tigetstr((NCURSES_CONST char *)name);

	return text == (char *)-1 ? NULL : text;
}

static void make_restore(void)
{
	add_restore(t.pastes ? PASTE_OFF : "");
	add_restore(capability("kmous") ? MOUSE_OFF : "");
	add_restore(capability("sgr0"));
	add_restore(capability("cnorm"));
	add_restore(capability("rmkx"));
	add_restore(capability("rmcup"));
	add_restore("\r\n");
}

/* Asked before curses takes the screen: a newterm() that fails loses memory of its own. */
static bool will_do(const char *name, struct err *err)
{
	bool moves;
	int found;

	if (setupterm(NULL, STDOUT_FILENO, &found) != OK)
		return err_set(err, ERR_UNSUPPORTED, "no description of the terminal \"%.60s\": set TERM", name);
	moves = capability("cup") != NULL;
	del_curterm(cur_term);
	if (moves)
		return true;
	return err_set(err, ERR_UNSUPPORTED, "the terminal \"%.60s\" cannot move its cursor: set TERM, or use -c COMMAND",
		       name);
}

bool term_open(const struct term_options *o, struct err *err)
{
	const char *name = getenv("TERM");

	memset(&t, 0, sizeof t);
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return err_set(err, ERR_USAGE, "the screens need a terminal: -c COMMAND works without one");
	if (tcgetattr(STDIN_FILENO, &t.saved) != 0)
		return err_set(err, ERR_IO, "the terminal cannot be read: %s", strerror(errno));
	if (!will_do(name ? name : "", err))
		return false;
	set_escdelay(25);
	t.screen = newterm(NULL, stdout, stdin);
	if (!t.screen)
		return err_set(err, ERR_UNSUPPORTED, "the terminal \"%.60s\" cannot be opened: set TERM",
			       name ? name : "");
	set_term(t.screen);
	t.pastes = capability("smcup") != NULL; /* old ones would print the request */
	make_restore();
	t.open = true;
	raw();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	typeahead(-1); /* else doupdate() stops half-way when a key comes in, and nobody goes on */
	curs_set(0);
	t.palette = choose_palette(o->no_color);
	t.bytes_only = MB_CUR_MAX == 1;
	t.ascii = o->ascii || t.bytes_only || strcmp(nl_langinfo(CODESET), "UTF-8");
	make_styles();
	if (!o->no_mouse) {
		/* All events, wanted or not: for one that is not in the mask curses reads on, and blocks. */
		mouseinterval(0);
		mousemask(ALL_MOUSE_EVENTS, NULL);
	}
	define_key("\033[200~", CODE_PASTE_BEGIN);
	define_key("\033[201~", CODE_PASTE_END);
	mark_pastes(true);
	catch_fatal();
	mem_set_abort_hook(give_back);
	return true;
}

void term_close(void)
{
	if (!t.open)
		return;
	mark_pastes(false);
	endwin();
	t.open = false;
	mem_set_abort_hook(NULL);
	for (size_t i = 0; i < N_FATAL; i++)
		sigaction(fatal[i], &old_fatal[i], NULL);
	delscreen(t.screen);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &t.saved);
}

void term_size(int *w, int *h)
{
	getmaxyx(stdscr, *h, *w);
}

enum palette term_palette(void)
{
	return t.palette;
}

bool term_is_ascii(void)
{
	return t.ascii;
}

/* --- a frame ------------------------------------------------------------------------------------------------ */

static void put(int y, int x, const struct cell *c)
{
	uint16_t style = c->style & STYLE_MASK;
	attr_t attr = (style < N_STYLES ? t.attr[style] : 0) | ((c->style & STYLE_REVERSE) ? A_REVERSE : 0) |
		      ((c->style & STYLE_BOLD) ? A_BOLD : 0);
	short pair = style < N_STYLES && look_table[style].fg[t.palette] >= 0 ? (short)(style + 1) : 0;
	wchar_t text[3] = { (wchar_t)c->cp, (wchar_t)c->mark, L'\0' };
	cchar_t cc;

	if (t.bytes_only && c->cp >= 0x80) {
		text[0] = L'?';
		text[1] = L'\0';
	}
	if (setcchar(&cc, text, attr, pair, NULL) == OK)
		mvadd_wch(y, x, &cc);
}

void term_show(const struct surface *s)
{
	int w, h;

	term_size(&w, &h);
	erase();
	for (int y = 0; y < h && y < s->h; y++)
		for (int x = 0; x < w && x < s->w; x++) {
			const struct cell *c = &s->cell[(size_t)y * (size_t)s->w + (size_t)x];

			if (c->cp && (c->cp != ' ' || c->style))
				put(y, x, c);
		}
	if (s->cursor_x >= 0 && s->cursor_y >= 0) {
		move(s->cursor_y, s->cursor_x);
		curs_set(1);
	} else {
		curs_set(0);
	}
	wnoutrefresh(stdscr);
	doupdate();
}

void term_redraw(void)
{
	clearok(curscr, TRUE);
}

void term_resize(void)
{
	struct winsize ws;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) != 0 || !ws.ws_row || !ws.ws_col)
		return;
	resizeterm(ws.ws_row, ws.ws_col);
	clearok(curscr, TRUE);
}

void term_suspend(void)
{
	mark_pastes(false);
	endwin();
	raise(SIGSTOP);
	term_resume();
}

void term_resume(void)
{
	reset_prog_mode();
	mark_pastes(true);
	term_resize();
	refresh();
	clearok(curscr, TRUE);
}

/* --- keys --------------------------------------------------------------------------------------------------- */

static bool read_mouse(struct key *key)
{
	MEVENT e;

	if (getmouse(&e) != OK)
		return false;
	key->x = e.x;
	key->y = e.y;
	/* Reports that come together are folded: a press and its release into a click, two of these into one. */
	if (e.bstate & (BUTTON4_PRESSED | BUTTON4_CLICKED | BUTTON4_DOUBLE_CLICKED | BUTTON4_TRIPLE_CLICKED))
		key->code = K_WHEEL_UP;
	else if (e.bstate & (BUTTON5_PRESSED | BUTTON5_CLICKED | BUTTON5_DOUBLE_CLICKED | BUTTON5_TRIPLE_CLICKED))
		key->code = K_WHEEL_DOWN;
	else if (e.bstate & (BUTTON1_DOUBLE_CLICKED | BUTTON1_TRIPLE_CLICKED))
		key->code = K_DOUBLE_CLICK;
	else
		key->code = (e.bstate & (BUTTON1_PRESSED | BUTTON1_CLICKED)) ? K_CLICK : K_OTHER;
	return true;
}

static uint32_t code_of(int curses)
{
	static const struct { int curses; uint32_t code; } table[] = {
		{ KEY_UP, K_UP }, { KEY_DOWN, K_DOWN }, { KEY_LEFT, K_LEFT }, { KEY_RIGHT, K_RIGHT },
		{ KEY_PPAGE, K_PAGE_UP }, { KEY_NPAGE, K_PAGE_DOWN }, { KEY_HOME, K_HOME }, { KEY_END, K_END },
		{ KEY_IC, K_INSERT }, { KEY_DC, K_DELETE }, { KEY_BACKSPACE, K_BACKSPACE }, { KEY_BTAB, K_SHIFT_TAB },
		{ KEY_ENTER, K_ENTER }, { KEY_RESIZE, K_RESIZE }, { CODE_PASTE_BEGIN, K_PASTE_BEGIN },
		{ CODE_PASTE_END, K_PASTE_END },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (table[i].curses == curses)
			return table[i].code;
	if (curses >= KEY_F(1) && curses <= KEY_F(12))
		return K_F1 + (uint32_t)(curses - KEY_F(1));
	return K_OTHER;
}

static bool read_one(struct key *key)
{
	wint_t c;
	int got = get_wch(&c);

	*key = (struct key){ 0 };
	if (got == ERR)
		return false;
	if (got == KEY_CODE_YES) {
		if (c == KEY_MOUSE)
			return read_mouse(key) || read_one(key);
		key->code = code_of((int)c);
		return true;
	}
	key->code = c == '\n' ? K_ENTER : c == 127 || c == 8 ? K_BACKSPACE : (uint32_t)c;
	return true;
}

bool term_read(struct key *key)
{
	struct key next;

	if (t.has_pushed) {
		t.has_pushed = false;
		*key = t.pushed;
		return true;
	}
	if (!read_one(key))
		return false;
	if (key->code != K_ESC || !read_one(&next))
		return true;
	/* Meta sends Esc and the key in one go; a key of its own after Esc is kept for the next call. */
	if (next.code < KEY_FIRST && next.code != K_ESC) {
		key->code = next.code | K_ALT;
	} else {
		t.pushed = next;
		t.has_pushed = true;
	}
	return true;
}

bool term_is_lost(void)
{
	struct pollfd p = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}
