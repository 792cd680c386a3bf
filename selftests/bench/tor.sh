# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by tcp.sh: C Tor, as Debian ships it, in a network of its own: every relay is a directory
# authority too, the last one an exit, and the client's circuit is told hop by hop.
#
#	client -- r1 -- ... -- rN -- server
#
# Relays have addresses of their own (10.50.0.I), reached along the row by plain forwarding;
# neighbours on a circuit are neighbours in the row.

tor_conf() {
	cat <<-CONF
		TestingTorNetwork 1
		TestingV3AuthInitialVotingInterval 10
		TestingV3AuthInitialVoteDelay 2
		TestingV3AuthInitialDistDelay 2
		V3AuthVotingInterval 20
		V3AuthVoteDelay 4
		V3AuthDistDelay 4
		AssumeReachable 1
		PathsNeededToBuildCircuits 0.25
		DataDirectory $LIB_TMP/tor-$1
		PidFile $LIB_TMP/tor-$1/pid
		Log notice file $LIB_TMP/tor-$1/log
		ShutdownWaitLength 0
		SafeLogging 0
		# its own scheduler sends every 10 ms and would be idle in between
		Schedulers Vanilla
		NumCPUs 1
	CONF
}

# tor_relay I LAST: files of relay I
tor_relay() {
	local d=$LIB_TMP/tor-r$1
	mkdir -m 700 "$d" "$d/keys" &&
		echo bench | tor-gencert --create-identity-key --passphrase-fd 0 -m 12 -a "10.50.0.$1:7000" \
			-i "$d/keys/authority_identity_key" -s "$d/keys/authority_signing_key" \
			-c "$d/keys/authority_certificate" >/dev/null 2>&1 || return 1
	{
		tor_conf "r$1"
		cat <<-CONF
			Nickname r$1
			Address 10.50.0.$1
			OutboundBindAddress 10.50.0.$1
			ORPort 10.50.0.$1:5000
			DirPort 10.50.0.$1:7000
			SocksPort 0
			AuthoritativeDirectory 1
			V3AuthoritativeDirectory 1
			ContactInfo bench
			ExitRelay $(($1 == $2))
			ExitPolicyRejectPrivate 0
			ExitPolicy $([ "$1" = "$2" ] && echo accept || echo reject) *:*
		CONF
	} >"$d/torrc"
	# a first start writes the identity that the others' DirAuthority lines name
	tor --quiet -f "$d/torrc" --list-fingerprint --DirAuthority "x orport=1 v3ident=$(printf '0%.0s' {1..40}) 127.0.0.1:1 $(printf '0%.0s' {1..40})" \
		>"$d/fp" 2>"$d/fp.log" && grep -q "^r$1 " "$d/fp"
}

tor_fp() { sed -n "s/^$1 //p" "$LIB_TMP/tor-$1/fp" | tr -d ' '; }

tor_authority() {
	local v3
	v3=$(sed -n 's/^fingerprint //p' "$LIB_TMP/tor-$1/keys/authority_certificate")
	echo "DirAuthority $1 orport=5000 no-v2 v3ident=$v3 10.50.0.${1#r}:7000 $(tor_fp "$1")"
}

# control LINE: one command to the client's Tor, its answer
control() {
	printf 'AUTHENTICATE\r\n%s\r\nQUIT\r\n' "$1" | on client nc -q 5 -w 10 127.0.0.1 9051 | tr -d '\r'
}

# answered LINE PATTERN
answered() { control "$1" | grep -q "$2"; }

# extended LINE: the new circuit's number goes to $LIB_TMP/circuit
extended() { control "$1" | sed -n 's/^250 EXTENDED //p' >"$LIB_TMP/circuit"; [ -s "$LIB_TMP/circuit" ]; }

# tor_attach CIRCUIT: give every user's new stream to that circuit, until killed
tor_attach() {
	local line id
	exec 3<>/dev/tcp/127.0.0.1/9051 || return 1
	printf 'AUTHENTICATE\r\nSETEVENTS STREAM\r\n' >&3
	while read -r line <&3; do
		echo "$line"
		case $line in
		"650 STREAM "*" NEW "*PURPOSE=USER*)
			id=${line#650 STREAM }
			printf 'ATTACHSTREAM %s %s\r\n' "${id%% *}" "$1" >&3
			;;
		esac
	done
}

# attaching LOG: its two commands were accepted
attaching() { [ "$(grep -c '^250 OK' "$1")" = 2 ]; }

# tor_move DIRECTION MB: through the circuit
tor_move() {
	if [ "$1" = up ]; then
		on client nc -N -X 5 -x 127.0.0.1:9050 "$SERVER4" 8081 <"$LIB_TMP/content/$2" >"$LIB_TMP/rest"
	else
		on client curl -fsS --socks5 127.0.0.1:9050 -o /dev/null "http://$SERVER4:8080/$2"
	fi
}

tor_chain() {
	local hops=$1 i r prev=client path='' id d
	if ! command -v tor >/dev/null || ! command -v tor-gencert >/dev/null; then
		echo "bench: no figures of Tor: install the package tor" >&2
		return 0
	fi
	setup_ns client server || return 1
	for i in $(seq "$hops"); do
		setup_ns "r$i" && wire "$prev" "r$i" && forwarding "r$i" && on "r$i" ip addr add "10.50.0.$i/32" dev lo || return 1
		prev=r$i
	done
	wire "$prev" server || return 1
	SERVER4=$(addr4 server "$prev")
	on client ip addr add 10.50.0.100/32 dev lo &&
		on client ip route add 10.50.0.0/24 via "$(addr4 r1 client)" src 10.50.0.100 || return 1
	for i in $(seq "$hops"); do
		for ((d = 1; d < i; d++)); do
			on "r$i" ip route add "10.50.0.$d" via "$(addr4 "r$((i - 1))" "r$i")" || return 1
		done
		for ((d = i + 1; d <= hops; d++)); do
			on "r$i" ip route add "10.50.0.$d" via "$(addr4 "r$((i + 1))" "r$i")" || return 1
		done
		r=r$((i - 1))
		[ "$i" -gt 1 ] || r=client
		on "r$i" ip route add 10.50.0.100 via "$(addr4 "$r" "r$i")" || return 1
	done
	on server ip route add 10.50.0.0/24 via "$(addr4 "r$hops" server)" || return 1

	for i in $(seq "$hops"); do tor_relay "$i" "$hops" || return 1; done
	mkdir -m 700 "$LIB_TMP/tor-client" || return 1
	{
		tor_conf client
		echo 'SocksPort 127.0.0.1:9050'
		echo 'ControlPort 127.0.0.1:9051'
		echo '__LeaveStreamsUnattached 1'
		echo '__DisablePredictedCircuits 1'
	} >"$LIB_TMP/tor-client/torrc"
	for i in $(seq "$hops"); do
		for r in client $(seq -f 'r%g' "$hops"); do tor_authority "r$i" >>"$LIB_TMP/tor-$r/torrc"; done
	done
	for r in $(seq -f 'r%g' "$hops") client; do bg on "$r" tor --quiet -f "$LIB_TMP/tor-$r/torrc"; done
	busywait 120000 listening client tcp 9051 || return 1

	mkdir "$LIB_TMP/content" || return 1
	for i in "$SHORT" $((SHORT + MB)); do head -c "${i}M" /dev/urandom >"$LIB_TMP/content/$i" || return 1; done
	bg on server busybox httpd -f -p "$SERVER4:8080" -h "$LIB_TMP/content"
	bg on server nc -lk "$SERVER4" 8081
	busywait 60000 listening server tcp 8080 && busywait 60000 listening server tcp 8081 || return 1
	for i in $(seq "$hops"); do path=$path,\$$(tor_fp "r$i"); done
	busywait 600000 answered "GETINFO ns/id/$(tor_fp "r$hops")" '^s .*Running' &&
		busywait 300000 extended "EXTENDCIRCUIT 0 ${path#,}" || return 1
	id=$(cat "$LIB_TMP/circuit")
	busywait 120000 answered 'GETINFO circuit-status' "^\(250-circuit-status=\)\?$id BUILT " || return 1
	bg on client bash -c "$(declare -f tor_attach); tor_attach $id"
	busywait 30000 attaching "$(bg_log $!)" || return 1
	both "tor$hops" tor_move ||
		{ tail -n 40 "$(bg_log $!)" >&2; control 'GETINFO circuit-status' >&2; return 1; }
}
