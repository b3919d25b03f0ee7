# Real servers without Docker; docs/services.md. ONLY="redis kafka-1" picks some of them.
SERVICES_PYTHON ?= python3

.PHONY: services services-stop services-status
services: ## TimescaleDB, PgBouncer, Redis, three Kafka brokers and Prometheus, on this machine
	@$(SERVICES_PYTHON) -m deploy.services up $(ONLY)

services-stop: ## end what `make services` started, and nothing else
	@$(SERVICES_PYTHON) -m deploy.services down $(ONLY)

services-status:
	@$(SERVICES_PYTHON) -m deploy.services status $(ONLY)
