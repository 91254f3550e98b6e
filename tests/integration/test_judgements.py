"""What people decide about who is who: kept, found again, withdrawn."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID, uuid4

from hub.model.judgement import Judgement, Verdict
from hub.store import judgements as store
from hub.store.database import Database

AT = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
LATER = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
A, B, C, D, E = sorted(uuid4() for _ in range(5))


def judged(verdict: Verdict, one: set[UUID], other: set[UUID]) -> Judgement:
    return Judgement(0, verdict, frozenset(one), frozenset(other), "anna", "same mailbox", AT)


def test_a_judgement_is_found_by_any_record_it_names(database: Database) -> None:
    with database.session() as session:
        same = store.insert(session, judged("same", {A, B}, {C}))
        different = store.insert(session, judged("different", {C}, {D}))

    with database.session() as session:
        assert same == replace(judged("same", {A, B}, {C}), id=same.id)
        assert store.of_records(session, [A]) == [same]
        assert store.of_records(session, [C, E]) == [same, different]
        assert store.of_records(session, [E]) == []
        assert store.of_records(session, []) == []
        assert store.chained(session, [A]) == [same, different], "through C, who is the same as A"
        assert store.chained(session, [D]) == [different], "different people are no chain"


def test_a_withdrawn_judgement_is_kept_and_holds_no_longer(database: Database) -> None:
    with database.session() as session:
        same = store.insert(session, judged("same", {A}, {B}))
        other = store.insert(session, judged("different", {A}, {C}))
        ended = store.withdraw(session, [same.id, 999], "bernd", LATER)

        assert ended == [replace(same, withdrawn_at=LATER, withdrawn_by="bernd")]
        assert store.of_records(session, [A, B]) == [other]
        assert store.withdraw(session, [same.id], "clara", LATER) == [], "once"
        assert store.page(session, limit=10) == [other]
        assert store.page(session, limit=10, withdrawn=True) == [other, *ended]
        assert store.page(session, limit=10, withdrawn=True, before=other.id) == ended
        assert store.page(session, limit=10, verdict="same") == []
        assert store.get(session, same.id) == ended[0]
        assert store.get(session, 999) is None
