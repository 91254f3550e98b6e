"""Lists the checks of a connector: every law that its declaration makes applicable, over every sample it has."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from hub.errors import ConfigError
from hub.sdk import registry
from hub.sdk.testkit import (
    backfill_laws,
    order_laws,
    parse_laws,
    render_laws,
    send_laws,
    signature_laws,
    value_laws,
)
from hub.sdk.testkit.cases import ConnectorCase, WriteCase
from hub.sdk.testkit.wire import over_http

Law = Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Check:
    """One law over one case. ``run`` raises AssertionError with what is wrong."""

    id: str
    law: str
    promise: str
    run: Callable[[], None]


def laws_of(module: Any, *codes: str) -> list[Law]:
    """The laws of a module, by code (``s1``), all without codes."""
    named = ((name, value) for name, value in sorted(vars(module).items()) if name.startswith("law_"))
    return [law for name, law in named if not codes or name.split("_")[1] in codes]


CONNECTOR_LAWS: tuple[Law, ...] = (
    signature_laws.law_s1_deliveries_are_verified,
    signature_laws.law_s5_different_events_have_different_ids,
    signature_laws.law_s27_webhooks_can_be_made_or_it_is_said_why_not,
    parse_laws.law_s13_topics_and_samples_match,
    parse_laws.law_s16_privacy_requests_are_events,
    *laws_of(value_laws, "s19", "s20", "s21"),
    backfill_laws.law_s15_backfill_is_declared_and_sampled,
    backfill_laws.law_s15_a_poll_asks_for_what_is_sold,
    backfill_laws.law_s28_deleted_orders_are_found_or_it_is_said_why_not,
    order_laws.law_s26_revenue_follows_payment,
    order_laws.law_s29_products_and_reviews_are_read_or_it_is_said_why_not,
    order_laws.law_s30_what_is_not_offered_was_looked_for,
)
VERIFY_LAWS = tuple(law for law in laws_of(signature_laws, "s1", "s2", "s3", "s4") if law not in CONNECTOR_LAWS)
DELIVERY_LAWS: tuple[Law, ...] = (
    signature_laws.law_s5_a_redelivery_keeps_its_event_id,
    parse_laws.law_s11_missing_headers_are_survived,
)
PARSE_LAWS = (
    *(law for law in laws_of(parse_laws) if law not in (*CONNECTOR_LAWS, *DELIVERY_LAWS)),
    *laws_of(value_laws, "s17", "s18", "s22"),
    backfill_laws.law_s15_a_completion_is_fetched_as_it_is,
    *(law for law in laws_of(order_laws) if law not in CONNECTOR_LAWS),
)
BACKFILL_LAWS = tuple(law for law in laws_of(backfill_laws) if law not in (*CONNECTOR_LAWS, *PARSE_LAWS))
DESTINATION_LAWS: tuple[Law, ...] = (
    render_laws.law_d3_a_record_that_is_gone_is_replaced,
    render_laws.law_d1_every_case_is_there,
    render_laws.law_d13_a_misspelt_setting_is_a_start_up_error,
    render_laws.law_d14_what_becomes_of_an_undone_merge_is_declared,
    render_laws.law_d15_refused_values_are_read,
)
RENDER_LAWS = tuple(law for law in laws_of(render_laws) if law not in DESTINATION_LAWS)
HTTP_LAWS: tuple[Law, ...] = (
    send_laws.law_d8_budget_and_outage_are_retried,
    send_laws.law_d8_refusals_are_told_apart,
    send_laws.law_d8_half_an_answer_is_not_delivery,
    send_laws.law_d10_only_declared_hosts_are_called,
)
SEND_LAWS = tuple(law for law in laws_of(send_laws) if law not in HTTP_LAWS)


def checks(slug: str) -> list[Check]:
    """The checks of a connector by its name; one that cannot be loaded has one check, which fails."""
    try:
        return checks_of(ConnectorCase(registry.get(slug), registry.folder(slug)))
    except ConfigError as error:
        return [Check(slug, "load", "The connector can be loaded.", partial(_fail, str(error)))]


def checks_of(case: ConnectorCase) -> list[Check]:
    """The checks of a connector whose samples lie in ``case.folder``."""
    if not __debug__:
        return [Check(case.id, "load", "Assertions are on.", partial(_fail, "python -O removes the kit's assertions"))]
    found = [*_source_checks(case)] if case.connector.source else []
    found += _destination_checks(case) if case.connector.destination else []
    return found or [
        Check(case.id, "load", "The connector has a role.", partial(_fail, "neither source nor destination"))
    ]


def _source_checks(case: ConnectorCase) -> Iterator[Check]:
    source = case.source
    yield from (_check(law, case) for law in CONNECTOR_LAWS)
    for sample in case.source_cases:
        laws = (
            *(VERIFY_LAWS if source.verify else ()),
            *(DELIVERY_LAWS if source.name_event else ()),
            *PARSE_LAWS,
        )
        yield from (_check(law, sample) for law in laws)

    yield from (_check(law, walk) for walk in case.backfill_cases for law in BACKFILL_LAWS)


def _destination_checks(case: ConnectorCase) -> Iterator[Check]:
    yield from (_check(law, case) for law in DESTINATION_LAWS)
    for write in case.write_cases:
        yield from (_check(law, write) for law in RENDER_LAWS)
        yield from (_check(law, write) for law in SEND_LAWS if _sends(write))
        yield from (_check(law, write) for law in HTTP_LAWS if _sends(write) and over_http(write))


def _sends(case: WriteCase) -> bool:
    """A change that needs no write sends nothing; a file that cannot be read is reported by every law."""
    path = case.sample.folder / "write.json"
    return not path.exists() or path.read_bytes().strip() != b"null"


def _check(law: Law, case: ConnectorCase) -> Check:
    code, _, words = law.__name__.removeprefix("law_").partition("_")
    return Check(
        f"{case.id}/{code.upper()}-{words}",
        code.upper(),
        (law.__doc__ or "").strip().partition("\n")[0],
        partial(law, case),
    )


def _fail(message: str) -> None:
    raise AssertionError(message)


def load_folder(folder: Path) -> ConnectorCase:
    """A connector that lies outside ``hub/connectors``, e.g. one just scaffolded; its own imports are relative.

    Raises ConfigError when it cannot be imported or holds no CONNECTOR.
    """
    name = f"hub_connector_in_{hashlib.blake2b(str(folder.resolve()).encode(), digest_size=6).hexdigest()}"
    spec = spec_from_file_location(name, folder / "__init__.py", submodule_search_locations=[str(folder)])
    if spec is None or spec.loader is None or not (folder / "__init__.py").exists():
        raise ConfigError([f"{folder}: is no connector folder"])
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
        connector = module.CONNECTOR
    except Exception as error:
        raise ConfigError([f"{folder}: cannot be loaded: {type(error).__name__}: {error}"]) from error
    return ConnectorCase(connector, folder)
