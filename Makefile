.DEFAULT_GOAL := help
.PHONY: help setup demo demo-failover demo-environment demo-release up test unit check check-infra generate kernel bench simulate outage clean

PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK = 1

help: ## Print this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: .venv/installed ## Create .venv and install everything that the other targets need

.venv/installed: requirements.txt pyproject.toml VERSION
	@echo "Installing into .venv (a few minutes the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --progress-bar on -e '.[local,dev]'
	@touch $@

demo: setup ## Refresh a staging environment from a backup, on this machine (DUMP=file uses your own Odoo database)
	@$(BIN)/signalbox demo $(if $(DUMP),--dump '$(DUMP)') $(if $(FILESTORE),--filestore '$(FILESTORE)') $(if $(KEEP),--keep)

demo-failover: setup ## Kill production while customers order, and let its standby take over, on this machine
	@$(BIN)/signalbox demo failover

demo-environment: setup ## Clone staging for an engineer, and let the clone end without a trace, on this machine
	@$(BIN)/signalbox demo environment

demo-release: setup ## Bring releases to two rings, undo one that fails, respect a freeze, on this machine
	@$(BIN)/signalbox demo release

up: setup ## Start the embedded platform and stay
	@$(BIN)/signalbox up

test: setup ## Run the whole test suite
	@$(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder

unit: setup ## Run the tests that need no server (seconds)
	@$(BIN)/pytest tests/unit shared

check-infra: setup ## Check what would be deployed: Bicep, manifests, roles against calls (no cloud needed)
	@$(BIN)/pytest -q tests/unit/infra tests/contract/infra

check: setup ## Format, lint, types, import contracts
	@$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy && $(BIN)/lint-imports --no-logo

generate: setup ## Rewrite schemas/ and infra/topology.json from the code
	@$(BIN)/signalbox generate

KERNEL := shared/masking/proof/kernel

kernel: setup ## Compile the proof's inner loops from C to WebAssembly
	@$(BIN)/pip install --quiet 'ziglang>=0.13,<0.18'
	@$(BIN)/python -m ziglang cc --target=wasm32-freestanding -mcpu=generic+bulk_memory+simd128 -O3 -nostdlib -Wall -Wextra \
		-Wl,--no-entry -Wl,--strip-all -Wl,--export=__heap_base -Wl,-z,stack-size=65536 \
		-DSOURCE=0x$$(cat $(KERNEL).c $(dir $(KERNEL))spelling.h | sha256sum | cut -c1-16)ULL -o $(KERNEL).wasm $(KERNEL).c
	@chmod 644 $(KERNEL).wasm

simulate: setup ## Run the engine against a hostile bus (SEED=n replays one seed, SEEDS=n runs many)
	@$(BIN)/python -m tests.simulation $(if $(SEED),--seed $(SEED)) $(if $(SEEDS),--seeds $(SEEDS))

outage: setup ## Lose a region with 10,000 environments, and write what that takes into docs/scaling.md (20 minutes or more)
	@$(BIN)/python -m benchmarks.outage --environments 10 --environments 1000 --environments 10000 --write

bench: setup ## Measure what we claim
	@$(BIN)/python -m benchmarks.chain
	@$(BIN)/python -m benchmarks.masking
	@$(BIN)/python -m benchmarks.proof

clean: ## Remove .venv and .local
	rm -rf .venv .local
