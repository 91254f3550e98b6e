"""A running Vendure with its sample products, on a PostgreSQL of its own; and a buyer and a clerk in it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.errors import DuplicateDatabase

from hub.store import embedded
from tests.real.odoo_server import free_port

FOLDER = Path(os.environ.get("HUB_REAL", "/tmp/hub-real")) / "vendure"
START_SECONDS = 600.0
_PAID = "__typename ... on ErrorResult { message }"


@dataclass
class RealVendure:
    """Where it is, the clerk's session, and the API key that was made for Hub."""

    root: str
    session: str = field(default="", repr=False)
    api_key: str = field(default="", repr=False)

    def admin(self, query: str, **variables: Any) -> Any:
        """An answer of the Admin API to the clerk."""
        return self.ask("admin-api", query, self.session, **variables)[0]

    def ask(self, api: str, query: str, session: str, **variables: Any) -> tuple[Any, str]:
        """An answer, and the session it begins, if it begins one."""
        headers = {"authorization": f"Bearer {session}"} if session else {}
        body = {"query": query, "variables": variables}
        answer = httpx.post(f"{self.root}/{api}", json=body, headers=headers, timeout=120.0)
        told = answer.json()
        assert not told.get("errors"), told["errors"]
        refused = [part for part in told["data"].values() if isinstance(part, dict) and "message" in part]
        assert not refused, refused
        return told["data"], answer.headers.get("vendure-auth-token", session)

    def open(self) -> None:
        """Sign the clerk in, and make a key that may read orders and customers."""
        login = 'mutation { login(username: "superadmin", password: "only-for-a-test") { __typename } }'
        self.session = self.ask("admin-api", login, "")[1]
        role = {"code": f"hub-{uuid4()}", "description": "Hub", "permissions": ["ReadOrder", "ReadCustomer"]}
        made = self.admin("mutation($i: CreateRoleInput!) { createRole(input: $i) { id } }", i=role)
        key = {"roleIds": [made["createRole"]["id"]], "translations": [{"languageCode": "en", "name": "Hub"}]}
        told = self.admin("mutation($i: CreateApiKeyInput!) { createApiKey(input: $i) { apiKey } }", i=key)
        self.api_key = told["createApiKey"]["apiKey"]

    def buy(self, person: Mapping[str, str], address: Mapping[str, str]) -> str:
        """A guest buys a laptop and a tablet, and pays with authorised money. Gives the order's id."""
        add = f"mutation($v: ID!) {{ addItemToOrder(productVariantId: $v, quantity: 1) {{ {_PAID} }} }}"
        steps: list[tuple[str, dict[str, Any]]] = [
            (add, {"v": "1"}),
            (add, {"v": "5"}),
            (f"mutation($c: CreateCustomerInput!) {{ setCustomerForOrder(input: $c) {{ {_PAID} }} }}", {"c": person}),
            (
                f"mutation($a: CreateAddressInput!) {{ setOrderShippingAddress(input: $a) {{ {_PAID} }} }}",
                {"a": address},
            ),
            (f'mutation {{ setOrderShippingMethod(shippingMethodId: ["1"]) {{ {_PAID} }} }}', {}),
            (f'mutation {{ transitionOrderToState(state: "ArrangingPayment") {{ {_PAID} }} }}', {}),
        ]
        session = ""
        for query, variables in steps:
            _, session = self.ask("shop-api", query, session, **variables)
        pay = "mutation($p: PaymentInput!) { addPaymentToOrder(input: $p) { ... on Order { id } } }"
        made, _ = self.ask("shop-api", pay, session, p={"method": "standard-payment", "metadata": {}})
        return str(made["addPaymentToOrder"]["id"])

    def settle(self, payment: str) -> None:
        """The money comes."""
        self.admin(f"mutation($p: ID!) {{ settlePayment(id: $p) {{ {_PAID} }} }}", p=payment)

    def cancel(self, order: str, line: str) -> None:
        """One of a line is taken off the order."""
        told = {"orderId": order, "lines": [{"orderLineId": line, "quantity": 1}]}
        self.admin(f"mutation($i: CancelOrderInput!) {{ cancelOrder(input: $i) {{ {_PAID} }} }}", i=told)

    def refund(self, payment: str, amount: int) -> None:
        """Money goes back, in cents."""
        told = {"paymentId": payment, "amount": amount, "lines": [], "shipping": 0, "adjustment": 0}
        self.admin(f"mutation($i: RefundOrderInput!) {{ refundOrder(input: $i) {{ {_PAID} }} }}", i=told)


@contextmanager
def running() -> Iterator[RealVendure]:
    """It on a free port; it and its PostgreSQL are stopped at the end. What is bought there stays."""
    assert (FOLDER / "index.js").exists(), "no Vendure is installed here: run tests/real/vendure.sh once"
    server = embedded.start(FOLDER / "data")
    try:
        to = conninfo_to_dict(server.get_uri())
        with psycopg.connect(server.get_uri(), autocommit=True) as connection, suppress(DuplicateDatabase):
            connection.execute("CREATE DATABASE vendure")
        port = free_port()
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            "PGHOST": str(to["host"]), "PGPORT": str(to.get("port", 5432)), "PGUSER": str(to["user"]),
            "PGPASSWORD": str(to["password"]), "PORT": str(port), "VENDURE_DISABLE_TELEMETRY": "true",
        }  # fmt: skip
        if not (FOLDER / "populated").exists():
            assert _node({**environment, "POPULATE": "1"}).wait(START_SECONDS) == 0, f"see {FOLDER}/vendure.log"
            (FOLDER / "populated").touch()
        process = _node(environment)
        try:
            shop = _ready(RealVendure(f"http://127.0.0.1:{port}"), process)
            shop.open()
            yield shop
        finally:
            process.terminate()
            process.wait(60)
    finally:
        embedded.stop(server)


def _node(environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    log = (FOLDER / "vendure.log").open("ab")
    return subprocess.Popen(["nice", "node", "index.js"], cwd=FOLDER, env={**environment}, stdout=log, stderr=log)


def _ready(shop: RealVendure, process: subprocess.Popen[bytes]) -> RealVendure:
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up and process.poll() is None:
        with suppress(httpx.TransportError):
            if httpx.get(f"{shop.root}/health", timeout=5).is_success:
                return shop
        time.sleep(0.5)
    raise AssertionError(f"Vendure did not start: see {FOLDER}/vendure.log")
