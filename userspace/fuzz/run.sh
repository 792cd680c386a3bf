#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh build/fuzz/fuzz_NAME [libFuzzer option...]: run one target from the
# seeds in userspace/fuzz/corpus/NAME; what it adds, and the input that crashes
# it, go under the folder of the program. One TAP line.
set -u

program=$1
shift
name=${program##*/fuzz_}
here=$(dirname "$0")
grown=$(dirname "$program")/corpus/$name
log=$(dirname "$program")/$name.log

mkdir -p "$grown"
if "$program" -seed=1 -timeout=60 -rss_limit_mb=2048 -print_final_stats=1 \
	-artifact_prefix="$grown/../$name-" "$@" "$grown" \
	"$here/corpus/$name" >"$log" 2>&1; then
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	echo "ok - fuzz $name, $runs runs"
else
	echo "not ok - fuzz $name, see $log"
	tail -40 "$log" | sed 's/^/# /'
	exit 1
fi
