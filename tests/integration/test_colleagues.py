"""Notes and tasks that colleagues write in any system stand in one history, and go to every other system once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from hub.application.timeline import timeline
from hub.model.event import InteractionEvent
from hub.model.identifier import RecordKey
from hub.model.interaction import Interaction
from hub.store.database import Database
from tests.integration.test_activities import way_with
from tests.integration.test_traits import IDA, now_of, only
from tests.support.doubles import entry, source
from tests.support.hubspot import Way


def written(kind: Any, number: str, at: datetime, text: str, **fields: Any) -> InteractionEvent:
    told = Interaction(external_id=number, kind=kind, channel="crm", text=text, details={"author": "anna"}, **fields)
    return InteractionEvent(occurred_at=at, record=RecordKey(kind="customer", external_id="7"), interaction=told)


@pytest.fixture
def way(database: Database) -> Way:
    made = way_with(database, "note", "task")
    made.take(entry([IDA], "e1"))
    made.settle()
    return made


def history(database: Database) -> list[tuple[str, str, str | None]]:
    with database.session() as session:
        items = timeline(session, only(database).id) or []
    return [
        (item["payload"]["kind"], item["payload"].get("text", ""), item["payload"].get("state"))
        for item in items
        if item["kind"] == "interaction"
    ]


def test_notes_and_tasks_of_any_system_stand_in_one_history_and_at_the_crm_once(way: Way, database: Database) -> None:
    now = now_of(database)
    way.take(
        entry([written("note", "n1", now, "Prefers to be called")], "e2"),
        entry([written("task", "t1", now, "Send the offer", state="open", starts_at=now + timedelta(days=2))], "e3"),
    )
    way.settle()
    assert history(database) == [("task", "Send the offer", "open"), ("note", "Prefers to be called", None)]
    assert sorted("Task" in note["hs_note_body"] for note in way.crm.notes()) == [False, True]
    # told again, and done meanwhile: a state of the same task, and no second entry
    done = written("task", "t1", now + timedelta(seconds=5), "Send the offer", state="done", starts_at=now)
    way.take(entry([done], "e4"), entry([written("note", "n1", now, "Prefers to be called")], "e5"))
    way.settle()
    assert ("task", "Send the offer", "done") in history(database)
    assert len(way.crm.notes()) == 2


def test_what_a_system_wrote_itself_is_not_appended_there_again(way: Way, database: Database) -> None:
    """Law L10: a note of the CRM comes back as an event of the CRM's own connection, and stays where it is."""
    now = now_of(database)
    both = source("crm")
    crm = way.connections["crm"]
    way.connections["crm"] = replace(crm, connector=replace(crm.connector, source=both.connector.source))
    way.connections["crm"] = replace(both, connector=replace(both.connector, destination=crm.connector.destination))
    way.take(entry([IDA], "e2", connection="crm"))
    way.take(entry([written("note", "n9", now, "Called, likes tea")], "e3", connection="crm"))
    way.connections["crm"] = crm
    way.settle()
    assert history(database) == [("note", "Called, likes tea", None)]
    assert way.crm.notes() == []


def test_what_colleagues_write_is_no_act_of_the_customer(way: Way, database: Database) -> None:
    now = now_of(database)
    way.take(entry([written("task", "t1", now, "Call back", state="open")], "e2"))
    traits = only(database).traits
    assert (traits.preferred_channel, traits.ladder, traits.funnel) == (None, None, None)
