# Everything a person types. `make` alone lists it.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash

PORT ?= 8000
HOST ?= 127.0.0.1
PYTHON ?= $(shell command -v python3.11 || command -v python3)
UV ?= uv
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: help install lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(INSTALLED) ## make .venv and install what the lock names

$(INSTALLED): requirements/dev.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, and no python3 is on PATH."; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; $(PYTHON) is older. Choose another: make PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || { echo "Making .venv"; "$(PYTHON)" -m venv .venv; }
	@echo "Installing the pinned packages (a minute on the first run)"
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on --require-hashes -r requirements/dev.lock
	@touch $@

lock: ## pin again from requirements/*.in (needs uv: https://docs.astral.sh/uv)
	$(UV) pip compile --quiet --upgrade --generate-hashes --python-version 3.11 --no-emit-index-url --no-header -o requirements/base.lock requirements/base.in
	$(UV) pip compile --quiet --upgrade --generate-hashes --python-version 3.11 --no-emit-index-url --no-header -o requirements/dev.lock requirements/dev.in

clean: ## remove .venv and caches; data in var/ stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
