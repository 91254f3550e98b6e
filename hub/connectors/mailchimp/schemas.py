"""What Hub reads of Mailchimp's webhooks (flat form fields) and list members (JSON).

Sources: https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/ for subscribe and unsubscribe;
the other types as recorded by open-source receivers, e.g. the upemail and cleaned bodies in the tests of
github.com/apache/predictionio (MailChimpConnectorSpec); members as in the Marketing API 3.0 specification, schema
"List Members". An empty value is an absent one: Mailchimp sends ``data[merges][ADDRESS]=`` for an empty address and
``data[merges][ADDRESS][addr1]=…`` for a filled one.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from hub.errors import PayloadError

T = TypeVar("T")


class Schema(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


Found = TypeVar("Found", bound=Schema)
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


def _fields_only(value: Any) -> Any:
    """Merge fields are what the audience's owner made them: an ADDRESS of text is no address we can read."""
    return value if isinstance(value, dict) else None


def _text_only(value: Any) -> Any:
    return str(value) if isinstance(value, str | int | float) else None


MergeText = Annotated[str | None, BeforeValidator(_text_only)]
Maybe = Annotated[T | None, BeforeValidator(_fields_only)]


def form(body: bytes) -> dict[str, str]:
    """The form's fields by their full names, e.g. ``data[merges][FNAME]``. Raises PayloadError for other bodies."""
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    except ValueError:
        raise PayloadError("not a form") from None


def read(schema: type[Found], fields: dict[str, str]) -> Found:
    """Raises PayloadError with the form's own name of the first field at fault, never its value."""
    try:
        return schema.model_validate(fields)
    except ValidationError as error:
        raise _unreadable(error) from None


def read_json(schema: type[Found], body: bytes) -> Found:
    """Raises PayloadError with the path of the first fault, never with the value found there."""
    try:
        return schema.model_validate_json(body)
    except ValidationError as error:
        raise _unreadable(error) from None


def _unreadable(error: ValidationError) -> PayloadError:
    fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return PayloadError(f"cannot be read ({fault['type']})", path=".".join(str(step) for step in fault["loc"]))


class Event(Schema):
    type: Text
    fired_at: Text
    list_id: Text = Field(alias="data[list_id]")


class Subscriber(Event):
    """subscribe, unsubscribe, profile and cleaned; the last has no merges."""

    email: Text = Field(alias="data[email]")
    ip_opt: str | None = Field(None, alias="data[ip_opt]")
    action: str | None = Field(None, alias="data[action]")
    reason: str | None = Field(None, alias="data[reason]")
    campaign_id: str | None = Field(None, alias="data[campaign_id]")
    first_name: str | None = Field(None, alias="data[merges][FNAME]")
    last_name: str | None = Field(None, alias="data[merges][LNAME]")
    phone: str | None = Field(None, alias="data[merges][PHONE]")
    company: str | None = Field(None, alias="data[merges][COMPANY]")
    street: str | None = Field(None, alias="data[merges][ADDRESS][addr1]")
    line2: str | None = Field(None, alias="data[merges][ADDRESS][addr2]")
    city: str | None = Field(None, alias="data[merges][ADDRESS][city]")
    region: str | None = Field(None, alias="data[merges][ADDRESS][state]")
    postal_code: str | None = Field(None, alias="data[merges][ADDRESS][zip]")
    country: str | None = Field(None, alias="data[merges][ADDRESS][country]")
    interests: str | None = Field(None, alias="data[merges][INTERESTS]")


class EmailChange(Event):
    new_email: Text = Field(alias="data[new_email]")
    old_email: Text = Field(alias="data[old_email]")


class MergeAddress(Schema):
    addr1: MergeText = None
    addr2: MergeText = None
    city: MergeText = None
    state: MergeText = None
    zip: MergeText = None
    country: MergeText = None


class MergeFields(Schema):
    FNAME: MergeText = None
    LNAME: MergeText = None
    PHONE: MergeText = None
    COMPANY: MergeText = None
    ADDRESS: Maybe[MergeAddress] = None


class Tag(Schema):
    name: str | None = None


class Member(Schema):
    """``timestamp_opt`` and ``ip_opt`` are when and from where the person confirmed the opt-in."""

    list_id: Text
    email_address: Text
    last_changed: Text
    status: str | None = None
    merge_fields: Maybe[MergeFields] = None
    ip_opt: str | None = None
    timestamp_signup: str | None = None
    timestamp_opt: str | None = None
    language: str | None = None
    tags: Annotated[tuple[Tag, ...], BeforeValidator(lambda value: value or ())] = ()
