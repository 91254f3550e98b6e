"""Chinese names as two romanisations write them: Pinyin, and Wade-Giles without its marks. Pure, and symmetric.

Wade-Giles without apostrophes is ambiguous: ``chang`` is zhang or chang in Pinyin. So a name has several readings, and
two names are one where the one, in Pinyin, is a reading of the other. Tables: GB/T 16159 and the usual conversion.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from functools import lru_cache
from itertools import islice, product

from hub.matching.features import Spelling
from hub.matching.given_names import gender, known
from hub.matching.names import Tokens
from hub.matching.short_forms import SURNAMES

_FINALS = """
b a o ai ei ao an en ang eng i ie iao ian in ing u
p a o ai ei ao ou an en ang eng i ie iao ian in ing u
m a o ai ei ao ou an en ang eng i ie iao iu ian in ing u
f a o ei ou an en ang eng u
d a e ai ei ao ou an en ang eng ong i ie iao iu ian ing u uo ui uan un
t a e ai ao ou an ang eng ong i ie iao ian ing u uo ui uan un
n a e ai ei ao ou an en ang eng ong i ie iao iu ian in iang ing u uo uan ue
l a e ai ei ao ou an ang eng ong i ia ie iao iu ian in iang ing u uo uan un ue
g a e ai ei ao ou an en ang eng ong u ua uo uai ui uan un uang
k a e ai ao ou an en ang eng ong u ua uo uai ui uan un uang
h a e ai ei ao ou an en ang eng ong u ua uo uai ui uan un uang
j i ia ie iao iu ian in iang ing iong u ue uan un
q i ia ie iao iu ian in iang ing iong u ue uan un
x i ia ie iao iu ian in iang ing iong u ue uan un
zh i a e ai ei ao ou an en ang eng ong u ua uo uai ui uan un uang
ch i a e ai ao ou an en ang eng ong u ua uo uai ui uan un uang
sh i a e ai ei ao ou an en ang eng u ua uo uai ui uan un uang
r i e ao ou an en ang eng ong u uo ui uan un
z i a e ai ei ao ou an en ang eng ong u uo ui uan un
c i a e ai ao ou an en ang eng ong u uo ui uan un
s i a e ai ao ou an en ang eng ong u uo ui uan un
y i a e ao ou an in ing ang ong u ue uan un
w u a o ai ei an en ang eng
"""
_INITIALS = {
    "b": "p", "d": "t", "g": "k", "j": "ch", "q": "ch", "x": "hs", "zh": "ch", "r": "j", "z": "ts", "c": "ts",
}  # fmt: skip
_WHOLE = {
    "zhi": "chih", "chi": "chih", "shi": "shih", "ri": "jih", "zi": "tzu", "ci": "tzu", "si": "szu", "ge": "ko",
    "ke": "ko", "he": "ho", "gui": "kuei", "kui": "kuei", "yan": "yen", "you": "yu", "er": "erh", "yi": "i",
}  # fmt: skip
_ENDINGS = {"ong": "ung", "iong": "iung", "ian": "ien", "ie": "ieh", "ue": "ueh", "e": "e"}
_BACK = frozenset({"g", "k", "h", "sh"})
_MOST_SYLLABLES = 3
_MOST_READINGS = 64


def _wade(initial: str, final: str) -> str:
    whole = initial + final
    if whole in _WHOLE:
        return _WHOLE[whole]
    if final == "uo":
        final = "uo" if initial in _BACK else "o"
    elif initial == "y" and final == "e":
        final = "eh"
    else:
        final = _ENDINGS.get(final, final)
    return _INITIALS.get(initial, initial) + final


def _tables() -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    pinyin = {"a", "ai", "an", "ang", "ao", "e", "en", "er", "ou"}
    wade: dict[str, set[str]] = {"erh": {"er"}, "o": {"e"}, "ssu": {"si"}, "yi": {"yi"}}
    for line in _FINALS.strip().splitlines():
        initial, *finals = line.split()
        for final in finals:
            pinyin.add(initial + final)
            wade.setdefault(_wade(initial, final), set()).add(initial + final)
    for written in tuple(wade):
        # Folded, Hsüeh is hsueeh and Chüan chuean; a ue before a consonant has lost its e.
        if written.endswith("ueh"):
            for folded in (f"{written[:-2]}h", f"{written[:-2]}eeh"):
                wade.setdefault(folded, set()).update(wade[written])
        elif written.endswith("uan"):
            wade.setdefault(f"{written[:-2]}ean", set()).update(wade[written])
    # So has xue, which is xu then.
    return {each: frozenset({each, f"{each}e"} & pinyin) for each in pinyin}, {
        written: frozenset(read) for written, read in wade.items()
    }


_PINYIN, _WADE = _tables()
_SURNAMES: dict[str, frozenset[int]] = {}
for _place, _line in enumerate(SURNAMES):
    for _name in _line.split():
        _SURNAMES[_name] = _SURNAMES.get(_name, frozenset()) | {_place}


@lru_cache(maxsize=65_536)
def readings(word: str) -> tuple[frozenset[str], frozenset[str]]:
    """A word in syllables of Pinyin, and what it is in Pinyin if it is Wade-Giles; nothing where it is neither."""
    return (
        _read(word, _PINYIN),
        _read(word, _WADE),
    )


def _read(word: str, table: Mapping[str, frozenset[str]]) -> frozenset[str]:
    return frozenset(
        " ".join(read)
        for each in _parsed(word, table)
        for read in islice(product(*(sorted(table[syllable]) for syllable in each)), _MOST_READINGS)
    )


def _parsed(word: str, table: Container[str], most: int = _MOST_SYLLABLES) -> list[tuple[str, ...]]:
    if not word:
        return [()]
    if not most:
        return []
    return [
        (word[:length], *rest)
        for length in range(min(len(word), 6), 0, -1)
        if word[:length] in table
        for rest in _parsed(word[length:], table, most - 1)
    ]


def one_name(one: str, other: str) -> bool:
    """Whether two words are one Chinese name, the one in Pinyin and the other in Wade-Giles."""
    (pinyin, wade), (other_pinyin, other_wade) = readings(one), readings(other)
    return not (pinyin.isdisjoint(other_wade) and wade.isdisjoint(other_pinyin))


def _surname(word: str) -> frozenset[int]:
    return _SURNAMES.get(word, frozenset())


def alike(one: Spelling, other: Spelling) -> tuple[Spelling, Spelling] | None:
    """Two spellings of what may be one Chinese name, with the family's name last and each part in one spelling.

    None where a family's name is not a Chinese one, or the two are not one, or nothing is to be changed.
    """
    if not (one.first and one.last and other.first and other.last):
        return None
    if "".join(one.last) not in _SURNAMES and "".join(one.first) not in _SURNAMES:
        return None
    for mine, mine_turned in ((one, False), (Spelling(one.last, one.first), True)):
        for theirs, theirs_turned in ((other, False), (Spelling(other.last, other.first), True)):
            if (
                _one_surname(mine.last, theirs.last)
                and (mine_turned == theirs_turned or not _one_surname(mine.first, theirs.last))
                and (same_given := _given(mine.first, theirs.first)) is not None
                and (mine_turned != theirs_turned or same_given != (mine.first, theirs.first))
            ):
                return Spelling(same_given[0], mine.last), Spelling(same_given[1], theirs.last)
    return None


def _one_surname(one: Tokens, other: Tokens) -> bool:
    mine, theirs = "".join(one), "".join(other)
    return bool(_surname(mine)) and (mine == theirs or not _surname(mine).isdisjoint(_surname(theirs)))


def _given(one: Tokens, other: Tokens) -> tuple[Tokens, Tokens] | None:
    mine, theirs = "".join(one), "".join(other)
    if mine == theirs:
        return one, other
    if not (known(mine) and known(theirs)) and one_name(mine, theirs):
        return (min(mine, theirs),), (min(mine, theirs),)
    return (one, other) if _two_names(one, other) else None


def told_both_ways(one: Spelling, other: Spelling) -> bool:
    """Whether two of one Chinese family's name are called a name of the west and a Chinese one: Lily Li has both."""
    # Most people's family is not Chinese, which is seen at once.
    return _one_surname(one.last, other.last) and _two_names(one.first, other.first)


def _two_names(one: Tokens, other: Tokens) -> bool:
    return bool(one and other) and ((_western(one) and _chinese(other)) or (_western(other) and _chinese(one)))


def _western(name: Tokens) -> bool:
    return name[0] not in _PINYIN and (known(name[0]) or gender(name[0]) is not None)


def _chinese(name: Tokens) -> bool:
    joined = "".join(name)
    return len(joined) > 1 and not _western(name) and any(readings(joined))
