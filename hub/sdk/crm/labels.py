"""Labels of a shop's customers: segments, stage, language and loyalty, as tags or custom fields, and nothing else.

A shop is where people's data come from. Hub writes back what it worked out itself, to the customers that the shop told
it of, and to nothing they or the shop's people typed. So there is no search and nothing is made: a customer's id is
that of the shop's own record.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from pydantic import Field

from hub.errors import HubError
from hub.sdk.crm import facts
from hub.sdk.crm.calls import Caller, parts, scrub
from hub.sdk.crm.dialect import Batch, Item, Problem
from hub.sdk.crm.mailing_map import met
from hub.sdk.crm.rendering import differs, with_cleared
from hub.sdk.destination import Change, Destination, HttpRequest, OrderChange, Write, WriteResult
from hub.sdk.http import HttpClient
from hub.sdk.manifest import ConnectionSettings

FIELDS = {"stage": "traits.stage", "segments": "traits.segments", "language": "language_code", "loyalty": "loyalty_ids"}
"""Each label to what of a profile it is."""

TAGS, CUSTOMERS = "tags", "customers"
"""Where a write holds the tags, by ";", and whose they are: the ids of the person's customers in the shop."""

ADD, REMOVE = "add", "remove"
"""Where an item holds the tags to give and to take."""


class LabelSettings(ConnectionSettings):
    """What a connection to a shop may set so that Hub labels its customers."""

    customers_from: str | None = Field(
        None,
        description="Name of this very connection, so that a route to it labels its customers with segments, stage, "
        "language and loyalty numbers; without it nothing is written to the shop.",
    )


Own = TypeVar("Own", bound=LabelSettings)


@dataclass(frozen=True, slots=True)
class Labels(Generic[Own]):
    """How a shop takes labels. An item's ``id`` is a customer's, its properties labels, "" to clear one, and tags.

    ``tags`` are the tags Hub gives, each to who gets it.
    """

    batch: Batch[Own]
    tags: Callable[[Own], Mapping[str, str]] = field(default=lambda settings: {})

    def render(self, change: Change, settings: Own) -> Write | None:
        """The minimal write, or None: for a person whom this shop did not tell of, and where nothing differs."""
        if isinstance(change, OrderChange):
            return None
        profile, key = change.profile, str(change.profile.id)
        first = change.external_ids[0] if change.external_ids else None
        held = str(change.mirror.get(CUSTOMERS) or "").split(";")
        before = [one for one in (*held, *change.external_ids) if one]
        if change.erased:
            body = {CUSTOMERS: list(dict.fromkeys(before))}
            return Write("profile", key, first, {}, {}, body=body, erase=True, uncertain=change.uncertain)
        theirs = (one for one in profile.records if one.connection == settings.customers_from)
        ids = sorted({one.external_id for one in theirs if one.kind == "customer"})
        if profile.suppressed or not ids:
            return None
        told = {**facts.of_profile(profile, FIELDS, facts.day), TAGS: met(profile, self.tags(settings))}
        wanted = {name: value for name, value in {**told, CUSTOMERS: ";".join(ids)}.items() if value}
        mirror = with_cleared(wanted, change.mirror)
        differing = differs(mirror, change.mirror)
        if not differing:
            return None
        new = [one for one in ids if one not in held] if not change.uncertain else ids
        body = {CUSTOMERS: ids, "new": new}
        return Write(
            "profile", key, first, differing, mirror, (("hub_profile_id", key),), uncertain=change.uncertain, body=body
        )

    def items(self, write: Write, settings: Own) -> Iterator[Item]:
        """What goes to each customer of the person. One that is new to them loses what another person had there."""
        for customer in write.body[CUSTOMERS]:
            whole = write.erase or customer in write.body.get("new", ())
            told = {name: write.mirror.get(name, "") for name in FIELDS} if whole else dict(write.properties)
            properties: dict[str, Any] = {name: value for name, value in told.items() if name in FIELDS}
            if whole or TAGS in write.properties:
                given = str(write.mirror.get(TAGS) or "").split(";")
                properties[ADD] = [one for one in given if one]
                properties[REMOVE] = [one for one in self.tags(settings) if one not in given]
            one = replace(write, key=f"{write.key} {customer}", external_id=customer)
            if properties.keys() - {ADD, REMOVE} or properties.get(ADD) or properties.get(REMOVE):
                yield Item(one, customer, properties)

    def send(self, writes: Sequence[Write], client: HttpClient, settings: Own) -> Sequence[WriteResult]:
        """Send a batch; one result per write. Everything sent is safe to send again. Raises the error tree."""
        caller = Caller(client, settings)
        of_write = {item.write.key: write for write in writes for item in self.items(write, settings)}
        items = [item for write in writes for item in self.items(write, settings)]
        sent = Counter(write.key for write in of_write.values())
        problems: dict[str, list[Problem]] = {}
        answered: set[str] = set()
        try:
            for part, answers in caller.by_call(self.batch, items):
                for item in part:
                    answer = answers[item.write.key]
                    answered.add(item.write.key)
                    if isinstance(answer, Problem):
                        problems.setdefault(of_write[item.write.key].key, []).append(answer)
        except HubError as error:
            left = {of_write[item.write.key].key for item in items if item.write.key not in answered}
            done = [write for write in writes if write.key not in left]
            error.done = [self.result(write, problems.get(write.key, ()), sent[write.key]) for write in done]
            error.begun = {write.key for write in writes if write.key in left}
            raise
        return [self.result(write, problems.get(write.key, ()), sent[write.key]) for write in writes]

    def result(self, write: Write, problems: Sequence[Problem], sent: int) -> WriteResult:
        """What became of a person of ``sent`` customers: one that is gone keeps the others from nothing."""
        customers = write.body[CUSTOMERS]
        record = write.external_id or next(iter(customers), None)
        words = "; ".join(dict.fromkeys(scrub(one.words, ()) for one in problems))
        if any(one.kind in ("later", "undone", "conflict") for one in problems):
            return WriteResult(write.key, "retry", write.external_id, words)
        gone = [one for one in problems if one.kind == "gone"]
        if len(gone) < len(problems) or (gone and len(gone) == sent and not write.erase):
            return WriteResult(write.key, "rejected", write.external_id, words)
        left = {name: value for name, value in write.mirror.items() if value != ""}
        return WriteResult(write.key, "delivered", record, mirror=left if left != write.mirror else None)

    def plan(self, writes: Sequence[Write], settings: Own) -> Sequence[HttpRequest]:
        """The requests of a batch. Pure."""
        items = [item for write in writes for item in self.items(write, settings)]
        return [
            replace(self.batch.call(part, settings).request, accept=frozenset()) for part in parts(self.batch, items)
        ]

    def destination(self, **options: Any) -> Destination[Own]:
        """The destination; ``options`` are further fields of it."""
        return Destination(
            render=self.render,
            plan=self.plan,
            send=self.send,
            essential=frozenset({CUSTOMERS}),
            takes_orders=lambda settings: False,
            **options,
        )
