"""Decision 0028 as a model: workers that record (T1) and place (T2) without a lock of the installation.

Small but not tamer than Hub: identifiers that too many people share prove nothing, buckets die at a cap and revive,
a source changes its record, people tell records apart, other rules are put in force. ``Without`` takes one safeguard
away, to see what it is for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations, count
from typing import Any

from tests.model.postgres_model import (
    GONE,
    IDLE,
    Do,
    Lock,
    Row,
    Rows,
    System,
    Transaction,
    View,
    World,
    Wrong,
    drained,
)  # fmt: skip

CAP = 2
"""Records of a live bucket."""

SHARED = 9
"""So many people that an identifier proves nothing; also what is stored of a dead bucket."""


@dataclass(frozen=True, slots=True)
class Told:
    """A record's state. ``keys``: identifiers begin with e (how many people use one is counted), words with w."""

    name: str
    keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class Without:
    """Which safeguards the protocol goes without."""

    keys_first: bool = False
    """T2 publishes the keys it is about to look under: what Hub did under its lock."""
    held_subjects: bool = False
    """T2 looks before it holds the records it was told of."""
    held_fellows: bool = False
    """T2 does not hold who its records match."""
    changed: bool = False
    """T2 does not ask whether who it compared with is another one by the time it holds them."""
    looked_again: bool = False
    """What was read of records before they were held is written."""
    counting: bool = False
    """Who counts a key does not keep others from it."""
    left_keys: bool = False
    """Keys that a record leaves are not counted again."""
    marked_carriers: bool = False
    """Who changes what is stored of a key marks nobody."""
    being_compared: bool = False
    """Who makes a bucket die marks those with a match in it alone, and not who is being compared just now."""
    before_counted: bool = False
    """Whether a bucket died or revived is guessed: it was what it is without the record that comes or goes."""
    rules_in_t1: bool = False
    """T1 does not hold the rules."""
    rules_in_t2: bool = False
    """T2 does not hold the rules."""


ALL = Without()


# -- the pure function ------------------------------------------------------------------------------------------------


def people(key: str, carriers: Iterable[Told]) -> int:
    """What is stored of a key: how many people use an identifier, SHARED where its bucket is dead."""
    held = list(carriers)
    if key[0] != "e":
        return 1  # a word proves the same in a dead bucket: it only proposes nobody
    return SHARED if len(held) > CAP else max(1, len({one.name for one in held}))


def weight(one: Told, other: Told, crowd: Mapping[str, int]) -> int:
    """What speaks for two records being one person; 0 too where no live bucket proposes them."""
    both = [key for key in one.keys & other.keys if crowd.get(key, 1) < SHARED]
    return sum(3 - min(crowd.get(key, 1), 3) if key[0] == "e" else 1 for key in both)


def compared(told: Told, rules: int) -> Told:
    """A record as it is compared: by rules 2 an identifier counts without the x at its end."""
    return told if rules == 1 else Told(told.name, frozenset(key.rstrip("x") for key in told.keys))


def same(rules: int) -> int:
    """Weight of a sure pair."""
    return 3 - rules


def grouped(
    records: Iterable[int], matches: Mapping[tuple[int, int], int], apart: Iterable[tuple[int, int]], rules: int
) -> list[tuple[int, ...]]:
    """Clusters along the sure pairs, the surest first; what people told apart never meets."""
    home = {one: {one} for one in records}
    told = list(apart)
    for (a, b), bits in sorted(matches.items(), key=lambda pair: (-pair[1], pair[0])):
        if bits >= same(rules) and a in home and b in home and home[a] is not home[b]:
            joined = home[a] | home[b]
            if not any(x in joined and y in joined for x, y in told):
                for one in joined:
                    home[one] = joined
    return sorted({tuple(sorted(group)) for group in home.values()})


# -- what is asked of the tables --------------------------------------------------------------------------------------


def carriers(view: View, key: str) -> dict[int, Told]:
    """The records under a key."""
    return {one: told for one, told in view.table("record").items() if key in view.get("keys", one, ())}


@dataclass(frozen=True, slots=True)
class Seen:
    """What T2 has read: of subjects who may match them, of the component all that decides."""

    states: frozenset[tuple[int, Told]]
    pairs: frozenset[tuple[int, int]]
    matches: frozenset[tuple[tuple[int, int], int]]
    profiles: frozenset[tuple[int, int]]
    apart: frozenset[tuple[int, int]]
    crowd: frozenset[tuple[str, int]]

    def scored(self, subjects: Iterable[int]) -> dict[tuple[int, int], int]:
        """The matches of these records, anew."""
        mine, states, crowd = set(subjects), dict(self.states), dict(self.crowd)
        return {
            (a, b): bits
            for a, b in self.pairs
            if not mine.isdisjoint((a, b)) and (bits := weight(states[a], states[b], crowd))
        }

    def before(self, subjects: Iterable[int]) -> dict[tuple[int, int], int]:
        """The same as they are stored."""
        mine = set(subjects)
        return {pair: bits for pair, bits in self.matches if not mine.isdisjoint(pair)}


def together(start: Iterable[int], pairs: Iterable[tuple[int, int]], homes: Mapping[int, int]) -> frozenset[int]:
    """The records that hang together with these, by pairs or by their profile."""
    edges, inside, grown = list(pairs), set(start), True
    while grown:
        more = {one for edge in edges if not inside.isdisjoint(edge) for one in edge}
        more |= {one for one, home in homes.items() if home in {homes.get(other) for other in inside}}
        grown = not more <= inside
        inside |= more
    return frozenset(inside)


def look(view: View, subjects: tuple[int, ...], crowd: frozenset[tuple[str, int]]) -> Seen:
    """Buckets, states, matches, profiles and judgements, in one statement; crowds were read in another."""
    states = view.table("record")
    pairs = {
        (min(one, other), max(one, other))
        for one in subjects
        for key in view.get("keys", one, frozenset())
        if len(held := carriers(view, key)) <= CAP
        for other in held
        if other != one
    }
    return Seen(
        frozenset(states.items()),
        frozenset(pairs),
        frozenset(view.table("match").items()),
        frozenset(view.table("home").items()),
        frozenset(view.table("apart")),
        crowd,
    )


def mark(view: View, records: Iterable[int]) -> Rows:
    """New marks. Each is a row of its own: nobody waits for another's."""
    free = (number for number in count() if ("mark", number) not in view.given)
    return {("mark", number): one for number, one in zip(free, sorted(records), strict=False)}


# -- the transactions -------------------------------------------------------------------------------------------------


def record(without: Without) -> Transaction:
    """T1: claim, fold the state, publish the keys, count them, mark, finish the entry.

    Locks the record, and counting last. T2 waits for neither.
    """

    def claim(view: View) -> tuple[Any, Rows, tuple[Row, ...]]:
        due = [("inbox", entry, one) for entry, (one, _) in sorted(view.table("inbox").items())]
        due += [("again", one, one) for one in sorted(view.table("again"))]
        free = next((each for each in due if each[:2] not in view.locked), None)
        return free, {}, (free[:2],) if free else ()

    claimed = yield Do("claim", claim)
    if claimed is None:
        return
    table, entry, one = claimed
    if not without.rules_in_t1:
        yield Lock(("rules", 0), share=True)
    rules = yield Do("read the rules", lambda view: (view.get("rules", 0, 1), {}, ()))
    yield Lock(("record", one))

    def publish(view: View) -> tuple[tuple[frozenset[str], frozenset[str]], Rows, tuple[Row, ...]]:
        stood: frozenset[str] = view.get("keys", one, frozenset())
        state = view.get("state", one)
        if table == "inbox" and (state is None or state[0] < entry):
            state = (entry, view.get("inbox", entry)[1])
        told = compared(state[1], rules)
        rows: Rows = {(table, entry): GONE, ("state", one): state, ("record", one): told}
        if view.get("home", one) is None:
            rows["home", one] = one
        rows |= mark(view, [one])
        if not without.keys_first:
            rows["keys", one] = told.keys
        return (stood, told.keys), rows, ()

    stood, keys = yield Do("fold, publish, mark", publish)
    if not without.keys_first:
        yield from count_keys(one, stood, keys, without)


def count_keys(one: int, stood: frozenset[str], keys: frozenset[str], without: Without) -> Transaction:
    """Store how many people use each key; where that changed, or a bucket died or revived, mark who stands there."""
    # A name that changes changes the count of every identifier: all are counted.
    ordered = sorted(keys if without.left_keys else stood | keys)
    if not without.counting:
        yield Lock(("counting", 0))

    def look_up(view: View) -> tuple[tuple[Any, ...], Rows, tuple[Row, ...]]:
        found = []
        for key in ordered:
            held = carriers(view, key)
            others = held.keys() - {one}
            before = {*others, one} if key in stood and not without.before_counted else others
            number = people(key, held.values())
            lived, lives = len(before) <= CAP, len(held) <= CAP
            stored = view.get("crowd", key, 1)
            found.append((key, number, number != stored, lived and not lives, lives and not lived, tuple(held)))
        return tuple(found), {}, ()

    counted = yield Do("count", look_up)
    dying = sorted({other for _, _, _, dies, _, held in counted if dies for other in held})
    busy: frozenset[int] = frozenset()
    if dying and not without.being_compared:
        busy = yield Do("who is being compared", lambda view: (frozenset(view.table("mark").values()), {}, ()))

    def store(view: View) -> tuple[None, Rows, tuple[Row, ...]]:
        matched = {other for pair in view.table("match") if set(pair) <= set(dying) for other in pair}
        again = {other for other in dying if other in busy or other in matched}
        rows: Rows = {}
        for key, number, recounted, _, revives, held in counted:
            if key[0] == "e" and recounted:
                rows["crowd", key] = number if number > 1 else GONE
                again.update(held)
            if revives:
                again.update(held)
        return None, rows if without.marked_carriers else rows | mark(view, again - {one}), ()

    yield Do("store the counts, mark", store)


def place(without: Without, limit: int) -> Transaction:
    """T2: take marks, hold, look, hold who hangs together, look again, put off what others hold, write.

    Waits for nobody but who puts rules in force.
    """

    def take(view: View) -> tuple[Any, Rows, tuple[Row, ...]]:
        free = [number for number in sorted(view.table("mark")) if ("mark", number) not in view.locked][:limit]
        return tuple((n, view.get("mark", n)) for n in free), {}, tuple(("mark", n) for n in free)

    marks = yield Do("take marks", take)
    if not marks:
        return
    subjects = tuple(sorted({one for _, one in marks}))
    if not without.rules_in_t2:
        yield Lock(("rules", 0), share=True)
    rules: int = yield Do("read the rules", lambda view: (view.get("rules", 0, 1), {}, ()))
    if without.keys_first:

        def late(view: View) -> tuple[Any, Rows, tuple[Row, ...]]:
            told = {one: view.get("record", one).keys for one in subjects}
            stood = tuple(view.get("keys", one, frozenset()) for one in subjects)
            return stood, {("keys", one): keys for one, keys in told.items()}, ()

        before = yield Do("publish", late)
        told = yield Do("read", lambda view: (tuple(view.get("keys", one) for one in subjects), {}, ()))
        for one, stood, keys in zip(subjects, before, told, strict=True):
            yield from count_keys(one, stood, keys, without)

    held: set[Row] = set()
    refused: set[int] = set()
    asked: frozenset[int] = frozenset()
    if not without.held_subjects:
        yield from hold(subjects, held, refused)
        asked = frozenset(subjects)
    # Two statements, as in Hub: what is committed between them is seen by the second only.
    crowd = yield Do("read crowds", lambda view: (frozenset(view.table("crowd").items()), {}, ()))
    first: Seen = yield Do("look", lambda view: (look(view, subjects, crowd), {}, ()))
    after = first.scored(subjects)
    seen = first
    while True:
        # The matches of subjects are those just found, what else hangs together is as it is stored.
        others = {pair for pair, _ in seen.matches if set(subjects).isdisjoint(pair)}
        wanted = together(subjects, {*after, *seen.before(subjects), *others}, dict(seen.profiles))
        if without.held_fellows or wanted <= asked:
            break
        yield from hold(sorted(wanted - asked), held, refused)
        asked |= wanted
        if without.looked_again:
            break
        seen = yield Do("look again", lambda view: (look(view, subjects, crowd), {}, ()))
    # Who was not held when it was looked at stays put off, also where it is in a profile that is held by now.
    wrong, now = set(refused), seen
    if not without.changed:
        was, new = dict(first.states), dict(now.states)
        told_of = {one for pair in first.pairs for one in pair} & wanted - set(subjects)
        wrong |= {one for one in told_of if was.get(one) != new.get(one)}
    pairs = {*after, *seen.before(subjects), *(pair for pair, _ in seen.matches)}
    out = together(wrong, pairs, dict(seen.profiles)) if wrong else frozenset[int]()
    left = tuple(one for one in subjects if one in out)
    rest = tuple(one for one in subjects if one not in out)
    yield Do("place", lambda view: (None, _placed(view, now, after, wanted - out, rest, left, rules, marks), ()))


def hold(records: Iterable[int], held: set[Row], refused: set[int]) -> Transaction:
    """Lock the profiles of these records, and records that nobody has placed; what others have is ``refused``."""
    asked = tuple(records)

    def profiles(view: View) -> tuple[Any, Rows, tuple[Row, ...]]:
        homes = {("profile", home) for one in asked if (home := view.get("home", one)) is not None}
        free = tuple(row for row in sorted(homes) if row[1] in view.table("profile") and row not in view.locked)
        return free, {}, free

    held.update((yield Do("hold profiles", profiles)))

    def unplaced(view: View) -> tuple[Any, Rows, tuple[Row, ...]]:
        alone = [one for one in asked if view.get("home", one) == one and one not in view.table("profile")]
        free = tuple(("record", one) for one in sorted(alone) if ("record", one) not in view.locked)
        return free, {}, free

    held.update((yield Do("hold unplaced", unplaced)))
    refused |= yield Do("who is not held", lambda view: (_refused(view, asked, held), {}, ()))


def _refused(view: View, records: Iterable[int], held: set[Row]) -> frozenset[int]:
    """Those that are not held: by their profile, or, where nobody has placed them yet, by themselves.

    A judgement may name records that are not stored (yet).
    """
    placed, homes = view.table("profile"), view.table("home")
    return frozenset(
        one
        for one in records
        if one in homes
        and not (("profile", homes[one]) in held and homes[one] in placed)
        and not (("record", one) in held and homes[one] == one and one not in placed)
    )


def _placed(
    view: View,
    seen: Seen,
    after: Mapping[tuple[int, int], int],
    inside: frozenset[int],
    subjects: tuple[int, ...],
    left: tuple[int, ...],
    rules: int,
    marks: Iterable[Any],
) -> Rows:
    """Matches, homes, live profiles and aliases of the component; the marks that were taken are done."""
    before = seen.before(subjects)
    fresh = {pair: bits for pair, bits in after.items() if not set(subjects).isdisjoint(pair)}
    rows: Rows = {("match", pair): fresh.get(pair, GONE) for pair in {*before, *fresh}}
    rows |= {("mark", number): GONE for number, _ in marks}
    rows |= mark(view, left)
    known = {one for one, _ in seen.states}
    stored = {pair: bits for pair, bits in seen.matches if set(subjects).isdisjoint(pair)}
    matches = {pair: bits for pair, bits in {**stored, **fresh}.items() if set(pair) <= inside}
    groups = grouped(inside & known, matches, seen.apart, rules)
    live = view.table("profile")
    for group in groups:
        # The oldest live profile that one of them seeded, else the first seed; a record's seed is its own id.
        chosen = min([one for one in group if one in live] or group)
        for one in group:
            rows["home", one] = chosen
            rows["profile", one] = True if one == chosen else GONE
            rows["alias", one] = GONE if one == chosen else chosen
    return rows


def judge() -> Transaction:
    """A person tells two records apart: the judgement and the marks in one commit, and no lock."""

    def decide(view: View) -> tuple[None, Rows, tuple[Row, ...]]:
        pairs: list[tuple[int, int]] = list(view.table("asked"))
        # A judgement may name records that are not stored: nobody can hold these, and there is nothing to place.
        rows: Rows = mark(view, {one for pair in pairs for one in pair if view.get("record", one) is not None})
        for pair in pairs:
            rows |= {("apart", pair): True, ("asked", pair): GONE}
        return None, rows, tuple(("asked", pair) for pair in pairs)

    yield Do("tell apart", decide)


def put_in_force() -> Transaction:
    """Other rules: nobody reads the old ones any more, and everybody is marked."""
    yield Do("begin", lambda view: (None, {}, (("applied", 0),)))
    yield Lock(("rules", 0))

    def change(view: View) -> tuple[None, Rows, tuple[Row, ...]]:
        again: Rows = {("again", one): True for one in view.table("record")}
        return None, {("rules", 0): 2, ("applied", 0): GONE, **again}, ()

    yield Do("put rules in force, have everybody recorded again", change)


# -- the laws ---------------------------------------------------------------------------------------------------------


def system(without: Without = ALL, limit: int = 2) -> System:
    """The protocol with its laws. ``limit``: marks that T2 takes at once."""
    kinds: dict[str, Callable[[], Transaction]] = {
        "record": lambda: record(without),
        "place": lambda: place(without, limit),
        "apply": put_in_force,
        "judge": judge,
    }
    return System(kinds, _can_begin, one_home, equal_to_cluster_of_all)


def _can_begin(kind: str, view: View) -> bool:
    tables = {"record": ("inbox", "again"), "place": ("mark",), "judge": ("asked",), "apply": ("applied",)}[kind]
    return any((table, key) not in view.locked for table in tables for key in view.table(table))


Entry = tuple[int, Told]


def start(
    *entries: Entry,
    before: Iterable[Entry] = (),
    workers: int = 2,
    kills: int = 0,
    apart: tuple[int, int] | None = None,
    rules: bool = False,
) -> World:
    """A world with these entries in its inbox, after those of ``before`` came to rest.

    ``apart``: a person is about to tell these two apart; ``rules``: other rules are about to be put in force.
    """
    calm = drained(system(), World({("inbox", n): entry for n, entry in enumerate(before)}, (IDLE,)))
    rows: Rows = {("inbox", 100 + n): entry for n, entry in enumerate(entries)}
    if apart:
        rows["asked", apart] = True
    if rules:
        rows["applied", 0] = True
    return World({**calm.committed, **rows}, (IDLE,) * workers, kills)


def one_home(view: View) -> None:
    """Live profiles seed themselves, retired ones lead to a live one in one step, nobody is both."""
    live, aliases = view.table("profile"), view.table("alias")
    for one, target in aliases.items():
        if one in live or target not in live:
            raise Wrong(f"alias {one} -> {target}, live are {sorted(live)}")
    for profile in live:
        if view.get("home", profile) != profile:
            raise Wrong(f"profile {profile} is live, and its first record is elsewhere")


def equal_to_cluster_of_all(view: View) -> None:
    """With nothing left to do, what is stored is what the pure function says of everything."""
    rules = view.get("rules", 0, 1)
    states = {one: compared(told, rules) for one, (_, told) in view.table("state").items()}
    every = {key for told in states.values() for key in told.keys}
    held = {key: [told for told in states.values() if key in told.keys] for key in every}
    crowd = {key: people(key, there) for key, there in held.items()}
    matches = {
        (a, b): bits
        for a, b in combinations(sorted(states), 2)
        if any(len(held[key]) <= CAP for key in states[a].keys & states[b].keys)
        and (bits := weight(states[a], states[b], crowd))
    }
    expected = grouped(states, matches, view.table("apart"), rules)
    homes: dict[int, list[int]] = {}
    for one, home in view.table("home").items():
        homes.setdefault(home, []).append(one)
    stored = sorted(tuple(sorted(group)) for group in homes.values())
    if any(view.table(table) for table in ("mark", "inbox", "again")):
        raise Wrong("something is left undone")
    if stored != expected:
        raise Wrong(f"clusters {stored} instead of {expected}")
    if view.table("match") != matches:
        raise Wrong(f"matches {view.table('match')} instead of {matches}")
    if view.table("crowd") != {key: number for key, number in crowd.items() if number > 1 and key[0] == "e"}:
        raise Wrong(f"crowds {view.table('crowd')} instead of {crowd}")
    if set(view.table("profile")) != set(homes):
        raise Wrong(f"profiles {sorted(view.table('profile'))} live, homes {sorted(homes)}")
