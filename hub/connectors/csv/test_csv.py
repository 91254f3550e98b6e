"""Files as they come out of old systems, and the file Hub writes."""

import csv
import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hub.connectors.csv import CONNECTOR, destination
from hub.connectors.csv.destination import DESTINATION, is_needed, render, restore, send
from hub.connectors.csv.manifest import CsvSettings
from hub.connectors.csv.mapping import own_fields
from hub.connectors.csv.source import SOURCE, backfill, parse, surely_reads
from hub.errors import ConfigError, PayloadError, Unavailable
from hub.mapping.overrides import compile_overrides
from hub.mapping.time import UNTOLD
from hub.model.base import FrozenTexts
from hub.model.consent import Consent
from hub.model.customer import ContactPoint, CustomerSnapshot, PersonName
from hub.model.event import CustomerEvent, Note
from hub.model.identifier import RecordKey
from hub.model.profile import Profile
from hub.sdk.connection import Connection, open_client
from hub.sdk.destination import Kept, ProfileChange, WriteResult
from hub.sdk.http import HttpClient
from hub.sdk.source import BackfillItem, InboxEntry

NOW = datetime(2026, 9, 24, 8, 0, tzinfo=UTC)
HTTP = HttpClient("https://unused.example.com")
FIELDS = {"external_id": "id", "email": "mail", "first_name": "vorname", "last_name": "nachname"}
ANNA, BERND = UUID(int=1), UUID(int=2)


def settings(path: Path, **more: Any) -> CsvSettings:
    return CsvSettings.model_validate({"path": str(path), "fields": FIELDS} | more)


def file(folder: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path = folder / "kunden.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def items(known: CsvSettings, since: datetime | None = None, cursor: Any = None) -> list[BackfillItem]:
    return [item for page in backfill(HTTP, known, since, cursor) for item in page.items]


def read(item: BackfillItem, known: CsvSettings) -> CustomerEvent:
    event, *_ = parse(InboxEntry("old-crm", item.event_id, item.topic, item.headers, item.body, NOW), known)
    assert isinstance(event, CustomerEvent)
    return event


def names(known: CsvSettings) -> list[str]:
    found = []
    for item in items(known):
        try:
            found.append(read(item, known).customer.key.external_id)
        except PayloadError as error:
            found.append(f"parked: {error}")
    return found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_encoding_and_delimiter_are_told_from_the_file(tmp_path: Path, encoding: str, delimiter: str) -> None:
    text = "id;mail;vorname;nachname\r\n7;Joerg@example.de;Jörg;Weißmüller\r\n".replace(";", delimiter)
    known = settings(file(tmp_path, text, encoding), updated_at_field=None)

    (item,) = items(known)

    assert read(item, known).customer == CustomerSnapshot(
        key=RecordKey(kind="customer", external_id="7"),
        name=PersonName(first="Jörg", last="Weißmüller", full="Jörg Weißmüller"),
        emails=(ContactPoint(value="joerg@example.de", original="Joerg@example.de"),),
    )


def test_a_bad_row_is_parked_and_takes_no_other_with_it(tmp_path: Path) -> None:
    rows = [
        b"id;mail;vorname;nachname",
        "1;a@example.de;Zoë;Öz".encode(),
        b"2;b@example.de;zu;viele;Zellen",
        b"3;c@example.de",
        b'4;d@example.de;"offen;Ende',
        b"5;e@example.de;J\xf6rg;Latin",
        b"",
        b";f@example.de;ohne;Nummer",
        b'7;g@example.de;"zwei',
        'Zeilen";Ü'.encode(),
        b'8;h@example.de;5" Rohr;Dick',
    ]

    found = names(settings(file(tmp_path, b"\r\n".join(rows))))

    wrong = "its encoding, its quotes or the number of its cells is wrong"
    assert found == [
        "1",
        f"parked: row 2: {wrong}",
        f"parked: row 3: {wrong}",
        f"parked: row 4: {wrong}",
        f"parked: row 5: {wrong}",
        "parked: id: no external id",
        "7",
        "8",
    ]


def test_a_walk_resumes_after_a_page_and_begins_anew_with_a_new_file(tmp_path: Path) -> None:
    text = "id;mail;vorname;nachname\n" + "".join(f"{n};k{n}@example.de;Uwe;Nr{n}\n" for n in range(2_500))
    known = settings(file(tmp_path, text))

    pages = list(backfill(HTTP, known, None, None))
    resumed = items(known, cursor=pages[0].cursor)
    anew = items(known, cursor={"row": 1_000, "modified": "2020-01-01T00:00:00+00:00"})

    assert [(len(page.items), page.total) for page in pages] == [(1_000, 2_500), (1_000, 2_500), (500, 2_500)]
    assert resumed == [item for page in pages[1:] for item in page.items]
    assert len(anew) == 2_500


def test_a_row_without_a_time_that_returns_to_an_earlier_state_is_seen_and_a_touched_file_brings_nothing(
    tmp_path: Path,
) -> None:
    head, was, became = "id;mail;vorname;nachname\n", "1;a@example.de;A;A\n", "1;b@example.de;A;A\n"
    known = settings(file(tmp_path, head + was))

    def read_again(cursor: Any) -> tuple[list[BackfillItem], Any]:
        pages = list(backfill(HTTP, known, None, cursor))
        return [item for page in pages for item in page.items], pages[-1].cursor if pages else cursor

    first, cursor = read_again(None)
    os.utime(known.path, (2_000_000_000, 2_000_000_000))
    touched, cursor = read_again(cursor)
    file(tmp_path, head + became)
    second, cursor = read_again(cursor)
    file(tmp_path, head + was)
    third, _ = read_again(cursor)

    assert touched == []
    assert len({item.event_id for item in (*first, *second, *third)}) == 3
    assert {read(item, known).occurred_at for item in (*first, *second, *third)} == {UNTOLD}


def test_the_time_of_a_row_decides_its_version(tmp_path: Path) -> None:
    text = "id;mail;vorname;nachname;am\n1;a@example.de;A;A;2026-01-02 10:00:00\n2;b@example.de;B;B;2026-03-01\n"
    known = settings(file(tmp_path, text), updated_at_field="am")

    times = [read(item, known).occurred_at for item in items(known)]
    later = [read(item, known).customer.key.external_id for item in items(known, datetime(2026, 2, 1, tzinfo=UTC))]

    assert times == [datetime(2026, 1, 2, 9, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)]
    assert later == ["2"]


def test_a_row_without_a_time_stands_behind_every_source_that_has_one(tmp_path: Path) -> None:
    known = settings(file(tmp_path, "id;mail;vorname;nachname\n1;a@example.de;A;A\n"))

    (item,) = items(known)

    assert read(item, known).occurred_at == UNTOLD
    assert items(known, NOW.replace(year=2100)) == []


@pytest.mark.parametrize(("cell", "state"), [("JA", "opted_in"), ("1", "opted_in"), ("nein", "opted_out")])
def test_a_consent_with_its_time_is_explicit(tmp_path: Path, cell: str, state: Any) -> None:
    text = f"id;mail;vorname;nachname;nl;am\n1;a@example.de;A;A;{cell};2026-01-02\n2;b@example.de;B;B;;\n"
    told = {"email": {"column": "nl", "opted_in": ["ja", 1], "at": "am"}}
    known = settings(file(tmp_path, text), consents=told)

    first, second = (read(item, known).customer.consents for item in items(known))

    at = datetime(2026, 1, 2, tzinfo=UTC)
    assert first == (Consent(channel="email", state=state, at=at, evidence="csv column nl", explicit=True),)
    assert second == ()


@pytest.mark.parametrize(("cell", "explicit"), [("ja", False), ("nein", True)])
def test_the_time_of_the_row_is_none_of_an_opt_in(tmp_path: Path, cell: str, explicit: bool) -> None:
    text = f"id;mail;vorname;nachname;nl;am\n1;a@example.de;A;A;{cell};2026-01-02\n"
    told = {"email": {"column": "nl", "opted_in": ["ja"], "at": "am"}}
    known = settings(file(tmp_path, text), consents=told, updated_at_field="am")

    [(consent,)] = [read(item, known).customer.consents for item in items(known)]

    assert (consent.at, consent.explicit) == (datetime(2026, 1, 2, tzinfo=UTC), explicit)


def test_a_phone_without_a_country_is_one_of_the_rows_own(tmp_path: Path) -> None:
    text = "id;tel;land\n1;030 23125017;\n2;0791 128 0051;GB\n3;01 23456789;Österreich\n4;030 23125017;Nirgends\n"
    fields = {"external_id": "id", "phone": "tel", "country": "land"}
    known = settings(file(tmp_path, text), fields=fields, default_region="DE")

    found = [read(item, known).customer.phones[0].value for item in items(known)]

    assert found == ["+493023125017", "+447911280051", "+43123456789", "+493023125017"]


def test_faults_of_settings_and_file_name_the_nearest_right_word(tmp_path: Path) -> None:
    path = file(tmp_path, "id;e-mail;vorname;nachname\n")

    with pytest.raises(ConfigError, match=r"fields\.email: the file has no column 'mail'; did you mean 'e-mail'"):
        items(settings(path))
    with pytest.raises(ConfigError, match="there is no such file"):
        items(settings(tmp_path / "keine.csv"))
    with pytest.raises(ValidationError, match="'emial' is no customer field; did you mean 'email'"):
        settings(path, fields={"external_id": "id", "emial": "mail"})
    with pytest.raises(ValidationError, match="external_id is needed"):
        settings(path, fields={"email": "mail"})


def profile(id_: UUID, **fields: Any) -> Profile:
    return Profile(id=id_, created_at=NOW, updated_at=NOW, **fields)


KEPT: dict[Path, dict[str, Kept]] = {}
"""By file: what was delivered, as the mirror has it."""


def write(known: CsvSettings, *changes: ProfileChange) -> list[dict[str, str]]:
    """Deliver, as the outbox does: restored first where that is needed."""
    writes = [found for change in changes if (found := render(change, known))]
    kept = KEPT.setdefault(known.path, {})
    if is_needed(HTTP, known):
        restore((kept[key] for key in sorted(kept)), HTTP, known)
    results = send(writes, HTTP, known)
    assert list(results) == [WriteResult(w.key, "delivered", w.key) for w in writes]
    for each in writes:
        for gone in each.merge:
            kept.pop(gone, None)
        kept[each.key] = Kept(each.key, each.mirror)
    return read_back(known)


def read_back(known: CsvSettings) -> list[dict[str, str]]:
    with known.path.open(encoding="utf-8-sig", newline="") as rows:
        return list(csv.DictReader(rows))


def newcomer(number: int) -> ProfileChange:
    return ProfileChange(profile(UUID(int=number), emails=(f"k{number}@example.de",)), 1)


def ids(rows: list[dict[str, str]]) -> list[int]:
    return [UUID(row["id"]).int for row in rows]


def test_rows_are_added_changed_merged_and_erased(tmp_path: Path) -> None:
    known = settings(tmp_path / "aus" / "profile.csv")
    anna = ProfileChange(profile(ANNA, emails=("anna@example.de",), name=PersonName(first="Änne")), 1)
    bernd = ProfileChange(profile(BERND, emails=("bernd@example.de",)), 1)
    merged = ProfileChange(anna.profile, 2, external_ids=(str(BERND), str(ANNA)), mirror={"mail": "x"})
    erased = ProfileChange(anna.profile, 3, external_ids=(str(ANNA),), erased=True)
    row = {"id": str(ANNA), "mail": "anna@example.de", "vorname": "Änne", "nachname": ""}

    assert write(known, anna, bernd) == [
        row,
        {"id": str(BERND), "mail": "bernd@example.de", "vorname": "", "nachname": ""},
    ]
    assert write(known, merged) == [row]
    assert write(known, erased) == []
    left = {path.name for path in known.path.parent.iterdir()}
    assert left == {"profile.csv", ".profile.csv.lock", ".profile.csv.mark"}


def test_fields_of_their_own_are_read_and_written(tmp_path: Path) -> None:
    # given a column for a custom field, and another for what Hub knows besides
    fields = {"external_id": "id", "email": "mail", "custom.Größe": "groesse"}
    given = {"fields": fields, "profile_fields": {"zuletzt": "orders.last_at", "marken": "tags"}}
    known = settings(file(tmp_path, "id;mail;groesse\n7;a@example.de;42\n8;b@example.de;\n"), **given)

    told = [read(item, known).customer.custom for item in items(known)]
    out = settings(tmp_path / "aus.csv", **given)
    person = profile(ANNA, tags=("b2b", "vip"), custom=FrozenTexts({"Größe": "42", "else": "x"}))
    [row] = write(out, ProfileChange(person, 1))

    assert told == [{"Größe": "42"}, {}]
    assert row == {"id": str(ANNA), "mail": "", "groesse": "42", "zuletzt": "", "marken": "b2b;vip"}
    with pytest.raises(ValidationError, match="mail is written by fields or consents already"):
        settings(tmp_path / "aus.csv", fields=fields, profile_fields={"mail": "tags"})


def test_a_mapping_file_adds_columns_and_changes_others(tmp_path: Path) -> None:
    # given columns for an expression and for a table, and one of Hub's own to be left empty
    told = {
        "gruppe": {"value": "tags[0]", "lookup": "gruppen"},
        "vorname": "upper(name.first)",
        "mail": {"leave_out": True},
    }
    known = settings(tmp_path / "aus.csv")
    mapping, faults = compile_overrides({"tables": {"gruppen": {"vip": "Gold"}}, "fields": told}, own_fields(known))
    assert faults == []
    person = profile(ANNA, tags=("vip",), name=PersonName(first="Anna"))
    # when a person is written
    [row] = write(known.with_mapping(mapping), ProfileChange(person, 1))
    # then the row has what the file says, and the rest as before
    [plain] = write(settings(tmp_path / "zuvor.csv"), ProfileChange(person, 1))
    assert row == plain | {"gruppe": "Gold", "vorname": "ANNA", "mail": ""}


def test_what_a_spreadsheet_would_run_is_guarded_and_phones_are_not(tmp_path: Path) -> None:
    known = CsvSettings.model_validate({"path": str(tmp_path / "profile.csv")})
    risky = profile(
        ANNA,
        name=PersonName(first='=HYPERLINK("x")', last="@SUM(1)", full="-1+2"),
        phones=("+493023125017",),
        company="+49+cmd",
        birth_date=date(1980, 2, 1),
    )

    (row,) = write(known, ProfileChange(risky, 1))

    assert {name: cell for name, cell in row.items() if cell} == {
        "hub_id": str(ANNA),
        "first_name": '\'=HYPERLINK("x")',
        "last_name": "'@SUM(1)",
        "full_name": "'-1+2",
        "phone": "+493023125017",
        "company": "'+49+cmd",
        "birth_date": "1980-02-01",
        "orders": "0",
    }


def test_a_connection_to_a_file_needs_no_api(tmp_path: Path) -> None:
    known = settings(file(tmp_path, "id;mail;vorname;nachname\n1;a@example.de;A;A\n"))
    connection = Connection("old-crm", CONNECTOR, known)

    for part in (SOURCE, DESTINATION):
        with open_client(connection, part) as http:
            assert http.calls == 0


def test_a_file_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "ordner").mkdir()
    known = settings(tmp_path / "ordner")

    with pytest.raises(Unavailable, match=r"IsADirectoryError|PermissionError"):
        restore(iter(()), HTTP, known)


def test_a_file_that_was_taken_away_is_written_anew_with_every_row_also_while_only_new_people_come(
    tmp_path: Path,
) -> None:
    known = settings(tmp_path / "profile.csv")
    write(known, *(newcomer(number) for number in range(1, 27)))
    known.path.rename(tmp_path / "elsewhere.csv")

    rows = write(known, *(newcomer(number) for number in range(27, 32)))

    assert ids(rows) == list(range(1, 32))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-9]),
        lambda path: path.write_text("", encoding="utf-8"),
        lambda path: path.write_bytes(path.read_bytes() + b"7,somebody,,\r\n"),
        lambda path: path.with_name(".profile.csv.mark").unlink(),
        lambda path: path.with_name(".profile.csv.mark").write_text("{", encoding="utf-8"),
    ],
    ids=["cut short", "emptied", "added to", "without its mark", "mark cut short"],
)
def test_a_file_that_is_not_as_hub_left_it_is_written_anew(tmp_path: Path, spoil: Any) -> None:
    known = settings(tmp_path / "profile.csv")
    write(known, *(newcomer(number) for number in range(1, 4)))
    spoil(known.path)

    assert ids(write(known, newcomer(4))) == [1, 2, 3, 4]


def test_a_file_of_somebody_else_is_put_aside(tmp_path: Path) -> None:
    known = settings(file(tmp_path, "kunde;ort\n1;Kiel\n"))

    assert ids(write(known, newcomer(1))) == [1]
    assert (tmp_path / "kunden.csv.aside-1").read_text(encoding="utf-8") == "kunde;ort\n1;Kiel\n"


def test_other_columns_are_written_from_the_first_row_on(tmp_path: Path) -> None:
    known = settings(tmp_path / "profile.csv")
    write(known, newcomer(1))
    wider = settings(tmp_path / "profile.csv", fields={**FIELDS, "city": "ort"})

    rows = write(wider, newcomer(2))

    assert [list(row) for row in rows] == [["id", "mail", "vorname", "nachname", "ort"]] * 2
    assert ids(rows) == [1, 2]


def test_new_rows_are_appended_and_the_file_is_not_written_again(tmp_path: Path) -> None:
    known = settings(tmp_path / "profile.csv")
    write(known, newcomer(9))
    before, node = known.path.read_bytes(), known.path.stat().st_ino

    rows = write(known, newcomer(5), newcomer(7))

    assert known.path.read_bytes().startswith(before)
    assert (known.path.stat().st_ino, ids(rows)) == (node, [9, 5, 7])


def test_a_changed_row_has_the_file_replaced_at_once_in_the_order_of_ids(tmp_path: Path) -> None:
    known = settings(tmp_path / "profile.csv")
    write(known, newcomer(9))
    write(known, newcomer(5))
    node = known.path.stat().st_ino
    change = ProfileChange(profile(UUID(int=9), emails=("neu@example.de",)), 2, (str(UUID(int=9)),), {"mail": "x"})

    rows = write(known, change)

    assert (ids(rows), rows[1]["mail"]) == ([5, 9], "neu@example.de")
    assert known.path.stat().st_ino != node


@pytest.mark.parametrize("forgotten", [True, False], ids=["another process", "the same process"])
def test_a_row_that_was_written_and_not_recorded_is_not_there_twice(tmp_path: Path, forgotten: bool) -> None:
    # given a process that died between writing the file and recording it
    known = settings(tmp_path / "profile.csv")
    write(known, newcomer(1), newcomer(2))
    if forgotten:
        destination._IDS.clear()

    assert ids(write(known, newcomer(2), newcomer(3))) == [1, 2, 3]


def test_a_crash_while_it_is_replaced_leaves_the_old_file(tmp_path: Path) -> None:
    known = settings(tmp_path / "profile.csv")
    write(known, newcomer(1))

    def kept() -> Iterator[Kept]:
        yield Kept("x", {"id": "x"})
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        restore(kept(), HTTP, known)

    assert ids(read_back(known)) == [1]
    assert not is_needed(HTTP, known)


def test_who_was_erased_does_not_come_back_when_the_file_is_written_anew(tmp_path: Path) -> None:
    known = settings(tmp_path / "profile.csv")
    write(known, newcomer(1), newcomer(2))
    write(known, ProfileChange(profile(UUID(int=1)), 2, (str(UUID(int=1)),), erased=True))
    known.path.unlink()

    assert ids(write(known, newcomer(3))) == [2, 3]


def test_nothing_is_sent_into_a_file_that_is_not_as_hub_left_it(tmp_path: Path) -> None:
    known = settings(tmp_path / "profile.csv")
    found = render(newcomer(1), known)

    assert found is not None
    with pytest.raises(Unavailable, match="taken away or changed"):
        send([found], HTTP, known)


@pytest.mark.parametrize(
    "sign", ["=", "+", "-", "@", "＝", "＋", "－", "＠", "﹦", "﹢", "﹣", "﹫", "⁼", "⁺", "⁻", "−"]
)
@pytest.mark.parametrize("before", ["", "\t", "\r", "\n", " ", "\u00a0", "\ufeff", "\u200b", "\u202e"])
def test_every_sign_that_begins_a_formula_is_guarded(sign: str, before: str) -> None:
    guarded = destination._guarded({"name": f"{before}{sign}cmd|'/c calc'!A1"})

    assert guarded["name"].startswith("'")


@pytest.mark.parametrize("cell", ["Anna", "Ölaf", "+493023125017", "12", "ﾊﾅ", "'s-Gravenhage", "", "山田"])
def test_what_is_no_formula_is_left_as_it_is(cell: str) -> None:
    assert destination._guarded({"name": cell}) == {"name": cell}


def test_a_character_that_the_encoding_lacks_costs_itself_and_not_the_row(tmp_path: Path) -> None:
    known = settings(tmp_path / "profile.csv", encoding="cp1252", delimiter=",")
    change = ProfileChange(profile(ANNA, name=PersonName(first="Ağca"), emails=("a@example.de",)), 1)
    found = render(change, known)

    assert found is not None
    restore(iter(()), HTTP, known)
    send([found], HTTP, known)
    assert "A?ca" in known.path.read_text(encoding="cp1252")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "cp1252"])
def test_what_a_spreadsheet_writes_is_read(tmp_path: Path, encoding: str) -> None:
    text = 'sep=;\r\nid;mail;vorname;nachname\r\n7;joerg@example.de;Jörg;"Weiß\r\nmüller"\r\n'
    known = settings(file(tmp_path, text, encoding))

    (item,) = items(known)

    assert read(item, known).customer.name == PersonName(first="Jörg", last="Weiß müller", full="Jörg Weiß müller")


def test_german_times_are_read_and_a_bad_one_costs_the_opt_in_and_not_the_row(tmp_path: Path) -> None:
    text = (
        "id;mail;vorname;nachname;am;nl;seit\n"
        "1;a@example.de;A;A;28.08.2024 14:05;ja;15.02.2023\n"
        "2;b@example.de;B;B;gestern;ja;irgendwann\n"
        "3;c@example.de;C;C;45532;nein;irgendwann\n"
    )
    told = {"email": {"column": "nl", "opted_in": ["ja"], "at": "seit"}}
    known = settings(file(tmp_path, text), updated_at_field="am", consents=told)
    modified = datetime.fromtimestamp(known.path.stat().st_mtime, tz=UTC)

    first, second, third = (read(item, known) for item in items(known))

    assert first.occurred_at == datetime(2024, 8, 28, 12, 5, tzinfo=UTC)
    assert first.customer.consents[0].at == datetime(2023, 2, 15, tzinfo=UTC)
    assert (second.occurred_at, second.customer.consents) == (UNTOLD, ())
    assert third.occurred_at == datetime(2024, 8, 28, tzinfo=UTC)
    (kept,) = third.customer.consents
    assert (kept.state, kept.at, kept.explicit) == ("opted_out", modified, False)


def test_a_bad_time_is_noted_without_its_value(tmp_path: Path) -> None:
    known = settings(file(tmp_path, "id;mail;vorname;nachname;am\n1;a@example.de;A;A;gestern\n"), updated_at_field="am")

    (item,) = items(known)
    entry = InboxEntry("old-crm", item.event_id, item.topic, item.headers, item.body, NOW)

    assert [note for note in parse(entry, known) if isinstance(note, Note)] == [
        Note(path="am", reason="not a time: the row counts as one without a time")
    ]


def test_a_column_may_have_a_notation_and_the_file_a_zone(tmp_path: Path) -> None:
    text = "id;mail;vorname;nachname;am\n1;a@example.de;A;A;08-09-24 07:30\n"
    known = settings(
        file(tmp_path, text), updated_at_field="am", formats={"am": "%m-%d-%y %H:%M"}, time_zone="America/New_York"
    )

    (item,) = items(known)

    assert read(item, known).occurred_at == datetime(2024, 8, 9, 11, 30, tzinfo=UTC)
    with pytest.raises(ValidationError, match="is no time zone"):
        settings(tmp_path / "x.csv", time_zone="Mars")


def test_a_column_of_birth_dates_with_the_month_first_is_read_so(tmp_path: Path) -> None:
    born = ["03/04/1981", "12/31/1990", "07/15/1970", "01/29/1999"]
    text = "".join(f"{place};a{place}@example.de;A;B;{told}\n" for place, told in enumerate(born))
    path = file(tmp_path, "id;mail;vorname;nachname;geb\n" + text)
    known = settings(path, fields=FIELDS | {"birth_date": "geb"})

    assert [read(item, known).customer.birth_date for item in items(known)] == [
        date(1981, 3, 4), date(1990, 12, 31), date(1970, 7, 15), date(1999, 1, 29)
    ]  # fmt: skip

    path.write_text(path.read_text() + "9;z@example.de;A;B;31/01/1999\n")
    assert read(items(known)[0], known).customer.birth_date == date(1981, 4, 3)


def test_equal_rows_of_one_file_are_one_record(tmp_path: Path) -> None:
    known = settings(file(tmp_path, "id;mail;vorname;nachname\n1;a@example.de;A;A\n1;a@example.de;A;A\n"))

    first, second = items(known)

    assert first.event_id == second.event_id


CELLS = st.text(max_size=8) | st.sampled_from(["", " ", "\x00", "\u200b", "7", "a@example.com", "+4915112345678", "-"])
ROWS = st.dictionaries(st.sampled_from(["id", "mail", "vorname", "nachname", "geb"]), CELLS)


@given(row=ROWS.map(orjson.dumps) | st.binary(max_size=20))
def test_a_row_of_which_it_is_said_that_it_is_surely_read_is_read(row: bytes) -> None:
    known = settings(Path("kunden.csv"), fields={**FIELDS, "birth_date": "geb"})
    if surely_reads(row, known):
        told = read(BackfillItem("1", "row", row, {}), known)
        assert told.customer.key.external_id.strip()


def test_a_row_with_an_id_is_surely_read_unless_a_time_is_read_in_it(tmp_path: Path) -> None:
    row = orjson.dumps({"id": "7", "mail": "-"})
    assert surely_reads(row, settings(tmp_path))
    assert not surely_reads(orjson.dumps({"id": " ", "mail": "anna@example.com"}), settings(tmp_path))
    assert not surely_reads(row, settings(tmp_path, updated_at_field="geaendert"))
