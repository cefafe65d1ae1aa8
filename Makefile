# The habits of this repository, one command each. `make up` on a fresh clone is enough.

PYTHON ?= python3
VENV := .venv
# Of tox.ini, all where none is named: make test SUITES='gateway local'
SUITES ?=
# Prometheus beside the system: make up OBSERVABILITY=true
OBSERVED := $(if $(filter true,$(OBSERVABILITY)),prometheus)

.PHONY: help up start dev stop status reset test test-all generate check docs pages release sdks sbom audit publish lock

help:
	@echo 'make up        start everything; Ctrl-C stops it'
	@echo 'make start     start everything in the background'
	@echo 'make dev       start everything, and restart what is being edited when it is saved'
	@echo 'make stop      stop it'
	@echo 'make status    how it is'
	@echo 'make reset     delete its data, after asking; make up begins anew'
	@echo 'make test      what a change most often breaks; five to nine minutes, no Docker'
	@echo 'make test-all  lint, types, specs and all tests'
	@echo 'make generate  write what follows from the specs'
	@echo 'make check     fail if that is stale, or a gate is not passed'
	@echo 'make docs      build the documentation as a site, API pages included, in build/site'
	@echo 'make pages     build the API pages alone, in build/pages'
	@echo 'make release   make the specs the last release, which nothing may break unannounced'
	@echo 'make sdks      build client packages in Python and TypeScript'
	@echo 'make sbom      write what services and packages consist of (CycloneDX), after make sdks'
	@echo 'make audit     fail if a vulnerability of a pinned Python package is known'
	@echo 'make publish   push the APIs with clients to SwaggerHub'
	@echo 'make lock      pin requirements/*.in anew'

up start: $(VENV)/local.installed
	@$(VENV)/bin/python -m local.debian $(OBSERVED)
	@$(VENV)/bin/python -m aware $@

dev: $(VENV)/generate.installed
	@$(VENV)/bin/python -m local.debian $(OBSERVED)
	@$(VENV)/bin/python -m aware dev

stop status: $(VENV)/local.installed
	@$(VENV)/bin/python -m aware $@

# make reset YES=1 does not ask.
reset: $(VENV)/local.installed
	@$(VENV)/bin/python -m aware reset $(if $(YES),--yes)

test: $(VENV)/test.installed
	@$(VENV)/bin/python -m local.debian prometheus
	@$(VENV)/bin/python -m tests $(SUITES)

test-all: $(VENV)/test.installed
	@$(VENV)/bin/python -m local.debian prometheus
	@$(VENV)/bin/python -m tests --all $(SUITES)

generate check pages: $(VENV)/generate.installed
	@$(VENV)/bin/python -m aware $@

docs: $(VENV)/docs.installed
	@$(VENV)/bin/python -m aware docs

release: $(VENV)/generate.installed
	@$(VENV)/bin/python -m aware release

sdks: $(VENV)/sdks.installed
	@$(VENV)/bin/python -m aware sdks

sbom: $(VENV)/release.installed
	@.github/sbom.sh

# What is known of vulnerabilities is asked of OSV; OSV_URL names a mirror of it.
audit: $(VENV)/audit.installed
	@OSV_URL='$(OSV_URL)' .github/audit.sh

publish: $(VENV)/generate.installed
	@$(VENV)/bin/python -m aware publish

lock: $(VENV)/tox.installed
	@for name in runtime local tox generate docs sdks test release audit; do \
	    $(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	        --no-annotate --custom-compile-command 'make lock' \
	        requirements/$$name.in --output-file requirements/$$name.txt || exit 1; \
	done

# uv comes with tox, and installs the many packages of the tests in seconds.
$(VENV)/test.installed: $(VENV)/tox.installed

$(VENV)/%.installed: requirements/%.txt
	@sh local/install-python.sh '$(PYTHON)' $(VENV) $<
	@touch $@
