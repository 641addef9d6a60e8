# Needs Python 3.11 and make, nothing else. Each target sets up what it needs in .venv, from the lock.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo docs pictures test lint mutation bench lock clean

demo: $(VENV)/.installed
	$(BIN)/weaksignals demo

pictures: $(VENV)/.installed-dev
	$(BIN)/weaksignals demo --data data --language en --picture README.svg
	$(BIN)/python pictures/take.py data/demo pictures

# NIGHTLY=1 also runs the tests that take minutes: Spark, a server lost in the middle of a run. SlipCover prints which
# branches the tests do not take. Each process has a core: a library that takes both would wait for the other process.
PROCESSES ?= 2
test: $(VENV)/.installed-dev lint
	OMP_NUM_THREADS=1 OMP_WAIT_POLICY=passive $(BIN)/python -m slipcover -m pytest \
		--numprocesses $(PROCESSES) --dist loadfile --no-loadscope-reorder --durations=20 $(if $(NIGHTLY),-m "")

# NO_MKDOCS_2_WARNING: see docs/decisions/0008-site-builder.md.
docs: $(VENV)/.installed-dev
	$(BIN)/python -m docs.generate
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# Plants small faults in the modules that must not be wrong, and counts those that the tests notice: see docs/testing.md.
mutation: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/mutation.py

# Every stage on so many firms in scope, beside the least that it could take; the figures go to benchmarks/figures.
SIZE ?= 10k
bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.country --size $(SIZE)

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

# Pins every dependency with its hashes, and no address. Extras stay: without them the pip of Python 3.11 takes a newer
# version of "coverage[toml]" than the one pinned for "coverage", and refuses it.
LOCK := $(BIN)/pip-compile --generate-hashes --allow-unsafe --no-strip-extras --no-emit-index-url --no-emit-find-links \
	--no-emit-trusted-host --no-header --quiet
lock: $(VENV)/.installed-dev
	$(LOCK) --build-deps-for editable --output-file requirements.txt pyproject.toml
	$(LOCK) --extra dev --extra mlflow --extra postgres --extra spark --output-file requirements-dev.txt pyproject.toml requirements.txt

clean:
	rm -rf $(VENV) build site *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
