"""Telegram: settings and declaration.

Facts: https://core.telegram.org/bots/api#setwebhook (secret token in a header, what is sent) and …/bots/api#update.
"""

from __future__ import annotations

from pydantic import Field

from hub.sdk.manifest import Capability, ConnectionSettings, Manifest, Secrets


class TelegramSettings(ConnectionSettings):
    """One bot."""

    secret_token: Secrets = Field(
        description="Secret token given to setWebhook: 1 to 256 letters, digits, _ and -. A list while it changes."
    )


MANIFEST = Manifest(
    slug="telegram",
    name="Telegram",
    channel="social",
    roles=frozenset({"source"}),
    settings=TelegramSettings,
    docs_url="https://core.telegram.org/bots/api#update",
    api_version="9",
    capabilities=frozenset({Capability.WEBHOOK}),
    topics={
        "message": "what somebody wrote or sent; a contact of their own tells their number",
        "edited_message": "the new wording, beside the old",
        "callback_query": "a button that was pressed",
        "message_reaction": "a reaction to a message",
    },
    surveyed=("https://core.telegram.org/bots/api#update", "https://core.telegram.org/bots/api#setwebhook"),
    not_offered={
        "signature": "Telegram signs nothing; the secret token in a header is all there is",
        "backfill": "a bot cannot ask for what was written before",
        "subscribe": "the Bot API wants the bot's token in the path, and no secret goes into a URL: see the page",
        "consent": "whoever starts a bot agrees to be answered, and to no marketing",
        "privacy": "Telegram tells nobody of an account that was deleted",
    },
    sample_settings={"secret_token": ["sample-telegram-token", "sample-telegram-old-token"]},
)
