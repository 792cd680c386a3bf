# SPDX-License-Identifier: MIT
# bash completion for relayctl: relayctl itself knows the words.

_relayctl() {
	local cur=${COMP_WORDS[COMP_CWORD]} line
	local -a words=("${COMP_WORDS[@]:1:COMP_CWORD}")

	COMPREPLY=()
	while IFS= read -r line; do
		case $line in
		@file)
			mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$cur")
			;;
		@device)
			mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(
				for line in /sys/class/net/*; do
					line=${line##*/}
					[[ $line == "$cur"* ]] && echo "$line"
				done
			)
			;;
		@netns)
			mapfile -t -O "${#COMPREPLY[@]}" COMPREPLY < <(
				for line in /run/netns/*; do
					[[ -e $line && ${line##*/} == "$cur"* ]] && echo "${line##*/}"
				done
			)
			;;
		*)
			COMPREPLY+=("$line")
			;;
		esac
	done < <("${COMP_WORDS[0]}" complete -- "${words[@]}" 2>/dev/null)
}

complete -F _relayctl relayctl
