"""Loads a connector's samples from its folder, in the one layout every connector has.

Source:      ``samples/<topic, "/" as ".">/<case>/`` with ``body.json`` or ``body.form`` (the exact bytes),
             ``headers.json``, ``query.json`` and ``completions/`` where there are any, ``expected.json``
Backfill:    ``samples/backfill/<case>.json``, a list of exchanges
Destination: ``samples/write/<case>/`` with ``change``, ``write``, ``requests``, ``responses``, ``result`` (``.json``)

A file that is missing or misspelt is an AssertionError naming it, raised when the law that needs it runs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from hub.sdk.destination import Change, OrderChange, ProfileChange, Write
from hub.sdk.source import EventName, InboxEntry, RawDelivery

RECEIVED_AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
"""When every sample arrives; the signatures of schemes with a timestamp carry it."""

CONNECTION = "sample"
RESERVED = frozenset({"backfill", "write"})
_CHANGES: Mapping[str, TypeAdapter[Any]] = {
    "ProfileChange": TypeAdapter(ProfileChange),
    "OrderChange": TypeAdapter(OrderChange),
}
_CHANGE_TYPES: Mapping[str, type[ProfileChange | OrderChange]] = {
    "ProfileChange": ProfileChange,
    "OrderChange": OrderChange,
}
_WRITE = TypeAdapter(Write)


@dataclass(frozen=True, slots=True)
class SourceSample:
    """One delivery, unsigned. ``topic_folder`` is the topic with ``/`` replaced by ``.``."""

    folder: Path
    topic_folder: str
    case: str

    @property
    def id(self) -> str:
        """``<topic>/<case>``, as the test ids show it."""
        return f"{self.topic_folder}/{self.case}"

    @property
    def form(self) -> bool:
        """True when the body is form-encoded."""
        return (self.folder / "body.form").exists()

    @property
    def body(self) -> bytes:
        """The exact bytes of ``body.json`` or ``body.form``."""
        found = [self.folder / name for name in ("body.json", "body.form") if (self.folder / name).exists()]
        assert len(found) == 1, f"{self.folder}: needs body.json or body.form, exactly one"
        return found[0].read_bytes()

    @property
    def completions(self) -> dict[str, bytes]:
        """Body by file name; the name a connector asks for has ``/`` where the file has ``.``."""
        return {path.stem: path.read_bytes() for path in sorted((self.folder / "completions").glob("*.json"))}

    @property
    def expected(self) -> Any:
        """``{"events": [...]}`` or ``{"skipped": reason}``."""
        return read_json(self.folder / "expected.json")

    def delivery(self, slug: str) -> RawDelivery:
        """The delivery before it is signed."""
        query_file = self.folder / "query.json"
        headers = read_json(self.folder / "headers.json")
        assert all(name == name.lower() for name in headers), f"{self.folder}/headers.json: names are lower case"
        return RawDelivery(
            method="POST",
            url=f"https://hub.example.com/webhooks/{slug}",
            query=read_json(query_file) if query_file.exists() else {},
            headers=headers,
            body=self.body,
            received_at=RECEIVED_AT,
        )


@dataclass(frozen=True, slots=True)
class BackfillSample:
    """A recorded walk over a vendor's list endpoint."""

    file: Path

    @property
    def id(self) -> str:
        """``backfill/<case>``."""
        return f"backfill/{self.file.stem}"

    @property
    def exchanges(self) -> list[dict[str, Any]]:
        """The requests and responses, in order."""
        exchanges: list[dict[str, Any]] = read_json(self.file)
        return exchanges


@dataclass(frozen=True, slots=True)
class WriteSample:
    """One change on its way to a destination."""

    folder: Path

    @property
    def id(self) -> str:
        """``write/<case>``."""
        return f"write/{self.folder.name}"

    @property
    def change(self) -> Change:
        """The change; an unknown key in the file is an error."""
        document = read_json(self.folder / "change.json")
        kind = document.pop("type", None)
        assert kind in _CHANGES, f"{self.folder}/change.json: type is one of {', '.join(_CHANGES)}"
        unknown = set(document) - {field.name for field in fields(_CHANGE_TYPES[kind])}
        assert not unknown, f"{self.folder}/change.json: unknown keys {', '.join(sorted(unknown))}"
        change: Change = _validated(_CHANGES[kind], document, self.folder / "change.json")
        return change

    @property
    def write(self) -> Write | None:
        """The write that ``render`` has to give, None when nothing differs."""
        document = read_json(self.folder / "write.json")
        if document is None:
            return None
        unknown = set(document) - {field.name for field in fields(Write)}
        assert not unknown, f"{self.folder}/write.json: unknown keys {', '.join(sorted(unknown))}"
        write: Write = _validated(_WRITE, document, self.folder / "write.json")
        return write

    def exchange(self, name: str) -> list[dict[str, Any]]:
        """``requests``, ``responses`` or ``result``; a change that needs no write may leave them out."""
        path = self.folder / f"{name}.json"
        if not path.exists() and self.write is None:
            return []
        entries: list[dict[str, Any]] = read_json(path)
        return entries


def source_samples(folder: Path) -> list[SourceSample]:
    """Every delivery sample below ``samples/``, sorted."""
    topics = sorted(path for path in (folder / "samples").glob("*") if path.is_dir() and path.name not in RESERVED)
    return [
        SourceSample(case, topic.name, case.name)
        for topic in topics
        for case in sorted(topic.glob("*"))
        if case.is_dir()
    ]


def backfill_samples(folder: Path) -> list[BackfillSample]:
    """Every recorded walk, sorted."""
    return [BackfillSample(path) for path in sorted((folder / "samples" / "backfill").glob("*.json"))]


def write_samples(folder: Path) -> list[WriteSample]:
    """Every destination sample, sorted."""
    return [WriteSample(path) for path in sorted((folder / "samples" / "write").glob("*")) if path.is_dir()]


def entry_of(
    delivery: RawDelivery, name: EventName, completions: Mapping[str, bytes] | None = None, *, body: bytes | None = None
) -> InboxEntry:
    """The inbox entry a verified delivery becomes."""
    return InboxEntry(
        connection=CONNECTION,
        event_id=name.event_id,
        topic=name.topic,
        headers=delivery.headers,
        body=delivery.body if body is None else body,
        received_at=delivery.received_at,
        completions=completions or {},
    )


def read_json(path: Path) -> Any:
    """The decoded file; AssertionError when it is missing or no JSON."""
    assert path.exists(), f"{path}: is missing"
    try:
        return json.loads(path.read_bytes())
    except ValueError as error:
        raise AssertionError(f"{path}: {error}") from None


def _validated(adapter: TypeAdapter[Any], document: Any, path: Path) -> Any:
    try:
        return adapter.validate_python(document, strict=False)
    except ValidationError as error:
        raise AssertionError(f"{path}: {error}") from None
