"""The model as text, and as Splink's settings with trained parameters, both ways. Pure; Splink itself is not needed.

Splink (MIT) saves a model as its settings with an m and a u probability at every level (``linker.misc.
save_model_to_json``; https://moj-analytical-services.github.io/splink/api_docs/settings_dict_guide.html). A level's
match weight is log2(m / u), so weights that are bits of a level travel as they are; ``bound_*`` are log2 odds and
travel as bits over the prior, which is Splink's ``probability_two_random_records_match``.

Splink has no field for the bounds of a household, for levels that only Hub has, and for the thresholds. They stand
as JSON in the label of the address's null level: Splink 5.0 refuses settings with an unknown key and forgets a
description, but only shows labels, and writes them out again with a model that was trained further. Frequencies stay
behind: Splink counts its own from the data.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from math import isfinite, log2
from typing import Any

from hub.errors import ConfigError, PayloadError
from hub.matching.weights import Model, Weights

_FORMAT = 1
_EXTRA = "null. Hub: "
_HOLDER = "address"
_TABLES = ("first", "last", "postal", "city")
_NUMBERS = ("population", "same", "ask")
_WEIGHTS = frozenset(field.name for field in fields(Weights))
_NEVER = 1e-15
"""The probability used where Splink estimated 0, so that the weight stays finite."""

_EXACT = 9
"""Decimals of a weight that is computed from m / u: the ratio of two floats is no more exact."""


def dumped(model: Model) -> str:
    """The model as JSON text; ``loaded`` gives an equal one. The same model is always the same text."""
    document = {"format": _FORMAT, **asdict(model)}
    del document["prior"]
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def loaded(text: str) -> Model:
    """The model ``dumped`` wrote. A weight the text does not have is the shipped one.

    Raises PayloadError, naming the path, for a text that is no model.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise PayloadError("not JSON") from error
    if not isinstance(document, dict) or document.get("format") != _FORMAT:
        raise PayloadError(f"not a model of format {_FORMAT}", path="format")
    weights = _numbers(document.get("weights", {}), "weights")
    for name in weights:
        if name not in _WEIGHTS:
            raise PayloadError("no such weight", path=f"weights.{name}")
    numbers: dict[str, Any] = _numbers({name: document[name] for name in _NUMBERS if name in document}, "")
    if numbers.get("population", 2.0) < 2:
        raise PayloadError("fewer than 2", path="population")
    numbers.update({name: _numbers(document.get(name, {}), name) for name in _TABLES})
    return Model(weights=Weights(**weights), **numbers)


def _numbers(table: Any, path: str) -> dict[str, float]:
    if not isinstance(table, dict):
        raise PayloadError("not an object", path=path)
    for name, value in table.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            # The name of an entry in a table is personal data: the error gives the table only.
            raise PayloadError("not a finite number", path=path if path in _TABLES else f"{path}.{name}".lstrip("."))
    return {name: float(value) for name, value in table.items()}


@dataclass(frozen=True, slots=True)
class _Level:
    """``over``: bits over prior and weight for a weight that is odds; ``usual``: how often pairs of one person are so.

    The last level of a comparison is Splink's ELSE.
    """

    label: str
    weight: str
    sql: str = "ELSE"
    usual: float = 0.02
    over: float | None = None
    frequency: str = ""


def _equal(*columns: str) -> str:
    return " AND ".join(f"{column}_l = {column}_r" for column in columns)


def _typo(column: str, most: int = 1) -> str:
    return f"damerau_levenshtein({column}_l, {column}_r) <= {most}"


def _alike(column: str, least: float) -> str:
    return f"jaro_winkler_similarity({column}_l, {column}_r) >= {least}"


def _name(kind: str) -> tuple[_Level, ...]:
    column = f"{kind}_name"
    lengths = f"length({column}_l), length({column}_r)"
    initial = f"least({lengths}) = 1 AND left({column}_l, 1) = left({column}_r, 1)"
    return (
        _Level("exact", f"{kind}_exact", _equal(column), 0.8, frequency=column),
        *([_Level("initial", "initial", initial)] if kind == "first" else []),
        _Level("typo", f"{kind}_typo_most", f"least({lengths}) >= 3 AND {_typo(column)}", 0.08),
        _Level("close", f"{kind}_close", f"least({lengths}) >= 3 AND {_alike(column, 0.92)}"),
        _Level("far", f"{kind}_far", f"least({lengths}) >= 3 AND {_alike(column, 0.8)}"),
        _Level("different", f"{kind}_different"),
    )


_DAY, _MONTH, _YEAR = (f"substr(birth_date{{}}, {start})" for start in ("9, 2", "6, 2", "1, 4"))
_SAME_DAY, _SAME_MONTH, _SAME_YEAR = (f"{part.format('_l')} = {part.format('_r')}" for part in (_DAY, _MONTH, _YEAR))
_CROSSED = f"{_DAY.format('_l')} = {_MONTH.format('_r')} AND {_MONTH.format('_l')} = {_DAY.format('_r')}"
_TWO = f"({_SAME_YEAR} AND {_SAME_MONTH}) OR ({_SAME_YEAR} AND {_SAME_DAY})"

_COMPARISONS: dict[str, tuple[_Level, ...]] = {
    "first_name": _name("first"),
    "last_name": _name("last"),
    "birth_date": (
        _Level("exact", "birth_exact", _equal("birth_date"), 0.85),
        _Level("swapped", "birth_swapped", f"{_SAME_YEAR} AND {_CROSSED}"),
        _Level("digit", "birth_digit", _typo("birth_date"), 0.08),
        _Level("day_month", "birth_day_month", f"{_SAME_DAY} AND {_SAME_MONTH}"),
        _Level("two_parts", "birth_two_parts", _TWO),
        _Level("different", "birth_different"),
    ),
    "email": (
        _Level("exact", "bound_email", _equal("email"), 0.7, over=0.0),
        _Level("near", "email_near", _typo("email"), 0.05),
        _Level("local", "email_local", _equal("email_name")),
        _Level("different", "email_different"),
    ),
    "phone": (
        _Level("exact", "bound_phone", _equal("phone"), 0.7, over=0.0),
        _Level("near", "phone_near", _typo("phone"), 0.05),
        _Level("different", "phone_different"),
    ),
    "address": (
        _Level("door", "bound_door", f"{_equal('street', 'number')} AND ({_equal('postal')} OR {_equal('city')})",
               0.6, over=3.0),
        _Level("street", "street", f"{_equal('street')} AND ({_equal('postal')} OR {_equal('city')})"),
        _Level("postal", "postal", _equal("postal"), 0.1, frequency="postal"),
        _Level("city", "city", _equal("city"), 0.1, frequency="city"),
        _Level("different", "address_different"),
    ),
    "national_id": (
        _Level("exact", "bound_national_id", _equal("national_id"), 0.9, over=0.0),
        _Level("near", "national_id_near", _typo("national_id"), 0.05),
        _Level("different", "national_id_different"),
    ),
    "loyalty_id": (
        _Level("exact", "bound_loyalty", _equal("loyalty_id"), 0.8, over=0.0),
        _Level("different", "loyalty_different"),
    ),
}  # fmt: skip
"""First name and last name are compared separately, and the address as one: else Splink joins whole households."""

_NULL = {"address": "(postal_l IS NULL OR postal_r IS NULL) AND (city_l IS NULL OR city_r IS NULL)"}
_ALSO = {"surname": "last_name", "forename": "first_name", "dob": "birth_date", "date_of_birth": "birth_date"}
_RULES = ("email", "phone", "national_id", "birth_date", "first_name,last_name", "last_name,postal")
COLUMNS = (
    "unique_id", "first_name", "last_name", "birth_date", "email", "email_name", "phone", "street", "number", "postal",
    "city", "national_id", "loyalty_id",
)  # fmt: skip
"""The columns that a table needs for these settings: folded text, null where a value is missing, dates YYYY-MM-DD."""


def to_splink(model: Model) -> dict[str, Any]:
    """Settings with trained parameters for ``splink.Linker``: comparisons by feature, levels by Hub's names."""
    return {
        "link_type": "dedupe_only",
        "probability_two_random_records_match": 1 / (1 + model.population),
        "comparisons": [_comparison(feature, levels, model) for feature, levels in _COMPARISONS.items()],
        "blocking_rules_to_generate_predictions": [
            {"blocking_rule": " AND ".join(f"l.{column} = r.{column}" for column in rule.split(","))} for rule in _RULES
        ],
    }


def _comparison(feature: str, levels: tuple[_Level, ...], model: Model) -> dict[str, Any]:
    null = _NULL.get(feature, f"{feature}_l IS NULL OR {feature}_r IS NULL")
    label = _EXTRA + _extra(model) if feature == _HOLDER else "null"
    bits = [_over(level, model) + float(getattr(model.weights, level.weight)) for level in levels]
    trained = [
        {
            "sql_condition": level.sql,
            "label_for_charts": level.label,
            "m_probability": m,
            "u_probability": u,
            **({"tf_adjustment_column": level.frequency} if level.frequency else {}),
        }
        for level, (m, u) in zip(levels, _probabilities(levels, bits), strict=True)
    ]
    return {
        "output_column_name": feature,
        "comparison_levels": [{"sql_condition": null, "label_for_charts": label, "is_null_level": True}, *trained],
    }


def _over(level: _Level, model: Model) -> float:
    return 0.0 if level.over is None else model.prior + level.over


def _probabilities(levels: tuple[_Level, ...], bits: list[float]) -> list[tuple[float, float]]:
    """The (m, u) of each level with these bits; all m, and all u, add up to one where the bits allow it.

    ``usual`` gives every m up to one common factor. The factor follows from the last level, which takes what remains.
    """
    shape = [min(level.usual, 0.1 * 2**weight) for level, weight in zip(levels, bits, strict=True)][:-1]
    chance = [m / 2**weight for m, weight in zip(shape, bits, strict=False)]
    rest = 2 ** bits[-1]
    factor = (1 - rest) / max(sum(shape) - rest * sum(chance), 1e-9)
    factor = min(max(factor, 1e-3), 0.999 / sum(chance), 0.999 / sum(shape))
    last = min(1 - factor * sum(chance), 1 / rest)
    return [(factor * m, factor * u) for m, u in zip(shape, chance, strict=True)] + [(last * rest, last)]


def _extra(model: Model) -> str:
    expressed = {level.weight for levels in _COMPARISONS.values() for level in levels}
    weights = {name: bits for name, bits in asdict(model.weights).items() if name not in expressed}
    return json.dumps({"format": _FORMAT, "same": model.same, "ask": model.ask, "weights": weights}, sort_keys=True)


def from_splink(settings: Mapping[str, Any], base: Model | None = None) -> Model:
    """The model of Splink settings: those of ``to_splink``, trained further or not, or a team's own.

    A comparison is named by ``output_column_name``, a level by ``label_for_charts``; Splink's "Exact match on ..." is
    ``exact``, its ELSE ``different``. A level that Splink did not observe, and all that the settings lack, is taken
    from ``base`` (the shipped model).

    Raises ConfigError with every comparison and level that Hub does not know or that has no parameters.
    """
    base = base or Model()
    faults: list[str] = []
    chance = settings.get("probability_two_random_records_match")
    if not isinstance(chance, int | float) or not 0 < chance < 1:
        faults.append("probability_two_random_records_match: not a number between 0 and 1")
        chance = 1 / (1 + base.population)
    # Where nearly all records are alike the chance rounds to certainty, of which there is no logarithm.
    model = replace(base, population=max(round(1 / chance - 1, 6), 1.0))
    comparisons = settings.get("comparisons")
    if not isinstance(comparisons, list):
        raise ConfigError([*faults, "comparisons: not a list"])
    weights: dict[str, float] = {}
    for place, comparison in enumerate(comparisons):
        path = f"comparisons.{place}"
        if not isinstance(comparison, dict):
            faults.append(f"{path}: not an object")
            continue
        weights.update(_weights_of(comparison, model, path, faults))
    if faults:
        raise ConfigError(faults)
    extra = next((hubs_own for comparison in comparisons if (hubs_own := _hub_extra(comparison))), None)
    if extra:
        model = replace(model, same=extra.same, ask=extra.ask, weights=extra.weights)
    return replace(model, weights=replace(model.weights, **weights))


def _hub_extra(comparison: Mapping[str, Any]) -> Model | None:
    for level in comparison.get("comparison_levels") or ():
        label = str(level.get("label_for_charts") or "")
        if label.startswith(_EXTRA):
            return loaded(label.removeprefix(_EXTRA))
    return None


def _weights_of(comparison: Mapping[str, Any], model: Model, path: str, faults: list[str]) -> dict[str, float]:
    """The weights of one comparison, in bits by name. Its faults are added to ``faults``."""
    name = str(comparison.get("output_column_name"))
    known = {level.label: level for level in _COMPARISONS.get(_ALSO.get(name, name), ())}
    if not known:
        faults.append(f"{path}: no such comparison: {name!r}; Hub knows {', '.join(_COMPARISONS)}")
        return {}
    weights = {}
    for place, level_settings in enumerate(comparison.get("comparison_levels") or ()):
        where = f"{path} ({name}).comparison_levels.{place}"
        if not isinstance(level_settings, dict):
            faults.append(f"{where}: not an object")
            continue
        label = _label(level_settings)
        if level_settings.get("is_null_level"):
            continue
        if label not in known:
            faults.append(f"{where}: no such level: {label!r}; Hub knows {', '.join(known)}")
            continue
        bits = _bits(level_settings, where, faults)
        if bits is not None:
            level = known[label]
            weights[level.weight] = round(bits - _over(level, model), _EXACT)
    return weights


def _label(level_settings: Mapping[str, Any]) -> str:
    label = str(level_settings.get("label_for_charts") or "")
    if label.lower().startswith("exact match"):
        return "exact"
    return "different" if str(level_settings.get("sql_condition")).strip().upper() == "ELSE" else label


def _bits(level_settings: Mapping[str, Any], path: str, faults: list[str]) -> float | None:
    m, u = level_settings.get("m_probability"), level_settings.get("u_probability")
    if "level not observed in training dataset" in (m, u):
        return None
    for name, value in (("m_probability", m), ("u_probability", u)):
        if not isinstance(value, int | float) or not 0 <= value <= 1:
            faults.append(f"{path}.{name}: not trained: no number from 0 to 1")
            return None
    assert isinstance(m, int | float)
    assert isinstance(u, int | float)
    return log2(max(m, _NEVER) / max(u, _NEVER))
