"""What the laws of all mailing systems cannot know about listmonk, from what its field reports tell."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
import pytest

from hub.connectors.listmonk.manifest import MANIFEST, ListmonkSettings
from hub.connectors.listmonk.schemas import Subscriber
from tests.support.mailing import Post, before
from tests.support.mailing.listmonk import ListmonkDouble

PEOPLE = [UUID(int=0xD000 + number) for number in range(120)]
MAIL = "anna@example.com"


def sent(post: Post, path: str) -> list[Any]:
    return [orjson.loads(one.content) for one in post.hostile.told if one.url.path == f"/api/subscribers/{path}"]


def test_what_is_told_again_and_again_overwrites_no_unsubscription() -> None:
    # knadh/listmonk#2008, #2452, #2496: an import of what was there already reset who had unsubscribed
    post = before("listmonk")
    assert isinstance(post.double, ListmonkDouble)
    post.told(PEOPLE[0], MAIL, language="de")
    post.settle()
    [contact] = post.double.owned(PEOPLE[0])
    # given somebody who leaves one of two lists
    contact.lists, post.double.left[contact.id] = {"3"}, {"7"}
    for first in ("Änne", "Anja"):
        post.told(PEOPLE[0], MAIL, first=first, language="de", at=post.double.now)
        post.settle()
    assert (contact.lists, post.double.left[contact.id]) == ({"3"}, {"7"})
    # also when they leave the segment and are back in it
    for language in ("en", "de"):
        post.told(PEOPLE[0], MAIL, language=language, at=post.double.now)
        post.settle()
    assert (contact.lists, post.double.left[contact.id]) == ({"3"}, {"7"})


def test_somebody_of_another_list_is_put_on_hubs() -> None:
    # knadh/listmonk#927: 409 for an address that is on another list
    post = before("listmonk")
    there = post.double.type_in(MAIL)
    post.double.kept[there].lists = {"99"}
    post.double.optin["99"] = "single"  # type: ignore[attr-defined]
    post.told(PEOPLE[0], MAIL)
    post.settle()
    assert post.double.kept[there].lists == {"3", "99"}


def test_many_join_and_leave_a_list_in_one_call() -> None:
    post = before("listmonk")
    for key in PEOPLE:
        post.told(key, f"{key.int}@example.com")
    post.settle()
    post.hostile.clear()
    for key in PEOPLE:
        post.told(key, f"{key.int}@example.com", language="de", at=post.double.now)
    post.settle()
    assert len(sent(post, "query/lists")) == 2
    assert all("7" in one.lists for one in post.double.kept.values())


def test_an_address_with_an_apostrophe_is_a_text_and_no_condition() -> None:
    post = before("listmonk")
    there = post.double.type_in("o'neil@example.com")
    post.told(PEOPLE[0], "o'neil@example.com")
    post.settle()
    assert list(post.double.kept) == [there]


def test_a_list_that_would_mail_whom_it_asks_rests_the_connection() -> None:
    post = before("listmonk")
    assert isinstance(post.double, ListmonkDouble)
    post.double.optin["7"] = "single"
    post.prepared = False
    post.told(PEOPLE[0], MAIL)
    post.deliver()
    assert "list 7 is single opt-in" in post.tables.state.reason
    assert post.double.kept == {}


@pytest.mark.parametrize(("left_at", "state"), [("2026-03-02", "unsubscribed"), ("2026-02-01", "pending")])
def test_who_left_is_not_waited_for_because_of_another_list_that_asked_before(left_at: str, state: str) -> None:
    # law L7: the opt-out would not be told, and other systems would mail on; who is asked anew since is waited for
    stood = (3, "unsubscribed", left_at), (7, "unconfirmed", "2026-03-01")
    told = [{"id": one, "subscription_status": status, "subscription_updated_at": f"{day}T10:00:00Z"}
            for one, status, day in stood]  # fmt: skip
    own = ListmonkSettings.model_validate({**MANIFEST.sample_settings, "lists": {"3": "", "7": ""}})
    contact = Subscriber.model_validate({"id": 1, "email": MAIL, "lists": told}).contact(own)
    assert contact.state == state
