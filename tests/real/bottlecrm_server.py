"""A running BottleCRM with an organisation, the fields of Hub's and a token, on a PostgreSQL of its own.

Its queue of background work is Celery's in memory and nobody reads it: it is for mails to its own users.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import httpx
import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.errors import DuplicateDatabase

from hub.store import embedded
from tests.real.odoo_server import free_port

FOLDER = Path(os.environ.get("HUB_REAL", "/tmp/hub-real")) / "bottlecrm"
START_SECONDS = 600.0

_PREPARE = """
from django.contrib.auth import get_user_model
from common.models import CustomFieldDefinition, Org, PersonalAccessToken, Profile
user = get_user_model().objects.create_superuser(email="admin@example.com", password="only-for-a-test")
org = Org.objects.create(name="Hub", default_currency="EUR", default_country="DE")
profile = Profile.objects.create(user=user, org=org, role="ADMIN")
for model, key, kind in [
    ("Contact", "hub_profile_id", "text"), ("Contact", "hub_no_mail", "checkbox"),
    ("Opportunity", "hub_order_key", "text"), ("Opportunity", "hub_order_state", "text"),
]:
    CustomFieldDefinition.objects.create(org=org, target_model=model, key=key, label=key, field_type=kind)
member = get_user_model().objects.create_user(email="member@example.com", password="only-for-a-test")
other = Profile.objects.create(user=member, org=org, role="USER")
open("member", "w").write(PersonalAccessToken.generate(other, "hub")[0])
open("token", "w").write(PersonalAccessToken.generate(profile, "hub")[0])
"""
"""What its settings pages do: an API token, too, is made there ("Settings", "API tokens")."""


@dataclass(frozen=True)
class RealBottleCrm:
    """Where it is, and what opens it."""

    root: str
    token: str

    def settings(self) -> dict[str, Any]:
        """A connection to it."""
        return {"base_url": f"{self.root}/api", "token": self.token, "timeout_seconds": 60}

    def ask(self, path: str, method: str = "GET", **asked: Any) -> Any:
        """Its own answer, as somebody there would get it; the status where it is no success."""
        kind = {"authorization": f"Bearer {self.token}"}
        answer = httpx.request(method, f"{self.root}/api{path}", headers=kind, timeout=60.0, **asked)
        return answer.json() if answer.is_success else answer.status_code

    def contact(self, id: str) -> Any:  # noqa: A002
        """A contact, or 404."""
        found = self.ask(f"/contacts/{id}/")
        return found if isinstance(found, int) else found["contact_obj"]

    def deal(self, id: str) -> Any:  # noqa: A002
        """A deal, or 404."""
        found = self.ask(f"/opportunities/{id}/")
        return found if isinstance(found, int) else found["opportunity_obj"]


@contextmanager
def running() -> Iterator[RealBottleCrm]:
    """It on a free port, with a PostgreSQL of its own; both are stopped at the end. What is written there stays."""
    token = FOLDER / "token"
    assert token.exists(), "no BottleCRM is installed here: run tests/real/bottlecrm.sh once"
    with _database() as environment, (FOLDER / "bottlecrm.log").open("wb") as log:
        port = free_port()
        command = ["uvicorn", "crm.asgi:application", "--port", str(port), "--log-level", "warning"]
        process = _start(command, environment, log)
        try:
            yield _ready(RealBottleCrm(f"http://127.0.0.1:{port}", token.read_text().strip()), process)
        finally:
            process.terminate()
            process.wait(30)


def prepare() -> None:
    """Make its tables, an organisation, the fields of Hub's and a token, unless they are there."""
    if (FOLDER / "token").exists():
        return
    with _database() as environment, (FOLDER / "prepare.log").open("wb") as log:
        for command in (["migrate", "--verbosity=1"], ["shell", "-c", _PREPARE]):
            assert _start(["django-admin", *command], environment, log).wait() == 0, f"see {log.name}"


@contextmanager
def _database() -> Iterator[dict[str, str]]:
    """Its PostgreSQL while it runs, as what its settings read from the environment."""
    server = embedded.start(FOLDER / "data")
    try:
        to = conninfo_to_dict(server.get_uri())
        with psycopg.connect(server.get_uri(), autocommit=True) as connection, suppress(DuplicateDatabase):
            connection.execute("CREATE DATABASE crm")
        yield {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            "DJANGO_SETTINGS_MODULE": "crm.settings", "SECRET_KEY": secrets.token_urlsafe(48), "ENV_TYPE": "dev",
            "DBNAME": "crm", "DBUSER": str(to["user"]), "DBPASSWORD": str(to.get("password", "")),
            "DBHOST": str(to["host"]), "DBPORT": str(to.get("port", 5432)), "CELERY_BROKER_URL": "memory://",
            "CELERY_RESULT_BACKEND": "cache+memory://", "ALLOWED_HOSTS": "127.0.0.1",
        }  # fmt: skip
    finally:
        embedded.stop(server)


def _start(command: Sequence[str], environment: Mapping[str, str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    program, *arguments = command
    asked = ["nice", str(FOLDER / "venv/bin" / program), *arguments]
    return subprocess.Popen(asked, cwd=FOLDER, env=environment, stdout=log, stderr=log)


def _ready(crm: RealBottleCrm, process: subprocess.Popen[bytes]) -> RealBottleCrm:
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up and process.poll() is None:
        try:
            assert crm.ask("/contacts/?limit=1")["count"] >= 0
        except httpx.TransportError:
            time.sleep(0.2)
        else:
            return crm
    raise AssertionError(f"BottleCRM did not start: see {FOLDER}/bottlecrm.log")


if __name__ == "__main__":
    prepare()
