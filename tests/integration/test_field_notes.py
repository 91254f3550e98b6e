"""Notes that people write at a person: events of the built-in source, left in place by merge, split and replay."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from hub.api.app import Api
from hub.application.event_trace import trace
from hub.application.field_notes import LONGEST, Notes
from hub.application.judge import Judge
from hub.application.process import Processing, process_batch
from hub.application.timeline import timeline
from hub.errors import NotFound, RefusedError, RejectedError
from hub.intake.inbox import GroupCommit
from hub.intake.receive import WebhookIntake
from hub.matching.rules import IdentityRules
from hub.model.event import PrivacyEvent
from hub.model.identifier import RecordKey
from hub.model.keys import profile_id, record_id
from hub.outbox.enqueue import Route
from hub.profiles.survivorship import SurvivorshipRules
from hub.store import audit, inbox, tokens
from hub.store.database import Database
from tests.integration.test_cli import Hub
from tests.support.doubles import START, Crm, by_name, customer, entry, source, store
from tests.support.serving import served

ANNA, BERT = (profile_id(record_id("shop", "customer", number)) for number in "12")


@pytest.fixture
def processing(database: Database) -> Processing:
    """Two people of a shop, and a CRM that takes notes."""
    crm = Crm().connection("crm")
    route = Route("crm", orders=False, activities=frozenset({"note"}))
    found = Processing(database, by_name(source("shop"), crm), (route,), IdentityRules(), SurvivorshipRules())
    store(database, [entry([customer("1", name=("Anna", "Müller")), customer("2", name=("Bert", "Ohm"))], "e1")])
    process_batch(found)
    return found


def notes_of(processing: Processing, profile: UUID) -> list[str]:
    with processing.database.session() as session:
        items = timeline(session, profile) or []
    return [item["payload"]["text"] for item in items if item["kind"] == "interaction"]


def test_a_note_is_in_the_history_at_once_with_its_writer_and_goes_to_crms(processing: Processing) -> None:
    woken: list[str] = []
    kept = Notes(processing, waken=woken.append).write(ANNA, "  Wants <b>tea</b>\u202e\nnext week ", "ida")
    assert notes_of(processing, ANNA) == ["Wants <b>tea</b>\nnext week"]
    assert woken == ["crm"]
    with processing.database.session() as session:
        [item, *_] = timeline(session, ANNA) or []
        waiting = session.rows("SELECT subject FROM outbox WHERE destination = 'crm' AND subject = 'activity'")
        [told] = audit.page(session, area="profile", limit=5)
        followed = trace(session, kept.event, processing.connections)
    assert (item["connection"], item["payload"]["details"]) == ("hub", {"by": "ida"})
    assert len(waiting) == 1
    assert (told.who, told.action, told.subject) == ("ida", "profile.note", str(ANNA))
    assert followed is not None
    assert followed.people == [ANNA]


def test_the_same_note_twice_is_kept_once_and_a_replay_changes_nothing(processing: Processing) -> None:
    number = uuid4()
    for _ in range(2):
        kept = Notes(processing).write(ANNA, "Called back", "ida", note=number)
    with processing.database.session() as session:
        inbox.requeue(session, ids=[kept.event])
        assert len(audit.page(session, area="profile", limit=5)) == 1
    while process_batch(processing).entries:
        pass
    assert notes_of(processing, ANNA) == ["Called back"]


def test_a_note_goes_with_the_person_through_merge_and_split(processing: Processing) -> None:
    Notes(processing).write(BERT, "Likes Assam", "ida")
    judge = Judge(processing)
    judged = judge.merge(ANNA, BERT, "ida")
    [winner] = judged.profiles
    assert notes_of(processing, winner) == ["Likes Assam"]
    assert notes_of(processing, BERT) == ["Likes Assam"]  # the retired id leads to the winner
    judge.withdraw(judged.judgement.id, "ida")
    assert (notes_of(processing, ANNA), notes_of(processing, BERT)) == ([], ["Likes Assam"])


def test_what_cannot_be_kept_is_refused_with_the_reason(processing: Processing) -> None:
    notes = Notes(processing)
    for text in (" \n\u200b", "x" * (LONGEST + 1)):
        with pytest.raises(RejectedError):
            notes.write(ANNA, text, "ida")
    with pytest.raises(NotFound):
        notes.write(uuid4(), "Hello", "ida")
    key = RecordKey(kind="customer", external_id="1")
    asked = PrivacyEvent(occurred_at=START, external_id="p1", action="erasure", record=key)
    store(processing.database, [entry([asked], "e2")])
    process_batch(processing)
    with pytest.raises(RefusedError):
        notes.write(ANNA, "Hello", "ida")


def test_the_api_keeps_notes_of_who_may_write_them(processing: Processing) -> None:
    database = processing.database
    commit = GroupCommit(database.dsn)
    intake = WebhookIntake(processing.connections, commit, public_url="https://hub.example.com", max_body_bytes=10_000)
    with database.session() as session:
        bearer = {role: tokens.create(session, role, f"a {role}", START)[1] for role in ("viewer", "operator")}
    with (
        served(Api(intake, commit, database, processing.connections, noting=Notes(processing))) as url,
        httpx.Client(base_url=f"{url}/api/v1/profiles", trust_env=False) as client,
    ):

        def post(role: str, who: UUID, text: str) -> httpx.Response:
            headers = {"authorization": f"Bearer {bearer[role]}"}
            return client.post(f"/{who}/notes", json={"text": text}, headers=headers)

        kept = post("operator", ANNA, "Hello")
        codes = [post(*one).status_code for one in (("viewer", ANNA, "x"), ("operator", uuid4(), "x"),
                                                    ("operator", ANNA, " \n"), ("operator", ANNA, ""))]  # fmt: skip
    assert (kept.status_code, kept.json()["profile"]) == (201, str(ANNA))
    assert codes == [403, 404, 422, 422]
    assert notes_of(processing, ANNA) == ["Hello"]


def test_the_command_keeps_a_note(processing: Processing, dsn: str, tmp_path: Path) -> None:
    hub = Hub(tmp_path, dsn)
    assert hub.json("profile", "note", str(ANNA), "From the desk")["profile"] == str(ANNA)
    assert "kept at profile" in hub("profile", "note", str(ANNA), "Again").stdout
    hub("profile", "note", str(ANNA), " ", ends=1)
    assert sorted(notes_of(processing, ANNA)) == ["Again", "From the desk"]
