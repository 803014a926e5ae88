# Two commands matter: `make run` and `make test`. `make` alone lists the others.

PYTHON ?= python3
VENV ?= .venv
# Worker processes of the suite; auto is one for each core.
JOBS ?= auto
# More arguments for pytest: make test ARGS='tests/packaging -k layout'
ARGS ?=
INI ?= development.ini
# Third-party test material that `make corpus` checks against.
SUPPORT_CORPUS ?= ../shared/corpus
# The mails in it: a folder with an expectations.jsonl.
EMAIL_CORPUS ?= $(SUPPORT_CORPUS)/email
# The WhatsApp webhooks in it, of the same shape.
WHATSAPP_CORPUS ?= $(SUPPORT_CORPUS)/whatsapp

WIDGET := channels/support_chat/widget

# What depends on how jobs travel, for the runs on RabbitMQ and Redis. The tests of the job engine
# are not among it: in every run they run on each broker.
TRAVELLING := tests/contract tests/channels/support_api tests/functional/test_replies.py \
	tests/functional/test_conversations.py

BIN := $(VENV)/bin
PY := $(BIN)/python
PYTEST := $(PY) -m pytest -n $(JOBS) --dist worksteal --cov --cov-report=

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export SUPPORT_CORPUS

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test lint types docs widget bench rehearsal faults corpus services clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/run.stamp ## Install, make the database and a demo workspace, serve on loopback
	@$(BIN)/support-core -c $(INI) dev

test: $(VENV)/dev.stamp services ## Run the suite on SQLite, PostgreSQL, RabbitMQ and Redis
	@rm -f .coverage .coverage.*
	SUPPORT_TEST_DATABASE=sqlite COVERAGE_FILE=.coverage.sqlite $(PYTEST) $(ARGS)
	@if $(PY) -m tests.services.postgres; then \
		set -x; \
		SUPPORT_TEST_DATABASE=postgresql COVERAGE_FILE=.coverage.postgresql $(PYTEST) $(ARGS); \
	elif [ "$${SUPPORT_REQUIRE_SERVICES:-0}" != 0 ]; then \
		echo 'SUPPORT_REQUIRE_SERVICES is set, so that fails the suite.' >&2; exit 1; \
	else \
		echo 'SKIPPED: the suite did not run on PostgreSQL.' >&2; \
	fi
	@for broker in $(if $(ARGS),,rabbitmq redis); do \
		if $(PY) -m tests.services.$$broker; then \
			( set -x; SUPPORT_TEST_BROKER=$$broker COVERAGE_FILE=.coverage.$$broker \
				$(PYTEST) $(TRAVELLING) ) || exit 1; \
		elif [ "$${SUPPORT_REQUIRE_SERVICES:-0}" != 0 ]; then \
			echo 'SUPPORT_REQUIRE_SERVICES is set, so that fails the suite.' >&2; exit 1; \
		else \
			echo "SKIPPED: the suite did not run on $$broker." >&2; \
		fi; \
	done
	@$(PY) -m coverage combine --quiet
	@$(PY) -m coverage report

lint: $(VENV)/dev.stamp ## Check style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev.stamp ## Check types
	$(BIN)/mypy

docs: $(VENV)/dev.stamp ## Check that the documentation is complete and that its code runs
	$(PY) -m pytest tests/docs

widget: ## Build the chat widget anew from its sources (with npm)
	npm --prefix $(WIDGET) ci --ignore-scripts --no-audit --no-fund
	npm --prefix $(WIDGET) run --silent build

bench: $(VENV)/dev.stamp ## Measure
	$(PY) -m bench

rehearsal: $(VENV)/dev.stamp services ## Walk through a deployment: start, restart, kill, restore
	$(PY) -m tests.rehearsal

faults: $(VENV)/dev.stamp services ## Kill everything at random under 10,000 jobs, per broker (long)
	$(PY) -m tests.faults

corpus: $(VENV)/dev.stamp ## Check against third-party material: pages, mails, webhooks, signatures
	@test -d '$(SUPPORT_CORPUS)' || { \
		echo 'No corpus at $(SUPPORT_CORPUS); name its folder: make corpus SUPPORT_CORPUS=...' >&2; \
		exit 1; }
	$(PY) -m tests.corpus '$(EMAIL_CORPUS)'
	$(PY) -m tests.corpus.whatsapp '$(WHATSAPP_CORPUS)'
	$(PY) -m pytest tests/core/test_pagination.py tests/e2e/test_walk.py \
		tests/plugins/support_webhooks/test_sending.py

services: ## Install the servers that the suite starts itself (Debian, as root)
	@.ci/services

clean: ## Remove what was built and measured, and the virtual environments
	rm -rf $(VENV) .venv-* build dist *.egg-info htmlcov .coverage .coverage.*
	rm -rf $(WIDGET)/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -type d -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/pyvenv.cfg:
	@command -v $(PYTHON) >/dev/null || { \
		echo '$(PYTHON) was not found. Install Python 3.11 or newer, or: make PYTHON=...' >&2; \
		exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed, $(PYTHON) is $$($(PYTHON) -V 2>&1)." >&2; \
		echo 'Name another: make PYTHON=python3.12' >&2; \
		exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || .ci/services venv
	$(PYTHON) -m venv --clear $(VENV)

$(VENV)/run.stamp: $(VENV)/pyvenv.cfg setup.cfg pyproject.toml
	$(PY) -m pip install --quiet --editable '.[postgres]'
	@touch $@

$(VENV)/dev.stamp: $(VENV)/pyvenv.cfg setup.cfg pyproject.toml
	$(PY) -m pip install --quiet --editable '.[dev]'
	@touch $(VENV)/run.stamp $@
