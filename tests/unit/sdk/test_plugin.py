"""The pytest plugin gives the kit to connectors outside this repository, and leaves other runs alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PASSING = "def test_nothing(): pass\n"


def pytest_in(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_a_plain_run_loads_nothing_of_the_kit(tmp_path: Path):
    (tmp_path / "test_plain.py").write_text(
        "import sys\ndef test_nothing(): assert not [m for m in sys.modules if m.startswith('hub.sdk.testkit.kit')]\n"
    )
    done = pytest_in(tmp_path)
    assert (done.returncode, "1 passed" in done.stdout) == (0, True), done.stdout


def test_the_option_adds_the_checks_of_a_connector(tmp_path: Path):
    (tmp_path / "test_plain.py").write_text(PASSING)
    done = pytest_in(tmp_path, "--hub-connector", "no_such_connector")
    assert done.returncode == 1
    assert "connector 'no_such_connector' does not exist" in done.stdout
    assert "1 failed, 1 passed" in done.stdout


def test_a_test_file_can_ask_for_a_connector(tmp_path: Path):
    (tmp_path / "test_acme.py").write_text(
        "from hub.sdk.testkit.plugin import contract_tests\ntest_contract = contract_tests('no_such_connector')\n"
    )
    done = pytest_in(tmp_path)
    assert done.returncode == 1
    assert "test_contract[no_such_connector]" in done.stdout
