# make alone says what there is. All it needs is some Python 3: deploy/environment.py sees to the rest.
VENV ?= .venv
PY := $(VENV)/bin/python
BOOT := $(shell command -v python3 || command -v python || echo python3)
MANAGE := $(PY) manage.py
export VENV PYTHON

.DEFAULT_GOAL := help
.PHONY: help run reset test check bench smoke migrate migrations superuser shell demo env env-dev assets clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo; echo "  make run PORT=8001             another port"
	@echo "  make run DATA=ticks.csv.gz     replay a recording (its name, or SYMBOL=path, says of what)"
	@echo "  make run DATA=… SPEED=60       sixty times as fast; 0: as fast as possible"

run: env ## start everything in one process; Ctrl-C ends it
	@$(MANAGE) velox_run

reset: env ## forget everything and begin anew at the next start
	@$(MANAGE) velox_reset

test: env-dev ## the whole test suite (ARGS= for pytest)
	@$(PY) -m pytest $(ARGS)

check: env-dev ## style, types, floors, migrations, production settings
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports
	$(MANAGE) makemigrations --check --dry-run
	@echo "manage.py check --deploy, production settings"
	@SECRET_KEY=$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(60))') ALLOWED_HOSTS=velox.example DEBUG= \
		DJANGO_SETTINGS_MODULE=velox.settings.prod $(MANAGE) check --deploy --fail-level WARNING

bench: env-dev ## measure, print the table, write build/bench.json (NAME= for one)
	@$(PY) -m tests.bench $(NAME)

smoke: env ## start an empty clone, log in, see a price move, stop, start again
	@$(PY) -m tests.smoke

migrate: env ## bring the database up to date
	@$(MANAGE) migrate

migrations: env ## write migrations for changed models
	@$(MANAGE) makemigrations

demo: env ## demo people, instruments and runs, where they are missing
	@$(MANAGE) velox_demo

superuser: env ## another admin
	@$(MANAGE) createsuperuser

shell: env ## a Python shell with the models at hand
	@$(MANAGE) shell

env: ## the environment Velox runs in
	@$(BOOT) deploy/environment.py

env-dev: ## the same with what tests, checks and benchmarks need
	@$(BOOT) deploy/environment.py --dev

assets: ## fetch what the pages load again
	@rm -rf static/vendor node_modules && $(BOOT) deploy/environment.py

clean: ## remove what was built here; data stays
	rm -rf .venv build node_modules static/vendor staticfiles .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

-include deploy/services/services.mk
