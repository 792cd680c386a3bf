#!/bin/bash
# SPDX-License-Identifier: MIT
# relaymarket serve from outside, on loopback: a relay registers, authorities sign, a client fetches;
# requests that are wrong; TLS; the log; the end.
# usage: market_serve.sh RELAYMARKET RELAYCTL
# shellcheck disable=SC2317	# functions are called through ok()
set -u
market=$(realpath "$1") relayctl=$(realpath "$2")
tmp=$(mktemp -d) || exit 1
pid=''
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; wait; rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
n=0 failed=0 port=0 url=''

# ok NAME COMMAND...: one TAP line
ok() {
	local name=$1
	shift
	n=$((n + 1))
	if "$@" >ok.log 2>&1; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		tail -n 20 ok.log log 2>/dev/null | sed 's/^/# /'
		failed=1
	fi
}

# await COMMAND...: waits for a condition
await() {
	local i
	for ((i = 0; i < 600; i++)); do
		"$@" && return 0
		kill -0 "$pid" 2>/dev/null || return 1
		sleep 0.05
	done
	return 1
}

public_hex() { "$relayctl" pubkey type ed25519 <"$1"; }
# X25519 keys are printed in base64
onion_hex() { "$relayctl" pubkey type x25519 <"$1" | base64 -d | od -An -v -tx1 | tr -d ' \n'; }

# key TYPE FILE
key() { (umask 077 && "$relayctl" genkey type "$1" >"$2"); }

conf() {
	cat >m/serve.conf <<-CONF
		[serve]
		port = 0
		$1
		[directory]
		authorities = $tmp/authorities
		address = 192.0.2.1:443
	CONF
}

makes() {
	local i
	"$market" -j init m >init || return 1
	jq -r '"ledger " + .ledger, "threshold 2"' init >authorities
	for i in 0 1 2; do
		key ed25519 "a$i.key" && echo "authority $(public_hex "a$i.key")" >>authorities || return 1
	done
	conf ''
}

# start [http|https]: the port is in $port
start() {
	# the child opens it only when it runs
	: >port.log
	"$market" -d m serve >port.log 2>>log &
	pid=$!
	await grep -q '^listening on port' port.log || return 1
	port=$(sed -n 's/^listening on port //p' port.log)
	url=${1:-http}://127.0.0.1:$port
}

stop() {
	local status
	kill "$pid"
	wait "$pid"
	status=$?
	pid=''
	return "$status"
}

# ask STATUS CURL-ARGUMENT...: the answer is in body, its headers in head
ask() {
	local want=$1 got
	shift
	rm -f body
	got=$(curl -sS -m 60 -o body -D head -w '%{http_code}' --cacert cert.pem "$@")
	[ "$got" = "$want" ] && return 0
	echo "status $got, not $want: curl $*"
	cat body 2>/dev/null
	return 1
}

status_route() {
	start && ask 200 "$url/v1/status" && [ "$(jq -r .ledger body)" = "$(jq -r .ledger init)" ] &&
		grep -qi '^cache-control: no-store' head && ask 404 "$url/v1/snapshot" &&
		[ "$(jq -r .error.code body)" = not_found ]
}

registers() {
	local now
	now=$(date +%s)
	key ed25519 r.key && key ed25519 o.key && key x25519 onion.key || return 1
	jq -n --arg ledger "$(jq -r .ledger init)" --arg key "$(onion_hex onion.key)" --argjson now "$now" \
		'{ledger: $ledger, roles: ["entry"], addresses: ["9.9.9.9:9001"], policy: [], capacity: 1000000, tariff: 100,
		  onion_keys: [{public_key: $key, valid_from: ($now - 60), valid_until: ($now + 1209600)}]}' >r.json
	"$relayctl" directory describe r.json identity r.key operator o.key serial serial out r.descriptor &&
		ask 201 -H 'Content-Type: application/octet-stream' --data-binary @r.descriptor "$url/v1/descriptors" &&
		ask 200 -H 'Content-Type: application/octet-stream' --data-binary @r.descriptor "$url/v1/descriptors" &&
		[ "$(jq -r .outcome body)" = same ] &&
		ask 200 "$url/v1/descriptors/$(jq -r .identity body)" && cmp body r.descriptor
}

# Told to end, it ends well; started again, its clerk makes a snapshot with the relay in it.
again() {
	stop && rm m/directory/next && start && await [ -s m/directory/next ] &&
		one_relay m/directory/next &&
		ask 200 "$url/v1/snapshot/pending" && cmp body m/directory/next
}

one_relay() { "$relayctl" -j directory inspect "$1" | grep -q '"relay_count":1,'; }

signs() {
	local i
	for i in 0 2; do
		ask 404 "$url/v1/snapshot" && "$relayctl" directory sign m/directory/next key "a$i.key" state "a$i.state" || return 1
	done
	# not by asking: snapshots have an allowance
	await [ -s m/directory/current ] && mkdir store &&
		"$relayctl" directory fetch "$url/v1/snapshot" authorities authorities store store &&
		"$relayctl" directory verify store/snapshot authorities authorities full &&
		one_relay store/snapshot
}

cached() {
	local etag
	ask 200 "$url/v1/snapshot" && etag=$(sed -n 's/\r$//; s/^[Ee][Tt]ag: //p' head) && [ -n "$etag" ] &&
		grep -qi '^cache-control: public, max-age=' head && ask 304 -H "If-None-Match: $etag" "$url/v1/snapshot" &&
		[ ! -s body ] && ask 200 -I "$url/v1/snapshot" && ask 404 "$url/v1/snapshot/deltas/1"
}

wrong() {
	ask 405 -X DELETE "$url/v1/status" && grep -qi '^allow: GET, HEAD, OPTIONS' head &&
		ask 204 -X OPTIONS "$url/v1/status" && ask 404 "$url/" && ask 400 "$url/v1/status?x=1" &&
		ask 415 -d '{}' "$url/v1/codes/worth" &&
		ask 400 -H 'Content-Type: application/json' -d '{"code":1}' "$url/v1/codes/worth" &&
		[ "$(jq -r .error.field body)" = code ] &&
		ask 400 -H 'Content-Type: application/json' -d '{"code":' "$url/v1/codes/worth" &&
		ask 411 -H 'Transfer-Encoding: chunked' -H 'Content-Type: application/json' -d '{}' "$url/v1/codes/worth" &&
		head -c 2000 /dev/zero >zeros &&
		ask 413 -H 'Content-Type: application/octet-stream' --data-binary @zeros "$url/v1/descriptors" &&
		ask 400 -H 'Content-Type: application/octet-stream' --data-binary @zeros "$url/v1/claims"
}

# The worker that answered it is not the one that the other was given.
money() {
	"$market" -d m cashier code 500 >code &&
		ask 200 -H 'Content-Type: application/json' -d "{\"code\":\"$(cat code)\"}" "$url/v1/codes/worth" &&
		[ "$(jq .amount body)" = 500 ] && "$market" -d m audit
}

tls() {
	stop && openssl req -x509 -newkey rsa:2048 -nodes -keyout tls.key -out cert.pem -days 2 -subj /CN=market \
		-addext 'subjectAltName = IP:127.0.0.1' && conf "certificate = $tmp/cert.pem"$'\n'"key = $tmp/tls.key" && start https && ask 200 "$url/v1/status" &&
		! curl -sS -m 20 "${url/https/http}/v1/status"
}

# Nothing but method, route, status, bytes, milliseconds; no code, no key, no address.
logs() {
	stop && [ "$(grep -c . log)" -gt 20 ] && ! grep -vE '^(GET|HEAD|POST|OPTIONS|other|-) (-|/v1/[a-z0-9/{}]*) [0-9]+ [0-9]+ [0-9]+$' log
}

refuses() {
	conf 'colour = red' && ! "$market" -d m serve 2>err && grep -q 'serve.conf:3: there is no such setting' err &&
		conf "certificate = $tmp/cert.pem" && ! "$market" -d m serve 2>err && grep -q 'go together' err &&
		conf '' && sed -i 's/^ledger .*/ledger '"$(printf '%064d' 0)"'/' authorities && ! "$market" -d m serve 2>err &&
		grep -q 'of another ledger' err
}

: >cert.pem
: >log
ok "a market, its authorities" makes
ok "it answers" status_route
ok "a relay registers" registers
ok "it ends when told, and makes a snapshot when started" again
ok "authorities sign, a client fetches and verifies" signs
ok "a snapshot that is known is not sent again" cached
ok "wrong requests have structured errors" wrong
ok "a code of the cashier is worth its money" money
ok "TLS with a certificate of its own" tls
ok "the log names nobody" logs
ok "a wrong serve.conf is refused with the reason" refuses
echo "1..$n"
exit "$failed"
