# SPDX-License-Identifier: MIT
# Sourced after lib.sh: a client, relays in a row, the last one an exit, and a
# server behind it, with circuits between client and exit.
#
#	client -- r1 -- r2 -- ... -- rN -- server
#
# Inside: the client is 10.99.0.2 and fd00:99::2; the server answers at its
# wire's addresses ($SERVER4, $SERVER6).

CHAIN_PORT=4000
INNER4=10.99.0.2
INNER6=fd00:99::2

# chain_hosts N [4|6]: hosts and wires, the outer packets in that family.
chain_hosts() {
	local n=$1 i prev=client
	CHAIN_HOPS=$n
	CHAIN_FAMILY=${2:-4}
	modprobe cellrelay || return 1
	CHAIN_NODES=(client)
	setup_ns client server || return 1
	for i in $(seq "$n"); do
		setup_ns "r$i" && wire "$prev" "r$i" "${CHAIN_MTU:-1500}" || return 1
		prev=r$i
		CHAIN_NODES+=("r$i")
	done
	EXIT=r$n
	wire "$EXIT" server && forwarding "$EXIT" || return 1
	SERVER4=$(addr4 server "$EXIT")
	SERVER6=$(addr6 server "$EXIT")
	on server ip route add 10.99.0.0/16 via "$(addr4 "$EXIT" server)" &&
		on server ip -6 route add fd00:99::/64 via "$(addr6 "$EXIT" server)"
}

# chain_keys FOLDER [ARGUMENT...]: key files and batches, arguments as for "relayctl circuit keygen".
chain_keys() {
	local dir=$1 i a b wires=()
	shift
	for i in $(seq "$CHAIN_HOPS"); do
		a=${CHAIN_NODES[i - 1]}
		b=${CHAIN_NODES[i]}
		if [ "$CHAIN_FAMILY" = 4 ]; then
			wires+=(wire "$(addr4 "$a" "$b"):$CHAIN_PORT,$(addr4 "$b" "$a"):$CHAIN_PORT")
		else
			wires+=(wire "[$(addr6 "$a" "$b")]:$CHAIN_PORT,[$(addr6 "$b" "$a")]:$CHAIN_PORT")
		fi
	done
	relayctl circuit keygen "$dir" "${wires[@]}" dev cell0 inner4 $INNER4 inner6 $INNER6 "$@" || return 1
	for i in "${!CHAIN_NODES[@]}"; do
		(umask 077 && on "${CHAIN_NODES[i]}" relayctl ns idx-key >"$dir/node$i.idx") || return 1
	done
}

# chain_load FOLDER: give every node its keys and circuits.
chain_load() {
	local i
	for i in "${!CHAIN_NODES[@]}"; do
		on "${CHAIN_NODES[i]}" relayctl -b "$1/node$i.batch" || return 1
	done
}

# chain_devices: addresses and routes inside.
chain_devices() {
	on client ip addr add $INNER4/32 dev cell0 &&
		on client ip addr add $INNER6/128 dev cell0 &&
		on client ip link set cell0 up &&
		on client ip route add "$SERVER4" dev cell0 &&
		on client ip -6 route add "$SERVER6" dev cell0 src $INNER6 &&
		on "$EXIT" ip link set cell0 up &&
		on "$EXIT" ip route add 10.99.0.0/16 dev cell0 &&
		on "$EXIT" ip -6 route add fd00:99::/64 dev cell0
}

# chain N [4|6] [ARGUMENT...]: all of it.
chain() {
	local n=$1 f=${2:-4}
	shift $(($# < 2 ? $# : 2))
	chain_hosts "$n" "$f" && chain_keys "$LIB_TMP/keys" "$@" &&
		chain_load "$LIB_TMP/keys" && chain_devices
}

# stat_of HOST PATH: a number of "relayctl -j stats", e.g. originated.cells, drops.half.cells; 0 when absent.
stat_of() {
	on "$1" relayctl -j stats | jq -r ".. | objects | select(has(\"originated\")) | .$2 // 0"
}

# at_rest HOST: in + originated = out + delivered + drops.
at_rest() {
	[ "$(stat_of "$1" under_way)" = 0 ]
}

# chain_conserved: every node at rest, sums right.
chain_conserved() {
	local h
	for h in "${CHAIN_NODES[@]}"; do
		busywait 5000 at_rest "$h" || { on "$h" relayctl stats; return 1; }
	done
}

# chain_drops: what was dropped anywhere.
chain_drops() {
	local h
	for h in "${CHAIN_NODES[@]}"; do
		echo "$h:"
		on "$h" relayctl stats
	done
}
