"""A mail of RFC 5322 as Hub keeps it: a small JSON document of its headers, its text, and what was attached. Pure.

In: the mail's first bytes and what the server says of it. Out: the document that ``schemas.Mail`` reads. No attachment
and no more of the text than ``TEXT`` is kept. Broken mails are read as far as they go: nothing here raises.

Sources: RFC 5322 (headers), 2045 to 2047 and 2231 (MIME, encoded words, parameters), 6532 (UTF-8 in headers), 3464
(delivery reports), 5965 (complaints), https://encoding.spec.whatwg.org/#names-and-labels (what charsets really mean).
"""

from __future__ import annotations

import email.header
import email.utils
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from typing import Any

import orjson

from hub.mapping.email import emails
from hub.mapping.plain_text import from_html
from hub.model.text import tidy

TEXT = 20_000
"""Characters of the text that are kept."""
_MOST = 100
"""Addresses, references and attachments of one mail that are kept; a header may hold thousands."""
_LONGEST_HEADER = 2_000
_DEEPEST = 30
_KEPT = (
    "auto-submitted",
    "precedence",
    "x-auto-response-suppress",
    "x-autoreply",
    "x-autorespond",
    "x-autoresponder",
    "list-id",
    "list-unsubscribe",
    "return-path",
    "x-spam-flag",
    "x-failed-recipients",
)
"""Headers that say what kind of mail it is."""

_MEANT = {
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "x-sjis": "cp932",
    "iso-2022-jp": "iso2022_jp_ext",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "iso-8859-8-i": "iso-8859-8",
    "unicode-1-1-utf-7": "utf-7",
    "windows-874": "cp874",
}
_EUROPE = frozenset({"cp1252", ""})
"""Labels that programs write without looking: where the bytes are UTF-8 beyond ASCII, they are that."""

_LENIENT: dict[str, Any] = {"strict": False} if hasattr(email.utils, "supports_strict_parsing") else {}
"""Newer releases of Python give nothing for a list with one odd address, unless they are asked to be lenient."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A mail as the server gave it. ``head`` are its first bytes, of ``size`` in all.

    ``arrived`` is when the server took it (INTERNALDATE). ``attached`` is what the server says of the parts that lie
    behind ``head``, as (name, type, bytes).
    """

    head: bytes
    size: int
    arrived: datetime
    folder: str
    uid: int
    attached: tuple[tuple[str, str, int], ...] | None = None


def document(mail: Fetched) -> bytes:
    """The mail as JSON. One that cannot be parsed at all is kept as its folder and UID, and parked when it is read."""
    told: dict[str, Any] = {"folder": mail.folder, "uid": mail.uid, "size": mail.size}
    told["arrived"] = mail.arrived.astimezone(UTC).isoformat()
    parsed = _parsed(mail.head)
    if parsed is not None:
        told |= _headers(parsed)
        told |= _parts(parsed, cut=len(mail.head) < mail.size)
        if mail.attached is not None:
            told["attachments"] = [_attachment(*one) for one in mail.attached[:_MOST]]
    return orjson.dumps(_tidied(told))


def _parsed(raw: bytes) -> Message | None:
    for headers_only in (False, True):
        try:
            return BytesParser(policy=compat32).parsebytes(raw, headersonly=headers_only)
        except (ValueError, LookupError, RecursionError, AttributeError, TypeError, IndexError, KeyError):
            continue
    return None


def _headers(message: Message) -> dict[str, Any]:
    found: dict[str, list[str]] = {}
    for name, value in message.raw_items():
        found.setdefault(name.lower(), []).append(_utf8(str(value))[: _LONGEST_HEADER * 4])
    first = {name: values[0] for name, values in found.items()}
    told: dict[str, Any] = {"kind": {name: _words(first[name]) for name in _KEPT if name in first}}
    told["message_id"] = next(iter(_ids(first.get("message-id"))), None)
    told["in_reply_to"] = _ids(first.get("in-reply-to"))
    told["references"] = _ids(first.get("references"))
    told["subject"] = _words(first.get("subject", "")) or None
    told["date"] = _date(first.get("date"))
    told["authentication"] = [" ".join(one.split()) for one in found.get("authentication-results", ())][:_MOST]
    for name in ("from", "sender", "reply-to", "to", "cc"):
        told[name.replace("-", "_")] = _addresses(found.get(name, ()))
    return told


def _ids(text: str | None) -> list[str]:
    """Message ids; one that lacks its brackets is taken as it is."""
    told = (text or "").replace("\r", " ").replace("\n", " ")
    angled = [part.partition(">")[0].strip() for part in told.split("<")[1:]]
    return [one[:_LONGEST_HEADER] for one in (angled or told.split()) if one][-_MOST:]


def _date(text: str | None) -> str | None:
    try:
        found = email.utils.parsedate_to_datetime(text or "")
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _addresses(values: Iterable[str]) -> list[dict[str, str]]:
    """Name and address of each mailbox; of text that is no address list, the addresses that stand in it."""
    found: list[dict[str, str]] = []
    for value in values:
        try:
            pairs = email.utils.getaddresses([value], **_LENIENT)
        except (ValueError, IndexError, TypeError):
            pairs = [("", value)]
        for name, address in pairs:
            points = [point for point in emails(address) if all(point.value.rpartition("@")[::2])]
            if not points or (len(pairs) == 1 and " " in value.strip() and not name and "<" not in value):
                points = [point for point in emails(" ".join(value.split())) if point.usable] or points
            for point in points:
                label = _words(name)
                found.append({"address": point.value, **({"name": label} if label and "@" not in label else {})})
    return found[:_MOST]


def _utf8(text: str) -> str:
    """A raw header, whose bytes beyond ASCII are half surrogates: UTF-8 by RFC 6532, else what Windows writes."""
    return text if text.isascii() else _decoded(text.encode("utf-8", "surrogateescape"), "")


def _words(text: str) -> str:
    """Encoded words (RFC 2047) to text, folded lines to one."""
    try:
        parts = email.header.decode_header(text) if "=?" in text else [(text, None)]
    except (ValueError, LookupError):
        parts = [(text, None)]
    told = "".join(
        part if isinstance(part, str) else _decoded(part, charset if charset else "utf-8") for part, charset in parts
    )
    return " ".join(told.split())[:_LONGEST_HEADER]


def _decoded(raw: bytes, charset: str) -> str:
    """Bytes to text: by the charset they claim where it fits, else UTF-8, else what Windows writes. Never raises."""
    named = charset.strip().strip("'\"").lower()
    meant = _MEANT.get(named, named)
    tried = ("utf-8", meant, "cp1252") if meant in _EUROPE else (meant, "utf-8", "cp1252")
    for one in tried:
        try:
            return raw.decode(one)
        except (UnicodeDecodeError, LookupError, ValueError):
            continue
    return raw.decode("utf-8", "replace")


def _parts(message: Message, *, cut: bool) -> dict[str, Any]:
    plain: list[str] = []
    html: list[str] = []
    attachments: list[dict[str, Any]] = []
    told: dict[str, Any] = {}
    for part in _leaves(message, 0):
        kind, name = part.get_content_type(), _name(part)
        if kind == "message/delivery-status":
            told["report"] = _blocks(part)
        elif kind == "message/feedback-report":
            told["complaint"] = _blocks(part)
        elif kind in ("text/rfc822-headers", "message/rfc822") and _is_report(message):
            told["returned"] = _returned(part)
        elif kind in ("text/plain", "text/html") and not _is_attachment(part) and not name:
            (plain if kind == "text/plain" else html).append(_text(part))
        else:
            attachments.append(_attachment(name or kind, kind, _size(part)))
    if isinstance(message.get_payload(), str) and message.get_content_maintype() == "multipart":
        plain.append(_text(message))  # the boundary is missing or wrong
    told["text"] = _joined(plain) or _of_html(html) or None
    told["attachments"] = attachments[:_MOST]
    return {**told, "disposition": "report"} if message.get_content_type() == "multipart/report" else told


def _leaves(part: Message, depth: int) -> Iterator[Message]:
    """The parts that are no containers; a mail within a mail is one part, whose content is somebody else's."""
    payload = part.get_payload()
    if part.get_content_maintype() == "multipart" and isinstance(payload, list) and depth < _DEEPEST:
        for one in payload:
            if isinstance(one, Message):
                yield from _leaves(one, depth + 1)
    elif part.get_content_maintype() != "multipart":
        yield part


def _is_report(message: Message) -> bool:
    return message.get_content_type() == "multipart/report"


def _safe(read: Callable[[], Any], otherwise: Any) -> Any:
    """What the library reads of a part; its parameters may be so broken that it raises."""
    try:
        return read()
    except (ValueError, LookupError, TypeError, AttributeError):
        return otherwise


def _name(part: Message) -> str:
    return _words(_utf8(str(_safe(part.get_filename, "") or "")))


def _is_attachment(part: Message) -> bool:
    return str(_safe(part.get_content_disposition, "") or "") == "attachment"


def _size(part: Message) -> int:
    payload = part.get_payload()
    if isinstance(payload, list):
        return sum(len(str(_safe(one.as_string, ""))) for one in payload if isinstance(one, Message))
    return len(_safe(lambda: part.get_payload(decode=True), b"") or b"")


def _text(part: Message) -> str:
    raw = _safe(lambda: part.get_payload(decode=True), None)
    if not isinstance(raw, bytes):
        raw = str(part.get_payload()).encode("utf-8", "surrogateescape")
    charset = str(_safe(part.get_content_charset, "") or "")
    return _decoded(raw[: TEXT * 8], charset)


def _joined(texts: list[str]) -> str:
    return "\n".join(text.replace("\r\n", "\n").strip() for text in texts if text.strip())[:TEXT]


def _of_html(texts: list[str]) -> str:
    """Without what is quoted; with it, where nothing else is there."""
    joined = "\n".join(texts)
    return (from_html(joined, quotes=False) or from_html(joined))[:TEXT]


def _attachment(name: str, kind: str, size: int) -> dict[str, Any]:
    return {"name": name[:200], "type": kind, "size": size}


def _blocks(part: Message) -> list[dict[str, str]]:
    """A report's blocks of fields: of the mail, then of each recipient (RFC 3464, 2.1)."""
    payload = part.get_payload()
    if not isinstance(payload, list):
        text = str(payload).encode("utf-8", "surrogateescape")
        payload = [one for one in (_parsed(block) for block in text.split(b"\n\n")) if one is not None]
    return [
        {name.lower(): _words(_utf8(str(value))) for name, value in block.raw_items()}
        for block in payload[:_MOST]
        if isinstance(block, Message) and block.keys()
    ]


def _returned(part: Message) -> dict[str, Any]:
    """The mail that came back: its id and to whom it went."""
    payload = part.get_payload()
    inner = payload[0] if isinstance(payload, list) and payload else None
    if not isinstance(inner, Message):
        inner = _parsed(str(payload).encode("utf-8", "surrogateescape"))
    found = _headers(inner) if inner is not None else {}
    return {name: found.get(name) for name in ("message_id", "to", "subject")}


def _tidied(node: Any) -> Any:
    if isinstance(node, str):
        return tidy(node)
    if isinstance(node, Mapping):
        return {name: _tidied(value) for name, value in node.items() if value not in (None, [], {})}
    return [_tidied(one) for one in node] if isinstance(node, list) else node
