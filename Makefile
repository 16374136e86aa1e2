# xray-watch. `make help` lists the targets.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
SOAK_MINUTES ?= 20
SECOND_LANE = tests/training tests/imaging tests/inference # what computes and starts no service
BIN = .venv/bin

.PHONY: help venv inbox-there python-fits watch training demo test faults soak check drawings bench lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

venv: .venv/serve.stamp ## make .venv with what serving needs (no TensorFlow)

watch: inbox-there python-fits .venv/serve.stamp ## watch a folder: make watch INBOX=/some/folder, or that of the settings; with the page: make watch WEB=1
	@exec $(BIN)/xray-cli watch $(INBOX) $(if $(WEB),--web)

inbox-there: # said before anything is installed; without a name it is that of the settings
	@test -z "$(INBOX)" || test "$(INBOX)" = inbox || test -d "$(INBOX)" || { echo "there is no folder $(INBOX): make it, or name another, INBOX=/some/folder"; exit 66; }

python-fits: # said before anything is installed: too old a Python, or another than .venv has
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' || { echo "Python 3.11 to 3.14 is needed: name one, PYTHON=python3.13"; exit 69; }
ifeq ($(origin PYTHON),command line)
	@test ! -e .venv/pyvenv.cfg || test "$$($(PYTHON) -V)" = "$$($(BIN)/python -V)" || { echo ".venv has $$($(BIN)/python -V), not $$($(PYTHON) -V): 'make clean' first"; exit 69; }
endif

training: .venv/test.stamp ## install what 'xray-cli train' and 'evaluate' need (TensorFlow)

demo: python-fits .venv/serve.stamp ## screen a handful of synthetic phantoms and show the report
	@$(BIN)/python -m cli.demo

test: .venv/test.stamp ## install what the tests need, and run them in two lanes: the fault tests mostly wait, and end first
	@log=$$(mktemp); ($(BIN)/python -m pytest -m faults; faults=$$?; \
	    $(BIN)/python -m pytest -m "not faults" $(SECOND_LANE); second=$$?; exit $$((faults || second))) >$$log 2>&1 & beside=$$!; \
	trap "kill $$beside; exit 130" INT; \
	$(BIN)/python -m pytest -m "not faults" $(SECOND_LANE:%=--ignore=%); first=$$?; \
	wait $$beside; beside=$$?; cat $$log; rm $$log; exit $$((first || beside))

faults: .venv/test.stamp ## kill, starve and damage a service on purpose, each in its short form, as a part of 'test' does
	$(BIN)/python -m pytest -m faults

soak: .venv/test.stamp ## kill, starve and feed it garbage for long: make soak SOAK_MINUTES=20
	SOAK_MINUTES=$(SOAK_MINUTES) FUZZ_SECONDS=$$(( $(SOAK_MINUTES) * 15 )) $(BIN)/python -m pytest tests/faults

check: .venv/test.stamp ## lint, types, the arrows between the rooms, and whether the drawings are right
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m docs.drawings --check

drawings: .venv/test.stamp ## draw the pictures of the documents anew, from the code
	$(BIN)/python -m docs.drawings

bench: .venv/serve.stamp ## measure the whole product against the sum of its steps
	$(BIN)/xray-cli bench

lock: ## pin the dependencies anew (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header pyproject.toml requirements/build.in --override requirements/overrides.in -c requirements/constraints.in -o requirements/serve.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --extra test --extra train pyproject.toml requirements/build.in --override requirements/overrides.in -c requirements/constraints.in -c requirements/serve.txt -o requirements/test.txt
	uv pip compile -q --python-version 3.11 --python-platform x86_64-manylinux_2_28 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --extra gpu pyproject.toml requirements/build.in --override requirements/overrides.in -c requirements/constraints.in -c requirements/serve.txt -o requirements/gpu.txt

clean: ## remove .venv and what the tools left behind
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/pyvenv.cfg:
	$(PYTHON) -m venv .venv

.venv/serve.stamp: .venv/pyvenv.cfg requirements/serve.txt pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/serve.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/test.stamp: .venv/serve.stamp requirements/test.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/test.txt
	@touch $@
