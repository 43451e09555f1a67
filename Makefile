# Everything runs inside .venv: `make nightly` is the whole job, `make test` the tests.
PYTHON ?= python3.11
STUDY ?= nhanes
VENV := .venv
BIN := $(VENV)/bin
RUN := $(BIN)/python -m
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export DO_NOT_TRACK := 1

.PHONY: help folder install data nightly serve test lint repro

help: ## show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

# what flows.project.paths says of a folder's name, before minutes go into .venv; and a .venv that was copied or moved runs
# the other checkout's code
folder:
	@if pwd -P | LC_ALL=C grep -qE '%[0-9A-Fa-f]{2}|[][\\^|":$$`]'; then \
		echo "error: the name of this folder has one of [ ] \\ ^ | \" : \$$ \` or a % code in it: rename it or move it" >&2; exit 1; fi
	@if test -s $(VENV)/installed && test "$$(cat $(VENV)/installed)" != "$$(pwd -P)"; then \
		echo "error: $(VENV) was made in $$(cat $(VENV)/installed): remove it (rm -r $(VENV)) and run make again" >&2; exit 1; fi

install: $(VENV)/installed ## create .venv with the pinned dependencies

$(VENV)/installed: pyproject.toml constraints.txt | folder
	@test -x $(BIN)/python || command -v "$(PYTHON)" >/dev/null || { \
		echo "error: there is no $(PYTHON): install Python 3.11, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@test -x $(BIN)/python || "$(PYTHON)" -m venv $(VENV)
	@echo "installing the pinned dependencies into $(VENV) (some minutes the first time)"
	@$(RUN) pip install -qq --disable-pip-version-check -c constraints.txt -e '.[pipeline,boosters,gp,dev]'
	@$(RUN) pip check
	@pwd -P > $@

data: install ## restore the sample studies through DVC, without a network
	@$(RUN) flows.cli.restore

nightly: data ## train what is stale, promote, and score one night's people; DATE=2026-11-20 for another than today
	@$(RUN) flows.cli nightly --study "$(STUDY)" $(if $(filter undefined,$(origin DATE)),,--date "$(DATE)")

repro: data ## bring every study up to date with DVC alone
	@$(RUN) dvc repro

serve: data ## Prefect's server and both flows on their schedules, on this machine
	@$(RUN) flows.schedule.serve

# long files come first as they are collected: xdist would put them last, and one core would wait
test: data ## all tests
	@$(RUN) pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: install ## ruff and mypy
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy
