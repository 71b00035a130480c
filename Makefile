# restoreproof: `make drill` and `make test` are all the set-up there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
PLATFORM := .venv-platform
OSCAL := .venv-oscal
BIN := $(VENV)/bin
CONTRACT := compose/wipe/stack.yaml

.PHONY: drill test test-fast lint bench clean help env lock images test-containers test-browser screenshots drill-containers

drill: env ## Seed the reference stack, back it up, restore it into an isolated target, print the verdict
	@$(BIN)/restoreproof backup $(CONTRACT)
	@$(BIN)/restoreproof drill $(CONTRACT)

drill-containers: env ## Drill the newest set in containers, and compare with the newest drill of processes
	@before=$$(grep -ls '"runtime": "process"' reports/2*/record.json | tail -n 1); \
	test -n "$$before" || { echo "there is no drill of processes to compare with: make drill"; exit 2; }; \
	$(BIN)/restoreproof drill $(CONTRACT) --runtime compose && \
	$(BIN)/restoreproof compare --different-runtimes "$${before%/*}" reports/latest

# Drills wait much and have networks of their own, so files run side by side; JOBS=0 runs all in one process.
JOBS ?= logical
test: env $(VENV)/.develop $(OSCAL)/.installed ## Pass every test that needs no Docker daemon and no browser
	@$(BIN)/python -m pytest -m "not browser and not container" -rs \
	  -n $(JOBS) --maxprocesses 4 --dist loadfile --no-loadscope-reorder

test-fast: env $(VENV)/.develop ## Pass the tests of units alone: no service, no sandbox (a developer's loop)
	@$(BIN)/python -m pytest -q -n $(JOBS) --maxprocesses 4 --dist loadfile tests/unit

test-browser: env $(VENV)/.develop ## Open the pages of drills in Debian's Chromium
	@$(BIN)/python -m pytest -m browser -rs tests/browser

screenshots: env $(VENV)/.develop ## Photograph drills for docs/screenshots: DRILL=reports/… FAILED=reports/…
	@$(BIN)/python -m tests.browser.shoot --drill $(DRILL) --failed $(FAILED)

lint: env $(VENV)/.develop ## ruff, mypy, the layer rule, the features
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/restoreproof lint $(CONTRACT)

bench: env $(VENV)/.develop ## Time each stage, the warm drill, and the harness tax against the bare tools
	@$(BIN)/python -m bench $(BENCH)

env: $(VENV)/.harness $(PLATFORM)/.installed var/releases/.built

$(VENV)/.harness: locks/harness.txt pyproject.toml
	@echo "building the harness's environment (about half a minute)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "Python 3.11+ with venv is needed: apt-get install python3-venv"; exit 2; }
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r locks/harness.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.develop: locks/develop.txt $(VENV)/.harness
	@echo "adding what lint and tests need"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r locks/develop.txt
	@touch $@

$(PLATFORM)/.installed: locks/platform.txt
	@echo "building the stand-in platform's environment"
	@test -x $(PLATFORM)/bin/python || $(PYTHON) -m venv $(PLATFORM)
	@$(PLATFORM)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r locks/platform.txt
	@touch $@

$(OSCAL)/.installed: locks/oscal.txt
	@echo "building the environment that judges the OSCAL results"
	@test -x $(OSCAL)/bin/python || $(PYTHON) -m venv $(OSCAL)
	@$(OSCAL)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r locks/oscal.txt
	@touch $@

var/releases/.built: $(PLATFORM)/.installed $(shell find compose/wipe/platform compose/wipe/releases compose/wipe/keycloak -type f -not -path '*/__pycache__/*' -not -path '*/tests/*')
	@echo "building releases 1.4.0 and 1.5.0 of the stand-in platform"
	@$(PLATFORM)/bin/python compose/wipe/platform/build_releases.py --out var/releases
	@touch $@

images: ## Build the images of the reference stack and of restoreproof (Docker; installed if run as root)
	@compose/images.sh

test-containers: env $(VENV)/.develop images ## Pass the tests that need a Docker daemon
	@$(BIN)/python -m pytest -rs tests/containers

lock: ## Resolve the locks anew, for Python 3.11 to 3.13
	@for name in harness develop platform oscal containers images/postgres images/s3 images/nginx images/keycloak images/sinks; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-strip-extras \
	    --no-header --allow-unsafe locks/$$name.in -o locks/$$name.txt; done

clean: ## Remove environments, sets, reports and work directories
	@rm -rf $(VENV) $(PLATFORM) $(OSCAL) var .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find reports -mindepth 1 -not -name README.md -delete

help: ## Say what each target does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18
