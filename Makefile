# Everything a newcomer runs. Each target does its own set-up; nothing outside this folder is changed.
#   make demo    environment, kernels compiled, a simulated runner tires and is told
#   make test    ruff, types, import contract, every test this machine can run (the rest skip and say why)
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test fuzz soak bench accuracy stability calibration bench-device bits firmware test-bluez lint venv hooks clean help

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

demo: $(VENV)/.ready  ## set up, compile the kernels, watch a simulated runner tire
	$(BIN)/trendel warm
	$(BIN)/trendel demo

test: $(VENV)/.ready-test lint  ## everything that must be green before a commit
	$(BIN)/trendel warm
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile

lint: $(VENV)/.ready-test  ## ruff and mypy (the import contract is one of the tests)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.ready-dev  ## speed, beside the C++ VQF in the same run
	$(BIN)/python -m tests.bench

accuracy: $(VENV)/.ready-dev  ## accuracy on the recordings that TRENDEL_DATA names and on simulated runs (some 5 minutes)
	@test -n "$(TRENDEL_DATA)" || { echo "make accuracy needs TRENDEL_DATA=FOLDER, the folder of recordings with truth"; exit 2; }
	$(BIN)/python -m tests.validation

stability: $(VENV)/.ready-dev  ## hip stability: false alarms and delays over 2800 simulated runs (4 minutes; TRENDEL_DATA adds stitched runs)
	$(BIN)/python -m tests.stability

calibration: $(VENV)/.ready-test  ## calibration: 200 simulated clips and what errors do to a run (some 4 minutes); writes docs/calibration.md
	$(BIN)/python -m tests.calibration

fuzz: $(VENV)/.ready-test  ## SECONDS=60: coverage-guided fuzzing of packets, framing, sessions, log and IMU driver, as long for each
	@$(BIN)/python -m pip install --quiet --editable '.[fuzz]' || echo "atheris cannot be installed here: Python is left out"
	$(BIN)/python -m tests.fuzz --seconds $(or $(SECONDS),60)

soak: $(VENV)/.ready-test  ## kills, long recordings, bad links, runs alone, live runs (some 45 minutes); writes build/soak.json
	$(BIN)/python -m tests.soak

bench-device: $(VENV)/.ready-test  ## the clip on the emulated Cortex-M4F: instructions, stack, bytes, power cuts; writes build/device.json
	$(BIN)/python -m trendel_lowering.bench

bits: $(VENV)/.ready  ## RECORDING=RUN.csv: the three homes on one recording, identical? (make ends with 2 where bits.py ends with 1 or 2)
	@test -n "$(RECORDING)" || { echo "usage: make bits RECORDING=RUN.csv"; exit 2; }
	@$(BIN)/python device/emulator/bits.py "$(RECORDING)"

firmware: $(VENV)/.ready  ## the clip's program, MCUboot and their sizes, where ZEPHYR_BASE names a Zephyr workspace
	@$(BIN)/python device/zephyr/firmware.py $(BOARDS)

test-bluez: $(VENV)/.ready-test  ## on request: the contract of links over BlueZ and a stock Linux kernel in QEMU (some minutes)
	$(BIN)/python -m tests.bluez

venv: $(VENV)/.ready-dev  ## the environment alone, with every development tool

hooks: $(VENV)/.ready-test  ## a pre-commit hook (ruff on staged files, under 2 s; it only checks)
	@sh .ci/install-hooks

clean:  ## remove the environment and caches
	rm -rf $(VENV) build trendel-demo .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .benchmarks
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A Python of at least 3.11 is looked for under its usual names; PYTHON=/path/to/python overrides.
$(VENV)/bin/python:
	@set -e; found=; \
	for p in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
	  if command -v "$$p" >/dev/null 2>&1 && "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then found=$$p; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "Trendel needs Python 3.11 or newer; python3 here is $$(python3 --version 2>&1 || echo missing)."; \
	  echo "Install one, or name it: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 2; \
	fi; \
	"$$found" -m venv $(VENV) || { rm -rf $(VENV); \
	  echo "$$found could not make a virtual environment (on Debian and Ubuntu: apt-get install python3-venv)."; exit 2; }

# One stamp for each set of packages; installed again when pyproject.toml changes.
$(VENV)/.ready: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable ".[sim]"
	@touch $@

$(VENV)/.ready-test: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[test]'
	@touch $(VENV)/.ready $@

$(VENV)/.ready-dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $(VENV)/.ready $(VENV)/.ready-test $@
