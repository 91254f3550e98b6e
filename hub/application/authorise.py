"""authorise: a person gives an OAuth connection its first token, or a new one after the old was revoked.

What is given is tried at the token server first: one that it refuses takes nobody's place.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog

from hub.errors import RefusedError
from hub.sdk.connection import Connection, keeper_of
from hub.sdk.oauth import OAuth, code_fields, code_of, consent_url, read_answer, renewal_fields

log = structlog.get_logger()

WAIT_SECONDS = 20.0
"""How long a person's token waits for a renewal that is under way."""


@dataclass(frozen=True, slots=True)
class Consent:
    """One request for consent; ``url`` is for the person, the rest stays here."""

    url: str
    state: str = field(repr=False)
    verifier: str = field(repr=False)

    @classmethod
    def begin(cls, oauth: OAuth) -> Consent:
        """Raises RefusedError where the connector names no page for it."""
        if oauth.authorise_url is None:
            raise RefusedError("the vendor has no page to consent at: give its refresh token with --token")
        state, verifier = secrets.token_urlsafe(16), secrets.token_urlsafe(48)
        return cls(consent_url(oauth, state=state, verifier=verifier), state, verifier)


def give_code(connection: Connection, consent: Consent, pasted: str) -> None:
    """Exchange the code for tokens and keep them. Raises AuthError, RateLimited, Unavailable; then nothing changed."""
    oauth = _oauth(connection)
    code = code_of(pasted, state=consent.state)
    _give(connection, oauth, code_fields(oauth, code, consent.verifier), refresh=None)


def give_token(connection: Connection, refresh: str) -> None:
    """Keep a refresh token, once it has given an access token. Raises as ``give_code`` does."""
    oauth = _oauth(connection)
    if oauth.grant != "refresh_token":
        raise RefusedError("this connection needs no refresh token: its app is enough")
    _give(connection, oauth, renewal_fields(oauth, refresh, now=time.time()), refresh=refresh)


def renew_now(connection: Connection) -> None:
    """Get a token for an app that needs no person. Raises as ``give_code`` does."""
    oauth = _oauth(connection)
    _give(connection, oauth, renewal_fields(oauth, None, now=time.time()), refresh=None)


def _give(connection: Connection, oauth: OAuth, fields: Mapping[str, str], *, refresh: str | None) -> None:
    keeper, kept = keeper_of(connection), connection.tokens
    assert keeper is not None
    assert kept is not None
    with kept.alone(connection.name, WAIT_SECONDS):
        started = time.monotonic()
        tokens = read_answer(oauth, keeper.ask(fields), refresh=refresh)
        if oauth.grant == "refresh_token" and not tokens.refresh:
            raise RefusedError("the token server gave no refresh token: the app or its scopes do not allow one")
        kept.give(connection.name, oauth.app, tokens, spent=time.monotonic() - started)
    log.info("oauth.given", connection=connection.name)


def _oauth(connection: Connection) -> OAuth:
    if connection.oauth is None:
        raise RefusedError(f"connection {connection.name!r} does not get its tokens by OAuth")
    return connection.oauth
