# Two commands, each does the set-up that is missing:
#   make bench [TASK=tasks/coco_yolo.py] [ARGS="--timesteps 1,2,4"]
#   make test          (make lint: its first part alone; make quick: lint and the tests that need no framework, in a minute)
#   make docs          the pages as a site: build/site
PYTHON ?= python3
TASK   ?= tasks/coco_yolo.py
ARGS   ?=
PY     := .venv/bin/python

.PHONY: setup bench lint quick test docs clean

bench: setup
	$(PY) tools/run_bench.py $(TASK) $(ARGS)

quick: lint
	OMP_NUM_THREADS=1 $(PY) -m pytest -q -n 2 --dist loadfile -m "not slow" adafire tests/house/test_rooms.py \
	  tests/house/test_rooms_of_tests.py tests/house/test_docs.py tests/adafire/neurons/test_neuron.py \
	  tests/adafire/neurons/test_differential.py tests/adafire/neurons/test_law_costs.py \
	  tests/adafire/calibration/test_thresholds.py tests/adafire/cost/test_energy_models.py

LINT := $(PY) -m ruff check . && $(PY) -m ruff format --check . && $(PY) -m mypy && $(PY) -m codespell_lib

lint: setup
	$(LINT)

# Chromium is installed, and the regression gate is run, beside lint: each keeps one core. Ctrl-C is timed, so nothing runs beside it.
test: setup
	sh tools/browser.sh & browser=$$!; OMP_NUM_THREADS=1 $(PY) tools/regress.py & gate=$$!; \
	  $(LINT) && wait $$gate && wait $$browser
	$(PY) -m pytest -n 2 --dist loadfile -m "not slow"
	$(PY) -m pytest -n 2 --dist worksteal -m slow --ignore tests/faults/test_ctrl_c.py
	$(PY) -m pytest -m slow tests/faults/test_ctrl_c.py

docs: setup
	$(PY) -m sphinx -q -W --keep-going -b html -c docs . build/site
	@echo "the site: build/site/docs/index.html"

setup: .venv/.ready

.venv/.ready: pyproject.toml constraints.txt tools/system_libraries.sh
	@echo "setting up .venv (once; about two minutes)"
	$(PYTHON) -m venv .venv
	$(PY) -m pip install --quiet --upgrade "pip>=23"
	$(PY) -m pip install --quiet --no-compile -c constraints.txt -e ".[suite,test]"  # Python compiles what is imported
	sh tools/system_libraries.sh $(PY)
	@touch $@

clean:
	rm -rf .venv build *.egg-info .ruff_cache .mypy_cache
