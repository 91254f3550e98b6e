"""The first cast of the demo: who is found again in several channels, and what is late, broken, refused or shared.

Deterministic. Within a part of the day any order will do.
"""

from __future__ import annotations

from collections.abc import Iterator

from hub.demo import words
from hub.demo.payloads import Who, mailchimp, meta, shopify, square, woocommerce
from hub.demo.roles import HOUSEHOLDS, MAX_SCALE, Anchor, Cast, Copy, Person
from hub.mapping.customer import guest_key
from hub.mapping.name import fold

CROWD = 24
"""Ordinary customers of one copy of the cast."""

JUNK = "null@null.de and +49 000 000000, typed at the till"


def anna(all_: Cast, copy: Copy) -> None:
    """Three e-mails, of which one is replaced, two spellings, four channels, and still one person."""
    n, phone = copy.n(1), copy.phone(0)
    home = {"street": "Schönhauser Allee 148", "postal_code": "10435", "city": "Berlin"}
    anna = all_.tell(copy.who("Anna", "Müller", 0, **home))
    first, last = fold(anna.first), fold(anna.last)
    reader = all_.tell(anna.told(email=f"{last}.{first}@example.com"))
    guest = all_.tell(anna.told(last=last.title(), email=f"{first[0]}.{last}@{last}haus.example.org", phone=phone))
    till = anna.told(email="", phone=phone)
    one, two, three = (square.customer_id(n, letter) for letter in "ABC")
    all_.opening += [
        shopify.delivery("customers/create", shopify.customer(n, anna, all_.after(1)), all_.after(1)),
        shopify.delivery("orders/create", shopify.order(n, anna, all_.after(5), account=n), all_.after(5)),
        mailchimp.subscribe(reader, all_.after(7)),
        woocommerce.delivery("order.created", woocommerce.order(n, guest, all_.after(30))),
    ]
    all_.directory(one, till, 40)
    all_.directory(two, anna.told(email=""), 44)
    all_.counter += [
        square.customer_created(one, till, all_.after(40)),
        all_.sale(n, 42, 3450, one),
        square.customer_created(two, anna.told(email=""), all_.after(44)),
    ]
    called = anna.told(phone=phone)
    all_.later += [
        shopify.delivery("customers/update", shopify.customer(n, called, all_.after(200)), all_.after(200)),
        mailchimp.new_address(reader.email, anna.email, all_.after(210)),
        square.customer_created(three, till, all_.after(220), merged=(one, two)),
        *(square.customer_merged_away(old, till, all_.after(220), into=three, merged=(one, two)) for old in (one, two)),
        square.loyalty_account(n, phone, all_.after(225), customer=three),
    ]
    anchors = [
        Anchor("shop-de", "customer", shopify.customer_id(n)),
        Anchor("shop-at", "order", str(n)),
        *(Anchor("newsletter", "subscriber", mailchimp.subscriber_id(mail)) for mail in (reader.email, anna.email)),
        *(Anchor("till", "customer", customer) for customer in (one, two, three)),
    ]
    emails = frozenset({anna.email, guest.email})  # the newsletter's own was replaced
    all_.people.append(Person(anna.name, tuple(anchors), emails, orders=3, city=anna.city, featured="four channels"))


def beckers(all_: Cast, copy: Copy) -> None:
    """Father, mother and child on one telephone, and a loyalty card of which only that telephone is known."""
    group, phone = f"family {copy.last('Becker')}, one telephone", copy.phone(1)
    home = {"street": "Am Mühlbach 3", "postal_code": "53111", "city": "Bonn"}
    father, mother, child = (
        all_.tell(copy.who(first, "Becker", 1, **home).told(phone=phone)) for first in ("Thomas", "Katrin", "Mia")
    )
    a, b, c = copy.n(11), copy.n(12), copy.n(13)
    all_.opening += [
        shopify.delivery("customers/create", shopify.customer(a, father, all_.after(2)), all_.after(2)),
        shopify.delivery("orders/create", shopify.order(a, father, all_.after(6), account=a), all_.after(6)),
        woocommerce.delivery("customer.created", woocommerce.customer(b, mother, all_.after(3))),
        woocommerce.delivery("order.created", woocommerce.order(b, mother, all_.after(9), account=b)),
        shopify.delivery("orders/create", shopify.order(c, child, all_.after(11), price="19.90"), all_.after(11)),
    ]
    all_.counter.append(meta.whatsapp(mother, "Ist mein Päckchen schon unterwegs?", all_.after(50)))
    all_.later.append(square.loyalty_account(a, phone, all_.after(230), customer=None))
    seen = {
        father.name: (Anchor("shop-de", "customer", shopify.customer_id(a)),),
        mother.name: (
            Anchor("shop-at", "customer", str(b)),
            Anchor("social", "person", meta.whatsapp_person(mother)),
        ),
        child.name: (Anchor("shop-de", "order", shopify.order_id(c)),),
    }
    all_.people += [Person(name, anchors, orders=1, group=group) for name, anchors in seen.items()]
    card = Anchor("till", "guest", guest_key({"phone": (phone,)}, fallback="-").external_id)
    all_.people.append(Person("a loyalty card", (card,), orders=0, group=group))


def spellings(all_: Cast, copy: Copy) -> None:
    """A guest in two shops, once with and once without umlaut."""
    n = copy.n(2)
    home = {"street": "Große Gasse 4", "postal_code": "80331", "city": "München"}
    one = all_.tell(copy.who("Jürgen", "Müller", 2, **home))
    two = all_.tell(one.told(first="Juergen", last=fold(one.last).title(), street=one.street.replace("ß", "ss")))
    all_.opening += [
        shopify.delivery("orders/create", shopify.order(n, one, all_.after(12), price="34.00"), all_.after(12)),
        woocommerce.delivery("order.created", woocommerce.order(n, two, all_.after(20))),
    ]
    refunded = woocommerce.order(
        n, two, all_.after(20), updated=all_.after(240), status="completed", refunds=("10.00",)
    )
    all_.later.append(woocommerce.delivery("order.updated", refunded))
    anchors = (Anchor("shop-de", "order", shopify.order_id(n)), Anchor("shop-at", "order", str(n)))
    all_.people.append(Person(one.name, anchors, frozenset({one.email}), orders=2, total="63.80"))


def lukas(all_: Cast, copy: Copy) -> None:
    """A sale at the till tells only an id; whose it is has to be fetched. His test order is no order."""
    n = copy.n(3)
    lukas = all_.tell(copy.who("Lukas", "Hofmann", 3, postal_code="20457", city="Hamburg"))
    customer = square.customer_id(n)
    all_.directory(customer, lukas, 41)
    all_.objects[f"/v2/payments/{square.payment_id(n)}"] = square.payment(n, all_.after(60), cents=2890)
    all_.opening.append(woocommerce.delivery("customer.created", woocommerce.customer(n, lukas, all_.after(4))))
    all_.counter += [all_.sale(n, 60, 2890, customer), all_.sale(copy.n(4), 61, 350, None)]
    trial = shopify.order(n, lukas, all_.after(15), test=True)
    all_.later += [
        shopify.delivery("orders/create", trial, all_.after(15)),
        square.refund_updated(n, all_.after(250), cents=890),
    ]
    anchors = (Anchor("shop-at", "customer", str(n)), Anchor("till", "customer", customer))
    emails = frozenset({lukas.email})
    all_.people.append(Person(lukas.name, anchors, emails, orders=1, total="20.00", city=lukas.city))


def inbox(all_: Cast, copy: Copy) -> None:
    """Two colleagues order with the company's mailbox."""
    mail, group = f"info@tischlerei{copy.index + 1}.example.de", "colleagues on one info@ mailbox"
    home = {"street": "Am Bäckerweg 9", "postal_code": "50667", "city": "Köln"}
    sabine = all_.tell(copy.who("Sabine", "Lindner", 4, email=mail, **home))
    holger = all_.tell(sabine.told(first="Holger", last=copy.last("Brandt", family=50)))
    a, b = copy.n(21), copy.n(22)
    all_.opening.append(shopify.delivery("orders/create", shopify.order(a, sabine, all_.after(16)), all_.after(16)))
    all_.later.append(woocommerce.delivery("order.created", woocommerce.order(b, holger, all_.after(18))))
    all_.people += [
        Person(sabine.name, (Anchor("shop-de", "order", shopify.order_id(a)),), orders=1, group=group),
        Person(holger.name, (Anchor("shop-at", "order", str(b)),), orders=1, group=group),
    ]


def junk(all_: Cast, copy: Copy) -> None:
    """What a cashier types when the till insists: of two customers it is all there is."""
    family = copy.last("Schulz")
    for place, (first, last) in enumerate((("Peter", family), ("Petra", family), ("", ""), ("", ""))):
        n = copy.n(31 + place)
        who = Who(first, last, "null@null.de", "+49000000000", "-", "00000", "-")
        identifier = square.customer_id(n)
        all_.directory(identifier, who, 45)
        all_.counter += [square.customer_created(identifier, who, all_.after(45)), all_.sale(n, 46, 990, identifier)]
        anchors = (Anchor("till", "customer", identifier),)
        all_.people.append(Person(who.name or "a customer with junk alone", anchors, orders=1, group=JUNK))


def marlene(all_: Cast, copy: Copy) -> None:
    """She ticks a box in the shop and later leaves the newsletter; an opt-in from before comes in after that."""
    n = copy.n(5)
    marlene = all_.tell(copy.who("Marlene", "Vogt", 5, postal_code="04109", city="Leipzig"))
    bought = shopify.order(n, marlene, all_.after(13), account=n, accepts_marketing=True)
    all_.opening += [
        shopify.delivery("orders/create", bought, all_.after(13)),
        mailchimp.subscribe(marlene, all_.after(14)),
    ]
    all_.counter.append(mailchimp.unsubscribe(marlene, all_.after(180)))
    opt_in = shopify.email_consent(n, marlene, "subscribed", all_.after(100))
    all_.later.append(shopify.delivery("customers_email_marketing_consent/update", opt_in, all_.after(100)))
    anchors = (
        Anchor("shop-de", "customer", shopify.customer_id(n)),
        Anchor("newsletter", "subscriber", mailchimp.subscriber_id(marlene.email)),
    )
    emails = frozenset({marlene.email})
    all_.people.append(Person(marlene.name, anchors, emails, orders=1, opted_out=True))


def emil(all_: Cast, copy: Copy) -> None:
    """His order is updated, he moves house, and only then the news of the order's creation arrive."""
    n = copy.n(6)
    before = all_.tell(copy.who("Emil", "Fischer", 6, street="Alte Gasse 1", postal_code="52062", city="Aachen"))
    moved = before.told(**copy.home(9, street="Neue Straße 22", postal_code="50667", city="Köln"))
    shipped = shopify.order(n, moved, all_.after(8), account=n, updated=all_.after(150), fulfilled=True)
    all_.opening += [
        shopify.delivery("orders/updated", shipped, all_.after(150)),
        shopify.delivery("customers/update", shopify.customer(n, moved, all_.after(151)), all_.after(151)),
    ]
    all_.later += [
        shopify.delivery("orders/create", shopify.order(n, before, all_.after(8), account=n), all_.after(8)),
        shopify.delivery("customers/create", shopify.customer(n, before, all_.after(7)), all_.after(7)),
        shopify.delivery("refunds/create", shopify.refund(copy.n(7), "20.00", all_.after(260)), all_.after(260)),
        shopify.delivery("orders/create", shopify.order(copy.n(7), moved, all_.after(255), account=n), all_.after(255)),
    ]
    anchors = (Anchor("shop-de", "customer", shopify.customer_id(n)),)
    emails = frozenset({before.email})
    all_.people.append(Person(before.name, anchors, emails, orders=2, total="93.40", city=moved.city))


def zoe(all_: Cast, copy: Copy) -> None:
    """A lead form, a newsletter and WhatsApp."""
    n = copy.n(8)
    zoe = all_.tell(copy.who("Zoë", "Krüger", 7, postal_code="01067", city="Dresden").told(phone=copy.phone(2)))
    all_.objects[f"/v26.0/{meta.lead_id(n)}"] = meta.lead(n, zoe, all_.after(70))
    all_.opening.append(mailchimp.subscribe(zoe.told(phone=""), all_.after(17)))
    all_.counter += [
        meta.leadgen(n, all_.after(70)),
        meta.whatsapp(zoe, "Gibt es das Kleid auch in Grün?", all_.after(75)),
    ]
    anchors = (
        Anchor("newsletter", "subscriber", mailchimp.subscriber_id(zoe.email)),
        Anchor("social", "lead", meta.lead_id(n)),
        Anchor("social", "person", meta.whatsapp_person(zoe)),
    )
    all_.people.append(Person(zoe.name, anchors, frozenset({zoe.email})))


def others(all_: Cast, copy: Copy) -> None:
    """Somebody the CRM refuses, somebody it knows already, and two of whom only an account is known."""
    n = copy.n(9)
    last = copy.last("Wolf", family=50)
    petra = all_.tell(Who("Petra", last, f"petra.{fold(last)}@example.de1"))
    klaus = all_.tell(copy.who("Klaus", "Berger", 8, postal_code="90402", city="Nürnberg"))
    all_.known_to_crm.append(klaus)
    all_.opening += [
        mailchimp.subscribe(petra, all_.after(19)),
        shopify.delivery("customers/create", shopify.customer(n, klaus, all_.after(21)), all_.after(21)),
        shopify.delivery("orders/create", shopify.order(n, klaus, all_.after(22), account=n), all_.after(22)),
    ]
    moved = klaus.told(**copy.home(10, street="Königstraße 5", postal_code="90762", city="Fürth"))
    all_.evening.append(
        shopify.delivery("customers/update", shopify.customer(n, moved, all_.after(400)), all_.after(400))
    )
    psid, igsid = f"74218809{n:08d}", f"10833774{n:08d}"
    all_.counter += [
        meta.messenger(psid, "Haben Sie die Wanderstiefel noch in Größe 42?", all_.after(80)),
        meta.instagram(igsid, "Wann kommt das nach Köln?", all_.after(81)),
        meta.instagram_comment(igsid, f"grete.wandert{n}", "Wunderschön!", all_.after(82)),
    ]
    # Meta repeats it, and the time in the envelope is then another.
    all_.later.append(
        meta.messenger(psid, "Haben Sie die Wanderstiefel noch in Größe 42?", all_.after(80), sent=all_.after(90))
    )
    subscriber = Anchor("newsletter", "subscriber", mailchimp.subscriber_id(petra.email))
    all_.people += [
        Person(petra.name, (subscriber,), refused_by_crm=True),
        Person(klaus.name, (Anchor("shop-de", "customer", shopify.customer_id(n)),), orders=1, city=moved.city),
        Person("someone on Messenger", (Anchor("social", "person", f"messenger:{meta.PAGE}:{psid}"),)),
        Person("someone on Instagram", (Anchor("social", "person", f"instagram:{meta.INSTAGRAM}:{igsid}"),)),
    ]


def crowd(all_: Cast, index: int) -> None:
    """Ordinary customers of one to three channels."""
    n = 1_000_000 + index
    number = MAX_SCALE * HOUSEHOLDS + index
    first, last = words.name(number)
    street, postal_code, city = words.home(number)
    who = all_.tell(
        Who(first, last, words.email(first, last, index), street=street, postal_code=postal_code, city=city)
    )
    anchors, orders = [*_account(all_, index, n, who)], 1
    if index % 2 == 0:
        all_.opening.append(mailchimp.subscribe(who, all_.after(300 + index / 60)))
        anchors.append(Anchor("newsletter", "subscriber", mailchimp.subscriber_id(who.email)))
    if index % 4 == 0:
        body = woocommerce.order(n + 500_000, who, all_.after(330 + index / 60))
        all_.later.append(woocommerce.delivery("order.created", body))
        anchors.append(Anchor("shop-at", "order", str(n + 500_000)))
        orders += 1
    all_.people.append(Person(who.name, tuple(anchors), frozenset({who.email}), orders=orders))


def _account(all_: Cast, index: int, n: int, who: Who) -> Iterator[Anchor]:
    minutes = 100 + index / 60
    if index % 3 == 0:
        all_.opening += [
            shopify.delivery("customers/create", shopify.customer(n, who, all_.after(minutes)), all_.after(minutes)),
            shopify.delivery(
                "orders/create", shopify.order(n, who, all_.after(minutes + 1), account=n), all_.after(minutes + 1)
            ),
        ]
        yield Anchor("shop-de", "customer", shopify.customer_id(n))
    elif index % 3 == 1:
        all_.opening += [
            woocommerce.delivery("customer.created", woocommerce.customer(n, who, all_.after(minutes))),
            woocommerce.delivery("order.created", woocommerce.order(n, who, all_.after(minutes + 1), account=n)),
        ]
        yield Anchor("shop-at", "customer", str(n))
    else:
        identifier = square.customer_id(n)
        all_.directory(identifier, who, minutes)
        all_.counter.append(all_.sale(n, minutes, 1290, identifier))
        yield Anchor("till", "customer", identifier)


def broken(all_: Cast) -> None:
    """A body that is no JSON, a signature of somebody else, topics nobody reads."""
    at = all_.after(25)
    stranger = all_.tell(Who("Ein", "Fremder", "fremder@example.com"))
    all_.opening += [
        shopify.delivery("orders/create", b'{"id": 1, "email": ', at, expect="parked"),
        shopify.delivery("orders/create", shopify.order(1, stranger, at), at, expect="refused", forged=True),
        shopify.delivery("collections/update", shopify.collection(1, at), at, expect="skipped"),
        mailchimp.campaign(at),
    ]


PLAYS = (anna, beckers, spellings, lukas, inbox, junk, marlene, emil, zoe, others)
