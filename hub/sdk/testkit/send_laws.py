"""D3 and D8–D11: what ``send`` does with the answers of the other side, good and bad."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote_plus

import httpx

from hub.errors import AuthError, HubError, RateLimited, RejectedError, Unavailable
from hub.sdk.destination import ProfileChange, Write, WriteResult
from hub.sdk.manifest import Limits
from hub.sdk.testkit.cases import WriteCase, assert_same
from hub.sdk.testkit.watch import (
    around,
    in_an_empty_folder,
    leaks,
    logged,
    no_waiting,
    personal_values,
    secrets_of,
    words_of,
)
from hub.sdk.testkit.wire import (
    Answer,
    Wire,
    as_json,
    client,
    over_http,
    replayed,
    request_json,
    response_of,
    restored,
    same_path,
    split_query,
)

ECHO = "the other side's words"


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one send: results or an error, the requests, and everything that was said in the log."""

    results: Sequence[WriteResult]
    error: HubError | None
    requests: Sequence[httpx.Request]
    log: str

    @property
    def outcomes(self) -> set[str]:
        """The distinct outcomes of the results."""
        return {result.outcome for result in self.results}


def law_d8_a_send_gives_the_expected_result(case: WriteCase) -> None:
    """Against the recorded responses, ``send`` starts with the planned requests and gives ``result.json``."""
    write = case.sample.write
    if write is None:
        return
    results, requests = replayed(case, [write], case.sample.exchange("responses"))
    assert_same(as_json(list(results)), as_json(_expected(case)), f"{case.id}: differs from result.json")
    if not over_http(case):
        return
    planned = as_json(list(case.destination.plan([write], case.settings)))
    assert len(requests) >= len(planned), f"{case.id}: fewer requests were sent than planned"
    root = case.settings.base_url or (case.destination.api_root(case.settings) if case.destination.api_root else "")
    for request, plan in zip(map(request_json, requests), planned, strict=False):
        path, query = split_query(request["path"])
        planned_path, asked = split_query(plan["path"])
        assert same_path(path, planned_path, root), f"{case.id}: planned {planned_path}, sent {path}"
        assert_same(
            {"method": request["method"], "query": query, "body": request["body"]},
            {"method": plan["method"], "query": asked | plan.get("query", {}), "body": plan.get("body")},
            f"{case.id}: the request differs from its plan",
        )


def law_d8_budget_and_outage_are_retried(case: WriteCase) -> None:
    """429 is RateLimited with the seconds it names; 5xx, time-outs and resets are Unavailable."""
    for headers, seconds in (({"retry-after": "7"}, 7.0), ({}, None)):
        sent = _answered(case, lambda _, h=headers: httpx.Response(429, headers=h, json={"message": ECHO}))  # type: ignore[misc]
        assert isinstance(sent.error, RateLimited), f"{case.id}: 429 gives {_told(sent)}"
        assert sent.error.retry_after == seconds, f"{case.id}: 429: waits {sent.error.retry_after}, not {seconds}"
    for status in (500, 502, 503):
        _retried(case, _answered(case, _status(status)), str(status))
    for fault in (httpx.ReadTimeout, httpx.ReadError, httpx.RemoteProtocolError):
        sent = _answered(case, _raising(fault))
        _retried(case, sent, fault.__name__)
        assert _is_uncertain(sent) or sent.requests[0].method == "GET" or _only_reads(sent), (
            f"{case.id}: after {fault.__name__} the write may have been carried out, and nothing says so"
        )
    _retried(case, _answered(case, _raising(httpx.ConnectTimeout)), "ConnectTimeout")


def law_d8_refusals_are_told_apart(case: WriteCase) -> None:
    """401 and 403 concern the connection; 400, 404, 409 and 422 the record, which is not delivered."""
    table = case.destination.status_table or {}
    for status in (401, 403):
        if status in table:
            continue
        sent = _answered(case, _status(status))
        record_refused = status == 403 and sent.outcomes == {"rejected"}
        assert isinstance(sent.error, AuthError) or record_refused, f"{case.id}: {status} gives {_told(sent)}"
    erases = case.sample.write is not None and case.sample.write.erase
    for status in (400, 404, 409, 422):
        if status in table:
            continue
        sent = _answered(case, _status(status))
        delivered = "delivered" in sent.outcomes and not (status == 404 and erases)
        assert not delivered, f"{case.id}: {status} counts as delivered"
        outage = isinstance(sent.error, AuthError | RateLimited | Unavailable)
        assert not outage, f"{case.id}: {status} gives {_told(sent)}"
        if status in (400, 422) and sent.error is not None:
            assert isinstance(sent.error, RejectedError), f"{case.id}: {status} gives {_told(sent)}"


def law_d8_half_an_answer_is_not_delivery(case: WriteCase) -> None:
    """Where answers have a body that is read, one that breaks off leaves the write uncertain."""
    if not any(response.get("json") or response.get("text") for response in case.sample.exchange("responses")):
        return
    sent = _answered(case, lambda _: httpx.Response(200, content=b'{"results": [{"id"'))
    _retried(case, sent, "an answer that breaks off")
    assert _is_uncertain(sent) or _only_reads(sent), (
        f"{case.id}: after a broken answer nothing says the write is uncertain"
    )


def law_d9_limits_hold(case: WriteCase) -> None:
    """However many are sent, it is in requests of at most ``limits.batch`` records and ``limits.max_bytes``."""
    limits = case.destination.limits(case.settings) if case.destination.limits else case.manifest.limits
    write = case.sample.write
    if write is None or write.erase:
        return
    # A batch and one more makes the full batch too, and where that is too large, so is the first request of this.
    for count in (1, limits.batch + 1):
        writes = [_numbered(write, number) for number in range(count)]
        recorded = case.sample.exchange("responses")
        with _sending(case, _last_of(recorded)) as (send, wire, _), suppress(HubError):
            send(writes)
        _within(case, wire.requests, limits)


def law_d10_only_declared_hosts_are_called(case: WriteCase) -> None:
    """Every request goes to the API's root or an allowed host, with a time-out for each phase."""
    write = case.sample.write
    if write is None:
        return
    _, requests = replayed(case, [write], case.sample.exchange("responses"))
    with client(case, Wire(_status(200)), destination=True) as http:
        root = httpx.URL(http.root).host
    for request in requests:
        allowed = (root, *case.manifest.allowed_hosts)
        host = request.url.host
        fits = any(host == name or (name.startswith("*.") and host.endswith(name[1:])) for name in allowed)
        assert fits, f"{case.id}: {host} is not declared in allowed_hosts"
        phases = request.extensions.get("timeout", {})
        limited = bool(phases) and all(phases.values())
        assert limited, f"{case.id}: {request.method} {request.url.path} has no time-out"


def law_d11_no_person_and_no_secret_leaks(case: WriteCase) -> None:
    """Neither logs, errors, results nor URLs hold a person or a secret, whatever the answer.

    Only in a path that the manifest declares in ``personal_paths`` a person may be named.
    """
    write = case.sample.write
    if write is None:
        return
    change = case.sample.change
    private = personal_values(change.profile if isinstance(change, ProfileChange) else change.order)
    private |= secrets_of(case.settings)
    answers: list[Answer] = [in_turn(case.sample.exchange("responses"))]
    answers += [_status(status) for status in (400, 401, 404, 409, 422, 429, 500)]
    answers += [_repeating, _raising(httpx.ReadTimeout)]
    for answer in answers:
        sent = _answered(case, answer)
        words = [sent.log, *(_shown(case, request) for request in sent.requests)]
        words += [result.reason for result in sent.results]
        words += [words_of(sent.error)] if sent.error else []
        said = "\n".join(words)
        found = leaks(said, private)
        hint = "; a path that must hold one is named in personal_paths, with the reason"
        assert not found, (
            f"{case.id}: {len(found)} personal or secret values leak, as in {around(said, found[0])!r}{hint}"
        )


def _shown(case: WriteCase, request: httpx.Request) -> str:
    path, _, query = request.url.raw_path.decode().partition("?")
    path = path.removeprefix(httpx.URL(case.settings.base_url or "").path.rstrip("/"))
    prefix = next((one for one in case.manifest.personal_paths if _begins(f"{path}?", one)), None)
    if prefix is not None:
        path, query = prefix.rstrip("?"), ""
    told = [path, query, *(_decoded(value) for value in httpx.QueryParams(query).values())]
    return unquote_plus(f"{request.url.host} {' '.join(told)}")


def _begins(path: str, beginning: str) -> bool:
    """Whether a path begins so; ``{name}`` stands for one part, and a ``?`` at the end for the end of the path."""
    parts = re.split(r"\{\w+\}", beginning)
    return re.match("[^/?]+".join(map(re.escape, parts)), path) is not None


def _decoded(value: str) -> str:
    """What a value of a query says in base64; "" where it is none."""
    try:
        return base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True).decode()
    except ValueError:
        return ""


def in_turn(recorded: Sequence[Any]) -> Answer:
    """The recorded responses one by one; then the last one again."""
    position = iter(range(1_000_000))
    return lambda _: response_of(recorded[min(next(position), len(recorded) - 1)])


def _last_of(recorded: Sequence[Any]) -> Answer:
    return in_turn(recorded[-1:]) if recorded else _status(200)


def _repeating(request: httpx.Request) -> httpx.Response:
    """A refusal that repeats our own request back, as many systems do."""
    return httpx.Response(422, json={"message": request.content.decode()[:2_000]})


def _status(status: int) -> Answer:
    return lambda _: httpx.Response(status, json={"message": ECHO})


def _raising(fault: type[httpx.TransportError]) -> Answer:
    def answer(request: httpx.Request) -> httpx.Response:
        raise fault("the line is dead", request=request)

    return answer


@contextmanager
def _sending(case: WriteCase, answer: Answer) -> Iterator[tuple[Callable[[Sequence[Write]], Any], Wire, Any]]:
    wire = Wire(answer)
    with no_waiting(), in_an_empty_folder(), logged() as log, client(case, wire, destination=True) as http:
        restored(case, http)
        yield lambda writes: case.destination.send(writes, http, case.settings), wire, log


def _answered(case: WriteCase, answer: Answer) -> Sent:
    """Send the sample's write; only errors of the tree may come back, and one result per write."""
    write = case.sample.write
    assert write is not None, f"{case.id}: has no write"
    results: Sequence[WriteResult] = ()
    caught: HubError | None = None
    with _sending(case, answer) as (send, wire, log):
        try:
            results = send([write])
        except HubError as error:
            caught = error
        except Exception as error:
            raise AssertionError(f"{case.id}: send raises {type(error).__name__}: {error}") from error
    keys = [result.key for result in results]
    assert caught is not None or keys == [write.key], f"{case.id}: send gives results for {keys}"
    return Sent(results, caught, wire.requests, log.getvalue())


def _retried(case: WriteCase, sent: Sent, what: str) -> None:
    retried = isinstance(sent.error, Unavailable) or sent.outcomes == {"retry"}
    assert retried, f"{case.id}: {what} gives {_told(sent)}"


def _is_uncertain(sent: Sent) -> bool:
    if isinstance(sent.error, Unavailable):
        return sent.error.uncertain
    return any(result.uncertain for result in sent.results)


def _only_reads(sent: Sent) -> bool:
    """Nothing was written yet: the first call was a search."""
    return all(request.method == "GET" or _is_search(request) for request in sent.requests)


def _is_search(request: httpx.Request) -> bool:
    return request.url.path.rstrip("/").endswith(("/search", "/read", "/query"))


def _told(sent: Sent) -> str:
    return type(sent.error).__name__ if sent.error else f"results {sorted(sent.outcomes)}"


def _expected(case: WriteCase) -> list[WriteResult]:
    return [WriteResult(**result) for result in case.sample.exchange("result")]


def _numbered(write: Write, number: int) -> Write:
    """The same write for another person: every value by which it is known carries its number."""
    mark = f"kit{number:05d}-"
    known = {value for _, value in write.match}

    def marked(values: Any) -> dict[str, Any]:
        return {
            name: mark + value if isinstance(value, str) and value in known else value for name, value in values.items()
        }

    return replace(
        write,
        key=mark + write.key,
        external_id=mark + write.external_id if write.external_id else None,
        merge=tuple(mark + other for other in write.merge),
        match=tuple((name, mark + value) for name, value in write.match),
        properties=marked(write.properties),
        mirror=marked(write.mirror),
        body=json.loads(json.dumps(as_json(write.body)).replace('": "', f'": "{mark}')) if write.body else write.body,
    )


def _within(case: WriteCase, requests: Sequence[httpx.Request], limits: Limits) -> None:
    for request in requests:
        text = request.url.raw_path.decode() + request.content.decode()
        people = {text[start + 3 : start + 8] for start in _positions(text, "kit")}
        assert len(people) <= limits.batch, (
            f"{case.id}: {len(people)} records in one request; the limit is {limits.batch}"
        )
        size = len(request.content)
        assert limits.max_bytes is None or size <= limits.max_bytes, f"{case.id}: a request of {size} bytes"


def _positions(text: str, part: str) -> Iterator[int]:
    start = text.find(part)
    while start >= 0:
        if text[start + 3 : start + 8].isdigit():
            yield start
        start = text.find(part, start + 1)
