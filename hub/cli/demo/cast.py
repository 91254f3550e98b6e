"""The people of the demo, what they do in which channel, and what has to be known of them in the end. Deterministic.

The day has these parts: ``opening`` (webshops and newsletter), ``counter`` (till and social media, whose events are
partly thin), ``later`` (what joins people, comes late, or comes twice) and an ``evening`` with one change. Within a
part any order will do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.cli.demo.payloads import Delivery, Who, after, mailchimp, meta, shopify, square, woocommerce
from hub.mapping.customer import guest_key

PHONES = 10
"""Telephone numbers of one copy of the cast, of the range that is kept for films (+49 30 23125 000 to 999)."""

MAX_SCALE = 1_000 // PHONES
CROWD = 24


@dataclass(frozen=True, slots=True)
class Anchor:
    """A record, or (``order``) the record an order hangs on."""

    connection: str
    kind: str
    external_id: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, and where they were seen: all anchors have to be of one profile, and of nobody else's.

    ``group`` names what this person shares with others without being them. ``city``, ``orders`` and ``total`` (in
    euros, less refunds) are what the profile has to say in the end.
    """

    name: str
    anchors: tuple[Anchor, ...]
    emails: frozenset[str] = frozenset()
    orders: int = 0
    total: str | None = None
    city: str | None = None
    group: str = ""
    opted_out: bool = False
    refused_by_crm: bool = False
    featured: bool = False


@dataclass(slots=True)
class Cast:
    """Everybody and everything. ``objects`` are what the vendors' APIs know, by path."""

    people: list[Person] = field(default_factory=list)
    opening: list[Delivery] = field(default_factory=list)
    counter: list[Delivery] = field(default_factory=list)
    later: list[Delivery] = field(default_factory=list)
    evening: list[Delivery] = field(default_factory=list)
    objects: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    known_to_crm: list[Who] = field(default_factory=list)
    private: set[str] = field(default_factory=set)
    """Values that must stand in no log."""

    def tell(self, who: Who) -> Who:
        """Remember the values of a person as private."""
        values = (who.email, who.phone, who.phone.lstrip("+"), who.name if who.first and who.last else "")
        self.private |= {value for value in values if len(value) > 5}
        return who

    def sale(self, number: int, minutes: float, cents: int, customer: str | None) -> Delivery:
        """A sale at the till, with what Square's API tells of it."""
        at = after(minutes)
        self.objects[f"/v2/orders/{square.order_id(number)}"] = square.order(number, at, cents=cents, customer=customer)
        return square.order_created(number, at)

    def directory(self, identifier: str, who: Who, minutes: float) -> None:
        """Put a customer into Square's directory."""
        self.objects[f"/v2/customers/{identifier}"] = {"customer": square.customer(identifier, who, after(minutes))}


@dataclass(frozen=True, slots=True)
class Copy:
    """The how-manieth time the cast plays, and its numbers."""

    index: int

    def n(self, number: int) -> int:
        """A number of this copy."""
        return 1_000 + self.index * 100 + number

    def mail(self, local: str, domain: str = "example.de") -> str:
        """An address of this copy."""
        return f"{local}{self.index + 1 if self.index else ''}@{domain}"

    def phone(self, number: int) -> str:
        """A telephone number of this copy."""
        return f"+493023125{self.index * PHONES + number:03d}"


def cast(scale: int = 1) -> Cast:
    """The cast, ``scale`` times over."""
    made = Cast()
    for index in range(scale):
        copy = Copy(index)
        for play in (_anna, _beckers, _spellings, _lukas, _inbox, _junk, _marlene, _emil, _zoe, _others):
            play(made, copy)
        for number in range(CROWD):
            _crowd(made, index * CROWD + number)
    _broken(made)
    return made


def _anna(all_: Cast, copy: Copy) -> None:
    """Three e-mails, two spellings, four channels, and still one person."""
    n, phone = copy.n(1), copy.phone(0)
    anna = all_.tell(Who("Anna", "Müller", copy.mail("anna.mueller"), "", "Schönhauser Allee 148", "10435"))
    reader = all_.tell(anna.told(email=copy.mail("anna.m87", "example.com")))
    guest = all_.tell(anna.told(last="Mueller", email=copy.mail("anna", "muellerhaus.example.org"), phone=phone))
    till = anna.told(email="", phone=phone)
    one, two, three = (square.customer_id(n, letter) for letter in "ABC")
    all_.opening += [
        shopify.delivery("customers/create", shopify.customer(n, anna, after(1)), after(1)),
        shopify.delivery("orders/create", shopify.order(n, anna, after(5), account=n), after(5)),
        mailchimp.subscribe(reader, after(7)),
        woocommerce.delivery("order.created", woocommerce.order(n, guest, after(30))),
    ]
    all_.directory(one, till, 40)
    all_.directory(two, anna.told(email=""), 44)
    all_.counter += [
        square.customer_created(one, till, after(40)),
        all_.sale(n, 42, 3450, one),
        square.customer_created(two, anna.told(email=""), after(44)),
    ]
    called = anna.told(phone=phone)
    all_.later += [
        shopify.delivery("customers/update", shopify.customer(n, called, after(200)), after(200)),
        mailchimp.new_address(reader.email, anna.email, after(210)),
        square.customer_created(three, till, after(220), merged=(one, two)),
        *(square.customer_merged_away(old, till, after(220), into=three, merged=(one, two)) for old in (one, two)),
        square.loyalty_account(n, phone, after(225), customer=three),
    ]
    anchors = [
        Anchor("shop-de", "customer", shopify.customer_id(n)),
        Anchor("shop-at", "order", str(n)),
        *(Anchor("newsletter", "subscriber", mailchimp.subscriber_id(mail)) for mail in (reader.email, anna.email)),
        *(Anchor("till", "customer", customer) for customer in (one, two, three)),
    ]
    emails = frozenset({anna.email, reader.email, guest.email})
    all_.people.append(Person("Anna Müller", tuple(anchors), emails, orders=3, city="Berlin", featured=True))


def _beckers(all_: Cast, copy: Copy) -> None:
    """Father, mother and child on one telephone, and a loyalty card of which only that telephone is known."""
    group, phone = "family Becker, one telephone", copy.phone(1)
    home = Who("", "Becker", phone=phone, street="Am Mühlbach 3", postal_code="53111", city="Bonn")
    thomas = all_.tell(home.told(first="Thomas", email=copy.mail("thomas.becker")))
    katrin = all_.tell(home.told(first="Katrin", email=copy.mail("katrin.becker")))
    mia = all_.tell(home.told(first="Mia", email=copy.mail("mia.becker", "example.com")))
    a, b, c = copy.n(11), copy.n(12), copy.n(13)
    all_.opening += [
        shopify.delivery("customers/create", shopify.customer(a, thomas, after(2)), after(2)),
        shopify.delivery("orders/create", shopify.order(a, thomas, after(6), account=a), after(6)),
        woocommerce.delivery("customer.created", woocommerce.customer(b, katrin, after(3))),
        woocommerce.delivery("order.created", woocommerce.order(b, katrin, after(9), account=b)),
        shopify.delivery("orders/create", shopify.order(c, mia, after(11), price="19.90"), after(11)),
    ]
    all_.counter.append(meta.whatsapp(katrin, "Ist mein Päckchen schon unterwegs?", after(50)))
    all_.later.append(square.loyalty_account(a, phone, after(230), customer=None))
    seen = {
        "Thomas Becker": (Anchor("shop-de", "customer", shopify.customer_id(a)),),
        "Katrin Becker": (
            Anchor("shop-at", "customer", str(b)),
            Anchor("social", "person", meta.whatsapp_person(katrin)),
        ),
        "Mia Becker": (Anchor("shop-de", "order", shopify.order_id(c)),),
    }
    all_.people += [Person(name, anchors, orders=1, group=group) for name, anchors in seen.items()]
    card = Anchor("till", "guest", guest_key({"phone": (phone,)}, fallback="-").external_id)
    all_.people.append(Person("a loyalty card", (card,), orders=0, group=group))


def _spellings(all_: Cast, copy: Copy) -> None:
    """A guest in two shops, once with and once without umlaut."""
    n, mail = copy.n(2), copy.mail("j.mueller", "example.org")
    home = Who("Jürgen", "Müller", mail, street="Große Gasse 4", postal_code="80331", city="München")
    one, two = all_.tell(home), all_.tell(home.told(first="Juergen", last="Mueller", street="Grosse Gasse 4"))
    all_.opening += [
        shopify.delivery("orders/create", shopify.order(n, one, after(12), price="34.00"), after(12)),
        woocommerce.delivery("order.created", woocommerce.order(n, two, after(20))),
    ]
    refunded = woocommerce.order(n, two, after(20), updated=after(240), status="completed", refunds=("10.00",))
    all_.later.append(woocommerce.delivery("order.updated", refunded))
    anchors = (Anchor("shop-de", "order", shopify.order_id(n)), Anchor("shop-at", "order", str(n)))
    all_.people.append(Person("Jürgen Müller", anchors, frozenset({mail}), orders=2, total="63.80", featured=True))


def _lukas(all_: Cast, copy: Copy) -> None:
    """A sale at the till tells only an id; whose it is has to be fetched. His test order is no order."""
    n = copy.n(3)
    lukas = all_.tell(Who("Lukas", "Hofmann", copy.mail("lukas.hofmann"), city="Hamburg", postal_code="20457"))
    customer = square.customer_id(n)
    all_.directory(customer, lukas, 41)
    all_.objects[f"/v2/payments/{square.payment_id(n)}"] = square.payment(n, after(60), cents=2890)
    all_.opening.append(woocommerce.delivery("customer.created", woocommerce.customer(n, lukas, after(4))))
    all_.counter += [all_.sale(n, 60, 2890, customer), all_.sale(copy.n(4), 61, 350, None)]
    trial = shopify.order(n, lukas, after(15), test=True)
    all_.later += [
        shopify.delivery("orders/create", trial, after(15)),
        square.refund_updated(n, after(250), cents=890),
    ]
    anchors = (Anchor("shop-at", "customer", str(n)), Anchor("till", "customer", customer))
    emails = frozenset({lukas.email})
    lukas_is = Person("Lukas Hofmann", anchors, emails, orders=1, total="20.00", city="Hamburg", featured=True)
    all_.people.append(lukas_is)


def _inbox(all_: Cast, copy: Copy) -> None:
    """Two colleagues order with the company's mailbox."""
    mail, group = f"info@tischlerei{copy.index + 1}.example.de", "one info@ mailbox, two colleagues"
    sabine = all_.tell(Who("Sabine", "Lindner", mail, street="Am Bäckerweg 9", postal_code="50667", city="Köln"))
    holger = all_.tell(sabine.told(first="Holger", last="Brandt"))
    a, b = copy.n(21), copy.n(22)
    all_.opening.append(shopify.delivery("orders/create", shopify.order(a, sabine, after(16)), after(16)))
    all_.later.append(woocommerce.delivery("order.created", woocommerce.order(b, holger, after(18))))
    all_.people += [
        Person("Sabine Lindner", (Anchor("shop-de", "order", shopify.order_id(a)),), orders=1, group=group),
        Person("Holger Brandt", (Anchor("shop-at", "order", str(b)),), orders=1, group=group),
    ]


def _junk(all_: Cast, copy: Copy) -> None:
    """What a cashier types when the till insists."""
    for place, (first, last) in enumerate((("Peter", "Schulz"), ("Petra", "Schulz"))):
        n = copy.n(31 + place)
        who = Who(first, last, "null@null.de", "+49000000000", "-", "00000", "-")
        identifier = square.customer_id(n)
        all_.directory(identifier, who, 45)
        all_.counter += [square.customer_created(identifier, who, after(45)), all_.sale(n, 46, 990, identifier)]
        anchors = (Anchor("till", "customer", identifier),)
        all_.people.append(Person(f"{first} Schulz", anchors, orders=1, group="null e-mail and +49 000… telephone"))


def _marlene(all_: Cast, copy: Copy) -> None:
    """She ticks a box in the shop and later leaves the newsletter; an opt-in from before comes in after that."""
    n = copy.n(5)
    marlene = all_.tell(Who("Marlene", "Vogt", copy.mail("marlene.vogt"), city="Leipzig", postal_code="04109"))
    bought = shopify.order(n, marlene, after(13), account=n, accepts_marketing=True)
    all_.opening += [
        shopify.delivery("orders/create", bought, after(13)),
        mailchimp.subscribe(marlene, after(14)),
    ]
    all_.counter.append(mailchimp.unsubscribe(marlene, after(180)))
    opt_in = shopify.email_consent(n, marlene, "subscribed", after(100))
    all_.later.append(shopify.delivery("customers_email_marketing_consent/update", opt_in, after(100)))
    anchors = (
        Anchor("shop-de", "customer", shopify.customer_id(n)),
        Anchor("newsletter", "subscriber", mailchimp.subscriber_id(marlene.email)),
    )
    emails = frozenset({marlene.email})
    all_.people.append(Person("Marlene Vogt", anchors, emails, orders=1, opted_out=True, featured=True))


def _emil(all_: Cast, copy: Copy) -> None:
    """His order is updated, he moves house, and only then the news of the order's creation arrive."""
    n = copy.n(6)
    before = all_.tell(Who("Emil", "Fischer", copy.mail("emil.fischer"), street="Alte Gasse 1", city="Aachen"))
    moved = before.told(street="Neue Straße 22", postal_code="50667", city="Köln")
    shipped = shopify.order(n, moved, after(8), account=n, updated=after(150), fulfilled=True)
    all_.opening += [
        shopify.delivery("orders/updated", shipped, after(150)),
        shopify.delivery("customers/update", shopify.customer(n, moved, after(151)), after(151)),
    ]
    all_.later += [
        shopify.delivery("orders/create", shopify.order(n, before, after(8), account=n), after(8)),
        shopify.delivery("customers/create", shopify.customer(n, before, after(7)), after(7)),
        shopify.delivery("refunds/create", shopify.refund(copy.n(7), "20.00", after(260)), after(260)),
        shopify.delivery("orders/create", shopify.order(copy.n(7), moved, after(255), account=n), after(255)),
    ]
    anchors = (Anchor("shop-de", "customer", shopify.customer_id(n)),)
    emails = frozenset({before.email})
    emil_is = Person("Emil Fischer", anchors, emails, orders=2, total="93.40", city="Köln")
    all_.people.append(emil_is)


def _zoe(all_: Cast, copy: Copy) -> None:
    """A lead form, a newsletter and WhatsApp."""
    n = copy.n(8)
    zoe = all_.tell(Who("Zoë", "Krüger", copy.mail("zoe.krueger", "example.org"), copy.phone(2), city="Dresden"))
    all_.objects[f"/v26.0/{meta.lead_id(n)}"] = meta.lead(n, zoe, after(70))
    all_.opening.append(mailchimp.subscribe(zoe.told(phone=""), after(17)))
    all_.counter += [
        meta.leadgen(n, after(70)),
        meta.whatsapp(zoe, "Gibt es das Kleid auch in Grün?", after(75)),
    ]
    anchors = (
        Anchor("newsletter", "subscriber", mailchimp.subscriber_id(zoe.email)),
        Anchor("social", "lead", meta.lead_id(n)),
        Anchor("social", "person", meta.whatsapp_person(zoe)),
    )
    all_.people.append(Person("Zoë Krüger", anchors, frozenset({zoe.email}), featured=True))


def _others(all_: Cast, copy: Copy) -> None:
    """Somebody the CRM refuses, somebody it knows already, and two of whom only an account is known."""
    n = copy.n(9)
    petra = all_.tell(Who("Petra", "Wolf", copy.mail("petra.wolf", "example.de1")))
    klaus = all_.tell(Who("Klaus", "Berger", copy.mail("klaus.berger"), city="Nürnberg", postal_code="90402"))
    all_.known_to_crm.append(klaus)
    all_.opening += [
        mailchimp.subscribe(petra, after(19)),
        shopify.delivery("customers/create", shopify.customer(n, klaus, after(21)), after(21)),
        shopify.delivery("orders/create", shopify.order(n, klaus, after(22), account=n), after(22)),
    ]
    moved = klaus.told(street="Königstraße 5", city="Fürth", postal_code="90762")
    all_.evening.append(shopify.delivery("customers/update", shopify.customer(n, moved, after(400)), after(400)))
    psid, igsid = f"74218809{n:08d}", f"10833774{n:08d}"
    all_.counter += [
        meta.messenger(psid, "Haben Sie die Wanderstiefel noch in Größe 42?", after(80)),
        meta.instagram(igsid, "Wann kommt das nach Köln?", after(81)),
        meta.instagram_comment(igsid, f"grete.wandert{n}", "Wunderschön!", after(82)),
    ]
    # Meta repeats it, and the time in the envelope is then another.
    all_.later.append(meta.messenger(psid, "Haben Sie die Wanderstiefel noch in Größe 42?", after(80), sent=after(90)))
    subscriber = Anchor("newsletter", "subscriber", mailchimp.subscriber_id(petra.email))
    all_.people += [
        Person("Petra Wolf", (subscriber,), refused_by_crm=True),
        Person("Klaus Berger", (Anchor("shop-de", "customer", shopify.customer_id(n)),), orders=1, city="Fürth"),
        Person("someone on Messenger", (Anchor("social", "person", f"messenger:{meta.PAGE}:{psid}"),)),
        Person("someone on Instagram", (Anchor("social", "person", f"instagram:{meta.INSTAGRAM}:{igsid}"),)),
    ]


_FIRST = ("Ida", "Bruno", "Käthe", "Anton", "Greta", "Oskar", "Frieda", "Matteo", "Wiebke", "Ömer", "Clara", "Björn")
_LAST = ("Schäfer", "Neumann", "Lang", "Jäger", "Weiß", "Özdemir", "Sommer", "Kühn", "Albrecht", "Voß", "Roth")


def _crowd(all_: Cast, index: int) -> None:
    """Ordinary customers of one to three channels."""
    n = 1_000_000 + index
    who = all_.tell(Who(_FIRST[index % 12], _LAST[index % 11], f"kunde{index}@example.com", street=f"Ring {index + 1}"))
    anchors, orders = [*_account(all_, index, n, who)], 1
    if index % 2 == 0:
        all_.opening.append(mailchimp.subscribe(who, after(300 + index / 60)))
        anchors.append(Anchor("newsletter", "subscriber", mailchimp.subscriber_id(who.email)))
    if index % 4 == 0:
        body = woocommerce.order(n + 500_000, who, after(330 + index / 60))
        all_.later.append(woocommerce.delivery("order.created", body))
        anchors.append(Anchor("shop-at", "order", str(n + 500_000)))
        orders += 1
    all_.people.append(Person(who.name, tuple(anchors), frozenset({who.email}), orders=orders))


def _account(all_: Cast, index: int, n: int, who: Who) -> Iterator[Anchor]:
    minutes = 100 + index / 60
    if index % 3 == 0:
        all_.opening += [
            shopify.delivery("customers/create", shopify.customer(n, who, after(minutes)), after(minutes)),
            shopify.delivery("orders/create", shopify.order(n, who, after(minutes + 1), account=n), after(minutes + 1)),
        ]
        yield Anchor("shop-de", "customer", shopify.customer_id(n))
    elif index % 3 == 1:
        all_.opening += [
            woocommerce.delivery("customer.created", woocommerce.customer(n, who, after(minutes))),
            woocommerce.delivery("order.created", woocommerce.order(n, who, after(minutes + 1), account=n)),
        ]
        yield Anchor("shop-at", "customer", str(n))
    else:
        identifier = square.customer_id(n)
        all_.directory(identifier, who, minutes)
        all_.counter.append(all_.sale(n, minutes, 1290, identifier))
        yield Anchor("till", "customer", identifier)


def _broken(all_: Cast) -> None:
    """A body that is no JSON, a signature of somebody else, topics nobody reads."""
    at = after(25)
    stranger = all_.tell(Who("Ein", "Fremder", "fremder@example.com"))
    all_.opening += [
        shopify.delivery("orders/create", b'{"id": 1, "email": ', at, expect="parked"),
        shopify.delivery("orders/create", shopify.order(1, stranger, at), at, expect="refused", forged=True),
        shopify.delivery("products/update", shopify.product(1, at), at, expect="skipped"),
        mailchimp.campaign(at),
    ]
