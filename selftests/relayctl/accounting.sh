#!/bin/bash
# SPDX-License-Identifier: MIT
# The eBPF accounting against the module's own counters: exact at rest, through
# traffic, drops, deletion, a late start and a map that is too small.
# shellcheck disable=SC2317  # functions run through ktap_test
# shellcheck source=selftests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=selftests/relayctl/path.sh
. "$(dirname "$0")/path.sh"

need jq iperf3 bpftool nc
ktap_start
modprobe cellrelay || { ktap_fail "module loads"; ktap_finish; }

ktap_test "the accounting attaches" "$R" load
ktap_test "a client, two relays and a server" make_path

ktap_test "ping, IPv4, through the circuit" on client ping -c 3 -w 10 "$(addr4 server exit)"
ktap_test "ping, IPv6, through the circuit" on client ping -c 3 -w 10 "$(addr6 server exit)"

tcp() {
	local pid
	bg on server iperf3 -s -1
	pid=$!
	busywait 5000 listening server tcp 5201 || return 1
	on client iperf3 -c "$(addr4 server exit)" -n 2M "$@"
	local rc=$?
	stop "$pid"
	return "$rc"
}
ktap_test "TCP up" tcp
ktap_test "TCP down" tcp -R

# verify_all: every circuit of every host, and the machine's conservation.
verify_all() {
	local h
	busywait 10000 at_rest || { echo "never at rest"; "$R" map totals; return 1; }
	for h in client relay exit; do
		ctl "$h" map verify || return 1
	done
}
ktap_test "map and module agree on every circuit" verify_all

# The map's totals are the sums of all namespaces' counters, reason by reason.
totals_agree() {
	local h all
	all=$(for h in client relay exit; do ctl "$h" -j stats; done | jq -S -s '
		def add_counts: { cells: (map(.cells) | add), bytes: (map(.bytes) | add) };
		map(.stats) | {
			in: (map(.in) | add_counts), originated: (map(.originated) | add_counts),
			out: (map(.out) | add_counts), delivered: (map(.delivered) | add_counts),
			drops: (map(.drops | to_entries) | add | group_by(.key) |
				map({ key: .[0].key, value: (map(.value) | add_counts) }) | from_entries) }')
	diff <(echo "$all") <("$R" -j map totals | jq -S '.totals | { in, originated, out, delivered, drops }')
}
ktap_test "totals are the sum over namespaces, reason by reason" totals_agree

# Junk of a cell's size, and a limit that is reached.
drops() {
	local before after
	head -c 256 /dev/urandom | on client nc -u -w 1 -q 0 "$(addr4 relay client)" 4000
	head -c 1408 /dev/urandom | on client nc -u -w 1 -q 0 "$(addr4 relay client)" 4000
	busywait 5000 eval '[ "$(field relay ".stats.drops | length" stats)" -gt 0 ]' || return 1
	ctl relay circuit set 1 limit 1 || return 1
	on client ping -c 3 -i 0.2 -w 2 "$(addr4 server exit)"
	before=$(field relay '.stats.drops.credit.cells // 0' stats)
	ctl relay circuit set 1 limit unlimited || return 1
	[ "$before" -gt 0 ] || { echo "no cell was dropped for want of credit"; ctl relay stats; return 1; }
	after=$("$R" -j map totals | jq .totals.drops.credit.cells)
	[ "$before" = "$after" ] || { echo "credit: module $before, map $after"; return 1; }
	verify_all && totals_agree
}
ktap_test "drops are counted alike" drops

# What a deleted circuit moved goes into the totals.
fold() {
	local h fwd bwd a b
	fwd=0 bwd=0
	for h in client relay exit; do
		a=$(field "$h" '.circuits[0].fwd.bytes' circuit show 1)
		b=$(field "$h" '.circuits[0].bwd.bytes' circuit show 1)
		fwd=$((fwd + a)) bwd=$((bwd + b))
		ctl "$h" circuit del 1 || return 1
	done
	if [ "$fwd" -lt 2000000 ] || [ "$bwd" -lt 2000000 ]; then echo "only $fwd $bwd"; return 1; fi
	a=$("$R" -j map totals | jq .totals.closed_fwd.bytes)
	b=$("$R" -j map totals | jq .totals.closed_bwd.bytes)
	if [ "$fwd" != "$a" ] || [ "$bwd" != "$b" ]; then echo "module $fwd $bwd, map $a $b"; return 1; fi
	[ "$("$R" -j map circuits | jq '.slots | length')" = 0 ] || { "$R" map circuits; return 1; }
}
ktap_test "a deleted circuit is folded into the totals" fold

readable() {
	bpftool -j map dump pinned /sys/fs/bpf/cellrelay/v1/cr_circuits | head -c 2000 >"$LIB_TMP/dump"
	bpftool map dump pinned /sys/fs/bpf/cellrelay/v1/cr_circuits | head -30
	bpftool map dump pinned /sys/fs/bpf/cellrelay/v1/cr_circuits | head -30 | grep -q '"cookie":' &&
		bpftool map dump pinned /sys/fs/bpf/cellrelay/v1/cr_totals | grep -q '"unattributed":'
}
ktap_test "bpftool shows the maps with names" readable

# Attached to circuits that exist already: counted from now on, nothing lost.
late() {
	"$R" circuit keygen "$LIB_TMP/again" \
		wire "$(addr4 client relay):4000,$(addr4 relay client):4000" \
		wire "$(addr4 relay exit):4000,$(addr4 exit relay):4000" \
		dev cell0 inner4 10.9.0.1 inner6 fd09::1 links no || return 1
	local h a b
	for h in client relay exit; do
		ctl "$h" -b "$LIB_TMP/again/node${NODE[$h]}.batch" || return 1
	done
	rm -r /sys/fs/bpf/cellrelay || return 1
	on client ping -c 1 -w 5 "$(addr4 server exit)" || return 1
	"$R" load || return 1
	a=$(field relay '.circuits[0].fwd.cells' circuit show 1)
	on client ping -c 2 -w 5 "$(addr4 server exit)" || return 1
	busywait 5000 at_rest || return 1
	b=$(field relay '.circuits[0].fwd.cells' circuit show 1)
	[ "$(field relay '.slots[0].fwd.cells' map circuits netns this)" = $((b - a)) ]
}
ktap_test "attached late, it counts from then on" late

small() {
	local n
	rm -r /sys/fs/bpf/cellrelay || return 1
	"$R" load slots 1 || return 1
	on client ping -c 2 -w 5 "$(addr4 server exit)" || return 1
	busywait 5000 at_rest || return 1
	n=$("$R" -j map totals | jq '.totals.unattributed.cells')
	[ "$n" -gt 0 ] || return 1
	ctl relay map verify
	[ $? = 2 ]
}
ktap_test "a map too small says so and loses no total" small

ktap_test "unload ends all" "$R" unload
ktap_finish
