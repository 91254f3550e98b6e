"""S1–S5: what a delivery has to prove, and how it is named.

Which scheme a vendor uses is found by trying the source's own ``sign``: what changes with the secret is the signature,
and a signature that does not change with the body, the time or the URL does not cover it. A scheme that does not cover
the body has to be owned up to: ``not_offered={"signature": "why"}`` in the manifest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from pydantic import SecretStr

from hub.errors import VerificationError
from hub.sdk.manifest import Capability, ConnectionSettings
from hub.sdk.source import RawDelivery
from hub.sdk.testkit.cases import ConnectorCase, SourceCase
from hub.sdk.testkit.documents import respelt
from hub.sdk.testkit.watch import secret_fields


def law_s1_deliveries_are_verified(case: ConnectorCase) -> None:
    """A source with webhooks verifies, signs and names them; what the vendor does not sign is said."""
    source = case.source
    takes_deliveries = source.name_event is not None
    declared = Capability.WEBHOOK in case.manifest.capabilities
    assert declared == takes_deliveries, (
        f"{case.id}: capability webhook is declared: {declared}, name_event: {takes_deliveries}"
    )
    assert (source.verify is None) == (source.sign is None), f"{case.id}: verify and sign come together"
    if takes_deliveries and source.verify is None:
        assert "signature" in case.manifest.not_offered, (
            f"{case.id}: deliveries are not verified; say why in not_offered={{'signature': ...}}"
        )


def law_s1_a_signed_sample_verifies(case: SourceCase) -> None:
    """A delivery as the vendor sends it is accepted, signed once or again, and is not taken for a challenge."""
    for delivery in (case.signed, case.sign(case.signed)):
        _verify(case, delivery)
    answer = case.source.answer
    assert answer is None or answer(case.signed, case.settings) is None, (
        f"{case.id}: a real event is answered as a challenge"
    )


def law_s2_a_changed_delivery_is_refused(case: SourceCase) -> None:
    """Missing signature, flipped bytes, another URL and an old timestamp are refused."""
    for name in signature_names(case):
        _refused(case, _without(case.signed, name), f"without {name}")
    if not covers_body(case):
        assert "signature" in case.manifest.not_offered, (
            f"{case.id}: the signature does not cover the body; say why in not_offered={{'signature': ...}}"
        )
    else:
        body = case.signed.body
        for position in {0, len(body) // 2, len(body) - 1}:
            flipped = body[:position] + bytes([body[position] ^ 1]) + body[position + 1 :]
            _refused(case, replace(case.signed, body=flipped), f"byte {position} flipped")
        _refused(case, replace(case.signed, body=body + b" "), "one byte more")
        _refused(case, replace(case.signed, body=b""), "no body")
    moved = replace(case.unsigned, url=case.unsigned.url + "/elsewhere")
    if _changes(case, moved):
        _refused(case, replace(case.signed, url=moved.url), "sent to another URL")
    day = timedelta(days=1)
    if _changes(case, replace(case.unsigned, received_at=case.unsigned.received_at + day)):
        for moment in (case.signed.received_at + day, case.signed.received_at - day):
            _refused(case, replace(case.signed, received_at=moment), "signed a day away")


def law_s2_a_wrong_secret_is_refused(case: SourceCase) -> None:
    """Neither another secret nor an empty one opens the door, not even to a sender who knows it is empty."""
    fields = signing_fields(case)
    assert fields, f"{case.id}: no setting that holds a secret changes the signature"
    wrong = case.settings_with(**{name: _wrong(case, name) for name in fields})
    _refused(case, case.sign(case.unsigned, wrong), "signed with another secret")
    empty = _blank(case, fields)
    for delivery in (case.signed, case.sign(case.unsigned, empty)):
        _refused(case, delivery, "the connection's secret is empty", empty)


def law_s2_a_stranger_gets_no_answer(case: SourceCase) -> None:
    """No challenge is answered with success without the secret, and no unsigned event is.

    A set-up that is confirmed with a wrong secret shows its owner a hook that works, and refuses every event after it.
    A challenge that names its secret in a way ``sign`` does not know (Meta's ``hub.verify_token``) is tried without.
    """
    if case.source.answer is None:
        return
    wrong = case.settings_with(**{name: _wrong(case, name) for name in signing_fields(case)})
    asked = [replace(case.unsigned, method=method, body=b"") for method in ("GET", "HEAD", "OPTIONS")]
    for settings in (case.settings, _blank(case, secret_fields(case.manifest.settings))):
        for delivery in [each for bare in (*asked, case.unsigned) for each in (bare, case.sign(bare, wrong))]:
            reply = case.source.answer(delivery, settings)
            assert reply is None or reply.status >= 400, (
                f"{case.id}: a {delivery.method} without the right secret is answered with {reply.status}"
            )


def law_s3_two_secrets_are_accepted(case: SourceCase) -> None:
    """While a secret is being changed both are live, in either order."""
    for name, takes_list in signing_fields(case).items():
        assert takes_list, f"{case.id}: setting {name} takes one secret; use hub.sdk.manifest.Secrets"
        good, wrong = _values(case.settings, name), _wrong(case, name)
        for secrets in ([*good, wrong], [wrong, *good]):
            _verify(case, case.signed, case.settings_with(**{name: secrets}))


def law_s4_the_raw_bytes_are_signed(case: SourceCase) -> None:
    """The same content in other bytes is refused: nothing is parsed before it is verified."""
    if covers_body(case):
        other = respelt(case.signed.body, form=case.sample.form)
        _refused(case, replace(case.signed, body=other), "the same content in other bytes")


def law_s5_a_redelivery_keeps_its_event_id(case: SourceCase) -> None:
    """Sent again an hour later, with other transport headers, it is the same event of the same topic.

    A vendor whose notifications of different events may be the same bytes (SumUp) leaves nothing to tell them by but
    the time they arrive: ``not_offered={"event_id": "why"}``. A notification too many is harmless, one too few is not.
    """
    later = timedelta(hours=0 if "event_id" in case.manifest.not_offered else 1)
    again = replace(
        case.unsigned,
        headers={**case.unsigned.headers, "user-agent": "redelivery", "x-request-id": "2", "x-attempt": "2"},
        received_at=case.unsigned.received_at + later,
    )
    second = case.name_of(case.sign(again))
    assert second == case.name, f"{case.id}: {case.name} is named {second} on redelivery"
    assert case.name.event_id, f"{case.id}: the event id is empty"
    assert case.name.topic == case.declared_topic, f"{case.id}: name_event calls it {case.name.topic!r}"


def law_s27_webhooks_can_be_made_or_it_is_said_why_not(case: ConnectorCase) -> None:
    """Who takes webhooks makes them at the vendor, or says in ``not_offered["subscribe"]`` why a person has to."""
    offered, why = case.source.subscriptions, case.manifest.not_offered.get("subscribe")
    if Capability.WEBHOOK not in case.manifest.capabilities:
        assert offered is None, f"{case.id}: subscriptions without the capability webhook"
        return
    assert (offered is None) == bool(why), f"{case.id}: either subscriptions, or not_offered['subscribe']"
    if offered is not None:
        wanted = offered.topics(case.settings) if callable(offered.topics) else offered.topics
        unknown = set(wanted) - set(case.manifest.topics)
        assert not unknown, f"{case.id}: subscribes to topics that are not declared: {sorted(unknown)}"


def law_s5_different_events_have_different_ids(case: ConnectorCase) -> None:
    """Two samples that are not the same bytes have two event ids."""
    seen: dict[str, SourceCase] = {}
    for sample in case.source_cases:
        earlier = seen.setdefault(sample.name.event_id, sample)
        same = (earlier.unsigned.body, earlier.name.topic) == (sample.unsigned.body, sample.name.topic)
        assert earlier is sample or same, f"{sample.id} and {earlier.id} have one event id: one of them would be lost"


def signing_fields(case: SourceCase) -> Mapping[str, bool]:
    """The secret settings that change the signature; True where a list is taken."""
    return {
        name: takes_list
        for name, takes_list in secret_fields(case.manifest.settings).items()
        if _values(case.settings, name)
        and case.sign(case.unsigned, case.settings_with(**{name: _wrong(case, name)})) != case.signed
    }


def signature_names(case: SourceCase) -> set[str]:
    """Headers and query parameters that change with the secret."""
    wrong = case.settings_with(**{name: _wrong(case, name) for name in signing_fields(case)})
    other = case.sign(case.unsigned, wrong)
    return {
        name
        for mine, theirs in ((case.signed.headers, other.headers), (case.signed.query, other.query))
        for name, value in mine.items()
        if theirs.get(name) != value
    }


def covers_body(case: SourceCase) -> bool:
    """True when another body has another signature."""
    return _changes(case, replace(case.unsigned, body=b"hub=1" if case.sample.form else b'{"hub": 1}'))


def _changes(case: SourceCase, delivery: RawDelivery) -> bool:
    other = case.sign(delivery)
    mine, theirs = {**case.signed.headers, **case.signed.query}, {**other.headers, **other.query}
    return any(theirs.get(name) != mine[name] for name in signature_names(case))


def _values(settings: ConnectionSettings, name: str) -> list[str]:
    value = getattr(settings, name)
    items = value if isinstance(value, tuple | list) else (value,)
    return [item.get_secret_value() for item in items if isinstance(item, SecretStr)]


def _wrong(case: SourceCase, name: str) -> str:
    """Another secret of the same form: its characters, turned round after the prefix."""
    value = next(iter(_values(case.settings, name)), "another-secret")
    prefix, underscore, rest = value.rpartition("_")
    core = rest.rstrip("=")
    turned = core[1:] + core[:1]
    return prefix + underscore + (turned if turned != core else core + "x") + "=" * (len(rest) - len(core))


def _blank(case: SourceCase, fields: Mapping[str, bool]) -> ConnectionSettings:
    """The settings with these secrets empty. They refuse that themselves; a connector does not rely on it."""
    empty = SecretStr("")
    return case.settings.model_copy(update={name: (empty,) if many else empty for name, many in fields.items()})


def _without(delivery: RawDelivery, name: str) -> RawDelivery:
    def kept(values: Mapping[str, str]) -> dict[str, str]:
        return {key: value for key, value in values.items() if key != name}

    return replace(delivery, headers=kept(delivery.headers), query=kept(delivery.query))


def _verify(case: SourceCase, delivery: RawDelivery, settings: ConnectionSettings | None = None) -> None:
    assert case.source.verify is not None, f"{case.id}: the source verifies nothing"
    try:
        case.source.verify(delivery, settings or case.settings)
    except VerificationError as error:
        raise AssertionError(f"{case.id}: a good signature is refused: {error}") from None


def _refused(case: SourceCase, delivery: RawDelivery, what: str, settings: ConnectionSettings | None = None) -> None:
    assert case.source.verify is not None, f"{case.id}: the source verifies nothing"
    try:
        case.source.verify(delivery, settings or case.settings)
    except VerificationError:
        return
    raise AssertionError(f"{case.id}: accepted although {what}")
