"""Our signatures against published vectors and the vendors' own SDKs."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import hmac as openssl
from hypothesis import given
from hypothesis import strategies as st
from pywa.utils import webhook_updates_validator
from square.utils.webhooks_helper import verify_signature
from standardwebhooks.webhooks import Webhook

from hub.connectors.mandrill import source as mandrill
from hub.connectors.mandrill.manifest import MandrillSettings
from hub.errors import VerificationError
from hub.sdk import registry, signatures
from hub.sdk.manifest import ConnectionSettings
from hub.sdk.source import RawDelivery
from hub.sdk.testkit.cases import ConnectorCase
from tests.contract.vendor_payloads import FOLDER, vector

SECRETS = {
    "shopify": "webhook_secret",
    "woocommerce": "webhook_secret",
    "square": "signature_key",
    "meta": "app_secret",
    "telegram": "secret_token",
    "zammad": "signature_token",
    "zendesk": "signing_secret",
}
VECTORS = {
    "shopify-1": "shopify",
    "woocommerce-1": "woocommerce",
    "square-official-1": "square",
    "meta-whatsapp-1": "meta",
}
BODIES = st.binary(max_size=300)
KEYS = st.text("abcdefghijklmnopqrstuvwxyz0123456789-&<>_", min_size=1, max_size=40)


def _case(slug: str) -> ConnectorCase:
    return ConnectorCase(registry.get(slug), registry.folder(slug))


def _settings(slug: str, secret: str) -> ConnectionSettings:
    return _case(slug).settings_with(**{SECRETS[slug]: secret})


def _signed(slug: str, secret: str, body: bytes, url: str = "https://hub.example.com/webhooks/x") -> RawDelivery:
    sign = _case(slug).source.sign
    assert sign
    return sign(RawDelivery("POST", url, {}, {}, body, datetime.now(UTC)), _settings(slug, secret))


if FOLDER.is_dir():

    @pytest.mark.parametrize("name", VECTORS)
    def test_a_published_vector_verifies_and_a_changed_one_does_not(name: str):
        found, slug = vector(name), VECTORS[name]
        headers = {header.lower(): value for header, value in found["headers"].items()}
        url = found.get("notification_url", "https://hub.example.com/webhooks/x")
        verify = _case(slug).source.verify
        assert verify
        settings = _settings(slug, found["secret"])
        body = found["body"].encode()

        verify(RawDelivery("POST", url, {}, headers, body, datetime.now(UTC)), settings)
        with pytest.raises(VerificationError):
            verify(RawDelivery("POST", url, {}, headers, body + b" ", datetime.now(UTC)), settings)

    def test_sendgrids_own_vector_verifies_with_its_line_end_and_not_without():
        found = vector("sendgrid-official-1")
        headers = {header.lower(): value for header, value in found["headers"].items()}
        settings = _case("sendgrid").settings_with(verification_key=found["public_key"])
        verify = _case("sendgrid").source.verify
        assert verify
        body = found["body"].encode()
        assert body.endswith(b"\r\n")

        verify(RawDelivery("POST", "https://hub.example.com/", {}, headers, body, datetime.now(UTC)), settings)
        for wrong in (body.rstrip(), body.replace(b"world", b"World")):
            with pytest.raises(VerificationError):
                verify(RawDelivery("POST", "https://hub.example.com/", {}, headers, wrong, datetime.now(UTC)), settings)

    def test_mandrills_signature_is_that_of_anymail():
        """The vector was computed by django-anymail's formula; ours has the secret of the URL in it as well."""
        found = vector("mandrill-1")
        delivery = RawDelivery("POST", found["url"], {}, {}, found["body"].encode(), datetime.now(UTC))
        settings = _case("mandrill").settings_with(webhook_key=found["secret"])
        assert isinstance(settings, MandrillSettings)

        assert mandrill.SIGNATURE.sign(delivery, settings).headers == {
            "x-mandrill-signature": found["headers"]["X-Mandrill-Signature"]
        }

    def test_telegrams_token_is_compared_as_it_is():
        found = vector("telegram-static")
        headers = {header.lower(): value for header, value in found["headers"].items()}
        verify = _case("telegram").source.verify
        assert verify
        delivery = RawDelivery(
            "POST", "https://hub.example.com/", {}, headers, found["body"].encode(), datetime.now(UTC)
        )

        verify(delivery, _settings("telegram", found["secret"]))
        with pytest.raises(VerificationError):
            verify(delivery, _settings("telegram", "another-token"))

    def test_the_standard_webhooks_vector_is_what_we_sign():
        found = vector("standardwebhooks-1")
        headers = found["headers"]
        signed = signatures.standard_webhooks(
            found["secret"],
            message_id=headers["webhook-id"],
            timestamp=int(headers["webhook-timestamp"]),
            body=found["body"].encode(),
        )
        assert signed == headers["webhook-signature"]

    def test_the_unsigned_ping_of_woocommerce_is_answered_and_not_an_event():
        found = vector("woocommerce-ping")
        headers = {header.lower(): value for header, value in found["headers"].items()}
        answer = _case("woocommerce").source.answer
        assert answer
        url = "https://hub.example.com/webhooks/x"
        delivery = RawDelivery("POST", url, {}, headers, found["body"].encode(), datetime.now(UTC))
        reply = answer(delivery, _settings("woocommerce", found["secret"]))
        assert reply is not None
        assert reply.status == 200


@given(text=st.text(max_size=200), key=KEYS)
def test_squares_own_sdk_accepts_what_we_sign(text: str, key: str):
    url = "https://hub.example.com/webhooks/till?shop=1"
    body = json.dumps({"text": text}, ensure_ascii=False).encode("utf-8", "replace")
    delivery = _signed("square", key, body, url)
    assert verify_signature(
        request_body=body.decode(),
        signature_header=delivery.headers["x-square-hmacsha256-signature"],
        signature_key=key,
        notification_url=url,
    )


@given(body=BODIES, key=KEYS)
def test_metas_signature_is_what_pywa_expects(body: bytes, key: str):
    delivery = _signed("meta", key, body)
    assert webhook_updates_validator(
        app_secret=key, request_body=body, x_hub_signature=delivery.headers["x-hub-signature-256"]
    )


@given(body=BODIES, key=KEYS)
def test_openssl_signs_as_zendesk_and_zammad_do_by_their_pages(body: bytes, key: str):
    """base64(HMACSHA256(TIMESTAMP + BODY)); sha1= and the hexadecimal HMAC-SHA1 of the body."""
    zendesk, zammad = _signed("zendesk", key, body), _signed("zammad", key, body)
    timed = openssl.HMAC(key.encode(), hashes.SHA256())
    timed.update(zendesk.headers["x-zendesk-webhook-signature-timestamp"].encode() + body)
    plain = openssl.HMAC(key.encode(), hashes.SHA1())
    plain.update(body)

    assert zendesk.headers["x-zendesk-webhook-signature"] == base64.b64encode(timed.finalize()).decode()
    assert zammad.headers["x-hub-signature"] == f"sha1={plain.finalize().hex()}"


@given(text=st.text(max_size=200))
def test_the_standard_webhooks_library_accepts_what_we_sign(text: str):
    secret = "whsec_" + "C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
    now = int(datetime.now(UTC).timestamp())
    body = json.dumps({"text": text}).encode()
    signed = signatures.standard_webhooks(secret, message_id="msg_1", timestamp=now, body=body)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(now), "webhook-signature": signed}
    assert Webhook(secret).verify(body.decode(), headers) == {"text": text}
