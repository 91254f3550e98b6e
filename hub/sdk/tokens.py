"""Gives each call of an OAuth connection its access token, and renews it: one process at a time, ahead of expiry.

How long a token is good for goes by the store's clock (PostgreSQL's) and by this process's monotonic one, never by the
time of day of a machine.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol

import httpx
import structlog

from hub.errors import AuthError, RateLimited, Unavailable
from hub.sdk.http import HttpClient
from hub.sdk.oauth import GrantRevoked, OAuth, Tokens, form, read_answer, renewal_fields

log = structlog.get_logger()

AHEAD_SECONDS = 300.0
"""A token is renewed this long before it expires, or a fifth of its lifetime where that is less: one of a minute's life
must not be renewed for every call."""

WAIT_SECONDS = 60.0
"""How long a call waits for another process that renews the token: longer than a token request may take."""

NEVER_GIVEN = "it has no token yet"
"""How the refusal begins where a person gave none so far."""

YOUNG_SECONDS = 60.0
"""A token that was got so recently is not renewed after a 401: a new one would be refused as well."""

RETRY_SECONDS = 15.0
"""How long after a failed renewal the next one is tried; a token that is still good is used meanwhile."""


@dataclass(frozen=True, slots=True)
class Held:
    """What is stored of a connection's tokens.

    ``left`` and ``age`` are in seconds; ``left`` is None where nobody knows. ``unfinished``: a renewal was begun and
    its answer never stored. ``wanted`` says why a person has to give a new token, "" while all is well. ``sealed``: a
    token is there that cannot be opened. ``version`` changes with every token.
    """

    tokens: Tokens | None = None
    version: int = 0
    left: float | None = None
    age: float = 0.0
    unfinished: bool = False
    wanted: str = ""
    sealed: bool = False


class TokenStore(Protocol):
    """Where tokens are kept (``hub.store.grants``); each call is a transaction of its own.

    held     what is stored for this connection and ``app``; nothing, where it is of another app
    alone    True for the one process that may renew now; waits at most ``seconds`` for another one to end
    begin    notes that a renewal is about to be sent
    keep     stores new tokens over ``version``; False when others were given meanwhile, which then stay
    end      takes back ``begin``: nothing was changed at the vendor
    give     stores what a person gave, whatever was there, and lets the connection go on
    want     notes why a person has to give a new token, unless one was given meanwhile
    """

    def held(self, connection: str, app: str) -> Held: ...

    def alone(self, connection: str, seconds: float) -> AbstractContextManager[bool]: ...

    def begin(self, connection: str, app: str) -> None: ...

    def keep(self, connection: str, app: str, tokens: Tokens, *, version: int, spent: float) -> bool: ...

    def end(self, connection: str) -> None: ...

    def want(self, connection: str, app: str, reason: str, *, version: int) -> None: ...

    def give(self, connection: str, app: str, tokens: Tokens, *, spent: float) -> None: ...


class Passing:
    """A TokenStore that keeps nothing beyond itself: for a look at the vendor by an app that needs no person."""

    def __init__(self) -> None:
        self._held = Held()

    def held(self, connection: str, app: str) -> Held:
        return self._held

    @contextmanager
    def alone(self, connection: str, seconds: float) -> Iterator[bool]:
        yield True

    def begin(self, connection: str, app: str) -> None:
        return

    def keep(self, connection: str, app: str, tokens: Tokens, *, version: int, spent: float) -> bool:
        self._held = Held(tokens, version + 1, tokens.lifetime)
        return True

    def end(self, connection: str) -> None:
        return

    def want(self, connection: str, app: str, reason: str, *, version: int) -> None:
        return

    def give(self, connection: str, app: str, tokens: Tokens, *, spent: float) -> None:
        self._held = Held(tokens, self._held.version + 1, tokens.lifetime)


def ask(
    oauth: OAuth,
    fields: Mapping[str, str],
    *,
    allow_private: bool,
    timeout_seconds: float,
    transport: httpx.BaseTransport | None,
) -> httpx.Response:
    """Send a token request once and give the answer, whatever its status. Raises Unavailable or AuthError."""
    content, headers = form(oauth, fields)
    seconds = min(timeout_seconds, WAIT_SECONDS / 3)
    with HttpClient(
        oauth.token_url, allow_private=allow_private, timeout_seconds=seconds, transport=transport
    ) as client:
        every = frozenset(range(300, 600))
        return client.request("POST", oauth.token_url, content=content, headers=headers, accept=every)


class TokenKeeper:
    """The tokens of one connection in this process. May be asked by several threads."""

    def __init__(
        self,
        connection: str,
        oauth: OAuth,
        store: TokenStore,
        ask: Callable[[Mapping[str, str]], httpx.Response],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name, self._oauth, self._store, self.ask, self._clock = connection, oauth, store, ask, clock
        self._mine = threading.Lock()
        self._held = Held()
        self._read_at = 0.0
        self._not_before = 0.0

    def headers(self, request: httpx.Request) -> Mapping[str, str]:
        """The headers for one call.

        Raises AuthError when a person has to do something, RateLimited or Unavailable when no token can be had now.
        """
        held = self._held
        if held.tokens is None or held.wanted or not self._is_fresh(held):
            held = self._current(held, refused=None)
        return self._oauth.place(_access(held))

    def renew(self, request: httpx.Request) -> bool:
        """Whether a request that was answered with 401 is worth another try, now with a token that is not that one."""
        held = self._held
        if held.tokens is None or not self._carries(request, held.tokens.access):
            return True
        refused = held.tokens.access
        return _access(self._current(held, refused=refused)) != refused

    def _current(self, held: Held, *, refused: str | None) -> Held:
        """A usable token, renewed where need be. Threads take turns; who has a good token does not wait for it."""
        if not self._mine.acquire(blocking=refused is not None or bool(held.wanted) or not self._is_valid(held)):
            return held
        try:
            return self._found(refused)
        finally:
            self._mine.release()

    def _found(self, refused: str | None) -> Held:
        held = self._read()
        if self._will_do(held, refused):
            return held
        valid = refused is None and self._is_valid(held)
        with self._store.alone(self._name, 0.0 if valid else WAIT_SECONDS) as first:
            held = self._read()
            if self._will_do(held, refused) or (valid and not first):
                return held
            if not first:
                raise Unavailable(f"another process has been renewing the token for {WAIT_SECONDS:.0f} s")
            return self._renewed(held, valid=valid)

    def _will_do(self, held: Held, refused: str | None) -> bool:
        """Whether what is stored is to be used as it is. Raises AuthError when only a person can help."""
        self._check(held)
        if held.tokens is None or not held.tokens.access:
            return False
        if refused == held.tokens.access:
            return held.age < min(YOUNG_SECONDS, held.tokens.lifetime or YOUNG_SECONDS)
        return self._is_fresh(held)

    def _check(self, held: Held) -> None:
        if self._oauth.needs_no_person:
            return  # the app is enough: nothing of what is stored is needed
        advice = f"`hub connections authorise {self._name}` gives it a new one"
        if held.wanted:
            raise GrantRevoked(f"{held.wanted}; {advice}")
        if held.sealed:
            raise AuthError(
                f"its stored token cannot be opened with HUB_SECRET_KEY: put the right key back, or {advice}"
            )
        if held.tokens is None or not held.tokens.refresh:
            raise AuthError(f"{NEVER_GIVEN}; {advice}")

    def _renewed(self, held: Held, *, valid: bool) -> Held:
        refresh = held.tokens.refresh if held.tokens else None
        self._store.begin(self._name, self._oauth.app)
        started = self._clock()
        try:
            fields = renewal_fields(self._oauth, refresh, now=time.time())
            tokens = read_answer(self._oauth, self.ask(fields), refresh=refresh)
        except GrantRevoked as error:
            raise self._revoked(held, error) from None
        except (RateLimited, Unavailable) as error:
            if not getattr(error, "uncertain", False):
                self._store.end(self._name)
            log.warning("oauth.not_renewed", connection=self._name, error=type(error).__name__)
            if not valid:
                # Told when to come back, a caller does not ask once more within the same call.
                error.retry_after = error.retry_after or RETRY_SECONDS
                raise
            self._not_before = self._clock() + RETRY_SECONDS
            return held
        except AuthError:
            self._store.end(self._name)
            raise
        spent = self._clock() - started
        # Stored before it is used: the token it came from may be good for nothing any more (RFC 9700, 4.14.2).
        kept = self._store.keep(self._name, self._oauth.app, tokens, version=held.version, spent=spent)
        log.info("oauth.renewed", connection=self._name, kept=kept)
        held = self._read()
        self._check(held)
        return held

    def _revoked(self, held: Held, error: GrantRevoked) -> AuthError:
        if self._oauth.needs_no_person:
            self._store.end(self._name)
            return AuthError(str(error))
        why = "; an earlier renewal was cut short, and the token it gave is lost" if held.unfinished else ""
        reason = f"{error}{why}"
        self._store.want(self._name, self._oauth.app, reason, version=held.version)
        log.error("oauth.revoked", connection=self._name)
        now = self._read()
        if now.tokens is not None and now.version != held.version and not now.wanted:
            return AuthError("another token was given meanwhile")
        return GrantRevoked(f"{reason}; `hub connections authorise {self._name}` gives it a new one")

    def _read(self) -> Held:
        self._read_at = self._clock()
        self._held = self._store.held(self._name, self._oauth.app)
        return self._held

    def _left(self, held: Held) -> float:
        return float("inf") if held.left is None else held.left - (self._clock() - self._read_at)

    def _is_valid(self, held: Held) -> bool:
        return held.tokens is not None and bool(held.tokens.access) and self._left(held) > 0

    def _is_fresh(self, held: Held) -> bool:
        if not self._is_valid(held) or held.tokens is None:
            return False
        ahead = AHEAD_SECONDS if held.tokens.lifetime is None else min(AHEAD_SECONDS, held.tokens.lifetime / 5)
        return self._left(held) > ahead or self._clock() < self._not_before

    def _carries(self, request: httpx.Request, access: str) -> bool:
        placed = self._oauth.place(access)
        return all(request.headers.get(name) == value for name, value in placed.items())


def _access(held: Held) -> str:
    if held.tokens is None:
        raise Unavailable("the token that was stored is gone")
    return held.tokens.access
