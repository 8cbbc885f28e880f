# The commands of Sluice. Environments are made on first use and again only when a lock file changes.

# the first one that will do; looked for once, and not each time that a rule names it
PYTHON ?= $(eval PYTHON := $$(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$$$p -c 'import sys; sys.version_info >= (3, 11) or sys.exit(1); print(sys.executable)' 2>/dev/null && break; \
	done))$(PYTHON)
VENV ?= .venv
AWS_VENV ?= .venv-aws
CLI_VENV ?= .venv-cli
OLDEST_VENV ?= .venv-oldest
AUDIT_VENV ?= .venv-audit
PROOF_VENV ?= .venv-proof
LOCALSTACK_VENV ?= .venv-localstack
PROOF_NODE ?= .venv-node
AWS_PORT ?= 4566
API_PORT ?= 8000
# one more than two cores: tests of a deployed Sluice spend a third of their time waiting
TEST_WORKERS ?= 3
# libraries are compiled once: many containers set this, and then each process compiles botocore anew
PYTHONDONTWRITEBYTECODE =
export AWS_PORT API_PORT VENV AWS_VENV CLI_VENV OLDEST_VENV AUDIT_VENV PYTHONDONTWRITEBYTECODE

LOCKS = ops/locks
BIN = $(VENV)/bin
ENVIRONMENT = $(PYTHON) -m ops.venvs

.DEFAULT_GOAL := help
.PHONY: help run cli deploy-local logs clean-state destroy test test-environments test-oldest faults mutants soak proof audit check format bench lock python clean

help:  ## Show the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: python  ## Start Sluice here, without an AWS account (AWS_PORT, API_PORT, DEMO=0: no samples, QUIET=1: no lines)
	@$(ENVIRONMENT) $(VENV)=$(LOCKS)/run.txt $(AWS_VENV)=$(LOCKS)/aws.txt
	@exec $(BIN)/python -m ops run

cli: python  ## Install an AWS CLI here, for those who have none
	@$(ENVIRONMENT) $(CLI_VENV)=$(LOCKS)/cli.txt
	@echo 'Use it in this terminal by: export PATH="$(abspath $(CLI_VENV))/bin:$$PATH"'

deploy-local: python  ## Put edited code into the Sluice that make run started
	@$(ENVIRONMENT) $(VENV)=$(LOCKS)/run.txt
	@exec $(BIN)/python -m ops deploy-local

logs: python  ## Follow the logs of the functions of the running Sluice
	@$(ENVIRONMENT) $(VENV)=$(LOCKS)/run.txt
	@exec $(BIN)/python -m ops logs

clean-state: python  ## Forget what the local Sluice holds
	@$(ENVIRONMENT) $(VENV)=$(LOCKS)/run.txt
	@exec $(BIN)/python -m ops clean-state

destroy: python  ## Take a stage out of AWS (STAGE=dev; DELETE_DATA=yes for buckets and tables with data)
	@test -n "$(STAGE)" || { echo "Which stage? make destroy STAGE=dev" >&2; exit 1; }
	@$(ENVIRONMENT) $(VENV)=$(LOCKS)/run.txt
	@exec $(BIN)/python -m ops destroy --stage $(STAGE) $(if $(filter yes,$(DELETE_DATA)),--delete-data)

test: test-environments check  ## Everything CI checks: lint, types, all tests, and known vulnerabilities where they can be looked up
	$(BIN)/python -m pytest -n $(TEST_WORKERS) --dist loadgroup $(PYTEST_ARGS)
	$(if $(PYTEST_ARGS),,@$(PYTHON) -m ops audit --where-possible)

faults: python  ## Every fault there is: the whole matrix, ten times the stories, a deploy killed at each write
	@$(ENVIRONMENT) $(VENV)=requirements-dev.txt $(AWS_VENV)=$(LOCKS)/aws.txt $(CLI_VENV)=$(LOCKS)/cli.txt
	FAULTS=all DISORDER=10 ALL_DEATHS=1 $(BIN)/python -m pytest -n 2 --dist loadgroup \
		tests/faults tests/disorder tests/integration/test_deploy.py $(PYTEST_ARGS)

mutants: python  ## Break each condition of a write and each order of effects, one at a time: a test must notice (MODULE=aws/lock)
	@$(ENVIRONMENT) $(VENV)=requirements-dev.txt
	$(BIN)/python -m ops.checks.mutants $(MODULE)

soak: python  ## 10,000 uploads (SOAK) over every lane of a deployed Sluice, while its workers are killed
	@$(ENVIRONMENT) $(VENV)=requirements-dev.txt $(AWS_VENV)=$(LOCKS)/aws.txt
	SOAK=$${SOAK:-10000} $(BIN)/python -m pytest -q tests/soak $(PYTEST_ARGS)

proof: python  ## What others' tools say of what is deployed: AWS's runtime client, validators, other emulators (needs npm for two; six minutes)
	@$(ENVIRONMENT) $(VENV)=requirements-dev.txt $(PROOF_VENV)=$(LOCKS)/proof/tools.txt \
		$(LOCALSTACK_VENV)=$(LOCKS)/proof/localstack.txt $(AWS_VENV)=$(LOCKS)/aws.txt
	@mkdir -p $(PROOF_NODE) && cp $(LOCKS)/proof/package*.json $(PROOF_NODE)
	@command -v npm >/dev/null || echo "There is no npm here: what needs Node is left out"
	@! command -v npm >/dev/null || npm ci --prefix $(PROOF_NODE) --ignore-scripts --no-fund --no-audit --loglevel=error
	PROOF_VENV=$(PROOF_VENV) LOCALSTACK_VENV=$(LOCALSTACK_VENV) PROOF_NODE=$(PROOF_NODE) \
		$(BIN)/python -m pytest tests/proof $(PYTEST_ARGS)

audit: python  ## Look every locked package up in PyPI's advisory database, or the one at OSV_URL
	@$(PYTHON) -m ops audit

test-oldest: check  ## Unit and functional tests on the oldest boto3 that Sluice runs on
	@$(ENVIRONMENT) $(OLDEST_VENV)=$(LOCKS)/oldest.txt
	PYTHONPATH="$$(realpath $(OLDEST_VENV)/lib/python3*/site-packages)" \
		$(BIN)/python -m pytest -n 2 --dist loadgroup tests/unit tests/functional $(PYTEST_ARGS)

check: python  ## Lint, formatting, types, dead code and duplicates
	@$(ENVIRONMENT) $(VENV)=requirements-dev.txt
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/vulture
	$(BIN)/python -m ops.checks.duplicates app.py chalicelib ops
	$(BIN)/python -m ops.checks.duplicates --lines 8 app.py chalicelib ops benchmarks tests

format: python  ## Put the code into its standard form
	@$(ENVIRONMENT) $(VENV)=requirements-dev.txt
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

bench: python  ## Run the benchmarks; fail when a budget is missed
	@$(ENVIRONMENT) $(VENV)=requirements-dev.txt $(AWS_VENV)=$(LOCKS)/aws.txt
	$(BIN)/python -m benchmarks

COMPILE = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	--no-strip-extras --no-emit-index-url

lock:  ## Resolve ops/locks/*.in into lock files (needs uv on the PATH)
	for name in run aws cli oldest audit; do $(COMPILE) $(LOCKS)/$$name.in -o $(LOCKS)/$$name.txt || exit 1; done
	for name in tools localstack; do $(COMPILE) $(LOCKS)/proof/$$name.in -o $(LOCKS)/proof/$$name.txt || exit 1; done
	$(COMPILE) $(LOCKS)/dev.in -o requirements-dev.txt
	cd $(LOCKS)/proof && npm install --package-lock-only --omit-lockfile-registry-resolved --no-fund --no-audit

# all at once and before the check: the others are made while the largest is
test-environments: python
	@$(ENVIRONMENT) $(VENV)=requirements-dev.txt $(AWS_VENV)=$(LOCKS)/aws.txt $(CLI_VENV)=$(LOCKS)/cli.txt \
		$(AUDIT_VENV)=$(LOCKS)/audit.txt $(OLDEST_VENV)=$(LOCKS)/oldest.txt

python:
	@test -n "$(PYTHON)" || { echo "Sluice needs Python 3.11 or newer, and none is on the PATH as python3," \
		"python3.13, python3.12 or python3.11. Install one, or say where it is: make PYTHON=/path/to/python" >&2; exit 1; }
	@answer=$$($(PYTHON) -c 'import sys; print("Python", sys.version.split()[0]); sys.exit(sys.version_info < (3, 11))' \
		2>&1) || { echo "Sluice needs Python 3.11 or newer; PYTHON=$(PYTHON) answers: $${answer:-nothing}." \
		"Choose another: make PYTHON=/path/to/python3.12" >&2; exit 1; }

clean:  ## Remove what the commands made, environments included
	rm -rf .state build .chalice/deployed .chalice/deployments .chalice/policies .mypy_cache .ruff_cache .pytest_cache
	rm -rf $(VENV) $(AWS_VENV) $(CLI_VENV) $(OLDEST_VENV) $(AUDIT_VENV) $(PROOF_VENV) $(LOCALSTACK_VENV) $(PROOF_NODE)
