# SPDX-License-Identifier: MIT
# Benchmarks that run natively in userspace. Not part of the tests.
BENCH_CIRCUITS ?= 1000000

$(O)/bin/bench_core: userspace/bench/bench_core.c $(O)/lib/libcrcore.a
	@mkdir -p $(@D)
	$(call say,CCLD,$@)
	$(Q)$(CC) $(filter-out -MMD -MP,$(CR_CFLAGS)) $(CFLAGS) -Ikmod/core -o $@ $< $(O)/lib/libcrcore.a -lsodium

.PHONY: bench-core
## bench-core: time and instructions of a middle hop in userspace, 1 to BENCH_CIRCUITS (1000000) circuits
bench-core: $(O)/bin/bench_core
	$(Q)userspace/bench/bench-core.sh $< $(BENCH_CIRCUITS)
