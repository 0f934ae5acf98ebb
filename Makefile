# make run     build the demo on a machine that has only Python (3.11 or newer) and make
# make test    style, types, structure and all tests
# make bench   the benchmarks, as a table
# make lock    resolve the requirements anew (after a change in pyproject.toml)

PYTHON ?= python3
CORES ?= 4
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test lint bench lock docs clean

run: $(VENV)/run.stamp
	$(BIN)/snakemake --cores $(CORES)

test: $(VENV)/dev.stamp lint
	$(BIN)/python -m pytest -n 2 --dist worksteal

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/mypy
	$(BIN)/lint-imports --config .importlinter
	$(BIN)/snakemake --lint

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
