# ruff: noqa: N818 - GrantRevoked says what is; an "Error" behind it says nothing
"""OAuth 2.0 as a connector declares it, and the one request to a token server. What decides is pure.

By RFC 6749 (4.1 authorization code, 4.4 client credentials, 5 answers, 6 refresh), RFC 6750 (bearer tokens), RFC 7636
(PKCE), RFC 7523 (a signed assertion) and RFC 9700 (a refresh token may be good for one use only). Written here over
Hub's own client, because a library such as authlib brings an HTTP session of its own, which knows neither our addresses
nor our deadlines, and lets every process refresh for itself.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Literal
from urllib.parse import parse_qsl, quote, urlencode

import httpx
import orjson
from pydantic import Field, SecretStr

from hub.errors import AuthError, HubError, RateLimited, Unavailable
from hub.sdk.assertion import GRANT, Assertion
from hub.sdk.http import retry_after
from hub.sdk.manifest import ConnectionSettings

LONGEST_SECONDS = 10 * 365 * 86_400.0
_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}", re.IGNORECASE)
_TOKEN = re.compile(r"[\x21-\x7e]+")
_PASSING = frozenset({"temporarily_unavailable", "server_error", "slow_down"})
_UNKNOWN_TYPES = frozenset({"mac", "dpop"})


class OAuthSettings(ConnectionSettings):
    """What a connection of an OAuth connector may set beside that."""

    client_id: str = Field(min_length=1, description="Id of the app that was registered with the vendor for this Hub.")
    client_secret: SecretStr = Field(description="Secret of that app.")
    redirect_url: str = Field(
        "https://localhost/",
        description="The redirect URL registered with that app. Nobody has to answer there: the browser shows an "
        "error, and the code stands in its address bar.",
    )


def bearer(token: str) -> Mapping[str, str]:
    """How a token goes into a request, unless the vendor wants it otherwise (RFC 6750, 2.1)."""
    return {"authorization": f"Bearer {token}"}


@dataclass(frozen=True, slots=True)
class OAuth:
    """How the connections of a connector come by their access tokens.

    ``grant``        client_credentials: the app is enough. jwt_bearer: its ``assertion`` is. refresh_token: a person
                     consents once
    ``authorise_url`` where that person does
    ``client``       how the app proves itself: HTTP Basic, or in the body (RFC 6749, 2.3.1); one without a secret names
                     itself in the body
    ``extra``        further fields of each token request, such as ``audience``
    ``headers``      further headers of each token request, such as a user agent that the vendor asks for
    ``place``        how a token is put into a request
    ``lifetime_seconds``  how long a token is good for where the vendor's answer does not say
    ``revoked``      the vendor's words for a grant that is gone
    """

    token_url: str
    client_id: str
    client_secret: SecretStr | None
    grant: Literal["client_credentials", "jwt_bearer", "refresh_token"]
    scopes: tuple[str, ...] = ()
    authorise_url: str | None = None
    redirect_url: str = "https://localhost/"
    client: Literal["basic", "body"] = "basic"
    extra: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    place: Callable[[str], Mapping[str, str]] = bearer
    lifetime_seconds: float | None = None
    revoked: frozenset[str] = frozenset({"invalid_grant"})
    assertion: Assertion | None = None

    @property
    def needs_no_person(self) -> bool:
        """True where nothing has to be given and kept: what stands in the settings is enough."""
        return self.grant != "refresh_token"

    @property
    def app(self) -> str:
        """Tells, without holding it, whose tokens these are: those of another app or server are never used."""
        scopes = self.scopes if self.grant == "client_credentials" else ()
        subject = [self.assertion.subject] if self.assertion else []
        parts = [self.grant, self.token_url, self.client_id, *scopes, *subject]
        return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=8).hexdigest()


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a token server gave. ``lifetime`` is in seconds, None where nobody knows."""

    access: str = field(repr=False)
    refresh: str | None = field(default=None, repr=False)
    lifetime: float | None = None


class GrantRevoked(AuthError):
    """The token server takes the grant no more: a person has to give a new one."""


def consent_url(oauth: OAuth, *, state: str, verifier: str) -> str:
    """Where a person consents (RFC 6749, 4.1.1). ``verifier`` stays here; only its digest is in the URL (RFC 7636)."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    query = {
        "response_type": "code",
        "client_id": oauth.client_id,
        "redirect_uri": oauth.redirect_url,
        **({"scope": " ".join(oauth.scopes)} if oauth.scopes else {}),
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    base = oauth.authorise_url or ""
    return f"{base}{'&' if '?' in base else '?'}{urlencode(query)}"


def code_of(given: str, *, state: str) -> str:
    """The code out of what a person pasted: the code alone, or the address the browser was led to.

    Raises AuthError when that address belongs to another request (``state``), or tells of a refusal.
    """
    text = given.strip()
    if "?" not in text:
        return text
    fields = dict(parse_qsl(text.partition("?")[2].partition("#")[0]))
    if fields.get("state") != state:
        raise AuthError("this address belongs to another request; begin anew")
    if "code" not in fields:
        raise AuthError(f"consent was not given{_said(fields)}")
    return fields["code"]


def code_fields(oauth: OAuth, code: str, verifier: str) -> dict[str, str]:
    """The fields that exchange a code for tokens (RFC 6749, 4.1.3)."""
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": oauth.redirect_url}
    return {**fields, "code_verifier": verifier}


def renewal_fields(oauth: OAuth, refresh: str | None, *, now: float) -> dict[str, str]:
    """The fields that ask for a new access token (RFC 6749, 4.4.2 and 6, RFC 7523, 4).

    The scope of a refresh stays what it was. ``now`` is the time of day in seconds since 1970, for an assertion.
    """
    if oauth.assertion is not None:
        return {"grant_type": GRANT, "assertion": oauth.assertion.signed(now)}
    if oauth.grant == "client_credentials":
        scope = {"scope": " ".join(oauth.scopes)} if oauth.scopes else {}
        return {"grant_type": "client_credentials", **scope}
    return {"grant_type": "refresh_token", "refresh_token": refresh or ""}


def form(oauth: OAuth, fields: Mapping[str, str]) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a token request. Secrets stand in these alone, never in the URL."""
    headers = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json", **oauth.headers}
    secret = oauth.client_secret.get_secret_value() if oauth.client_secret else ""
    sent = {**fields, **oauth.extra}
    if oauth.assertion is not None:
        pass  # what it signs names the app
    elif oauth.client == "body":
        sent |= {"client_id": oauth.client_id, **({"client_secret": secret} if secret else {})}
    else:
        pair = f"{quote(oauth.client_id, safe='')}:{quote(secret, safe='')}"
        headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    return urlencode(sent).encode(), headers


def read_answer(oauth: OAuth, response: httpx.Response, *, refresh: str | None = None) -> Tokens:
    """The tokens in a token server's answer; ``refresh`` is the refresh token that was used.

    Raises GrantRevoked, AuthError (the app was refused), RateLimited or Unavailable. Of the answer no error holds more
    than the status and the error's code: servers are known to repeat tokens in their descriptions.
    """
    answer = _fields(response)
    error = answer.get("error")
    if response.is_success and not error:
        return _tokens(oauth, answer, refresh)
    raise _refusal(oauth, response, answer)


def _refusal(oauth: OAuth, response: httpx.Response, answer: Mapping[str, Any]) -> HubError:
    status, words = response.status_code, f"the token server answered {response.status_code}{_said(answer)}"
    error = answer.get("error")
    if status == 429:
        return RateLimited(words, retry_after=retry_after(response))
    if isinstance(error, str) and error in oauth.revoked:
        return GrantRevoked(words)
    if status >= 500 or status == 408 or error in _PASSING:
        return Unavailable(words, retry_after=retry_after(response))
    if (isinstance(error, str) and _CODE.fullmatch(error)) or (status in (400, 401, 403) and _is_object(response)):
        # Not all say so by RFC 6749: Shopware answers {"errors": [{"code", "status", "title"}]}.
        return AuthError(words)
    # A proxy's page or a redirect is no judgement on the grant.
    return Unavailable(words)


def _tokens(oauth: OAuth, answer: Mapping[str, Any], refresh: str | None) -> Tokens:
    access = answer.get("access_token")
    if not isinstance(access, str) or access == "null" or not _TOKEN.fullmatch(access):
        raise Unavailable("the token server's answer holds no access token that can be sent")
    kind = answer.get("token_type")
    if isinstance(kind, str) and kind.lower() in _UNKNOWN_TYPES:
        raise AuthError(f"the token server gives tokens of type {kind.lower()}, which Hub cannot use")
    new = answer.get("refresh_token")
    kept = new if isinstance(new, str) and _TOKEN.fullmatch(new) and new != "null" else refresh
    lifetime = _seconds(answer.get("expires_in"))
    return Tokens(access, kept, oauth.lifetime_seconds if lifetime is None else lifetime)


def _seconds(value: Any) -> float | None:
    """``expires_in``, also as a text; None where it is missing, zero or no number: such a token is used until a 401."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return min(seconds, LONGEST_SECONDS) if isfinite(seconds) and seconds > 0 else None


def _fields(response: httpx.Response) -> Mapping[str, Any]:
    """The answer as JSON or a form, by what it is and not by what it is called."""
    try:
        decoded = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        found = dict(parse_qsl(response.text))
        return found if found.keys() & {"access_token", "error"} else {}
    return decoded if isinstance(decoded, dict) else {}


def _is_object(response: httpx.Response) -> bool:
    try:
        return isinstance(orjson.loads(response.content), dict)
    except orjson.JSONDecodeError:
        return False


_MEANT = {
    "invalid_client": "the client id or secret is not that of the app",
    "invalid_grant": "what was given is revoked, used up, too old, or of another app or redirect URL",
    "unauthorized_client": "the app is not allowed this kind of grant",
    "invalid_scope": "the app is not allowed all the rights that are asked for",
    "access_denied": "whoever was asked said no, or may not say yes",
    "redirect_uri_mismatch": "redirect_url is not registered with the app",
}
"""What errors of RFC 6749 (4.1.2.1, 5.2) mean to whoever set the connection up; the last is Google's."""


def _said(answer: Mapping[str, Any]) -> str:
    error = answer.get("error")
    if not (isinstance(error, str) and _CODE.fullmatch(error)):
        return ""
    return f": {error}, {_MEANT[error]}" if error in _MEANT else f": {error}"
