# Commands for people. Each can be run again at any time; none needs another to have run first.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

CARGO ?= cargo
# Where cargo puts its output.
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
# Passed on to the program that a target starts, for example: make lab ARGS="--seed 7"
ARGS ?=

.PHONY: help
help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 10

# Its world needs no optimisation, and without it the first build takes half as long; what is built with it lies beside.
.PHONY: lab
lab: export CARGO_PROFILE_RELEASE_OPT_LEVEL := 0
lab: export CARGO_PROFILE_RELEASE_DEBUG := false
lab: ## build everything and start the simulated world with the operator; Ctrl-C stops it
	$(CARGO) build --release --locked -p amko -p amko-lab
	exec $(TARGET_DIR)/release/amko-lab up $(ARGS)

.PHONY: scenarios
scenarios: ## every scripted scenario (or ARGS="NAME...") with the operator in release mode: some minutes
	$(CARGO) build --release --locked -p amko -p amko-lab
	@lab=$(TARGET_DIR)/release/amko-lab; logs=$(TARGET_DIR)/scenarios; failed=; mkdir -p "$$logs"; \
	names="$(ARGS)"; [ -n "$$names" ] || names=$$("$$lab" scenario list | cut -d ' ' -f 1); \
	for name in $$names; do \
	    if "$$lab" scenario "$$name" >"$$logs/$$name.log" 2>&1; then lines=1; else lines=5; failed="$$failed $$name"; fi; \
	    tail -n "$$lines" "$$logs/$$name.log"; \
	done; \
	echo "what happened in each, step by step: $$logs/"; \
	[ -z "$$failed" ] || { echo "failed:$$failed"; exit 1; }

.PHONY: test
test: tools ## every test that can run on this machine; the others are skipped by name, and with CI=true nothing is
	@if [ -n "$${CI:-}" ] && [ -z "$${AMKO_STATIC:-}" ]; then \
	    $(MAKE) static; export AMKO_STATIC=$(abspath $(STATIC)); \
	fi; \
	$(CARGO) test --workspace --locked

# New seeds, or one to replay: printed either way.
SEEDS ?= 100
SEED ?=

.PHONY: simulate
simulate: ## SEEDS=n new random histories of the whole operator, in release mode; SEED=x replays one and tells it
	AMKO_SEEDS=$(SEEDS) AMKO_SEED=$(SEED) $(CARGO) test --release --locked -p amko --test simulation any_history -- --nocapture

.PHONY: ci
ci: ## formatting, lints, dependencies, the static binary, tests: what a change must pass
	@# On an empty machine the tools are mostly downloads, and lints and dependencies mostly compute.
	$(MAKE) tools & tools=$$!; $(MAKE) lints deny || { kill $$tools; exit 1; }; wait $$tools
	$(MAKE) static
	AMKO_STATIC=$(abspath $(STATIC)) $(MAKE) test

.PHONY: lints
lints: ## formatting and clippy
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

.PHONY: deny
deny: cargo-deny ## licences, banned crates, sources and known vulnerabilities of the dependencies
	$(CARGO) deny --locked check --hide-inclusion-graph bans licenses sources
	@if timeout 120 $(CARGO) deny fetch db >/dev/null 2>&1; then \
	    $(CARGO) deny --locked check --hide-inclusion-graph advisories; \
	else \
	    echo "skipped: known vulnerabilities (the advisory database cannot be reached from here)"; \
	fi

.PHONY: cargo-deny
cargo-deny:
	@$(CARGO) deny --version >/dev/null 2>&1 || $(CARGO) install --locked --debug cargo-deny

.PHONY: fix
fix: ## repair what can be repaired by a program: formatting, lints, crds/, what the chart derives, the table of rules and tests
	$(CARGO) clippy --fix --allow-dirty --allow-staged --workspace --all-targets
	$(CARGO) fmt --all
	AMKO_UPDATE_CRDS=1 $(CARGO) test -p amko --test crds
	AMKO_UPDATE_CHART=1 $(CARGO) test -p amko --test chart
	AMKO_UPDATE_RULES=1 $(CARGO) test -p amko --test tidy rule

.PHONY: bench
bench: ## what an FQDN, an event, a decision and the whole operator cost, in release mode; ten minutes, writes loadtest/RESULTS.md
	$(CARGO) test --release --locked -p amko --test cost --test speed -- --nocapture $(ARGS)
	$(CARGO) build --release --locked -p amko -p amko-loadtest
	$(TARGET_DIR)/release/amko-loadtest bench --out loadtest --work $(TARGET_DIR)/loadtest

# The target of the image, which is this machine's with another C library.
STATIC_TARGET := $(shell uname -m)-unknown-linux-musl
STATIC := $(TARGET_DIR)/$(STATIC_TARGET)/dist/amko

.PHONY: static
static: ## build the static binary of the image, for this machine
	@command -v musl-gcc >/dev/null || $(MAKE) tools
	@command -v musl-gcc >/dev/null || { echo "musl-gcc is needed (Debian package musl-tools)"; exit 1; }
	@if command -v rustup >/dev/null; then rustup target add $(STATIC_TARGET); fi
	$(CARGO) build --profile dist --locked --target $(STATIC_TARGET) -p amko
	@ls -l $(STATIC)

.PHONY: static-test
static-test: static ## run the static binary in a root with nothing else but certificates, as the image will
	AMKO_STATIC=$(abspath $(STATIC)) $(CARGO) test --locked -p amko-lab --test image -- --nocapture

IMAGE ?= amko:$(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
# docker or podman, whichever has an engine that answers.
ENGINE = $(shell for engine in docker podman; do if $$engine info >/dev/null 2>&1; then echo $$engine; break; fi; done)

.PHONY: image
image: ## build the container image; IMAGE=NAME:TAG names it, ARGS="--platform linux/arm64" builds for another platform
	@[ -n "$(ENGINE)" ] || { echo "neither docker nor podman answers on this machine"; exit 1; }
	$(ENGINE) build --tag $(IMAGE) --build-arg COMMIT=$$(git rev-parse --short=12 HEAD) \
	    --build-arg VERSION=$(lastword $(subst :, ,$(IMAGE))) $(ARGS) .

# Programs that some tests drive. A test whose program is missing says so and why it did not run. These are installed by
# Debian package; what has none is built once, into a cache outside of the checkout, where there is a Go: with the code 3
# that script says that there is none, which is no failure here.
TOOL_PACKAGES := dig:bind9-dnsutils dnsperf:dnsperf musl-gcc:musl-tools

.PHONY: tools
tools: ## install or build optional programs that some tests drive, when this machine allows it
	@for tool in $(TOOL_PACKAGES); do \
	    program=$${tool%%:*}; package=$${tool##*:}; \
	    if command -v $$program >/dev/null; then continue; fi; \
	    if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	        { apt-get install -y -qq $$package >/dev/null 2>&1 || \
	          { apt-get update -qq && apt-get install -y -qq $$package; } >/dev/null 2>&1; }; then \
	        echo "installed: $$program (package $$package)"; \
	    else \
	        echo "missing: $$program; tests that drive it are skipped (Debian package $$package has it)"; \
	    fi; \
	done
	@command -v kubectl >/dev/null || echo "missing: kubectl; tests that drive it are skipped"
	@tests/tools/build >/dev/null || [ $$? = 3 ]
