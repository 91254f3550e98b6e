"""Writes profiles as contacts and orders as deals, in batches of 100.

A new contact is upserted by ``hub_profile_id``, a unique property of ours, not by e-mail: HubSpot does not support
partial upserts by e-mail, and an upsert by e-mail would take over a contact that is another profile's. Where HubSpot
knows the e-mail already, it refuses the record with a conflict; then the contact is looked up and updated.

Sources: developers.hubspot.com/docs/api-reference/latest/crm/objects/contacts/guide (upsert, merge, additional
e-mails), …/api-reference/legacy/crm/objects/contacts/v1/get-contacts-v1-secondary-email-vid-email-email (an additional
e-mail is taken away), developers.hubspot.com/changelog/updated-merge-functionality-for-contacts-and-companies (a merged
contact's id leads to what it was merged into), …/api-reference/error-handling (objectWriteTraceId, 207, 423, 477),
…/crm/associations/associate-records, …/legacy/communication-preferences/status/batch/unsubscribe-contacts-batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Literal

import httpx

from hub.connectors.hubspot import schemas
from hub.connectors.hubspot.manifest import API_ROOT, MANIFEST, HubSpotSettings
from hub.connectors.hubspot.mapping import (
    DEFINITIONS,
    ESSENTIAL,
    FREED,
    LINKED,
    ORDER_KEY,
    PROFILE_ID,
    UNLINKED,
    render,
    unsubscribes,
)
from hub.connectors.hubspot.schemas import (
    CONTACTS,
    DEALS,
    MERGED,
    Input,
    Problem,
    Record,
    read_answer,
    read_errors,
    read_record,
)
from hub.errors import ConflictError, NotFound, RejectedError, Unavailable
from hub.sdk.destination import Destination, HttpRequest, Write, WriteResult
from hub.sdk.http import HttpClient
from hub.sdk.manifest import Limits

LINKS = "/crm/v4/associations/deals/contacts/batch"
UNSUBSCRIBE = "/communication-preferences/v4/statuses/batch/unsubscribe-all"


def plan(writes: Sequence[Write], settings: HubSpotSettings) -> Sequence[HttpRequest]:
    """The requests a batch starts with; what follows depends on HubSpot's answers."""
    profiles = [write for write in writes if write.kind == "profile"]
    kept = [write for write in profiles if not write.erase]
    fresh = [write for write in kept if not schemas.known(write)]
    known = [write for write in kept if write.external_id and not write.merge]
    updates = [Input(w, str(w.external_id), w.properties) for w in known if not w.uncertain]
    freed = [(w.external_id, email) for w in known if not w.uncertain for email in w.body.get(FREED, ())]
    creates = [schemas.creation(write) for write in fresh if not schemas.look_first(write)]
    deals = [Input(write, write.key, _deal(write.properties)) for write in writes if write.kind == "order"]
    return [
        *(schemas.erase(contact) for write in profiles if write.erase for contact in schemas.known(write)),
        *(
            request
            for write in profiles
            if write.erase and not schemas.known(write)
            for request in schemas.lookups([write])
        ),
        *(schemas.merge(*schemas.known(write)[:2]) for write in kept if write.external_id and write.merge),
        *schemas.present(str(write.external_id) for write in known if write.uncertain),
        *([schemas.batch(CONTACTS, "update", updates)] if updates else ()),
        *(schemas.free(str(contact), email) for contact, email in freed),
        *([schemas.batch(CONTACTS, "upsert", creates, PROFILE_ID)] if creates else ()),
        *schemas.lookups([write for write in fresh if schemas.look_first(write)]),
        *([schemas.batch(DEALS, "upsert", deals, ORDER_KEY)] if deals else ()),
    ]


def send(writes: Sequence[Write], client: HttpClient, settings: HubSpotSettings) -> Sequence[WriteResult]:
    """Send a batch; one result per write.

    Raises RateLimited, Unavailable, AuthError or RejectedError for the batch. Everything sent is safe to send again.
    """
    sending = _Sending(client, settings)
    sending.profiles([write for write in writes if write.kind == "profile"])
    sending.orders([write for write in writes if write.kind == "order"])
    return [sending.results[write.key] for write in writes]


def prepare(client: HttpClient, settings: HubSpotSettings) -> None:
    """Create the property group ``hub`` and the properties that are missing. What exists (409) is left alone."""
    for kind, definitions in DEFINITIONS.items():
        if kind == "deals" and settings.orders == "none":
            continue
        path = f"/crm/v3/properties/{kind}"
        existing = {found["name"] for found in client.get(path).json()["results"]}
        missing = [definition for definition in definitions if definition["name"] not in existing]
        if missing:
            with suppress(ConflictError):
                client.post(f"{path}/groups", {"name": "hub", "label": "Hub"})
            with suppress(ConflictError):
                client.post(f"{path}/batch/create", {"inputs": missing})


@dataclass(slots=True)
class _Sending:
    """One batch on its way."""

    client: HttpClient
    settings: HubSpotSettings
    results: dict[str, WriteResult] = field(default_factory=dict)

    def profiles(self, writes: Sequence[Write]) -> None:
        for write in writes:
            if write.erase:
                self.erase(write)
        # A merge may change any property, so that a merged contact gets all of them.
        kept = self.sure([self.merge(write) if write.merge else write for write in writes if not write.erase])
        fresh = [write for write in kept if not write.external_id]
        # Updates come before creates: after an undone merge they set the e-mail free that a create needs.
        search = self.write("update", [Input(w, w.external_id, w.properties) for w in kept if w.external_id])
        for write in kept:
            result = self.results.get(write.key)
            if result and result.outcome == "delivered":
                for email in write.body.get(FREED, ()):
                    self.free(str(result.external_id), email)
        search += self.write("upsert", [schemas.creation(write) for write in fresh if not schemas.look_first(write)])
        self.search([*search, *(write for write in fresh if schemas.look_first(write))])
        self.unsubscribe([write for write in kept if self.results[write.key].outcome == "delivered"])

    def sure(self, writes: Sequence[Write]) -> Sequence[Write]:
        """Where a merge may have been carried out unseen, look before writing: an id may lead to another's contact."""
        unsure = {write.key: str(write.external_id) for write in writes if write.uncertain and write.external_id}
        present = self.present(unsure.values())
        several = [write for write in writes if write.key in unsure and schemas.profile_ids(write)[1:]]
        index = self.lookup(several) if several else {}
        made: list[Write] = []
        for write in writes:
            contact = present.get(unsure.get(write.key, ""))
            if write.key not in unsure:
                made.append(write)
            elif contact is None or not schemas.is_of(contact, write):
                merged = (*write.merged_ids, unsure[write.key])
                made.append(replace(write, external_id=None, properties=write.mirror, merged_ids=merged))
            else:
                # What was created unseen for a profile that was merged into this one since.
                hits = (index.get((PROFILE_ID, own)) for own in schemas.profile_ids(write) if write in several)
                more = tuple(dict.fromkeys(hit.id for hit in hits if hit and hit.id != contact.id))
                found = replace(write, external_id=contact.id, merge=more)
                made.append(self.merge(found) if more else found)
        return made

    def write(self, action: Literal["update", "upsert"], inputs: Iterable[Input], *, last: bool = False) -> list[Write]:
        """One batch call. Gives the writes whose contact has to be looked up; every other has its result then."""
        search: list[Write] = []
        stubborn: list[Input] = []
        sent = self.once(inputs)
        answers = self.call(
            CONTACTS, action, sent, PROFILE_ID if action == "upsert" else None, narrow=last or action == "update"
        )
        for item in sent:
            answer = answers[item.write.key]
            if isinstance(answer, Record):
                self.deliver(item, answer.id)
            elif not last and (answer.category == "OBJECT_NOT_FOUND" or (action == "upsert" and answer.conflict)):
                search.append(item.write)
            elif answer.conflict and item.write.uncertain and "email" in item.properties:
                stubborn.append(item.without_email())
            else:
                self.refuse(item, answer)
        if stubborn:
            search += self.write(action, stubborn, last=last)
        return search

    def once(self, inputs: Iterable[Input]) -> list[Input]:
        """Leave out what would meet another input of the same call: a contact, or an e-mail, is written once."""
        taken: set[str] = set()
        kept: list[Input] = []
        for item in inputs:
            claims = {claim for claim in (item.id, item.properties.get("email")) if claim}
            if claims & taken:
                self.retry(item.write, "another profile of this batch has the same e-mail or contact")
            else:
                kept.append(item)
            taken |= claims
        return kept

    def search(self, writes: Sequence[Write]) -> None:
        """Look for contacts under all ids and e-mails of their profiles; update what is found, create the rest.

        A contact that carries another profile's id is not taken over. An e-mail that it has from a merge that was
        undone is set free; else it may be about to be: the write is tried once more, and then delivered without it.
        """
        index = self.lookup(writes)
        found: dict[Literal["update", "upsert"], list[Input]] = {"update": [], "upsert": []}
        for write in writes:
            holder = index.get(("email", str(write.mirror.get("email"))))
            blocked = holder is not None and not schemas.is_of(holder, write)
            if holder and blocked and schemas.took_email(holder, write):
                self.free(holder.id, str(write.mirror["email"]))
                blocked = False
            if blocked and not write.uncertain:
                self.retry(write, "the e-mail is the contact's of another profile")
                continue
            mine = dict.fromkeys(
                hit.id for pair in write.match if (hit := index.get(pair)) and schemas.is_of(hit, write)
            )
            # Only what Hub made is merged: a person's second contact may be kept apart there on purpose.
            ours = [one for one in mine if any(hit.id == one and hit.owner for hit in index.values())]
            kept = self.merge(replace(write, external_id=ours[0], merge=tuple(ours[1:]))) if ours[1:] else None
            contact = kept.external_id if kept else next(iter(mine), None)
            item = Input(write, contact, write.mirror) if contact else schemas.creation(write)
            found["update" if contact else "upsert"].append(item.without_email() if blocked else item)
        for action, inputs in found.items():
            self.write(action, inputs, last=True)

    def lookup(self, writes: Sequence[Write]) -> Mapping[tuple[str, str], Record]:
        index: dict[tuple[str, str], Record] = {}
        for request in schemas.lookups(writes):
            for found in read_answer(self.post(request)).results:
                emails = [*found.several("email"), *found.several("hs_additional_emails")]
                index.update({("email", email.lower()): found for email in emails})
                if found.owner:
                    index[PROFILE_ID, found.owner] = found
        return index

    def merge(self, write: Write) -> Write:
        """Merge the contacts of a merged profile into its own. HubSpot may give the merged contact a new id."""
        contacts = list(schemas.known(write))
        while len(contacts) > 1:
            try:
                contacts[:2] = [read_record(self.post(schemas.merge(*contacts[:2]))).id]
            except RejectedError:
                # Merged before, unseen, or deleted there: go on with what is left.
                left = self.alive(contacts)
                if left == contacts:
                    raise
                contacts = left
        return replace(write, external_id=contacts[0] if contacts else None, merge=(), properties=write.mirror)

    def alive(self, contacts: Sequence[str]) -> list[str]:
        """Which of these contacts exist; one that was merged stands under its present id, once."""
        present = self.present(contacts)
        return list(dict.fromkeys(present[contact].id for contact in contacts if contact in present))

    def present(self, contacts: Iterable[str]) -> Mapping[str, Record]:
        """The contacts behind these ids now."""
        found = [hit for request in schemas.present(contacts) for hit in read_answer(self.post(request)).results]
        return {old: hit for hit in found for old in (*hit.several(MERGED), hit.id)}

    def free(self, contact: str, email: str) -> None:
        """Take an additional e-mail from a contact. Where HubSpot refuses, it stays there: no write fails for it."""
        request = schemas.free(contact, email)
        self.client.request(request.method, request.path, accept=frozenset({400, 403, 404, 405, 409, 410}))

    def erase(self, write: Write) -> None:
        found = () if schemas.known(write) else self.lookup([write]).values()
        contacts = schemas.known(write) or tuple(dict.fromkeys(hit.id for hit in found if schemas.is_of(hit, write)))
        self.results[write.key] = WriteResult(write.key, "delivered", next(iter(contacts), None))
        for contact in contacts:
            try:
                self.post(schemas.erase(contact))
            except RejectedError as error:
                if self.alive([contact]):
                    self.results[write.key] = WriteResult(write.key, "rejected", contact, str(error))

    def unsubscribe(self, writes: Sequence[Write]) -> None:
        """Pass opt-outs on to HubSpot's own subscriptions (law L7). They hang on e-mails, not on contacts."""
        refusing = [write for write in writes if unsubscribes(write.properties, write.mirror, self.settings)]
        emails = dict.fromkeys(value for write in refusing for name, value in write.match if name == "email")
        for chunk in schemas.chunks(emails):
            self.unsubscribe_all(chunk, refusing)

    def unsubscribe_all(self, emails: Sequence[str], refusing: Sequence[Write]) -> None:
        """Unsubscribe these; one that is refused keeps none of the others."""
        try:
            body = {"inputs": list(emails)}
            errors = read_errors(self.client.request("POST", UNSUBSCRIBE, query={"channel": "EMAIL"}, body=body))
        except RejectedError as error:
            errors = [Problem(message=str(error))]
            if half := len(emails) // 2:
                self.unsubscribe_all(emails[:half], refusing)
                self.unsubscribe_all(emails[half:], refusing)
                return
        for write in refusing if errors else ():
            if any(("email", email) in write.match for email in emails):
                self.retry(write, f"not unsubscribed: {schemas.scrub(errors[0].message, ())}", uncertain=False)

    def orders(self, writes: Sequence[Write]) -> None:
        inputs = [Input(write, write.key, _deal(write.properties)) for write in writes]
        answers = self.call(DEALS, "upsert", inputs, ORDER_KEY, narrow=True)
        # A deal that was deleted there was made anew just now, and lacks what had not changed.
        short = [
            Input(item.write, item.id, _deal(item.write.mirror))
            for item in inputs
            if item.write.external_id and isinstance(made := answers[item.write.key], Record) and made.new
        ]
        answers |= self.call(DEALS, "upsert", short, ORDER_KEY, narrow=True)
        for item in inputs:
            answer = answers[item.write.key]
            if isinstance(answer, Record):
                self.deliver(item, answer.id)
            else:
                self.refuse(item, answer)
        self.link([write for write in writes if self.results[write.key].outcome == "delivered"])

    def link(self, writes: Sequence[Write]) -> None:
        """Associate deals with contacts; doing it again changes nothing. Old contacts may have been merged since."""
        deal = {write.key: str(self.results[write.key].external_id) for write in writes}
        present = self.present(dict.fromkeys(held for write in writes for held in write.body.get(UNLINKED, ())))
        gone = [(w, {present[held].id for held in w.body.get(UNLINKED, ()) if held in present}) for w in writes]
        old = [
            {"from": {"id": deal[write.key]}, "to": [{"id": held} for held in sorted(held - {*write.links})]}
            for write, held in gone
            if held - {*write.links}
        ]
        for chunk in schemas.chunks(old):
            with suppress(NotFound):  # the contact is gone, and its associations with it
                self.post(HttpRequest("POST", f"{LINKS}/archive", {"inputs": chunk}))
        linked = [write for write in writes if write.links]
        new = [{"from": {"id": deal[write.key]}, "to": {"id": contact}} for write in linked for contact in write.links]
        for linking in schemas.chunks(new):
            errors = read_errors(self.post(HttpRequest("POST", f"{LINKS}/associate/default", {"inputs": linking})))
            for write in linked if errors else ():
                self.retry(write, f"not associated: {errors[0].message}", uncertain=False)

    def call(
        self, path: str, action: str, inputs: Sequence[Input], id_property: str | None, *, narrow: bool
    ) -> dict[str, Record | Problem]:
        """One batch call, the answers by write key. A conflict that fails the whole call is narrowed down, or all's."""
        if not inputs:
            return {}
        size = MANIFEST.limits.batch
        if len(inputs) > size:
            first = self.call(path, action, inputs[:size], id_property, narrow=narrow)
            return first | self.call(path, action, inputs[size:], id_property, narrow=narrow)
        try:
            answer = read_answer(self.post(schemas.batch(path, action, inputs, id_property), inputs))
        except NotFound as error:
            return {item.write.key: Problem(message=str(error), category="OBJECT_NOT_FOUND") for item in inputs}
        except ConflictError as error:
            if len(inputs) == 1 or not narrow:
                return {item.write.key: Problem(message=str(error), category="CONFLICT") for item in inputs}
            half = len(inputs) // 2
            first = self.call(path, action, inputs[:half], id_property, narrow=True)
            return first | self.call(path, action, inputs[half:], id_property, narrow=True)
        return answer.by_key(inputs)

    def post(self, request: HttpRequest, inputs: Sequence[Input] = ()) -> httpx.Response:
        try:
            return self.client.post(request.path, request.body)
        except RejectedError as error:
            raise type(error)(schemas.scrub(str(error), inputs), refused=error.refused) from None
        except ConflictError as error:
            raise ConflictError(schemas.scrub(str(error), inputs)) from None

    def deliver(self, item: Input, contact: str) -> None:
        mirror = item.write.mirror
        short = "email" in item.write.properties and "email" not in item.properties
        # What was cleared is as if it had never been written.
        left = {name: value for name, value in mirror.items() if value and not (short and name == "email")}
        less = left if left != mirror else None
        self.results[item.write.key] = WriteResult(item.write.key, "delivered", contact, mirror=less)

    def refuse(self, item: Input, problem: Problem) -> None:
        words = schemas.scrub(problem.message, [item])
        if problem.final and not problem.conflict:
            key, contact = item.write.key, item.write.external_id
            self.results[key] = WriteResult(key, "rejected", contact, words, refused=problem.refused)
        else:
            self.retry(item.write, words)

    def retry(self, write: Write, reason: str, *, uncertain: bool = True) -> None:
        self.results[write.key] = WriteResult(write.key, "retry", write.external_id, reason, uncertain)


def _deal(properties: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in properties.items() if name != LINKED}


DESTINATION: Destination[HubSpotSettings] = Destination(
    render=render,
    plan=plan,
    send=send,
    prepare=prepare,
    authorise=lambda settings: {"authorization": f"Bearer {settings.access_token.get_secret_value()}"},
    api_root=lambda settings: settings.base_url or API_ROOT,
    refusals=schemas.refusals,
    essential=ESSENTIAL,
    absent=schemas.absent,
    check=schemas.check,
    status_table={477: Unavailable},
    takes_orders=lambda settings: settings.orders != "none",
    limits=lambda settings: Limits(batch=100, calls=settings.calls_per_10_seconds, per_seconds=10.0),
)
