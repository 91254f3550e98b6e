"""What became of each write of a batch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hub.sdk.crm.calls import scrub
from hub.sdk.crm.companies import Employers
from hub.sdk.crm.dialect import Dialect, Item, Problem
from hub.sdk.crm.opt_outs import second_records
from hub.sdk.crm.rendering import FREED, LINES, LINKED, UNLINKED
from hub.sdk.crm.rules import mirrored
from hub.sdk.destination import Write, WriteResult
from hub.sdk.manifest import ConnectionSettings


@dataclass(slots=True)
class Results:
    """Results by write key; ``employers`` are the companies of the people among them."""

    dialect: Dialect[Any]
    settings: ConnectionSettings
    employers: Employers[Any]
    by_key: dict[str, WriteResult] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    """Keys of the writes whose record may have been made just now."""

    def is_delivered(self, write: Write) -> bool:
        """True when the record was written, whatever is left to be done for it."""
        result = self.by_key.get(write.key)
        return result is not None and result.outcome == "delivered"

    def is_rejected(self, write: Write) -> bool:
        """True when the record is refused for good; without a value that is refused by name it goes out once more."""
        result = self.by_key.get(write.key)
        return result is not None and result.outcome == "rejected" and not result.refused

    def deliver(self, item: Item, record: str) -> None:
        """It stands in ``record`` now. What was cleared, or was not sent, is as if it had never been written."""
        if item.id is None:
            self.made.add(item.write.key)
        mirror, sent = item.write.mirror, item.properties
        unsent = {
            name
            for name in item.write.properties
            if name not in (*sent, *item.left) and not self.employers.stands_for(name, item)
        }
        left = {name: value for name, value in mirror.items() if value != "" and name not in unsent}
        left = mirrored(item, left)
        self.by_key[item.write.key] = WriteResult(
            item.write.key, "delivered", record, mirror=left if left != mirror else None
        )

    def refuse(self, item: Item, problem: Problem) -> None:
        """It was not written: for good, or for now."""
        words = scrub(problem.words, [item])
        if problem.kind == "refused":
            key, record = item.write.key, item.write.external_id
            self.by_key[key] = WriteResult(key, "rejected", record, words, refused=problem.refused)
        else:
            self.retry(item.write, words)

    def retry(self, write: Write, reason: str, *, uncertain: bool = True) -> None:
        """It is tried again later."""
        self.by_key[write.key] = WriteResult(write.key, "retry", write.external_id, reason, uncertain)

    def is_finished(self, write: Write) -> bool:
        """True when nothing of this write was left to do when the batch ended early."""
        result = self.by_key.get(write.key)
        if result is None or result.outcome == "retry":
            return False
        if write.kind == "activity":
            return True
        more = bool(write.body.get(FREED) or write.body.get(UNLINKED) or self.links_of(write) or write.erase)
        more = more or self.has_lines(write)
        refusing = self.dialect.opts_out(write, self.settings) or second_records(write, self.dialect.people)
        return not more and not refusing

    def has_lines(self, write: Write) -> bool:
        """Whether lines of an order are to be written: they changed, or the order has another record now."""
        anew = self.by_key[write.key].external_id != write.external_id
        return LINES in write.body or (anew and LINES in write.mirror)

    def links_of(self, write: Write) -> tuple[str, ...]:
        """Whom an order is to be linked to. One that was made anew, because people deleted it, has no links yet."""
        anew = write.external_id and self.by_key[write.key].external_id != write.external_id
        held = str(write.mirror.get(LINKED) or "") if anew else ""
        return write.links or ((held,) if held else ())
