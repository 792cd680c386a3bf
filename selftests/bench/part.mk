# SPDX-License-Identifier: MIT
BENCH_KERNEL = $(or $(KERNEL),6.12)

.PHONY: bench
## bench: instructions of a hop and of whole paths against WireGuard, Tor and plain forwarding, into build/bench.json (KERNEL=6.1|6.12|7.3 MB=16 ROUNDS=3)
bench: all
	$(Q)mkdir -p $(O)/bench && rm -f $(O)/bench/rows
	$(Q)release=$$(cat $$(selftests/vm/fetch --path $(BENCH_KERNEL))/release) && \
		$(MAKE) -s $(O)/modules/$$release/cellrelay.ko $(O)/modules/$$release/crfloor.ko && \
		selftests/vm/run --kernel $(BENCH_KERNEL) --icount --timeout 7200 $(if $(MB),--env MB=$(MB)) $(if $(ROUNDS),--env ROUNDS=$(ROUNDS)) -- \
			sh -c 'selftests/bench/xdp.sh $(CURDIR)/$(O)/bench/rows && selftests/bench/tcp.sh $(CURDIR)/$(O)/bench/rows' && \
		selftests/bench/report.sh $$release $(O)/bench/rows

# Counts every instruction of the guest's kernel; its interface is QEMU's, version 1.
$(O)/bench/profile.so: selftests/bench/profile/plugin.c selftests/bench/profile/mark.h
	@mkdir -p $(@D)
	$(call say,CCLD,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(CFLAGS) -shared -fPIC -fvisibility=hidden -o $@ $<

.PHONY: profile-xdp
## profile-xdp: where the instructions of an XDP hop go, function by function (KERNEL=6.1|6.12|7.3)
profile-xdp: all $(O)/bench/profile.so
	$(Q)rm -rf $(O)/bench/profile && mkdir -p $(O)/bench/profile
	$(Q)CELLRELAY_PROFILE=$(CURDIR)/$(O)/bench/profile selftests/vm/run --kernel $(BENCH_KERNEL) --icount \
		--plugin $(CURDIR)/$(O)/bench/profile.so --env PROFILE=$(CURDIR)/$(O)/bench/profile -- \
		selftests/bench/xdp.sh $(CURDIR)/$(O)/bench/profile/rows
	$(Q)selftests/bench/profile/print.sh $(O)/bench/profile
