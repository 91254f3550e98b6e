"""Business contacts: people of one company share its domain, its switchboard, its address and its role mailboxes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from benchmarks.kinds.drawing import Draw, endless
from benchmarks.kinds.homes import Told
from benchmarks.people import LAST, Row
from hub.mapping.name import fold

_FORMS = ("GmbH", "AG", "KG", "GmbH & Co. KG", "e.K.", "UG", "OHG")
_ROLES = ("info", "einkauf", "buchhaltung", "office", "kontakt")
_TRADES = ("Metallbau", "Logistik", "Elektro", "Bau", "Medien", "Praxis", "Autohaus", "Software", "Druck", "Technik")


@dataclass(frozen=True, slots=True)
class _Company:
    name: str
    form: str
    domain: str
    pattern: int
    switchboard: str
    door: str
    place: tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Contact:
    name: str
    first: str
    last: str
    company: _Company
    email: str
    extension: str
    mobile: str


@endless
def business(draw: Draw) -> Told:
    """Contacts of companies of one to eighty people, as a CRM, a shop, trade-fair lists and business cards have them.

    A third of the shop's orders go through a role mailbox, half of the numbers are the switchboard. One person in
    ten has changed the company, and is told by name and mobile number before and after. One company in twelve is a
    family's: the same last name, the same door.
    """
    number = 0
    while True:
        company, family = _company(draw), draw.chance(1 / 12)
        head = draw.last()
        staff = min(80, int(draw.paretovariate(0.7)) + 1)
        for _ in range(staff):
            contact = _contact(draw, f"p{number}", company, head if family and draw.chance(0.6) else draw.last())
            number += 1
            moved = _moved(draw, contact) if draw.chance(0.1) else contact
            for place in range(times := draw.count((0.42, 0.28, 0.17, 0.08, 0.05))):
                yield contact.name, _row(draw, moved if 2 * place >= times else contact, both=moved is not contact)


def _company(draw: Draw) -> _Company:
    owner = LAST.draw(draw)
    name = f"{draw.choice(_TRADES)} {owner}" if draw.chance(0.6) else f"{owner} {draw.choice(_TRADES)}"
    domain = draw.once(lambda: f"{fold(name).replace(' ', '-')}{draw.choice(('', '', draw.randrange(99)))}.example.de")
    door, place = draw.door(), draw.place()
    board = draw.once(lambda: f"+491502{draw.randrange(10**4):04}")
    return _Company(name, draw.choice(_FORMS), domain, draw.randrange(4), board, door, place)


def _contact(draw: Draw, name: str, company: _Company, last: str) -> _Contact:
    first = draw.first()
    return _Contact(
        name, first, last, company, _mailbox(draw, first, last, company),
        draw.once(lambda: f"{company.switchboard}{draw.randint(100, 999)}"), draw.mobile(),
    )  # fmt: skip


def _mailbox(draw: Draw, first: str, last: str, company: _Company) -> str:
    a, b = fold(first).replace(" ", ""), fold(last).replace(" ", "")
    local = (f"{a}.{b}", f"{a[0]}.{b}", f"{b}", f"{a[0]}{b}")[company.pattern]
    tried = iter(["", *map(str, range(2, 1000))])
    return draw.once(lambda: f"{local}{next(tried)}@{company.domain}")


def _moved(draw: Draw, contact: _Contact) -> _Contact:
    company = _company(draw)
    extension = draw.once(lambda: f"{company.switchboard}{draw.randint(100, 999)}")
    email = _mailbox(draw, contact.first, contact.last, company)
    return replace(contact, company=company, email=email, extension=extension)


def _row(draw: Draw, contact: _Contact, *, both: bool) -> Row:
    source = draw.choice(("crm", "crm", "shop", "shop", "fair", "card"))
    company = contact.company
    row: Row = {"source": source}
    first = f"{contact.first[0]}." if draw.chance(0.4 if source == "card" else 0.06) else draw.spelled(contact.first)
    row["first_name"], row["last_name"] = first, draw.spelled(contact.last, 0.05)
    mailed = {"crm": 0.65, "shop": 1.0, "fair": 0.4, "card": 0.5}[source]
    if draw.chance(mailed):
        role = source == "shop" and draw.chance(0.33)
        row["email"] = f"{draw.choice(_ROLES)}@{company.domain}" if role else draw.mailed(contact.email, 0.02)
    if draw.chance(0.6):
        row["phone"] = draw.one_of(
            ((f"{company.switchboard}0", 0.5), (contact.extension, 0.35), (contact.mobile, 0.15))
        )
    if both and draw.chance(0.7):
        row["phone"] = contact.mobile
    if draw.chance({"crm": 0.95, "shop": 0.7, "fair": 0.95, "card": 1.0}[source]):
        row["company"] = draw.typed(company.name if draw.chance(0.3) else f"{company.name} {company.form}", 0.03)
    if source != "fair" and draw.chance(0.75):
        row.update(draw.address(company.door, company.place))
    return row
