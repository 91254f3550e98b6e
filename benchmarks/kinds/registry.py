"""All kinds by name, and how a set of one is written: ids, columns, truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.kinds import births, given, historical, homes, omni, registers, scripts, work, years
from benchmarks.kinds.drawing import Draw
from benchmarks.kinds.homes import Told
from benchmarks.people import Row

TUNING, TEST = 1, 2
"""Seeds: one to tune against, another to measure with."""

COLUMNS = (
    "record_id", "cluster_id", "source", "first_name", "last_name", "email", "phone", "birth_date", "street",
    "postal_code", "city", "country", "company", "national_id", "loyalty_id", "occupation",
    "full_name", "handle",
)  # fmt: skip

Make = Callable[[Draw, int], Told]


@dataclass(frozen=True, slots=True)
class Kind:
    """A set of people. ``shared``: the identifiers that two people may have in common, by what the kind is about.

    ``records``: how many a set has.
    """

    make: Make
    about: str
    shared: frozenset[str] = frozenset()
    records: int = 3_000


KINDS: dict[str, Kind] = {
    "omni": Kind(
        omni.omni, "customers of a shop, a till, a newsletter, networks", frozenset({"email", "phone"}), records=6_000
    ),
    "many_records": Kind(homes.many_records, "one person's 5 to 60 records, by name and address"),
    "business": Kind(work.business, "contacts of one company", frozenset({"email", "phone"})),
    "couples": Kind(homes.couples, "couples on one mailbox", frozenset({"email", "phone"})),
    "small_towns": Kind(homes.small_towns, "common names in small towns"),
    "years": Kind(years.years, "five years of marriages, moves, new mailboxes and numbers"),
    "polish": Kind(scripts.polish, "Polish names", records=2_000),
    "arabic": Kind(scripts.arabic, "Arabic names", records=2_000),
    "chinese": Kind(scripts.chinese, "Chinese names", records=2_000),
    "vietnamese": Kind(scripts.vietnamese, "Vietnamese names", records=2_000),
    "turkish": Kind(scripts.turkish, "Turkish names", records=2_000),
    "cyrillic": Kind(scripts.cyrillic, "Russian and Ukrainian names", records=2_000),
    "greek": Kind(scripts.greek, "Greek names", records=2_000),
    "polish_unseen": Kind(scripts.polish_unseen, "other Polish names than those tuned with", records=2_000),
    "arabic_unseen": Kind(scripts.arabic_unseen, "other Arabic names", records=2_000),
    "chinese_unseen": Kind(scripts.chinese_unseen, "other Chinese names", records=2_000),
    "vietnamese_unseen": Kind(scripts.vietnamese_unseen, "other Vietnamese names", records=2_000),
    "registers": Kind(
        registers.registers, "national ids and cards, some borrowed", frozenset({"national_id", "loyalty_id"})
    ),
    "historical": Kind(historical.historical, "historical persons with variants and aliases"),
    "births": Kind(births.names_and_births, "names and dates of birth"),
    "births_odd": Kind(births.odd_births, "dates no calendar has, and before 1900"),
    "births_month_first": Kind(births.month_first, "month/day/year"),
    "name_pairs": Kind(given.name_pairs, "Julia and Julian at one door", frozenset({"email", "phone"})),
    "name_noise": Kind(given.name_noise, "RENATAE, titles, Dad, middle initials", frozenset({"phone"})),
}


def rows(kind: str, seed: int = TUNING, count: int | None = None) -> Iterator[Row]:
    """A set of this kind: about ``count`` records, the usual number without; the truth is ``cluster_id``."""
    known = KINDS[kind]
    for number, (person, row) in enumerate(known.make(Draw(seed, kind), count or known.records)):
        yield {"record_id": f"r{number}", "cluster_id": person, **row}
