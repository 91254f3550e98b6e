"""The tour of the console, told while the day is played."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from hub.console import tour as console
from hub.console.tour import Tour
from hub.demo.laws import Verdict
from hub.demo.roles import Anchor, Cast, Person
from hub.model.keys import record_id

SCENES = 7
"""The parts of ``play``, and the end."""


class Telling:
    """Tells the console how far the day has come. One that cannot be told disturbs nobody."""

    def __init__(self, data_dir: Path, cast: Cast) -> None:
        self._data_dir = data_dir
        known = [person for person in cast.people if any(anchor.kind != "order" for anchor in person.anchors)]
        self._tour = Tour(
            scenes=SCENES,
            joined=_record(max(known, key=lambda person: (bool(person.featured), len(person.anchors)))),
            apart=_record(next(person for person in known if person.group.startswith("family"))),
            undone=_id(cast.mistakes[0].kept),
            opted_out=_record(next(person for person in known if person.opted_out)),
        )

    def during(self, step: Callable[[str], None], kills: Callable[[], int]) -> Callable[[str], None]:
        """``step`` of a play that also tells the console that the next scene begins, and how many kills there were."""

        def begins(text: str) -> None:
            self._next(scene=self._tour.scene + 1, kills=kills())
            step(text)

        return begins

    def over(self, verdicts: Sequence[Verdict]) -> None:
        """The day is over, and so many laws held."""
        broken = tuple(verdict.law for verdict in verdicts if not verdict.held)
        self._next(scene=SCENES, laws=len(verdicts), held=len(verdicts) - len(broken), broken=broken)

    def _next(self, **news: object) -> None:
        self._tour = self._tour.model_copy(update=news)
        with suppress(OSError):
            console.tell(self._data_dir, self._tour)


def _record(person: Person) -> str:
    return _id(next(anchor for anchor in person.anchors if anchor.kind != "order"))


def _id(anchor: Anchor) -> str:
    return str(record_id(anchor.connection, anchor.kind, anchor.external_id))
