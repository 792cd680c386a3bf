# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2034  # whoever sources this uses them
# Sourced after lib.sh and relayd/daemons.sh: relays around one router, in a signed
# directory, a client that knows nothing else, and a server beyond.
#
#	client --+      +-- r1 ... rN
#	         +- net -+
#	server --+
#
# network N: hosts, keys, directory, configurations. Sets SERVER4, SERVER6, CHAIN_NODES. The last NETWORK_EXITS (1) relays are exits, the first
# NETWORK_ENTRIES (1) are entries.

NETWORK_PORT=4000

# network_hosts N
network_hosts() {
	local h
	modprobe cellrelay || return 1
	NETWORK_RELAYS=()
	setup_ns net client server && forwarding net || return 1
	for h in $(seq "$1"); do
		setup_ns "r$h" || return 1
		NETWORK_RELAYS+=("r$h")
	done
	for h in client server "${NETWORK_RELAYS[@]}"; do
		wire "$h" net || return 1
		on "$h" ip route add default via "$(addr4 net "$h")" &&
			on "$h" ip -6 route add default via "$(addr6 net "$h")" || return 1
	done
	SERVER4=$(addr4 server net)
	SERVER6=$(addr6 server net)
	CHAIN_NODES=(client "${NETWORK_RELAYS[@]}")
}

# secret FILE: an Ed25519 seed; public_of FILE: its public key in hexadecimal
secret() { (umask 077 && head -c 32 /dev/urandom | base64 >"$1"); }
hex_of() { base64 -d <<<"$1" | od -An -v -tx1 | tr -d ' \n'; }

# network_directory FOLDER: authorities, operators, descriptors
network_directory() {
	local dir=$1 i h roles now policy keys
	now=$(date +%s)
	LEDGER=$(printf '%064d' 7)
	mkdir -p "$dir/relays" || return 1
	# an authority and the market: keys like those of relays
	relayd --keygen "$dir/authority" >"$dir/authority.pub" && relayd --keygen "$dir/market" >"$dir/market.pub" || return 1
	{
		echo "ledger $LEDGER"
		echo "threshold 1"
		echo "authority $(hex_of "$(awk '/identity/ { print $3 }' "$dir/authority.pub")")"
	} >"$dir/authorities"
	# wires of one test network are in one prefix and in no country
	cat >"$dir/net.json" <<-J
	{"ledger": "$LEDGER", "epoch": 1, "period": ${NETWORK_PERIOD:-600},
	 "params": {"differ": ["operator"], "allow_private": true},
	 "certificate_key": "$(hex_of "$(awk '/identity/ { print $3 }' "$dir/market.pub")")"}
	J
	for i in "${!NETWORK_RELAYS[@]}"; do
		h=${NETWORK_RELAYS[i]}
		mkdir -p "$(daemon_dir "$h")" && secret "$dir/$h.operator" || return 1
		keys=$(relayd --keygen "$(daemon_dir "$h")/keys") || return 1
		roles='' policy='[]'
		[ "$i" -ge "${NETWORK_ENTRIES:-1}" ] || roles='"entry"'
		if [ "$i" -ge $((${#NETWORK_RELAYS[@]} - ${NETWORK_EXITS:-1})) ]; then
			roles=${roles:+$roles, }'"exit"' policy='"default"'
		fi
		cat >"$dir/$h.json" <<-J
		{"ledger": "$LEDGER", "roles": [$roles], "addresses": ["$(addr4 "$h" net):$NETWORK_PORT"], "policy": $policy,
		 "capacity": 1000000, "tariff": 0,
		 "onion_keys": [{"public_key": "$(hex_of "$(awk '/^key/ { print $3 }' <<<"$keys")")",
		 "valid_from": $((now - 3600)), "valid_until": $((now + 8 * 86400))}]}
		J
		relayctl directory describe "$dir/$h.json" identity "$(daemon_dir "$h")/keys/identity.key" \
			operator "$dir/$h.operator" serial "$dir/$h.serial" out "$dir/relays/$h.descriptor" || return 1
	done
	network_snapshot "$dir" 1 "$dir/snapshot"
}

# network_snapshot FOLDER NUMBER FILE: made, signed, put in place at once
network_snapshot() {
	relayctl directory make "$1/net.json" descriptors "$1/relays" number "$2" out "$3.new" &&
		relayctl directory sign "$3.new" key "$1/authority/identity.key" state "$1/authority.state" && mv "$3.new" "$3"
}

# identity_of HOST: as the directory has it; name_of HOST: as relayd calls it
identity_of() { relayctl -j directory inspect "$LIB_TMP/directory/relays/$1.descriptor" | jq -r '.. | objects | .identity? // empty' | head -1; }
name_of() { identity_of "$1" | cut -c1-16; }

# network_config: one configuration for each host; lines of $RELAY_CONF, $EXIT_CONF and $CLIENT_CONF at the end
network_config() {
	local i h
	for i in "${!NETWORK_RELAYS[@]}"; do
		h=${NETWORK_RELAYS[i]}
		cat >"$(daemon_dir "$h")/conf" <<-E
		[relayd]
		keys = $(daemon_dir "$h")/keys
		authorities = $LIB_TMP/directory/authorities
		snapshot = $LIB_TMP/directory/snapshot
		state = $(daemon_dir "$h")/state
		socket = $(daemon_dir "$h")/sock
		listen = 0.0.0.0:$NETWORK_PORT
		[relay]
		enabled = yes
		private-addresses = yes
		free-bytes = unlimited
		${RELAY_CONF:-}
		E
		[ "$i" -lt $((${#NETWORK_RELAYS[@]} - ${NETWORK_EXITS:-1})) ] || cat >>"$(daemon_dir "$h")/conf" <<-E
		[exit]
		device = cell0
		pool4 = 10.99.0.0/16
		pool6 = fd00:99::/64
		${EXIT_CONF:-}
		E
	done
	mkdir -p "$(daemon_dir client)"
	cat >"$(daemon_dir client)/conf" <<-E
	[relayd]
	authorities = $LIB_TMP/directory/authorities
	snapshot = $LIB_TMP/directory/snapshot
	state = $(daemon_dir client)/state
	socket = $(daemon_dir client)/sock
	[client]
	device = cell0
	resolv-conf = $LIB_TMP/resolv.conf
	${CLIENT_CONF:-}
	E
}

# network N
network() {
	network_hosts "$1" && network_directory "$LIB_TMP/directory" && network_config
}
