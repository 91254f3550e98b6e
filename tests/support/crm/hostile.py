"""A transport that carries requests to a double, and lets any of them fail in any way."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
import orjson

Handle = Callable[[httpx.Request], httpx.Response]
Fault = Callable[[Handle, httpx.Request], httpx.Response]


class Killed(BaseException):
    """The process ends here, as by ``kill -9``: the request was carried out, and nobody hears of it."""


READING = ("/search", "/query", "/coql", "/batch/read", "/search_read", "/search_count", "/fields_get", "/read")
"""How the paths of requests end that read, whatever their method."""


def is_read(request: httpx.Request) -> bool:
    """True for a request that changes nothing: a GET, or one that says so in its path, its query or its method."""
    if request.url.path == "/graphql":  # which reads the database itself, so that it is no search
        return bool(orjson.loads(request.content)["query"].startswith("query"))
    if request.headers.get("content-type", "").startswith("text/xml"):
        return b":get" in request.content or b":GetIn" in request.content
    if request.url.path.endswith("/$batch"):  # as does each of these
        return re.search(rb"^(POST|PATCH) ", request.content, re.MULTILINE) is None
    return request.method == "GET" or is_search(request)


def is_search(request: httpx.Request) -> bool:
    """True for a request that finds records by their values, and may be answered from an index that lags."""
    if request.url.path.lower().endswith(READING):
        return True
    if request.method == "GET":
        return bool(request.url.query)
    called = orjson.loads(request.content) if request.content[:1] == b"{" else {}
    arguments = (called.get("params") or {}).get("args") if isinstance(called.get("params"), dict) else None
    names = {one for one in arguments or () if isinstance(one, str)}
    return bool(names & {"search", "search_read", "read", "fields_get", "search_count"})


def _answer(status: int, words: str, **headers: str) -> Fault:
    content = orjson.dumps({"message": words})
    made = {"content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return lambda handle, request: httpx.Response(status, headers=made, content=content, request=request)


def _raised(error: type[httpx.TransportError], *, after: bool) -> Fault:
    def fail(handle: Handle, request: httpx.Request) -> httpx.Response:
        if after:
            handle(request)
        raise error("no answer", request=request)

    return fail


def _page(handle: Handle, request: httpx.Request) -> httpx.Response:
    page = "<!doctype html><html><body>Down for maintenance, back soon</body></html>"
    return httpx.Response(200, html=page, request=request)


def _cut(handle: Handle, request: httpx.Request) -> httpx.Response:
    whole = handle(request)
    if not whole.is_success:
        return whole
    if not whole.content:
        raise httpx.RemoteProtocolError("peer closed the connection", request=request)
    half = whole.content[: len(whole.content) // 2]
    return httpx.Response(whole.status_code, headers={"content-type": "application/json"}, content=half)


def _gateway(handle: Handle, request: httpx.Request) -> httpx.Response:
    handle(request)
    return httpx.Response(502, html="<html><body>502 Bad Gateway</body></html>", request=request)


def _in_part(handle: Handle, request: httpx.Request) -> httpx.Response:
    """The answer tells of the first half of the records only, as a list of the top level or one below."""
    whole = handle(request)
    if whole.headers.get("content-type", "").startswith("multipart/mixed"):
        boundary = whole.text.partition("\r\n")[0]
        told = whole.text.split(boundary)[1:-1]
        half = "".join(f"{boundary}{part}" for part in told[: len(told) // 2])
        return httpx.Response(whole.status_code, headers=whole.headers, content=f"{half}{boundary}--\r\n".encode())
    body = orjson.loads(whole.content) if whole.is_success and whole.content else None
    if isinstance(body, list):
        body = body[: len(body) // 2]
    elif isinstance(body, dict):
        body = {key: held[: len(held) // 2] if isinstance(held, list) else held for key, held in body.items()}
    return httpx.Response(whole.status_code, headers={"content-type": "application/json"}, content=orjson.dumps(body))


def _killed(handle: Handle, request: httpx.Request) -> httpx.Response:
    handle(request)
    raise Killed


BEFORE: dict[str, Fault] = {
    "429 that names a time": _answer(429, "Too many requests", retry_after="7"),
    "429": _answer(429, "Too many requests"),
    "401": _answer(401, "The token is not valid"),
    "403": _answer(403, "This app may not do that"),
    "500": _answer(500, "Internal error"),
    "502": _answer(502, "Bad gateway"),
    "503 that names a time": _answer(503, "Down for maintenance", retry_after="9"),
    "no connection": _raised(httpx.ConnectError, after=False),
    "a time-out": _raised(httpx.ReadTimeout, after=False),
    "a page": _page,
}
"""Nothing was carried out."""

AFTER: dict[str, Fault] = {
    "a time-out after the write": _raised(httpx.ReadTimeout, after=True),
    "a reset after the write": _raised(httpx.ReadError, after=True),
    "half an answer": _cut,
    "502 after the write": _gateway,
    "a killed process": _killed,
}
"""The request was carried out, and the caller does not hear of it."""

ODD: dict[str, Fault] = {
    "400": _answer(400, "The request is not valid"),
    "an answer in part": _in_part,
}
"""What a law of its own is about."""

FAULTS: dict[str, Fault] = {**BEFORE, **AFTER, **ODD}


@dataclass
class Hostile(httpx.BaseTransport):
    """Carries requests to ``handle``; ``calls`` counts them from 1, ``told`` keeps those since the last ``clear``.

    ``at`` holds the faults of the calls to come, by their number; ``every`` those of any call that writes, a number of
    times each. ``meanwhile`` is done before the call of that number is answered: somebody changes something just then.
    """

    handle: Handle
    at: dict[int, str] = field(default_factory=dict)
    every: Counter[str] = field(default_factory=Counter)
    meanwhile: dict[int, Callable[[], None]] = field(default_factory=dict)
    calls: int = 0
    told: list[httpx.Request] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    passed: Callable[[], None] = lambda: None
    """Done with every call: time passes."""

    def clear(self) -> None:
        """Count from 1 again, without faults."""
        self.calls, self.told, self.failed = 0, [], []
        self.at, self.every, self.meanwhile = {}, Counter(), {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Carry a request there, or fail."""
        request.read()
        self.calls += 1
        self.told.append(request)
        self.passed()
        if self.calls in self.meanwhile:
            self.meanwhile.pop(self.calls)()
        name = self.at.pop(self.calls, None) or self._every(request)
        if name is None:
            return self.handle(request)
        self.failed.append(name)
        return FAULTS[name](self.handle, request)

    def _every(self, request: httpx.Request) -> str | None:
        name = next((name for name, times in self.every.items() if times > 0), None)
        if name is None or is_read(request):
            return None
        self.every[name] -= 1
        return name
