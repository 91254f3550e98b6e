"""How a delivery proves who sent it, as the configuration declares it. Every comparison takes constant time.

Standard Webhooks: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md (headers
``webhook-id``, ``webhook-timestamp``, ``webhook-signature`` with one or more ``v1,…`` apart by blanks). A digest beside
its time in one header, ``t=…,v1=…``: https://docs.stripe.com/webhooks/signature and
https://developer.calendly.com/docs/webhooks/overview.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any, Literal, Protocol
from urllib.parse import urlencode

from pydantic import BeforeValidator, Field, SecretStr, field_validator, model_validator

from hub.errors import PayloadError, VerificationError
from hub.mapping.time import instant
from hub.sdk import signatures
from hub.sdk.incoming.fields import Part
from hub.sdk.manifest import Period
from hub.sdk.source import RawDelivery

Secrets = Sequence[SecretStr]
_NAMES = re.compile(r"\{(body|timestamp|url|id)\}")
_ODD_NAME = re.compile(r"\{[^{}]*\}")


def _lower(name: Any) -> Any:
    return name.strip().lower() if isinstance(name, str) else name


HeaderName = Annotated[str, BeforeValidator(_lower), Field(min_length=1, pattern=r"^[a-z0-9!#$%&'*+.^_`|~-]+$")]
_FIVE_MINUTES = timedelta(minutes=5)


class Scheme(Protocol):
    """One way to verify, and its inverse for samples and trials."""

    def verify(self, delivery: RawDelivery, secrets: Secrets) -> None:
        """Raise VerificationError unless one of the secrets is shown to be known."""
        ...

    def sign(self, delivery: RawDelivery, secret: str) -> RawDelivery:
        """The delivery as a sender who knows the secret makes it."""
        ...


class StandardWebhooks(Part):
    """Standard Webhooks; the secret is ``whsec_`` and base64. Its elder name for the headers is ``svix-…``."""

    tolerance: Period = _FIVE_MINUTES

    def verify(self, delivery: RawDelivery, secrets: Secrets) -> None:
        message_id, told, given = (
            delivery.headers.get(f"webhook-{name}") or delivery.headers.get(f"svix-{name}", "")
            for name in ("id", "timestamp", "signature")
        )
        if not (message_id and told.isascii() and told.isdigit() and len(told) <= 11):
            raise VerificationError("no webhook-id, or no webhook-timestamp")
        signatures.require_any(
            given.split(), secrets, lambda secret: _standard(secret, message_id, told, delivery.body)
        )
        _require_fresh(told, delivery, self.tolerance)

    def sign(self, delivery: RawDelivery, secret: str) -> RawDelivery:
        at = str(int(delivery.received_at.timestamp()))
        message_id = delivery.headers.get("webhook-id", "msg_sample")
        signature = _standard(secret, message_id, at, delivery.body)
        return _with(delivery, {"webhook-id": message_id, "webhook-timestamp": at, "webhook-signature": signature})


def _standard(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    try:
        return signatures.standard_webhooks(secret, message_id=message_id, timestamp=int(timestamp), body=body)
    except binascii.Error:
        return ""


class Hmac(Part):
    """A digest in a header.

    ``part`` is for headers that hold several values, ``t=1700000000,v1=…``: the name of the digest there, with
    ``timestamp_part`` for that of the time. ``signed`` says what is signed: {body}, {timestamp}, {url}, {id}.
    """

    header: HeaderName
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    encoding: Literal["hex", "base64", "base64url"] = "hex"
    prefix: str = ""
    part: str | None = None
    signed: str = "{body}"
    timestamp: HeaderName | None = None
    timestamp_part: str | None = None
    id: HeaderName | None = None
    tolerance: Period = _FIVE_MINUTES
    key: Literal["text", "base64", "hex"] = "text"

    @field_validator("signed")
    @classmethod
    def _covers_the_body(cls, signed: str) -> str:
        if odd := [name for name in _ODD_NAME.findall(signed) if not _NAMES.fullmatch(name)]:
            raise ValueError(f"there is no {odd[0]} here; there are {{body}}, {{timestamp}}, {{url}} and {{id}}")
        if "{body}" not in signed:
            raise ValueError("names no {body}: whatever is sent would count as signed")
        return signed

    @model_validator(mode="after")
    def _is_whole(self) -> Hmac:
        timed = self.timestamp or self.timestamp_part
        if ("{timestamp}" in self.signed) != bool(timed):
            raise ValueError("{timestamp} in signed and timestamp (or timestamp_part) need each other")
        if ("{id}" in self.signed) != bool(self.id):
            raise ValueError("{id} in signed and id, the header it is in, need each other")
        if self.timestamp_part and not self.part:
            raise ValueError("timestamp_part needs part, the name of the digest beside it")
        return self

    def verify(self, delivery: RawDelivery, secrets: Secrets) -> None:
        given = delivery.headers.get(self.header, "")
        pairs = [(name.strip(), value.strip()) for name, _, value in (p.partition("=") for p in given.split(","))]
        at = delivery.headers.get(self.timestamp, "") if self.timestamp else ""
        if self.timestamp_part:
            at = next((value for name, value in pairs if name == self.timestamp_part), "")
        told = [value for name, value in pairs if name == self.part] if self.part else [given.strip()]
        message = self._message(delivery, at)
        signatures.require_any([self._canonical(one) for one in told], secrets, lambda one: self._digest(one, message))
        if self.timestamp or self.timestamp_part:
            _require_fresh(at, delivery, self.tolerance)

    def sign(self, delivery: RawDelivery, secret: str) -> RawDelivery:
        at = str(int(delivery.received_at.timestamp()))
        if self.id and self.id not in delivery.headers:
            delivery = _with(delivery, {self.id: "sample"})
        digest = self._digest(secret, self._message(delivery, at))
        value = f"{self.part}={digest}" if self.part else digest
        if self.timestamp_part:
            value = f"{self.timestamp_part}={at},{value}"
        return _with(delivery, {self.header: value, **({self.timestamp: at} if self.timestamp else {})})

    def _message(self, delivery: RawDelivery, at: str) -> bytes:
        values = {"timestamp": at, "url": delivery.url, "id": delivery.headers.get(self.id or "", "")}
        parts = _NAMES.split(self.signed)
        return b"".join(
            delivery.body if at_name and part == "body" else (values[part] if at_name else part).encode()
            for at_name, part in ((bool(place % 2), part) for place, part in enumerate(parts))
        )

    def _digest(self, secret: str, message: bytes) -> str:
        if not secret:
            return ""
        try:
            key = _KEYS[self.key](secret)
        except ValueError:
            return ""
        digest = hmac.digest(key, message, self.algorithm)
        return self.prefix + _ENCODINGS[self.encoding](digest)

    def _canonical(self, given: str) -> str:
        """The same digest as senders may write it: hex in capitals, base64 without its end."""
        if not given.startswith(self.prefix):
            return given
        value = given[len(self.prefix) :].strip()  # HaloPSA writes "sha256= …"
        return self.prefix + (value.lower() if self.encoding == "hex" else _padded(value))


def _padded(value: str) -> str:
    value = value.rstrip("=")
    return value + "=" * (-len(value) % 4)


_KEYS: Mapping[str, Callable[[str], bytes]] = {
    "text": str.encode,
    "base64": lambda secret: base64.b64decode(secret.removeprefix("whsec_"), validate=True),
    "hex": bytes.fromhex,
}
_ENCODINGS: Mapping[str, Callable[[bytes], str]] = {
    "hex": bytes.hex,
    "base64": lambda digest: base64.b64encode(digest).decode(),
    "base64url": lambda digest: base64.urlsafe_b64encode(digest).decode(),
}


class Basic(Part):
    """HTTP Basic: the user name here, the password is ``webhook_secret``."""

    user: Annotated[str, Field(min_length=1)]

    def verify(self, delivery: RawDelivery, secrets: Secrets) -> None:
        given = _after(delivery.headers.get("authorization", ""), "basic")
        signatures.require(given, secrets, self._pair)

    def sign(self, delivery: RawDelivery, secret: str) -> RawDelivery:
        return _with(delivery, {"authorization": f"Basic {self._pair(secret)}"})

    def _pair(self, secret: str) -> str:
        return base64.b64encode(f"{self.user}:{secret}".encode()).decode()


class Bearer(Part):
    """``Authorization: Bearer`` and the secret."""

    def verify(self, delivery: RawDelivery, secrets: Secrets) -> None:
        signatures.require(_after(delivery.headers.get("authorization", ""), "bearer"), secrets, lambda secret: secret)

    def sign(self, delivery: RawDelivery, secret: str) -> RawDelivery:
        return _with(delivery, {"authorization": f"Bearer {secret}"})


class Header(Part):
    """The secret itself in a header of this name."""

    name: HeaderName
    prefix: str = ""

    def verify(self, delivery: RawDelivery, secrets: Secrets) -> None:
        signatures.require(delivery.headers.get(self.name), secrets, lambda secret: self.prefix + secret)

    def sign(self, delivery: RawDelivery, secret: str) -> RawDelivery:
        return _with(delivery, {self.name: self.prefix + secret})


class Query(Part):
    """The secret itself as a parameter of the URL."""

    name: Annotated[str, Field(min_length=1)]

    def verify(self, delivery: RawDelivery, secrets: Secrets) -> None:
        signatures.require(delivery.query.get(self.name), secrets, lambda secret: secret)

    def sign(self, delivery: RawDelivery, secret: str) -> RawDelivery:
        query = {**delivery.query, self.name: secret}
        return replace(delivery, query=query, url=f"{delivery.url.partition('?')[0]}?{urlencode(query)}")


def _named(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


def _flag(value: Any) -> Any:
    return {} if value is True else value


class Verification(Part):
    """One of these. ``none`` takes deliveries from anybody, and has to be said."""

    standard_webhooks: Annotated[StandardWebhooks | None, BeforeValidator(_flag)] = None
    hmac: Hmac | None = None
    basic: Basic | None = None
    bearer: Annotated[Bearer | None, BeforeValidator(_flag)] = None
    header: Annotated[Header | None, BeforeValidator(_named)] = None
    query: Annotated[Query | None, BeforeValidator(_named)] = None
    none: Literal[True] | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Verification:
        if sum(getattr(self, name) is not None for name in type(self).model_fields) != 1:
            raise ValueError(f"needs one of {', '.join(type(self).model_fields)}")
        return self

    @property
    def scheme(self) -> Scheme | None:
        """The way that was chosen; None where there is none."""
        return self.standard_webhooks or self.hmac or self.basic or self.bearer or self.header or self.query

    def secret_fault(self, secret: str) -> str | None:
        """Why a secret cannot be one of this scheme."""
        if self.standard_webhooks and len(_decoded(secret)) < _SHORTEST:
            return f"is no secret of Standard Webhooks: whsec_, then {_SHORTEST} bytes or more in base64"
        if self.hmac and self.hmac.key != "text" and not self.hmac._digest(secret, b""):  # noqa: SLF001 - same module
            return f"is no key in {self.hmac.key}"
        return None


_SHORTEST = 16
"""Bytes of a key; the specification asks for 24, and some senders have given less."""


def _decoded(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except ValueError:
        return b""


def _after(header: str, scheme: str) -> str | None:
    name, _, value = header.strip().partition(" ")
    return value.strip() if name.lower() == scheme else None


def _with(delivery: RawDelivery, headers: Mapping[str, str]) -> RawDelivery:
    return replace(delivery, headers={**delivery.headers, **headers})


def _require_fresh(told: str, delivery: RawDelivery, tolerance: timedelta) -> None:
    try:
        at = instant(told, path="timestamp")
    except PayloadError:
        raise VerificationError("the timestamp is no time") from None
    signatures.require_fresh(at, delivery.received_at, tolerance_seconds=tolerance.total_seconds())
