"""What vendors' answers tell of their limits."""

from __future__ import annotations

import httpx
import pytest

from hub.sdk.http import HttpClient
from hub.sdk.quota import Quota, quotas_of


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({"X-HubSpot-RateLimit-Daily": "250000", "X-HubSpot-RateLimit-Daily-Remaining": "249000"},
         [Quota("day", 250_000, 249_000)]),
        ({"Sforce-Limit-Info": "api-usage=10018/100000, per-app-api-usage=17/250(appName=x)"},
         [Quota("day", 100_000, 89_982)]),
        ({"x-ratelimit-limit": "80", "x-ratelimit-remaining": "79", "x-daily-ratelimit-token-remaining": "0"},
         [Quota("day", None, 0), Quota("moment", 80, 79)]),
        ({"x-ratelimit-limit": "80", "x-ratelimit-remaining": "-1"}, []),
        ({"x-ratelimit-remaining": "٣"}, []),
        ({"Sforce-Limit-Info": "api-usage=200/100"}, [Quota("day", 100, 0)]),
        ({"x-ratelimit-remaining": "9" * 400}, []),
        ({}, []),
    ],
)  # fmt: skip
def test_what_is_left_is_read_from_an_answer(headers: dict[str, str], told: list[Quota]) -> None:
    assert list(quotas_of(httpx.Headers([(name.encode(), value.encode()) for name, value in headers.items()]))) == told


def test_a_client_tells_it_now_and_then_and_not_with_every_call() -> None:
    answer = {"x-hubspot-ratelimit-daily": "100", "x-hubspot-ratelimit-daily-remaining": "40"}
    transport = httpx.MockTransport(lambda request: httpx.Response(200, headers=answer, json={}))
    with HttpClient("https://crm.example.com", transport=transport) as client:
        assert client.news_of_quota() == ()
        client.get("/contacts")
        assert client.news_of_quota() == (Quota("day", 100, 40),)
        client.get("/contacts")
        assert client.news_of_quota() == ()
    assert Quota("day", 100, 40).used == pytest.approx(0.6)
