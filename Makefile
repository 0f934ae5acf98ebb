# make run     build the demo on a machine that has only Python (3.11 or newer) and make
# make test    style, types, structure and all tests
# make dashboard   the demo's page on http://127.0.0.1:8050, built first where it is not yet
# make bench   the benchmarks, as a table
# make lock    resolve the requirements anew (after a change in pyproject.toml)

PYTHON ?= python3
CORES ?= 4
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test browser lint lint-deployment dashboard bench lock docs clean

run: $(VENV)/run.stamp
	$(BIN)/snakemake --cores $(CORES)

test: browser $(VENV)/dev.stamp lint
	$(BIN)/python -m pytest -n 2 --dist worksteal

# The pages are tested in a real browser, which is the system's, too: tests/browsers.py knows the same names.
BROWSERS := chromium chromium-browser google-chrome google-chrome-stable
browser:
	@for name in $(BROWSERS); do if command -v $$name >/dev/null; then exit 0; fi; done; \
	echo "The tests of the dashboard drive a browser, and there is none ($(BROWSERS)): apt-get install chromium, brew install --cask chromium, ..."; exit 1

lint: $(VENV)/dev.stamp lint-deployment
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/mypy
	$(BIN)/lint-imports --config .importlinter
	$(BIN)/snakemake --lint

# shellcheck comes with the system, not with Python: apt-get install shellcheck, brew install shellcheck, ...
SCRIPTS := entrypoint.sh .ci/run $(wildcard tests/container/*.sh)
lint-deployment: $(VENV)/dev.stamp
	$(BIN)/hadolint Dockerfile
	$(BIN)/actionlint
	$(BIN)/zizmor --offline --quiet .github
	@if command -v shellcheck >/dev/null; then echo shellcheck $(SCRIPTS); shellcheck --external-sources $(SCRIPTS); \
	elif [ -n "$$CI" ]; then echo "shellcheck is missing: install your system's package"; exit 1; \
	else echo "shellcheck is not installed: $(SCRIPTS) are not checked (apt-get install shellcheck, brew install shellcheck)"; fi

dashboard: run
	$(BIN)/python -m dash_app

bench: $(VENV)/bench.stamp
	$(BIN)/python -m benchmarks

docs: $(VENV)/dev.stamp
	$(BIN)/python -m pdp.config_schema
	$(BIN)/python -m pdp.conda_env

lock: $(VENV)/pip.stamp
	$(BIN)/python -m pip install --quiet uv
	$(PYTHON) -m pip install --quiet uv
	$(BIN)/python -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --extra build pyproject.toml -o requirements.lock
	$(BIN)/python -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --all-extras -c requirements.lock pyproject.toml -o requirements-dev.lock

$(VENV)/pip.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ". Point make at one: make PYTHON=/path/to/python3.12 run")'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/run.stamp: $(VENV)/pip.stamp requirements.lock
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp requirements-dev.lock
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/bench.stamp: $(VENV)/dev.stamp
	@touch $@

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
