#!/bin/bash
# SPDX-License-Identifier: MIT
# D8, D9: handshakes by the thousand from someone who knows the relay's key: answered by cookies that are
# shorter than the questions, no state, and honest clients still come up.
# shellcheck disable=SC2317  # functions run through ktap_test
here=$(dirname "$0")
# shellcheck source=selftests/lib.sh
. "$here/../lib.sh"
# shellcheck source=selftests/net/chain.sh
. "$here/../net/chain.sh"
# shellcheck source=selftests/relayd/daemons.sh
. "$here/daemons.sh"

export RELAY_CONF='cookie-above = 5'
COUNT=${COUNT:-3000}

hosts() { chain_hosts 3 && daemons_config; }
key_of() { awk -v want="[relay $1]" '$0 == want { on = 1 } on && $1 == "key" { print $3; exit }' "$LIB_TMP/peers"; }
flood() { on client helloflood "$(addr4 r1 client)" "$CHAIN_PORT" "$(key_of r1)" "$1"; }
links_of() { on "$1" relayctl -j ns | jq '.namespace.links'; }

cookies() {
	local links
	links=$(links_of r1)
	flood "$COUNT" >"$LIB_TMP/flood" || return 1
	cat "$LIB_TMP/flood"
	# nothing but cookies comes back, to (nearly) all but the first few of each second
	jq -e '.asked > 0 and .answered == .cookies and .cookies > .asked / 2 and .longest == 256' "$LIB_TMP/flood" &&
		[ "$(links_of r1)" = "$links" ]
}
cheap() {
	# what the daemon did see it could not read: no answer of its own, no links
	[ "$(daemon_status r1 '.links | length')" = 0 ] && chain_conserved
}
honest() {
	local status
	bg on client helloflood "$(addr4 r1 client)" "$CHAIN_PORT" "$(key_of r1)" $((COUNT * 20))
	ctl client up "$(chain_path)" wait 60s
	status=$?
	kill -0 "$!" 2>/dev/null || { echo "the flood was over before"; status=1; }
	stop "$!" KILL
	[ "$status" = 0 ] || daemon_logs
	return "$status"
}

ktap_start
need relayctl relayd helloflood jq
ktap_test "keys and configurations" hosts || ktap_finish
ktap_test "a daemon on every host" daemons_start || ktap_finish
ktap_test "D8: $COUNT questions without cookie are answered by cookies" cookies
ktap_test "D8: they left nothing" cheap
ktap_test "D8: a client comes up under the flood" honest
ktap_test "ping" on client ping -c 3 -i 0.2 -w 20 "$SERVER4"
ktap_finish
