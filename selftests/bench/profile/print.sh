#!/bin/bash
# SPDX-License-Identifier: MIT
# print.sh FOLDER [LINES]: the profile that "make profile-xdp" took: for each direction and size the dearest
# functions, instructions per cell.
set -eu -o pipefail
first=0
for what in "forward large" "forward small" "backward large" "backward small"; do
	echo "$what"
	# xdpbench sends 4096 - 64 frames
	"$(dirname "$0")/functions.sh" "$1" $first 4032 | head -n "${2:-70}" || [ $? = 141 ]
	first=$((first + 5))
done
