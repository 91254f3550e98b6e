"""An opt-out reaches every system first, is read back, outlives erasure, and only evidence of its own loosens it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from hub.application.consent_audit import audit, counted, everybody
from hub.application.consent_story import consent_story
from hub.application.suppress_address import suppress_address
from hub.model.consent import Consent
from hub.model.event import ConsentEvent, InteractionEvent, PrivacyEvent
from hub.model.identifier import RecordKey
from hub.model.interaction import Interaction
from hub.sdk.destination import Write
from hub.store import due, suppressions
from hub.store.database import Database
from tests.integration.test_hand_overs import Office
from tests.integration.test_traits import everybody as people_of
from tests.integration.test_traits import now_of, only
from tests.support.doubles import START, customer, entry
from tests.support.hubspot import Way

MAIL = "ida@sommer.example"


def said(state: Any, at: Any, *, explicit: bool = True, evidence: str | None = "form") -> Consent:
    return Consent(channel="email", state=state, at=at, explicit=explicit, evidence=evidence)


def ida(*consents: Consent, who: str = "7", **fields: Any) -> Any:
    when = max((one.at for one in consents if one.at), default=START)
    return customer(who, when=when, name=("Ida", "Sommer"), emails=[MAIL], consents=consents, **fields)


def consent_of(database: Database) -> list[tuple[str, str]]:
    return [(one.state, one.evidence or "") for each in people_of(database) for one in each.consents]


def states(database: Database) -> list[str]:
    return sorted({state for state, _ in consent_of(database)})


def happened(kind: Any, at: Any, who: str = "7", **fields: Any) -> InteractionEvent:
    key = RecordKey(kind="customer", external_id=who)
    told = Interaction(external_id=f"{kind}-{who}", kind=kind, channel="email", **fields)
    return InteractionEvent(occurred_at=at, record=key, interaction=told)


@pytest.fixture
def way(database: Database) -> Way:
    return Way(database)


# -- first of all ------------------------------------------------------------------------------------------------------


def test_an_opt_out_overtakes_all_that_waits_at_a_slow_destination(way: Way, database: Database) -> None:
    now = now_of(database)
    # given one who is there, and a crowd that waits
    way.take(entry([ida(said("opted_in", now - timedelta(days=9)))], "e1"))
    way.settle()
    crowd = [customer(f"c{n}", name=(f"A{n}", f"B{n}"), emails=[f"c{n}@x{n}.example"]) for n in range(30)]
    way.take(entry(crowd, "e2"))
    # when she opts out, behind them all
    out = ConsentEvent(
        occurred_at=now, record=RecordKey(kind="customer", external_id="7"), consent=said("opted_out", now)
    )
    way.take(entry([out], "e3"))
    # then hers is the first to go
    with database.session() as session:
        [first] = due.due_rows(session, "crm", "profile", 1)
    assert first.key == next(one.id for one in people_of(database) if MAIL in one.emails)
    way.settle()
    with database.session() as session:
        assert session.rows("SELECT count(*) FROM outbox WHERE urgent") == [(0,)]


def test_an_opt_out_does_not_wait_for_the_next_try_of_something_else(way: Way, database: Database) -> None:
    now = now_of(database)
    way.take(entry([ida()], "e1"))
    way.settle()
    way.crm.fail(times=9, status=503, path="batch")
    way.take(entry([ida(company="Sommer GmbH")], "e1b"))
    way.send()
    assert way.rows() == {"retrying": 1}
    out = ConsentEvent(
        occurred_at=now, record=RecordKey(kind="customer", external_id="7"), consent=said("opted_out", now)
    )
    way.take(entry([out], "e2"))
    with database.session() as session:
        assert [row.key for row in due.due_rows(session, "crm", "profile", 5)] == [only(database).id]


def test_an_opt_out_is_read_back_and_the_ledger_says_so(way: Way, database: Database) -> None:
    now = now_of(database)
    way.take(entry([ida(said("opted_in", now - timedelta(days=9)))], "e1"))
    way.settle()
    way.take(entry([ida(said("opted_out", now, evidence="link in the mail"))], "e2"))
    way.settle()
    with database.session() as session:
        rules = way.processing.in_force(session)
        [story] = consent_story(session, only(database).id, rules, way.connections) or []
    assert story["state"] == "opted_out"
    [told] = story["told"]
    assert (told["destination"], told["confirmed"]) == ("crm", True)
    assert told["seconds"] is not None


def test_a_crm_that_answers_ok_and_keeps_no_opt_out_is_told_again(
    way: Way, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = now_of(database)
    way.take(entry([ida(said("opted_in", now - timedelta(days=9)))], "e1"))
    way.settle()
    # when the record does not hold it afterwards: a workflow there puts it back
    before = way.crm._update_one

    def forgetting(kind: str, one: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        kept = {name: value for name, value in one["properties"].items() if "consent" not in name}
        return before(kind, {**one, "properties": kept}, body)

    monkeypatch.setattr(way.crm, "_update_one", forgetting)
    way.take(entry([ida(said("opted_out", now))], "e2"))
    way.send()
    assert way.rows() == {"retrying": 1}
    with database.session() as session:
        [[reason]] = session.rows("SELECT reason FROM outbox")
    assert reason == "the opt-out does not stand there yet"
    monkeypatch.setattr(way.crm, "_update_one", before)
    way.settle()
    assert way.rows() == {"delivered": 1}
    assert way.crm.contacts()[0]["hub_email_consent"] == "opted_out"


# -- a machine never loosens -------------------------------------------------------------------------------------------


def test_an_import_that_still_says_subscribed_loosens_nothing(way: Way, database: Database) -> None:
    """mettle/sendportal-core#165, Mailtrain-org/mailtrain#325, pentacent/keila#259: an import mailed them again."""
    now = now_of(database)
    way.take(entry([ida(said("opted_out", now - timedelta(days=1)))], "e1"))
    flag = Consent(channel="email", state="opted_in", evidence="column newsletter")
    way.take(entry([ida(flag, who="csv-1")], "e2", connection="till"))
    assert states(database) == ["opted_out"]


def test_only_a_newer_act_with_its_own_evidence_opts_in_again(way: Way, database: Database) -> None:
    now = now_of(database)
    way.take(entry([ida(said("opted_out", now - timedelta(days=2)))], "e1"))
    way.take(entry([ida(said("opted_in", now - timedelta(days=1), evidence=None))], "e2"))
    assert states(database) == ["opted_out"]  # an act that nobody can prove is none
    way.take(entry([ida(said("opted_in", now - timedelta(hours=1), evidence="double opt-in, mail 4711"))], "e3"))
    assert consent_of(database) == [("opted_in", "double opt-in, mail 4711")]


def test_whoever_has_not_confirmed_is_not_opted_in(way: Way, database: Database) -> None:
    """Notifuse/notifuse#344: a campaign went to people who never clicked the link."""
    now = now_of(database)
    way.take(entry([ida(said("pending", now))], "e1"))
    with database.session() as session:
        [found] = audit(session, "email", {})
    assert (found.may, found.state, found.why) == (False, "pending", "asked to confirm, and has not")


# -- the list of those nobody writes to --------------------------------------------------------------------------------


def forget(database: Database) -> None:
    """All that Hub keeps of people is gone, as after an erasure in full; the list is not."""
    with database.session() as session:
        for table in ("outbox", "crosswalk", "mirror", "fact", "record", "record_key", "profile", "placement"):
            session.run(f"DELETE FROM {table}")


@pytest.mark.parametrize("spelled", ["ida@sommer.example", "Ida@Sommer.example"])
def test_who_was_erased_is_not_mailed_again_by_an_import(way: Way, database: Database, spelled: str) -> None:
    """mautic/mautic#5699, and trycompai/crm#11 where capitals defeated the list."""
    now = now_of(database)
    way.take(entry([ida(said("opted_in", now - timedelta(days=9)))], "e1"))
    gone = PrivacyEvent(
        occurred_at=now - timedelta(days=1),
        action="erasure",
        external_id="r1",
        record=RecordKey(kind="customer", external_id="7"),
    )
    way.take(entry([gone], "e2"))
    forget(database)
    with database.session() as session:
        kept = session.rows("SELECT * FROM suppression")
        assert MAIL not in str(kept)
        assert suppressions.counts(session) == {"erased": 1}
    imported = customer("x1", name=("Ida", "Sommer"), emails=[spelled.lower()])
    flag = said("opted_in", now - timedelta(days=5))
    told = imported.customer.model_copy(update={"consents": (flag,)})
    way.take(entry([imported.model_copy(update={"customer": told})], "e3", connection="till"))
    assert states(database) == ["opted_out"]
    assert [record.kind for record in only(database).records] == ["customer"]
    with database.session() as session:
        [found] = audit(session, "email", {})
        [story] = consent_story(session, found.profile, way.processing.in_force(session), way.connections) or []
    assert (found.may, found.why, found.event) == (False, "opted out", 0)
    assert "erased on request" in str(found.evidence)
    assert story["state"] == "opted_out"


def test_a_complaint_and_a_hard_bounce_close_mail_and_a_soft_one_does_not(way: Way, database: Database) -> None:
    now = now_of(database)
    for number, (kind, state) in enumerate((("email_complained", None), ("email_bounced", "hard"))):
        way.take(entry([ida(said("opted_in", now - timedelta(days=9)), who=f"w{number}")], f"a{number}"))
        forget(database)
        with database.session() as session:
            session.run("DELETE FROM suppression")
        way.take(entry([ida(said("opted_in", now - timedelta(days=9)), who=f"w{number}")], f"b{number}"))
        way.take(entry([happened(kind, now, who=f"w{number}", state=state)], f"c{number}"))
        assert states(database) == ["opted_out"], kind
        forget(database)
    with database.session() as session:
        session.run("DELETE FROM suppression")
    way.take(entry([ida(said("opted_in", now - timedelta(days=9)), who="s")], "s1"))
    way.take(entry([happened("email_bounced", now, who="s", state="soft bounce")], "s2"))
    assert states(database) == ["opted_in"]


def test_a_bounce_closes_no_mail_while_another_address_lives_and_names_only_its_own(
    way: Way, database: Database
) -> None:
    """veda-consulting-company/uk.co.vedaconsulting.mailchimp#328 lost whose second address was fine.

    usesend/useSend#337 put everybody on the list who was written to beside a dead address.
    """
    now = now_of(database)
    both = customer("7", emails=[MAIL, "ida@work.example"], consents=(said("opted_in", now - timedelta(days=9)),))
    way.take(entry([both], "e1"))
    way.take(entry([happened("email_bounced", now, state="hard", details={"email": "Ida@Work.example"})], "e2"))
    assert states(database) == ["opted_in"]
    with database.session() as session:
        assert suppressions.counts(session) == {"bounce": 1}
    way.take(entry([happened("email_bounced", now, state="hard", details={"email": MAIL})], "e3"))
    # one interaction of that id: told again with another address it is another bounce of the same person
    assert states(database) == ["opted_out"]


def test_signing_up_again_after_a_bounce_needs_a_confirmation(way: Way, database: Database) -> None:
    """silent-suite/silentsuite#74: a new sign-up mailed an address that had complained."""
    now = now_of(database)
    way.take(entry([ida(said("opted_in", now - timedelta(days=9)))], "e1"))
    way.take(entry([happened("email_complained", now - timedelta(days=1))], "e2"))
    way.take(entry([ida(said("pending", now - timedelta(hours=2)))], "e3"))
    assert states(database) != ["opted_in"]
    way.take(entry([ida(said("opted_in", now - timedelta(hours=1), evidence="double opt-in, mail 12"))], "e4"))
    assert states(database) == ["opted_in"]


def test_a_person_puts_an_address_on_the_list_and_every_system_hears_of_it(way: Way, database: Database) -> None:
    now = now_of(database)
    way.take(entry([ida(said("opted_in", now - timedelta(days=9)))], "e1"))
    way.settle()
    assert suppress_address(way.processing, "email:IDA@sommer.example", "DE") == [only(database).id]
    way.settle()
    assert way.crm.contacts()[0]["hub_email_consent"] == "opted_out"
    assert suppress_address(way.processing, "email:nobody@x.example", "DE") == []


def test_the_list_is_the_same_in_whatever_order_it_is_told(database: Database) -> None:
    found = []
    point = ("emails", MAIL)
    now = now_of(database)
    entries = [
        suppressions.Entry(point, "bounce", now - timedelta(days=1), "news"),
        suppressions.Entry(point, "bounce", now, "shop"),
        suppressions.Entry(point, "complaint", now, "news"),
    ]
    for told in (entries, entries[::-1]):
        with database.session() as session:
            session.run("DELETE FROM suppression")
            for one in told:
                suppressions.note(session, [one])
            found.append(session.rows("SELECT digest, reason, since, connection FROM suppression ORDER BY reason"))
    assert found[0] == found[1]
    assert [row[3] for row in found[0]] == ["shop", "news"]


# -- who may be written to ---------------------------------------------------------------------------------------------


def test_the_audit_names_the_evidence_of_everybody_and_why_not(way: Way, database: Database) -> None:
    now = now_of(database)
    confirmed = said("opted_in", now - timedelta(days=9), evidence="double opt-in, mail 1")
    told: Sequence[Any] = [
        ida(confirmed),
        customer("8", name=("Bo", "Lind"), emails=["bo@x.example"]),
        customer("9", name=("Cy", "Ott"), phones=["+493023125042"], consents=(confirmed,)),
    ]
    way.take(entry(told, "e1"))
    with database.session() as session:
        found = audit(session, "email", {})
    assert counted(found) == {"may be written to": 1, "never opted in": 1, "no e-mail address": 1}
    [may] = [one for one in found if one.may]
    assert (may.evidence, may.record, may.event) == ("double opt-in, mail 1", "shop:customer:7", 1)
    assert [one.profile for one in everybody(database, "email", {})] == [one.profile for one in found]


def test_who_left_the_mailing_system_by_a_hand_over_opts_out_there_all_the_same(database: Database) -> None:
    office = Office(
        database,
        states={"reader": {"lives_in": ["mailing"]}, "buyer": {"when": "orders.count > `0`", "lives_in": ["crm"]}},
        apart={},
    )
    now = now_of(database)
    office.take(entry([ida(said("opted_in", now - timedelta(days=9)))], "e1"))
    writes: list[str] = []

    def seen(batch: Sequence[Write]) -> None:
        writes.extend(write.properties["golden"]["consents"][0]["state"] for write in batch)

    office.systems["mailing"].before = seen
    office.take(entry([ida(said("opted_out", now))], "e2"))
    assert writes == ["opted_out"]
