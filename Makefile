# Needs Python 3.11 and make, nothing else. Each target sets up what it needs in .venv, from the lock.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo pictures test lint lock clean

demo: $(VENV)/.installed
	$(BIN)/weaksignals demo

pictures: $(VENV)/.installed-dev
	$(BIN)/weaksignals demo --data data --language en --picture README.svg
	$(BIN)/python pictures/take.py data/demo pictures

test: $(VENV)/.installed-dev lint
	$(BIN)/python -m pytest

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

$(VENV)/.installed: requirements.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes --requirement requirements.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(PIP) install --require-hashes --requirement requirements-dev.txt
	touch $@

# Pins every dependency with its hashes, and no address.
LOCK := $(BIN)/pip-compile --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-find-links \
	--no-emit-trusted-host --no-header --quiet --build-deps-for editable
lock: $(VENV)/.installed-dev
	$(LOCK) --output-file requirements.txt pyproject.toml
	$(LOCK) --extra dev --extra mlflow --extra postgres --extra spark --constraint requirements.txt --output-file requirements-dev.txt pyproject.toml

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
