"""docs/architecture.md and docs/extending.md name what is there: files, functions, floors."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
EXTENDING = (ROOT / "docs/extending.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`((?:hub|tests|config)/[\w./]+?)(?:::(\w+))?`")
MOST_FILES = 15
"""What a newcomer opens for one order, from ``receive`` to ``send``."""


def walk() -> list[tuple[str, str]]:
    """File and function of each numbered step."""
    return re.findall(r"^\d+\. `(hub/[\w./]+)::(\w+)`", ARCHITECTURE, re.MULTILINE)


def floors() -> list[str]:
    """The layers of import-linter, from the top down."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    [layers] = [each["layers"] for each in project["tool"]["importlinter"]["contracts"] if each["id"] == "layers"]
    return list(layers)


@pytest.mark.parametrize(("path", "name"), sorted(set(NAMED.findall(ARCHITECTURE + EXTENDING))))
def test_what_a_page_names_is_there(path: str, name: str) -> None:
    file = ROOT / path
    assert file.exists()
    if name:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        assigned = [node.targets[0] for node in tree.body if isinstance(node, ast.Assign)]
        assigned += [node.target for node in tree.body if isinstance(node, ast.AnnAssign)]
        defined |= {target.id for target in assigned if isinstance(target, ast.Name)}
        assert name in defined


def test_one_order_is_followed_from_receive_to_send_in_few_files() -> None:
    steps = walk()
    assert steps[0][0].endswith("receive.py")
    assert steps[-1][0].endswith("send.py")
    assert len({path for path, _ in steps}) == len(steps) <= MOST_FILES


def test_each_step_is_led_to_by_one_before_it_or_by_an_edge() -> None:
    # the way reads off the imports: whoever follows it finds each file named in one that is known by then
    edges = [ROOT / "hub" / name for name in ("bootstrap.py", "workers/broker.py", "sdk/registry.py")]
    known = "".join(path.read_text(encoding="utf-8") for path in edges)
    for path, name in walk():
        module = path.removesuffix(".py").replace("/", ".")
        found = f"from {module} import" in known or name in known or "connectors" in module
        assert found, f"nothing leads to {path}"
        known += (ROOT / path).read_text(encoding="utf-8")


def test_the_floors_are_those_that_import_linter_checks() -> None:
    layers = floors()
    wanted = [[room.strip().strip("()") for room in layer.split("|")] for layer in layers]
    table = ARCHITECTURE.partition("## The floors")[2]
    told = [re.findall(r"`(\w+)`", line.split("|")[1]) for line in table.splitlines() if line.startswith("| `")]
    assert told == wanted


def test_what_decides_reads_no_store_because_of_where_it_stands() -> None:
    layers = floors()
    assert layers.index("matching") > next(number for number, layer in enumerate(layers) if "store" in layer)
