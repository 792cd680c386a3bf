# SPDX-License-Identifier: MIT
# Netlink tests: build/netlink-tests/NAME, each prints KTAP; they run in a VM.
NLT_TESTS  := refuse objects rights dump events daemon fuzz life fault
# What network tests use as a daemon.
NLT_TOOLS  := creditor roamd
NLT_BIN    := $(patsubst %,$(O)/netlink-tests/%,$(NLT_TESTS) $(NLT_TOOLS))
NLT_CFLAGS := -Ikmod/uapi $(shell pkg-config --cflags libnl-3.0 libnl-genl-3.0 2>/dev/null)
NLT_LIBS   := -lnl-genl-3 -lnl-3
PROGRAMS   += $(NLT_BIN)

$(O)/netlink-tests/%.o: selftests/netlink/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CR_CFLAGS) -Wno-unused-parameter $(NLT_CFLAGS) $(CFLAGS) -c -o $@ $<

$(NLT_BIN): $(O)/netlink-tests/%: $(O)/netlink-tests/%.o $(O)/netlink-tests/nlt.o $(O)/netlink-tests/ktap.o
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(NLT_LIBS)

$(O)/netlink-tests/life $(O)/netlink-tests/fault: $(O)/netlink-tests/lane.o

.PHONY: netlink-tests
netlink-tests: $(NLT_BIN)
