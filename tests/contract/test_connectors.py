"""Every law over every sample of every connector. A connector is found by its folder: nothing is listed here.

One test for each sample, and one for the connector as a whole, runs all their laws: thirty laws take less time than
thirty tests. It says which are broken, each by its own name; ``hub connector check`` runs the same checks.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from itertools import groupby

import pytest

from hub.sdk import registry
from hub.sdk.testkit.kit import Check, checks


def subject(check: Check) -> str:
    """The connector, or its sample: the check's id without the law."""
    return check.id.rpartition("/")[0] or check.id


def broken(laws: Sequence[Check]) -> Iterator[str]:
    for law in laws:
        try:
            law.run()
        except AssertionError as error:
            yield f"{law.id}: {law.promise}\n{error}"
        except Exception:
            yield f"{law.id}: {law.promise}\n{traceback.format_exc()}"


@pytest.mark.parametrize(
    "laws",
    [
        pytest.param(list(laws), id=name)
        for slug in registry.slugs()
        for name, laws in groupby(sorted(checks(slug), key=subject), subject)
    ],
)
def test_connector(laws: Sequence[Check]) -> None:
    found = list(broken(laws))
    if found:
        pytest.fail("\n\n".join(found), pytrace=False)


def test_every_law_that_is_broken_is_named_with_its_sample() -> None:
    def holds() -> None: ...

    def fails() -> None:
        raise AssertionError("differs from expected.json")

    def crashes() -> None:
        raise KeyError("id")

    laws = [
        Check("acme/order.paid/guest/S6-parse_is_pure", "S6", "No clock.", holds),
        Check("acme/order.paid/guest/S7-expected", "S7", "As expected.", fails),
        Check("acme/order.paid/guest/S11-named", "S11", "Named.", crashes),
    ]
    with pytest.raises(pytest.fail.Exception) as failed:
        test_connector(laws)
    said = str(failed.value)
    assert said.startswith("acme/order.paid/guest/S7-expected: As expected.\ndiffers from expected.json")
    assert "acme/order.paid/guest/S11-named: Named." in said
    assert "KeyError: 'id'" in said
    assert "S6" not in said
