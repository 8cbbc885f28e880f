# The commands of Sluice. Environments are made on first use and again only when a lock file changes.

PYTHON ?= $(firstword $(foreach p,python3 python3.13 python3.12 python3.11,$(shell \
	$(p) -c 'import sys; sys.version_info >= (3, 11) and print(sys.executable)' 2>/dev/null)))
VENV ?= .venv
AWS_VENV ?= .venv-aws
CLI_VENV ?= .venv-cli
STAGE ?= local
AWS_PORT ?= 4566
API_PORT ?= 8000
export AWS_PORT API_PORT VENV AWS_VENV CLI_VENV

BIN = $(VENV)/bin
ENVIRONMENT = $(PYTHON) -m ops.environments

.DEFAULT_GOAL := help
.PHONY: help run deploy-local destroy test faults soak check format bench lock python clean

help:  ## Show the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: python  ## Start Sluice here, without an AWS account (AWS_PORT, API_PORT, DEMO=0 for no samples)
	@$(ENVIRONMENT) $(VENV)=requirements-run.txt $(AWS_VENV)=requirements-aws.txt
	@exec $(BIN)/python -m ops run

deploy-local: python  ## Put edited code into the Sluice that make run started
	@$(ENVIRONMENT) $(VENV)=requirements-run.txt
	@exec $(BIN)/python -m ops deploy-local

destroy: python  ## Take a stage out of AWS (STAGE=dev; DELETE_DATA=yes for buckets and tables with data)
	@$(ENVIRONMENT) $(VENV)=requirements-run.txt
	@exec $(BIN)/python -m ops destroy --stage $(STAGE) $(if $(filter yes,$(DELETE_DATA)),--delete-data)

test: check  ## Everything CI checks: lint, types, and all tests
	@$(ENVIRONMENT) $(AWS_VENV)=requirements-aws.txt $(CLI_VENV)=requirements-cli.txt
	$(BIN)/python -m pytest -n 2 --dist loadgroup $(PYTEST_ARGS)

faults: python  ## Run the whole fault matrix and ten times the stories of disorder
	@$(ENVIRONMENT) $(VENV)=requirements-dev.txt
	FAULTS=all DISORDER=10 $(BIN)/python -m pytest -n 2 tests/faults tests/disorder $(PYTEST_ARGS)

check: python  ## Lint, formatting and types
	@$(ENVIRONMENT) $(VENV)=requirements-dev.txt
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: python  ## Put the code into its standard form
	@$(ENVIRONMENT) $(VENV)=requirements-dev.txt
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

bench: python  ## Run the benchmarks
	@$(ENVIRONMENT) $(VENV)=requirements-dev.txt $(AWS_VENV)=requirements-aws.txt
	$(BIN)/python -m benchmarks

lock:  ## Resolve the requirements-*.in into lock files (needs uv on the PATH)
	@for name in run dev aws cli; do \
		uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
			--no-emit-index-url requirements-$$name.in -o requirements-$$name.txt || exit 1; done

python:
	@test -n "$(PYTHON)" || { echo "Sluice needs Python 3.11 or newer, and none is on the PATH as python3," \
		"python3.13, python3.12 or python3.11. Install one, or say where it is: make PYTHON=/path/to/python" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit( \
		f"Sluice needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}. Choose another: make PYTHON=...")'

clean:  ## Remove what the commands made, environments included
	rm -rf .state build .chalice/deployed .chalice/deployments .chalice/policies .mypy_cache .ruff_cache .pytest_cache
	rm -rf $(VENV) $(AWS_VENV) $(CLI_VENV)
