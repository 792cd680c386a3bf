#!/bin/bash
# SPDX-License-Identifier: MIT
# The demo: a client fetches a file from a web server through three relays. Each is a host of
# its own (a network namespace); the relays work in kernel space; what every hop moved is read
# from the pinned eBPF maps while it happens; every wire is tapped.
#
# Runs as root in a virtual machine (`make demo`), or with NATIVE=1 on this machine.
# DEMO_PATH=xdp: relays 1 and 2 forward by XDP, in the driver of the veth; the exit, where the
# circuit ends, and the client always use their sockets.
here=$(dirname "$0")
. "$here/../lib.sh"
. "$here/../net/chain.sh"

FILE_MB=${FILE_MB:-64}
TAP_CELLS=${TAP_CELLS:-10000}	# cells kept per wire
DEMO_PATH=${DEMO_PATH:-socket}
HOSTS=(client r1 r2 r3)
ROLE=("client" "relay 1 (guard)" "relay 2 (middle)" "relay 3 (exit)")

if [ -t 1 ] || [ -n "${DEMO_COLOR:-}" ]; then bold=$'\e[1m' plain=$'\e[0m'; else bold='' plain=''; fi
say() { printf '%s\n' "$*"; }
step() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
give_up() {
	printf 'demo: %s\n' "$*" >&2
	[ ! -s "$LIB_TMP/err" ] || sed 's/^/demo:   /' "$LIB_TMP/err" >&2
	exit 1
}
try() { "$@" 2>"$LIB_TMP/err" >&2 || give_up "failed: $*"; }

# bytes of a circuit of each host, forward and backward, out of the pinned map
map_counts() {
	relayctl -j map circuits | jq -r --argjson order "$COOKIES" '
		[.slots[] | {key: .netns, value: .}] | from_entries as $by |
		$order[] | $by[.] | "\(.fwd.cells) \(.fwd.bytes) \(.bwd.cells) \(.bwd.bytes)"'
}

table_head() { printf '  %8s' "MiB"; printf ' | %-22s' "${ROLE[@]}"; printf '\n  %8s' fetched; printf ' | %10s %11s' out back out back out back out back; printf '  (cells)\n'; }
table_row() {
	local done_mb=$1 f fb b bb
	printf '  %8s' "$done_mb"
	while read -r f fb b bb; do printf ' | %10s %11s' "$f" "$b"; done < <(map_counts)
	printf '\n'
}

got_mb() { local n; n=$(stat -c %s "$LIB_TMP/got" 2>/dev/null || echo 0); echo $((n >> 20)); }

need relayctl cellstat jq curl busybox tcpdump sha256sum
say "${bold}cellrelay demo${plain} on Linux $(uname -r), $(nproc) processors"

step "1. Hosts: a client, three relays, a web server, each in its own network namespace"
try modprobe cellrelay
try relayctl load
try chain 3 4
for h in "${HOSTS[@]}"; do COOKIES+=" $(on "$h" relayctl -j ns show | jq ".namespace.cookie"),"; done
COOKIES="[${COOKIES%,}]"
say "  client === relay 1 === relay 2 === relay 3 --- web server ($SERVER4)"
say "  ===: cells over UDP; ---: plain HTTP, as the exit and whoever is behind it can read it"
say "  The circuit's keys come from test key files; no user process touches a cell."
if [ "$DEMO_PATH" = xdp ]; then
	try chain_xdp mode native
	say "  Path: XDP. Relays 1 and 2 forward cells in the driver, before the stack makes packets of them."
else
	say "  Path: sockets. Every relay takes its cells from UDP sockets in the kernel."
fi

step "2. A file of $FILE_MB MiB with random content, and a tap on every wire"
mkdir "$LIB_TMP/web"
head -c "${FILE_MB}M" /dev/urandom >"$LIB_TMP/web/file"
want=$(sha256sum <"$LIB_TMP/web/file")
say "  SHA-256 ${want%% *}"
for pair in "client r1" "r1 r2" "r2 r3"; do
	# shellcheck disable=SC2086
	set -- $pair
	w=$(wire_ns "$1" "$2")
	# a tap must see finished datagrams: no trains, no checksums left to a device; but a veth takes
	# frames of XDP only into a peer that has GRO
	[ "$DEMO_PATH" = xdp ] && gro=on || gro=off
	on "$w" ethtool -K "at-$1" gro $gro gso off tso off 2>/dev/null
	on "$w" ethtool -K "at-$2" gro $gro gso off tso off 2>/dev/null
	on "$1" ethtool -K "to-$2" tx-udp-segmentation off tx-checksumming off >/dev/null 2>&1
	on "$2" ethtool -K "to-$1" tx-udp-segmentation off tx-checksumming off >/dev/null 2>&1
	bg on "$w" tcpdump -i bridge -U -c "$TAP_CELLS" -w "$LIB_TMP/$1-$2.pcap" udp port "$CHAIN_PORT"
done
listening() { [ "$(grep -ls 'listening on' "$LIB_TMP"/bg.* | wc -l)" -ge 3 ]; }
busywait 10000 listening || give_up "the taps did not start"
bg on server busybox httpd -f -p "$SERVER4:8000" -h "$LIB_TMP/web"
serving() { on server curl -sf -o /dev/null --max-time 2 -r 0-0 "http://$SERVER4:8000/file"; }
busywait 10000 serving || give_up "the web server does not answer"

step "3. The client fetches it over HTTP, through all three hops"
table_head
start=$(date +%s.%N)
bg on client curl -sS --max-time 600 -o "$LIB_TMP/got" "http://$SERVER4:8000/file"
curl_pid=$!
while kill -0 "$curl_pid" 2>/dev/null; do
	table_row "$(got_mb)"
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		kill -0 "$curl_pid" 2>/dev/null || break
		read -rt 0.2 <> <(:) || :
	done
done
wait "$curl_pid" || give_up "curl: $(cat "$(bg_log "$curl_pid")")"
end=$(date +%s.%N)
table_row "$(got_mb)"
got=$(sha256sum <"$LIB_TMP/got")
[ "$got" = "$want" ] || give_up "the file arrived damaged: ${got%% *}"
say "  SHA-256 ${got%% *}: the same"

step "4. What the taps saw"
failed=0
pkill -INT -f "tcpdump.*$LIB_TMP" || :
for pair in client-r1 r1-r2 r2-r3; do
	f=$LIB_TMP/$pair.pcap
	cellstat check --outer --min 2560 "$f" >"$LIB_TMP/check" 2>"$LIB_TMP/err" || { failed=1; cat "$LIB_TMP/err" >&2; }
	sed "s|^$LIB_TMP/|  |" "$LIB_TMP/check"
done
cellstat absent "$LIB_TMP/web/file" "$LIB_TMP"/{client-r1,r1-r2,r2-r3}.pcap >"$LIB_TMP/absent" 2>"$LIB_TMP/err" ||
	{ failed=1; cat "$LIB_TMP/err" >&2; }
sed "s|^$LIB_TMP/|  |" "$LIB_TMP/absent"
[ "$failed" = 0 ] || give_up "a wire tells an observer something"
say "  Only cells of two sizes; at every position, the first included, the bytes are uniform;"
say "  no piece of the file; the same outer header on every cell."

step "5. The books"
for h in "${HOSTS[@]}"; do
	busywait 5000 at_rest "$h" || give_up "$h: in + originated differs from out + delivered + drops"
done
try relayctl map verify
say "  On every host: cells in + originated = out + delivered + dropped, and the pinned map"
say "  (bpftool map dump pinned /sys/fs/bpf/cellrelay/v1/cr_circuits) equals the module's counters."
i=0
while read -r f fb b bb; do
	printf '  %-18s %9d cells %12d bytes out, %9d cells %12d bytes back\n' "${ROLE[i]}" "$f" "$fb" "$b" "$bb"
	i=$((i + 1))
done < <(map_counts)
if [ "$DEMO_PATH" = xdp ]; then
	for h in r1 r2; do
		left=$(xdp_left "$h")
		of=$(stat_of "$h" in.cells)
		[ "$((left * 50))" -lt "$of" ] || give_up "$h left $left of $of cells to the stack"
		say "  $h: $((of - left)) of $of cells went by XDP"
	done
fi
LC_ALL=C awk -v mb="$FILE_MB" -v t="$(LC_ALL=C awk "BEGIN{print $end - $start}")" -v kvm="${DEMO_EMULATED:-1}" 'BEGIN {
	printf "\n  %d MiB in %.1f s through three hops", mb, t
	if (kvm) printf "; this machine is emulated, so the time says nothing: see docs/benchmarks.md"
	printf "\n" }'
say "  Relay 1 saw the client's address, relay 3 the server's and what HTTP does not encrypt; no"
say "  relay saw both. Whoever watches the client and the exit at once can match them by timing."
try relayctl unload
