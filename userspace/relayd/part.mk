# SPDX-License-Identifier: MIT
# relayd: every *.c here; main.c apart, so that tests can link the rest.

RELAYD_SRC    := $(sort $(wildcard userspace/relayd/*.c))
RELAYD_OBJ    := $(RELAYD_SRC:userspace/relayd/%.c=$(O)/relayd/%.o)
RELAYD_CFLAGS := -Iuserspace/relayd -Iuserspace $(PROOF_CFLAGS) -Ikmod/core -Ikmod/uapi $(shell pkg-config --cflags libnl-genl-3.0)
RELAYD_LIBS   := -lnl-genl-3 -lnl-3 $(NFT_LIBS) $(PROOF_LIBS) -lsodium -ljansson -linih

$(O)/relayd/%.o: userspace/relayd/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(RELAYD_CFLAGS) $(CFLAGS) -c -o $@ $<

$(O)/bin/relayd: $(RELAYD_OBJ) $(O)/lib/libcrcontrol.a $(O)/lib/libcrnoise.a $(O)/lib/libcrnetlink.a $(NFT_LIB) $(PATH_LIB) $(DIR_LIB) $(PROOF_LIB) $(CR_CORE_LIB)
	@mkdir -p $(@D)
	$(call say,CCLD,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(CFLAGS) -o $@ $^ $(RELAYD_LIBS)

PROGRAMS += $(O)/bin/relayd
INSTALL_BIN += $(O)/bin/relayd

# The messages of its socket, fuzzed; what they set off is left away.
$(O)/fuzz/fuzz_request: userspace/fuzz/fuzz_request.c userspace/fuzz/fuzz.h userspace/relayd/request.c
	@mkdir -p $(@D)
	$(call say,CLANG,$@)
	$(Q)$(CLANG) -std=gnu11 $(WARN) -D_GNU_SOURCE -O1 -g $(RELAYD_CFLAGS) -fsanitize=address,undefined -fno-sanitize-recover=all -fsanitize=fuzzer -o $@ $(filter %.c,$^) -ljansson -lsodium

.PHONY: check-fuzz-relayd
## check-fuzz-relayd: requests to relayd's socket, seeds and a few seconds
check-fuzz-relayd: $(O)/fuzz/fuzz_request
	$(Q)userspace/fuzz/run.sh $< -max_len=4096 -runs=20000
CHECKS += check-fuzz-relayd

# $(call relayd_test,NAME,FILES OF RELAYD,WHAT ELSE): test_relayd_NAME with those files; what it plays itself it defines.
# The same under the sanitizers.
define relayd_test
$(O)/tests/test_relayd_$(1): userspace/tests/test_relayd_$(1).c $(2:%=$(O)/relayd/%.o) $(3) $(RELAYD_TEST_LIBS)
	@mkdir -p $$(@D)
	$$(call say,CCLD,$$@)
	$$(Q)$$(CC) $$(CR_CFLAGS) $$(RELAYD_CFLAGS) -Iuserspace/tests $$(CFLAGS) -o $$@ $$(filter %.c %.o %.a,$$^) $$(RELAYD_LIBS) -lcmocka

$(O)/tests-san/test_relayd_$(1): userspace/tests/test_relayd_$(1).c $(2:%=userspace/relayd/%.c) $(3) $(RELAYD_TEST_LIBS)
	@mkdir -p $$(@D)
	$$(call say,CCLD-SAN,$$@)
	$$(Q)$$(CC) $$(SAN_CFLAGS) $$(RELAYD_CFLAGS) -Iuserspace/tests -o $$@ $$(filter %.c %.o %.a,$$^) $$(RELAYD_LIBS) -lcmocka

UNIT_TESTS += $(O)/tests/test_relayd_$(1) $(O)/tests-san/test_relayd_$(1)
endef

RELAYD_TEST_LIBS := $(O)/lib/libcrcontrol.a $(O)/lib/libcrnoise.a $(O)/lib/libcrnetlink.a $(NFT_LIB) $(PATH_LIB) $(DIR_LIB) $(PROOF_LIB)
RELAYD_FIXTURE   := $(O)/directory-tests/directory_fixture.o

$(eval $(call relayd_test,base,config idmap log peers timer))
$(eval $(call relayd_test,choice,choice config log peers timer,$(RELAYD_FIXTURE)))
$(eval $(call relayd_test,directory,config directory log peers timer,$(RELAYD_FIXTURE)))
$(eval $(call relayd_test,exits,config exits idmap log metrics ruleset timer))
$(eval $(call relayd_test,fetcher,config directory fetcher fetchproc log peers timer,$(RELAYD_FIXTURE)))
$(eval $(call relayd_test,netns,log))
$(eval $(call relayd_test,rotate,config keys log rotate timer,$(RELAYD_FIXTURE)))
$(eval $(call relayd_test,state,config log peers resolv resume))
$(eval $(call relayd_test,tunnel,config log tunnel watch))
