# The habits of this repository, one command each. `make up` on a fresh clone is enough.

PYTHON ?= python3
VENV := .venv

.PHONY: help up start stop status test generate lock

help:
	@echo 'make up        start everything; Ctrl-C stops it'
	@echo 'make start     start everything in the background'
	@echo 'make stop      stop it'
	@echo 'make status    how it is'
	@echo 'make test      lint, types, specs and all tests'
	@echo 'make generate  write what follows from the specs'
	@echo 'make lock      pin requirements/*.in anew'

up start: $(VENV)/local.installed
	@$(VENV)/bin/python -m local.debian
	@$(VENV)/bin/python -m aware $@

stop status: $(VENV)/local.installed
	@$(VENV)/bin/python -m aware $@

test: $(VENV)/local.installed $(VENV)/tox.installed
	@$(VENV)/bin/python -m local.debian
	@$(VENV)/bin/python -m tox

generate: $(VENV)/test.installed
	@$(VENV)/bin/python -m aware generate

lock: $(VENV)/tox.installed
	@for name in runtime local tox test generate deploy; do \
	    $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	        --no-annotate --custom-compile-command 'make lock' \
	        requirements/$$name.in --output-file requirements/$$name.txt || exit 1; \
	done

$(VENV)/%.installed: requirements/%.txt
	@sh local/install-python.sh '$(PYTHON)' $(VENV) $<
	@touch $@
