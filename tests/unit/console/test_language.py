"""Days as a reader types them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from babel import Locale

from hub.console.language import Formats

BERLIN = Formats.of(Locale("de"), "Europe/Berlin")


def test_a_day_begins_at_the_readers_midnight_also_after_the_clock_changed():
    assert BERLIN.midnight("2026-10-25") == datetime(2026, 10, 24, 22, tzinfo=UTC)
    assert BERLIN.midnight("2026-10-25", days=1) == datetime(2026, 10, 25, 23, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-02-30", "9999-12-31"])
def test_what_is_no_day_limits_nothing(text: str):
    assert BERLIN.midnight(text, days=1) is None
