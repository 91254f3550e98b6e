"""IMAP: settings and declaration.

Facts: RFC 9051 and 3501 (IMAP: UIDs are good as long as UIDVALIDITY stays, BODY.PEEK changes no flag), RFC 2177 (IDLE,
to be begun anew within 29 minutes), RFC 8601 (Authentication-Results). OAuth:
https://learn.microsoft.com/en-us/exchange/client-developer/legacy-protocols/how-to-authenticate-an-imap-pop-smtp-application-by-using-oauth
(scopes, XOAUTH2, IMAP.AccessAsApp with a service principal) and
https://developers.google.com/workspace/gmail/imap/xoauth2-protocol (one scope for all of a mailbox).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator

from hub.sdk.manifest import Capability, ConnectionSettings, Manifest, url_fault
from hub.sdk.oauth import OAuth

Folder = Annotated[str, Field(min_length=1)]


GOOGLE = "https://accounts.google.com/o/oauth2/v2/auth?access_type=offline&prompt=consent"
SCOPES = {
    "microsoft": ("https://outlook.office.com/IMAP.AccessAsUser.All", "offline_access"),
    "microsoft_app": ("https://outlook.office365.com/.default",),
    "google": ("https://mail.google.com/",),
}


class ImapSettings(ConnectionSettings):
    """One mailbox."""

    host: str = Field(pattern=r"^[A-Za-z0-9.:_-]+$", description="Name of the IMAP server.")
    port: int = Field(993, ge=1, le=65_535, description="Its port: 993 for tls, 143 for starttls and none.")
    security: Literal["tls", "starttls", "none"] = Field(
        "tls",
        description="How the connection is encrypted. none: for this machine and its network, or with allow_http.",
    )
    user: str = Field(min_length=1, description="User name, mostly the mailbox's address.")
    password: SecretStr | None = Field(
        None, description="Password; where two factors are asked for, an app password. Or oauth stands in its place."
    )
    oauth: Literal["microsoft", "microsoft_app", "google"] | None = Field(
        None,
        description="Sign in with OAuth 2.0: microsoft, google where the mailbox's owner consents once, microsoft_app "
        "for an app that an administrator lets in.",
    )
    client_id: str | None = Field(None, min_length=1, description="With oauth: id of the app that was registered.")
    client_secret: SecretStr | None = Field(None, description="With oauth: secret of that app.")
    tenant: str = Field(
        "organizations", pattern=r"^[A-Za-z0-9.-]+$", description="With Microsoft: id or domain of the directory."
    )
    redirect_url: str = Field(
        "https://localhost/", description="With oauth: the redirect URL registered with that app."
    )
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

    @model_validator(mode="after")
    def _can_sign_in(self) -> Self:
        if (self.password is None) == (self.oauth is None):
            raise ValueError("needs either password or oauth")
        if self.oauth and not (self.client_id and self.client_secret):
            raise ValueError("oauth needs client_id and client_secret")
        if self.oauth == "microsoft_app" and self.tenant == "organizations":
            raise ValueError("oauth: microsoft_app needs tenant, the directory that the app is in")
        return self

    @property
    def told(self) -> str:
        """What the mailbox is told beside the user."""
        return "token" if self.oauth else "password"


def oauth(settings: ImapSettings) -> OAuth | None:
    """Whose token it is; None with a password. Microsoft wants the scope in each request, Google a consent anew."""
    if settings.oauth is None:
        return None
    microsoft = f"https://login.microsoftonline.com/{settings.tenant}/oauth2/v2.0"
    urls = {"google": ("https://oauth2.googleapis.com/token", GOOGLE)}
    token, consent = urls.get(settings.oauth, (f"{microsoft}/token", f"{microsoft}/authorize"))
    scopes = SCOPES[settings.oauth]
    return OAuth(
        token_url=f"{settings.base_url}/token" if settings.base_url else token,
        authorise_url=consent,
        client_id=settings.client_id or "",
        client_secret=settings.client_secret,
        redirect_url=settings.redirect_url,
        grant="client_credentials" if settings.oauth == "microsoft_app" else "refresh_token",
        scopes=scopes,
        client="body",
        extra={} if settings.oauth == "google" else {"scope": " ".join(scopes)},
    )


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
