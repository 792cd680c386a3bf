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

RELAYD_BASE := config idmap log peers timer

$(O)/tests/test_relayd_base: userspace/tests/test_relayd_base.c $(RELAYD_BASE:%=$(O)/relayd/%.o) $(O)/lib/libcrnetlink.a $(NFT_LIB) $(DIR_LIB) $(PROOF_LIB)
	@mkdir -p $(@D)
	$(call say,CCLD,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(RELAYD_CFLAGS) $(CFLAGS) -o $@ $(filter %.c %.o %.a,$^) $(RELAYD_LIBS) -lcmocka

UNIT_TESTS += $(O)/tests/test_relayd_base

RELAYD_CHOICE := choice config log peers timer

$(O)/tests/test_relayd_choice: userspace/tests/test_relayd_choice.c $(RELAYD_CHOICE:%=$(O)/relayd/%.o) $(O)/directory-tests/directory_fixture.o $(O)/lib/libcrnetlink.a $(NFT_LIB) $(PATH_LIB) $(DIR_LIB) $(PROOF_LIB)
	@mkdir -p $(@D)
	$(call say,CCLD,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(RELAYD_CFLAGS) -Iuserspace/tests $(CFLAGS) -o $@ $(filter %.c %.o %.a,$^) $(RELAYD_LIBS) -lcmocka

RELAYD_EXITS := config exits idmap log metrics timer

$(O)/tests/test_relayd_exits: userspace/tests/test_relayd_exits.c $(RELAYD_EXITS:%=$(O)/relayd/%.o) $(O)/netlink/endpoint.o $(NFT_LIB) $(DIR_LIB) $(PROOF_LIB)
	@mkdir -p $(@D)
	$(call say,CCLD,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(RELAYD_CFLAGS) $(CFLAGS) -o $@ $(filter %.c %.o %.a,$^) $(RELAYD_LIBS) -lcmocka

RELAYD_STATE := config log peers resolv resume

$(O)/tests/test_relayd_state: userspace/tests/test_relayd_state.c $(RELAYD_STATE:%=$(O)/relayd/%.o) $(O)/lib/libcrnetlink.a $(NFT_LIB) $(DIR_LIB) $(PROOF_LIB)
	@mkdir -p $(@D)
	$(call say,CCLD,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(RELAYD_CFLAGS) $(CFLAGS) -o $@ $(filter %.c %.o %.a,$^) $(RELAYD_LIBS) -lcmocka

RELAYD_DIRECTORY := config directory log peers timer

$(O)/tests/test_relayd_directory: userspace/tests/test_relayd_directory.c $(RELAYD_DIRECTORY:%=$(O)/relayd/%.o) $(O)/directory-tests/directory_fixture.o $(O)/lib/libcrnetlink.a $(NFT_LIB) $(PATH_LIB) $(DIR_LIB) $(PROOF_LIB)
	@mkdir -p $(@D)
	$(call say,CCLD,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(RELAYD_CFLAGS) -Iuserspace/tests $(CFLAGS) -o $@ $(filter %.c %.o %.a,$^) $(RELAYD_LIBS) -lcmocka

RELAYD_TUNNEL := config log tunnel watch

$(O)/tests/test_relayd_tunnel: userspace/tests/test_relayd_tunnel.c $(RELAYD_TUNNEL:%=$(O)/relayd/%.o) $(O)/netlink/endpoint.o $(O)/lib/libcrcontrol.a $(O)/lib/libcrnoise.a $(NFT_LIB) $(DIR_LIB) $(PROOF_LIB)
	@mkdir -p $(@D)
	$(call say,CCLD,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(RELAYD_CFLAGS) $(CFLAGS) -o $@ $(filter %.c %.o %.a,$^) $(RELAYD_LIBS) -lcmocka

UNIT_TESTS += $(O)/tests/test_relayd_choice $(O)/tests/test_relayd_exits $(O)/tests/test_relayd_state $(O)/tests/test_relayd_tunnel \
	$(O)/tests/test_relayd_directory
