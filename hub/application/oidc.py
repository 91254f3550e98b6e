"""Sign-in with an OpenID provider: Keycloak, Entra ID, Google, Okta and the like.

The authorisation code flow with PKCE, as https://openid.net/specs/openid-connect-core-1_0.html (3.1) and RFC 7636 have
it. What the provider offers is read from its discovery document (OpenID Connect Discovery 1.0, section 4).
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from urllib.parse import urlencode

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from hub.errors import Unavailable, VerificationError
from hub.settings import OidcSection

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
"""Signatures by a key of the provider alone; none that our own secret could make."""

TIMEOUT_SECONDS = 10.0
KEPT_SECONDS = 3_600.0
AWAY_SECONDS = 5.0
"""How long a provider that did not answer is not asked again: each question may hold a thread for ten seconds."""

LEEWAY_SECONDS = 60
"""By which the provider's clock and ours may differ."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A sign-in that has begun: where the browser goes, and what it brings back in a cookie."""

    url: str
    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the provider says it is. ``subject`` never changes and is nobody else's; ``groups`` decide the role."""

    subject: str
    name: str
    groups: frozenset[str]


class Provider:
    """One OpenID provider; its documents are kept for an hour."""

    def __init__(self, settings: OidcSection, *, clock: Callable[[], float] = monotonic) -> None:
        self.settings = settings
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, Any]] = {}
        self._away_until = float("-inf")

    def begin(self, redirect_uri: str) -> Begun:
        """Begin to sign in. Raises Unavailable when the provider does not answer."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": redirect_uri,
            "scope": self.settings.scope,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        place = self._endpoint("authorization_endpoint")
        return Begun(f"{place}{'&' if '?' in place else '?'}{urlencode(asked)}", state, nonce, verifier)

    def finish(self, code: str, *, verifier: str, nonce: str, redirect_uri: str) -> Identity:
        """Who signed in. Raises VerificationError when the answer is not one for us, Unavailable when there is none."""
        answer = self._call(
            "POST",
            self._endpoint("token_endpoint"),
            data={
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": redirect_uri,
                "code_verifier": verifier,
                "client_id": self.settings.client_id,
            },
            auth=(self.settings.client_id, self.settings.client_secret.get_secret_value()),
        )
        return self._identity(self._claims(str(answer.get("id_token", ""))), nonce)

    def _claims(self, token: str) -> Mapping[str, Any]:
        try:
            try:
                return jwt.decode(token, self._keys(), algorithms=ALGORITHMS).claims
            except (JoseError, ValueError):  # the provider may have changed its keys since
                return jwt.decode(token, self._keys(fresh=True), algorithms=ALGORITHMS).claims
        except (JoseError, ValueError) as error:
            raise VerificationError(f"the provider's token is not signed by it ({type(error).__name__})") from None

    def _identity(self, claims: Mapping[str, Any], nonce: str) -> Identity:
        """Checks as OpenID Connect Core 1.0, section 3.1.3.7."""
        own = self.settings.client_id
        rules = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self._document()["issuer"]},
            aud={"essential": True, "value": own},
            exp={"essential": True},
            sub={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            rules.validate(dict(claims))
        except (JoseError, ValueError) as error:
            raise VerificationError(f"the provider's token is not for this sign-in ({type(error).__name__})") from None
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if (several or "azp" in claims) and claims.get("azp") != own:
            raise VerificationError("the provider's token is for another application")
        told = claims.get(self.settings.groups_claim, ())
        groups = frozenset(map(str, told)) if isinstance(told, list | tuple) else frozenset({str(told)})
        name = next((str(claims[one]) for one in (self.settings.name_claim, "email", "sub") if claims.get(one)), "")
        return Identity(f"{claims['iss']} {claims['sub']}", name, groups)

    def _endpoint(self, name: str) -> str:
        found = str(self._document().get(name, ""))
        if not found.startswith(("https://", "http://")):
            raise Unavailable(f"the OpenID provider names no {name}")
        return found

    def _document(self) -> Mapping[str, Any]:
        issuer = self.settings.issuer.rstrip("/")
        found: Mapping[str, Any] = self._remembered(f"{issuer}/.well-known/openid-configuration")
        if str(found.get("issuer", "")).rstrip("/") != issuer:
            raise VerificationError("the OpenID provider calls itself otherwise than `issuer` in the configuration")
        return found

    def _keys(self, *, fresh: bool = False) -> KeySet:
        return KeySet.import_key_set(self._remembered(self._endpoint("jwks_uri"), fresh=fresh))

    def _remembered(self, url: str, *, fresh: bool = False) -> Any:
        with self._lock:
            kept = self._kept.get(url)
        if kept is not None and not fresh and self._clock() - kept[0] < KEPT_SECONDS:
            return kept[1]
        if self._clock() < self._away_until:
            raise Unavailable("the OpenID provider does not answer")
        try:
            found = self._call("GET", url)
        except Unavailable:
            self._away_until = self._clock() + AWAY_SECONDS
            raise
        with self._lock:
            self._kept[url] = (self._clock(), found)
        return found

    def _call(self, method: str, url: str, **more: Any) -> dict[str, Any]:
        try:
            answer = httpx.request(method, url, timeout=TIMEOUT_SECONDS, follow_redirects=False, **more)
            found = answer.json() if answer.is_success else None
        except (httpx.HTTPError, ValueError):
            raise Unavailable("the OpenID provider does not answer") from None
        if 400 <= answer.status_code < 500 and method == "POST":
            raise VerificationError(f"the OpenID provider refused the sign-in ({answer.status_code})")
        if not isinstance(found, dict):
            raise Unavailable(f"the OpenID provider answered with {answer.status_code}")
        return found
