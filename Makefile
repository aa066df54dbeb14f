# Needs Python 3.11 or newer, make and git; everything else goes into .venv.
# Choose the Python with PYTHON=..., and pass more arguments with ARGS="...".
PYTHON ?= python3.13 python3.12 python3.11 python3 python
ARGS   ?=
BIN    := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run test test-slow test-gambit test-sgamesolver bench format lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' Makefile

run: .venv/.run ## Run mistrust; more arguments by ARGS="--worlds 64"
	@$(BIN)/mistrust run $(ARGS)

test: .venv/.dev ## Lint, type-check and run the fast tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/pytest -n 2 --dist worksteal -m "not slow" $(ARGS)

test-slow: .venv/.dev ## Run the slow tests, and those on random examples with many more
	$(BIN)/pytest -n 2 --dist worksteal -m "slow or random" --hypothesis-profile many $(ARGS)

test-gambit: .venv/.gambit ## Compare choices with those of Gambit, which this compiles (C++)
	$(BIN)/pytest tests/test_gambit.py $(ARGS)

test-sgamesolver: .venv/.sgamesolver ## Compare play without end with sgamesolver's (compiled: C)
	$(BIN)/pytest tests/test_sgamesolver.py $(ARGS)

bench: .venv/.bench ## Measure, beside the peers that are installed; one entry: ARGS="--only NAME"
	@$(BIN)/python -m benchmarks $(ARGS)

format: .venv/.dev ## Format the code and fix what lint can fix
	$(BIN)/ruff check --fix-only
	$(BIN)/ruff format

COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--only-binary :all: --generate-hashes --custom-compile-command "make lock" $(ARGS)

lock: .venv/.dev ## Regenerate the lock files; newer versions by ARGS="--upgrade"
	$(COMPILE) pyproject.toml requirements.in -o requirements.lock
	$(COMPILE) requirements-dev.in requirements.lock -o requirements-dev.lock
	$(COMPILE) requirements-bench.in -o requirements-bench.lock
	$(COMPILE) --no-deps requirements-gambit.in -o requirements-gambit.lock
	$(COMPILE) --no-deps requirements-sgamesolver-build.in -o requirements-sgamesolver-build.lock
	$(COMPILE) --no-deps requirements-sgamesolver.in -o requirements-sgamesolver.lock

clean: ## Remove .venv, builds and caches
	rm -rf .venv build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

# Set-up. The stamps are written last. Without .ready, an earlier set-up was cut short (or there
# was none), and .venv is made anew.
.venv/.run: requirements.lock pyproject.toml
	$(call setup,requirements.lock,.venv/.run)

.venv/.dev: requirements-dev.lock requirements.lock pyproject.toml
	$(call setup,requirements-dev.lock,.venv/.run .venv/.dev)

.venv/.bench: requirements-bench.lock .venv/.dev
	@echo "Setting up what measuring needs..." >&2
	@$(PIP) --require-hashes --only-binary :all: -r requirements-bench.lock
	@touch .venv/.bench

.venv/.gambit: requirements-gambit.lock .venv/.dev
	@echo "Compiling Gambit, some minutes..." >&2
	@$(PIP) --no-deps --require-hashes -r requirements-gambit.lock
	@touch .venv/.gambit

.venv/.sgamesolver: requirements-sgamesolver-build.lock requirements-sgamesolver.lock .venv/.dev
	@echo "Compiling sgamesolver, about a minute..." >&2
	@$(PIP) --no-deps --require-hashes --only-binary :all: -r requirements-sgamesolver-build.lock
	@$(PIP) --no-deps --require-hashes --no-build-isolation -r requirements-sgamesolver.lock
	@touch .venv/.sgamesolver

PIP = $(BIN)/python -m pip install --quiet --no-input --disable-pip-version-check

define setup
	@$(find_python); echo "Setting up (.venv), about a minute..." >&2; \
	  test -e .venv/.ready && $(BIN)/python -c '' || "$$python" -m venv --clear .venv
	@rm -f .venv/.ready $(2)
	@$(PIP) --require-hashes --only-binary :all: -r $(1)
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch .venv/.ready $(2)
endef

# Sets the shell's $python to the first of PYTHON that will do, or says what is missing.
define find_python
no_venv=; for python in $(PYTHON) ""; do \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  "$$python" -c 'import ensurepip, venv' 2>/dev/null && break; no_venv=$$python; \
	done; \
	if [ -z "$$python" ]; then \
	  if [ -n "$$no_venv" ]; then \
	    echo "$$no_venv has no venv module: install it (Debian, Ubuntu: apt install python3-venv)"; \
	  else \
	    echo "No Python 3.11 or newer (tried: $(PYTHON)): install one, or give make PYTHON=/its/path"; \
	  fi >&2; exit 1; \
	fi
endef
