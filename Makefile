# make demo    sets everything up and builds the example bank into build/demo
# make test    sets everything up and passes the tests
# make browser plays items and pages in Chromium (needs Node 18 or later, npm and Chromium)

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NODE_MODULES := tests/browser/node_modules

.PHONY: golden demo test browser lint types docs clean

demo: $(VENV)/run
	@mkdir -p build
	$(BIN)/plotbank build examples/intro-statistics/quiz.toml --roster examples/intro-statistics/roster.csv \
		-o build/demo --overwrite
	$(BIN)/plotbank verify build/demo

test: $(VENV)/dev
	$(BIN)/python -m pytest -q -n auto --dist worksteal

# Without -n: one browser plays everything. Nothing is skipped here.
browser: $(VENV)/dev $(NODE_MODULES)/installed
	PLOTBANK_BROWSER=required $(BIN)/python -m pytest -q tests/browser

# What CI runs besides the tests.
lint: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/cog --check docs/command-line.md docs/templates.md

types: $(VENV)/dev
	$(BIN)/mypy
	$(BIN)/pyright

# Paste the commands' help into the docs and draw their picture again.
docs: $(VENV)/dev
	$(BIN)/cog -r docs/command-line.md docs/templates.md
	$(BIN)/python docs/three_students.py

# Write the files again that say what every format makes of every type of question.
golden: $(VENV)/dev
	$(BIN)/python -m pytest -q tests/exporters/test_golden.py --write-golden

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "plotbank needs Python 3.11 or later: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ rm -rf $(VENV); echo "Python's venv is missing; on Debian: apt install python3-venv"; exit 1; }

# setuptools warns of every editable installation: that is what we want here.
$(VENV)/run: pyproject.toml | $(BIN)/python
	@echo "Installing plotbank and what it needs into $(VENV) (about a minute) ..."
	@$(BIN)/python -m pip install --quiet --upgrade pip
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --editable '.[cpu]'
	@touch $@

$(VENV)/dev: $(VENV)/run
	@echo "Installing what the tests need ..."
	@$(BIN)/python -m pip install --quiet --group dev
	@touch $@

$(NODE_MODULES)/installed: tests/browser/package-lock.json
	@echo "Installing what the browser tests need ..."
	@cd tests/browser && npm ci --silent
	@touch $@

clean:
	rm -rf $(VENV) $(NODE_MODULES) build *.egg-info src/*.egg-info
