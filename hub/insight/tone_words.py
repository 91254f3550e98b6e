"""Words of praise and complaint in messages to shops, German and English: Hub's own list, written for this.

A word of five letters or more stands for all that begin with it (``enttaeusch``); a shorter one for itself. Umlauts are
written out, as texts are before they are looked at. Numbers are how strongly a word speaks, from -3 to 3.
"""

from __future__ import annotations

from collections.abc import Mapping

_POSITIVE = """
3 begeister super toll tolle tollen toller tolles genial perfekt hervorragend ausgezeichnet grossartig
3 fantastisch traumhaft liebe wunderbar
3 excellent perfect amazing awesome fantastic wonderful brilliant outstanding love loved superb delighted
2 zufrieden empfehl freundlich schnell gut gute guten gutes guter danke dankesch klasse prima spitze freu freue schoen
2 schoene schoenes wunderschoen dank weiterempfehl lieblings gefreut klappt geklappt top zuverlaessig hilfreich
2 gefaellt gefallen lecker wertig gerne lob kompetent nett nette netten
2 great good happy thanks thank recommend friendly fast quick helpful nice pleased satisfied beautiful reliable lovely
2 best better impress enjoy enjoyed glad tasty comfortable appreciate
1 okay bequem sauber puenktlich problemlos unkompliziert besser besten
1 fine easy smooth smoothly works prompt promptly clean comfy
"""
_NEGATIVE = """
3 katastroph frechheit unverschaemt betrug betrueg abzocke furchtbar schrecklich grauenhaft miserabel unmoeglich
3 terrible horrible awful disgust scam fraud worst ridiculous unacceptable appalling disaster rubbish disgrace
2 enttaeusch schlecht kaputt defekt mangelhaft beschaedigt zerbrochen gerissen falsch falsche falsches aerger
2 aergerlich
2 sauer wuetend unfreundlich reklam beschwer mangel fehlerhaft unbrauchbar unzufrieden nervig nervt leider verspaet
2 verloren schimmel unzumutbar inakzeptabel zumutung stinkt billig schade muell schrott bescheuert nie
2 bad broken damaged defect faulty poor disappoint angry annoy complain complaint wrong rude useless missing unhappy
2 late
2 fail failed fails upset frustrat waste cheap torn cracked stained smells mess ignored lost unhelpful hate
1 problem probleme fehler warte warten gewartet langsam spaet fehlt fehlen kompliziert zurueck stornier mahnung
1 verzoeger
1 problems error slow delay wait waiting waited issue issues refund overcharged cancel sorry unfortunately stuck
1 unclear
"""


def _read(text: str, sign: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in text.split("\n"):
        strength, *words = line.split() or ("0",)
        found |= dict.fromkeys(words, sign * int(strength))
    return found


WORDS: Mapping[str, int] = {
    **_read(_POSITIVE, 1), **_read(_NEGATIVE, -1), **dict.fromkeys(("lieber", "liebes", "supermarkt", "schadet"), 0),
}  # fmt: skip

PHRASES: Mapping[str, int] = {
    "nie wieder": -3, "never again": -3, "nicht nur": 0, "not only": 0, "kein problem": 1, "keine probleme": 2,
    "no problem": 1, "no problems": 2, "no complaints": 2, "ohne probleme": 2, "without a doubt": 1, "gar nicht": 0,
    "zu teuer": -2, "too expensive": -2, "too small": -1, "too big": -1, "zu klein": -1, "zu gross": -1,
    "wo bleibt": -2, "where is": -1, "nicht angekommen": -3, "never arrived": -3, "not arrived": -3,
    "kommt nicht": -2,
    "funktioniert nicht": -3, "geht nicht": -2, "does not work": -3, "doesn t work": -3, "doesnt work": -3,
    "not working": -3, "stopped working": -3, "geld zurueck": -2, "money back": -2, "keine antwort": -2,
    "no answer": -2, "no reply": -2, "no response": -2, "niemand antwortet": -3, "nobody answers": -3,
    "so la la": 0, "immer wieder gerne": 3, "gern wieder": 3, "gerne wieder": 3, "any time again": 3,
    "will order again": 3, "bestelle wieder": 3, "weiter so": 3, "keep it up": 3, "noch nicht da": -2,
    "immer noch nicht": -3, "still not": -2, "still waiting": -3, "schade dass": -2, "gut angekommen": 2,
    "arrived safely": 2, "not the worst": 0, "nothing special": -1, "nichts besonderes": -1, "guten tag": 0,
    "liebe gruesse": 0, "liebes team": 0,
    "liebe leute": 0,
    "guten morgen": 0, "guten abend": 0, "good morning": 0, "good afternoon": 0, "good evening": 0,
    "vielen dank im voraus": 0,
    "danke im voraus": 0, "thanks in advance": 0, "what a pity": -2, "let down": -2, "fell apart": -3,
    "wuerde gerne": 0,
    "moechte gerne": 0, "would like": 0, "was fuer": 0, "how fast": 0, "wie schnell": 0, "hard work": 1,
}  # fmt: skip
"""Read before single words; 0 says nothing, and keeps its words from saying something."""

NEGATIONS = frozenset(
    {
        "nicht", "kein", "keine", "keinen", "keinem", "keiner", "nie", "niemals", "weder", "kaum", "ohne",
        "not", "no",
        "never", "without", "hardly", "neither", "nobody", "cannot", "cant", "dont", "doesnt", "didnt", "isnt",
        "wasnt",
        "wont", "t",
    }
)  # fmt: skip
"""``t`` is what is left of don't."""

AFTERWARDS = frozenset({"nicht", "niemals", "nie"})
"""German says it behind the verb: es gefällt mir nicht."""

STRONGER = frozenset(
    {"sehr", "so", "total", "extrem", "absolut", "wirklich", "mega", "very", "really", "extremely", "super"}
)
SIGNS: Mapping[str, int] = {
    **dict.fromkeys("😀😃😄😁😊🙂😍🥰😘❤👍🎉🙏💯⭐😋🤩👏", 2), **dict.fromkeys("😡😠🤬😢😭👎😞😤🤮😒🙁☹", -2),
}  # fmt: skip

TOPICS: Mapping[str, tuple[str, ...]] = {
    "delivery": (
        "liefer", "paket", "versand", "sendung", "zustell", "geliefert", "dhl", "angekommen", "ankommt", "verspaet",
        "deliver", "parcel", "package", "shipping", "shipment", "courier", "tracking", "arrive", "arrived",
    ),
    "return": (
        "retour", "rueckgabe", "rueckerstatt", "umtausch", "erstatt", "zuruecks", "zurueckg", "geld", "refund",
        "return", "exchange", "money",
    ),
    "price": (
        "preis", "teuer", "rechnung", "rabatt", "gutschein", "kosten", "mahnung", "abgebucht",
        "price", "expensive", "invoice", "discount", "voucher", "charged", "overcharged", "coupon",
    ),
    "service": (
        "service", "hotline", "support", "mitarbeiter", "beratung", "antwort", "kundendienst", "personal",
        "verkaeufer",
        "staff", "reply", "answer", "response", "team", "helpdesk", "assistant",
    ),
    "product": (
        "qualitaet", "artikel", "produkt", "ware", "groesse", "farbe", "kaputt", "defekt", "passt", "stoff",
        "material",
        "kanne", "tee", "jacke", "schuh", "quality", "product", "item", "size", "colour", "color", "broken",
        "faulty", "fits",
        "fabric", "works", "shoes",
    ),
    "shop": (
        "website", "webseite", "bestellung", "bezahl", "warenkorb", "konto", "login",
        "passwort", "newsletter",
        "checkout", "account",
        "password", "order", "page", "app",
    ),
}  # fmt: skip
"""What a message is about: the topic with most words, the first of equals."""
