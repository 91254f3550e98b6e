"""Appends entries to people's histories: each once, whatever becomes of the answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from html import escape
from typing import Any, Generic

import httpx

from hub.sdk.crm import finding
from hub.sdk.crm.calls import Caller
from hub.sdk.crm.dialect import Activities, Answers, Batch, Call, Dialect, Found, Item, Made, Problem, Script
from hub.sdk.crm.results import Results
from hub.sdk.destination import ActivityChange, HttpRequest, Write
from hub.sdk.manifest import ActivitySettings, ConnectionSettings, Settings

REFERENCE = re.compile(r"Hub activity ([0-9a-f-]{36})")


def reference(key: str) -> str:
    """The last line of an entry where the CRM has no field for Hub's own key of it."""
    return f"Hub activity {key}"


def referred(text: str) -> str | None:
    """Hub's own key of an entry with this text; None where Hub did not write it."""
    found = REFERENCE.findall(text)
    return found[-1] if found else None


def words(change: ActivityChange, *, at: bool = False, named: bool = False) -> list[str]:
    """The lines of an entry, as plain text: with the moment where the CRM sets its own, and with the ``reference``."""
    moment = [change.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")] if at else []
    return [change.title, *moment, *change.text.splitlines(), *([reference(change.key)] if named else [])]


def as_html(lines: Sequence[str]) -> str:
    """The same where the CRM shows HTML: what people wrote is escaped, so that nothing of it is lost, or acts there."""
    return "<br>".join([f"<strong>{escape(lines[0])}</strong>", *map(escape, lines[1:])])


def task_words(change: ActivityChange, *, named: bool = False) -> tuple[str, list[str]]:
    """What a task is called where it stands among tasks, and its lines as of any entry."""
    return change.title.removeprefix("Task: "), words(change, at=True, named=named)[1:]


def day_due(change: ActivityChange) -> str:
    """The day on which a task is due, UTC."""
    return (change.due or change.at).astimezone(UTC).date().isoformat()


def user_of(change: ActivityChange, settings: ActivitySettings) -> str:
    """The user there who gets a task; "" where that is Hub's own."""
    return settings.task_owners.get(change.owner or "", "")


def are_wanted(settings: ConnectionSettings, *, tasks: bool = False) -> bool:
    """Whether the connection asks for any entries, or for tasks; what is there without is people's to take away."""
    asked = settings.activities if isinstance(settings, ActivitySettings) else ()
    return "task" in asked if tasks else bool(asked)


def activity_write(dialect: Dialect[Settings], change: ActivityChange, settings: Settings) -> Write | None:
    """The write that appends an entry; None where it stands there, or the CRM keeps no history. Pure.

    The mirror stays empty: an entry is never updated, and what a person wrote is kept nowhere else.
    """
    if dialect.activities is None or change.external_ids or change.contact_id is None:
        return None
    is_task = change.due is not None and dialect.activities.tasks is not None
    activities = (dialect.activities.tasks if is_task else None) or dialect.activities
    return Write(
        "activity",
        change.key,
        None,
        {**activities.properties(change, settings), **({activities.own: change.key} if activities.own else {})},
        {},
        body={"task": True} if is_task else {},
        links=(change.contact_id,),
        uncertain=change.uncertain,
    )


def look_first(activities: Activities[Settings], write: Write) -> bool:
    """True when the entry may stand there already, and the CRM would append it once more."""
    return activities.find is not None and (write.uncertain or not activities.guarded)


Page = Callable[[int], Call[tuple[Mapping[str, str], bool]]]
"""A page of a person's entries, counted from 0: the text of each by its id, and whether more follow."""

MOST_PAGES = 50


def found_among(
    writes: Sequence[Write], pages: Callable[[str], Page], *, newest_first: bool = False
) -> Iterator[Call[Sequence[Found]]]:
    """Hub's entries at the people of these, where the text names them (``reference``).

    All pages are read, as the newest may be on the last; with ``newest_first`` what was made just now is on the first.
    """
    for person in dict.fromkeys(write.links[0] for write in writes):
        page = pages(person)
        for number in range(1 if newest_first else MOST_PAGES):
            call, more = page(number), [False]

            def read(response: httpx.Response, call: Any = call, more: list[bool] = more) -> Sequence[Found]:
                texts, more[0] = call.read(response)
                return [Found(one, referred(text)) for one, text in texts.items()]

            yield Call(call.request, read)
            if not more[0]:
                break


def ours_among(page: Page) -> Script[list[str]]:
    """The ids of Hub's entries at a person, where the text names them."""
    ours: list[str] = []
    for number in range(MOST_PAGES):
        call = page(number)
        texts, more = call.read((yield call.request))
        ours += [one for one, text in texts.items() if referred(text)]
        if not more:
            break
    return ours


def named_by_text(
    properties: Callable[[ActivityChange, Settings], Mapping[str, Any]],
    pages: Callable[[str], Page],
    append: Callable[[Sequence[Item], Settings], Call[Answers]],
    *,
    path: str,
    gone: frozenset[int] = frozenset({404}),
    newest_first: bool = False,
) -> Activities[Settings]:
    """Entries that are made one a call, and of which only the text tells that they are Hub's (``reference``).

    Below ``path`` each is deleted by its id. ``gone`` are the statuses for one that is not there, or is not to be had.
    """

    def forget(person: str, _: Settings) -> Script[None]:
        for one in (yield from ours_among(pages(person))):
            yield HttpRequest("DELETE", f"{path}/{one}", None, accept=gone)

    return Activities(
        own="",
        properties=properties,
        find=lambda writes, _: found_among(writes, pages, newest_first=newest_first),
        create=Batch(1, append),
        checks_person=True,
        forget=forget,
    )


@dataclass(frozen=True, slots=True)
class ActivityWriter(Generic[Settings]):
    """Writes the activities of one batch into ``results``. Raises the error tree for the batch."""

    dialect: Dialect[Settings]
    caller: Caller[Settings]
    results: Results

    def all(self, writes: Sequence[Write]) -> None:
        """Look for those that may stand there, append the others; tasks for themselves."""
        activities = self.dialect.activities
        for each in activities.kinds if activities else ():
            self._some(each, [write for write in writes if activities and activities.of(write) is each])

    def _some(self, activities: Activities[Settings], writes: Sequence[Write]) -> None:
        left = self.unfound(activities, [write for write in writes if look_first(activities, write)])
        new = [write for write in writes if not look_first(activities, write)]
        self.append(activities, [Item(write, None, write.properties) for write in self.with_person((*new, *left))])

    def with_person(self, writes: Sequence[Write]) -> Sequence[Write]:
        """Those whose person is there; the other ones wait until the person's record is made anew."""
        activities = self.dialect.activities
        if not writes or activities is None or not activities.checks_person:
            return writes
        ids = dict.fromkeys(write.links[0] for write in writes)
        there = finding.present(self.dialect.people, self.caller, ids)
        for write in writes:
            if write.links[0] not in there:
                self.results.retry(write, "the person's record is gone", uncertain=False)
        return [write for write in writes if write.links[0] in there]

    def unfound(self, activities: Activities[Settings], writes: Sequence[Write]) -> list[Write]:
        """Deliver what stands there already; gives the rest."""
        calls = activities.find(writes, self.caller.settings) if writes and activities.find else ()
        there = {hit.owner: hit.id for call in calls for hit in self.caller.ask(call)}
        for write in writes:
            if write.key in there:
                self.results.deliver(Item(write, None, write.properties), there[write.key])
        return [write for write in writes if write.key not in there]

    def append(self, activities: Activities[Settings], items: Sequence[Item]) -> None:
        """Append these. One whose person is gone waits alone until the person's record is made anew."""
        answers = self.caller.write(activities.create, items) if items else {}
        taken: list[Write] = []
        gone: list[Item] = []
        for item in items:
            answer = answers[item.write.key]
            if isinstance(answer, Made):
                self.results.deliver(item, answer.id)
            elif answer.kind == "conflict":
                taken.append(item.write)
            elif answer.kind == "gone":
                gone.append(item)
            else:
                self.results.refuse(item, answer)
        for write in self.unfound(activities, taken):
            self.results.retry(write, "another entry has this key, and it cannot be found")
        if len(gone) > 1 and len(gone) == len(items):
            for item in gone:
                self.append(activities, [item])
            return
        for item in gone:
            problem = answers[item.write.key]
            assert isinstance(problem, Problem)
            self.results.retry(item.write, problem.words, uncertain=False)
