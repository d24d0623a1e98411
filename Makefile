# Two commands for a newcomer: `make demo` and `make test`. Both make their own environment in .venv.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$p" && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable

.PHONY: demo test check lint types imports docs dashboards clean

demo: $(VENV)/program
	@$(BIN)/crisis-monitor demo

test: $(VENV)/tools
	$(BIN)/python -m pytest -m 'not slow' -n auto --maxprocesses 8 --dist loadfile

check: lint types imports test

lint: $(VENV)/tools
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/tools
	$(BIN)/mypy

imports: $(VENV)/tools
	$(BIN)/lint-imports

docs: $(VENV)/tools
	$(BIN)/python docs/build_reference.py
	$(BIN)/python -m monitor.web.reference docs

dashboards: $(VENV)/tools
	$(BIN)/python grafana/build.py

# What the program needs, and what its tests need besides. Both anew when pyproject.toml changes.
$(VENV)/program: pyproject.toml
	@if [ -z "$(PYTHON)" ]; then echo "Python 3.11 or newer is needed, and none was found. Install one, or name it: make demo PYTHON=/path/to/python3.12"; exit 1; fi
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; $(PYTHON) is %d.%d. Name another: make demo PYTHON=/path/to/python3.12" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) cannot make environments: its venv and ensurepip modules are missing. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@echo "Making an environment in $(VENV): a minute or two, once."
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) . || { echo "The packages could not be installed: see above. They come from PyPI; behind a proxy, set https_proxy or pip's index-url, then try again."; exit 1; }
	@touch $@

$(VENV)/tools: $(VENV)/program
	@$(PIP) '.[dev,postgresql,stream]'
	@touch $@

clean:
	rm -rf $(VENV) dist build
