"""A vendor's wish to be left alone is heard within reason, whatever stands in the header."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from hub.errors import LONGEST_RETRY_AFTER, HubError, RateLimited, Unavailable
from hub.sdk.http import HttpClient


def told(header: str, status: int = 429) -> float | None:
    transport = httpx.MockTransport(lambda _: httpx.Response(status, headers={b"retry-after": header.encode()}))
    with HttpClient("https://crm.example.com", transport=transport) as client, pytest.raises(HubError) as raised:
        client.post("x", {})
    assert isinstance(raised.value, RateLimited | Unavailable)
    return raised.value.retry_after


@pytest.mark.parametrize("header", ["7", " 7 ", "7.0"])
def test_seconds_are_waited(header: str) -> None:
    assert told(header) == 7.0


@pytest.mark.parametrize("header", ["31536000", "1e300", "99999999999999999999999", "Fri, 31 Dec 9999 23:59:59 GMT"])
@pytest.mark.parametrize("status", [429, 503, 423])
def test_no_wait_is_longer_than_an_hour(header: str, status: int) -> None:
    assert told(header, status) == LONGEST_RETRY_AFTER == 3600.0


@pytest.mark.parametrize(
    "header",
    [
        "inf",
        "-inf",
        "nan",
        "1e999",
        "-5",
        "soon",
        "",
        "Fri, 31 Dec 99999 23:59:59 GMT",
        "Fri, 31 Dec",
        "0x10",
        "٣ ٣",
        ";",
    ],
)
def test_what_is_no_wait_counts_as_none(header: str) -> None:
    assert told(header) is None


def test_a_moment_to_come_is_waited_for_and_one_that_is_over_is_not() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    over = format_datetime(datetime.now(UTC) - timedelta(days=900), usegmt=True)
    assert 60 < (told(soon) or 0) <= 100
    assert told(over) == 0.0


@pytest.mark.parametrize("seconds", [float("inf"), float("nan"), -1.0, 10.0**300, 5e9])
def test_a_connector_that_reads_its_own_number_is_held_to_the_same(seconds: float) -> None:
    assert RateLimited("slow", retry_after=seconds).retry_after in (None, LONGEST_RETRY_AFTER)
    assert Unavailable("down", retry_after=seconds).retry_after in (None, LONGEST_RETRY_AFTER)
