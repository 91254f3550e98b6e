"""Seals secrets before they are stored: Fernet (AES-128-CBC with HMAC-SHA256) of the library ``cryptography``.

A copy of the database alone opens nothing. The first key seals, all of them open, so that a key can be changed without
losing a token.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from hub.errors import ConfigError

HOW_TO_MAKE = "`openssl rand -base64 32` makes one"


class Sealer:
    """Seals and opens with ``keys``, each 32 bytes in base64. Raises ConfigError for anything else."""

    def __init__(self, keys: Sequence[SecretStr]) -> None:
        self._all = MultiFernet([_fernet(key.get_secret_value()) for key in keys])
        self._first = _fernet(keys[0].get_secret_value())

    def seal(self, owner: str, secrets: dict[str, str | float | None]) -> bytes:
        """The secrets of one owner, sealed together with its name: they open under no other."""
        return self._first.encrypt(orjson.dumps([owner, secrets]))

    def open(self, owner: str, sealed: bytes) -> dict[str, str | float | None] | None:
        """What was sealed; None when no key opens it, or it is somebody else's."""
        try:
            found = orjson.loads(self._all.decrypt(sealed))
        except InvalidToken:
            return None
        secrets: dict[str, str | float | None] | None = found[1] if found[0] == owner else None
        return secrets

    def renewed(self, sealed: bytes) -> bytes | None:
        """The same under the first key; None when it is that already, or no key opens it."""
        try:
            self._first.decrypt(sealed)
        except InvalidToken:
            pass
        else:
            return None
        try:
            return self._all.rotate(sealed)
        except InvalidToken:
            return None


def _fernet(key: str) -> Fernet:
    try:
        # Both alphabets of base64 are taken: openssl writes one, Fernet's own generator the other.
        raw = base64.b64decode(key.strip().replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 32:
        raise ConfigError([f"HUB_SECRET_KEY: each key must be 32 bytes in base64; {HOW_TO_MAKE}"])
    return Fernet(base64.urlsafe_b64encode(raw))
