"""People whose names were carried from another language or script, and so are written in many ways.

Who they are beside the name is the same in all of these sets: in two of three records a date of birth, in four of five
the address, in nearly half a number, in nearly half a mailbox: of nine true pairs in ten something beside the name ties
the records, if by way of others. Every third lives with relatives of the same last name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from benchmarks.kinds import script_words as words
from benchmarks.kinds import script_words_unseen as unseen
from benchmarks.kinds import transcribing
from benchmarks.kinds.drawing import Draw, endless
from benchmarks.kinds.homes import Told
from benchmarks.kinds.transcribing import plain
from benchmarks.people import Row, Zipf


@dataclass(frozen=True, slots=True)
class Name:
    """As its bearer has it; ``forms`` of the first name and of the last, the usual one first."""

    female: bool
    first: tuple[str, ...]
    middle: str
    last: tuple[str, ...]


Invent = Callable[[Draw, Name | None], Name]
"""A name; of a relative of the one that is given."""

Write = Callable[[Draw, Name], tuple[str, str]]
"""First and last name as one system has them."""


def _told(invent: Invent, write: Write, draw: Draw) -> Told:
    number = 0
    while True:
        head = invent(draw, None)
        house = [head] + [invent(draw, head) for _ in range(draw.count((0.5, 0.5)) if draw.chance(0.33) else 0)]
        door, place = draw.door(), draw.place()
        for name in house:
            born, phone = draw.born(), draw.mobile()
            email = draw.email(_latin(name.first[0]), _latin(name.last[0]), born)
            for _ in range(draw.count((0.35, 0.3, 0.2, 0.15))):
                row: Row = {"source": draw.choice(("shop", "crm", "till", "register"))}
                row["first_name"], row["last_name"] = write(draw, name)
                if draw.chance(0.65):
                    row["birth_date"] = draw.misdated(born, 0.03)
                if draw.chance(0.8):
                    row.update(draw.address(door, place))
                if draw.chance(0.45):
                    row["phone"] = draw.dialled(phone, 0.01)
                if draw.chance(0.45):
                    row["email"] = draw.mailed(email, 0.02)
                yield f"p{number}", row
            number += 1


def _latin(text: str) -> str:
    if text.isascii():
        return text
    if "Α" <= plain(text)[0].upper() <= "Ω":
        return transcribing.greek(text, "elot")
    return transcribing.cyrillic(plain(text), transcribing.CYRILLIC["passport"])


def _zipf(names: list[str], power: float = 0.8) -> Zipf:
    return Zipf(names, 4, power)


def _invent(men: Zipf, women: Zipf, last: Zipf, draw: Draw, kin: Name | None) -> Name:
    female = draw.chance(0.5)
    first = tuple((women if female else men).draw(draw).split("/"))
    middle = (women if female else men).draw(draw).partition("/")[0] if draw.chance(0.2) else ""
    return Name(female, first, middle, kin.last if kin else tuple(last.draw(draw).split("/")))


def _form(draw: Draw, forms: tuple[str, ...], others: float) -> str:
    return draw.choice(forms[1:]) if len(forms) > 1 and draw.chance(others) else forms[0]


# -- Polish -----------------------------------------------------------------------------------------------------------


def _polish(draw: Draw, name: Name) -> tuple[str, str]:
    """Marks kept, dropped or garbled; German spellings and short forms; a wife's -ska as -ski; swapped names."""
    first, last = _form(draw, name.first, 0.15), name.last[0]
    if name.female and last.endswith("ski") and not draw.chance(0.12):
        last = f"{last[:-1]}a"
    if name.middle and draw.chance(0.4):
        first = f"{first} {name.middle if draw.chance(0.5) else f'{name.middle[0]}.'}"
    how = draw.random()
    if how < 0.5:
        first, last = plain(first), plain(last)
    elif how < 0.58:
        first, last = (_garbled(draw, text) for text in (first, last))
    elif how < 0.66:
        first, last = plain(first), _german(plain(last))
    if draw.chance(0.04):
        first, last = last, first
    return draw.typed(first, 0.02), draw.typed(last, 0.03)


def _garbled(draw: Draw, text: str) -> str:
    sign = draw.choice(("", "?", "_"))
    return "".join(letter if letter.isascii() or letter in "óÓ" else sign for letter in text)


def _german(text: str) -> str:
    for old, new in (("sz", "sch"), ("Sz", "Sch"), ("cz", "tsch"), ("Cz", "Tsch"), ("w", "v"), ("rz", "sch")):
        text = text.replace(old, new)
    return text


# -- Arabic -----------------------------------------------------------------------------------------------------------


def _arabic(draw: Draw, name: Name) -> tuple[str, str]:
    """Vowels and doubled letters as they come; al- joined, apart, el or left out; the father's name in between."""
    first, last = _form(draw, name.first, 0.4), _form(draw, name.last, 0.35)
    head, dash, tail = last.partition("-")
    if dash:
        tail = tail.capitalize()
        forms = [f"{head.capitalize()}-{tail}", f"{head.capitalize()} {tail}", f"{head.capitalize()}{tail.lower()}"]
        if head == "al":
            forms += [f"El-{tail}", f"El {tail}", f"El{tail.lower()}", f"al {tail}", tail]
        last = draw.choice(forms)
    if name.middle and draw.chance(0.5):
        if draw.chance(0.6):
            first = f"{first} {name.middle}"
        else:
            last = f"{name.middle} {last}"
    if draw.chance(0.06):
        first, last = last, first
    return draw.typed(first, 0.02), draw.typed(last, 0.02)


# -- Chinese ----------------------------------------------------------------------------------------------------------


def _chinese_name(syllables: Zipf, last_names: Zipf, western_names: list[str], draw: Draw, kin: Name | None) -> Name:
    given = tuple(syllables.draw(draw) for _ in range(1 if draw.chance(0.2) else 2))
    western = draw.choice(western_names) if draw.chance(0.25) else ""
    last = kin.last if kin else tuple(last_names.draw(draw).split("/"))
    first = tuple("/".join(each.split("/")[place] for each in given) for place in range(3))
    return Name(False, ("".join(first[0].split("/")).capitalize(), *first), western, last)


def _chinese(draw: Draw, name: Name) -> tuple[str, str]:
    """Pinyin in one word or two, in either order; Wade-Giles and Cantonese; a western name instead; characters."""
    syllables, wade, characters = (each.split("/") for each in name.first[1:])
    if draw.chance(0.04):
        return characters[0] if len(characters) == 1 else "".join(characters), name.last[-1]
    last = name.last[0]
    if name.middle and draw.chance(0.3):
        first = name.middle if draw.chance(0.6) else f"{name.middle} {''.join(syllables).capitalize()}"
    elif draw.chance(0.08):
        first, last = "-".join(wade).capitalize(), name.last[1]
    else:
        forms = (
            "".join(syllables).capitalize(),
            " ".join(map(str.capitalize, syllables)),
            "-".join(syllables).capitalize(),
        )
        first = forms[0] if draw.chance(0.6) else draw.choice(forms[1:])
        if draw.chance(0.06):
            last = draw.choice(name.last[1:-1])
        if draw.chance(0.05):
            first = " ".join(f"{each[0].upper()}." for each in syllables)
    if draw.chance(0.15):
        first, last = last, first
    return draw.typed(first, 0.01), last


# -- Vietnamese -------------------------------------------------------------------------------------------------------


def _vietnamese_name(
    men: tuple[list[str], list[str]], women: tuple[list[str], list[str]], last: Zipf, draw: Draw, kin: Name | None
) -> Name:
    female = draw.chance(0.5)
    middles, givens = women if female else men
    middle = draw.choice(middles)
    given = _zipf(givens, 0.5).draw(draw)
    return Name(female, (given,), middle, kin.last if kin else tuple(last.draw(draw).split("/")))


def _vietnamese(draw: Draw, name: Name) -> tuple[str, str]:
    """Family name first or last, the middle name with either or left out; marks mostly dropped."""
    family = _form(draw, name.last, 0.03)
    given, middle = name.first[0], name.middle
    how = draw.random()
    if how < 0.4:
        first, last = f"{middle} {given}", family
    elif how < 0.65:
        first, last = given, family
    elif how < 0.78:
        first, last = given, f"{family} {middle}"
    elif how < 0.9:
        first, last = family, f"{middle} {given}"
    else:
        first, last = f"{given} {middle}", family
    if draw.chance(0.7):
        first, last = plain(first), plain(last)
    return draw.typed(first, 0.01), draw.typed(last, 0.01)


# -- Turkish ----------------------------------------------------------------------------------------------------------


def _turkish(draw: Draw, name: Name) -> tuple[str, str]:
    """Marks kept, dropped, written out the German way, or garbled; the first or the second of two given names."""
    first, last = _form(draw, name.first, 0.1), name.last[0]
    if name.middle:
        how = draw.random()
        first = f"{first} {name.middle}" if how < 0.5 else name.middle if how < 0.6 else first
    if name.female and draw.chance(0.04):
        last = f"{last}-{_TURKISH_LAST.draw(draw)}"
    how = draw.random()
    if how < 0.45:
        first, last = plain(first), plain(last)
    elif how < 0.6:
        first, last = (_written_out(text) for text in (first, last))
    elif how < 0.66:
        first, last = (_garbled(draw, text) for text in (first, last))
    elif how < 0.72:
        first, last = first.upper(), last.upper()
    if draw.chance(0.03):
        first, last = last, first
    return draw.typed(first, 0.02), draw.typed(last, 0.02)


def _written_out(text: str) -> str:
    for old, new in (("ö", "oe"), ("ü", "ue"), ("Ö", "Oe"), ("Ü", "Ue"), ("ş", "sch"), ("Ş", "Sch"), ("ç", "tsch")):
        text = text.replace(old, new)
    return plain(text)


# -- Russian, Ukrainian, Greek ----------------------------------------------------------------------------------------


def _cyrillic_name(draw: Draw, kin: Name | None) -> Name:
    ukrainian = kin.middle == "uk" if kin else draw.chance(0.35)
    men, women, last = _UKRAINIAN if ukrainian else _RUSSIAN
    name = _invent(men, women, last, draw, kin)
    return Name(name.female, name.first, "uk" if ukrainian else "ru", name.last)


def _cyrillic(draw: Draw, name: Name) -> tuple[str, str]:
    """By the table of a passport, a map, a newspaper or a scholar; in Cyrillic; short forms; a wife's -ova as -ov."""
    first, last = name.first[0], name.last[0]
    if name.female and not draw.chance(0.08):
        last = (
            f"{last}а" if last.endswith(("ов", "ев", "ёв", "ин")) else f"{last[:-2]}ая" if last.endswith("ий") else last
        )
    short = draw.choice(name.first[1:]) if len(name.first) > 1 and draw.chance(0.08) else ""
    if draw.chance(0.08):
        return first, last
    table = draw.one_of((("passport", 0.45), ("british", 0.2), ("german", 0.27), ("scholarly", 0.08)))
    letters = (transcribing.UKRAINIAN if name.middle == "uk" else transcribing.CYRILLIC)[table]
    first, last = short or transcribing.cyrillic(first, letters), transcribing.cyrillic(last, letters)
    if draw.chance(0.04):
        first, last = last, first
    return draw.typed(first, 0.02), draw.typed(last, 0.02)


def _greek(draw: Draw, name: Name) -> tuple[str, str]:
    """By ELOT 743, letter by letter, or by ear; in Greek; short and foreign forms; a wife's -ou and -i."""
    first, last = name.first[0], name.last[0]
    if name.female and not draw.chance(0.06):
        last = _of_a_woman(last)
    short = draw.choice(name.first[1:]) if len(name.first) > 1 and draw.chance(0.3) else ""
    if draw.chance(0.07):
        return first, last
    table = draw.one_of((("elot", 0.55), ("older", 0.2), ("spoken", 0.25)))
    first, last = short or transcribing.greek(first, table), transcribing.greek(last, table)
    if draw.chance(0.03):
        first, last = last, first
    return draw.typed(first, 0.02), draw.typed(last, 0.02)


def _of_a_woman(last: str) -> str:
    for man, woman in (("όπουλος", "οπούλου"), ("ος", "ου"), ("ής", "ή"), ("ης", "η"), ("άς", "ά"), ("ας", "α")):
        if last.endswith(man):
            return last.removesuffix(man) + woman
    return last


_TURKISH_LAST = _zipf(words.TURKISH_LAST)
_RUSSIAN = tuple(map(_zipf, (words.RUSSIAN_MEN, words.RUSSIAN_WOMEN, words.RUSSIAN_LAST)))
_UKRAINIAN = tuple(map(_zipf, (words.UKRAINIAN_MEN, words.UKRAINIAN_WOMEN, words.UKRAINIAN_LAST)))


def _of(men: list[str], women: list[str], last: list[str]) -> Invent:
    return partial(_invent, _zipf(men), _zipf(women), _zipf(last))


def _chinese_of(given: list[str], last: list[str], western: list[str]) -> Invent:
    return partial(_chinese_name, _zipf(given, 0.4), _zipf(last, 1.0), western)


def _vietnamese_of(
    men: tuple[list[str], list[str]], women: tuple[list[str], list[str]], last: list[str], power: float = 1.2
) -> Invent:
    return partial(_vietnamese_name, men, women, Zipf(last, 0.5, power))


polish = endless(partial(_told, _of(words.POLISH_MEN, words.POLISH_WOMEN, words.POLISH_LAST), _polish))
polish_unseen = endless(partial(_told, _of(unseen.POLISH_MEN, unseen.POLISH_WOMEN, unseen.POLISH_LAST), _polish))
arabic = endless(partial(_told, _of(words.ARABIC_MEN, words.ARABIC_WOMEN, words.ARABIC_LAST), _arabic))
arabic_unseen = endless(partial(_told, _of(unseen.ARABIC_MEN, unseen.ARABIC_WOMEN, unseen.ARABIC_LAST), _arabic))
chinese = endless(partial(_told, _chinese_of(words.CHINESE_GIVEN, words.CHINESE_LAST, words.WESTERN), _chinese))
chinese_unseen = endless(
    partial(_told, _chinese_of(unseen.CHINESE_GIVEN, unseen.CHINESE_LAST, unseen.WESTERN), _chinese)
)
vietnamese = endless(
    partial(
        _told,
        _vietnamese_of(
            (words.VIETNAMESE_MIDDLE_MEN, words.VIETNAMESE_MEN),
            (words.VIETNAMESE_MIDDLE_WOMEN, words.VIETNAMESE_WOMEN),
            words.VIETNAMESE_LAST,
        ),
        _vietnamese,
    )
)
vietnamese_unseen = endless(
    partial(
        _told,
        _vietnamese_of(
            (unseen.VIETNAMESE_MIDDLE_MEN, unseen.VIETNAMESE_MEN),
            (unseen.VIETNAMESE_MIDDLE_WOMEN, unseen.VIETNAMESE_WOMEN),
            unseen.VIETNAMESE_LAST,
        ),
        _vietnamese,
    )
)
turkish = endless(partial(_told, _of(words.TURKISH_MEN, words.TURKISH_WOMEN, words.TURKISH_LAST), _turkish))
cyrillic = endless(partial(_told, _cyrillic_name, _cyrillic))
greek = endless(partial(_told, _of(words.GREEK_MEN, words.GREEK_WOMEN, words.GREEK_LAST), _greek))
