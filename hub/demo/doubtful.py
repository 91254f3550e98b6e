"""The difficult part of the cast: found by evidence alone, kept apart by guards, or for nobody but a person to tell.

Deterministic, like the first part.
"""

from __future__ import annotations

from hub.demo import words
from hub.demo.payloads import Who, shopify, square, woocommerce
from hub.demo.roles import MAX_SCALE, Anchor, Cast, Copy, Doubt, Mistake, Person
from hub.mapping.name import fold

WALK_INS = 11
"""Customers on the till's own telephone before the last one comes: more than the rules allow one number."""

A_WEEK = 7 * 24 * 60
"""Minutes between one of them and the next."""

_FIRST_WALK_IN = 8_000
"""Number of the first name of theirs, beyond those of everybody else."""

DEFAULT_PHONE = "the till's own telephone, typed for everybody"
RELAY = "one relay address of a marketplace"


def typing_errors(all_: Cast, copy: Copy) -> None:
    """At the till a name without umlauts and an e-mail with a letter missing; only the telephone is the same."""
    n, phone = copy.n(41), copy.phone(3)
    home = {"street": "Deichstraße 25", "postal_code": "20459", "city": "Hamburg"}
    last = copy.last("Brandstätter", family=25)  # not Anna's: one first name is a short form of the other
    told = copy.who("Änne", last, 11, email=words.email("Änne", last, 11), **home)
    shopper = all_.tell(told.told(last=last, phone=phone))
    mailbox, _, domain = shopper.email.partition("@")
    mistyped = f"{mailbox[:-2]}{mailbox[-1]}@{domain}"
    till = Who("Aenne", fold(shopper.last).title(), mistyped, phone, "", "", "")
    customer = square.customer_id(n)
    all_.opening += [
        shopify.delivery("customers/create", shopify.customer(n, shopper, all_.after(26)), all_.after(26)),
        shopify.delivery("orders/create", shopify.order(n, shopper, all_.after(27), account=n), all_.after(27)),
    ]
    all_.directory(customer, all_.tell(till), 20)
    all_.counter += [square.customer_created(customer, till, all_.after(20)), all_.sale(n, 84, 2150, customer)]
    anchors = (Anchor("shop-de", "customer", shopify.customer_id(n)), Anchor("till", "customer", customer))
    emails = frozenset({shopper.email, till.email})
    all_.people.append(
        Person(shopper.name, anchors, emails, orders=2, featured="other spelling, typing error in the e-mail")
    )


def nothing_shared(all_: Cast, copy: Copy) -> None:
    """A guest of the shop and two loyalty forms at the till: no e-mail, no telephone and no number in common."""
    n = copy.n(42)
    home = {"street": "Gartenweg 12", "postal_code": "04277", "city": "Leipzig"}
    guest = all_.tell(copy.who("Friederike", "Sommerfeld", 12, **home))
    born = f"19{60 + copy.index % 40:02d}-05-{14 + copy.index % 13}"
    form = guest.told(first="Friedericke", email="", birthday=born)
    turned = Who(guest.last, guest.first, street="", postal_code="", city="", birthday=born)
    all_.opening.append(woocommerce.delivery("order.created", woocommerce.order(n, guest, all_.after(28))))
    anchors = [Anchor("shop-at", "order", str(n))]
    for letter, who, minutes in (("A", form, 21), ("B", turned, 22)):
        customer = square.customer_id(n, letter)
        all_.directory(customer, all_.tell(who), minutes)
        all_.counter.append(square.customer_created(customer, who, all_.after(minutes)))
        anchors.append(Anchor("till", "customer", customer))
    all_.counter.append(all_.sale(n, 88, 1870, square.customer_id(n, "B")))
    all_.people.append(
        Person(guest.name, tuple(anchors), frozenset({guest.email}), orders=2, featured="no identifier in common")
    )


def default_phone(all_: Cast, copy: Copy) -> None:
    """Who tells no telephone at the till gets the till's. The last of them has the first name of one before."""
    phone = copy.phone(4)
    names = [words.name(_FIRST_WALK_IN + copy.index * WALK_INS + number) for number in range(WALK_INS - 1)]
    names += [("Michael", copy.last("Arndt")), ("Michael", copy.last("Seidel", family=50))]
    for number, (first, last) in enumerate(names):
        n = copy.n(50 + number)
        who, customer = all_.tell(Who(first, last, "", phone, "", "", "")), square.customer_id(n)
        minutes = 90 + number / 10 - A_WEEK * (WALK_INS - number)
        all_.directory(customer, who, minutes)
        made = square.customer_created(customer, who, all_.after(minutes))
        came = (made, all_.sale(n, minutes + 3, 990, customer))
        (all_.later if number == WALK_INS else all_.counter).extend(came)
        all_.people.append(Person(who.name, (Anchor("till", "customer", customer),), orders=1, group=DEFAULT_PHONE))


def relay(all_: Cast, copy: Copy) -> None:
    """Two who buy at a marketplace: the shop is told one relay address for both, and both are called Sven."""
    address = f"auftrag-{copy.n(63)}@marketplace.amazon.de"
    for place, last in enumerate((copy.last("Barth"), copy.last("Adler", family=50))):
        n = copy.n(63 + place)
        sven = all_.tell(Who("Sven", last, address, **copy.home(13 + place)))
        part = (all_.opening, all_.later)[place]
        part.append(
            shopify.delivery("orders/create", shopify.order(n, sven, all_.after(29), price="29.00"), all_.after(29))
        )
        anchors = (Anchor("shop-de", "order", shopify.order_id(n)),)
        all_.people.append(Person(sven.name, anchors, orders=1, group=RELAY))


def doubts(all_: Cast, copy: Copy) -> None:
    """Names agree, and a little more or less: Stefan's case is answered by a person, Claudia's is left."""
    n = copy.n(43)
    place = copy.home(15, postal_code="68159", city="Mannheim")
    stefan = all_.tell(copy.who("Stefan", "Wagner", 15).told(**place, phone=copy.phone(5)))
    address = f"{fold(stefan.last)}.privat@example.com"
    moved = all_.tell(
        stefan.told(email=address, phone=Copy(copy.index + MAX_SCALE).phone(5), street=copy.home(16)["street"])
    )
    all_.opening += [
        shopify.delivery("customers/create", shopify.customer(n, stefan, all_.after(31)), all_.after(31)),
        shopify.delivery(
            "orders/create", shopify.order(n, stefan, all_.after(32), account=n, price="129.00"), all_.after(32)
        ),
        woocommerce.delivery("customer.created", woocommerce.customer(n, moved, all_.after(33))),
        woocommerce.delivery("order.created", woocommerce.order(n, moved, all_.after(34), account=n, net="70.00")),
    ]
    one, other = Anchor("shop-de", "customer", shopify.customer_id(n)), Anchor("shop-at", "customer", str(n))
    all_.doubts.append(Doubt(one, other, accept=True, reason="called him: both are his"))
    all_.people.append(Person(stefan.name, (one, other), frozenset({stefan.email, address}), orders=2))
    m, customer = copy.n(44), square.customer_id(copy.n(44))
    claudia = all_.tell(copy.who("Claudia", "Neubauer", 17))
    till = Who(claudia.first, claudia.last, street="", postal_code="", city="")
    all_.opening += [
        shopify.delivery("customers/create", shopify.customer(m, claudia, all_.after(35)), all_.after(35)),
        shopify.delivery("orders/create", shopify.order(m, claudia, all_.after(36), account=m), all_.after(36)),
    ]
    all_.directory(customer, till, 97)
    all_.counter += [square.customer_created(customer, till, all_.after(97)), all_.sale(m, 98, 4590, customer)]
    anchors = Anchor("shop-de", "customer", shopify.customer_id(m)), Anchor("till", "customer", customer)
    all_.doubts.append(Doubt(*anchors, accept=False))
    all_.people += [
        Person(claudia.name, (anchors[0],), frozenset({claudia.email}), orders=1),
        Person(f"{claudia.name} at the till", (anchors[1],), orders=1),
    ]


def father_and_son(all_: Cast, copy: Copy) -> None:
    """Two of one name, and the son moves back home: everything speaks for one person, until somebody knows better."""
    father_id = Anchor("shop-de", "customer", shopify.customer_id(copy.n(45)))
    # The older profile stays when two become one. Both may come in one batch, and then the smaller id decides.
    numbers = (copy.n(45) + 10_000 * more for more in range(100))
    number = next(n for n in numbers if Anchor("shop-at", "customer", str(n)).profile > father_id.profile)
    home = {"street": "Rosenweg 8", "postal_code": "99084", "city": "Erfurt"}
    father = all_.tell(copy.who("Karl", "Hoffmann", 18, **home).told(phone=copy.phone(7)))
    last = fold(father.last)
    away = all_.tell(copy.who("Karl", "Hoffmann", 19, email=f"{last}.junior@example.com"))
    back = away.told(street=father.street, postal_code=father.postal_code, city=father.city, phone=father.phone)
    n = copy.n(45)
    all_.opening += [
        shopify.delivery("customers/create", shopify.customer(n, father, all_.after(37)), all_.after(37)),
        shopify.delivery(
            "orders/create", shopify.order(n, father, all_.after(38), account=n, price="89.00"), all_.after(38)
        ),
    ]
    all_.counter += [
        woocommerce.delivery("customer.created", woocommerce.customer(number, away, all_.after(99))),
        woocommerce.delivery("order.created", woocommerce.order(number, away, all_.after(99.5), account=number)),
    ]
    all_.later.append(woocommerce.delivery("customer.updated", woocommerce.customer(number, back, all_.after(235))))
    son_id = Anchor("shop-at", "customer", str(number))
    names = (f"{father.name}, the father", f"{father.name}, his son")
    all_.mistakes.append(Mistake(names, father_id, son_id, "father and son, the son moved back home"))
    all_.people += [
        Person(names[0], (father_id,), frozenset({father.email}), orders=1, city=father.city),
        Person(names[1], (son_id,), frozenset({away.email}), orders=1, city=back.city),
    ]


PLAYS = (typing_errors, nothing_shared, default_phone, relay, doubts, father_and_son)
