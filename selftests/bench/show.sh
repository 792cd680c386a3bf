#!/bin/bash
# SPDX-License-Identifier: MIT
# show.sh [RELEASE [FILE]]: the runs of build/bench.json, or FILE, as a table with bars.
set -eu -o pipefail
file=${2:-$(dirname "$0")/../../build/bench.json}
columns() { column -t -s "$(printf '\t')"; }
for kernel in $(jq -r --arg kernel "${1:-}" '.runs[].kernel | select($kernel == "" or . == $kernel)' "$file"); do
	echo "Linux $kernel: instructions per cell and per byte (cells: of the inner packet; tcp: of TCP payload, all hosts together)"
	jq -r --arg kernel "$kernel" 'def two: . * 100 | round / 100;
		def bar(n): "#" * ([n, 60] | min | round) // "";
		def row: if .instr_per_byte then [((.instr_per_cell // empty | round) // "-"), (.instr_per_byte | two), bar(.instr_per_byte / 3)]
			elif .ns_per_cell then ["-", "\(.ns_per_cell) ns", bar(.ns_per_cell / 100)]
			else ["-", "\(.bytes_per_circuit | round) bytes", ""] end;
		.runs[] | select(.kernel == $kernel) | .rows[] |
		["  \(.name) \(.direction // "") \(.size // "")\(if .family then " IPv\(.family)" else "" end)\(
			if .suite == 2 then " suite 2" else "" end)\(if (.circuits // 1) > 1 then " \(.circuits) circuits" else "" end)"] + row | join("\t")' "$file" | columns
	echo ratios
	jq -r --arg kernel "$kernel" '.runs[] | select(.kernel == $kernel) | .ratios | to_entries[] | "  \(.key)\t\(.value * 1000 | round / 1000)"' "$file" | columns
done
