"""The console's templates and texts: everything has a German entry, and nothing needs what the policy forbids."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract
from babel.messages.pofile import read_po
from jinja2 import Environment
from jinja2.ext import babel_extract

ROOT = Path(__file__).parents[2] / "hub" / "console"
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
FORBIDDEN = {
    "an event handler in a tag": re.compile(r"<[^>]*\son[a-z]+\s*="),
    "hx-on or hx-live, which are evaluated": re.compile(r"(data-)?hx-(on|live)\b"),
    "a filter of hx-trigger, which is evaluated": re.compile(r'hx-trigger="[^"]*\['),
    "js: values, which are evaluated": re.compile(r'="\s*(js|javascript):'),
    "an inline style": re.compile(r"<[^>]*\sstyle\s*="),
    "a style element": re.compile(r"<style\b"),
    "an inline script": re.compile(r"<script\b(?![^>]*\ssrc=)"),
    "something from elsewhere": re.compile(r'(src|href|action|hx-[a-z]+)="(https?:)?//'),
    "text that is not escaped": re.compile(r"\|\s*safe\b|autoescape\s+false|Markup\("),
}
EVALUATING = re.compile(r"\beval\(|new Function|setTimeout\(\s*[\"'`]|innerHTML|document\.write")


def told() -> Iterator[tuple[str, str | tuple[str, ...]]]:
    """Where, and every text that is to be translated; both forms where it has a plural."""
    keywords = ("_", "gettext", "ngettext")
    for path in TEMPLATES:
        options = {"extensions": "jinja2.ext.do", "trim_blocks": "true", "lstrip_blocks": "true"}
        with path.open("rb") as file:
            for _, _, message, _ in babel_extract(file, keywords, [], options):
                whole = message if isinstance(message, str) else tuple(one for one in message or () if one)
                yield str(path.relative_to(ROOT)), whole if isinstance(whole, str) or len(whole) > 1 else whole[0]
    for path in ROOT.rglob("*.py"):
        with path.open("rb") as file:
            for _, message, _, _ in extract("python", file, {"N_": None}):
                assert isinstance(message, str)
                yield str(path.relative_to(ROOT)), message


def german() -> dict[str | tuple[str, ...], str | tuple[str, ...]]:
    entries: dict[str | tuple[str, ...], str | tuple[str, ...]] = {}
    for path in sorted((ROOT / "locale" / "de").glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="de"):
                if message.id:
                    of = message.id if isinstance(message.id, str) else tuple(message.id)
                    entries[of] = message.string if isinstance(message.string, str) else tuple(message.string or ())
    return entries


def test_every_text_has_a_german_entry():
    entries = german()
    missing = {f"{where}: {text}" for where, text in told() if not (entries.get(text) and all(entries[text]))}
    assert missing == set()


def test_no_german_entry_is_of_a_text_that_is_gone():
    assert set(german()) - {text for _, text in told()} == set()


def test_no_german_entry_stands_twice():
    """Of two the later catalogue would win, on the pages of the other one too."""
    for files in ((ROOT / "locale" / "de").glob("*.po"), (ROOT / "locale" / "de" / "core").glob("*.po")):
        ids = Counter(line for path in files for line in re.findall(r'^msgid "(.+)"$', path.read_text("utf-8"), re.M))
        assert [text for text, times in ids.items() if times > 1] == []


def test_a_german_entry_has_the_values_of_its_text():
    held = re.compile(r"%\(\w+\)s")
    for text, entry in german().items():
        forms = (entry,) if isinstance(entry, str) else entry
        for form in forms:
            whole = text if isinstance(text, str) else text[-1]
            assert set(held.findall(form)) <= set(held.findall(whole)), text


def test_no_template_needs_what_the_policy_forbids():
    found = [
        f"{path.relative_to(ROOT)}: {what}"
        for path in TEMPLATES
        for what, pattern in FORBIDDEN.items()
        if pattern.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_our_own_script_evaluates_nothing():
    assert EVALUATING.findall((ROOT / "static" / "hub.js").read_text(encoding="utf-8")) == []


def test_every_form_that_changes_something_carries_its_token():
    forms = [
        (path, form) for path in TEMPLATES for form in re.findall(r"<form\b.*?</form>", path.read_text(), re.DOTALL)
    ]
    assert forms
    without = [str(path) for path, form in forms if "post" in form and not re.search("form_field|form_token", form)]
    assert without == []


def test_what_others_wrote_is_what_the_list_says():
    vendor = ROOT / "static" / "vendor"
    listed = [one for package in json.loads((vendor / "lock.json").read_text()) for one in package["files"].items()]
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in vendor.iterdir()}
    del found["lock.json"]
    assert {name: told["sha256"] for name, told in listed} == found


def test_every_template_can_be_read():
    reader = Environment(extensions=["jinja2.ext.i18n", "jinja2.ext.do"], autoescape=True)
    for path in TEMPLATES:
        reader.parse(path.read_text(encoding="utf-8"))
