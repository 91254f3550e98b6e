"""tone: what people wrote, the worst first; and what people of the business say of its tone, which teaches Hub."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hub.errors import NotFound, RefusedError, did_you_mean
from hub.insight.tone import ABOUTS, TONES, TOPIC_NAMES, Tone, about_of, tone_of
from hub.insight.tone_model import ToneModel, learn
from hub.store import tones
from hub.store.database import Session
from hub.store.tones import WrittenRow

DAYS = 30
LOOKED_AT = 5_000
LEARNT_FROM = 5_000
SHOWN = 300
"""Characters of a text in a list."""

_read: dict[tuple[int, datetime | None], ToneModel | str] = {}
_ORDER = {"negative": 0, "neutral": 1, "positive": 2}


def learnt(session: Session) -> ToneModel | str:
    """The model of the corrections there are, made when they have changed; or in words why there is none."""
    key = tones.state(session)
    found = _read.get(key)
    if found is None:
        rows = tones.corrections(session, LEARNT_FROM)
        found = learn([text for text, _ in rows], [tone for _, tone in rows])
        _read.clear()
        _read[key] = found
    return found


def toning(session: Session) -> Callable[[str], Tone]:
    """How a text is judged now: by the model where there is one, else by words."""
    model = learnt(session)
    return model.tone_of if isinstance(model, ToneModel) else tone_of


def listed(session: Session, *, tone: str | None = None, limit: int = 50, days: int = DAYS) -> dict[str, Any]:
    """What was written lately: not answered first, then the worst, then the oldest. Raises NotFound.

    ``by`` of each says who judged: words, the model, or a person.
    """
    if tone is not None:
        _known(tone, TONES, "tone")
    judge, model = toning(session), learnt(session)
    rows = [(row, _told(row, judge)) for row in tones.written(session, session.now() - timedelta(days=days), LOOKED_AT)]
    rows = [(row, told) for row, told in rows if tone in (None, told.tone)]
    rows.sort(key=lambda one: (one[0].answered, _ORDER[one[1].tone], one[1].score, one[0].at, one[0].id))
    kept = rows[:limit]
    names = tones.names_of(session, [row.profile_id for row, _ in kept if row.profile_id])
    return {
        "items": [_document(row, told, names) for row, told in kept],
        "model": {"learnt_from": model.learnt_from, "f1": model.f1, "f1_of_words": model.f1_of_words}
        if isinstance(model, ToneModel)
        else None,
        "note": model if isinstance(model, str) else f"learnt from {model.learnt_from} corrections",
    }


def _told(row: WrittenRow, judge: Callable[[str], Tone]) -> Tone:
    if row.told is None:
        return judge(row.text)
    tone, about, topic = row.told
    return Tone(tone, about, topic, float(TONES.index(tone) - 1), by="person")  # type: ignore[arg-type]


def _document(row: WrittenRow, told: Tone, names: dict[UUID, str]) -> dict[str, Any]:
    return {
        "id": row.id,
        "at": row.at,
        "connection": row.connection,
        "kind": row.kind,
        "channel": row.channel,
        "profile": row.profile_id,
        "name": names.get(row.profile_id) if row.profile_id else None,
        "text": row.text[:SHOWN],
        "answered": row.answered,
        "tone": told.tone,
        "about": told.about,
        "topic": told.topic,
        "by": told.by,
        "why": list(told.words),
    }


def correct(
    session: Session, interaction: UUID, tone: str, by: str, *, about: str | None = None, topic: str | None = None
) -> dict[str, Any]:
    """Say what tone something has; what is left open is as the hint has it. Raises NotFound, RefusedError."""
    _known(tone, TONES, "tone")
    for value, names, what in ((about, ABOUTS, "about"), (topic, TOPIC_NAMES, "topic")):
        if value is not None:
            _known(value, names, what)
    text = tones.text_of(session, interaction)
    if text is None:
        raise NotFound("there is no message, mention or comment with a text of that id")
    hint = tone_of(text)
    kind = about or about_of(tone, text.lower())  # type: ignore[arg-type]
    told = topic or hint.topic
    tones.correct(session, interaction, tone, kind, told, by)
    return {"id": interaction, "tone": tone, "about": kind, "topic": told, "corrections": tones.state(session)[0]}


def _known(value: str, names: tuple[str, ...], what: str) -> None:
    if value not in names:
        raise RefusedError(f"there is no {what} {value!r}{did_you_mean(value, names)}; there are {', '.join(names)}")


def complaining(session: Session, since: datetime) -> list[datetime]:
    """When something was written since then that sounds like a complaint, or that people say is one."""
    judge = toning(session)
    return [row.at for row in tones.written(session, since, LOOKED_AT) if _told(row, judge).about == "complaint"]
