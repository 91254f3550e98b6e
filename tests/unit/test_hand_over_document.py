"""docs/hand-over-and-consent.md: every test it names is there, and its example is right."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from hub.demo.both_ways import FUNNEL
from hub.insight.qualification_rules import compile_qualification

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/hand-over-and-consent.md").read_text(encoding="utf-8")


def test_every_rule_names_tests_that_exist() -> None:
    rows = re.findall(r"^\| ([^|]+) \| (`test_[^|]+) \|$", PAGE, re.MULTILINE)
    named = {name for _, tests in rows for name in re.findall(r"`(test_\w+)`", tests)}
    there = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert len(rows) > 20
    assert named - there == set()


def test_the_example_is_the_demos() -> None:
    [example] = re.findall(r"```yaml\n(qualification:.*?)```", PAGE, re.DOTALL)
    written = yaml.safe_load(example)["qualification"]
    assert compile_qualification(written)[1] == []
    assert written == FUNNEL
