#!/bin/bash
# SPDX-License-Identifier: MIT
# What one TCP byte costs, in instructions: directly, through plain forwarding, through chains
# of 2 and 3 WireGuard tunnels (each relay opens, routes and seals) and of 2 and 3 hops of ours.
#
# Runs in a VM whose clock counts instructions (selftests/vm/run --icount): one processor, one
# nanosecond for each, so seconds x 10^9 / bytes is instructions per byte, all hosts together.
# Writes one line of JSON per figure to the file given, or to standard output.
here=$(dirname "$0")
. "$here/../lib.sh"
. "$here/../net/chain.sh"

MB=${MB:-12}
ROUNDS=${ROUNDS:-3}
OUT=${1:-/dev/stdout}

# row NAME DIRECTION: the median of ROUNDS transfers between client and server
row() {
	local name=$1 dir=$2 flag='' i v=()
	[ "$dir" = up ] || flag=-R
	# the first transfer fills caches and windows, and does not count
	on client iperf3 -c "$SERVER4" $flag -n 2M >/dev/null || return 1
	for ((i = 0; i < ROUNDS; i++)); do
		v+=("$(on client iperf3 -J -c "$SERVER4" $flag -n "${MB}M" |
			jq '.end.sum_received | .seconds * 1e9 / .bytes')") || return 1
	done
	printf '%s\n' "${v[@]}" | sort -g | sed -n "$(((ROUNDS + 1) / 2))p" |
		jq -c --arg name "$name" --arg dir "$dir" \
			'{name: $name, direction: $dir, size: "tcp", suite: (if ($name | startswith("cellrelay")) then 1 else null end), instr_per_byte: .}' >>"$OUT"
	echo "# $name $dir: ${v[*]} instructions per TCP byte" >&2
}

both() { row "$1" up && row "$1" down; }

server_up() {
	bg on server iperf3 -s
	busywait 60000 listening server tcp 5201
}

direct() {
	setup_ns client server && wire client server && server_up || return 1
	SERVER4=$(addr4 server client)
	both direct
}

forwarded() {
	setup_ns client r1 server && wire client r1 && wire r1 server && forwarding r1 && server_up || return 1
	SERVER4=$(addr4 server r1)
	on client ip route add "$SERVER4" via "$(addr4 r1 client)" &&
		on server ip route add "$(addr4 client r1)" via "$(addr4 r1 server)" && both forward
}

# wg_end A B N: A's end of tunnel N to B, both keys known
wg_end() {
	local a=$1 b=$2 n=$3
	on "$a" ip link add "wg$n" type wireguard &&
		on "$a" wg set "wg$n" listen-port $((5000 + n)) private-key "$LIB_TMP/$a-$n.key" \
			peer "$(cat "$LIB_TMP/$b-$n.pub")" allowed-ips 0.0.0.0/0 endpoint "$(addr4 "$b" "$a"):$((5000 + n))" &&
		on "$a" ip addr add "$4/24" dev "wg$n" && on "$a" ip link set "wg$n" up
}

wireguard() {
	local hops=$1 i a b h
	modprobe wireguard || return 1
	setup_ns client server || return 1
	for ((i = 1; i <= hops; i++)); do setup_ns "r$i" || return 1; done
	for ((i = 1; i <= hops; i++)); do
		a=r$((i - 1)) b=r$i
		[ "$i" -gt 1 ] || a=client
		wire "$a" "$b" || return 1
		for h in "$a" "$b"; do
			(umask 077 && wg genkey >"$LIB_TMP/$h-$i.key")
			wg pubkey <"$LIB_TMP/$h-$i.key" >"$LIB_TMP/$h-$i.pub"
		done
		wg_end "$a" "$b" "$i" "10.77.$i.1" && wg_end "$b" "$a" "$i" "10.77.$i.2" || return 1
		forwarding "$b"
	done
	wire "r$hops" server && server_up || return 1
	SERVER4=$(addr4 server "r$hops")
	on client ip route add "$SERVER4" dev wg1 || return 1
	for ((i = 1; i < hops; i++)); do on "r$i" ip route add "$SERVER4" dev "wg$((i + 1))" || return 1; done
	for ((i = 2; i <= hops; i++)); do on "r$i" ip route add 10.77.1.0/24 dev "wg$i" || return 1; done
	on server ip route add 10.77.1.0/24 via "$(addr4 "r$hops" server)" || return 1
	both "wireguard$hops"
}

cellrelay() {
	relayctl load && chain "$1" 4 && server_up && both "cellrelay$1" && chain_conserved
}

case ${2:-} in
direct | forwarded) "$2"; exit ;;
wireguard | cellrelay) "$2" "$3"; exit ;;
esac
: >"$OUT"
for what in direct forwarded "wireguard 2" "wireguard 3" "cellrelay 2" "cellrelay 3"; do
	# shellcheck disable=SC2086
	"$0" "$OUT" $what || { echo "bench: $what failed" >&2; exit 1; }
done
