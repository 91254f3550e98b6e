"""What people decide in the demo, over the API as ops people do, and what Hub and the CRM tell before and after."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from hub.demo.roles import Anchor, Cast, Doubt, Mistake
from hub.demo.stage import Stage
from hub.sandbox.hubspot import SandboxCrm

Json = Mapping[str, Any]
PAGE = 500


@dataclass(frozen=True, slots=True)
class Answered:
    """A review that somebody answered: as it was listed, and what the answer did."""

    doubt: Doubt
    review: Json
    done: Json


@dataclass(slots=True)
class Undone:
    """A wrong merge that somebody took back. ``before`` and ``after`` are the CRM's contacts of the two people."""

    mistake: Mistake
    why: Sequence[Json]
    done: Json
    before: Sequence[Json]
    after: Sequence[Json] = ()

    @property
    def profiles(self) -> set[str]:
        """The profiles of the two people."""
        return {self.mistake.kept.profile, self.mistake.taken.profile}


@dataclass(slots=True)
class Decided:
    """All that was decided. ``open`` are the reviews that wait in the end; ``failed`` tells what could not be done."""

    answered: list[Answered] = field(default_factory=list)
    undone: list[Undone] = field(default_factory=list)
    open: Sequence[Json] = ()
    failed: list[str] = field(default_factory=list)


def decide(stage: Stage, cast: Cast) -> Decided:
    """Answer the reviews that are to be answered, and take the wrong merges apart."""
    decided = Decided()
    with stage.client("operator") as client:
        listed = waiting(client)
        for doubt in cast.doubts:
            review = about(doubt, listed)
            if review is None:
                decided.failed.append("a doubtful pair is in no review")
            elif doubt.accept:
                answer = {"answer": "accept", "reason": doubt.reason}
                done = client.post(f"/reviews/{review['id']}", json=answer)
                _note(decided, done)
                decided.answered.append(Answered(doubt, review, done.json()))
        for mistake in cast.mistakes:
            _split(stage, client, mistake, decided)
    return decided


def _split(stage: Stage, client: httpx.Client, mistake: Mistake, decided: Decided) -> None:
    merged = client.get(f"/profiles/{mistake.kept.profile}").json()
    records = {_anchor(record) for record in merged["records"]}
    if not {mistake.kept, mistake.taken} <= records:
        decided.failed.append("who is to be split was not merged")
        return
    why = one_person(client, merged["id"])["pairs"]
    before = in_crm(stage.crm, {merged["id"]})
    order = {"records": [str(mistake.taken)], "reason": mistake.reason}
    done = client.post(f"/profiles/{merged['id']}/split", json=order)
    _note(decided, done)
    decided.undone.append(Undone(mistake, why, done.json(), before))


def _note(decided: Decided, done: httpx.Response) -> None:
    if not done.is_success:
        decided.failed.append(f"a decision was answered with {done.status_code}")


def waiting(client: httpx.Client) -> list[Json]:
    """All open reviews, those with the most at stake first."""
    found: list[Json] = []
    cursor = None
    while True:
        asked = {"limit": PAGE, **({"cursor": cursor} if cursor else {})}
        page = client.get("/reviews", params=asked).json()
        found += page["items"]
        cursor = page["next"]
        if not cursor:
            return found


def about(doubt: Doubt, reviews: Sequence[Json]) -> Json | None:
    """The review of a doubtful pair."""
    for review in reviews:
        one, other = ({_anchor(record) for record in side["records"]} for side in review["profiles"])
        if (doubt.one in one and doubt.other in other) or (doubt.one in other and doubt.other in one):
            return review
    return None


def one_person(client: httpx.Client, profile: UUID | str) -> Any:
    """What the API tells of why the records of a profile are one person."""
    return client.get(f"/profiles/{profile}/explain", params={"field": "records"}).json()["one_person"]


def in_crm(crm: SandboxCrm, profiles: Collection[str]) -> list[Json]:
    """The CRM's contacts of these profiles, each with its deals."""
    deals = crm.deals()
    return [
        {
            "id": contact["id"],
            "profile": contact["hub_profile_id"],
            "name": f"{contact.get('firstname', '')} {contact.get('lastname', '')}".strip(),
            "emails": [contact.get("email", ""), *filter(None, contact.get("hs_additional_emails", "").split(";"))],
            "merged_from": [one for one in contact.get("hs_merged_object_ids", "").split(";") if one],
            "deals": [
                f"{deal['dealname']} {deal['amount']} EUR" for deal in deals if contact["id"] in deal["contacts"]
            ],
        }
        for contact in crm.contacts()
        if contact.get("hub_profile_id") in profiles
    ]


def _anchor(record: Json) -> Anchor:
    return Anchor(record["connection"], record["kind"], record["external_id"])
