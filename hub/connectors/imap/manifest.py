"""IMAP: settings and declaration.

Facts: RFC 9051 and 3501 (IMAP: UIDs are good as long as UIDVALIDITY stays, BODY.PEEK changes no flag), RFC 2177 (IDLE,
to be begun anew within 29 minutes), RFC 8601 (Authentication-Results).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator

from hub.sdk.manifest import Capability, ConnectionSettings, Manifest, url_fault

Folder = Annotated[str, Field(min_length=1)]


class ImapSettings(ConnectionSettings):
    """One mailbox."""

    host: str = Field(pattern=r"^[A-Za-z0-9.:_-]+$", description="Name of the IMAP server.")
    port: int = Field(993, ge=1, le=65_535, description="Its port: 993 for tls, 143 for starttls and none.")
    security: Literal["tls", "starttls", "none"] = Field(
        "tls",
        description="How the connection is encrypted. none: for this machine and its network, or with allow_http.",
    )
    user: str = Field(min_length=1, description="User name, mostly the mailbox's address.")
    password: SecretStr = Field(description="Password; where two factors are asked for, an app password.")
    folders: tuple[Folder, ...] = Field(("INBOX",), min_length=1, description="Folders that are read.")
    sent_folders: tuple[Folder, ...] = Field((), description="Folders of what was sent; your answers stand there.")
    own: tuple[str, ...] = Field(
        min_length=1,
        description="Your own addresses and domains: whoever writes from there is no customer. hafenkante.example "
        "stands for all below it too.",
    )
    verified_by: str | None = Field(
        None,
        min_length=1,
        description="Name with which your mail server begins its Authentication-Results (mx.google.com). Addresses "
        "that it found to be genuine are taken as proven; all others are a hint at most.",
    )
    idle: bool = Field(True, description="Be told of new mail at once, where the server can (with every).")

    @model_validator(mode="after")
    def _is_encrypted_on_its_way(self) -> Self:
        if self.security == "none" and url_fault(f"http://{self.host}", allow_http=self.allow_http):
            raise ValueError("security: none sends the password in the clear; use tls or starttls, or set allow_http")
        return self


MANIFEST = Manifest(
    slug="imap",
    name="E-mail (IMAP)",
    channel="email",
    roles=frozenset({"source"}),
    settings=ImapSettings,
    docs_url="https://www.rfc-editor.org/rfc/rfc9051",
    api_version="IMAP4rev1",
    capabilities=frozenset({Capability.BACKFILL, Capability.CONSENT}),
    topics={
        "mail": "who wrote, and the mail as message or reply within its thread; your answers of sent_folders",
        "report": "a mail that came back, or was reported as spam: interaction and opt-out",
    },
    surveyed=("https://www.rfc-editor.org/rfc/rfc9051",),
    not_offered={"privacy": "what somebody asks for in a mail is for a person to read"},
    sample_settings={
        "host": "imap.hafenkante.example",
        "user": "kontakt",
        "password": "sample-mailbox-password",
        "own": ["hafenkante.example"],
        "sent_folders": ["Sent"],
        "verified_by": "mx.hafenkante.example",
    },
)
