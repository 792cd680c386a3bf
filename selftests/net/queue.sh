#!/bin/bash
# SPDX-License-Identifier: MIT
# D7, readers that stall: what waits for them in the device queues of client and exit stays below
# the documented caps (docs/architecture.md); the oldest packets go first; and a circuit that is
# not stalled notices nothing. CIRCUITS=1000: besides, so many circuits that stall at once.
here=$(dirname "$0")
. "$here/../lib.sh"
. "$here/chain.sh"
CIRCUITS=${CIRCUITS:-0}
KIB=1024
BATCH=$((256 * KIB * $(nproc)))	# what CPUs may have added without the others knowing
PORT=6000
FREE4=10.99.200.1 FREE6=fd00:99:1::1	# a circuit beside the stalled ones, without a cap
MARGIN_MS=300	# a queue shared with a stalled circuit would cost seconds

queued() { on "$1" ethtool -S cell0 | awk '$1 == "tx_queued_bytes:" { print $2 }'; }
rate() { on "$1" relayctl circuit set "$2" rate "$3"; } # HOST CIRCUIT RATE

two_circuits() {
	chain_hosts 1 && chain_keys "$LIB_TMP/keys" && chain_load "$LIB_TMP/keys" && chain_devices &&
		INNER4=$FREE4 INNER6=$FREE6 chain_keys "$LIB_TMP/free" links no circuit 100000 && chain_load "$LIB_TMP/free" &&
		on client ip addr add $FREE4/32 dev cell0
}

# rtt [COUNT]: the median, in ms, of pings on the free circuit; all must be answered
rtt() {
	local out
	out=$(on client ping -I $FREE4 -c "${1:-20}" -i 0.05 -W 10 "$SERVER4") || { echo lost; return 1; }
	sed -n 's/.*time=\([0-9]*\).*/\1/p' <<<"$out" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

# unhurt: the free circuit is about as quick as it was
unhurt() {
	local now
	now=$(rtt) || return 1
	echo "median round trip $now ms, before $BASE ms"
	[ "$now" -le $((BASE * 3 + MARGIN_MS)) ]
}

# highest HOST PID: the most that HOST's device had queued until PID ended
highest() {
	local most=0 now more=1
	while [ "$more" = 1 ]; do
		kill -0 "$2" 2>/dev/null || more=0
		now=$(queued "$1")
		[ "$now" -le "$most" ] || most=$now
	done
	echo "$most"
}

# one_stalled up|down: sets READER_LOG; circuit 1 gets 64 KiB/s and a flood of 2.5 MB that nobody shaped
one_stalled() {
	local from=client to=server addr=$SERVER4 host=client pid reader most
	[ "$1" = up ] || from=server to=client addr=$INNER4 host=r1
	PORT=$((PORT + 1))
	rate $host 1 64KiB || return 1
	bg on "$to" udptrain count "$PORT" 2000 300
	reader=$!
	busywait 10000 grep -q ready "$(bg_log $reader)" || return 1
	if [ "$1" = up ]; then
		bg on "$from" udptrain send "$addr" "$PORT" 1285 1 2000 $INNER4 1
	else
		bg on "$from" udptrain send "$addr" "$PORT" 1285 1 2000 - 1
	fi
	pid=$!
	unhurt || { stop $pid; return 1; }
	most=$(highest $host $pid)
	wait $pid || return 1
	echo "queued at most $most bytes"
	# one packet may be on its way in while another goes
	[ "$most" -ge $((64 * KIB)) ] && [ "$most" -le $((128 * KIB + 4 * KIB)) ] || return 1
	busywait 60000 eval "[ \$(queued $host) = 0 ]" && chain_conserved || return 1
	stop $reader
	READER_LOG=$(bg_log $reader)
	cat "$READER_LOG"
	rate $host 1 unlimited
}

# stalled up|down: besides, packets of the flood are missing and counted, but not its last: the oldest made room
stalled() {
	local host=client before log
	[ "$1" = up ] || host=r1
	before=$(stat_of $host drops.queue_full.cells)
	one_stalled "$1" || return 1
	log=$READER_LOG
	grep -q ' last 1999$' "$log" && ! grep -q '^2000 ' "$log" || { echo "it was not the oldest that went"; return 1; }
	[ "$(stat_of $host drops.queue_full.cells)" -gt "$before" ]
}

# stalled_readers up|down: 20 TCP receivers that stop reading; TCP stops their senders, and queues run dry
stalled_readers() {
	local host=client from=server to=$INNER4 i
	[ "$1" = up ] || host=r1 from=client to=$SERVER4
	for i in $(seq 20); do
		bg on "$from" bash -c "exec 3<>/dev/tcp/$to/8000 && printf 'GET /file HTTP/1.0\r\n\r\n' >&3 && exec sleep 1000"
	done
	busywait 60000 eval "[ \"\$(on $from ss -Hnt state established dport = :8000 | awk '\$1 > 50000' | wc -l)\" -ge 20 ]" ||
		{ on "$from" ss -nt; return 1; }
	busywait 60000 eval "[ \"\$(queued $host)\" = 0 ]" || { echo "$(queued $host) bytes still queued"; return 1; }
	unhurt
}

many_circuits() {
	on r1 relayctl circuit del 1 && on client relayctl circuit del 1 &&
		chain_keys "$LIB_TMP/many" links no circuit 1 count "$CIRCUITS" rate 2KiB && chain_load "$LIB_TMP/many"
}

# flood: three trains of 46 packets to every stalled circuit, about 170 KB each
flood() {
	local i
	# not the first: that client has its address, and would refuse
	for ((i = 3; i < CIRCUITS + 2; i++)); do
		udptrain send "10.99.$((i / 256)).$((i % 256))" 9 1285 46 3 || return 1
	done
}

many_stalled() {
	local pid most full
	export -f flood
	export CIRCUITS
	full=$(stat_of r1 drops.queue_full.cells)
	bg on server bash -c flood
	pid=$!
	unhurt || { stop $pid; return 1; }
	most=$(highest r1 $pid)
	wait $pid || return 1
	echo "queued at most $most bytes, $(($(stat_of r1 drops.queue_full.cells) - full)) dropped"
	[ "$most" -ge $((TOTAL / 2)) ] && [ "$most" -le $((TOTAL + BATCH + 128 * KIB)) ] &&
		[ "$(stat_of r1 drops.queue_full.cells)" -gt "$full" ]
}
TOTAL=$((64 * KIB * KIB))

full_but_fair() {
	[ "$(queued r1)" -ge $((TOTAL / 4)) ] || { echo "only $(queued r1) queued"; return 1; }
	unhurt
}

emptied() {
	on r1 ip link set cell0 down && expect "queued" "$(queued r1)" 0 && on r1 ip link set cell0 up
}

ktap_start
need relayctl udptrain jq ethtool ping curl busybox ss
ktap_test "an exit with two circuits of one client" two_circuits || ktap_finish
ktap_test "a file to read" chain_web 4096
rtt 5 >/dev/null
BASE=$(rtt 40)
ktap_test "D7: one circuit stalls at the exit: its queue holds 128 KiB at most, the oldest go, another circuit is unhurt" stalled down
ktap_test "D7: one circuit stalls at the client: likewise" stalled up
ktap_test "D7: 20 TCP readers at the client stop reading: the exit's queue runs dry, another circuit is unhurt" stalled_readers down
ktap_test "D7: 20 TCP readers at the server stop reading: the client's queue runs dry, another circuit is unhurt" stalled_readers up
if [ "$CIRCUITS" -gt 0 ]; then
	ktap_test "$CIRCUITS circuits of 2 KiB/s" many_circuits
	ktap_test "D7: $CIRCUITS circuits stall at the exit: 64 MiB at most, another circuit is unhurt" many_stalled
	ktap_test "D7: another circuit is unhurt while all queues are full" full_but_fair
fi
ktap_test "a device that goes down empties its queues" emptied
ktap_test "every host's counters are conserved" chain_conserved
ktap_finish
