#!/bin/bash
# SPDX-License-Identifier: MIT
# report.sh RELEASE ROWS: adds a run (one line of JSON per figure) to build/bench.json and prints
# rows and ratios. Ratios compare rows of the same run only; one whose rows are missing is left out.
set -eu -o pipefail
top=$(cd "$(dirname "$0")/../.." && pwd -P)
out=$top/build/bench.json
[ -s "$out" ] || echo '{"schema":1,"runs":[]}' >"$out"
hop=$(jq -s -f "$(dirname "$0")/xdp.jq" "$2")
run=$(jq -s --arg kernel "$1" --argjson hop "$hop" '
	# mean over directions (and families), or null
	def mean(f): [.[] | select(f)] | if length > 0 then map(.instr_per_byte) | add / length else null end;
	def tcp(n): mean(.name == n and .size == "tcp");
	def minus(a; b): if a and b then a - b else null end;
	def over(a; b): if a and b then a / b else null end;
	# a transfer by a over one by b, the worse direction
	def ends(a; b): . as $r | [("up", "down") as $d |
		over($r | mean(.name == a and .direction == $d); $r | mean(.name == b and .direction == $d))] | min;
	. as $rows
	# What a third hop adds, per byte of inner packets. Of the 1420 that are the MTU of WireGuard,
	# 52 are headers; Tor has none, but is compared as if it had, so that payload counts.
	| def inner(x): if x then x * 1368 / 1420 else null end;
	inner(minus(tcp("wireguard3-chained"); tcp("wireguard2-chained"))) as $wg
	| inner(minus(tcp("tor3"); tcp("tor2"))) as $tor
	| mean(.name == "xdp_hop" and .size == "large") as $xdp
	| mean(.name == "socket_hop" and .size == "large") as $socket
	| {kernel: $kernel, rows: $rows, ratios: ($hop + {
		wireguard_hop_vs_xdp_hop: over($wg; $xdp),
		wireguard_hop_vs_socket_hop: over($wg; $socket),
		tor_hop_vs_xdp_hop: over($tor; $xdp),
		tor_hop_vs_socket_hop: over($tor; $socket),
		tunnel3_vs_wireguard3_nested: ends("wireguard3-nested"; "cellrelay3"),
		tunnel3_vs_wireguard3_chained: ends("wireguard3-chained"; "cellrelay3"),
		tunnel3_vs_tor3: ends("tor3"; "cellrelay3")
	} | with_entries(select(.value)))}' "$2")
jq --argjson run "$run" '.runs = [.runs[] | select(.kernel != $run.kernel)] + [$run]' "$out" >"$out.new"
mv "$out.new" "$out"
jq -r 'def two: . * 100 | round / 100;
	def bar(n): "#" * ([n, 60] | min | round) // "";
	"Linux \(.kernel), instructions per byte (cells: of the inner packet, one hop; tcp: of TCP payload, all hosts together)",
	(.rows[] | "  \(.name) \(.direction) \(.size)\(if .family then " IPv\(.family)" else "" end)\t" +
		"\(if .instr_per_cell then .instr_per_cell | round else "" end)\t\(.instr_per_byte | two)\t\(bar(.instr_per_byte / 3))"),
	"ratios", (.ratios | to_entries[] | "  \(.key)\t\t\(.value * 1000 | round / 1000)")' <<<"$run" |
	column -t -s "$(printf '\t')"
