# Two commands for a newcomer: `make verify` judges the reference deployment, `make test` the suite itself.
PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
LOCKED := --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header

.PHONY: help verify field matrix rehearse prove test lint types bench docs images lock sbom setup clean mutants
.DEFAULT_GOAL := help

help: ## show the commands
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

verify: setup ## start the whole stack and verify that a model can be registered on it
	@$(BIN)/pytest suites/local -n 2 $(ARGS)

test: setup ## the suite's own tests (ARGS=--whole: the slow ones too, as CI)
	@$(BIN)/pytest tests -q -n 4 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: setup ## style and form
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: setup ## strict types
	@$(BIN)/mypy

field: setup ## put other people's proxies before MLflow, healthy and broken, and see what is said
	@$(BIN)/registry-conformance field doctor $(ARGS)
	@$(BIN)/registry-conformance field checks $(ARGS)

matrix: setup ## see which client registers on which server, database, store and proxy
	@$(BIN)/registry-conformance matrix $(ARGS)

rehearse: setup ## judge a stack of our own as though it were foreign, crashes included
	@$(BIN)/registry-conformance rehearse $(ARGS)

prove: setup ## break the deployment in every known way, and see what the suite says
	@$(BIN)/registry-conformance prove $(ARGS)

mutants: setup ## change the deployment a little, systematically, and see what no check notices
	@$(BIN)/registry-conformance mutants run $(or $(ARGS),--sample 200)

bench: setup ## speed and memory, as ratios within one run
	@scripts/bench $(ARGS)

docs: setup ## write the generated pages of docs/
	@$(BIN)/registry-conformance docs

setup: ## make the environment from the lock (free when it is there)
	@$(PYTHON) scripts/setup

lock: setup ## resolve the dependencies of pyproject.toml anew, and those of the images
	@$(BIN)/uv pip compile $(LOCKED) --extra dev pyproject.toml --output-file requirements.lock
	@for part in auth mlflow moto proxy; do $(BIN)/uv pip compile $(LOCKED) --constraints requirements.lock \
		docker/$$part/requirements.in --output-file docker/$$part/requirements.lock || exit; done
	@$(BIN)/uv pip compile $(LOCKED) --constraints requirements.lock pyproject.toml --output-file docker/suite/base.lock
	@$(BIN)/uv pip compile $(LOCKED) --constraints requirements.lock --extra verify pyproject.toml \
		--output-file docker/suite/verify.lock
	@$(BIN)/uv pip compile $(LOCKED) --constraints requirements.lock docker/suite/build.in \
		--output-file docker/suite/build.lock
	@$(BIN)/uv pip compile $(LOCKED) --no-deps docker/mlflow/oidc-auth.in --output-file docker/mlflow/oidc-auth.lock

sbom: setup ## write dist/sbom.cdx.json, the bill of materials of what users install
	@mkdir -p dist
	@$(BIN)/cyclonedx-py requirements --pyproject pyproject.toml --output-reproducible --of JSON -o dist/sbom.cdx.json \
		docker/suite/verify.lock

images: setup ## build the images that the Docker stack needs (ARGS=--offline-bases where no image registry is reached)
	@$(BIN)/registry-conformance build-images $(ARGS)

clean: ## remove the environment and all caches; reports stay
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache
