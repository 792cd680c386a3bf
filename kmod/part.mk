# SPDX-License-Identifier: MIT
# The module, for every kernel whose headers are on this machine: those that
# selftests/vm/fetch unpacked and those installed below /lib/modules.
KMOD_SOURCES := Kbuild $(wildcard kmod/*.[ch] kmod/*/*.[ch] kmod/*/*/*.[ch]) kmod/build-module kmod/modbtf.sh
ifneq ($(wildcard Kbuild),)
KMOD_RELEASES := $(shell kmod/build-module --list)
endif
MODULES := $(KMOD_RELEASES:%=$(O)/modules/%/cellrelay.ko)

.PHONY: modules
## modules: cellrelay.ko for every kernel whose headers are here, into build/modules/RELEASE/
modules: $(MODULES)
everything: modules

$(O)/modules/%/cellrelay.ko: $(KMOD_SOURCES)
	$(call say,MODULE,$@)
	$(Q)kmod/build-module $*
