# SPDX-License-Identifier: MIT
# A run as report.sh adds it: {kernel, rows, ratios} of the rows of one kernel (jq -s, --arg kernel).
include "xdp";

# mean over directions (and families), or null
def mean(f): [.[] | select(f) | .instr_per_byte] | if length > 0 then add / length else null end;
def of(n; $suite): mean(.name == n and .size == "tcp" and (.suite // $suite) == $suite);
def minus(a; b): if a and b then a - b else null end;
def over(a; b): if a and b then a / b else null end;
# a transfer by a over one by b, the worse direction
def ends(a; b; $suite): . as $r | [("up", "down") as $d |
	over($r | mean(.name == a and .direction == $d); $r | mean(.name == b and .direction == $d and .suite == $suite))] | min;
# Per byte of inner packets. Of the 1420 that are the MTU of WireGuard, 52 are headers; Tor has
# none, but is compared as if it had, so that payload counts.
def inner(x): if x then x * 1368 / 1420 else null end;
def ours($suite): . as $rows
	# what a third hop adds is the cost of a hop
	| inner(minus(of("wireguard3-chained"; 0); of("wireguard2-chained"; 0))) as $wg
	| inner(minus(of("tor3"; 0); of("tor2"; 0))) as $tor
	| mean(.name == "xdp_hop" and .circuits == 1 and .size == "large" and .suite == $suite) as $xdp
	| mean(.name == "socket_hop" and .size == "large" and .suite == $suite) as $socket
	| {
		wireguard_hop_vs_xdp_hop: over($wg; $xdp),
		wireguard_hop_vs_socket_hop: over($wg; $socket),
		tor_hop_vs_xdp_hop: over($tor; $xdp),
		tor_hop_vs_socket_hop: over($tor; $socket),
		tunnel3_vs_wireguard3_nested: ends("wireguard3-nested"; "cellrelay3"; $suite),
		tunnel3_vs_wireguard3_chained: ends("wireguard3-chained"; "cellrelay3"; $suite),
		tunnel3_vs_tor3: ends("tor3"; "cellrelay3"; $suite)
	} | if $suite == 2 then with_entries(.key += "_suite2") else . end;
def many: . as $rows | mean(.name == "xdp_hop" and .size == "large" and .circuits >= 1000000) as $many
	| mean(.name == "xdp_hop" and .size == "large" and .circuits == 1 and .family == 4 and .suite == 1) as $one
	| def ns(n): [$rows[] | select(.name == "native_hop" and .size == "large" and .circuits == n) | .ns_per_cell]
		| if length > 0 then add / length else null end;
	{
		circuits_1m_vs_1: over($many; $one),
		circuits_1m_vs_1_native: over(ns(1000000); ns(1)),
		circuit_bytes_1m: ([.[] | select(.name == "memory" and .circuits >= 1000000) | .bytes_per_circuit][0])
	};
{kernel: $kernel, rows: ., ratios: (floor_ratios + ours(1) + ours(2) + many | with_entries(select(.value)))}
