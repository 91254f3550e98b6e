"""Mails over SMTP, by the standard library: one connection for each mail, as there are few.

Sources: https://www.rfc-editor.org/rfc/rfc5321#section-4.2 (4yz may work later, 5yz never), rfc8058 (one-click
unsubscribing: its header must not be encoded), rfc3834 (``Auto-Submitted``: no out-of-office note answers it), rfc6531
(addresses with umlauts), https://docs.python.org/3/library/smtplib.html (which call raises what).
"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime

from hub.errors import RejectedError, RetryableError
from hub.sdk.mail import Mail
from hub.settings_sections import MailSection

SECONDS = 20.0
"""How long the server may take for one answer."""


class _Policy(EmailPolicy):
    """Headers as RFC 5322 wants them, and links whole: the library takes a long word apart and encodes it."""

    def fold_binary(self, name: str, value: str) -> bytes:
        whole = name.lower() == "list-unsubscribe"
        return f"{name}: {value}{self.linesep}".encode() if whole else super().fold_binary(name, value)


_ASCII = _Policy(linesep="\r\n")
_UTF8 = _Policy(linesep="\r\n", utf8=True)


def message(mail: Mail, section: MailSection, message_id: str, at: datetime) -> EmailMessage:
    """The mail as it goes out. Raises RejectedError where the address or a header cannot be written."""
    made = EmailMessage(policy=_ASCII if mail.to.isascii() else _UTF8)
    try:
        made["From"] = Address(section.sender_name, addr_spec=section.sender)
        made["To"] = _recipient(mail.to)
        made["Subject"] = mail.subject
    except (ValueError, IndexError, MessageError) as error:
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


def _recipient(to: str) -> Address:
    """Raises ValueError for what no header can hold. Only the parts may have letters beyond ASCII: a whole may not."""
    if to.isascii():
        return Address(addr_spec=to)
    name, _, domain = to.rpartition("@")
    return Address(username=name, domain=domain)


def send(made: EmailMessage, section: MailSection) -> None:
    """Hand it to the server. Raises RetryableError, or RejectedError where it refuses this mail for good.

    What the server says may name the address: only its code is told. What it says of the account or the sender is no
    fault of this mail, which waits until somebody has mended it.
    """
    with _connected(section) as server:
        _hand_over(made, server)


def _hand_over(made: EmailMessage, server: smtplib.SMTP) -> None:
    try:
        refused = server.send_message(made)
    except smtplib.SMTPSenderRefused as error:
        raise RetryableError(f"the mail server does not accept mail.sender: {error.smtp_code}") from None
    except smtplib.SMTPRecipientsRefused as error:
        code = max((code for code, _ in error.recipients.values()), default=550)
        raise _by_code(code, "the mail server refuses the address") from None
    except smtplib.SMTPResponseException as error:
        raise _by_code(error.smtp_code, "the mail server refuses the mail") from None
    except smtplib.SMTPNotSupportedError:
        raise RejectedError("the mail server takes no such address (SMTPUTF8)") from None
    if refused:
        raise RejectedError("the mail server refuses the address")


def check(section: MailSection) -> None:
    """Connect and sign in. Raises RetryableError."""
    with _connected(section):
        pass


@contextmanager
def _connected(section: MailSection) -> Iterator[smtplib.SMTP]:
    """Raises RetryableError where there is no connection, no encryption or no account."""
    try:
        with _signed_in(section) as server:
            yield server
    except smtplib.SMTPAuthenticationError as error:
        raise RetryableError(f"the mail server does not accept the account: {error.smtp_code}") from None
    except smtplib.SMTPNotSupportedError as error:
        lacks = "STARTTLS (mail.security)" if "STARTTLS" in str(error) else "accounts (mail.username)"
        raise RetryableError(f"the mail server does not offer {lacks}") from None
    except UnicodeError:
        raise RetryableError("the mail server takes no account or password with such letters") from None
    except smtplib.SMTPResponseException as error:
        raise RetryableError(f"the mail server takes no mail from here: {error.smtp_code}") from None
    except ssl.SSLError as error:
        raise RetryableError(f"the mail server cannot be reached safely (mail.security): {error.reason}") from None
    except (smtplib.SMTPException, OSError) as error:
        raise RetryableError(f"the mail server cannot be reached: {type(error).__name__}") from None


@contextmanager
def _signed_in(section: MailSection) -> Iterator[smtplib.SMTP]:
    assert section.host
    context = ssl.create_default_context()
    if section.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(section.host, section.port, timeout=SECONDS, context=context)
    else:
        server = smtplib.SMTP(section.host, section.port, timeout=SECONDS)
    try:
        if section.security == "starttls":
            server.starttls(context=context)
        server.ehlo_or_helo_if_needed()
        if section.username:
            server.login(section.username, section.password.get_secret_value() if section.password else "")
        yield server
    finally:
        with suppress(smtplib.SMTPException, OSError):  # a mail it took is sent, however it says good-bye
            server.quit()


def _by_code(code: int, what: str) -> Exception:
    return RejectedError(f"{what}: {code}") if code >= 500 else RetryableError(f"{what} for now: {code}")
