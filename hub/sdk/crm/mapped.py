"""What a CRM is told of people and orders: a dialect's tables of fields, and all that follows from them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from hub.mapping.fieldmap import texts_of_order
from hub.mapping.overrides import RULES, OwnFields
from hub.model.consent import ConsentChannel
from hub.model.profile import Profile
from hub.sdk.crm import facts
from hub.sdk.crm.dialect import EMAIL
from hub.sdk.crm.rendering import LINES, LINKED, order_write, profile_write
from hub.sdk.destination import Change, OrderChange, Write
from hub.sdk.manifest import ProfileSettings

Own = TypeVar("Own", bound=ProfileSettings)
Fields = Mapping[str, str]
"""A field of the CRM's to what of a profile or an order goes there."""


def _takes_orders(settings: Any) -> bool:
    return bool(settings.orders != "none")


def _tells_lines(settings: Any) -> bool:
    return bool(settings.order_lines == "text")


def _keeps_lines(settings: Any) -> bool:
    return bool(settings.order_lines == "records")


@dataclass(frozen=True, slots=True)
class CrmMap(Generic[Own]):
    """The tables, what no table can tell, and what of it all is Hub's own.

    ``own``, ``order_own``  fields of Hub's with its ids of a profile and an order; ``link_property`` as in ``Orders``
    ``email``, ``phone``    fields of the main e-mail and phone
    ``lists``               True where the fields of all e-mails and phones are lists that an update replaces as a whole
    ``facts``               Hub's own fields of people, with a name of ``facts.NAMES`` each
    ``has_facts``           False where only those with Hub's ids were made there
    ``person``              other fields of people, with such a name or a path of the profile each
    ``order``               fields of orders, with a name of ``facts.ORDER_NAMES`` each
    ``more``, ``more_of_order``  what else goes there; "" or None is left out. ``also`` names the fields that only these
                            write, and that a mapping file may change
    ``lines``               the field of orders that what was ordered goes to as text, where ``order_lines`` says so
    ``line``                fields of a line that is a record of its own, with a name of ``facts.LINE_NAMES`` each
    ``order_fields``        what people mapped of orders in the settings
    ``moment``              a moment in the CRM's own form
    ``opt_outs``            the CRM's own opt-outs, and the channels of each; ``refused`` is written where the person
                            wants no marketing by one of them
    ``essential``, ``kept`` beside Hub's ids and every opt-out: fields that are never left out, and that a mapping file
                            may not change. ``untold`` as in ``OwnFields``
    ``archives``            fields that put a record away there, with what they hold then: of who left by ``archive``
    ``reads``               fields of people that ``more`` writes, with the path each is read back to (``reading``)
    """

    own: str
    order_own: str
    facts: Fields
    person: Callable[[Own], Fields]
    order: Callable[[Own], Fields]
    order_fields: Callable[[Own], Fields]
    moment: Callable[[datetime | None], str]
    phone: str
    lines: str
    email: str = EMAIL
    line: Fields = field(default_factory=dict)
    link_property: str | None = None
    lists: bool = False
    more: Callable[[Profile, Own], Mapping[str, str | None]] = lambda profile, settings: {}
    more_of_order: Callable[[OrderChange, Own], Mapping[str, str | None]] = lambda change, settings: {}
    also: tuple[str, ...] = ()
    also_of_order: tuple[str, ...] = ()
    opt_outs: Mapping[str, tuple[ConsentChannel, ...]] = field(default_factory=dict)
    refused: str = "true"
    essential_too: tuple[str, ...] = ()
    kept_too: tuple[str, ...] = ()
    has_facts: Callable[[Own], bool] = lambda settings: True
    archives: Mapping[str, str] = field(default_factory=dict)
    reads: Callable[[Own], Fields] = lambda settings: {}
    takes_orders: Callable[[Own], bool] = _takes_orders
    untold: Callable[[str], bool] = lambda name: False
    by_fact: Mapping[str, str] = field(init=False, default_factory=dict)
    """Each of ``facts`` to its field: looked up at every write."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_fact", {fact: name for name, fact in reversed([*self.facts.items()])})

    def render(self, change: Change, settings: Own) -> Write | None:
        """The minimal write for a change, or None when nothing differs or nothing may be sent."""
        if isinstance(change, OrderChange):
            if not self.takes_orders(settings):
                return None
            wanted = self.of_order(change, settings)
            return order_write(change, wanted, own=self.order_own, link_property=self.link_property)
        return profile_write(
            change,
            self.of_profile(change.profile, settings),
            own=self.own,
            email=self.email,
            emails=self.field("emails"),
            phone=self.phone,
            phones=self.field("phones"),
            lists=self.lists,
            opt_outs=frozenset(self.opt_outs),
        )

    def of_profile(self, profile: Profile, settings: Own) -> dict[str, str]:
        """The fields of a profile's record; what the profile does not know is left out. Hub's own stay Hub's."""
        own = self.facts if self.has_facts(settings) else {self.own: "profile_id"}
        refused = facts.opted_out(profile)
        found = {
            **settings.own_properties(profile),
            **facts.of_profile(profile, {**self.person(settings), **own}, self.moment),
            **self.more(profile, settings),
            **(self.archives if profile.traits.left == "archive" else {}),
            **{name: self.refused for name, channels in self.opt_outs.items() if refused.intersection(channels)},
        }
        return settings.finished(profile, {name: value for name, value in found.items() if value})

    def of_order(self, change: OrderChange, settings: Own) -> dict[str, Any]:
        """The fields of an order's record: amounts net of refunds, and no personal value in its title."""
        found = {
            self.lines: facts.lines(change) if _tells_lines(settings) else "",
            **texts_of_order(self.order_fields(settings), change.order),
            **facts.of_order(change, self.order(settings), self.moment),
            **self.more_of_order(change, settings),
        }
        finished = settings.finished(change.order, {name: value for name, value in found.items() if value})
        return {**finished, LINES: facts.line_records(change, self.line)} if _keeps_lines(settings) else finished

    def field(self, fact: str) -> str | None:
        """Hub's own field for a fact, if there is one."""
        return self.by_fact.get(fact)

    def about(self, *channels: ConsentChannel) -> frozenset[str]:
        """The fields that an opt-out of these channels hangs on: it is said again with any of them."""
        main = self.email if "email" in channels else self.phone
        told = {"emails" if "email" in channels else "phones"}
        told |= {f"{channel}_consent{since}" for channel in channels for since in ("", "_at")}
        return frozenset({main, *(name for name, fact in self.facts.items() if fact in told)})

    def stands(self) -> Mapping[str, tuple[str, Sequence[ConsentChannel]]]:
        """The CRM's own opt-outs, for ``Source.opt_outs``."""
        return {name: (self.refused, channels) for name, channels in self.opt_outs.items()}

    def subjects(self) -> Mapping[str, frozenset[str]]:
        """The same of each opt-out, for ``People.opt_outs``."""
        return {name: self.about(*channels) for name, channels in self.opt_outs.items()}

    def ends_mailings(self, write: Write) -> bool:
        """Whether a write tells that the person wants no e-mail: of an opt-out that is news, or whose e-mails are."""
        consent = self.field("email_consent")
        return write.mirror.get(str(consent)) == "opted_out" and bool(self.about("email") & write.properties.keys())

    @property
    def essential(self) -> frozenset[str]:
        """Never left out, whatever is refused: by what a record is found, what an amount means, and every opt-out."""
        consents = (name for name, fact in self.facts.items() if fact.endswith("_consent"))
        return frozenset({self.own, self.order_own, *consents, *self.opt_outs, *self.archives, *self.essential_too})

    def own_fields(self, settings: Own) -> OwnFields:
        """What a mapping file may change: not what records are found by or linked with, no consent, no list."""
        lists = {"emails", "email_consent_at", *(("phones",) if self.lists else ())}
        kept = {LINKED, self.email, *((self.phone,) if self.lists else ()), *self.kept_too}
        kept |= {name for name, fact in self.facts.items() if fact in lists} | {self.link_property or LINKED}
        orders = (*self.order(settings), self.lines, *self.also_of_order, *self.order_fields(settings))
        return OwnFields(
            (*self.person(settings), *self.facts, *self.also, *settings.profile_fields),
            kept=kept | self.essential,
            order_written=orders if self.takes_orders(settings) else None,
            rules=RULES,
            order_rules=RULES,
            untold=self.untold,
        )
