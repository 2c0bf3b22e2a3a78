# Two commands for a newcomer: `make verify` judges the reference deployment, `make test` the suite itself.
PYTHON ?= python3
ARGS ?=
BIN := .venv/bin

.PHONY: help verify rehearse prove test lint types bench docs lock setup clean
.DEFAULT_GOAL := help

help: ## show the commands
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

verify: setup ## start the whole stack and verify that a model can be registered on it
	@$(BIN)/pytest suites/local -n 2 $(ARGS)

test: setup ## the suite's own tests
	@$(BIN)/pytest tests -q -n 2 --dist loadfile $(ARGS)

lint: setup ## style and form
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: setup ## strict types
	@$(BIN)/mypy

rehearse: setup ## judge a stack of our own as though it were foreign, crashes included
	@$(BIN)/python scripts/rehearse $(ARGS)

prove: setup ## break the deployment in every known way, and see what the suite says
	@$(BIN)/python scripts/prove $(ARGS)

bench: setup ## speed and memory, as ratios within one run
	@$(BIN)/python scripts/bench $(ARGS)

docs: setup ## write the generated pages of docs/
	@$(BIN)/python scripts/generate-docs

setup: ## make the environment from the lock (free when it is there)
	@$(PYTHON) scripts/setup

lock: setup ## resolve the dependencies of pyproject.toml anew
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		--extra dev pyproject.toml --output-file requirements.lock

clean: ## remove the environment and all caches; reports stay
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache
