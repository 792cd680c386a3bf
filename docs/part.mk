# SPDX-License-Identifier: MIT
# Man pages: docs/man/NAME.SECTION.scd -> build/man/NAME.SECTION

MAN_SRC := $(sort $(wildcard docs/man/*.scd))

$(O)/man/%: docs/man/%.scd
	@mkdir -p $(@D)
	$(call say,SCDOC,$@)
	$(Q)scdoc <$< >$@

DOCS += $(MAN_SRC:docs/man/%.scd=$(O)/man/%)

.PHONY: check-man
## check-man: man pages have no errors (mandoc)
# scdoc itself puts a paragraph in front of every list, which mandoc finds superfluous
check-man: $(MAN_SRC:docs/man/%.scd=$(O)/man/%)
	$(Q)! mandoc -Tlint -Wwarning $^ | grep -v 'skipping paragraph macro'
CHECKS += check-man
