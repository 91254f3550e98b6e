"""Forms with double opt-in, over HTTP and SMTP: from a sign-up to a consent that can be proved, and what robots try."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import re
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import orjson
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from pydantic import ValidationError
from typer.testing import CliRunner, Result

from hub.application.form_mails import LONGEST, Sending
from hub.application.process import Processing, process_batch
from hub.cli.app import app as hub_command
from hub.connectors.forms import CONNECTOR
from hub.connectors.forms.manifest import FormsSettings
from hub.connectors.forms.mapping_admission import admit
from hub.matching.rules import IdentityRules
from hub.profiles.explanation import came
from hub.profiles.survivorship import SurvivorshipRules
from hub.sdk import smtp
from hub.sdk.connection import Connection
from hub.sdk.source import RawDelivery, Reply
from hub.settings_sections import MailSection
from hub.store import inbox, mails, suppressions
from hub.store.database import Database
from tests.support.asgi import running_api
from tests.support.doubles import by_name, source

SECRET = "a-sealing-secret-of-tests"
PAGE = "https://tee.example.de"
BARE = {"secret": SECRET, "business": "Teeladen", "consent_text": "Ja, gern."}
JULE = {"email": "Jule.Ahrens@example.de", "vorname": "Jule", "newsletter": "yes", "lieblingstee": "Assam"}


@dataclass
class Mailbox:
    """A mail server. ``answers`` are what it says to the next recipients, "250 OK" without."""

    mails: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    sender: str = "250 OK"
    good_bye: str = "221 Bye"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.answers and not self.answers[0].startswith("250"):
            return self.answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.sender.startswith("250"):
            envelope.mail_from = address
        return self.sender

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        return self.good_bye

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.raw.append(envelope.content)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port, enable_SMTPUTF8=True)
    # its own log names whom it refuses, and another test may have left a handler whose stream is closed
    logging.getLogger("mail.log").disabled = True
    controller.start()
    yield box, port
    controller.stop()


class House:
    """An API with a form, a worker, and the sender of mails."""

    def __init__(self, database: Database, mailbox: tuple[Mailbox, int], **settings: Any) -> None:
        told = {
            "secret": SECRET,
            "business": "Teeladen Ahrens",
            "consent_text": "Ja, ich möchte den Newsletter.",
            "text_version": "7",
            "origins": [PAGE],
            "fields": {"vorname": "first_name"},
            "rate_per_client": 100,
            **settings,
        }
        form = Connection("news", CONNECTOR, CONNECTOR.manifest.settings.model_validate(told))
        self.database, self.connections = database, by_name(form, source("shop"))
        self.work = Processing(database, self.connections, (), IdentityRules(), SurvivorshipRules())
        self.box, self.late = mailbox[0], timedelta(0)
        section = MailSection(
            host="127.0.0.1",
            port=mailbox[1],
            security="none",
            sender="post@tee.example.de",
            sender_name="Teeladen Ahrens",
        )
        self.sending = Sending(
            database, self.connections, section, "https://hub.example.com", now=lambda: datetime.now(UTC) + self.late
        )

    def request(self, method: str, path: str, **told: Any) -> httpx.Response:
        async def play() -> httpx.Response:
            async with running_api(self.database, self.connections) as client:
                return await client.request(method, path, **told)

        reply = asyncio.run(play())
        while process_batch(self.work).entries:
            pass
        return reply

    def send(self, form: Mapping[str, str], **headers: str) -> httpx.Response:
        """As a browser sends it."""
        sent = {"origin": PAGE, "referer": f"{PAGE}/newsletter?email=x", "accept-language": "de-DE", **headers}
        return self.request("POST", "/webhooks/news", data=dict(form), headers=sent)

    def mailed(self) -> EmailMessage:
        """The one mail that goes out now."""
        before = len(self.box.mails)
        assert self.sending.turn() == 1
        assert len(self.box.mails) == before + 1
        return self.box.mails[-1]

    def golden(self) -> list[dict[str, Any]]:
        with self.database.session() as session:
            return [orjson.loads(text) for (text,) in session.rows("SELECT golden FROM profile ORDER BY golden")]

    def consents(self) -> list[tuple[str, str]]:
        """Channel and state of everybody's."""
        return [(one["channel"], one["state"]) for person in self.golden() for one in person.get("consents", ())]

    def mail_states(self) -> list[str]:
        with self.database.session() as session:
            return [row.state for row in mails.page(session)]


def links(mail: EmailMessage) -> tuple[str, str]:
    """Path and query of the link to confirm, and of that to unsubscribe."""
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.findall(r"https://hub\.example\.com(/\S+)", body.get_content())
    assert len(found) == 2
    return found[0], found[1]


def test_nobody_is_opted_in_before_the_mail_is_confirmed(database: Database, mailbox: tuple[Mailbox, int]) -> None:
    # given a form that somebody filled in on the shop's page
    house = House(database, mailbox)
    reply = house.send(JULE, accept="text/html")
    assert (reply.status_code, "E-Mail geschickt" in reply.text) == (200, True)
    assert reply.headers["access-control-allow-origin"] == PAGE
    # then it is pending, and only the address is believed
    [person] = house.golden()
    assert house.consents() == [("email", "pending")]
    assert (person["emails"], person.get("name"), person.get("custom")) == (["jule.ahrens@example.de"], None, None)
    # and one mail goes out, which advertises nothing and can be unsubscribed from by one click
    mail = house.mailed()
    assert (mail["to"], mail["from"]) == ("jule.ahrens@example.de", "Teeladen Ahrens <post@tee.example.de>")
    assert mail["subject"] == "Bitte bestätigen Sie Ihre Anmeldung bei Teeladen Ahrens"
    assert (mail["auto-submitted"], mail["list-unsubscribe-post"]) == ("auto-generated", "List-Unsubscribe=One-Click")
    body = mail.get_body(("plain",))
    assert body is not None
    assert "Ja, ich möchte den Newsletter." in body.get_content()
    confirm, off = links(mail)
    # (its header as it is: no mail program decodes a link that is folded or encoded)
    assert f"\r\nList-Unsubscribe: <https://hub.example.com{off}>\r\n".encode() in house.box.raw[-1]
    assert "jule" not in confirm.lower()
    # when a scanner only opens the link, nothing happens
    page = house.request("GET", confirm)
    assert (page.status_code, "<button>" in page.text, page.headers["referrer-policy"]) == (200, True, "no-referrer")
    assert "script" not in page.headers["content-security-policy"]
    assert house.consents() == [("email", "pending")]
    # when the person presses its button, they are opted in, and all that the form told is theirs
    done = house.request("POST", confirm)
    assert (done.status_code, "bestätigt" in done.text) == (200, True)
    [person] = house.golden()
    assert house.consents() == [("email", "opted_in")]
    assert (person["name"]["first"], person["custom"]) == ("Jule", {"lieblingstee": "Assam"})
    [consent] = person["consents"]
    assert re.fullmatch(
        r"double opt-in: link of the mail, used \d{4}-\d\d-\d\d \d\d:\d\d UTC(, IPv[46])?; "
        r"form on https://tee\.example\.de/newsletter, text 7: Ja, ich möchte den Newsletter\.",
        consent["evidence"],
    )
    # the link works once: pressed again, it changes nothing
    assert house.request("POST", confirm).status_code == 200
    with database.session() as session:
        stored = session.rows("SELECT topic, headers FROM inbox ORDER BY id")
    assert [topic for topic, _ in stored] == ["submitted", "confirmed"]
    assert all(came(orjson.loads(headers), house.connections["news"]) == "webhook" for _, headers in stored)


def test_one_click_unsubscribes_and_an_old_link_to_confirm_does_not_bring_it_back(
    database: Database, mailbox: tuple[Mailbox, int]
) -> None:
    house = House(database, mailbox)
    house.send(JULE)
    confirm, off = links(house.mailed())
    house.request("POST", confirm)
    # a mail program presses its own button: https://www.rfc-editor.org/rfc/rfc8058#section-3.2
    done = house.request("POST", off, data={"List-Unsubscribe": "One-Click"})
    assert done.status_code == 200
    assert house.consents() == [("email", "opted_out")]
    house.request("POST", confirm)
    assert house.consents() == [("email", "opted_out")]
    # signing up once more is a new act, and needs a mail of its own
    house.send({**JULE, "vorname": "Juliane"})
    assert house.consents() == [("email", "opted_out")]
    house.request("POST", links(house.mailed())[0])
    assert house.consents() == [("email", "opted_in")]


def test_who_is_opted_in_stays_so_when_anybody_types_their_address(
    database: Database, mailbox: tuple[Mailbox, int]
) -> None:
    house = House(database, mailbox)
    house.send(JULE)
    house.request("POST", links(house.mailed())[0])
    house.send({"email": JULE["email"], "vorname": "Spott", "newsletter": "yes"})
    [person] = house.golden()
    assert (house.consents(), person["name"]["first"]) == ([("email", "opted_in")], "Jule")


@pytest.mark.parametrize("what", ["changed", "of another secret", "to unsubscribe", "none"])
def test_a_link_that_is_not_ours_does_nothing(database: Database, mailbox: tuple[Mailbox, int], what: str) -> None:
    house = House(database, mailbox)
    house.send(JULE)
    confirm, off = links(house.mailed())
    token = parse_qs(urlsplit(confirm).query)["t"][0]
    bent = {
        "changed": f"/webhooks/news/confirm?t={token[:-3]}AAA",
        "of another secret": confirm,
        "to unsubscribe": off.replace("/unsubscribe", "/confirm"),
        "none": "/webhooks/news/confirm",
    }[what]
    other = House(database, mailbox, secret="another-secret-of-tests") if what == "of another secret" else house
    for method in ("GET", "POST"):
        reply = other.request(method, bent)
        assert (reply.status_code, "<button>" in reply.text) == (404, False)
    assert house.consents() == [("email", "pending")]


def test_a_secret_that_was_changed_keeps_old_links_working(database: Database, mailbox: tuple[Mailbox, int]) -> None:
    house = House(database, mailbox)
    house.send(JULE)
    confirm, _ = links(house.mailed())
    House(database, mailbox, secret=["a-new-secret-of-tests", SECRET]).request("POST", confirm)
    assert house.consents() == [("email", "opted_in")]


def test_a_link_works_for_as_long_as_it_says(database: Database, mailbox: tuple[Mailbox, int]) -> None:
    house = House(database, mailbox, hours=1)
    house.send(JULE)
    confirm, off = links(house.mailed())
    settings = house.connections["news"].settings
    assert isinstance(settings, FormsSettings)

    def used(link: str, minutes: int) -> RawDelivery | Reply:
        query = {"t": parse_qs(urlsplit(link).query)["t"][0]}
        late = datetime.now(UTC) + timedelta(minutes=minutes)
        return admit(RawDelivery("POST", f"https://hub.example.com{link}", query, {}, b"", late), settings)

    assert isinstance(used(confirm, 59), RawDelivery)
    over = used(confirm, 61)
    assert isinstance(over, Reply)
    assert (over.status, "abgelaufen" in over.body.decode()) == (410, True)
    # whoever wants no mail may say so for ever
    assert isinstance(used(off, 60 * 24 * 3_000), RawDelivery)


@pytest.mark.parametrize(
    ("form", "headers", "status"),
    [
        ({**JULE, "website": "https://spam.example"}, {}, 200),  # the trap: a robot is told that it worked
        ({**JULE, "email": "nobody"}, {}, 422),
        ({**JULE, "email": ""}, {}, 422),
        ({**JULE, "email": "jule@example.de\r\nBcc: mats@example.de"}, {}, 422),
        ({**JULE, "vorname": "x" * 1_001}, {}, 413),
        ({**JULE, "message": "x" * 10_001}, {}, 413),
        ({f"f{n}": "1" for n in range(61)}, {}, 413),
        (JULE, {"origin": "https://evil.example"}, 401),
        (JULE, {"x-forms-signature": "sha256=00"}, 401),
    ],
)
def test_what_cannot_be_taken_is_not_stored_and_nobody_is_mailed(
    database: Database, mailbox: tuple[Mailbox, int], form: dict[str, str], headers: dict[str, str], status: int
) -> None:
    house = House(database, mailbox)
    assert house.send(form, **headers).status_code == status
    assert house.sending.turn() == 0
    with database.session() as session:
        assert inbox.counts(session)["pending"] == 0
        assert session.one("SELECT count(*) FROM inbox") == (0,)


def test_a_server_that_signs_is_believed_but_for_the_consent(database: Database, mailbox: tuple[Mailbox, int]) -> None:
    house = House(database, mailbox)
    body = orjson.dumps({"email": "mats@example.de", "vorname": "Mats", "language": "en", "id": "order-17"})
    signature = "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    sent = {"x-forms-signature": signature, "content-type": "application/json"}
    for _ in range(2):  # sent twice by a server that did not hear the answer
        assert house.request("POST", "/webhooks/news", content=body, headers=sent).json()["success"] is True
    [person] = house.golden()
    assert (person["name"]["first"], house.consents()) == ("Mats", [("email", "pending")])
    mail = house.mailed()
    assert mail["subject"] == "Please confirm your sign-up at Teeladen Ahrens"
    assert house.sending.turn() == 0


def test_a_contact_form_mails_nobody_and_tells_of_its_sender_only_what_is_proved(
    database: Database, mailbox: tuple[Mailbox, int]
) -> None:
    # given somebody with a long message, and a box for the newsletter that they did not tick: a browser sends none
    house = House(database, mailbox)
    said = "Liefern Sie nach Wien? " * 300
    reply = house.send({"email": "rosa@example.com", "vorname": "Rosa", "phone": "0151 2345678", "message": said})
    # then it has arrived, and nobody is asked to confirm anything
    assert reply.json() == {"success": True, "message": "Vielen Dank, Ihre Nachricht ist angekommen."}
    assert (house.sending.turn(), house.consents()) == (0, [])
    with database.session() as session:
        [(payload,)] = session.rows("SELECT payload FROM fact WHERE kind = 'interaction'")
    told = orjson.loads(payload)
    assert told["text"].startswith("Liefern Sie nach Wien? Liefern")
    # and who writes is read with it, but is no name and no number of whoever has that address
    assert (told["details"]["first_name"], told["details"]["phone"]) == ("Rosa", "0151 2345678")
    [person] = house.golden()
    assert (person["emails"], person.get("name"), person.get("phones")) == (["rosa@example.com"], None, None)


def test_what_is_said_beside_a_sign_up_is_no_part_of_its_link(database: Database, mailbox: tuple[Mailbox, int]) -> None:
    house = House(database, mailbox)
    assert house.send({**JULE, "message": "Bis bald! " * 700}).status_code == 200
    confirm, _ = links(house.mailed())
    assert len(confirm) < 1_000
    house.request("POST", confirm)
    assert house.consents() == [("email", "opted_in")]


def test_everybody_is_mailed_though_the_form_has_an_id_of_its_own(
    database: Database, mailbox: tuple[Mailbox, int]
) -> None:
    house = House(database, mailbox)
    for name in ("jule", "mats"):
        house.send({"email": f"{name}@example.de", "id": "newsletter-form-1"})
    assert house.sending.turn() == 2


def test_a_form_alone_loosens_no_opt_out(database: Database, mailbox: tuple[Mailbox, int]) -> None:
    # given a form that asks for no confirmation, and somebody who has unsubscribed
    double = House(database, mailbox)
    double.send(JULE)
    off = links(double.mailed())[1]
    house = House(database, mailbox, confirm="single")
    house.request("POST", off)
    # when anybody types their address
    house.send({**JULE, "vorname": "Juliane"})
    # then it holds
    assert house.consents() == [("email", "opted_out")]
    house.send({"email": "mats@example.de"})
    assert sorted(house.consents()) == [("email", "opted_in"), ("email", "opted_out")]


def test_a_form_may_be_sent_as_scripts_send_it(database: Database, mailbox: tuple[Mailbox, int]) -> None:
    # given a script that sends new FormData(form): https://www.rfc-editor.org/rfc/rfc7578
    house = House(database, mailbox)
    parts = {"email": (None, "Jürgen@example.de"), "vorname": (None, "Jürgen"), "bild": ("a.png", b"\x89PNG")}
    assert house.request("POST", "/webhooks/news", files=parts, headers={"origin": PAGE}).status_code == 200
    mail = house.mailed()
    # then an address with an umlaut gets its mail too: https://www.rfc-editor.org/rfc/rfc6531
    assert str(mail["to"]) == "jürgen@example.de"
    broken = {"origin": PAGE, "content-type": "multipart/form-data"}
    assert house.request("POST", "/webhooks/news", content=b"--x", headers=broken).status_code == 400


def test_nobody_on_the_list_of_those_not_to_write_to_is_mailed(
    database: Database, mailbox: tuple[Mailbox, int]
) -> None:
    house = House(database, mailbox)
    with database.session() as session:
        point = ("emails", "jule.ahrens@example.de")
        suppressions.note(session, [suppressions.Entry(point, "complaint", datetime.now(UTC), "news")])
    house.send(JULE)
    assert (house.sending.turn(), house.mail_states()) == (0, ["held"])


@pytest.mark.parametrize("page", ["javascript:alert(1)", "https://a@b.example/", "https://x.example/ , text 9: gern"])
def test_no_page_of_a_strangers_making_stands_in_the_evidence(
    database: Database, mailbox: tuple[Mailbox, int], page: str
) -> None:
    house = House(database, mailbox)
    house.send({**JULE, "page": page})
    house.request("POST", links(house.mailed())[0])
    [consent] = house.golden()[0]["consents"]
    assert consent["evidence"].endswith("; form, text 7: Ja, ich möchte den Newsletter.")


def test_nobody_can_be_pestered_through_the_form(database: Database, mailbox: tuple[Mailbox, int]) -> None:
    house = House(database, mailbox)
    for number in range(5):
        house.send({**JULE, "vorname": f"Robot {number}"})
    assert house.sending.turn() == 3
    assert sorted(house.mail_states()) == ["held", "held", "sent", "sent", "sent"]


def test_two_who_send_at_once_mail_an_address_no_more_often_than_one(
    database: Database, mailbox: tuple[Mailbox, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    house, send = House(database, mailbox), smtp.send
    for number in range(5):
        house.send({**JULE, "vorname": f"Robot {number}"})

    def slow(*given: Any) -> None:
        monkeypatch.setattr(smtp, "send", send)
        house.sending.turn()  # by another process meanwhile
        send(*given)

    monkeypatch.setattr(smtp, "send", slow)
    house.sending.turn()

    assert sorted(house.mail_states()) == ["held", "held", "sent", "sent", "sent"]


def test_what_a_server_says_of_the_account_or_the_sender_fails_no_mail(
    database: Database, mailbox: tuple[Mailbox, int]
) -> None:
    # given a server that refuses the sender, offers no encryption, or knows no accounts
    house = House(database, mailbox)
    house.send(JULE)

    def reason(**told: Any) -> str:
        with database.session() as session:
            session.run("UPDATE mail SET due_at = now()")
        section = house.sending.section.model_copy(update=told)
        assert replace(house.sending, section=section).turn() == 0
        with database.session() as session:
            [row] = mails.page(session)
        assert row.state == "waiting"
        return row.reason

    house.box.sender = "550 5.7.1 not one of yours"
    assert reason() == "the mail server does not accept mail.sender: 550"
    house.box.sender = "250 OK"
    assert reason(security="starttls") == "the mail server does not offer STARTTLS (mail.security)"
    assert reason(username="post") == "the mail server does not offer accounts (mail.username)"
    # then it waits until somebody has mended it, and goes out
    with database.session() as session:
        session.run("UPDATE mail SET due_at = now()")
    house.mailed()


def test_a_mail_the_server_has_taken_is_sent_however_it_says_good_bye(
    database: Database, mailbox: tuple[Mailbox, int]
) -> None:
    house = House(database, mailbox)
    house.send(JULE)
    house.box.good_bye = "451 busy"
    house.mailed()
    assert house.mail_states() == ["sent"]


@pytest.mark.parametrize(
    ("answer", "state"),
    [("450 4.2.0 greylisted", "waiting"), ("550 5.1.1 no such user jule.ahrens@example.de", "failed")],
)
def test_a_server_that_refuses_is_asked_again_only_where_it_may_take_it_later(
    database: Database, mailbox: tuple[Mailbox, int], answer: str, state: str, capsys: pytest.CaptureFixture[str]
) -> None:
    house = House(database, mailbox)
    house.send(JULE)
    house.box.answers = [answer]
    assert house.sending.turn() == 0
    assert house.mail_states() == [state]
    assert "jule" not in capsys.readouterr().err.lower()
    with database.session() as session:
        [row] = mails.page(session)
        assert "jule" not in row.reason.lower()
        session.run("UPDATE mail SET due_at = now()")
    assert house.sending.turn() == (1 if state == "waiting" else 0)


def test_a_mail_that_cannot_go_out_for_days_is_given_up(database: Database, mailbox: tuple[Mailbox, int]) -> None:
    house = House(database, mailbox)
    house.send(JULE)
    house.box.answers, house.late = ["450 later"], LONGEST + timedelta(hours=1)
    house.sending.turn()
    assert house.mail_states() == ["failed"]
    # a person may send it again, and replaying the event does not
    with database.session() as session:
        inbox.requeue(session)
    while process_batch(house.work).entries:
        pass
    assert house.sending.turn() == 0
    with database.session() as session:
        assert mails.again(session, mails.page(session)[0].id)
    house.mailed()


def test_a_sender_that_dies_between_taking_and_telling_leaves_the_mail_to_the_next(
    database: Database, mailbox: tuple[Mailbox, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(database, mailbox)
    house.send(JULE)

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(smtp, "send", dies)
        with pytest.raises(KeyboardInterrupt):
            house.sending.turn()
    assert house.sending.turn() == 0  # it is still the other's
    with database.session() as session:
        session.run("UPDATE mail SET due_at = now()")
    house.mailed()


def test_the_commands_show_the_mail_and_try_the_server(
    tmp_path: Path, database: Database, mailbox: tuple[Mailbox, int]
) -> None:
    config = tmp_path / "hub.yaml"
    server = f"host: 127.0.0.1, port: {mailbox[1]}, security: none, sender: post@tee.example.de"
    form = f"connector: forms, secret: {SECRET}, business: Teeladen, consent_text: 'Ja, gern.'"
    config.write_text(f"mail: {{{server}}}\nconnections:\n  news: {{{form}}}\n")

    def run(*arguments: str) -> Result:
        environment = {"HUB_DATABASE_URL": database.dsn}
        return CliRunner(env=environment).invoke(hub_command, ["forms", *arguments, "--config", str(config)])

    shown = run("preview", "news", "--language", "en")
    assert ("Please confirm your sign-up at Teeladen" in shown.stdout, "Ja, gern." in shown.stdout) == (True, True)
    assert run("preview", "nwes").exit_code == 2
    assert run("test", "--to", "ops@example.com").exit_code == 0
    assert [mail["to"] for mail in mailbox[0].mails] == ["ops@example.com"]
    house = House(database, mailbox)
    house.send(JULE)
    house.mailed()
    [row] = orjson.loads(run("list", "--json").stdout)
    assert (row["state"], "jule" in str(row).lower()) == ("sent", False)
    assert run("resend", str(row["id"])).exit_code == 0
    house.mailed()
    assert run("resend", "999").exit_code == 1
    config.write_text(f"connections:\n  news: {{{form}}}\n")
    assert run("test").exit_code == 2
    checked = CliRunner().invoke(hub_command, ["check", "--config", str(config)])
    assert "mail.host: is missing, and mails of news wait until it is there" in checked.stderr
    assert "hub.public_url: links in mails of news lead to http://127.0.0.1:8080" in checked.stderr


@pytest.mark.parametrize(
    ("section", "fault"),
    [
        (lambda: MailSection.model_validate({"host": "x", "sender": "post"}), "no e-mail address"),
        (lambda: FormsSettings.model_validate({**BARE, "secret": "short"}), "openssl rand -hex 32"),
    ],
)
def test_a_setting_with_which_no_mail_could_be_sent_or_trusted_is_refused(
    section: Callable[[], object], fault: str
) -> None:
    with pytest.raises(ValidationError, match=fault):
        section()


def test_the_operator_is_told_of_whom_the_trap_held() -> None:
    body, sent = b"email=jule%40example.de&website=x", {"content-type": "application/x-www-form-urlencoded"}
    delivery = RawDelivery("POST", "https://hub.example.com/webhooks/news", {}, sent, body, datetime.now(UTC))
    held = admit(delivery, FormsSettings.model_validate(BARE))
    assert isinstance(held, Reply)
    assert held.told == "the field website is filled in (trap)"


def test_a_name_of_two_lines_stands_in_one() -> None:
    assert FormsSettings.model_validate({**BARE, "business": "Teeladen\nAhrens\n"}).business == "Teeladen Ahrens"


def test_a_button_pressed_twice_sends_one_mail_and_an_hour_later_another() -> None:
    settings = FormsSettings.model_validate(BARE)
    at = datetime(2026, 3, 2, 8, 0, 1, tzinfo=UTC)

    def name(seconds: int) -> str:
        body = b"email=jule%40example.de"
        sent = {"content-type": "application/x-www-form-urlencoded"}
        late = at + timedelta(seconds=seconds)
        made = admit(RawDelivery("POST", "https://hub.example.com/webhooks/news", {}, sent, body, late), settings)
        assert isinstance(made, RawDelivery)
        return str(orjson.loads(made.body)["id"])

    assert name(0) == name(30)
    assert len({name(0), name(120)}) == 2
