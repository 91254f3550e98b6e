"""The only way a connector speaks HTTP: time-outs, allowed hosts, budget, and one table from status to error."""

from __future__ import annotations

import base64
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import httpx
import orjson
from tenacity import Retrying, retry_if_exception, stop_after_attempt, stop_after_delay, wait_random_exponential

from hub.errors import (
    AuthError,
    ConflictError,
    Forbidden,
    HubError,
    NotFound,
    RateLimited,
    Refusal,
    RejectedError,
    Unavailable,
)
from hub.sdk import network
from hub.sdk.manifest import Limits
from hub.sdk.quota import Quota, quotas_of
from hub.sdk.words import words_of

StatusTable = Mapping[int, type[HubError]]
Query = Mapping[str, str | Sequence[str]]
"""What stands behind the ``?``; a name with several values is sent once for each."""

Answered = TypeVar("Answered")

Authorisation = Mapping[str, str] | Callable[[httpx.Request], Mapping[str, str]]
"""Headers that carry credentials: fixed ones, or what is asked for them before each call, with the whole request."""

DEFAULT_STATUS_TABLE: StatusTable = {
    401: AuthError,
    403: Forbidden,
    404: NotFound,
    409: ConflictError,
    423: Unavailable,
    429: RateLimited,
}
"""Status to error; any other 4xx is RejectedError, any 5xx Unavailable. A connector may override by declaration."""

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""The largest answer that is read, unpacked."""

DEADLINE_FACTOR = 2.0
"""How many times the time-out of one wait a whole call may take, from the name to the last byte of the answer."""

LOCKED_SECONDS = 2.0
"""How long a 423 Locked is waited out when the answer names no time (HubSpot's locks last two seconds)."""


YIELD_SECONDS = 0.005
"""How long a background call steps aside at a time while a live one waits for its turn."""

QUOTA_SECONDS = 30.0
"""How often what a vendor tells of its limits is kept at most."""

_LEAST_SLEEP = 0.0005


class Budget:
    """A sliding window: at most ``calls`` in any ``per_seconds``. ``wait`` blocks until a call is allowed.

    Several threads may share one. Live calls go first: while one waits, background calls (a history, a comparison) take
    no turn; when none does, they have all of the budget. ``clock`` gives seconds, ``sleep`` takes them.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._limits, self._clock, self._sleep = limits, clock, sleep
        self._calls: deque[float] = deque()
        self._lock = threading.Lock()
        self._live_waiting = 0
        self._held_until = 0.0

    def wait(self, *, background: bool = False) -> None:
        """Take one call from the budget, sleeping until the window has room."""
        live = not background
        with self._lock:
            self._live_waiting += live
        try:
            while (seconds := self._taken(live=live)) is not None:
                self._sleep(seconds)
        finally:
            with self._lock:
                self._live_waiting -= live

    def hold(self, seconds: float) -> None:
        """Let no background call through for so long: the vendor said when it has room again."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock() + seconds)

    def _taken(self, *, live: bool) -> float | None:
        """Take a call now (None), or the seconds until it is worth asking again."""
        limit, window = self._limits.calls, self._limits.per_seconds
        with self._lock:
            now = self._clock()
            if not live and now < self._held_until:
                return max(_LEAST_SLEEP, self._held_until - now)
            while limit is not None and self._calls and now - self._calls[0] >= window:
                self._calls.popleft()
            if limit is not None and len(self._calls) >= limit:
                return max(_LEAST_SLEEP, window - (now - self._calls[0]))  # a float's last digit moves no clock
            if not live and self._live_waiting:
                return YIELD_SECONDS
            if limit is not None:
                self._calls.append(now)
            return None


class HttpClient:
    """A client for one connection.

    ``root`` is the API's root URL; relative paths are joined to it. Redirects are not followed, only ``root``'s host
    and ``allowed_hosts`` are called, and a ``root`` of https is never left for http. Reads (GET) are tried three times
    within one call; writes once, because the outbox row owns their retries. Private addresses are called only with
    ``allow_private``, and only of the root's host; see ``hub.sdk.network``. ``headers`` may be asked anew for each
    call. ``complete`` puts into a body what only the wire may see. After a 401 ``renew`` is given the refused request;
    when it answers True the request goes out once more, since a refused one was not carried out. Calls of a client in
    the ``background`` go after all others of its budget.
    """

    def __init__(
        self,
        root: str,
        *,
        allow_private: bool = False,
        headers: Authorisation | None = None,
        renew: Callable[[httpx.Request], bool] | None = None,
        complete: Callable[[Any], Any] | None = None,
        allowed_hosts: tuple[str, ...] = (),
        timeout_seconds: float = 20.0,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        status_table: StatusTable | None = None,
        refusals: Callable[[Any], Sequence[Refusal]] | None = None,
        waits: Callable[[httpx.Response], float | None] | None = None,
        transport: httpx.BaseTransport | None = None,
        budget: Budget | None = None,
        background: bool = False,
    ) -> None:
        self.root = root.rstrip("/") + "/"
        self.calls = 0
        self._told: tuple[Quota, ...] = ()
        self._told_at = -QUOTA_SECONDS
        self._encrypted = urlsplit(self.root).scheme == "https"
        self._allowed = (urlsplit(self.root).hostname or "", *allowed_hosts)
        self._deadline_seconds = DEADLINE_FACTOR * timeout_seconds
        self._status_table = {**DEFAULT_STATUS_TABLE, **(status_table or {})}
        self._refusals, self._waits = refusals, waits or retry_after
        self._budget, self._background = budget or Budget(limits), background
        fixed = None if headers is None or callable(headers) else headers
        self._per_call = headers if callable(headers) else None
        self._renew = renew
        self._complete = complete
        private = frozenset([self._allowed[0]] if allow_private else [])
        self._client = httpx.Client(
            headers={"user-agent": "hub/0.1", **(fixed or {})},
            timeout=httpx.Timeout(timeout_seconds, connect=min(timeout_seconds, 5.0)),
            follow_redirects=False,
            transport=transport or network.Transport(self.root, network.Guard(private)),
        )

    def news_of_quota(self) -> tuple[Quota, ...]:
        """What the last answer told of the vendor's limits, for whoever keeps it; () where that was asked just now."""
        now = time.monotonic()
        if not self._told or now - self._told_at < QUOTA_SECONDS:
            return ()
        self._told_at, told, self._told = now, self._told, ()
        return told

    def hold(self, seconds: float) -> None:
        """Let this client's next call, if it is one in the background, wait for so long."""
        self._budget.hold(seconds)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def __enter__(self) -> HttpClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get(
        self,
        path: str,
        query: Query | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        accept: frozenset[int] = frozenset(),
    ) -> httpx.Response:
        """GET, tried up to three times on Unavailable. Raises the error tree (see ``request``)."""
        attempts = Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, Unavailable) and error.retry_after is None),
            stop=stop_after_attempt(3) | stop_after_delay(self._deadline_seconds),
            wait=wait_random_exponential(multiplier=0.2, max=2.0),
            reraise=True,
        )
        return attempts(self.request, "GET", path, query=query, headers=headers, accept=accept)

    def post(self, path: str, body: Any, *, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """POST ``body`` as JSON, once. Raises the error tree (see ``request``)."""
        return self.request("POST", path, body=body, headers=headers)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        accept: frozenset[int] = frozenset(),
    ) -> httpx.Response:
        """Send one request and give a 2xx answer, or one of the ``accept`` statuses for the connector to judge.

        Raises RateLimited (429, with ``retry_after`` in seconds), Unavailable (time-out, reset, 5xx; ``uncertain``
        when the request may have been carried out), AuthError, ConflictError or RejectedError. Error texts name
        method, host and status and hold the destination's own words, never our request.
        """
        url = path if "://" in path else urljoin(self.root, path.lstrip("/"))
        host = urlsplit(url).hostname or ""
        if not any(_host_matches(host, allowed) for allowed in self._allowed):
            raise RejectedError(f"host {host} is not one of the connector's allowed hosts")
        if self._encrypted and urlsplit(url).scheme != "https":
            # Links in answers say http behind many a proxy; credentials would go out in the open.
            raise RejectedError(f"{method} {host}: http is not encrypted, and the API's root is https")
        sent_headers = dict(headers or {})
        if body is not None:
            content = orjson.dumps(self._complete(body) if self._complete else body)
            sent_headers.setdefault("content-type", "application/json")
        params = dict(query) if query else None
        request = self._client.build_request(method, url, params=params, content=content, headers=sent_headers)
        response = self._sent(method, host, request)
        if response.status_code == 401 and self._renew is not None and self._renew(response.request):
            response = self._sent(method, host, request)
        if response.is_success or response.status_code in accept:
            return response
        if self._waits is not None and (seconds := self._waits(response)) is not None:
            response.headers["retry-after"] = str(seconds)
        raise error_of(response, self._status_table, self._refusals)

    def authorised(self, call: Callable[[Mapping[str, str]], Answered]) -> Answered:
        """Run a call of another protocol (IMAP) with the headers of a request, and again once after an AuthError."""
        request = self._client.build_request("GET", self.root)
        try:
            return call(self._with_token(request).headers)
        except AuthError:
            if self._renew is None or not self._renew(request):
                raise
        return call(self._with_token(request).headers)

    def _with_token(self, request: httpx.Request) -> httpx.Request:
        if self._per_call is not None:
            request.headers.update(self._per_call(request))
        return request

    def _sent(self, method: str, host: str, request: httpx.Request) -> httpx.Response:
        self._budget.wait(background=self._background)
        self._with_token(request)  # after the wait: a token may run out while a budget fills up again
        self.calls += 1
        try:
            return self._answer(request)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Unavailable(f"{method} {host}: {_unanswered(error)}") from None
        except httpx.HTTPError as error:
            raise Unavailable(f"{method} {host}: {_unanswered(error)}", uncertain=method != "GET") from None

    def _answer(self, request: httpx.Request) -> httpx.Response:
        # httpx limits each wait, not the whole: a server that drips headers or bytes would hold the thread for hours.
        with network.deadline(self._deadline_seconds):
            return self._whole(request, time.monotonic() + self._deadline_seconds)

    def _whole(self, request: httpx.Request, deadline: float) -> httpx.Response:
        response = self._client.send(request, stream=True)
        try:
            parts: list[bytes] = []
            size = 0
            for part in response.iter_bytes():
                parts.append(part)
                size += len(part)
                if size > MAX_ANSWER_BYTES:
                    raise httpx.ReadError("the answer is too large", request=request)
                if time.monotonic() > deadline:
                    raise httpx.ReadTimeout("the answer takes too long", request=request)
        finally:
            response.close()
        self._told = quotas_of(response.headers) or self._told
        headers = [(name, value) for name, value in response.headers.raw if name.lower() != b"content-encoding"]
        return httpx.Response(response.status_code, headers=headers, content=b"".join(parts), request=request)


def error_of(
    response: httpx.Response,
    status_table: StatusTable = DEFAULT_STATUS_TABLE,
    refusals: Callable[[Any], Sequence[Refusal]] | None = None,
) -> HubError:
    """The error an answer stands for, by its status, with the other side's words."""
    status = response.status_code
    default: type[HubError] = Unavailable if status >= 500 else RejectedError
    kind = status_table.get(status, default)
    error = _of_kind(kind, f"{brief_of(response)}: {words_of(response)}", response, refusals)
    error.brief = brief_of(response)
    return error


def brief_of(response: httpx.Response) -> str:
    """An answer in a few words, none of them the other side's."""
    return f"{response.request.method} {response.request.url.host} answered {response.status_code}"


def _of_kind(
    kind: type[HubError], message: str, response: httpx.Response, refusals: Callable[[Any], Sequence[Refusal]] | None
) -> HubError:
    if issubclass(kind, Unavailable):
        wait = retry_after(response)
        if wait is None and response.status_code == 423:
            wait = LOCKED_SECONDS
        return kind(message, retry_after=wait, uncertain=response.status_code >= 500)
    if issubclass(kind, RateLimited):
        return kind(message, retry_after=retry_after(response))
    if issubclass(kind, RejectedError) and refusals is not None:
        return kind(message, refused=refusals(_decoded(response)))
    return kind(message)


def _unanswered(error: httpx.HTTPError) -> str:
    """What happened in plain words, and the name that httpx has for it; its own text may hold our request."""
    said = next((said for kind, said in _UNANSWERED.items() if isinstance(error, kind)), "no whole answer came")
    return f"{said} ({type(error).__name__})"


_UNANSWERED: Mapping[type[httpx.HTTPError], str] = {
    httpx.ConnectError: "no connection: nothing listens there, or the name or its certificate is wrong",
    httpx.ConnectTimeout: "no connection within the time limit",
    httpx.TimeoutException: "no answer within the time limit",
}


def _decoded(response: httpx.Response) -> Any:
    try:
        return orjson.loads(response.content)
    except orjson.JSONDecodeError:
        return None


def json_of(response: httpx.Response) -> Any:
    """The decoded JSON body; Unavailable (uncertain) when it breaks off or is none."""
    try:
        return orjson.loads(response.content)
    except orjson.JSONDecodeError:
        raise Unavailable(
            f"{response.request.method} {response.request.url.host}: the answer is not JSON", uncertain=True
        ) from None


def basic(user: str, password: str = "") -> Mapping[str, str]:
    """The header of HTTP Basic (RFC 7617)."""
    return {"authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}


def retry_after(response: httpx.Response) -> float | None:
    """Seconds from a Retry-After header in either of its forms (RFC 9110, 10.2.3), or None where it is neither.

    A moment that is over is no wait. How much of a long one counts is up to ``RetryableError``.
    """
    value = response.headers.get("retry-after", "").strip()
    try:
        return float(value)
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _host_matches(host: str, allowed: str) -> bool:
    if allowed.startswith("*."):
        return host.endswith(allowed[1:])
    return host == allowed
