"""What the connector of web pages and apps declares.

Sources: https://www.twilio.com/docs/segment/connections/sources/catalog/libraries/server/http-api (calls, basic auth
with the write key, 32 KB a message and 500 KB a batch), https://www.rudderstack.com/docs/api/http-api/ (the same under
a data plane's URL).
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hub.model.consent import ConsentChannel
from hub.sdk.manifest import Capability, Manifest, OrderSettings, Secrets


class WebSettings(OrderSettings):
    """One shop's pages or one app. Two that need limits of their own are two connections."""

    write_key: Secrets = Field(
        description="Key that the snippet or app is given; everybody can read it there. A list while it is changed."
    )
    origins: tuple[str, ...] = Field(
        (), description="Pages that may send, such as https://shop.example.com; any page without it."
    )
    consent: Literal["required", "implied"] = Field(
        "required",
        description="What holds where an event says nothing of consent: nothing is stored (required), or the page "
        "loads the snippet after consent only (implied).",
    )
    consent_categories: tuple[str, ...] = Field(
        (), description="Categories of the consent banner that Hub needs, all of them; without it, all that are told."
    )
    do_not_track: bool = Field(True, description="Whether Do Not Track and Global Privacy Control are obeyed.")
    anonymous: bool = Field(
        True, description="Whether what visitors do is kept before anything tells who they are (it waits for them)."
    )
    bots: bool = Field(False, description="Whether known robots are let in.")
    keep_client: bool = Field(False, description="Whether IP address and user agent of visitors are kept.")
    orders: bool = Field(
        False, description="Whether Order Completed, Updated, Cancelled and Refunded are orders; off where the shop's "
        "own connection tells them."
    )  # fmt: skip
    consent_traits: dict[str, ConsentChannel] = Field(
        default_factory=dict, description="Traits that tell a marketing consent, and its channel: {newsletter: email}."
    )
    rate_per_client: float = Field(20, gt=0, description="Requests a second from one address, five times as a burst.")
    rate: float = Field(200, gt=0, description="Requests a second of the connection in one API process.")


MANIFEST: Manifest[WebSettings] = Manifest(
    slug="web",
    name="Web pages and apps (Segment and RudderStack SDKs)",
    channel="web",
    roles=frozenset({"source"}),
    settings=WebSettings,
    docs_url="https://www.twilio.com/docs/segment/connections/spec",
    api_version="v1",
    capabilities=frozenset({Capability.WEBHOOK, Capability.ORDERS, Capability.CONSENT}),
    topics={
        "identify": "who the visitor is: traits of a customer; what the device did before is theirs",
        "track": "an interaction; with `orders`, the shop events of an order are orders, refunds and carts",
        "page": "a page view",
        "screen": "a view of an app's screen",
        "alias": "two ids of one user are linked",
        "group": "an interaction that names the company or account",
        "batch": "several of these, each on its own",
    },
    surveyed=(
        "https://www.twilio.com/docs/segment/connections/spec",
        "https://www.rudderstack.com/docs/api/http-api/",
    ),
    not_offered={
        "products": "a page tells what is viewed and bought, and no catalogue",
        "reviews": "a page tells what is done, in events of the shop's own names",
        "signature": "a write key stands in the page for everybody to read: it names the sender and proves nothing",
        "backfill": "a page keeps no history; events can be sent again with their own timestamp",
        "complete": "events are whole",
        "subscribe": "the snippet of a page, or an app, is pointed at Hub by hand (README)",
        "privacy": "the SDKs have no such call",
    },
    sample_settings={
        "write_key": ["web_sample_write_key", "web_sample_write_key_old"],
        "consent": "implied",
        "orders": True,
        "consent_traits": {"newsletter": "email"},
    },
)
