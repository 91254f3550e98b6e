"""Laws L1, L3 and L6 for every CRM: whatever fails, at whichever call, the end is as if nothing had failed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import cache

import httpx
import pytest

from tests.support.crm import AFTER, BEFORE, House, doubles, house_before, is_read
from tests.support.crm.cast import ANNA, BERT, CARLA, ORDER, SECOND, order, person, told

EVERY_FAULT = "HUB_EVERY_FAULT" in os.environ
"""Every fault at every call, which takes minutes; without it, one of each kind at each call, by turns."""

LIMITED = ("429", "401", "429 that names a time", "403")
NOT_DONE = tuple(fault for fault in BEFORE if fault not in LIMITED)
UNHEARD = tuple(fault for fault in AFTER if fault != "a killed process")


def faults_of(request: httpx.Request, number: int) -> Iterable[str]:
    """What may go wrong with this call."""
    if EVERY_FAULT:
        return BEFORE if is_read(request) else (*BEFORE, *AFTER)
    turns = (LIMITED, NOT_DONE) if is_read(request) else (LIMITED, NOT_DONE, UNHEARD, ("a killed process",))
    return [turn[number % len(turn)] for turn in turns]


def begin(house: House) -> None:
    """Three people, one of them with two e-mails, and two orders."""
    house.known(
        person(ANNA, phone="+493023125101", city="München", consent="opted_in", totals=[("100.00", "EUR")]),
        person(BERT, company="Bäckerei Ohm", totals=[("25.50", "EUR")]),
        person(CARLA, "carla@example.com", "c.drossel@example.org"),
    )
    house.ordered(ORDER, order("1001"), ANNA)
    house.ordered(SECOND, order("1002", "25.50", state="open"), BERT)


def change(house: House) -> None:
    """A new name, a phone that is gone, an opt-out, a payment, and money that went back."""
    house.known(
        person(ANNA, last="Meise", city="Bonn", consent="opted_in", totals=[("60.00", "EUR")]),
        person(BERT, company="Bäckerei Ohm", consent="opted_out", totals=[("25.50", "EUR")]),
    )
    house.ordered(ORDER, order("1001"), ANNA, refunded=Decimal("40.00"))
    house.ordered(SECOND, order("1002", "25.50"), BERT, paid=True)


def join(house: House) -> None:
    """Two of them are one, their orders under one."""
    both = ("anna@example.com", "bert@example.com")
    house.merged(
        person(ANNA, *both, last="Meise", city="Bonn", consent="opted_out", totals=[("85.50", "EUR")]), loser=BERT
    )


def part(house: House) -> None:
    """They are two after all."""
    anna = person(ANNA, last="Meise", city="Bonn", consent="opted_in", totals=[("60.00", "EUR")])
    bert = person(BERT, company="Bäckerei Ohm", consent="opted_out", totals=[("25.50", "EUR")])
    house.split(anna, bert, SECOND)


def forget(house: House) -> None:
    """One of them wants to be forgotten."""
    house.erased(CARLA)


LIFE: tuple[Callable[[House], None], ...] = (begin, change, join, part, forget)


@cache
def before(slug: str, step: int) -> House:
    """The house before a step of that life, in which nothing failed."""
    if step == 0:
        return house_before(slug)
    house = before(slug, step - 1).copy()
    LIFE[step - 1](house)
    house.settle()
    return house


@pytest.mark.parametrize("step", range(len(LIFE)), ids=[step.__name__ for step in LIFE])
@pytest.mark.parametrize("slug", doubles())
def test_a_fault_at_any_call_changes_nothing_in_the_end(slug: str, step: int) -> None:
    # given a life until now, and what becomes of it when nothing fails
    calm = before(slug, step).copy()
    LIFE[step](calm)
    calm.settle()
    expected, requests = told(calm), calm.hostile.told
    differing: list[str] = []
    for number, request in enumerate(requests, start=1):
        for fault in faults_of(request, number):
            # when one call fails
            house = before(slug, step).copy()
            house.hostile.at[number] = fault
            LIFE[step](house)
            house.settle()
            # then the end is the same, and it took no more than a look and another try
            if told(house) != expected:
                differing.append(f"{fault} at call {number}, {request.method} {request.url.path}")
            assert house.hostile.calls <= 3 * len(requests) + 10, f"{fault} at call {number}: too many calls"
    assert differing == []


@pytest.mark.parametrize("slug", doubles())
def test_a_fault_while_what_hub_needs_is_made_there_changes_nothing_in_the_end(slug: str) -> None:
    # given how many calls that takes
    calm = House(doubles()[slug]()).prepare()
    requests = calm.hostile.told
    begin(calm)
    calm.settle()
    for number in range(1, len(requests) + 1, 1 if EVERY_FAULT else max(1, len(requests) // 3)):
        for fault in faults_of(requests[number - 1], number):
            # when one of them fails
            house = House(doubles()[slug]())
            house.hostile.at[number] = fault
            begin(house)
            house.settle()
            # then everything arrives all the same
            assert told(house) == told(calm), f"{fault} at call {number}"


ENDURED = ("429", "503 that names a time", "a page", "a time-out after the write", "half an answer", "a killed process")


@pytest.mark.parametrize("fault", [*BEFORE, *AFTER] if EVERY_FAULT else ENDURED)
@pytest.mark.parametrize("slug", doubles())
def test_a_destination_that_fails_every_write_at_first_gets_all_of_them(slug: str, fault: str) -> None:
    house, calm = before(slug, 0).copy(), before(slug, len(LIFE))
    for step in LIFE:
        # given that the next three writes fail
        house.hostile.every[fault] = 3
        # when it is tried until it works
        step(house)
        house.settle()
    # then the end is as if they had not
    assert told(house) == told(calm)
