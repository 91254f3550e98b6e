"""D1–D7 and D12–D17: what ``render`` and ``plan`` promise, without any request being sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, get_origin
from uuid import UUID

from pydantic import ValidationError

from hub.errors import Refusal
from hub.mapping.overrides import compile_overrides
from hub.model.base import FrozenTexts
from hub.model.customer import PersonName
from hub.model.money import Money
from hub.model.order import Refund
from hub.model.profile import OrderSummary, Profile
from hub.sdk.destination import OrderChange, ProfileChange, Write, WriteResult
from hub.sdk.manifest import Capability, ProfileSettings
from hub.sdk.refusals import Spared, delivered, spare
from hub.sdk.testkit.cases import ConnectorCase, WriteCase, assert_same
from hub.sdk.testkit.watch import impurities, leaks, personal_values
from hub.sdk.testkit.wire import as_json, over_http, replayed

_UNKNOWN: Mapping[str, Any] = {
    "name": PersonName(),
    "emails": (),
    "phones": (),
    "addresses": (),
    "birth_date": None,
    "language": None,
    "company": None,
    "loyalty_ids": (),
    "accounts": (),
    "tags": (),
    "contact_kinds": (),
    "consents": (),
    "orders": OrderSummary(),
    "records": (),
}
"""Every attribute of a profile that may be unknown, as it is then."""

_CASES: Mapping[Capability, str] = {Capability.MERGE: "merge", Capability.ERASE: "erase", Capability.ORDERS: "order"}


def _written(case: ConnectorCase) -> frozenset[Capability]:
    """What it can do, without the orders that a shop only tells of."""
    takes = case.destination.takes_orders
    told = frozenset({Capability.ORDERS} if takes and not takes(case.settings) else ())
    return case.manifest.capabilities - told


def law_d1_every_case_is_there(case: ConnectorCase) -> None:
    """Samples for create, update and nothing_changed, and for merge, erase and order where they are declared."""
    there = {write.sample.folder.name for write in case.write_cases}
    wanted = {"create", "update", "nothing_changed"}
    wanted |= {name for capability, name in _CASES.items() if capability in _written(case)}
    missing = {name for name in wanted if not any(found == name or found.startswith(f"{name}_") for found in there)}
    assert not missing, f"{case.id}: no samples/write/ for {', '.join(sorted(missing))}"
    silent = [
        c.value for c in _CASES if c not in case.manifest.capabilities and c.value not in case.manifest.not_offered
    ]
    if case.manifest.channel == "crm" and Capability.ACTIVITIES not in case.manifest.capabilities:
        silent += ["activities"] if "activities" not in case.manifest.not_offered else []
    assert not silent, f"{case.id}: neither a capability nor in not_offered: {', '.join(sorted(silent))}"
    appends = case.destination.append is not None
    assert appends == (Capability.ACTIVITIES in case.manifest.capabilities), (
        f"{case.id}: the capability activities and a destination that appends go together"
    )


def law_d1_render_gives_the_expected_write(case: WriteCase) -> None:
    """``render`` gives ``write.json``, twice the same, and touches neither clock nor socket."""
    rendered = _render(case)
    expected = case.sample.write
    assert_same(as_json(rendered), as_json(expected), f"{case.id}: differs from write.json")
    called = impurities(lambda: _render(case))
    assert not called, f"{case.id}: render calls {', '.join(sorted(set(called)))}"


def law_d1_plan_gives_the_expected_requests(case: WriteCase) -> None:
    """``plan`` gives ``requests.json``, without I/O."""
    write = _render(case)
    writes = [write] if write is not None else []
    planned = as_json(list(case.destination.plan(writes, case.settings)))
    assert_same(planned, case.sample.exchange("requests"), f"{case.id}: differs from requests.json")
    called = impurities(lambda: case.destination.plan(writes, case.settings))
    assert not called, f"{case.id}: plan calls {', '.join(sorted(set(called)))}"


def law_d2_what_is_unknown_is_not_sent(case: WriteCase) -> None:
    """An attribute nobody knows is left out of a new record: absent is not null, nor empty text."""
    change = case.sample.change
    if not isinstance(change, ProfileChange) or change.erased:
        return
    for name, unknown in _UNKNOWN.items():
        profile = change.profile.model_copy(update={name: unknown})
        write = case.destination.render(replace(change, profile=profile, mirror={}), case.settings)
        empty = sorted(path for path in _empties(write.properties)) if write else []
        assert not empty, f"{case.id}: with unknown {name} these are sent empty: {', '.join(empty)}"


def law_d3_a_known_record_is_updated(case: WriteCase) -> None:
    """With the id of the record there, the write goes to that record; without one, it is found or created."""
    change, write = case.sample.change, _render(case)
    if write is not None:
        expected = change.external_ids[0] if change.external_ids else None
        assert write.external_id == expected, f"{case.id}: the write goes to {write.external_id!r}, not to {expected!r}"


def law_d3_a_record_that_is_gone_is_replaced(case: ConnectorCase) -> None:
    """Who finds records shows by a sample what happens when the known one was deleted there: another id comes back."""
    if Capability.FIND not in case.manifest.capabilities:
        return
    for sample in case.write_cases:
        write = sample.sample.write
        if write is None or write.external_id is None or write.merge:
            continue
        results = sample.sample.exchange("result")
        if any(r["outcome"] == "delivered" and r.get("external_id") != write.external_id for r in results):
            return
    raise AssertionError(f"{case.id}: no samples/write/ in which the record with the known id is gone")


def law_d4_the_same_version_twice_is_one_effect(case: WriteCase) -> None:
    """Once a write is delivered, rendering the same state again gives nothing to do."""
    change, write = case.sample.change, _render(case)
    if write is None or write.erase:
        return
    results, _ = replayed(case, [write], case.sample.exchange("responses"))
    delivered = [result for result in results if result.outcome == "delivered"]
    for result in delivered:
        kept = (result.external_id,) if result.external_id else change.external_ids[:1]
        mirror = write.mirror if result.mirror is None else result.mirror
        if mirror != write.mirror:
            continue  # less was delivered than the write held: what is left is still to be done
        again = case.destination.render(
            replace(change, external_ids=kept, mirror=mirror, uncertain=False), case.settings
        )
        assert_same(as_json(again), None, f"{case.id}: the same state is written again")


def law_d5_a_merged_profile_is_one_record(case: WriteCase) -> None:
    """Of several records of one profile the first is kept, and the others are merged where the destination can."""
    change = case.sample.change
    if not isinstance(change, ProfileChange) or change.erased or change.profile.suppressed or not change.external_ids:
        return
    merged = replace(change, external_ids=(change.external_ids[0], "kit-other"))
    write = case.destination.render(merged, case.settings)
    if Capability.MERGE in case.manifest.capabilities:
        assert write is not None, f"{case.id}: two records of one profile are left as they are"
        assert write.merge == ("kit-other",), f"{case.id}: merges {write.merge!r} instead of the other record"
    if write is not None:
        assert write.external_id == change.external_ids[0], f"{case.id}: the first record is not the one that is kept"


def law_d6_the_suppressed_get_only_the_suppression(case: WriteCase) -> None:
    """Of a suppressed person only the suppression leaves: an erasure, or an address that must stay silent."""
    change = case.sample.change
    if not isinstance(change, ProfileChange):
        return
    profile = change.profile.model_copy(update={"suppressed": True})
    write = case.destination.render(replace(change, profile=profile, erased=False), case.settings)
    if write is None or write.erase:
        return
    allowed = {*profile.emails, *profile.phones}
    sent = repr((as_json(write.properties), as_json(write.body)))
    found = leaks(sent, personal_values(profile) - allowed)
    assert not found, f"{case.id}: {len(found)} values of a suppressed person are written"


def law_d7_an_erasure_erases(case: WriteCase) -> None:
    """An erased person's write removes the record and carries nothing of them."""
    change = case.sample.change
    if not isinstance(change, ProfileChange) or Capability.ERASE not in case.manifest.capabilities:
        return
    known = change.external_ids or ("kit-known",)
    write = case.destination.render(replace(change, erased=True, external_ids=known), case.settings)
    assert write is not None, f"{case.id}: an erasure of a known record gives no write"
    assert write.erase, f"{case.id}: an erasure does not erase"
    assert not write.properties, f"{case.id}: an erasure writes properties"
    assert {write.external_id, *write.merge} >= set(known), f"{case.id}: not every record of the person is erased"


def law_d17_what_people_map_themselves_is_written(case: WriteCase) -> None:
    """Where the settings take ``profile_fields``, what they name is written, and goes when nobody tells it any more."""
    change = case.sample.change
    if not isinstance(change, ProfileChange) or not isinstance(case.settings, ProfileSettings):
        return
    if change.erased or change.profile.suppressed:
        return
    settings = case.settings.model_copy(update={"profile_fields": {"kit_own": "custom.the kit's own"}})
    told = change.profile.model_copy(update={"custom": FrozenTexts({"the kit's own": "kit-value"})})
    write = case.destination.render(replace(change, profile=told), settings)
    assert write is not None, f"{case.id}: a field that people mapped is not written"
    assert "kit-value" in repr(as_json(write.properties)), f"{case.id}: a field that people mapped is not written"
    after = replace(change, mirror=dict(write.mirror), external_ids=change.external_ids or ("kit-known",))
    again = case.destination.render(after, settings)
    assert again is not None, f"{case.id}: a field of their own stays when nobody tells it any more"
    assert "kit-value" not in repr(as_json(again.mirror)), f"{case.id}: it stays when nobody tells it any more"


def law_d17_a_mapping_file_changes_what_is_written(case: WriteCase) -> None:
    """Where a connector declares its own fields, a mapping file adds to them, and never touches those that are kept."""
    change, own_fields = case.sample.change, case.connector.own_fields
    if own_fields is None or not isinstance(change, ProfileChange) or not isinstance(case.settings, ProfileSettings):
        return
    if change.erased or change.profile.suppressed:
        return
    own = own_fields(case.settings)
    mapping, faults = compile_overrides({"fields": {"kit_own": {"constant": "kit-constant"}}}, own)
    assert not faults, f"{case.id}: {faults}"
    write = case.destination.render(change, case.settings.with_mapping(mapping))
    assert write is not None, f"{case.id}: what a mapping file adds is not written"
    assert "kit-constant" in repr(as_json(write.properties)), f"{case.id}: what a mapping file adds is not written"
    assert own.kept, f"{case.id}: own_fields keeps nothing, not even what people are found by"
    for name in own.kept:
        assert compile_overrides({"fields": {name: {"leave_out": True}}}, own)[1], f"{case.id}: {name} may be changed"


def law_d12_our_own_change_is_recognised(case: WriteCase) -> None:
    """The mirror holds every property as it was written, so that it is known when it comes back."""
    write = _render(case)
    if write is None or write.erase:
        return
    foreign = sorted(name for name, value in write.properties.items() if write.mirror.get(name) != value)
    assert not foreign, f"{case.id}: the mirror does not hold {', '.join(foreign)} as written"
    assert write.mirror, f"{case.id}: the mirror is empty"


def law_d13_a_misspelt_setting_is_a_start_up_error(case: ConnectorCase) -> None:
    """An unknown setting, and a field map to an attribute that does not exist, are refused before anything is sent."""
    _refused(case, "hub_no_such_setting", "x")
    for name, field in case.manifest.settings.model_fields.items():
        if get_origin(field.annotation) in (dict, Mapping) and name in ("properties", "fields"):
            error = _refused(case, name, {"hub_property": "emial"})
            assert "mean" in error, f"{case.id}: {name}: a misspelt attribute is refused without the nearest right one"


def law_d14_what_becomes_of_an_undone_merge_is_declared(case: ConnectorCase) -> None:
    """Who merges records says what becomes of the second one when the merge is taken back."""
    assert (Capability.MERGE in case.manifest.capabilities) == (case.manifest.unmerge is not None), (
        f"{case.id}: unmerge is declared with the capability merge, and only with it"
    )


def law_d14_an_undone_merge_gives_both_their_records_back(case: WriteCase) -> None:
    """After a merge and a split each of the two is written as it was, and neither into the other's record."""
    change = case.sample.change
    if not isinstance(change, ProfileChange) or change.erased or change.profile.suppressed or not change.profile.emails:
        return
    if Capability.MERGE not in case.manifest.capabilities:
        return
    second = change.profile.model_copy(update={"aliases": ()})
    first = second.model_copy(update={**_UNKNOWN, "id": _KEPT, "emails": ("kit-kept@example.com",)})
    alone = [_rendered(case, ProfileChange(one, 1)) for one in (first, second)]
    both = second.model_copy(update={"id": _KEPT, "aliases": (second.id,)})
    held = {**dict.fromkeys(alone[1].mirror), **alone[0].mirror}
    merged = _rendered(case, ProfileChange(both, 2, ("kit-first", "kit-second"), held))
    assert merged.merge == ("kit-second",), f"{case.id}: merges {merged.merge!r} instead of the second record"
    parted = [
        _rendered(case, ProfileChange(first, 3, ("kit-both",), merged.mirror, merged_ids=("kit-first",))),
        _rendered(case, ProfileChange(second, 2, merged_ids=("kit-second",))),
    ]
    assert [write.external_id for write in parted] == ["kit-both", None], f"{case.id}: a record is the other's"
    for before, after in zip(alone, parted, strict=True):
        assert not after.merge, f"{case.id}: merges again"
        assert_same(_told(after.mirror), _told(before.mirror), f"{case.id}: is not written as before the merge")
    lost = {*_told(merged.mirror)} - {*_told(parted[0].mirror)} - {*parted[0].properties}
    assert not lost or not over_http(case), f"{case.id}: the first record keeps {', '.join(sorted(lost))}"
    requests = as_json(list(case.destination.plan(parted[1:], case.settings)))
    assert requests, f"{case.id}: nothing is planned for the second record"
    assert "kit-" not in repr(requests).replace("kit-kept@", ""), f"{case.id}: writes to a record that was merged away"


def law_d16_money_of_another_currency_is_never_mixed(case: WriteCase) -> None:
    """A refund in the order's currency changes what is written; one in another is subtracted nowhere by its number."""
    change = case.sample.change
    if not isinstance(change, OrderChange) or _render(case) is None:
        return
    order = change.order
    foreign = "JPY" if order.currency != "JPY" else "EUR"
    money = Money(amount=Decimal("17"), currency=foreign)
    paid_out = order.model_copy(update={"refunds": (*order.refunds, Refund(external_id="kit-foreign", amount=money))})
    write = _rendered(case, replace(change, order=paid_out, mirror={}))
    mixed = (format(change.net - 17, "f"), format(order.total - 17, "f"))
    found = leaks(repr((as_json(write.properties), as_json(write.body))), mixed)
    assert not found, f"{case.id}: 17 {foreign} are subtracted from {order.currency}"


def law_d16_what_was_told_apart_is_written(case: WriteCase) -> None:
    """A refund told apart from its order, and the deletion of an order, change what is written of it."""
    change, before = case.sample.change, case.sample.write
    if not isinstance(change, OrderChange) or before is None:
        return
    held = replace(change, external_ids=change.external_ids or ("kit-known",), mirror=before.mirror)
    for what, told in (("a refund", {"refunded": change.order.total / 2}), ("a deletion", {"deleted": True})):
        again = case.destination.render(replace(held, **told), case.settings)
        assert again is not None, (
            f"{case.id}: {what} told apart from its order changes nothing: write what knows of it (net, stage, deleted)"
        )


def law_d14_what_nobody_knows_is_written(case: WriteCase) -> None:
    """Where a write may have been carried out unseen (the mirror holds None), everything is written again."""
    change, write = case.sample.change, _render(case)
    if write is None or write.erase or not (isinstance(change, OrderChange) or change.profile.emails):
        return
    known = change.external_ids or ("kit-known",)
    unknown = replace(change, external_ids=known, mirror=dict.fromkeys(write.properties), uncertain=True)
    again = _rendered(case, unknown)
    left = sorted(write.properties.keys() - again.properties.keys())
    assert not left, f"{case.id}: {', '.join(left)} may be wrong there and is not written again"


def law_d15_one_refused_value_never_loses_the_record(case: WriteCase) -> None:
    """Whichever value is refused, the rest goes out, and the refused value nowhere in it."""
    write = _render(case)
    if write is None or write.erase or write.body:
        return
    for name in sorted(write.properties.keys() - case.destination.essential):
        less = spare(Spared(write, write), (Refusal(name, "REFUSED"),), essential=case.destination.essential)
        assert less is not None, f"{case.id}: without {name} nothing goes out"
        left = less.write
        others = sorted(other for other in write.properties.keys() - {name} if other not in left.properties)
        assert not others, f"{case.id}: without {name} neither {', '.join(others)} is written"
        refused = write.properties[name]
        assert left.properties.get(name) != refused, f"{case.id}: {name} is written though it was refused"
        assert left.mirror.get(name) != refused, f"{case.id}: {name} counts as written though it was refused"
        # What was refused on a record that is there still has the value it had, as delivery keeps it.
        sent = WriteResult(write.key, "delivered", write.external_id)
        kept = delivered(sent, less, case.sample.change.mirror).mirror or {}
        again = replace(case.sample.change, mirror=kept, external_ids=(write.external_id or "kit-known",))
        assert _render(case, again) is not None, f"{case.id}: {name} is given up for ever"


def law_d15_refused_values_are_read(case: ConnectorCase) -> None:
    """Who writes properties over HTTP shows by a sample how a refused one is named, or says why it cannot be told."""
    told = [write for write in case.write_cases if over_http(write) and _properties_of(write)]
    if not told or "refused values" in case.manifest.not_offered:
        return
    named = [result for write in told for result in write.sample.exchange("result") if result.get("refused")]
    assert named, f"{case.id}: no samples/write/ in which a value is refused by name"


def _properties_of(case: WriteCase) -> bool:
    write = case.sample.write
    return write is not None and not write.body and bool(write.properties)


_KEPT = UUID("7c0ffee0-0000-4000-8000-00000000d014")


def _rendered(case: WriteCase, change: ProfileChange | OrderChange) -> Write:
    write = case.destination.render(change, case.settings)
    assert write is not None, f"{case.id}: nothing is written"
    return write


def _told(mirror: Mapping[str, Any]) -> dict[str, Any]:
    """What stands there; what was cleared, or is not known, does not."""
    return {name: value for name, value in mirror.items() if value not in (None, "")}


def _refused(case: ConnectorCase, name: str, value: Any) -> str:
    try:
        case.settings_with(**{name: value})
    except ValidationError as error:
        return str(error)
    raise AssertionError(f"{case.id}: setting {name}={value!r} is accepted")


def _render(case: WriteCase, change: ProfileChange | OrderChange | None = None) -> Write | None:
    return case.destination.render(change or case.sample.change, case.settings)


def _empties(value: Any, path: str = "") -> Iterator[str]:
    if value is None or value in ("", [], (), {}):
        if path:
            yield path
    elif isinstance(value, Mapping):
        for name, child in value.items():
            yield from _empties(child, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list | tuple):
        for index, child in enumerate(value):
            yield from _empties(child, f"{path}.{index}")


def profile_of(case: WriteCase) -> Profile | None:
    """The profile of a case; None for an order."""
    change = case.sample.change
    return None if isinstance(change, OrderChange) else change.profile
