"""A dead process of this machine is told from a living one, and from one elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hub.workers.owner import is_dead, owner_name


def of_process(pid: int) -> str:
    machine, _, token = owner_name().rsplit(":", 2)
    return f"{machine}:{pid}:{token}"


def test_a_process_that_ended_is_dead():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert is_dead(of_process(ended.pid), owner_name())


def test_a_process_that_runs_is_alive():
    assert not is_dead(of_process(os.getppid()), owner_name())


def test_a_process_of_another_machine_is_not_judged():
    assert not is_dead("elsewhere/pid:[1]:999999999:0badc0de", owner_name())


def test_an_earlier_process_of_my_number_is_dead_and_i_am_not():
    myself = owner_name()
    assert (is_dead(owner_name(), myself), is_dead(myself, myself)) == (True, False)


@pytest.mark.skipif(not Path("/proc/sys/kernel/random/boot_id").exists(), reason="Linux tells it")
def test_another_machine_of_the_same_name_is_not_judged():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    there = of_process(ended.pid)
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    assert boot in there
    assert not is_dead(there.replace(boot, "0badc0de-0000-4000-8000-000000000000"), owner_name())
