# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced after lib.sh: a client, relays in a row, the last one an exit, and a
# server behind it, with circuits between client and exit.
#
#	client -- r1 -- r2 -- ... -- rN -- server
#
# Inside: the client is 10.99.0.2 and fd00:99::2; the server answers at its
# wire's addresses ($SERVER4, $SERVER6).

#
# Set before chain_hosts, where wanted:
#	CHAIN_VIA["r1 r2"]="n1 n2"	plain routers between the two
#	CHAIN_WIRE_MTU["n1 n2"]=1280	MTU of one wire; CHAIN_MTU (1500) is that of the others

CHAIN_PORT=4000
declare -A CHAIN_VIA CHAIN_WIRE_MTU CHAIN_NEXT
INNER4=10.99.0.2
INNER6=fd00:99::2

# chain_join A B: joins two hosts by a wire, or by routers and wires.
chain_join() {
	local a=$1 b=$2 nodes i last
	# shellcheck disable=SC2206
	nodes=("$a" ${CHAIN_VIA[$a $b]:-} "$b")
	last=$((${#nodes[@]} - 1))
	for ((i = 1; i <= last; i++)); do
		[ "$i" = "$last" ] || { setup_ns "${nodes[i]}" && forwarding "${nodes[i]}"; } || return 1
		wire "${nodes[i - 1]}" "${nodes[i]}" \
			"${CHAIN_WIRE_MTU[${nodes[i - 1]} ${nodes[i]}]:-${CHAIN_MTU:-1500}}" || return 1
	done
	CHAIN_NEXT[$a $b]=${nodes[1]}
	CHAIN_NEXT[$b $a]=${nodes[last - 1]}
	for ((i = 0; i < last - 1; i++)); do
		chain_route "${nodes[i]}" "${nodes[i + 1]}" "$b" "$a" &&
			chain_route "${nodes[last - i]}" "${nodes[last - i - 1]}" "$a" "$b" || return 1
	done
}

# chain_route HOST VIA TO FROM: on HOST, the way by its neighbour VIA to TO's address on the side of FROM.
chain_route() {
	on "$1" ip route add "$(chain_addr 4 "$3" "$4")" via "$(addr4 "$2" "$1")" &&
		on "$1" ip -6 route add "$(chain_addr 6 "$3" "$4")" via "$(addr6 "$2" "$1")"
}

# chain_addr 4|6 A B: A's address on the side of its neighbour in the chain B.
chain_addr() { "addr$1" "$2" "${CHAIN_NEXT[$2 $3]}"; }

# chain_hosts N [4|6]: hosts and wires, the outer packets in that family.
chain_hosts() {
	local n=$1 i prev=client
	CHAIN_HOPS=$n
	CHAIN_FAMILY=${2:-4}
	modprobe cellrelay || return 1
	CHAIN_NODES=(client)
	setup_ns client server || return 1
	for i in $(seq "$n"); do
		setup_ns "r$i" && chain_join "$prev" "r$i" || return 1
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
			wires+=(wire "$(chain_addr 4 "$a" "$b"):$CHAIN_PORT,$(chain_addr 4 "$b" "$a"):$CHAIN_PORT")
		else
			wires+=(wire "[$(chain_addr 6 "$a" "$b")]:$CHAIN_PORT,[$(chain_addr 6 "$b" "$a")]:$CHAIN_PORT")
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
		on client ip addr add $INNER6/128 dev cell0 nodad &&
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

# stat_of HOST PATH...: numbers of "relayctl -j stats", e.g. originated.cells, drops.half.cells, on one
# line; 0 when absent.
stat_of() {
	local h=$1 p paths=''
	shift
	for p; do paths="$paths, .$p // 0"; done
	on "$h" relayctl -j stats | jq -r ".. | objects | select(has(\"originated\")) | [${paths#, }] | join(\" \")"
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

# ---- XDP ---------------------------------------------------------------------

# xdp_on HOST NEIGHBOUR [ARGUMENT...]: HOST forwards what comes from there by XDP; arguments as for "relayctl xdp attach".
xdp_on() {
	local h=$1 n=$2
	shift 2
	on "$h" relayctl xdp attach "to-${CHAIN_NEXT[$h $n]:-$n}" "$@"
}

# chain_xdp [ARGUMENT...]: every relay but the exit, in both directions.
chain_xdp() {
	local i
	for ((i = 1; i < CHAIN_HOPS; i++)); do
		xdp_on "r$i" "${CHAIN_NODES[i - 1]}" "$@" && xdp_on "r$i" "r$((i + 1))" "$@" || return 1
	done
}

# xdp_left HOST: cells that its programs left to the stack
xdp_left() { on "$1" relayctl -j xdp show | jq '[.xdp_passed | to_entries[] | select(.key != "not_cell") | .value] | add // 0'; }

# chain_by_xdp: those relays had cells, and all but a few went by their programs.
chain_by_xdp() {
	local i n left
	for ((i = 1; i < CHAIN_HOPS; i++)); do
		n=$(stat_of "r$i" in.cells)
		left=$(xdp_left "r$i")
		echo "r$i: $n cells, $left of them left to the stack"
		[ "$n" -gt 10 ] && [ "$left" -le $((n / 50 + 8)) ] || return 1
	done
}

# ---- traffic -----------------------------------------------------------------

# chain_web KIB: the same file served by the client and by the server, over both families.
chain_web() {
	local h
	mkdir -p "$LIB_TMP/web" && head -c "${1}K" /dev/urandom >"$LIB_TMP/web/file" || return 1
	for h in client server; do
		bg on "$h" busybox httpd -f -p "[::]:8000" -h "$LIB_TMP/web"
	done
	busywait 20000 listening client tcp 8000 && busywait 20000 listening server tcp 8000
}

# chain_fetch up|down 4|6 [SECONDS]: that file over TCP by the circuit, compared.
chain_fetch() {
	local to=client from=$SERVER4
	case "$1 $2" in
	"down 6") from="[$SERVER6]" ;;
	"up 4") to=server from=$INNER4 ;;
	"up 6") to=server from="[$INNER6]" ;;
	esac
	rm -f "$LIB_TMP/got"
	on "$to" curl -sS --max-time "${3:-120}" -o "$LIB_TMP/got" "http://$from:8000/file" &&
		cmp "$LIB_TMP/web/file" "$LIB_TMP/got" || { echo "$1, IPv$2 inside"; return 1; }
}

# chain_fetches [FAMILY...]: both ways.
chain_fetches() {
	local f
	[ $# -gt 0 ] || set -- 4 6
	for f; do
		chain_fetch down "$f" && chain_fetch up "$f" || return 1
	done
}

# ---- checks ------------------------------------------------------------------

# expect WHAT GOT WANT
expect() {
	[ "$2" = "$3" ] || { echo "$1: $2, expected $3"; return 1; }
}

# reaches WANT COMMAND...: the command's output becomes WANT soon; nothing else may follow
reaches() {
	local want=$1
	shift
	busywait 5000 eval "[ \"\$($*)\" -ge $want ]"
	expect "$*" "$(eval "$*")" "$want"
}

# fresh FILE N SIZE [A B]: N pings of SIZE bytes as cells that were held back on their way from A to
# B (from the client to r1): no host behind it has seen them
fresh() {
	local a=${4:-client} b=${5:-r1} from=client to=$SERVER4
	case " ${CHAIN_NODES[*]} " in *" $b $a "*) from=server to=$INNER4 ;; esac
	netem "$a" "$b" loss 100% &&
		capture "$a" "$b" "$1" "udp and dst port $CHAIN_PORT and src host $(chain_addr "$CHAIN_FAMILY" "$a" "$b")" || return 1
	on "$from" ping -q -c "$2" -i 0.002 -W 1 -s "$3" "$to" >/dev/null
	capture_stop "$a" "$b" || return 1
	netem "$a" "$b" off
}
