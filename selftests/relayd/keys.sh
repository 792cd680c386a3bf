#!/bin/bash
# SPDX-License-Identifier: MIT
# A relay whose key is about to end makes the next one; the directory takes the descriptor over; circuits are built with the new
# key, while those who still go by the old one are answered; also after a restart. relayd's unit test has the months.
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

DIR=$LIB_TMP/directory

# the middle relay's key has a day left, which is when its next one begins
hosts() {
	local now
	CLIENT_CONF="route = 198.51.100.0/24"
	network 3 || return 1
	now=$(date +%s)
	jq --argjson until $((now + 86400)) '.onion_keys[0].valid_until = $until' "$DIR/r2.json" >"$DIR/r2.new" && mv "$DIR/r2.new" "$DIR/r2.json" &&
		relayctl directory describe "$DIR/r2.json" identity "$(daemon_dir r2)/keys/identity.key" operator "$DIR/r2.operator" \
			serial "$DIR/r2.serial" out "$DIR/relays/r2.descriptor" now "$now" days 1 &&
		network_snapshot "$DIR" 2 "$DIR/snapshot"
}

trouble() { daemon_logs; ctl r2 status; ctl client status; return 1; }
up() { ctl client up wait 60s && ctl client down || trouble; }
keys_of() { relayctl -j directory inspect "$1" | jq -r '.. | objects | .onion_keys? // empty | .[].public_key'; }
number_is() { [ "$(daemon_status "$1" .directory.number)" = "$2" ]; }
all_have() {
	local h
	for h in client "${NETWORK_RELAYS[@]}"; do number_is "$h" "$1" || return 1; done
}

next_key() {
	busywait 20000 test -s "$(daemon_dir r2)/state/descriptor" || trouble || return 1
	[ "$(daemon_status r2 .static_keys.keys)" = 2 ] && [ "$(daemon_status r1 .static_keys.keys)" = 1 ] || trouble || return 1
	keys_of "$(daemon_dir r2)/state/descriptor" >"$LIB_TMP/keys"
	cat "$LIB_TMP/keys"
	# the old one first
	[ "$(wc -l <"$LIB_TMP/keys")" = 2 ] && [ "$(head -1 "$LIB_TMP/keys")" = "$(keys_of "$DIR/relays/r2.descriptor")" ] &&
		ctl r2 status | grep -q "^descriptor .* names a new key"
}
taken_over() {
	cp "$(daemon_dir r2)/state/descriptor" "$DIR/relays/r2.descriptor" && network_snapshot "$DIR" 3 "$DIR/snapshot" || return 1
	busywait 30000 all_have 3 || trouble || return 1
	[ "$(daemon_status r2 .static_keys.descriptor)" = null ] && busywait 10000 grep -q "new circuit key is in use" "$(bg_log "${DAEMON_PID[r2]}")" || trouble
}
restarted() {
	stop "${DAEMON_PID[r2]}"
	daemon_start r2 && [ "$(daemon_status r2 .static_keys.keys)" = 2 ] && up
}
# without the old one, which is all that the first descriptor named
old_gone() {
	stop "${DAEMON_PID[r2]}"
	rm "$(daemon_dir r2)/keys/static.key"
	daemon_start r2 && [ "$(daemon_status r2 .static_keys.keys)" = 1 ] && up
}

ktap_start
need relayctl relayd jq
ktap_test "hosts, a directory; a relay's key ends in a day" hosts || ktap_finish
ktap_test "a daemon on every host" daemons_start || ktap_finish
ktap_test "that relay has a next key, and a descriptor with both" next_key || ktap_finish
ktap_test "a circuit by the old one" up
ktap_test "the directory takes it over, and the relay uses it" taken_over
ktap_test "a circuit by the new one" up
ktap_test "the relay starts again with both" restarted
ktap_test "without the old one circuits are built all the same" old_gone
ktap_finish
