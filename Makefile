# SPDX-License-Identifier: MIT
# Top level: collects what the parts offer and says what can be asked for.
#
# Each part describes itself in a fragment (FOLDER/part.mk) that appends to:
#   PROGRAMS     programs under build/bin/, built by plain `make`
#   BPF_OBJECTS  objects under build/bpf/, built by plain `make`
#   INSTALL_BIN  those of them that `make install` installs
#   DOCS         man pages under build/man/
#   UNIT_TESTS   test programs under build/tests/, each prints TAP, exits != 0 on failure
#   CHECKS       targets of further checks that need no VM
#   CLEAN        extra paths that `make clean` removes
# so the order of the fragments does not matter.

SHELL := /bin/bash
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules

O       := build
CC      ?= gcc
ifeq ($(origin CC),default)
CC      := gcc
endif
CLANG   ?= clang
VERSION := 0.1.0
WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla -Wformat=2
CFLAGS  ?= -O2 -g
# What every program of ours is compiled with; parts add their includes.
CR_CFLAGS := -std=gnu11 $(WARN) -Werror -fstack-protector-strong -D_FORTIFY_SOURCE=2 \
             -D_GNU_SOURCE -DCELLRELAY_VERSION='"$(VERSION)"' -MMD -MP
# -D_FORTIFY_SOURCE wants optimisation and does not go with sanitizers.
SAN_CFLAGS := -std=gnu11 $(WARN) -Werror -D_GNU_SOURCE -DCELLRELAY_VERSION='"$(VERSION)"' \
              -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all -MMD -MP
V ?= 0
ifeq ($(V),0)
Q    := @
say   = @printf '  %-8s %s\n' '$(1)' '$(2)';
else
Q    :=
say   =
endif

PROGRAMS    :=
INSTALL_BIN :=
BPF_OBJECTS :=
DOCS        :=
UNIT_TESTS  :=
CHECKS      :=
CLEAN       :=

.PHONY: all help
all: everything

include $(sort $(wildcard */part.mk */*/part.mk */*/*/part.mk))

.PHONY: everything programs bpf docs
everything: programs bpf docs
programs: $(PROGRAMS)
bpf: $(BPF_OBJECTS)
docs: $(DOCS)

.PHONY: check-unit
## check-unit: unit tests and static checks on this machine, no root, no VM
check-unit: $(UNIT_TESTS) $(CHECKS)
	$(Q)set -e; for t in $(UNIT_TESTS); do echo "# $$t"; CMOCKA_MESSAGE_OUTPUT=TAP "$$t"; done

PREFIX ?= /usr/local
.PHONY: install
## install: programs, manual pages, systemd units, completion; the module's sources for DKMS (DESTDIR, PREFIX)
install: $(INSTALL_BIN) docs install-dkms
	$(Q)install -d $(DESTDIR)$(PREFIX)/sbin
	$(Q)install $(INSTALL_BIN) $(DESTDIR)$(PREFIX)/sbin
	$(Q)for m in $(DOCS); do install -D -m 644 $$m $(DESTDIR)$(PREFIX)/share/man/man$${m##*.}/$${m##*/} || exit 1; done
	$(Q)install -d $(DESTDIR)/usr/lib/systemd/system
	$(Q)for u in userspace/relayd/systemd/*; do sed 's,/usr/local/sbin/,$(PREFIX)/sbin/,' $$u >$(DESTDIR)/usr/lib/systemd/system/$${u##*/} || exit 1; done
	$(Q)install -D -m 644 userspace/relayctl/completion.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/relayctl

.PHONY: clean
## clean: remove build output (caches of kernels and guest roots stay)
clean:
	rm -rf $(O) $(CLEAN)

## help: this text
help:
	@echo 'cellrelay $(VERSION): make targets'
	@cat Makefile $(wildcard */part.mk */*/part.mk */*/*/part.mk) | sed -n 's/^## \([a-z0-9-]*\): /\1\t/p' | sort -u | \
		awk -F'\t' '{ printf "  %-16s %s\n", $$1, $$2 }'
	@echo 'V=1 prints commands. A single test: see docs/CONTRIBUTING.md.'

-include $(shell find $(O) -name '*.d' 2>/dev/null)
