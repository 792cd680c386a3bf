# SPDX-License-Identifier: MIT
# Path choice: every *.c of this folder goes into build/lib/libcrpath.a.
# Programs that link it add $(PATH_LIB) before the directory library.

PATH_LIB  := $(O)/lib/libcrpath.a
PATH_SRC  := $(sort $(wildcard userspace/path/*.c))

$(O)/path/%.o: userspace/path/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CR_CFLAGS) $(PROOF_CFLAGS) $(CFLAGS) -c -o $@ $<

$(PATH_LIB): $(PATH_SRC:userspace/path/%.c=$(O)/path/%.o)
	@mkdir -p $(@D)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(O)/directory-tests/test_path.o: PROOF_CFLAGS += -Ikmod/core

$(O)/tests/test_path: $(O)/directory-tests/test_path.o $(O)/directory-tests/directory_fixture.o $(PATH_LIB) $(DIR_LIB) $(O)/lib/libcrproof.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(DIR_LIBS) -lcmocka

$(O)/path-san/%.o: userspace/path/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(PROOF_SAN_CFLAGS) $(PROOF_CFLAGS) -c -o $@ $<

$(O)/directory-san/tests/test_path.o: PROOF_CFLAGS += -Ikmod/core

$(O)/tests-san/test_path: $(O)/directory-san/tests/test_path.o $(O)/directory-san/tests/directory_fixture.o $(PATH_SRC:userspace/path/%.c=$(O)/path-san/%.o) $(DIR_PURE:userspace/directory/%.c=$(O)/directory-san/%.o) $(O)/proof-san/libcrproof.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(SAN_CFLAGS) -o $@ $^ $(DIR_LIBS) -lcmocka

UNIT_TESTS += $(O)/tests/test_path $(O)/tests-san/test_path
