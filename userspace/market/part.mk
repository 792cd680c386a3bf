# SPDX-License-Identifier: MIT
# The market: every *.c of a folder below this one goes into build/lib/libcrmarket.a.
# Programs that link it add $(MARKET_LIB) $(DIR_LIB) $(PROOF_LIB) $(MARKET_LIBS), in this order.

MARKET_LIB    := $(O)/lib/libcrmarket.a
MARKET_LIBS    = $(PROOF_LIBS) -lsqlite3 -lpq -ljansson
MARKET_CFLAGS  = $(PROOF_CFLAGS) $(shell pkg-config --cflags libpq)
MARKET_SRC    := $(filter-out userspace/market/cli/%,$(sort $(wildcard userspace/market/*/*.c)))

$(O)/market/%.o: userspace/market/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(MARKET_CFLAGS) $(CFLAGS) -c -o $@ $<

$(MARKET_LIB): $(MARKET_SRC:userspace/market/%.c=$(O)/market/%.o)
	@mkdir -p $(@D)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# The program: main.c, and a file of cli/ per group of commands.
MARKET_CLI_OBJ := $(O)/market/main.o $(patsubst userspace/market/%.c,$(O)/market/%.o,$(sort $(wildcard userspace/market/cli/*.c)))

$(O)/bin/relaymarket: $(MARKET_CLI_OBJ) $(MARKET_LIB) $(O)/lib/libcrdir.a $(O)/lib/libcrproof.a
	@mkdir -p $(@D)
	$(call say,CCLD,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(MARKET_LIBS) -lmicrohttpd -linih

PROGRAMS += $(O)/bin/relaymarket
INSTALL_BIN += $(O)/bin/relaymarket

.PHONY: check-relaymarket
## check-relaymarket: relaymarket from outside: making a market, coins in and out, audit, backup, keys
check-relaymarket: $(O)/bin/relaymarket
	$(Q)userspace/tests/relaymarket.sh $<

CHECKS += check-relaymarket

# cmocka tests: userspace/tests/test_market_NAME.c for each NAME in MARKET_TESTS, with the files of
# MARKET_TEST_SUPPORT; as users compile it, and with ASan and UBSan, libraries included.
MARKET_TESTS        := store books issue settle audit crash random
MARKET_TEST_SUPPORT := market_place market_server market_fixture directory_fixture payments forge seeded

$(O)/market-tests/%.o: userspace/tests/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(MARKET_CFLAGS) -Iuserspace/tests $(CFLAGS) -c -o $@ $<

$(MARKET_TESTS:%=$(O)/tests/test_market_%): $(O)/tests/test_market_%: $(O)/market-tests/test_market_%.o $(MARKET_TEST_SUPPORT:%=$(O)/market-tests/%.o) $(MARKET_LIB) $(O)/lib/libcrdir.a $(O)/lib/libcrproof.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $(filter %.o %.a,$^) $(MARKET_LIBS) -lcmocka

$(O)/market-san/%.o: userspace/market/%.c
	@mkdir -p $(@D)
	$(call say,CC-SAN,$@)
	$(Q)$(CC) $(PROOF_SAN_CFLAGS) $(MARKET_CFLAGS) -c -o $@ $<

$(O)/market-san/tests/%.o: userspace/tests/%.c
	@mkdir -p $(@D)
	$(call say,CC-SAN,$@)
	$(Q)$(CC) $(PROOF_SAN_CFLAGS) $(MARKET_CFLAGS) -Iuserspace/tests -c -o $@ $<

$(O)/market-san/libcrmarket.a: $(MARKET_SRC:userspace/market/%.c=$(O)/market-san/%.o)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(MARKET_TESTS:%=$(O)/tests-san/test_market_%): $(O)/tests-san/test_market_%: $(O)/market-san/tests/test_market_%.o $(MARKET_TEST_SUPPORT:%=$(O)/market-san/tests/%.o) $(O)/market-san/libcrmarket.a $(O)/lib/libcrdir.a $(O)/proof-san/libcrproof.a
	@mkdir -p $(@D)
	$(call say,LD-SAN,$@)
	$(Q)$(CC) $(SAN_CFLAGS) -o $@ $(filter %.o %.a,$^) $(MARKET_LIBS) -lcmocka

UNIT_TESTS += $(MARKET_TESTS:%=$(O)/tests/test_market_%) $(MARKET_TESTS:%=$(O)/tests-san/test_market_%)

# The same tests on a PostgreSQL server that each of them starts and ends.
MARKET_PG_TESTS := store books issue settle

.PHONY: check-market-postgresql check-long-market
## check-market-postgresql: the market's tests on PostgreSQL, with a server of their own
check-market-postgresql: $(MARKET_PG_TESTS:%=$(O)/tests/test_market_%)
	$(Q)set -e; for t in $^; do echo "# $$t on PostgreSQL"; TEST_STORE=postgresql CMOCKA_MESSAGE_OUTPUT=TAP "$$t"; done

CHECKS += check-market-postgresql

check-long: check-long-market
## check-long-market: a million random steps, and crashes and random steps on PostgreSQL, which take minutes
check-long-market: $(O)/tests/test_market_random $(O)/tests/test_market_crash
	$(Q)TEST_LONG=1 $(O)/tests/test_market_random
	$(Q)TEST_STORE=postgresql $(O)/tests/test_market_crash
	$(Q)TEST_STORE=postgresql $(O)/tests/test_market_random
