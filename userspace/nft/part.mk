# SPDX-License-Identifier: MIT
# Rulesets: nft/ (text, and into the kernel), exit/ and client/ (what an exit's and a
# client's say): build/lib/libcrnft.a. Programs that link it add $(NFT_LIB) and
# $(NFT_LIBS) before the directory library.

NFT_LIB  := $(O)/lib/libcrnft.a
NFT_LIBS := -lnftables
NFT_SRC  := $(sort $(wildcard userspace/nft/*.c userspace/exit/*.c userspace/client/*.c))
NFT_OBJ  := $(NFT_SRC:userspace/%.c=$(O)/nft/%.o)

$(O)/nft/%.o: userspace/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CR_CFLAGS) -Iuserspace $(CFLAGS) -c -o $@ $<

$(NFT_LIB): $(NFT_OBJ)
	@mkdir -p $(@D)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# What the network suites load: a ruleset from the command line.
$(O)/bin/cr-rules: userspace/tests/rules.c $(NFT_LIB) $(O)/lib/libcrdir.a $(O)/lib/libcrproof.a
	@mkdir -p $(@D)
	$(call say,CCLD,$@)
	$(Q)$(CC) $(CR_CFLAGS) -Iuserspace $(CFLAGS) -o $@ $(filter %.c %.a,$^) $(NFT_LIBS) $(DIR_LIBS)

PROGRAMS += $(O)/bin/cr-rules

$(O)/tests/test_nft: userspace/tests/test_nft.c $(NFT_LIB) $(O)/lib/libcrdir.a $(O)/lib/libcrproof.a
	@mkdir -p $(@D)
	$(call say,CCLD,$@)
	$(Q)$(CC) $(CR_CFLAGS) -Iuserspace $(CFLAGS) -o $@ $(filter %.c %.a,$^) $(NFT_LIBS) $(DIR_LIBS) -lcmocka

UNIT_TESTS += $(O)/tests/test_nft
