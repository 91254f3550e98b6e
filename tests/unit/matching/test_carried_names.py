"""Names that were carried into Latin letters: by a passport, letter by letter, by ear, as Pinyin or Wade-Giles.

The people here are none of those of ``benchmarks.kinds``.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.mapping.name import fold
from hub.matching import chinese, forms_abroad
from hub.matching.features import Spelling
from hub.matching.name_weights import TWO_NAMES, weighed
from hub.matching.names import likeness
from hub.matching.short_forms import shortest
from hub.matching.weights import Model

MODEL = Model()
ONE = {"exact", "typo", "alias", "part"}


def spelling(name: str) -> Spelling:
    """``first|last``, folded."""
    first, last = ([shortest(word) for word in fold(part).split()] for part in name.split("|"))
    return Spelling(tuple(first), tuple(last))


def levels(one: str, other: str) -> tuple[str, str]:
    told = weighed(spelling(one), spelling(other), MODEL)
    assert told == weighed(spelling(other), spelling(one), MODEL)
    return told[2], told[3]


def level(one: str, other: str, *, given: bool) -> str:
    words = (shortest(fold(one)),), (shortest(fold(other)),)
    told = likeness(*words, given=given)
    assert told == likeness(*reversed(words), given=given)
    return told


@pytest.mark.parametrize(
    "names",
    [
        "Przemysław/Przemek", "Radosław/Radek", "Bartłomiej/Bartek", "Ryszard/Richard", "Zdzisław/Zdzisiek",
        "Wacław/Wenzel", "Jadwiga/Hedwig", "Urszula/Ula", "Genowefa/Genia", "Łucja/Lucia",
        "Sergei/Serjoscha", "Vladimir/Wolodymyr", "Tetiana/Tatjana", "Fyodor/Theodor",
        "Stamatios/Stamatis", "Efthimios/Thymios", "Eleftherios/Lefteris", "Gregorios/Grigoris", "Foteine/Fofi",
        "Yacoub/Yaqub", "Suleyman/Soliman", "Meryem/Mariam",
    ],
)  # fmt: skip
def test_a_short_or_foreign_form_is_the_name(names: str) -> None:
    assert level(*names.split("/"), given=True) in ("alias", "typo")


@pytest.mark.parametrize(
    "names",
    ["Karol/Karolina", "Jan/Janina", "Stefan/Stefania", "Jolanta/Joanna", "Marek/Mariusz", "Danuta/Dorota"],
)
def test_forms_of_two_names_are_two(names: str) -> None:
    assert level(*names.split("/"), given=True) not in ONE


@pytest.mark.parametrize(
    "names",
    [
        "Bourdaloue/Burdalue", "Mpalis/Balis", "Kefalas/Kephalas", "Zervou/Zervos", "Evangelidis/Euaggelides",
        "Xanthopoulou/Ksanthopoulos", "Gkotsis/Gotsis", "Benizelou/Venizelos", "Khoury/Chouri", "Gaddafi/Jaddafi",
        "Bouteflika/Buteflika", "Abdelkader/Abdulqadir", "Qaradawi/Karadaoui", "Elghazali/Alghazaly",
    ],
)  # fmt: skip
def test_a_last_name_by_letter_and_by_ear_is_one(names: str) -> None:
    assert level(*names.split("/"), given=False) in ONE


@pytest.mark.parametrize(
    "names", ["Emad/Imad", "Haytham/Haitham", "Farid/Fareed", "Nacer/Naser", "Mounir/Munir", "Yasmine/Yasmin"]
)
def test_a_first_name_that_vowels_part_is_one(names: str) -> None:
    assert level(*names.split("/"), given=True) in ONE


@pytest.mark.parametrize("names", ["Hassan/Hussein", "Jamal/Jamila", "Samir/Samira", "Anna/Anne", "Maria/Marie"])
def test_vowels_that_make_another_name_do(names: str) -> None:
    assert level(*names.split("/"), given=True) not in ("exact", "typo")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Xiaoping|Qiu", "Hsiao-p'ing|Ch'iu"), ("Zhongguo|Jiang", "Chung-kuo|Chiang"), ("Zedong|Mao", "Tse-tung|Mao"),
        ("Ruijie|Tian", "Jui-chieh|T'ien"), ("Xueliang|Zhang", "Hsüeh-liang|Chang"), ("Siyuan|Cao", "Tsao|Ssu-yuan"),
        ("Guang Rong|Deng", "Teng|Kuang Jung"), ("Yiran|Dong", "I-jan|Tung"),
    ],
)  # fmt: skip
def test_pinyin_and_wade_giles_are_one_name_in_either_order(one: str, other: str) -> None:
    first, last = levels(one, other)
    assert first == "exact"
    assert last in ONE


def test_a_chinese_and_a_western_name_of_one_family_neither_agree_nor_contradict() -> None:
    assert levels("Xiaoping|Qiu", "Rebecca|Qiu")[0] == TWO_NAMES
    assert levels("Qiu|Rebecca", "Xiaoping|Qiu")[0] == TWO_NAMES
    assert levels("Walter|Lee", "Rebecca|Lee")[0] == "different"
    assert levels("Xiaoping|Qiu", "Guorong|Qiu")[0] != TWO_NAMES


def test_names_of_the_west_are_read_in_no_chinese_way() -> None:
    assert levels("Tina|Lee", "Dina|Lee")[0] == "different"
    assert chinese.alike(spelling("Tobi|Lang"), spelling("Dobi|Lang")) is None
    assert levels("Walter|Brandt", "Rebecca|Brandt")[0] == "different"


def test_a_family_of_forms_is_on_one_line_and_folded() -> None:
    for line in forms_abroad.lines():
        words = line.split()
        assert len(words) == len(set(words)), line
        assert all(fold(word) == word for word in words), line


WORDS = st.text("abceghijklmnoqstuxyz", min_size=1, max_size=10)


@given(st.tuples(WORDS, WORDS), st.tuples(WORDS, WORDS))
def test_reading_a_name_in_another_countrys_way_is_symmetric(one: tuple[str, str], other: tuple[str, str]) -> None:
    mine, theirs = (Spelling((first,), (last,)) for first, last in (one, other))
    assert weighed(mine, theirs, MODEL) == weighed(theirs, mine, MODEL)
    for given_name in (True, False):
        assert likeness(mine.first, theirs.first, given=given_name) == likeness(
            theirs.first, mine.first, given=given_name
        )


@given(st.sampled_from(["li", "wang", "chang", "fang", "lin"]), WORDS, st.sampled_from(["lin", "lam", "li", "fang"]))
def test_a_family_that_may_be_either_name_is_read_alike_from_both_sides(last: str, first: str, other: str) -> None:
    mine, theirs = Spelling((first,), (last,)), Spelling((other,), (first,))
    assert weighed(mine, theirs, MODEL) == weighed(theirs, mine, MODEL)
