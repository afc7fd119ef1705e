# `make` lists what there is. Everything installs what it needs first, on Debian 12, as root or with sudo.
SHELL := /bin/bash
export CARGO_TARGET_DIR ?= $(HOME)/.cache/pilothouse/target
SANDBOX := deploy/sandbox
CARGO := source $(SANDBOX)/lib.sh; native_cargo

.PHONY: help build test lint fmt

help: ## List what there is
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(MAKEFILE_LIST) | expand -t 10

build: ## Build the server
	@$(SANDBOX)/install build
	@$(CARGO) build -p pilothouse

test: ## Run every test, against real parts that the tests start themselves
	@$(SANDBOX)/install build sandbox test
	@$(CARGO) build -p pilothouse
	@$(CARGO) test --workspace --exclude xtask

lint: ## Check the style and look for mistakes
	@$(CARGO) fmt --all --check
	@$(CARGO) clippy --workspace --exclude xtask --all-targets

fmt: ## Put the code in its style
	@$(CARGO) fmt --all
