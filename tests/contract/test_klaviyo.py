"""What the laws of all mailing systems cannot know about klaviyo: from its description, and its field reports."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import httpx
import orjson

from hub.connectors.klaviyo.manifest import KlaviyoSettings
from hub.connectors.klaviyo.schemas import Marketing
from hub.connectors.klaviyo.source import SIGNATURE, SOURCE
from hub.sdk.http import Budget, HttpClient
from hub.sdk.manifest import Limits
from tests.support.mailing import Post, before
from tests.support.mailing.double import answer

PEOPLE = [UUID(int=0xF000 + number) for number in range(120)]
MAIL = "anna@example.com"


def sent(post: Post, path: str) -> list[Any]:
    return [orjson.loads(one.content)["data"] for one in post.hostile.told if one.url.path == f"/api/{path}"]


def test_only_who_was_just_made_is_subscribed_and_with_the_time_of_their_consent() -> None:
    # segmentio/segment-docs#6877: subscribing a suppressed profile lifts the suppression
    post = before("klaviyo", list_asks=False)
    post.double.type_in("bert@example.com", "none")
    post.told(PEOPLE[0], MAIL)
    post.told(PEOPLE[1], "bert@example.com")
    post.settle()
    [job] = sent(post, "profile-subscription-bulk-create-jobs")
    [one] = job["attributes"]["profiles"]["data"]
    assert one["attributes"]["email"] == MAIL
    assert one["attributes"]["subscriptions"]["email"]["marketing"]["consented_at"] == "2026-03-01T00:00:00Z"
    assert post.double.mailable() == {MAIL, "bert@example.com"}


def test_who_unsubscribes_at_any_moment_of_a_write_stays_unsubscribed() -> None:
    post = before("klaviyo", list_asks=False)
    post.told(PEOPLE[0], MAIL)
    post.settle()
    calm = post.copy()
    calm.told(PEOPLE[0], "anna@example.org", first="Änne")  # type: ignore[attr-defined]
    calm.settle()
    for number in range(1, calm.hostile.calls + 1):
        busy = post.copy()
        busy.hostile.meanwhile[number] = partial(busy.double.say, MAIL, "unsubscribed")  # type: ignore[attr-defined]
        busy.told(PEOPLE[0], MAIL, first="Änne")  # type: ignore[attr-defined]
        busy.settle()
        assert busy.double.mailable() == set() or number > busy.hostile.calls  # type: ignore[attr-defined]


def test_an_opt_in_of_an_unknown_time_is_put_on_the_list_without_a_consent() -> None:
    post = before("klaviyo", list_asks=False)
    post.told(PEOPLE[0], MAIL, at=None)
    post.settle()
    assert sent(post, "profile-subscription-bulk-create-jobs") == []
    assert post.double.mailable() == {MAIL}


def test_consent_and_lists_go_out_a_hundred_a_call() -> None:
    post = before("klaviyo", list_asks=False)
    for key in PEOPLE:
        post.told(key, f"{key.int}@example.com")
    post.settle()
    assert len(sent(post, "profile-subscription-bulk-create-jobs")) == 2
    assert len(sent(post, "lists/Y6nRLr/relationships/profiles")) == 2


def test_a_list_that_is_gone_is_said_in_klaviyos_words() -> None:
    post = before("klaviyo", list_asks=False)
    answered = post.double.handle

    def without_list(request: Any) -> Any:
        if "/lists/" in request.url.path:
            error = {"status": 404, "code": "not_found", "title": "Not found.", "detail": "A list with id x is gone."}
            return answer(404, {"errors": [error]})
        return answered(request)

    post.through(without_list)
    post.told(PEOPLE[0], MAIL)
    post.deliver()
    assert "A list with id x is gone" in post.tables.outbox[PEOPLE[0]].reason
    post.through(answered)
    post.settle()
    assert post.double.mailable() == {MAIL}


# -- read --------------------------------------------------------------------------------------------------------------

BODY = (
    b'{"data":[{"external_id":"4L3cwQae2TX","topic":"event:klaviyo.sent_sms"}],"meta":{"klaviyo_webhook_id":'
    b'"a8b890458b4bbfaa26d961471b83c101d6de23bd826e7e5173a15310985ec3cb"}}'
)
SENT_AT = "Thu, 04 Jan 2024 18:05:25 GMT"


def test_a_signature_is_the_one_that_others_compute_over_body_and_time() -> None:
    """The digest is openssl's over the two, and not of Hub's own making."""
    made = SIGNATURE.value("klaviyo-test-secret", BODY + SENT_AT.encode())
    assert made == "5aa0e720d80b3a04ca04baf3c65cdfe31da57504af69fee8da29c35d45f0596b"


def test_a_poll_asks_since_a_second_before_and_follows_the_vendors_cursor() -> None:
    asked: list[dict[str, str]] = []

    def answered(request: httpx.Request) -> httpx.Response:
        asked.append(dict(request.url.params))
        more = "https://a.klaviyo.com/api/profiles?page%5Bcursor%5D=bmV4dA&sort=updated"
        first = "page[cursor]" not in asked[-1] and request.url.path.endswith("profiles")
        return answer(200, {"data": [], "links": {"next": more if first else None}})

    settings = KlaviyoSettings.model_validate({"api_key": "pk_x"})
    with HttpClient("https://a.klaviyo.com", transport=httpx.MockTransport(answered), budget=Budget(Limits())) as http:
        assert SOURCE.backfill is not None
        list(SOURCE.backfill(http, settings, datetime(2026, 3, 1, 9, tzinfo=UTC), None))
    assert [one.get("filter") for one in asked] == [
        "greater-than(updated,2026-03-01T08:59:59Z)",
        "greater-than(updated,2026-03-01T08:59:59Z)",
        "greater-or-equal(datetime,2026-03-01T09:00:00Z)",
    ]
    assert [one.get("page[cursor]") for one in asked] == [None, "bmV4dA", None]


def test_a_suppression_without_a_time_does_not_take_that_of_the_opt_in_before_it() -> None:
    """Law L7: any opt-in between would win against it, and the opt-out were lost."""
    told = {"consent": "SUBSCRIBED", "consent_timestamp": "2026-01-01T00:00:00Z",
            "suppression": [{"reason": "UNSUBSCRIBE", "timestamp": None}]}  # fmt: skip
    assert Marketing.model_validate(told).since() is None
    assert Marketing.model_validate({**told, "suppression": []}).since() == "2026-01-01T00:00:00Z"
