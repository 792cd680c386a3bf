# SPDX-License-Identifier: MIT
.PHONY: demo
## demo: a file through three relays in kernel space, watched (NATIVE=1: on this machine, as root)
demo: all
ifeq ($(NATIVE),1)
	$(Q)PATH=$(CURDIR)/$(O)/bin:$$PATH DEMO_EMULATED=0 selftests/demo/demo.sh
else
	$(Q)selftests/vm/run --kernel $(or $(KERNEL),6.12) --mem 3072 --env PATH=$(CURDIR)/$(O)/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin -- selftests/demo/demo.sh
endif
