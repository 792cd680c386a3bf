# SPDX-License-Identifier: MIT
DEMO_PATH ?= socket
DEMO_KERNEL = $(or $(KERNEL),6.12)

.PHONY: demo
## demo: a file through three relays in kernel space, watched (DEMO_PATH=xdp: relays forward by XDP; NATIVE=1: on this machine, as root)
ifeq ($(NATIVE),1)
demo: all
	$(Q)PATH=$(CURDIR)/$(O)/bin:$$PATH DEMO_EMULATED=0 DEMO_PATH=$(DEMO_PATH) selftests/demo/demo.sh
else
# The kernel must be there before make looks which modules to build.
demo:
	$(Q)kernel=$$(selftests/vm/fetch --path $(DEMO_KERNEL)) && \
		$(MAKE) --no-print-directory -j$$(nproc) programs bpf $(O)/modules/$$(cat "$$kernel/release")/cellrelay.ko
	$(Q)selftests/vm/run --kernel $(DEMO_KERNEL) --mem 3072 --env PATH=$(CURDIR)/$(O)/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --env DEMO_PATH=$(DEMO_PATH) -- selftests/demo/demo.sh
endif
