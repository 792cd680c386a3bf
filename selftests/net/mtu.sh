#!/bin/bash
# SPDX-License-Identifier: MIT
# A path of MTU 1280 between two relays, by plain routers that drop all ICMP errors, so that
# nobody is told. A circuit of large size 1232 does not notice; one of 1408 loses its large cells
# on the way, and nothing but those. Where a relay's own device is the narrow one, it counts.
#
#	mtu.sh [4|6]	family outside
here=$(dirname "$0")
. "$here/../lib.sh"
. "$here/chain.sh"
FAMILY=${1:-4}
FILE_KIB=${FILE_KIB:-512}

# client -- r1 -- n1 == 1280 == n2 -- r2 -- r3 -- server
# shellcheck disable=SC2034
CHAIN_VIA["r1 r2"]="n1 n2"
# shellcheck disable=SC2034
CHAIN_WIRE_MTU["n1 n2"]=1280

# no_errors HOST: it sends and passes on no ICMP errors; address resolution works
no_errors() {
	on "$1" nft -f - <<-RULES
		table inet quiet {
			counter errors { }
			chain out {
				type filter hook output priority 0;
				icmp type { destination-unreachable, time-exceeded, parameter-problem } counter name errors drop
				icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem } counter name errors drop
			}
			chain through {
				type filter hook forward priority 0;
				meta l4proto { icmp, ipv6-icmp } counter name errors drop
			}
		}
	RULES
}

errors_of() { on "$1" nft -j list counter inet quiet errors | jq '.nftables[] | select(.counter) | .counter.packets'; }

narrow_chain() {
	chain_hosts 3 "$FAMILY" && no_errors n1 && no_errors n2 && chain_keys "$LIB_TMP/keys" large 1232 &&
		chain_load "$LIB_TMP/keys" && chain_devices
}

# What a narrow router could not forward: it wanted to say so
refused() { echo $(($(errors_of n1) + $(errors_of n2))); }

pings() {
	on client ping -q -c 3 -i 0.1 -w 30 "$SERVER4" && on client ping -q -c 3 -i 0.1 -w 30 "$SERVER6" &&
		on client ping -q -c 3 -i 0.1 -w 30 -s 1252 -M "do" "$SERVER4"
}

fragments() {
	tcpdump -n -r "$1" '(ip[6:2] & 0x3fff != 0) or (ip6[6] = 44)' 2>/dev/null | wc -l
}

fits() {
	capture n1 n2 "$LIB_TMP/narrow.pcap" udp && chain_fetches && capture_stop n1 n2 &&
		cellstat check --sizes 256,1232 --min 0 "$LIB_TMP/narrow.pcap" &&
		[ "$(tcpdump -n -r "$LIB_TMP/narrow.pcap" 2>/dev/null | wc -l)" -gt 300 ] || return 1
	[ "$(fragments "$LIB_TMP/narrow.pcap")" = 0 ] || { echo "fragments"; return 1; }
	[ "$(refused)" = 0 ] || { echo "the routers dropped $(refused) packets as too big"; return 1; }
}

# what MTU the client's and the exit's device have
mtu_is() {
	local h
	for h in client r3; do
		on "$h" ip -o link show dev cell0 | grep -q " mtu $1 " || { on "$h" ip -o link show dev cell0; return 1; }
	done
}

# A circuit of 1408 in its place, over the same links.
wide_circuit() {
	local h
	for h in "${CHAIN_NODES[@]}"; do
		on "$h" relayctl circuit del 1 || return 1
	done
	chain_keys "$LIB_TMP/wide" links no circuit 2 large 1408 && chain_load "$LIB_TMP/wide"
}

small() { on client ping -q -c 3 -i 0.1 -w 30 "$SERVER4" && on client ping -q -c 3 -i 0.1 -w 30 "$SERVER6"; }

# 20 large cells leave r1 and end at n1, which is not heard
large_vanish() {
	local out in want drops
	chain_conserved && want=$(($(refused) + 20)) out=$(stat_of r1 out.cells) in=$(stat_of r2 in.cells) drops=$(stat_of r1 drops.too_big.cells)
	on client ping -q -c 20 -i 0.05 -W 1 -s 1200 "$SERVER4" && return 1
	chain_conserved || return 1
	echo "r1 sent $(($(stat_of r1 out.cells) - out)) cells, r2 received $(($(stat_of r2 in.cells) - in)), the routers refused $(refused)"
	[ "$(stat_of r1 out.cells) $(stat_of r2 in.cells)" = "$((out + 20)) $in" ] && [ "$(refused)" = "$want" ] &&
		[ "$(stat_of r1 drops.too_big.cells)" = "$drops" ]
}

# TCP cannot get its large segments through and gives up; nothing else is hurt.
tcp_stalls() { ! chain_fetch down 4 5 && ! chain_fetch up 6 5 && small; }

# r2's own device is as narrow as the path: it refuses large cells itself, and says so
narrow_device() {
	local before
	on r2 ip link set to-n2 mtu 1280 || return 1
	chain_conserved && before=$(stat_of r2 drops.too_big.cells)
	on client ping -q -c 1 -w 20 "$SERVER4" >/dev/null || { echo "small cells do not pass"; return 1; }
	on server ping -q -c 10 -i 0.05 -W 1 -s 1200 $INNER4 && return 1
	chain_conserved || return 1
	[ "$(stat_of r2 drops.too_big.cells)" = $((before + 10)) ] || { on r2 relayctl stats; return 1; }
}

ends_at_once() {
	local h
	for h in "${CHAIN_NODES[@]}"; do
		timeout 20 nsenter --net="/run/netns/$(ns_name "$h")" relayctl circuit del 2 || return 1
	done
	timeout 30 relayctl unload
}

ktap_start
need relayctl jq tcpdump nft cellstat curl busybox ping
ktap_test "three relays, 1280 bytes between the first two, IPv$FAMILY outside" narrow_chain || ktap_finish
ktap_test "the same file at both ends" chain_web "$FILE_KIB"
ktap_test "1232: ping, up to packets of two cells" pings
ktap_test "1232: the MTU inside is IPv6's minimum" mtu_is 1280
ktap_test "1232: TCP both ways, both families, compared; only cells of 256 and 1232 bytes, no fragments" fits
ktap_test "1232: every host's counters are conserved" chain_conserved
ktap_test "1408: a circuit over the same links" wide_circuit
ktap_test "1408: small cells pass" small
# WIDE=1: what becomes of the large ones
[ "${WIDE:-0}" = 1 ] || { ktap_test "1408: every host's counters are conserved" chain_conserved; ktap_finish; }
ktap_test "1408: large cells leave the relay before the narrow wire and are lost on the way" large_vanish
ktap_test "1408: TCP stalls, small cells still pass" tcp_stalls
ktap_test "1408: a relay whose own device is too narrow drops them as too_big" narrow_device
ktap_test "1408: every host's counters are conserved" chain_conserved
ktap_test "1408: the circuit is deleted and the module unloaded at once" ends_at_once
ktap_finish
