#!/bin/bash
# SPDX-License-Identifier: MIT
# A client that moves: what the module tells of it, who moves the link, and what an attacker
# with a client's cells can do about it. Outer packets IPv4, IPv6 or both: roam.sh [4] [6]
here=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source=selftests/lib.sh
. "$here/../lib.sh"
# shellcheck source=selftests/net/chain.sh
. "$here/chain.sh"
PATH=$here/../../build/bin:$here/../../build/netlink-tests:$PATH

ktap_start
need relayctl cellsend jq tcpdump roamd

addr() { if [ "$CHAIN_FAMILY" = 4 ]; then addr4 "$@"; else addr6 "$@"; fi; }
any() { if [ "$CHAIN_FAMILY" = 4 ]; then echo 0.0.0.0; else echo ::; fi; }

# peer HOST: where its link 1 goes
peer() { on "$1" relayctl -j link show 1 | jq -r '.links[0] | "\(.peer) \(.port)"'; }

# roams: how often r1's daemon has heard of a new address
roams() { grep -c '^roam' "$(bg_log "$RELAYD")"; }

relay_daemon() {
	bg on r1 roamd "$@"
	RELAYD=$!
	busywait 10000 grep -q ready "$(bg_log "$RELAYD")"
}
client_daemon() {
	bg on client roamd --answer
	CLIENTD=$!
	busywait 10000 grep -q ready "$(bg_log "$CLIENTD")"
}

start() {
	chain 2 "$1" && on r1 relayctl link set 1 roam on && relay_daemon && on client ping -c 2 -w 10 "$SERVER4"
	OLD=$(addr client r1)
}

# hold FILE N: N cells of the client that r1 has not seen
hold() {
	netem client r1 loss 100% && capture client r1 "$1" "udp and dst port $CHAIN_PORT and src host $OLD" || return 1
	on client ping -q -c "$2" -i 0.01 -W 1 "$SERVER4" >/dev/null
	capture_stop client r1 || return 1
	netem client r1 off
}
# send FILE [ARGUMENT...]: those cells from another port than the client's
send() {
	local file=$1
	shift
	on client cellsend --batch 16 "$@" "$file" "$(addr r1 client)" "$CHAIN_PORT"
}
forwarded() { on r1 relayctl -j circuit show | jq '.circuits[0].fwd.cells'; }
unmoved() { expect "roam events" "$(roams)" "$1" && expect "r1's link goes to" "$(peer r1)" "$OLD $CHAIN_PORT"; }

replayed() {
	local before n
	capture client r1 "$LIB_TMP/seen.pcap" "udp and dst port $CHAIN_PORT and src host $OLD" &&
		on client ping -q -c 20 -i 0.01 -w 10 "$SERVER4" >/dev/null && capture_stop client r1 || return 1
	before=$(stat_of r1 drops.replay.cells)
	n=$(send "$LIB_TMP/seen.pcap") && [ "$n" -ge 20 ] && reaches $((before + n)) stat_of r1 drops.replay.cells && unmoved 0
}
bad() { for r in tag auth link_unknown handshake no_daemon; do stat_of r1 "drops.$r.cells"; done | awk '{ n += $1 } END { print n }'; }
# Bytes of the header, of the body and of the end.
forged() {
	local before n p sum=0
	hold "$LIB_TMP/fresh.pcap" 20 || return 1
	before=$(bad)
	# What is no cell goes to the daemon, which does not count as a drop.
	before=$((before + $(stat_of r1 delivered.cells)))
	for p in 0 5 13 20 30 120 -1; do
		n=$(send "$LIB_TMP/fresh.pcap" --flip $p) && [ "$n" -ge 20 ] || return 1
		sum=$((sum + n))
	done
	reaches $((before + sum)) "echo \$((\$(bad) + \$(stat_of r1 delivered.cells)))" && unmoved 0
}
# Authentic and not seen before, but older than the client's last one: as a network that
# reorders would deliver it.
late() {
	local before n
	on client ping -q -c 3 -i 0.1 -w 10 "$SERVER4" >/dev/null || return 1
	before=$(forwarded)
	n=$(send "$LIB_TMP/fresh.pcap") && [ "$n" -ge 20 ] && reaches $((before + n)) forwarded && unmoved 0
}
# The client's newest cell from the attacker's address, the client's own copy being lost: the
# daemon hears of it and asks there; nobody answers; the link stays.
stolen() {
	local at
	stop "$RELAYD"
	relay_daemon --move && hold "$LIB_TMP/newest.pcap" 1 && send "$LIB_TMP/newest.pcap" >/dev/null &&
		busywait 5000 heard 1 || return 1
	at=$(stat_of r1 originated.cells)
	expect "PINGs that r1 sent" "$at" 1 && unmoved 1 && on client ping -q -c 3 -i 0.1 -w 10 "$SERVER4" && unmoved 1
}
heard() { [ "$(roams)" -ge "$1" ]; }

# told WHERE: the client moved; its cells still pass, until the daemon has heard of it
told() { on client ping -q -c 1 -W 1 "$SERVER4" >/dev/null; grep -qx "roam 1 $1" "$(bg_log "$RELAYD")"; }
moved() { grep -qx "moved 1 $1" "$(bg_log "$RELAYD")"; }

# follows WHERE: the relay asks there, the client answers, the daemon moves the link
follows() {
	busywait 10000 told "$1" || { cat "$(bg_log "$RELAYD")"; return 1; }
	busywait 5000 moved "$1" || { cat "$(bg_log "$RELAYD")" "$(bg_log "$CLIENTD")"; return 1; }
	expect "r1's link goes to" "$(peer r1)" "$1" && on client ping -q -c 3 -i 0.1 -w 10 "$SERVER4"
}

new_port() {
	client_daemon && on client relayctl sock add 9 addr "$(any)" port 4999 && on client relayctl link set 1 sock 9 || return 1
	# Until the daemon is there nothing moves, though all the cells are authentic.
	follows "$OLD 4999"
}
# What r1 sends before the daemon has moved the link goes to the old address.
not_before() {
	local before
	stop "$RELAYD"
	relay_daemon || return 1
	renumber
	before=$(forwarded)
	busywait 10000 told "$NEW 4999" || return 1
	[ "$(forwarded)" -gt "$before" ] || { echo "the client's cells do not pass"; return 1; }
	expect "r1's link goes to" "$(peer r1)" "$OLD 4999"
	! on client ping -q -c 1 -W 1 "$SERVER4" >/dev/null || { echo "answered at the new address"; return 1; }
}
renumber() {
	if [ "$CHAIN_FAMILY" = 4 ]; then
		NEW=${OLD%.*}.77
		on client ip addr del "$OLD/24" dev to-r1 && on client ip addr add "$NEW/24" dev to-r1
	else
		NEW=${OLD%::*}::77
		on client ip addr del "$OLD/64" dev to-r1 && on client ip addr add "$NEW/64" dev to-r1 nodad
	fi
}
new_address() {
	stop "$RELAYD"
	relay_daemon --move && follows "$NEW 4999"
}
# Whoever sends to a relay uses the address that it knows, whatever a cell's source says.
relays_stay() {
	local seq to
	to=$(peer client)
	on r1 relayctl sock add 8 addr "$(any)" port 4888 && on r1 relayctl link set 1 sock 8 || return 1
	seq=$(on client relayctl -j ns show | jq .namespace.event_seq)
	on client ping -q -c 3 -i 0.1 -w 10 "$SERVER4" || return 1
	expect "events at the client" "$(on client relayctl -j ns show | jq .namespace.event_seq)" "$seq" &&
		expect "the client's link goes to" "$(peer client)" "$to"
}

all() {
	ktap_test "IPv$1: two hops, r1's link to the client may move" start "$1" || return
	ktap_test "IPv$1: replayed cells from another source move nothing, raise no event" replayed
	ktap_test "IPv$1: forged cells neither" forged
	ktap_test "IPv$1: nor do late ones, which are forwarded" late
	ktap_test "IPv$1: stolen newest cell: an event, a PING, and the link stays" stolen
	ktap_test "IPv$1: new port: event, PING, PONG, moved by the daemon" new_port
	ktap_test "IPv$1: new address: cells pass, answers do not follow before the daemon moves the link" not_before
	ktap_test "IPv$1: new address: event, PING, PONG, moved by the daemon" new_address
	ktap_test "IPv$1: a link that may not move raises no event" relays_stay
	ktap_test "IPv$1: every cell is accounted for" chain_conserved
	lib_again
}

[ $# -gt 0 ] || set -- 4 6
for f; do all "$f"; done
ktap_finish
