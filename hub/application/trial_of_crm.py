"""What a live CRM makes of an invented person: which promises it holds (``hub connector try``).

The person is called Hub Canary and has an e-mail at example.com that nobody has. Nothing is written to a record that
was there before, and whatever was made is erased in the end, also after a failure.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID, uuid5

import httpx

from hub.errors import HubError, RefusedError
from hub.model.address import Address
from hub.model.customer import PersonName
from hub.model.profile import ConsentSummary, Profile
from hub.sdk.connection import Connection, open_client
from hub.sdk.crm.calls import Caller
from hub.sdk.crm.dialect import EMAIL, Item, Key, Made, People
from hub.sdk.crm.finding import lookup
from hub.sdk.crm.items import creation
from hub.sdk.destination import Destination, ProfileChange, Write
from hub.sdk.http import Budget, HttpClient, json_of
from hub.sdk.manifest import Capability

AT = datetime(2026, 1, 1, tzinfo=UTC)
PAUSE_SECONDS = 1.0
LONG = 12
"""From how many letters on a value within another one is no accident."""


@dataclass(frozen=True, slots=True)
class Promise:
    """One thing a CRM should do. ``must``: Hub cannot write to it otherwise; ``holds`` is None where nobody knows."""

    name: str
    holds: bool | None
    said: str = ""
    must: bool = True

    @property
    def is_broken(self) -> bool:
        """True where Hub cannot do without it."""
        return self.must and self.holds is False

    @property
    def in_words(self) -> Literal["yes", "no", "unknown"]:
        """For people."""
        return "unknown" if self.holds is None else "yes" if self.holds else "no"


def try_crm(
    connection: Connection,
    canary: UUID,
    *,
    patience: float = 60.0,
    transport: httpx.BaseTransport | None = None,
    budget: Budget | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> list[Promise]:
    """Try a connection with a person of this id, and wait ``patience`` seconds at most for a search to find them.

    Raises RefusedError where it is no CRM, or somebody is there already; ConfigError where its API is unknown.
    """
    destination = connection.connector.destination
    if destination is None or destination.dialect is None:
        raise RefusedError(f"connection {connection.name!r} is no CRM that people are written to")
    with open_client(connection, destination, transport=transport, budget=budget) as client:
        if destination.prepare is not None:
            destination.prepare(client, connection.settings)
        dialect, settings = destination.dialect(client, connection.settings)
        trial = _Trial(connection, destination, client, dialect.people, Caller(client, settings), canary, patience)
        trial.clock, trial.sleep = clock, sleep
        trial.require_nobody()
        try:
            for step in (trial.create, trial.find, trial.keeps, trial.twice, trial.update, trial.opt_out, trial.erase):
                trial.promises.extend(step())
                if trial.record is None:
                    break
        except HubError as error:
            trial.promises.append(Promise("goes through to the end", False, f"{type(error).__name__}: {error}"))
        finally:
            trial.promises.append(trial.clean_up())
    return trial.promises


def _email(canary: UUID) -> str:
    return f"hub-canary-{canary.hex}@example.com"


@dataclass
class _Trial:
    connection: Connection
    destination: Destination[Any]
    client: HttpClient
    people: People[Any]
    caller: Caller[Any]
    canary: UUID
    patience: float
    promises: list[Promise] = field(default_factory=list)
    made: set[str] = field(default_factory=set)
    record: str | None = None
    mirror: Mapping[str, Any] = field(default_factory=dict)
    written: Mapping[str, Any] = field(default_factory=dict)
    tells_all: bool = False
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    @property
    def email(self) -> str:
        return _email(self.canary)

    @property
    def other(self) -> UUID:
        """The id of a second person with the same e-mail."""
        return uuid5(self.canary, "other")

    def person(
        self, key: UUID | None = None, last: str = "Canary", out: bool = False, email: str | None = None
    ) -> Profile:
        last = f"{last} {self.canary.hex[:6]}"
        said = ConsentSummary(purpose="marketing", channel="email", state="opted_out", at=AT)
        return Profile(
            id=key or self.canary,
            created_at=AT,
            updated_at=AT,
            name=PersonName(first="Hub", last=last, full=f"Hub {last}"),
            emails=(email or self.email,),
            phones=("+493023125987",),
            addresses=(Address(line1="Lindenstraße 12", postal_code="10969", city="Berlin", country="DE"),),
            consents=(said,) if out else (),
        )

    def rendered(self, profile: Profile, *, erased: bool = False) -> Write | None:
        ids = (self.record,) if self.record else ()
        change = ProfileChange(profile, 1, ids, self.mirror, erased=erased)
        return self.destination.render(change, self.connection.settings)

    def write_of(self, profile: Profile) -> Write:
        """As for somebody who is new."""
        write = self.destination.render(ProfileChange(profile, 1), self.connection.settings)
        assert write is not None, "a person who is new is always written"
        return write

    def sent(self, write: Write) -> str | None:
        """Send a write; gives why it was not delivered, None where it was."""
        [result] = self.destination.send([write], self.client, self.connection.settings)
        if result.external_id:
            self.made.add(result.external_id)
        if result.outcome != "delivered":
            return result.reason or result.outcome
        self.record = result.external_id or self.record
        self.mirror = write.mirror if result.mirror is None else result.mirror
        return None

    def hits(self, key: Key | None = None) -> list[str]:
        """The canary's records by all its keys, or by one."""
        writes = [self.write_of(self.person()), self.write_of(self.person(self.other))]
        mine = {str(self.canary), str(self.other), None}
        found = lookup(self.people, self.caller, writes)
        hits = [hit for pair, several in found.items() if key in (None, pair) for hit in several if hit.owner in mine]
        return list(dict.fromkeys(hit.id for hit in hits))

    def leaves(self) -> list[tuple[str, Any]]:
        """Every value that a read of the record tells, by its name."""
        calls = self.people.read([str(self.record)], self.caller.settings)
        return [leaf for call in calls for leaf in _leaves(json_of(self.caller.request(call.request)))]

    def held(self, write: Write) -> list[tuple[str, Any]]:
        """The same of what a write sets: by the dialect's own names, where it reads values by them."""
        if self.people.values is None:
            return self.leaves()
        script = self.people.values([str(self.record)], [*write.properties], self.caller.settings)
        return [leaf for values in self.caller.run(script).values() for leaf in _leaves(values)]

    # -- one after the other

    def require_nobody(self) -> None:
        if self.hits():
            raise RefusedError("somebody is there with the invented e-mail or id; nothing was written")

    def create(self) -> Iterator[Promise]:
        write = self.write_of(self.person())
        self.written = write.mirror
        reason = self.sent(write)
        yield Promise("makes a new person", reason is None, reason or f"record {self.record}")

    def find(self) -> Iterator[Promise]:
        since = self.clock()
        for name, key in (("its own key", (self.people.own, str(self.canary))), ("its e-mail", (EMAIL, self.email))):
            while not (found := self.record in self.hits(key)) and self.clock() - since < self.patience:
                self.sleep(PAUSE_SECONDS)
            seconds = self.clock() - since
            said = f"after {seconds:.0f} s" if found else f"not within {seconds:.0f} s"
            yield Promise(f"finds the record by {name}", found, said)

    def keeps(self) -> Iterator[Promise]:
        told = self.leaves()
        changed: list[str] = []
        untold: list[str] = []
        for name, value in self.written.items():
            named = [leaf for place, leaf in told if _last(place) == _last(name)]
            wanted = list(_leaves(value))
            if all(any(_same(leaf, one) for _, leaf in told) for _, one in wanted):
                continue
            (changed if named else untold).append(f"{name}: {named[0]!r}" if named else name)
        yield Promise("keeps values as they were written", not changed, "; ".join(changed), must=False)
        self.tells_all = not untold
        if untold:
            yield Promise("tells every value", False, ", ".join(untold), must=False)

    def twice(self) -> Iterator[Promise]:
        batch = self.people.create or self.people.upsert
        assert batch is not None, "a dialect has one of them"
        # one thing alone is the same: else nobody can tell which of them was refused
        taken = self.email
        for name, key in (("own key", self.canary), ("e-mail", self.other)):
            email = taken if name == "e-mail" else _email(self.other)
            write = self.write_of(self.person(key, last=f"Other {name}", email=email))
            item: Item = creation(write)
            answer = self.caller.write(batch, [item])[write.key]
            title = f"lets only one record have an {name}"
            if not isinstance(answer, Made):
                yield Promise(title, answer.kind in ("conflict", "refused"), answer.words, must=False)
                continue
            same = answer.id == self.record
            taken = email if same else taken  # an upsert by key gave the record that e-mail
            self.made.add(answer.id)
            yield Promise(title, same, "writes to the one there is" if same else "makes a second one", must=False)
            if not same:
                self.caller.run(self.people.erase(answer.id, self.caller.settings))

    def update(self) -> Iterator[Promise]:
        before = self.leaves()
        write = self.rendered(self.person(last="Renamed"))
        assert write is not None, "a new name is a difference"
        reason = self.sent(write)
        yield Promise("takes a change", reason is None, reason or "")
        after = self.leaves()
        names = {_last(name) for name in self.written} - {_last(name) for name in write.properties}
        lost = sorted({place for place, leaf in before if _last(place) in names and (place, leaf) not in after})
        yield Promise("leaves other fields alone", not lost, ", ".join(lost))

    def opt_out(self) -> Iterator[Promise]:
        if Capability.CONSENT not in self.connection.connector.manifest.capabilities:
            yield Promise("takes an opt-out", None, "the connector has no consent", must=False)
            return
        write = self.rendered(self.person(last="Renamed", out=True))
        reason = self.sent(write) if write else "nothing is written for it"
        yield Promise("takes an opt-out", reason is None, reason or "")
        if write is None or reason is not None or not self.tells_all:
            return
        # a system that drops a field it does not know answers as ever, and mails them all the same (law L7)
        told = self.held(write)
        lost = sorted(name for name, value in write.properties.items() if value != "" and not _told(name, value, told))
        yield Promise(
            "tells the opt-out", not lost, f"not told after it was written: {', '.join(lost)}" if lost else ""
        )

    def erase(self) -> Iterator[Promise]:
        record = str(self.record)
        write = self.rendered(self.person(last="Renamed"), erased=True)
        reason = self.sent(write) if write else "nothing is sent for it"
        assert self.destination.absent is not None
        gone = record in self.destination.absent([record], self.client, self.connection.settings)
        left = reason or ("" if gone else "the record can still be read")
        yield Promise("erases a person", not left, left)

    def clean_up(self) -> Promise:
        """Erase whatever is left. Never raises: what could not be erased is told by its id."""
        left: list[str] = []
        try:
            known = {*self.made, *self.hits()}
            gone = self.destination.absent(sorted(known), self.client, self.connection.settings)  # type: ignore[misc]
        except HubError as error:
            words = f"{type(error).__name__}; erase by hand: {', '.join(sorted(self.made)) or self.email}"
            return Promise("nothing is left behind", False, words)
        for record in sorted(known - {*gone}):
            try:
                self.caller.run(self.people.erase(record, self.caller.settings))
            except HubError:
                left.append(record)
        return Promise("nothing is left behind", not left, f"erase by hand: {', '.join(left)}" if left else "")


def _leaves(body: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(body, Mapping):
        for name, value in body.items():
            yield from _leaves(value, f"{place}.{name}".lstrip("."))
    elif isinstance(body, list | tuple):
        for value in body:
            yield from _leaves(value, place)
    else:
        yield place, body


def _told(name: str, value: Any, told: list[tuple[str, Any]]) -> bool:
    """Whether a record tells something of a value under its name."""
    there = [leaf for place, leaf in told if _last(place) == _last(name)]
    return any(_same(leaf, one) for leaf in there for _, one in _leaves(value))


def _last(place: str) -> str:
    return place.rpartition(".")[2]


def _same(told: Any, wanted: Any) -> bool:
    """Whatever the case, and with what a CRM puts around Hub's id."""
    there, ours = str(told).casefold(), str(wanted).casefold()
    return told == wanted or there == ours or (len(ours) >= LONG and ours in there)
