"""What people say on networks: whose words they are, and that a list read by id loses none of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from hub.connectors.google_business.source import written
from hub.errors import Forbidden, RateLimited, RejectedError, SkipEvent, Unavailable
from hub.model.event import CustomerEvent, FeedbackEvent, InteractionEvent
from hub.sdk import registry
from hub.sdk.connection import Connection, open_client
from hub.sdk.oauth import form
from hub.sdk.source import BackfillPage, InboxEntry, RawDelivery
from hub.sdk.testkit.cases import ConnectorCase
from hub.sdk.testkit.samples import entry_of
from hub.sdk.testkit.watch import no_waiting
from hub.sdk.testkit.wire import SampleTokens

Walk = Callable[..., Iterator[BackfillPage]]

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
ANNA = {"id": 7111111111, "is_bot": False, "first_name": "Anna"}


def telegram(**update: Any) -> list[Any]:
    case = ConnectorCase(registry.get("telegram"), registry.folder("telegram"))
    assert case.source.name_event
    body = json.dumps({"update_id": 1, **update}).encode()
    delivery = RawDelivery("POST", "https://hub.example.com/webhooks/bot", {}, {}, body, AT)
    return list(case.source.parse(entry_of(delivery, case.source.name_event(delivery, case.settings)), case.settings))


def message(**more: Any) -> dict[str, Any]:
    return {"message_id": 5, "date": 1772442000, "chat": {"id": 71, "type": "private"}, "from": ANNA, **more}


@pytest.mark.parametrize(
    ("contact", "phones"),
    [
        ({"phone_number": "4915112345671", "user_id": ANNA["id"]}, ["+4915112345671"]),
        ({"phone_number": "+4915112345671", "user_id": ANNA["id"]}, ["+4915112345671"]),
        ({"phone_number": "4915112345671", "user_id": 9}, []),
        ({"phone_number": "4915112345671"}, []),
    ],
)
def test_a_number_is_of_whoever_shared_their_own_contact(contact: dict[str, Any], phones: list[str]) -> None:
    [who, _] = telegram(message=message(contact=contact))

    assert isinstance(who, CustomerEvent)
    assert [point.value for point in who.customer.phones] == phones


@pytest.mark.parametrize(
    "update",
    [
        {"message": message(**{"from": {"id": 1, "is_bot": True, "first_name": "Bot"}})},
        {"message": {"message_id": 5, "date": 1772442000, "chat": {"id": -1, "type": "channel"}, "text": "Post"}},
        {"channel_post": {"message_id": 5, "date": 1, "chat": {"id": -1, "type": "channel"}}},
        {"my_chat_member": {"from": ANNA, "chat": {"id": 71, "type": "private"}, "date": 1}},
    ],
)
def test_what_no_person_said_is_skipped(update: dict[str, Any]) -> None:
    with pytest.raises(SkipEvent):
        telegram(**update)


def test_an_edited_message_writes_nothing_over() -> None:
    [_, first] = telegram(message=message(text="M"))
    [_, second] = telegram(edited_message=message(text="L", edit_date=1772442060))

    assert isinstance(first, InteractionEvent)
    assert isinstance(second, InteractionEvent)
    assert second.interaction.reference == first.interaction.external_id != second.interaction.external_id


def status(number: int) -> dict[str, Any]:
    account = {"id": "9", "acct": "anna@elbe.example", "url": "https://elbe.example/@anna"}
    return {"id": str(number), "created_at": "2026-03-02T09:00:00Z", "account": account, "content": "<p>x</p>"}


def test_mastodon_is_read_on_by_id_whatever_the_number_of_digits() -> None:
    """Ids are text and grow a digit at times: 99 comes before 100."""
    posts = [status(number) for number in (95, 96, 97, 98, 99, 100, 101)]

    def answer(request: httpx.Request) -> httpx.Response:
        after = int(request.url.params["min_id"])
        found = [one for one in posts if int(one["id"]) > after][:3] if "timelines" in request.url.path else []
        return httpx.Response(200, json=found[::-1])

    connector = registry.get("mastodon")
    case = ConnectorCase(connector, registry.folder("mastodon"))
    source, connection = case.source, Connection("fediverse", connector, case.settings)
    assert source.backfill
    with open_client(connection, source, transport=httpx.MockTransport(answer)) as http:
        pages = list(source.backfill(http, case.settings, None, None))
        posts.append(status(102))
        again = [item for page in source.backfill(http, case.settings, None, pages[-1].cursor) for item in page.items]

    assert [json.loads(item.body)["id"] for page in pages for item in page.items] == [
        "97", "96", "95", "100", "99", "98", "101",
    ]  # fmt: skip
    assert [json.loads(item.body)["id"] for item in again] == ["102"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"account": {**status(1)["account"], "bot": True}}, "bot"),
        ({"account": {**status(1)["account"], "acct": "Hafenkante"}}, "our own"),
    ],
)
def test_posts_of_bots_and_of_ourselves_are_no_mentions(change: dict[str, Any], reason: str) -> None:
    case = ConnectorCase(registry.get("mastodon"), registry.folder("mastodon"))
    body = json.dumps({**status(1), **change}).encode()

    with pytest.raises(SkipEvent, match=reason):
        case.source.parse(InboxEntry("fediverse", "1", "status", {}, body, AT), case.settings)


# -- what a listening source does about the deleted, the broken and the spent -----------------------------------------

LISTENING = ("google_business", "mastodon", "reddit", "trustpilot", "x")


@contextmanager
def listening(slug: str, answer: Callable[[httpx.Request], httpx.Response]) -> Iterator[Walk]:
    """A run of this source over these answers; it takes when from, and where to go on."""
    connector = registry.get(slug)
    case = ConnectorCase(connector, registry.folder(slug))
    connection = Connection("listening", connector, case.settings, tokens=SampleTokens())
    walk = case.source.backfill
    assert walk
    with no_waiting(), open_client(connection, case.source, transport=httpx.MockTransport(answer)) as http:
        yield lambda since=None, cursor=None: walk(http, case.settings, since, cursor)


@pytest.mark.parametrize("slug", LISTENING)
def test_a_page_of_html_is_said_and_costs_nothing(slug: str) -> None:
    """A proxy's or a log-in page where posts should be: the run ends, and goes on there (praw-dev/praw#668)."""
    page = "<!doctype html><title>Sign in</title>"
    with (
        listening(slug, lambda _: httpx.Response(200, html=page)) as walk,
        pytest.raises(Unavailable, match="the answer is not JSON"),
    ):
        list(walk())


DATE = "Mon, 02 Mar 2026 09:00:00 GMT"
SPENT: list[tuple[str, dict[str, str], Any, float | None]] = [
    ("x", {"x-rate-limit-reset": "1772442090", "date": DATE}, {"title": "Too Many Requests"}, 90),
    ("x", {"x-rate-limit-reset": "1772442090"}, {}, None),
    ("x", {"date": DATE}, {"title": "UsageCapExceeded", "period": "Monthly"}, 3600),
    ("reddit", {"x-ratelimit-remaining": "0.0", "x-ratelimit-reset": "212"}, {"error": 429}, 212),
    ("mastodon", {"x-ratelimit-reset": "2026-03-02T09:05:00.019685Z", "date": DATE}, {"error": "Too many"}, 300.019685),
    ("google_business", {}, {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}, None),
    ("trustpilot", {"retry-after": "60"}, {}, 60),
    ("rss", {"retry-after": "3600"}, {}, 3600),
]


@pytest.mark.parametrize(("slug", "headers", "body", "seconds"), SPENT)
def test_a_limit_is_waited_out_for_as_long_as_it_says(
    slug: str, headers: dict[str, str], body: Any, seconds: float | None
) -> None:
    """xdevplatform/xdk#25: a month's cap answers 429 as well, and says nothing of when."""
    with (
        listening(slug, lambda _: httpx.Response(429, headers=headers, json=body)) as walk,
        pytest.raises(RateLimited) as caught,
    ):
        list(walk())

    assert caught.value.retry_after == seconds


@pytest.mark.parametrize(
    ("slug", "sample", "reason"),
    [
        ("x", "post/author_gone", "author's account is gone"),
        ("mastodon", "gone/taken_back", "author is gone"),
        ("reddit", "post/author_deleted", "deleted the account"),
        ("reddit", "post/removed", "deleted or removed"),
    ],
)
def test_what_a_deleted_account_left_is_said_and_skipped(slug: str, sample: str, reason: str) -> None:
    case = ConnectorCase(registry.get(slug), registry.folder(slug))
    [one] = [one for one in case.source_cases if one.sample.id == sample]

    with pytest.raises(SkipEvent, match=reason):
        case.source.parse(one.entry, case.settings)


@pytest.mark.parametrize(("slug", "sample"), [("google_business", "review/anonymous"), ("trustpilot", "review/nobody")])
def test_a_review_of_nobody_stands_without_a_person(slug: str, sample: str) -> None:
    case = ConnectorCase(registry.get(slug), registry.folder(slug))
    [one] = [one for one in case.source_cases if one.sample.id == sample]

    [told] = case.source.parse(one.entry, case.settings)

    assert isinstance(told, FeedbackEvent)
    assert told.record is None


def test_a_community_that_is_closed_costs_none_of_the_others() -> None:
    """Private, banned, not there: each is said otherwise. Only a refusal of us all ends the run."""
    post = {"name": "t3_1", "created_utc": 1772442000.0, "author": "anna", "author_fullname": "t2_1", "title": "x"}
    answers = {
        "private": httpx.Response(403, json={"reason": "private", "message": "Forbidden", "error": 403}),
        "banned": httpx.Response(404, json={"reason": "banned", "message": "Not Found", "error": 404}),
        "nowhere": httpx.Response(302, headers={"location": "https://www.reddit.com/subreddits/search?q=nowhere"}),
        "hamburg": httpx.Response(200, json={"kind": "Listing", "data": {"children": [{"data": post}], "after": None}}),
        "blocked": httpx.Response(403, html="<title>Blocked</title>"),
    }
    case = ConnectorCase(registry.get("reddit"), registry.folder("reddit"))
    walk, transport = case.source.backfill, httpx.MockTransport(lambda one: answers[one.url.path.split("/")[2]])
    assert walk
    connection = Connection("reddit", registry.get("reddit"), case.settings, tokens=SampleTokens())
    with no_waiting(), open_client(connection, case.source, transport=transport) as http:
        some = case.settings.model_copy(update={"communities": ("private", "banned", "nowhere", "hamburg")})
        assert [item.event_id for page in walk(http, some, None, None) for item in page.items] == ["post:t3_1:"]
        with pytest.raises(Forbidden):
            list(walk(http, case.settings.model_copy(update={"communities": ("blocked", "hamburg")}), None, None))


def found_on_x(*numbers: int, token: str | None = None) -> httpx.Response:
    posts = [{"id": str(number), "text": "x", "author_id": "1"} for number in numbers]
    told = {"result_count": len(posts), **({"newest_id": posts[0]["id"]} if posts else {})}
    return httpx.Response(200, json={"data": posts, "meta": {**told, **({"next_token": token} if token else {})}})


def test_x_is_read_on_from_the_newest_that_was_read_and_from_where_it_can() -> None:
    """rooteco/tweetscape#421, plhery/node-twitter-api-v2#197: an id of a week ago is refused; no time goes with ids."""
    asked: list[dict[str, str]] = []

    def x(request: httpx.Request) -> httpx.Response:
        asked.append({name: value for name, value in request.url.params.items() if name in WHERE})
        told = asked[-1]
        if told.get("since_id") == "9":
            fault = {"parameters": {"since_id": ["9"]}, "message": "'since_id' must be a tweet id created after [10]."}
            return httpx.Response(400, json={"errors": [fault], "title": "Invalid Request"})
        return found_on_x(19) if told.get("next_token") else found_on_x(21, 20, token="b26")

    with listening("x", x) as walk:
        first = list(walk(since=AT))
        second = list(walk(cursor=first[-1].cursor))
        third = list(walk(cursor={"begin": {"since_id": "9"}}))
        resumed = list(walk(cursor=first[0].cursor))

    assert asked == [
        {"start_time": "2026-03-02T09:00:00Z"},
        {"start_time": "2026-03-02T09:00:00Z", "next_token": "b26"},
        {"since_id": "21"},
        {"since_id": "21", "next_token": "b26"},
        {"since_id": "9"},
        {},
        {"next_token": "b26"},
        {"start_time": "2026-03-02T09:00:00Z", "next_token": "b26"},
    ]
    assert [[item.event_id for item in page.items] for page in third] == [["post:21", "post:20"], ["post:19"]]
    assert resumed[-1].cursor == second[-1].cursor == {"begin": {"since_id": "21"}}


WHERE = ("since_id", "start_time", "next_token")


def test_a_search_that_x_refuses_is_an_error_of_ours() -> None:
    fault = {"parameters": {"query": ["("]}, "message": "There were errors processing your request"}
    with (
        listening("x", lambda _: httpx.Response(400, json={"errors": [fault], "title": "Invalid Request"})) as walk,
        pytest.raises(RejectedError),
    ):
        list(walk(cursor={"begin": {"since_id": "9"}}))


def test_reddit_knows_whose_app_calls() -> None:
    """Serene-Arc/bulk-downloader-for-reddit#910: calls of a library's User-Agent are throttled."""
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["user-agent"])
        return httpx.Response(200, json={"kind": "Listing", "data": {"children": [], "after": None}})

    with listening("reddit", answer) as walk:
        list(walk())
    connector = registry.get("reddit")
    case = ConnectorCase(connector, registry.folder("reddit"))
    oauth = Connection("reddit", connector, case.settings).oauth
    assert oauth
    _, headers = form(oauth, {})

    assert {*seen, headers["user-agent"]} == {"hub:sample-reddit-id:v0.1 (by /u/hafenkante)"}


@pytest.mark.parametrize(
    ("slug", "rows", "since", "read"),
    [
        ("reddit", [("3", "2026-03-02T09:00"), ("2", "2026-03-01T10:00"), ("1", "2026-02-28T09:00")], AT, 2),
        ("google_business", [("3", "2026-03-02T09:00"), ("2", "2026-02-17T09:00"), ("1", "2026-02-15T09:00")], AT, 2),
    ],
)
def test_a_list_that_begins_with_the_newest_is_read_down_to_what_is_known(
    slug: str, rows: list[tuple[str, str]], since: datetime, read: int
) -> None:
    """What was known is read again for a while, as it may have been let through, edited or answered since."""
    pages: list[str | None] = []

    def answer(request: httpx.Request) -> httpx.Response:
        pages.append(request.url.params.get("after") or request.url.params.get("pageToken"))
        if slug == "reddit":
            found: Any = [
                {"data": {"name": f"t3_{number}", "created_utc": datetime.fromisoformat(f"{at}Z").timestamp()}}
                for number, at in rows
            ]
            return httpx.Response(200, json={"data": {"children": found, "after": f"t3_{len(pages)}"}})
        found = [{"reviewId": number, "updateTime": f"{at}:00Z"} for number, at in rows]
        return httpx.Response(200, json={"reviews": found, "nextPageToken": f"t{len(pages)}"})

    with listening(slug, answer) as walk:
        items = [item for page in walk(since=since) for item in page.items]

    assert len(items) == read
    assert pages == [None]


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("Schöner Laden", "Schöner Laden"),
        ("Lovely\n\n(Translated by Google)\nSchön", "Lovely"),
        ("(Translated by Google) Schön\n\n(Original)\nLovely", "Lovely"),
        ("(Translated by Google) Schön", "(Translated by Google) Schön"),
        ("", None),
        (None, None),
    ],
)
def test_googles_translation_is_not_what_was_written(told: str | None, kept: str | None) -> None:
    """serpapi/public-roadmap#923"""
    assert written(told) == kept


# -- what others' users reported, made again --------------------------------------------------------------------------


def found(slug: str, sample: str, **change: Any) -> list[Any]:
    """What this sample tells with a change in it; a dict is changed within."""
    case = ConnectorCase(registry.get(slug), registry.folder(slug))
    [one] = [one for one in case.source_cases if one.sample.id == sample]
    body = json.loads(one.entry.body)
    for name, value in change.items():
        body[name] = {**body[name], **value} if isinstance(value, dict) and isinstance(body.get(name), dict) else value
    entry = InboxEntry(slug, "1", one.entry.topic, {}, json.dumps(body).encode(), AT)
    return list(case.source.parse(entry, case.settings))


TAGS = {"hashtags": [{"tag": "altstadt"}]}


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        # tweepy/tweepy#451, sferik/twitter-ruby#348: entities of HTML stand in the text
        ({"text": "a -&gt; b &amp; &lt;3"}, {"text": "a -> b & <3"}),
        # xdevplatform/twitter-api-java-sdk#84, tweepy/tweepy#2180: a long post is cut off in the text
        ({"text": "Anf…", "note_tweet": {"text": "Anfang und Ende"}}, {"text": "Anfang und Ende"}),
        # xdevplatform/search-tweets-python#104: what stands behind the cut is told beside the whole text only
        ({"entities": {}, "note_tweet": {"text": "x", "entities": TAGS}}, {"tags": "altstadt"}),
        # FxEmbed/FxEmbed#2151, AFP-Medialab/verification-plugin#688: codes that are no language
        ({"lang": "zxx"}, {"language": None}),
        ({"lang": "qme"}, {"language": None}),
        # myConsciousness/twitter-api-v2#570: and languages with longer codes
        ({"lang": "zh-TW"}, {"language": "zh-TW"}),
        ({"lang": "ckb"}, {"language": "ckb"}),
    ],
)
def test_a_post_of_x_is_told_as_it_was_written(change: dict[str, Any], wanted: dict[str, str | None]) -> None:
    [_, told] = found("x", "post/mention", post=change)

    said = {"text": told.interaction.text, **told.interaction.details}
    assert {name: said.get(name) for name in wanted} == wanted


def test_a_search_of_x_that_finds_nothing_has_no_data() -> None:
    """keybase/proofs#201, DocNow/twarc#623; HunterLarco/twitter-v2#26: what is gone is no error of the whole."""
    gone = {"title": "Not Found Error", "resource_type": "user", "value": "15591129"}
    with listening("x", lambda _: httpx.Response(200, json={"meta": {"result_count": 0}, "errors": [gone]})) as walk:
        [page] = walk(cursor={"begin": {"since_id": "9"}})

    assert (page.items, page.cursor) == ([], {"begin": {"since_id": "9"}})


def test_reddit_is_asked_for_text_that_is_not_escaped() -> None:
    """sirkris/Reddit.NET#83, QuinnDamerell/Baconit#73: & comes as &amp; unless raw_json is asked for."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.params["raw_json"])
        return httpx.Response(200, json={"kind": "Listing", "data": {"children": [], "after": None}})

    with listening("reddit", answer) as walk:
        list(walk())

    assert asked == ["1"]


@pytest.mark.parametrize(
    ("change", "skipped"),
    [
        ({"author": "[deleted]"}, True),  # Serene-Arc/bulk-downloader-for-reddit#224, #564, praw-dev/prawtools#6
        ({"author": None}, True),  # acini/autowikibot-py#35
        ({"selftext": "[removed]"}, True),  # pushshift/api#81
        ({"selftext": "[deleted]"}, True),  # praw-dev/praw#479: by its author, or by a moderator
        ({"edited": True}, False),  # true in the oldest posts, without a time
        ({"edited": False}, False),
    ],
)
def test_a_post_of_reddit_is_read_unless_nothing_is_left_of_it(change: dict[str, Any], skipped: bool) -> None:
    if skipped:
        with pytest.raises(SkipEvent):
            found("reddit", "post/text", **change)
        return
    [_, told] = found("reddit", "post/text", **change)
    assert told.interaction.external_id == "t3_1r0aaa"


def test_a_token_without_the_scope_is_no_closed_community() -> None:
    """not-an-aardvark/snoowrap#254: the same 403, without a reason; redlib-org/redlib#109: gated is one."""
    with (
        listening("reddit", lambda _: httpx.Response(403, json={"message": "Forbidden", "error": 403})) as walk,
        pytest.raises(Forbidden),
    ):
        list(walk())
    gated = httpx.Response(403, json={"reason": "gated", "message": "Forbidden", "error": 403})
    with listening("reddit", lambda _: gated) as walk:
        assert [page.items for page in walk()] == [[]]


@pytest.mark.parametrize(
    ("pages", "read"),
    [
        ([{}], 0),  # PipedreamHQ/pipedream#21618: no reviews, and no list of them
        ([{"reviews": ["1"], "nextPageToken": "a"}, {"reviews": ["1"], "nextPageToken": "a"}], 2),  # serpapi #2623
        ([{"reviews": ["1"], "nextPageToken": "a"}, {"nextPageToken": "b"}, {"reviews": ["2"]}], 2),  # serpapi #2794
    ],
)
def test_googles_pages_end_where_nothing_new_comes(pages: list[dict[str, Any]], read: int) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        page = pages[len(asked) - 1]
        reviews = [{"reviewId": one, "updateTime": "2026-03-02T09:00:00Z"} for one in page.get("reviews", ())]
        return httpx.Response(200, json={**page, **({"reviews": reviews} if reviews else {})})

    with listening("google_business", answer) as walk:
        items = [item for page in walk() for item in page.items]

    assert (len(items), len(asked)) == (read, len(pages))


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        # impress-org/wp-business-reviews#249, simonneutert/google-maps-reviews#2: all were called so for days
        ({"reviewer": {"displayName": "A Google user"}}, ("5", False)),
        ({"reviewer": {"displayName": "Ein Google-Nutzer", "isAnonymous": True}}, ("5", False)),
        ({"starRating": "STAR_RATING_UNSPECIFIED"}, (None, True)),  # qpowell/google_places#54: no rating is not 0
        ({"updateTime": "2026-03-02T09:00:00.095040522Z"}, ("5", True)),  # googleapis/google-cloud-python#4807
        ({"comment": None}, ("5", True)),
    ],
)
def test_a_review_of_google_is_read_as_it_comes(change: dict[str, Any], wanted: tuple[str | None, bool]) -> None:
    told = found("google_business", "review/named", **change)

    [review] = [one for one in told if isinstance(one, FeedbackEvent)]
    rating = review.feedback.rating
    assert (None if rating is None else str(rating), review.record is not None) == wanted
