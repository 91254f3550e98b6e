"""The document that ``schemas_message`` makes of a mail: what is kept of it. It is Hub's own format."""

from __future__ import annotations

from pydantic import Field

from hub.mapping.payload import TimeText, VendorModel


class Mailbox(VendorModel):
    """One address of a header, in small letters, and the name beside it."""

    address: str
    name: str | None = None


class Attachment(VendorModel):
    """What was attached stays in the mailbox; ``size`` is in bytes."""

    name: str
    size: int | None = None


class Returned(VendorModel):
    """The mail that came back."""

    message_id: str | None = None
    subject: str | None = None
    to: tuple[Mailbox, ...] = ()


class Kind(VendorModel):
    """The headers that say what kind of mail it is."""

    auto_submitted: str | None = Field(None, alias="auto-submitted")
    precedence: str | None = None
    suppressed: str | None = Field(None, alias="x-auto-response-suppress")
    autoreply: str | None = Field(None, alias="x-autoreply")
    autorespond: str | None = Field(None, alias="x-autorespond")
    autoresponder: str | None = Field(None, alias="x-autoresponder")
    failed: str | None = Field(None, alias="x-failed-recipients")
    list_id: str | None = Field(None, alias="list-id")
    list_unsubscribe: str | None = Field(None, alias="list-unsubscribe")
    return_path: str | None = Field(None, alias="return-path")
    spam: str | None = Field(None, alias="x-spam-flag")


class Block(VendorModel):
    """The fields of a report about one recipient (RFC 3464, 2.3; RFC 5965, 3.2); the block of the mail has none."""

    original: str | None = Field(None, alias="original-recipient")
    final: str | None = Field(None, alias="final-recipient")
    complained: str | None = Field(None, alias="original-rcpt-to")
    removed: str | None = Field(None, alias="removal-recipient")
    action: str | None = None
    status: str | None = None
    diagnostic: str | None = Field(None, alias="diagnostic-code")


class Mail(VendorModel):
    """``arrived`` is when the server took it, ``date`` what its sender says."""

    folder: str
    arrived: TimeText
    date: TimeText | None = None
    message_id: str | None = None
    in_reply_to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    from_: tuple[Mailbox, ...] = Field((), alias="from")
    sender: tuple[Mailbox, ...] = ()
    reply_to: tuple[Mailbox, ...] = ()
    to: tuple[Mailbox, ...] = ()
    cc: tuple[Mailbox, ...] = ()
    subject: str | None = None
    text: str | None = None
    attachments: tuple[Attachment, ...] = ()
    authentication: tuple[str, ...] = ()
    kind: Kind = Kind()
    report: tuple[Block, ...] = ()
    complaint: tuple[Block, ...] = ()
    returned: Returned | None = None
