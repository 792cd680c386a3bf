#!/bin/bash
# SPDX-License-Identifier: MIT
# report.sh RELEASE ROWS: adds a run (one line of JSON per figure) to build/bench.json, in place of an
# earlier one of that kernel, and prints rows and ratios. Ratios compare rows of the same run only;
# one whose rows are missing is left out.
set -eu -o pipefail
here=$(cd "$(dirname "$0")" && pwd -P)
out=$here/../../build/bench.json
[ -s "$out" ] || echo '{"schema":1,"runs":[]}' >"$out"
run=$(jq -s -L "$here" --arg kernel "$1" -f "$here/report.jq" "$2")
jq --argjson run "$run" '.runs = [.runs[] | select(.kernel != $run.kernel)] + [$run]' "$out" >"$out.new"
mv "$out.new" "$out"
"$here/show.sh" "$1"
