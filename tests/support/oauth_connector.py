"""A connector of the tests' own whose connections get their tokens by OAuth."""

from __future__ import annotations

from typing import Literal

from hub.errors import BugError
from hub.sdk.checked import Checked
from hub.sdk.connection import Connection
from hub.sdk.destination import Destination, WriteResult
from hub.sdk.manifest import Manifest
from hub.sdk.oauth import OAuth, OAuthSettings
from hub.sdk.registry import Connector
from hub.store.database import Database
from hub.store.grants import Grants
from hub.store.sealing import Sealer

KEY = "c2VjcmV0LWtleS1vZi10aGUtdGVzdHMtb25lLS0tMzI="
OTHER_KEY = "YW5vdGhlci1rZXktb2YtdGhlLXRlc3RzLW9uZS0tMzI="


class Settings(OAuthSettings):
    grant: Literal["client_credentials", "refresh_token"] = "refresh_token"
    scopes: tuple[str, ...] = ("contacts",)
    client: Literal["basic", "body"] = "basic"
    lifetime: float | None = None


def oauth(settings: Settings) -> OAuth:
    return OAuth(
        token_url=f"{settings.base_url}/token",
        client_id=settings.client_id,
        client_secret=settings.client_secret,
        grant=settings.grant,
        scopes=settings.scopes,
        client=settings.client,
        authorise_url=f"{settings.base_url}/consent",
        redirect_url=settings.redirect_url,
        lifetime_seconds=settings.lifetime,
    )


def _no_orders(*_: object) -> None:
    raise BugError("not asked for")


DESTINATION: Destination[Settings] = Destination(
    render=lambda change, settings: None,
    plan=lambda writes, settings: (),
    send=lambda writes, client, settings: [
        WriteResult(write.key, "delivered", str(client.post("contacts", {}).status_code)) for write in writes
    ],
    check=lambda client, settings: Checked().reads("contacts", lambda: client.get("contacts")),
)
MANIFEST = Manifest(
    slug="oauth_double",
    name="OAuth double",
    channel="crm",
    roles=frozenset({"destination"}),
    settings=Settings,
    docs_url="https://example.com/docs",
    api_version="1",
)
CONNECTOR = Connector(MANIFEST, destination=DESTINATION, oauth=oauth)


def connection(
    url: str, database: Database | None, *, key: str = KEY, name: str = "crm", **options: object
) -> Connection:
    """A connection to the vendor at ``url`` that keeps its tokens in ``database``; ``key`` may be several."""
    given = {"base_url": url, "client_id": "hub", "client_secret": "app-secret", **options}
    settings = Settings.model_validate(given)
    return Connection(name, CONNECTOR, settings, grants(database, key) if database else None)


def grants(database: Database, key: str = KEY) -> Grants:
    from pydantic import SecretStr

    return Grants(database, Sealer([SecretStr(each) for each in key.split(",")]))
