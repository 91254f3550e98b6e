"""What a campaign brought, against whom it was kept from; and how people came, by what links tell."""

from __future__ import annotations

import numpy as np
import pytest

from hub.insight import holdout
from hub.insight.touches import channel_of, channel_of_link, channel_of_order
from hub.mapping.came import came_by


def test_the_interval_of_a_difference_is_newcombes() -> None:
    """Newcombe 1998, table II, example (a), method 10: 56/70 against 48/80 is .2, from .0524 to .3339."""
    told = holdout.compare([1.0] * 56 + [0.0] * 14, [1.0] * 48 + [0.0] * 32)
    assert isinstance(told, holdout.Comparison)
    assert told.more == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    assert told.certain


def test_a_campaign_that_does_nothing_is_told_as_an_accident() -> None:
    dice = np.random.default_rng(4)
    one, other = ((dice.random(400) < 0.1) * 40.0 for _ in range(2))
    told = holdout.compare(one.tolist(), other.tolist())
    assert isinstance(told, holdout.Comparison)
    assert not told.certain
    assert told.brought[1] < 0 < told.brought[2]


def test_revenue_is_that_of_those_written_to_above_the_others() -> None:
    told = holdout.compare([10.0] * 50 + [0.0] * 50, [10.0] * 25 + [0.0] * 75)
    assert isinstance(told, holdout.Comparison)
    assert told.brought[0] == pytest.approx(250.0)


@pytest.mark.parametrize("sizes", [(0, 0), (100, 0), (100, 29), (29, 100)])
def test_too_few_of_either_are_too_little_data(sizes: tuple[int, int]) -> None:
    told = holdout.compare([1.0] * sizes[0], [0.0] * sizes[1])
    assert isinstance(told, str)
    assert told.startswith("too little data")


@pytest.mark.parametrize(
    ("link", "channel"),
    [
        # umami-software/umami#3264: paid search was told as direct or organic
        ("https://a.example/?utm_source=google&utm_medium=cpc&utm_campaign=12&gclid=x", "google ads"),
        ("https://a.example/?utm_source=google&utm_medium=cpc", "google ads"),
        # rybbit-io/rybbit#1102: a campaign without a source was direct
        ("https://a.example/?utm_campaign=spring", "other campaigns"),
        # marcelscruz/dev-resources#1216: a medium without a source was direct
        ("https://a.example/?ref=x&utm_medium=partner-site", "partner-site"),
        ("/p?UTM_Source=Newsletter&UTM_Medium=E-Mail", "email"),
        ("https://a.example/?fbclid=x", "facebook"),
        ("https://a.example/?utm_source=", None),
        ("https://[broken", None),
        ("", None),
    ],
)
def test_a_link_tells_by_what_somebody_came(link: str, channel: str | None) -> None:
    assert channel_of_link(link) == channel


@pytest.mark.parametrize(
    ("page", "channel"),
    [
        ({}, "direct"),
        ({"utm_source": "tiktok", "utm_medium": "paid_social"}, "tiktok ads"),
        ({"click_id": "msclkid"}, "microsoft ads"),
        ({"referrer": "https://www.google.de/"}, "organic search"),
        ({"referrer": "https://blog.example/post"}, "referral"),
        # matomo-org/matomo#18612: the payment provider was told as what brought the order
        ({"referrer": "https://www.paypal.com/checkoutnow"}, None),
        # matomo-org/matomo#22347: steps within the site were told as direct
        ({"referrer": "https://www.a.example/start"}, None),
    ],
    ids=str,
)
def test_a_page_view_is_a_touch_where_it_begins_a_visit(page: dict[str, str], channel: str | None) -> None:
    assert channel_of({"kind": "page_viewed", "url": "https://a.example/tea", "details": page}) == channel


@pytest.mark.parametrize(
    ("custom", "channel"),
    [
        ({"utm_source": "instagram", "utm_medium": "social"}, "instagram"),
        ({"utm_source": "google", "utm_medium": "organic"}, "organic search"),
        ({"affiliateCode": "7"}, "affiliate"),
        ({"po_number": "4"}, None),
        ({}, None),
    ],
    ids=str,
)
def test_an_order_may_say_by_what_it_came(custom: dict[str, str], channel: str | None) -> None:
    assert channel_of_order({"custom": custom}) == channel
    assert channel_of_order({"custom": None}) is None


def test_of_an_address_only_names_of_campaigns_are_kept() -> None:
    link = "https://a.example/?utm_source=mail&utm_campaign=ida@sommer.example&gclid=secret&token=t&email=ida@x.example"
    assert came_by(link) == {"utm_source": "mail", "click_id": "gclid"}
