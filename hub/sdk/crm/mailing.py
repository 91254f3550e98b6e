"""What an e-mail-marketing system's API can do, as its connector declares it. Pure.

A contact there is one address, and has what no record of a CRM has: whether it may be mailed at all. So a mailing
system has a way of its own to be written to (decision 0024), on the calls, batches and mirrors of a CRM's. A dialect
makes requests and reads answers; ``hub.sdk.crm.mailing_rules`` decides who is subscribed, asked or unsubscribed, and
``hub.sdk.crm.mailing_writing`` what is sent in which order.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, Generic, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from hub.mapping.expression.errors import ExpressionError
from hub.mapping.expression.when import Condition, compile_condition
from hub.sdk.crm.dialect import Answers, Call, Script
from hub.sdk.destination import Write
from hub.sdk.manifest import ProfileSettings, Settings

State = Literal["subscribed", "pending", "unsubscribed", "bounced", "complained", "archived", "none"]
"""How a contact stands there. ``pending`` was asked and has not answered; ``bounced`` is given up as undeliverable;
``complained`` reported a mail as spam; ``archived`` was put away by Hub itself, and nothing tells what it was before;
``none`` is on no list of Hub's."""

Act = Literal["subscribe", "ask", "unsubscribe"]
"""What is done about it. ``ask`` is the system's own confirmation mail (double opt-in): only the person's click there
subscribes."""

SILENT: frozenset[State] = frozenset({"unsubscribed", "bounced", "complained"})
"""States that end by nothing Hub does."""

EMAIL, SUBSCRIBED, REFUSED, ASKED = "email", "subscribed", "unsubscribed", "asked"
"""Where a write holds the address; the time of the opt-in or opt-out that holds ("yes" where nobody knows it); and the
opt-in for which the person was asked and has not been heard of."""

STANDS = "stands"
"""Where it holds that an opt-out still stands there which Hub wrote before: nobody but Hub said it."""

LISTS, TAGS = "lists", "tags"
"""Where it holds the lists and tags a contact is to have, by ";"."""

OWN_NAMES = frozenset({EMAIL, SUBSCRIBED, REFUSED, ASKED, STANDS, LISTS, TAGS})
"""The properties of a write that are no field of the system's."""


def _conditions(told: Any) -> Any:
    return {str(name): text or "" for name, text in told.items()} if isinstance(told, dict) else told


def _are_conditions(told: Mapping[str, str]) -> Mapping[str, str]:
    for name, text in told.items():
        try:
            found = condition(text)
        except ExpressionError as error:
            raise ValueError(f"{name}: {error}") from None
        if found is not None and found.moving:
            raise ValueError(
                f"{name}: changes with time alone; make a segment of it (docs/insight.md) and ask for that"
            )
    return told


@lru_cache(maxsize=512)
def condition(text: str) -> Condition | None:
    """A condition that was written; None for "", which everybody meets. Raises ExpressionError."""
    return compile_condition(text) if text.strip() else None


Conditions = Annotated[Mapping[str, str], BeforeValidator(_conditions), AfterValidator(_are_conditions)]
"""A list or a tag there to who gets it: a condition as in a route's ``when``, or nothing for everybody."""


class MailingSettings(ProfileSettings):
    """What every connection to a mailing system may set beside that."""

    double_opt_in: tuple[str, ...] = Field(
        (),
        description="Countries (ISO 3166) whose people are asked by the system's confirmation mail before they are "
        "subscribed; '*' for all. Who had unsubscribed is asked everywhere.",
    )


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact as it stands there now.

    ``since`` is when it got its state, as late as the system leaves that open, None where it tells nothing; ``owner``
    Hub's own id that it carries; ``left`` the lists that the person left by themselves.
    """

    id: str
    email: str
    state: State
    since: datetime | None = None
    owner: str | None = None
    left: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Entry:
    """One contact to be written. ``id`` is None where it is to be made; ``key`` is ours and unique in a batch.

    ``fields`` are the system's own, "" clears one. ``email`` is the address it is to have: a new one where ``there``
    has another. ``act`` is None where nothing about its subscription is written.
    """

    write: Write
    key: str
    id: str | None
    email: str
    fields: Mapping[str, Any]
    act: Act | None = None
    join: tuple[str, ...] = ()
    leave: tuple[str, ...] = ()
    tag: tuple[str, ...] = ()
    untag: tuple[str, ...] = ()
    there: Contact | None = None

    @property
    def renames(self) -> bool:
        """Whether its address changes."""
        return self.there is not None and self.there.email.lower() != self.email.lower()


def says_something(entry: Entry) -> bool:
    """Whether anything of a contact that is there changes."""
    told = entry.fields or entry.act or entry.join or entry.leave or entry.tag or entry.untag
    return bool(told) or entry.renames


@dataclass(frozen=True, slots=True)
class MailBatch(Generic[Settings]):
    """A call that writes up to ``size`` contacts; with ``alike`` only such for which it gives the same."""

    size: int
    call: Callable[[Sequence[Entry], Settings], Call[Answers]]
    alike: Callable[[Entry], Hashable] | None = None


@dataclass(frozen=True, slots=True)
class Step(Generic[Settings]):
    """What a system takes in a call of its own, after the contact is there.

    ``of`` names what it is about: ``SUBSCRIBED``, ``REFUSED``, ``LISTS`` or ``TAGS``. ``due`` tells who needs it.
    """

    of: str
    due: Callable[[Entry], bool]
    batch: MailBatch[Settings]


@dataclass(frozen=True, slots=True)
class Mailing(Generic[Settings]):
    """A mailing system's API, as far as Hub writes to it.

    ``find``     the contacts of these addresses; ``read`` those of these ids. Both leave out what does not exist
    ``owned``    those that carry these ids of Hub's, where the system can be asked for them: when nobody knows what
                 became of a creation, and when a person is to be erased
    ``create``   makes contacts, subscribed, asked or unsubscribed by ``Entry.act``. With ``guarded`` it refuses an
                 address that is there already with a conflict and changes nothing; else Hub looks before
    ``update``   changes contacts: never their subscription but by ``act``, which is ``unsubscribe`` or news of the
                 person themself. ``carries`` tells whether it has anything to carry for an entry; the rest is of steps
    ``steps``    what follows in calls of its own
    ``erase``    delete for good, as far as the system can
    ``retire``   take a contact out of the mailing, so that nobody is mailed twice: archive it, or take it off Hub's
                 lists. It is called for no contact that is ``SILENT`` or pending
    ``asks``     whether these settings let Hub send the system's confirmation mail
    ``reasks``   False where the confirmation mail would itself lift an unsubscription: then only who never was anything
                 there can be asked
    ``waits_out`` whether who unsubscribed stays so there while they are asked, until they answer
    ``renames``  the states in which a contact's address can be changed there
    ``confirms`` whether an opt-out that was just written stands there at once, so that it is read back (law L7)
    ``home``     reads what all contacts are in, such as an audience: asked when one is gone, so that it is not taken
                 for all of them
    """

    find: Callable[[Sequence[str], Settings], Iterable[Call[Sequence[Contact]]]]
    read: Callable[[Sequence[str], Settings], Iterable[Call[Sequence[Contact]]]]
    create: MailBatch[Settings]
    update: MailBatch[Settings]
    erase: Callable[[Contact, Settings], Script[None]]
    retire: Callable[[Contact, Settings], Script[None]]
    carries: Callable[[Entry], bool] = field(default=lambda entry: says_something(entry))
    steps: tuple[Step[Settings], ...] = ()
    guarded: bool = False
    asks: Callable[[Settings], bool] = field(default=lambda settings: False)
    reasks: bool = True
    waits_out: bool = False
    renames: Collection[State] = ()
    confirms: bool = True
    home: Callable[[Settings], Call[Any]] | None = None
    owned: Callable[[Sequence[str], Settings], Iterable[Call[Sequence[Contact]]]] | None = None
