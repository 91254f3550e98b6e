"""What users of peer projects ran into, made again as small inputs of our own. Each names the public report."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hub.mapping.expression import PROFILE, ExpressionError, compile_expression
from hub.mapping.expression.when import compile_condition
from hub.mapping.overrides import OwnFields, compile_overrides, decide
from tests.unit.mapping.expression.test_expression import ANNA, TABLES

CRM = OwnFields(("company", "phone"), kept=("id",))


@pytest.mark.parametrize(
    ("report", "text", "data", "value"),
    [
        (
            "jmespath/jmespath.py#169: a number beside a text is no crash",
            "[?id < '2']",
            [{"id": 1}, {"id": "1"}],
            [{"id": "1"}],
        ),
        ("jmespath/jmespath.py#117: a list beside nothing is no crash", "@ < A", [], None),
        ("jmespath/jmespath.js#51: texts compare with texts only", "`0` < 'a'", {}, None),
        ("jmespath-community/jmespath.spec#168: null in, null out", "ceil(a)", {"a": None}, None),
        ("prowler-cloud/prowler#287: contains of what is absent", "contains(a, 'x')", {}, None),
        (
            "jmespath/jmespath.jep#24: arithmetic and concat",
            "concat(add(a, b), ' EUR')",
            {"a": 1, "b": "0.50"},
            "1.50 EUR",
        ),
        (
            "nkdAgility/azure-devops-migration-tools#2595: a table is asked with null",
            "lookup('stages', a)",
            {"a": None},
            None,
        ),
        (
            "Esri/data-assistant#149: what is not in the table has the other value",
            "lookup('stages', a, `7`)",
            {"a": ""},
            7,
        ),
        ("CDCgov/prime-reportstream#3793: nothing is not the text null", "concat(a, b)", {"a": None}, None),
        ("crits/crits#751: nothing is not the text None", "join(' ', [a, b])", {"b": "x"}, "x"),
    ],
)
def test_data_that_was_a_fault_elsewhere(report: str, text: str, data: Any, value: Any) -> None:
    assert compile_expression(text, tables=TABLES).read(data) == value, report


@pytest.mark.parametrize(
    ("report", "text", "said"),
    [
        ("jmespath/jmespath.py#138: a bare number", "orders.count==100", "`100`"),
        ("jmespath/jmespath.py#199: a text in double quotes finds nothing", 'suppressed=="true"', "single quotes"),
        ("jmespath/jmespath.php#26: double quotes are taken silently", 'emails[?@ == "bar"]', "single quotes"),
        ("jmespath/jmespath.js#85: a number in single quotes", "orders.count >= '500'", "one stands in backticks"),
        ("jmespath/jmespath.js#28: types are told by number", "lower(emails)", "lower takes a text; emails is a list"),
    ],
)
def test_an_expression_that_was_misread_elsewhere_is_refused_with_the_right_way(
    report: str, text: str, said: str
) -> None:
    with pytest.raises(ExpressionError) as raised:
        compile_expression(text, PROFILE)
    assert said in str(raised.value), report
    with pytest.raises(ExpressionError):
        compile_condition(text)


def test_a_default_is_written_there_and_never_read_back_as_a_value() -> None:
    """mautic/mautic#4718: "Unknown" was written for an empty company and came back as the company's name."""
    compiled, faults = compile_overrides({"fields": {"company": {"value": "company", "default": "Unknown"}}}, CRM)
    assert faults == []
    assert compiled.people.apply(ANNA, {}).values == {"company": "Unknown"}
    assert ANNA.company is None


@pytest.mark.parametrize(
    ("report", "rule", "wrote", "there", "decided"),
    [
        ("mautic/mautic#10022: blank there is filled", "only_if_empty", None, "", "write"),
        ("mautic/mautic#10022: what stands there stays", "only_if_empty", None, "typed", "leave"),
        ("Atlas-Authority/marketing-automation#64: emptied by a person", "never_after_edit", "x", None, "leave"),
        ("Atlas-Authority/marketing-automation#64: never filled", "never_after_edit", None, None, "write"),
    ],
)
def test_what_people_typed_there_was_overwritten_elsewhere(
    report: str, rule: Any, wrote: Any, there: Any, decided: str
) -> None:
    assert decide(rule, wrote=wrote, there=there, is_read=True, is_new=False) == decided, report


def test_a_number_of_a_custom_field_keeps_its_digits() -> None:
    """A total of 0.1 and 0.2 is 0.3: amounts are never floating point."""
    found = compile_expression("add(a, b)").read({"a": "0.1", "b": Decimal("0.2")})
    assert found == Decimal("0.3")
