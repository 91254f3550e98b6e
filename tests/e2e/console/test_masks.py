"""What a role without need is shown of people: whatever page a link leads to, nothing that the cast told."""

from __future__ import annotations

import re
from collections import Counter, deque
from html import unescape

import httpx

from hub.demo.cast import cast
from hub.store import audit
from hub.store.users import Role
from tests.e2e.console.conftest import Hub

LIKE = 5
"""Pages that differ in ids only, of which so many are read."""


def crawled(hub: Hub, role: Role) -> dict[str, str]:
    """Every page that links lead to, by its address; of those that differ in ids only a few."""
    seen: dict[str, str] = {}
    kinds: Counter[str] = Counter()
    wait = deque(["/console/today"])
    with httpx.Client(
        base_url=hub.url, cookies={"hub_session": hub.session(role)}, trust_env=False, follow_redirects=True, timeout=60
    ) as client:
        while wait:
            path = wait.popleft()
            kind = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+|=[^&]+", "*", path)
            if path in seen or kinds[kind] >= LIKE:
                continue
            kinds[kind] += 1
            answer = client.get(path)
            assert answer.status_code == 200, path
            seen[path] = answer.text
            # A switch of the language is a link, too, and every page has one.
            found = re.findall(r'(?:href|hx-get)="(/console/(?!look|static|sign-out)[^"#]*)', answer.text)
            wait.extend(unescape(link) for link in found)
    return seen


def test_a_viewer_finds_nothing_personal_on_any_page(hub: Hub):
    private = sorted(cast().private)
    assert len(private) > 100
    pages = crawled(hub, "viewer")
    kinds = {re.sub(r"/[0-9a-f-]{36}|/\d+|\?.*", "/*", path) for path in pages}
    assert {"/console/people/*", "/console/people/*/timeline", "/console/events/*", "/console/review"} <= kinds, kinds
    found = {(path, value) for path, text in pages.items() for value in private if value in unescape(text)}
    assert found == set()


def test_whoever_sees_people_is_noted_with_each_list_and_person(hub: Hub):
    pages = crawled(hub, "support")
    seen = {path for path in pages if re.fullmatch(r"/console/people/[0-9a-f-]{36}", path)}
    with hub.runtime.database.session() as session:
        entries = audit.page(session, who="support", limit=1_000)
    viewed = {f"/console/people/{entry.subject}" for entry in entries if entry.action == "profile.view"}
    assert seen
    assert seen <= viewed
    lists = {entry.subject for entry in entries if entry.action == "profile.list"}
    assert {"", "crm", "review"} <= lists
