# `make` lists what there is. On a machine with only Python 3.11+ and make, `make demo` and `make test` set everything up.
PYTHON ?= python3
VENV := .venv/bin
MAKEFLAGS += --no-builtin-rules
PACKAGES := geometry simulation twin api samples
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev system demo sample viewer serve test check format types bench lock wheel clean

help: ## list the goals
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## make .venv with what the product needs
	@$(PYTHON) scripts/environment.py run

setup-dev: ## make .venv with the test tools, too
	@$(PYTHON) scripts/environment.py dev

system: # the libraries that pictures need; installed when this user may
	@$(PYTHON) scripts/system_packages.py

SAMPLE := out/sample/.made
$(SAMPLE): $(wildcard samples/*.py samples/*/*.py)
	@$(VENV)/python -m samples --out out/sample
	@touch $@

sample: setup ## make the sample building and its scan in out/sample
	@$(MAKE) --no-print-directory $(SAMPLE)

demo: system setup ## check the sample building against its scan; reports in out/demo
	@$(MAKE) --no-print-directory $(SAMPLE)
	@$(VENV)/qtems check out/sample/design.ifc out/sample/scan.e57 --out out/demo --report all \
	  --tolerances out/sample/tolerances.yaml \
	  || [ $$? -eq 1 ] # 1 says that something is out of tolerance: the sample has planted defects, so that is the right answer
	@$(VENV)/python scripts/planted.py out/sample/truth.json out/demo/report.json

viewer: setup ## build what browsers get, into api/static
	@$(VENV)/python scripts/viewer.py build

serve: viewer ## records, reports and the viewer at http://127.0.0.1:8080
	@$(VENV)/qtems serve

test: system setup-dev ## run all tests
	@PYTHON=$(PYTHON) scripts/test tests $(PACKAGES)

check: setup-dev ## lint, formatting, types, import rules
	@scripts/check

format: setup-dev ## format the code
	@$(VENV)/ruff check --fix-only -q . && $(VENV)/ruff format -q .

types: setup-dev ## write the interface's types for the viewer anew
	@$(VENV)/python scripts/viewer.py types

bench: system setup-dev ## time and memory per step
	@$(VENV)/python benchmarks/check.py

lock: setup-dev ## write requirements*.lock anew from pyproject.toml
	@scripts/lock

wheel: setup-dev ## build the wheel into dist/
	@$(VENV)/python -m hatchling build -t wheel

clean: ## remove what was made, .venv excepted
	@rm -rf out dist api/static viewer/dist .pytest_cache .ruff_cache .hypothesis .benchmarks .import_linter_cache
