"""Rules applied do what was foretold; taken back, every profile is what it was, to the byte."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from hub.application.explain import history
from hub.application.process import Processing, process_batch
from hub.application.rule_versions import CONFIGURATION, Applied, RuleVersions
from hub.application.what_if import try_rules
from hub.errors import NotFound, RefusedError
from hub.matching.clustering import Constraints, cluster
from hub.matching.features import Features, features_of
from hub.matching.rules import IdentityRules
from hub.matching.version import identity
from hub.model.event import CanonicalEvent
from hub.profiles.survivorship import SurvivorshipRules
from hub.rules import RuleSet, load_rules
from hub.store import matches, profiles, versions
from hub.store.database import Database
from tests.integration.test_incremental import EMAILS, PHONES, people, run, stored_clusters
from tests.support.doubles import Crm, at, by_name, customer, empty, entry, routes_to, source, store
from tests.support.examples import examples

KINDS = ("email", "phone")
STRATEGIES = ("newest", "most_frequent", "longest_lived", "most_complete")


@pytest.fixture(scope="module")
def database(postgres_server: Any) -> Iterator[Database]:
    with postgres_server.database() as database:
        yield database


@st.composite
def rule_sets(draw: st.DrawFn) -> RuleSet:
    identifiers = {
        kind: {
            "strength": draw(st.sampled_from(["certain", "strong", "weak", "off"])),
            "max_people": draw(st.sampled_from([1, 2, 10])),
            "max_records": draw(st.sampled_from([2, 200])),
            "blocked": draw(st.lists(st.sampled_from(EMAILS if kind == "email" else PHONES), max_size=1)),
        }
        for kind in draw(st.sets(st.sampled_from(KINDS)))
    }
    same = draw(st.sampled_from([4.0, 1.0, 9.0]))
    limits = {"records": draw(st.sampled_from([2, 4, 100]))}
    rules = IdentityRules.model_validate(
        {"identifiers": identifiers, "thresholds": {"same": same, "ask": 0}, "limits": limits}
    )
    attributes = draw(st.dictionaries(st.sampled_from(["name", "emails"]), st.sampled_from(STRATEGIES)))
    return RuleSet(rules, SurvivorshipRules.model_validate({"attributes": attributes}))


def golden(database: Database) -> dict[Any, Any]:
    """Every profile, with its records."""
    with database.session() as session:
        return {
            profile: (text, created, records)
            for profile, text, created, records in session.rows(
                "SELECT id, golden, created_at, ARRAY(SELECT r.id FROM record r WHERE r.profile_id = p.id ORDER BY 1) "
                "FROM profile p"
            )
        }


def from_nothing(database: Database, rules: IdentityRules) -> list[list[UUID]]:
    with database.session() as session:
        states = matches.states(session, [row[0] for row in session.rows("SELECT id FROM record")])
    everybody: dict[UUID, Features] = {record: features_of(state, rules) for record, state in states.items()}
    limits: Constraints[UUID] = Constraints(most_records=rules.limits.records)
    return cluster(everybody, identity(rules).model, rules, limits).groups


def resolved(processing: Processing, done: Applied, size: int = 3) -> Applied:
    while process_batch(processing, size).entries:
        pass
    return done


def processing_of(database: Database, rules: RuleSet) -> Processing:
    crm = Crm().connection("crm")
    connections, routes = by_name(source("shop"), crm), routes_to(crm)
    return Processing(
        database, connections, routes, rules.identity or IdentityRules(), rules.survivorship or SurvivorshipRules()
    )


@settings(
    max_examples=examples(15),
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(st.lists(people(), min_size=2, max_size=12), rule_sets(), rule_sets())
def test_what_is_foretold_happens_and_is_undone_to_the_byte(
    database: Database, events: list[CanonicalEvent], first: RuleSet, second: RuleSet
) -> None:
    empty(database)
    processing = processing_of(database, first)
    assert first.identity
    assert second.identity
    held = RuleVersions(database, processing.identity, processing.survivorship)
    held.take_configuration()
    run(processing, events, 4)
    before = golden(database)

    told = try_rules(processing, second, limit=100)
    assert golden(database) == before
    # in one step: of several, ids (not clusters) depend on what is resolved first
    done = resolved(processing, held.apply(second, by="ops"), 100)
    after = golden(database)

    # what was foretold is what happened
    assert stored_clusters(database) == from_nothing(database, second.identity)
    assert told["profiles_after"] == len(after)
    gone = {retired for case in told["merges"]["cases"] for retired in case["retired"]}
    assert before.keys() - after.keys() == gone
    changed = {case["profile"]: case["attributes"] for case in told["values"]["cases"]}
    assert told["values"]["count"] == len(changed)
    assert {profile for profile in before if after.get(profile, before[profile])[0] != before[profile][0]} >= set(
        changed
    )

    # and taken back it is as it was
    if done.stored:
        resolved(processing, held.rollback(None, by="ops"))
    assert golden(database) == before


TWO = [
    entry([customer("1", when=at(1), name=("Anna", None), emails=["anna@example.com"])], "c1"),
    entry([customer("2", when=at(2), name=("Anna", None), emails=["anna@example.com"])], "c2"),
]
BLOCKED = load_rules("identifiers: {email: {blocked: [anna@example.com]}}")
OLDEST = load_rules("attributes: {name: longest_lived}")
DEFAULTS = RuleSet(IdentityRules(), SurvivorshipRules())


@pytest.fixture
def one_person(database: Database) -> Processing:
    empty(database)
    processing = processing_of(database, DEFAULTS)
    RuleVersions(database, processing.identity, processing.survivorship).take_configuration()
    store(database, TWO)
    while process_batch(processing).entries:
        pass
    assert len(golden(database)) == 1
    return processing


def of(processing: Processing, rules: RuleSet = DEFAULTS) -> RuleVersions:
    """The versions as a process sees them whose files say this."""
    return RuleVersions(
        processing.database, rules.identity or IdentityRules(), rules.survivorship or SurvivorshipRules()
    )


def test_changed_files_are_put_in_force_whole_and_once(one_person: Processing) -> None:
    changed = of(one_person, BLOCKED)

    done = changed.take_configuration()
    again = changed.take_configuration()

    assert done == Applied(2, stored=True, waiting=2)
    assert again is None
    resolved(one_person, done)
    assert len(golden(one_person.database)) == 2
    with one_person.database.session() as session:
        newest, first = versions.page(session, 5)
    assert [(row.by, row.note, row.active) for row in (newest, first)] == [
        (CONFIGURATION, "configuration changed", True),
        (CONFIGURATION, "as configured", False),
    ]


def test_what_was_applied_outlives_a_restart_until_its_file_changes(one_person: Processing) -> None:
    done = of(one_person).apply(BLOCKED, by="ops", note="a desk's address")

    assert of(one_person).take_configuration() is None
    assert of(one_person).says_otherwise(BLOCKED) == ["identity"]
    # when the other file changes, what was applied of this one stays
    other = of(one_person, OLDEST).take_configuration()
    assert other == Applied(3, stored=True, waiting=2)
    with one_person.database.session() as session:
        held = one_person.in_force(session)
    assert (held.identity.rules, held.survivorship) == (BLOCKED.identity, OLDEST.survivorship)
    # and when its own file says the same at last, nothing has to be resolved
    resolved(one_person, done)
    both = RuleSet(BLOCKED.identity, OLDEST.survivorship)
    assert of(one_person, both).take_configuration() == Applied(4, stored=True, waiting=0)


def with_other_defaults(processing: Processing, *, noted: bool) -> None:
    """As if the release before had other role inboxes; ``noted``: it wrote down what the files themselves say."""
    with processing.database.session() as session:
        [(number, text)] = session.rows("SELECT id, configured FROM identity_version WHERE configured IS NOT NULL")
        stored = orjson.loads(text)
        stored["identity"]["role_inboxes"] = ["info"]
        if not noted:
            del stored["said"]
        told = orjson.dumps(stored).decode()
        session.run("UPDATE identity_version SET configured = %s WHERE id = %s", [told, number])
        session.run(
            "UPDATE identity_version SET rules = %s WHERE id = %s AND note = 'as configured'",
            [orjson.dumps(stored["identity"]).decode(), number],
        )


@pytest.mark.parametrize("noted", [True, False], ids=["noted", "of before"])
def test_a_new_release_s_defaults_are_taken_where_nobody_has_rules_of_their_own(
    one_person: Processing, *, noted: bool
) -> None:
    # given a release that had other defaults
    with_other_defaults(one_person, noted=noted)
    done = of(one_person).take_configuration()
    # then those of this one are in force, once
    assert done is not None
    assert (done.version, done.stored) == (2, True)
    assert of(one_person).take_configuration() is None


@pytest.mark.parametrize("noted", [True, False], ids=["noted", "of before"])
def test_a_new_release_s_defaults_leave_people_s_own_rules_in_force(one_person: Processing, *, noted: bool) -> None:
    # given rules that people applied, and a release before that had other defaults
    of(one_person).apply(BLOCKED, by="anna")
    with_other_defaults(one_person, noted=noted)
    done = of(one_person).take_configuration()
    # then theirs stay
    assert done is not None
    assert (done.version, done.stored) == (2, False)
    with one_person.database.session() as session:
        assert one_person.in_force(session).identity.rules == BLOCKED.identity


def test_survivorship_alone_folds_every_profile_once(one_person: Processing) -> None:
    assert of(one_person).apply(OLDEST, by="ops") == Applied(2, stored=True, waiting=1)
    assert of(one_person).apply(OLDEST, by="ops") == Applied(2, stored=False, waiting=1)


def test_a_change_comes_on_top_of_one_that_is_under_way(one_person: Processing) -> None:
    before = golden(one_person.database)
    of(one_person).apply(BLOCKED, by="ops")
    process_batch(one_person, 1)

    of(one_person).rollback(None, by="ops")
    while process_batch(one_person, 1).entries:
        pass

    assert golden(one_person.database) == before


def test_a_profile_above_the_limits_comes_back_without_waiting(one_person: Processing) -> None:
    small = load_rules("limits: {orders: 1}")
    of(one_person).apply(small, by="ops")
    resolved(one_person, of(one_person).apply(DEFAULTS, by="ops"))
    before = golden(one_person.database)
    with one_person.database.session() as session:
        session.run(
            "UPDATE profile SET golden = jsonb_set(golden::jsonb, '{orders}', "
            '\'{"count": 2000, "totals": []}\')::text'
        )
    resolved(one_person, of(one_person).apply(BLOCKED, by="ops"))
    assert len(golden(one_person.database)) == 2
    with one_person.database.session() as session:
        session.run(
            "UPDATE profile SET golden = jsonb_set(golden::jsonb, '{orders}', "
            '\'{"count": 2000, "totals": []}\')::text'
        )

    resolved(one_person, of(one_person).rollback(3, by="ops"))

    assert golden(one_person.database) == before


def test_there_is_nothing_to_go_back_to(one_person: Processing) -> None:
    with pytest.raises(RefusedError, match="no earlier version"):
        of(one_person).rollback(None, by="ops")
    with pytest.raises(NotFound, match="no version 7"):
        of(one_person).rollback(7, by="ops")
    with pytest.raises(RefusedError, match="in force already"):
        of(one_person).rollback(1, by="ops")


def test_who_comes_apart_by_a_rollback_is_told_which_version_did_it(database: Database) -> None:
    empty(database)
    weak = RuleSet(identity=IdentityRules.model_validate({"identifiers": {"email": {"strength": "off"}}}))
    processing = processing_of(database, weak)
    held = RuleVersions(database, processing.identity, processing.survivorship)
    held.take_configuration()
    told = [customer(str(n), emails=["anna@example.com"], when=at(n)) for n in (1, 2)]
    store(database, [entry(told, "e1")])
    resolved(processing, held.apply(RuleSet(identity=IdentityRules()), by="ops"))
    resolved(processing, held.rollback(None, by="ops"))

    with database.session() as session:
        found = [item for item in explained_history(session) if item["what"] == "split"]
    (item,) = found
    (reason,) = item["reasons"]
    assert reason.startswith("the rules and weights of version 1 were put in force again by `hub rules rollback` (as ")
    assert reason.endswith("version 3), and by them these are different people")


def explained_history(session: Any) -> list[Any]:
    rows = session.rows("SELECT id FROM profile ORDER BY 1")
    return history(session, [item for (profile,) in rows for item in profiles.history(session, profile)])
