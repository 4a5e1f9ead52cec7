# make help tells what there is. Everything is made in this folder (.venv, .run) and in
# ~/.cache/queue-edge; nothing is installed but missing Debian packages.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup setup-python demo up down test test-compose check format bench logs clean lock setup-phones

PY := .venv/bin/python
# Most tests on Asterisk wait for phones; the others compute, and would make what is heard stutter.
PHONE_WORKERS ?= 4
WORKERS ?= 3

help: ## what there is
	@printf 'queue-edge: call queues at the media edge of Asterisk\n\n'
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1 \2/p' Makefile | awk '{ c = $$2; $$1 = $$2 = ""; \
	  printf "  make %-13s%s\n", c, $$0 }'
	@printf '\nPorts are changed by SIP_PORT, ARI_PORT, HTTP_PORT, REDIS_PORT, RTP_START and RTP_END;\n'
	@printf 'make up BIND=192.0.2.10 serves softphones on other machines.\n'

demo: setup ## real calls with robot phones, told live; stops all it started
	@$(PY) -m lab.demo

up: setup ## the same without robots, for your softphone; stays until Ctrl-C or make down
	@$(PY) -m lab.up

down: ## stop what make up started
	@if [ -x $(PY) ]; then $(PY) -m lab.down; else echo 'nothing is up'; fi

test: setup ## the whole suite, from unit to real Asterisk (or TESTS=a part of it)
ifdef TESTS
	@$(PY) -m pytest -q -n $(WORKERS) --dist=loadgroup $(TESTS)
else
	@$(PY) -m pytest -q -n $(WORKERS) --dist=loadgroup --ignore=tests/asterisk tests
	@$(PY) -m pytest -q -n $(PHONE_WORKERS) --dist=loadgroup tests/asterisk
endif

check: setup-python ## format, lint, types, import contracts, unit tests and journeys
	@.venv/bin/ruff format --check --quiet .
	@.venv/bin/ruff check --quiet .
	@.venv/bin/mypy
	@.venv/bin/lint-imports
	@$(PY) -m pytest -q -n 2 tests/unit tests/journeys

format: setup-python ## bring the code into its form
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

bench: setup ## measure; tables here, figures in .run/bench
	@mkdir -p .run/bench
	@for script in $$(grep -l __main__ bench/*.py); do name="$$(basename "$$script" .py)"; \
	  $(PY) -m "bench.$$name" --json ".run/bench/$$name.json"; done

logs: ## follow the logs of make up
	@ls .run/log/*.log >/dev/null 2>&1 || { echo 'there are no logs yet'; exit 1; }
	@tail -n 20 -F .run/log/*.log

clean: down ## remove all that was made in this folder (~/.cache/queue-edge stays)
	@rm -rf .run .env .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache \
	  .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

test-compose: setup-phones ## build and run docker-compose.yml, call the queue in it, take it down
	@tools/test-compose.sh

lock: ## write the lock files anew from pyproject.toml
	@tools/lock.sh

setup: ## install what is missing (each of the above does it by itself)
	@tools/setup.sh packages python asterisk

setup-phones:
	@tools/setup.sh packages python

setup-python:
	@tools/setup.sh python
