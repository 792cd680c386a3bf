#!/bin/bash
# SPDX-License-Identifier: MIT
# A client that has nothing but a signed directory comes online with one command: it chooses relays,
# everything goes through them and nothing past them, before, during and after, also when daemons die; flows
# live on when a middle relay is lost and end at once when the exit is; down leaves no trace.
# shellcheck disable=SC2317  # functions run through ktap_test
here=$(dirname "$0")
# shellcheck source=selftests/lib.sh
. "$here/../lib.sh"
# shellcheck source=selftests/net/chain.sh
. "$here/../net/chain.sh"
# shellcheck source=selftests/relayd/daemons.sh
. "$here/daemons.sh"
# shellcheck source=selftests/relayd/network.sh
. "$here/network.sh"

export CLIENT_CONF="dns = 198.51.100.53
spares = 1"
FILE_MB=${FILE_MB:-1}

# What of the client's network must come back: sorted, without what counts.
trace() {
	on client ip rule
	on client ip -6 rule
	on client ip route show table all | sort
	on client ip -6 route show table all | sort
	on client ip -br addr
	on client nft list ruleset
	on client sysctl net.ipv4.conf.all.src_valid_mark
	cat "$LIB_TMP/resolv.conf"
}
# leaked FILE [SECONDS]: fails with what left the client on its wire, since then, and was neither for the guard nor for a neighbour
leaked() {
	local other
	other=$(tcpdump -ttnr "$1" "ether src $(client_mac) and not arp and not (icmp6 and ip6[6] == 58 and ip6[40] >= 130 and ip6[40] <= 136) and not ip6 proto 0
		and not (udp and dst port $NETWORK_PORT and dst host $(addr4 r1 net))" 2>/dev/null | awk -v since="${2:-0}" '$1 >= since')
	[ -z "$other" ] || { echo "leaked:"; echo "$other" | head; return 1; }
}
client_mac() { on client ip -j link show dev to-net | jq -r '.[0].address'; }
to_guard() { tcpdump -nr "$1" "ether src $(client_mac) and udp and dst port $NETWORK_PORT and dst host $(addr4 r1 net)" 2>/dev/null | wc -l; }

# when the first packet for the guard left
first_to_guard() { tcpdump -ttnr "$1" "ether src $(client_mac) and udp and dst port $NETWORK_PORT and dst host $(addr4 r1 net)" 2>/dev/null | awk 'NR == 1 { print $1 }'; }

# what any program would send at any time
chatter() {
	local i
	for ((i = 0; i < ${1:-1000000}; i++)); do
		ping -q -c 1 -W 1 "$SERVER4" >/dev/null 2>&1
		ping -q -c 1 -W 1 "$SERVER6" >/dev/null 2>&1
		# shellcheck disable=SC2016  # the other shell's
		bash -c 'echo x >"/dev/udp/$1/53"; echo x >"/dev/udp/$2/53"' - "$SERVER4" "$(addr4 net client)" 2>/dev/null
		sleep 0.2
	done
}

fetch() {
	on client curl -sS --max-time 240 -o "$LIB_TMP/got" "http://$1:8000/file" && cmp "$LIB_TMP/web/file" "$LIB_TMP/got" ||
		{ daemon_logs; ctl client status; on client ip route get "$SERVER4"; return 1; }
}
serving() { on server curl -sf -o /dev/null --max-time 2 -r 0-0 "http://$1:8000/file"; }
no_tunnel() { [ "$(daemon_status client '.tunnels | length')" = 0 ]; }
path_of_active() { daemon_status client '[.tunnels[] | select(.active)][0].path | join(" ")'; }
tunnels_are() { [ "$(daemon_status client '[.tunnels[] | select(.step == "ready")] | length')" = "$1" ]; }

before() {
	echo "nameserver 192.0.2.1" >"$LIB_TMP/resolv.conf"
	# strict: cells of the guard must pass nevertheless
	on client sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.to-net.rp_filter=1
	trace >"$LIB_TMP/before"
	on client curl -sS --max-time 20 -o /dev/null "http://$SERVER4:8000/file"
}

# ---- up

up() {
	# programs send all the time: directly, then not at all, then through the tunnel
	capture client net "$LIB_TMP/up.pcap" || return 1
	bg on client bash -c "$(declare -f chatter); SERVER4=$SERVER4; SERVER6=$SERVER6; addr4() { echo $(addr4 net client); }; chatter"
	CHATTER=$!
	busywait 15000 eval '! leaked "$LIB_TMP/up.pcap" >/dev/null' || { echo "nothing leaves even now"; return 1; }
	ctl client up wait 60s || { daemon_logs; ctl client status; return 1; }
	tunnels=$(path_of_active)
	echo "$tunnels"
	[ "$(wc -w <<<"$tunnels")" = 3 ] && [ "${tunnels%% *}" = "$(name_of r1)" ]
}
count_of() { ctl "$1" metrics | awk -v name="cellrelay_$2" '$1 == name { print $2 }'; }
counted() { [ "$(count_of "$1" "$2")" -ge "$3" ]; }
in_order() {
	# what is there now: device, addresses, rules, table, firewall, name servers
	on client ip addr show dev cell0 | grep -q "inet 10.99" &&
		on client ip rule | grep -q "not from all fwmark 0xce11" &&
		on client nft list table inet cellrelay_client >/dev/null &&
		counted client tunnels_built_total 1 && counted r1 creates_total 1 && counted client snapshot_number 1 &&
		grep -qx "nameserver 198.51.100.53" "$LIB_TMP/resolv.conf" &&
		on client ip route get "$SERVER4" | grep -q "dev cell0"
}
seen_at_server() {
	capture server net "$LIB_TMP/server.pcap" tcp port 8000 || return 1
	fetch "$SERVER4" || return 1
	capture_stop server net
	# masqueraded: the server sees the exit, and nobody else
	tcpdump -nr "$LIB_TMP/server.pcap" "dst host $SERVER4" 2>/dev/null | awk '{ print $3 }' | sed 's/\.[0-9]*$//' | sort -u >"$LIB_TMP/sources"
	cat "$LIB_TMP/sources"
	[ "$(cat "$LIB_TMP/sources")" = "$(addr4 "${NETWORK_RELAYS[-1]}" net)" ]
}
nothing_past() {
	local since
	capture_stop client net || return 1
	since=$(first_to_guard "$LIB_TMP/up.pcap")
	# the capture does see what leaks: before the firewall things went past
	! leaked "$LIB_TMP/up.pcap" >/dev/null || { echo "nothing was sent before"; return 1; }
	leaked "$LIB_TMP/up.pcap" "$since" && [ "$(to_guard "$LIB_TMP/up.pcap")" -gt 20 ]
}
refused_private() {
	# the exit's own host is out of reach, whoever asks through it; from elsewhere it is not
	local exit=${NETWORK_RELAYS[-1]}
	bg on "$exit" busybox httpd -f -p 8000 -h "$LIB_TMP/web"
	busywait 10000 listening "$exit" tcp 8000
	on server curl -sS --max-time 10 -o /dev/null "http://$(addr4 "$exit" net):8000/file" || return 1
	! on client curl -sS --max-time 5 -o /dev/null "http://$(addr4 "$exit" net):8000/file"
}

# ---- the daemon dies

killed() {
	capture client net "$LIB_TMP/killed.pcap" || return 1
	stop "${DAEMON_PID[client]}" KILL
	# the kernel goes on without it, and so does the firewall
	fetch "$SERVER4" || return 1
	# and where the kernel's circuits go, too, nothing passes
	local id
	for id in $(on client relayctl -j circuit show | jq '.circuits[].id'); do
		on client relayctl circuit del "$id" || return 1
	done
	! on client curl -sS --max-time 3 -o /dev/null "http://$SERVER4:8000/file" || { echo "it passed"; return 1; }
	on client ip link del cell0
	! on client curl -sS --max-time 3 -o /dev/null "http://$SERVER4:8000/file" || { echo "it passed without a device"; return 1; }
	capture_stop client net && leaked "$LIB_TMP/killed.pcap"
}
back() {
	capture client net "$LIB_TMP/back.pcap" || return 1
	daemon_start client || return 1
	busywait 30000 tunnels_are 2 || { daemon_logs; return 1; }
	fetch "$SERVER4" && capture_stop client net && leaked "$LIB_TMP/back.pcap"
}

# ---- relays die

# slow_page: what the server answers with to /cgi-bin/slow?NAME: the file, little by little, and its rest as soon as there is a file NAME; so a
# download lasts for as long as a test needs it. (curl's own limit is none where data comes in bursts.)
slow_page() {
	mkdir -p "$LIB_TMP/web/cgi-bin" || return 1
	cat >"$LIB_TMP/web/cgi-bin/slow" <<-E
	#!/bin/sh
	size=\$(stat -c %s "$LIB_TMP/web/file")
	printf 'Content-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n' "\$size"
	i=0
	until [ -e "$LIB_TMP/\$QUERY_STRING" ] || [ "\$i" -ge \$((size / 1024)) ]; do
		dd if="$LIB_TMP/web/file" bs=1024 skip="\$i" count=1 2>/dev/null || exit 1
		i=\$((i + 1))
		sleep 0.2
	done
	exec dd if="$LIB_TMP/web/file" bs=1024 skip="\$i" 2>/dev/null
	E
	chmod +x "$LIB_TMP/web/cgi-bin/slow"
}
# slow_flow: a download that goes on until flow_ends
slow_flow() {
	ENOUGH=enough.$((++FLOWS))
	rm -f "$LIB_TMP/slow"
	bg on client curl -sS -N --max-time 240 -o "$LIB_TMP/slow" "http://$SERVER4:8000/cgi-bin/slow?$ENOUGH"
	FLOW=$!
	busywait 20000 test -s "$LIB_TMP/slow" && return
	echo "the download does not begin:"
	cat "$(bg_log "$FLOW")"
	return 1
}
FLOWS=0
# flow_ends: the rest comes, and the file is whole
flow_ends() {
	local status
	touch "$LIB_TMP/$ENOUGH"
	wait "$FLOW"
	status=$?
	[ "$status" = 0 ] && cmp "$LIB_TMP/web/file" "$LIB_TMP/slow" && return
	echo "curl $status:"
	cat "$(bg_log "$FLOW")"
	return 1
}
# flow_goes_on: it has not ended, neither well nor badly
flow_goes_on() {
	kill -0 "$FLOW" 2>/dev/null && return
	wait "$FLOW"
	echo "the download ended, curl $?, $(stat -c %s "$LIB_TMP/slow") bytes:"
	cat "$(bg_log "$FLOW")"
	return 1
}
# flow_address: the inner address that it began with
flow_address() { on client ss -Htn state established dst "$SERVER4" dport = :8000 | awk '{ sub(/:[0-9]*$/, "", $3); print $3; exit }'; }
host_of() {
	local h
	for h in "${NETWORK_RELAYS[@]}"; do
		[ "$(name_of "$h")" != "$1" ] || { echo "$h"; return; }
	done
}
# the circuit with the address $1 does not go through relay $2
moved_from() { [ "$(daemon_status client "[.tunnels[] | select(.inner4 == \"$1\" and .step == \"ready\" and (.path | index(\"$2\") | not))] | length")" = 1 ]; }
# middle_dies [COMMAND...]: with a flow under way, after COMMAND; ends the flow
middle_dies() {
	local path was now moves
	busywait 30000 tunnels_are 2 || { daemon_logs; return 1; }
	slow_flow || return 1
	was=$(flow_address)
	[ "$#" = 0 ] || "$@" || return 1
	path=$(daemon_status client "[.tunnels[] | select(.inner4 == \"$was\")][0].path | join(\" \")")
	DEAD=$(host_of "$(cut -d' ' -f2 <<<"$path")")
	[ -n "$was" ] && [ -n "$DEAD" ] || { ctl client status; return 1; }
	moves=$(count_of "${NETWORK_RELAYS[-1]}" attaches_moved_total)
	on "$DEAD" ip link set to-net down
	busywait 30000 moved_from "$was" "$(name_of "$DEAD")" || { echo "still by $DEAD"; ctl client status; daemon_logs; return 1; }
	now=$(on client ip -br addr show dev cell0)
	echo "path $path, $DEAD dead, address $was, now $now"
	grep -q " $was/32" <<<"$now" && flow_goes_on && flow_ends || { daemon_logs; ctl client status; return 1; }
	# not a new address that happens to be the same: the exit moved it
	counted "${NETWORK_RELAYS[-1]}" attaches_moved_total $((moves + 1))
}
client_restarts() {
	stop "${DAEMON_PID[client]}" KILL
	daemon_start client && busywait 30000 tunnels_are 2 || { daemon_logs; return 1; }
}
online_again() { busywait 60000 tunnels_are 2 && fetch "$SERVER4" || { daemon_logs; ctl client status; return 1; }; }
revive() { on "$1" ip link set to-net up && on "$1" ip route replace default via "$(addr4 net "$1")"; }
middle_back() { revive "$DEAD" && online_again; }
exit_dies() {
	local from took
	slow_flow || return 1
	from=${EPOCHREALTIME/[.,]/}
	on "${NETWORK_RELAYS[-1]}" ip link set to-net down
	wait "$FLOW" && { echo "curl ended well"; return 1; }
	took=$(((${EPOCHREALTIME/[.,]/} - from) / 1000))
	cat "$(bg_log "$FLOW")"
	echo "an error after $took ms"
	[ "$took" -lt "${EXIT_MS:-5000}" ] || { daemon_logs; return 1; }
}
exit_back() { revive "${NETWORK_RELAYS[-1]}" && online_again; }

# ---- down

down() {
	stop "$CHATTER" KILL
	ctl client down || return 1
	trace >"$LIB_TMP/after"
	diff -u "$LIB_TMP/before" "$LIB_TMP/after" && no_tunnel || { daemon_logs; return 1; }
	[ ! -e "$(daemon_dir client)/state/resolv.conf.before" ] && [ ! -e "$(daemon_dir client)/online" ] && [ ! -e "$(daemon_dir client)/online.sessions" ]
}
after() { on client curl -sS --max-time 20 -o /dev/null "http://$SERVER4:8000/file"; }

# ---- circuits grow old

# fresh_than ADDRESS: new flows take a circuit that has another
fresh_than() {
	local now
	now=$(daemon_status client '[.tunnels[] | select(.active)][0].inner4 // empty')
	[ -n "$now" ] && [ "$now" != "$1" ]
}
rotation() {
	local was last
	stop "${DAEMON_PID[client]}"
	printf '%s\n' "circuit-seconds = 4" "allow = 203.0.113.0/24" >>"$(daemon_dir client)/conf"
	daemon_start client && ctl client up wait 60s || { daemon_logs; return 1; }
	slow_flow || return 1
	was=$(flow_address)
	[ -n "$was" ] || { on client ss -tnp; return 1; }
	# new flows go elsewhere, twice, while this one stays where it is
	busywait 30000 fresh_than "$was" || { ctl client status; return 1; }
	last=$(daemon_status client '[.tunnels[] | select(.active)][0].inner4')
	busywait 30000 fresh_than "$last" || { ctl client status; return 1; }
	flow_goes_on || { daemon_logs; return 1; }
	on client ip -br addr show dev cell0 | grep -q " $was/32" ||
		{ echo "$was is gone"; on client ip -br addr show dev cell0; on client ss -tnp; ctl client status; daemon_logs; return 1; }
	flow_ends || { daemon_logs; return 1; }
	busywait 30000 address_gone "$was" || { ctl client status; return 1; }
}
# what the user named goes past the tunnel, by the old default route, and nothing else does
past() {
	on net ip addr add 203.0.113.7/32 dev lo && on net ip addr add 203.0.114.7/32 dev lo || return 1
	on client ping -c 1 -W 5 203.0.113.7 || return 1
	! on client ping -c 1 -W 2 -I to-net 203.0.114.7 || return 1
	ctl client down
	trace >"$LIB_TMP/after"
	diff -u "$LIB_TMP/before" "$LIB_TMP/after"
}
# several at once: new flows take turns
turns() {
	local was
	stop "${DAEMON_PID[client]}"
	sed -i '/^circuit-seconds/d' "$(daemon_dir client)/conf"
	echo "turn-seconds = 2" >>"$(daemon_dir client)/conf"
	daemon_start client && ctl client up wait 60s && busywait 30000 tunnels_are 2 || { daemon_logs; return 1; }
	was=$(daemon_status client '[.tunnels[] | select(.active)][0].inner4')
	slow_flow && busywait 20000 fresh_than "$was" && fetch "$SERVER4" && busywait 20000 back_at "$was" || { ctl client status; return 1; }
	tunnels_are 2 && flow_goes_on && flow_ends && ctl client down
}
back_at() { ! fresh_than "$1"; }
address_gone() { ! on client ip -br addr show dev cell0 | grep -q " $1/32"; }

# ---- the directory

forged() {
	cp "$LIB_TMP/directory/snapshot" "$LIB_TMP/directory/good"
	# the network's parameters changed by a byte
	printf '\x01' | dd of="$LIB_TMP/directory/snapshot" bs=1 seek=60 conv=notrunc status=none
	refused "is not taken" ctl client reload && mv "$LIB_TMP/directory/good" "$LIB_TMP/directory/snapshot"
}
newer() {
	network_snapshot "$LIB_TMP/directory" 2 "$LIB_TMP/directory/snapshot" && ctl client reload &&
		[ "$(daemon_status client .directory.number)" = 2 ]
}
rolled_back() {
	rm -f "$LIB_TMP/directory/authority.state"
	network_snapshot "$LIB_TMP/directory" 1 "$LIB_TMP/directory/old" && cp "$LIB_TMP/directory/old" "$LIB_TMP/directory/snapshot" || return 1
	refused "older than the one that we have" ctl client reload && [ "$(daemon_status client .directory.number)" = 2 ]
}

ktap_start
need relayctl relayd jq curl busybox nft tcpdump
ktap_test "hosts, a signed directory, configurations" network 4 || ktap_finish
mkdir "$LIB_TMP/web" && head -c "${FILE_MB}M" /dev/urandom >"$LIB_TMP/web/file" && slow_page
bg on server busybox httpd -f -p "[::]:8000" -h "$LIB_TMP/web"
busywait 20000 serving "$SERVER4"
ktap_test "without a tunnel the client reaches the server, as anybody" before || ktap_finish
ktap_test "a daemon on every host, from one directory" daemons_start || ktap_finish
ktap_test "a country that no exit is in: said before anything changes" refused "no path of" ctl client up --exit-country XX
ktap_test "relayctl up: three relays, chosen" up || ktap_finish
ktap_test "device, addresses, rules, firewall and name servers are there" in_order
ktap_test "a file of $FILE_MB MiB; the server sees the exit" seen_at_server
ktap_test "the same over IPv6" fetch "[$SERVER6]"
ktap_test "the exit's own host cannot be reached" refused_private
ktap_test "D20: while coming up and online nothing leaves but to the guard" nothing_past
ktap_test "D20: SIGKILL, circuits and device gone: nothing leaks" killed
ktap_test "D20: the daemon comes back and brings the client online again" back
ktap_test "a middle relay is lost: the flow goes on, with its address" middle_dies
ktap_test "it is there again" middle_back
ktap_test "SIGKILL of the client's daemon, then a middle relay is lost: the flow goes on" middle_dies client_restarts
ktap_test "it is there again, once more" middle_back
ktap_test "the exit is lost: the flow ends with an error within ${EXIT_MS:-5000} ms" exit_dies
ktap_test "it is there again, and so is the client" exit_back
ktap_test "a forged snapshot is refused" forged
ktap_test "a newer one is taken" newer
ktap_test "an older one is refused" rolled_back
ktap_test "down: rules, routes, firewall, addresses, name servers as before" down
ktap_test "the client reaches the server as before" after
ktap_test "circuits grow old: new flows take others, a flow stays until it ends" rotation
ktap_test "what the user named goes past the tunnel; down again leaves nothing" past
ktap_test "two circuits take new flows in turn" turns
ktap_finish
