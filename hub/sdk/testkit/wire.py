"""A connector's own HTTP client over recorded answers: nothing leaves the machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from pydantic_core import to_jsonable_python

from hub.errors import HubError
from hub.sdk.connection import Connection, open_client
from hub.sdk.destination import Write, WriteResult
from hub.sdk.http import Budget, HttpClient
from hub.sdk.manifest import Limits
from hub.sdk.oauth import Tokens
from hub.sdk.testkit.cases import ConnectorCase
from hub.sdk.testkit.samples import CONNECTION
from hub.sdk.testkit.watch import in_an_empty_folder
from hub.sdk.tokens import Held

Answer = Callable[[httpx.Request], httpx.Response]


@dataclass
class Wire(httpx.BaseTransport):
    """Records every request and lets ``answer`` answer it."""

    answer: Answer
    requests: list[httpx.Request] = field(default_factory=list)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Record and answer."""
        request.read()
        self.requests.append(request)
        return self.answer(request)


class SampleTokens:
    """The store of an OAuth connection that has a token for ever; see ``hub.sdk.tokens.TokenStore``."""

    def held(self, connection: str, app: str) -> Held:
        """Invented tokens."""
        return Held(Tokens("sample-access-token", "sample-refresh-token"))

    def alone(self, connection: str, seconds: float) -> AbstractContextManager[bool]:
        """Nobody else is there."""
        return nullcontext(True)

    def begin(self, connection: str, app: str) -> None:
        """Nothing is renewed."""

    def keep(self, connection: str, app: str, tokens: Tokens, *, version: int, spent: float) -> bool:
        """Nothing is kept."""
        return True

    def end(self, connection: str) -> None:
        """Nothing was begun."""

    def want(self, connection: str, app: str, reason: str, *, version: int) -> None:
        """Nobody is asked."""

    def give(self, connection: str, app: str, tokens: Tokens, *, spent: float) -> None:
        """Nothing is kept."""


def client(case: ConnectorCase, wire: Wire, *, destination: bool) -> HttpClient:
    """The client a connection of this connector gets, over the wire; a source of files gets one it cannot use."""
    part = case.destination if destination else case.source
    if case.settings.base_url is None and part.api_root is None:
        return HttpClient("https://no-api.invalid", transport=wire)
    connection = Connection(CONNECTION, case.connector, case.settings, tokens=SampleTokens())
    return open_client(connection, part, transport=wire, budget=Budget(Limits()))


def over_http(case: ConnectorCase) -> bool:
    """False for a destination that names no API and takes none: a file."""
    return case.destination.api_root is not None or case.settings.base_url is not None


def response_of(recorded: Mapping[str, Any]) -> httpx.Response:
    """A recorded response; without ``json`` it has no body."""
    headers = {name: str(value) for name, value in recorded.get("headers", {}).items()}
    if recorded.get("json") is None:
        return httpx.Response(recorded["status"], headers=headers, text=recorded.get("text", ""))
    return httpx.Response(
        recorded["status"], headers={**headers, "content-type": "application/json"}, json=recorded["json"]
    )


def in_order(recorded: Sequence[Mapping[str, Any]]) -> Answer:
    """Answer request by request; one more than there are responses is an AssertionError."""
    left: Iterator[Mapping[str, Any]] = iter(recorded)

    def answer(request: httpx.Request) -> httpx.Response:
        following = next(left, None)
        assert following is not None, f"{request.method} {request.url.path}: no response is recorded for it"
        return response_of(following)

    return answer


def replayed(
    case: ConnectorCase, writes: Sequence[Write], recorded: Sequence[Mapping[str, Any]]
) -> tuple[Sequence[WriteResult], list[httpx.Request]]:
    """Send the writes against the recorded responses. AssertionError unless all of them were used, and no more."""
    wire = Wire(in_order(recorded))
    with in_an_empty_folder(), client(case, wire, destination=True) as http:
        try:
            restored(case, http)
            results = case.destination.send(writes, http, case.settings)
        except HubError as error:
            raise AssertionError(f"{case.id}: send raises {type(error).__name__}: {error}") from None
    assert len(wire.requests) == len(recorded), (
        f"{case.id}: {len(recorded)} responses are recorded, {len(wire.requests)} requests were sent"
    )
    return results, wire.requests


def restored(case: ConnectorCase, http: HttpClient) -> None:
    """Begin what the destination writes to, where it has to be there first."""
    restore = case.destination.restore
    if restore is not None and restore.needed(http, case.settings):
        restore.write(iter(()), http, case.settings)


def request_json(request: httpx.Request) -> dict[str, Any]:
    """Method, path with query, and decoded body of a request, as ``plan`` tells them; what is no JSON is its text."""
    body = request.content
    kind = request.headers.get("content-type", "application/json")
    return {
        "method": request.method,
        "path": request.url.raw_path.decode(),
        "body": (json.loads(body) if "json" in kind else body.decode()) if body else None,
    }


def as_json(value: Any) -> Any:
    """Dataclasses, models and tuples as the JSON a sample file holds; fields that are their default are left out."""
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        own = {declared: to_jsonable_python(getattr(value, declared.name)) for declared in fields(value)}
        return {
            declared.name: item for declared, item in own.items() if _required(declared) or item != _default(declared)
        }
    return to_jsonable_python(value)


def split_query(path: str) -> tuple[str, dict[str, str | list[str]]]:
    """A path without its query, and the query; a name that stands there several times has a list."""
    bare, _, query = path.partition("?")
    told = parse_qs(query, keep_blank_values=True)
    return bare, {name: values if values[1:] else values[0] for name, values in told.items()}


def same_path(actual: str, planned: str, root: str) -> bool:
    """A planned path is relative to the API's root, or stands from the host on."""
    base = urlsplit(root).path.rstrip("/")
    relative = planned if planned.startswith("/") else f"/{planned}"
    return actual in (relative, base + relative)


def _required(declared: Field[Any]) -> bool:
    return declared.default is MISSING and declared.default_factory is MISSING


def _default(declared: Field[Any]) -> Any:
    factory = declared.default_factory
    return to_jsonable_python(declared.default if factory is MISSING else factory())
