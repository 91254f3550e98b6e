"""What mailing connectors (brevo, mailchimp) send, and their doubles answer, against the vendors' own API descriptions.

The descriptions are read in place (``HUB_CONTRACTS_DIR``, else ``../shared/contracts`` beside the repository).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest
import yaml
from jsonschema import Draft7Validator

from tests.support.mailing import Post, before
from tests.support.mailing.post import START

FOLDER = Path(os.environ.get("HUB_CONTRACTS_DIR", Path(__file__).parents[3] / "shared" / "contracts")) / "specs"
CHECKING = FOLDER.exists() or "HUB_CONTRACTS_DIR" in os.environ
"""False only on a machine without the descriptions; where the folder is named, a missing file is an error."""
ANNA, BERT = UUID(int=0xA000), UUID(int=0xA001)


@cache
def brevo() -> dict[str, Any]:
    """Brevo's Swagger 2.0 description."""
    found: dict[str, Any] = yaml.load((FOLDER / "brevo" / "swagger.yaml").read_text(), Loader=yaml.CSafeLoader)
    return found


@cache
def mailchimp() -> dict[str, Any]:
    """The schemas of the Marketing API 3.0; in this copy a merge field may be a text, as the vendor's guide has it."""
    path = FOLDER / "mailchimp" / "openapi.trimmed.prism.json"
    found: dict[str, Any] = orjson.loads(path.read_bytes())["components"]["schemas"]
    return found


MAILCHIMP = {
    ("POST", ""): ("Members_to_Subscribe_Unsubscribe_to_from_a_List_in_batch", "Batch_update_List_members"),
    ("GET", "/members/{}"): ("", ""),
    ("PATCH", "/members/{}"): ("Add_List_Members_3", ""),
    ("DELETE", "/members/{}"): ("", ""),
    ("POST", "/members/{}/tags"): ("Member_Tags", ""),
    ("POST", "/members/{}/actions/delete-permanent"): ("", ""),
    ("GET", ""): ("", ""),
}
"""Each request Hub makes to the schemas of its body and its answer."""


def faults_of_mailchimp(request: httpx.Request, answer: httpx.Response) -> tuple[str, list[str]]:
    """As ``faults_of_brevo``."""
    path = re.sub(r"/members/[0-9a-f]{32}", "/members/{}", request.url.path.removeprefix("/3.0/lists/a6f0c2de41"))
    known = (request.method, path)
    body, given = MAILCHIMP[known]
    told = described(body, orjson.loads(request.content), strict=True) if body else []
    told += described(given, orjson.loads(answer.content)) if given and answer.is_success else []
    told += described("Problem_Detail_Document", orjson.loads(answer.content)) if answer.status_code >= 400 else []
    return " ".join(known), told


def described(name: str, body: Any, *, strict: bool = False) -> list[str]:
    """What of a body Mailchimp's schema of that name does not allow."""
    schemas = mailchimp()
    validator = Draft7Validator({"$ref": f"#/components/schemas/{name}", "components": {"schemas": schemas}})
    unknown = set(body) - set(schemas[name].get("properties", {})) if strict else set()
    return [*(error.message for error in validator.iter_errors(body)), *(f"{name} has no {one}" for one in unknown)]


BREVO = {
    ("POST", "/contacts"): "createContact",
    ("POST", "/contacts/batch"): "updateBatchContacts",
    ("POST", "/contacts/doubleOptinConfirmation"): "createDoiContact",
    ("POST", "/contacts/attributes/normal/{}"): "createAttribute",
    ("PUT", "/contacts/{}"): "updateContact",
    ("DELETE", "/contacts/{}"): "",
    ("GET", "/contacts/{}"): "",
    ("GET", "/contacts"): "",
    ("GET", "/contacts/attributes"): "",
}
"""Each request Hub makes to the definition of its body; "" where it has none."""


def faults_of_brevo(request: httpx.Request, answer: httpx.Response) -> tuple[str, list[str]]:
    """Which request of ``BREVO`` it is, and what of it, or of the answer, Brevo's description does not allow."""
    path = request.url.path.removeprefix("/v3")
    known = next(
        (method, shape)
        for method, shape in BREVO
        if method == request.method and (shape == path or (shape.endswith("{}") and path.startswith(shape[:-2])))
    )
    told: list[str] = []
    if definition := BREVO[known]:
        told += wrong(definition, orjson.loads(request.content))
    if known == ("GET", "/contacts/{}") and answer.status_code == 200:
        told += wrong("getContactDetails", orjson.loads(answer.content), strict=False)
    if answer.status_code >= 400:
        told += wrong("errorModel", orjson.loads(answer.content), strict=False)
    return " ".join(known), told


def wrong(definition: str, body: Any, *, strict: bool = True) -> list[str]:
    """What of a body its definition does not allow; unknown names are not, with ``strict``."""
    described = brevo()["definitions"]
    schema = {**described[definition], "definitions": described}
    found = [error.message for error in Draft7Validator(schema).iter_errors(body)]
    unknown = set(body) - set(described[definition].get("properties", {})) if strict else set()
    return [*found, *(f"{definition} has no {name}" for name in sorted(unknown))]


def life(post: Post) -> None:
    """Two people come, change, unsubscribe, come back, are merged and parted, move, opt out and are erased."""
    post.told(ANNA, "anna@example.com", language="de", at=START)
    post.told(BERT, "bert@example.com", at=START)
    post.settle()
    post.told(ANNA, "anna@example.org", first="Änne", at=START)
    post.settle()
    post.later()
    post.double.say("anna@example.org", "unsubscribed")
    post.later()
    post.told(ANNA, "anna@example.org", language="de", tags=("vip",))
    post.settle()
    post.double.confirm("anna@example.org")
    post.told(BERT, "anna@example.com", at=START)
    post.settle()
    post.told(BERT, "anna@example.com", consent="opted_out", at=START + timedelta(days=9))
    post.settle()
    post.double.delete("anna@example.com")
    post.told(BERT, "anna@example.com", consent="opted_out", first="Bo", at=START + timedelta(days=9))
    post.settle()
    post.erased(ANNA)
    post.settle()


@pytest.mark.parametrize(("slug", "faults"), [("brevo", faults_of_brevo), ("mailchimp", faults_of_mailchimp)])
def test_a_whole_life_is_written_as_the_vendor_describes_its_api(
    slug: str, faults: Callable[[httpx.Request, httpx.Response], tuple[str, list[str]]]
) -> None:
    post = before(slug)
    answered, told, checked = post.double.handle, list[str](), set[str]()

    def compare(request: httpx.Request) -> httpx.Response:
        answer = answered(request)
        if CHECKING:
            name, wrong_there = faults(request, answer)
            checked.add(name)
            told.extend(f"{name}: {one}" for one in wrong_there)
        return answer

    post.through(compare)
    life(post)
    assert told == []
    assert len(checked) >= 4 or not CHECKING
