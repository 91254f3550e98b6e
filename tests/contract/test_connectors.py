"""Every law over every sample of every connector. A connector is found by its folder: nothing is listed here."""

from __future__ import annotations

import pytest

from hub.sdk import registry
from hub.sdk.testkit.kit import Check, checks


@pytest.mark.parametrize("check", [pytest.param(c, id=c.id) for slug in registry.slugs() for c in checks(slug)])
def test_connector(check: Check) -> None:
    check.run()
