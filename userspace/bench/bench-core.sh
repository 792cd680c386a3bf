#!/bin/sh
# SPDX-License-Identifier: MIT
# bench-core.sh build/bin/bench_core [most circuits]: times of a middle hop on
# this machine, and, with valgrind, its instructions per cell.
set -u

bench=$1
most=${2:-1000000}
cells=2000

echo "# $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(uname -srm)"
echo "# $bench $most"
"$bench" "$most" || exit 1

if ! command -v valgrind >/dev/null; then
	echo "# no instruction counts: valgrind is not installed"
	exit 0
fi
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT
echo
echo "# valgrind --tool=callgrind --toggle-collect=FUNCTION $bench count WORK BYTES $cells"
printf '%-9s %5s %14s %8s\n' work bytes instructions per-byte
for len in 1408 256; do
	for work in cipher forward backward; do
		case $work in
		cipher) fn=cipher_open ;;
		*) fn=hop_$work ;;
		esac
		total=$(valgrind --tool=callgrind --callgrind-out-file="$out" --toggle-collect=$fn \
			"$bench" count $work $len $cells 2>&1 | sed -n 's/.*Collected : *//p')
		if [ -z "$total" ]; then
			echo "bench-core.sh: valgrind gave no count for $work" >&2
			exit 1
		fi
		awk -v w=$work -v l=$len -v t="$total" -v c=$cells 'BEGIN {
			c = int(c / 32) * 32
			printf "%-9s %5d %14.0f %8.2f\n", w, l, t / c, t / c / l }'
	done
done
