#!/bin/bash
# SPDX-License-Identifier: MIT
# Snapshots from a URL: a client that has only the authorities' keys gets one by itself and comes online; the next one it asks for
# through the tunnel, and nothing of that goes past it; forged ones change nothing; offline it asks nobody. A relay that
# they list no more serves as a guard that is named by its URI.
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

HTTPS_PORT=8443

# what the fetching process reads, who is nobody; and what the server serves
chmod 711 "$LIB_TMP"
PUBLIC=$LIB_TMP/public
mkdir -m 755 "$PUBLIC" || exit 1

https_server() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=directory -addext "subjectAltName=IP:$SERVER4" \
		-keyout "$LIB_TMP/tls.key" -out "$PUBLIC/ca.pem" 2>"$LIB_TMP/openssl" || { cat "$LIB_TMP/openssl"; return 1; }
	chmod 644 "$PUBLIC/ca.pem"
	mkdir "$PUBLIC/web" && publish "$LIB_TMP/directory/snapshot" || return 1
	bg on server sh -c 'cd "$1" && exec openssl s_server -accept "$2" -cert "$3" -key "$4" -WWW' - "$PUBLIC/web" $HTTPS_PORT \
		"$PUBLIC/ca.pem" "$LIB_TMP/tls.key"
	busywait 20000 on server curl -sf --cacert "$PUBLIC/ca.pem" -o /dev/null "https://$SERVER4:$HTTPS_PORT/snapshot"
}
publish() { cp "$1" "$PUBLIC/web/new" && chmod 644 "$PUBLIC/web/new" && mv "$PUBLIC/web/new" "$PUBLIC/web/snapshot"; }

hosts() {
	local h
	CLIENT_CONF="dns = 198.51.100.53"
	network 3 && echo "nameserver 192.0.2.1" >"$LIB_TMP/resolv.conf" && https_server || return 1
	# the client and one relay get snapshots themselves
	for h in client r2; do
		sed -i "s|^snapshot = .*|snapshot-url = https://$SERVER4:$HTTPS_PORT/snapshot\nsnapshot-ca = $PUBLIC/ca.pem|" "$(daemon_dir "$h")/conf"
	done
}

number_is() { [ "$(daemon_status "$1" .directory.number)" = "$2" ]; }
source_is() { [ "$(daemon_status "$1" .directory.source)" = "https://$SERVER4:$HTTPS_PORT/snapshot" ]; }
took() { [ "$(daemon_status client .directory.fetch.took)" = "$1" ] || { ctl client status; return 1; }; }
trouble() { daemon_logs; ctl client status; return 1; }

first_start() {
	busywait 30000 number_is r2 1 && source_is r2 || return 1
	ctl client up wait 60s || trouble || return 1
	number_is client 1 && source_is client && took direct || return 1
	ctl client status | grep -q "^snapshot 1 of 3 relays, [0-9]* s old, from https://$SERVER4" || trouble
}

# packets of the client to the server by its wire, in FILE
past() { tcpdump -nr "$1" "dst host $SERVER4" 2>/dev/null; }
by_tunnel() {
	network_snapshot "$LIB_TMP/directory" 2 "$LIB_TMP/directory/snapshot" && publish "$LIB_TMP/directory/snapshot" || return 1
	capture client net "$LIB_TMP/client.pcap" && capture server net "$LIB_TMP/server.pcap" tcp port $HTTPS_PORT || return 1
	ctl client reload && busywait 60000 number_is client 2 || trouble || return 1
	capture_stop client net
	capture_stop server net
	took tunnel || return 1
	# the server was asked, by the exit; and nobody was asked past the tunnel
	tcpdump -nr "$LIB_TMP/server.pcap" "dst host $SERVER4" 2>/dev/null | awk '{ print $3 }' | sed 's/\.[0-9]*$//' | sort -u >"$LIB_TMP/sources"
	cat "$LIB_TMP/sources"
	[ "$(cat "$LIB_TMP/sources")" = "$(addr4 r3 net)" ] || return 1
	[ -z "$(past "$LIB_TMP/client.pcap")" ] || { past "$LIB_TMP/client.pcap"; return 1; }
}

failed() { [ "$(daemon_status client .directory.fetch.failures)" -ge 1 ]; }
forged() {
	cp "$LIB_TMP/directory/snapshot" "$LIB_TMP/forged"
	printf '\x01' | dd of="$LIB_TMP/forged" bs=1 seek=60 conv=notrunc status=none
	publish "$LIB_TMP/forged" && ctl client reload && busywait 60000 failed || trouble || return 1
	daemon_status client .directory.fetch.error
	number_is client 2 && [ "$(ctl client metrics | awk '$1 == "cellrelay_snapshots_refused_total" { print $2 }')" -ge 1 ]
}

offline() {
	network_snapshot "$LIB_TMP/directory" 3 "$LIB_TMP/directory/snapshot" && publish "$LIB_TMP/directory/snapshot" &&
		ctl client down || return 1
	capture client net "$LIB_TMP/client.pcap" || return 1
	ctl client reload && ctl r2 reload && busywait 60000 number_is r2 3 || trouble || return 1
	capture_stop client net
	number_is client 2 && [ -z "$(past "$LIB_TMP/client.pcap")" ]
}
# the user allows it
allowed() {
	stop "${DAEMON_PID[client]}"
	echo "direct-fetch = yes" >>"$(daemon_dir client)/conf"
	daemon_start client && ctl client reload && busywait 60000 number_is client 3 || trouble
}

# the only entry leaves the directory
all_have() {
	local h
	for h in client "${NETWORK_RELAYS[@]}"; do number_is "$h" "$1" || return 1; done
}
unlisted() {
	local name uri
	name=$(name_of r1)
	uri=$(relayd --config "$(daemon_dir r1)/conf" --uri "$(addr4 r1 net):$NETWORK_PORT") || return 1
	echo "$uri"
	rm "$LIB_TMP/directory/relays/r1.descriptor"
	network_snapshot "$LIB_TMP/directory" 4 "$LIB_TMP/directory/snapshot" && publish "$LIB_TMP/directory/snapshot" || return 1
	ctl client reload && ctl r2 reload && busywait 60000 all_have 4 || trouble || return 1
	refused "could be guard" ctl client up && refused "does not end with /1" ctl client up --guard "${uri%1}" || return 1
	ctl client up --guard "$uri" wait 60s || trouble || return 1
	[ "$(daemon_status client '[.tunnels[] | select(.active)][0].path[0]')" = "$name" ] && on client ping -c 2 -W 10 "$SERVER4" || trouble
}
# the next daemon goes on with the guard that only the last one was told of
resumed() {
	stop "${DAEMON_PID[client]}"
	daemon_start client && busywait 60000 eval '[ "$(daemon_status client .ready)" = true ]' || trouble || return 1
	[ "$(daemon_status client '[.tunnels[] | select(.active)][0].path[0]')" = "$(daemon_status client '.links[] | select(.circuits > 0) | .relay')" ] &&
		on client ping -c 2 -W 10 "$SERVER4" && ctl client down || trouble
}

ktap_start
need relayctl relayd jq curl ping nft tcpdump openssl
ktap_test "hosts, a signed directory, a server for it" hosts || ktap_finish
ktap_test "a daemon on every host" daemons_start || ktap_finish
ktap_test "a first start: a relay and a client get the snapshot, and the client comes online" first_start || ktap_finish
ktap_test "the next one comes through the tunnel, and nothing past it" by_tunnel
ktap_test "a forged one is refused, and what is there stays" forged
ktap_test "a client that is offline asks nobody, a relay does" offline
ktap_test "unless its user allows it" allowed
ktap_test "a relay that no directory lists is the guard, by its URI" unlisted
ktap_test "a daemon that is started again goes on with it" resumed
ktap_finish
