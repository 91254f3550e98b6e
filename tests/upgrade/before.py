"""The database of before, as ``make_before.py`` wrote it, and the Hub of today on it."""

from __future__ import annotations

import gzip
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import yaml

from hub import bootstrap
from hub.application.process import process_batch
from hub.bootstrap import Runtime
from hub.outbox.deliver import Sender, deliver
from hub.sandbox.hubspot import SandboxCrm
from hub.sdk.http import HttpClient
from hub.settings import load
from tests.support.hubspot import client_of
from tests.support.servers import Postgres

HERE = Path(__file__).parent
SHOWN = ("name", "emails", "phones", "addresses", "birth_date", "language", "company", "consents", "orders", "records")
"""What a golden profile says of a person."""

FIELDS = {
    "external_id": "kundennr",
    "first_name": "vorname",
    "last_name": "nachname",
    "email": "mail",
    "phone": "tel",
    "street": "strasse",
    "postal_code": "plz",
    "city": "ort",
    "birth_date": "geb",
}


def packed(name: str) -> Any:
    """The content of one of the JSON files."""
    return json.loads(gzip.decompress((HERE / name).read_bytes()))


@contextmanager
def loaded(server: Postgres) -> Iterator[str]:
    """The URL of a database that is as the code of before left it."""
    with server.fresh(template="template0") as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(gzip.decompress((HERE / "before.sql.gz").read_bytes()))
        yield dsn


@dataclass
class Today:
    """Hub of today on a database of before, and the destinations as they were left."""

    run: Runtime
    folder: Path
    crm: SandboxCrm = field(default_factory=SandboxCrm)
    written: list[Any] = field(default_factory=list)
    """Calls to the CRM since the upgrade: method, path, body."""

    def __post_init__(self) -> None:
        self._as_it_was_left()
        answer = self.crm.handle

        def noted(method: str, path: str, query: Any, headers: Any, body: bytes) -> Any:
            self.written.append((method, path, json.loads(body) if body else {}))
            return answer(method, path, query, headers, body)

        self.crm.handle = noted  # type: ignore[method-assign]

    def _as_it_was_left(self) -> None:
        with httpx.Client(
            transport=self.crm.transport(), headers={"authorization": f"Bearer {self.crm.token}"}
        ) as client:
            for call in packed("before_crm.json.gz"):
                url = f"https://api.hubapi.com{call['path']}"
                client.request(call["method"], url, params=call["query"], content=call["body"].encode())

    @property
    def file(self) -> Path:
        """What the csv destination writes."""
        return self.folder / "bi.csv"

    def work(self) -> None:
        """Process until nothing waits."""
        self.run.rule_versions.take_configuration()
        processing = self.run.processing
        while process_batch(processing).entries:
            pass

    def deliver(self) -> None:
        """Deliver until nothing is due; every wait is over at once."""
        for _ in range(4):
            with self.run.database.session() as session:
                session.run("UPDATE outbox SET due_at = now() WHERE state IN ('pending', 'retrying')")
                session.run("UPDATE destination_state SET not_before = NULL, lease_until = NULL")
            for name in ("crm", "bi"):
                client: HttpClient | None = client_of(self.crm) if name == "crm" else None
                routes = [route for route in self.run.routes if route.destination == name]
                owner = f"today:1:{uuid.uuid4().hex}"
                deliver(Sender(self.run.database, self.run.connections[name], routes, owner, client=client))


@contextmanager
def today(dsn: str, folder: Path) -> Iterator[Today]:
    """Today's Hub with the configuration of then; the schema is brought up to date as ``hub up`` does it."""
    (folder / "bi.csv").write_bytes(gzip.decompress((HERE / "before_bi.csv.gz").read_bytes()))
    config = folder / "hub.yaml"
    config.write_text(yaml.safe_dump(configuration(folder)), "utf-8")
    settings = load(config, {"HUB_DATABASE_URL": dsn, "HUB_DATA_DIR": str(folder)})
    with bootstrap.runtime(settings, pool_size=4) as run:
        yield Today(run, folder)


def configuration(folder: Path) -> dict[str, Any]:
    """hub.yaml, as ``make_before.py`` had it."""
    return {
        "hub": {"public_url": "https://hub.example.com", "default_region": "DE", "automatic_training": False},
        "connections": {
            "shop-de": {"connector": "shopify", "webhook_secret": "sample-shopify-secret"},
            "shop-at": {"connector": "woocommerce", "webhook_secret": "sample-woo-secret"},
            "newsletter": {"connector": "mailchimp", "webhook_secret": "sample-mailchimp-secret"},
            "old-crm": {
                "connector": "csv",
                "path": str(folder / "kunden.csv"),
                "fields": dict(FIELDS),
                "updated_at_field": "geaendert",
                "consents": {"email": {"column": "newsletter", "opted_in": ["ja"], "at": "newsletter_am"}},
            },
            "messe": {"connector": "csv", "path": str(folder / "messe.csv"), "fields": dict(FIELDS)},
            "crm": {"connector": "hubspot", "access_token": "pat-eu1-sample"},
            "bi": {"connector": "csv", "path": str(folder / "bi.csv")},
        },
        "routes": [{"to": "crm"}, {"to": "bi"}],
    }
