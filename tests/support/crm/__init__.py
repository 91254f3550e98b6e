"""CRMs in memory, one module each, and what is needed to put every dialect to the same laws.

A double speaks the part of the vendor's HTTP API that Hub uses, as strictly as the vendor does. ``House`` delivers to
it as ``hub.outbox`` does, without a database; ``Hostile`` and ``Lagging`` stand between the two.
"""

from tests.support.crm.double import Double, Order, Person, doubles
from tests.support.crm.hostile import AFTER, BEFORE, FAULTS, Hostile, Killed, is_read
from tests.support.crm.house import House, house_before
from tests.support.crm.lagging import Lagging

__all__ = [
    "AFTER",
    "BEFORE",
    "FAULTS",
    "Double",
    "Hostile",
    "House",
    "Killed",
    "Lagging",
    "Order",
    "Person",
    "doubles",
    "house_before",
    "is_read",
]
