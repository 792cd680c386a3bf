#!/bin/bash
# SPDX-License-Identifier: MIT
# D27, what wire.sh cannot rewrite on the way: cells that come with IP options, with IPv6
# hop-by-hop or destination options, or with a VLAN priority leave the relay with the same
# headers as any other, byte by byte.
#
#	outer.sh [4|6]	family outside
here=$(dirname "$0")
. "$here/../lib.sh"
. "$here/chain.sh"
FAMILY=${1:-4}
BATCH=20	# cells of each kind; all large, so that lengths cannot differ
NEXT=0

# finished datagrams on the wires: no checksum is left to a device
finished() {
	local w d
	for w in "client r1" "r1 r2"; do
		# shellcheck disable=SC2086
		set -- $w
		no_offload "$1" "$2" || return 1
		for d in "$1 to-$2" "$2 to-$1"; do
			# shellcheck disable=SC2086
			set -- $d
			on "$1" ethtool -K "$2" tx-checksumming off txvlan off >/dev/null || return 1
		done
	done
}


# Up to the UDP checksum, the one field that the bytes of the cell change: Ethernet, tag, IP, UDP.
head_bytes() { echo $((14 + $1 + (FAMILY == 4 ? 20 : 40) + 6)); }

forwarded() { on r1 relayctl -j circuit show | jq '.circuits[0].fwd.cells'; }

# only FILE FILTER: of a capture what the filter selects. Not while recording: there a tag is no part
# of the frame.
only() { tcpdump -n -r "$1" -w "$1.only" "$2" 2>/dev/null && mv "$1.only" "$1"; }

# kind NAME FILTER [OPTION...]: fresh cells sent with those options look like FILTER on the way in,
# all go on, and look on the way out as those of "kind plain" do
kind() {
	local before n in=$LIB_TMP/in-$1.pcap out=$LIB_TMP/out-$1.pcap filter=$2
	shift 2
	before=$(forwarded)
	capture r1 client "$in" && capture r1 r2 "$out" || return 1
	n=$(on client cellsend "$@" --skip "$NEXT" --count "$BATCH" "$LIB_TMP/fresh.pcap" "$TO_R1" "$CHAIN_PORT") || return 1
	NEXT=$((NEXT + BATCH))
	expect "cells sent" "$n" "$BATCH" && reaches $((before + BATCH)) forwarded && busywait 5000 at_rest r2 || return 1
	capture_stop r1 client && capture_stop r1 r2 || return 1
	only "$in" "ether src $CLIENT_MAC and $filter and greater 1400" && only "$out" "${TAG_FILTER}udp and src host $FROM_R1 and dst port $CHAIN_PORT" || return 1
	expect "cells that arrived so" "$(tcpdump -n -r "$in" 2>/dev/null | wc -l)" "$BATCH" &&
		expect "cells that left" "$(tcpdump -n -r "$out" 2>/dev/null | wc -l)" "$BATCH" &&
		expect "headers" "$(heads "$out" "$(head_bytes "$TAG")")" "$(heads "$LIB_TMP/out-plain.pcap" "$(head_bytes "$TAG")")" &&
		expect "distinct headers" "$(heads "$out" "$(head_bytes "$TAG")" | wc -l)" 1 || return 1
	[ "$TAG" != 0 ] || cellstat check --outer --min 0 "$out"
}

# The wires around r1 become VLANs whose devices map priorities to tags and back, so that a priority
# that stuck to a cell would be seen.
tagged() {
	local w h map="0:0 1:1 2:2 3:3 4:4 5:5 6:6 7:7" w ends
	for w in "client r1" "r1 client" "r1 r2" "r2 r1"; do
		# shellcheck disable=SC2086
		set -- $w
		h=$1
		ends="$(addr4 "$1" "$2")/24 $(addr6 "$1" "$2")/64"
		# shellcheck disable=SC2086
		on "$h" ip link add link "to-$2" name vlan.$2 type vlan id 5 egress-qos-map $map ingress-qos-map $map || return 1
		# shellcheck disable=SC2086
		set -- "$2" $ends
		on "$h" ip addr flush dev "to-$1" scope global && on "$h" ip addr add "$2" dev "vlan.$1" &&
			on "$h" ip addr add "$3" dev "vlan.$1" nodad && on "$h" ip link set "vlan.$1" up || return 1
	done
}

ktap_start
need relayctl cellsend cellstat jq tcpdump ethtool ping
ktap_test "three relays come up, IPv$FAMILY outside" chain 3 "$FAMILY" || ktap_finish
finished || ktap_fail "offloads off"
TO_R1=$(chain_addr "$FAMILY" r1 client)
FROM_R1=$(chain_addr "$FAMILY" r1 r2)
# answers come back on the same wire
CLIENT_MAC=$(on client ip -br link show dev to-r1 | awk '{ print $3 }')
on client ping -q -c 2 -w 20 "$SERVER4" >/dev/null
ktap_test "fresh large cells" fresh "$LIB_TMP/fresh.pcap" $((BATCH * 8)) 1200
TAG=0 TAG_FILTER=''
[ "$FAMILY" = 4 ] && plain="ip[0] = 0x45 and udp" || plain="ip6[6] = 17"
ktap_test "D27: plain cells leave with one constant header" kind plain "$plain"
if [ "$FAMILY" = 4 ]; then
	opts="ip[0] > 0x45 and udp"
	ktap_test "D27: IPv4 options that do nothing" kind nop "$opts" --options 01010101
	ktap_test "D27: IPv4 router alert" kind alert "$opts" --options 94040000
	ktap_test "D27: IPv4 record route" kind record "$opts" --options 01070b0400000000000000ff
else
	# option 0x1e is an experimental one that hosts skip; what it says would be a mark
	ktap_test "D27: IPv6 hop-by-hop options" kind hop "ip6[6] = 0" --hop 00001e04deadbeef
	ktap_test "D27: IPv6 router alert" kind alert "ip6[6] = 0" --hop 0000050200000100
	ktap_test "D27: IPv6 destination options" kind dst "ip6[6] = 60" --dst 00001e04deadbeef
	ktap_test "D27: both" kind both "ip6[6] = 0" --hop 00001e04deadbeef --dst 00001e04deadbeef
fi
ktap_test "the wires become VLANs" tagged
on client ping -q -c 2 -w 20 "$SERVER4" >/dev/null
TAG=4 TAG_FILTER="vlan and "
ktap_test "D27: a VLAN without priority" kind plain "ether[12:2] = 0x8100 and ether[14:2] = 0x0005"
ktap_test "D27: VLAN priority 1" kind prio1 "ether[12:2] = 0x8100 and ether[14:2] = 0x2005" --priority 1
ktap_test "D27: VLAN priority 7" kind prio7 "ether[12:2] = 0x8100 and ether[14:2] = 0xe005" --priority 7
ktap_test "every host's counters are conserved" chain_conserved
ktap_finish
