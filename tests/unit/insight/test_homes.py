"""Where a group lives and when it was born: told as far as they told it, and never guessed."""

from __future__ import annotations

from hub.insight.homes import Home, home_of, in_words

NORTH = [Home("DE", "DE 20…", 1960 + n) for n in range(8)]
SOUTH = [Home("DE", "DE 80…", 1990) for _ in range(8)]
ABROAD = [Home("AT", "AT 10…") for _ in range(2)]
SILENT = [Home() for _ in range(6)]


def test_a_home_is_the_newest_address_and_the_year_of_birth():
    golden = {
        "addresses": [{"country": "DE", "postal_code": "20459"}, {"country": "AT", "postal_code": "1010"}],
        "birth_date": "1962-05-16",
    }
    assert home_of(golden) == Home("DE", "DE 20…", 1962)
    assert home_of({"addresses": [{"postal_code": "20459"}], "birth_date": "0004-01-01"}) == Home()
    assert home_of({}) == Home()


def test_where_more_of_a_group_live_than_of_everybody_is_told_with_how_many_are_known():
    everybody = [*NORTH, *SOUTH, *ABROAD, *SILENT]
    lives, born = in_words([*NORTH, *ABROAD, *SILENT[:2]], everybody)
    assert lives == "DE 80%, DE 20… 80% (known of 83%)"
    assert born == "half from 1962 to 1965 (known of 67%)"


def test_of_whom_too_few_told_anything_nothing_is_said():
    assert in_words([*NORTH[:4], *SILENT], [*NORTH, *SILENT]) == ("", "")
    assert in_words([], []) == ("", "")
