"""How Odoo is called, and what its answers mean: JSON-2 and JSON-RPC are two spellings of the same methods.

Every call is a transaction of its own: an error means that nothing was done. JSON-2 tells errors by status, JSON-RPC
within a 200; both name the Python exception, its message, and a traceback (``debug``) that Hub reads nowhere.

Records are written by ``load``, the method behind Odoo's import: it takes many records at once, new and known ones,
the same way in every version, and names the record and field at fault. One refused record undoes the whole call.

Sources: www.odoo.com/documentation/19.0/developer/reference/external_api.html (JSON-2: request, response, errors,
transaction), …/external_rpc_api.html (execute_kw); odoo/odoo: odoo/exceptions.py (statuses), odoo/http.py
(Json2Dispatcher, JsonRPCDispatcher, serialize_exception), odoo/models.py and odoo/orm/models.py (load: ids, messages).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import orjson
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from hub.connectors.odoo.manifest import OdooSettings
from hub.errors import AuthError, Forbidden, HubError, NotFound, Refusal, RejectedError, Unavailable
from hub.sdk.crm import Item, Made, Problem
from hub.sdk.crm.dialect import Answers
from hub.sdk.destination import HttpRequest
from hub.sdk.words import LONGEST, sent_in, without

CONTEXT = {"lang": "en_US", "tz": "UTC", "active_test": False, "tracking_disable": True}
"""English messages, times without a conversion, archived records too (``load`` takes them for unknown otherwise), and
no note of each change: it would keep what a person once was called beyond an erasure, and takes half of the time."""

TOLD = frozenset({403, 404, 409, 422, 500})
"""Statuses that Odoo itself answers with an exception in the body; the other ones are the HTTP client's to judge."""

_EXCEPTIONS: Sequence[tuple[re.Pattern[str], type[HubError]]] = (
    (re.compile(r"Access(Error|Denied)$|Unauthorized|Forbidden|SessionExpired"), AuthError),
    (re.compile(r"MissingError$"), NotFound),
    (re.compile(r"(User|Validation)Error$|RedirectWarning|UnprocessableEntity|NotFound$|BadRequest"), RejectedError),
    (re.compile(r"(Integrity|Data)Error$|Violation$|InvalidText|RightTruncation|OutOfRange"), RejectedError),
)
"""By the name of the exception; any other one (locks, serialization failures, faults of a module) may pass."""

_SAYINGS: Sequence[tuple[re.Pattern[str], type[HubError]]] = (
    (re.compile(r"Due to security restrictions|top-secret records"), RejectedError),
    (re.compile(r'not allowed to (access|modify|create)|database ".*" does not exist'), AuthError),
    (re.compile(r"could not serialize|deadlock detected|could not obtain lock|Lock(NotAvailable|Error)"), Unavailable),
)
"""What ``load`` says instead of raising it, in English, whatever the user's language is.

The first are of a record rule (another company's contact, odoo/odoo: odoo/addons/base/models/ir_rule.py): it keeps Hub
from this record alone. Without it, Hub's user may not write contacts at all.
"""

_FIELD = re.compile(r"Invalid field '?(?:[a-z.]+\.)?(\w+)|^'?(\w+)'?$")


def call(settings: OdooSettings, model: str, method: str, *, ids: Sequence[int] = (), **parameters: Any) -> HttpRequest:
    """A method of a model, with named parameters; ``context`` is added to Hub's own."""
    named = {**parameters, "context": CONTEXT | parameters.get("context", {})}
    if settings.api == "json2":
        body = {"ids": list(ids), **named} if ids else named
        return HttpRequest("POST", f"/json/2/{model}/{method}", body, accept=TOLD)
    target = [settings.database, settings.user_id, "", model, method]
    return rpc("object", "execute_kw", [*target, [list(ids)] if ids else [], named])


def rpc(service: str, method: str, arguments: Sequence[Any]) -> HttpRequest:
    """A call of JSON-RPC. Where it wants the password stands an empty text; ``complete`` puts it there."""
    parameters = {"service": service, "method": method, "args": list(arguments)}
    return HttpRequest("POST", "/jsonrpc", {"jsonrpc": "2.0", "method": "call", "params": parameters, "id": 1})


def complete(settings: OdooSettings, body: Any) -> Any:
    """A body as it is sent: JSON-RPC wants the password within."""
    if settings.api == "json2":
        return body
    arguments = body["params"]["args"]
    return {**body, "params": {**body["params"], "args": [*arguments[:2], _key(settings), *arguments[3:]]}}


def headers(settings: OdooSettings) -> Mapping[str, str]:
    """The credentials of JSON-2."""
    if settings.api == "jsonrpc":
        return {}
    return {"authorization": f"bearer {_key(settings)}", "x-odoo-database": settings.database}


def answer(response: httpx.Response) -> Any:
    """What the method gave. Raises the error tree by the exception that is named."""
    try:
        body = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        if response.status_code == 403:
            raise Forbidden("403 without a reason of Odoo's: a proxy or a firewall") from None
        if response.status_code == 404:
            raise RejectedError("Odoo has no such API: json2 is there from 19 on, jsonrpc up to 21") from None
        raise Unavailable("Odoo's answer is not JSON", uncertain=True) from None
    if not response.is_success:
        raise _error(body if isinstance(body, dict) else {}, response)
    if not response.request.url.path.endswith("/jsonrpc"):
        return body
    if not isinstance(body, dict) or not {"jsonrpc", "result", "error"} & body.keys():
        raise Unavailable("Odoo's answer cannot be read", uncertain=True)
    if body.get("error"):
        raise _error(body["error"].get("data") or {}, response)
    return body.get("result")


def _error(told: Mapping[str, Any], response: httpx.Response) -> HubError:
    name, message = str(told.get("name") or ""), str(told.get("message") or "")
    lacking = [refusal for refusal in refusals(told) if refusal.property in sent_in(response.request)]
    if lacking:
        return RejectedError(f"Odoo has no field {lacking[0].property}", refused=lacking)
    words = f"Odoo: {_words(message, response) or name or response.reason_phrase}"
    kind = _kind(_SAYINGS, message) or _kind(_EXCEPTIONS, name)
    if kind is None and not name and response.status_code in (403, 404, 409, 422):
        kind = Forbidden if response.status_code == 403 else RejectedError
    return Unavailable(words, uncertain=not name) if kind in (None, Unavailable) else kind(words)


def _kind(kinds: Sequence[tuple[re.Pattern[str], type[HubError]]], text: str) -> type[HubError] | None:
    return next((kind for pattern, kind in kinds if pattern.search(text)), None)


def refusals(body: Any) -> tuple[Refusal, ...]:
    """The fields that an error names, from its decoded body: of those that Odoo does not have."""
    told = body if isinstance(body, Mapping) else {}
    is_about_one = str(told.get("name")).endswith(("KeyError", "ValueError"))
    field = _FIELD.search(str(told.get("message"))) if is_about_one else None
    return (Refusal(field[1] or field[2], "UNKNOWN_FIELD", missing=True),) if field else ()


class Message(BaseModel):
    """What ``load`` says of one record."""

    model_config = ConfigDict(extra="ignore")

    type: str = "error"
    record: int = 0
    field: Any = None
    message: str = ""


class Loaded(BaseModel):
    """What ``load`` gives: the ids in order, or none and what was wrong."""

    model_config = ConfigDict(extra="ignore")

    ids: list[int] | bool | None = None
    messages: list[Message] = []

    @property
    def errors(self) -> list[Message]:
        """Without mere warnings."""
        return [message for message in self.messages if message.type == "error"]


def loaded(response: httpx.Response) -> list[str]:
    """The ids that ``load`` gave. Raises the error tree where it refused anything."""
    outcome = _read(response)
    for message in outcome.errors:
        raise _of_message(message, response)
    return [str(one) for one in outcome.ids] if isinstance(outcome.ids, list) else []


def answers(response: httpx.Response, items: Sequence[Item]) -> Answers:
    """What became of each item. Raises AuthError where Hub's user may not write at all."""
    outcome = _read(response)
    if not outcome.errors:
        ids = outcome.ids if isinstance(outcome.ids, list) else []
        if len(ids) != len(items):
            raise Unavailable("Odoo's answer cannot be read", uncertain=True)
        return {item.write.key: Made(str(one), item.id != str(one)) for item, one in zip(items, ids, strict=True)}
    # A missing record is told first, and then whatever it lacks as a new one.
    faults = {message.record: message for message in reversed(outcome.errors)}
    said = Counter(message.message for message in faults.values() if not message.field)
    if 0 in faults and said[faults[0].message] > 1:
        del faults[0]  # Odoo says of the first record too what is wrong with the call as a whole
    undone = Problem("another record of the call was refused", "undone")
    found: dict[str, Made | Problem] = {}
    for number, item in enumerate(items):
        found[item.write.key] = _problem(faults[number], item, response) if number in faults else undone
    return found


def _problem(message: Message, item: Item, response: httpx.Response) -> Problem:
    error = _of_message(message, response)
    if isinstance(error, AuthError):
        raise error
    if isinstance(error, NotFound):
        return Problem(str(error), "gone")
    if isinstance(error, Unavailable):
        return Problem(str(error), "later")
    named = [name for name in item.properties if message.field and name.split("/")[0] == message.field]
    return Problem(str(error), "refused", tuple(Refusal(name, "REFUSED") for name in named))


def _of_message(message: Message, response: httpx.Response) -> HubError:
    words = _words(message.message, response) or "Odoo refuses the record"
    if message.field == ".id":
        return NotFound(words)
    return ((None if message.field else _kind(_SAYINGS, message.message)) or RejectedError)(words)


def _read(response: httpx.Response) -> Loaded:
    try:
        return TypeAdapter(Loaded).validate_python(answer(response))
    except ValidationError:
        raise Unavailable("Odoo's answer cannot be read", uncertain=True) from None


def records(response: httpx.Response) -> list[dict[str, Any]]:
    """The records that ``search_read`` gave."""
    found = answer(response)
    if not isinstance(found, list) or not all(isinstance(one, dict) and "id" in one for one in found):
        raise Unavailable("Odoo's answer cannot be read", uncertain=True)
    return found


def told(value: Any) -> Any:
    """A field's value; False stands for none, and a list of two for a record that it leads to, and its name."""
    if isinstance(value, list) and len(value) == 2 and isinstance(value[1], str):
        return value[1]
    return None if value is False else value


def _words(message: str, response: httpx.Response) -> str:
    """Odoo's words without what was sent: the first line, behind it the database shows whole rows."""
    return without(message.partition("\n")[0][:LONGEST], sent_in(response.request))


def _key(settings: OdooSettings) -> str:
    return settings.api_key.get_secret_value()
