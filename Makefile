# A door: every target is one or two commands that also work by hand in the activated .venv.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
export MLFLOW_DISABLE_TELEMETRY = true
export MLFLOW_SERVER_ENABLE_JOB_EXECUTION = false
# Code is compiled once, and not by each of the many processes that tests start.
unexport PYTHONDONTWRITEBYTECODE
.DEFAULT_GOAL := help
.PHONY: help demo app notebooks test suite lint format lock viz viz-build ui benchmark clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY) ## train every family on real digits that need no download (three minutes)
	$(BIN)/kedro run --env=demo

app: $(READY) ## draw digits at http://127.0.0.1:8000, and ask over REST
	$(BIN)/digits web

notebooks: $(READY) ## three short lessons in JupyterLab: training, analysis, latent space
	@$(BIN)/jupyter labextension disable --level=sys_prefix @jupyterlab/apputils-extension:announcements 2>/dev/null # no news
	$(BIN)/jupyter lab notebooks --LabApp.extension_manager=readonly

test: $(READY) ## lint, and beside it the whole test suite, two tests at a time
	$(MAKE) --jobs=2 lint suite

suite: $(READY)
	$(BIN)/pytest -n 2 --dist loadgroup

lint: $(READY) ## style, format and types
	$(BIN)/ruff check && $(BIN)/ruff format --check && $(BIN)/mypy

format: $(READY) ## bring the code into its format, and take the outputs out of the notebooks
	$(BIN)/ruff check --fix && $(BIN)/ruff format
	$(BIN)/nbstripout --extra-keys metadata.language_info notebooks/*.ipynb

lock: $(READY) ## pin the newest versions that pyproject.toml allows
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --all-extras --generate-hashes --no-header --no-annotate pyproject.toml -o requirements.lock

viz: $(READY) ## browse the pipelines at http://127.0.0.1:4141
	$(BIN)/kedro site serve

viz-build: $(READY) ## write them, with previews of what runs have left, as a static page into build/
	$(BIN)/kedro site build

ui: $(READY) ## compare runs in MLflow at http://127.0.0.1:5050
	$(BIN)/mlflow server --backend-store-uri sqlite:///mlflow.db --host 127.0.0.1 --port 5050

benchmark: $(READY) ## time training against plain scripts, on MNIST (leave the machine alone meanwhile)
	$(BIN)/python -m benchmarks.training

clean: ## remove .venv and caches; data and runs stay
	rm -rf .venv build .viz .pytest_cache .mypy_cache .ruff_cache .hypothesis src/*.egg-info

# Without --no-deps an older pip takes the newest release of a package that another one wants with an
# extra, sees that it is not pinned, and gives up. The lock is complete: `pip check` finds nothing missing.
$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c "import sys; sys.exit(None if (3, 11) <= sys.version_info < (3, 14) else 'Python 3.11, 3.12 or 3.13 is needed, this is ' + sys.version.split()[0] + '. Name another: make PYTHON=python3.12 ...')"
	$(PYTHON) -m venv .venv
	@echo "Installing the pinned packages into .venv (about 1 GB to download, once)"
	$(BIN)/pip install -q --no-deps --require-hashes -r requirements.lock
	$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	touch $@
