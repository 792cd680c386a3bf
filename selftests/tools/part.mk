# SPDX-License-Identifier: MIT
# Small programs that only the tests use.

PROGRAMS   += $(O)/bin/cellstat $(O)/bin/cellsend $(O)/bin/cellforge
UNIT_TESTS += $(O)/tests/test_cellstat

$(O)/bin/cellstat $(O)/bin/cellsend: $(O)/bin/%: selftests/tools/%.c selftests/tools/capture.c selftests/tools/capture.h
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(filter-out -MMD -MP,$(CR_CFLAGS)) $(CFLAGS) -o $@ $(filter %.c,$^) -lm

$(O)/tests/test_cellstat: selftests/tools/test_cellstat.c $(O)/bin/cellstat
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(filter-out -MMD -MP,$(CR_CFLAGS)) $(CFLAGS) -DCELLSTAT='"$(O)/bin/cellstat"' -o $@ $< -lcmocka

PROGRAMS   += $(O)/bin/udptrain $(O)/bin/udppace $(O)/bin/udpsend

$(O)/bin/udptrain $(O)/bin/udppace $(O)/bin/udpsend: $(O)/bin/%: selftests/tools/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(filter-out -MMD -MP,$(CR_CFLAGS)) $(CFLAGS) -o $@ $<

# speaks the wire format through the core; the library's name is spelt out because
# fragments are read in any order
$(O)/bin/cellforge: selftests/tools/cellforge.c $(O)/lib/libcrcore.a
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(filter-out -MMD -MP,$(CR_CFLAGS)) $(CFLAGS) -Ikmod/core -o $@ $^ -lsodium

PROGRAMS   += $(O)/bin/icmpforge

$(O)/bin/icmpforge: selftests/tools/icmpforge.c
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) $(filter-out -MMD -MP,$(CR_CFLAGS)) $(CFLAGS) -o $@ $<

PROGRAMS += $(O)/bin/helloflood
$(O)/bin/helloflood: selftests/tools/helloflood.c $(O)/lib/libcrcontrol.a $(O)/lib/libcrcore.a $(O)/lib/libcrnetlink.a
	@mkdir -p $(@D)
	$(call say,CCLD,$@)
	$(Q)$(CC) $(CR_CFLAGS) -Iuserspace -Ikmod/core $(CFLAGS) -o $@ $(filter %.c %.a,$^) -lsodium
