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

$(O)/bin/bench_directory: userspace/bench/bench_directory.c $(O)/lib/libcrpath.a $(O)/lib/libcrdir.a $(O)/lib/libcrproof.a
	@mkdir -p $(@D)
	$(call say,CCLD,$@)
	$(Q)$(CC) $(filter-out -MMD -MP,$(CR_CFLAGS)) $(CFLAGS) $(PROOF_CFLAGS) -o $@ $^ $(DIR_LIBS)

.PHONY: bench-directory
## bench-directory: making, taking and using a snapshot of BENCH_RELAYS (100000) relays
BENCH_RELAYS ?= 100000
bench-directory: $(O)/bin/bench_directory
	$(Q)$< $(BENCH_RELAYS)

$(O)/bin/bench_market_directory: userspace/bench/bench_market_directory.c $(O)/lib/libcrmarket.a $(O)/lib/libcrdir.a $(O)/lib/libcrproof.a
	@mkdir -p $(@D)
	$(call say,CCLD,$@)
	$(Q)$(CC) $(filter-out -MMD -MP,$(CR_CFLAGS)) $(CFLAGS) $(MARKET_CFLAGS) -o $@ $^ $(MARKET_LIBS) -lmicrohttpd

.PHONY: bench-market-directory
## bench-market-directory: a snapshot of BENCH_RELAYS relays made from the database, fetched, verified; its delta
bench-market-directory: $(O)/bin/bench_market_directory
	$(Q)$< $(BENCH_RELAYS)
