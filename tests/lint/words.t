#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# words.t - the tree speaks of whyrec, not of where and how it was made.

. "$top_srcdir/tests/tap.sh"

# Bracketed, so that this file does not find itself.
words='[i]ssue #?[0-9]|(^|[^[:alpha:]-])[a]gents?([^[:alpha:]]|$)|/[w]ork/|[c]laude|[c]hatgpt'
words="$words|[F]IXME|(^|[^[:alpha:]])[T]ODO"

check_words() {
	(cd "$1" && grep -rnIiE "$words" README bootstrap .ci configure.ac Makefile.am src tests man \
		2>/dev/null | cut -c 1-200)
}

is "$(check_words "$top_srcdir")" "" "nothing names the workplace, nothing is left to do"

bad=$TMPDIR/bad
mkdir -p "$bad/src"
printf '%s\n' "/* see is""sue 2 */" "reagents, an agenda" "an ag""ent's hand" "/wo""rk/main" \
	>"$bad/src/x.c"
is "$(check_words "$bad" | cut -d: -f1,2 | tr '\n' ' ')" "src/x.c:1 src/x.c:3 src/x.c:4 " \
	"such words are told"

done_testing
