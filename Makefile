# `make run` prints the exact boundaries of both experiments and draws them;
# `make test` is the whole check; `make docs` builds the site into out/site. All need Python >= 3.11 and this checkout, nothing else.
PYTHON ?= python3
VENV   := .venv
LOWEST := .venv-lowest
BIN    := $(VENV)/bin
OUT    := out

.PHONY: run test test-long test-lowest lint types pytest docs derivations clean

run: $(VENV)/run.stamp
	mkdir -p $(OUT)
	$(BIN)/phasecalc boundaries -n 2 -m 1
	$(BIN)/phasecalc boundaries -n 3 -m 2
	$(BIN)/phasecalc diagram -n 2 -m 1 -o $(OUT)/diagram-2-1.png
	$(BIN)/phasecalc diagram -n 3 -m 2 -o $(OUT)/diagram-3-2.png

# mypy takes one core for half a minute, the tests have long ones at their end.
test: lint
	@$(MAKE) --no-print-directory -j 2 types pytest

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev.stamp
	$(BIN)/mypy

pytest: $(VENV)/dev.stamp
	$(BIN)/python -m pytest -q --run-seconds

# Tests that take three seconds and more each, and the random ones with three times as many examples.
test-long: $(VENV)/dev.stamp
	HYPOTHESIS_PROFILE=ci $(BIN)/python -m pytest -q --run-long --run-seconds -m "long or hypothesis"

# The lower bounds of pyproject.toml, in an environment of their own; they have wheels for Python 3.11
# and 3.12. Numba keeps its code by version, so it gets a folder of its own.
test-lowest: $(LOWEST)/dev.stamp
	NUMBA_CACHE_DIR=$(CURDIR)/$(LOWEST)/numba $(LOWEST)/bin/python -m pytest -q --run-seconds

$(LOWEST)/dev.stamp: pyproject.toml .ci/lowest.py
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python .ci/lowest.py > $(LOWEST)/lowest.txt
	$(LOWEST)/bin/python -m pip install --quiet --only-binary :all: -r $(LOWEST)/lowest.txt
	$(LOWEST)/bin/python -m pip install --quiet --no-deps --editable .
	touch $@

$(VENV)/python.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "phasecalc needs Python >= 3.11; say which one to use: make PYTHON=python3.12 run" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/run.stamp: $(VENV)/python.stamp pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/dev.stamp: $(VENV)/python.stamp pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@ $(VENV)/run.stamp

$(VENV)/docs.stamp: $(VENV)/python.stamp pyproject.toml
	$(BIN)/python -m pip install --quiet --editable '.[docs]'
	touch $@ $(VENV)/run.stamp

docs: $(VENV)/docs.stamp
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs $(OUT)/site
	@echo "wrote $(OUT)/site/index.html"

derivations: $(VENV)/run.stamp
	$(BIN)/phasecalc derive --all -o derivations

clean:
	rm -rf $(VENV) $(LOWEST) $(OUT)
