#!/bin/bash
# SPDX-License-Identifier: MIT
# Sockets keep to what they are bound to: address, device, mark. The client reaches the relay by
# either of two gateways; the relay's address and one of the client's are on no wire.
#
#	        gw1
#	client <   > r1 -- server
#	        gw2
#
#	binding.sh [4|6]...	families outside
here=$(dirname "$0")
. "$here/../lib.sh"
. "$here/chain.sh"
PINGS=5
MARK=7

gateways() {
	local h gw
	CHAIN_FAMILY=$1 CHAIN_HOPS=1 CHAIN_NODES=(client r1) EXIT=r1
	if [ "$1" = 4 ]; then
		CLIENT=192.0.2.2 RELAY=192.0.2.1 ANY=0.0.0.0 BITS=32
	else
		CLIENT=fd00:1::2 RELAY=fd00:1::1 ANY=:: BITS=128
	fi
	modprobe cellrelay && setup_ns client gw1 gw2 r1 server && forwarding gw1 gw2 r1 || return 1
	for gw in gw1 gw2; do
		wire client $gw && wire $gw r1 || return 1
		for h in "client $CLIENT" "r1 $RELAY"; do
			# shellcheck disable=SC2086
			set -- $h
			on $gw ip route add "$2" via "$(address "$1" $gw)" || return 1
		done
	done
	on client ip addr add "$CLIENT/$BITS" dev lo && on r1 ip addr add "$RELAY/$BITS" dev lo || return 1
	# main: by gw1; the other is there for who insists
	for h in "client $RELAY" "r1 $CLIENT"; do
		# shellcheck disable=SC2086
		set -- $h
		on "$1" ip route add "$2" via "$(address gw1 "$1")" metric 100 && on "$1" ip route add "$2" via "$(address gw2 "$1")" metric 200 || return 1
	done
	on client ip "-$CHAIN_FAMILY" rule add fwmark $MARK lookup $MARK &&
		on client ip route add "$RELAY" via "$(address gw2 client)" table $MARK || return 1
	wire r1 server || return 1
	SERVER4=$(addr4 server r1) SERVER6=$(addr6 server r1)
	on server ip route add 10.99.0.0/16 via "$(addr4 r1 server)"
}
address() { "addr$CHAIN_FAMILY" "$@"; }
endpoint() { if [ "$CHAIN_FAMILY" = 4 ]; then echo "$1:$CHAIN_PORT"; else echo "[$1]:$CHAIN_PORT"; fi; }

# circuit SOCKET...: another one, the client's socket made with those arguments
circuit() {
	local h
	for h in client r1; do
		[ ! -d "$LIB_TMP/keys" ] || { on $h relayctl dev del cell0 && on $h relayctl link del 1 && on $h relayctl sock del 1; } || return 1
	done
	rm -rf "$LIB_TMP/keys"
	relayctl circuit keygen "$LIB_TMP/keys" wire "$(endpoint "$CLIENT"),$(endpoint "$RELAY")" dev cell0 inner4 $INNER4 inner6 $INNER6 || return 1
	(umask 077 && on client relayctl ns idx-key >"$LIB_TMP/keys/node0.idx" && on r1 relayctl ns idx-key >"$LIB_TMP/keys/node1.idx") || return 1
	sed -i "s/^sock add .*/sock add id 1 port $CHAIN_PORT $*/" "$LIB_TMP/keys/node0.batch"
	chain_load "$LIB_TMP/keys" && chain_devices
}

# sent FILE: sources of the client's cells in a recording, a line each
sent() { tcpdump -n -r "$1" "udp and dst host $RELAY" 2>/dev/null | awk '{ sub(/\.[0-9]*$/, "", $3); print $3 }'; }

# pings_by GATEWAY SOURCE: all cells go that way and say that they come from there; none goes the other way
pings_by() {
	local gw=$1 status
	capture client gw1 "$LIB_TMP/gw1.pcap" && capture client gw2 "$LIB_TMP/gw2.pcap" || return 1
	on client ping -q -c $PINGS -i 0.1 -W 2 "$SERVER4"
	status=$?
	capture_stop client gw1 && capture_stop client gw2 || return 1
	expect "cells by gw1" "$(sent "$LIB_TMP/gw1.pcap" | wc -l)" $([ "$gw" = gw1 ] && echo $PINGS || echo 0) &&
		expect "cells by gw2" "$(sent "$LIB_TMP/gw2.pcap" | wc -l)" $([ "$gw" = gw2 ] && echo $PINGS || echo 0) &&
		expect "source" "$(sent "$LIB_TMP/$gw.pcap" | sort -u)" "$2" || return 2
	return $status
}
goes_by() {
	local gw=$1 source=$2
	shift 2
	circuit "$@" && pings_by "$gw" "$source" && chain_conserved
}

back_by() { on r1 ip route replace "$CLIENT" via "$(address "$1" r1)" metric 100; }

# What comes by another device is for nobody.
other_device() {
	back_by gw1 || return 1
	pings_by gw2 "$CLIENT"
	expect "exit status of pings whose answers come by gw1" $? 1 && expect "cells in at the client" "$(stat_of client in.cells)" "$1"
}

ktap_start
need relayctl jq tcpdump ping
for f in ${*:-4 6}; do
	[[ $f == [46] ]] || { ktap_fail "usage: binding.sh [4|6]..."; ktap_finish; }
	ktap_test "IPv$f outside: two ways from client to relay" gateways "$f" || ktap_finish
	ktap_test "IPv$f, bound to nothing: by the first, from that wire's address" goes_by gw1 "$(address client gw1)" addr "$ANY"
	ktap_test "IPv$f, bound to an address: from there" goes_by gw1 "$CLIENT" addr "$CLIENT"
	ktap_test "IPv$f, marked: where the mark's table leads" goes_by gw2 "$CLIENT" addr "$CLIENT" fwmark $MARK
	back_by gw2
	ktap_test "IPv$f, bound to a device: by that" goes_by gw2 "$CLIENT" addr "$CLIENT" dev to-gw2
	ktap_test "IPv$f, and what comes by the other device does not reach it" other_device "$(stat_of client in.cells)"
	lib_again
done
ktap_finish
