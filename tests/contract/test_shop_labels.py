"""What Hub writes to a shop (shopify, woocommerce): labels of its own customers, and nothing else is ever written."""

from __future__ import annotations

from copy import deepcopy
from typing import Any
from uuid import UUID

import pytest

from hub.errors import ConfigError
from hub.model.profile import Profile, RecordReference
from hub.model.traits import Traits
from hub.sdk.connection import load_connections, load_routes
from tests.support.crm import AFTER, BEFORE, House
from tests.support.crm.cast import order, person
from tests.support.mailing.shops import SHOPS, Customer, Shop

ANNA, BERT = UUID(int=0xA000), UUID(int=0xA001)


class Post(House):
    double: Shop  # type: ignore[assignment]


def of_the_shop(
    key: UUID, *customers: str, stage: Any = "loyal", segments: tuple[str, ...] = (), **values: Any
) -> Profile:
    records = tuple(RecordReference(connection="crm", kind="customer", external_id=one) for one in customers)
    more = {"records": records, "traits": Traits(stage=stage, segments=segments), **values}
    return person(key).model_copy(update=more)


@pytest.fixture(params=SHOPS)
def post(request: pytest.FixtureRequest) -> Post:
    shop = SHOPS[request.param]()
    shop.customers = {number: Customer() for number in ("1", "2", "3")}
    return Post(shop)  # type: ignore[arg-type]


def test_a_customer_of_the_shop_has_stage_segments_language_and_loyalty(post: Post) -> None:
    told = of_the_shop(ANNA, "1", segments=("vip", "lokal"), language="de-AT", loyalty_ids=("K-1",))
    post.known(told)
    post.settle()
    labels = {"stage": "loyal", "segments": "vip;lokal", "language": "de", "loyalty": "K-1"}
    assert post.double.customers["1"].labels == labels
    # and what the shop's people gave stays
    hubs = {"hub:vip"} if post.double.slug == "shopify" else set()
    assert post.double.customers["1"].tags == {"Stammkunde"} | hubs
    assert post.double.customers["2"] == Customer()


def test_what_nobody_tells_any_more_is_taken_back_and_nothing_else(post: Post) -> None:
    post.known(of_the_shop(ANNA, "1", segments=("vip",), language="de"))
    post.settle()
    post.known(of_the_shop(ANNA, "1", stage=None, language="de"))
    post.settle()
    assert post.double.customers["1"] == Customer(labels={"language": "de"})


def test_nobody_is_written_whom_the_shop_did_not_tell_of(post: Post) -> None:
    elsewhere = RecordReference(connection="other-shop", kind="customer", external_id="1")
    guest = RecordReference(connection="crm", kind="guest", external_id="2")
    post.known(of_the_shop(ANNA).model_copy(update={"records": (elsewhere, guest)}))
    post.settle()
    assert post.double.calls == 0


def test_each_customer_of_a_person_is_labelled_and_a_split_gives_each_their_own(post: Post) -> None:
    post.known(of_the_shop(ANNA, "1", language="de"), of_the_shop(BERT, "2", stage="new", loyalty_ids=("K-2",)))
    post.settle()
    calm = deepcopy(post.double.customers)
    both = of_the_shop(ANNA, "1", "2", language="de", segments=("vip",))
    post.merged(both, loser=BERT)
    post.settle()
    assert post.double.customers["2"].labels == {"stage": "loyal", "segments": "vip", "language": "de"}
    post.split(of_the_shop(ANNA, "1", language="de"), of_the_shop(BERT, "2", stage="new", loyalty_ids=("K-2",)))
    post.settle()
    assert post.double.customers == calm


def test_an_erased_person_has_no_labels_left(post: Post) -> None:
    post.known(of_the_shop(ANNA, "1", "2", segments=("vip",)))
    post.settle()
    post.erased(ANNA)
    post.settle()
    assert post.double.customers == {number: Customer() for number in ("1", "2", "3")}


def test_a_customer_that_is_gone_or_refused_keeps_none_of_the_others(post: Post) -> None:
    post.double.refused.add("Verboten")
    post.known(of_the_shop(ANNA, "1", "99"), of_the_shop(BERT, "2", loyalty_ids=("Verboten",)))
    post.known(of_the_shop(UUID(int=3), "98"), of_the_shop(UUID(int=4), "3"))
    post.settle()
    assert [post.double.customers[one].labels.get("stage") for one in ("1", "3")] == ["loyal", "loyal"]
    assert post.states() == {
        ANNA: "delivered", BERT: "rejected", UUID(int=3): "rejected", UUID(int=4): "delivered",
    }  # fmt: skip


@pytest.mark.parametrize("fault", [*BEFORE, *AFTER])
def test_whatever_fails_the_labels_are_right_in_the_end(post: Post, fault: str) -> None:
    post.known(of_the_shop(ANNA, "1", segments=("vip",)), of_the_shop(BERT, "2"))
    post.hostile.at[1] = fault
    post.deliver()
    post.known(of_the_shop(ANNA, "1", stage="new"))
    post.settle()
    assert post.double.customers["1"] == Customer(labels={"stage": "new"})
    assert post.double.customers["2"] == Customer(labels={"stage": "loyal"})


def test_nothing_is_sent_when_nothing_differs_and_many_share_a_call(post: Post) -> None:
    people = [UUID(int=0x100 + number) for number in range(100)]
    post.double.customers = {str(key.int): Customer() for key in people}
    post.known(*(of_the_shop(key, str(key.int), segments=("vip",), language="de") for key in people))
    post.settle()
    assert post.double.calls == (1 if post.double.slug == "woocommerce" else 10)
    post.known(*(of_the_shop(key, str(key.int), segments=("vip",), language="de") for key in people))
    post.settle()
    assert post.double.calls == (1 if post.double.slug == "woocommerce" else 10)


def test_an_order_is_never_written_to_a_shop(post: Post) -> None:
    post.known(of_the_shop(ANNA, "1"))
    post.ordered(UUID(int=0xE000), order("1001"), ANNA)
    post.settle()
    assert post.double.calls == 1


@pytest.mark.parametrize("slug", SHOPS)
def test_a_shop_is_written_to_only_where_the_settings_say_so(slug: str) -> None:
    settings = {name: value for name, value in SHOPS[slug]().settings().items() if name != "customers_from"}
    made = load_connections({"shop": (slug, settings)}, default_region="DE")
    with pytest.raises(ConfigError, match="customers_from"):
        load_routes([("shop", None)], made)
    misspelt = load_connections({"shop": (slug, {**settings, "customers_from": "shp"})}, default_region="DE")
    with pytest.raises(ConfigError, match="did you mean 'shop'"):
        load_routes([("shop", None)], misspelt)
