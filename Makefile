# Every target sets up what it needs; `make setup` is instant the second time.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.setup-stamp

.PHONY: setup demo test test-slow lint bench clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "pip>=25.1"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[frames,demo]' --group dev
	touch $(STAMP)

demo: setup
	$(BIN)/tidemill demo --overwrite

lint: setup
	$(BIN)/ruff check src tests benchmarks
	$(BIN)/mypy

test: lint
	$(BIN)/pytest -n 2

test-slow: setup
	$(BIN)/pytest -n 2 -m slow

bench: setup
	$(BIN)/python benchmarks/halves.py

clean:
	rm -rf $(VENV) demo-out tidemill-out .pytest_cache .mypy_cache .ruff_cache .hypothesis
