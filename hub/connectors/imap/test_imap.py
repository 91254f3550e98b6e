"""How mails are read: the RFCs' and other people's own examples, and what broke other programs that read mail."""

from __future__ import annotations

import base64
import os
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
from imapclient.exceptions import ProtocolError
from pydantic import ValidationError

from hub.connectors.imap import mapping, schemas
from hub.connectors.imap.manifest import MANIFEST, ImapSettings, oauth
from hub.connectors.imap.schemas_message import Fetched, document
from hub.connectors.imap.source import SOURCE, item
from hub.connectors.imap.source_mailbox import Mailbox, _status, xoauth2
from hub.errors import PayloadError, SkipEvent
from hub.mapping.payload import read
from hub.mapping.plain_text import without_quotes
from hub.model.event import CanonicalEvent, ConsentEvent, CustomerEvent, InteractionEvent
from hub.sdk.oauth import consent_url, form, renewal_fields
from hub.sdk.source import InboxEntry

SETTINGS = ImapSettings.model_validate(dict(MANIFEST.sample_settings))
ARRIVED = datetime(2026, 3, 2, 12, tzinfo=UTC)
CORPUS = Path(os.environ.get("HUB_CONTRACTS_DIR", Path(__file__).parents[4] / "shared" / "contracts")) / "email-rfc5322"


def fetched(raw: bytes | str, **more: Any) -> Fetched:
    raw = raw.encode() if isinstance(raw, str) else raw
    return Fetched(
        raw, more.pop("size", len(raw)), more.pop("arrived", ARRIVED), more.pop("folder", "INBOX"), 7, **more
    )


def kept(raw: bytes | str) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(document(fetched(raw)))
    return found


def parsed(raw: bytes | str, **more: Any) -> list[CanonicalEvent]:
    one = item(fetched(raw, **more))
    found = SOURCE.parse(InboxEntry("mail", one.event_id, one.topic, {}, one.body, ARRIVED), SETTINGS)
    return [event for event in found if isinstance(event, CustomerEvent | InteractionEvent | ConsentEvent)]


def skipped(raw: bytes | str) -> str:
    with pytest.raises(SkipEvent) as reason:
        parsed(raw)
    return str(reason.value)


def written(*headers: str, text: str = "Moin", sender: str = "Anna Berg <anna@example.de>") -> str:
    return "\r\n".join([f"From: {sender}", "To: kontakt@hafenkante.example", *headers, "", text, ""])


READ = {
    "attachment_emails__attachment_pdf.eml": (
        "xxxx@xxxx.com",
        "Another PDF with 🎉 Unicode chars in it 🍿",
        "Just att",
    ),
    "multi_charset__japanese.eml": ("raasdnil@gmail.com", "まみむめも", "かきくえこ"),
    "multipart_report_emails__report_422.eml": ("mailer-daemon@tppppp.com.au", "Warning: could not send", "*******"),
    "plain_emails__basic_email.eml": ("test@lindsaar.net", "Testing 123", "Plain email."),
    "plain_emails__raw_email_multiple_from.eml": ("tim@powerupdev.com", "/home/svn/public", "<p><b>recordkick"),
    "plain_emails__raw_email_reply.eml": ("xxxxxxxx@xxx.org", "Re: Test reply email", "Message body"),
    "rfc2822__example01.eml": ("jdoe@machine.example", "Saying Hello", "This is a message"),
    "rfc2822__example06.eml": ("mary@example.net", "Re: Saying Hello", "This is a reply"),
    "rfc6532__utf8_headers.eml": ("jdöe@xn--mchine-bua.example", "Säying Hello", "body"),
}

if CORPUS.is_dir():

    def test_every_mail_of_the_corpus_is_expected() -> None:
        assert {path.name for path in CORPUS.glob("*.eml")} == set(READ)

    @pytest.mark.parametrize("name", READ)
    def test_a_mail_of_the_corpus_is_read_right(name: str) -> None:
        sender, subject, text = READ[name]

        found = kept((CORPUS / name).read_bytes())

        assert found["from"][0]["address"] == sender
        assert found["subject"].startswith(subject)
        assert found["text"].startswith(text)

    def test_threads_and_reports_of_the_corpus() -> None:
        reply = read(schemas.Mail, document(fetched((CORPUS / "plain_emails__raw_email_reply.eml").read_bytes())))
        report = (CORPUS / "multipart_report_emails__report_422.eml").read_bytes()

        assert mapping.thread(reply) == "473FF3B8.9020707@xxx.org"
        [_, delayed] = [event for event in parsed(report) if not isinstance(event, ConsentEvent)]
        assert isinstance(delayed, InteractionEvent)
        assert dict(delayed.interaction.details) == {"status": "deferred", "reason": "4.2.2"}


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        # frappe/helpdesk#3628: only a header of its own was looked at, so all of these became tickets and were answered
        (("Auto-Submitted: auto-replied",), "Auto-Submitted"),
        (("Auto-Submitted: auto-generated (rejected)",), "Auto-Submitted"),
        # odoo/odoo#66329: two vacation notices played ping-pong
        (("X-Auto-Response-Suppress: DR, AutoReply",), "X-Auto-Response-Suppress"),
        # freescout-help-desk/freescout#634: an empty return path and no other sign
        (("Return-Path: <>",), "empty Return-Path"),
        (("X-Autoreply: yes",), "automatic"),
        # Nine-Minds/alga-psa#2772: lists and mass mailings
        (("List-Id: Segler <segler.example.org>",), "mailing list"),
        (("Precedence: bulk",), "mass mailing"),
        (("List-Unsubscribe: <mailto:weg@example.org>",), "mass mailing"),
        (("X-Spam-Flag: YES",), "spam"),
    ],
)
def test_what_programs_send_is_no_customers_mail(headers: tuple[str, ...], reason: str) -> None:
    assert reason in skipped(written(*headers))
    assert parsed(written("Auto-Submitted: no"))


@pytest.mark.parametrize(
    "sender",
    [
        # faveosuite/faveo-helpdesk#150 and freescout#3670: programs that sign with nothing but their address
        "Mail System <MAILER-DAEMON@mx.example.net>",
        "no-reply@paket.example",
        "Do Not Reply <shop_donotreply@example.com>",
        "bounces+7781=kontakt@news.example.org",
    ],
)
def test_a_programs_address_is_nobody(sender: str) -> None:
    assert skipped(written(sender=sender)) == "a program's address"


def test_our_own_people_are_no_customers() -> None:
    """PostHog/posthog#92017: the inbox's own address became the requester of its tickets."""
    assert skipped(written(sender="Uwe <uwe@hafenkante.example>")) == "between ourselves"
    assert skipped(written(sender="Lager <l@lager.hafenkante.example>")) == "between ourselves"
    many = ", ".join(f"kunde{n}@example.de" for n in range(9))
    assert skipped(f"From: uwe@hafenkante.example\r\nTo: {many}\r\n\r\nNeues\r\n") == "a mass mailing of ours"
    assert parsed(written(sender="Eve <eve@nothafenkante.example>")), "another domain that ends alike"


def test_who_wrote_where_several_are_named() -> None:
    several = "Anna <anna@example.de>, Ida <ida@example.de>"

    [who, _] = parsed(written("Sender: Ida <ida@example.de>", sender=several))
    [first, _] = parsed(written(sender=several))

    assert isinstance(who, CustomerEvent)
    assert isinstance(first, CustomerEvent)
    assert [identifier.value for identifier in who.customer.identifiers] == ["ida@example.de"]
    assert [identifier.value for identifier in first.customer.identifiers] == ["anna@example.de"]


@pytest.mark.parametrize(
    ("header", "proven"),
    [
        ("mx.hafenkante.example; spf=pass; dmarc=pass header.from=example.de", True),
        ("mx.hafenkante.example 1; dmarc = pass", True),
        ("mx.hafenkante.example; dmarc=fail; x=pass", False),
        ("mx.hafenkante.example; spf=pass smtp.mailfrom=evil.example", False),
        ("mx.evil.example; dmarc=pass", False),
    ],
)
def test_an_address_is_proven_by_our_own_server_alone(header: str, proven: bool) -> None:
    [who, _] = parsed(written(f"Authentication-Results: {header}"))

    assert isinstance(who, CustomerEvent)
    assert bool(who.customer.emails) is proven
    assert [one.strength for one in who.customer.identifiers] == ([] if proven else ["weak"])


@pytest.mark.parametrize(
    ("charset", "raw", "text"),
    [
        ("ks_c_5601-1987", "안녕하세요".encode("cp949"), "안녕하세요"),
        ("iso-2022-jp", "お問い合わせ".encode("iso2022_jp"), "お問い合わせ"),
        ("gb2312", "您好，龙".encode("gb18030"), "您好，龙"),
        ("iso-8859-1", "Preis: 5 €".encode("cp1252"), "Preis: 5 €"),
        ("iso-8859-1", "Grüße".encode(), "Grüße"),
        ("utf-8", "Grüße".encode("latin-1"), "Grüße"),
        ("x-unknown", "Grüße".encode("cp1252"), "Grüße"),
        ("us-ascii", "Grüße".encode(), "Grüße"),
        ("utf-8", b"a\x00b", "ab"),
    ],
)
def test_a_wrong_charset_loses_no_letter(charset: str, raw: bytes, text: str) -> None:
    head = f"From: a@example.de\r\nContent-Type: text/plain; charset={charset}\r\n\r\n".encode()

    assert kept(head + raw)["text"] == text


def test_headers_with_raw_bytes_and_words_broken_within_a_letter() -> None:
    raw = b"From: M\xfcller <m@example.de>\r\nSubject: =?utf-8?b?R3LDvMOf?= =?utf-8?b?ZSDD?= =?utf-8?b?pGg=?=\r\n\r\n"

    found = kept(raw)

    assert found["from"] == [{"address": "m@example.de", "name": "Müller"}]
    assert found["subject"] == "Grüße äh"


def test_a_mail_without_sender_is_parked_and_one_without_date_takes_its_arrival() -> None:
    with pytest.raises(PayloadError, match="from"):
        parsed("Subject: nobody\r\n\r\ntext\r\n")
    [_, said] = parsed(written("Date: not a date"))
    assert said.occurred_at == ARRIVED
    [_, ahead] = parsed(written("Date: Tue, 1 Jan 2999 10:00:00 +0000"))
    assert ahead.occurred_at == ARRIVED


@pytest.mark.parametrize(
    ("status", "diagnostic", "dead"),
    [
        ("5.1.1", "", True),
        ("5.1.10", "smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound", True),
        ("5.2.1", "", True),
        ("5.0.0", "smtp; 550 5.1.1 user unknown", True),
        ("5.5.0", "smtp; 550 Requested action not taken: mailbox unavailable", True),
        ("5.2.2", "smtp; 552 mailbox full", False),
        ("5.7.1", "smtp; 550 5.7.1 blocked, see user unknown policy", False),
        ("5.4.4", "no route", False),
        ("4.4.7", "", False),
    ],
)
def test_only_a_dead_address_is_written_to_no_more(status: str, diagnostic: str, dead: bool) -> None:
    report = (
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example\r\nTo: kontakt@hafenkante.example\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=r\r\n\r\n"
        "--r\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; weg@example.org\r\nAction: failed\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: {diagnostic}\r\n\r\n--r--\r\n"
    )

    found = parsed(report)

    bounced = [event.interaction for event in found if isinstance(event, InteractionEvent)]
    assert [one.kind for one in bounced] == ["email_bounced" if dead else "message_status"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Ja.\n\nOn Mon, 2 Mar 2026 at 10:00, Hafenkante <k@h.example>\nwrote:\n> Nein?\n", "Ja."),
        ("Ja.\n\nAm 02.03.26 schrieb Uwe:\n> Nein?\n>\n> Uwe", "Ja."),
        ("Ja.\n-----Ursprüngliche Nachricht-----\nVon: Uwe\nNein?", "Ja."),
        ("Ja.\n\nVon: Uwe <uwe@hafenkante.example>\nGesendet: Montag\nNein?", "Ja."),
        ("Ja.\n-- \nAnna Berg\nStraße 1", "Ja."),
        ("Am 02.03. schrieb Uwe:\n> Größe?\nM bitte\n> Farbe?\nBlau", "M bitte\nBlau"),
        ("> nur Zitat", "> nur Zitat"),
        (
            "Am Montag schrieb ich euch schon: die Jacke ist zu groß.",
            "Am Montag schrieb ich euch schon: die Jacke ist zu groß.",
        ),
    ],
)
def test_what_was_written_anew_is_kept_without_what_it_answers(text: str, said: str) -> None:
    assert without_quotes(text) == said


def test_a_mail_that_its_server_cannot_tell_costs_itself_and_is_parked() -> None:
    class Client:
        def fetch(self, uids: list[int], _: object) -> dict[int, dict[bytes, Any]]:
            if 2 in uids:
                raise ProtocolError("odd")
            raw = written().encode()
            return {uid: {b"BODY[]<0>": raw, b"RFC822.SIZE": len(raw), b"INTERNALDATE": ARRIVED} for uid in uids}

    found = [*Mailbox(Client(), 1.0)._fetched("INBOX", [1, 2, 3])]

    assert [(one.uid, bool(one.head)) for one in found] == [(1, True), (2, False), (3, True)]
    odd = item(found[1])
    assert odd.event_id == "mail:INBOX:2"
    with pytest.raises(PayloadError, match="from"):
        SOURCE.parse(InboxEntry("mail", odd.event_id, odd.topic, {}, odd.body, ARRIVED), SETTINGS)


@pytest.mark.parametrize(
    ("host", "allow_http", "right"),
    [
        ("localhost", False, True),
        ("192.168.1.5", False, True),
        ("imap.example.com", False, False),
        ("imap.example.com", True, True),
    ],
)
def test_a_password_goes_in_the_clear_no_further_than_the_own_network(host: str, allow_http: bool, right: bool) -> None:
    told = {**MANIFEST.sample_settings, "host": host, "security": "none", "allow_http": allow_http}

    with nullcontext() if right else pytest.raises(ValidationError, match="security"):
        ImapSettings.model_validate(told)


def test_a_mail_within_a_mail_tells_nothing_of_its_own_sender() -> None:
    forwarded = (
        "From: Anna <anna@example.de>\r\nTo: kontakt@hafenkante.example\r\nSubject: WG: Frage\r\n"
        "Content-Type: multipart/mixed; boundary=w\r\n\r\n--w\r\nContent-Type: text/plain\r\n\r\nSiehe unten\r\n"
        "--w\r\nContent-Type: message/rfc822\r\n\r\nFrom: Jörg <joerg@example.net>\r\n\r\ngeheim\r\n--w--\r\n"
    )

    found = parsed(forwarded)

    assert "joerg" not in repr(found)
    assert isinstance(found[1], InteractionEvent)
    assert found[1].interaction.text == "Siehe unten"


APP = {"password": None, "oauth": "microsoft", "client_id": "app", "client_secret": "s", "tenant": "hafenkante.example"}


def with_oauth(**change: Any) -> ImapSettings:
    return ImapSettings.model_validate({**MANIFEST.sample_settings, **APP, **change})


def test_the_sasl_string_is_the_one_of_googles_page() -> None:
    answer = xoauth2("someuser@example.com", "Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg", [])

    assert base64.b64encode(answer(b"").encode()).decode() == (
        "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cB"
        "AQ=="
    )


def test_a_refused_token_is_answered_with_nothing_and_told_by_its_status() -> None:
    """Google sends its reason as a challenge, and says NO only once that is answered; with the token it hung."""
    said: list[bytes] = []
    answer = xoauth2("anna@example.de", "Bearer geheim", said)
    answer(b"")

    assert answer(b'{"status":"401","schemes":"bearer","scope":"https://mail.google.com/","token":"geheim"}') == ""
    assert _status(said) == " (status 401)"
    assert _status([b'{"status":"Bearer geheim !"}']) == _status([]) == ""


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"password": "both"}, "either password or oauth"),
        ({"oauth": None}, "either password or oauth"),
        ({"client_secret": None}, "client_id and client_secret"),
        ({"oauth": "microsoft_app", "tenant": "organizations"}, "tenant"),
    ],
)
def test_a_mailbox_has_one_way_in(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        with_oauth(**change)


def test_microsoft_is_told_the_scope_each_time_and_google_asks_anew() -> None:
    """sasl-xoauth2#89: AADSTS900144, the request must contain 'scope'. offlineimap#673: a token that was revoked."""
    microsoft, app, google = (oauth(with_oauth(oauth=one)) for one in ("microsoft", "microsoft_app", "google"))
    assert microsoft is not None
    assert app is not None
    assert google is not None
    sent, _ = form(microsoft, renewal_fields(microsoft, "refresh", now=0))
    consent = parse_qs(urlsplit(consent_url(google, state="s", verifier="v" * 43)).query)

    assert parse_qs(sent.decode())["scope"] == ["https://outlook.office.com/IMAP.AccessAsUser.All offline_access"]
    assert microsoft.token_url == "https://login.microsoftonline.com/hafenkante.example/oauth2/v2.0/token"
    assert (consent["access_type"], consent["prompt"], consent["scope"]) == (
        ["offline"],
        ["consent"],
        ["https://mail.google.com/"],
    )
    assert app.needs_no_person
    assert renewal_fields(app, None, now=0)["scope"] == "https://outlook.office365.com/.default"
    assert oauth(SETTINGS) is None
