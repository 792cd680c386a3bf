#!/bin/bash
# SPDX-License-Identifier: MIT
# What one TCP byte costs, in instructions: directly, through plain forwarding, through chains of
# 2 and 3 WireGuard tunnels, three nested ones, 2 and 3 hops of ours, and of C Tor. What a third
# hop adds is the cost of a hop. The relays use the socket path; xdp.sh measures the other.
#
# Runs in a VM whose clock counts instructions (selftests/vm/run --icount): one processor, one
# nanosecond for each. What counts is the time in which the processor was not idle, all hosts
# together, of a long transfer less that of a short one, so that nothing of starting counts:
# instructions per byte of the MB that the long one has more.
# Writes one line of JSON per figure to the file given, or to standard output.
here=$(dirname "$0")
. "$here/../lib.sh"
. "$here/../net/chain.sh"
. "$here/wire.sh"
. "$here/wireguard.sh"
. "$here/tor.sh"
. "$here/suites.sh"

MB=${MB:-16}
ROUNDS=${ROUNDS:-3}
SHORT=4
OUT=${1:-/dev/stdout}

SUITE=null	# of the rows to come

# record NAME DIRECTION VALUE...: a row with the median of the values, instructions per TCP byte
record() {
	local name=$1 dir=$2 suite=$SUITE
	shift 2
	printf '%s\n' "$@" | sort -g | sed -n "$((($# + 1) / 2))p" |
		jq -c --arg name "$name" --arg dir "$dir" --argjson suite "$suite" \
			'{name: $name, direction: $dir, size: "tcp", suite: $suite, instr_per_byte: .}' >>"$OUT"
	echo "# $name $dir: $* instructions per TCP byte" >&2
}

# busy: nanoseconds since boot in which the processor was not idle
busy() {
	awk '/^now at/ { now = $3 } $1 == ".idle_sleeptime" { idle += $3 } END { printf "%.0f\n", now - idle }' /proc/timer_list
}

# row NAME DIRECTION MOVE: the median of ROUNDS; "MOVE DIRECTION MB" transfers
row() {
	local i t0 t1 t2 v=()
	# the first transfer fills caches and windows, and does not count
	$3 "$2" "$SHORT" || return 1
	for ((i = 0; i < ROUNDS; i++)); do
		t0=$(busy)
		$3 "$2" "$SHORT" || return 1
		t1=$(busy)
		$3 "$2" $((SHORT + MB)) || return 1
		t2=$(busy)
		v+=("$(awk -v n=$(((t2 - t1) - (t1 - t0))) -v mb="$MB" 'BEGIN { printf "%.4f\n", n / mb / 1048576 }')")
	done
	record "$1" "$2" "${v[@]}"
}

# move DIRECTION MB: by iperf3
move() {
	local flag=''
	[ "$1" = up ] || flag=-R
	on client iperf3 -c "$SERVER4" $flag -n "${2}M" >/dev/null
}

# both NAME [MOVE]
both() { row "$1" up "${2:-move}" && row "$1" down "${2:-move}"; }

server_up() {
	bg on server iperf3 -s
	busywait 60000 listening server tcp 5201
}

direct() {
	setup_ns client server && wire client server && server_up || return 1
	SERVER4=$(addr4 server client)
	MB=$((8 * MB)) both direct
}

forwarded() {
	setup_ns client r1 server && wire client r1 && wire r1 server && forwarding r1 && server_up || return 1
	SERVER4=$(addr4 server r1)
	on client ip route add "$SERVER4" via "$(addr4 r1 client)" &&
		on server ip route add "$(addr4 client r1)" via "$(addr4 r1 server)" && MB=$((8 * MB)) both forward
}

# cellrelay HOPS [SUITE]
cellrelay() {
	local suite=${2:-1}
	modprobe cellrelay && relayctl load && chain "$1" 4 suite "${SUITE_NAMES[suite]}" && server_up &&
		SUITE=$suite both "cellrelay$1" && chain_conserved
}

# Each in a shell of its own, whose end removes its hosts.
if [ $# -gt 1 ]; then
	shift
	"$@"
	exit
fi
tunnels=()
modprobe cellrelay || exit 1
for s in $(suites); do tunnels+=("cellrelay 2 $s" "cellrelay 3 $s"); done
status=0
for what in direct forwarded "wireguard_chained 2" "wireguard_chained 3" "wireguard_nested 3" \
	"${tunnels[@]}" "tor_chain 2" "tor_chain 3"; do
	# shellcheck disable=SC2086
	"$0" "$OUT" $what || { echo "bench: $what failed" >&2; status=1; }
done
[ $status = 0 ]
