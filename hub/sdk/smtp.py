"""Mails over SMTP, by the standard library: one connection for each mail, as there are few.

Sources: https://www.rfc-editor.org/rfc/rfc5321#section-4.2 (4yz may work later, 5yz never), rfc8058 (one-click
unsubscribing), rfc3834 (``Auto-Submitted``: no out-of-office note answers it), rfc6531 (addresses with umlauts),
rfc2047#section-5 (where encoded words may stand: in no link), rfc5322#section-2.1.1 (a line may have 998 characters).
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage, Message
from email.policy import SMTP, SMTPUTF8, Policy
from email.utils import format_datetime

from hub.errors import RejectedError, RetryableError
from hub.sdk.mail import Mail
from hub.settings_sections import MailSection

SECONDS = 20.0
"""How long the server may take for one answer."""


class _Link(UnstructuredHeader, BaseHeader):
    """A field that is one link: folded, the library would write it as encoded words, which no mail program follows."""

    def fold(self, *, policy: Policy[Message]) -> str:
        return f"{self.name}: {self}{policy.linesep}"


_HEADERS = HeaderRegistry()
_HEADERS.map_to_type("list-unsubscribe", _Link)


def message(mail: Mail, section: MailSection, message_id: str, at: datetime) -> EmailMessage:
    """The mail as it goes out. Raises RejectedError where the address or a header cannot be written."""
    policy = SMTP if mail.to.isascii() else SMTPUTF8
    made = EmailMessage(policy=policy.clone(header_factory=_HEADERS))
    try:
        made["From"] = Address(section.sender_name, addr_spec=section.sender)
        made["To"] = Address(addr_spec=mail.to)
        made["Subject"] = mail.subject
    except (ValueError, IndexError) as error:
        raise RejectedError(f"its address or subject cannot be written: {type(error).__name__}") from None
    made["Date"] = format_datetime(at)
    made["Message-ID"] = f"<{message_id}@{section.sender.rpartition('@')[2]}>"
    made["Content-Language"] = mail.language
    made["Auto-Submitted"] = "auto-generated"
    if mail.unsubscribe:
        made["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    made.set_content(mail.text)
    made.add_alternative(mail.html, subtype="html")
    return made


def send(made: EmailMessage, section: MailSection) -> None:
    """Hand it to the server. Raises RetryableError, or RejectedError where it refuses this mail for good.

    What the server says may name the address: only its code is told.
    """
    try:
        with _connected(section) as server:
            refused = server.send_message(made)
    except smtplib.SMTPAuthenticationError as error:
        raise RetryableError(f"the mail server does not accept the account: {error.smtp_code}") from None
    except smtplib.SMTPRecipientsRefused as error:
        code = max((code for code, _ in error.recipients.values()), default=550)
        raise _by_code(code, "the mail server refuses the address") from None
    except smtplib.SMTPResponseException as error:
        raise _by_code(error.smtp_code, "the mail server refuses the mail") from None
    except smtplib.SMTPNotSupportedError:
        raise RejectedError("the mail server takes no such address (SMTPUTF8)") from None
    except (smtplib.SMTPException, OSError) as error:
        raise RetryableError(f"the mail server cannot be reached: {type(error).__name__}") from None
    if refused:
        raise RejectedError("the mail server refuses the address")


def check(section: MailSection) -> None:
    """Connect and sign in. Raises RetryableError."""
    try:
        with _connected(section):
            pass
    except smtplib.SMTPAuthenticationError as error:
        raise RetryableError(f"the mail server does not accept the account: {error.smtp_code}") from None
    except (smtplib.SMTPException, OSError) as error:
        raise RetryableError(f"the mail server cannot be reached: {type(error).__name__}") from None


@contextmanager
def _connected(section: MailSection) -> Iterator[smtplib.SMTP]:
    assert section.host
    context = ssl.create_default_context()
    if section.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(section.host, section.port, timeout=SECONDS, context=context)
    else:
        server = smtplib.SMTP(section.host, section.port, timeout=SECONDS)
    with server:
        if section.security == "starttls":
            server.starttls(context=context)
        if section.username:
            server.login(section.username, section.password.get_secret_value() if section.password else "")
        yield server


def _by_code(code: int, what: str) -> Exception:
    return RejectedError(f"{what}: {code}") if code >= 500 else RetryableError(f"{what} for now: {code}")
