"""How a declared system is reached: its settings, who asks, and how much it bears."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(min_length=1)]


class Part(BaseModel):
    """A part of a declaration: what it does not know is a fault."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    def wrong(self) -> Iterator[tuple[str, str]]:
        """What does not fit together in it: the key at fault ("" for the part as a whole), and what is wrong."""
        yield from ()


class Setting(Part):
    """What each connection to such a system sets; ``secret`` ones never leave the headers that carry them.

    ``number`` is for one that templates put in as a number, such as the id of a category.
    """

    description: Text
    secret: bool = False
    number: bool = False
    default: str | int | None = None


class OAuth2(Part):
    """OAuth 2.0, as ``hub.sdk.oauth`` has it: ``client_id`` and ``client_secret`` are settings of the connection."""

    grant: Literal["client_credentials", "refresh_token"]
    token_url: Text
    authorise_url: str = ""
    scope: str = ""
    client: Literal["basic", "body"] = "basic"


class Basic(Part):
    """A user and a password, as templates."""

    user: Text
    password: str


class Auth(Part):
    """How a request proves who sends it; one of these."""

    header: Mapping[str, str] | None = Field(None, description="Headers, with {setting} in their values.")
    bearer: str | None = Field(None, description="A bearer token, as {setting}.")
    basic: Basic | None = None
    oauth2: OAuth2 | None = None

    def wrong(self) -> Iterator[tuple[str, str]]:
        """Several ways at once, or none."""
        if sum(value is not None for value in (self.header, self.bearer, self.basic, self.oauth2)) != 1:
            yield "", "needs one of header, bearer, basic, oauth2"


class Limits(Part):
    """What the system bears."""

    batch: Annotated[int, Field(ge=1, le=10_000)] = Field(1, description="Most records of one call.")
    calls: Annotated[int, Field(ge=1)] | None = None
    per_seconds: Annotated[float, Field(gt=0)] = 1.0
