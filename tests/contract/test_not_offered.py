"""What connectors say that a vendor does not have, held against the vendor's own description of its API."""

from __future__ import annotations

import re

import pytest

from hub.sdk import registry
from tests.contract.vendor_payloads import FOLDER

REVIEWS, PRIVACY, HOOKS = ("review",), ("gdpr", "privacy", "redact", "erasure"), ("webhook", "hooks")
SAID = [
    ("clover", "clover/UNOFFICIAL-clover-platform-rest.yml",
     {"reviews": REVIEWS, "subscribe": HOOKS, "privacy": PRIVACY}),
    ("magento", "magento/admin-schema-2.4.8.yaml", {"reviews": REVIEWS, "privacy": PRIVACY}),
    ("mailchimp", "mailchimp/openapi.yaml", {"privacy": PRIVACY}),
    ("medusa", "medusa/admin-openapi.full.yaml", {"reviews": ("reviews",), "subscribe": HOOKS, "privacy": PRIVACY}),
    ("shopware", "shopware/adminapi.json", {"privacy": PRIVACY}),
    ("square", "square/api.json", {"reviews": REVIEWS, "privacy": PRIVACY}),
    ("sumup", "sumup/openapi.json", {"products": ("product", "catalog"), "reviews": REVIEWS, "subscribe": HOOKS,
                                     "privacy": PRIVACY, "consent": ("consent", "marketing")}),
]  # fmt: skip


_PATH = re.compile(r"^ {2,4}['\"]?(/[^'\": ]+)['\"]?:", re.MULTILINE)


def _paths(spec: str) -> list[str]:
    """As text: to parse the descriptions takes seconds."""
    return _PATH.findall((FOLDER / "specs" / spec).read_text(encoding="utf-8").lower())


if (FOLDER / "specs").is_dir():

    @pytest.mark.parametrize(("slug", "spec", "said"), SAID, ids=[one[0] for one in SAID])
    def test_what_a_vendor_is_said_to_lack_has_no_path(slug: str, spec: str, said: dict[str, tuple[str, ...]]) -> None:
        reasons, paths = registry.get(slug).manifest.not_offered, _paths(spec)
        assert len(paths) > 10
        for name, words in said.items():
            assert name in reasons
            assert [path for path in paths if any(part.startswith(words) for part in re.split(r"\W", path))] == []
