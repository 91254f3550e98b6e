"""The container files: roles, health, and no password that works by itself."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from psycopg.conninfo import conninfo_to_dict

from hub.cli.app import COMMANDS

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
ROLES = {"migrate", "api", "worker", "scheduler"}


def commands() -> set[str]:
    """The names of the root commands of `hub`."""
    return set(COMMANDS)


def test_every_role_and_store_is_a_service():
    assert set(COMPOSE["services"]) == ROLES | {"postgres", "redis"}


@pytest.mark.parametrize("service", sorted(ROLES))
def test_every_service_runs_a_command_that_exists(service):
    command = COMPOSE["services"][service]["command"]
    assert command[0] == service
    assert service in commands()


def test_every_service_that_stays_up_has_a_health_check():
    without = [name for name, service in COMPOSE["services"].items() if not service.get("healthcheck", {}).get("test")]
    assert without == ["migrate"]


@pytest.mark.parametrize("role", ["api", "worker", "scheduler"])
def test_health_checks_ask_the_process_itself_on_the_port_it_serves(role):
    service = COMPOSE["services"][role]
    asked = re.search(r"http://127\.0\.0\.1:(\d+)/(\S+)'", " ".join(service["healthcheck"]["test"]))
    assert asked
    assert asked[1] in service["command"]
    assert asked[2] == ("health/live" if role == "api" else "metrics")
    assert role == "api" or service["expose"] == [asked[1]]


def test_roles_wait_for_the_schema_and_the_stores():
    for role in ("api", "worker", "scheduler"):
        assert {name: needs["condition"] for name, needs in COMPOSE["services"][role]["depends_on"].items()} == {
            "migrate": "service_completed_successfully",
            "postgres": "service_healthy",
            "redis": "service_healthy",
        }


def test_no_password_stands_in_the_file_and_none_in_a_url_that_not_all_characters_fit_into():
    given = re.findall(r"PASSWORD: (\S+ \S+)", TEXT)
    assert given == ["${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD}"] * 2
    assert re.findall(r"://[^\s:/@]*:(.*?)@", TEXT) == []
    assert conninfo_to_dict(COMPOSE["services"]["api"]["environment"]["HUB_DATABASE_URL"]) == {
        "user": "hub", "host": "postgres", "port": "5432", "dbname": "hub"
    }  # fmt: skip


def test_files_for_csv_connections_reach_every_role():
    for role in ROLES:
        assert "./data:/app/data" in COMPOSE["services"][role]["volumes"]


def test_postgresqls_log_holds_nobody():
    settings = COMPOSE["services"]["postgres"]["command"]
    assert {"log_min_messages=log", "log_error_verbosity=terse", "log_parameter_max_length_on_error=0"} <= set(settings)


def test_the_state_of_the_stores_outlives_the_containers():
    mounts = [mount for service in COMPOSE["services"].values() for mount in service.get("volumes", [])]
    named = {mount.split(":")[0] for mount in mounts if not mount.startswith(".")}
    assert named == set(COMPOSE["volumes"])


def test_the_image_runs_hub_and_not_as_root():
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    split = (line.partition(" ") for line in lines if line and not line.startswith("#"))
    last = {instruction: rest for instruction, _, rest in split}
    assert last["FROM"] == "python:3.12-slim"
    assert last["USER"] == "hub"
    assert last["ENTRYPOINT"] == '["hub"]'
    command = yaml.safe_load(last["CMD"])[0]
    assert command in commands()


def test_the_build_sees_code_and_no_configuration():
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert ignored[0] == "*"
    seen = {"!pyproject.toml", "!README.md", "!LICENSE", "!requirements.lock", "!hub"}
    assert {line for line in ignored if line.startswith("!")} == seen
