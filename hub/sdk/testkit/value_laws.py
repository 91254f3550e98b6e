"""S17–S22: what ``parse`` promises of odd values. One odd value never costs more than itself, and is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any

from hub.errors import PayloadError, SkipEvent
from hub.mapping.address import country
from hub.mapping.notes import notes_of
from hub.mapping.phone import phone
from hub.model.event import CustomerEvent, Note
from hub.sdk.source import InboxEntry
from hub.sdk.testkit.cases import BODY, ConnectorCase, SourceCase, assert_same
from hub.sdk.testkit.documents import REMOVED, Path, collapsed, dotted, encode, fields, replace_leaves, with_value
from hub.sdk.testkit.unread import unread

UNSEEN = ("\ufeff", "\u200b\u202e\u00ad\u2060\x00")
"""What stands before and after every text: a BOM; zero width, bidi control, soft hyphen, word joiner, NUL."""

ODD = {"hub_odd": {"deep": 1}}
ABROAD, ABROAD_NUMBER = "+12125550142", "(212) 555-0142"


def law_s17_what_nobody_sees_changes_nothing(case: SourceCase) -> None:
    """BOM, zero-width and control characters in any text give the same canonical result."""
    for document, tree in case.documents.items():
        form = case.is_form(document)
        unseen = replace_leaves(tree, lambda leaf: leaf.join(UNSEEN) if isinstance(leaf, str) and leaf else leaf)
        known = case.outcome(_with(case, document, encode(tree, form=form)))
        outcome = _outcome_of(case, _with(case, document, encode(unseen, form=form)), "invisible characters")
        assert_same(outcome, known, f"{case.id}: invisible characters in {document or 'the body'} change the result")


def law_s18_half_a_character_parks_nothing(case: SourceCase) -> None:
    """Half a surrogate, and bytes that are no UTF-8, in a text nobody reads."""
    for document, tree in case.documents.items():
        form = case.is_form(document)
        body = encode(tree, form=form)
        known = case.outcome(_with(case, document, body))
        if form:
            broken = [body + b"&hub_odd=%ED%A0%BD", body + b"&hub_odd=\xff"]
        else:
            broken = [b"{" + odd + body[1:] for odd in (b'"hub_odd":"\\ud83d",', b'"hub_odd":"\xff\xfe",')]
        for odd in broken if body[:2] != b"{}" and (form or body[:1] == b"{") else ():
            outcome = _outcome_of(case, _with(case, document, odd), "half a character")
            assert_same(outcome, known, f"{case.id}: half a character in {document or 'the body'} changes the result")


def law_s19_an_empty_container_counts_as_absent(connector: ConnectorCase) -> None:
    """``[]`` for an object, ``{}`` for a list, false for either, and a lone member for a list of one (PHP)."""
    for case, document, path, value in _kinds_of_places(connector):
        if not isinstance(value, dict | list):
            continue
        removed = _outcome(case, document, path, REMOVED)
        for empty in _empties(value):
            outcome = _outcome(case, document, path, empty)
            if not _alike(outcome, removed):
                assert_same(outcome, removed, f"{case.id}: {dotted(path)} as {empty!r} is not as if it were missing")
        if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
            alone = _outcome(case, document, path, value[0])
            assert_same(alone, case.known, f"{case.id}: {dotted(path)} with its only member is no list of one")


def law_s20_an_odd_value_costs_itself(connector: ConnectorCase) -> None:
    """A value of another kind than it should be is left out, with a note; only what is needed parks the event."""
    for case, document, path, value in _kinds_of_leaves(connector, ODD):
        known = case.known
        if "events" not in known:
            continue
        outcome = _outcome(case, document, path, ODD)
        if "unreadable" in outcome:
            assert "events" not in _outcome(case, document, path, REMOVED), (
                f"{case.id}: {dotted(path)} is optional, and parks the event where it is no {type(value).__name__}"
            )
        elif "events" in outcome and outcome != known:
            assert _notes(case, _changed(case, document, path, ODD)), (
                f"{case.id}: {dotted(path)} is left out without a note"
            )


def law_s21_an_odd_member_leaves_the_others(connector: ConnectorCase) -> None:
    """Something that is no object in a list of objects (updates, lines, addresses) is left out, with a note."""
    for case, document, path, value in _kinds_of_places(connector):
        if not isinstance(value, list) or not value or not all(isinstance(member, dict) for member in value):
            continue
        if "events" in case.known:
            outcome = _outcome(case, document, path, ["hub_odd", *value])
            assert_same(outcome, case.known, f"{case.id}: an odd member of {dotted(path)} costs more than itself")


def law_s22_a_number_is_one_of_the_payloads_country(case: SourceCase) -> None:
    """A phone number without country is read in the country the payload names, not in the connection's."""
    for event in _events(case, case.entry):
        if not isinstance(event, CustomerEvent) or not event.customer.phones:
            continue
        here = next((address.country for address in event.customer.addresses if address.country), None)
        numbers = {point.value for point in event.customer.phones}
        entry = _moved(case, numbers, here)
        found = {
            point.value
            for other in _events(case, entry)
            if isinstance(other, CustomerEvent)
            for point in other.customer.phones
        }
        assert here is None or entry == case.entry or ABROAD in found, (
            f"{case.id}: a number of the United States is read as {', '.join(sorted(found - numbers))}"
        )


def law_s22_what_names_nobody_is_noted(case: SourceCase) -> None:
    """A first name "Test" and an address under ``.test`` are kept, or a note says that they were not taken."""
    for event in _events(case, case.entry):
        if not isinstance(event, CustomerEvent):
            continue
        name = event.customer.name.first if event.customer.name else None
        told = [(name, "Test")] if name else []
        told += [(point.original, "somebody@shop.test") for point in event.customer.emails if point.usable]
        for text, junk in told:
            entry = case.entry
            for document, tree in case.documents.items():
                if not case.is_form(document):
                    entry = _changed_to(entry, document, encode(_instead(tree, text, junk), form=False))
            outcome = case.outcome(entry)
            kept = junk in json.dumps(outcome) or "events" not in outcome or outcome == case.outcome(case.entry)
            assert kept or _notes(case, entry), f"{case.id}: {junk!r} is dropped without a note"


def _empties(value: Any) -> tuple[Any, ...]:
    return ([] if isinstance(value, dict) else {}, False)


def _instead(tree: Any, text: str | None, junk: str) -> Any:
    return replace_leaves(tree, lambda leaf: junk if leaf == text else leaf)


def _moved(case: SourceCase, numbers: set[str], here: str | None) -> InboxEntry:
    """The entry with the person moved to the United States; unchanged where the payload does not tell the numbers."""
    entry = case.entry
    for document, tree in case.documents.items():
        form = case.is_form(document)
        moved, phones = tree, 0
        for path, value in fields(tree):
            if not isinstance(value, str) or not value:
                continue
            point = phone(value, here or "DE")
            if point and point.usable and point.value in numbers:
                moved, phones = with_value(moved, path, ABROAD_NUMBER), phones + 1
            elif here and country(value) == here:
                moved = with_value(moved, path, "US" if len(value) == 2 else "United States")
        if phones:
            entry = _changed_to(entry, document, encode(moved, form=form))
    return entry


def _kinds_of_places(connector: ConnectorCase) -> Iterator[tuple[SourceCase, str, Path, Any]]:
    """Every kind of field of all samples once: lines and updates of one list are of one kind."""
    seen: set[tuple[str, Path]] = set()
    for case in connector.source_cases:
        for document, path, value in _places(case):
            kind = (document.partition("/")[0], collapsed(path))
            if kind not in seen:
                seen.add(kind)
                yield case, document, path, value


def _kinds_of_leaves(connector: ConnectorCase, value: Any) -> Iterator[tuple[SourceCase, str, Path, Any]]:
    """Every kind of leaf once, but for those where ``value`` changes nothing, as they are read by nobody."""
    kinds = (found for found in _kinds_of_places(connector) if not isinstance(found[3], dict | list))
    for (case, document), group in groupby(kinds, key=itemgetter(0, 1)):
        leaves = [(path, leaf) for _, _, path, leaf in group]
        tree = case.documents[document]
        spared = unread(case.folder, tree, leaves, value, partial(_is_known, case, document))
        yield from ((case, document, path, leaf) for path, leaf in leaves if path not in spared)


def _is_known(case: SourceCase, document: str, tree: Any) -> bool:
    with suppress(AssertionError):
        entry = _with(case, document, encode(tree, form=False))
        return bool(_outcome_of(case, entry, "many fields changed") == case.known)
    return False


def _places(case: SourceCase) -> Iterator[tuple[str, Path, Any]]:
    for document, tree in case.documents.items():
        if not case.is_form(document):
            for path, value in fields(tree):
                yield document, path, value


def _changed(case: SourceCase, document: str, path: Path, value: Any) -> InboxEntry:
    return _with(case, document, encode(with_value(case.documents[document], path, value), form=False))


def _outcome(case: SourceCase, document: str, path: Path, value: Any) -> Any:
    return _outcome_of(case, _changed(case, document, path, value), f"{dotted(path)} as {value!r}")


def _outcome_of(case: SourceCase, entry: InboxEntry, what: str) -> Any:
    try:
        return case.outcome(entry)
    except Exception as error:
        raise AssertionError(f"{case.id}: {what}: {type(error).__name__}: {error}") from error


def _with(case: SourceCase, document: str, body: bytes) -> InboxEntry:
    return _changed_to(case.entry, document, body)


def _changed_to(entry: InboxEntry, document: str, body: bytes) -> InboxEntry:
    if document == BODY:
        return replace(entry, body=body)
    return replace(entry, completions={**entry.completions, document: body})


def _events(case: SourceCase, entry: InboxEntry) -> list[Any]:
    try:
        return list(case.parse(entry))
    except (SkipEvent, PayloadError):
        return []


def _notes(case: SourceCase, entry: InboxEntry) -> list[Note]:
    """All that would stand beside the entry."""
    parsed = case.source.parse(entry, case.settings)
    events = [event for event in parsed if not isinstance(event, Note)]
    return [*(note for note in parsed if isinstance(note, Note)), *notes_of(events)]


def _alike(outcome: Any, removed: Any) -> bool:
    """Equal, or skipped both, or unreadable both; the words of a reason may differ."""
    return outcome == removed or any(kind in outcome and kind in removed for kind in ("skipped", "unreadable"))
