"""What goes on in the background: once at a time for a thing, a few at once, and its fault is kept."""

from __future__ import annotations

import threading
import time

import pytest

from hub.console.jobs import MOST, Job, Jobs
from hub.errors import RefusedError


def ended(job: Job) -> Job:
    give_up = time.monotonic() + 10
    while job.running and time.monotonic() < give_up:
        time.sleep(0.005)
    assert not job.running
    return job


def test_what_is_begun_twice_goes_on_once() -> None:
    jobs, going = Jobs(), threading.Event()
    first = jobs.start("history", "anna", lambda _: going.wait(10), about="shop")
    again = jobs.start("history", "bert", lambda _: 1 / 0, about="shop")
    assert again is first
    going.set()
    assert ended(first).result is True
    assert jobs.start("history", "bert", lambda _: 7, about="shop") is not first


def test_only_so_many_go_on_at_once() -> None:
    jobs, going = Jobs(), threading.Event()
    begun = [jobs.start("test", "anna", lambda _: going.wait(10), about=str(number)) for number in range(MOST)]
    with pytest.raises(RefusedError, match="busy"):
        jobs.start("test", "anna", lambda _: None, about="one more")
    going.set()
    for job in begun:
        ended(job)
    assert ended(jobs.start("test", "anna", lambda _: 1, about="one more")).result == 1


def test_a_fault_is_told_and_a_bug_without_its_text() -> None:
    def refused(_: Job) -> None:
        raise RefusedError("the vendor says no")

    def bug(_: Job) -> None:
        raise ValueError("anna@example.de")

    jobs = Jobs()
    assert ended(jobs.start("test", "anna", refused)).fault == "the vendor says no"
    fault = ended(jobs.start("test", "anna", bug)).fault
    assert "ValueError" in fault
    assert "anna@" not in fault


def test_the_newest_of_a_kind_is_found_and_an_unknown_one_is_none() -> None:
    jobs = Jobs()
    one = ended(jobs.start("test", "anna", lambda _: 1, about="shop"))
    two = ended(jobs.start("test", "anna", lambda _: 2, about="shop"))
    assert jobs.latest("test", "shop") is two
    assert jobs.latest("test", "crm") is None
    assert jobs.get(one.id) is one
