"""A signed assertion (JWT) by which an app proves itself to a token server, in place of a secret. Pure.

By RFC 7523 (2.1 and 3: a JWT as an authorization grant), RFC 7515 (compact form) and RFC 7518, 3.3 (RS256).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import SecretStr

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class Assertion:
    """``issuer`` is the app's id, ``subject`` whom it acts as, ``audience`` the token server; ``key`` is RSA in PEM."""

    issuer: str
    subject: str
    audience: str
    key: SecretStr = field(repr=False)
    lifetime_seconds: int = 180

    def signed(self, now: float) -> str:
        """The assertion as it is sent; ``now`` in seconds since 1970, UTC. Raises ValueError where the key is none."""
        claims = {
            "iss": self.issuer,
            "sub": self.subject,
            "aud": self.audience,
            "exp": int(now) + self.lifetime_seconds,
        }
        signed = f"{_part({'alg': 'RS256', 'typ': 'JWT'})}.{_part(claims)}"
        signature = _loaded(self.key).sign(signed.encode(), PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_text(signature)}"


def pem_fault(key: SecretStr) -> str | None:
    """Why a private key cannot sign, or None. Never holds the key."""
    try:
        _loaded(key)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return "is no RSA private key in PEM without a password (-----BEGIN PRIVATE KEY-----)"
    return None


def _loaded(key: SecretStr) -> RSAPrivateKey:
    loaded = load_pem_private_key(key.get_secret_value().encode(), password=None)
    if not isinstance(loaded, RSAPrivateKey):
        raise TypeError("not an RSA key")
    return loaded


def _part(content: Mapping[str, object]) -> str:
    return _text(orjson.dumps(content))


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
