# Linli 邻里. `make` alone lists what you can do.
.DEFAULT_GOAL := help
.PHONY: help up down ps status trace logs demo test check contracts

PYTHON := .venv/bin/python

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

up: runtime ## start the whole platform here without Docker; again: says where it runs
	@$(PYTHON) -m deploy.local up

down: runtime ## stop everything that `make up` started
	@$(PYTHON) -m deploy.local down

ps: runtime ## what runs, and its memory
	@$(PYTHON) -m deploy.local ps

status: runtime ## the health of the whole in one screen
	@$(PYTHON) -m deploy.local status

trace: runtime ## one request's story across services: make trace ID=<X-Request-Id>
	@$(PYTHON) -m deploy.local trace

logs: runtime ## follow all logs
	@$(PYTHON) -m deploy.local logs

backup: runtime ## keep everything while it runs; TO=folder, KEEP=how many, LINLI_BACKUP_PASSPHRASE
	@$(PYTHON) -m deploy.local backup

restore: runtime ## bring a backup back: FROM=folder; YES=1 in place of what is here
	@$(PYTHON) -m deploy.local restore

demo: runtime ## play the main flow through the front door and print its transcript
	@$(PYTHON) -m deploy.local.demo

.PHONY: demo-history
demo-history: runtime ## eighteen months of made-up tickets for the demo estates: MONTHS=18, or COUNT=200000 in all
	@$(PYTHON) -m deploy.local.history $(if $(MONTHS),--months $(MONTHS)) $(if $(COUNT),--count $(COUNT))

check: dev ## the fast loop: style, layers, contracts, tests that are neither slow nor connected
	@$(PYTHON) -m ruff check . && $(PYTHON) -m ruff format --check .
	@.venv/bin/lint-imports
	@.venv/bin/linli contracts --check
	@$(PYTHON) -m pytest -n auto --dist loadfile -m "not slow and not connected"

test: dev ## everything; installs what it needs
	@$(PYTHON) -m ruff check . && $(PYTHON) -m ruff format --check .
	@.venv/bin/lint-imports
	@.venv/bin/linli contracts --check
	@$(PYTHON) -m pytest -n auto --dist loadfile -m "not slow and not connected and not faults"
	@$(PYTHON) -m pytest -m "(slow or connected) and not faults"

.PHONY: faults
faults: dev ## kill, cut, stall and confuse it, then soak it: SEED=1 MINUTES=10 ROUNDS=50; tests/faults/README.md
	@FAULTS=1 $(PYTHON) -m pytest -v -m "faults or not faults" --timeout 1200 --durations 0 tests/faults tests/contracts/test_samples.py

contracts: dev ## write contracts/ anew from the code; review the difference
	@.venv/bin/linli contracts

.PHONY: licences
licences: dev ## what others' work Linli is made of, and on what terms
	@$(PYTHON) -m deploy.licences

.PHONY: bench
bench: dev ## ratios to limits and peers: GOALS="1a 2a" REPEATS=3 GROWTH="10000 10000000" FORCE=1; tests/bench/README.md
	@$(PYTHON) -m tests.bench $(if $(GOALS),--goals $(GOALS)) $(if $(REPEATS),--repeats $(REPEATS)) \
		$(if $(GROWTH),--growth $(GROWTH)) $(if $(FORCE),--force)

.PHONY: runtime dev
runtime:
	@deploy/local/bootstrap.sh runtime

dev:
	@deploy/local/bootstrap.sh dev
	@$(PYTHON) -m deploy.local.packages
