"""Files as spreadsheets and exports really write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.connectors.csv.schemas import layout


@pytest.mark.parametrize(
    "header",
    ["\u200bid;mail", "\ufeff\u202aid\u202c;mail", "id;ma\u00adil", "\u00a0id\u00a0;mail\u200d"],
    ids=["zero_width", "bidi", "soft_hyphen", "no_break_space"],
)
def test_a_column_is_called_what_one_sees_of_its_name(tmp_path: Path, header: str) -> None:
    file = tmp_path / "kunden.csv"
    file.write_text(f"{header}\n1;ida@laden.example\n", encoding="utf-8")

    assert layout(file, encoding=None, delimiter=None).columns == ["id", "mail"]
