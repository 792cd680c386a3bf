# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced after lib.sh and net/chain.sh: a relayd on every host of a chain, with
# keys and configuration made on the spot.
#
#	chain_hosts 3 && daemons_config && daemons_start

# daemon_dir HOST: where its configuration, keys and socket are.
daemon_dir() { echo "$LIB_TMP/$1"; }

# ctl HOST ARGUMENT...: relayctl as that host's daemon hears it.
ctl() {
	local h=$1 what=$2
	shift 2
	on "$h" relayctl "$what" "$@" socket "$(daemon_dir "$h")/sock"
}

# refused TEXT COMMAND...: it fails, and says so
refused() {
	local text=$1
	shift
	! "$@" >"$LIB_TMP/refused" 2>&1 && grep -qF -- "$text" "$LIB_TMP/refused" && return
	cat "$LIB_TMP/refused"
	return 1
}

# daemon_status HOST FILTER: what jq makes of the daemon's status.
daemon_status() {
	on "$1" relayctl -j status socket "$(daemon_dir "$1")/sock" | jq -r ".daemon | $2"
}

# relay_address HOST: that by which the hop before it reaches it.
relay_address() {
	local i
	for i in "${!CHAIN_NODES[@]}"; do
		[ "${CHAIN_NODES[i]}" = "$1" ] || continue
		if [ "$CHAIN_FAMILY" = 4 ]; then
			echo "$(addr4 "$1" "${CHAIN_NODES[i - 1]}"):$CHAIN_PORT"
		else
			echo "[$(addr6 "$1" "${CHAIN_NODES[i - 1]}")]:$CHAIN_PORT"
		fi
	done
}

# daemons_config: keys, peers file, routes to the relays' addresses, one configuration per host. Lines from
# $RELAY_CONF and $CLIENT_CONF go to the end of those of relays and client.
daemons_config() {
	local i h prev any=0.0.0.0
	[ "$CHAIN_FAMILY" = 4 ] || any='[::]'
	for i in "${!CHAIN_NODES[@]}"; do
		h=${CHAIN_NODES[i]}
		mkdir -p "$(daemon_dir "$h")"
		[ "$i" -gt 0 ] || continue
		{
			echo "[relay $h]"
			relayd --keygen "$(daemon_dir "$h")/keys" || return 1
			echo "address = $(relay_address "$h")"
		} >>"$LIB_TMP/peers"
		# the relay before is known by its address on the wire before that
		prev=${CHAIN_NODES[i - 1]}
		if [ "$i" -gt 1 ]; then
			if [ "$CHAIN_FAMILY" = 4 ]; then
				on "$h" ip route add "$(addr4 "$prev" "${CHAIN_NODES[i - 2]}")" via "$(addr4 "$prev" "$h")" || return 1
			else
				on "$h" ip -6 route add "$(addr6 "$prev" "${CHAIN_NODES[i - 2]}")" via "$(addr6 "$prev" "$h")" || return 1
			fi
		fi
		cat >"$(daemon_dir "$h")/conf" <<-E
		[relayd]
		keys = $(daemon_dir "$h")/keys
		peers = $LIB_TMP/peers
		socket = $(daemon_dir "$h")/sock
		listen = $any:$CHAIN_PORT
		${DAEMON_CONF:-}
		[relay]
		enabled = yes
		private-addresses = yes
		free-bytes = unlimited
		${RELAY_CONF:-}
		E
	done
	cat >>"$(daemon_dir "$EXIT")/conf" <<-E
	[exit]
	device = cell0
	pool4 = 10.99.0.0/16
	pool6 = fd00:99::/64
	E
	cat >"$(daemon_dir client)/conf" <<-E
	[relayd]
	peers = $LIB_TMP/peers
	socket = $(daemon_dir client)/sock
	${DAEMON_CONF:-}
	[client]
	device = cell0
	route = $SERVER4/32
	route = $SERVER6/128
	${CLIENT_CONF:-}
	E
}

# daemon_start HOST: until it answers.
daemon_start() {
	bg on "$1" relayd --config "$(daemon_dir "$1")/conf"
	DAEMON_PID[$1]=$!
	busywait 120000 grep -q '^relayd: ready' "$(bg_log "$!")" && return
	cat "$(bg_log "${DAEMON_PID[$1]}")"
	# where it waits
	cat "/proc/${DAEMON_PID[$1]}/stack" "/proc/${DAEMON_PID[$1]}/syscall" 2>/dev/null
	return 1
}
declare -A DAEMON_PID

daemons_start() {
	local h
	for h in "${CHAIN_NODES[@]}"; do
		daemon_start "$h" || return 1
	done
}

# chain_path: the names of all relays, with commas.
chain_path() {
	local path=${CHAIN_NODES[*]:1}
	echo "${path// /,}"
}

# daemon_logs: what they all said.
daemon_logs() {
	local h
	for h in "${CHAIN_NODES[@]}"; do
		[ -n "${DAEMON_PID[$h]:-}" ] || continue
		echo "$h:"
		cat "$(bg_log "${DAEMON_PID[$h]}")"
	done
}
