# SPDX-License-Identifier: MIT
# The market's routes; their files go into libcrmarket.a. A service runs in the test, which
# holds it against docs/openapi.json.
API_SUP := http_client market_fixture market_place market_server directory_fixture payments forge seeded

$(O)/tests/test_market_api: userspace/tests/test_market_api.c $(API_SUP:%=userspace/tests/%.c) $(O)/lib/libcrmarket.a $(O)/lib/libcrdir.a $(O)/lib/libcrproof.a
	@mkdir -p $(@D)
	$(call say,CCLD,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(MARKET_CFLAGS) -Iuserspace/tests $(CFLAGS) -o $@ $(filter %.c %.a,$^) $(MARKET_LIBS) -lmicrohttpd -lcmocka

$(O)/tests-san/test_market_api: userspace/tests/test_market_api.c $(API_SUP:%=userspace/tests/%.c) $(O)/market-san/libcrmarket.a $(O)/lib/libcrdir.a $(O)/proof-san/libcrproof.a
	@mkdir -p $(@D)
	$(call say,CCLD-SAN,$@)
	$(Q)$(CC) $(PROOF_SAN_CFLAGS) $(MARKET_CFLAGS) -Iuserspace/tests -o $@ $(filter %.c %.a,$^) $(MARKET_LIBS) -lmicrohttpd -lcmocka

UNIT_TESTS += $(O)/tests/test_market_api $(O)/tests-san/test_market_api
