#!/bin/bash
# SPDX-License-Identifier: MIT
# The bash completion of relayctl, as a shell calls it. TAP.
# usage: relayctl_completion.sh FOLDER_OF_RELAYCTL
set -u
PATH=$(cd "$1" && pwd):$PATH
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=userspace/relayctl/completion.bash
. "$here/../relayctl/completion.bash"

n=0 failed=0

# wanted WORD in what is offered for the words that follow
offers() {
	local want=$1 word
	shift
	COMP_WORDS=(relayctl "$@")
	COMP_CWORD=$#
	_relayctl
	n=$((n + 1))
	for word in "${COMPREPLY[@]}"; do
		if [ "$word" = "$want" ]; then
			echo "ok $n - relayctl $* offers $want"
			return
		fi
	done
	echo "not ok $n - relayctl $* offers $want"
	echo "# offered: ${COMPREPLY[*]}"
	failed=1
}

cd "$here" || exit 1
echo TAP version 13
offers link li
offers circuit ''
offers add circuit a
offers keygen circuit ''
offers peer link add ''
offers on link add roam o
offers --json --j
offers relay circuit add role ''
offers relayctl_completion.sh key add 1 gen 0 file relayctl_comp
offers lo sock add dev l
offers link help l
offers verify directory v
offers authorities directory verify x a
offers explain path ''
offers exit-country offers e
offers ed25519 genkey type e
complete -p relayctl | grep -q _relayctl || { echo 'not ok - registered'; failed=1; }
echo "1..$n"
exit $failed
