# Everything a person types. `make` alone lists it.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash

# PORT= and HOST= on the command line reach the programs through their environment, by make's own
# doing; without them `.env` is asked, then 127.0.0.1:8000. The stand-in takes SANDBOX_PORT or PORT + 1.
# The wheel that brings Redis exists for these two.
RIGHT_PYTHON := import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))
PYTHON ?= $(shell for p in python3.11 python3 python3.12; do \
            "$$p" -c '$(RIGHT_PYTHON)' 2>/dev/null && command -v "$$p" && break; done)
UV ?= uv
BIN := .venv/bin
INSTALLED := .venv/.installed
LOCK := $(UV) pip compile --quiet --upgrade --generate-hashes --python-version 3.11 \
        --no-emit-index-url --no-header

# Preparing a million SKUs takes about a minute, once; measuring them about ten.
BENCHMARK ?=
ORDERS ?=

.PHONY: help demo serve test bench-simulation bench-placement bench-draining big-data bench-reports check lint format types lock messages install clean prove-stock prove-kills docs-states screenshots

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  PORT=8100 moves the portal (and the stand-in to 8101), for example: make demo PORT=8100"

demo: $(INSTALLED) ## the portal with a seller, orders, logins and a marketplace stand-in
	@$(BIN)/python -m config.run demo

serve: $(INSTALLED) ## the portal alone, with your data
	@$(BIN)/python -m config.run serve

test: $(INSTALLED) ## the whole test suite, on real PostgreSQL and Redis
	@$(BIN)/python -m pytest --numprocesses logical --maxprocesses 4

prove-stock: $(INSTALLED) ## 500 orders at 100 units at once: none sold twice; then the control
	@$(BIN)/python -m proofs.stock
	@$(BIN)/python -m proofs.stock --control

prove-kills: $(INSTALLED) ## web workers, the Celery worker and Redis killed at work: nothing lost or doubled
	@for what in web worker redis; do $(BIN)/python -m proofs.kills $$what || exit 1; done

bench-simulation: $(INSTALLED) ## the simulation's speed, side by side with others (BENCHMARK="--quick")
	@$(BIN)/python -m benchmarks.simulation $(BENCHMARK)

bench-placement: $(INSTALLED) ## orders a second when 64 clients want the same SKUs, beside plain SQL
	@$(BIN)/python -m benchmarks.placement $(BENCHMARK)

bench-draining: $(INSTALLED) ## how fast the outbox empties, beside the stand-in alone (BENCHMARK="--quick")
	@$(BIN)/python -m benchmarks.draining $(BENCHMARK)

big-data: $(INSTALLED) ## a year of a big shop, 1,000,000 orders, in a database of its own (ORDERS=100000)
	@$(BIN)/python -m benchmarks.reports_data $(if $(ORDERS),--orders $(ORDERS))

bench-reports: $(INSTALLED) ## reports and their files beside the plain SQL of the same (BENCHMARK="--quick")
	@$(BIN)/python -m benchmarks.reports $(BENCHMARK)

check: lint types ## all that can be checked without running the portal
	@$(BIN)/lint-imports
	@$(BIN)/python manage.py makemigrations --check --dry-run

lint: $(INSTALLED) ## style and formatting
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: $(INSTALLED) ## put style and formatting right
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: $(INSTALLED) ## annotations
	@$(BIN)/mypy

messages: $(INSTALLED) ## collect the texts to translate, compile the translations
	@$(BIN)/python scripts/messages.py

screenshots: $(INSTALLED) ## pictures of the screens, from a demonstration of their own, into docs/images/
	@rm -rf var/screenshots
	@PORTAL_VAR=$(CURDIR)/var/screenshots $(BIN)/python -m config.run demo --once $(BIN)/python -m scripts.screenshots

docs-states: $(INSTALLED) ## draw docs/order-states.md from the code
	@$(BIN)/python -m scripts.states_doc

lock: ## pin the packages again from requirements/*.in (needs uv: https://docs.astral.sh/uv)
	$(LOCK) --output-file requirements/base.lock requirements/base.in
	$(LOCK) --output-file requirements/dev.lock requirements/dev.in

install: $(INSTALLED) ## make .venv and install what the lock names

$(INSTALLED): requirements/dev.lock
	@"$(PYTHON)" -c '$(RIGHT_PYTHON)' 2>/dev/null || { \
	  echo "Python 3.11 (or 3.12) is needed, and was not found$(if $(PYTHON), at $(PYTHON))."; \
	  echo "Say where it is: make PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || { echo "Making .venv with $(PYTHON)"; \
	  "$(PYTHON)" -m venv .venv || { rm -rf .venv; exit 1; }; }
	@echo "Installing the pinned packages (about a minute, once)"
	@$(BIN)/python -m pip install --disable-pip-version-check --require-hashes -r requirements/dev.lock
	@touch $@

clean: ## remove .venv and caches; the data in var/ stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
