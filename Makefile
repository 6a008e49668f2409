# Two commands: `make demo` shows what it does, `make test` checks everything. Both share one profile and one target folder.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

.PHONY: help demo test crash bench bench-live bench-learn fuzz dist dist-profiled audit

help: ## what there is
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 16

demo: ## start a node on loopback and replay Lakeside's evening into it, until Ctrl-C
	@scripts/demo.sh

test: ## everything: format, lints, tidy, tests, rules, conformance, docs
	@scripts/test.sh

crash: ## kill -9 at every named point five times, 200 power losses of the whole node and 200 of backups
	@scripts/crash.sh

bench: ## speed against peers and the physical limit, in release
	@cd benches/peers && cargo run --profile dist --locked

bench-live: ## a live node under stream S: events/s, processor time, latency, memory, disk
	@benches/live/run.sh

bench-learn: ## learnt behaviour and the access review on published data and simulated hospitals, with what is asked
	@benches/learn/run.sh

fuzz: ## every fuzz target, FUZZ_SECONDS each (default 60)
	@scripts/fuzz.sh

dist: ## the binary with the console, optimised: target/dist/cordon
	@scripts/console.sh
	@cargo build --profile dist --locked --package cordon

dist-profiled: ## the same, laid out by what a node does with Lakeside's days: target/profiled/dist/cordon (three quarters of an hour on two cores)
	@packaging/profiled.sh

audit: ## advisories, licences and sources by cargo-deny (installed when missing)
	@command -v cargo-deny >/dev/null || cargo install --locked cargo-deny
	@cargo deny check
