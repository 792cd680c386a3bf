#!/bin/bash
# SPDX-License-Identifier: MIT
# What happens to circuits while the world changes: daemons that die and come
# back, fresh keys under traffic, a client that moves, circuits that vanish
# from a kernel, lost events, junk from strangers; and that nothing is left.
# shellcheck disable=SC2317  # functions run through ktap_test
here=$(dirname "$0")
# shellcheck source=selftests/lib.sh
. "$here/../lib.sh"
# shellcheck source=selftests/net/chain.sh
. "$here/../net/chain.sh"
# shellcheck source=selftests/relayd/daemons.sh
. "$here/daemons.sh"

export DAEMON_CONF='rekey-seconds = 3'
export RELAY_CONF='idle-seconds = 24'
export CLIENT_CONF='spares = 1'

hosts() { chain_hosts 3 && daemons_config; }
path=''
up() { ctl client up "$path" wait 60s || { daemon_logs; return 1; }; }
ping_ok() { on client ping -c 1 -W 1 "$SERVER4" >/dev/null; }
ping_soon() { busywait 10000 ping_ok || { daemon_logs; ctl client status; return 1; }; }
circuits_of() { on "$1" relayctl -j circuit show | jq '.circuits | length'; }
has_circuits() { [ "$(circuits_of "$1")" = "$2" ]; }
all_have() {
	local h
	for h in "${CHAIN_NODES[@]}"; do
		has_circuits "$h" "$1" || return 1
	done
}
steps_ready() { [ "$(daemon_status client '[.tunnels[] | select(.step == "ready")] | length')" = "$1" ]; }
settled() {
	busywait 30000 steps_ready 2 && busywait 10000 all_have 2 && return
	daemon_logs
	ctl client status
	return 1
}

ktap_start
need relayctl relayd jq tcpdump nft nc
ktap_test "keys and configurations" hosts || ktap_finish
path=$(chain_path)
ktap_test "a daemon on every host" daemons_start || ktap_finish

# ---- strangers; nothing else is on the wire yet

# What comes back to whoever knows nothing: nothing.
silence() {
	local i size
	capture client r1 "$LIB_TMP/junk.pcap" udp port "$CHAIN_PORT" || return 1
	for i in $(seq 10); do
		for size in 256 1232 1408; do
			# shellcheck disable=SC2016  # the other shell's
			on client bash -c 'head -c "$1" /dev/urandom >"/dev/udp/$2/$3"' - "$size" "$(addr4 r1 client)" "$CHAIN_PORT"
		done
	done
	busywait 5000 seen_junk
	capture_stop client r1
	# 30 in, none out
	[ "$(tcpdump -nr "$LIB_TMP/junk.pcap" dst port "$CHAIN_PORT" 2>/dev/null | wc -l)" = 30 ] &&
		[ "$(tcpdump -nr "$LIB_TMP/junk.pcap" src port "$CHAIN_PORT" 2>/dev/null | wc -l)" = 0 ]
}
seen_junk() { [ "$(stat_of r1 in.cells)" -ge 30 ]; }
ktap_test "D9: junk of every cell size is not answered" silence

# ---- what a client may not ask for

ktap_test "an unknown relay in the path" refused 'no relay is known by the name "nobody"' ctl client up r1,nobody
ktap_test "a relay twice in the path" refused "relay r1 is twice in the path" ctl client up r1,r2,r1
ktap_test "a relay is no client" refused "this host is no client" ctl r1 up "$path"
not_exit() {
	# the first contact with r1: its handshake is the first thing on the wire
	capture client r1 "$LIB_TMP/hello.pcap" udp port "$CHAIN_PORT" || return 1
	! ctl client up r1,r2 wait 3s >/dev/null 2>&1 || return 1
	capture_stop client r1
	busywait 5000 grep -q "relay r2 refuses: it is not an exit" "$(bg_log "${DAEMON_PID[client]}")" &&
		ctl client down && busywait 5000 all_have 0
}
ktap_test "the last relay is no exit: said, and nothing stays" not_exit
same_size() {
	tcpdump -nr "$LIB_TMP/hello.pcap" 2>/dev/null | head -2 | sed 's/.*length //' >"$LIB_TMP/sizes"
	cat "$LIB_TMP/sizes"
	[ "$(xargs <"$LIB_TMP/sizes")" = "1408 1408" ]
}
ktap_test "D9: the answer to a handshake is as long as the question" same_size

# ---- up

with_spare() { up && settled; }
ktap_test "up with a spare" with_spare
ktap_test "ping" ping_soon

# ---- fresh keys under traffic

generation() { on r2 relayctl -j link show | jq -c '[.links[].keys[] | select(.send) | .rx_index] | sort'; }
rekeyed() { [ "$(generation)" != "$1" ]; }
rekey() {
	local was
	was=$(generation)
	on client ping -i 0.05 -w 12 "$SERVER4" >"$LIB_TMP/ping" 2>&1 &
	local pid=$!
	busywait 12000 rekeyed "$was" || { echo "the keys stay $was"; return 1; }
	was=$(generation)
	busywait 12000 rekeyed "$was" || { echo "the keys stay $was"; return 1; }
	wait "$pid"
	tail -3 "$LIB_TMP/ping"
	grep -q ' 0% packet loss' "$LIB_TMP/ping"
}
ktap_test "links take fresh keys, twice, and no packet is lost" rekey

# ---- daemons die and come back

restart() {
	bg on client ping -i 0.1 -w 600 "$SERVER4"
	local pid=$! h
	for h in r2 r3 r1 client; do
		stop "${DAEMON_PID[$h]}" KILL
		daemon_start "$h" || return 1
	done
	stop "$pid" INT
	tail -3 "$(bg_log "$pid")"
	grep -q ' 0% packet loss' "$(bg_log "$pid")"
}
ktap_test "SIGKILL of every daemon in turn: no packet is lost" restart
adopted() { [ "$(daemon_status r2 .relayed)" -ge 1 ] && [ "$(daemon_status client .own)" -ge 1 ]; }
ktap_test "what the kernel held is known again" adopted
# relayctl told the path, the configuration does not: so ask again
again() { ctl client down; busywait 10000 all_have 0 || { daemon_logs; return 1; }; up && settled; }
ktap_test "circuits from before the restart can be ended, new ones built" again

# ---- a circuit vanishes in the middle

vanish() {
	local id before
	before=$(daemon_status client '.tunnels[] | select(.active) | .circuit')
	# both, one after another: the spare takes over, then new ones
	for id in $(on r2 relayctl -j circuit show | jq '.circuits[].id'); do
		on r2 relayctl circuit del "$id" || return 1
	done
	settled || return 1
	[ "$(daemon_status client '.tunnels[] | select(.active) | .circuit')" != "$before" ] && ping_soon
}
ktap_test "DESTROY both ways when a kernel drops a circuit; the client builds others" vanish

# ---- lost events

lost() {
	local id i
	kill -STOP "${DAEMON_PID[r2]}"
	for ((i = 0; i < 15000; i++)); do
		echo "link set $((i % 2 + 1000)) roam on"
	done >"$LIB_TMP/flap"
	on r2 relayctl link add 1000 peer 192.0.2.1:1 && on r2 relayctl link add 1001 peer 192.0.2.1:2 || return 1
	on r2 relayctl -b "$LIB_TMP/flap" || return 1
	for id in $(on r2 relayctl -j circuit show | jq '.circuits[].id'); do
		on r2 relayctl circuit del "$id" || return 1
	done
	on r2 relayctl link del 1000 && on r2 relayctl link del 1001 || return 1
	kill -CONT "${DAEMON_PID[r2]}"
	busywait 10000 grep -q "events were lost" "$(bg_log "${DAEMON_PID[r2]}")" || { daemon_logs; return 1; }
	settled && ping_soon
}
ktap_test "lost events: the daemon looks again, tells the neighbours" lost

# ---- the client moves

moved() { on r1 relayctl -j link show | jq -e --arg a "$1" '[.links[].peer // "" | tostring | select(contains($a))] | length > 0' >/dev/null; }
roam() {
	local old new
	old=$(addr4 client r1)
	new=${old%.*}.77
	# in this order: the second address of a prefix goes with the first
	on client ip addr del "$old/24" dev to-r1 && on client ip addr add "$new/24" dev to-r1 || return 1
	on client ping -c 1 -W 2 "$SERVER4" >/dev/null
	busywait 10000 moved "$new" || { on r1 relayctl link show; daemon_logs; return 1; }
	ping_soon
}
ktap_test "a client with another address: asked, believed, followed" roam

# ---- up and down, many times

storm() {
	local i
	for i in $(seq "${ROUNDS:-8}"); do
		ctl client up "$path" wait 1s >/dev/null 2>&1
		[ $((RANDOM % 3)) -gt 0 ] || stop "${DAEMON_PID[r2]}" KILL
		ctl client down || return 1
		kill -0 "${DAEMON_PID[r2]}" 2>/dev/null || daemon_start r2 || return 1
	done
	# those whose DESTROY met a dead daemon are found by the silence of their clients
	busywait 60000 all_have 0 || { for i in "${CHAIN_NODES[@]}"; do on "$i" relayctl circuit show; done; daemon_logs; return 1; }
}
ktap_test "D5: up, down and dying daemons at random leave no circuit" storm
ktap_test "every host's counters are conserved" chain_conserved

# ---- before an upgrade

drain() {
	up && settled || return 1
	refused "circuits still go through this relay" ctl r2 drain wait 1s || return 1
	ctl client down && ctl r2 drain wait 20s || return 1
	! ctl client up "$path" wait 3s || return 1
	busywait 5000 grep -q "relay r2 refuses a circuit: it has no room" "$(bg_log "${DAEMON_PID[client]}")" || return 1
	ctl client down
	stop "${DAEMON_PID[r2]}"
	daemon_start r2
}
ktap_test "drain: the old circuits end, no new ones begin" drain

# ---- an inner address that is lent again

said() { [ "$(tcpdump -nr "$1" udp src port 9000 2>/dev/null | wc -l)" -ge "$2" ]; }
has_inner() { [ "$(daemon_status client "[.tunnels[] | select(.inner4 == \"$1\")] | length")" = 1 ]; }
lent_again() {
	local was i
	# five addresses, so that they come round
	stop "${DAEMON_PID[r3]}"
	sed -i 's,^pool4 = .*,pool4 = 10.99.0.0/29,' "$(daemon_dir r3)/conf"
	daemon_start r3 && up && settled && ping_soon || return 1
	# somebody who goes on talking to whoever asked, whatever becomes of them
	echo 'table ip deaf { chain input { type filter hook input priority filter; icmp type destination-unreachable drop; }; }' |
		on server nft -f - || return 1
	bg on server bash -c 'while echo again; do sleep 0.2; done | nc -u -l -p 9000'
	busywait 10000 listening server udp 9000 || return 1
	was=$(daemon_status client '.tunnels[] | select(.active) | .inner4')
	record client cell0 "$LIB_TMP/had.pcap" || return 1
	bg on client bash -c "(echo hello; sleep 600) | nc -u $SERVER4 9000"
	busywait 10000 said "$LIB_TMP/had.pcap" 3 || { echo "no answer reaches the first who has $was"; return 1; }
	ctl client down
	for ((i = 0; i < 10; i++)); do
		busywait 30000 all_have 0 && up && settled || return 1
		has_inner "$was" && break
		ctl client down || return 1
	done
	has_inner "$was" || { echo "$was did not come back"; return 1; }
	record client cell0 "$LIB_TMP/got.pcap" && capture r3 server "$LIB_TMP/talk.pcap" || return 1
	busywait 15000 said "$LIB_TMP/talk.pcap" 8 || { echo "nobody talks any more"; return 1; }
	record_stop client cell0 && capture_stop r3 server
	! said "$LIB_TMP/got.pcap" 1 || { echo "the next one who has $was gets the answers"; return 1; }
	[ "$(ctl r3 metrics | awk '$1 == "cellrelay_flows_forgotten_total" { print $2 }')" -ge 1 ] && ctl client down
}
ktap_test "an inner address is lent again, without the flows of whoever had it" lent_again

# ---- the end

nothing_left() {
	local h
	up || return 1
	ping_soon || return 1
	for h in "${CHAIN_NODES[@]}"; do
		on "$h" relayctl stop flush socket "$(daemon_dir "$h")/sock" || return 1
	done
	for h in "${CHAIN_NODES[@]}"; do
		wait "${DAEMON_PID[$h]}"
		[ "$(on "$h" relayctl -j ns | jq '.namespace | .circuits + .links + .sockets')" = 0 ] || { on "$h" relayctl ns; return 1; }
	done
}
ktap_test "stop flush: nothing is left in any kernel" nothing_left
ktap_finish
