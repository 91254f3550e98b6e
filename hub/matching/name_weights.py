"""Two spellings of a person's name to bits: first and last, also the wrong way round. Pure, symmetric."""

from __future__ import annotations

from hub.matching import chinese
from hub.matching.features import Features, Spelling
from hub.matching.names import ALIKE, COUPLE, Tokens, likeness, nearness
from hub.matching.weights import Model, Weights

_NEAR_MOST = 2.0
"""Bits that last names a letter or two of many apart have over those that are as far apart as their level allows.

First names have none: what looks alike at one door are siblings, eleven times in twelve.
"""
_THREE = 3
_WHOLE = 8
"""Letters from which a single field may hold both names run together."""
TWO_NAMES = "two_names"
_DIFFERENT = ("different", "different")
_MOST_REMEMBERED = 200_000
MISMATCH = frozenset({TWO_NAMES, "different", "far", "initial_different", ALIKE, COUPLE, ""})

NEARLY = frozenset({"close", "far", ALIKE})
"""Levels of first names that look alike and are not one: a name mistyped among strangers, two siblings at one door."""

Names = tuple[float, float, str, str]
"""Bits and level of first and of last name: (first bits, last bits, first level, last level)."""


def at_home(level: str, weights: Weights) -> float:
    """The most that a first name of this level proves of two at one door: there who is called alike are siblings."""
    if level == "close":
        return weights.household_first_close
    if level == "far":
        return weights.household_first_far
    if level == ALIKE:
        return max(weights.initial_different, weights.first_different)
    return weights.household_first_most


def closest(one: Features, other: Features, model: Model) -> Names:
    """The closest two spellings of the names of two people."""
    if len(one.names) == 1 == len(other.names):
        return weighed(one.names[0], other.names[0], model)
    weights = model.weights
    return max(
        (weighed(a, b, model) for a in one.names for b in other.names), key=lambda names: closeness(names, weights)
    )


def closeness(names: Names, weights: Weights) -> tuple[float, Names]:
    """By which of several spellings the closest is chosen: the bits of both names, and of as many always the same.

    A first name that is nearly another counts as at one door: else it would stand before an equal one.
    """
    first = min(names[0], at_home(names[2], weights)) if names[2] in NEARLY else names[0]
    return first + names[1], names


_memory: tuple[Model | None, dict[tuple[Spelling, Spelling], Names]] = (None, {})


def weighed(one: Spelling, other: Spelling, model: Model) -> Names:
    """The names of two people, in either order. Names are few and pairs are many: what this very model said is kept."""
    global _memory
    if other < one:
        one, other = other, one
    known_by, known = _memory
    if known_by is not model or len(known) > _MOST_REMEMBERED:
        known = {}
        _memory = (model, known)
    names = known.get((one, other))
    if names is None:
        names = known[one, other] = _spelled(one, other, model)
    return names


def _spelled(one: Spelling, other: Spelling, model: Model) -> Names:
    if len(one.first) == len(one.last) == len(other.first) == len(other.last) == 1:
        return _compared(one, other, model)  # what is below is of names of several words, or in one field
    if (whole := _in_one_field(one, other) or _in_one_field(other, one)) is not None:
        first, first_level = _name(whole.first, whole.first, model, given=True)
        last, last_level = _name(whole.last, whole.last, model, given=False)
        return first, last, first_level, last_level
    if _split_elsewhere(one, other):
        # Which of the two has it right is not known: the one that comes first stands for both.
        one = other = min(one, other)
    return _compared(one, other, model)


def _compared(one: Spelling, other: Spelling, model: Model) -> Names:
    if (carried := chinese.alike(one, other)) is not None:
        one, other = carried
    first, first_level = _name(one.first, other.first, model, given=True)
    last, last_level = _name(one.last, other.last, model, given=False)
    if first_level == "different" and chinese.told_both_ways(one, other):
        return model.weights.first_two_names, last, TWO_NAMES, last_level
    if first_level == "exact" or (first_level not in MISMATCH and last_level not in MISMATCH):
        return first, last, first_level, last_level
    if _do_not_cross(one, other, model.weights):
        return first, last, first_level, last_level
    crossed, crossed_level = _crossed(one.first, other.last, model)
    back, back_level = _crossed(one.last, other.first, model)
    levels = {crossed_level, back_level}
    if max(crossed, back) <= 0 or crossed + back + model.weights.swapped <= first + last:
        return first, last, first_level, last_level
    if "initial" in levels and "exact" not in levels:
        return first, last, first_level, last_level
    if levels & {"different", "far", "initial_different", ALIKE, COUPLE}:
        # One word in common where each has two: the family's name, once written first.
        return model.weights.first_different, max(crossed, back) - 2, "different", "swapped"
    # Whose name is the wrong way round is not known, so that the two crossings are told apart by their weight only.
    (less, lesser), (more, greater) = sorted(((crossed, crossed_level), (back, back_level)), key=_told_and_weight)
    if not lesser:
        return 0.0, more + model.weights.swapped, "", f"swapped {greater}"
    return less + model.weights.swapped, more, f"swapped {lesser}", f"swapped {greater}"


def _do_not_cross(one: Spelling, other: Spelling, weights: Weights) -> bool:
    """Whether no first name is anything like a last name, which is so of most pairs, and seen in half the time."""
    if not (one.first and one.last and other.first and other.last):
        return False
    if weights.last_different > 0 or weights.initial_different > 0:
        return False
    crossings = likeness(one.first, other.last, given=False), likeness(one.last, other.first, given=False)
    return crossings == _DIFFERENT


def _split_elsewhere(one: Spelling, other: Spelling) -> bool:
    """Whether three words or more are the same in turn, but begin with another: Tham Jun Hoe, Jun Hoe Tham."""
    told, also = (*one.first, *one.last), (*other.first, *other.last)
    if len(told) < _THREE or len(told) != len(also) or not (one.first and one.last and other.first and other.last):
        return False
    return any((*told[place:], *told[:place]) == also for place in range(len(told)))


def _in_one_field(one: Spelling, other: Spelling) -> Spelling | None:
    """The other name where the one is all of it, run together in a single field: Ramimakhlouf."""
    told = one.first or one.last
    if (one.first and one.last) or not (other.first and other.last):
        return None
    run = "".join(told)
    ways = ((*other.first, *other.last), (*other.last, *other.first))
    return other if len(run) >= _WHOLE and any("".join(way) == run for way in ways) else None


def _told_and_weight(crossing: tuple[float, str]) -> tuple[bool, float, str]:
    return bool(crossing[1]), *crossing


def _name(one: Tokens, other: Tokens, model: Model, *, given: bool) -> tuple[float, str]:
    if not one or not other:
        return 0.0, ""
    w = model.weights
    level = likeness(one, other, given=given)
    if level == "initial":
        return w.initial, level
    if level == "different":
        if 1 in (len(one[0]), len(other[0])):
            return w.initial_different, "initial_different"
        return (w.first_different if given else w.last_different), level
    if level == COUPLE:
        return w.first_different, level
    if level == ALIKE:
        return w.first_alike, level
    if level in ("close", "far"):
        if given:
            return (w.first_close if level == "close" else w.first_far), level
        return (w.last_close if level == "close" else w.last_far) + _NEAR_MOST * nearness(one, other), level
    table, usual = (model.first, w.first_exact) if given else (model.last, w.last_exact)
    weight = min(table.get(" ".join(one), usual), table.get(" ".join(other), usual)) if table else usual
    if level == "exact":
        return weight, level
    if level == "typo":
        return min(weight + w.typo, w.first_typo_most if given else w.last_typo_most), level
    return weight + (w.alias if level == "alias" else w.part), level


def _crossed(one: Tokens, other: Tokens, model: Model) -> tuple[float, str]:
    """A first name against a last name. Which of them stands in the wrong place is not known: the lesser bits count."""
    as_last, level = _name(one, other, model, given=False)
    as_first = _name(one, other, model, given=True)[0] if level in ("exact", "part", "typo") else as_last
    return min(as_first, as_last), level
