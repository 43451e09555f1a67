# Everything runs inside .venv: `make nightly` is the whole job, `make test` the tests.
VERSIONS := 3.11 3.12 3.13
# the first that runs, not only stands there: a shim of pyenv may be there without its version
PYTHON ?= $(shell for version in $(VERSIONS); do python$$version -c "" 2>/dev/null && echo python$$version && break; done)
STUDY ?= nhanes
VENV := .venv
BIN := $(VENV)/bin
RUN := $(BIN)/python -m
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export DO_NOT_TRACK := 1

LIBRARY := tests/mtl_models/test_api.py tests/mtl_models/test_api_errors.py tests/mtl_models/test_front_door.py \
	tests/mtl_models/test_registry.py tests/mtl_models/test_settings.py tests/mtl_models/kinds

.PHONY: help folder install data nightly serve test test-long library lint repro

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

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
		echo "error: there is no $(or $(PYTHON),python3.11 to python3.13): install Python 3.11, 3.12 or 3.13, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; }
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

# long files come first as they are collected: xdist would put them last, and one core would wait; some tests wait for a
# server or for the next minute, so three workers keep two cores busy
test: data ## all tests
	@$(RUN) pytest -n 3 --dist loadfile --no-loadscope-reorder

test-long: data ## kill 1,000 runs and spoil 1,000 drops; KILLS=50 DROPS=50 RETRAIN=2 for fewer
	@MTL_HEALTH_KILLS=$(or $(KILLS),1000) MTL_HEALTH_DROPS=$(or $(DROPS),1000) MTL_HEALTH_RETRAIN=$(or $(RETRAIN),20) \
		$(RUN) pytest -m long -q

# the library alone has few dependencies; its .venv is kept
library: folder ## fast tests of the library with another Python, in a .venv of its own; PYTHON=python3.13
	@test -x "$(VENV)-$(notdir $(PYTHON))/bin/python" || "$(PYTHON)" -m venv "$(VENV)-$(notdir $(PYTHON))"
	@"$(VENV)-$(notdir $(PYTHON))/bin/python" -m pip install -qq --disable-pip-version-check -c constraints.txt \
		-e . pytest pytest-xdist hypothesis pandas
	@"$(VENV)-$(notdir $(PYTHON))/bin/python" -m pytest -q -n 2 -p no:cacheprovider $(LIBRARY)

lint: install ## ruff and mypy
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy
