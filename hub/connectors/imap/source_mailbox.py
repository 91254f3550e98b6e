"""The wire of IMAP: one mailbox, opened for reading only. Nothing there is changed, not even a flag.

PyPI ``imapclient`` speaks the protocol; its errors become the error tree here. Facts: RFC 9051 (EXAMINE, UID FETCH,
BODY.PEEK with a range), RFC 2177 (IDLE). What the server says of the parts (BODYSTRUCTURE) is asked for large mails
only.
"""

from __future__ import annotations

import imaplib
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpcore
from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import CapabilityError, IMAPClientError, LoginError, ProtocolError

from hub.connectors.imap.manifest import ImapSettings
from hub.connectors.imap.schemas_message import Fetched
from hub.errors import AuthError, NotFound, Unavailable
from hub.sdk.http import HttpClient
from hub.sdk.network import Guard

HEAD = 256 * 1024
"""Bytes of a mail that are fetched: its headers and its text."""
_PAGE = 200
_AT_ONCE = 20
"""Mails of one FETCH: 5 MB at most."""
_IDLE_SECONDS = 9 * 60.0
"""IDLE is begun anew this often: RFC 2177 says 29 minutes at most, and routers forget sooner."""
_LOOK_SECONDS = 1.0
_BODY = f"BODY.PEEK[]<0.{HEAD}>"
_FETCHED = ("INTERNALDATE", "RFC822.SIZE", _BODY)
_STATUS = re.compile(rb'"status" *: *"([A-Za-z0-9_]{1,40})"')
_NEWS = frozenset({b"EXISTS", b"RECENT"})
_CUT = (OSError, imaplib.IMAP4.abort, imaplib.IMAP4.error, ProtocolError)


@contextmanager
def opened(http: HttpClient, settings: ImapSettings) -> Iterator[Mailbox]:
    """The mailbox, signed in: by password, or by the access token that ``http`` holds.

    Raises AuthError for wrong credentials, Unavailable where the server is not to be had.
    """
    client = http.authorised(partial(_signed_in, settings)) if settings.oauth else _signed_in(settings, {})
    try:
        yield Mailbox(client, settings.timeout_seconds)
    except IMAPClientError as error:
        raise Unavailable(f"the mail server broke off: {type(error).__name__}") from None
    except _CUT as error:
        raise Unavailable(f"the mail server broke off: {type(error).__name__}") from None
    finally:
        with suppress(*_CUT):
            client.shutdown()


def _signed_in(settings: ImapSettings, headers: Mapping[str, str]) -> IMAPClient:
    try:
        client = _connected(settings)
    except _CUT as error:
        raise Unavailable(f"the mail server cannot be reached: {type(error).__name__}") from None
    said: list[bytes] = []
    try:
        if settings.password:
            client.login(settings.user, settings.password.get_secret_value())
        else:
            client.sasl_login("XOAUTH2", xoauth2(settings.user, headers.get("authorization", ""), said))
    except BaseException as error:
        client.shutdown()
        if isinstance(error, LoginError):
            raise AuthError(f"the mailbox refuses user and {settings.told}{_status(said)}") from None
        if isinstance(error, _CUT):
            raise Unavailable(f"the mail server broke off: {type(error).__name__}") from None
        raise
    return client


def xoauth2(user: str, bearer: str, said: list[bytes]) -> Callable[[bytes], str]:
    """The answers to the server's challenges. An error it tells (``said``) is answered with nothing, or it waits.

    https://developers.google.com/workspace/gmail/imap/xoauth2-protocol
    """

    def answer(challenge: bytes) -> str:
        if challenge:
            said.append(challenge)
        return "" if challenge else f"user={user}\x01auth={bearer}\x01\x01"

    return answer


def _status(said: Sequence[bytes]) -> str:
    """The status of a refused token, as the server says it; none of its other words, which may repeat the token."""
    found = _STATUS.search(said[0]) if said else None
    return f" (status {found[1].decode()})" if found else ""


def _connected(settings: ImapSettings) -> IMAPClient:
    try:
        Guard(frozenset({settings.host})).addresses(settings.host, settings.port)
    except httpcore.ConnectError as error:
        raise OSError(str(error)) from None
    trusted = ssl.create_default_context() if settings.security != "none" else None
    timeout = SocketTimeout(settings.timeout_seconds, settings.timeout_seconds)
    client = IMAPClient(
        settings.host, settings.port, ssl=settings.security == "tls", ssl_context=trusted, timeout=timeout
    )
    client.normalise_times = False
    try:
        if settings.security == "starttls":
            client.starttls(trusted)
    except BaseException:
        client.shutdown()
        raise
    return client


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox that is open."""

    client: IMAPClient
    timeout_seconds: float

    @property
    def can_idle(self) -> bool:
        """Whether the server tells of new mail by itself."""
        return bool(self.client.has_capability("IDLE"))

    def examine(self, folder: str) -> int:
        """Open a folder for reading; gives its UIDVALIDITY, 0 where the server tells none. Raises NotFound."""
        try:
            told = self.client.select_folder(folder, readonly=True)
        except IMAPClientError:
            raise NotFound("there is no such folder, or it may not be read") from None
        return int(told.get(b"UIDVALIDITY", 0))

    def pages(self, folder: str, last: int, since: datetime | None) -> Iterator[tuple[Sequence[Fetched], int]]:
        """The mails behind the UID ``last``, in pages, each with the UID that was read to."""
        # "n:*" always gives the last mail, also where its UID is below n (RFC 9051, 6.4.8).
        criteria: list[Any] = ["UID", f"{last + 1}:*", *(["SINCE", since.date()] if since else [])]
        uids = sorted(uid for uid in self.client.search(criteria) if uid > last)
        for start in range(0, len(uids), _PAGE):
            page = uids[start : start + _PAGE]
            mails = [
                mail
                for first in range(0, len(page), _AT_ONCE)
                for mail in self._fetched(folder, page[first : first + _AT_ONCE])
            ]
            yield mails, page[-1]

    def _fetched(self, folder: str, uids: Sequence[int]) -> Iterator[Fetched]:
        """The mails of these UIDs; one that was deleted meanwhile is left out.

        An answer that cannot be read is asked for mail by mail, so that one costs itself: it is kept without its bytes,
        and parked.
        """
        try:
            found: Mapping[int, Mapping[bytes, Any]] = self.client.fetch(uids, _FETCHED)
        except (ProtocolError, ValueError, TypeError, IndexError):
            if len(uids) == 1:
                yield Fetched(b"", 0, _aware(None), folder, uids[0])
            else:
                for uid in uids:
                    yield from self._fetched(folder, [uid])
            return
        for uid in uids:
            if told := found.get(uid):
                head = next((part for name, part in told.items() if name.startswith(b"BODY[]")), None) or b""
                size = int(told.get(b"RFC822.SIZE", len(head)))
                parts = self._structure(uid) if size > len(head) else None
                yield Fetched(head, size, _aware(told.get(b"INTERNALDATE")), folder, uid, parts)

    def _structure(self, uid: int) -> tuple[tuple[str, str, int], ...] | None:
        """What is attached to a large mail, as its server says; None where that cannot be read."""
        try:
            told = self.client.fetch([uid], ["BODYSTRUCTURE"]).get(uid, {}).get(b"BODYSTRUCTURE")
            return tuple(_attached(told)) if told else None
        except (ProtocolError, ValueError, TypeError, IndexError, AttributeError):
            return None

    def news(self, folder: str) -> Iterator[bool]:
        """True whenever mail came or may have come, False every second without. Raises Unavailable once it is cut."""
        self.examine(folder)
        if not self.can_idle:
            return
        while True:
            self.client.idle()
            yield True  # what came before IDLE began is told of nowhere
            began = time.monotonic()
            while time.monotonic() - began < _IDLE_SECONDS:
                asked = time.monotonic()
                told = self.client.idle_check(timeout=_LOOK_SECONDS)
                if not told and time.monotonic() - asked < _LOOK_SECONDS / 2:
                    raise Unavailable("the connection was cut while it waited")  # the library gives nothing, at once
                if any(one[:1] == (b"BYE",) for one in told):
                    raise Unavailable("the mail server says good-bye")
                yield any(one[1:2] and one[1] in _NEWS for one in told)
            with suppress(CapabilityError):
                self.client.idle_done()


def _aware(arrived: datetime | None) -> datetime:
    if arrived is None:
        return datetime.fromtimestamp(0, UTC)
    return arrived if arrived.tzinfo else arrived.replace(tzinfo=UTC)


def _attached(part: Any) -> Iterator[tuple[str, str, int]]:
    """Name, type and size of the parts that have a name (RFC 9051, 7.5.2): parameters, then the disposition's."""
    if isinstance(part[0], list):
        for one in part[0]:
            yield from _attached(one)
        return
    named = {**_pairs(part[2]), **_pairs(_disposition(part))}
    if name := named.get("filename") or named.get("name"):
        yield name, f"{_text(part[0])}/{_text(part[1])}".lower(), int(part[6] or 0)


def _disposition(part: Any) -> Any:
    """The parameters of the first disposition behind the fields that every part has."""
    for field in part[8:]:
        if isinstance(field, tuple) and len(field) == 2 and isinstance(field[1], tuple):
            return field[1]
    return None


def _pairs(flat: Any) -> dict[str, str]:
    told = [_text(one) for one in flat] if isinstance(flat, tuple) else []
    return {name.lower().rstrip("*"): value for name, value in zip(told[::2], told[1::2], strict=False)}


def _text(raw: Any) -> str:
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
