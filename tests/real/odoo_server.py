"""A running Odoo 11 with the app CRM, and how the laws of every CRM see it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg

from hub.store import embedded
from tests.support.crm import Order, Person
from tests.support.crm.double import Entry

FOLDER = Path(os.environ.get("HUB_REAL", "/tmp/hub-real")) / "odoo"
START_SECONDS = 600.0
"""How long the app may take to be installed in a new database: 90 s on two idle cores."""


@contextmanager
def running() -> Iterator[RealOdoo]:
    """An Odoo on a free port, with a PostgreSQL of its own; both are stopped at the end, and their folder removed."""
    python = FOLDER / "venv/bin/python"
    assert python.exists(), "no Odoo is installed here: run tests/real/odoo.sh once"
    root = Path(tempfile.mkdtemp(prefix="hub-odoo-"))
    server = embedded.start(root)
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("CREATE ROLE odoo LOGIN CREATEDB PASSWORD 'odoo'")
        port = free_port()
        site = next((FOLDER / "venv/lib").glob("python3.*/site-packages"))
        options = {
            "--db_host": str(root / "postgres"), "--db_user": "odoo", "--db_password": "odoo", "--database": "hub",
            "--init": "crm", "--without-demo": "all", "--data-dir": str(root / "files"),
            "--addons-path": str(site / "odoo/addons"), "--http-interface": "127.0.0.1", "--http-port": str(port),
            "--workers": "0", "--max-cron-threads": "0", "--log-level": "warn",
        }  # fmt: skip
        command = ["nice", str(python), "-c", "import odoo; odoo.cli.main()"]
        command += [f"{name}={value}" for name, value in options.items()]
        with (root / "odoo.log").open("wb") as log:
            # Asked while it installs itself, a slow machine's Odoo loads half its models and never comes up.
            made = [*command, "--stop-after-init", "--no-http"]
            subprocess.run(made, stdout=log, stderr=log, cwd=root, timeout=START_SECONDS, check=True)
            command.remove("--init=crm")
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=root)
        try:
            yield _ready(RealOdoo(f"http://127.0.0.1:{port}"), process)
        finally:
            process.terminate()
            process.wait(30)
    finally:
        embedded.stop(server)
        shutil.rmtree(root)


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _ready(odoo: RealOdoo, process: subprocess.Popen[bytes]) -> RealOdoo:
    """Wait until it answers; the first answers are errors, since not all its addons are there."""
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up and process.poll() is None:
        try:
            odoo.execute("crm.stage", "search_count", [])
        except (httpx.HTTPError, KeyError, ValueError):
            time.sleep(1.0)
        else:
            return odoo
    raise AssertionError("Odoo did not start")


class RealOdoo:
    """As ``tests.support.crm.Double`` has it, but real. It is one database: ``refuse`` has no rule there to use."""

    slug = "odoo"

    def __init__(self, root: str) -> None:
        self.root = root
        self.client = httpx.Client(base_url=root, timeout=120.0)

    def settings(self) -> dict[str, Any]:
        """A connection to it."""
        return {
            "base_url": self.root, "api": "jsonrpc", "database": "hub", "login": "admin", "api_key": "admin",
            "timeout_seconds": 120, "unsubscribe": "opt_out", "revenue_field": "planned_revenue",
        }  # fmt: skip

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Carry a request there."""
        kind = {"content-type": "application/json"}
        answer = self.client.request(request.method, request.url.path, content=request.content, headers=kind)
        return httpx.Response(answer.status_code, headers=kind, content=answer.content)

    def execute(self, model: str, method: str, *positional: Any, **named: Any) -> Any:
        """Call a method as somebody there. KeyError where that fails."""
        arguments = ["hub", 1, "admin", model, method, list(positional), named]
        parameters = {"service": "object", "method": "execute_kw", "args": arguments}
        body = {"jsonrpc": "2.0", "method": "call", "id": 1, "params": parameters}
        return self.client.post("/jsonrpc", json=body).json()["result"]

    def _names(self, model: str) -> dict[int, str]:
        found = self.execute("ir.model.data", "search_read", [["model", "=", model]], ["module", "name", "res_id"])
        return {row["res_id"]: f"{row['module']}.{row['name']}" for row in found}

    @property
    def opted_out(self) -> set[str]:
        """Whom it will not mail."""
        return {row["email"] for row in self.execute("res.partner", "search_read", [["opt_out", "=", True]], ["email"])}

    def people(self) -> list[Person]:
        """Contacts that are people, but for its own users."""
        own = ["x_hub_profile_id", "!=", False]
        names = self._names("res.country")
        found = []
        domain = ["|", own, ["name", "=", "Typed"], ["is_company", "=", False]]
        for row in self.execute("res.partner", "search_read", domain, [], order="id"):
            values = {name: value for name, value in row.items() if not isinstance(value, list)}
            if row["country_id"]:
                values["country_id/id"] = names[row["country_id"][0]]
            if row["parent_id"]:
                values["parent_id/.id"] = str(row["parent_id"][0])
            emails = [row["email"]] if row["email"] else []
            found.append(Person(id=str(row["id"]), owner=row["x_hub_profile_id"] or None, emails=emails, values=values))
        return found

    def orders(self) -> list[Order]:
        """Opportunities, lost ones as well."""
        names = self._names("crm.stage")
        domain = ["|", ["active", "=", True], ["active", "=", False]]
        found = []
        for row in self.execute("crm.lead", "search_read", domain, [], order="id"):
            values = {name: value for name, value in row.items() if not isinstance(value, list)}
            values.pop("probability")
            values["stage_id/id"] = names[row["stage_id"][0]]
            person = str(row["partner_id"][0]) if row["partner_id"] else None
            values |= {"partner_id/.id": person} if person else {}
            found.append(Order(id=str(row["id"]), owner=row["x_hub_order_key"] or None, person=person, values=values))
        return found

    def activities(self) -> list[Entry]:
        """Hub's notes in the chatter."""
        domain = [["message_id", "=like", "<hub-activity-%"]]
        rows = self.execute("mail.message", "search_read", domain, ["message_id", "res_id", "body", "date"], order="id")
        return [
            Entry(
                id=str(row["id"]),
                owner=row["message_id"][14:].partition("@")[0],
                person=str(row["res_id"]),
                values={"body": row["body"], "date": row["date"]},
            )
            for row in rows
        ]

    def add_person(self, email: str, **values: str) -> str:
        """Somebody typed a contact."""
        return str(self.execute("res.partner", "create", {"name": "Typed", "email": email.title(), **values}))

    def delete_person(self, id: str) -> None:  # noqa: A002
        """Somebody deleted a contact."""
        self.execute("res.partner", "unlink", [int(id)])

    def delete_order(self, id: str) -> None:  # noqa: A002
        """Somebody deleted an opportunity."""
        self.execute("crm.lead", "unlink", [int(id)])

    def merge_people(self, kept: str, gone: str) -> None:
        """Somebody used the wizard."""
        ids = [int(kept), int(gone)]
        wizard = "base.partner.merge.automatic.wizard"
        values = {"dst_partner_id": ids[0], "partner_ids": [[6, 0, ids]], "state": "selection"}
        self.execute(wizard, "action_merge", [self.execute(wizard, "create", values)])

    def opt_out_there(self, email: str) -> None:
        """They unsubscribe, as it was up to Odoo 11: a mark of their contact."""
        self._mark(email, out=True)

    def lift_there(self, email: str) -> None:
        """Somebody there takes the opt-out back."""
        self._mark(email, out=False)

    def _mark(self, email: str, *, out: bool) -> None:
        contacts = self.execute("res.partner", "search", [["email", "=", email]])
        self.execute("res.partner", "write", contacts, {"opt_out": out})

    def refuse(self, text: str) -> None:
        """There is no such rule."""
        raise NotImplementedError
