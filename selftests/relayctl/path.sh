# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# Sourced behind lib.sh by the tests here: relayctl, and a client with two relays.

R=$(cd "$(dirname "$0")/../../build/bin" && pwd)/relayctl

# ctl HOST WORD...: relayctl in a host.
ctl() {
	local h=$1
	shift
	"$R" -n "$(ns_name "$h")" "$@"
}

# make_path [KEYGEN_ARGUMENT...]: hosts client, relay, exit and server; circuit 1 from
# client by relay to exit, the client's address inside 10.9.0.1 and fd09::1.
make_path() {
	setup_ns client relay exit server || return 1
	wire client relay && wire relay exit && wire exit server || return 1
	forwarding exit || return 1
	on server ip route add 10.9.0.0/16 via "$(addr4 exit server)" &&
		on server ip -6 route add fd09::/64 via "$(addr6 exit server)" || return 1
	"$R" circuit keygen "$LIB_TMP/path" \
		wire "$(addr4 client relay):4000,$(addr4 relay client):4000" \
		wire "$(addr4 relay exit):4000,$(addr4 exit relay):4000" \
		dev cell0 inner4 10.9.0.1 inner6 fd09::1 "$@" || return 1
	bring_up
}

# What a host is in the files of keygen.
declare -A NODE=([client]=0 [relay]=1 [exit]=2)

bring_up() {
	local h
	for h in client relay exit; do
		(umask 077 && ctl "$h" ns idx-key >"$LIB_TMP/path/node${NODE[$h]}.idx") || return 1
	done
	for h in client relay exit; do
		ctl "$h" -b "$LIB_TMP/path/node${NODE[$h]}.batch" || return 1
	done
	on client ip addr add 10.9.0.1/32 dev cell0 && on client ip addr add fd09::1/128 dev cell0 nodad &&
		on client ip link set cell0 up && on exit ip link set cell0 up || return 1
	on client ip route add "$(addr4 server exit)/32" dev cell0 src 10.9.0.1 &&
		on client ip -6 route add "$(addr6 server exit)/128" dev cell0 src fd09::1 || return 1
	on exit ip route add 10.9.0.0/16 dev cell0 && on exit ip -6 route add fd09::/64 dev cell0
}

# field HOST JQ_EXPRESSION WORD...: one value of a JSON answer.
field() {
	local h=$1 e=$2
	shift 2
	ctl "$h" -j "$@" | jq -r "$e"
}

# at_rest: nothing is under way in any host that carries cells, and counts stand still.
at_rest() {
	local h a b
	for h in client relay exit; do
		[ "$(field "$h" .stats.under_way stats)" = 0 ] || return 1
	done
	a=$("$R" -j map totals)
	sleep 0.2
	b=$("$R" -j map totals)
	[ "$a" = "$b" ]
}
