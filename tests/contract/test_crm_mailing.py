"""What every mailing system's dialect must do, once per dialect, against its double (decision 0024).

Above all: whoever unsubscribed, bounced, complained or was asked and has not answered is never made a subscriber by any
order of events (law L7).
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from hub.errors import ConfigError
from hub.model.profile import Profile
from hub.sdk.connection import load_connections
from hub.sdk.destination import ProfileChange
from tests.support.crm import AFTER, BEFORE
from tests.support.mailing import Post, before, doubles
from tests.support.mailing.post import START, person

ANNA, BERT, CARLA = (UUID(int=0xA000 + number) for number in range(3))
MAIL = "anna@example.com"
NEW = "anna@example.org"
EXAMPLES = int(os.environ.get("HUB_LAW_EXAMPLES", "25"))
STEPS = 14


@pytest.fixture(params=doubles())
def post(request: pytest.FixtureRequest) -> Post:
    return before(request.param)


def refused(post: Post) -> str:
    return " ".join(row.refused for row in post.tables.outbox.values())


def reason(post: Post) -> str:
    return " ".join(row.reason for row in post.tables.outbox.values())


# -- who becomes a subscriber -----------------------------------------------------------------------------------------


def test_who_opted_in_becomes_a_subscriber_and_nobody_else(post: Post) -> None:
    for key, consent in ((ANNA, "opted_in"), (BERT, "pending"), (CARLA, "unknown")):
        post.told(key, f"{key.int}@example.com", consent=consent)  # type: ignore[arg-type]
    post.told(UUID(int=9), "out@example.com", consent="opted_out")
    post.told(UUID(int=8), "none@example.com", consent=None)
    post.settle()
    assert post.double.mailable() == {f"{ANNA.int}@example.com"}
    assert len(post.double.kept) == 1
    assert post.double.owned(ANNA)


def test_nothing_is_sent_when_nothing_differs(post: Post) -> None:
    post.told(ANNA, MAIL)
    post.settle()
    post.hostile.clear()
    post.told(ANNA, MAIL, at=START)
    post.settle()
    assert post.hostile.calls == 0


def test_who_opts_out_is_unsubscribed_under_every_address(post: Post) -> None:
    # given a subscriber, and a contact of their other address that people typed there
    post.told(ANNA, MAIL, NEW)
    post.settle()
    post.double.type_in(NEW)
    # when they opt out
    post.later()
    post.told(ANNA, MAIL, NEW, consent="opted_out")
    post.settle()
    # then neither gets mail
    assert post.double.mailable() == set()


def test_an_opt_out_reaches_a_contact_that_hub_did_not_make(post: Post) -> None:
    post.double.type_in(MAIL)
    post.told(ANNA, MAIL, consent="opted_out")
    post.settle()
    assert post.double.mailable() == set()


def test_an_opt_out_that_does_not_stand_there_is_said_again(post: Post) -> None:
    post.told(ANNA, MAIL)
    post.settle()
    [contact] = post.double.owned(ANNA)
    held = contact.state, {*contact.lists}
    answered, lost = post.double.handle, [True]

    def handle(request: httpx.Request) -> httpx.Response:
        answer = answered(request)
        if lost and contact.state == "unsubscribed":
            # an answer of 200, after which nothing stands there
            lost.clear()
            contact.state, contact.lists = held
            for name in ("blocked", "left"):
                getattr(post.double, name, set()).clear()
        return answer

    post.hostile.handle = handle
    post.later()
    post.told(ANNA, MAIL, consent="opted_out")
    post.settle()
    assert lost == []
    assert post.double.mailable() == set()
    # read back, where it stands there at once
    assert post.double.owned(ANNA)[0].state == ("subscribed" if post.double.slug == "klaviyo" else "unsubscribed")


def test_a_contact_that_people_typed_is_taken_over_and_not_made_twice(post: Post) -> None:
    there = post.double.type_in(MAIL)
    post.told(ANNA, MAIL.upper())
    post.settle()
    assert [one.id for one in post.double.kept.values()] == [there]
    assert post.double.owned(ANNA)
    assert post.double.mailable() == {MAIL}


# -- what stands there wins -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["unsubscribed", "bounced", "complained"])
@pytest.mark.parametrize("known", [True, False], ids=["Hub's contact", "a contact that people typed"])
def test_who_is_silent_there_stays_so_and_is_told_of_all_else(post: Post, state: Any, known: bool) -> None:
    # given somebody who opted in, and is not to be mailed there since
    post.later()
    if known:
        post.told(ANNA, MAIL)
        post.settle()
    else:
        post.double.type_in(MAIL)
    post.double.say(MAIL, state)
    # when the opt-in of before, and everything else, is told again
    post.told(ANNA, MAIL, first="Änne", at=START)
    post.settle()
    # then they get no mail, were not asked, and their name is right; and it is said why
    assert post.double.mailable() == set()
    assert post.double.asked == []
    assert "Änne" in str(post.double.owned(ANNA))
    assert ("UNSUBSCRIBED" if post.double.final else state.upper()) in refused(post)


def test_a_newer_opt_in_asks_whoever_unsubscribed_and_only_their_own_click_subscribes(post: Post) -> None:
    # given somebody who unsubscribed there
    post.told(ANNA, MAIL)
    post.settle()
    post.later()
    post.double.say(MAIL, "unsubscribed")
    # when they opt in anew, wherever
    post.later()
    post.told(ANNA, MAIL)
    post.settle()
    # then they are asked once, and get nothing until they answer; or not even asked, where asking itself subscribes
    assert post.double.asked == ([MAIL] if post.double.reasks else [])
    assert post.double.mailable() == set()
    if not post.double.reasks:
        assert "UNSUBSCRIBED" in refused(post)
        return
    post.told(ANNA, MAIL, first="Änne", at=post.double.now)
    post.settle()
    assert post.double.asked == [MAIL]
    assert post.double.mailable() == set()
    post.double.confirm(MAIL)
    assert post.double.mailable() == {MAIL}
    # and what is told then changes nothing of it
    post.told(ANNA, MAIL, first="Anja", at=post.double.now)
    post.settle()
    assert post.double.mailable() == {MAIL}


@pytest.mark.parametrize("state", ["bounced", "complained"])
def test_who_bounced_or_complained_is_not_even_asked(post: Post, state: Any) -> None:
    post.told(ANNA, MAIL)
    post.settle()
    post.double.say(MAIL, state)
    post.later(30)
    post.told(ANNA, MAIL)
    post.settle()
    assert post.double.asked == []
    assert post.double.mailable() == set()


def test_an_opt_in_of_an_unknown_time_is_newer_than_nothing(post: Post) -> None:
    post.double.type_in(MAIL, "unsubscribed")
    post.later(30)
    post.told(ANNA, MAIL, at=None)
    post.settle()
    assert post.double.asked == []
    assert "UNSUBSCRIBED" in refused(post)


def test_who_opted_out_through_hub_and_in_again_is_asked(post: Post) -> None:
    post.told(ANNA, MAIL)
    post.settle()
    post.later()
    post.told(ANNA, MAIL, consent="opted_out")
    post.settle()
    post.later()
    post.told(ANNA, MAIL)
    post.settle()
    assert post.double.mailable() == set()
    assert post.double.asked == ([] if post.double.final or not post.double.reasks else [MAIL])


def test_a_contact_that_was_deleted_there_is_made_again_by_the_persons_own_click_alone(post: Post) -> None:
    # given a subscriber whose contact somebody deleted there, with whatever it said
    post.told(ANNA, MAIL)
    post.settle()
    post.double.delete(MAIL)
    # when anything about them changes, nothing is made, and it is said
    post.told(ANNA, MAIL, first="Änne", at=START)
    post.settle()
    assert post.double.mailable() == set()
    assert "deleted there" in reason(post)
    # when they opt in anew, they are asked
    post.later()
    post.told(ANNA, MAIL)
    post.settle()
    assert post.double.mailable() == set()
    assert post.double.asked == ([] if post.double.lasting else [MAIL])


def test_in_a_country_that_asks_for_it_everybody_is_asked_first(post: Post) -> None:
    asking = before(post.double.slug, double_opt_in=("DE",))
    asking.told(ANNA, MAIL, country="DE")
    asking.told(BERT, "bert@example.com", country="FR")
    asking.settle()
    assert asking.double.asked == ([MAIL] if asking.double.asks else [])
    assert asking.double.mailable() == {"bert@example.com"}
    if not asking.double.asks:
        assert "CONFIRMATION_NEEDED" in reason(asking)
        return
    asking.double.confirm(MAIL)
    assert asking.double.mailable() == {MAIL, "bert@example.com"}


def test_who_is_asked_and_has_not_answered_is_asked_again_by_no_change_of_address(post: Post) -> None:
    asking = before(post.double.slug, double_opt_in=("*",))
    asking.told(ANNA, MAIL)
    asking.settle()
    asking.told(ANNA, NEW, at=START)
    asking.settle()
    assert asking.double.mailable() == set()


@pytest.mark.parametrize("forgotten", ["every value", "the mirror"])
def test_who_is_asked_is_no_subscriber_by_what_is_written_again_whole(post: Post, forgotten: str) -> None:
    # given somebody who was asked, and whose contact is to be written as if nobody knew what stands there
    asking = before(post.double.slug, double_opt_in=("*",))
    asking.told(ANNA, MAIL)
    asking.settle()
    held = dict.fromkeys(asking.mirror_of(ANNA)) if forgotten == "every value" else {}
    asking.tables.mirror[ANNA] = orjson.dumps(held).decode()
    asking.told(ANNA, MAIL, at=START)
    asking.settle()
    assert asking.double.mailable() == set()


# -- addresses, merges, splits, erasure -------------------------------------------------------------------------------


def test_another_address_is_the_same_contact_or_leaves_none_that_is_mailed(post: Post) -> None:
    post.told(ANNA, MAIL)
    post.settle()
    post.told(ANNA, NEW, at=START)
    post.settle()
    assert post.double.mailable() == {NEW}
    # also where the new one is there already
    post.double.type_in("third@example.com")
    post.told(ANNA, "third@example.com", at=START)
    post.settle()
    assert post.double.mailable() == {"third@example.com"}


@pytest.mark.parametrize("state", ["unsubscribed", "complained"])
@pytest.mark.parametrize("there", [True, False], ids=["that is there", "that is new"])
def test_another_address_loses_no_opt_out(post: Post, state: Any, there: bool) -> None:
    post.told(ANNA, MAIL)
    post.settle()
    post.later()
    post.double.say(MAIL, state)
    if there:
        post.double.type_in(NEW)
    post.told(ANNA, NEW, at=START)
    post.settle()
    assert post.double.mailable() == set()


def test_an_address_that_wanders_is_in_the_end_its_owners(post: Post) -> None:
    post.told(ANNA, MAIL)
    post.told(BERT, "bert@example.com")
    post.settle()
    post.told(ANNA, NEW, at=START)
    post.told(BERT, MAIL, at=START)
    post.settle()
    assert [one.email for one in post.double.owned(BERT) if one.lists] == [MAIL]
    assert post.double.mailable() == {NEW, MAIL}


def test_two_profiles_of_one_address_are_one_contact_and_an_opt_out_of_either_holds(post: Post) -> None:
    post.told(ANNA, "family@example.com")
    post.settle()
    post.told(BERT, "family@example.com", consent="opted_out")
    post.settle()
    assert post.double.mailable() == set()
    assert len(post.double.kept) == 1
    # and their own record is not Bert's now
    assert post.double.owned(ANNA)


def test_an_opt_out_of_an_address_that_comes_in_the_same_batch_holds(post: Post) -> None:
    post.told(BERT, "family@example.com", consent="opted_out")
    post.told(ANNA, "family@example.com")
    post.settle()
    assert post.double.mailable() == set()


def test_a_merge_leaves_one_subscriber_and_its_undoing_gives_both_back(post: Post) -> None:
    post.told(ANNA, MAIL)
    post.told(BERT, "bert@example.com")
    post.settle()
    post.merged(person(ANNA, MAIL, "bert@example.com"), loser=BERT)
    post.settle()
    assert post.double.mailable() == {MAIL}
    post.split(person(ANNA, MAIL), person(BERT, "bert@example.com"))
    post.settle()
    # where a contact that was archived keeps no word of what it was before, the person says so again
    for email in post.double.asked:
        post.double.confirm(email)
    assert post.double.mailable() == {MAIL, "bert@example.com"}
    assert {one.email for one in post.double.owned(BERT)} == {"bert@example.com"}


def test_an_opt_out_there_outlives_a_merge_and_its_undoing(post: Post) -> None:
    post.told(ANNA, MAIL)
    post.told(BERT, "bert@example.com")
    post.settle()
    post.later()
    post.double.say("bert@example.com", "unsubscribed")
    post.merged(person(ANNA, MAIL, "bert@example.com"), loser=BERT)
    post.settle()
    post.split(person(ANNA, MAIL), person(BERT, "bert@example.com"))
    post.settle()
    assert post.double.mailable() == {MAIL}


@pytest.mark.parametrize("fault", [None, "a time-out after the write", "a killed process"])
def test_an_erased_person_is_gone_with_every_contact(post: Post, fault: str | None) -> None:
    # given a person with a contact of an address they had before, which was unsubscribed
    post.told(ANNA, MAIL)
    if fault:
        post.hostile.every[fault] = 1
    post.settle()
    post.double.say(MAIL, "unsubscribed")
    post.later()
    post.told(ANNA, NEW)
    post.settle()
    post.erased(ANNA)
    post.settle()
    assert post.double.kept == {}
    # and they do not come back
    post.told(ANNA, NEW, first="Änne")
    post.settle()
    assert post.double.kept == {}


def test_a_person_without_an_address_is_taken_out_of_the_mailing(post: Post) -> None:
    post.told(ANNA, MAIL)
    post.settle()
    post.told(ANNA)
    post.settle()
    assert post.double.mailable() == set()


def test_a_consent_that_nobody_tells_any_more_mails_nobody(post: Post) -> None:
    post.told(ANNA, MAIL)
    post.settle()
    post.told(ANNA, MAIL, consent=None)
    post.settle()
    assert post.double.mailable() == set()


# -- refusals, limits, faults -----------------------------------------------------------------------------------------


def test_a_refused_contact_keeps_none_of_the_others(post: Post) -> None:
    post.double.refuse("Verboten")
    for key, name in ((ANNA, "Anna"), (BERT, "Verboten"), (CARLA, "Carla")):
        post.told(key, f"{name.lower()}@example.com", first=name)
    post.settle()
    assert post.double.mailable() == {"anna@example.com", "carla@example.com"}
    assert post.states()[BERT] == "rejected"


def test_who_opts_out_is_unsubscribed_though_the_rest_is_refused(post: Post) -> None:
    post.told(ANNA, MAIL)
    post.settle()
    post.double.refuse("Verboten")
    post.told(ANNA, MAIL, first="Verboten", consent="opted_out")
    post.settle()
    assert post.double.mailable() == set()


@pytest.mark.parametrize("fault", [*AFTER, *BEFORE])
def test_whatever_fails_there_is_one_contact_and_no_opt_out_is_lost(post: Post, fault: str) -> None:
    def life(of: Post) -> None:
        of.told(ANNA, MAIL, at=START)
        of.told(BERT, "bert@example.com", at=START)
        of.deliver()
        if fault == "a killed process":
            of.settle()  # nothing of a first creation is noted: its address is still the same at the next attempt
        of.told(ANNA, NEW, at=START)
        of.told(BERT, "bert@example.com", consent="opted_out", at=START + timedelta(days=1))
        of.settle()

    calm = post.copy()
    life(calm)  # type: ignore[arg-type]
    for number in range(1, calm.hostile.calls + 1):
        torn = post.copy()
        torn.hostile.at[number] = fault
        life(torn)  # type: ignore[arg-type]
        assert torn.double.mailable() == {NEW}, f"call {number}"  # type: ignore[attr-defined]
        assert len([one for one in torn.double.owned(ANNA) if one.lists]) == 1, f"call {number}"  # type: ignore[attr-defined]


def test_what_people_lists_and_tags_a_contact_has_beside_hubs_stay(post: Post) -> None:
    post.told(ANNA, MAIL, language="de")
    post.settle()
    [contact] = post.double.owned(ANNA)
    contact.tags.add("hand-picked")
    post.told(ANNA, MAIL, language="en", first="Änne", at=START)
    post.settle()
    [contact] = post.double.owned(ANNA)
    assert "hand-picked" in contact.tags


@pytest.mark.parametrize("slug", ["brevo", "klaviyo", "listmonk"])
@pytest.mark.parametrize("way", ["remove", "archive"])
def test_who_left_is_on_no_list_of_hubs_and_is_again_when_they_are_back(slug: str, way: Any) -> None:
    # given a subscriber
    post = before(slug)
    post.told(ANNA, MAIL)
    post.settle()
    [(_, there)] = post.tables.profiles.items()
    assert post.double.mailable() == {MAIL}
    # when they leave the system by a hand-over, then they are on no list of Hub's, and nothing is told as an opt-out
    gone = there.model_copy(update={"traits": there.traits.model_copy(update={"left": way})})
    post.known(gone)
    post.settle()
    assert post.double.mailable() == set()
    assert post.double.owned(ANNA)
    # and when they are handed back, they are mailed again, without being asked
    post.known(there)
    post.settle()
    assert (post.double.mailable(), post.double.asked) == ({MAIL}, [])


def test_a_condition_that_cannot_be_read_or_depends_on_time_is_a_fault_of_the_settings(post: Post) -> None:
    field_ = "lists" if "lists" in post.double.settings() else "tags"
    for wrong in ("langauge == 'de'", "orders.last_at >= ago('90 days')"):
        options = {**post.double.settings(), field_: {"7": wrong}}
        with pytest.raises(ConfigError, match=field_):
            load_connections({"mail": (post.double.slug, options)}, default_region="DE")


def test_an_opt_out_is_for_good_and_an_opt_in_is_not(post: Post) -> None:
    for consent, final in (("opted_in", False), ("opted_out", True)):
        change = ProfileChange(person(ANNA, MAIL, consent=consent), 1)  # type: ignore[arg-type]
        write = post.destination.render(change, post.connection.settings)
        assert write is not None
        assert bool(write.irreversible) == final


# -- any order of events ----------------------------------------------------------------------------------------------


@dataclass
class Someone:
    emails: tuple[str, ...]
    consent: Any
    at: datetime | None
    first: str = "Anna"


@dataclass
class World:
    people: dict[UUID, Someone] = field(default_factory=dict)
    into: dict[UUID, UUID] = field(default_factory=dict)

    def golden(self, key: UUID) -> Profile:
        """The profile with all who are taken for the same person: an opt-out of one is one of all (law L7)."""
        members = [one for one, led in self.into.items() if led == key]
        several = [self.people[key], *(self.people[one] for one in members)]
        out = next((one for one in several if one.consent == "opted_out"), None)
        said = out or next((one for one in several if one.consent == "opted_in"), several[0])
        emails = tuple(dict.fromkeys(email for one in several for email in one.emails))
        return person(
            key, *emails, consent=said.consent, at=said.at, first=several[0].first, aliases=tuple(sorted(members))
        )


class Mailings(RuleBasedStateMachine):
    """One mailing system, whatever happens there and in Hub."""

    slug = ""

    @initialize(typed=st.lists(st.sampled_from(["subscribed", "unsubscribed", "bounced"]), max_size=2))
    def begin(self, typed: list[Any]) -> None:
        self.post, self.world = before(self.slug), World()
        self.silent: dict[str, str] = {}
        self.gone: set[str] = set()
        for number, state in enumerate(typed):
            self.post.double.type_in(EMAILS[number], state)
        self._look()

    def _look(self) -> None:
        """Who is silent there now, whoever made them so, stays so until they say otherwise."""
        for contact in self.post.double.kept.values():
            if contact.state in ("unsubscribed", "bounced", "complained"):
                self.silent[contact.email] = contact.state

    def _tell(self, key: UUID) -> None:
        leading = self.world.into.get(key, key)
        self.post.later(0.5)
        self.post.known(self.world.golden(leading))

    @rule(
        number=st.integers(0, 1),
        email=st.integers(0, 3),
        second=st.integers(0, 4),
        consent=st.sampled_from(["opted_in", "opted_in", "opted_out", "pending", "unknown"]),
        age=st.sampled_from([0, 0, 2, 200, None]),
        first=st.sampled_from(["Anna", "Änne"]),
    )
    def change(self, number: int, email: int, second: int, consent: Any, age: int | None, first: str) -> None:
        key = PEOPLE[number]
        emails = tuple(dict.fromkeys((EMAILS[email], *EMAILS[second : second + 1])))
        at = None if age is None else self.post.double.now - timedelta(days=age)
        self.world.people[key] = Someone(emails, consent, at, first)
        self._tell(key)

    @rule(email=st.integers(0, 3), state=st.sampled_from(["unsubscribed", "bounced", "complained"]))
    def say_there(self, email: int, state: Any) -> None:
        self.post.later(0.5)
        self.post.double.say(EMAILS[email], state)
        self._look()

    @rule(email=st.integers(0, 3), state=st.sampled_from(["unsubscribed", "complained"]), call=st.integers(1, 6))
    def say_there_while_hub_writes(self, email: int, state: Any, call: int) -> None:
        def say() -> None:
            self.post.double.say(EMAILS[email], state)
            self._look()

        self.post.hostile.meanwhile[self.post.hostile.calls + call] = say

    @rule(number=st.integers(0, 1))
    def delete_there(self, number: int) -> None:
        """Somebody there deletes the contact that Hub knows of: what it said is gone with it."""
        known = {one for (_, one), held in self.post.tables.crosswalk.items() if held.key == PEOPLE[number]}
        for contact in [one for one in self.post.double.owned(PEOPLE[number]) if one.id in known]:
            self.post.double.delete(contact.email)

    @rule(email=st.integers(0, 3))
    def confirm_there(self, email: int) -> None:
        self.post.later(0.5)
        self.post.double.confirm(EMAILS[email])
        contact = self.post.double.of(EMAILS[email])
        if contact is not None and contact.state == "subscribed":
            self.silent.pop(contact.email, None)

    @rule()
    def join(self) -> None:
        if len(self.world.people) == 2 and not self.world.into:
            self.world.into[BERT] = ANNA
            self.post.merged(self.world.golden(ANNA), BERT)

    @precondition(lambda self: self.world.into)
    @rule()
    def part(self) -> None:
        self.world.into.clear()
        self.post.split(self.world.golden(ANNA), self.world.golden(BERT))

    @rule(fault=st.sampled_from([*BEFORE, *AFTER]), call=st.integers(1, 4))
    def break_soon(self, fault: str, call: int) -> None:
        self.post.hostile.at[self.post.hostile.calls + call] = fault

    @rule(wait=st.booleans())
    def deliver(self, wait: bool) -> None:
        self.post.deliver()
        if wait:
            due = [row.due_at for row in self.post.tables.outbox.values() if row.waits]
            self.post.tables.now = max(self.post.tables.now, self.post.tables.not_before, *due)
        self._check()

    def teardown(self) -> None:
        if not hasattr(self, "post"):
            return
        self.post.hostile.at.clear()
        self.post.settle()
        self._check()
        mailable = self.post.double.mailable()
        for key in self.world.people.keys() - self.world.into.keys():
            golden = self.world.golden(key)
            state = golden.consents[0].state if golden.consents else "unknown"
            others = {email for one in self.world.people if one != key for email in self.world.golden(one).emails}
            if state == "opted_out":
                assert not mailable & {*golden.emails} - others, "who opted out gets mail"
            assert len([one for one in self.post.double.owned(key) if one.email in mailable]) <= 1

    def _check(self) -> None:
        mailable = self.post.double.mailable()
        assert not mailable & self.silent.keys(), "somebody who is silent there was made a subscriber"
        unanswered = {one.email for one in self.post.double.kept.values() if one.awaits}
        assert not mailable & unanswered, "somebody who was asked was made a subscriber before they answered"
        self._look()


PEOPLE = (ANNA, BERT)
EMAILS = ("a@example.com", "b@example.com", "c@example.com", "d@example.com")


@pytest.mark.parametrize("slug", doubles())
def test_no_order_of_events_makes_a_subscriber_of_who_said_no(slug: str) -> None:
    run_state_machine_as_test(
        type("MailingsOf", (Mailings,), {"slug": slug}),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            derandomize="HUB_LAW_EXAMPLES" not in os.environ,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_same_people_are_mailed_by_every_system() -> None:
    # given a family of addresses, people who come, move, opt out, are merged and parted, and one who is forgotten
    mailed = {}
    for slug in doubles():
        post = before(slug)
        for number, key in enumerate((ANNA, BERT, CARLA)):
            post.told(key, f"{number}@example.com", at=START)
        post.told(UUID(int=5), "old@example.com", at=START)
        post.told(UUID(int=6), "forgotten@example.com", at=START)
        post.told(UUID(int=7), "never@example.com", consent="pending", at=START)
        post.settle()
        post.told(ANNA, "anna@example.org", at=START)
        post.told(BERT, "0@example.com", at=START)
        post.told(CARLA, "2@example.com", consent="opted_out", at=START + timedelta(days=1))
        post.double.say("old@example.com", "bounced")
        post.erased(UUID(int=6))
        post.settle()
        post.told(UUID(int=5), "new@example.com", at=START)
        post.told(UUID(int=7), "never@example.com", at=START + timedelta(days=2))
        post.settle()
        mailed[slug] = post.double.mailable()
        # where the system does not tell that it was a bounce, the new address counts as unsubscribed too
        new = set() if post.double.final else {"new@example.com"}
        assert mailed[slug] == {"anna@example.org", "0@example.com", "never@example.com"} | new, slug
    assert len(mailed) >= 4
