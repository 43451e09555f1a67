# Everything runs inside .venv: `make nightly` is the whole job, `make test` the tests.
PYTHON ?= python3.11
STUDY ?= nhanes
DATE ?= $(shell date +%F)
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export DO_NOT_TRACK := 1

.PHONY: help install data nightly serve test lint repro

help: ## show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

install: $(VENV)/installed ## create .venv with the pinned dependencies

$(VENV)/installed: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing the pinned dependencies into $(VENV) (some minutes the first time)"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[dev,gp]'
	@$(BIN)/python -m pip check
	@touch $@

data: install ## restore the sample studies through DVC, without a network
	@dvc pull --quiet --remote samples --recursive data/raw

nightly: data ## train what is stale, promote, and score one night's people into tables
	@mtl-health nightly --study $(STUDY) --date $(DATE)

repro: data ## bring every study up to date with DVC alone
	@dvc repro

serve: data ## Prefect's server and both flows on their schedules, on this machine
	@python -m flows.serve

test: data ## all tests
	@pytest -n 2 --dist loadfile

lint: install ## ruff and mypy
	@ruff check .
	@ruff format --check .
	@mypy
