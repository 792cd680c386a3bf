# SPDX-License-Identifier: MIT
BENCH_KERNEL = $(or $(KERNEL),6.12)

.PHONY: bench
## bench: instructions of a hop and of whole paths against WireGuard, Tor and plain forwarding, into build/bench.json (KERNEL=6.1|6.12|7.3 MB=16 ROUNDS=3)
bench: all $(O)/bin/bench_core
	$(Q)mkdir -p $(O)/bench && selftests/bench/native.sh $(O)/bin/bench_core >$(O)/bench/rows
	$(Q)release=$$(cat $$(selftests/vm/fetch --path $(BENCH_KERNEL))/release) && \
		$(MAKE) -s $(O)/modules/$$release/cellrelay.ko $(O)/modules/$$release/crfloor.ko && \
		{ selftests/vm/run --kernel $(BENCH_KERNEL) --icount --mem 4096 --timeout 10800 \
			$(if $(MB),--env MB=$(MB)) $(if $(ROUNDS),--env ROUNDS=$(ROUNDS)) -- selftests/bench/all.sh $(O)/bench/rows; status=$$?; \
		selftests/bench/report.sh $$release $(O)/bench/rows; exit $$status; }
