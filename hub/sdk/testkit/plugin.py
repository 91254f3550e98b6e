"""The contract kit as a pytest plugin, so that connectors outside this repository inherit it.

Either on the command line, ``pytest --hub-connector acme_pos``, or in a test file::

    from hub.sdk.testkit.plugin import contract_tests

    test_contract = contract_tests("acme_pos")

Nothing of Hub is imported before one of the two is used: a plain pytest run is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from hub.sdk.testkit.kit import Check


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--hub-connector``."""
    parser.getgroup("hub").addoption(
        "--hub-connector", action="append", default=[], metavar="SLUG", help="also run the contract kit over SLUG"
    )


def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Append the checks of the connectors named on the command line."""
    for slug in config.getoption("--hub-connector", default=[]):
        items.extend(_items(session, slug))


def contract_tests(slug: str) -> Callable[..., None]:
    """A test function, parametrised over all checks of the connector; assign it to a name that begins with test."""
    from hub.sdk.testkit.kit import checks

    @pytest.mark.parametrize("check", [pytest.param(check, id=check.id) for check in checks(slug)])
    def test_contract(check: Check) -> None:
        check.run()

    return test_contract


class ContractItem(pytest.Item):
    """One check as a pytest item."""

    check: Check

    def runtest(self) -> None:
        """Run the law."""
        self.check.run()

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
        """The law's own words, without a traceback."""
        return f"{self.name}: {excinfo.value}"

    def reportinfo(self) -> tuple[str, int | None, str]:
        """The connector stands for the file."""
        return self.name, None, self.name


def _items(session: pytest.Session, slug: str) -> Iterator[ContractItem]:
    from hub.sdk.testkit.kit import checks

    for check in checks(slug):
        item: ContractItem = ContractItem.from_parent(session, name=check.id)
        item.check = check
        yield item
