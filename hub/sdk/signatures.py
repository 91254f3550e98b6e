"""Signature schemes. Each has its inverse, so that samples, the demo and captured payloads can be signed again.

Most vendors put one value into one header: a connector declares that as ``BodyHmac`` or ``SharedSecret`` and gives its
``verify`` and ``sign`` to the source. All comparisons take constant time. An empty secret verifies nothing: anyone
could sign with it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Generic, Literal
from urllib.parse import urlencode

from pydantic import SecretStr

from hub.errors import PayloadError, VerificationError
from hub.sdk.manifest import Settings
from hub.sdk.source import RawDelivery

_ENCODINGS: Mapping[str, Callable[[bytes], str]] = {
    "base64": lambda digest: base64.b64encode(digest).decode(),
    "hex": bytes.hex,
}


@dataclass(frozen=True, slots=True)
class BodyHmac(Generic[Settings]):
    """An HMAC over the body in one header: the declaration is all that a connector writes.

    ``header``    the header's name in small letters
    ``secrets``   the live secrets of a connection, the first of which signs; each of them verifies
    ``encoding``  how the digest is written
    ``prefix``    what stands before it, such as Meta's ``sha256=``
    ``signed``    the bytes that are signed, where they are more than the raw body (Square: the URL before it)
    """

    header: str
    secrets: Callable[[Settings], Sequence[SecretStr]]
    encoding: Literal["base64", "hex"]
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    prefix: str = ""
    signed: Callable[[RawDelivery], bytes] = lambda delivery: delivery.body

    def verify(self, delivery: RawDelivery, settings: Settings) -> None:
        """Raise VerificationError unless one of the live secrets signed the delivery."""
        message = self.signed(delivery)
        require(delivery.headers.get(self.header), self.secrets(settings), lambda secret: self.value(secret, message))

    def sign(self, delivery: RawDelivery, settings: Settings) -> RawDelivery:
        """The inverse: the delivery with the header that a real sender adds."""
        return _with(delivery, self.headers(self.signed(delivery), settings))

    def headers(self, message: bytes, settings: Settings) -> dict[str, str]:
        """The header for a message, for requests of our own too."""
        return {self.header: self.value(self.secrets(settings)[0].get_secret_value(), message)}

    def value(self, secret: str, message: bytes) -> str:
        """The header's value."""
        return self.prefix + _ENCODINGS[self.encoding](hmac.digest(secret.encode(), message, self.algorithm))


@dataclass(frozen=True, slots=True)
class SharedSecret(Generic[Settings]):
    """The secret itself in one header, after ``prefix``: for vendors that sign nothing."""

    header: str
    secrets: Callable[[Settings], Sequence[SecretStr]]
    prefix: str = ""

    def verify(self, delivery: RawDelivery, settings: Settings) -> None:
        """Raise VerificationError unless the delivery carries one of the live secrets."""
        require(delivery.headers.get(self.header), self.secrets(settings), lambda secret: self.prefix + secret)

    def sign(self, delivery: RawDelivery, settings: Settings) -> RawDelivery:
        """The inverse: the delivery with the header that a real sender adds."""
        return _with(delivery, {self.header: self.prefix + self.secrets(settings)[0].get_secret_value()})


@dataclass(frozen=True, slots=True)
class UrlSecret(Generic[Settings]):
    """The secret itself in a query parameter of the webhook's URL: for vendors that send no header of one's own."""

    parameter: str
    secrets: Callable[[Settings], Sequence[SecretStr]]

    def verify(self, delivery: RawDelivery, settings: Settings) -> None:
        """Raise VerificationError unless the URL that was called carries one of the live secrets."""
        require(delivery.query.get(self.parameter), self.secrets(settings), lambda secret: secret)

    def sign(self, delivery: RawDelivery, settings: Settings) -> RawDelivery:
        """The inverse: the delivery to the URL that its owner registered."""
        query = {**delivery.query, self.parameter: self.secrets(settings)[0].get_secret_value()}
        return replace(delivery, query=query, url=f"{delivery.url.partition('?')[0]}?{urlencode(query)}")


def _with(delivery: RawDelivery, headers: Mapping[str, str]) -> RawDelivery:
    return replace(delivery, headers={**delivery.headers, **headers})


def standard_webhooks(secret: str, *, message_id: str, timestamp: int, body: bytes) -> str:
    """One ``v1,…`` signature of Standard Webhooks; ``secret`` is ``whsec_`` and base64, ``timestamp`` in seconds.

    Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    """
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


@dataclass(frozen=True, slots=True)
class StandardWebhooks(Generic[Settings]):
    """Deliveries of Standard Webhooks: id, time and body are signed, and the time has to be near.

    A signature may also stand without its version (Etsy's page has it so).
    """

    secrets: Callable[[Settings], Sequence[SecretStr]]

    def verify(self, delivery: RawDelivery, settings: Settings) -> None:
        """Raise VerificationError unless one of the live secrets signed the delivery just now."""
        try:
            sent = int(delivery.headers.get("webhook-timestamp", ""))
            require_fresh(datetime.fromtimestamp(sent, UTC), delivery.received_at)
        except (ValueError, OverflowError, OSError):
            raise VerificationError("no time that can be read") from None
        given = [f"v1,{one.removeprefix('v1,')}" for one in delivery.headers.get("webhook-signature", "").split()]
        require_any(given, self.secrets(settings), lambda secret: self._value(secret, delivery, sent))

    def sign(self, delivery: RawDelivery, settings: Settings) -> RawDelivery:
        """The inverse: the delivery with the headers that a real sender adds."""
        sent = int(delivery.received_at.timestamp())
        value = self._value(self.secrets(settings)[0].get_secret_value(), delivery, sent)
        return _with(delivery, {"webhook-timestamp": str(sent), "webhook-signature": value})

    def name(self, delivery: RawDelivery) -> str:
        """The event's id. Raises PayloadError without one."""
        if not (found := delivery.headers.get("webhook-id")):
            raise PayloadError("no header webhook-id", path="webhook-id")
        return found

    def _value(self, secret: str, delivery: RawDelivery, sent: int) -> str:
        name = delivery.headers.get("webhook-id", "")
        try:
            return standard_webhooks(secret, message_id=name, timestamp=sent, body=delivery.body)
        except binascii.Error:
            raise VerificationError("the secret is not whsec_ and base64") from None


def require(given: str | None, secrets: Iterable[SecretStr], sign: Callable[[str], str]) -> None:
    """Raise VerificationError unless ``given`` equals ``sign(secret)`` for one of the live secrets.

    Every secret is tried, so that the time taken tells nothing.
    """
    require_any([given] if given else [], secrets, sign)


MOST_SIGNATURES = 10
"""Signatures of one delivery that are looked at: while a secret is being changed, senders send two."""


def require_any(given: Sequence[str], secrets: Iterable[SecretStr], sign: Callable[[str], str]) -> None:
    """The same for senders that sign with several secrets at a time: one of ``given`` has to be right."""
    candidates = [one.encode() for one in given[:MOST_SIGNATURES] if one]
    if not candidates:
        raise VerificationError("no signature")
    matched = False
    for secret in secrets:
        value = secret.get_secret_value()
        expected = sign(value).encode() if value else b""
        for candidate in candidates:
            matched |= bool(expected) and hmac.compare_digest(candidate, expected)
    if not matched:
        raise VerificationError("wrong signature")


def require_fresh(sent_at: datetime, received_at: datetime, *, tolerance_seconds: float = 300.0) -> None:
    """Raise VerificationError when the signed time is further than the tolerance from the time of receipt."""
    if abs((received_at - sent_at).total_seconds()) > tolerance_seconds:
        raise VerificationError("timestamp outside the tolerance")
