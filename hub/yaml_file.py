"""YAML to plain values and validated models, every fault reported at once with its path and line.

Any text in a file may hold ``${NAME}``, ``${NAME:-default}`` (used when NAME is unset or empty) or
``${file:/run/secrets/x}``; ``$${`` stands for a literal ``${``. Values are put in after the YAML is read, so a secret
can hold any character and never changes the structure. Faults name the YAML path, never the value found there.

A file may be hostile: it is read up to ``LARGEST`` bytes, without aliases, tags or deep nesting.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from hub.errors import did_you_mean

LARGEST = 1024 * 1024
"""Bytes of the largest file that is read."""

_LONGEST_NUMBER = 40
"""Characters; what is longer is text."""

_PAIRS, _LIST = "must hold `name: value` pairs", "must be a list, such as [a, b]"
_REASONS = {
    "missing": "is required",
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type", "mapping_type"), _PAIRS),
    **dict.fromkeys(("list_type", "tuple_type", "set_type", "frozen_set_type"), _LIST),
}
"""Faults by pydantic's type of error, where its own words are for programmers."""


def describe(
    error: ValidationError, model: type[BaseModel], prefix: str = "", *, renamed: Mapping[str, str] | None = None
) -> list[str]:
    """Each fault as ``path: what``, with the nearest right name for an unknown key; never a value.

    ``model`` gives the right names, ``renamed`` maps a path to the name the value really came under.
    """
    faults: dict[str, str] = {}
    for item in error.errors(include_url=False):
        loc, expected = item["loc"], _expected(item)
        loc = loc[:-1] if loc[-1:] == ("[key]",) else loc
        key = loc[-1] if loc != item["loc"] or item["type"] == "extra_forbidden" else None
        names = [part for part in (loc if key is None else loc[:-1]) if _is_name(part)]
        path = join(prefix, *names, *([] if key is None else [_shown(key)]))
        if key is not None:
            known = expected or _keys(model, names)
            what = "unknown key" + (did_you_mean(str(key), known) or f"; there is {', '.join(known)}")
        elif item["type"] in _REASONS:
            what = _REASONS[item["type"]]
        else:
            what = item["msg"].removeprefix("Value error, ").removeprefix("Input ")
            what += did_you_mean(str(item["input"]), expected)
        faults.setdefault((renamed or {}).get(path, path), what)
    return [f"{path}: {what}" if path else what for path, what in faults.items()]


def _is_name(part: str | int) -> bool:
    """Whether a part of pydantic's location is one of the YAML path: it names the ways it tried there, too."""
    return isinstance(part, int) or re.fullmatch(r"[\w-]+", part) is not None


def _shown(key: str | int) -> str:
    """A key as it stands in a path, where it is short and harmless."""
    return key if isinstance(key, str) and len(key) <= 60 and key.isprintable() and ":" not in key else "?"


def _expected(item: Mapping[str, Any]) -> list[str]:
    """The right values of a fixed choice."""
    if item["type"] != "literal_error":
        return []
    return re.findall(r"'([^']*)'", str(item.get("ctx", {}).get("expected", "")))


def join(prefix: str, *names: str | int) -> str:
    """A YAML path: ``routes[0].to``."""
    for name in names:
        prefix += f"[{name}]" if isinstance(name, int) else f".{name}" if prefix else name
    return prefix


def _keys(model: type[BaseModel], names: list[str | int]) -> list[str]:
    """The right names at a path below ``model``."""
    for name in names:
        field = model.model_fields.get(str(name))
        inner = _models(field.annotation) if field else []
        if inner:
            model = inner[0]
    return [field.alias or name for name, field in model.model_fields.items()]


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models(part)]


def add_new(faults: list[str], more: Iterable[str]) -> None:
    """Append those of ``more`` whose path has no fault yet: one cause, one line."""
    known = {fault.partition(": ")[0] for fault in faults}
    faults += [fault for fault in more if fault.partition(": ")[0] not in known]


def line_hint(fault: str, lines: Mapping[str, int]) -> str:
    """`` (line 3)`` for a fault whose path, or the nearest part above it, has a known line; else ""."""
    path = fault.partition(": ")[0]
    while path and path not in lines:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return f" (line {lines[path]})" if path else ""


class _Loader(yaml.SafeLoader):
    """YAML whose plain words stay words: only true/false, null and numbers are more (``NO`` is Norway)."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # type: ignore[misc,unused-ignore]  # noqa: RUF012

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases (*name) are not supported", mark)
        return super().compose_node(parent, index)


_WORDS = "tag:yaml.org,2002:"
_Loader.add_implicit_resolver(f"{_WORDS}bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
_Loader.add_implicit_resolver(f"{_WORDS}null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])
_Loader.add_implicit_resolver(f"{_WORDS}int", re.compile(r"^-?(?:0|[1-9][0-9]*)$"), list("-0123456789"))
_Loader.add_implicit_resolver(f"{_WORDS}float", re.compile(r"^-?(?:0|[1-9][0-9]*)\.[0-9]+$"), list("-0123456789"))

_PLAIN: Mapping[str, Callable[[str], Any]] = {
    "bool": lambda text: text.lower() == "true",
    "int": lambda text: int(text) if len(text) <= _LONGEST_NUMBER else text,
    "float": lambda text: float(text) if len(text) <= _LONGEST_NUMBER else text,
    "null": lambda _: None,
}
_REFERENCE = re.compile(r"\$?\$\{([^{}\n]*)\}")
_NAMED = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?")
_TOKEN = re.compile("\ue000([0-9]+)\ue001")


def literal(value: Any) -> Any:
    """The same, so that a reader with an environment gives it back as it is: ``${...}`` in it asks for nothing."""
    if isinstance(value, str):
        return _REFERENCE.sub(lambda found: f"${found.group()}", value)
    if isinstance(value, Mapping):
        return {name: literal(inner) for name, inner in value.items()}
    return [literal(inner) for inner in value] if isinstance(value, list) else value


class Reader:
    """Reads one YAML text to plain values, noting the line of every path and all faults.

    ``${...}`` holds characters that end a plain word within ``{...}``, so each is a token of private-use characters
    while the YAML is read. With ``environment`` None it is text like any other: what comes over the network must not
    ask for secrets. ``example`` is a key that such a file holds.
    """

    def __init__(self, environment: Mapping[str, str] | None, *, example: str = "connections") -> None:
        self.environment = environment
        self.example = example
        self.lines: dict[str, int] = {}
        self.faults: list[str] = []
        self.variables: set[str] = set()
        """The variables of the environment that the text asks for."""
        self._tokens: list[str] = []

    def open(self, path: Path) -> dict[str, Any]:
        return self.pairs(_text(path, "", self.faults))

    def pairs(self, text: str) -> dict[str, Any]:
        """A text that holds ``name: value`` pairs."""
        data = self.read(text)
        if isinstance(data, dict):
            return data
        self.faults.append(f"the file must hold `name: value` pairs, such as `{self.example}:`")
        return {}

    def read(self, text: str) -> Any:
        if len(text) > LARGEST:
            self.faults.append(f"the file cannot be read: it is larger than {LARGEST // 1024} KiB")
            return {}
        try:
            if self.environment is not None:
                text = _REFERENCE.sub(self._token, text.replace("\ue000", ""))
            node = yaml.compose(text, _Loader)
            return {} if node is None else self._value(node, "")
        except yaml.MarkedYAMLError as error:
            line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
            self.faults.append(f"{line}cannot be read: {_TOKEN.sub('${...}', error.problem or '')}")
        except yaml.YAMLError:
            self.faults.append("the file cannot be read: it holds a character that YAML does not allow")
        except RecursionError:
            self.faults.append("the file cannot be read: it is nested too deeply")
        return {}

    def _token(self, match: re.Match[str]) -> str:
        self._tokens.append(match.group())
        return f"\ue000{len(self._tokens) - 1}\ue001"

    def _value(self, node: yaml.Node, path: str) -> Any:
        self.lines[path] = node.start_mark.line + 1
        if isinstance(node, yaml.SequenceNode):
            return [self._value(item, join(path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        kind, text = node.tag.removeprefix(_WORDS), str(node.value)
        if kind == "str":
            return (
                text
                if self.environment is None
                else _TOKEN.sub(lambda found: self._resolve(self._tokens[int(found[1])], path), text)
            )
        if kind in _PLAIN:
            return _PLAIN[kind](text)
        self.faults.append(f"{path}: tags (!name) are not supported")
        return None

    def _mapping(self, node: yaml.MappingNode, path: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            if not isinstance(key, yaml.ScalarNode) or (self._tokens and _TOKEN.search(name)):
                self.faults.append(f"{path or 'the file'}: a key must be a plain word (line {key.start_mark.line + 1})")
            elif name in found:
                self.faults.append(f"{join(path, name)}: is there again in line {key.start_mark.line + 1}")
            else:
                found[name] = self._value(value, join(path, name))
                self.lines[join(path, name)] = key.start_mark.line + 1
        return found

    def _resolve(self, reference: str, path: str) -> str:
        if reference.startswith("$$"):
            return reference[1:]
        inner = reference[2:-1]
        if inner.startswith("file:"):
            return _text(Path(inner.removeprefix("file:")), f"{path}: ", self.faults)
        named = _NAMED.fullmatch(inner)
        if named is None:
            self.faults.append(f"{path}: use ${{NAME}}, ${{NAME:-default}} or ${{file:/path}}")
            return ""
        name, default = named.groups()
        self.variables.add(name)
        if value := (self.environment or {}).get(name):
            return value
        if default is None:
            self.faults.append(f"{path}: environment variable {name} is not set")
        return default or ""


def _text(file: Path, where: str, faults: list[str]) -> str:
    """The file's text, or "" and a fault."""
    try:
        with file.open("rb") as opened:
            held = opened.read(LARGEST + 1)
        if len(held) <= LARGEST:
            return held.decode("utf-8").replace("\r\n", "\n").rstrip("\r\n")
        faults.append(f"{where}cannot read {file}: it is larger than {LARGEST // 1024} KiB")
    except OSError as error:
        faults.append(f"{where}cannot read {file}: {error.strerror}")
    except UnicodeDecodeError:
        faults.append(f"{where}cannot read {file}: it is not UTF-8")
    return ""
