# SPDX-License-Identifier: MIT
# Talking to the kernel, for relayctl and relayd: build/lib/libcrnetlink.a.

KN_SRC    := $(sort $(wildcard userspace/netlink/*.c))
KN_OBJ    := $(KN_SRC:userspace/netlink/%.c=$(O)/netlink/%.o)
KN_CFLAGS := -Iuserspace -Ikmod/uapi $(shell pkg-config --cflags libnl-genl-3.0)

$(O)/netlink/%.o: userspace/netlink/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(KN_CFLAGS) $(CFLAGS) -c -o $@ $<

$(O)/lib/libcrnetlink.a: $(KN_OBJ)
	@mkdir -p $(@D)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^
