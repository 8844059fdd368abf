# Every target but help and clean first makes .venv here, where it is missing or older than what it is made from.
# Variables: PYTHON (which interpreter to make .venv from), ARGS (passed on, as in make test ARGS="-k replay").

PYTHON ?= python3
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made
PYTEST := $(BIN)/python -m pytest
# A worker for every core, but not a crowd of browsers; what a file's tests share is made once.
WORKERS := --numprocesses=logical --maxprocesses=4 --dist=loadfile

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: bench check clean help lab slow test venv

# uv does not read pip's configuration, so what pip was told of indexes, wheels and certificates is handed on.
# Exported for the tests too: one of them fills an empty environment.
ifneq ($(filter-out clean help,$(MAKECMDGOALS)),)
pip_settings := $(shell $(PYTHON) -m pip config list 2>/dev/null | \
    sed -nE -e "s/'//g" -e 's/\\n/ /g' \
    -e 's/^(:env:|install|global)\.(cert|find-links|index-url)= */\2=/' \
    -e '/^(cert|find-links|index-url)=/{s/ +/,/g;p;}')
pip_setting = $(firstword $(patsubst $(1)=%,%,$(filter $(1)=%,$(pip_settings))))
UV_FIND_LINKS ?= $(call pip_setting,find-links)
UV_DEFAULT_INDEX ?= $(call pip_setting,index-url)
SSL_CERT_FILE ?= $(call pip_setting,cert)
export $(foreach name,UV_FIND_LINKS UV_DEFAULT_INDEX SSL_CERT_FILE,$(if $($(name)),$(name)))
endif

help: ## say what can be made
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' Makefile | expand -t 14

lab: $(STAMP) ## open the quickstart in JupyterLab
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python -m jupyterlab $(if $(filter 0,$(shell id -u)),--allow-root) $(ARGS) notebooks/01_quickstart.ipynb

test: $(STAMP) ## run the tests and the notebooks, but for what is slow
	$(PYTEST) $(WORKERS) -m "not slow" --nbval --nbval-sanitize-with tests/nbval.cfg --nbval-cell-timeout=110 $(ARGS) tests notebooks

slow: $(STAMP) ## run the slow tests
	$(PYTEST) $(WORKERS) -m slow $(ARGS) tests

check: $(STAMP) ## check style, types and the import laws
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy mosaic_nb
	@# An operator's program stands alone, and finds its own modules beside it.
	for folder in operators/*/; do MYPYPATH=$$folder $(BIN)/mypy $$folder || exit 1; done
	$(PYTEST) --quiet tests/test_architecture.py

bench: $(STAMP) ## measure the figures of the README beside their floors
	$(BIN)/python -m benchmarks $(ARGS)

venv: $(STAMP) ## make .venv, or bring it up to date

clean: ## remove caches and build products; .venv and runs stay
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -path ./$(VENV) -prune -o -name __pycache__ -type d -exec rm -rf {} +

# Packages are only ever added to an environment that works; one whose interpreter is gone is made anew.
$(STAMP): pyproject.toml constraints.txt overrides.txt
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else \
	    "mosaic_nb needs Python 3.11 or newer, and $(PYTHON) is %d.%d. Name a newer one: make PYTHON=python3.12 ..." \
	    % sys.version_info[:2])'
	$(BIN)/python -c "" 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt uv
	$(BIN)/uv pip install --python $(BIN)/python --constraints constraints.txt \
	    --overrides overrides.txt --group dev --editable '.[all,multiagent]'
	@touch $@
