"""The model as text and in Splink's format, there and back."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict, fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import ConfigError, PayloadError
from hub.learning.splink_model import COLUMNS, dumped, from_splink, loaded, to_splink
from hub.matching.weights import Model, Weights
from tests.support.examples import examples

NAMES = [field.name for field in fields(Weights)]
BITS = st.floats(-30, 30).map(lambda bits: round(bits, 6))
MODELS = st.builds(
    Model,
    weights=st.fixed_dictionaries(dict.fromkeys(NAMES, BITS)).map(lambda told: Weights(**told)),
    population=st.integers(2, 10**7).map(float),
    first=st.dictionaries(st.text(max_size=5), BITS, max_size=3),
    last=st.dictionaries(st.text(max_size=5), BITS, max_size=3),
    same=BITS,
    ask=BITS,
)
TRAINED = Model(
    weights=Weights(first_different=-2.661203, birth_different=-3.852, bound_door=5.01495, bound_shared=0.25),
    population=1000.0,
    same=4.5,
)


@given(MODELS)
@settings(max_examples=examples(30), deadline=None)
def test_text_tells_the_whole_model(model: Model) -> None:
    assert loaded(dumped(model)) == model


def test_one_model_is_one_text_whatever_the_order_of_its_names() -> None:
    one = Model(first={"anna": 4.0, "ida": 9.5})
    other = Model(first={"ida": 9.5, "anna": 4.0})
    assert dumped(one) == dumped(other)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("{", ""),
        ("[]", "format"),
        ('{"format": 2}', "format"),
        ('{"format": 1, "weights": {"first_exakt": 1}}', "weights.first_exakt"),
        ('{"format": 1, "weights": {"first_exact": "8"}}', "weights.first_exact"),
        ('{"format": 1, "weights": {"first_exact": NaN}}', "weights.first_exact"),
        ('{"format": 1, "weights": []}', "weights"),
        ('{"format": 1, "first": {"geheim": null}}', "first"),
        ('{"format": 1, "population": 1}', "population"),
        ('{"format": 1, "same": true}', "same"),
    ],
)
def test_a_text_that_is_no_model_is_refused_with_its_path_and_no_value(text: str, path: str) -> None:
    with pytest.raises(PayloadError) as refused:
        loaded(text)
    assert refused.value.path == path
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize("model", [Model(), TRAINED], ids=["shipped", "trained"])
def test_splinks_format_tells_every_weight_and_threshold(model: Model) -> None:
    assert from_splink(json.loads(json.dumps(to_splink(model)))) == model


def test_frequencies_stay_behind_and_come_from_the_base() -> None:
    model = replace(TRAINED, first={"anna": 4.0}, city={"berlin": 2.5})
    assert from_splink(to_splink(model)) == TRAINED
    assert from_splink(to_splink(model), model) == model


@given(st.fixed_dictionaries(dict.fromkeys(NAMES, st.floats(-12, 12).map(lambda bits: round(bits, 6)))))
@settings(max_examples=examples(30), deadline=None)
def test_any_weights_travel_as_probabilities(told: dict[str, float]) -> None:
    model = Model(weights=Weights(**told))
    sent = to_splink(model)
    levels = [level for comparison in sent["comparisons"] for level in comparison["comparison_levels"][1:]]
    assert all(0 < level[name] <= 1 for level in levels for name in ("m_probability", "u_probability"))
    assert asdict(from_splink(sent).weights) == pytest.approx(asdict(model.weights), abs=1e-6)


def test_probabilities_add_up() -> None:
    for comparison in to_splink(Model())["comparisons"]:
        for name in ("m_probability", "u_probability"):
            total = sum(level[name] for level in comparison["comparison_levels"][1:])
            assert total == pytest.approx(1, abs=0.01), (comparison["output_column_name"], name)


def people_table(connection: Any) -> None:
    anna: dict[str, str] = {"first_name": "anna", "last_name": "berg", "postal": "10969", "birth_date": "1980-04-17"}
    rows = [
        anna | {"unique_id": "1", "email": "anna@example.de", "email_name": "anna"},
        anna | {"unique_id": "2", "email": "anna@example.de", "email_name": "anna"},
        anna | {"unique_id": "3", "first_name": "bernd", "birth_date": "1951-02-03"},
    ]
    connection.execute(f"CREATE TABLE people ({', '.join(f'{name} VARCHAR' for name in COLUMNS)})")
    for row in rows:
        values = [row.get(name) for name in COLUMNS]
        connection.execute(f"INSERT INTO people VALUES ({', '.join('?' * len(values))})", values)


def linker(settings: dict[str, Any]) -> Any:
    import duckdb
    from splink import DuckDBAPI, Linker

    logging.getLogger("splink").setLevel(logging.ERROR)
    connection = duckdb.connect()
    people_table(connection)
    return Linker(DuckDBAPI(connection).register("people"), settings, log_level=None)


def test_splink_predicts_with_what_hub_wrote_and_writes_it_back_unharmed() -> None:
    told = linker(to_splink(TRAINED))
    pairs = {
        (row["unique_id_l"], row["unique_id_r"]): row["match_weight"]
        for row in told.inference.predict().as_record_list()
    }
    assert pairs[("1", "2")] > 4 > 0 > pairs[("2", "3")]
    assert from_splink(told.misc.save_model_to_json()) == TRAINED


def test_splink_refuses_a_key_it_does_not_know() -> None:
    """Why what only Hub can say travels in a label."""
    with pytest.raises(TypeError, match="hub"):
        linker({**to_splink(Model()), "hub": 1})


def test_records_that_are_nearly_all_alike_are_a_population_still() -> None:
    settings = {**to_splink(Model()), "probability_two_random_records_match": 0.99999999}
    assert from_splink(settings).population == 1.0


def test_a_teams_own_model_is_read_by_names_and_levels() -> None:
    team = {
        "probability_two_random_records_match": 1 / 1025,
        "comparisons": [
            {
                "output_column_name": "surname",
                "comparison_levels": [
                    {"sql_condition": "surname_l IS NULL", "is_null_level": True, "label_for_charts": "NULL"},
                    {"sql_condition": "surname_l = surname_r", "label_for_charts": "Exact match on surname",
                     "m_probability": 0.5, "u_probability": 0.5 / 512},
                    {"sql_condition": "ELSE", "label_for_charts": "All other comparisons", "m_probability": 0.125,
                     "u_probability": 1.0},
                ],
            },
            {
                "output_column_name": "email",
                "comparison_levels": [
                    {"sql_condition": "email_l = email_r", "label_for_charts": "exact", "m_probability": 0.5,
                     "u_probability": 0.5 / 2**16},
                    {"sql_condition": "ELSE", "m_probability": "level not observed in training dataset",
                     "u_probability": 1.0},
                ],
            },
        ],
    }  # fmt: skip
    assert from_splink(team) == Model(
        population=1024.0, weights=Weights(last_exact=9.0, last_different=-3.0, bound_email=6.0)
    )


def test_everything_unknown_in_a_model_is_named() -> None:
    team = {
        "probability_two_random_records_match": 2,
        "comparisons": [
            "first_name",
            {"output_column_name": "shoe_size", "comparison_levels": []},
            {
                "output_column_name": "first_name",
                "comparison_levels": [
                    {"sql_condition": "x", "label_for_charts": "rhymes", "m_probability": 1, "u_probability": 1},
                    {"sql_condition": "y", "label_for_charts": "typo"},
                    None,
                ],
            },
        ],
    }
    with pytest.raises(ConfigError) as refused:
        from_splink(team)
    assert [fault.partition("; ")[0] for fault in refused.value.faults] == [
        "probability_two_random_records_match: not a number between 0 and 1",
        "comparisons.0: not an object",
        "comparisons.1: no such comparison: 'shoe_size'",
        "comparisons.2 (first_name).comparison_levels.0: no such level: 'rhymes'",
        "comparisons.2 (first_name).comparison_levels.1.m_probability: not trained: no number from 0 to 1",
        "comparisons.2 (first_name).comparison_levels.2: not an object",
    ]


@pytest.mark.parametrize("settings", [{}, {"probability_two_random_records_match": 0.1, "comparisons": "all"}])
def test_what_is_no_model_of_splinks_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="comparisons: not a list"):
        from_splink(settings)
