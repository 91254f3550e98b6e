"""A new connector passes the kit, ruff and mypy before its first edit, whatever its role and authentication."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.sdk import registry
from hub.sdk.scaffold import TEMPLATES, scaffold
from hub.sdk.testkit.kit import checks_of, load_folder

ROOT = Path(__file__).parents[3]
PAIRS = [(role, auth) for role in ("source", "destination") for auth in ("hmac", "bearer")]


def name_of(role: str, auth: str) -> str:
    return f"acme_{role}_{auth}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("connectors")
    for role, auth in PAIRS:
        scaffold(name_of(role, auth), role=role, auth=auth, directory=directory)
    return directory


@pytest.mark.parametrize(("role", "auth"), PAIRS)
def test_a_new_connector_passes_the_kit(folder: Path, role: str, auth: str):
    case = load_folder(folder / name_of(role, auth))
    assert case.manifest.slug == name_of(role, auth)
    assert sorted(case.manifest.roles) == [role]
    checks = checks_of(case)
    assert len(checks) > 30
    for check in checks:
        check.run()


@pytest.mark.parametrize(
    "command",
    [
        ("ruff", "check", "--no-cache", "--config", "pyproject.toml"),
        ("ruff", "format", "--no-cache", "--check", "--config", "pyproject.toml"),
        ("mypy", "--config-file", "pyproject.toml", "--cache-dir", "/dev/null"),
    ],
    ids=("ruff-check", "ruff-format", "mypy"),
)
def test_a_new_connector_is_clean(folder: Path, command: tuple[str, ...]):
    tool, *options = command
    folders = [str(folder / name_of(role, auth)) for role, auth in PAIRS]
    run = [sys.executable, "-m", tool, *options, *folders]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_new_connector_is_one_folder_and_keeps_the_import_contracts(tmp_path: Path):
    # given a tree of its own, in which nothing but the folders of a new source and a new destination is added
    tree = tmp_path / "tree"
    shutil.copytree(ROOT / "hub", tree / "hub", ignore=shutil.ignore_patterns("*.pyc", "samples", "node_modules"))
    before = {path for path in tree.rglob("*") if path.is_file()}
    added = [name_of(role, auth) for role, auth in PAIRS if auth == "hmac"]
    for name, (role, auth) in zip(added, [pair for pair in PAIRS if pair[1] == "hmac"], strict=True):
        scaffold(name, role=role, auth=auth, directory=tree / "hub" / "connectors")
    news = {path.relative_to(tree / "hub" / "connectors").parts[0] for path in tree.rglob("*") if path.is_file()
            and path not in before}  # fmt: skip
    assert news == set(added)
    # when the contracts of imports are checked there
    linter = Path(sys.executable).with_name("lint-imports")
    settings = ("--no-cache", "--config", str(ROOT / "pyproject.toml"))
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    run = partial(subprocess.run, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    done = run([linter, *settings])
    # then they are kept, and it is that tree that was looked at: a connector that sees too much breaks them
    assert done.returncode == 0, done.stdout + done.stderr
    (tree / "hub" / "connectors" / added[0] / "mapping.py").write_text("import hub.store.database\n", encoding="utf-8")
    broken = run([linter, *settings, "--contract", "connector-view"])
    assert broken.returncode != 0
    assert added[0] in broken.stdout


@pytest.mark.parametrize(("role", "auth"), PAIRS)
def test_no_word_of_the_template_is_left(folder: Path, role: str, auth: str):
    for path in (folder / name_of(role, auth)).rglob("*"):
        if path.is_file() and path.suffix != ".pyc":
            text = path.read_text(encoding="utf-8")
            assert "new_connector" not in text, path
            assert "New Connector" not in text, path


def test_templates_are_neither_connectors_nor_tests():
    assert not {path.name for path in TEMPLATES.iterdir()} & set(registry.slugs())
    assert not [path for path in TEMPLATES.rglob("*.py") if path.name.startswith("test_")]


def test_every_fault_is_named_and_nothing_is_overwritten(tmp_path: Path):
    (tmp_path / "Acme-POS").mkdir()
    with pytest.raises(ConfigError) as caught:
        scaffold("Acme-POS", role="sink", auth="none", directory=tmp_path)
    assert caught.value.faults == [
        "name: 'Acme-POS' is not made of small letters, digits and single underscores",
        "role: 'sink' is neither source nor destination",
        "auth: 'none' is neither hmac nor bearer",
        f"{tmp_path / 'Acme-POS'}: exists already",
    ]
    assert list((tmp_path / "Acme-POS").iterdir()) == []
