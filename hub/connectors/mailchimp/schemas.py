"""What Hub reads of Mailchimp's webhooks (flat form fields) and list members (JSON).

Sources: https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/ for subscribe and unsubscribe;
the other types as recorded by open-source receivers, e.g. the upemail and cleaned bodies in the tests of
github.com/apache/predictionio (MailChimpConnectorSpec); members as in the Marketing API 3.0 specification, schema
"List Members". An empty value is an absent one: Mailchimp sends ``data[merges][ADDRESS]=`` for an empty address and
``data[merges][ADDRESS][addr1]=…`` for a filled one.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from hub.connectors.mailchimp.destination_fields import ARCHIVED, FIELDS, PROFILE_ID
from hub.mapping.payload import TimeText, VendorModel


class Event(VendorModel):
    type: str
    fired_at: TimeText
    list_id: str = Field(alias="data[list_id]")


class Subscriber(Event):
    """subscribe, unsubscribe, profile and cleaned; the last has no merges."""

    email: str = Field(alias="data[email]")
    ip_opt: str | None = Field(None, alias="data[ip_opt]")
    action: str | None = Field(None, alias="data[action]")
    reason: str | None = Field(None, alias="data[reason]")
    campaign_id: str | None = Field(None, alias="data[campaign_id]")
    first_name: str | None = Field(None, alias="data[merges][FNAME]")
    last_name: str | None = Field(None, alias="data[merges][LNAME]")
    phone: str | None = Field(None, alias="data[merges][PHONE]")
    sms_phone: str | None = Field(None, alias="data[merges][SMSPHONE]")
    company: str | None = Field(None, alias="data[merges][COMPANY]")
    street: str | None = Field(None, alias="data[merges][ADDRESS][addr1]")
    line2: str | None = Field(None, alias="data[merges][ADDRESS][addr2]")
    city: str | None = Field(None, alias="data[merges][ADDRESS][city]")
    region: str | None = Field(None, alias="data[merges][ADDRESS][state]")
    postal_code: str | None = Field(None, alias="data[merges][ADDRESS][zip]")
    country: str | None = Field(None, alias="data[merges][ADDRESS][country]")
    interests: str | None = Field(None, alias="data[merges][INTERESTS]")


_READ = frozenset({"FNAME", "LNAME", "PHONE", "SMSPHONE", "COMPANY", "INTERESTS", "EMAIL", "GROUPINGS"})
_OURS = frozenset({PROFILE_ID, ARCHIVED, *FIELDS})
_MERGE, _END = "data[merges][", "]"
_INTERESTS, _GROUPINGS = f"{_MERGE}INTERESTS]", f"{_MERGE}GROUPINGS]["


def own_fields(merges: dict[str, Any] | None) -> dict[str, object]:
    """The merge fields that the owner of the audience added, by their tags; an address of theirs in one line.

    The audience's own address is told in its parts, and here only where it came as one text.
    """
    told = {name: value for name, value in (merges or {}).items() if name not in _READ | _OURS}
    if isinstance(told.get("ADDRESS"), dict):
        del told["ADDRESS"]
    return {name: _line(value) if isinstance(value, dict) else value for name, value in told.items()}


def countries(merges: dict[str, Any] | None) -> tuple[str, ...]:
    """The countries of all addresses among the merge fields; one that is a text ends in it, after two spaces."""
    told = (merges or {}).items()
    parts = [str(value.get("country") or "") for _, value in told if isinstance(value, dict)]
    whole = [value.rpartition("  ")[2] for name, value in told if name == "ADDRESS" and isinstance(value, str)]
    return tuple(filter(None, (*parts, *whole)))


def _line(address: dict[str, Any]) -> str:
    return ", ".join(str(part) for part in address.values() if part and isinstance(part, str))


def merges_of(form: dict[str, str]) -> dict[str, Any]:
    """The merge fields of a webhook: a text each, an address a mapping of its parts."""
    found: dict[str, Any] = {}
    for name, text in form.items():
        if name.startswith(_MERGE):
            tag, *steps = name[len(_MERGE) :].removesuffix(_END).split("][")
            if not steps:
                found[tag] = text
            elif len(steps) == 1:
                parts = found.setdefault(tag, {})
                found[tag] = {**(parts if isinstance(parts, dict) else {}), steps[0]: text}
    return found


def with_groups(form: dict[str, str]) -> dict[str, str]:
    """The form with its interest groups where newer webhooks have them: older ones tell them by grouping."""
    groups = [text for name, text in form.items() if name.startswith(_GROUPINGS) and name.endswith("[groups]") and text]
    return form if form.get(_INTERESTS) or not groups else {**form, _INTERESTS: ", ".join(groups)}


class EmailChange(Event):
    new_email: str = Field(alias="data[new_email]")
    old_email: str = Field(alias="data[old_email]")


class MergeAddress(VendorModel):
    addr1: str | None = None
    addr2: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    country: str | None = None


class MergeFields(VendorModel):
    """Those every audience has; ``custom`` is what its owner added. An ADDRESS of text is no address we can read."""

    FNAME: str | None = None
    LNAME: str | None = None
    PHONE: str | None = None
    SMSPHONE: str | None = None
    COMPANY: str | None = None
    ADDRESS: MergeAddress | None = None


class Tag(VendorModel):
    name: str | None = None


class Permission(VendorModel):
    """One box of a GDPR form: ``text`` is what stands beside it."""

    marketing_permission_id: str | None = None
    text: str | None = None
    enabled: bool = False


class LastNote(VendorModel):
    note: str | None = None


class Member(VendorModel):
    """``timestamp_opt`` and ``ip_opt`` are when and from where the person confirmed the opt-in.

    ``sms_*``: https://mailchimp.com/developer/marketing/api/list-members/list-members-info/
    """

    list_id: str
    email_address: str
    last_changed: TimeText
    status: str | None = None
    unsubscribe_reason: str | None = None
    merge_fields: MergeFields | None = None
    ip_opt: str | None = None
    timestamp_signup: TimeText | None = None
    timestamp_opt: TimeText | None = None
    language: str | None = None
    sms_phone_number: str | None = None
    sms_subscription_status: str | None = None
    sms_subscription_last_updated: TimeText | None = None
    last_note: LastNote | None = None
    tags: tuple[Tag, ...] = ()
    marketing_permissions: tuple[Permission, ...] = ()
