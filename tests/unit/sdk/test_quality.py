"""The quality scale: a tier follows from the facts, and from nothing else."""

from __future__ import annotations

from dataclasses import replace

from hub.sdk.catalogue.proof import Proof
from hub.sdk.catalogue.quality import Facts, judge, tier_of, wanting

PROVEN = Proof(vendor_spec="tests/a.py", hostile="tests/b.py", real_system="tests/c.py")
BEST = Facts(
    source=False, destination=True, shipped=True, missing="", undocumented=(), silent=(), refused_values=True,
    live_check=True, mapping=True, backfill=False, sets_up=True, not_offered={}, proof=PROVEN,
)  # fmt: skip


def test_a_tier_falls_with_the_first_fact_it_needs():
    assert tier_of(judge(BEST)) == "gold"
    assert tier_of(judge(replace(BEST, mapping=False))) == "silver"
    assert tier_of(judge(replace(BEST, live_check=False))) == "bronze"
    # what is missing below is not made good by what is there above
    assert tier_of(judge(replace(BEST, missing="no sample"))) == "none"


def test_what_is_missing_for_the_next_tier_is_told():
    following, missing = wanting(judge(replace(BEST, proof=Proof())))
    assert following == "silver"
    assert [verdict.rule for verdict in missing] == ["vendor", "hostile"]
    assert wanting(judge(BEST)) == ("gold", [])


def test_a_rule_that_cannot_be_had_is_spared_with_its_reason():
    spared = replace(BEST, sets_up=False, not_offered={"properties": "its API makes none"})
    [verdict] = [one for one in judge(spared) if one.rule == "set_up"]
    assert (verdict.state, verdict.said) == ("exempt", "its API makes none")
    without = Proof(hostile="tests/b.py", real_system="tests/c.py", exempt={"vendor": "it publishes none"})
    assert tier_of(judge(replace(BEST, proof=without))) == "gold"


def test_it_says_what_it_was_proven_against():
    assert PROVEN.against == ("real system", "vendor spec")
    assert Proof().against == ("double from documentation",)
