#!/bin/bash
# SPDX-License-Identifier: MIT
# relaymarket from outside: a market is made, coins go in and out, the audit
# holds and sees a change, backup, export and keys; exit statuses and messages.
# usage: relaymarket.sh PROGRAM
# shellcheck disable=SC2317	# functions are called through ok()
set -u
program=$(realpath "$1")
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
n=0 failed=0

# ok NAME COMMAND...: one TAP line
ok() {
	local name=$1
	shift
	n=$((n + 1))
	if "$@"; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		failed=1
	fi
}

# run STATUS ARGUMENT...: the program's exit status must be STATUS; output in out, messages in err;
# what fails says why
run() {
	local want=$1 got
	shift
	"$program" "$@" >out 2>err
	got=$?
	if [ "$got" -ne "$want" ] || { [ "$got" -ne 0 ] && ! grep -q '^relaymarket: .' err; }; then
		echo "# relaymarket $*: status $got, not $want: $(head -c 300 err)"
		return 1
	fi
}

makes() {
	run 0 -j init m epoch 3600 fee 5000 denominations 1000,64000 &&
		[ "$(jq -c '[.schema, .epoch_seconds, .fee_millionths, .denominations]' out)" = '[1,3600,5000,[1000,64000]]' ] &&
		[ "$(jq -r .ledger out | wc -c)" = 65 ] &&
		[ "$(stat -c %a m)" = 700 ] && [ -z "$(find m/keys m/market.db ! -perm 600 -type f)" ] &&
		[ "$(find m/keys -type f | wc -l)" = 3 ] && ! [ -e m.new ]
}

says() {
	run 0 init other && grep -q '^  ledger [0-9a-f]\{64\}$' out && grep -q 'fee 20000 millionths' out &&
		grep -q 'denominations 100000 1600000 25600000' out
}

refuses() {
	run 2 init m && run 1 init && run 1 init a epoch && run 1 init a epoch 0 && run 1 init a fee 1000001 &&
		run 1 init a spend 40 && run 1 init a colour red && run 1 init a denominations 5,5 &&
		run 1 init a denominations 0 && run 1 init a denominations '' && ! [ -e a ] && ! [ -e a.new ] &&
		run 2 init nowhere/a
}

usage() {
	run 0 --help && grep -q cashier out && run 0 --version && ! "$program" 2>/dev/null >out && [ ! -s out ] &&
		run 1 dance && run 1 -x && run 1 cashier && run 1 -d m audit one two && run 1 -d m export x &&
		run 3 -d nowhere audit
}

coins() {
	local code
	run 0 -d m cashier code 5000 && code=$(cat out) && [ ${#code} = 32 ] || return 1
	# the database does not know it
	! grep -qai "$code" m/market.db* && ! od -An -v -tx1 m/market.db* | tr -d ' \n' | grep -q "$code" || return 1
	echo "$code" | run 0 -j -d m cashier pay && [ "$(jq -c .pay out)" = 5000 ] || return 1
	echo "$code" | run 2 -d m cashier pay && echo "${code}00" | run 1 -d m cashier pay &&
		echo rubbish | run 1 -d m cashier pay && run 1 -d m cashier pay </dev/null &&
		run 1 -d m cashier code && run 1 -d m cashier code 0 && run 1 -d m cashier code -5 &&
		run 1 -d m cashier code 99999999999999999999 && run 1 -d m cashier code 5 5
}

holds() {
	run 0 -d m cashier code 700 && run 0 -d m audit && grep -q ' 0 differences' out && run 0 -j -d m audit proofs &&
		[ "$(jq -c '[.ok, .sums.in, .sums.out, .sums.codes, .differences]' out)" = '[true,5700,5000,700,[]]' ]
}

copies() {
	run 0 -d m backup copy.db && run 2 -d m backup copy.db && run 0 audit copy.db && run 2 audit out
}

sees() {
	# a page of the copy, somewhere behind the schema
	local at
	at=$(grep -abo 'cr/voucherkey/1' copy.db | head -1 | cut -d: -f1)
	[ -n "$at" ] || return 1
	printf 'X' | dd of=copy.db bs=1 seek=$((at + 20)) conv=notrunc 2>/dev/null
	run 2 audit copy.db && grep -q 'table market_key' err && run 2 -j audit copy.db && [ "$(jq .ok out)" = false ] &&
		jq -e '.differences[] | select(contains("market_key"))' out >/dev/null
}

exports() {
	run 0 -d m export && jq -es 'map(.table) | unique | contains(["balance", "journal_account", "market_key", "network"])' \
		out >/dev/null && [ "$(jq -s '[.[] | select(.table == "balance") | .amount] | add' out)" = 700 ] || return 1
	# to a full disk is no success
	! "$program" -d m export >/dev/full 2>err && grep -q 'relaymarket: ' err
}

rotates() {
	run 0 -j -d m keys rotate && [ "$(jq -c '[.made, .removed]' out)" = '[0,0]' ] && run 0 -j -d m keys list &&
		[ "$(jq '.vouchers | length' out)" = 2 ] || return 1
	mv m/keys/certificate away && run 2 -d m keys list && grep -q certificate err && mv away m/keys/certificate &&
		chmod 644 m/keys/certificate && run 2 -d m keys list && grep -q 'read by others' err &&
		chmod 600 m/keys/certificate && run 0 -d m keys list && run 0 -d m upgrade
}

ok "init makes a market" makes
ok "init says what it chose" says
ok "init refuses what cannot be, and leaves nothing" refuses
ok "usage" usage
ok "coins in and out, once" coins
ok "the audit holds" holds
ok "a backup can be audited" copies
ok "the audit names a change" sees
ok "export" exports
ok "keys" rotates
echo "1..$n"
exit $failed
