"""Law L7 for every CRM's own opt-outs: who said no is left alone, whatever else happens there and here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from hub.sdk import registry
from hub.sdk.declared.connector import connector_of, read_declaration
from hub.sdk.destination import ProfileChange, Write
from hub.store.outbox import Recorded
from tests.support.crm import House, doubles
from tests.support.crm.cast import ANNA, BERT, person

DECLARED = sorted((Path(__file__).parents[2] / "config" / "destinations").glob("*.yaml"))
WAYS: dict[str, tuple[str, dict[str, Any]]] = {
    **{slug: (slug, {}) for slug in doubles()},
    "odoo by its contacts": ("odoo", {"unsubscribe": "opt_out"}),
}
"""Each CRM with each form that an opt-out has there: by connector, and by settings."""


@cache
def _before(way: str) -> House:
    slug, settings = WAYS[way]
    return House(doubles()[slug](), **settings).prepare()


@pytest.fixture(params=WAYS)
def house(request: pytest.FixtureRequest) -> House:
    return _before(request.param).copy()


def rendered(house: House, **values: Any) -> Write:
    """What a change of Anna would write now."""
    house.known(person(ANNA, **values))
    [row] = house.due("profile")
    write = house.destination.render(house._change("profile", row), house.connection.settings)  # type: ignore[arg-type]
    assert write is not None
    return write


# -- what people do there ---------------------------------------------------------------------------------------------


def test_an_opt_out_that_was_lifted_there_is_said_again_with_its_e_mail(house: House) -> None:
    # given somebody who opted out, and whose opt-out people there lifted
    house.known(person(ANNA, consent="opted_out"))
    house.settle()
    house.double.lift_there("anna@example.com")
    assert "anna@example.com" not in house.double.opted_out
    # when their e-mails are told anew, they are opted out again
    house.known(person(ANNA, "anna@example.org", consent="opted_out"))
    house.settle()
    assert "anna@example.org" in house.double.opted_out


def test_an_opt_out_that_was_lifted_there_is_said_again_when_they_opt_out_again(house: House) -> None:
    # given somebody who opted out, and then in again, so that people there lifted it
    house.known(person(ANNA, consent="opted_out"))
    house.settle()
    house.known(person(ANNA, consent="opted_in"))
    house.settle()
    assert "anna@example.com" in house.double.opted_out, "an opt-in lifted it"
    house.double.lift_there("anna@example.com")
    # when they opt out once more, they are opted out there
    house.known(person(ANNA, consent="opted_out"))
    house.settle()
    assert "anna@example.com" in house.double.opted_out


@pytest.mark.parametrize("slug", [slug for slug in doubles() if slug in registry.slugs()])
def test_an_opt_out_that_was_lifted_there_is_said_again_when_it_is_told_at_a_later_time(slug: str) -> None:
    house = _before(slug).copy()
    out = person(ANNA, consent="opted_out")
    house.known(out)
    house.settle()
    house.double.lift_there("anna@example.com")
    later = tuple(one.model_copy(update={"at": datetime(2026, 5, 1, tzinfo=UTC)}) for one in out.consents)
    house.known(out.model_copy(update={"consents": later}))
    house.settle()
    assert "anna@example.com" in house.double.opted_out


def test_who_opts_out_there_while_hub_writes_is_opted_out(house: House) -> None:
    # given somebody with several e-mails and phones, and how many calls a change of them takes
    house.known(person(ANNA, "anna@example.com", "a.amsel@example.org", phone="+493023125101", consent="opted_in"))
    house.settle()
    change = person(ANNA, "anna@example.com", "anna@example.org", phone="+493023125102", consent="opted_in")
    calm = house.copy()
    calm.known(change)
    calm.settle()
    lost = []
    for number in range(1, calm.hostile.calls + 1):
        # when they opt out there just before one of these calls
        busy = house.copy()
        busy.hostile.meanwhile[number] = partial(busy.double.opt_out_there, "anna@example.com")
        busy.known(change)
        busy.settle()
        if "anna@example.com" not in busy.double.opted_out:
            lost.append(number)
    # then it stands; EspoCRM replaces the whole list with its opt-outs, and has no way to say "as it is now"
    assert lost == ([calm.hostile.calls] if house.double.slug == "espocrm" else [])


def test_an_opt_out_is_read_back_in_every_crm(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.known(person(ANNA, consent="opted_in"))
    house.settle()
    seen: list[Recorded] = []
    record = house._record

    def noted(subject: Any, results: Sequence[Recorded]) -> None:
        seen.extend(results)
        record(subject, results)

    monkeypatch.setattr(house, "_record", noted)
    house.known(person(ANNA, consent="opted_out"))
    house.settle()
    # a test's own CRM that tells nobody what stands in a record cannot be asked
    tells = not house.double.slug.startswith("plain")
    assert [one.confirmed for one in seen if one.outcome == "delivered"] == [True if tells else None]


# -- one person, several records --------------------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["with the merge", "after the merge"])
def test_an_opt_out_of_a_merged_person_reaches_every_record_that_is_left(house: House, when: str) -> None:
    # given two people who are one
    both = ("anna@example.com", "bert@example.com")
    house.known(person(ANNA, consent="opted_in"), person(BERT, consent="opted_in"))
    house.settle()
    house.merged(person(ANNA, *both, consent="opted_in" if when == "after the merge" else "opted_out"), loser=BERT)
    house.settle()
    # when they opt out
    house.known(person(ANNA, *both, consent="opted_out", aliases=(BERT,)))
    house.settle()
    # then no record of theirs may be mailed, and each is still whose it was
    left = house.double.people()
    assert {email for each in left for email in each["emails"]} <= house.double.opted_out
    assert len({each["owner"] for each in left}) == len(left)


# -- what cannot be taken back waits during a bulk load ---------------------------------------------------------------


def test_a_write_that_opts_out_there_is_for_good_and_no_other_is(house: House) -> None:
    # given somebody new who opted in: nothing of them is for good
    assert rendered(house, consent="opted_in").irreversible == ()
    house.settle()
    # when they opt out, that is, as it opts them out there
    assert rendered(house, consent="opted_out").irreversible
    house.settle()
    assert "anna@example.com" in house.double.opted_out
    # and what changes afterwards is not
    assert rendered(house, consent="opted_out", last="Meise").irreversible == ()


@pytest.mark.parametrize("file", DECLARED, ids=[file.stem for file in DECLARED])
def test_an_opt_out_of_a_declared_crm_is_for_good(file: Path) -> None:
    connector = connector_of(file.stem, read_declaration(file))
    settings = connector.manifest.settings.model_validate(connector.manifest.sample_settings)
    assert connector.destination is not None
    for consent, final in (("opted_in", False), ("opted_out", True)):
        change = ProfileChange(person(ANNA, consent=consent), 1)  # type: ignore[arg-type]
        write = connector.destination.render(change, settings)
        assert write is not None
        assert bool(write.irreversible) == final
