"""Who counts as one caller, and how many bytes of one caller and of all are held."""

from __future__ import annotations

import pytest

from hub.intake.callers import NOBODY, Held, caller, network


@pytest.mark.parametrize(
    ("address", "counts_as"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", NOBODY),
        ("", NOBODY),
    ],
)
def test_a_caller_is_an_ipv4_address_or_the_network_of_an_ipv6_one(address: str, counts_as: str) -> None:
    assert network(address) == counts_as


def test_a_request_without_an_address_has_a_caller_too() -> None:
    assert [caller({}), caller({"client": None}), caller({"client": ("203.0.113.7", 1)})] == [NOBODY] * 2 + [
        "203.0.113.7"
    ]


def test_one_caller_gets_its_share_and_leaves_the_rest_to_the_others() -> None:
    held = Held(total=100, share=40)
    assert [held.take("a", 40), held.take("a", 1)] == [True, False]
    assert [held.take("b", 40), held.take("c", 21), held.take("c", 20)] == [True, False, True]
    held.give_back("a", 40)
    assert (held.take("a", 30), held.bytes) == (True, 90)


def test_what_was_given_back_leaves_nothing_behind() -> None:
    held = Held(total=100, share=40)
    for number in range(1_000):
        assert held.take(f"caller {number}", 7)
        held.give_back(f"caller {number}", 7)
    held.give_back("nobody", 0)
    assert (held.bytes, held._by_caller) == (0, {})
