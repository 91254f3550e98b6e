"""Qualification: in which state of the funnel somebody is, where people of a state live, and who owns them. Pure.

The file ``config/qualification.yaml``; docs/hand-over-and-consent.md says what each part does.

qualification:
  states:                                     # the funnel, from its beginning to its end
    subscriber: {lives_in: [mailing]}         # without `when`: where everybody begins
    qualified:
      when: "orders.open.count > `0` || traits.lead_score >= `80`"
      keep: "traits.lead_score >= `60`"       # once in, they stay while this holds
      stay: 14                                # days before a step back
      lives_in: [crm, mailing]
      owners: [anna, {name: ben, when: "country == 'AT'"}]
      task: {value: 500}                      # a task from this deal value on
      nurture: nurture                        # this tag below it
  leaving: {mailing: remove, crm: archive}    # what becomes of them in a system they leave
  apart: {supplier: {lives_in: [purchasing]}} # kinds of contacts with routes of their own
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from hub.mapping.expression.when import Condition
from hub.model.customer import ContactKind
from hub.model.profile import Profile
from hub.model.traits import FollowUp, Leaving

IN_THE_FUNNEL: frozenset[ContactKind] = frozenset({"customer", "lead"})


@dataclass(frozen=True, slots=True)
class Owner:
    """Somebody who looks after people that are handed over; ``when`` is asked for whom, everybody without one."""

    name: str
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """What follows a hand-over: a task from ``value`` (major units of ``currency``, any without one) on.

    Below it, and where there is no deal, the tag ``nurture``, if any. The task is due after ``days``.
    """

    value: Decimal | None = None
    currency: str | None = None
    days: int = 1
    nurture: str | None = None


@dataclass(frozen=True, slots=True)
class State:
    """One state of the funnel.

    Who fulfils ``when`` comes in; who is in stays while ``keep`` (or ``when``) holds, and at least for ``stay``.
    """

    name: str
    title: str
    when: Condition | None = None
    keep: Condition | None = None
    stay: timedelta = timedelta(days=1)
    lives_in: frozenset[str] = frozenset()
    owners: tuple[Owner, ...] = ()
    work: Work | None = None


@dataclass(frozen=True, slots=True)
class Apart:
    """A kind of contact that is no lead and no customer, and goes where it ``lives_in`` alone.

    ``when`` says who is one; without it, whom a source calls so.
    """

    kind: str
    lives_in: frozenset[str]
    when: Condition | None = None


@dataclass(frozen=True, slots=True)
class Qualification:
    """The funnel, its states in order; ``leaving`` is by destination."""

    states: tuple[State, ...] = ()
    leaving: Mapping[str, Leaving] = field(default_factory=dict)
    apart: tuple[Apart, ...] = ()

    @property
    def destinations(self) -> frozenset[str]:
        """Where any state, or kind, lives: there nobody else is sent."""
        return frozenset().union(*(one.lives_in for one in self.states), *(one.lives_in for one in self.apart))

    def place(self, name: str | None) -> int:
        """Where a state is in the funnel; -1 for one that the file has no more, and for none."""
        return next((place for place, state in enumerate(self.states) if state.name == name), -1)


@dataclass(frozen=True, slots=True)
class Held:
    """In which state somebody is, since when, and ``until`` when a person's decision holds them there."""

    state: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """``state`` is None for who is in no funnel. ``again`` is when time alone may change the answer."""

    state: str | None
    reason: str = ""
    again: datetime | None = None


def decide(rules: Qualification, held: Held | None, person: Profile, now: datetime) -> Decided:
    """The state of somebody now.

    The furthest state whose condition holds. A step forward is taken at once. A step back is taken when neither
    ``when`` nor ``keep`` holds any more, and ``stay`` is over: what goes to and fro within it moves nobody. Where
    a person decided, no rule moves anybody before that is over.
    """
    again = _turns(rules, person, now)
    if person.suppressed or not rules.states or (stands_apart(rules, person, now) and not person.orders.count):
        return Decided(None, "no lead and no customer", again)
    if held is not None and held.until is not None and now < held.until and rules.place(held.state) >= 0:
        return Decided(held.state, "decided by hand", min(filter(None, (again, held.until))))
    reached = _reached(rules.states, person, now)
    if reached < 0:
        return Decided(None, "no state's condition holds", again)
    at = rules.place(held.state) if held else -1
    target = rules.states[reached]
    if held is None or at < 0 or reached >= at:
        return Decided(target.name, _reason(target), again)
    state = rules.states[at]
    if state.keep is not None and state.keep(person, now):
        return Decided(state.name, f"stays while {state.keep.text}", again)
    over = held.since + state.stay
    if now < over:
        return Decided(state.name, f"stays {state.stay.days} days at least", min(filter(None, (again, over))))
    ended = state.when.text if state.when else "it was left"
    return Decided(target.name, f"no longer: {ended}", again)


def _reached(states: Sequence[State], person: Profile, now: datetime) -> int:
    for place in range(len(states) - 1, -1, -1):
        when = states[place].when
        if when is None or when(person, now):
            return place
    return -1


def _reason(state: State) -> str:
    return state.when.text if state.when is not None else "where everybody begins"


def _turns(rules: Qualification, person: Profile, now: datetime) -> datetime | None:
    conditions = [one for state in rules.states for one in (state.when, state.keep)]
    conditions += [apart.when for apart in rules.apart]
    moving = (one.next_change(person, now) for one in conditions if one is not None and one.moving)
    return min((at for at in moving if at is not None), default=None)


def stands_apart(rules: Qualification, person: Profile, now: datetime) -> frozenset[str]:
    """The kinds somebody is of that have routes of their own.

    Whom a source calls a lead or a customer, too, is in the funnel beside it.
    """
    kinds = frozenset(one.kind for one in rules.apart if _is_of(one, person, now))
    return frozenset() if IN_THE_FUNNEL.intersection(person.contact_kinds) else kinds


def _is_of(apart: Apart, person: Profile, now: datetime) -> bool:
    return apart.when(person, now) if apart.when is not None else apart.kind in person.contact_kinds


def lives(rules: Qualification, destination: str, person: Profile, now: datetime) -> bool:
    """Whether somebody belongs at a destination: by their state, or because they are of a kind that goes there."""
    at = rules.place(person.traits.qualification)
    if at >= 0 and destination in rules.states[at].lives_in:
        return True
    return any(destination in one.lives_in and _is_of(one, person, now) for one in rules.apart)


def next_turn(rules: Qualification, person: Profile, now: datetime) -> datetime | None:
    """When time alone may change whether somebody ``lives`` anywhere, for those who stand apart by a condition."""
    moving = (one.when.next_change(person, now) for one in rules.apart if one.when is not None and one.when.moving)
    return min((at for at in moving if at is not None), default=None)


# -- what follows a hand-over ------------------------------------------------------------------------------------------


def follow_up(work: Work | None, deal: tuple[Decimal, str] | None) -> FollowUp | None:
    """A task for a person, or only the nurture tag: by what the deal is worth (amount in major units, currency)."""
    if work is None:
        return None
    worth = work.value is None
    if deal is not None and work.value is not None:
        worth = deal[0] >= work.value and work.currency in (None, deal[1])
    if worth:
        return "task"
    return "nurture" if work.nurture else None


def owner_of(
    state: State, person: Profile, now: datetime, assigned: Mapping[str, int], before: str | None = None
) -> str | None:
    """Who looks after somebody: who did before, else of those who may the one with fewest people so far.

    ``assigned`` is how many each has had. Of several with as few the first in the file: nothing is left to chance.
    Owners with a condition go before those without one.
    """
    able = [one for one in state.owners if one.when is None or one.when(person, now)]
    if before is not None and any(one.name == before for one in able):
        return before
    special = [one for one in able if one.when is not None] or able
    found = min(special, key=lambda one: assigned.get(one.name, 0), default=None)
    return found.name if found else None


# -- what a destination is told of who left it -------------------------------------------------------------------------

_TAGS: Mapping[Leaving, str] = {"tag": "left", "archive": "archived", "remove": "removed"}
"""What stands among the tags of somebody who left a system, and still has a record there."""


def as_told(rules: Qualification, destination: str, person: Profile, now: datetime) -> Profile:
    """A profile as a destination is told it: with the tag that follows a hand-over, or the way they left it.

    ``traits.left`` is told to the system that somebody left, and to no other: a mapping file makes of it what the
    system has for that, and a mailing system takes whom it names from its list. Opt-outs go there all the same. Whom
    nobody has put into a state yet has left nothing.
    """
    if destination not in rules.destinations or person.suppressed:
        return person
    tags: list[str] = []
    traits = person.traits
    placed = traits.qualification is not None or stands_apart(rules, person, now)
    if placed and not lives(rules, destination, person, now):
        way = rules.leaving.get(destination, "keep")
        tags += [_TAGS[way]] if way in _TAGS else []
        traits = traits.model_copy(update={"left": way})
    elif traits.follow_up == "nurture" and (at := rules.place(traits.qualification)) >= 0:
        work = rules.states[at].work
        tags += [work.nurture] if work is not None and work.nurture else []
    if traits is person.traits and not tags:
        return person
    return person.model_copy(update={"tags": tuple(dict.fromkeys((*person.tags, *tags))), "traits": traits})
