# SPDX-License-Identifier: MIT
# Once over each path.
DEMO_BOTH := sh -c 'selftests/demo/demo.sh && echo && DEMO_PATH=xdp FILE_MB=16 selftests/demo/demo.sh'

.PHONY: demo
## demo: a file through three relays in kernel space, watched, by sockets and by XDP (NATIVE=1: on this machine, as root)
demo: all
ifeq ($(NATIVE),1)
	$(Q)PATH=$(CURDIR)/$(O)/bin:$$PATH DEMO_EMULATED=0 $(DEMO_BOTH)
else
	$(Q)selftests/vm/run --kernel $(or $(KERNEL),6.12) --mem 3072 --env PATH=$(CURDIR)/$(O)/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin -- $(DEMO_BOTH)
endif
