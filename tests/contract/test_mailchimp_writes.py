"""What the laws of all mailing systems cannot know about writing to mailchimp, from what its field reports tell."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
import pytest

from hub.connectors.mailchimp.destination import DESTINATION
from hub.errors import ConfigError
from hub.sdk.connection import load_connections, load_routes
from tests.support.mailing import Post, before
from tests.support.mailing.mailchimp import AUDIENCE, MailchimpDouble, problem

PEOPLE = [UUID(int=0xC000 + number) for number in range(600)]
MAIL = "anna@example.com"


def sent(post: Post, method: str) -> list[tuple[str, Any]]:
    return [
        (one.url.path.removeprefix(f"/3.0/lists/{AUDIENCE}"), orjson.loads(one.content) if one.content else None)
        for one in post.hostile.told
        if one.method == method
    ]


def subscribed(**settings: Any) -> Post:
    post = before("mailchimp", **settings)
    post.told(PEOPLE[0], MAIL)
    post.settle()
    post.hostile.clear()
    return post


def test_new_contacts_are_made_five_hundred_a_call() -> None:
    post = before("mailchimp")
    for key in PEOPLE:
        post.told(key, f"{key.int}@example.com")
    post.settle()
    assert len(post.double.mailable()) == 600
    assert len([path for path, _ in sent(post, "POST") if path == ""]) <= 7


def test_a_contact_that_people_archived_is_asked_and_never_simply_subscribed_again() -> None:
    # strangerstudios/pmpro-mailchimp#152, brandonseydel/MailChimp.Net#529: what is archived does not tell that it was
    # unsubscribed before, and a creation subscribes it again
    post = before("mailchimp")
    there = post.double.type_in(MAIL, "unsubscribed")
    post.double.kept[there].lists = set()
    post.told(PEOPLE[0], MAIL)
    post.settle()
    assert post.double.mailable() == set()
    assert post.double.asked == []
    post.later()
    post.told(PEOPLE[0], MAIL)
    post.settle()
    assert (post.double.mailable(), post.double.asked) == (set(), [MAIL])


def test_a_cleaned_contact_with_another_address_is_a_new_one() -> None:
    # ibericode/mailchimp-user-sync#96: "You can only update email addresses for members with a status of subscribed"
    post = subscribed()
    post.double.say(MAIL, "bounced")
    post.told(PEOPLE[0], "anna@example.org", at=post.double.now)
    post.settle()
    assert post.double.mailable() == {"anna@example.org"}
    assert post.double.of(MAIL) is not None


def test_an_address_that_was_deleted_for_good_is_said_in_mailchimps_words() -> None:
    # ibericode/mailchimp-for-wordpress#673, tbar0970/jethro-pmm#982, brandonseydel/MailChimp.Net#201
    post = subscribed()
    post.double.gone |= {"bert@example.com", "anna@example.org"}
    post.told(PEOPLE[1], "bert@example.com")
    post.told(PEOPLE[2], "carla@example.com")
    post.told(PEOPLE[0], "anna@example.org", at=post.double.now)
    post.settle()
    rows = post.tables.outbox
    for key in PEOPLE[:2]:
        assert rows[key].state == "rejected"
        assert "permanently deleted" in rows[key].reason or "cannot be re-imported" in rows[key].reason
    assert "carla@example.com" in post.double.mailable()


def test_a_compliance_state_costs_only_the_subscription() -> None:
    # ibericode/mailchimp-for-wordpress#798, aelvan/mailchimp-subscribe-craft#115: one status fails the whole update
    post = subscribed()
    post.double.say(MAIL, "unsubscribed")
    post.later()
    answered = post.double.handle

    def strict(request: Any) -> Any:
        if request.method == "PATCH" and b"pending" in request.content:
            words = f"{MAIL} is in a compliance state due to unsubscribe, bounce, or compliance review"
            return problem(400, "Member In Compliance State", f"{words} and cannot be subscribed.")
        return answered(request)

    post.through(strict)
    post.told(PEOPLE[0], MAIL, first="Änne")
    post.settle()
    row = post.tables.outbox[PEOPLE[0]]
    assert (row.state, post.double.owned(PEOPLE[0])[0].fields["FNAME"]) == ("delivered", "Änne")
    assert "compliance state" in row.refused
    assert MAIL not in row.refused


def test_no_change_of_a_known_contact_names_a_status() -> None:
    # mvanhorn/printing-press-library#636, beabee-communityrm/monorepo#106: the status went along with every update
    post = subscribed()
    post.told(PEOPLE[0], MAIL, first="Änne", tags=("vip",), at=post.double.now)
    post.settle()
    assert all("status" not in body for path, body in sent(post, "PATCH"))
    assert post.double.owned(PEOPLE[0])[0].tags == {"vip"}


def test_an_audience_that_is_gone_pauses_the_connection_and_loses_nothing() -> None:
    post = subscribed()
    assert isinstance(post.double, MailchimpDouble)
    post.double.exists = False
    post.told(PEOPLE[0], MAIL, first="Änne", at=post.double.now)
    post.told(PEOPLE[1], "bert@example.com")
    post.deliver()
    assert "is gone there" in post.tables.state.reason
    assert {row.state for row in post.tables.outbox.values()} == {"pending"}
    post.double.exists = True
    post.settle()
    assert {row.state for row in post.tables.outbox.values()} == {"delivered"}


def test_a_route_to_a_connection_without_a_key_or_an_audience_is_a_fault_of_the_configuration() -> None:
    only_read = {"webhook_secret": "x" * 32}
    for options, lacking in ((only_read, "api_key"), ({**only_read, "api_key": "k-us1"}, "audience")):
        made = load_connections({"mail": ("mailchimp", options)}, default_region="DE")
        with pytest.raises(ConfigError, match=f"connections.mail.{lacking}: is required to write"):
            load_routes([("mail", None)], made)


def test_a_live_check_names_fields_and_an_audience_that_is_not_there() -> None:
    post = before("mailchimp")
    post.double.handle = lambda request: (  # type: ignore[method-assign]
        problem(404, "Resource Not Found", "no") if "merge-fields" in request.url.path else problem(200, "ok", "ok")
    )
    post.through(post.double.handle)
    assert DESTINATION.check is not None
    post.prepared = True
    found = DESTINATION.check(post._client(), post.connection.settings)  # type: ignore[arg-type]
    assert found is not None
    assert found.wrong == [f"audience: there is no audience {AUDIENCE!r} in the account"]
