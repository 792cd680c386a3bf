#!/bin/bash
# SPDX-License-Identifier: MIT
# What the wires of a three-hop circuit tell an observer: only cells of the circuit's two sizes,
# uniform at every byte position over 10 000 cells; a constant outer header whatever
# the previous hop's said (D27); nothing in common between the two sides of a hop (filler
# included); the same sequence of sizes at every position (D23); and no packet but to the next hop.
#
#	wire.sh [4|6]	family outside
#
# CELLS: how many at least on each wire (10 000)
here=$(dirname "$0")
. "$here/../lib.sh"
. "$here/chain.sh"
FAMILY=${1:-4}
CELLS=${CELLS:-10000}
ONE_WAY=$((CELLS * 6 / 10))
WIRES=("client r1" "r1 r2" "r2 r3")

# finished datagrams: no trains, no checksums left to a device
finished() {
	no_offload "$1" "$2" && on "$1" ethtool -K "to-$2" tx-checksumming off >/dev/null &&
		on "$2" ethtool -K "to-$1" tx-checksumming off >/dev/null
}

# pcap A B: all on the wire; out A B: only what A sent to B
pcap() { echo "$LIB_TMP/$1-$2.pcap"; }

taps() {
	local w
	for w in "${WIRES[@]}"; do
		# shellcheck disable=SC2086
		set -- $w
		capture "$1" "$2" "$(pcap "$1" "$2")" || return 1
	done
}

taps_end() {
	local w
	for w in "${WIRES[@]}"; do
		# shellcheck disable=SC2086
		capture_stop $w || return 1
	done
}

addr_of() { if [ "$FAMILY" = 6 ]; then addr6 "$@"; else addr4 "$@"; fi; }

# split A B: the two directions of a wire's capture, into -up and -down
split() {
	local f
	f=$(pcap "$1" "$2")
	tcpdump -n -r "$f" -w "${f%.pcap}-up.pcap" "udp and src host $(addr_of "$1" "$2")" 2>/dev/null &&
		tcpdump -n -r "$f" -w "${f%.pcap}-down.pcap" "udp and src host $(addr_of "$2" "$1")" 2>/dev/null
}

# many packets of two sizes, both ways
mixed_traffic() {
	on client iperf3 -c "$SERVER4" -u -b 8M -l 1200 -n $((CELLS * 840)) >/dev/null &&
		on client iperf3 -c "$SERVER4" -u -R -b 8M -l 1200 -n $((CELLS * 840)) >/dev/null &&
		on client iperf3 -c "$SERVER4" -u -b 2M -l 64 -n $((CELLS * 30)) >/dev/null &&
		on client iperf3 -c "$SERVER4" -n $((CELLS * 420)) >/dev/null
}

# nothing but our UDP to the neighbour's port, and address resolution
only_cells() {
	local f n
	f=$(pcap "$1" "$2")
	n=$(tcpdump -n -r "$f" "not arp and not icmp6 and not (udp and port $CHAIN_PORT and host $(addr_of "$1" "$2") and host $(addr_of "$2" "$1"))" 2>/dev/null | wc -l)
	[ "$n" = 0 ] || { echo "$n other packets"; return 1; }
}

# "N datagrams, N of 256 bytes, N of 1408 bytes" (tcpdump and sort would take minutes of emulated time)
sizes_of() { cellstat check --min 0 "$1" 2>/dev/null | sed -n 's/^[^:]*: \(.* bytes\), .*/\1/p'; }

same_sizes() {
	local a
	a=$(sizes_of "$LIB_TMP/client-r1-$1.pcap")
	[ -n "$a" ] && [ "$a" = "$(sizes_of "$LIB_TMP/r1-r2-$1.pcap")" ] && [ "$a" = "$(sizes_of "$LIB_TMP/r2-r3-$1.pcap")" ]
}

# rewrite A B: what A sends to B gets another TTL, DSCP, ECN, id or flow label on the wire
rewrite() {
	local w d
	w=$(wire_ns "$1" "$2")
	d=at-$2
	on "$w" tc qdisc replace dev "$d" clsact || return 1
	if [ "$FAMILY" = 4 ]; then
		on "$w" tc filter add dev "$d" egress protocol ip flower ip_proto udp action pedit ex munge ip ttl set 17 \
			munge ip tos set 0xb9 pipe action pedit munge offset 4 u16 set 0x5a5a pipe action csum ip
	else
		on "$w" tc filter add dev "$d" egress protocol ipv6 flower ip_proto udp action pedit ex munge ip6 hoplimit set 17 \
			pipe action pedit munge offset 0 u32 set 0x6b91cafe
	fi
}

# the marked cells arrive marked at r1, and leave it like all others
marks_end_here() {
	taps && on client ping -c 40 -i 0.02 -w 20 "$SERVER4" >/dev/null && taps_end && split client r1 && split r1 r2 || return 1
	on "$(wire_ns client r1)" tc -s filter show dev at-r1 egress | grep -q 'Sent [1-9]' || { echo "the mark was never set"; return 1; }
	cellstat check --outer --min 0 "$LIB_TMP/r1-r2-up.pcap"
}

ktap_start
need relayctl jq iperf3 tcpdump cellstat tc ethtool
ktap_test "three relays come up, IPv$FAMILY outside" chain 3 "$FAMILY" || ktap_finish
for w in "${WIRES[@]}"; do
	# shellcheck disable=SC2086
	finished $w || ktap_fail "offloads off on $w"
done
bg on server iperf3 -s
busywait 20000 listening server tcp 5201
on client ping -c 1 -w 10 "$SERVER4" >/dev/null
ktap_test "taps on every wire" taps
ktap_test "UDP and TCP of several sizes, both ways" mixed_traffic
ktap_test "the taps lost nothing" taps_end
for w in "${WIRES[@]}"; do
	# shellcheck disable=SC2086
	set -- $w
	split "$1" "$2"
	f=$LIB_TMP/$1-$2
	ktap_test "$1 to $2: only cells, uniform bytes, constant outer header" cellstat check --outer --min "$ONE_WAY" "$f-up.pcap"
	ktap_test "$2 to $1: only cells, uniform bytes, constant outer header" cellstat check --outer --min "$ONE_WAY" "$f-down.pcap"
	ktap_test "both directions of $1-$2 together: at least $CELLS cells" cellstat check --min "$CELLS" "$f.pcap"
	ktap_test "$1-$2 carries nothing but cells to the next hop" only_cells "$1" "$2"
done
for d in up down; do
	ktap_test "relay 1, $d: no byte position agrees on both sides" cellstat pair --min "$ONE_WAY" "$LIB_TMP/client-r1-$d.pcap" "$LIB_TMP/r1-r2-$d.pcap"
	ktap_test "relay 2, $d: no byte position agrees on both sides" cellstat pair --min "$ONE_WAY" "$LIB_TMP/r1-r2-$d.pcap" "$LIB_TMP/r2-r3-$d.pcap"
	ktap_test "D23: the wires carry the same sizes at every position, $d" same_sizes "$d"
done
ktap_test "D27: outer header fields are rewritten before relay 1" rewrite client r1
ktap_test "D27: and relay 1's output has none of it" marks_end_here
ktap_test "every host's counters are conserved" chain_conserved
ktap_finish
