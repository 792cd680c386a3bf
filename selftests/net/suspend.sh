#!/bin/bash
# SPDX-License-Identifier: MIT
# The machine is about to be suspended or hibernated, under traffic: every link and circuit of
# every namespace ends, with its keys; sockets and devices stay; when it is back all can be made
# anew. The kernel's own test mode (pm_test) goes as far as freezing all processes and back.
# selftests/vm/selftest-asleep does the real thing, without traffic.
here=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source=selftests/lib.sh
. "$here/../lib.sh"
# shellcheck source=selftests/net/chain.sh
. "$here/chain.sh"
PATH=$here/../../build/bin:$PATH

PORT=6000
ktap_start
need relayctl udppace cellsend jq tcpdump
[ -w /sys/power/pm_test ] || { ktap_skip "suspend" "this kernel has no /sys/power/pm_test (CONFIG_PM_DEBUG)"; ktap_finish; }

start() {
	chain 3 4 count 8 && on client ping -c 2 -w 10 "$SERVER4"
}

# Both directions, all the time.
traffic() {
	local h
	echo "$INNER4 1000 25" >"$LIB_TMP/flows"
	for h in client server; do
		bg on $h udppace count $PORT
		busywait 10000 grep -q ready "$(bg_log $!)" || return 1
	done
	bg on client sh -c "exec udppace send $SERVER4 $PORT 100000 <$LIB_TMP/flows"
	bg on server sh -c "exec udppace sendto $PORT 100000 <$LIB_TMP/flows"
	moves 20
}
# moves N: N more cells pass r2 in each direction
moves() {
	local f b
	read -r f b < <(passed)
	busywait 60000 passed_more $((f + $1)) $((b + $1))
}
passed() { on r2 relayctl -j circuit show | jq -r '.circuits[0] | "\(.fwd.cells // 0) \(.bwd.cells // 0)"'; }
passed_more() {
	local f b
	read -r f b < <(passed)
	[ "$f" -ge "$1" ] && [ "$b" -ge "$2" ]
}

watch() {
	bg on r2 relayctl -j monitor
	MONITOR=$!
	SEQ=$(on r2 relayctl -j ns show | jq .namespace.event_seq)
	busywait 10000 listens
}
# shellcheck disable=SC2016  # awk's variables
listens() { on r2 awk '$2 == 16 && $4 != "00000000" { ok = 1 } END { exit !ok }' /proc/net/netlink; }

# freeze HOW: suspend or hibernate as far as the freezing of processes, and back
freeze() {
	grep -qw "$1" /sys/power/state || { echo "this machine does not know $1: $(cat /sys/power/state)"; return 4; }
	# Cells that everybody would take now, for later.
	netem client r1 loss 100% && capture client r1 "$LIB_TMP/held.pcap" "udp and dst port $CHAIN_PORT" || return 1
	sleep 1
	capture_stop client r1
	netem client r1 off
	moves 5 || { echo "nothing moves before it"; return 1; }
	# Of suspend; hibernation always waits for 5 s.
	echo 1 >/sys/module/suspend/parameters/pm_test_delay
	echo freezer >/sys/power/pm_test && echo "$1" >/sys/power/state
}

gone() {
	local h left
	for h in "${CHAIN_NODES[@]}"; do
		left=$(on "$h" relayctl -j show | jq -c '[(.links | length), (.circuits | length), (.sockets | length > 0)]')
		[ "$left" = "[0,0,true]" ] || { echo "$h has links, circuits, sockets: $left"; return 1; }
	done
}

# r2 had two links, two key generations and eight circuits. The keys go with their links.
events() {
	local seen
	seen=$(jq -sr --argjson from "$SEQ" 'map(select(.seq and .seq > $from)) |
		(map("\(.event) \(.reason)") | group_by(.) | map("\(length) \(.[0])") | sort | join(", ")),
		((map(.seq) | sort) as $s | $s == [range($from + 1; $from + 1 + ($s | length))])' "$(bg_log "$MONITOR")" | xargs)
	stop "$MONITOR"
	[ "$seen" = "2 link-del suspend, 8 circuit-del suspend true" ] || { echo "$seen"; return 1; }
}

# What ends as junk at r1: no link has that index, or it is no handshake either.
junk() {
	local r
	for r in link_unknown handshake no_daemon; do stat_of r1 "drops.$r.cells"; done | awk '{ n += $1 } END { print n }'
}

# Cells under the old keys are junk now: nobody has their index.
keys_gone() {
	local before n junk
	junk=$(junk)
	before=$(stat_of r1 in.cells)
	n=$(on client cellsend "$LIB_TMP/held.pcap" "$(addr4 r1 client)" "$CHAIN_PORT") && [ "$n" -ge 5 ] || return 1
	busywait 5000 eval "[ \$(stat_of r1 in.cells) -ge $((before + n)) ]" || return 1
	before=$junk
	junk=$(junk)
	[ $((junk - before)) -ge "$n" ] || { echo "$n cells, but junk went from $before to $junk"; return 1; }
}

# New keys on the sockets and devices that stayed.
anew() {
	local i
	rm -rf "$LIB_TMP/keys"
	chain_keys "$LIB_TMP/keys" count 8 || return 1
	for i in "${!CHAIN_NODES[@]}"; do
		sed -i '/^sock add/d; /^dev add/d' "$LIB_TMP/keys/node$i.batch"
	done
	chain_load "$LIB_TMP/keys" && moves 20 && on client ping -c 2 -w 10 "$SERVER4"
}

ktap_test "three hops, eight circuits" start || ktap_finish
ktap_test "traffic in both directions" traffic
for how in freeze disk; do
	ktap_test "$how: listener" watch
	ktap_test "$how: the machine stops and goes on" freeze $how || continue
	ktap_test "$how: all links and circuits are gone, sockets stay" gone
	ktap_test "$how: an event for each, with the reason, none missing" events
	ktap_test "$how: cells under the old keys are junk" keys_gone
	ktap_test "$how: every cell is accounted for" chain_conserved
	ktap_test "$how: new links and circuits carry the same traffic" anew
done
ktap_finish
