"""JSON as senders write it: the quick way and the long way give one tree."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import PayloadError
from hub.mapping import body
from hub.mapping.body import json_tree
from tests.support.examples import examples

TREES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
    | st.sampled_from(["a\u0308", "\u200b", "\r\n", "\x85", "\\u0041", "12.0"]),
    lambda tree: st.lists(tree, max_size=3) | st.dictionaries(st.text(max_size=3), tree, max_size=3),
    max_leaves=8,
)


def long_way(told: bytes, monkeypatch: pytest.MonkeyPatch) -> Any:
    def refuse(_: bytes) -> Any:
        raise ValueError

    with monkeypatch.context() as patched:
        patched.setattr(body, "_quickly", refuse)
        return json_tree(told)


@settings(deadline=None, max_examples=examples(200))
@given(tree=TREES, ascii_only=st.booleans())
def test_a_body_gives_one_tree_whichever_way_it_is_read(tree: Any, ascii_only: bool) -> None:
    told = json.dumps(tree, ensure_ascii=ascii_only).encode()
    with pytest.MonkeyPatch.context() as patched:
        assert repr(json_tree(told)) == repr(long_way(told, patched))


@pytest.mark.parametrize(
    ("told", "tree"),
    [
        (b"18446744073709551616", 2**64),
        (b"-0.0", 0),
        (b"1e16", 1e16),
        (b'{"a": 12.0}', {"a": 12}),
        (b'"a\\u0308"', "\u00e4"),
        (b'"\xff"', "\ufffd"),
    ],
)
def test_what_only_the_long_way_keeps_is_kept(told: bytes, tree: Any) -> None:
    found = json_tree(told)
    assert found == tree
    assert type(found) is type(tree)


def test_nesting_without_end_is_no_json() -> None:
    with pytest.raises(PayloadError):
        json_tree(b"[" * 100_000)
