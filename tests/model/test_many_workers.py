"""Publish, then look, with more workers and records than can be looked at in every order: random steps."""

from __future__ import annotations

import random
from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tests.model.postgres_model import IDLE, Rows, View, World, with_worker
from tests.model.publish_then_look import Told, equal_to_cluster_of_all, system

WORKERS, RECORDS = 4, 6
MOST_STEPS = 20_000
KEYS = st.frozensets(st.sampled_from(["e1", "e1x", "e2", "e3", "w1", "w2"]), min_size=1, max_size=3)
ONE = st.integers(1, RECORDS)


class Workers(RuleBasedStateMachine):
    """Entries come, workers take steps in any order and are killed, people judge, rules are put in force."""

    def __init__(self) -> None:
        super().__init__()
        self.system = system(limit=3)
        self.world = World({}, (IDLE,) * WORKERS)
        self.numbers = count()

    @rule(one=ONE, name=st.sampled_from("abc"), keys=KEYS)
    def an_entry_comes(self, one: int, name: str, keys: frozenset[str]) -> None:
        self._commit({("inbox", next(self.numbers)): (one, Told(name, keys))})

    @rule(one=ONE, other=ONE)
    def a_person_tells_apart(self, one: int, other: int) -> None:
        if one != other:
            self._commit({("asked", (min(one, other), max(one, other))): True})

    @rule()
    def rules_are_put_in_force(self) -> None:
        self._commit({("applied", 0): True})

    @rule(seed=st.integers(0, 2**32), steps=st.integers(1, 60))
    def workers_take_steps(self, seed: int, steps: int) -> None:
        self._run(random.Random(seed), steps)

    @rule(number=st.integers(0, WORKERS - 1))
    def one_is_killed(self, number: int) -> None:
        self.world = with_worker(self.world, number, IDLE)

    def teardown(self) -> None:
        # then whatever the order of the rest, they come to rest, and stored is what follows from everything
        assert self._run(random.Random(1), MOST_STEPS) < MOST_STEPS
        assert {worker.kind for worker in self.world.workers} == {""}
        equal_to_cluster_of_all(View(self.world.committed))

    def _run(self, choice: random.Random, steps: int) -> int:
        for done in range(steps):
            ways = list(self.system.steps(self.world))
            if not ways:
                return done
            self.world = choice.choice(ways)[1]
        return steps

    def _commit(self, rows: Rows) -> None:
        self.world = World({**self.world.committed, **rows}, self.world.workers)


def test_any_number_of_workers_ends_where_the_pure_function_does():
    run_state_machine_as_test(Workers, settings=settings(max_examples=25, stateful_step_count=25, deadline=None))
