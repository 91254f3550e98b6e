"""S23–S26: what an order tells is whole: its total, its money, whose contact data it names, when it counts."""

from __future__ import annotations

from collections.abc import Iterator

from hub.errors import PayloadError, SkipEvent
from hub.mapping.order import is_open, missing
from hub.model.event import CanonicalEvent, CustomerEvent, Note, OrderEvent
from hub.sdk.manifest import OrderSettings
from hub.sdk.testkit.cases import ConnectorCase, SourceCase


def law_s23_the_parts_make_the_total(case: SourceCase) -> None:
    """Lines, shipping and tax make the order's total, or a note on ``total`` says by how much they do not."""
    parsed = _parsed(case)
    noted = any(isinstance(one, Note) and one.path.rpartition(".")[2] == "total" for one in parsed)
    for order in (one.order for one in parsed if isinstance(one, OrderEvent)):
        gap = missing(order)
        told = bool(order.lines or order.shipping)
        assert noted or not told or not gap, f"{case.id}: {gap} of the total is in no part, and no note says so"


def law_s24_money_keeps_its_currency(case: SourceCase) -> None:
    """What was given back of an order, in the order's currency, is not more than was paid for it."""
    for order in (one.order for one in _parsed(case) if isinstance(one, OrderEvent)):
        own = [refund.amount for refund in order.refunds if refund.amount.currency == order.currency]
        back = sum(money.amount for money in own)
        assert back <= order.total, f"{case.id}: {back} given back of {order.total} {order.currency}"


def law_s25_contact_data_reach_the_person(case: SourceCase) -> None:
    """The e-mail and phone of an order with a customer are the customer's own, or weak identifiers of theirs."""
    parsed = _parsed(case)
    for event in (one for one in parsed if isinstance(one, OrderEvent) and one.record is not None):
        told = set(_contacts(parsed, event))
        for value in filter(None, (event.order.contact_email, event.order.contact_phone)):
            assert not told or value in told, f"{case.id}: contact data of the order do not reach its customer"


_KINDS = {"products": "ProductEvent", "reviews": "FeedbackEvent"}


def law_s29_products_and_reviews_are_read_or_it_is_said_why_not(case: ConnectorCase) -> None:
    """Who tells orders tells products and reviews too, in a sample at least, or says in ``not_offered`` why not."""
    if not case.tells_orders:
        return
    told = "".join(path.read_text(encoding="utf-8") for path in case.folder.glob("samples/*/*/expected.json"))
    for name, event in _KINDS.items():
        read, why = f'"{event}"' in told, case.manifest.not_offered.get(name)
        assert read != bool(why), f"{case.id}: either {name} in a sample, or not_offered[{name!r}]"


def law_s26_revenue_follows_payment(case: ConnectorCase) -> None:
    """A source of orders has the setting ``revenue``, and shows by a sample an order that nobody has paid yet."""
    if not case.tells_orders:
        return
    assert isinstance(case.settings, OrderSettings), f"{case.id}: its settings are no OrderSettings"
    orders = [one.order for sample in case.source_cases for one in _parsed(sample) if isinstance(one, OrderEvent)]
    found = {is_open(order) for order in orders}
    assert found == {True, False}, f"{case.id}: needs samples of an order that is paid and of one that is not"


def _contacts(parsed: list[CanonicalEvent | Note], event: OrderEvent) -> Iterator[str]:
    for one in parsed:
        if isinstance(one, CustomerEvent) and one.customer.key == event.record:
            yield from (point.value for point in (*one.customer.emails, *one.customer.phones))
            yield from (identifier.value for identifier in one.customer.identifiers)


def _parsed(case: SourceCase) -> list[CanonicalEvent | Note]:
    try:
        return list(case.parsed())
    except (SkipEvent, PayloadError):
        return []


def law_s30_what_is_not_offered_was_looked_for(case: ConnectorCase) -> None:
    """A reason why a source lacks something names the page that says so, or ``surveyed`` the pages it is not on."""
    if case.connector.source is None:
        return
    pages = case.manifest.surveyed
    assert all(page.startswith("https://") for page in pages), f"{case.id}: surveyed holds what is no page"
    untold = [name for name, reason in case.manifest.not_offered.items() if "https://" not in reason]
    assert pages or not untold, f"{case.id}: no page is named for {', '.join(untold)}, neither there nor in surveyed"
