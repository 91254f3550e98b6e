"""Who may be mailed (laws L7 and L8 of a mailing system, decision 0024). Pure.

Hub subscribes whom it knows an opt-in of, and nobody else. What stands there against it always wins: whoever
unsubscribed there is asked by the system's own confirmation mail, and only on an opt-in that is newer; who bounced or
complained there is never mailed again; who was asked waits until they answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hub.sdk.crm.mailing import ASKED, REFUSED, SILENT, SUBSCRIBED, Act, Contact
from hub.sdk.destination import Write

ASK, JOIN, LEAVE, TAG, UNTAG, BEFORE, RETIRE = "ask", "join", "leave", "tag", "untag", "before", "retire"
"""Where a write's body keeps: that the person has to be asked; lists and tags to get and to lose; addresses they may be
known under there from before; that they have no address any more."""

UNKNOWN_TIME = "yes"
"""Stands for the time of a consent of which nobody knows when it was given."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done: ``act``, and whether the contact may ``join`` lists.

    ``refused`` says in a word why an opt-in that Hub knows of does not subscribe.
    """

    act: Act | None = None
    join: bool = False
    refused: str = ""


def decide(
    write: Write, there: Contact | None, *, can_ask: bool, before: Contact | None = None, reasks: bool = True
) -> Decision:
    """What a write does about the subscription of the contact that stands there, None where there is none.

    ``before`` is the person's contact of an address they had before, in whose place this one comes: what was said
    there holds here. ``can_ask`` and ``reasks`` as ``Mailing.asks`` and ``Mailing.reasks``.
    """
    silent = there is not None and there.state in SILENT
    if write.mirror.get(REFUSED):
        return Decision(None if silent else "unsubscribe")
    consent = str(write.mirror.get(SUBSCRIBED) or "")
    if not consent:
        return Decision()
    asking = Decision("ask", join=True) if can_ask else Decision(refused="CONFIRMATION_NEEDED")
    if before is not None and before.state in ("unsubscribed", "complained"):
        newer = before.state == "unsubscribed" and _is_news(write) and _is_later(consent, before.since)
        if not newer or silent:
            return Decision(None if silent else "unsubscribe", refused=before.state.upper())
        return asking
    must_ask = bool(write.body.get(ASK)) or (before is not None and before.state == "pending")
    if there is None:
        return asking if must_ask or waits(write) else Decision("subscribe", join=True)
    match there.state:
        case "subscribed":
            return Decision(join=True)
        case "pending":
            return Decision()
        case "bounced" | "complained":
            return Decision(refused=there.state.upper())
        case "unsubscribed":
            newer = reasks and _is_news(write) and _is_later(consent, there.since)
            return asking if newer else Decision(refused="UNSUBSCRIBED")
        case "archived":
            return asking if _is_news(write) else Decision()
        case "none":
            if waits(write):
                return Decision()
            if not _is_news(write) and not must_ask:
                return Decision(join=True)
            return asking if must_ask else Decision("subscribe", join=True)


def waits(write: Write) -> bool:
    """Whether the person was asked for the very opt-in that holds, so that their answer is waited for."""
    return bool(write.mirror.get(ASKED)) and write.mirror.get(ASKED) == write.mirror.get(SUBSCRIBED)


def looks_first(write: Write) -> bool:
    """Whether what is to be written hangs on how the contact stands there."""
    consents = SUBSCRIBED in write.properties and not write.mirror.get(REFUSED)
    told = consents or "email" in write.properties or write.body.get(JOIN) or write.body.get(RETIRE)
    return bool(write.uncertain or write.merge or told)


def _is_news(write: Write) -> bool:
    """Whether the opt-in is told for the first time, and the person has not been asked for it yet."""
    return bool(write.properties.get(SUBSCRIBED)) and not waits(write)


def _is_later(consent: str, since: datetime | None) -> bool:
    """Whether the opt-in is known to be later than what stands there: where either time is unknown, it is not."""
    if consent == UNKNOWN_TIME or since is None:
        return False
    return datetime.fromisoformat(consent) > since
