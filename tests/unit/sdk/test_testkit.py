"""The kit itself: a sound connector passes every law, and each law fails for the connector that breaks it."""

from __future__ import annotations

import hashlib
import json
import logging
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import orjson
import pytest
from pydantic import ConfigDict

from hub.errors import ConfigError, PayloadError
from hub.mapping.payload import VendorModel, read
from hub.model.event import CustomerEvent
from hub.sdk import signatures
from hub.sdk.destination import Destination, HttpRequest, Write, WriteResult
from hub.sdk.http import json_of
from hub.sdk.manifest import Capability, Limits
from hub.sdk.paginate import walk
from hub.sdk.scaffold import scaffold
from hub.sdk.source import BackfillItem, BackfillPage, EventName, Reply, Source
from hub.sdk.testkit import send_laws
from hub.sdk.testkit.cases import ConnectorCase
from hub.sdk.testkit.kit import checks_of, load_folder

Change = Callable[[Any], Any]


@pytest.fixture(scope="module")
def source_case(tmp_path_factory: pytest.TempPathFactory) -> ConnectorCase:
    directory = tmp_path_factory.mktemp("source")
    scaffold("acme_till", role="source", auth="hmac", directory=directory)
    return load_folder(directory / "acme_till")


@pytest.fixture(scope="module")
def destination_case(tmp_path_factory: pytest.TempPathFactory) -> ConnectorCase:
    directory = tmp_path_factory.mktemp("destination")
    scaffold("acme_crm", role="destination", auth="bearer", directory=directory)
    return load_folder(directory / "acme_crm")


def broken_laws(case: ConnectorCase, law: str = "") -> set[str]:
    """The laws it breaks, by code; with ``law`` only that one is tried."""
    broken = set()
    for check in checks_of(case):
        if law and (check.law != law or law in broken):
            continue
        try:
            check.run()
        except AssertionError:
            broken.add(check.law)
    return broken


def with_source(case: ConnectorCase, **changes: Any) -> ConnectorCase:
    return replace(case, connector=replace(case.connector, source=replace(case.source, **changes)))


def with_destination(case: ConnectorCase, **changes: Any) -> ConnectorCase:
    return replace(case, connector=replace(case.connector, destination=replace(case.destination, **changes)))


def with_manifest(case: ConnectorCase, **changes: Any) -> ConnectorCase:
    return replace(case, connector=replace(case.connector, manifest=replace(case.manifest, **changes)))


def canonical(body: bytes) -> bytes:
    return orjson.dumps(orjson.loads(body))


def first_secret_only(source: Source[Any]) -> dict[str, Any]:
    def verify(delivery: Any, settings: Any) -> None:
        first: signatures.BodyHmac[Any] = signatures.BodyHmac(
            "x-signature", encoding="hex", secrets=lambda settings: settings.webhook_secret[:1]
        )
        first.verify(delivery, settings)

    return {"verify": verify}


def parsed_before_verified(source: Source[Any]) -> dict[str, Any]:
    def resigned(delivery: Any) -> Any:
        try:
            return replace(delivery, body=canonical(delivery.body))
        except orjson.JSONDecodeError:
            return delivery

    def sign(delivery: Any, settings: Any) -> Any:
        assert source.sign
        signed = source.sign(resigned(delivery), settings)
        return replace(delivery, headers=signed.headers)

    def verify(delivery: Any, settings: Any) -> None:
        assert source.verify
        source.verify(resigned(delivery), settings)

    return {"sign": sign, "verify": verify}


def answers_anybody(source: Source[Any]) -> dict[str, Any]:
    return {"answer": lambda delivery, settings: Reply(200, b"ok") if delivery.method == "GET" else None}


def answers_with_an_empty_secret(source: Source[Any]) -> dict[str, Any]:
    def answer(delivery: Any, settings: Any) -> Reply | None:
        known = delivery.query.get("token", "") in [each.get_secret_value() for each in settings.webhook_secret]
        return None if delivery.method == "POST" else Reply(200 if known else 403)

    return {"answer": answer}


def named_by_headers(source: Source[Any]) -> dict[str, Any]:
    def name_event(delivery: Any, settings: Any) -> EventName:
        assert source.name_event
        name = source.name_event(delivery, settings)
        return replace(name, event_id=hashlib.sha256(repr(sorted(delivery.headers.items())).encode()).hexdigest())

    return {"name_event": name_event}


def parsing(change: Callable[[Source[Any], Any, Any], Any]) -> Callable[[Source[Any]], dict[str, Any]]:
    """A break of ``parse``: gets the sound source, the entry and the settings."""
    return lambda source: {"parse": lambda entry, settings: change(source, entry, settings)}


def shouting(source: Source[Any], entry: Any, settings: Any) -> Any:
    events = []
    for event in source.parse(entry, settings):
        if isinstance(event, CustomerEvent):
            emails = tuple(point.model_copy(update={"value": point.value.upper()}) for point in event.customer.emails)
            event = event.model_copy(update={"customer": event.customer.model_copy(update={"emails": emails})})
        events.append(event)
    return events


def strict_about_fields(source: Source[Any], entry: Any, settings: Any) -> Any:
    known = {"id", "type", "created_at", "customer", "order"}
    unknown = sorted(set(orjson.loads(entry.body or b"{}")) - known) if entry.body[:1] == b"{" else []
    if unknown:
        raise PayloadError("unknown field", path=unknown[0])
    return source.parse(entry, settings)


def null_is_text(source: Source[Any], entry: Any, settings: Any) -> Any:
    return source.parse(replace(entry, body=entry.body.replace(b":null", b':"None"')), settings)


def key_error(source: Source[Any], entry: Any, settings: Any) -> Any:
    events = source.parse(entry, settings)
    assert orjson.loads(entry.body)["created_at"] is not None
    _ = orjson.loads(entry.body)["customer"]["first_name"]
    return events


def telling(source: Source[Any], entry: Any, settings: Any) -> Any:
    logging.getLogger("acme").info("parsing %r", entry.body)
    return source.parse(entry, settings)


def quoting(source: Source[Any], entry: Any, settings: Any) -> Any:
    try:
        return source.parse(entry, settings)
    except PayloadError as error:
        raise PayloadError(f"cannot read {entry.body!r}", path=error.path) from None


SOURCE_BREAKS: Mapping[str, tuple[str, Callable[[Source[Any]], dict[str, Any]]]] = {
    "signs nothing": ("S1", lambda source: {"sign": lambda delivery, settings: delivery}),
    "has no way to sign": ("S1", lambda source: {"sign": None}),
    "accepts everything": ("S2", lambda source: {"verify": lambda delivery, settings: None}),
    "confirms a set-up with any secret": ("S2", answers_anybody),
    "confirms a set-up with an empty secret": ("S2", answers_with_an_empty_secret),
    "knows one secret": ("S3", first_secret_only),
    "parses before it verifies": ("S4", parsed_before_verified),
    "names events by their headers": ("S5", named_by_headers),
    "gives all events one id": (
        "S5",
        lambda source: {"name_event": lambda d, s: EventName("1", read_topic(d.body))},
    ),
    "reads the clock": ("S6", parsing(lambda source, entry, s: (datetime.now(UTC), source.parse(entry, s))[1])),
    "loses events": ("S7", parsing(lambda source, entry, s: list(source.parse(entry, s))[1:])),
    "shouts": ("S8", parsing(shouting)),
    "is strict": ("S9", parsing(strict_about_fields)),
    "takes null for text": ("S10", parsing(null_is_text)),
    "raises KeyError": ("S11", parsing(key_error)),
    "reads unknown topics": (
        "S12",
        parsing(lambda source, entry, s: source.parse(replace(entry, topic=read_topic(entry.body)), s)),
    ),
    "logs bodies": ("S14", parsing(telling)),
    "quotes bodies": ("S14", parsing(quoting)),
}


class Head(VendorModel):
    type: str


def read_topic(body: bytes) -> str:
    return str(read(Head, body).type)


def test_a_sound_source_breaks_no_law(source_case: ConnectorCase):
    assert broken_laws(source_case) == set()


@pytest.mark.parametrize("what", SOURCE_BREAKS)
def test_a_source_that_breaks_a_law_is_found(source_case: ConnectorCase, what: str):
    law, change = SOURCE_BREAKS[what]
    assert law in broken_laws(with_source(source_case, **change(source_case.source)), law)


def test_declarations_are_held_against_samples(source_case: ConnectorCase):
    topics = {**source_case.manifest.topics, "refund.created": "nothing has a sample of it"}
    assert broken_laws(with_manifest(source_case, topics=topics)) == {"S13"}
    capabilities = source_case.manifest.capabilities | {Capability.PRIVACY, Capability.BACKFILL}
    assert broken_laws(with_manifest(source_case, capabilities=capabilities)) == {"S15", "S16"}


def test_a_missing_sample_file_fails(source_case: ConnectorCase, tmp_path: Path):
    scaffold("acme_till", role="source", auth="hmac", directory=tmp_path)
    (tmp_path / "acme_till/samples/order.paid/guest/expected.json").unlink()
    assert broken_laws(load_folder(tmp_path / "acme_till")) == {"S7"}


# --- S15 -------------------------------------------------------------------------------------------------------------

PAGES: Mapping[str | None, tuple[list[str], str | None]] = {
    None: (["c-1", "c-2"], "p2"),
    "p2": (["c-3"], "p3"),
    "p3": (["c-4"], None),
}


def recorded_walk() -> list[dict[str, Any]]:
    return [
        {
            "request": {"method": "GET", "path": "/customers", "query": {"after": cursor} if cursor else {}},
            "response": {
                "status": 200,
                "headers": {},
                "json": {"customers": [{"id": i} for i in ids], "next": following},
            },
        }
        for cursor, (ids, following) in PAGES.items()
    ]


def page_of(ids: list[str], cursor: str | None) -> BackfillPage:
    items = [
        BackfillItem(i, "customer.updated", orjson.dumps({"created_at": "2026-01-01T00:00:00Z", "customer": {"id": i}}))
        for i in ids
    ]
    return BackfillPage(items, {"after": cursor})


def sound_walk(client: Any, settings: Any, since: Any, cursor: Mapping[str, Any] | None) -> Iterator[BackfillPage]:
    def fetch(after: str | None) -> tuple[list[str], str | None]:
        answer = json_of(client.get("customers", {"after": after} if after else None))
        ids = [found["id"] for found in answer["customers"]]
        return ids, answer["next"] if ids else None

    for ids, following in walk(cursor["after"] if cursor else None, fetch):
        yield page_of(ids, following)


def endless_walk(client: Any, settings: Any, since: Any, cursor: Mapping[str, Any] | None) -> Iterator[BackfillPage]:
    after = cursor["after"] if cursor else None
    while True:
        answer = json_of(client.get("customers", {"after": after} if after else None))
        after = answer["next"]
        yield page_of([found["id"] for found in answer["customers"]], after)
        if after is None:
            return


def forgetful_walk(client: Any, settings: Any, since: Any, cursor: Mapping[str, Any] | None) -> Iterator[BackfillPage]:
    pages = list(sound_walk(client, settings, since, cursor))
    yield from pages[1:] if cursor else pages


def impatient_walk(client: Any, settings: Any, since: Any, cursor: Mapping[str, Any] | None) -> Iterator[BackfillPage]:
    yield next(sound_walk(client, settings, since, cursor))


@pytest.mark.parametrize(
    ("backfill", "broken"),
    [(sound_walk, set()), (endless_walk, {"S15"}), (forgetful_walk, {"S15"}), (impatient_walk, {"S15"})],
)
def test_a_backfill_ends_resumes_and_is_complete(tmp_path: Path, backfill: Change, broken: set[str]):
    scaffold("acme_till", role="source", auth="hmac", directory=tmp_path)
    samples = tmp_path / "acme_till/samples/backfill"
    samples.mkdir()
    (samples / "customers.json").write_text(json.dumps(recorded_walk()))
    case = load_folder(tmp_path / "acme_till")
    case = with_manifest(case, capabilities=case.manifest.capabilities | {Capability.BACKFILL})
    case = with_source(case, backfill=backfill, api_root=lambda settings: "https://api.example.com")
    assert broken_laws(case) == broken


# --- destinations ----------------------------------------------------------------------------------------------------


def rendering(change: Callable[[Destination[Any], Any, Any], Any]) -> Callable[[Destination[Any]], dict[str, Any]]:
    """A break of ``render``: gets the sound destination, the change and the settings."""
    return lambda sound: {"render": lambda wanted, settings: change(sound, wanted, settings)}


def nulls(sound: Destination[Any], wanted: Any, settings: Any) -> Write | None:
    write = sound.render(wanted, settings)
    if write is None or write.erase:
        return write
    missing = {name: None for name in ("phone", "language") if name not in write.mirror}
    return replace(write, properties={**write.properties, **missing})


def thin_mirror(sound: Destination[Any], wanted: Any, settings: Any) -> Write | None:
    write = sound.render(wanted, settings)
    return write and replace(write, mirror={"hub_profile_id": write.key})


def all_in_one(sound: Destination[Any]) -> dict[str, Any]:
    def send(writes: Any, client: Any, settings: Any) -> list[WriteResult]:
        client.post("contacts", [dict(write.mirror) for write in writes])
        return [WriteResult(write.key, "delivered", "512") for write in writes]

    return {"send": send}


def blind(sound: Destination[Any]) -> dict[str, Any]:
    def send(writes: Any, client: Any, settings: Any) -> Any:
        try:
            return sound.send(writes, client, settings)
        except Exception:
            return [WriteResult(write.key, "delivered", "512") for write in writes]

    return {"send": send}


def talkative(sound: Destination[Any]) -> dict[str, Any]:
    def send(writes: Any, client: Any, settings: Any) -> Any:
        logging.getLogger("acme").warning("sending %s", writes)
        return sound.send(writes, client, settings)

    return {"send": send}


def leaving_home(sound: Destination[Any]) -> dict[str, Any]:
    def send(writes: Any, client: Any, settings: Any) -> Any:
        client._allowed = (*client._allowed, "elsewhere.example.net")
        client.post("https://elsewhere.example.net/contacts", {})
        return sound.send(writes, client, settings)

    return {"send": send}


def same_again(properties: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    return {name: (value,) for name, value in properties.items()}


DESTINATION_BREAKS: Mapping[str, tuple[str, Callable[[Destination[Any]], dict[str, Any]]]] = {
    "plans nothing": ("D1", lambda sound: {"plan": lambda writes, settings: []}),
    "plans other requests": ("D8", lambda sound: {"plan": lambda w, s: [HttpRequest("PUT", "x", None) for _ in w]}),
    "renders more": (
        "D1",
        rendering(lambda d, c, s: (w := d.render(c, s)) and replace(w, properties={**w.properties, "x": "y"})),
    ),
    "sends nulls": ("D2", rendering(nulls)),
    "forgets ids": ("D3", rendering(lambda d, c, s: d.render(replace(c, external_ids=()), s))),
    "forgets the mirror": ("D4", rendering(lambda d, c, s: d.render(replace(c, mirror={}), s))),
    "keeps the other record": (
        "D5",
        rendering(lambda d, c, s: d.render(replace(c, external_ids=c.external_ids[::-1]), s)),
    ),
    "writes the suppressed": (
        "D6",
        rendering(lambda d, c, s: d.render(replace(c, profile=c.profile.model_copy(update={"suppressed": False})), s)),
    ),
    "does not erase": ("D7", rendering(lambda d, c, s: d.render(replace(c, erased=False), s))),
    "swallows errors": ("D8", blind),
    "sends everything at once": ("D9", all_in_one),
    "calls other hosts": ("D10", leaving_home),
    "logs people": ("D11", talkative),
    "mirrors too little": ("D12", rendering(thin_mirror)),
    "offers a refused value again": (
        "D15",
        rendering(lambda d, c, s: (w := d.render(c, s)) and replace(w, alternatives=same_again(w.properties))),
    ),
}


def test_a_sound_destination_breaks_no_law(destination_case: ConnectorCase):
    assert broken_laws(destination_case) == set()


@pytest.mark.parametrize("what", DESTINATION_BREAKS)
def test_a_destination_that_breaks_a_law_is_found(destination_case: ConnectorCase, what: str):
    law, change = DESTINATION_BREAKS[what]
    assert law in broken_laws(with_destination(destination_case, **change(destination_case.destination)), law)


def test_a_settings_model_that_takes_anything_is_found(destination_case: ConnectorCase):
    model = destination_case.manifest.settings
    loose = type("Loose", (model,), {"model_config": ConfigDict(extra="allow")})
    assert broken_laws(with_manifest(destination_case, settings=loose)) == {"D13"}


def test_who_does_not_read_what_is_refused_has_to_say_why(destination_case: ConnectorCase):
    offered = dict(destination_case.manifest.not_offered)
    del offered["refused values"]
    assert broken_laws(with_manifest(destination_case, not_offered=offered)) == {"D15"}


def test_a_byte_limit_is_held(destination_case: ConnectorCase):
    assert "D9" in broken_laws(with_manifest(destination_case, limits=Limits(batch=1, max_bytes=40)), "D9")


def test_a_connector_that_cannot_be_loaded_has_one_failing_check(tmp_path: Path):
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme/__init__.py").write_text("raise RuntimeError('no')")
    with pytest.raises(ConfigError, match="cannot be loaded: RuntimeError: no"):
        load_folder(tmp_path / "acme")


@pytest.mark.parametrize(
    ("allowed", "told"),
    [
        ({}, True),
        ({"/{database}/rest/party?": "x"}, False),
        ({"/{database}/rest?": "x"}, True),
        ({"/{database}/rest/party/": "x"}, True),
    ],
)
def test_a_query_is_read_also_in_base64_unless_its_very_path_may_name_a_person(
    allowed: dict[str, str], told: bool
) -> None:
    case = SimpleNamespace(manifest=SimpleNamespace(personal_paths=allowed), settings=SimpleNamespace(base_url=None))
    hidden = b64encode(b"anna@example.com").decode()
    request = httpx.Request("GET", "https://crm.example.com/shop/rest/party", params={"d": hidden})
    assert ("anna@example.com" in send_laws._shown(case, request)) == told  # type: ignore[arg-type]
