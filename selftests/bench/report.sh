#!/bin/bash
# SPDX-License-Identifier: MIT
# report.sh RELEASE ROWS: adds a run (one line of JSON per figure) to build/bench.json and prints
# table and ratios. Ratios compare rows of the same run.
set -eu -o pipefail
top=$(cd "$(dirname "$0")/../.." && pwd -P)
out=$top/build/bench.json
[ -s "$out" ] || echo '{"schema":1,"runs":[]}' >"$out"
run=$(jq -s --arg kernel "$1" '
	def cost(n): [.[] | select(.name == n) | .instr_per_byte] | if length > 0 then add / length else null end;
	. as $rows | {kernel: $kernel, rows: $rows, ratios: (
		(cost("wireguard3") - cost("wireguard2")) as $wg | (cost("cellrelay3") - cost("cellrelay2")) as $hop | {
		wireguard_hop_vs_socket_hop: ($wg / $hop),
		tunnel3_vs_wireguard3_chained: (cost("wireguard3") / cost("cellrelay3"))})}' "$2")
jq --argjson run "$run" '.runs = [.runs[] | select(.kernel != $run.kernel)] + [$run]' "$out" >"$out.new"
mv "$out.new" "$out"
jq -r '"Linux \(.kernel), instructions per TCP byte, all hosts together",
	(.rows[] | "  \(.name) \(.direction)\t\(.instr_per_byte * 100 | round / 100)\t\("#" * (.instr_per_byte / 4 | round))"),
	"ratios (above 1: ours is cheaper)", (.ratios | to_entries[] | "  \(.key)\t\(.value * 1000 | round / 1000)")' <<<"$run" |
	column -t -s "$(printf '\t')"
