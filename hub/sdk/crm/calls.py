"""The edge of the algorithm: sending what a dialect puts, and reading what comes back."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import httpx

from hub.errors import ConflictError, Forbidden, HubError, NotFound, RejectedError, Unavailable
from hub.sdk.crm.dialect import Batch, Call, Item, Made, Problem, Script
from hub.sdk.destination import HttpRequest
from hub.sdk.http import HttpClient
from hub.sdk.manifest import Settings
from hub.sdk.words import texts_in, without

T = TypeVar("T")

DOUBTED = 3
"""Records that Hub may not write while none was written, from which on it is the credentials."""


@dataclass(frozen=True, slots=True)
class Caller(Generic[Settings]):
    """One client and one connection's settings. Everything here raises the error tree."""

    client: HttpClient
    settings: Settings
    begun: set[str] = field(default_factory=set)
    """Write keys of the records that were written, whatever is left to be done for them."""
    forbidden: list[Forbidden] = field(default_factory=list)
    """Why records there could not be written: another team's, or locked, where others are written."""

    def ask(self, call: Call[T]) -> T:
        """Send one request and read its answer."""
        return call.read(self.request(call.request))

    def run(self, script: Script[T]) -> T:
        """Send the requests of a script one by one. An error is thrown into it, and ends it unless it is caught."""
        try:
            request = next(script)
            while True:
                try:
                    response = self.request(request)
                except HubError as error:
                    request = script.throw(error)
                else:
                    request = script.send(response)
        except StopIteration as ended:
            value: T = ended.value
            return value

    def refusal(self, script: Script[None]) -> Problem | None:
        """Run a script that ends the writing of one record; gives why it was refused, None where it was not."""
        try:
            self.run(script)
        except RejectedError as error:
            return Problem(str(error), "refused", error.refused)
        except ConflictError as error:
            return Problem(str(error))
        return None

    def refused(
        self,
        script: Callable[[Sequence[T], Settings], Script[Mapping[str, str]]],
        values: Sequence[T],
        name: Callable[[T], str],
    ) -> dict[str, str]:
        """Run a script for many; gives why each that was refused was, by name. One that is keeps none of the others.

        The script gives the same, "" where it cannot tell of which: then halves are tried, as where all are refused.
        """
        try:
            refused = self.run(script(values, self.settings))
        except (RejectedError, ConflictError) as error:
            refused = {"": str(error)}
        if "" in refused and (half := len(values) // 2):
            return self.refused(script, values[:half], name) | self.refused(script, values[half:], name)
        told = {name(one): refused.get(name(one)) or refused.get("") for one in values}
        return {one: words for one, words in told.items() if words}

    def write(self, batch: Batch[Settings], items: Sequence[Item], *, narrow: bool = True) -> dict[str, Made | Problem]:
        """Write all items in calls of at most ``batch.size``; gives what became of each, by write key.

        A conflict that fails a whole call is narrowed down to the record at fault, or, without ``narrow``, is all of
        theirs. Where a call holds one record, its refusal is a result; else it raises RejectedError.
        """
        told = (answers for _, answers in self.by_call(batch, items, narrow=narrow))
        return {key: answer for answers in told for key, answer in answers.items()}

    def by_call(
        self, batch: Batch[Settings], items: Sequence[Item], *, narrow: bool = True
    ) -> Iterator[tuple[Sequence[Item], dict[str, Made | Problem]]]:
        """The same call by call: whoever reads it knows what was done when a later call ends it all."""
        return ((part, self._write_all(batch, part, narrow=narrow)) for part in parts(batch, items))

    def _write_all(self, batch: Batch[Settings], items: Sequence[Item], *, narrow: bool) -> dict[str, Made | Problem]:
        """Write again what was undone only because other records of its call were refused."""
        found: dict[str, Made | Problem] = {}
        while items:
            answers = self._write(batch, items, narrow=narrow)
            undone = [item for item in items if _is_undone(answers[item.write.key])]
            found |= answers
            items = undone if len(undone) < len(items) else []
        return found

    def _write(self, batch: Batch[Settings], items: Sequence[Item], *, narrow: bool) -> dict[str, Made | Problem]:
        try:
            answers = self.ask(batch.call(items, self.settings))
        except NotFound as error:
            return {item.write.key: Problem(str(error), "gone") for item in items}
        except ConflictError as error:
            if len(items) == 1 or not narrow:
                return {item.write.key: Problem(str(error), "conflict") for item in items}
            half = len(items) // 2
            return self._write(batch, items[:half], narrow=True) | self._write(batch, items[half:], narrow=True)
        except Forbidden as error:
            if batch.size > 1 or items[0].id is None or (not self.begun and len(self.forbidden) >= DOUBTED):
                raise
            self.forbidden.append(error)
            return {item.write.key: Problem(str(error)) for item in items}
        except RejectedError as error:
            if len(items) > 1:
                raise
            return {item.write.key: Problem(str(error), "refused", error.refused) for item in items}
        self.begun.update(key for key, answer in answers.items() if isinstance(answer, Made))
        unanswered = Problem("the destination gave no answer for this record")
        return {item.write.key: answers.get(item.write.key, unanswered) for item in items}

    def end(self) -> None:
        """Raises Forbidden where Hub could write nothing at all: then it is not the records."""
        if self.forbidden and not self.begun:
            raise self.forbidden[0]

    def request(self, request: HttpRequest) -> httpx.Response:
        """Send one request; reads are tried again, writes are not.

        A web page is no answer of a CRM's, whatever its status: a proxy or a maintenance page stands before it.
        """
        if request.method == "GET":
            response = self.client.get(request.path, request.query, headers=request.headers, accept=request.accept)
        else:
            text = request.body if isinstance(request.body, str) else None
            response = self.client.request(
                request.method,
                request.path,
                query=request.query,
                body=None if text is not None else request.body,
                content=None if text is None else text.encode(),
                headers=request.headers,
                accept=request.accept,
            )
        if response.is_success and response.headers.get("content-type", "").startswith("text/html"):
            raise Unavailable("the answer is a web page", uncertain=request.method != "GET")
        return response


def parts(batch: Batch[Settings], items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """The items of each call."""
    groups: dict[Hashable, list[Item]] = {}
    for item in items:
        groups.setdefault(batch.alike(item) if batch.alike else None, []).append(item)
    return (chunk for group in groups.values() for chunk in chunks(group, batch.size))


def _is_undone(answer: Made | Problem) -> bool:
    return isinstance(answer, Problem) and answer.kind == "undone"


def scrub(words: str, items: Iterable[Item]) -> str:
    """The CRM's words about a record, without people's values and without what we sent."""
    return without(words, {text for item in items for text in texts_in(item.properties)})


def chunks(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """``values`` in lists of at most ``size``."""
    listed = list(values)
    return (listed[start : start + size] for start in range(0, len(listed), size))
