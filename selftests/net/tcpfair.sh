#!/bin/bash
# SPDX-License-Identifier: MIT
# TCP under a total cap: 16 circuits with round trips of 5 to 200 ms, one download each. A middle
# relay polices, an exit has a queue; both must be fair. Run it where the clock counts
# instructions (selftests/vm/run --icount), or a busy machine decides the result.
#
#	tcpfair.sh	CAP bytes/s in all (2000000), SECONDS_EACH of each measurement (20)
here=$(cd "$(dirname "$0")" && pwd -P)
# shellcheck source=selftests/lib.sh
. "$here/../lib.sh"
# shellcheck source=selftests/net/chain.sh
. "$here/chain.sh"
PATH=$here/../../build/bin:$PATH

CAP=${CAP:-2000000}
SECONDS_EACH=${SECONDS_EACH:-20}
CIRCUITS=16
PORT=5300

ktap_start
need relayctl iperf3 jq tc ss

inner() { echo "10.99.0.$((1 + $1))"; }
delay() { echo $((5 + ($1 - 1) * 13)); }

circuits() {
	local i w
	chain 2 4 count $CIRCUITS || return 1
	for i in $(seq 2 $CIRCUITS); do
		echo "addr add $(inner "$i")/32 dev cell0"
	done | on client ip -b - || return 1
	# What goes from the server to a circuit waits for that circuit's round trip.
	w=$(wire_ns server "$EXIT")
	{
		echo "qdisc add dev at-$EXIT root handle 1: prio bands $CIRCUITS priomap 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0"
		for i in $(seq $CIRCUITS); do
			printf 'qdisc add dev at-%s parent 1:%x handle %x: netem limit 10000 delay %dms\n' "$EXIT" "$i" $((16 + i)) "$(delay "$i")"
			printf 'filter add dev at-%s parent 1: protocol ip prio 1 u32 match ip dst %s/32 flowid 1:%x\n' "$EXIT" "$(inner "$i")" "$i"
		done
	} >"$LIB_TMP/tc"
	on "$w" tc -b "$LIB_TMP/tc"
}

# The first and the last: are the round trips what they should be?
round_trips() {
	local i rtt
	for i in 1 $CIRCUITS; do
		rtt=$(on client ping -q -c 3 -i 0.2 -I "$(inner "$i")" "$SERVER4" | sed -n 's/^rtt [^=]*= \([0-9]*\).*/\1/p')
		echo "circuit $i: $rtt ms"
		[ -n "$rtt" ] && [ "$rtt" -ge "$(delay "$i")" ] && [ "$rtt" -lt $(($(delay "$i") + 15)) ] || return 1
	done
}

downloads() {
	local i pid
	on r1 relayctl ns set rate "$CAP" || return 1
	for i in $(seq $CIRCUITS); do
		bg on server iperf3 -s --forceflush -p $((PORT + i))
		pid=$!
		busywait 20000 grep -q 'Server listening' "$(bg_log $pid)" || return 1
		bg on client iperf3 -c "$SERVER4" -p $((PORT + i)) -B "$(inner "$i")" -R -t 80000 -i 0
	done
	busywait 30000 all_download
}
all_download() { [ "$(received | wc -l)" = $CIRCUITS ]; }

# received: "circuit bytes": what the client's programs got
received() {
	on client ss -Htnoi state established dst "$SERVER4" | awk '
		/^[0-9]/ { split($3, a, ":"); n = split(a[1], b, "."); id = b[n] - 1; next }
		match($0, /bytes_received:[0-9]+/) { got[id] += substr($0, RSTART + 15, RLENGTH - 15) }
		END { for (id in got) if (got[id] > 10000) print id, got[id] }'
}

# shares HOST NAME: gives HOST, and no other, the cap; who gets how much of it?
shares() {
	local h=$1 other before after t0 t1
	on "$h" relayctl ns set rate "$CAP" || return 1
	for other in "${CHAIN_NODES[@]}"; do
		[ "$other" = "$h" ] || on "$other" relayctl ns set rate unlimited || return 1
	done
	sleep 10
	before=$(received) t0=${EPOCHREALTIME/[.,]/}
	sleep "$SECONDS_EACH"
	after=$(received) t1=${EPOCHREALTIME/[.,]/}
	awk -v name="$2" -v cap="$CAP" -v t=$(((t1 - t0) / 1000)) -v n=$CIRCUITS '
		NR == FNR { was[$1] = $2; next }
		{ r = ($2 - was[$1]) * 1000 / t; rate[$1] = r; s += r; q += r * r }
		END {
			j = q ? s * s / (n * q) : 0
			printf "%s: Jain %.4f; goodput %.0f B/s, %.1f %% of the cap; by round trip (kB/s):", name, j, s, 100 * s / cap
			for (i = 1; i <= n; i++) printf " %d ms %.0f", 5 + (i - 1) * 13, rate[i] / 1000
			printf "\n"
			exit !(j >= 0.8)
		}' <(echo "$before") <(echo "$after") | tee -a "$LIB_TMP/figures"
	return "${PIPESTATUS[0]}"
}

ktap_test "two hops, $CIRCUITS circuits" circuits || ktap_finish
ktap_test "round trips of 5 to 200 ms" round_trips
ktap_test "a download on each" downloads || ktap_finish
ktap_test "cap at the middle relay: Jain >= 0.8" shares r1 "16 TCP circuits, cap at a middle relay"
ktap_test "cap at the exit: Jain >= 0.8" shares r2 "16 TCP circuits, cap at the exit"
[ ! -e "$LIB_TMP/figures" ] || sed 's/^/# /' "$LIB_TMP/figures"
ktap_finish
