# SPDX-License-Identifier: MIT
# relayctl: every *.c here; start.c apart, so that tests can link the rest.

CTL_SRC    := $(sort $(wildcard userspace/relayctl/*.c))
CTL_OBJ    := $(CTL_SRC:userspace/relayctl/%.c=$(O)/relayctl/%.o) $(O)/control/derive.o
CTL_CFLAGS := -Iuserspace/relayctl -Iuserspace -Ikmod/core $(PROOF_CFLAGS) -I$(O) -Ikmod/uapi -iquote kmod $(shell pkg-config --cflags libnl-genl-3.0)
CTL_LIBS   := -lnl-genl-3 -lnl-3 -lbpf $(PATH_LIB) $(DIR_LIB) $(PROOF_LIB) $(PROOF_LIBS) -ljansson

$(O)/relayctl/%.o: userspace/relayctl/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(CTL_CFLAGS) $(CFLAGS) -c -o $@ $<

$(O)/relayctl/acct.o: $(O)/bpf/acct.skel.h
$(O)/relayctl/xdp_attach.o: $(O)/bpf/xdp.skel.h
$(O)/relayctl/xdp_refused.o: $(O)/bpf/refused.skel.h

$(O)/bin/relayctl: $(CTL_OBJ) $(O)/lib/libcrnetlink.a $(PATH_LIB) $(DIR_LIB) $(PROOF_LIB)
	@mkdir -p $(@D)
	$(call say,CCLD,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(CFLAGS) -o $@ $^ $(CTL_LIBS)

PROGRAMS += $(O)/bin/relayctl
INSTALL_BIN += $(O)/bin/relayctl

# Tests link everything but the process and what talks to the kernel (netlink/kn.c), which
# relayctl_mock.c stands in for.
CTL_TEST_OBJ := $(filter-out %/start.o %/acct.o %/xdp_attach.o %/xdp_refused.o,$(CTL_OBJ)) $(O)/netlink/dev.o $(O)/netlink/endpoint.o
CTL_TESTS    := relayctl_golden relayctl_cli relayctl_directory

$(CTL_TESTS:%=$(O)/tests/test_%): $(O)/tests/test_%: userspace/tests/test_%.c userspace/tests/relayctl_mock.c $(CTL_TEST_OBJ) $(PATH_LIB) $(DIR_LIB) $(PROOF_LIB)
	@mkdir -p $(@D)
	$(call say,CCLD,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(CTL_CFLAGS) -Iuserspace/tests $(CFLAGS) -o $@ $(filter %.c %.o,$^) $(CTL_LIBS) -lcmocka -lutil

# The same under the address and undefined-behaviour sanitizers.
CTL_SAN_OBJ := $(CTL_TEST_OBJ:$(O)/relayctl/%=$(O)/relayctl-san/%)

$(O)/relayctl-san/%.o: userspace/relayctl/%.c
	@mkdir -p $(@D)
	$(call say,CC-SAN,$<)
	$(Q)$(CC) $(SAN_CFLAGS) $(CTL_CFLAGS) -c -o $@ $<

$(CTL_TESTS:%=$(O)/tests/san/test_%): $(O)/tests/san/test_%: userspace/tests/test_%.c userspace/tests/relayctl_mock.c $(CTL_SAN_OBJ)
	@mkdir -p $(@D)
	$(call say,CCLD-SAN,$@)
	$(Q)$(CC) $(SAN_CFLAGS) $(CTL_CFLAGS) -Iuserspace/tests -o $@ $(filter %.c %.o,$^) $(CTL_LIBS) -lcmocka -ljansson -lutil

UNIT_TESTS += $(CTL_TESTS:%=$(O)/tests/test_%) $(CTL_TESTS:%=$(O)/tests/san/test_%)

.PHONY: check-completion
## check-completion: relayctl's bash completion
check-completion: $(O)/bin/relayctl
	$(Q)shellcheck -x userspace/relayctl/completion.bash -s bash userspace/tests/relayctl_completion.sh
	$(Q)userspace/tests/relayctl_completion.sh $(O)/bin
CHECKS += check-completion
