"""A new kind of identifier is a row in ``kinds.py`` and whatever tells its values: all else follows from the row."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from hub.matching.kinds import COUNTED, KINDS
from hub.matching.weights import Model, bound_of

ROOT = Path(__file__).parents[2]
MOST_FILES = 3

EDITS = {
    "hub/matching/kinds.py": (
        "\n    accounts: Values = field(",
        """
    vat_ids: Values = field(default=(), metadata={"row": Kind(
        name="vat_id", noun="VAT number", place=16, bound=7.0, different=-3.0, max_per_person=1,
    )})  # fmt: skip
    accounts: Values = field(""",
    ),
    "hub/mapping/customer.py": (
        "identifiers=tuple(identifiers),",
        "identifiers=(*identifiers, *(Identifier(kind='vat_id', value=text) for text in fields.get('vat_id', ()))),",
    ),
}
"""By file: a text that stands there once, and what stands there with the new kind."""

PROOF = """
from datetime import UTC, datetime

from hub.learning import changes, splink_model, training
from hub.mapping.customer import customer
from hub.mapping.record_state import apply_customer
from hub.matching.blocking import buckets, keys
from hub.matching.clustering import cluster, crowds
from hub.matching.features import features_of
from hub.matching.packing import packed, unpacked
from hub.matching.rules import IdentityRules
from hub.matching.scoring import SHARED, score
from hub.matching.version import identity
from hub.matching.weights import Model
from hub.matching.wording import lines
from hub.model.event import CustomerEvent
from hub.model.identifier import RecordKey
from hub.profiles.view import IDENTIFIER_KINDS
from hub.rules import dumped, load_rules

RULES = IdentityRules()


def told(number, **fields):
    state = {}
    known = customer(RecordKey(kind="customer", external_id=str(number)), {k: (v,) for k, v in fields.items()})
    event = CustomerEvent(occurred_at=datetime(2026, 1, 1, tzinfo=UTC), customer=known)
    apply_customer(state, event, [1, 1, number])
    return state


def clusters(*states, rules=RULES):
    people = {number: features_of(state, rules) for number, state in enumerate(states)}
    return cluster(people, identity(rules).model, rules).groups


shop = told(1, first_name="Ada", last_name="Nowak", email="ada@example.com", vat_id="DE123456789")
till = told(2, email="buero.nowak@example.org", vat_id="DE123456789")
other = told(3, email="info.berg@example.net", vat_id="DE987654321")

# joined by it, and by nothing else
assert clusters(shop, till, other) == [[0, 1], [2]]
off = load_rules("identifiers: {vat_id: {strength: off}}").identity
assert clusters(shop, till, rules=off) == [[0], [1]]

# packed and unpacked; what was packed before the kind came is made anew
ada = features_of(shop, RULES)
assert ada.vat_ids == ("DE123456789",) and unpacked(packed(ada)) == ada
try:
    unpacked("3")
except ValueError:
    pass
else:
    raise AssertionError("text from before the kind is still read")

# counted: what many carry is found under its key, and proves nothing
many = {
    number: features_of(told(number, first_name=name, vat_id="DE1"), RULES)
    for number, name in enumerate(
        ("Anna", "Bruno", "Clara", "Dieter", "Emil", "Frieda", "Georg", "Hilde", "Igor", "Jutta", "Karl", "Lotte")
    )
}
assert ("vat_id", "vat_id:DE1") in keys(many[0])
crowd = crowds(buckets(many), many)
assert crowd == {"vat_id:DE1": SHARED}, crowd
assert clusters(*(told(n, vat_id="DE1", company=f"Firm {n}") for n in range(2))) == [[0, 1]]
assert [(e.feature, e.level) for e in score(many[0], many[1], Model(), crowd).evidence if e.feature == "vat_id"] == [
    ("vat_id", "shared")
]

# named in the rules: order of trust, limits, blocked values
rules = load_rules("identifiers: {phone: {}, vat_id: {max_people: 2, max_per_person: 3, blocked: [DE0]}}").identity
assert rules.order["phone"] < rules.order["vat_id"]
assert rules.identifiers["vat_id"].max_per_person == 3
assert features_of(told(1, vat_id="DE0"), rules).vat_ids == ()
assert IdentityRules.model_validate(rules.model_dump(mode="json")) == rules
assert "vat_id" in IDENTIFIER_KINDS

# said in words
model = Model()
for one, two, crowd, sentence in (
    (shop, till, {}, "the same VAT number: DE123456789"),
    (shop, other, {}, "two VAT numbers: DE123456789 and DE987654321"),
    (shop, till, {"vat_id:DE123456789": SHARED}, "the same VAT number, but so many share it that it proves nothing: "),
):
    found = score(features_of(one, RULES), features_of(two, RULES), model, crowd)
    said = [line.text for line in lines(one, two, found, model, RULES, crowd)]
    assert any(text.startswith(sentence) for text in said), said

# weighed, trained, and told of
assert model.weights.bound_vat_id == 7.0 and model.weights.vat_id_different == -3.0
assert splink_model.loaded(splink_model.dumped(model)) == model
assert training._NAMES["vat_id", "exact"] == "bound_vat_id"
assert changes._NAMES["bound_vat_id"] == "a shared VAT number on its own"
print("proven")
"""


def test_a_new_identifier_kind_touches_at_most_three_files(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    shutil.copytree(ROOT / "hub", tree / "hub", ignore=shutil.ignore_patterns("__pycache__"))
    for path, (before, after) in EDITS.items():
        text = (tree / path).read_text()
        assert text.count(before) == 1, path
        (tree / path).write_text(text.replace(before, after))
    assert len(EDITS) <= MOST_FILES
    proof = tmp_path / "proof.py"
    proof.write_text(PROOF)
    ran = subprocess.run(
        [sys.executable, str(proof)],
        env={**os.environ, "PYTHONPATH": str(tree)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "proven\n"


def test_every_kind_that_is_counted_has_a_weight_for_a_shared_value() -> None:
    missing = [name for name in sorted(COUNTED) if not hasattr(Model().weights, bound_of(name))]
    assert missing == []


def test_every_kind_has_a_place_of_its_own_in_packed_text() -> None:
    places = [kind.place for kind in KINDS]
    assert len(set(places)) == len(places)
