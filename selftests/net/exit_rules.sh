#!/bin/bash
# SPDX-License-Identifier: MIT
# The exit's ruleset against real packets: what goes out and as whom, D11 (every kind of address
# that is not public, mail, spoofed and unsolicited packets), limits, free circuits. The device of
# the tunnel is a plain wire here: the ruleset sees a device's name either way.
here=$(dirname "$0")
. "$here/../lib.sh"
# `on` enters a host by nsenter, which keeps the PATH of this shell.
PATH=$(cd "$here/../../build/bin" && pwd):$PATH

PUBLIC4=8.8.8.8 PUBLIC6=2a00:8::8 MARKET4=9.9.9.9 MARKET6=2620:fe::fe OWN4=1.5.5.5
DEFAULT=(rule "reject tcp any 25" rule "reject udp any 25" rule "accept any any any")

# Every kind that the ruleset refuses: counter and addresses.
declare -A BOGONS=(
	[this_host]="0.1.2.3"
	[private]="10.1.1.1 172.16.1.1 172.31.255.1 192.168.1.1 fd99::1 fc00::9 fec0::1"
	[cgn]="100.64.1.1 100.127.255.1"
	[link_local]="169.254.169.254"
	[embedded]="64:ff9b::a00:1 64:ff9b:1::1 2002:a00:1::1 2001::1"
	[reserved]="192.0.2.1 198.18.1.1 198.51.100.1 203.0.113.1 192.88.99.1 240.0.0.1 2001:db8::1 3fff::1 4000::1 5f00::1 8000::1 100::1"
)

counter() { # NAME: packets
	on exit nft -j list counter inet cellrelay_exit "$1" | jq '.nftables[] | .counter? // empty | .packets'
}

# counts NAME COMMAND...: the command makes the counter grow
counts() {
	local name=$1 before
	before=$(counter "$name")
	shift
	"$@" >/dev/null 2>&1
	busywait 3000 eval "[ \"\$(counter $name)\" -gt $before ]" || { echo "$name is still $before after: $*"; return 1; }
}

reach() { on client ping -q -c 1 -W "${3:-3}" -I "${2:-$CLIENT}" "$1"; }
reach4() { CLIENT=10.64.0.2 reach "$@"; }
reach6() { CLIENT=fd64::2 reach "$@"; }
any_reach() { if [[ $1 == *:* ]]; then reach6 "$@"; else reach4 "$@"; fi; }
tcp() { on client nc -z -w 3 -s "$1" "$2" "$3"; }
load() { on exit cr-rules load exit to-client 10.64.0.0/16 fd64::/48 "$@"; }
mac() { on "$1" ip -j link show dev "$2" | jq -r '.[0].address'; }
udp_to() { on client udpsend -s "$1" "$2" "$3"; }

# seen_as SOURCE COMMAND...: the server sees what the command sends, and from this address
seen_as() {
	local family=ip source=$1
	shift
	[[ $source == *:* ]] && family=ip6
	on server nft "flush ruleset; table inet seen { chain c { type filter hook input priority -10; $family saddr $source counter; }; }" || return 1
	"$@" >/dev/null 2>&1
	busywait 3000 eval "[ \"\$(on server nft -j list ruleset | jq '[.nftables[].rule?.expr[]? | .counter?.packets? // empty] | add')\" -gt 0 ]" ||
		{ echo "nothing from $source after: $*"; return 1; }
}

setup() {
	setup_ns client exit server || return 1
	wire client exit && wire exit server && forwarding exit || return 1
	local e4 e6 s4 s6 a
	e4=$(addr4 exit client) e6=$(addr6 exit client) s4=$(addr4 server exit) s6=$(addr6 server exit)
	for a in 2 3 5 6; do
		on client ip addr add "10.64.0.$a/32" dev to-exit && on client ip addr add "fd64::$a/128" dev to-exit nodad || return 1
	done
	on client ip addr add 10.99.0.1/32 dev to-exit
	on client ip route add default via "$e4" && on client ip -6 route add default via "$e6" || return 1
	on exit ip route add default via "$s4" && on exit ip -6 route add default via "$s6" || return 1
	on exit ip route add 10.64.0.0/16 via "$(addr4 client exit)" && on exit ip -6 route add fd64::/48 via "$(addr6 client exit)" || return 1
	# the tunnel's device has no neighbours to solicit; this wire has
	on exit ip -6 neigh replace "$(addr6 client exit)" lladdr "$(mac client to-exit)" dev to-client nud permanent
	on client ip -6 neigh replace "$e6" lladdr "$(mac exit to-client)" dev to-exit nud permanent
	on exit ip addr add $OWN4/32 dev lo && on server ip route add $OWN4/32 via "$(addr4 exit server)" || return 1
	for a in $PUBLIC4 $MARKET4; do on server ip addr add "$a/32" dev lo || return 1; done
	for a in $PUBLIC6 $MARKET6; do on server ip addr add "$a/128" dev lo nodad || return 1; done
	# for the control: answers find the way back
	on server ip route add 10.64.0.0/16 via "$(addr4 exit server)" && on server ip -6 route add fd64::/48 via "$(addr6 exit server)"
}

# answered ADDRESS...: those that answer a ping, all asked at once
answered() {
	local a pids=()
	for a; do
		{ any_reach "$a" '' "${WAIT:-2}" >/dev/null 2>&1 && echo "$a"; } &
		pids+=($!)
	done
	wait "${pids[@]}"
}

# Without rules the exit would carry all of these: else the test would show nothing.
control() {
	local kind a n
	# shellcheck disable=SC2048
	for a in ${BOGONS[*]}; do
		if [[ $a == *:* ]]; then echo "addr add $a/128 dev lo nodad"; else echo "addr add $a/32 dev lo"; fi
	done >"$LIB_TMP/addresses"
	on server ip -force -batch "$LIB_TMP/addresses" 2>/dev/null
	# shellcheck disable=SC2048,SC2086
	WAIT=10 answered ${BOGONS[*]} >"$LIB_TMP/answered"
	n=$(wc -l <"$LIB_TMP/answered")
	echo "$n of $(wc -l <"$LIB_TMP/addresses") answer:" && cat "$LIB_TMP/answered"
	[ "$n" -ge 20 ]
}

d11() { # KIND
	local a before wanted=0 got
	before=$(counter "deny_$1")
	for a in ${BOGONS[$1]}; do
		# the kernel itself routes none of 0.0.0.0/8
		if on exit ip route get "$a" >/dev/null 2>&1; then wanted=$((wanted + 1)); else echo "not routed anyway: $a"; fi
	done
	# shellcheck disable=SC2086
	got=$(answered ${BOGONS[$1]})
	[ -z "$got" ] || { echo "reached: $got"; return 1; }
	got=$(($(counter "deny_$1") - before))
	[ "$got" -ge "$wanted" ] || { echo "deny_$1 counted $got of $wanted"; return 1; }
}

public() { reach4 $PUBLIC4 && reach6 $PUBLIC6; }
mail() {
	bg on server nc -lk -s $PUBLIC4 -p 25
	busywait 5000 listening server tcp 25 || return 1
	tcp 10.64.0.2 $PUBLIC4 25 && { echo 'port 25 was reached'; return 1; }
	counts rule_0 tcp 10.64.0.2 $PUBLIC4 25 && counts rule_1 udp_to 10.64.0.2 $PUBLIC4 25
}
web() {
	bg on server nc -lk -s $PUBLIC4 -p 443
	busywait 5000 listening server tcp 443 || return 1
	tcp 10.64.0.2 $PUBLIC4 443 && [ "$(counter rule_2)" -gt 0 ]
}
spoofed() {
	counts spoofed on client udpsend -s 10.99.0.1 $PUBLIC4 53 && ! on client ping -q -c 1 -W 1 -I 10.99.0.1 $PUBLIC4 >/dev/null
}
# D11's home network: the exit's own host and what is next to it
to_host() {
	counts to_host on client ping -q -c 1 -W 1 -I 10.64.0.2 "$(addr4 exit client)" &&
		counts to_host udp_to 10.64.0.2 "$(addr4 exit server)" 22 &&
		counts to_host udp_to 10.64.0.2 $OWN4 53 && counts to_host udp_to fd64::2 "$(addr6 exit client)" 53 &&
		counts deny_private udp_to 10.64.0.2 "$(addr4 server exit)" 80
}
unsolicited() {
	counts unsolicited on server ping -q -c 1 -W 1 10.64.0.2 && counts unsolicited on server ping -q -c 1 -W 1 fd64::2 &&
		! on server ping -q -c 1 -W 1 10.64.0.2 >/dev/null
}
between() { counts between_clients on client udpsend -s 10.64.0.2 10.64.0.77 53; }
protocols() {
	counts protocol on client udpsend -s 10.64.0.2 -P 47 $PUBLIC4 1 && counts protocol on client udpsend -s fd64::2 -P 132 $PUBLIC6 1
}
masquerade() {
	seen_as "$(addr4 exit server)" udp_to 10.64.0.2 $PUBLIC4 53 && seen_as "$(addr6 exit server)" udp_to fd64::2 $PUBLIC6 53
}
own_source() {
	load "${DEFAULT[@]}" source 10.64.0.5 $OWN4 || return 1
	seen_as $OWN4 udp_to 10.64.0.5 $PUBLIC4 54 && seen_as "$(addr4 exit server)" udp_to 10.64.0.2 $PUBLIC4 54 &&
		on exit cr-rules load exit-source add 10.64.0.3 $OWN4 && seen_as $OWN4 udp_to 10.64.0.3 $PUBLIC4 55 &&
		on exit cr-rules load exit-source delete 10.64.0.3 $OWN4 && seen_as "$(addr4 exit server)" udp_to 10.64.0.3 $PUBLIC4 56
}
limits() {
	local i
	load "${DEFAULT[@]}" each 3 || return 1
	for i in 1 2 3; do udp_to 10.64.0.6 $PUBLIC4 $((7000 + i)) || return 1; done
	counts flows_one udp_to 10.64.0.6 $PUBLIC4 7004 && reach4 $PUBLIC4 10.64.0.3 && reach6 $PUBLIC6 || return 1
	load "${DEFAULT[@]}" flows 1 || return 1
	counts flows_all eval 'for i in 1 2 3 4; do udp_to 10.64.0.3 $PUBLIC4 $((7100 + i)); done'
}
free_circuits() {
	bg on server nc -lk -s $MARKET4 -p 443
	busywait 5000 eval 'on server ss -Hlnt | grep -q "$MARKET4:443"' || return 1
	load "${DEFAULT[@]}" dns market $MARKET4:443 market "[$MARKET6]:443" free 10.64.0.3 || return 1
	tcp 10.64.0.3 $MARKET4 443 || { echo 'the market is out of reach'; return 1; }
	counts free_elsewhere tcp 10.64.0.3 $PUBLIC4 443 && counts free_elsewhere udp_to 10.64.0.3 $MARKET4 443 &&
		counts free_elsewhere udp_to 10.64.0.3 "$(addr4 exit client)" 53 && tcp 10.64.0.2 $PUBLIC4 443
}
dns() {
	load "${DEFAULT[@]}" dns || return 1
	counts dns udp_to 10.64.0.2 "$(addr4 exit client)" 53 && counts dns udp_to fd64::2 "$(addr6 exit client)" 53 &&
		counts to_host udp_to 10.64.0.2 "$(addr4 exit client)" 54
}
nothing_carried() {
	load || return 1
	counts policy_rest udp_to 10.64.0.2 $PUBLIC4 443 && ! reach4 $PUBLIC4 '' 1 >/dev/null
}
private_network() {
	load "${DEFAULT[@]}" private || return 1
	any_reach 10.1.1.1 >/dev/null && any_reach fd99::1 >/dev/null || { echo 'a community exit does not carry its own network'; return 1; }
	counts deny_link_local reach4 169.254.169.254 '' 1 && counts deny_embedded reach6 64:ff9b::a00:1 '' 1
}
# Policies are replaced while packets pass: none is lost, and none slips by without a rule
replaced() {
	load "${DEFAULT[@]}" || return 1
	bg on client ping -q -i 0.02 -c 200 -W 3 -I 10.64.0.2 $PUBLIC4
	local good=$! i
	bg on client ping -q -i 0.02 -c 200 -W 1 -I 10.64.0.2 10.1.1.1
	local bad=$!
	for i in $(seq 20); do load "${DEFAULT[@]}" each "$((100 + i))" || return 1; done
	wait $good
	wait $bad
	cat "$(bg_log $good)" "$(bg_log $bad)"
	grep -q ' 0% packet loss' "$(bg_log $good)" && grep -q ' 0 received' "$(bg_log $bad)"
}
removed() {
	on exit cr-rules load exit-remove && on exit cr-rules load exit-remove && [ -z "$(on exit nft list tables)" ]
}

ktap_start
need nft jq nc ping cr-rules udpsend
setup || { ktap_fail "set-up"; ktap_finish; }
ktap_test "control: without rules everything is carried" control
ktap_test "the ruleset loads" load "${DEFAULT[@]}"
ktap_test "public addresses are reached" public
ktap_test "D11: mail is refused, and counted by its rule" mail
ktap_test "the rule that accepts counts" web
for kind in "${!BOGONS[@]}"; do ktap_test "D11: ${kind//_/ } addresses are refused and counted" d11 "$kind"; done
ktap_test "D11: spoofed inner addresses are dropped" spoofed
ktap_test "D11: the exit's own host and its network are out of reach" to_host
ktap_test "D11: nothing unsolicited reaches a client" unsolicited
ktap_test "clients do not reach each other" between
ktap_test "protocols that NAT cannot tell apart are refused" protocols
ktap_test "masquerade, IPv4 and IPv6" masquerade
ktap_test "a circuit with a source address of its own" own_source
ktap_test "limits of flows, each and all" limits
ktap_test "free circuits reach the market only" free_circuits
ktap_test "DNS at the exit, when wanted" dns
ktap_test "no policy, nothing carried" nothing_carried
ktap_test "a network with private addresses" private_network
ktap_test "policies are replaced under traffic" replaced
ktap_test "removed without a trace, twice" removed
ktap_finish
