"""Laws L10 and L7 against a running Odoo 11: people edit contacts there, over Odoo's own API, while Hub writes.

Hub polls at random moments. Each schedule has three people of a shop; whoever edits types values nobody wrote before,
so that what is lost can be told from what is Hub's own. ``HUB_REAL_SCHEDULES`` says how many schedules there are.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from hub.mapping.phone import phones
from hub.model.consent import Consent
from hub.store.database import Database
from tests.real.odoo_server import RealOdoo, running
from tests.support.doubles import at, customer, empty, entry
from tests.support.polled_crm import Polled

pytestmark = pytest.mark.real

SCHEDULES = int(os.environ.get("HUB_REAL_SCHEDULES", "30"))
STEPS = 14
PEOPLE = st.integers(0, 2)
TYPED: dict[str, Callable[[int], str]] = {
    "phone": lambda number: f"0541 {100000 + number}",
    "email": lambda number: f"typed{number}@example.com",
    "city": lambda number: f"Ort {number}",
}
"""What people type of each field: the number is used once."""


@dataclass(frozen=True)
class Edit:
    """What somebody typed at a contact, and when by the order of all that happened."""

    moment: int
    who: int
    field: str
    value: str


@dataclass(frozen=True)
class Written:
    """A contact in a request that Hub wrote, with the columns it changed."""

    moment: int
    contact: str
    columns: frozenset[str]


class Watched(Polled):
    """What Hub asks of the running Odoo is seen; ``meanwhile`` happens once, before or after its next write."""

    def __init__(self, database: Database, odoo: RealOdoo) -> None:
        super().__init__(database, odoo)
        self.moment = 0
        self.requests: list[list[Written]] = []
        self.polls: list[int] = []
        self.meanwhile: Callable[[], None] | None = None
        self.is_before = True

    def tick(self) -> int:
        """The next moment."""
        self.moment += 1
        return self.moment

    def answer(self, request: httpx.Request) -> httpx.Response:
        """What Odoo answers; notes which contacts are written, and when."""
        written = self._written(request)
        if written and self.is_before:
            self._happen()
        if written:
            now = self.tick()
            self.requests.append([Written(now, contact, columns) for contact, columns in written])
        response = super().answer(request)
        if written and not self.is_before:
            self._happen()
        return response

    def poll(self) -> None:
        """One poll to its end; what was typed before it began is read."""
        self.polls.append(self.tick())
        super().poll()

    def _happen(self) -> None:
        happening, self.meanwhile = self.meanwhile, None
        if happening:
            happening()

    @staticmethod
    def _written(request: httpx.Request) -> list[tuple[str, frozenset[str]]]:
        arguments = orjson.loads(request.content)["params"].get("args", [])
        if arguments[3:5] != ["res.partner", "load"]:
            return []
        told = arguments[6]
        columns = frozenset(told["fields"])
        return [(dict(zip(told["fields"], row, strict=True)).get(".id", ""), columns) for row in told["data"]]


class BothWays(RuleBasedStateMachine):
    """Three people of a shop in a real CRM, which people and Hub both write to."""

    database: Database
    odoo: RealOdoo
    used = 0

    @initialize()
    def begin(self) -> None:
        empty(self.database)
        own = self.odoo.execute("res.partner", "search", [["email", "=like", "%@example.com"], ["id", ">", 6]])
        self.odoo.execute("res.partner", "unlink", own)
        self.way = Watched(self.database, self.odoo)
        self.edits: list[Edit] = []
        self.told = [0, 0, 0]
        self.out: set[int] = set()
        for who in range(3):
            self.shop(who)
        self.way.settle()
        self.way.settle()
        self.contacts = [self.contact(who)["id"] for who in range(3)]
        self.told = [0, 0, 0]
        self.way.requests.clear()

    def shop(self, who: int, *, when: datetime | None = None, **told: Any) -> None:
        self.told[who] += 1
        moment = self.fresh()
        fields = {"name": ("Anna", f"Berg{who}"), "phones": [f"+4930{1000000 + moment}"], **told}
        event = customer(str(who), when=when or at(moment), emails=[mail(who)], **fields)
        self.way.take(entry([event], f"e{moment}", received_at=when))

    @classmethod
    def fresh(cls) -> int:
        BothWays.used += 1
        return BothWays.used

    def edit(self, who: int, field: str) -> None:
        value = TYPED[field](self.fresh())
        self.edits.append(Edit(self.way.tick(), who, field, value))
        self.odoo.execute("res.partner", "write", [self.contacts[who]], {field: value})

    @rule(who=PEOPLE, field=st.sampled_from(sorted(TYPED)))
    def somebody_types(self, who: int, field: str) -> None:
        self.edit(who, field)

    @rule(who=PEOPLE, field=st.sampled_from(sorted(TYPED)), before=st.booleans(), other=PEOPLE)
    def somebody_types_while_hub_writes(self, who: int, field: str, before: bool, other: int) -> None:
        self.shop(other, when=datetime.now(UTC))
        self.way.is_before, self.way.meanwhile = before, lambda: self.edit(who, field)
        self.way.send()
        self.way.meanwhile = None

    @rule(who=PEOPLE, is_old=st.booleans(), last=st.sampled_from(["Berg", "Klein"]))
    def the_shop_tells(self, who: int, is_old: bool, last: str) -> None:
        self.shop(who, when=None if is_old else datetime.now(UTC), name=("Anna", f"{last}{who}"))

    @rule(who=PEOPLE)
    def somebody_opts_out_in_the_shop(self, who: int) -> None:
        now = datetime.now(UTC)
        consent = Consent(channel="email", state="opted_out", at=now, explicit=True)
        self.out.add(who)
        self.shop(who, when=now, consents=(consent,))

    @rule(who=PEOPLE)
    def a_copied_flag_says_opted_in(self, who: int) -> None:
        now = datetime.now(UTC)
        self.shop(who, when=now, consents=(Consent(channel="email", state="opted_in", at=now),))

    @rule(who=PEOPLE)
    def somebody_ticks_the_opt_out_there(self, who: int) -> None:
        self.out.add(who)
        self.odoo.execute("res.partner", "write", [self.contacts[who]], {"opt_out": True})

    @rule()
    def hub_polls(self) -> None:
        self.way.poll()

    @rule()
    def hub_sends(self) -> None:
        self.way.send()

    # -- what holds in the end ----------------------------------------------------------------------------------------

    def teardown(self) -> None:
        if not hasattr(self, "contacts"):
            return
        for _ in range(2):
            self.way.settle()
        settled = len(self.way.requests)
        self.way.settle()
        assert len(self.way.requests) == settled, "nothing is written once all is told"
        assert len(self.way.requests) <= len(self.edits) + sum(self.told)
        for who in range(3):
            self.holds(who)

    def holds(self, who: int) -> None:
        """What is so of one of them."""
        edits = [edit for edit in self.edits if edit.who == who]
        contact, golden = self.contact(who), self.golden(who)
        written = [one for request in self.way.requests for one in request if one.contact == str(contact["id"])]
        assert contact["id"] == self.contacts[who]
        assert len(written) <= len(edits) + self.told[who], "at most one write for what was told or edited"
        assert self.read_back(who) <= {canonical(edit) for edit in edits}, "an echo was taken for an edit"
        kept = {
            "phone": set(golden["phones"]),
            "email": set(golden["emails"]),
            "city": {one.get("city") for one in golden.get("addresses", [])},
        }
        for edit in edits:
            if not self.is_replaced(edit, written):
                assert canonical(edit) in kept[edit.field], f"lost: {edit}"
        [phone] = phones(contact["phone"], "DE")
        assert (phone.value, contact["email"]) == (golden["phones"][0], golden["emails"][0])
        assert contact["opt_out"] or who not in self.out, "an opt-out is lost"

    def is_replaced(self, edit: Edit, written: list[Written]) -> bool:
        """Whether somebody typed another value since, or Hub wrote there before it could read the edit."""
        if any(
            other.who == edit.who and other.field == edit.field and other.moment > edit.moment for other in self.edits
        ):
            return True
        heard = min((poll for poll in self.way.polls if poll > edit.moment), default=0)
        return any(edit.moment < one.moment < heard and edit.field in one.columns for one in written)

    def contact(self, who: int) -> dict[str, Any]:
        domain = [["x_hub_profile_id", "=", self.golden(who)["id"]]]
        [found] = self.odoo.execute("res.partner", "search_read", domain, ["phone", "email", "city", "opt_out"])
        return dict(found)

    def golden(self, who: int) -> dict[str, Any]:
        with self.database.session() as session:
            rows = session.rows("SELECT id, golden FROM profile")
        found = [{**orjson.loads(golden), "id": str(key)} for key, golden in rows]
        [one] = [golden for golden in found if mail(who) in golden.get("emails", [])]
        return one

    def read_back(self, who: int) -> set[str]:
        """What the CRM's own record of somebody tells."""
        with self.database.session() as session:
            asked = "SELECT state FROM record WHERE connection = 'crm' AND external_id = %s"
            states = [orjson.loads(row[0]) for row in session.rows(asked, (str(self.contacts[who]),))]
        return {value for state in states for name in ("phones", "emails") for value in state.get(name, {})}


def mail(who: int) -> str:
    return f"person{who}@example.com"


def canonical(edit: Edit) -> str:
    """A typed value as Hub has it."""
    return phones(edit.value, "DE")[0].value if edit.field == "phone" else edit.value


@pytest.fixture(scope="module")
def odoo() -> Iterator[RealOdoo]:
    with running() as made:
        yield made


@pytest.mark.filterwarnings("ignore")
def test_people_and_hub_write_to_one_odoo_and_nothing_is_lost(database: Database, odoo: RealOdoo) -> None:
    class Machine(BothWays):
        pass

    Machine.database, Machine.odoo = database, odoo
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=SCHEDULES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize="HUB_REAL_SCHEDULES" not in os.environ,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
