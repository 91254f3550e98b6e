"""A purchase in a running Medusa arrives as the right deal and contact in a running BottleCRM, through ``hub up``.

``tests/real/medusa.sh`` and ``tests/real/bottlecrm.sh`` install them once; then
``pytest -m real -n0 tests/real/test_medusa.py``.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hub.connectors.medusa.source import ORDER_FIELDS
from hub.store import embedded
from tests.real import bottlecrm_server, medusa_server
from tests.real.bottlecrm_server import RealBottleCrm
from tests.real.medusa_server import RealMedusa
from tests.support.processes import ROOT, Role, free_port, wait_for, wait_until_ready

pytestmark = pytest.mark.real

SECRET = "of-a-test-only"
HOME = {
    "first_name": "Wiebke", "last_name": "Sandig", "address_1": "Deichstraße 12", "postal_code": "25813",
    "city": "Husum", "country_code": "de", "phone": "04841 231250",
}  # fmt: skip


@dataclass(frozen=True)
class Street:
    """A shop at one end, a CRM at the other, and Hub between them."""

    shop: RealMedusa
    crm: RealBottleCrm
    environment: dict[str, str]

    def deal(self, order: str) -> Any:
        """The deal of an order, as BottleCRM's own list of deals tells it; None where there is none."""
        name = f"{self.shop.admin(f'orders/{order}')['order']['display_id']} (shop)"
        found = self.crm.ask("/opportunities/", params={"name": name, "limit": 100})["opportunities"]
        same = [one for one in found if one["name"] == name]
        assert len(same) < 2, f"{len(same)} deals of one order"
        return same[0] if same else None

    def becomes(self, order: str, **told: Any) -> Any:
        """The deal once it tells this; fails where it does not within a minute."""
        seen: list[Any] = []

        def does() -> bool:
            seen[:] = [self.deal(order)]
            return seen[0] is not None and all(seen[0][name] == value for name, value in told.items())

        with suppress(AssertionError):
            wait_for(does, seconds=60, what=str(told))
        assert does(), (told, seen[0] and {name: seen[0][name] for name in told})
        return seen[0]

    def contacts(self, email: str) -> list[Any]:
        """Everybody there with this e-mail."""
        found: list[Any] = self.crm.ask("/contacts/", params={"email": email, "limit": 100})["results"]
        return found

    def hub(self, *arguments: str) -> str:
        """A command beside the Hub that runs."""
        done = subprocess.run(
            [sys.executable, "-m", "hub.cli", *arguments], cwd=ROOT, env=self.environment, capture_output=True,
            text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def street() -> Iterator[Street]:
    hub, shop = free_port(), free_port()
    tells = {"HUB_URL": f"http://127.0.0.1:{hub}/webhooks/shop", "HUB_SECRET": SECRET}
    with (
        bottlecrm_server.running() as crm,
        hub_between(hub, shop, crm) as environment,
        medusa_server.running(shop, tells) as medusa,
    ):
        yield Street(medusa, crm, environment)


@contextmanager
def hub_between(port: int, shop: int, crm: RealBottleCrm) -> Iterator[dict[str, str]]:
    """``hub up`` with the shop as its source and the CRM, declared in YAML alone, as its destination."""
    folder = Path(tempfile.mkdtemp(prefix="hub-street-"))
    (folder / "destinations").mkdir()
    shutil.copy(ROOT / "config/destinations/bottlecrm.yaml", folder / "destinations")
    source = {"connector": "medusa", "base_url": f"http://127.0.0.1:{shop}", "api_key": RealMedusa.key(),
              "webhook_secret": SECRET}  # fmt: skip
    connections = {"shop": source, "crm": {"connector": "bottlecrm", **crm.settings()}}
    (folder / "hub.yaml").write_text(json.dumps({"connections": connections, "routes": [{"to": "crm"}]}))
    environment = {
        "HUB_CONFIG": str(folder / "hub.yaml"),
        "HUB_DATA_DIR": str(folder / "data"),
        "PYTHONPATH": str(ROOT),
    }
    role = Role(["up", "--port", str(port)], environment)
    role.start()
    try:
        wait_until_ready(f"http://127.0.0.1:{port}")
        yield {"PATH": "/usr/bin:/bin", **environment}
    finally:
        role.stop()
        embedded.stop(embedded.start(folder / "data"))
        shutil.rmtree(folder, ignore_errors=True)


def test_a_purchase_arrives_with_its_buyer_and_follows_its_life(street: Street) -> None:
    # when a guest buys two mugs, typing the e-mail as people do
    one = uuid.uuid4().hex
    order = street.shop.buy(f"Wiebke.{one}@Example.com", HOME, 2)
    # then it is an open deal of 44.80, as soon as the shop told of it
    deal = street.becomes(order["id"], amount="44.80", stage="NEGOTIATION")
    assert (deal["currency"], deal["closed_on"]) == ("EUR", order["created_at"][:10])
    # and its contact is that person, once
    [contact] = street.contacts(f"wiebke.{one}@example.com")
    assert [each["id"] for each in deal["contacts"]] == [contact["id"]]
    assert (contact["first_name"], contact["last_name"]) == ("Wiebke", "Sandig")
    assert (contact["phone"], contact["city"], contact["country"]) == ("+494841231250", "Husum", "DE")

    # when the money is taken, which moves no date of the order
    full = street.shop.admin(f"orders/{order['id']}?fields={ORDER_FIELDS}")["order"]
    payment = full["payment_collections"][0]["payments"][0]["id"]
    street.shop.admin(f"payments/{payment}/capture", {})
    assert street.shop.admin(f"orders/{order['id']}")["order"]["updated_at"] == full["updated_at"]
    # then the deal is won
    street.becomes(order["id"], amount="44.80", stage="CLOSED_WON")

    # when it is sent, five euros are given back for a scratch, and one of the two comes back
    what = [{"id": full["items"][0]["id"], "quantity": 2}]
    street.shop.admin(f"orders/{order['id']}/fulfillments", {"items": what})
    sent = street.shop.admin(f"orders/{order['id']}?fields=*fulfillments")["order"]["fulfillments"][0]["id"]
    street.shop.admin(f"orders/{order['id']}/fulfillments/{sent}/shipments", {"items": what})
    street.shop.admin(f"payments/{payment}/refund", {"amount": 5})
    street.becomes(order["id"], amount="39.80", stage="CLOSED_WON")
    back = street.shop.admin("returns", {"order_id": order["id"]})["return"]["id"]
    half = {"items": [{"id": full["items"][0]["id"], "quantity": 1}]}
    street.shop.admin(f"returns/{back}/request-items", half)
    street.shop.admin(f"returns/{back}/request", {})
    street.shop.admin(f"returns/{back}/receive", {})
    street.shop.admin(f"returns/{back}/receive-items", half)
    street.shop.admin(f"returns/{back}/receive/confirm", {})
    # then the deal is worth what Medusa says the order is worth, and what is paid back for it changes nothing
    street.becomes(order["id"], amount="19.85", stage="CLOSED_WON")
    street.shop.admin(f"payments/{payment}/refund", {"amount": 19.95})
    worth = street.shop.admin(f"orders/{order['id']}")["order"]["total"]
    assert worth == pytest.approx(19.85)
    street.becomes(order["id"], amount="19.85", stage="CLOSED_WON")


def test_a_second_purchase_is_a_second_deal_of_the_same_contact(street: Street) -> None:
    one = uuid.uuid4().hex
    first = street.shop.buy(f"wiebke.{one}@example.com", HOME)
    second = street.shop.buy(f"WIEBKE.{one}@example.com", {**HOME, "city": "Kiel", "postal_code": "24103"})
    deals = [street.becomes(each["id"], amount="24.85") for each in (first, second)]
    [contact] = street.contacts(f"wiebke.{one}@example.com")
    assert [[each["id"] for each in deal["contacts"]] for deal in deals] == [[contact["id"]], [contact["id"]]]
    # when one of them is called off
    street.shop.admin(f"orders/{second['id']}/cancel", {})
    street.becomes(second["id"], stage="CLOSED_LOST")
    street.becomes(first["id"], stage="NEGOTIATION")


def test_history_makes_no_second_deal_of_what_was_told_already(street: Street) -> None:
    one = uuid.uuid4().hex
    order = street.shop.buy(f"wiebke.{one}@example.com", HOME)
    deal = street.becomes(order["id"], amount="24.85")
    street.hub("backfill", "shop")
    # then there is still one deal of it (`deal` says so) and one contact, and they are the same ones
    assert street.becomes(order["id"], amount="24.85")["id"] == deal["id"]
    assert len(street.contacts(f"wiebke.{one}@example.com")) == 1
