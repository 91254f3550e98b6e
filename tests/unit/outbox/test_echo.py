"""Whose a value is that comes back from a system Hub writes to (law L10)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.connectors.hubspot.manifest import HubSpotSettings
from hub.connectors.hubspot.mapping import MAP
from hub.model.customer import CustomerSnapshot
from hub.outbox.echo import Mirror, Print, digests, edited, only, verdict, whole
from hub.sdk.crm.reading import snapshot

ANNA = UUID(int=1)
START = datetime(2026, 3, 1, tzinfo=UTC)
SETTINGS = HubSpotSettings.model_validate({"access_token": "t", "profile_fields": {"jobtitle": "custom.jobtitle"}})
WROTE = {"firstname": "Anna", "lastname": "Berg", "phone": "+49541987654", "city": "Melle", "country": "DE"}


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def read(**held: str) -> CustomerSnapshot:
    return snapshot(MAP, "501", {**WROTE, **held}, SETTINGS)


def told(**held: str) -> frozenset[str]:
    return edited(ANNA, read(**held), Mirror(read(), at(0)), [], at(60))


@pytest.mark.parametrize(
    ("held", "fields"),
    [
        ({}, set()),
        ({"phone": "0541 987654"}, set()),
        ({"country": "Germany"}, set()),
        ({"phone": "0541 987655"}, {"phones"}),
        ({"lastname": "Klein"}, {"name"}),
        ({"city": "Bramsche", "jobtitle": "Köchin"}, {"addresses", "custom.jobtitle"}),
        ({"phone": ""}, set()),
    ],
)
def test_of_what_comes_back_only_what_a_person_changed_is_told(held: Mapping[str, str], fields: set[str]) -> None:
    assert told(**held) == fields


def test_what_is_told_of_an_edit_is_the_edit_alone() -> None:
    seen = read(phone="0541 987655")
    fields = told(phone="0541 987655")
    kept = only(seen, fields, read())
    assert [point.value for point in kept.phones] == ["+49541987655"]
    assert (kept.name, kept.emails, kept.addresses, whole(seen, fields)) == (None, (), (), ("phones",))


OLD, NEW, TYPED = "old", "new", "typed"
PRINTS = [Print(at(0), {"phones": OLD}), Print(at(100), {"phones": NEW})]


@pytest.mark.parametrize(
    ("value", "mirror", "read_at", "said"),
    [
        (NEW, (NEW, 101), 200, "ours"),
        (OLD, (NEW, 101), 50, "late"),  # read before the newer write, worked on after it
        (OLD, (NEW, 101), None, "late"),  # what an event says that stood there once
        (OLD, (NEW, 101), 200, "edit"),  # somebody set it back
        (TYPED, (NEW, 101), 50, "edit"),
        (NEW, (OLD, 1), 200, "ours"),  # its own webhook overtook the answer to the write
        (OLD, None, 200, "ours"),  # nobody knows what the last write did
        (TYPED, None, 200, "edit"),
    ],
)
def test_a_value_is_ours_late_or_an_edit(
    value: str, mirror: tuple[str, float] | None, read_at: float | None, said: str
) -> None:
    known = ({"phones": mirror[0]}, at(mirror[1])) if mirror else None
    assert verdict("phones", value, known, PRINTS, None if read_at is None else at(read_at)) == said


def test_equal_values_of_two_people_have_different_fingerprints() -> None:
    one, other = digests(ANNA, read()), digests(UUID(int=2), read())
    assert one.keys() == other.keys() == {"name", "phones", "addresses"}
    assert not set(one.values()) & set(other.values())
    assert "+49541987654" not in "".join(one.values())


VALUES = st.sampled_from([f"v{n}" for n in range(4)])


@given(st.lists(VALUES, min_size=1, max_size=8), st.data())
def test_whatever_hub_wrote_is_never_an_edit_of_a_record_read_before_it_wrote_more(
    written: list[str], data: st.DataObject
) -> None:
    prints = [Print(at(10 * place), {"phones": value}) for place, value in enumerate(written)]
    mirror = ({"phones": written[-1]}, at(10 * len(written)))
    seen = data.draw(st.integers(0, len(written) - 1))
    read_at = data.draw(st.sampled_from([None, at(10 * seen + 1)]))
    assert verdict("phones", written[seen], mirror, prints, read_at) != "edit"


@given(st.lists(VALUES, min_size=1, max_size=8), st.text(min_size=1).filter(lambda text: not text.startswith("v")))
def test_what_hub_never_wrote_is_an_edit(written: list[str], typed: str) -> None:
    prints = [Print(at(10 * place), {"phones": value}) for place, value in enumerate(written)]
    assert verdict("phones", typed, ({"phones": written[-1]}, at(100)), prints, at(50)) == "edit"
