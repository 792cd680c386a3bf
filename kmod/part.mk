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

# What DKMS builds from: the module's sources, its make file and what makes its BTF; no tests.
DKMS_TREE  := /usr/src/cellrelay-$(VERSION)
DKMS_FILES := Kbuild dkms.conf LICENSE kmod/COPYING kmod/modbtf.sh \
              $(wildcard kmod/*.[ch] kmod/core/*.[ch] kmod/netlink/*.[ch] kmod/compat/*.[ch] kmod/uapi/linux/*.h)

.PHONY: install-dkms
## install-dkms: the module's sources to DESTDIR/usr/src, for dkms add
install-dkms:
	$(Q)for f in $(DKMS_FILES); do \
		install -D -m 644 "$$f" "$(DESTDIR)$(DKMS_TREE)/$$f" || exit 1; done
	$(Q)sed -i 's/^PACKAGE_VERSION=.*/PACKAGE_VERSION="$(VERSION)"/' "$(DESTDIR)$(DKMS_TREE)/dkms.conf"
