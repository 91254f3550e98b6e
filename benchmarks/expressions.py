"""What an expression costs: 20 fields of 10,000 records, compiled once. ``python -m benchmarks.expressions``.

Twelve of the fields are plain paths and eight are computed, as in the comparison of languages behind decision 0019.
``jmespath`` alone is measured beside, on the twelve paths and on those computed fields that it can express.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import jmespath

from benchmarks.figures import Figure, table
from benchmarks.machine import describe
from hub.mapping.expression import PROFILE, Expression, compile_expression, roots_of
from hub.mapping.expression.evaluate import evaluate
from hub.mapping.expression.syntax import parse
from hub.mapping.expression.when import compile_condition
from hub.model.address import Address
from hub.model.customer import PersonName
from hub.model.money import Money
from hub.model.profile import ConsentSummary, OrderSummary, Profile, RecordReference

PATHS = (
    "name.first", "name.last", "name.full", "emails[0]", "phones[0]", "addresses[0].line1", "addresses[0].postal_code",
    "addresses[0].city", "country", "company", "language", "birth_date",
)  # fmt: skip
COMPUTED = (
    "join(' ', [name.first, name.last])",
    "company || name.full",
    "consent.email == 'opted_in'",
    "addresses[?country == 'DE'].city | [0]",
    "join(';', tags)",
    "concat(title(name.first), ' ', upper(name.last))",
    "if(orders.totals.EUR >= `500`, 'VIP', 'Customer')",
    "money(orders.totals.EUR, 'EUR')",
)
STANDARD = COMPUTED[:5]
"""Those that JMESPath has words for."""

CONDITION = "orders.count > `0` && consent.email == 'opted_in' && one_of(country, 'DE', 'AT')"
START = datetime(2026, 1, 1, tzinfo=UTC)


def person(number: int) -> Profile:
    """An invented profile."""
    return Profile(
        id=UUID(int=number + 1),
        created_at=START,
        updated_at=START + timedelta(seconds=number),
        name=PersonName(first=f"anna{number}", last="Berg", full=f"Anna{number} Berg"),
        emails=(f"anna{number}@example.com", f"a{number}@example.org"),
        phones=(f"+49171{number:07}",),
        addresses=(
            Address(line1=f"Weg {number}", postal_code=f"{number % 90_000 + 10_000}", city="Ulm", country="DE"),
            Address(line1="Gasse 1", city="Wien", country="AT"),
        ),
        birth_date=date(1950 + number % 50, 1 + number % 12, 1 + number % 28),
        language="de",
        company="Berg KG" if number % 3 else None,
        tags=("vip", "b2b"),
        consents=(ConsentSummary(purpose="marketing", channel="email", state="opted_in", at=START),),
        orders=OrderSummary(
            count=number % 7, totals=(Money(amount=Decimal(number) / 10, currency="EUR"),), last_at=START
        ),
        records=(RecordReference(connection="shop-de", kind="customer", external_id=str(number)),),
    )


def each(readers: Sequence[Callable[[Any], Any]], records: Sequence[Any]) -> float:
    """Microseconds of CPU that a reader takes for a record: what else the machine does is not counted."""
    begun = time.process_time()
    for record in records:
        for read in readers:
            read(record)
    return (time.process_time() - begun) * 1e6 / (len(records) * max(1, len(readers)))


def compiled(texts: Sequence[str]) -> list[Expression]:
    """Expressions over a profile."""
    return [compile_expression(text, PROFILE) for text in texts]


def by_tree(texts: Sequence[str]) -> list[Callable[[Any], Any]]:
    """Plain paths, read as any other expression would be."""

    def reader(text: str) -> Callable[[Any], Any]:
        tree = parse(text)
        return lambda data: evaluate(tree, data, text)

    return [reader(text) for text in texts]


def main() -> None:
    """Measure, and print a table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--records", type=int, default=10_000)
    options.add_argument("--rounds", type=int, default=5)
    chosen = options.parse_args()
    profiles = [person(number) for number in range(chosen.records)]
    whole = compiled((*PATHS, *COMPUTED))
    roots = roots_of(whole)
    view = PROFILE.viewer(roots)
    views = [view(profile) for profile in profiles]
    condition = compile_condition(CONDITION)
    alone = [jmespath.compile(text).search for text in PATHS]
    standard = [jmespath.compile(text).search for text in STANDARD]
    measured: dict[str, Callable[[], float]] = {
        "plain path, fast way": lambda: each([one.read for one in compiled(PATHS)], views),
        "plain path, as a tree": lambda: each(by_tree(PATHS), views),
        "plain path, jmespath alone": lambda: each(alone, views),
        "computed, Hub": lambda: each([one.read for one in compiled(COMPUTED)], views),
        "computed, those of JMESPath, Hub": lambda: each([one.read for one in compiled(STANDARD)], views),
        "computed, those of JMESPath, jmespath alone": lambda: each(standard, views),
        "all 20, Hub": lambda: each([one.read for one in whole], views),
        "view of a profile, once for all 20": lambda: each([view], profiles),
        "condition of three parts, profile to answer": lambda: each([lambda one: condition(one, START)], profiles),
    }
    rounds: dict[str, list[float]] = {name: [] for name in measured}
    for _ in range(chosen.rounds):
        for name, measure in measured.items():
            rounds[name].append(measure())
    for name, value in describe().items():
        print(f"{name}: {value}")
    print(table([Figure("expressions", name, "µs", times) for name, times in rounds.items()]))


if __name__ == "__main__":
    main()
