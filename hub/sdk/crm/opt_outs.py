"""What every write does with a CRM's own opt-outs (law L7): none is taken back, and setting one is for good. Pure."""

from __future__ import annotations

from dataclasses import replace

from hub.sdk.crm.dialect import Dialect
from hub.sdk.destination import Write
from hub.sdk.manifest import Settings


def with_opt_outs(write: Write | None, dialect: Dialect[Settings], settings: Settings) -> Write | None:
    """The write, marked as one that nobody takes back where it ends what the CRM sends to this person."""
    if write is None or write.kind != "profile" or write.erase:
        return write
    says_so = any(write.properties.get(name) for name in dialect.people.opt_outs)
    if says_so or dialect.opts_out(write, settings):
        return replace(write, irreversible=(*write.irreversible, "opt out"))
    return write
