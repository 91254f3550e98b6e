"""What people wrote, as text: out of HTML, without the mail they answered, and no longer than anybody reads. Pure."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from hub.model.text import tidy

LONGEST = 4_000
"""Characters of a text that are kept."""

_BLOCKS = frozenset(
    {"address", "blockquote", "br", "div", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "p", "pre", "table", "tr"}
)
_UNSEEN = frozenset({"script", "style", "head", "template"})
_QUOTES = frozenset({"blockquote"})
_BLANKS = re.compile(r"[ \t\u00a0]+")
_GAPS = re.compile(r"\n{3,}")
_BEFORE_A_QUOTE = re.compile(
    r"^(?:"
    r"(?:on|am|le|el|il|op|em|den|dne|w dniu)\b[^\n]{0,200}\n?[^\n]{0,100}"
    r"(?:wrote|schrieb|a écrit|escribió|ha scritto|schreef|escreveu|skrev|napsal|napisał)[^\n:]{0,80}:"
    r"|-{2,}\s*(?:original message|ursprüngliche nachricht|originalnachricht|message d'origine|mensaje original)"
    r"\s*-{2,}"
    r"|_{20,}"
    r")\s*$",
    re.IGNORECASE | re.MULTILINE,
)
"""How mail programs begin what they quote: a line of theirs, which may be broken in two."""
_HEADER_LINE = re.compile(r"^\*?(?:from|von|de|da|van)\*?\s?: .*@", re.IGNORECASE)
"""Outlook's quote begins with the header of the mail that is answered."""
_SIGNATURE = re.compile(r"^-- ?$", re.MULTILINE)


def from_html(html: str, *, quotes: bool = True) -> str:
    """The text of HTML, a line for each block; without what is quoted where ``quotes`` is False. Never raises."""
    reader = _Text(quotes=quotes)
    reader.feed(html)
    reader.close()
    lines = (_BLANKS.sub(" ", line).strip() for line in "".join(reader.parts).split("\n"))
    return _GAPS.sub("\n\n", "\n".join(lines)).strip()


class _Text(HTMLParser):
    def __init__(self, *, quotes: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._quotes = quotes
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += self._is_unseen(tag)
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(0, self._unseen - self._is_unseen(tag))
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data.replace("\n", " "))

    def _is_unseen(self, tag: str) -> bool:
        return tag in _UNSEEN or (not self._quotes and tag in _QUOTES)


def without_quotes(text: str) -> str:
    """What was written anew: all before the mail it answers and the signature; the whole where nothing is left of it.

    Whoever answers between the lines of the quote is not cut off: the lines that begin with ``>`` are left out.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    quote = _BEFORE_A_QUOTE.search(text)
    before, behind = (text[: quote.start()], text[quote.end() :]) if quote else (text, "")
    said = _unquoted(before)
    outlook = next((at for at, line in enumerate(said) if at and _HEADER_LINE.match(line)), len(said))
    between = [line for line in _unquoted(_BEFORE_A_QUOTE.sub("", behind)) if line.strip()] if "\n>" in behind else []
    kept = "\n".join([*said[:outlook], *between])
    signed = _SIGNATURE.search(kept)
    kept = kept[: signed.start()] if signed and kept[: signed.start()].strip() else kept
    return kept.strip() or text.strip()


def _unquoted(text: str) -> list[str]:
    return [line for line in text.split("\n") if not line.lstrip().startswith(">")]


def short(text: str | None) -> str | None:
    """A text as it is kept: tidy, trimmed, cut with an ellipsis; None for nothing."""
    told = tidy(text or "").strip()
    return (told if len(told) <= LONGEST else f"{told[: LONGEST - 1].rstrip()}…") or None
