"""PostgreSQL as far as a protocol sees it: READ COMMITTED, row and advisory locks, SKIP LOCKED, commits and kills.

A transaction is a generator that yields one statement at a time and is sent its result. What it does next follows from
the results alone, so that a worker's state is (transaction, results, rows written): it can be hashed, and run again.
``explore`` walks through every interleaving at statement boundaries.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Hashable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from typing import Any

Row = tuple[str, Hashable]
"""A table's name and a key."""
Rows = dict[Row, Any]
GONE = object()


class View:
    """What one statement sees: everything committed when it began, and what its own transaction wrote."""

    def __init__(
        self,
        committed: Mapping[Row, Any],
        own: Mapping[Row, Any] = {},
        locked: Mapping[Row, Any] = {},
        given: Set[Row] = frozenset(),
    ) -> None:
        self.rows = {row: value for row, value in {**committed, **own}.items() if value is not GONE}
        self.locked = locked
        """Who holds what: only for SKIP LOCKED."""
        self.given = given
        """Rows that anybody wrote, committed or not: only for sequences."""

    def get(self, table: str, key: Hashable, default: Any = None) -> Any:
        return self.rows.get((table, key), default)

    def table(self, name: str) -> dict[Any, Any]:
        return {key: value for (table, key), value in self.rows.items() if table == name}


@dataclass(frozen=True, slots=True)
class Do:
    """One statement: gives its result, what it writes, and which rows it locks without waiting (SKIP LOCKED)."""

    name: str
    run: Callable[[View], tuple[Hashable, Rows, tuple[Row, ...]]]


@dataclass(frozen=True, slots=True)
class Lock:
    """Wait for a lock, and hold it to the end of the transaction. Several may hold it when all ``share`` it."""

    row: Row
    share: bool = False


Statement = Do | Lock
Transaction = Generator[Statement, Any, None]


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker between two statements; idle without a transaction."""

    kind: str = ""
    results: tuple[Hashable, ...] = ()
    wrote: tuple[tuple[Row, Any], ...] = ()
    holds: tuple[tuple[Row, bool], ...] = ()


IDLE = Worker()


@dataclass(frozen=True, slots=True)
class World:
    """Everything: what is committed, the workers, and how many more are killed."""

    committed: Rows
    workers: tuple[Worker, ...]
    kills: int = 0

    def key(self) -> Hashable:
        # Workers are all alike: which of two is in a state makes no difference.
        states = Counter((worker.kind, worker.results, worker.wrote) for worker in self.workers)
        return frozenset(self.committed.items()), frozenset(states.items()), self.kills


class Wrong(AssertionError):  # noqa: N818 - a finding, told with the steps that led to it
    """A law is broken."""


@dataclass
class System:
    """Which transactions a worker may begin, and the laws.

    ``always`` looks at every committed state, ``at_rest`` at those in which nobody has anything to do.
    """

    kinds: Mapping[str, Callable[[], Transaction]]
    can_begin: Callable[[str, View], bool]
    always: Callable[[View], None]
    at_rest: Callable[[View], None]
    _next: dict[tuple[str, tuple[Hashable, ...]], Statement | None] = field(default_factory=dict)

    def statement(self, worker: Worker) -> Statement | None:
        """What a worker does next; None: it commits."""
        place = worker.kind, worker.results
        if place not in self._next:
            running = self.kinds[worker.kind]()
            try:
                asked: Statement | None = next(running)
                for result in worker.results:
                    asked = running.send(result)
            except StopIteration:
                asked = None
            self._next[place] = asked
        return self._next[place]

    def steps(self, world: World) -> Iterator[tuple[str, World]]:
        """Every step that can be taken now, and the world after it. Raises Wrong where workers wait in a circle."""
        locked = {row: share for worker in world.workers for row, share in worker.holds}
        waits: dict[int, set[int]] = {}
        begun = False
        for number, worker in enumerate(world.workers):
            if not worker.kind:
                if not begun:  # all idle workers are alike
                    begun = True
                    view = View(world.committed, {}, locked)
                    for kind in self.kinds:
                        if self.can_begin(kind, view):
                            yield from self._step(world, number, Worker(kind), locked, waits)
                continue
            yield from self._step(world, number, worker, locked, waits)
            if world.kills:
                yield (
                    f"{number} is killed",
                    with_worker(World(world.committed, world.workers, world.kills - 1), number, IDLE),
                )
        for number in waits:
            seen, wanted = set[int](), {number}
            while wanted:
                one = wanted.pop()
                if one in seen:
                    continue
                seen.add(one)
                wanted |= waits.get(one, set())
                if one in waits and number in waits[one]:
                    raise Wrong("deadlock")

    def _step(
        self, world: World, number: int, worker: Worker, locked: Mapping[Row, bool], waits: dict[int, set[int]]
    ) -> Iterator[tuple[str, World]]:
        asked = self.statement(worker)
        told = f"{number} {worker.kind}: "
        if asked is None:
            rows = dict(world.committed)
            for row, value in worker.wrote:
                if value is GONE:
                    rows.pop(row, None)
                else:
                    rows[row] = value
            if worker.wrote:
                self.always(View(rows))
            yield f"{told}commit", with_worker(World(rows, world.workers, world.kills), number, IDLE)
        elif isinstance(asked, Lock):
            holders = {
                other
                for other, their in enumerate(world.workers)
                for row, share in their.holds
                if other != number and row == asked.row and not (share and asked.share)
            }
            if holders:
                waits[number] = holders
                return
            holds = worker.holds if any(row == asked.row for row, _ in worker.holds) else (
                *worker.holds, (asked.row, asked.share))  # fmt: skip
            after = Worker(worker.kind, (*worker.results, None), worker.wrote, holds)
            yield f"{told}lock {asked.row}", with_worker(world, number, after)
        else:
            given = {row for other in world.workers for row, _ in other.wrote} | world.committed.keys()
            result, wrote, taken = asked.run(View(world.committed, dict(worker.wrote), locked, given))
            own = tuple({**dict(worker.wrote), **wrote}.items())
            holds = (*worker.holds, *((row, False) for row in taken))
            after = Worker(worker.kind, (*worker.results, result), own, holds)
            yield f"{told}{asked.name} -> {result}", with_worker(world, number, after)


def with_worker(world: World, number: int, worker: Worker) -> World:
    """The world with another state of one worker."""
    workers = (*world.workers[:number], worker, *world.workers[number + 1 :])
    return World(world.committed, workers, world.kills)


def drained(system: System, world: World) -> World:
    """The world when one worker alone has done all there is to do."""
    alone = World(world.committed, (IDLE,))
    while following := list(system.steps(alone)):
        alone = following[0][1]
    return World(alone.committed, world.workers, world.kills)


def explore(system: System, start: World, most: int = 400_000) -> int:
    """Take every step from every world that can be reached; gives how many worlds there are.

    Raises Wrong, with the statements that lead there, and where there are more than ``most``.
    """
    seen = {start.key()}
    came: dict[int, tuple[int, str]] = {}
    worlds = [start]
    waiting = [0]
    while waiting:
        place = waiting.pop()
        world = worlds[place]
        moved = False
        try:
            for told, after in system.steps(world):
                moved = True
                key = after.key()
                if key not in seen:
                    seen.add(key)
                    came[len(worlds)] = (place, told)
                    waiting.append(len(worlds))
                    worlds.append(after)
            if not moved:
                if any(worker.kind for worker in world.workers):
                    raise Wrong("somebody waits for ever")
                system.at_rest(View(world.committed))
        except Wrong as wrong:
            raise Wrong("\n".join([str(wrong), *_way(came, place)])) from None
        if len(worlds) > most:
            raise AssertionError(f"more than {most} worlds")
        worlds[place] = None  # type: ignore[call-overload]
    return len(worlds)


def _way(came: Mapping[int, tuple[int, str]], place: int) -> list[str]:
    told = []
    while place in came:
        place, step = came[place]
        told.append(step)
    return told[::-1]
