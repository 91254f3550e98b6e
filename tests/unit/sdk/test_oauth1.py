"""OAuth 1.0a: the published example, and what Magento's names of parameters do to it."""

from __future__ import annotations

import httpx

from hub.sdk.oauth1 import OAuth1

# https://www.rfc-editor.org/rfc/rfc5849#section-1.2
PUBLISHED = OAuth1("dpf43f3p2l4k3l03", "kd94hf93k423kf44", "nnch734d00sl2jdk", "pfkkdhi9sl3r4s00", algorithm="sha1")


def test_the_example_of_the_specification_has_its_signature() -> None:
    url = httpx.URL("http://photos.example.net/photos?file=vacation.jpg&size=original")

    header = PUBLISHED.header("GET", url, nonce="chapoH", timestamp=137131202)

    assert 'oauth_signature="MdpQcU8iPSUjWoN%2FUDMsK2sui9I%3D"' in header


def test_a_parameter_is_signed_as_it_is_meant_however_it_is_written() -> None:
    # given one query, with its brackets and its space written in two ways
    plain = httpx.URL("https://shop.example/rest/V1/orders?searchCriteria[pageSize]=1&at=2026-02-01 00:00:00")
    escaped = httpx.URL("https://shop.example/rest/V1/orders?searchCriteria%5BpageSize%5D=1&at=2026-02-01+00%3A00%3A00")

    first, second = (PUBLISHED.header("GET", url, nonce="n", timestamp=1) for url in (plain, escaped))

    assert first == second


def test_each_request_has_a_nonce_of_its_own_and_no_secret_is_shown() -> None:
    request = httpx.Request("GET", "https://shop.example/rest/V1/orders")
    sign = PUBLISHED.signing()

    assert sign(request) != sign(request)
    assert "kd94hf93k423kf44" not in repr(PUBLISHED) + str(sign(request))
