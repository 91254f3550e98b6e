"""A record's state: taking in events is commutative, associative and idempotent (law L3)."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime, timedelta
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from hub.mapping.record_state import (
    Stamp,
    State,
    apply_consent,
    apply_customer,
    apply_deletion,
    apply_privacy,
    micros,
    moment,
)
from hub.model.address import Address
from hub.model.consent import Consent
from hub.model.customer import ChannelAccount, CustomerSnapshot
from hub.model.event import ConsentEvent, CustomerEvent, DeletionEvent, PrivacyEvent
from hub.model.identifier import RecordKey
from tests.support.doubles import at, customer

KEY = RecordKey(kind="customer", external_id="1")
Change = tuple[CustomerEvent | ConsentEvent | DeletionEvent | PrivacyEvent, Stamp]

TIMES = st.integers(0, 3).map(at)
CONSENTS = st.builds(
    Consent,
    channel=st.sampled_from(["email", "sms"]),
    state=st.sampled_from(["opted_in", "opted_out"]),
    at=st.none() | TIMES,
    explicit=st.booleans(),
    evidence=st.sampled_from([None, "form", "import"]),
)
SNAPSHOTS = st.builds(
    customer,
    st.just("1"),
    when=TIMES,
    name=st.none() | st.sampled_from([("Anna", "Berg"), ("ANNA", "Berg"), ("Bert", "Berg"), (None, "Berg")]),
    emails=st.lists(st.sampled_from(["a@example.com", "b@example.com"]), max_size=2),
    phones=st.lists(st.sampled_from(["+493023125100", "+493023125101"]), max_size=2),
    company=st.none() | st.sampled_from(["Berg KG", "Berg GmbH"]),
    addresses=st.lists(
        st.sampled_from(
            [
                Address(line1="Hauptstr. 5", postal_code="10115", country="DE"),
                Address(line1="Hauptstraße 5", postal_code="10115", country="DE"),
                Address(line1="Am Hof 1", city="Bonn"),
            ]
        ),
        max_size=2,
    ).map(tuple),
    accounts=st.lists(
        st.sampled_from(
            [ChannelAccount(network="messenger", account_id="p:1", handle=handle) for handle in ("x", "y")]
        ),
        max_size=1,
    ).map(tuple),
    tags=st.lists(st.sampled_from(["vip", "b2b"]), max_size=2).map(tuple),
    consents=st.lists(CONSENTS, max_size=2).map(tuple),
)
EVENTS = st.one_of(
    SNAPSHOTS,
    SNAPSHOTS,
    st.builds(ConsentEvent, occurred_at=TIMES, record=st.just(KEY), consent=CONSENTS),
    st.builds(DeletionEvent, occurred_at=TIMES, record=st.just(KEY), reason=st.sampled_from(["a", "b"])),
    st.builds(PrivacyEvent, occurred_at=TIMES, action=st.sampled_from(["erasure", "access"]), external_id=st.just("x")),
)


@st.composite
def histories(draw: st.DrawFn) -> list[Change]:
    """Events with their stamps: what arrived when belongs to the event, also when it is applied out of turn."""
    events = draw(st.lists(EVENTS, max_size=6))
    received = [draw(st.integers(0, 2)) for _ in events]
    return [(event, [micros(event.occurred_at), r, 1]) for event, r in zip(events, received, strict=True)]


def applied(changes: list[Change], state: State | None = None) -> State:
    state = {} if state is None else state
    for event, stamp in changes:
        if isinstance(event, CustomerEvent):
            apply_customer(state, event, stamp)
        elif isinstance(event, ConsentEvent):
            apply_consent(state, event, stamp)
        elif isinstance(event, DeletionEvent):
            apply_deletion(state, event, stamp)
        else:
            apply_privacy(state, event, stamp)
    return state


@given(histories(), st.integers())
def test_the_order_does_not_matter(history: list[Change], seed: int) -> None:
    turned = random.Random(seed).sample(history, len(history))
    assert applied(turned) == applied(history)


@given(histories(), st.data())
def test_repetition_does_not_matter(history: list[Change], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(history))) if history else []
    assert applied(again, applied(history)) == applied(history)


def customer_at(second: int, **fields: object) -> Change:
    event = customer("1", when=at(second), **fields)  # type: ignore[arg-type]
    return event, [micros(event.occurred_at), micros(at(1000)), second]


def test_the_newer_value_wins_and_what_is_not_told_stays() -> None:
    old = customer_at(1, name=("Anna", "Berg"), company="Berg KG", emails=["a@example.com"])
    new = customer_at(2, name=("Anna", "Klein"))
    state = applied([new, old])
    assert state["name"][0] == {"first": "Anna", "last": "Klein", "full": "Anna Klein"}
    assert (state["company"][0], list(state["emails"])) == ("Berg KG", ["a@example.com"])


def test_at_the_same_source_time_the_later_arrival_wins() -> None:
    event = customer("1", company="first")
    later = customer("1", company="second")
    changes: list[Change] = [(event, [5, 10, 1]), (later, [5, 11, 2])]
    assert applied(changes)["company"][0] == applied(changes[::-1])["company"][0] == "second"


def test_one_place_spelt_twice_is_one_address() -> None:
    one = customer_at(1, addresses=(Address(line1="Hauptstr. 5", postal_code="10115", country="DE"),))
    two = customer_at(2, addresses=(Address(line1="Hauptstraße 5", postal_code="10115", country="DE"),))
    assert [value["line1"] for value, _ in applied([one, two])["addresses"].values()] == ["Hauptstraße 5"]


def test_a_copied_flag_does_not_hide_the_opt_out_before_it() -> None:
    out = Consent(channel="email", state="opted_out", at=at(1), explicit=True)
    copied = Consent(channel="email", state="opted_in", explicit=False)
    state = applied([customer_at(1, consents=(out,)), customer_at(9, consents=(copied,))])
    assert sorted(state["consents"]) == ["marketing|email|opted_in|untold", "marketing|email|opted_out|explicit"]


def test_every_name_it_ever_had_is_known_whatever_came_first() -> None:
    history = [customer_at(1, name=("Anna", "Berg")), customer_at(2, name=("Bert", "Berg"))]
    for changes in (history, history[::-1]):
        state = applied(changes)
        assert (state["name"][0]["full"], state["other_names"]) == ("Bert Berg", [["anna", "berg"]])


def test_thousands_of_names_of_one_record_cost_each_no_more_than_the_first() -> None:
    # given a file that gives all its rows one id
    digits = str.maketrans("0123456789", "abcdefghij")
    rows = [customer_at(n, name=("Anna", f"Berg{n}".translate(digits))) for n in range(5_000)]
    started = time.process_time()
    state = applied(rows)
    assert (time.process_time() - started) < 10  # a third of a second; sorted anew for each it was a minute
    assert len(state["other_names"]) == 4_999
    assert state["other_names"] == sorted(state["other_names"]) == applied(rows[::-1])["other_names"]


def test_an_access_request_suppresses_nobody() -> None:
    ask = PrivacyEvent(occurred_at=at(1), action="access", external_id="x", record=KEY)
    assert applied([(ask, [1, 1, 1])]) == {}


@given(st.datetimes(timezones=st.just(UTC)).filter(lambda moment: 1900 < moment.year < 2200))
def test_micros_are_exact_and_go_back(aware: datetime) -> None:
    assert moment(micros(aware)) == aware
    assert micros(aware + timedelta(microseconds=1)) == micros(aware) + 1


def test_snapshots_are_not_changed_by_being_applied() -> None:
    event: CustomerEvent = customer("1", name=("Anna", "Berg"))
    before = CustomerSnapshot.model_validate(event.customer.model_dump())
    applied([(event, [1, 1, 1])])
    assert event.customer == before


def test_an_opt_in_without_a_time_is_no_newer_for_every_change_of_its_record() -> None:
    # given an opt-in that each state of a record repeats, and whose own time nobody tells
    told = [
        customer("1", when=at(day), consents=(Consent(channel="email", state="opted_in", explicit=explicit),))
        for day, explicit in ((1, False), (2, True), (3, False))
    ]
    for order in permutations(told):
        state: State = {}
        for event in order:
            apply_customer(state, event, [micros(event.occurred_at), 9, 1])
        # then it counts from the first of them, and as no act, which alone may loosen an opt-out
        assert state["consents"] == {"marketing|email|opted_in|untold": [None, [micros(at(1)), 9, 1]]}
