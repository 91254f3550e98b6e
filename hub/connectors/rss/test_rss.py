"""Feeds as they really are: of three formats, broken, without dates and authors, and pages that are none."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
import pytest

from hub.connectors.rss import CONNECTOR
from hub.connectors.rss.manifest import MANIFEST, RssSettings
from hub.connectors.rss.source import SOURCE, backfill, check
from hub.errors import RejectedError
from hub.model.event import CustomerEvent, InteractionEvent
from hub.sdk.connection import Connection, open_client
from hub.sdk.source import InboxEntry

SETTINGS = RssSettings.model_validate(dict(MANIFEST.sample_settings))
NOW = datetime(2026, 3, 9, tzinfo=UTC)
RSS = """<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Alert</title>
<language>de-DE</language>
<item><title>Hafenkante &amp;amp; Co</title><link>https://www.zeitung.example/a</link>
<guid isPermaLink="false">g1</guid>
<author>redaktion@zeitung.example (Ida Sommer)</author><pubDate>Mon, 02 Mar 2026 10:00:00 +0100</pubDate>
<description>&lt;p&gt;Ein &lt;b&gt;Laden&lt;/b&gt;&lt;/p&gt;</description></item>
<item><title>Ohne alles</title></item>
<item><title>Zwei</title><link>https://blog.example.net/b</link><pubDate>gestern</pubDate></item>
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>Google Alert</title><entry><id>tag:google.com,2013:1</id>
<title type="html">&lt;b&gt;Hafenkante&lt;/b&gt; im Test</title><updated>2026-03-03T08:00:00Z</updated>
<link href="https://www.google.com/url?rct=j&amp;url=https://magazin.example/test%3Fid%3D7&amp;ct=ga"/>
<content type="html">Die &lt;b&gt;Jacke&lt;/b&gt;</content></entry></feed>"""


def read(content: str | bytes, kind: str = "application/xml") -> list[dict[str, Any]]:
    body = content.encode() if isinstance(content, str) else content
    transport = httpx.MockTransport(lambda request: httpx.Response(200, content=body, headers={"content-type": kind}))
    with open_client(Connection("alerts", CONNECTOR, SETTINGS), SOURCE, transport=transport) as http:
        [page] = backfill(http, SETTINGS, None, None)
    return [{**orjson.loads(item.body), "event": item.event_id} for item in page.items]


def test_rss_is_read_oldest_first_and_what_leads_nowhere_is_left_out() -> None:
    second, first = read(RSS)

    assert (first["id"], first["site"], first["author"]) == ("g1", "zeitung.example", "Ida Sommer")
    assert first["published"] == "2026-03-02T09:00:00+00:00"
    assert "published" not in second
    assert second["id"] == "https://blog.example.net/b"


def test_an_alert_leads_where_its_link_is_meant_to() -> None:
    [found] = read(ATOM)

    assert (found["link"], found["site"]) == ("https://magazin.example/test?id=7", "magazin.example")


def test_what_is_read_again_is_the_same_event_and_what_was_rewritten_another() -> None:
    assert read(RSS)[1]["event"] == read(RSS)[1]["event"]
    assert read(RSS)[1]["event"] != read(RSS.replace("Ein ", "Kein "))[1]["event"]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("<!doctype html><html><body><h1>Log in</h1></body></html>", "text/html"),
        ('{"error": "gone"}', "application/json"),
        ("", "text/plain"),
        (b"\x00\x01\x02", "application/octet-stream"),
    ],
)
def test_what_is_no_feed_is_said(content: str | bytes, kind: str) -> None:
    with pytest.raises(RejectedError, match="no feed"):
        read(content, kind)


def test_a_feed_that_breaks_off_is_read_as_far_as_it_goes_and_bombs_do_nothing() -> None:
    assert [one["id"] for one in read(RSS.partition("<item><title>Ohne")[0])] == ["g1"]
    bomb = '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "x"><!ENTITY b "&a;&a;">]>' + RSS.partition("?>")[2]
    assert "g1" in [one["id"] for one in read(bomb.replace("Zwei", "&b;"))]
    latin = RSS.replace("utf-8", "iso-8859-1").replace("Zwei", "Möwe").encode("latin-1")
    assert read(latin)[0]["title"] == "Möwe"


def test_the_site_speaks_where_no_author_is_named_and_is_no_customer() -> None:
    [found] = read(ATOM)
    del found["event"]

    who, said = SOURCE.parse(InboxEntry("alerts", "1", "entry", {}, orjson.dumps(found), NOW), SETTINGS)

    assert isinstance(who, CustomerEvent)
    assert (who.customer.company, who.customer.contact_kind, who.customer.name) == ("magazin.example", "press", None)
    assert isinstance(said, InteractionEvent)
    assert (said.interaction.subject, said.interaction.text) == ("Hafenkante im Test", "Die Jacke")


def test_a_live_check_says_how_much_there_is() -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, text=RSS))
    with open_client(Connection("alerts", CONNECTOR, SETTINGS), SOURCE, transport=transport) as http:
        assert check(http, SETTINGS).works == ["the feed can be read, with 3 entries"]
