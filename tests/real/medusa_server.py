"""A running Medusa with a region, a product and a publishable key, on a PostgreSQL of its own; and a buyer in it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
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

FOLDER = Path(os.environ.get("HUB_REAL", "/tmp/hub-real")) / "medusa"
START_SECONDS = 600.0
_LOGIN = {"email": "owner@example.com", "password": "only-for-a-test"}


@dataclass
class RealMedusa:
    """Where it is, what opens it, and what it sells: see ``prepare``."""

    root: str
    api_key: str = ""
    publishable_key: str = ""
    region: str = ""
    variant: str = ""
    shipping_option: str = ""

    @staticmethod
    def key() -> str:
        """The secret API key that was made for Hub."""
        return str(json.loads((FOLDER / "shop.json").read_text())["api_key"])

    def admin(self, path: str, body: Any = None, *, method: str | None = None, token: str | None = None) -> Any:
        """An answer of the Admin API, by the secret key or as somebody who signed in."""
        headers = {"authorization": f"Bearer {token}"} if token else {}
        auth = None if token else (self.api_key, "")
        return self._ask(method or ("GET" if body is None else "POST"), f"/admin/{path}", body, headers, auth)

    def store(self, path: str, body: Any = None, *, token: str | None = None) -> Any:
        """An answer of the Store API, as a storefront gets it."""
        headers = {"x-publishable-api-key": self.publishable_key}
        headers |= {"authorization": f"Bearer {token}"} if token else {}
        return self._ask("GET" if body is None else "POST", f"/store/{path}", body, headers)

    def sign_in(self) -> str:
        """The owner's token, which alone may make an API key."""
        return str(self._ask("POST", "/auth/user/emailpass", _LOGIN, {})["token"])

    def buy(self, email: str, address: Mapping[str, str], quantity: int = 1) -> Any:
        """A guest fills a cart, chooses how it is sent, pays by hand, and has an order."""
        where = {"shipping_address": address, "billing_address": address}
        cart = self.store("carts", {"region_id": self.region, "email": email, **where})["cart"]["id"]
        self.store(f"carts/{cart}/line-items", {"variant_id": self.variant, "quantity": quantity})
        self.store(f"carts/{cart}/shipping-methods", {"option_id": self.shipping_option})
        payment = self.store("payment-collections", {"cart_id": cart})["payment_collection"]["id"]
        self.store(f"payment-collections/{payment}/payment-sessions", {"provider_id": "pp_system_default"})
        return self.store(f"carts/{cart}/complete", {})["order"]

    def _ask(self, method: str, path: str, body: Any, headers: Mapping[str, str], auth: Any = None) -> Any:
        answer = httpx.request(method, self.root + path, json=body, headers=headers, auth=auth, timeout=120.0)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text[:500]}"
        return answer.json()


@contextmanager
def running(port: int, tells: Mapping[str, str]) -> Iterator[RealMedusa]:
    """It on a port; it and its PostgreSQL are stopped at the end. What is bought there stays.

    ``tells`` is the environment of its subscriber: HUB_URL and HUB_SECRET.
    """
    told = FOLDER / "shop.json"
    assert told.exists(), "no Medusa is installed here: run tests/real/medusa.sh once"
    with _database() as environment, _serving({**environment, **tells}, port) as root:
        yield RealMedusa(root, **json.loads(told.read_text()))


def prepare() -> None:
    """Make its tables and what a purchase needs, unless they are there."""
    if (FOLDER / "shop.json").exists():
        return
    with _database() as environment:
        with (FOLDER / "prepare.log").open("w+b") as log:
            asked = ["user", "--email", _LOGIN["email"], "--password", _LOGIN["password"]]
            for command in (["db:migrate"], asked):
                assert _start(command, environment, log).wait() == 0, f"see {log.name}"
        with _serving(environment, free_port()) as root:
            (FOLDER / "shop.json").write_text(json.dumps(_furnish(RealMedusa(root))))


def _furnish(shop: RealMedusa) -> dict[str, str]:
    """A shop that sells one thing, to Germany, paid by hand and sent by hand; its ids and keys."""
    token = shop.sign_in()

    def make(path: str, **body: Any) -> Any:
        [made] = [one for one in shop.admin(path, body, token=token).values() if isinstance(one, dict)]
        return made

    secret = make("api-keys", title="Hub", type="secret")["token"]
    key = make("api-keys", title="Shop", type="publishable")
    channel = shop.admin("sales-channels", token=token)["sales_channels"][0]["id"]
    shop.admin(f"api-keys/{key['id']}/sales-channels", {"add": [channel]}, token=token)
    region = make("regions", name="Germany", currency_code="eur", countries=["de"],
                  payment_providers=["pp_system_default"])["id"]  # fmt: skip
    place = make("stock-locations", name="Berlin", address={"address_1": "Lager 1", "country_code": "de"})["id"]
    shop.admin(f"stock-locations/{place}/sales-channels", {"add": [channel]}, token=token)
    shop.admin(f"stock-locations/{place}/fulfillment-providers", {"add": ["manual_manual"]}, token=token)
    named = {"name": "Parcels", "type": "shipping"}
    sets = shop.admin(f"stock-locations/{place}/fulfillment-sets?fields=*fulfillment_sets", named, token=token)
    fulfilment = sets["stock_location"]["fulfillment_sets"][0]["id"]
    zones = {"name": "Germany", "geo_zones": [{"type": "country", "country_code": "de"}]}
    made = shop.admin(f"fulfillment-sets/{fulfilment}/service-zones", zones, token=token)["fulfillment_set"]
    zone = made["service_zones"][0]["id"]
    profiles = shop.admin("shipping-profiles", token=token)["shipping_profiles"]
    profile = profiles[0]["id"] if profiles else make("shipping-profiles", name="Default", type="default")["id"]
    option = make(
        "shipping-options", name="Parcel", service_zone_id=zone, shipping_profile_id=profile,
        provider_id="manual_manual", price_type="flat", prices=[{"currency_code": "eur", "amount": 4.9}],
        type={"label": "Parcel", "description": "By post", "code": "parcel"},
        rules=[{"attribute": "enabled_in_store", "value": "true", "operator": "eq"},
               {"attribute": "is_return", "value": "false", "operator": "eq"}],
    )["id"]  # fmt: skip
    prices = [{"currency_code": "eur", "amount": 19.95}]
    variant = {"title": "Blue", "sku": "MUG-BLUE", "manage_inventory": False, "prices": prices}
    product = make(
        "products", title="Mug", status="published", options=[{"title": "Colour", "values": ["Blue"]}],
        variants=[{**variant, "options": {"Colour": "Blue"}}], sales_channels=[{"id": channel}],
        shipping_profile_id=profile,
    )  # fmt: skip
    return {
        "api_key": secret, "publishable_key": key["token"], "region": region,
        "variant": product["variants"][0]["id"], "shipping_option": option,
    }  # fmt: skip


@contextmanager
def _database() -> Iterator[dict[str, str]]:
    """Its PostgreSQL while it runs, as what its settings read. Node wants TCP, and ours has a socket."""
    server = embedded.start(FOLDER / "data")
    try:
        to = conninfo_to_dict(server.get_uri())
        with psycopg.connect(server.get_uri(), autocommit=True) as connection, suppress(DuplicateDatabase):
            connection.execute("CREATE DATABASE medusa")
        with _forwarding(f"{to['host']}/.s.PGSQL.{to.get('port', 5432)}") as port:
            yield {
                **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
                "DATABASE_URL": f"postgres://{to['user']}:{to['password']}@127.0.0.1:{port}/medusa?sslmode=disable",
                "MEDUSA_DISABLE_TELEMETRY": "true", "NODE_ENV": "production",
            }  # fmt: skip
    finally:
        embedded.stop(server)


@contextmanager
def _forwarding(path: str) -> Iterator[int]:
    """A port of loopback whose connections go to a socket in the file system."""

    def carry(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while block := source.recv(65536):
                target.sendall(block)
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def accept(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(path)
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=carry, args=pair, daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, args=(listener,), daemon=True).start()
        yield int(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)


@contextmanager
def _serving(environment: Mapping[str, str], port: int) -> Iterator[str]:
    with (FOLDER / "medusa.log").open("wb") as log:
        process = _start(["start", "--host", "127.0.0.1", "--port", str(port)], environment, log)
        try:
            yield _ready(f"http://127.0.0.1:{port}", process)
        finally:
            process.terminate()
            process.wait(60)


def _start(command: Sequence[str], environment: Mapping[str, str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    asked = ["nice", "node", str(FOLDER / "node_modules/@medusajs/cli/cli.js"), *command]
    return subprocess.Popen(asked, cwd=FOLDER, env={**environment}, stdout=log, stderr=log)


def _ready(root: str, process: subprocess.Popen[bytes]) -> str:
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up and process.poll() is None:
        with suppress(httpx.TransportError):
            if httpx.get(f"{root}/health", timeout=5).is_success:
                return root
        time.sleep(0.5)
    raise AssertionError(f"Medusa did not start: see {FOLDER}/medusa.log")


if __name__ == "__main__":
    prepare()
