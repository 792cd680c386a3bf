# SPDX-License-Identifier: MIT
# relayd: every *.c here; main.c apart, so that tests can link the rest.

RELAYD_SRC    := $(sort $(wildcard userspace/relayd/*.c))
RELAYD_OBJ    := $(RELAYD_SRC:userspace/relayd/%.c=$(O)/relayd/%.o)
RELAYD_CFLAGS := -Iuserspace -Iuserspace/relayd -Ikmod/core -Ikmod/uapi $(shell pkg-config --cflags libnl-genl-3.0)
RELAYD_LIBS   := -lnl-genl-3 -lnl-3 -lsodium -ljansson -linih

$(O)/relayd/%.o: userspace/relayd/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(RELAYD_CFLAGS) $(CFLAGS) -c -o $@ $<

$(O)/bin/relayd: $(RELAYD_OBJ) $(O)/lib/libcrcontrol.a $(O)/lib/libcrnoise.a $(O)/lib/libcrnetlink.a
	@mkdir -p $(@D)
	$(call say,CCLD,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(CFLAGS) -o $@ $^ $(RELAYD_LIBS)

PROGRAMS += $(O)/bin/relayd
