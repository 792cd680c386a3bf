# SPDX-License-Identifier: MIT
DEMO_PATH ?= socket

.PHONY: demo
## demo: a file through three relays in kernel space, watched (DEMO_PATH=xdp: relays forward by XDP; NATIVE=1: on this machine, as root)
demo: all
ifeq ($(NATIVE),1)
	$(Q)PATH=$(CURDIR)/$(O)/bin:$$PATH DEMO_EMULATED=0 DEMO_PATH=$(DEMO_PATH) selftests/demo/demo.sh
else
	$(Q)selftests/vm/run --kernel $(or $(KERNEL),6.12) --mem 3072 --env PATH=$(CURDIR)/$(O)/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --env DEMO_PATH=$(DEMO_PATH) -- selftests/demo/demo.sh
endif
