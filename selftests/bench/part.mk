# SPDX-License-Identifier: MIT
.PHONY: bench
## bench: instructions per byte against WireGuard and plain forwarding, into build/bench.json (KERNEL=6.1|6.12|7.3)
bench: all
	$(Q)mkdir -p $(O)/bench && rm -f $(O)/bench/rows
	$(Q)selftests/vm/run --kernel $(or $(KERNEL),6.12) --icount --timeout 7200 \
		--env PATH=$(CURDIR)/$(O)/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin -- \
		sh -c 'selftests/bench/tcp.sh $(CURDIR)/$(O)/bench/rows && uname -r >$(CURDIR)/$(O)/bench/release'
	$(Q)selftests/bench/report.sh "$$(cat $(O)/bench/release)" $(O)/bench/rows
