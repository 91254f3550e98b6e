"""What the core says, in German."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.console.spoken import sentences, spoken
from hub.matching.wording import SENTENCES, sentence
from hub.outbox.health import of_destination, of_source
from hub.store.stats import Trouble

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.mark.parametrize("values", [("Anna", "Anne"), (None, None), ("a: b", "50 %")])
def test_every_piece_of_evidence_is_told_in_german(values: tuple[str | None, str | None]):
    for feature, level in SENTENCES:
        english = sentence(feature, level, *values)
        german = spoken("de", english)
        assert german != english
        assert all(value in german for value in values if value and value in english)
        assert spoken("de", f"{english} (+2.5 bits)") == f"{german} (+2.5 Bit)"
        assert spoken("en", english) == english


TROUBLES = [
    Trouble(paused_at=NOW, paused_by="ops"),
    Trouble(since=NOW, failures=3, refused=True),
    Trouble(since=NOW, failures=3, refused=True, token_wanted=True),
    Trouble(since=NOW, failures=3, not_before=NOW, resting=True),
    Trouble(since=NOW, failures=1),
    Trouble(since=NOW, failures=2, signatures=True),
    Trouble(since=NOW, failures=1, signatures=True, accepted_at=NOW),
    Trouble(since=NOW, silent=True),
]


@pytest.mark.parametrize("trouble", TROUBLES)
def test_all_advice_on_a_connection_is_told_in_german(trouble: Trouble):
    for health in (
        of_destination("crm", trouble),
        of_source("crm", trouble),
        of_destination("crm", None, routed=False),
    ):
        for text in (health.advice, health.reason):
            assert not text or spoken("de", text) != text, text
    assert "`hub outbox resume crm`" in spoken("de", of_destination("crm", TROUBLES[0]).advice)


@given(st.text())
def test_no_text_is_too_odd(text: str):
    assert isinstance(spoken("de", text), str)


def test_a_sentence_nobody_put_into_words_stays_as_it_is():
    assert spoken("de", "the CRM said: nope") == "the CRM said: nope"


def test_each_german_sentence_has_the_values_of_the_english_one():
    for _, patterns in [sentences("de")]:
        for pattern, said in patterns:
            assert all(f"%({name})s" in said for name in pattern.groupindex)
