# Everything a newcomer needs, by verb. Plain `make` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
DEMO := demo

.DEFAULT_GOAL := help
.PHONY: help setup demo test soak check format docs bench peers clean

help: ## list these verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "etl needs Python 3.11 or newer: make PYTHON=python3.12 …"; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(PIP) install --editable .
	@touch $@

$(VENV)/.installed-dev: pyproject.toml | $(BIN)/python
	$(PIP) install --editable '.[dev]'
	@touch $@ $(VENV)/.installed

setup: $(VENV)/.installed ## install etl into .venv (then: .venv/bin/etl)

demo: $(VENV)/.installed ## import the sample sheet into the embedded simulator and show the results file
	@rm -rf $(DEMO) && mkdir -p $(DEMO) && cp sample_data/site_visits.xlsx $(DEMO)/
	$(BIN)/etl run $(DEMO)/site_visits.xlsx -m mappings/site_visits.yaml --rehearse || test $$? -eq 4
	@$(BIN)/python sample_data/show_results.py $(DEMO)/site_visits.rehearsal.results.xlsx

check: $(VENV)/.installed-dev ## format, lint and types: ruff, mypy --strict
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

test: check ## everything that CI runs: check and all tests
	$(BIN)/python -m pytest -n 5 --dist worksteal

SEEDS ?= 2000
FROM ?= 0

SHARED_SEEDS ?= 200
FUZZ_SECONDS ?= 300
FLEET_ROUNDS ?= 5

soak: $(VENV)/.installed-dev ## play SEEDS seeded histories (FROM a seed on) in virtual time, SHARED_SEEDS in PostgreSQL, read damaged files for FUZZ_SECONDS, FLEET_ROUNDS of bad weather for real workers
	$(BIN)/python -m tests.laws.soak --seeds $(SEEDS) --from $(FROM)
	$(BIN)/python -m tests.laws.soak_shared --seeds $(SHARED_SEEDS) --from $(FROM)
	$(BIN)/python -m tests.laws.fuzz --seconds $(FUZZ_SECONDS) --from $(FROM)
	$(BIN)/python -m tests.fleet.soak --rounds $(FLEET_ROUNDS) --from $(FROM)

compare: $(VENV)/.installed-dev ## compare what we read with what LibreOffice shows: golden files anew, then public spreadsheets
	$(BIN)/python tests/corpus/compare.py golden
	$(BIN)/python tests/corpus/compare.py wild

format: $(VENV)/.installed-dev ## let ruff format the code and mend what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(VENV)/.installed-dev ## write what is made of the code: findings, mapping reference and exit codes in docs/, the schema of mappings
	$(BIN)/python -m tests.docs.findings_page
	$(BIN)/python -m tests.docs.mapping_page
	$(BIN)/python -m tests.docs.exit_codes_page
	$(BIN)/python -m etl.mapping.schema mappings/mapping.schema.json
	$(BIN)/python -m etl.inbox.schema mappings/routes.schema.json

bench: $(VENV)/.installed-dev ## measure, print the table of benchmarks/
	$(BIN)/python benchmarks/run.py

peers: $(VENV)/.installed-dev ## the same sheet through a plain loop, dlt, a Singer target and etl, side by side (ten minutes)
	$(BIN)/python benchmarks/peers.py

clean: ## remove what these verbs have made
	rm -rf $(VENV) $(DEMO) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
