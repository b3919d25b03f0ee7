# Real servers without Docker; docs/services.md. ONLY="redis kafka-1" picks some of them.
SERVICES_PYTHON ?= python3

.PHONY: services services-stop services-status
services: ## TimescaleDB, PgBouncer, Redis, three Kafka brokers and Prometheus, on this machine
	@$(SERVICES_PYTHON) -m deploy.services up $(ONLY)

services-stop: ## end what `make services` started, and nothing else
	@$(SERVICES_PYTHON) -m deploy.services down $(ONLY)

services-status:
	@$(SERVICES_PYTHON) -m deploy.services status $(ONLY)

.PHONY: test-services bench-services
WITH_SERVICES = set -a && . "$${VELOX_SERVICES_HOME:-var/services}/env" && set +a && unset DATABASE_URL REDIS_URL KAFKA_BROKERS

test-services: env-dev services ## the suite's parts that need real servers (they stay up: make services-stop)
	@$(WITH_SERVICES) && VELOX_TEST_SERVICES=1 $(PY) -m pytest tests/contract tests/services $(ARGS)

bench-services: env-dev services ## measure against real servers, add to build/bench.json
	@$(WITH_SERVICES) && $(PY) -m tests.bench kafka

.PHONY: run-cluster
run-cluster: env ## the whole cluster on this machine: WORKERS=4 for more of them, PORT= for another port
	@$(PY) -m deploy.services.cluster --workers $(or $(WORKERS),1)
