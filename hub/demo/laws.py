"""The laws, checked over what is really there in the end. Pure: a state and a cast give verdicts.

Only laws of what exists are listed; numbers as in docs and tests (L1 durable … L11 private).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from hub.demo.roles import Cast, Person
from hub.demo.scenes import Undone, about
from hub.demo.state import State


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a law held: what was looked at in words, the numbers, and what broke it."""

    law: str
    title: str
    checked: str
    numbers: Mapping[str, int]
    broken: Sequence[str] = ()

    @property
    def held(self) -> bool:
        """True when nothing broke it."""
        return not self.broken


def check(state: State, cast: Cast) -> list[Verdict]:
    """All verdicts, in the order of the laws."""
    return [law(state, cast) for law in LAWS]


def durable(state: State, _: Cast) -> Verdict:
    """L1: what was acknowledged is in the inbox and has ended as it must."""
    sent = state.sent
    missing = [key for key in sent.acknowledged if key not in state.inbox]
    broken = [*sent.wrong, *(f"{name}: an acknowledged event is not in the inbox" for name, _ in missing)]
    if not state.kills:
        broken.append("nothing was killed")
    for key, entry in state.inbox.items():
        wanted = sent.expected.get(key)
        if wanted is not None and entry["state"] != wanted:
            broken.append(f"{key[0]} {entry['topic']}: {entry['state']}, and not {wanted}")
    numbers = {
        "acknowledged": len(sent.acknowledged),
        "stored": len(state.inbox),
        "kills": sum(state.kills.values()),
        "killed_at_work": state.interrupted,
        "sendings_broken_off": sent.interrupted,
    }
    killed = " and ".join(f"{name} ({count}×)" for name, count in sorted(state.kills.items()))
    words = f"{len(sent.acknowledged)} acknowledged events, all stored and ended, through kill -9 of {killed}"
    return Verdict("L1", "Durable", words, numbers, broken)


def idempotent(state: State, cast: Cast) -> Verdict:
    """L2: events that came again, and a replay of all, changed nothing; no order counts twice."""
    again = sum(count - 1 for count in state.sent.acknowledged.values())
    broken = [f"a repetition changed the {part}" for part in _differing(state)]
    for person in cast.people:
        found = _profile(state, person)
        orders = found.get("orders", {}) if found else {}
        if orders.get("count", 0) != person.orders:
            broken.append(f"{person.name}: {orders.get('count', 0)} orders, and not {person.orders}")
        totals = [Decimal(total["amount"]) for total in orders.get("totals", ())]
        if person.total is not None and totals != [Decimal(person.total)]:
            broken.append(f"{person.name}: orders less refunds are not {person.total}")
    orders_placed = sum(person.orders for person in cast.people)
    if len(state.deals) != orders_placed:
        broken.append(f"{len(state.deals)} deals of {orders_placed} orders")
    if not again:
        broken.append("nothing was sent twice")
    numbers = {"redeliveries": again, "replayed": state.repeated}
    words = f"{again} redeliveries and a replay of all {state.repeated} events changed no value, order or contact"
    return Verdict("L2", "Idempotent", words, numbers, broken)


def order_free(state: State, cast: Cast) -> Verdict:
    """L3: each person is one profile though all came shuffled, and late old news overwrote nothing."""
    broken = []
    for person in cast.people:
        profiles = {state.profile_of(anchor) for anchor in person.anchors}
        if len(profiles) != 1 or None in profiles:
            broken.append(f"{person.name}: {len(profiles)} profiles, and not one")
        emails = frozenset((_profile(state, person) or {}).get("emails", ()))
        if person.emails and emails != person.emails:
            broken.append(f"{person.name}: {len(emails)} e-mails, and not the {len(person.emails)} that were told")
    with_city = [person for person in cast.people if person.city]
    for person in with_city:
        addresses = (_profile(state, person) or {}).get("addresses", [])
        if not addresses or addresses[0].get("city") != person.city:
            broken.append(f"{person.name}: the newest address is not the first")
        if _contact(state, state.profile_of(person.anchors[0])).get("city") != person.city:
            broken.append(f"{person.name}: the CRM has not the newest address")
    numbers = {"people": len(cast.people), "newest_values": len(with_city)}
    words = f"{len(cast.people)} people found again in shuffled channels; late, older news overwrote nothing"
    return Verdict("L3", "Order-free", words, numbers, broken)


def reversible(state: State, cast: Cast) -> Verdict:
    """L4: a retired id answers with the winner, and a merge that somebody takes back is undone, in the CRM too."""
    broken = [
        "a retired id does not answer with the winner"
        for winner, answer in state.retired.values()
        if answer != winner or answer not in state.profiles
    ]
    if not state.retired:
        broken.append("nobody was merged")
    if len(state.decided.undone) != len(cast.mistakes):
        broken.append(f"{len(state.decided.undone)} of {len(cast.mistakes)} wrong merges were taken back")
    for undone in state.decided.undone:
        broken += _not_undone(undone)
    numbers = {"retired": len(state.retired), "taken_back": len(state.decided.undone)}
    words = (
        f"the ids of {len(state.retired)} merged profiles lead to the winner; {len(state.decided.undone)} wrong merge "
        "taken back: each has id, contact and deals again, also after the replay"
    )
    return Verdict("L4", "Reversible", words, numbers, broken)


def _not_undone(undone: Undone) -> Iterator[str]:
    names, mistake = " and ".join(undone.mistake.names), undone.mistake
    if [contact["profile"] for contact in undone.before] != [mistake.kept.profile]:
        yield f"{names}: were not one contact in the CRM before"
    if undone.done.get("restored") != [mistake.taken.profile]:
        yield f"{names}: the profile that was merged away is not there again under its id"
    if sorted(contact["profile"] for contact in undone.after) != sorted(undone.profiles):
        yield f"{names}: not a contact each in the CRM"
    deals = [deal for contact in undone.after for deal in contact["deals"]]
    if sorted(deals) != sorted(deal for contact in undone.before for deal in contact["deals"]):
        yield f"{names}: not the deals that there were"


def explained(state: State, _: Cast) -> Verdict:
    """L5: every golden value names record and event; every merge names its evidence."""
    events = state.events()
    broken = []
    fields: dict[UUID, set[str]] = {}
    for profile, entry in state.explained:
        fields.setdefault(profile, set()).add(entry["field"].split(".")[0])
        if events.get(entry["event"]) != entry["record"]["connection"]:
            broken.append(f"{entry['field']}: names no event of its record's connection")
    for profile, one in state.profiles.items():
        missing = one.golden.keys() - fields.get(profile, set()) - {"records", "orders", "suppressed"}
        broken += [f"{field}: a golden value without explanation" for field in sorted(missing)]
        if len(one.golden["records"]) > 1 and not _joined(state.one_person.get(profile), len(one.golden["records"])):
            broken.append("a merge without evidence")
    values = len(state.explained)
    numbers = {"values": values, "merged_profiles": len(state.one_person)}
    words = f"{values} golden values name record, event and rule; {len(state.one_person)} merges name their evidence"
    return Verdict("L5", "Explained", words, numbers, broken)


def one_contact(state: State, cast: Cast) -> Verdict:
    """L6: one CRM contact per profile, none doubled, and those that were there were found."""
    held = Counter(contact.get("hub_profile_id", "") for contact in state.contacts)
    wanted = set(map(str, state.profiles))
    broken = [f"a profile has {held[profile]} contacts" for profile in wanted if held[profile] != 1]
    broken += ["a contact of no profile" for owner in held if owner not in wanted]
    if len(state.profiles) != len(cast.people):
        broken.append(f"{len(state.profiles)} profiles of {len(cast.people)} people")
    broken += _strayed(state)
    if state.crm["duplicates"]:
        broken.append(f"{state.crm['duplicates']} contacts beyond the first of a person")
    numbers = {"profiles": len(state.profiles), "contacts": len(state.contacts), "there_before": state.crm_had}
    words = (
        f"{len(state.contacts)} contacts for {len(wanted)} profiles: no second one by a create that timed out, "
        "a merge, a split, or where the CRM knew the person; every deal hangs on its person"
    )
    return Verdict("L6", "One person, one record", words, numbers, broken)


def _strayed(state: State) -> Iterator[str]:
    contacts = {contact.get("hub_profile_id"): contact.get("id") for contact in state.contacts}
    owner = {str(row["key"]): contacts.get(str(row["profile_id"])) for row in state.outbox if row["subject"] == "order"}
    for deal in state.deals:
        contact = owner.get(deal["hub_order_key"])
        if deal["contacts"] != ([contact] if contact else []):
            yield "a deal does not hang on its person's contact, and on no other"


def opted_out(state: State, cast: Cast) -> Verdict:
    """L7: an opt-out holds against an older opt-in that came later, in the profile and in the CRM."""
    people = [person for person in cast.people if person.opted_out]
    broken = []
    for person in people:
        profile = state.profile_of(person.anchors[0])
        consents = (_profile(state, person) or {}).get("consents", [])
        if not any(one["channel"] == "email" and one["state"] == "opted_out" for one in consents):
            broken.append(f"{person.name}: not opted out in the profile")
        contact = _contact(state, profile)
        if contact.get("hub_email_consent") != "opted_out" or contact.get("email") not in state.unsubscribed:
            broken.append(f"{person.name}: not opted out in the CRM")
    wrongly = [contact for contact in state.contacts if contact.get("hub_email_consent") == "opted_out"]
    if len(wrongly) != len(people):
        broken.append(f"{len(wrongly)} contacts are opted out, and not {len(people)}")
    words = "an opt-out by mail beats older opt-ins that arrived after it, in the profile and in the CRM"
    return Verdict("L7", "Consent only tightens", words, {"opt_outs": len(people)}, broken)


def guarded(state: State, cast: Cast) -> Verdict:
    """L8: those who share a telephone, a role mailbox or junk stay themselves."""
    guarded_people = [person for person in cast.people if person.group]
    owners: dict[UUID | None, Person] = {}
    broken = []
    for person in cast.people:
        profile = state.profile_of(person.anchors[0])
        if profile in owners:
            broken.append(f"{person.name} and {owners[profile].name} became one")
        owners[profile] = person
    broken += state.decided.failed
    answered = [each.doubt for each in state.decided.answered]
    for doubt in cast.doubts:
        if doubt.accept != (doubt in answered) or doubt.accept != (about(doubt, state.decided.open) is None):
            broken.append("a doubtful pair was not left to a person, or not answered once and for all")
    most = max((each.carriers for each in state.quarantined), default=0)
    if not most:
        broken.append("no identifier is in quarantine")
    kinds = dict.fromkeys(person.group for person in guarded_people)
    waiting = len(state.decided.open)
    numbers = {
        "people": len(guarded_people),
        "kinds": len(kinds),
        "quarantined": len(state.quarantined),
        "answered": len(answered),
        "open": waiting,
    }
    words = (
        f"{len(guarded_people)} who share a telephone, a mailbox or junk stay themselves; {len(state.quarantined)} "
        f"identifier in quarantine; of doubtful pairs {len(answered)} answered by a person, {waiting} waiting"
    )
    return Verdict("L8", "Guarded", words, numbers, broken)


def isolated(state: State, cast: Cast) -> Verdict:
    """L9: one value that the CRM refuses and a CRM in trouble held up nobody."""
    refused = {state.profile_of(person.anchors[0]) for person in cast.people if person.refused_by_crm}
    left_out = {row["profile_id"] for row in state.outbox if row["refused"]}
    broken = ["what the CRM refuses was not left out, or nobody says so"] * len(refused - left_out)
    broken += ["something was left out that the CRM takes"] * len(left_out - refused)
    late = Counter(row["state"] for row in state.outbox if row["state"] != "delivered")
    broken += [f"{count} deliveries are {name}" for name, count in late.items()]
    delivered = sum(row["state"] == "delivered" for row in state.outbox)
    numbers = {"delivered": delivered, "without_a_value": len(left_out), **_answers(state)}
    trouble = ", ".join(f"{numbers.get(f'answered_{kind}', 0)}× {name}" for kind, name in _TROUBLE.items())
    words = f"{delivered} deliveries went through, {len(left_out)} without a value that the CRM refuses: {trouble}"
    return Verdict("L9", "Isolated", words, numbers, broken)


def private(state: State, cast: Cast) -> Verdict:
    """L11: nothing of anybody is in a log."""
    values = {value.lower() for value in cast.private | state.secrets}
    forms = values | {json.dumps(value)[1:-1] for value in values}
    broken = []
    for name, text in state.logs.items():
        lowered = text.lower()
        found = sum(value in lowered for value in forms)
        if found:
            broken.append(f"{name}: {found} personal values or secrets")
    lines = sum(text.count("\n") for text in state.logs.values())
    if not lines:
        broken.append("there is no log")
    words = f"none of {len(values)} names, e-mails, telephones and secrets in {lines} lines of {len(state.logs)} logs"
    return Verdict("L11", "Private", words, {"values": len(values), "lines": lines}, broken)


LAWS: Sequence[Callable[[State, Cast], Verdict]] = (
    durable, idempotent, order_free, reversible, explained, one_contact, opted_out, guarded, isolated, private,
)  # fmt: skip


_TROUBLE = {"429": "429", "500": "500", "silent": "no answer", "cut": "an answer cut off"}


def _differing(state: State) -> Iterator[str]:
    if not state.before_repeat:
        yield "nothing, as there was none"
    for part, digest in state.before_repeat.items():
        if state.after_repeat.get(part) != digest:
            yield part


def _joined(one_person: Mapping[str, Any] | None, records: int) -> bool:
    """Whether evidence, a source's word or a person's leads from each record to each other one."""
    if one_person is None or one_person["unjoined"]:
        return False
    told = [pair for pair in one_person["pairs"] if pair["evidence"] or pair["by"] != "evidence"]
    left_out: int = one_person["left_out"]
    return len(told) + left_out == records - 1


def _profile(state: State, person: Person) -> Mapping[str, Any] | None:
    profile = state.profile_of(person.anchors[0])
    one = state.profiles.get(profile) if profile else None
    return one.golden if one else None


def _contact(state: State, profile: UUID | None) -> Mapping[str, Any]:
    return next((one for one in state.contacts if one.get("hub_profile_id") == str(profile)), {})


def _answers(state: State) -> dict[str, int]:
    return {f"answered_{status}": count for status, count in sorted(state.crm.get("answers", {}).items())}
