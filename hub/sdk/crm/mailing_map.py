"""From a golden profile to the minimal write of a contact. Pure; a mailing connector's ``render`` is here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from hub.mapping.overrides import OwnFields
from hub.model.profile import Profile
from hub.sdk.crm import facts
from hub.sdk.crm.mailing import (
    ASKED,
    EMAIL,
    LISTS,
    OWN_NAMES,
    REFUSED,
    STANDS,
    SUBSCRIBED,
    TAGS,
    MailingSettings,
    condition,
)
from hub.sdk.crm.mailing_rules import ASK, BEFORE, JOIN, LEAVE, RETIRE, TAG, UNKNOWN_TIME, UNTAG
from hub.sdk.crm.rendering import profile_write
from hub.sdk.destination import Change, OrderChange, ProfileChange, Write

Own = TypeVar("Own", bound=MailingSettings)
_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""Conditions of lists and tags hang on no moment (``hub.sdk.crm.mailing.Conditions``)."""


@dataclass(frozen=True, slots=True)
class MailMap(Generic[Own]):
    """What a mailing system is told of a person.

    ``own``     the field of Hub's with the profile's id; by it a contact is known as Hub's
    ``fields``  other fields, each with a name of ``facts.of_profile`` or a path of the profile
    ``lists``, ``tags``  who gets which, by the settings
    ``moment``  a moment in the system's own form
    """

    own: str
    fields: Callable[[Own], Mapping[str, str]]
    lists: Callable[[Own], Mapping[str, str]] = lambda settings: {}
    tags: Callable[[Own], Mapping[str, str]] = lambda settings: {}
    moment: Callable[[datetime | None], str] = facts.instant

    @property
    def essential(self) -> frozenset[str]:
        """Nothing is written without them: the address, by what a contact is found, and an opt-out."""
        return frozenset({EMAIL, self.own, REFUSED})

    def own_fields(self, settings: Own) -> OwnFields:
        """What a mapping file may change: the fields, but neither the address, nor consent, lists and tags."""
        return OwnFields((*self.fields(settings), *settings.profile_fields), kept=OWN_NAMES | {self.own})

    def render(self, change: Change, settings: Own) -> Write | None:
        """The minimal write, or None where nothing differs or nothing is to be there.

        A contact is made of a person who opted in, and of nobody else. Who opted out is unsubscribed, under all of
        their addresses, whoever made the contact there.
        """
        if isinstance(change, OrderChange):
            return None
        before = _several(change.mirror.get(EMAIL))
        if change.erased:
            write = profile_write(change, {}, own=self.own)
            return write and replace(write, body={BEFORE: before}, merged_ids=change.merged_ids)
        if change.profile.suppressed:
            return None
        if not change.profile.emails:
            return self._without_address(change, before)
        wanted = self.wanted(change, settings)
        if not change.external_ids and not {SUBSCRIBED, REFUSED} & wanted.keys() and not change.uncertain:
            return None
        write = profile_write(change, wanted, own=self.own, email=EMAIL)
        return write and self._completed(write, change, settings, before)

    def wanted(self, change: ProfileChange, settings: Own) -> dict[str, str]:
        """All that is to stand there."""
        profile = change.profile
        fields = {**facts.of_profile(profile, self.fields(settings), self.moment), **settings.own_properties(profile)}
        found = settings.finished(profile, fields)
        told = {name: value for name, value in found.items() if name not in OWN_NAMES and value}
        told |= {self.own: str(profile.id), EMAIL: profile.emails[0]}
        told |= {TAGS: tags} if (tags := met(profile, self.tags(settings))) else {}
        consent = facts.consents(profile).get("email")
        at = facts.instant(consent.at) or UNKNOWN_TIME if consent else ""
        if consent and consent.state == "opted_out":
            told[REFUSED] = at
        if consent and consent.state == "opted_in":
            told[SUBSCRIBED] = at
            stays = profile.traits.left not in ("archive", "remove")
            told |= {LISTS: lists} if stays and (lists := met(profile, self.lists(settings))) else {}
            told |= {ASKED: at} if change.mirror.get(ASKED) == at else {}
            told |= {STANDS: "yes"} if change.mirror.get(REFUSED) or change.mirror.get(STANDS) else {}
        return told

    def _completed(self, write: Write, change: ProfileChange, settings: Own, before: Sequence[str]) -> Write:
        """With what follows from what stood there: whom to ask, what to join and leave, and what may be left behind."""
        held, properties = change.mirror, dict(write.properties)
        if EMAIL in properties and write.mirror.get(REFUSED):
            properties[REFUSED] = write.mirror[REFUSED]
        asked_before = [name for name in (REFUSED, ASKED) if held.get(name, "") != "" and not write.mirror.get(name)]
        lost = bool(change.external_ids) and not held
        body: dict[str, Any] = {ASK: True} if asked_before or lost or self._must_ask(change.profile, settings) else {}
        body |= {BEFORE: old} if (old := [one for one in before if one != write.mirror[EMAIL]]) else {}
        unsure: dict[str, str] = {}
        for name, more, less, all_of in (
            (LISTS, JOIN, LEAVE, self.lists(settings)),
            (TAGS, TAG, UNTAG, self.tags(settings)),
        ):
            wished = _several(write.mirror.get(name))
            there = tuple(all_of) if name in held and held[name] is None else _several(held.get(name))
            if name in properties:
                body |= {more: new} if (new := _without(wished, () if held.get(name, "") is None else there)) else {}
                body |= {less: gone} if (gone := _without(there, wished)) else {}
                unsure[name] = ";".join(dict.fromkeys((*there, *wished)))
        if EMAIL in properties:
            unsure[EMAIL] = ";".join(dict.fromkeys((*before, write.mirror[EMAIL])))
        final = ("opt out",) if properties.get(REFUSED) else ()
        return replace(
            write, properties=properties, body=body, unsure=unsure, irreversible=final, alternatives={},
        )  # fmt: skip

    def _without_address(self, change: ProfileChange, before: Sequence[str]) -> Write | None:
        """The contact of a person of whom no address is left is taken out of the mailing."""
        if not change.external_ids or not change.mirror:
            return None
        write = profile_write(change, {self.own: str(change.profile.id)}, own=self.own)
        return write and replace(write, properties={}, body={BEFORE: before, RETIRE: True})

    def _must_ask(self, profile: Profile, settings: Own) -> bool:
        country = profile.addresses[0].country if profile.addresses else None
        return "*" in settings.double_opt_in or bool(country and country in settings.double_opt_in)


def met(profile: Profile, conditions: Mapping[str, str]) -> str:
    """The names of those conditions that a profile meets, by ";"."""
    met = (name for name, text in conditions.items() if (one := condition(text)) is None or one(profile, _NO_TIME))
    return ";".join(sorted(met))


def _several(value: Any) -> tuple[str, ...]:
    return tuple(one for one in str(value or "").split(";") if one)


def _without(values: Iterable[str], others: Iterable[str]) -> list[str]:
    left = set(others)
    return [one for one in values if one not in left]
