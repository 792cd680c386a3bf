#!/bin/sh
# SPDX-License-Identifier: MIT
# all.sh ROWS: every benchmark that runs in a VM; one line of JSON per figure is appended to ROWS. What
# fails does not keep the others from running, but fails the whole.
rows=$(readlink -f "$1")
cd "$(dirname "$0")" || exit 1
failed=
for what in xdp tcp roles circuits; do
	./$what.sh "$rows" || failed="$failed $what"
done
[ -z "$failed" ] || { echo "bench: no figures, or not all, of:$failed" >&2; exit 1; }
