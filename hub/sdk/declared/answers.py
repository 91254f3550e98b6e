"""How the answers of a declared system are read: rules over status and body, and expressions. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from hub.errors import AuthError, ConflictError, HubError, NotFound, RateLimited, Refusal, RejectedError, Unavailable
from hub.mapping.expression import ExpressionError, compile_expression
from hub.sdk.crm import Found, Key, Problem
from hub.sdk.crm.dialect import EMAIL
from hub.sdk.declared.model import Record, Rule
from hub.sdk.http import brief_of, error_of, json_of, retry_after
from hub.sdk.words import LONGEST, sent_in, without, words_of

Read = Callable[[Any], Any]
_EXACT = 2**53


def reader(text: str | None) -> Read | None:
    """An expression over an answer; what it cannot be worked out for is None."""
    if text is None:
        return None
    read = compile_expression(text).read

    def tried(body: Any) -> Any:
        try:
            return read(body)
        except ExpressionError:
            return None

    return tried


@dataclass(frozen=True, slots=True)
class _Rule:
    rule: Rule
    when: Read | None
    words: Read | None
    holders: Read | None
    refused: Read | None


class Answers:
    """The rules of a declaration, compiled."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = [
            _Rule(rule, reader(rule.when), reader(rule.words), reader(rule.holders), reader(rule.refused))
            for rule in rules
        ]
        self.accept = frozenset(status for rule in rules for status in rule.status if status >= 300)
        """Statuses that the rules judge, instead of the usual table."""

    def body(self, response: httpx.Response) -> Any:
        """The body of an answer that means success. Raises the error that it stands for."""
        if problem := self.problem(response):
            raise as_error(problem, response)
        return content(response)

    def problem(self, response: httpx.Response) -> Problem | None:
        """What is wrong by an answer, None where nothing is. Raises what concerns more than one record."""
        ruled = [one for one in self._rules if response.status_code in one.rule.status]
        body = _json(response) if ruled else None
        for one in ruled:
            if one.when is None or _true(one.when, body):
                return self._meant(one, body, response)
        if response.is_success:
            return None
        error = error_of(response)
        if isinstance(error, NotFound) or response.status_code == 410:
            return Problem(str(error), "gone")
        if isinstance(error, ConflictError):
            return Problem(str(error), "conflict")
        if isinstance(error, RejectedError):
            return Problem(str(error), "refused")
        raise error

    def _meant(self, one: _Rule, body: Any, response: httpx.Response) -> Problem | None:
        told = one.words(body) if one.words else None
        said = without(told[:LONGEST], sent_in(response.request)) if isinstance(told, str) else words_of(response)
        means = one.rule.means
        brief = f"{brief_of(response)}: {said}"
        if means == "done":
            return None
        if means == "rate_limited":
            raise RateLimited(brief, retry_after=retry_after(response))
        if means == "auth":
            raise AuthError(brief)
        named = [str(name) for name in _list(one.refused(body) if one.refused else None)]
        refused = tuple(Refusal(name, "REFUSED") for name in named)
        holders = tuple(str(holder) for holder in _list(one.holders(body) if one.holders else None))
        return Problem(said, means, refused, holders)


def as_error(problem: Problem, response: httpx.Response) -> HubError:
    """What is wrong by an answer, as the error that ends a script or a search."""
    kinds: Mapping[str, type[HubError]] = {
        "gone": NotFound,
        "conflict": ConflictError,
        "refused": RejectedError,
        "later": Unavailable,
    }
    return kinds[problem.kind](f"{brief_of(response)}: {problem.words}")


def content(response: httpx.Response) -> Any:
    """The body of an answer in which nothing is wrong; None where it has none. Raises Unavailable (uncertain)."""
    return json_of(response) if response.content.strip() else None


class Records:
    """How records of people or orders stand in an answer."""

    def __init__(
        self, record: Record, own: str, lists: Mapping[str, Callable[[Any], list[Any] | None]] | None = None
    ) -> None:
        self.own, self._lists = own, dict(lists or {})
        self._id, self._owner, self._live = reader(record.id), reader(record.owner), reader(record.live)
        self._emails, self._formerly = reader(record.emails), reader(record.formerly)

    def found(self, listed: Any, *, bare: bool = False) -> list[Found]:
        """The live records of a list; of a single one, that one. ``bare`` where they are not told as a whole."""
        bodies = listed if isinstance(listed, list) else [listed]
        told = (self._found(body, bare) for body in bodies if isinstance(body, Mapping))
        return [found for found in told if found is not None]

    def _found(self, body: Any, bare: bool) -> Found | None:
        made = text_of(self._id, body)
        if made is None or (self._live is not None and not _true(self._live, body)):
            return None
        owner = self._owner(body) if self._owner else None
        emails = [str(one).strip().lower() for one in _list(self._emails(body) if self._emails else None)]
        keys: set[Key] = {(EMAIL, email) for email in emails if email}
        formerly = tuple(str(one) for one in _list(self._formerly(body) if self._formerly else None))
        rows = {name: there(body) or [] for name, there in self._lists.items()}
        mine = str(owner) if owner not in (None, "", False) else None
        return Found(made, mine, frozenset(keys), formerly=formerly, values=rows, bare=bare)


def text_of(read: Read | None, body: Any) -> str | None:
    """What an expression gives, as text; None where it gives nothing."""
    return _text(read(body) if read else None)


def _text(found: Any) -> str | None:
    if isinstance(found, float):
        # beyond 2^53 it was rounded when it was read, and may be somebody else's id
        return str(int(found)) if found.is_integer() and abs(found) <= _EXACT else None
    return None if found in (None, "") or isinstance(found, list | Mapping) else str(found)


def _true(read: Read, body: Any) -> bool:
    found = read(body)
    return found not in (None, False, "", [], {})


def several(value: Any) -> list[Any]:
    """A value, or each of a list; nothing of what is empty."""
    listed = value if isinstance(value, list | tuple) else [value]
    return [one for one in listed if one not in (None, "", {})]


def _list(value: Any) -> list[Any]:
    return [one for one in several(value) if not isinstance(one, list | Mapping)]


def _json(response: httpx.Response) -> Any:
    try:
        return json_of(response)
    except Unavailable:
        return None
