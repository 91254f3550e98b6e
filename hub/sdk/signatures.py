"""Signature schemes. Each has its inverse, so that samples, the demo and captured payloads can be signed again.

All comparisons take constant time. An empty secret verifies nothing: anyone could sign with it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable
from datetime import datetime

from pydantic import SecretStr

from hub.errors import VerificationError


def hmac_sha256_base64(secret: str, message: bytes) -> str:
    """Base64 of HMAC-SHA256 (Shopify, WooCommerce, Square)."""
    return base64.b64encode(hmac.digest(secret.encode(), message, hashlib.sha256)).decode()


def hmac_sha256_hex(secret: str, message: bytes) -> str:
    """Hexadecimal HMAC-SHA256 (Meta, Shopware)."""
    return hmac.digest(secret.encode(), message, hashlib.sha256).hex()


def standard_webhooks(secret: str, *, message_id: str, timestamp: int, body: bytes) -> str:
    """One ``v1,…`` signature of Standard Webhooks; ``secret`` is ``whsec_`` and base64, ``timestamp`` in seconds.

    Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    """
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def require(given: str | None, secrets: Iterable[SecretStr], sign: Callable[[str], str]) -> None:
    """Raise VerificationError unless ``given`` equals ``sign(secret)`` for one of the live secrets.

    Every secret is tried, so that the time taken tells nothing.
    """
    if not given:
        raise VerificationError("no signature")
    candidate = given.encode()
    matched = False
    for secret in secrets:
        value = secret.get_secret_value()
        matched |= bool(value) and hmac.compare_digest(candidate, sign(value).encode())
    if not matched:
        raise VerificationError("wrong signature")


def require_fresh(sent_at: datetime, received_at: datetime, *, tolerance_seconds: float = 300.0) -> None:
    """Raise VerificationError when the signed time is further than the tolerance from the time of receipt."""
    if abs((received_at - sent_at).total_seconds()) > tolerance_seconds:
        raise VerificationError("timestamp outside the tolerance")
