#!/bin/bash
# SPDX-License-Identifier: MIT
# relayproof from outside: the crate's proofs, a payment from voucher to claim
# through files and pipes alone, exit statuses, and input of every bad shape.
# usage: relayproof.sh PROGRAM VECTORS
# shellcheck disable=SC2317	# functions are called through ok()
set -u
program=$1 vectors=$2
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
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

# run STATUS ARGUMENT...: the program's exit status must be STATUS; the output
# is in $tmp/out, and a status of 2 or 3 must come with a message and nothing else
run() {
	local want=$1 got
	shift
	"$program" "$@" >"$tmp/out" 2>"$tmp/err"
	got=$?
	if [ "$got" -ne "$want" ]; then
		echo "# relayproof $*: status $got, not $want: $(head -c 300 "$tmp/err")"
		return 1
	fi
	if [ "$got" -ge 2 ] && { [ -s "$tmp/out" ] || ! [ -s "$tmp/err" ]; }; then
		echo "# relayproof $*: status $got without a message, or with output"
		return 1
	fi
}

# get FILTER: of the last output
get() {
	jq -r "$1" "$tmp/out"
}

label='Deserialize-And-Verify Test'
crate=$vectors/bulletproofs-crate-fixed.json
count=$(jq '.proofs | length' "$crate")

crate_proofs() {
	local i bits
	for ((i = 0; i < count; i++)); do
		jq ".proofs[$i]" "$crate" >"$tmp/in"
		bits=$(jq .n "$tmp/in")
		run 0 verify --label "$label" --bits "$bits" <"$tmp/in" &&
			[ "$(get .valid)" = true ] || return 1
		run 1 verify --label "$label." --bits "$bits" <"$tmp/in" &&
			[ "$(get .valid)" = false ] || return 1
	done
	[ "$count" -eq 8 ]
}
ok "proofs of the bulletproofs crate verify, and not under another label" crate_proofs

# ours for the same values and blindings: same commitments, another proof
crate_openings() {
	local i bits
	for ((i = 0; i < count; i++)); do
		jq ".proofs[$i]" "$crate" >"$tmp/in"
		bits=$(jq .n "$tmp/in")
		run 0 prove --label other --bits "$bits" <"$tmp/in" || return 1
		[ "$(get '.commitments | join(",")')" = "$(jq -r '.commitments | join(",")' "$tmp/in")" ] ||
			return 1
		[ "$(get .proof)" != "$(jq -r .proof "$tmp/in")" ] || return 1
		cp "$tmp/out" "$tmp/proof"
		run 0 verify --label other --bits "$bits" <"$tmp/proof" || return 1
		run 1 verify --label "$label" --bits "$bits" <"$tmp/proof" || return 1
		run 0 commit <"$tmp/in" || return 1
		[ "$(get '.commitments | join(",")')" = "$(jq -r '.commitments | join(",")' "$tmp/in")" ] ||
			return 1
	done
}
ok "prove and commit give the crate's commitments" crate_openings

batch() {
	jq -c '[.proofs[] | select(.n == 64)]' "$crate" >"$tmp/in"
	run 0 verify --label "$label" --bits 64 <"$tmp/in" &&
		[ "$(get 'map(.valid | tostring) | unique | join(",")')" = true ] || return 1
	jq -c '.[1].commitments |= reverse | .[2].proof |= sub("^..";"00")' \
		"$tmp/in" >"$tmp/bad"
	run 1 verify --label "$label" --bits 64 <"$tmp/bad" &&
		[ "$(get 'map(.valid | tostring) | join(",")')" = true,false,false,true ] || return 1
	echo '[]' >"$tmp/in"
	run 0 verify --label x --bits 8 <"$tmp/in" && [ "$(get length)" = 0 ]
}
ok "an array is a batch with one verdict each" batch

# every byte of one proof, one bit each
flips() {
	local hex i byte
	jq -c '.proofs[0]' "$crate" >"$tmp/in"
	hex=$(jq -r .proof "$tmp/in")
	for ((i = 0; i < ${#hex}; i += 2)); do
		byte=$(printf %02x $((0x${hex:i:2} ^ (1 << (i / 2 % 8)))))
		jq -c --arg p "${hex:0:i}$byte${hex:i+2}" '.proof = $p' "$tmp/in"
	done | jq -sc . >"$tmp/all"
	run 1 verify --label "$label" --bits 8 <"$tmp/all" &&
		[ "$(get 'map(.valid | tostring) | unique | join(",")')" = false ] &&
		[ "$(get length)" -eq $((${#hex} / 2)) ]
}
ok "every byte of a proof counts" flips

# range_of STATUS BITS VALUE...: all under the blinding 1
range_of() {
	local status=$1 bits=$2
	shift 2
	printf '%s\n' "$@" | jq -R . | jq -sc --arg one "01$(printf %062d 0)" \
		'{values:.,blindings:map($one)}' >"$tmp/in"
	run "$status" prove --label x --bits "$bits" <"$tmp/in"
}

out_of_range() {
	range_of 0 8 255 && range_of 2 8 256 && range_of 0 64 18446744073709551615 &&
		range_of 2 64 18446744073709551616 && range_of 2 64 -1 && range_of 2 64 007 &&
		range_of 2 64 '' && range_of 2 64 1 2 3 && range_of 0 64 1 2 3 4
}
ok "a value out of range is an error, not a bad proof" out_of_range

malformed() {
	local good text
	good=$(jq -c '.proofs[0]' "$crate")
	while read -r text; do
		run 2 verify --label "$label" --bits 8 <<<"$text" || return 1
	done <<-EOF
		$(printf '')
		{
		nonsense
		1
		null
		"text"
		{}
		[1]
		[{}]
		{"proof":"00"}
		{"commitments":[]}
		$(jq -c '.proof = 5' <<<"$good")
		$(jq -c '.proof = ""' <<<"$good")
		$(jq -c '.proof |= .[0:-1]' <<<"$good")
		$(jq -c '.proof |= .[0:-2]' <<<"$good")
		$(jq -c '.proof |= .[0:-64]' <<<"$good")
		$(jq -c '.proof |= .[0:256]' <<<"$good")
		$(jq -c '.proof |= ascii_upcase' <<<"$good")
		$(jq -c '.proof |= sub("^.";"g")' <<<"$good")
		$(jq -c '.commitments = "00"' <<<"$good")
		$(jq -c '.commitments[0] = 7' <<<"$good")
		$(jq -c '.commitments[0] |= .[2:]' <<<"$good")
		$(jq -c '.commitments = [range(65) | "00"]' <<<"$good")
		[$good,{}]
		{"proof":"00","proof":"00","commitments":[]}
	EOF
	# well-formed, but nothing that could be valid
	while read -r text; do
		run 1 verify --label "$label" --bits 8 <<<"$text" || return 1
	done <<-EOF
		$(jq -c '.commitments = []' <<<"$good")
		$(jq -c '.commitments += .commitments' <<<"$good")
		$(jq -c '.proof |= .[0:-128]' <<<"$good")
		$(jq -c '.proof += (.proof | .[0:128])' <<<"$good")
		$(jq -c '.proof as $p | .proof = ([range(40) | $p] | add | .[0:19008])' <<<"$good")
		$(jq -c '.proof |= gsub("."; "f")' <<<"$good")
	EOF
}
ok "malformed input is status 2, unprovable input 1" malformed

usage_errors() {
	local args
	while read -r args; do
		# shellcheck disable=SC2086
		run 2 $args </dev/null || return 1
	done <<-'EOF'

		nonsense
		claim
		claim nonsense
		prove --label x
		prove --bits 8
		prove --label x --bits 7
		prove --label x --bits 08
		verify --label x --bits 128
		commit --bits 8
		key extra
		bench --sessions 0
		bench --sessions 1000000000
		selftest --sessions 3
		--nonsense
	EOF
	run 0 --help && run 0 --version
}
ok "usage errors are status 2" usage_errors

ok "selftest" run 0 selftest

# A payment. Each party is a handful of files; only what would cross the
# network is handed from one to the other.
ledger=$(printf '1e%.0s' {1..32}) payout=$(printf 'a0%.0s' {1..32})

key() {
	run 0 key && cp "$tmp/out" "$tmp/$1"
}

buy() {
	key market && key relay && key session || return 1
	cat >"$tmp/in.voucher-key" <<-EOF
		{"ledger":"$ledger","value":"100000","issue_from":"1","issue_until":"30","spend_until":"60"}
	EOF
	run 0 voucher key <"$tmp/in.voucher-key" || return 1
	cp "$tmp/out" "$tmp/voucher_key"
	jq -c '{keys:[.key],epoch:"7",count:3}' "$tmp/voucher_key" >"$tmp/in.voucher-ask"
	run 0 voucher ask <"$tmp/in.voucher-ask" || return 1
	cp "$tmp/out" "$tmp/asked"
	jq -c --slurpfile k "$tmp/voucher_key" \
		'{keys:[$k[0] | {key,secret}],epoch:"7",message}' "$tmp/asked" >"$tmp/in.voucher-issue"
	run 0 voucher issue <"$tmp/in.voucher-issue" && [ "$(get .value)" = 100000 ] && [ "$(get .count)" = 3 ] ||
		return 1
	jq -c --slurpfile a "$tmp/asked" --slurpfile k "$tmp/voucher_key" \
		'{keys:[$k[0].key],pending:$a[0].pending,answer}' "$tmp/out" >"$tmp/in.voucher-receive"
	run 0 voucher receive <"$tmp/in.voucher-receive" && cp "$tmp/out" "$tmp/vouchers" &&
		[ "$(get '.vouchers | length')" = 3 ] || return 1
	# one bit of the answer
	jq -c '.answer |= (.[0:-1] + (if endswith("0") then "1" else "0" end))' "$tmp/in.voucher-receive" >"$tmp/bad"
	! "$program" voucher receive <"$tmp/bad" >"$tmp/none" 2>&1
}
ok "vouchers are bought blind" buy

certify() {
	jq -c --slurpfile k "$tmp/voucher_key" --slurpfile s "$tmp/session" \
		--slurpfile r "$tmp/relay" --arg ledger "$ledger" \
		'{keys:[$k[0].key],voucher:.vouchers[0],request:{ledger:$ledger,epoch:"7",
		  relay:$r[0].public,session:$s[0].public,tariff:"1600000"}}' \
		"$tmp/vouchers" >"$tmp/in.voucher-spend"
	run 0 voucher spend <"$tmp/in.voucher-spend" || return 1
	jq -c --slurpfile k "$tmp/voucher_key" --slurpfile m "$tmp/market" \
		'{keys:[$k[0] | {key,secret}],spend,secret:$m[0].secret}' "$tmp/out" >"$tmp/in.voucher-certify"
	run 0 voucher certify <"$tmp/in.voucher-certify" && [ "$(get .deposit)" = 65536 ] || return 1
	cp "$tmp/out" "$tmp/certified"
	# again: the same certificate
	run 0 voucher certify <"$tmp/in.voucher-certify" && cmp -s "$tmp/out" "$tmp/certified" || return 1
	# the MAC broken
	jq -c '.spend |= (.[0:-1] + (if endswith("0") then "1" else "0" end))' "$tmp/in.voucher-certify" >"$tmp/bad"
	! "$program" voucher certify <"$tmp/bad" >"$tmp/none" 2>&1 || return 1
	jq -c --slurpfile m "$tmp/market" '{certificate,market:$m[0].public,value:"100000"}' \
		"$tmp/certified" >"$tmp/in.certificate-check"
	run 0 certificate check <"$tmp/in.certificate-check" && [ "$(get .deposit)" = 65536 ] || return 1
	jq -c '.value = "100016"' "$tmp/in.certificate-check" >"$tmp/bad"
	run 1 certificate check <"$tmp/bad" && [ "$(get .reason)" = bad-deposit ]
}
ok "a voucher becomes a certificate" certify

receipts() {
	jq -c --slurpfile s "$tmp/session" '{certificate,secret:$s[0].secret,amount:"65536"}' \
		"$tmp/certified" >"$tmp/in.receipt-sign"
	run 0 receipt sign <"$tmp/in.receipt-sign" || return 1
	cp "$tmp/out" "$tmp/receipt"
	[ "$(get '.wire | length')" = 202 ] || return 1
	jq -c '.amount = "65537"' "$tmp/in.receipt-sign" >"$tmp/bad"
	! "$program" receipt sign <"$tmp/bad" >"$tmp/none" 2>&1 || return 1
	for form in '{wire}' '{receipt,amount,blinding}'; do
		jq -c --slurpfile c "$tmp/certified" --slurpfile m "$tmp/market" \
			"$form + {certificate:\$c[0].certificate,market:\$m[0].public,last:\"65536\"}" \
			"$tmp/receipt" >"$tmp/in.receipt-check"
		run 0 receipt check <"$tmp/in.receipt-check" || return 1
		jq -c '.last = "65537"' "$tmp/in.receipt-check" >"$tmp/bad"
		run 1 receipt check <"$tmp/bad" && [ "$(get .reason)" = below-last ] || return 1
	done
	run 0 receipt show <"$tmp/receipt" &&
		[ "$(get .session)" = "$(jq -r .public "$tmp/session")" ]
}
ok "a receipt is signed and checked, in both forms" receipts

claims() {
	jq -c -n --slurpfile c "$tmp/certified" --slurpfile m "$tmp/market" \
		--slurpfile r "$tmp/relay" --slurpfile v "$tmp/receipt" \
		--arg ledger "$ledger" --arg payout "$payout" \
		'{terms:{ledger:$ledger,epoch:"7",relay:$r[0].public,tariff:"1600000",
		  payout:$payout,market:$m[0].public},secret:$r[0].secret,
		  items:[$v[0] | {receipt,amount,blinding,certificate:$c[0].certificate}]}' \
		>"$tmp/build"
	jq -c '.items += [.items[0], (.items[0] | .amount = "5")]' "$tmp/build" >"$tmp/in"
	run 0 claim build <"$tmp/in" && [ "$(get .total)" = 65536 ] &&
		[ "$(get .amount)" = 100000 ] && [ "$(get .sessions)" = 1 ] &&
		[ "$(get '.left_out | map(.reason) | join(",")')" = superseded,bad-opening ] || return 1
	jq -c --slurpfile b "$tmp/build" '{terms:$b[0].terms,claim}' "$tmp/out" >"$tmp/claim"
	run 0 claim verify <"$tmp/claim" && [ "$(get .valid)" = true ] || return 1
	run 0 claim show <"$tmp/claim" && [ "$(get .total)" = 65536 ] &&
		[ "$(get '.entries | length')" = 1 ] || return 1
	jq -c '[., (.terms.payout |= sub("a0$";"a1")), (.terms.epoch = "8"),
		(.claim |= .[0:-2]), .]' "$tmp/claim" >"$tmp/in"
	run 1 claim verify <"$tmp/in" &&
		[ "$(get 'map(.reason) | join(" ")')" = "accepted other-payout other-epoch bad-length accepted" ] ||
		return 1
	jq -c '.items = []' "$tmp/build" >"$tmp/in"
	"$program" claim build <"$tmp/in" >"$tmp/out" 2>"$tmp/err"
	[ $? -eq 1 ] && [ "$(get .reason)" = empty ]
}
ok "receipts become a claim, and the market takes it" claims

# Every command, with each member in turn of a wrong type or cut: refused, and
# never by more than status 2.
nothing_crashes() {
	local file command member text status=0 tried=0
	cp "$tmp/build" "$tmp/in.claim-build"
	cp "$tmp/claim" "$tmp/in.claim-verify"
	jq -c '{claim}' "$tmp/claim" >"$tmp/in.claim-show"
	jq -c '{receipt}' "$tmp/receipt" >"$tmp/in.receipt-show"
	for file in "$tmp"/in.*; do
		command=${file##*/in.}
		for member in $(jq -r 'keys[]' "$file"); do
			for text in null '"zz"' -1 '[[]]' '{}' '"00"'; do
				jq -c --arg m "$member" ".[\$m] = $text" "$file" >"$tmp/in"
				# shellcheck disable=SC2086
				"$program" ${command/-/ } <"$tmp/in" >"$tmp/out" 2>"$tmp/err"
				status=$?
				tried=$((tried + 1))
				if [ "$status" -ne 1 ] && [ "$status" -ne 2 ]; then
					echo "# $command with $member = $text: status $status"
					return 1
				fi
			done
		done
	done
	[ "$tried" -gt 150 ]
}
ok "wrong members never crash a command" nothing_crashes

full_output() {
	[ -w /dev/full ] || return 0
	"$program" key >/dev/full 2>"$tmp/err"
	[ $? -eq 3 ] && [ -s "$tmp/err" ]
}
ok "a full disk is status 3" full_output

quiet() {
	run 0 bench --sessions 1 && ! [ -s "$tmp/err" ]
}
ok "no progress where there is no terminal" quiet

echo "1..$n"
exit $failed
