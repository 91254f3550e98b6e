"""``hub profile merge``, ``split`` and ``hub judgement``, as scripts and people call them."""

from __future__ import annotations

import getpass
import logging
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from hub import bootstrap
from hub.cli import judgement
from hub.model.profile import RecordReference
from hub.settings import load as load_settings
from tests.integration.test_cli import Hub

NOBODY = "00000000-0000-0000-0000-000000000001"


@pytest.fixture
def hub(tmp_path: Path, dsn: str) -> Iterator[Hub]:
    root = logging.getLogger()
    before = root.handlers, root.level
    yield Hub(tmp_path, dsn)
    root.handlers, root.level = before


def two(hub: Hub) -> tuple[str, str]:
    """The ids of Anna, of two records, and of Bert."""
    anna = hub.filled()
    (bert,) = hub.json("profile", "search", "ohm")
    return anna, str(bert["id"])


def test_people_are_told_what_became_of_it_and_how_to_take_it_back(hub: Hub) -> None:
    anna, bert = two(hub)

    merged = hub("profile", "merge", anna, bert, "--reason", "one desk").stdout.splitlines()
    listed = hub("judgement", "list").stdout
    winner = merged[0].removeprefix("one person now: profile ")
    merges = hub("profile", "merges").stdout
    split = hub("profile", "split", winner, "old-crm:2").stdout.splitlines()
    after = hub("profile", "merges").stdout

    assert merged[:3] == [
        f"one person now: profile {winner}",
        f"  {bert if winner == anna else anna} was merged away; its id leads on",
        f"  judgement 1: same, by {getpass.getuser()}",
    ]
    assert merged[-1] == "to take it back: hub judgement withdraw 1"
    assert "one desk" in listed
    assert "old-crm:customer:1, old-crm:customer:3" in listed
    assert "old-crm:customer:2" in listed
    assert "one desk" in merges
    assert "apart again" not in merges
    assert "apart again" in after
    assert set(split[0].removeprefix("apart now: profiles ").split(", ")) == {anna, bert}
    assert f"  ended: judgement 1, same, by {getpass.getuser()}" in "\n".join(split)
    assert [line.partition(": hub ")[0] for line in split[-2:]] == ["to take it back", "then"]
    assert hub("judgement", "list", "--verdict", "same").stdout == ""


def test_the_list_names_a_few_records_and_what_is_withdrawn_only_when_asked(hub: Hub) -> None:
    anna, bert = two(hub)
    hub("profile", "merge", anna, bert)
    hub("judgement", "withdraw", "1")

    assert hub("judgement", "list").stderr == "nobody decided anything yet\n"
    ended = hub("judgement", "list", "--withdrawn").stdout.splitlines()
    assert ended[0].split() == ["id", "verdict", "one", "other", "by", "at", "withdrawn", "reason"]
    assert f"by {getpass.getuser()}" in ended[1]


def test_of_many_records_the_first_are_named() -> None:
    names = {UUID(int=n): RecordReference(connection="crm", kind="customer", external_id=str(n)) for n in range(1, 5)}

    assert [judgement._names(side, names) for side in (list(names)[:2], list(names), [UUID(int=9)])] == [
        "crm:customer:1, crm:customer:2",
        "crm:customer:1, crm:customer:2, … 2 more",
        "… 1 more",
    ]


def test_scripts_get_the_whole_decision(hub: Hub) -> None:
    anna, bert = two(hub)

    merged = hub.json("profile", "merge", anna, bert)
    listed = hub.json("judgement", "list", "--profile", merged["profiles"][0])
    ended = hub.json("judgement", "withdraw", str(merged["judgement"]["id"]))
    everything = hub.json("judgement", "list", "--withdrawn")

    assert {"judgement", "profiles", "retired", "restored", "destinations"} <= merged.keys()
    assert merged["judgement"]["by"] == getpass.getuser()
    assert {each["external_id"] for each in merged["judgement"]["one"]} == {"1", "3"}
    assert listed == [merged["judgement"]]
    assert ended["restored"] == merged["retired"]
    assert everything == [ended["judgement"]]


def test_what_cannot_be_done_ends_with_1_and_says_why(hub: Hub) -> None:
    anna, bert = two(hub)

    faults = [
        hub.json(*arguments, ends=1)["faults"]
        for arguments in (
            ("profile", "merge", anna, NOBODY),
            ("profile", "merge", anna, anna),
            ("profile", "split", NOBODY, "old-crm:1"),
            ("profile", "split", anna, "old-crm:2", "old-crm:9"),
            ("profile", "split", anna, "old-crm:1", "old-crm:customer:3"),
            ("judgement", "withdraw", "7"),
        )
    ]

    assert [len(each) for each in faults] == [1, 1, 1, 3, 2, 1]
    assert faults[3][1:] == ["records.0: is no record of this profile", "records.1: is no record of this profile"]
    assert hub.json("judgement", "list") == []
    assert bert != anna


@pytest.mark.parametrize(
    "arguments",
    [
        ("profile", "merge"),
        ("profile", "merge", NOBODY),
        ("profile", "split", NOBODY),
        ("judgement", "withdraw", "first"),
        ("judgement", "withdraw", "0"),
        ("judgement", "list", "--verdict", "perhaps"),
    ],
)
def test_wrong_usage_ends_with_2(hub: Hub, arguments: tuple[str, ...]) -> None:
    assert hub(*arguments, ends=2).stdout == ""


def test_the_api_that_is_put_together_takes_decisions(hub: Hub) -> None:
    with bootstrap.runtime(load_settings(hub.config, hub.environment), pool_size=2) as run:
        paths = bootstrap.api(run).rest.openapi()["paths"]

    assert {
        "/api/v1/profiles/{id}/merge": ["post"],
        "/api/v1/profiles/{id}/split": ["post"],
        "/api/v1/judgements": ["get"],
        "/api/v1/judgements/{id}": ["delete"],
    }.items() <= {path: list(methods) for path, methods in paths.items()}.items()


def test_a_user_without_a_name_is_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError

    monkeypatch.setattr(getpass, "getuser", nameless)

    assert judgement.user().startswith("user ")


def test_a_dry_run_tells_each_destinations_part_and_changes_nothing(hub: Hub) -> None:
    anna, bert = two(hub)
    before = hub("profile", "export").stdout

    merged = hub("profile", "merge", anna, bert, "--dry-run").stdout
    split = hub("profile", "split", anna, "old-crm:3", "--dry-run").stdout
    told = hub.json("profile", "merge", anna, bert, "--dry-run")

    assert merged.startswith("nothing was changed; it would be: one person now: profile ")
    assert "would be merged away; its id leads on" in merged
    for destination in ("bi", "crm"):
        assert f"  {destination}, " in merged
    assert split.startswith("nothing was changed; it would be: apart now: profiles ")
    assert [word for word in ("to take it back", "judgement 1") if word in merged + split] == []
    assert (told["dry_run"], len(told["retired"]), {line["destination"] for line in told["destinations"]}) == (
        True, 1, {"bi", "crm"},
    )  # fmt: skip
    assert hub("profile", "export").stdout == before
    assert hub.json("judgement", "list", "--withdrawn") == []
