"""A declaration file to a connector like any other."""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from pydantic import Field, SecretStr, ValidationError, create_model

from hub.errors import ConfigError
from hub.mapping.expression import PROFILE
from hub.sdk.checked import Checked
from hub.sdk.crm import Dialect, destination, facts
from hub.sdk.crm.calls import Caller
from hub.sdk.crm.dialect import EMAIL
from hub.sdk.crm.rendering import FREED, order_write, profile_write
from hub.sdk.declared.access import Auth
from hub.sdk.declared.activities import ENTRY
from hub.sdk.declared.answers import several
from hub.sdk.declared.dialect import Requests, dialect_of
from hub.sdk.declared.faults import faults_of
from hub.sdk.declared.fields import ORDERS, Fields
from hub.sdk.declared.mapped import finished, names_in, own_fields
from hub.sdk.declared.model import Declaration, Reading
from hub.sdk.declared.partial import as_far_as_right
from hub.sdk.declared.rows import HELD
from hub.sdk.declared.template import fill
from hub.sdk.destination import Change, OrderChange, ProfileChange, Write
from hub.sdk.http import Authorisation, HttpClient
from hub.sdk.manifest import (
    ActivitySettings,
    Capability,
    ConnectionSettings,
    Limits,
    Manifest,
    ProfileSettings,
    Unmerge,
)
from hub.sdk.oauth import OAuth, OAuthSettings
from hub.sdk.registry import Connector
from hub.yaml_file import Reader, describe, line_hint


def read_declaration(path: Path) -> Declaration:
    """The declaration in a file. Raises ConfigError with every fault, each with its place in the file."""
    reader = Reader(None, example="person")
    data = reader.open(path)
    faults = list(reader.faults)
    if not faults:
        declaration, faults = _read(data)
    if faults:
        raise ConfigError([f"{path}: {fault}{line_hint(fault, reader.lines)}" for fault in faults])
    return declaration


def _read(data: object) -> tuple[Declaration, list[str]]:
    """The declaration, and all that is wrong with it: what has no right form, and what is wrong with the rest."""
    try:
        declaration = Declaration.model_validate(data)
    except ValidationError as error:
        faults = describe(error, Declaration)
        declaration = as_far_as_right(Declaration, data)
        paths = [fault.partition(": ")[0] for fault in faults]
        return declaration, [*faults, *(fault for fault in faults_of(declaration) if not _follows(fault, paths))]
    return declaration, faults_of(declaration)


def _follows(fault: str, paths: Collection[str]) -> bool:
    """Whether a fault may come of those at ``paths`` alone: it is told of the same place, or one above or below."""
    own = fault.partition(": ")[0]
    return any(
        f"{one}.".startswith((f"{other}.", f"{other}[")) for path in paths for one, other in ((own, path), (path, own))
    )


def connector_of(slug: str, declaration: Declaration) -> Connector:
    """The connector that a declaration describes; ``slug`` is the name under which connections ask for it."""
    people = Fields(declaration.person.fields, PROFILE)
    orders = Fields(declaration.order.fields, ORDERS) if declaration.order else None
    person, dialect = declaration.person, dialect_of(declaration)

    def render(change: Change, settings: ConnectionSettings) -> Write | None:
        if isinstance(change, OrderChange):
            if orders is None or declaration.order is None:
                return None
            told = finished(change.order, orders.of_order(change), settings)
            wanted = {**told, declaration.order.own: change.key}
            return order_write(change, wanted, own=declaration.order.own, link_property=declaration.order.person)
        opt_out = fill(person.opt_out, {name: _shown(getattr(settings, name)) for name in declaration.public_settings})
        own = settings.own_properties(change.profile) if isinstance(settings, ProfileSettings) else {}
        wanted = {
            **finished(change.profile, {**own, **people.of_profile(change.profile)}, settings),
            person.own: str(change.profile.id),
            **(opt_out if "email" in facts.opted_out(change.profile) else {}),
        }
        write = profile_write(change, wanted, own=person.own, email=person.email)
        return _with_rows(write, change, person.in_rows) if write else None

    oauth = declaration.auth.oauth2
    return Connector(
        manifest=_manifest(slug, declaration),
        destination=destination(
            dialect,
            render,
            authorise=None if oauth else _authorise(declaration.auth, tuple(declaration.settings)),
            api_root=lambda settings: settings.base_url or declaration.api_root or "",
            refusals=lambda body: (),
            essential=frozenset({person.own, *person.opt_out, *_order_essentials(declaration), *ENTRY}),
            check=_checking(dialect),
            fields=_fields(declaration) if any(_naming(declaration).values()) else None,
        ),
        own_fields=lambda settings: own_fields(declaration, settings),
        oauth=_oauth(declaration) if oauth else None,
    )


def _with_rows(write: Write, change: ProfileChange, fields: AbstractSet[str]) -> Write:
    """What Hub wrote into rows before goes along: it tells Hub's rows from those that people added."""
    before = {name: several(change.mirror.get(name)) for name in fields & write.properties.keys()}
    held = {name: values for name, values in before.items() if values}
    # where nobody knows whether this was carried out, a row may hold the old value or the new one
    unsure = {name: [*values, *several(write.mirror.get(name))] for name, values in before.items()}
    alone = {name: others for name, others in write.alternatives.items() if name not in fields}
    body = {name: value for name, value in write.body.items() if name != FREED}
    return replace(
        write,
        body={**body, HELD: held} if held else body,
        unsure={**write.unsure, **unsure},
        alternatives=alone,
    )


def _order_essentials(declaration: Declaration) -> tuple[str, ...]:
    order = declaration.order
    return tuple(name for name in (order.own, order.person) if name) if order else ()


def _manifest(slug: str, declaration: Declaration) -> Manifest[Any]:
    person = declaration.person
    offered = {Capability.FIND, Capability.ERASE, Capability.CONSENT}
    not_offered = {
        "webhook": "it is written to, not read from",
        "refused values": "the declaration's rules name them, where the system does",
    }
    if person.merge:
        offered.add(Capability.MERGE)
    else:
        not_offered["merge"] = "the declaration has no person.merge: a merged person keeps several records there"
    if declaration.order:
        offered.add(Capability.ORDERS)
    else:
        not_offered["orders"] = "the declaration has no order"
    if not person.opt_out:
        offered.discard(Capability.CONSENT)
        not_offered["consent"] = "the declaration has no person.opt_out"
    if declaration.activity:
        offered.add(Capability.ACTIVITIES)
    else:
        not_offered["activities"] = "the declaration has no activity"
    limits = declaration.limits
    return Manifest(
        slug=slug,
        name=declaration.title,
        channel="crm",
        roles=frozenset({"destination"}),
        settings=_settings(declaration),
        docs_url=declaration.docs_url,
        api_version=declaration.api_version,
        capabilities=frozenset(offered),
        limits=Limits(batch=limits.batch, calls=limits.calls, per_seconds=limits.per_seconds),
        not_offered=not_offered,
        unmerge=Unmerge("recreates", ("what the merge moved to the record that was kept",)) if person.merge else None,
        personal_paths=declaration.personal_paths,
        sample_settings=_samples(declaration),
        warnings=lambda settings: declaration.literal_secrets,
    )


def _settings(declaration: Declaration) -> type[ConnectionSettings]:
    """The model of a connection's settings: the shared ones, those of OAuth where it is used, and the declared ones."""
    fields: dict[str, Any] = {}
    for name, setting in declaration.settings.items():
        kind: Any = int if setting.number else SecretStr if setting.secret else str
        default = ... if setting.default is None else kind(setting.default)
        fields[name] = (kind, Field(default, description=setting.description))
    if not declaration.api_root:
        fields["base_url"] = (
            str,
            Field(description="Where this system's API is, such as https://crm.example.com/api."),
        )
    own = ActivitySettings if declaration.activity else ProfileSettings
    bases = (own, OAuthSettings) if declaration.auth.oauth2 else (own,)
    return cast("type[ConnectionSettings]", create_model("DeclaredSettings", __base__=bases, **fields))


def _samples(declaration: Declaration) -> dict[str, Any]:
    """Invented settings, for the contract kit."""
    names = [name for name, setting in declaration.settings.items() if setting.default is None]
    names += ["client_id", "client_secret"] if declaration.auth.oauth2 else []
    numbers = {name for name, setting in declaration.settings.items() if setting.number}
    samples: dict[str, Any] = {name: 7 if name in numbers else f"sample-{name.replace('_', '-')}" for name in names}
    return samples if declaration.api_root else {**samples, "base_url": "https://declared.example.com/api"}


def _authorise(auth: Auth, names: tuple[str, ...]) -> Callable[[Any], Authorisation]:
    def authorise(settings: Any) -> Authorisation:
        values = {name: _shown(getattr(settings, name)) for name in names}
        if auth.header is not None:
            return {name: str(fill(text, values)) for name, text in auth.header.items()}
        if auth.bearer is not None:
            return {"authorization": f"Bearer {fill(auth.bearer, values)}"}
        assert auth.basic is not None
        pair = f"{fill(auth.basic.user, values)}:{fill(auth.basic.password, values)}"
        return {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}

    return authorise


def _shown(value: Any) -> Any:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def _oauth(declaration: Declaration) -> Callable[[Any], OAuth]:
    declared = declaration.auth.oauth2
    assert declared is not None

    def oauth(settings: OAuthSettings) -> OAuth:
        return OAuth(
            token_url=declared.token_url,
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            grant=declared.grant,
            authorise_url=declared.authorise_url or None,
            redirect_url=settings.redirect_url,
            scopes=tuple(declared.scope.split()),
            client=declared.client,
        )

    return oauth


def _naming(declaration: Declaration) -> Mapping[str, Reading | None]:
    order = declaration.order
    return {"fields": declaration.person.names, "order_fields": order.names if order else None}


def _fields(declaration: Declaration) -> Callable[[HttpClient, Any], Mapping[str, list[str]]]:
    """Which fields people and orders have there, as far as the declaration says how to ask."""
    requests = Requests(declaration)

    def fields(client: HttpClient, settings: Any) -> Mapping[str, list[str]]:
        caller = Caller(client, settings)
        asked = {section: one for section, one in _naming(declaration).items() if one is not None}
        answers = {section: caller.request(requests.make(one, settings)) for section, one in asked.items()}
        return {section: names_in(one, answers[section], requests.answers) for section, one in asked.items()}

    return fields


def _checking(dialect: Dialect[Any]) -> Callable[[HttpClient, Any], Checked]:
    """A search for nobody: it needs the credentials, and shows that the answer can be read."""

    def check(client: HttpClient, settings: Any) -> Checked:
        checked = Checked()
        keys = [(dialect.people.own, "hub-check"), (EMAIL, "hub-check@example.com")]
        for call in dialect.people.find(keys, settings):
            Caller(client, settings).ask(call)
        checked.works.append("the credentials are accepted, and people can be searched")
        return checked

    return check
