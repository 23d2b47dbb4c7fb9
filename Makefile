# Two commands for a newcomer: make demo, make test. Everything installs into .venv and nowhere else.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
DEVSTAMP := $(VENV)/.installed-dev

.PHONY: demo test lint types unit bench clean

demo: $(STAMP)
	$(BIN)/monitor demo

test: lint types unit

lint: $(DEVSTAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEVSTAMP)
	$(BIN)/mypy

unit: $(DEVSTAMP)
	$(BIN)/python -m pytest -n 2 --dist loadgroup

bench: $(DEVSTAMP)
	$(BIN)/python bench/run.py

$(VENV)/bin/pip:
	$(PYTHON) -m venv $(VENV)

$(STAMP): pyproject.toml $(VENV)/bin/pip
	$(BIN)/pip install --quiet --editable .
	touch $@

$(DEVSTAMP): pyproject.toml $(VENV)/bin/pip
	$(BIN)/pip install --quiet --editable '.[dev]'
	touch $@ $(STAMP)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis
