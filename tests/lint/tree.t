#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# tree.t - what every file of the tree owes: a licence line, a bearable length, a
# place in Makefile.am.

. "$top_srcdir/tests/tap.sh"

# Files over 600 lines, each with its reason: `src/x/y.c  why it is one piece`.
long_files='
'

# sources TREE - every file that a person wrote, but for plain text and data
sources() {
	(cd "$1" && find src tests bench man bootstrap configure.ac Makefile.am .ci -type f \( \
		-name '*.[ch]' -o -name '*.sh' -o -name '*.t' -o -name '*.py' -o -name '*.awk' \
		-o -name bootstrap -o -name run -o -name configure.ac -o -name Makefile.am \
		-o -name '*.[1-9]' \) 2>/dev/null | sort)
}

check_licence() {
	sources "$1" | while read -r file; do
		sed -n '1,2p' "$1/$file" | grep -q 'SPDX-License-Identifier: GPL-3.0-or-later' ||
			echo "$file: no SPDX line at its top"
	done
}

check_length() {
	sources "$1" | grep '\.[ch]$' | while read -r file; do
		lines=$(wc -l <"$1/$file")
		if [ "$lines" -gt 900 ]; then
			echo "$file: $lines lines; 900 is the limit"
		elif [ "$lines" -gt 600 ] && ! printf '%s' "$long_files" | grep -q "^$file  *[a-z]"; then
			echo "$file: $lines lines; over 600 asks for a reason in tests/lint/tree.t"
		fi
	done
}

# A source that make does not know is not shipped; a test that it does not know never runs.
check_listed() {
	tr -s ' \t' '\n\n' <"$1/Makefile.am" | sed 's/^\$(srcdir)\///' | sort -u >"$TMPDIR/listed"
	sources "$1" | grep -E '^(src|tests|bench|man)/' | while read -r file; do
		grep -qxF -e "$file" -e "$(echo "$file" | sed -E '/^(tests|bench)/s/\.c$//')" "$TMPDIR/listed" ||
			echo "$file: not in Makefile.am"
	done
}

# A file that stands twice is a merge gone wrong.
check_twice() {
	grep -E '_SOURCES \+= |_TAP \+= ' "$1/Makefile.am" | grep -v '^TSAN_' |
		sed 's/.* += //' | tr -s ' \t' '\n\n' | sort | uniq -d |
		sed 's/$/: twice in Makefile.am/'
}

is "$(check_licence "$top_srcdir")" "" "every source names its licence"
is "$(check_length "$top_srcdir")" "" "no source is too long"
is "$(check_listed "$top_srcdir")" "" "every source and test is in Makefile.am"
is "$(check_twice "$top_srcdir")" "" "no file stands twice in Makefile.am"

bad=$TMPDIR/bad
mkdir -p "$bad/src/num" "$bad/tests/unit"
echo '/* SPDX-License-Identifier: GPL-3.0-or-later */' >"$bad/src/num/good.c"
awk 'BEGIN { for (i = 0; i < 601; i++) print "x" }' >"$bad/src/num/long.c"
awk 'BEGIN { for (i = 0; i < 901; i++) print "x" }' >"$bad/src/num/longer.c"
echo '/* SPDX-License-Identifier: GPL-3.0-or-later */' >"$bad/tests/unit/forgotten.c"
cat >"$bad/Makefile.am" <<'END'
# SPDX-License-Identifier: GPL-3.0-or-later
libnum_a_SOURCES += src/num/good.c
libnum_a_SOURCES += src/num/long.c src/num/longer.c
libnum_a_SOURCES += src/num/good.c src/num/good.h
END
is "$(check_licence "$bad")" "src/num/long.c: no SPDX line at its top
src/num/longer.c: no SPDX line at its top" "a missing licence line is told"
is "$(check_length "$bad")" "src/num/long.c: 601 lines; over 600 asks for a reason in tests/lint/tree.t
src/num/longer.c: 901 lines; 900 is the limit" "long files are told"
is "$(check_listed "$bad")" "tests/unit/forgotten.c: not in Makefile.am" "a forgotten test is told"
is "$(check_twice "$bad")" "src/num/good.c: twice in Makefile.am" "a file that stands twice is told"

done_testing
