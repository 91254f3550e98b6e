"""Links in mails: what a link tells is sealed in it, so that nothing has to be looked up and nobody can read it.

A link is AES-SIV (https://www.rfc-editor.org/rfc/rfc5297) over what it tells, with the connection's secret. It is the
same for the same content, and one that was changed in a single letter opens nothing. Pure.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import quote

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from pydantic import SecretStr

Purpose = Literal["confirm", "unsubscribe"]

SAID = ("subject", "message")
"""Fields of a contact form that are what somebody says, and nothing of theirs that lasts."""

LONGEST = 6_000
"""Letters of a link's token; browsers and mail programs take more, and servers between them often 8,000."""


def seal(purpose: Purpose, told: Mapping[str, Any], secret: SecretStr) -> str:
    """The token; ``purpose`` is bound to it: a link to confirm does not unsubscribe."""
    sealed = _cipher(secret).encrypt(orjson.dumps(told, option=orjson.OPT_SORT_KEYS), [purpose.encode()])
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def unseal(purpose: Purpose, token: str, secrets: Sequence[SecretStr]) -> dict[str, Any] | None:
    """What was sealed with one of these secrets; None for anything else."""
    if not token or len(token) > LONGEST:
        return None
    try:
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    for secret in secrets:
        try:
            found = orjson.loads(_cipher(secret).decrypt(sealed, [purpose.encode()]))
        except (InvalidTag, ValueError):
            continue
        return found if isinstance(found, dict) else None
    return None


def linked(tree: Mapping[str, Any]) -> dict[str, Any]:
    """What of a form its link has to tell: all but what was said, which lasts only as an interaction."""
    custom = {name: value for name, value in tree.get("custom", {}).items() if name not in SAID}
    return {**tree, "custom": custom}


def link(url: str, purpose: Purpose, told: Mapping[str, Any], secret: SecretStr) -> str:
    """The address in the mail; ``url`` is the connection's."""
    return f"{url.rstrip('/')}/{purpose}?t={quote(seal(purpose, told, secret))}"


def _cipher(secret: SecretStr) -> AESSIV:
    return AESSIV(
        hashlib.blake2b(secret.get_secret_value().encode(), person=b"hub forms link", digest_size=64).digest()
    )
