"""What the demo's shops sell, and what somebody of a taste puts into a basket. All is drawn from ``chance``."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from hub.demo.payloads import Good

TEA = Good(1, "TEE-250", "Ostfriesentee 250 g", 1290, "Tee")
CANDY = Good(2, "KANDIS", "Kluntje-Kandis", 590, "Tee")
POT = Good(3, "KANNE", "Teekanne Porzellan", 3900, "Kannen")
IRON_POT = Good(4, "KANNE-E", "Teekanne Gusseisen", 7900, "Kannen")
WARMER = Good(5, "STOEV", "Stövchen", 2450, "Tisch")
SHIRT = Good(6, "FH-BL", "Fischerhemd", 5180, "Kleidung")
CAP = Good(7, "MUETZE", "Wollmütze", 2490, "Kleidung")
COAT = Good(8, "FRIESE", "Friesennerz", 9900, "Jacken")
PARKA = Good(9, "PARKA", "Deichparka", 17900, "Jacken")
BAG = Good(10, "SACK", "Seesack", 4900, "Taschen")
MUG = Good(11, "BECHER", "Emaillebecher", 1190, "Tisch")
CANDLE = Good(12, "KERZE", "Windlicht", 1990, "Tisch")

GOODS: Sequence[Good] = (TEA, CANDY, POT, IRON_POT, WARMER, SHIRT, CAP, COAT, PARKA, BAG, MUG, CANDLE)

TASTES = ("tea", "tea", "sea", "sea", "home")
"""What people come for; tea and the sea are as common."""


def basket(taste: str, earlier: Sequence[Good], chance: Random) -> list[Good]:
    """What somebody buys next, who bought ``earlier``; never nothing, and nothing twice."""
    if taste == "tea":
        found = _perhaps(chance, (TEA, 0.85), (CANDY, 0.5)) or [TEA]
        found += _perhaps(chance, (WARMER, 0.08)) if POT in earlier else _perhaps(chance, (POT, 0.35), (WARMER, 0.25))
        found += _perhaps(chance, (IRON_POT, 0.15)) if POT in earlier and IRON_POT not in earlier else []
    elif taste == "sea":
        first = SHIRT if not earlier else chance.choice((SHIRT, CAP, BAG, COAT))
        found = [first, *_perhaps(chance, (CAP, 0.4), (BAG, 0.15), (COAT, 0.12))]
        found += _perhaps(chance, (PARKA, 0.25)) if COAT in earlier and PARKA not in earlier else []
    else:
        found = [chance.choice((MUG, CANDLE, WARMER)), *_perhaps(chance, (MUG, 0.35), (CANDLE, 0.4), (TEA, 0.1))]
    return list(dict.fromkeys(found))


def _perhaps(chance: Random, *goods: tuple[Good, float]) -> list[Good]:
    return [one for one, share in goods if chance.random() < share]
