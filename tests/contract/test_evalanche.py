"""What the laws of all mailing systems cannot know about Evalanche, from its pages and from reports of SOAP clients."""

from __future__ import annotations

from uuid import UUID
from xml.etree import ElementTree

import httpx
import pytest

from hub.connectors.evalanche.schemas import contact
from hub.sdk.connection import Connection, open_client
from tests.support.mailing import Post, before
from tests.support.mailing.evalanche import EvalancheDouble, fault
from tests.support.mailing.post import START

PEOPLE = [UUID(int=0xE000 + number) for number in range(220)]
MAIL = "anna@example.com"


def evalanche() -> tuple[Post, EvalancheDouble]:
    post = before("evalanche")
    assert isinstance(post.double, EvalancheDouble)
    return post, post.double


def sent(post: Post, operation: str) -> list[ElementTree.Element]:
    told = (ElementTree.fromstring(one.content)[0][0] for one in post.hostile.told)
    return [one for one in told if one.tag.endswith(f"}}{operation}")]


def test_many_are_changed_and_chosen_in_few_calls() -> None:
    post, double = evalanche()
    for number, key in enumerate(PEOPLE):
        post.told(key, f"{number}@example.com", at=START)
    post.settle()
    assert len(double.mailable()) == len(PEOPLE)
    assert [len(one.findall("values/item")) for one in sent(post, "tagWithOption")] == [100, 100, 20]
    # and what concerns no subscription is written without a look
    post.hostile.clear()
    for number, key in enumerate(PEOPLE):
        post.told(key, f"{number}@example.com", first="Änne", at=START)
    post.settle()
    assert [len(one.findall("data/item")) for one in sent(post, "massUpdate")] == [100, 100, 20]
    assert post.hostile.calls == 3


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ({"PERMISSION": "2"}, "subscribed"),
        ({"PERMISSION": ""}, "none"),
        ({}, "none"),
        ({"PERMISSION": "0", "HARDBOUNCES": "0", "UNSUBSCRIBE_DATE": "0000-00-00 00:00:00"}, "none"),
        # asked and not answered, or whatever else nobody documents: nobody is subscribed by Hub
        ({"PERMISSION": "1"}, "pending"),
        ({"PERMISSION": "-1"}, "pending"),
        ({"PERMISSION": "2", "UNSUBSCRIBE_DATE": "2026-02-01 10:00"}, "unsubscribed"),
        ({"PERMISSION": "2", "HARDBOUNCES": "1"}, "bounced"),
        ({"PERMISSION": "2", "EMAIL": "Bad@Example.com"}, "complained"),
        ({"PERMISSION": "2", "EMAIL": "who@Spam.example"}, "complained"),
        ({"PERMISSION": "2", "EMAIL": "who@nospam.example"}, "subscribed"),
    ],
)
def test_how_a_profile_stands_is_read_the_careful_way(told: dict[str, str], state: str) -> None:
    post, _ = evalanche()
    listed = frozenset({"bad@example.com", "@spam.example"})
    assert contact(told, listed, post.connection.settings).state == state  # type: ignore[arg-type]


def test_a_blacklisted_address_is_neither_made_nor_given_a_permission() -> None:
    post, double = evalanche()
    double.listed = {"anna@example.com", "bert@example.com"}
    post.told(PEOPLE[0], MAIL)
    double.type_in("bert@example.com", "none")
    post.told(PEOPLE[1], "bert@example.com")
    post.settle()
    assert double.mailable() == set()
    assert sent(post, "grantPermission") == []
    assert post.states()[PEOPLE[0]] == "rejected"


def test_an_address_that_comes_to_be_there_is_looked_at_before_anybody_is_subscribed() -> None:
    post, double = evalanche()

    def meanwhile() -> None:
        double.type_in(MAIL)
        double.say(MAIL, "unsubscribed")

    # given somebody who subscribes and unsubscribes by a form, after Hub looked for them (calls 1 and 2)
    post.hostile.meanwhile[3] = meanwhile
    post.told(PEOPLE[0], MAIL)
    post.settle()
    assert double.mailable() == set()
    assert sent(post, "grantPermission") == []


def test_names_that_xml_cannot_hold_keep_nobody_from_being_written() -> None:
    # mvantellingen/python-zeep#538
    post, double = evalanche()
    for number, name in enumerate(("A\x1bnna", "<b>&amp;", "王")):
        post.told(PEOPLE[number], f"{number}@example.com", first=name)
    post.settle()
    told = [one.fields["HUBFIRSTNAME"] for one in double.kept.values()]
    assert told == ["Anna", "<b>&amp;", "王"]


@pytest.mark.parametrize(("code", "state"), [("Client", "rejected"), ("Server", "retrying")])
def test_a_fault_is_told_in_evalanches_words(code: str, state: str) -> None:
    post, double = evalanche()
    answered = double.handle

    def handle(request: httpx.Request) -> httpx.Response:
        return fault("The pool is locked", code) if b"massUpdate" in request.content else answered(request)

    post.hostile.handle = handle
    post.told(PEOPLE[0], MAIL)
    post.deliver()
    assert post.states()[PEOPLE[0]] == state
    assert "The pool is locked" in " ".join(row.reason for row in post.tables.outbox.values())


def test_a_live_check_names_what_is_missing() -> None:
    double = EvalancheDouble()
    post = Post(double, lists={"3001": "", "3003": ""})  # type: ignore[arg-type]
    double.attributes.remove("UNSUBSCRIBE_DATE")
    connection: Connection = post.connection
    with open_client(connection, post.destination, transport=post.hostile) as client:
        assert post.destination.check is not None
        found = post.destination.check(client, connection.settings)
    assert found is not None
    assert found.wrong == ["pool 712 has no attribute UNSUBSCRIBE_DATE", "option 3003 is not there"]
    assert found.works == ["pool 712 can be read", "option 3001 is there: News", "the blacklist can be read"]
