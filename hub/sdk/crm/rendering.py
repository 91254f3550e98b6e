"""From a change and what a CRM should hold to the minimal write. Pure; a dialect's ``render`` ends here.

A property that is "" is cleared there; it is only sent where Hub wrote a value before. What Hub does not know is left
out of ``wanted``, so that nothing people typed is overwritten by nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from hub.sdk.crm.dialect import EMAIL
from hub.sdk.destination import OrderChange, ProfileChange, Write

LINKED = "contact"
"""Where an order's mirror keeps the person's record it is linked to; no property of the CRM's. Several, by ";", where
nobody knows which."""

LINES = "order lines"
"""Where an order's mirror keeps its lines that are records of their own, as ``Lines`` has them; no property of the
CRM's. A line of an attempt of unknown outcome is None."""

FREED, UNLINKED = "free", "unlink"
"""Where a write's body keeps the e-mails to take from a record, and the people's records to take from an order's."""

LOST, MAIN = "lost", "main"
"""Where it keeps the e-mails and phones that are to go from lists, because Hub wrote them and nobody supports them; and
the lists that have another main one now."""


def profile_write(
    change: ProfileChange,
    wanted: Mapping[str, Any],
    *,
    own: str,
    email: str = EMAIL,
    emails: str | None = None,
    phone: str | None = None,
    phones: str | None = None,
    lists: bool = False,
    opt_outs: Collection[str] = (),
) -> Write | None:
    """The write of a profile whose record should hold ``wanted``; None when nothing differs or nothing may be sent.

    ``own``, ``email`` and ``phone`` are the properties for Hub's id, the main e-mail and the main phone; ``emails`` the
    one that lists all e-mails, by ";", and ``phones`` all phones. With ``lists`` these are lists of the CRM's, which an
    update replaces as a whole: it gets there what is ``LOST``, and nothing is set free one by one. ``opt_outs`` are the
    CRM's own: one that stands there stays, whatever becomes of the write, and the mirror goes on saying so.
    """
    profile, known = change.profile, change.external_ids
    key, first = str(profile.id), known[0] if known else None
    own_ids = (key, *map(str, profile.aliases))
    match = (*((own, one) for one in own_ids), *((EMAIL, address) for address in profile.emails))
    if change.erased:
        return Write(
            "profile", key, first, {}, {}, match=match, merge=known[1:], uncertain=change.uncertain, erase=True
        )
    if profile.suppressed:
        return None
    # A record that has been two people's keeps no opt-out that was the other's (law L4).
    stands = {} if change.merged_ids else _unlifted(wanted, change.mirror, opt_outs)
    mirror = {**with_cleared(wanted, change.mirror), **stands}
    differing = differs(mirror, change.mirror)
    if not differing and not known[1:]:
        return None
    body: dict[str, list[str]] = {}
    unsure: dict[str, str] = {}
    if lists:
        told = ((emails, email, profile.emails), (phones, phone, profile.phones))
        body, unsure = _of_lists(change, told, mirror, differing)
    elif freed := _lost_emails(change, email, emails):
        body = {FREED: freed}
    more = {email: profile.emails[1:], phone: profile.phones[1:]}
    return Write(
        "profile",
        key,
        first,
        differing,
        mirror,
        match,
        known[1:],
        uncertain=change.uncertain,
        body=body,
        unsure={**unsure, **stands},
        merged_ids=change.merged_ids,
        alternatives={name: others for name, others in more.items() if name and others and name in mirror},
    )


def order_write(
    change: OrderChange, wanted: Mapping[str, Any], *, own: str, link_property: str | None = None
) -> Write | None:
    """The write of an order whose record should hold ``wanted``; None when nothing differs or the order is a test.

    With ``link_property`` the person's record is a property of the order's; without it, it is linked by ``links``.
    What ``wanted`` holds under ``LINES`` is written as records of their own; the body tells how many may be there.
    """
    if change.order.test:
        return None
    contact = change.contact_id or ""
    lines, there = wanted.get(LINES) or [], change.mirror.get(LINES) or []
    if LINES in wanted:
        wanted = {name: value for name, value in wanted.items() if name != LINES}
    if link_property is not None and contact:
        wanted = {**wanted, link_property: contact}
    properties = with_cleared(wanted, change.mirror)
    linked = [held for held in str(change.mirror.get(LINKED) or "").split(";") if held]
    differing = differs(properties, change.mirror)
    # After an attempt of unknown outcome the mirror names what may be linked: it has to be linked again to be so.
    relinked = link_property is None and (change.uncertain or linked != ([contact] if contact else []))
    if not differing and not relinked and lines == there:
        return None
    others = [held for held in linked if held != contact]
    return Write(
        "order",
        change.key,
        change.external_ids[0] if change.external_ids else None,
        differing,
        {
            **properties,
            **({LINKED: contact} if contact and link_property is None else {}),
            **({LINES: lines} if lines else {}),
        },
        match=((own, change.key),),
        links=(contact,) if contact and relinked else (),
        uncertain=change.uncertain,
        body={**({UNLINKED: others} if others else {}), **({LINES: len(there)} if lines != there else {})},
        unsure={
            **({LINKED: ";".join(filter(None, (*others, contact)))} if relinked else {}),
            **({LINES: [None] * max(len(lines), len(there))} if lines != there else {}),
        },
    )


def _unlifted(wanted: Mapping[str, Any], mirror: Mapping[str, Any], opt_outs: Collection[str]) -> dict[str, Any]:
    """The CRM's own opt-outs that stand there, whatever holds now: no write takes one back (law L7)."""
    return {name: mirror[name] for name in opt_outs if name not in wanted and mirror.get(name) not in (None, "")}


def with_cleared(wanted: Mapping[str, Any], mirror: Mapping[str, Any]) -> dict[str, Any]:
    """The new mirror: what is wanted, and "" for what Hub wrote, or may have written, and nobody supports any more."""
    known = mirror.keys() - wanted.keys() - {LINKED, LINES}
    return {**wanted, **{name: "" for name in sorted(known) if mirror[name] != ""}} if known else dict(wanted)


def differs(wanted: Mapping[str, Any], mirror: Mapping[str, Any]) -> dict[str, Any]:
    """What of ``wanted`` does not stand in the mirror."""
    return {name: value for name, value in wanted.items() if mirror.get(name, "") != value}


def _of_lists(
    change: ProfileChange,
    told: Sequence[tuple[str | None, str | None, Sequence[str]]],
    mirror: Mapping[str, Any],
    differing: Mapping[str, Any],
) -> tuple[dict[str, list[str]], dict[str, str]]:
    """What is to go from lists and which have another main one, and what may be there if nobody hears of the write.

    ``told`` are the property of each list, that of its main one, and what the profile holds.
    """
    lost = {several: _lost(change, several, main, held) for several, main, held in told if several}
    # Where nobody knows whether this is carried out, what was to go may be there, and what was to come.
    unsure = {
        several: ";".join((*lost[several], *held))
        for several, main, held in told
        if several and {several, main} & differing.keys()
    }
    gone = [one for listed in lost.values() for one in listed]
    moved = [
        several
        for several, main, _ in told
        if several and main and change.mirror.get(main, "") not in ("", mirror.get(main))
    ]
    return {name: listed for name, listed in ((LOST, gone), (MAIN, moved)) if listed}, unsure


def _lost(change: ProfileChange, several: str, main: str | None, held: Sequence[str]) -> list[str]:
    """What Hub wrote to a list, or may have written, and is not the person's any more."""
    written = str(change.mirror.get(several) or (main and change.mirror.get(main)) or "").split(";")
    return [one for one in written if one not in ("", *held)]


def _lost_emails(change: ProfileChange, email: str, emails: str | None) -> list[str]:
    """E-mails that may be left on this record, and are not this person's any more.

    Those that the CRM added when it merged another record into it, and the main one that its source replaced.
    """
    if not change.external_ids:
        return []
    main = str(change.mirror.get(email) or "")
    listed = str((emails and change.mirror.get(emails)) or main).split(";")
    return [
        address for address in (listed if change.merged_ids else [main]) if address not in ("", *change.profile.emails)
    ]
