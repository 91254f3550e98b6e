"""What a CRM's API can do, as its connector declares it: how each request is put, and what each answer means. Pure.

A dialect sends nothing. It makes requests and reads answers; ``hub.sdk.crm.writing`` decides which are sent, in what
order, and what follows from them. An operation that a CRM does not have is left out, and the algorithm takes another
way: without ``upsert`` it looks first and then creates or updates.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal, TypeVar

import httpx

from hub.errors import Refusal
from hub.sdk.destination import ActivityChange, HttpRequest, Write
from hub.sdk.manifest import Settings

T = TypeVar("T")
Key = tuple[str, str]
"""A property and a value under which a record may be found."""

EMAIL = "email"
"""The key by which a person is looked up by e-mail, whatever the CRM calls its property."""

Script = Generator[HttpRequest, httpx.Response, T]
"""Several requests of which one hangs on the answer before: each is yielded, and its answer sent back in."""


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One request, and how its answer is read. ``read`` raises Unavailable (uncertain) where the answer breaks off."""

    request: HttpRequest
    read: Callable[[httpx.Response], T]


@dataclass(frozen=True, slots=True)
class Item:
    """One record to be written. ``id`` is the record's id there, None where it is to be made; ``write.key`` is ours.

    ``there`` is the record as it is now, where one of the properties is among ``People.lists``; None if it is gone.
    """

    write: Write
    id: str | None
    properties: Mapping[str, Any]
    there: Found | None = None
    left: frozenset[str] = frozenset()
    """Properties that are not sent, because what stands there is to stay."""

    def without(self, name: str) -> Item:
        """The same without one property."""
        return replace(self, properties={key: value for key, value in self.properties.items() if key != name})


@dataclass(frozen=True, slots=True)
class Found:
    """A record as it is there now.

    ``owner``     Hub's own id that it carries (of the profile or the order); None where Hub did not write it
    ``keys``      (property, value) pairs under which it was found or could be; values as ``Write.match`` spells them
    ``borrowed``  those of them that it has from a record that was merged into it
    ``formerly``  ids that lead to this record because it was merged
    ``values``    what it holds, as far as its dialect needs it to complete a list (``People.lists``)
    ``bare``      only the id is known, from a search that tells no more: it is read before anything follows from it
    """

    id: str
    owner: str | None = None
    keys: frozenset[Key] = frozenset()
    borrowed: frozenset[Key] = frozenset()
    formerly: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict, compare=False)
    bare: bool = False

    def pairs(self, own: str) -> frozenset[Key]:
        """All keys it is known by, Hub's own id among them."""
        return self.keys | {(own, self.owner)} if self.owner else self.keys

    def is_of(self, write: Write, own: str) -> bool:
        """False when Hub wrote this record for somebody else."""
        return not self.owner or (own, self.owner) in write.match


@dataclass(frozen=True, slots=True)
class Made:
    """One record was written. ``new`` when it was made just now."""

    id: str
    new: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """One record was not written; ``words`` are the CRM's own.

    ``gone``      there is no record of that id; with ``holders`` it was merged, and to read them tells into which
    ``conflict``  another record has a value that only one may have; ``holders`` are the ids of those that have it, as
                  far as the answer names them
    ``refused``   the values are refused, trying again would not help; ``refused`` names them where the answer does
    ``later``     not now: a locked row, or no answer for this record
    ``undone``    nothing is wrong with it: the call was undone as a whole for another record's sake
    """

    words: str
    kind: Literal["gone", "conflict", "refused", "later", "undone"] = "later"
    refused: tuple[Refusal, ...] = ()
    holders: tuple[str, ...] = ()


Answers = Mapping[str, Made | Problem]
"""What became of each item, by ``write.key``. An item that is missing counts as ``later``."""


@dataclass(frozen=True, slots=True)
class Batch(Generic[Settings]):
    """A call that writes up to ``size`` records; with ``alike`` only such for which it gives the same.

    ``revives``  True of an update that would bring back a record which people deleted or merged away, or make it anew
                 with what has changed alone: Hub asks before which are there
    """

    size: int
    call: Callable[[Sequence[Item], Settings], Call[Answers]]
    alike: Callable[[Item], Hashable] | None = None
    revives: bool = False


@dataclass(frozen=True, slots=True)
class People(Generic[Settings]):
    """What can be done with the records of people.

    ``own``      the property of Hub's own that holds the profile's id; by it a record is known as Hub's
    ``email``    the property of the main e-mail; as a key an e-mail is always called ``EMAIL``, whichever it is of
    ``unique``   properties of which the CRM itself lets only one record have a value: it refuses a second one with a
                 conflict. Where a person may be known by anything else, Hub looks before it creates
    ``find``     the records that have any of these keys; ``read`` those behind these ids now, under whatever id they
                 have after a merge. Both leave out what does not exist
    ``create``   or ``upsert`` by ``own``, or both; ``upsert`` where there is one
    ``lists``    properties that are part of a list which an update replaces as a whole (several e-mails): the record is
                 read first and given as ``Item.there``, so that what people added stays
    ``values``   what stands in these properties of these records, by id as asked for; for a mapping file's rules of
                 writing (``Write.rules``). A record that is gone is left out
    ``form``     a value of Hub's as ``values`` gives it back, where the CRM spells it otherwise
    ``opt_outs`` properties that are the CRM's own opt-outs, and the properties each is said again with. Hub sets them,
                 and never takes them back
    ``rereads``  True where such a list holds opt-outs: each record is read just before it is written, so that one which
                 is made there meanwhile is not lost
    ``settle``   what is left to do for a record that was just made or updated, where one call cannot do it; raises
                 RejectedError where the CRM refuses
    ``merge``    make the second record part of the first; gives the id of the record that is left. It may raise
                 RejectedError or NotFound where one of them exists no more
    ``free``     take a value from a record that got it by a merge that was undone
    ``erase``    delete or anonymise; raises RejectedError where the CRM refuses
    ``opt_out``  end the CRM's own subscriptions of these e-mails; gives what was refused, by e-mail ("" for all)
    """

    own: str
    find: Callable[[Sequence[Key], Settings], Iterable[Call[Sequence[Found]]]]
    read: Callable[[Sequence[str], Settings], Iterable[Call[Sequence[Found]]]]
    update: Batch[Settings]
    erase: Callable[[str, Settings], Script[None]]
    create: Batch[Settings] | None = None
    upsert: Batch[Settings] | None = None
    email: str = EMAIL
    lists: frozenset[str] = frozenset()
    unique: frozenset[str] = frozenset()
    opt_outs: Mapping[str, frozenset[str]] = field(default_factory=dict)
    rereads: bool = False
    values: Callable[[Sequence[str], Sequence[str], Settings], Script[Mapping[str, Mapping[str, Any]]]] | None = None
    form: Callable[[str, Any, Settings], Any] | None = None
    settle: Callable[[str, Item, Settings], Script[None]] | None = None
    merge: Callable[[str, str, Settings], Script[str]] | None = None
    free: Callable[[str, Key, Settings], Script[None]] | None = None
    opt_out: Callable[[Sequence[str], Settings], Script[Mapping[str, str]]] | None = None
    opt_out_size: int = 100


@dataclass(frozen=True, slots=True)
class Lines(Generic[Settings]):
    """How what was ordered is kept as records of their own below the order's, each upserted by Hub's key in ``own``.

    ``find`` as of people, by that key; ``link`` puts lines below orders, given as (line's id, order's id) pairs, and
    gives what was refused, by the order's id ("" for all); ``delete`` takes lines away.
    """

    own: str
    upsert: Batch[Settings]
    find: Callable[[Sequence[Key], Settings], Iterable[Call[Sequence[Found]]]]
    link: Callable[[Sequence[tuple[str, str]], Settings], Script[Mapping[str, str]]]
    delete: Callable[[Sequence[str], Settings], Script[None]]


@dataclass(frozen=True, slots=True)
class Orders(Generic[Settings]):
    """What can be done with the records of orders (deals, sales orders, opportunities).

    ``link`` associates orders with people, given as (order's id, person's id) pairs, and gives what was refused, by
    order's id ("" for all); ``unlink`` takes such a link away. Without them the person's id is one of the order's
    properties: ``link_property`` names it, and ``render`` has put it there. ``values`` and ``form`` as of people.
    """

    own: str
    update: Batch[Settings] | None = None
    create: Batch[Settings] | None = None
    upsert: Batch[Settings] | None = None
    find: Callable[[Sequence[Key], Settings], Iterable[Call[Sequence[Found]]]] | None = None
    link: Callable[[Sequence[tuple[str, str]], Settings], Script[Mapping[str, str]]] | None = None
    unlink: Callable[[Sequence[tuple[str, str]], Settings], Script[None]] | None = None
    link_size: int = 100
    link_property: str | None = None
    lines: Lines[Settings] | None = None
    values: Callable[[Sequence[str], Sequence[str], Settings], Script[Mapping[str, Mapping[str, Any]]]] | None = None
    form: Callable[[str, Any, Settings], Any] | None = None


@dataclass(frozen=True, slots=True)
class Activities(Generic[Settings]):
    """How an entry is appended to the history of the person ``Write.links[0]``. It is never updated.

    ``own``         the property that holds Hub's own key of it; "" where the CRM has none, and the text itself ends
                    with it (``hub.sdk.crm.activities.reference``). What is found names it as ``Found.owner``
    ``properties``  pure: what the entry holds, beside ``own``
    ``find``        of these entries those that stand there, as the CRM knows them at once after it made them; None
                    where ``create`` of a key that stands there makes no second one
    ``create``      appends entries
    ``guarded``     True where the CRM itself refuses a second entry of the same key with a conflict: then Hub looks
                    only after an unknown outcome; else before each
    ``checks_person``  True where an entry of a person that is gone is taken, or refused as if Hub might not write at
                    all: Hub looks for the person before
    ``tasks``       how a task is made where the CRM keeps tasks; None where it stands there as any other entry
    ``forget``      take all entries of Hub's away from a person who is to be erased, where ``People.erase`` does not
    """

    own: str
    properties: Callable[[ActivityChange, Settings], Mapping[str, Any]]
    create: Batch[Settings]
    find: Callable[[Sequence[Write], Settings], Iterable[Call[Sequence[Found]]]] | None = None
    guarded: bool = False
    checks_person: bool = False
    forget: Callable[[str, Settings], Script[None]] | None = None
    tasks: Activities[Settings] | None = None

    @property
    def kinds(self) -> Sequence[Activities[Settings]]:
        """Entries as such, and tasks where those are apart."""
        return (self, self.tasks) if self.tasks else (self,)

    def of(self, write: Write) -> Activities[Settings]:
        """How this entry is appended."""
        return self.tasks if self.tasks and write.body.get("task") else self


@dataclass(frozen=True, slots=True)
class Companies(Generic[Settings]):
    """How the company of a person is written where the CRM keeps companies as records of their own.

    ``name`` is the property of the person in which ``render`` leaves the company's name, ``id`` the one that takes the
    id of the company's record instead. A company is looked up by its name and created where there is none; one that
    exists is never changed. ``find`` gives records whose ``keys`` hold (``name``, the name as asked for).
    """

    name: str
    id: str
    find: Callable[[Sequence[str], Settings], Iterable[Call[Sequence[Found]]]]
    create: Callable[[str, Settings], Call[str]]


@dataclass(frozen=True, slots=True)
class Dialect(Generic[Settings]):
    """A CRM's API, as far as Hub writes to it.

    ``opts_out`` tells whether a profile's write has to end the CRM's own subscriptions.
    """

    people: People[Settings]
    orders: Orders[Settings] | None = None
    companies: Companies[Settings] | None = None
    opts_out: Callable[[Write, Settings], bool] = field(default=lambda write, settings: False)
    activities: Activities[Settings] | None = None
