"""OAuth 1.0a (RFC 5849): requests that are signed with the four values of a token, each anew.

Written here over Hub's own client: a library such as authlib brings an HTTP session of its own.
"""

from __future__ import annotations

import base64
import hmac
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, quote

import httpx


@dataclass(frozen=True, slots=True)
class OAuth1:
    """``algorithm`` is that of the HMAC: Magento takes sha256 alone, RFC 5849 names sha1 alone."""

    consumer_key: str
    consumer_secret: str = field(repr=False)
    token: str = field(repr=False)
    token_secret: str = field(repr=False)
    algorithm: Literal["sha1", "sha256"] = "sha256"

    def header(self, method: str, url: httpx.URL, *, nonce: str, timestamp: int) -> str:
        """The Authorization header of one request without a form (RFC 5849, 3.4 and 3.5.1)."""
        own = {
            "oauth_consumer_key": self.consumer_key,
            "oauth_nonce": nonce,
            "oauth_signature_method": f"HMAC-{self.algorithm.upper()}",
            "oauth_timestamp": str(timestamp),
            "oauth_token": self.token,
        }
        asked = parse_qsl(url.query.decode(), keep_blank_values=True)
        pairs = sorted((_escaped(name), _escaped(value)) for name, value in (*own.items(), *asked))
        path = url.raw_path.decode().partition("?")[0]
        place = f"{url.scheme}://{url.netloc.decode()}{path}"
        parts = (method.upper(), place, "&".join(f"{name}={value}" for name, value in pairs))
        key = f"{_escaped(self.consumer_secret)}&{_escaped(self.token_secret)}"
        digest = hmac.digest(key.encode(), "&".join(map(_escaped, parts)).encode(), self.algorithm)
        signed = {**own, "oauth_signature": base64.b64encode(digest).decode()}
        return "OAuth " + ", ".join(f'{name}="{_escaped(value)}"' for name, value in signed.items())

    def signing(self) -> Callable[[httpx.Request], Mapping[str, str]]:
        """What an ``HttpClient`` asks before each call (``hub.sdk.http.Authorisation``)."""

        def sign(request: httpx.Request) -> Mapping[str, str]:
            now = int(time.time())
            header = self.header(request.method, request.url, nonce=secrets.token_hex(16), timestamp=now)
            return {"authorization": header}

        return sign


def _escaped(text: str) -> str:
    """RFC 5849, 3.6: all but letters, digits and ``-._~``."""
    return quote(text, safe="")
