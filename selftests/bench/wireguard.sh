# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tcp.sh and roles.sh: WireGuard tunnels in a row of hosts.
#
#	client -- r1 -- ... -- rN -- server
#
# chained: one tunnel per wire; each relay opens, routes and seals again. It hides nothing from a relay.
# nested: the client has a tunnel to every relay, each inside the one before; each relay opens one.
# That is what onion layers are, and what three hops of ours replace.

# wg_keys NAME...: a key pair for each
wg_keys() {
	local k
	for k; do
		(umask 077 && wg genkey >"$LIB_TMP/$k.key") && wg pubkey <"$LIB_TMP/$k.key" >"$LIB_TMP/$k.pub" || return 1
	done
}

# wg_end HOST DEVICE PORT KEY PEER ADDRESS ENDPOINT ALLOWED [MTU]: one end of a tunnel
wg_end() {
	on "$1" ip link add "$2" mtu "${9:-1420}" type wireguard &&
		on "$1" wg set "$2" listen-port "$3" private-key "$LIB_TMP/$4.key" \
			peer "$(cat "$LIB_TMP/$5.pub")" allowed-ips "$8" endpoint "$7" &&
		on "$1" ip addr add "$6/24" dev "$2" && on "$1" ip link set "$2" up
}

# wg_hosts N: hosts and wires
wg_hosts() {
	local i prev=client
	modprobe wireguard && setup_ns client server || return 1
	for i in $(seq "$1"); do
		setup_ns "r$i" && wire "$prev" "r$i" && forwarding "r$i" || return 1
		prev=r$i
	done
	wire "$prev" server || return 1
	SERVER4=$(addr4 server "$prev")
}

# wg_chain N: tunnels from host to host
wg_chain() {
	local hops=$1 i a b
	wg_hosts "$hops" || return 1
	for i in $(seq "$hops"); do
		a=r$((i - 1)) b=r$i
		[ "$i" -gt 1 ] || a=client
		wg_keys "$a-$i" "$b-$i" &&
			wg_end "$a" "wg$i" $((5000 + i)) "$a-$i" "$b-$i" "10.77.$i.1" "$(addr4 "$b" "$a"):$((5000 + i))" 0.0.0.0/0 &&
			wg_end "$b" "wg$i" $((5000 + i)) "$b-$i" "$a-$i" "10.77.$i.2" "$(addr4 "$a" "$b"):$((5000 + i))" 0.0.0.0/0 ||
			return 1
	done
	on client ip route add "$SERVER4" dev wg1 || return 1
	for ((i = 1; i < hops; i++)); do on "r$i" ip route add "$SERVER4" dev "wg$((i + 1))" || return 1; done
	for ((i = 2; i <= hops; i++)); do on "r$i" ip route add 10.77.1.0/24 dev "wg$i" || return 1; done
	on server ip route add 10.77.1.0/24 via "$(addr4 "r$hops" server)"
}

wireguard_chained() { wg_chain "$1" && server_up && both "wireguard$1-chained"; }

wireguard_nested() {
	local hops=$1 i r prev=client
	wg_hosts "$hops" || return 1
	for i in $(seq "$hops"); do
		r=r$i
		wg_keys "client-$i" "$r-$i" || return 1
		# The outer tunnel carries the inner one's datagrams to the next relay's address on its wire;
		# the relay answers to where the client's datagrams come from: its address in the outer tunnel.
		from=$(addr4 client r1)
		[ "$i" = 1 ] || from=10.77.$((i - 1)).1
		wg_end client "wg$i" $((5000 + i)) "client-$i" "$r-$i" "10.77.$i.1" "$(addr4 "$r" "$prev"):$((5000 + i))" \
			0.0.0.0/0 $((1500 - 80 * i)) &&
			wg_end "$r" "wg$i" $((5000 + i)) "$r-$i" "client-$i" "10.77.$i.2" "$from:$((5000 + i))" \
				"10.77.$i.1/32" $((1500 - 80 * i)) || return 1
		[ "$i" = 1 ] ||
			{ on client ip route add "$(addr4 "$r" "$prev")" dev "wg$((i - 1))" &&
				on "$r" ip route add "10.77.$((i - 1)).0/24" via "$(addr4 "$prev" "$r")"; } || return 1
		prev=$r
	done
	server_up && on client ip route add "$SERVER4" dev "wg$hops" &&
		on server ip route add "10.77.$hops.0/24" via "$(addr4 "r$hops" server)" || return 1
	both "wireguard$hops-nested"
}
