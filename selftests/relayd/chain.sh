#!/bin/bash
# SPDX-License-Identifier: MIT
# relayd on three relays and a client: a circuit that nobody typed in carries
# ping and a file, ends everywhere when the client ends it, and leaves nothing.
# shellcheck disable=SC2317  # functions run through ktap_test
here=$(dirname "$0")
# shellcheck source=selftests/lib.sh
. "$here/../lib.sh"
# shellcheck source=selftests/net/chain.sh
. "$here/../net/chain.sh"
# shellcheck source=selftests/relayd/daemons.sh
. "$here/daemons.sh"

FILE_MB=${FILE_MB:-2}

fetch() {
	on client curl -sS --max-time 120 -o "$LIB_TMP/got" "http://$1:8000/file" &&
		cmp "$LIB_TMP/web/file" "$LIB_TMP/got"
}
serving() { on server curl -sf -o /dev/null --max-time 2 -r 0-0 "http://$1:8000/file"; }

hosts() { chain_hosts 3 "${FAMILY:-4}" && daemons_config; }
up() { ctl client up "$(chain_path)" wait 30s || { daemon_logs; chain_drops; return 1; }; }
circuits_of() { on "$1" relayctl -j circuit show | jq '.circuits | length'; }
no_circuits() {
	local h
	for h in "${CHAIN_NODES[@]}"; do
		[ "$(circuits_of "$h")" = 0 ] || return 1
	done
}
one_circuit_each() {
	local h
	for h in "${CHAIN_NODES[@]}"; do
		[ "$(circuits_of "$h")" = 1 ] || { echo "$h has $(circuits_of "$h")"; return 1; }
	done
}

ktap_start
need relayctl relayd jq curl busybox
ktap_test "keys and configurations" hosts || ktap_finish
ktap_test "a daemon on every host" daemons_start || ktap_finish
ktap_test "up: three relays, hop by hop" up || ktap_finish
ktap_test "every host has one circuit" one_circuit_each
ktap_test "IPv4 ping" on client ping -c 3 -i 0.2 -w 10 "$SERVER4"
ktap_test "IPv6 ping" on client ping -c 3 -i 0.2 -w 10 "$SERVER6"
mkdir "$LIB_TMP/web" && head -c "${FILE_MB}M" /dev/urandom >"$LIB_TMP/web/file"
bg on server busybox httpd -f -p "[::]:8000" -h "$LIB_TMP/web"
busywait 20000 serving "[$SERVER6]"
ktap_test "a file of $FILE_MB MiB over IPv4" fetch "$SERVER4"
ktap_test "a file of $FILE_MB MiB over IPv6" fetch "[$SERVER6]"
ktap_test "every host's counters are conserved" chain_conserved
ktap_test "down" ctl client down
ktap_test "DESTROY reaches every relay" busywait 5000 no_circuits
ktap_finish
