# `make` lists what there is. Everything installs what it needs first, on Debian 12, as root or with sudo.
SHELL := /bin/bash
export CARGO_TARGET_DIR ?= $(HOME)/.cache/pilothouse/target
SANDBOX := deploy/sandbox
CARGO := source $(SANDBOX)/lib.sh; native_cargo
# What the tests run can be held and made to fail (server/src/failpoints.rs). What anybody else runs is built without that, by `build`.
TESTED := --features pilothouse/failpoints

# One after the other: two cores are too few for two engines and a stopwatch at once.
ONE_BY_ONE := -- --test-threads=1 --show-output
ALONE := faults:: disks:: house:: wire::

PORT ?= 8080

.PHONY: help demo run build tests web test test-browser test-rest test-alone bench snapshots lint fmt fuzz

help: ## List what there is
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 10

demo: ## Start a sandbox of sample containers, and Pilothouse in front of it
	@$(SANDBOX)/install build sandbox
	@$(MAKE) --no-print-directory --jobs 2 build web
	@$(SANDBOX)/demo $(PORT)

run: build web ## Start Pilothouse in front of this machine's own engine
	@$(SANDBOX)/run

build: ## Build the server
	@$(SANDBOX)/install build
	@echo 'Building the server (10 to 20 minutes the first time on two cores)' >&2
	@$(CARGO) build -p pilothouse

tests:
	@$(SANDBOX)/install build
	@echo 'Building the server and its tests (15 minutes the first time on two cores)' >&2
	@# In one go: on its own the server is built with other features of its libraries, and so all of it twice.
	@$(CARGO) build --workspace --exclude xtask $(TESTED) --bins --tests

web: ## Build the browser half
	@$(SANDBOX)/install build
	@$(SANDBOX)/web

test: ## Run every test, against real parts that the tests start themselves
	@$(SANDBOX)/install build sandbox test
	@# Each half has long stretches for one core, so both are built at once.
	@$(MAKE) --no-print-directory --jobs 2 tests web
	@# The browser waits half of its time, as does what is tested beside it.
	@$(MAKE) --no-print-directory --jobs 2 --keep-going test-alone

# What it says waits for its turn, unless it fails.
BROWSER_LOG := $(CARGO_TARGET_DIR)/browser.log
test-browser:
	@$(CARGO) test --workspace --exclude xtask --test it $(TESTED) $(ONE_BY_ONE) browser:: >$(BROWSER_LOG) 2>&1 || { cat $(BROWSER_LOG); exit 1; }

test-rest:
	@failed=0; \
	$(CARGO) test --workspace --exclude xtask --lib --bins $(TESTED) --no-fail-fast $(ONE_BY_ONE) || failed=1; \
	native_cargo test --workspace --exclude xtask --test it $(TESTED) $(ONE_BY_ONE) --skip browser:: $(addprefix --skip ,$(ALONE)) || failed=1; \
	exit $$failed

# What measures how long somebody waits while something else goes wrong comes alone, in the end.
test-alone: test-browser test-rest
	@cat $(BROWSER_LOG)
	@$(CARGO) test --workspace --exclude xtask --test it $(TESTED) $(ONE_BY_ONE) $(ALONE)

bench: ## Measure: the engine straight, a plain nginx, and Pilothouse
	@$(SANDBOX)/install build sandbox test bench
	@$(MAKE) --no-print-directory web
	@echo 'Building an optimised server (15 minutes the first time on two cores)' >&2
	@$(CARGO) build --release -p pilothouse -p pilothouse-tests --bins
	@$(CARGO_TARGET_DIR)/release/bench

snapshots: ## Write docs/openapi.json and docs/permissions.md anew, from the code
	@export WRITE_SNAPSHOTS=1; $(CARGO) test --quiet -p pilothouse-tests $(TESTED) snapshots

lint: ## Check the style and look for mistakes
	@$(CARGO) fmt --all --check
	@$(CARGO) clippy --workspace --exclude xtask --all-targets $(TESTED)

fmt: ## Put the code in its style
	@$(CARGO) fmt --all

fuzz: ## Feed the parsers with noise, a minute each
	@$(SANDBOX)/install build
	@fuzz/run
