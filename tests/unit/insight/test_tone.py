"""The tone of messages: a hint by words, in two languages, and a model from 500 corrections on."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.insight import tone_model
from hub.insight.tone import TONES, macro_f1, tone_of
from hub.insight.tone_model import ToneModel, learn
from hub.insight.waves import WEEKS, wave
from tests.unit.insight.tone_labelled import ENGLISH, GERMAN

DAY = 86_400.0


@pytest.mark.parametrize("labelled", [GERMAN, ENGLISH], ids=["de", "en"])
def test_the_hint_on_a_small_labelled_set(labelled):
    told = [tone_of(text).tone for text, _ in labelled]
    assert macro_f1([tone for _, tone in labelled], told) > 0.8


@pytest.mark.parametrize(
    ("text", "tone", "source"),
    [
        ("This isn't a bad idea", "positive", "sloria/TextBlob #70"),
        ("Not bad", "positive", "codingupastorm/vadersharp #18"),
        ("No problem, no complaints", "positive", "cjhutto/vaderSentiment #72"),
        ("nothing for redheads :(", "neutral", "cjhutto/vaderSentiment #28: was positive"),
        ("I am not happy", "negative", "thisandagain/sentiment #21"),
        ("Website is not working.", "negative", "sloria/TextBlob #293"),
        ("Never again such a good offer? No.", "negative", "a set phrase stands above its words"),
        ("die oder nutzen Preis", "neutral", "aboSamoor/polyglot #135: articles had a tone"),
        ("😘🙂🙏", "positive", "oliverguhr/german-sentiment #14: all three were negative"),
        ("Das ist nicht nur schön, sondern gut", "positive", "not only is no negation"),
        ("Es gefällt mir nicht", "negative", "German says it behind the verb"),
        ("ENTTÄUSCHEND!!!", "negative", "capitals and umlauts"),
        ("enttaeuscht", "negative", "umlauts written out"),
        ("Liebe Grüße, Anna", "neutral", "a greeting is no praise"),
        ("", "neutral", "nothing"),
        ("🙃" * 3_000, "neutral", "only what is not known"),
    ],
    ids=range(16),
)
def test_negations_phrases_and_signs(text, tone, source):
    assert tone_of(text).tone == tone, source


def test_a_message_is_a_complaint_praise_or_question_and_has_a_topic():
    told = tone_of("Wo bleibt mein Paket? Das ist eine Frechheit.")
    assert (told.about, told.topic, told.language) == ("complaint", "delivery", "de")
    assert "wo bleibt" in told.words
    told = tone_of("Do you ship to Austria?")
    assert (told.about, told.tone) == ("question", "neutral")
    assert tone_of("Vielen Dank für die schnelle Lieferung!").about == "praise"


@given(st.text(max_size=60))
@settings(max_examples=30)
def test_whatever_is_written_has_a_tone(text):
    assert tone_of(text).tone in TONES


def test_below_500_corrections_nothing_is_learnt():
    assert learn(["x"] * 499, ["neutral"] * 499) == "too little data: 499 corrections, 500 are needed"
    assert "all 500 corrections say neutral" in str(learn(["x"] * 500, ["neutral"] * 500))


def test_from_500_corrections_on_a_model_of_the_businesss_own_words_takes_over(monkeypatch):
    monkeypatch.setattr(tone_model, "FEWEST", 120)  # the same, sooner
    chance = random.Random(7)
    own = {"negative": ("gurke", "ranzig", "letsch"), "neutral": ("dinkel", "filter"), "positive": ("leiwand", "bärig")}
    tones = [chance.choice(TONES) for _ in range(120)]
    texts = [
        f"Die {chance.randrange(90)} Kanne {chance.choice(own[tone])} vom {chance.randrange(9)}." for tone in tones
    ]
    model, again = learn(texts, tones), learn(texts, tones)
    assert isinstance(model, ToneModel)
    assert isinstance(again, ToneModel)
    assert model.f1 > 0.95 > model.f1_of_words
    assert model.tone_of("So eine Gurke").tone == "negative"
    assert model.tone_of("echt leiwand").by == "model"
    assert (model.weights == again.weights).all()


def test_a_model_that_is_no_better_than_the_words_is_not_used(monkeypatch):
    monkeypatch.setattr(tone_model, "FEWEST", 60)
    tones = [TONES[place % 3] for place in range(60)]
    said = {"negative": "kaputt", "neutral": "ok", "positive": "perfekt"}
    assert "the words do as well" in str(learn([f"{said[tone]} {place}" for place, tone in enumerate(tones)], tones))


def test_a_wave_is_more_than_chance_and_more_than_a_few():
    now = 1_000 * DAY
    usual = [now - DAY * (1 + place / 2) for place in range(2, 2 * WEEKS)]
    assert wave([*usual, *[now - 60.0] * 12], now) is not None
    assert wave([*usual, *[now - 60.0] * 5], now) is None
    assert wave([now - 60.0] * 4, now) is None
    found = wave([now - 60.0] * 6, now)
    assert found is not None
    assert (found.number, found.usual) == (6, 0)
    assert wave([now + 60.0] * 50, now) is None
    assert wave([], now) is None
