# SPDX-License-Identifier: GPL-3.0-or-later
# tap.sh - TAP for shell tests; use it by:  . "$top_srcdir/tests/tap.sh"
#
# Run a test alone, as make check does:  cd build && sh ../tests/run ../tests/cli/x.t
# In a sanitizer build ($SANITIZE is not "no") what cannot hold there is skipped with
# a reason that starts with "sanitizer: "; it has been tested in the plain build.

tap_count=0
tap_failed=0

# pass NAME / fail NAME [WHAT IS WRONG]
pass() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1"
}

fail() {
	tap_count=$((tap_count + 1))
	tap_failed=1
	echo "not ok $tap_count - $1"
	[ $# -lt 2 ] || printf '%s\n' "$2" | sed 's/^/# /'
}

# ok NAME COMMAND... - the command succeeds
ok() {
	tap_name=$1
	shift
	if "$@"; then pass "$tap_name"; else fail "$tap_name" "failed: $*"; fi
}

# is GOT WANT NAME
is() {
	if [ "$1" = "$2" ]; then
		pass "$3"
	else
		fail "$3" " got: $1
want: $2"
	fi
}

# like TEXT PATTERN NAME - some line of the text matches the extended regular expression
like() {
	if printf '%s\n' "$1" | grep -qE -e "$2"; then
		pass "$3"
	else
		fail "$3" "         got: $1
not matched: $2"
	fi
}

skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

done_testing() {
	echo "1..$tap_count"
	exit $tap_failed
}
