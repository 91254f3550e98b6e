"""Campaigns: one name for each, one touch for each visit; with and without what went back; removal by brute force."""

from __future__ import annotations

from itertools import pairwise, permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.insight import attribution, campaigns
from hub.insight.attribution import MODELS, Journey, before_returns
from hub.insight.campaigns import Campaign
from hub.insight.touches import Happened, journeys

DAY = 86_400.0
LABELS = ("direct", "email\nspring", "email\nautumn", "google ads\nbrand")
PEOPLE = st.lists(
    st.lists(
        st.one_of(
            st.builds(Happened, at=st.integers(0, 200).map(lambda one: one * DAY), channel=st.sampled_from(LABELS)),
            st.builds(
                lambda at, gross, kept: Happened(at * DAY, None, gross * kept, gross),
                st.integers(0, 200),
                st.integers(1, 500).map(float),
                st.sampled_from((0.0, 0.5, 1.0)),
            ),
        ),
        max_size=7,
    ),
    min_size=1,
    max_size=6,
)


@given(people=PEOPLE, dice=st.randoms())
def test_money_is_the_same_in_any_order_of_facts_and_what_went_back_is_what_lies_between(
    people: Any, dice: Any
) -> None:
    paths = journeys(people, 400 * DAY)
    mixed = [dice.sample(person, len(person)) for person in people]
    assert sorted(map(repr, paths)) == sorted(map(repr, journeys(dice.sample(mixed, len(mixed)), 400 * DAY)))
    whole = before_returns(paths)
    assert sum(one.orders + one.lost for one in whole) == len(paths)
    for name, share in MODELS.items():
        net, gross = share(paths)[1], share(whole)[1]
        assert sum(net.values()) == pytest.approx(sum(one.value for one in paths))
        assert sum(gross.values()) == pytest.approx(sum(one.gross for one in paths))
        if name != "markov":  # whose chain without returns is another one
            assert all(net.get(one, 0.0) <= amount + 1e-9 for one, amount in gross.items()), name


@given(people=PEOPLE)
def test_removal_effects_are_what_is_missing_when_a_campaign_is_taken_out(people: Any) -> None:
    """Each by a system of its own, with the campaign's row emptied."""
    paths = journeys(people, 400 * DAY)
    whole, effects = attribution.removal_effects(paths)
    if whole:
        assert effects == pytest.approx({one: 1 - _without(paths, one) / whole for one in effects}, abs=1e-9)


def _without(paths: list[Journey], gone: str) -> float:
    """The chance to end in an order, by steps until nothing moves any more."""
    names = sorted({one for path in paths for one in path.path})
    at = {one: number + 1 for number, one in enumerate(names)}
    moves = np.zeros((len(names) + 1, len(names) + 3))
    for path in paths:
        steps = [0, *(at[one] for number, one in enumerate(path.path) if not number or path.path[number - 1] != one)]
        for here, there in pairwise(steps):
            moves[here, there] += path.orders + path.lost
        moves[steps[-1], -2] += path.orders
        moves[steps[-1], -1] += path.lost
    chances = moves / np.maximum(moves.sum(axis=1, keepdims=True), 1e-12)
    chances[at[gone]] = 0
    here, ordered = np.eye(len(names) + 1)[0], 0.0
    for _ in range(5_000):
        ordered += float(here @ chances[:, -2])
        here = here @ chances[:, :-2]
    return ordered


def test_an_order_that_went_back_in_full_counts_only_before_returns() -> None:
    """woocommerce-admin #2650, ecommerce-laravel #748: a refund lowered gross, or never net. It ends its path, too."""
    seen = [
        Happened(0, "email\nspring"), Happened(DAY, None, 0.0, 80.0),
        Happened(2 * DAY, "google ads\nbrand"), Happened(3 * DAY, None, 30.0, 50.0),
    ]  # fmt: skip
    paths = journeys([seen], 9 * DAY)
    assert [(one.path, one.orders, one.lost, one.returned, one.value, one.gross) for one in paths] == [
        (("email\nspring",), 0, 1, 1, 0, 80), (("google ads\nbrand",), 1, 0, 0, 30, 50),
    ]  # fmt: skip
    for name, share in MODELS.items():
        assert share(paths)[1].get("email\nspring", 0.0) == 0, name
        assert share(before_returns(paths))[1]["google ads\nbrand"] > 0, name
    assert attribution.last(before_returns(paths)[0]) == {"email\nspring": 1.0}


@pytest.mark.parametrize(
    ("told", "campaign"),
    [
        ({"kind": "email_clicked", "campaign": "Spring  Letter"}, Campaign("email", "spring letter")),
        # the link's name is the one that page views and orders have as well
        (
            {"kind": "email_clicked", "campaign": "c1b398", "url": "https://a.example/?utm_campaign=Spring"},
            Campaign("email", "spring"),
        ),
        ({"kind": "email_opened", "campaign": "spring"}, None),  # programs open mails
        ({"kind": "message", "channel": "whatsapp", "campaign": "ad-7"}, Campaign("whatsapp", "ad-7")),
        (
            {"kind": "page_viewed", "details": {"utm_source": "Google", "utm_medium": "cpc", "utm_campaign": "Brand"}},
            Campaign("google ads", "brand"),
        ),
        ({"kind": "page_viewed", "url": "https://a.example/?gclid=x"}, Campaign("google ads")),
        ({"kind": "email_clicked", "campaign": "for ida@sommer.example"}, Campaign("email")),
    ],
    ids=str,
)
def test_a_touch_tells_its_campaign(told: dict[str, Any], campaign: Campaign | None) -> None:
    """matomo #12250, plausible/analytics #393: a name with capitals was another one than the same without."""
    assert campaigns.of_interaction(told) == campaign
    assert campaign is None or campaigns.campaign_of(campaign.label) == campaign


def test_an_order_tells_its_campaign() -> None:
    came = {"utm_source": "google", "utm_medium": "cpc", "utm_campaign": "Brand"}
    assert campaigns.of_order({"custom": came}) == Campaign("google ads", "brand")
    assert campaigns.of_order({"custom": {"campaignCode": "K7"}}) == Campaign("other campaigns", "k7")
    assert campaigns.of_order({"custom": {"po_number": "4"}}) is None


def test_a_click_in_a_mail_and_the_page_it_opened_are_one_touch() -> None:
    click = (Campaign("email", "c1b398"), 100.0, True)
    page = (Campaign("email", "spring"), 101.0, False)
    ad = (Campaign("google ads", "brand"), 102.0, False)
    later = (Campaign("email", "spring"), 2_000.0, False)
    kept = {tuple(campaigns.one_visit(order)) for order in permutations([click, page, ad, later])}
    assert [sorted(one) for one in kept] == [sorted((one[0], one[1]) for one in (click, ad, later))]


def test_links_with_a_name_for_each_person_are_one_row() -> None:
    """matomo #11420: what is beyond the limit is one row, and it is said of how many."""
    people = [[Happened(0, f"email\n{number:04}"), Happened(0, "direct")] for number in range(30)]
    people += [[Happened(5, "email\nspring")], [Happened(3, "email\nspring")]]
    told, joined = campaigns.few(people, most=3)
    assert joined == 28
    assert {one.channel for person in told for one in person} == {
        "direct", "email\nspring", "email\n0000", "email\n0001", f"email\n{campaigns.OTHERS}",
    }  # fmt: skip
    assert campaigns.begun(told)["email\nspring"] == 3
