"""What a law gets to look at: one case per sample, with the connector it belongs to."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from hub.errors import PayloadError, SkipEvent
from hub.model.event import CanonicalEvent, Note
from hub.sdk.destination import Destination
from hub.sdk.manifest import Capability, ConnectionSettings, Manifest
from hub.sdk.registry import Connector
from hub.sdk.source import EventName, InboxEntry, RawDelivery, Source
from hub.sdk.testkit.documents import decode
from hub.sdk.testkit.samples import (
    BackfillSample,
    SourceSample,
    WriteSample,
    backfill_samples,
    entry_of,
    source_samples,
    write_samples,
)

BODY = ""
"""The name of the delivery's own body among the documents of an entry; the others are completions."""


@dataclass(frozen=True, eq=False)
class ConnectorCase:
    """A connector as a whole; ``folder`` is where its samples are."""

    connector: Connector
    folder: Path

    @property
    def id(self) -> str:
        """The slug."""
        return self.manifest.slug

    @property
    def manifest(self) -> Manifest[Any]:
        """The connector's declaration."""
        return self.connector.manifest

    @cached_property
    def settings(self) -> ConnectionSettings:
        """The sample settings, validated by the connector's own model."""
        settings: ConnectionSettings = self.manifest.settings.model_validate(dict(self.manifest.sample_settings))
        return settings

    @property
    def source(self) -> Source[Any]:
        """The source; AssertionError when there is none."""
        assert self.connector.source is not None, f"{self.manifest.slug}: has no source"
        return self.connector.source

    @property
    def tells_orders(self) -> bool:
        """Whether its source tells orders. A CRM's keeps to people: its orders are those that Hub wrote."""
        source = self.connector.source
        return source is not None and source.reads is None and Capability.ORDERS in self.manifest.capabilities

    @property
    def destination(self) -> Destination[Any]:
        """The destination; AssertionError when there is none."""
        assert self.connector.destination is not None, f"{self.manifest.slug}: has no destination"
        return self.connector.destination

    def settings_with(self, **values: Any) -> ConnectionSettings:
        """The sample settings with some values replaced."""
        raw = {**self.manifest.sample_settings, **values}
        settings: ConnectionSettings = self.manifest.settings.model_validate(raw)
        return settings

    @cached_property
    def source_cases(self) -> Sequence[SourceCase]:
        """One case per delivery sample."""
        return [SourceCase(self.connector, self.folder, sample) for sample in source_samples(self.folder)]

    @cached_property
    def backfill_cases(self) -> Sequence[BackfillCase]:
        """One case per recorded walk."""
        return [BackfillCase(self.connector, self.folder, sample) for sample in backfill_samples(self.folder)]

    @cached_property
    def write_cases(self) -> Sequence[WriteCase]:
        """One case per destination sample."""
        return [WriteCase(self.connector, self.folder, sample) for sample in write_samples(self.folder)]


@dataclass(frozen=True, eq=False)
class SourceCase(ConnectorCase):
    """One delivery sample."""

    sample: SourceSample

    @property
    def id(self) -> str:
        """``shopify/orders.create/paid``."""
        return f"{self.manifest.slug}/{self.sample.id}"

    @cached_property
    def unsigned(self) -> RawDelivery:
        """The delivery as it stands in the sample."""
        return self.sample.delivery(self.manifest.slug)

    @cached_property
    def signed(self) -> RawDelivery:
        """The delivery with the headers a real sender would add."""
        return self.sign(self.unsigned)

    def sign(self, delivery: RawDelivery, settings: ConnectionSettings | None = None) -> RawDelivery:
        """Sign with the source's own scheme; a source that signs nothing gives the delivery back."""
        if self.source.sign is None:
            return delivery
        return self.source.sign(delivery, settings or self.settings)

    @cached_property
    def name(self) -> EventName:
        """Event id and topic of the signed sample."""
        return self.name_of(self.signed)

    def name_of(self, delivery: RawDelivery) -> EventName:
        """Event id and topic; a source without deliveries has its topic from the folder."""
        if self.source.name_event is None:
            return EventName(event_id=self.sample.case, topic=self.declared_topic)
        return self.source.name_event(delivery, self.settings)

    @property
    def declared_topic(self) -> str:
        """The manifest's topic for the sample's folder; AssertionError when none is declared."""
        by_folder = {topic.replace("/", "."): topic for topic in self.manifest.topics}
        assert self.sample.topic_folder in by_folder, f"{self.id}: topic {self.sample.topic_folder} is not declared"
        return by_folder[self.sample.topic_folder]

    @cached_property
    def entry(self) -> InboxEntry:
        """The inbox entry of the sample with everything ``completions`` asks for."""
        bare = entry_of(self.signed, self.name)
        files = dict(self.sample.completions)
        found: dict[str, bytes] = {}
        while self.source.completions is not None:
            asked = self.source.completions(replace(bare, completions=found), self.settings)
            wanted = [item.name for item in asked if item.name not in found]
            if not wanted:
                break
            for name in wanted:
                stem = name.replace("/", ".")
                assert stem in files, f"{self.sample.folder}/completions/{stem}.json: is asked for and missing"
                found[name] = files[stem]
        unused = set(files) - {name.replace("/", ".") for name in found}
        assert not unused, f"{self.id}: completions nobody asks for: {', '.join(sorted(unused))}"
        return replace(bare, completions=found)

    @cached_property
    def documents(self) -> Mapping[str, Any]:
        """The decoded body (under ``BODY``) and completions; no law changes them in place."""
        texts = {BODY: self.entry.body, **{name: body for name, body in self.entry.completions.items() if body}}
        return {name: decode(text, form=self.is_form(name)) for name, text in texts.items()}

    @cached_property
    def form(self) -> bool:
        """True when the body is form-encoded. The laws ask thousands of times, and the answer is on the disk."""
        return self.sample.form

    def is_form(self, document: str) -> bool:
        """True for a body that is form-encoded; completions never are."""
        return document == BODY and self.form

    def parse(self, entry: InboxEntry | None = None) -> Sequence[CanonicalEvent]:
        """Canonical events of the sample, or of a changed entry."""
        return [event for event in self.parsed(entry) if not isinstance(event, Note)]

    def parsed(self, entry: InboxEntry | None = None) -> Sequence[CanonicalEvent | Note]:
        """The same with the notes on what was left out."""
        return self.source.parse(entry or self.entry, self.settings)

    @cached_property
    def known(self) -> Any:
        """What becomes of the sample as it is."""
        return self.outcome(self.entry)

    def outcome(self, entry: InboxEntry) -> Any:
        """What becomes of an entry, as JSON: events, skipped, or the path of a PayloadError. Other errors pass."""
        try:
            return {"events": events_json(self.parse(entry))}
        except SkipEvent as skip:
            return {"skipped": str(skip)}
        except PayloadError as error:
            return {"unreadable": error.path}


@dataclass(frozen=True, eq=False)
class BackfillCase(ConnectorCase):
    """One recorded walk."""

    sample: BackfillSample

    @property
    def id(self) -> str:
        """``shopify/backfill/orders``."""
        return f"{self.manifest.slug}/{self.sample.id}"


@dataclass(frozen=True, eq=False)
class WriteCase(ConnectorCase):
    """One change on its way to a destination."""

    sample: WriteSample

    @property
    def id(self) -> str:
        """``hubspot/write/create``."""
        return f"{self.manifest.slug}/{self.sample.id}"


def events_json(events: Sequence[CanonicalEvent]) -> list[dict[str, Any]]:
    """Events as ``expected.json`` holds them."""
    return [{"type": type(event).__name__, **event.model_dump(mode="json", exclude_defaults=True)} for event in events]


def assert_same(actual: Any, expected: Any, what: str) -> None:
    """AssertionError with a unified diff of the JSON texts."""
    if actual == expected:
        return
    left, right = (_pretty(value) for value in (expected, actual))
    diff = "\n".join(difflib.unified_diff(left, right, "expected", "actual", lineterm="", n=3))
    raise AssertionError(f"{what}\n{diff}")


def _pretty(value: Mapping[str, Any] | Sequence[Any] | None) -> list[str]:
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True, default=str).splitlines()
