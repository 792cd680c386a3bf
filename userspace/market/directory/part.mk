# SPDX-License-Identifier: MIT
# Tests of the market's directory; its files go into libcrmarket.a with the rest of the market.
MDIR_TESTS := market_directory
MDIR_SUP   := market_place market_server directory_fixture

$(MDIR_TESTS:%=$(O)/tests/test_%): $(O)/tests/test_%: userspace/tests/test_%.c $(MDIR_SUP:%=userspace/tests/%.c) $(O)/lib/libcrmarket.a $(O)/lib/libcrdir.a $(O)/lib/libcrproof.a
	@mkdir -p $(@D)
	$(call say,CCLD,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(MARKET_CFLAGS) -Iuserspace/tests $(CFLAGS) -o $@ $(filter %.c %.a,$^) $(MARKET_LIBS) -lcmocka

$(MDIR_TESTS:%=$(O)/tests-san/test_%): $(O)/tests-san/test_%: userspace/tests/test_%.c $(MDIR_SUP:%=userspace/tests/%.c) $(O)/market-san/libcrmarket.a $(O)/lib/libcrdir.a $(O)/proof-san/libcrproof.a
	@mkdir -p $(@D)
	$(call say,CCLD-SAN,$@)
	$(Q)$(CC) $(PROOF_SAN_CFLAGS) $(MARKET_CFLAGS) -Iuserspace/tests -o $@ $(filter %.c %.a,$^) $(MARKET_LIBS) -lcmocka

UNIT_TESTS += $(MDIR_TESTS:%=$(O)/tests/test_%) $(MDIR_TESTS:%=$(O)/tests-san/test_%)
