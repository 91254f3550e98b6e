"""Mailboxes of a running Dovecot, read by the imap source: in full, again, cut off, and with what mail really holds.

It runs with every run of the suite: Dovecot takes a second to start. ``tests/support/dovecot.py`` says what it needs.
"""

from __future__ import annotations

import threading
import tracemalloc
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import orjson
import pytest
from imapclient import IMAPClient

from hub.application.histories import histories
from hub.application.listen import Listening
from hub.connectors.imap import CONNECTOR
from hub.connectors.imap.manifest import ImapSettings
from hub.connectors.imap.source import SOURCE, backfill, check, listen
from hub.errors import AuthError, NotFound, Unavailable
from hub.sdk.connection import Connection, open_client
from hub.sdk.oauth import Tokens
from hub.sdk.source import BackfillItem
from hub.sdk.tokens import YOUNG_SECONDS, Held, Passing
from hub.store import backfills
from hub.store.database import Database
from tests.support.dovecot import PASSWORD, Dovecot, dovecot, line_to
from tests.support.token_server import Answer, Vendor, json_answer, served

NO_HTTP: Any = None
"""The source speaks IMAP: it is given a client, and asks it for nothing."""


class Kept(Passing):
    """Tokens that were given some time ago."""

    def held(self, connection: str, app: str) -> Held:
        return replace(super().held(connection, app), age=YOUNG_SECONDS + 1)


@dataclass
class TokenServer(Vendor):
    """It also says whose a token is, as Dovecot asks."""

    owner: str = ""

    def api(self, authorization: str) -> Answer:
        status, _, _ = super().api(authorization)
        return json_answer(status, {"email": self.owner} if status == 200 else {"error": "invalid_token"})


@pytest.fixture(scope="module")
def vendor() -> Iterator[TokenServer]:
    with served(TokenServer()) as found:
        assert isinstance(found, TokenServer)
        yield found


@pytest.fixture(scope="module")
def server(vendor: TokenServer) -> Iterator[Dovecot]:
    with dovecot(vendor.url) as found:
        yield found


@pytest.fixture
def user() -> str:
    return f"kontakt-{uuid.uuid4().hex[:8]}"


def mail(subject: str, *headers: str, sender: str = "Anna Berg <anna@example.de>", text: str = "Moin") -> bytes:
    lines = [f"From: {sender}", "To: kontakt@hafenkante.example", f"Subject: {subject}", *headers, "", text, ""]
    return "\r\n".join(lines).encode()


def walked(settings: ImapSettings, cursor: Any = None) -> tuple[list[BackfillItem], Any]:
    items: list[BackfillItem] = []
    for page in backfill(NO_HTTP, settings, None, cursor):
        items += page.items
        cursor = page.cursor
    return items, cursor


def told(item: BackfillItem) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(item.body)
    return found


def client(server: Dovecot, user: str) -> IMAPClient:
    found = IMAPClient("127.0.0.1", server.imap, ssl=False)
    found.login(user, PASSWORD)
    return found


def test_each_mail_is_read_once_and_the_next_run_goes_on_behind_it(server: Dovecot, user: str) -> None:
    settings = server.settings(user)
    server.deliver(user, mail("eins", "Message-ID: <1@example.de>"), mail("zwei", "Message-ID: <2@example.de>"))

    first, cursor = walked(settings)
    again, _ = walked(settings, cursor)
    server.deliver(user, mail("drei", "Message-ID: <3@example.de>"))
    news, _ = walked(settings, cursor)

    assert [told(one)["subject"] for one in first] == ["eins", "zwei"]
    assert again == []
    assert [told(one)["subject"] for one in news] == ["drei"]
    with client(server, user) as look:
        look.select_folder("INBOX", readonly=True)
        assert look.search("UNSEEN") == [1, 2, 3], "reading changed a flag"


def test_a_folder_that_was_made_anew_is_read_again_and_nothing_is_doubled(server: Dovecot, user: str) -> None:
    # given a folder that was read, and then came back from a copy: other UIDs, another UIDVALIDITY
    settings = server.settings(user, folders=["Kunden"])
    mails = [
        mail(f"Frage {n}", f"Message-ID: <q{n}@example.de>", f"Date: Mon, {n} Mar 2026 10:00:00 +0000") for n in (2, 9)
    ]
    with client(server, user) as owner:
        owner.create_folder("Kunden")
        for one in mails:
            owner.append("Kunden", one)
        before, cursor = walked(settings)
        owner.delete_folder("Kunden")
        owner.create_folder("Kunden")
        for one in (mail("Neues", "Message-ID: <q3@example.de>"), *reversed(mails)):
            owner.append("Kunden", one)

    after, renewed = walked(settings, cursor)

    assert renewed["Kunden"]["validity"] != cursor["Kunden"]["validity"]
    assert len(after) == 3
    assert {one.event_id for one in before} < {one.event_id for one in after}


def test_one_mail_in_two_folders_is_one_and_a_doubled_id_is_two(server: Dovecot, user: str) -> None:
    settings = server.settings(user, folders=["INBOX", "Archiv"])
    dated = "Date: Mon, 2 Mar 2026 10:00:00 +0000"
    server.deliver(
        user,
        mail("eins", "Message-ID: <same@example.de>", dated, text="das eine"),
        mail("zwei", "Message-ID: <same@example.de>", dated, text="das andere"),
        mail("ohne", dated, text="ohne Id"),
        mail("ohne", dated, text="auch ohne"),
    )
    with client(server, user) as owner:
        owner.create_folder("Archiv")
        owner.select_folder("INBOX")
        owner.copy([1], "Archiv")

    items, _ = walked(settings)

    assert len(items) == 5
    assert len({one.event_id for one in items}) == 4


BROKEN = (
    b"From: a@example.de\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\nno such boundary\r\n",
    b"From: b@example.de\r\nContent-Type: multipart/mixed\r\n\r\n--y\r\nContent-Type: text/plain\r\n\r\ntext\r\n",
    b'From: c@example.de\r\nContent-Type: text/plain; charset="no-such"\r\n\r\nM\xfcller \xe4\r\n',
    b"From: d@example.de\r\nContent-Transfer-Encoding: base64\r\n\r\n%%%% not base64 %%%%\r\n",
    b"From: e@example.de\r\nSubject: =?utf-8?b?!!!?=\r\nDate: yesterday\r\n\r\ntext\r\n",
    b"From: f@example.de\r\nContent-Disposition: attachment; filename*=broken'x\r\n\r\ntext\r\n",
    b"From: g@example.de\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<div><p>offen<style>p{}</div>\r\n",
    b"no header at all\r\n\r\nbut text\r\n",
    b"From: h@example.de\r\n" + b"X-Long: " + b"y" * 100_000 + b"\r\n\r\ntext\r\n",
    b"From: i@example.de\r\n"
    + b"".join(b"Content-Type: multipart/mixed; boundary=%d\r\n\r\n--%d\r\n" % (n, n) for n in range(600)),
)


def test_broken_mails_are_kept_one_by_one_and_break_nothing(server: Dovecot, user: str) -> None:
    with client(server, user) as owner:
        for raw in BROKEN:
            owner.append("INBOX", raw)

    items, _ = walked(server.settings(user))

    assert len({one.event_id for one in items}) == len(BROKEN)
    texts = {told(one)["from"][0]["address"][:1]: told(one).get("text") for one in items if "from" in told(one)}
    assert texts["a"] == "no such boundary"
    assert texts["c"] == "Müller ä"
    assert texts["g"] == "offen"
    assert texts["h"] == "text"


def test_a_mail_of_40_mb_costs_its_first_bytes_and_loses_no_attachment_s_name(server: Dovecot, user: str) -> None:
    def part(name: str, size: int) -> bytes:
        head = f'--b\r\nContent-Type: application/pdf; name="{name}"\r\nContent-Disposition: attachment\r\n\r\n'
        return head.encode() + b"x" * 78 + (b"\r\n" + b"x" * 78) * (size // 80) + b"\r\n"

    text = b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHier alles.\r\n"
    head = mail("Katalog", "Content-Type: multipart/mixed; boundary=b", text="").rstrip() + b"\r\n\r\n"
    with client(server, user) as owner:
        owner.append("INBOX", head + text + part("eins.pdf", 20_000_000) + part("zwei.pdf", 20_000_000) + b"--b--\r\n")

    tracemalloc.start()
    [item], _ = walked(server.settings(user))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    found = told(item)
    assert found["text"] == "Hier alles."
    assert [one["name"] for one in found["attachments"]] == ["eins.pdf", "zwei.pdf"]
    assert all(one["size"] >= 20_000_000 for one in found["attachments"])
    assert found["size"] > 40_000_000
    assert peak < 4_000_000


def test_credentials_folders_and_an_absent_server_are_told_apart(server: Dovecot, user: str) -> None:
    assert "the folder INBOX can be read" in check(NO_HTTP, server.settings(user)).works
    with pytest.raises(AuthError):
        check(NO_HTTP, server.settings(user, password="falsch"))
    with pytest.raises(NotFound):
        check(NO_HTTP, server.settings(user, folders=["Kein Ordner"]))
    with pytest.raises(Unavailable):
        check(NO_HTTP, server.settings(user, port=1))


def test_new_mail_is_told_of_and_a_cut_line_is_seen(server: Dovecot, user: str) -> None:
    with line_to(server.imap) as line:
        heard = listen(NO_HTTP, server.settings(user, port=line.port))
        assert next(heard) is True  # what came while nobody listened
        server.deliver(user, mail("neu"))
        assert any(news for news, _ in zip(heard, range(20), strict=False))
        line.cut()
        with pytest.raises(Unavailable):
            list(zip(heard, range(20), strict=False))


def test_a_connection_that_listens_reads_at_once_and_stops_when_told_to(
    server: Dovecot, user: str, database: Database
) -> None:
    connection = Connection("mail", CONNECTOR, server.settings(user))
    stopping, ended = threading.Event(), []
    listening = threading.Thread(target=lambda: ended.append(Listening(database, connection).run_if_due(stopping)))
    server.deliver(user, mail("gestern"))
    listening.start()
    wait_for(database, 1)
    assert Listening(database, connection).run_if_due(threading.Event()) is None, "two processes listen"

    server.deliver(user, mail("eben"))

    wait_for(database, 2)
    stopping.set()
    listening.join(20)
    assert ended
    assert ended[0] is not None
    assert ended[0] >= 2


def test_who_polls_a_mailbox_listens_to_it_as_well(server: Dovecot, user: str, database: Database) -> None:
    polled = Connection("mail", CONNECTOR, server.settings(user, every="5m"))
    asked = Connection("other", CONNECTOR, server.settings(user))

    found = [one.name for one in histories(database, [polled, asked], "https://hub.example.com")]

    assert found == ["backfill mail", "listen mail"]


def test_a_mailbox_is_read_with_a_token_that_is_renewed_once_it_is_refused(
    server: Dovecot, user: str, vendor: TokenServer
) -> None:
    """imapsync#250, MimeKit#714: a token is good for an hour, and whoever kept it was shut out."""
    # given a mailbox of which Hub holds a refresh token
    vendor.owner, vendor.refresh = user, "refresh-0"
    app = {"oauth": "microsoft", "client_id": "app", "client_secret": "s", "base_url": vendor.url, "password": None}
    kept = Kept()
    settings = server.settings(user, **app)
    connection = Connection("mail", CONNECTOR, settings, tokens=kept)
    kept.give("mail", connection.oauth.app, Tokens("spent-long-ago", "refresh-0"), spent=0)  # type: ignore[union-attr]
    server.deliver(user, mail("mit Token", "Message-ID: <t@example.de>"))

    # when it is read with an access token that the server knows no more
    with open_client(connection, SOURCE) as http:
        pages = list(backfill(http, settings, None, None))
        assert "the server lets us in" in check(http, settings).works
    assert [told(one)["subject"] for page in pages for one in page.items] == ["mit Token"]

    # then it was renewed once, with the scope that personal accounts want in every request (sasl-xoauth2#89)
    [asked] = vendor.asked
    assert asked["grant_type"] == "refresh_token"
    assert asked["scope"] == "https://outlook.office.com/IMAP.AccessAsUser.All offline_access"

    # and a mailbox of somebody else stays shut, in few words and without the token
    vendor.owner = "somebody-else"
    with open_client(connection, SOURCE) as http, pytest.raises(AuthError) as refused:
        list(backfill(http, settings, None, None))
    assert "the mailbox refuses user and token" in str(refused.value)
    assert not any(token in str(refused.value) for token in vendor.valid)


def wait_for(database: Database, count: int) -> None:
    pause = threading.Event()
    for _ in range(400):
        with database.session() as session:
            if backfills.waiting(session, "mail", count) >= count:
                return
        pause.wait(0.05)
    raise AssertionError(f"{count} mails did not come")
