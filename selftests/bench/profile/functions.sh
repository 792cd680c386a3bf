#!/bin/bash
# SPDX-License-Identifier: MIT
# functions.sh FOLDER FIRST CELLS: instructions per cell of every kernel function in an XDP hop, the
# dearest first. FOLDER holds the guest's kallsyms and what the plugin wrote: FIRST copy and drop, FIRST + 1
# drop, FIRST + 4 copy and hop.
set -eu -o pipefail
export LC_ALL=C
dir=$1 first=$2 cells=$3
symbols() { awk '$2 ~ /[tTwW]/ { print $1, "s", $3 }' "$dir/kallsyms"; }
# function TIMES of one dump
named() { { symbols; awk '{ print $1, "x", $2 }' "$dir/$1"; } | sort -s -k1,1 -k2,2 | awk '$2 == "s" { name = $3; next } { n[name] += $3 } END { for (f in n) print f, n[f] }'; }
{
	named "$first" | sed 's/$/ -1/'
	named $((first + 1)) | sed 's/$/ 1/'
	named $((first + 4)) | sed 's/$/ 1/'
} | awk -v cells="$cells" '{ n[$1] += $2 * $3; all += $2 * $3 }
	END { printf "%9.1f all\n", all / cells
		for (f in n) if (n[f] / cells >= 5 || n[f] / cells <= -5) printf "%9.1f %s\n", n[f] / cells, f }' | sort -rn
