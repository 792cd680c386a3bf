# SPDX-License-Identifier: MIT
# Tests of the XDP path: build/xdp-tests/NAME, run by the scripts here in a VM.
XDP_TESTS  := table parity xdpbench
XDP_BIN    := $(XDP_TESTS:%=$(O)/xdp-tests/%)
XDP_CFLAGS := -Iselftests/netlink -Ikmod/core -Ikmod/uapi -I$(O)
PROGRAMS   += $(XDP_BIN)

$(O)/xdp-tests/%.o: selftests/xdp/%.c $(O)/bpf/xdp.skel.h
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(XDP_CFLAGS) $(CFLAGS) -c -o $@ $<

$(XDP_BIN): $(O)/xdp-tests/%: $(O)/xdp-tests/%.o $(O)/xdp-tests/rig.o $(O)/xdp-tests/run.o $(O)/netlink-tests/ktap.o $(O)/lib/libcrcore.a
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ -lbpf -lsodium $(NLT_LIBS)

$(O)/xdp-tests/xdpbench: $(O)/netlink-tests/nlt.o

# The benchmark of selftests/bench/xdp.sh: the same relay, other programs around the forwarder.
$(O)/bpf/xdpbench.bpf.o: selftests/bench/xdpbench.bpf.c
	@mkdir -p $(@D)
	$(call say,CLANG,$@)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c -o $@ $<

$(O)/xdp-tests/xdpbench.o: selftests/bench/xdpbench.c $(O)/bpf/xdp.skel.h $(O)/bpf/xdpbench.skel.h
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(XDP_CFLAGS) -Iselftests/xdp $(NLT_CFLAGS) $(CFLAGS) -c -o $@ $<

$(O)/modules/%/crfloor.ko: $(wildcard selftests/bench/floor/*) kmod/build-module
	$(call say,MODULE,$@)
	$(Q)kmod/build-module $* selftests/bench/floor crfloor
