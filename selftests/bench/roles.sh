#!/bin/bash
# SPDX-License-Identifier: MIT
# What a cell costs, in instructions, at the two ends of a circuit of three hops: client and exit, up and
# down, one packet that fills a large cell; and what a full packet costs that a host opens from one WireGuard
# tunnel and seals for the next. Runs in a VM whose clock counts instructions.
# Appends one line of JSON per figure to the file given, or to standard output.
#
#	lan -- client -- r1 -- r2 -- r3 -- server
#
# The client is a router for the host that has the inner address, so that every packet comes in
# by a device: frames that arrived there once, and were dropped there, are played again, with
# the next host dropping what comes out. So a figure holds what forwarding a packet
# costs, too: receiving, route, neighbour, sending.
here=$(dirname "$0")
. "$here/../lib.sh"
. "$here/../net/chain.sh"
. "$here/wire.sh"
. "$here/wireguard.sh"
. "$here/suites.sh"
BENCH=$(readlink -f "$here/../../build/xdp-tests/xdpbench")
OUT=${1:-/dev/stdout}
BYTES=1313	# of packet that fill a large cell at three hops
FRAMES=4096

# hosts SUITE
hosts() {
	chain 3 4 suite "${SUITE_NAMES[$1]}" && setup_ns lan && wire lan client && forwarding client &&
		on lan ip addr add $INNER4/32 dev lo &&
		on lan ip route add "$SERVER4" via "$(addr4 client lan)" src $INNER4 &&
		on client ip addr del $INNER4/32 dev cell0 &&
		# with its last address a device loses its routes
		on client ip route add "$SERVER4" dev cell0 &&
		on client ip route add $INNER4 via "$(addr4 lan client)" &&
		# cells are captured as they enter a host: with their checksums
		on r1 ethtool -K to-client tx off >/dev/null && on r2 ethtool -K to-r3 tx off >/dev/null || return 1
	busywait 10000 on lan ping -q -c 1 -W 1 "$SERVER4" >/dev/null || { echo "roles: the client's LAN does not reach the server" >&2; return 1; }
}

# drop HOST DEVICE, pass HOST DEVICE: IPv4 that arrives there; neighbours still find each other
drop() { on "$1" tc qdisc add dev "$2" clsact && on "$1" tc filter add dev "$2" ingress protocol ip matchall action drop; }
pass() { on "$1" tc qdisc del dev "$2" clsact; }

ended() { ! kill -0 "$1" 2>/dev/null; }

# role NAME DIRECTION HOST FROM TO SOURCE DESTINATION SUITE: at HOST, what arrives from FROM and leaves
# to TO when SOURCE sends packets of $BYTES bytes to the address DESTINATION
role() {
	local name=$1 dir=$2 host=$3 from=$4 to=$5 source=$6 dst=$7 suite=$8 file=$LIB_TMP/$1-$2.pcap dump before after i
	drop "$host" "to-$from" || return 1
	bg on "$host" tcpdump -i "to-$from" -s 2048 -n -Z root -B 65536 -c $FRAMES -w "$file" "udp and greater $BYTES"
	dump=$!
	busywait 20000 grep -q 'listening on' "$(bg_log $dump)" || return 1
	for i in {1..200}; do
		ended $dump && break
		on "$source" udptrain send "$dst" 9 $((BYTES - 28)) 1 256 >&2 || return 1
	done
	ended $dump || { echo "roles: $name $dir: after $i trains of 256 there are no $FRAMES packets" >&2; return 1; }
	# a late cell would move the window past those that are to be played
	settled && pass "$host" "to-$from" && drop "$to" "to-$host" || return 1
	before=$(handled "$host" "$to")
	on "$host" "$BENCH" replay "to-$from" "$file" "$name" "$dir" "$BYTES" "$suite" || return 1
	after=$(handled "$host" "$to")
	pass "$to" "to-$host"
	[ $((after - before)) -ge $((FRAMES - 64)) ] ||
		{ echo "roles: $name $dir: $((after - before)) cells of $((FRAMES - 64))" >&2; [ -z "${CHAIN_NODES[*]:-}" ] || chain_drops >&2; return 1; }
}

# settled: nothing is under way
settled() { [ -z "${CHAIN_NODES[*]:-}" ] || chain_conserved; }

# handled HOST TO: cells that it made, or delivered; where there are none, packets sent to TO
handled() {
	local n
	if [ -n "${CHAIN_NODES[*]:-}" ]; then
		read -r -a n < <(stat_of "$1" originated.cells delivered.cells)
		echo $((n[0] + n[1]))
	else
		on "$1" ip -s -j link show dev "to-$2" | jq '.[0].stats64.tx.packets'
	fi
}

# Full packets, as its MTU is, through two tunnels.
wireguard_hop() {
	local BYTES=1420
	wg_chain 2 && on client ethtool -K to-r1 tx off >/dev/null && on r2 ethtool -K to-r1 tx off >/dev/null || return 1
	# before each, for keys expire in the kernel's idle minutes after a run of live frames
	busywait 10000 on client ping -q -c 1 -W 1 "$SERVER4" >/dev/null &&
		role wireguard_hop up r1 client r2 client "$SERVER4" null &&
		busywait 30000 on client ping -q -c 1 -W 1 "$SERVER4" >/dev/null &&
		role wireguard_hop down r1 r2 client server 10.77.1.1 null
}

modprobe cellrelay && relayctl load || exit 1
for s in $(suites); do
	hosts "$s" || { echo "roles: no chain of suite $s" >&2; exit 1; }
	role client up client lan r1 lan "$SERVER4" "$s" && role exit up r3 r2 server lan "$SERVER4" "$s" &&
		role exit down r3 server r2 server $INNER4 "$s" && role client down client r1 lan server $INNER4 "$s" || exit 1
	lib_again
done >"$LIB_TMP/rows" || exit 1
cat "$LIB_TMP/rows" >>"$OUT"
CHAIN_NODES=()
wireguard_hop >"$LIB_TMP/rows" || exit 1
cat "$LIB_TMP/rows" >>"$OUT"
