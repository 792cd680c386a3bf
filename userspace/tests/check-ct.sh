#!/bin/sh
# SPDX-License-Identifier: MIT
# check-ct.sh PROGRAM: run every suite of check-ct under valgrind, TAP out.
# The first line is a program that leaks: valgrind has to see that one.
set -u

program=$1
log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0
n=0

result()
{
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		sed 's/^/# /' "$log" | head -24
		failed=1
	fi
}

run()
{
	valgrind --quiet --error-exitcode=99 --partial-loads-ok=no \
		--suppressions="${0%.sh}.supp" \
		"$program" "$@" >"$log" 2>&1
}

if ! command -v valgrind >/dev/null; then
	echo "1..0 # SKIP valgrind is not installed"
	exit 0
fi

run leak
[ $? -eq 99 ]
result $? "a planted leak is reported"

suites=$(valgrind --quiet "$program") || suites=
[ -n "$suites" ]
result $? "list of suites"
for suite in $suites; do
	run "$suite"
	result $? "constant time: $suite"
done
echo "1..$n"
exit $failed
