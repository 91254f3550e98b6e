"""One audience of Mailchimp in memory, from the Marketing API 3.0 specification and the reports that the page names.

A contact that is archived is on no list; what it was before is told to nobody, and a creation makes it a subscriber.
"""

from __future__ import annotations

import re
from hashlib import md5
from typing import Any, ClassVar

import httpx
import orjson

from tests.support.mailing.double import Double, Kept, answer

AUDIENCE = "a6f0c2de41"
STATES = {"subscribed": "subscribed", "pending": "pending", "unsubscribed": "unsubscribed", "transactional": "none"}


class MailchimpDouble(Double):
    """See ``tests.support.mailing.double.Double``."""

    slug: ClassVar[str] = "mailchimp"
    own: ClassVar[str] = "HUBID"
    lasting: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__()
        self.merge_fields = {"FNAME": "text", "LNAME": "text", "ADDRESS": "address"}
        self.exists = True

    def settings(self) -> dict[str, Any]:
        return {
            "webhook_secret": "x" * 32, "api_key": "sample0mailchimp0key-us21", "audience": AUDIENCE,
            "tags": {"vip": "contains(tags, 'vip')"},
        }  # fmt: skip

    def main_list(self) -> str:
        return AUDIENCE

    def id_of(self, email: str) -> str:
        return md5(email.lower().encode(), usedforsecurity=False).hexdigest()

    def delete(self, email: str) -> None:
        """Deleted for good: the address is taken by no call any more."""
        super().delete(email)
        self.gone.add(email.lower())

    def handle(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/3.0/lists":
            return answer(200, {"lists": [{"id": AUDIENCE}]})
        path = request.url.path.removeprefix(f"/3.0/lists/{AUDIENCE}")
        if not self.exists or path == request.url.path:
            return problem(404, "Resource Not Found", "The requested resource could not be found.")
        body = orjson.loads(request.content) if request.content else {}
        if path == "" and request.method == "GET":
            return answer(200, {"id": AUDIENCE})
        if path == "" and request.method == "POST":
            return self._many(body)
        if path == "/merge-fields":
            if request.method == "POST":
                assert len(body["tag"]) <= 10, "a merge tag has at most ten characters"
                self.merge_fields[body["tag"]] = body["type"]
                return answer(200, {"tag": body["tag"]})
            return answer(200, {"merge_fields": [{"tag": name} for name in self.merge_fields]})
        if path == "/members":
            assert request.url.params["sort_field"] == "last_changed"
            return answer(
                200, {"members": [self._shown(one) for one in self.kept.values()], "total_items": len(self.kept)}
            )
        named = re.fullmatch(r"/members/([0-9a-f]{32})(/tags|/actions/delete-permanent)?", path)
        assert named is not None, path
        contact = self.kept.get(named[1])
        if contact is None:
            return problem(404, "Resource Not Found", "The requested resource could not be found.")
        return self._one(request.method, named[2] or "", contact, body)

    def _one(self, method: str, action: str, contact: Kept, body: dict[str, Any]) -> httpx.Response:
        if action == "/tags":
            for one in body["tags"]:
                (contact.tags.add if one["status"] == "active" else contact.tags.discard)(one["name"])
            return answer(204)
        if action == "/actions/delete-permanent":
            self.delete(contact.email)
            return answer(204)
        if method == "DELETE":
            contact.lists, contact.since = set(), self.now
            return answer(204)
        if method == "PATCH":
            return self._patch(contact, body)
        return answer(200, self._shown(contact))

    def _patch(self, contact: Kept, body: dict[str, Any]) -> httpx.Response:
        if self.refuses(body):
            return problem(400, "Invalid Resource", "Your merge fields were invalid.")
        if "email_address" in body:
            email = body["email_address"].lower()
            if contact.state != "subscribed" or not contact.lists:
                words = f'This member\'s status is "{contact.state}." You can only update email addresses for members'
                return problem(400, "Invalid Resource", f'{words} with a status of "subscribed."')
            if self.of(email) not in (None, contact):
                return problem(400, "Invalid Resource", f'"{email}" is already in this list with a status of "…".')
            if email in self.gone:
                return self._forgotten(email)
            del self.kept[contact.id]
            contact.id, contact.email = self.id_of(email), email
            self.kept[contact.id] = contact
        if fault := self._status(contact, body.get("status")):
            return fault
        self._write(contact, body)
        return answer(200, self._shown(contact))

    def _status(self, contact: Kept, status: str | None) -> httpx.Response | None:
        assert status != "subscribed" or contact.state in ("none", "subscribed"), "somebody is subscribed again"
        if status == "pending":
            if contact.state in ("bounced", "complained"):
                words = f"{contact.email} is in a compliance state due to unsubscribe, bounce, or compliance review"
                return problem(400, "Member In Compliance State", f"{words} and cannot be subscribed.")
            self._asks(contact)
        elif status == "unsubscribed" and contact.state not in ("bounced", "complained"):
            contact.state, contact.since = "unsubscribed", self.now
        elif status == "subscribed":
            contact.state, contact.since, contact.lists = "subscribed", self.now, {AUDIENCE}
        return None

    def _asks(self, contact: Kept) -> None:
        contact.state, contact.since = "pending", self.now
        contact.lists, contact.awaits = {AUDIENCE}, {AUDIENCE}
        self.asked.append(contact.email)

    def _many(self, body: dict[str, Any]) -> httpx.Response:
        assert body["update_existing"] is False
        assert len(body["members"]) <= 500
        made, errors = [], []
        for one in body["members"]:
            email = one["email_address"].lower()
            held = self.of(email)
            if held and held.lists:
                code, words = "ERROR_CONTACT_EXISTS", f"{email} is already a list member, do you want to update?"
            elif email in self.gone:
                code, words = "ERROR_GENERIC", f"{email} was permanently deleted and cannot be re-imported."
            elif self.refuses(one):
                code, words = "ERROR_GENERIC", "Your merge fields were invalid."
            else:
                contact = held or self.make(email)
                contact.lists = {AUDIENCE}
                contact.state, contact.since = STATES[one["status"]], self.now  # type: ignore[assignment]
                if one["status"] == "pending":
                    self._asks(contact)
                self._write(contact, one)
                made.append(self._shown(contact))
                continue
            errors.append(
                {"email_address": email, "error": words, "error_code": code, "field": "", "field_message": ""}
            )
        told = {"new_members": made, "updated_members": [], "errors": errors}
        return answer(200, {**told, "total_created": len(made), "total_updated": 0, "error_count": len(errors)})

    def _write(self, contact: Kept, body: dict[str, Any]) -> None:
        named = {name: value for name, value in (body.get("merge_fields") or {}).items() if name in self.merge_fields}
        contact.fields |= named
        if "language" in body:
            contact.fields["language"] = body["language"]

    def _forgotten(self, email: str) -> httpx.Response:
        words = f"{email} was permanently deleted and cannot be re-imported."
        return problem(400, "Forgotten Email Not Subscribed", f"{words} The contact must re-subscribe.")

    def _shown(self, contact: Kept) -> dict[str, Any]:
        status = {"bounced": "cleaned", "complained": "unsubscribed", "none": "transactional"}.get(contact.state)
        return {
            "id": contact.id, "email_address": contact.email, "unique_email_id": contact.id[:10], "email_type": "html",
            "status": (status or contact.state) if contact.lists else "archived",
            "unsubscribe_reason": "N/A (Abuse complaint)" if contact.state == "complained" else "N/A",
            "merge_fields": {name: value for name, value in contact.fields.items() if name != "language"},
            "language": contact.fields.get("language", ""), "list_id": AUDIENCE,
            "last_changed": (contact.since or self.now).strftime("%Y-%m-%dT%H:%M:%S+00:00"),
            "tags_count": len(contact.tags), "tags": [{"id": 1, "name": name} for name in sorted(contact.tags)],
        }  # fmt: skip


def problem(status: int, title: str, detail: str) -> httpx.Response:
    """A problem document."""
    told = {"type": "https://mailchimp.com/developer/marketing/docs/errors/", "title": title, "status": status}
    return answer(status, {**told, "detail": detail, "instance": "d9a1f0c2-0000-4000-8000-000000000000"})
