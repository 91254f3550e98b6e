"""A connector in full, as the command and the console tell it: settings, limits, what maps to what, and its tier."""

from __future__ import annotations

from typing import Any

from hub.sdk.catalogue.mapped import orders_of, people_of
from hub.sdk.catalogue.page import rows_of, settings_of
from hub.sdk.catalogue.quality import Facts, judge, tier_of, wanting
from hub.sdk.catalogue.told import Told
from hub.sdk.manifest import ConnectionSettings
from hub.sdk.registry import Connector


def row(facts: Facts, connector: Connector) -> dict[str, Any]:
    """What a list of connectors tells of one."""
    manifest = connector.manifest
    return {
        "name": manifest.slug,
        "roles": sorted(manifest.roles, reverse=True),
        "channel": manifest.channel,
        "tier": tier_of(judge(facts)),
    }


def description(connector: Connector, settings: ConnectionSettings, facts: Facts, told: Told | None) -> dict[str, Any]:
    """All that is told of one, with these settings."""
    manifest = connector.manifest
    maps = {"person": people_of(connector, settings), "order": orders_of(connector, settings)}
    following, missing = wanting(judge(facts))
    return {
        **row(facts, connector),
        "title": manifest.name,
        "docs_url": manifest.docs_url,
        "api_version": manifest.api_version,
        "capabilities": sorted(manifest.capabilities),
        "limits": {
            "batch": manifest.limits.batch,
            "max_bytes": manifest.limits.max_bytes,
            "calls": manifest.limits.calls,
            "per_seconds": manifest.limits.per_seconds,
        },
        "allowed_hosts": list(manifest.allowed_hosts),
        "settings": settings_of(manifest),
        "topics": dict(manifest.topics),
        "not_offered": dict(manifest.not_offered),
        "maps": {
            what: {"written": [{"there": there, "from": made} for there, made in rows_of(one)], "left": list(one.left)}
            for what, one in maps.items()
            if one is not None
        },
        "tells": {"told": list(told.fields), "left": list(told.left)} if told else None,
        "proven_against": list(facts.proof.against),
        "rules": [
            {"rule": one.rule, "tier": one.tier, "promise": one.promise, "state": one.state, "said": one.said}
            for one in judge(facts)
        ],
        "next_tier": following,
        "missing": {verdict.promise: verdict.said for verdict in missing},
    }
