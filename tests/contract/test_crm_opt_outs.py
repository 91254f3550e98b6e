"""Law L7 for every CRM's own opt-outs: who said no is left alone, whatever else happens there and here."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from hub.sdk.declared.connector import connector_of, read_declaration
from hub.sdk.destination import ProfileChange, Write
from tests.support.crm import House, doubles
from tests.support.crm.cast import ANNA, person

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
