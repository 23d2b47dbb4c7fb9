# Two commands for a newcomer: make demo, make test. Everything installs into .venv and nowhere else.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
DEVSTAMP := $(VENV)/.installed-dev

.PHONY: demo test lint types unit bench lock clean

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

# Renews deploy/requirements.txt within the bounds of pyproject.toml; what compiles it is not needed for anything else.
LOCK := deploy/requirements.txt
lock:
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/pip install --quiet pip-tools
	sed -n '/^#/p' $(LOCK) > $(VENV)-lock/head
	$(VENV)-lock/bin/pip-compile --quiet --upgrade --generate-hashes --strip-extras --extra postgres --extra chat \
	  --no-header --no-annotate --no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
	  --output-file $(VENV)-lock/body pyproject.toml
	cat $(VENV)-lock/head $(VENV)-lock/body > $(LOCK)
	rm -rf $(VENV)-lock

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
