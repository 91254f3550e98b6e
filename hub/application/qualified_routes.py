"""Routes with the funnel in them: where people of a state live, nobody else is sent. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from hub.errors import ConfigError
from hub.insight.qualification import Qualification, as_told, lives, next_turn
from hub.model.profile import Profile
from hub.outbox.enqueue import Route
from hub.sdk.connection import Connection, activities_of, takes_orders

_When = Callable[[Profile, datetime], bool]


def by_qualification(
    routes: Iterable[Route], rules: Qualification, connections: Mapping[str, Connection]
) -> tuple[Route, ...]:
    """The routes, each to a destination of the funnel with the question whether a person lives there.

    A destination of the funnel without a route gets one. Raises ConfigError for one that takes no people, or no tasks
    though a state wants some there.
    """
    if faults := list(_faults(rules, connections)):
        raise ConfigError(faults)
    given = list(routes)
    missing = rules.destinations - {route.destination for route in given}
    given += [
        Route(name, orders=takes_orders(connections[name]), activities=activities_of(connections[name]))
        for name in sorted(missing)
    ]
    return tuple(_with(route, rules) if route.destination in rules.destinations else route for route in given)


def _faults(rules: Qualification, connections: Mapping[str, Connection]) -> Iterable[str]:
    for name in sorted(rules.destinations):
        if connections[name].connector.destination is None:
            slug = connections[name].connector.manifest.slug
            yield f"qualification: people are to live in {name!r}, and connector {slug!r} is no destination"
    tasked: Collection[str] = {
        name for state in rules.states if state.work and not _never(state.work.value) for name in state.lives_in
    }
    if tasked and not any("task" in activities_of(connections[name]) for name in tasked):
        names = ", ".join(sorted(tasked))
        yield f"qualification: tasks are wanted, and none of {names} asks for any: add `task` to its `activities`"


def _never(value: object) -> bool:
    return str(value) == "Infinity"


def _with(route: Route, rules: Qualification) -> Route:
    name, own, changes = route.destination, route.when, route.changes

    def when(person: Profile, now: datetime) -> bool:
        return lives(rules, name, person, now) and (own is None or own(person, now))

    def told(person: Profile, now: datetime) -> Profile:
        return as_told(rules, name, person, now)

    def turn(person: Profile, now: datetime) -> datetime | None:
        moments = (next_turn(rules, person, now), changes(person, now) if changes else None)
        return min((at for at in moments if at is not None), default=None)

    moving = changes is not None or any(one.when is not None and one.when.moving for one in rules.apart)
    return replace(route, when=when, told=told, changes=turn if moving else None)
