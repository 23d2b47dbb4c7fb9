# To begin: make demo, make test. All packages are installed into .venv, from the locks, by hash.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
LATEST := .venv-latest
STAMP  := $(VENV)/.installed
DEVSTAMP := $(VENV)/.installed-dev
LOCK     := deploy/requirements.txt
DEVLOCK  := requirements-dev.txt
INSTALL  := install --quiet --disable-pip-version-check
PYTEST   := -m pytest -n 2 --dist loadgroup

.PHONY: docs demo test quick lint types unit test-all test-latest soak bench lock clean

demo: $(STAMP)
	$(BIN)/monitor demo

test: lint types test-all

# Run before each commit: under a minute. Property tests try a quarter of the examples of `make test`.
quick: lint types unit

lint: $(DEVSTAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python tools/check_language.py

types: $(DEVSTAMP)
	$(BIN)/mypy

unit: $(DEVSTAMP)
	$(BIN)/python $(PYTEST) -q --hypothesis-profile quick tests/unit tests/test_architecture.py

test-all: $(DEVSTAMP)
	$(BIN)/python $(PYTEST)

# All tests, with long versions of some: half an hour.
soak: $(DEVSTAMP)
	$(BIN)/python $(PYTEST) --soak

# All tests with the newest libraries that pyproject.toml allows, and every warning an error.
# It shows incompatible releases before `make lock`, so it may fail without a change in this repository.
test-latest:
	rm -rf $(LATEST)
	$(PYTHON) -m venv $(LATEST)
	$(LATEST)/bin/pip $(INSTALL) --upgrade --editable '.[dev]'
	-$(LATEST)/bin/ruff check .
	-$(LATEST)/bin/mypy
	$(LATEST)/bin/python $(PYTEST) -W error

# The site of docs/, with search, and the manual pages of all commands. A broken link is an error.
docs: $(DEVSTAMP)
	$(BIN)/mkdocs build --quiet
	$(BIN)/monitor man build/man/man1

bench: $(DEVSTAMP)
	$(BIN)/python bench/run.py

# Update both locks within the version ranges of pyproject.toml, for every Python version that it allows.
# The product's lock is made first; the development lock has the same versions.
COMPILE := $(VENV)-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --upgrade --generate-hashes \
  --strip-extras --no-header --no-annotate --no-emit-index-url --no-emit-find-links
lock:
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/pip $(INSTALL) uv
	$(COMPILE) --extra postgres --extra chat --extra web --extra mcp --extra oidc --extra pdf --extra api --extra press \
	  pyproject.toml deploy/build.in --output-file $(VENV)-lock/product
	$(COMPILE) --extra dev --constraints $(VENV)-lock/product pyproject.toml deploy/build.in \
	  --output-file $(VENV)-lock/dev
	(echo '# Packages of the program, with the hash of each file. Made by `make lock`.'; \
	  cat $(VENV)-lock/product) > $(LOCK)
	(echo '# Packages for development and tests, with the hash of each file. Made by `make lock`.'; \
	  cat $(VENV)-lock/dev) > $(DEVLOCK)
	rm -rf $(VENV)-lock

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# --no-build-isolation: the build backend comes from the lock, too.
$(STAMP): pyproject.toml $(LOCK) $(BIN)/python
	$(BIN)/python -m pip $(INSTALL) --require-hashes --only-binary :all: -r $(LOCK)
	$(BIN)/python -m pip $(INSTALL) --no-deps --no-build-isolation --editable .
	touch $@

$(DEVSTAMP): pyproject.toml $(DEVLOCK) $(BIN)/python
	$(BIN)/python -m pip $(INSTALL) --require-hashes --only-binary :all: -r $(DEVLOCK)
	$(BIN)/python -m pip $(INSTALL) --no-deps --no-build-isolation --editable .
	touch $@ $(STAMP)

clean:
	rm -rf $(VENV) $(VENV)-lock $(LATEST) .mypy_cache .ruff_cache .pytest_cache .hypothesis
