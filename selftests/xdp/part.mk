# SPDX-License-Identifier: MIT
# Tests of the XDP path: build/xdp-tests/NAME, run by the scripts here in a VM.
XDP_TESTS  := table parity
XDP_BIN    := $(XDP_TESTS:%=$(O)/xdp-tests/%)
XDP_CFLAGS := -Iselftests/netlink -Ikmod/core -Ikmod/uapi -I$(O)
PROGRAMS   += $(XDP_BIN)

$(O)/xdp-tests/%.o: selftests/xdp/%.c $(O)/bpf/xdp.skel.h
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(XDP_CFLAGS) $(CFLAGS) -c -o $@ $<

$(XDP_BIN): $(O)/xdp-tests/%: $(O)/xdp-tests/%.o $(O)/xdp-tests/rig.o $(O)/xdp-tests/run.o $(O)/netlink-tests/ktap.o $(O)/lib/libcrcore.a
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ -lbpf -lsodium
