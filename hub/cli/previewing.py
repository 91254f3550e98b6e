"""What would go out, on the terminal and as JSON: each record before and after, and the requests."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any
from uuid import UUID

from hub.cli import output
from hub.errors import HubError, NotFound
from hub.outbox.before_after import Field, Record
from hub.outbox.deliver import Sender
from hub.outbox.preview import Preview, preview
from hub.sdk.connection import open_client
from hub.sdk.destination import HttpRequest
from hub.store import profiles
from hub.store.database import Database


def previewed(
    database: Database,
    senders: Mapping[str, Sender],
    *,
    key: UUID | None,
    profile: UUID | None,
    limit: int,
    live: bool,
) -> list[Preview]:
    """The preview of each destination; ``live`` asks those that have an API. Raises NotFound for no such profile."""
    shown = []
    with database.session() as session, ExitStack() as stack:
        stored = profiles.get(session, profile) if profile else None
        if profile is not None and stored is None:
            raise NotFound(f"there is no profile {profile}")
        for sender in senders.values():
            client, told = None, None
            part = sender.connection.connector.destination
            if live and part is not None and part.dialect is not None:
                try:
                    client = stack.enter_context(open_client(sender.connection, part))
                except HubError as error:
                    told = f"it cannot be asked: {error}"
            found = preview(session, sender, key=key, profile=stored.id if stored else None, limit=limit, client=client)
            found.warnings.extend([told] if told else [])
            shown.append(found)
    return shown


def document(shown: Preview) -> dict[str, Any]:
    """A preview as JSON."""
    return {
        "destination": shown.destination,
        "records": [_record(one) for one in shown.records],
        "requests": [_request(each) for each in shown.requests],
        "nothing": {str(key): reason for key, reason in shown.nothing.items()},
        "failed": {str(key): reason for key, reason in shown.failed.items()},
        "waiting": shown.waiting,
        "warnings": shown.warnings,
    }


def show(shown: Preview) -> None:
    """Print a preview."""
    for one in shown.records:
        named = f" ({one.external_id})" if one.external_id else ""
        output.show(f"{shown.destination}: {one.action} {one.kind} {one.key}{named}")
        for each in one.fields:
            output.show(f"  {_line(each)}")
        for fault in one.faults:
            output.show(f"  not written: {fault}")
    for request in shown.requests:
        query = f" {output.json_text(request.query)}" if request.query else ""
        output.show(f"{shown.destination}: {request.method} {request.path}{query}")
        output.show_block(output.json_text(request.body, indent=True))
    for key, reason in shown.failed.items():
        output.show(f"{shown.destination}: {key} cannot be rendered: {reason}")
    if shown.nothing:
        output.say(f"{shown.destination}: {len(shown.nothing)} rows need no request")
    if shown.waiting:
        output.say(f"{shown.destination}: {len(shown.waiting)} orders wait for their customers")
    for warning in shown.warnings:
        output.say(f"{shown.destination}: {warning}")
    if not (shown.requests or shown.failed):
        output.say(f"{shown.destination}: nothing would go out")


def _line(each: Field) -> str:
    before = _text(each.before) if each.is_known else "(nobody knows)"
    now = f", there now {_text(each.there)}" if each.is_asked else ""
    rule = f" [{each.rule}]" if each.rule != "always" else ""
    return f"{each.name}: {before} -> {_text(each.after)}{now}{rule}"


def _text(value: Any) -> str:
    return "(nothing)" if value in (None, "") else value if isinstance(value, str) else output.json_text(value)


def _record(one: Record) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "key": one.key,
        "external_id": one.external_id,
        "action": one.action,
        "fields": [
            {
                "field": each.name,
                "before": each.before,
                "before_known": each.is_known,
                "after": each.after,
                "write": each.rule,
                **({"there": each.there} if each.is_asked else {}),
            }
            for each in one.fields
        ],
        "faults": list(one.faults),
    }


def _request(each: HttpRequest) -> dict[str, Any]:
    return {
        "method": each.method,
        "path": each.path,
        "body": each.body,
        **({"query": each.query} if each.query else {}),
        **({"headers": each.headers} if each.headers else {}),
    }
