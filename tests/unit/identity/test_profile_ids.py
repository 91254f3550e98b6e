"""Clusters keep the ids of profiles: through a merge, and when it is taken back."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from hub.identity.profile_ids import assign
from hub.model.keys import profile_id

OLD, NEW = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)


def record(number: int) -> UUID:
    return UUID(int=number)


def test_a_new_cluster_is_seeded_by_its_first_record() -> None:
    assert assign([[record(1), record(2)]], {}, {}) == [profile_id(record(1))]


def test_a_merge_keeps_the_oldest_profile() -> None:
    active = {profile_id(record(1)): NEW, profile_id(record(2)): OLD}
    assert assign([[record(1), record(2)]], active, {}) == [profile_id(record(2))]


def test_a_split_gives_each_part_an_id_of_its_own_and_the_old_one_back() -> None:
    kept, gone = profile_id(record(1)), profile_id(record(2))
    assert assign([[record(1)], [record(2), record(3)]], {kept: OLD}, {gone: NEW}) == [kept, gone]


def test_a_part_that_never_was_a_profile_is_seeded_anew() -> None:
    kept = profile_id(record(1))
    assert assign([[record(1)], [record(2)]], {kept: OLD}, {}) == [kept, profile_id(record(2))]


@given(st.lists(st.integers(1, 20), unique=True, min_size=1), st.data())
def test_no_two_clusters_ever_get_one_id(numbers: list[int], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(numbers)))
    parts = [part for part in ([record(n) for n in numbers[:cut]], [record(n) for n in numbers[cut:]]) if part]
    seeds = [profile_id(record(n)) for n in numbers]
    active = dict.fromkeys(data.draw(st.lists(st.sampled_from(seeds), unique=True)), OLD)
    retired = {seed: NEW for seed in seeds if seed not in active and data.draw(st.booleans())}
    ids = assign(parts, active, retired)
    assert len(set(ids)) == len(parts)
