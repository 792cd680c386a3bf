#!/bin/sh
# SPDX-License-Identifier: MIT
# native.sh BENCH_CORE [CIRCUITS]: a middle hop of the userspace build on this processor, in
# nanoseconds per cell, with 1 to CIRCUITS (1000000) circuits visited at random, as rows of JSON.
"$1" "${2:-1000000}" | awk '
	$1 == "miss" { printf "{\"name\":\"native_miss\",\"direction\":null,\"size\":null,\"circuits\":%d,", $3 }
	$1 == "cipher" { printf "{\"name\":\"native_cipher\",\"direction\":null,\"size\":\"%s\",\"circuits\":1,", $2 == 1408 ? "large" : "small" }
	$1 == "forward" || $1 == "backward" {
		printf "{\"name\":\"native_hop\",\"direction\":\"%s\",\"size\":\"%s\",\"circuits\":%d,",
			$1 == "forward" ? $1 : "back", $2 == 1408 ? "large" : "small", $3
	}
	$1 ~ /^(miss|cipher|forward|backward)$/ { printf "\"suite\":1,\"instr_per_cell\":null,\"instr_per_byte\":null,\"ns_per_cell\":%d}\n", $4; n++ }
	END { exit !n }'
