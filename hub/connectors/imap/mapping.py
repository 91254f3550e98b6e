"""Mails to canonical events: who wrote to whom, in which thread, and what came back. Pure.

Sources: RFC 3834 (automatic answers say so in Auto-Submitted), RFC 2919 (List-Id), RFC 3464 (delivery reports), RFC
3463 (status codes), RFC 5965 (complaints), RFC 8601 (Authentication-Results), Microsoft's X-Auto-Response-Suppress
(https://learn.microsoft.com/openspecs/exchange_server_protocols/ms-oxcmail/ced68690-498a-4567-9d14-5c01f974d8b1).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from hub.connectors.imap.manifest import ImapSettings
from hub.connectors.imap.schemas import Block, Mail, Mailbox
from hub.errors import PayloadError, SkipEvent
from hub.mapping.customer import customer
from hub.mapping.email import email
from hub.mapping.mail_event import Happened, MailEvent, correspondent, mail_events
from hub.mapping.ourselves import is_machine, is_ours
from hub.mapping.plain_text import short, without_quotes
from hub.mapping.time import instant
from hub.model.customer import CustomerSnapshot
from hub.model.event import CanonicalEvent, CustomerEvent, InteractionEvent
from hub.model.identifier import Identifier
from hub.model.interaction import Interaction

_EARLY = timedelta(hours=1)
"""A sender's clock may be so far ahead of the server's; beyond that the server's time is taken."""
_FEW = 5
"""Recipients of our own mail up to which it was written to each of them."""
_MASS = frozenset({"bulk", "list", "junk", "auto_reply"})
_DEAD = re.compile(r"\b5\.(?:1\.(?:[0-46-9]|10)|2\.1)\b")
"""Enhanced status codes (RFC 3463, 3.2 and 3.3) of addresses that do not exist or are switched off. A full mailbox
(5.2.2), a refusal for policy (5.7) and a host without a route (5.4) may pass."""
_UNKNOWN = re.compile(
    r"user unknown|unknown user|no such (?:user|mailbox)|does not exist|mailbox unavailable|unrouteable", re.IGNORECASE
)
_VAGUE = frozenset({"", "5.0.0", "5.5.0", "5.3.0"})


def events(mail: Mail, settings: ImapSettings) -> Sequence[CanonicalEvent]:
    """The events of a mail. Raises SkipEvent for what no customer wrote."""
    if mail.complaint or mail.report:
        return [*_came_back(mail, settings)]
    _is_written_by_hand(mail)
    author = writer(mail, settings)
    if author is None:
        return [*_ours(mail, settings)]
    return _theirs(mail, author, settings)


def identity(mail: Mail) -> str:
    """What names a mail wherever it lies: ids are missing and doubled, and UIDs change with UIDVALIDITY."""
    author = mail.from_[0].address if mail.from_ else ""
    parts = (mail.message_id, author, mail.date or mail.arrived, mail.subject, mail.text)
    told = "\x1f".join(part or "" for part in parts)
    return hashlib.blake2b(told.encode(), digest_size=16).hexdigest()


def thread(mail: Mail) -> str | None:
    """The id of the mail that began the thread (RFC 5322, 3.6.4: References begins with it)."""
    return next(iter((*mail.references, *mail.in_reply_to)), mail.message_id)


def written_at(mail: Mail) -> datetime:
    """The sender's time, unless it lies in the server's future."""
    arrived = instant(mail.arrived, path="arrived")
    said = instant(mail.date, path="date") if mail.date else arrived
    return said if said <= arrived + _EARLY else arrived


def writer(mail: Mail, settings: ImapSettings) -> Mailbox | None:
    """Who wrote; None where it was one of ours.

    A form of our own site writes from our address, and has the customer's in Reply-To. Of several in From, the Sender
    wrote (RFC 5322, 3.6.2).
    """
    authors = mail.from_
    if not authors:
        raise PayloadError("no address", path="from")
    author = mail.sender[0] if len(authors) > 1 and mail.sender else authors[0]
    if not is_ours(author.address, settings.own):
        return author
    return next((one for one in mail.reply_to if not is_ours(one.address, settings.own)), None)


def _is_written_by_hand(mail: Mail) -> None:
    """Raises SkipEvent, with the reason, for what programs send."""
    kind = mail.kind
    if _word(kind.auto_submitted) not in ("", "no"):
        raise SkipEvent("an automatic answer or notice (Auto-Submitted)")
    if _word(kind.return_path) == "<>":
        raise SkipEvent("an automatic answer or bounce (empty Return-Path)")
    if kind.autoreply or kind.autorespond or kind.autoresponder or kind.failed:
        raise SkipEvent("an automatic answer or bounce")
    if {"all", "autoreply"} & set(re.split(r"[,\s]+", (kind.suppressed or "").lower())):
        raise SkipEvent("a program's mail (X-Auto-Response-Suppress)")
    if kind.list_id:
        raise SkipEvent("a mailing list")
    if kind.list_unsubscribe or _word(kind.precedence) in _MASS:
        raise SkipEvent("a mass mailing")
    if _word(kind.spam) == "yes":
        raise SkipEvent("spam, says the mail server")


def _word(text: str | None) -> str:
    """The first word of a header, without parameters and comments."""
    return re.split(r"[;(\s]", (text or "").strip().lower(), maxsplit=1)[0]


def _theirs(mail: Mail, author: Mailbox, settings: ImapSettings) -> Sequence[CanonicalEvent]:
    if is_machine(author.address):
        raise SkipEvent("a program's address")
    at, genuine = written_at(mail), _is_genuine(mail, author, settings)
    who = _known(author, settings, by_name=True) if genuine else _claimed(author, settings)
    answers = bool(mail.in_reply_to or mail.references)
    said = _interaction(mail, identity(mail), kind="email_replied" if answers else "message", direction="in")
    return [
        CustomerEvent(occurred_at=at, customer=who),
        InteractionEvent(occurred_at=at, interaction=said, record=who.key),
    ]


def _ours(mail: Mail, settings: ImapSettings) -> Iterator[CanonicalEvent]:
    """Our own mail, to each customer it was written to. One that lies among the sent ones is ours for certain."""
    others = {one.address: one for one in mail.to if not is_ours(one.address, settings.own)}
    if not others or len(others) > _FEW:
        raise SkipEvent("between ourselves" if not others else "a mass mailing of ours")
    at = written_at(mail)
    for address, other in others.items():
        if is_machine(address):
            continue
        sent = mail.folder in settings.sent_folders
        who = _known(other, settings, by_name=False) if sent else _claimed(other, settings)
        said = _interaction(mail, f"{identity(mail)}:{who.key.external_id}", kind="message", direction="out")
        yield CustomerEvent(occurred_at=at, customer=who)
        yield InteractionEvent(occurred_at=at, interaction=said, record=who.key)


def _claimed(one: Mailbox, settings: ImapSettings) -> CustomerSnapshot:
    """Who says they are behind an address: anybody can write it into From, so it is a weak identifier at most."""
    key, name = correspondent(one.address, claimed=one.name or ""), (one.name,) if one.name else ()
    point = email(one.address)
    weak = (Identifier(kind="email", value=point.value, strength="weak"),) if point and point.usable else ()
    return customer(key, {"full_name": name}, region=settings.default_region, identifiers=weak)


def _known(one: Mailbox, settings: ImapSettings, *, by_name: bool) -> CustomerSnapshot:
    """Who is behind an address for certain. The name beside an address that we wrote to is somebody's word for it."""
    name = (one.name,) if one.name and by_name else ()
    return customer(
        correspondent(one.address), {"full_name": name, "email": (one.address,)}, region=settings.default_region
    )


def _is_genuine(mail: Mail, author: Mailbox, settings: ImapSettings) -> bool:
    """Whether our own server says that the domain of From sent it (DMARC); results of other servers can be invented."""
    if settings.verified_by is None or author not in mail.from_:
        return False
    own = settings.verified_by.lower()
    for text in mail.authentication:
        server, _, results = text.lower().partition(";")
        if server.split()[:1] == [own]:
            return bool(re.search(r"\bdmarc\s*=\s*pass\b", results))
    return False


def _interaction(mail: Mail, external_id: str, *, kind: str, direction: str) -> Interaction:
    details = {
        "message_id": mail.message_id,
        "in_reply_to": next(iter(mail.in_reply_to), None),
        "attachments": "; ".join(
            f"{one.name} ({one.size} bytes)" if one.size is not None else one.name for one in mail.attachments
        ),
    }
    return Interaction.model_validate(
        {
            "external_id": external_id,
            "kind": kind,
            "channel": "email",
            "direction": direction,
            "subject": short(mail.subject),
            "text": short(without_quotes(mail.text or "")),
            "reference": thread(mail),
            "details": {name: text.strip() for name, text in details.items() if text and text.strip()},
        }
    )


def _came_back(mail: Mail, settings: ImapSettings) -> Iterator[CanonicalEvent]:
    """An event for each recipient that a report names."""
    at, told = written_at(mail), 0
    returned = mail.returned
    sent_to = [one.address for one in returned.to] if returned else []
    blocks = mail.complaint or tuple(block for block in mail.report if _recipient(block))
    for number, block in enumerate(blocks):
        address = _recipient(block)
        happened, reason = ("complained", None) if mail.complaint else _fate(block)
        # Who forwards their mail is written to at the first address, and the last one bounces.
        address = sent_to[0] if len(blocks) == len(sent_to) == 1 else address
        if happened is None or address is None:
            continue
        told += 1
        yield from mail_events(
            MailEvent(
                external_id=f"{identity(mail)}:{number}",
                at=at,
                address=address,
                happened=happened,
                message=returned.message_id if returned else None,
                subject=short(returned.subject) if returned else None,
                reason=reason,
            ),
            source="mailbox",
            own=settings.own,
            region=settings.default_region,
        )
    if not told:
        raise SkipEvent("a report that says nothing of a recipient, or that all is well")


def _recipient(block: Block) -> str | None:
    for text in (block.original, block.complained, block.removed, block.final):
        point = email((text or "").rpartition(";")[2].strip(" <>"))
        if point and "@" in point.value:
            return point.value
    return None


def _fate(block: Block) -> tuple[Happened | None, str | None]:
    """What became of the mail, by the action and status of a report; the reason is the status, which names nobody."""
    action, status, said = _word(block.action), _word(block.status), block.diagnostic or ""
    if action == "delayed":
        return "deferred", status or None
    if action != "failed":
        return None, None
    vague = status in _VAGUE and (_DEAD.search(said) or _UNKNOWN.search(said))
    return ("bounced" if vague or _DEAD.search(status) else "deferred"), status or None
