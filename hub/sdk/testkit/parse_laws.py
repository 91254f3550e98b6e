"""S6–S14 and S16: what ``parse`` promises, for good bodies, stranger ones and broken ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import product
from typing import Any

from hub.errors import PayloadError, SkipEvent, VerificationError
from hub.model.event import PrivacyEvent
from hub.sdk.manifest import Capability
from hub.sdk.source import InboxEntry
from hub.sdk.testkit.canonical import faults
from hub.sdk.testkit.cases import BODY, ConnectorCase, SourceCase, assert_same, events_json
from hub.sdk.testkit.documents import (
    REMOVED,
    Path,
    dotted,
    encode,
    kinds,
    replace_leaves,
    with_unknown_fields,
    with_value,
)
from hub.sdk.testkit.unread import remember, unread
from hub.sdk.testkit.watch import around, emails_in, impurities, leaks, logged, personal_values, secrets_of, words_of

MARK = "Zaubermann-4711"


def law_s6_parse_is_pure(case: SourceCase) -> None:
    """No clock, no random number, no socket; twice the same."""
    first = case.outcome(case.entry)
    called = impurities(lambda: case.outcome(case.entry))
    assert not called, f"{case.id}: parse calls {', '.join(sorted(set(called)))}"
    assert_same(case.outcome(case.entry), first, f"{case.id}: parse gives something else the second time")


def law_s7_parse_gives_what_is_expected(case: SourceCase) -> None:
    """The canonical events are those of ``expected.json``."""
    expected = case.sample.expected
    actual = case.outcome(case.entry)
    assert "unreadable" not in actual, f"{case.id}: cannot be read, at {actual.get('unreadable')!r}"
    assert_same(actual, expected, f"{case.id}: differs from expected.json")


def law_s8_events_obey_the_canonical_model(case: SourceCase) -> None:
    """Aware UTC times, finite decimals, ISO codes, E.164, lower-case e-mails."""
    found = [fault for event in _events(case) for fault in faults(event)]
    assert not found, f"{case.id}: " + "; ".join(found)


def law_s9_unknown_fields_change_nothing(case: SourceCase) -> None:
    """A field the vendor adds tomorrow, at any depth, changes nothing."""
    for document, tree in case.documents.items():
        form = case.is_form(document)
        known = case.outcome(_with_document(case, document, encode(tree, form=form)))
        grown = encode(with_unknown_fields(tree, form=form), form=form)
        outcome = case.outcome(_with_document(case, document, grown))
        assert_same(outcome, known, f"{case.id}: an unknown field in {document or 'the body'} changes the result")


def law_s10_absent_null_and_empty_are_one(case: SourceCase) -> None:
    """An optional field that is missing, null or empty text gives the same canonical result."""
    optional = [each for each in _removals(case) if "unreadable" not in each[3]]
    for document, empty in product(case.documents, (None, "")):
        places = [
            (path, value, removed)
            for name, path, value, removed in optional
            if name == document and _may_be(case, document, path, value, empty)
        ]
        known = _known(case, document)
        idle = [(path, value) for path, value, removed in places if removed == known]
        spared = unread(case.folder, case.documents[document], idle, empty, partial(_is, case, document, known))
        for path, value, removed in places:
            outcome = removed if path in spared else _mutated(case, document, path, empty)
            remember(case.folder, (path, value), empty, read=outcome != known)
            if not _alike(outcome, removed):
                # Removed together with others it may have been made up for, and was taken for unread.
                removed = _mutated(case, document, path, REMOVED)
            if not _alike(outcome, removed):
                assert_same(outcome, removed, f"{case.id}: {dotted(path)} as {empty!r} is not as if it were missing")


def law_s11_a_missing_required_field_is_named(case: SourceCase) -> None:
    """Whatever field is missing, null or empty: a result, a reason to skip, or a PayloadError with the path."""
    for document, path, value, removed in _removals(case):
        _named(case, path, removed)
        if "unreadable" in removed:
            for empty in (None, "") if isinstance(value, str) else (None,):
                _named(case, path, _mutated(case, document, path, empty))


def law_s11_a_broken_body_is_a_payload_error(case: SourceCase) -> None:
    """No body, half a body, another type, wrong encoding: PayloadError (or nothing to read), and no other error."""
    broken = (
        b"",
        b"{",
        b"null",
        b"[]",
        b"{}",
        b'"text"',
        b"7",
        b"\xff\xfe\x00",
        case.entry.body[: len(case.entry.body) // 2],
    )
    for body in broken:
        _outcome(case, BODY, body, f"the body {body[:12]!r}")
    for name in case.entry.completions:
        for body in (b"", *broken):
            _outcome(case, name, body, f"the completion {body[:12]!r}")


def law_s11_missing_headers_are_survived(case: SourceCase) -> None:
    """A verified delivery without one of its headers is read, or its PayloadError names the header."""
    for name in case.unsigned.headers:
        headers = {key: value for key, value in case.signed.headers.items() if key != name}
        try:
            named = case.name_of(replace(case.signed, headers=headers))
            case.outcome(replace(case.entry, headers=headers, topic=named.topic))
        except (PayloadError, VerificationError, SkipEvent):
            continue
        except Exception as error:
            raise AssertionError(f"{case.id}: without header {name}: {type(error).__name__}: {error}") from error


def law_s12_an_unknown_topic_is_skipped(case: SourceCase) -> None:
    """An event type nobody declared is skipped, with a reason."""
    try:
        case.parse(replace(case.entry, topic="hub.unknown/topic"))
    except SkipEvent as skip:
        reason = str(skip)
    else:
        raise AssertionError(f"{case.id}: an unknown topic is read")
    assert reason, f"{case.id}: an unknown topic is skipped without a reason"


def law_s13_topics_and_samples_match(case: ConnectorCase) -> None:
    """Every declared topic has a sample, and every sample's topic is declared."""
    declared = {topic.replace("/", ".") for topic in case.manifest.topics}
    sampled = {sample.sample.topic_folder for sample in case.source_cases}
    assert declared, f"{case.id}: the manifest declares no topics"
    assert not declared - sampled, f"{case.id}: topics without a sample: {', '.join(sorted(declared - sampled))}"
    assert not sampled - declared, f"{case.id}: samples of undeclared topics: {', '.join(sorted(sampled - declared))}"


def law_s14_nothing_of_the_body_leaks(case: SourceCase) -> None:
    """No person, secret or value of the body in a log line, an error (with its causes) or a repr."""
    private = secrets_of(case.settings) | emails_in(case.entry.body)
    private |= personal_values([*_events(case)])
    words: list[str] = [repr(case.signed), repr(case.entry), repr(case.settings)]
    with logged() as log:
        for document, tree in case.documents.items():
            form = case.is_form(document)
            marked = replace_leaves(tree, lambda _: MARK)
            for body in (encode(marked, form=form), encode(tree, form=form)[:-2]):
                words.extend(_tried(case, document, body).said)
            words.extend(_words_of_marks(case, document))
        words.extend(_words_of_refusal(case))
    said = "\n".join((*words, log.getvalue()))
    found = leaks(said, {*private, MARK})
    assert not found, (
        f"{case.id}: {len(found)} values of the delivery leak, e.g. where it says {around(said, found[0])!r}"
    )


def law_s16_privacy_requests_are_events(case: ConnectorCase) -> None:
    """Erasure and access requests become PrivacyEvents exactly where the manifest says so."""
    declared = Capability.PRIVACY in case.manifest.capabilities
    found = any(isinstance(event, PrivacyEvent) for sample in case.source_cases for event in _events(sample))
    assert declared == found, (
        f"{case.id}: capability privacy is declared: {declared}, a sample gives a PrivacyEvent: {found}"
    )


def _events(case: SourceCase) -> list[Any]:
    try:
        return list(case.parse())
    except (SkipEvent, PayloadError):
        return []


def _with_document(case: SourceCase, document: str, body: bytes) -> InboxEntry:
    if document == BODY:
        return replace(case.entry, body=body)
    return replace(case.entry, completions={**case.entry.completions, document: body})


def _outcome(case: SourceCase, document: str, body: bytes, what: str) -> Any:
    """Name and parse a changed body; anything but PayloadError and SkipEvent fails the law."""
    entry = _with_document(case, document, body)
    try:
        if document == BODY and case.source.name_event is not None:
            named = case.name_of(case.sign(replace(case.unsigned, body=body)))
            entry = replace(entry, topic=named.topic)
        return case.outcome(entry)
    except SkipEvent as skip:
        return {"skipped": str(skip)}
    except PayloadError as error:
        return {"unreadable": error.path}
    except Exception as error:
        raise AssertionError(f"{case.id}: {what}: {type(error).__name__}: {error}") from error


def _mutated(case: SourceCase, document: str, path: Path, value: Any) -> Any:
    form = case.is_form(document)
    what = f"{dotted(path)} {'missing' if value is REMOVED else f'as {value!r}'}"
    tree = case.documents[document]
    return _outcome(case, document, encode(with_value(tree, path, value), form=form), what)


@lru_cache(maxsize=1)
def _removals(case: SourceCase) -> Sequence[tuple[str, Path, Any, Any]]:
    """Each kind of field with what becomes of the sample without it. Three laws in a row ask for the same sample."""
    found: list[tuple[str, Path, Any, Any]] = []
    for document, tree in case.documents.items():
        places, known = list(kinds(tree)), _known(case, document)
        spared = unread(case.folder, tree, places, REMOVED, partial(_is, case, document, known))
        for path, value in places:
            removed = known if path in spared else _mutated(case, document, path, REMOVED)
            remember(case.folder, (path, value), REMOVED, read=removed != known)
            found.append((document, path, value, removed))
    return found


def _known(case: SourceCase, document: str) -> Any:
    form = case.is_form(document)
    return _outcome(case, document, encode(case.documents[document], form=form), "the sample")


def _is(case: SourceCase, document: str, known: Any, tree: Any) -> bool:
    """Whether a changed document is read as the sample is."""
    with suppress(AssertionError):
        body = encode(tree, form=case.is_form(document))
        return bool(_outcome(case, document, body, "many fields changed") == known)
    return False


def _may_be(case: SourceCase, document: str, path: Path, value: Any, empty: Any) -> bool:
    """A form has no null, and what is no text is never an empty one."""
    return isinstance(value, str) if empty == "" else not (case.is_form(document) and len(path) == 1)


def _alike(outcome: Any, removed: Any) -> bool:
    """Equal, or skipped both; the words of a reason may differ."""
    return outcome == removed or ("skipped" in outcome and "skipped" in removed)


def _named(case: SourceCase, path: Path, outcome: Any) -> None:
    if "unreadable" not in outcome:
        return
    named = outcome["unreadable"]
    steps = {part for step in path if isinstance(step, str) for part in _parts(step)}
    assert steps & set(_parts(named)), f"{case.id}: {dotted(path)} is required, but the PayloadError names {named!r}"


def _parts(name: str) -> list[str]:
    """``data[email]``, a form's own name for a field, is the path ``data.email``."""
    return name.lower().replace("[", ".").replace("]", "").split(".")


@dataclass(frozen=True, slots=True)
class _Tried:
    """What is said of a changed document, and what becomes of it."""

    said: tuple[str, ...]
    became: Any


def _tried(case: SourceCase, document: str, body: bytes) -> _Tried:
    """Read a changed document under the sample's topic. Where it names another topic, that is what becomes of it."""
    entry = _with_document(case, document, body)
    said: list[str] = []
    became: list[dict[str, Any]] | str | None = None
    try:
        became = events_json(case.parse(entry))
    except Exception as error:
        said.append(words_of(error))
    if document == BODY:
        try:
            named = case.name_of(case.sign(replace(case.unsigned, body=body)))
        except Exception as error:
            said.append(words_of(error))
        else:
            became = became if named.topic == entry.topic else named.topic
    return _Tried(tuple(said), became)


def _words_of_marks(case: SourceCase, document: str) -> list[str]:
    """What is said where a mark stands in each field: in those nobody reads at once, in the others one by one."""
    tree, form, words = case.documents[document], case.is_form(document), list[str]()
    known, plain = _tried(case, document, encode(tree, form=form)), _known(case, document)

    def same(marked: Any) -> bool:
        tried = _tried(case, document, encode(marked, form=form))
        words.extend(tried.said)
        return tried == known

    idle = [(path, value) for name, path, value, removed in _removals(case) if name == document and removed == plain]
    spared = unread(case.folder, tree, idle, MARK, same)
    for path, value in kinds(tree):
        read = path not in spared and not same(with_value(tree, path, MARK))
        remember(case.folder, (path, value), MARK, read=read)
    return words


def _words_of_refusal(case: SourceCase) -> Iterator[str]:
    if case.source.verify is not None:
        for delivery in (case.unsigned, replace(case.signed, body=case.signed.body + b" ")):
            try:
                case.source.verify(delivery, case.settings)
            except VerificationError as error:
                yield words_of(error)
