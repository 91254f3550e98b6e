"""What the laws of all mailing systems cannot know about Brevo, from what its field reports tell."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx
import orjson
import pytest

from hub.connectors.brevo.destination import DESTINATION
from hub.connectors.brevo.manifest import BrevoSettings
from hub.connectors.brevo.source import SOURCE
from hub.sdk.http import Budget, HttpClient
from hub.sdk.manifest import Limits
from hub.sdk.source import InboxEntry
from tests.support.mailing import Post, before
from tests.support.mailing.brevo import BrevoDouble
from tests.support.mailing.double import answer

PEOPLE = [UUID(int=0xB000 + number) for number in range(250)]


def sent(post: Post) -> list[tuple[str, str, Any]]:
    return [
        (one.method, one.url.path.removeprefix("/v3"), orjson.loads(one.content) if one.content else None)
        for one in post.hostile.told
    ]


def known(count: int) -> Post:
    post = before("brevo")
    for key in PEOPLE[:count]:
        post.told(key, f"{key.int}@example.com")
    post.settle()
    post.hostile.clear()
    return post


def test_changes_go_out_a_hundred_a_call() -> None:
    post = known(250)
    for key in PEOPLE:
        post.told(key, f"{key.int}@example.com", first="Änne", at=post.double.now)
    post.settle()
    assert [path for _, path, _ in sent(post)] == ["/contacts/batch"] * 3


def test_a_contact_that_is_gone_undoes_none_of_the_others_of_its_batch() -> None:
    # sendinblue/APIv3-php-library#257: 404 "No contact found for indexes 3,4", and nothing of 5,000 was updated
    post = known(8)
    for place in (3, 4):
        post.double.delete(f"{PEOPLE[place].int}@example.com")
    for key in PEOPLE[:8]:
        post.told(key, f"{key.int}@example.com", first="Änne", at=post.double.now)
    post.settle()
    assert [one.fields["FIRSTNAME"] for one in post.double.kept.values()] == ["Änne"] * 6
    assert [post.states()[PEOPLE[place]] for place in (3, 4)] == ["rejected", "rejected"]


def test_an_address_never_stands_among_the_attributes_but_to_change_it() -> None:
    # sendinblue/APIv3-php-library#169: EMAIL among the attributes of a creation is "Contact already exist"
    post = known(1)
    post.told(PEOPLE[1], "second@example.com")
    post.told(PEOPLE[0], "moved@example.com", at=post.double.now)
    post.settle()
    bodies = [body for method, path, body in sent(post) if (method, path) == ("POST", "/contacts")]
    assert all("EMAIL" not in body["attributes"] for body in bodies)
    assert post.double.of("moved@example.com") is not None


def test_no_request_of_a_whole_life_lifts_a_block() -> None:
    # akhileshrangani4/teachanything#392, mailchimp/mc-woocommerce#1264: an upsert that names or leaves out the flag
    # made subscribers of everybody who had opted out
    post = known(2)
    post.double.say(f"{PEOPLE[0].int}@example.com", "unsubscribed")
    post.later()
    for key in PEOPLE[:2]:
        post.told(key, f"{key.int}@example.com", first="Änne")
    post.settle()
    told = [body for _, _, body in sent(post) if body]
    assert "false" not in orjson.dumps([one for one in told if "contacts" in one]).decode()


def test_a_double_opt_in_that_brevo_refuses_is_said_in_its_words_and_the_rest_is_delivered() -> None:
    # sendinblue/APIv3-php-library#253: double opt-in of a blocklisted contact is answered with 400
    post = known(1)
    assert isinstance(post.double, BrevoDouble)
    post.double.refuses_blocked = True
    post.double.say(f"{PEOPLE[0].int}@example.com", "unsubscribed")
    post.later()
    post.told(PEOPLE[0], f"{PEOPLE[0].int}@example.com", first="Änne")
    post.settle()
    [row] = post.tables.outbox.values()
    assert row.state == "delivered"
    assert "already associated with another user" in row.refused
    assert post.double.owned(PEOPLE[0])[0].fields["FIRSTNAME"] == "Änne"
    assert post.double.mailable() == set()


def test_a_list_that_is_gone_and_a_plan_that_is_used_up_are_said() -> None:
    post = before("brevo")
    assert isinstance(post.double, BrevoDouble)
    del post.double.lists["3"]
    post.told(PEOPLE[0], "anna@example.com")
    post.settle()
    assert "Invalid list ids" in post.tables.outbox[PEOPLE[0]].reason
    used_up = before("brevo")
    used_up.through(lambda _: answer(402, {"code": "not_enough_credits", "message": "Plan upgrade needed"}))
    used_up.told(PEOPLE[0], "anna@example.com")
    used_up.deliver()
    assert "Plan upgrade needed" in used_up.tables.state.reason
    assert used_up.states()[PEOPLE[0]] == "pending"


@pytest.mark.parametrize("header", [{"x-sib-ratelimit-reset": "42"}, {}])
def test_a_429_waits_as_long_as_brevo_says(header: dict[str, str]) -> None:
    assert DESTINATION.waits is not None
    assert DESTINATION.waits(answer(429, {"code": "x"}, **header)) == (42.0 if header else None)


def test_without_a_template_nobody_is_asked_and_it_is_said() -> None:
    post = before("brevo", double_opt_in_template=None, double_opt_in_url=None)
    post.told(PEOPLE[0], "anna@example.com")
    post.settle()
    post.double.say("anna@example.com", "unsubscribed")
    post.later()
    post.told(PEOPLE[0], "anna@example.com")
    post.settle()
    assert post.double.mailable() == set()
    assert "CONFIRMATION_NEEDED" in post.tables.outbox[PEOPLE[0]].refused


def test_a_live_check_names_what_is_there_and_what_is_not() -> None:
    post = before("brevo")
    assert isinstance(post.double, BrevoDouble)
    del post.double.lists["7"]
    assert DESTINATION.check is not None
    found = DESTINATION.check(post._client(), post.connection.settings)  # type: ignore[arg-type]
    assert found is not None
    assert found.wrong == ["list 7 is not there: List ID does not exist"]
    assert "list 3 is there: Newsletter" in found.works


# -- read --------------------------------------------------------------------------------------------------------------


def test_a_list_is_read_in_the_order_of_creation_to_the_number_it_tells() -> None:
    asked: list[dict[str, str]] = []

    def answered(request: httpx.Request) -> httpx.Response:
        asked.append(dict(request.url.params))
        start = int(asked[-1]["offset"])
        rows = [{"id": 1 + number, "modifiedAt": "2026-03-01T09:00:00Z"} for number in range(5)]
        return answer(200, {"contacts": rows[start : start + 2], "count": 5})

    settings = BrevoSettings.model_validate({"api_key": "x"})
    with HttpClient("https://api.brevo.com", transport=httpx.MockTransport(answered), budget=Budget(Limits())) as http:
        assert SOURCE.backfill is not None
        pages = list(SOURCE.backfill(http, settings, datetime(2026, 3, 1, 9, tzinfo=UTC), None))
    assert [item.event_id for page in pages for item in page.items] == [
        f"contact:{number}:2026-03-01T09:00:00Z" for number in range(1, 6)
    ]
    assert {(one["sort"], one["modifiedSince"]) for one in asked} == {("asc", "2026-03-01T08:59:59.000Z")}


@pytest.mark.parametrize(
    ("told", "addresses"),
    [
        (
            {"event": "contact_updated", "content": [{"email": "a@example.de", "emailBlacklist": True}]},
            ["a@example.de"],
        ),
        ({"event": "contact_updated", "email": "a@example.de", "content": [{"name": "Anna"}]}, ["a@example.de"]),
        ({"event": "contact_deleted", "email": ["a@example.de", "b@example.de"]}, ["a@example.de", "b@example.de"]),
        ({"event": "list_addition", "email": "A+B@example.de", "list_id": [3]}, ["A+B@example.de"]),
        ({"event": "contact_updated", "content": ["name"], "email": None}, []),
        ([{"event": "contact_updated", "email": "a@example.de"}, {"event": "list_addition"}], ["a@example.de"]),
    ],
)
def test_every_form_of_a_contacts_webhook_names_whom_to_look_at(told: Any, addresses: list[str]) -> None:
    """sendinblue/APIv3-php-library#175: what comes is not what the page says."""
    entry = InboxEntry("mail", "e", "contacts", {}, orjson.dumps(told), datetime(2026, 3, 1, tzinfo=UTC))
    assert SOURCE.completions is not None
    wanted = SOURCE.completions(entry, BrevoSettings.model_validate({}))
    assert [one.path for one in wanted] == [f"/v3/contacts/{quote(one, safe='')}" for one in addresses]
