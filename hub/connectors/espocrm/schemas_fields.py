"""The fields that an administrator makes for Hub in EspoCRM; data alone."""

from __future__ import annotations

from collections.abc import Mapping

PROFILE_ID = "cHubProfileId"
ORDER_KEY = "cHubOrderKey"
CONSENTS = {channel: f"cHub{channel.capitalize()}Consent" for channel in ("email", "sms", "whatsapp", "phone", "post")}
FIELDS: Mapping[str, Mapping[str, str]] = {
    "people": {
        PROFILE_ID: "varchar",
        "cHubTags": "text",
        "cHubLoyaltyIds": "varchar",
        "cHubLifetimeValue": "float",
        "cHubLifetimeTotals": "varchar",
        "cHubOrderCount": "int",
        "cHubFirstOrderAt": "datetime",
        "cHubLastOrderAt": "datetime",
        "cHubBirthDate": "date",
        "cHubLanguage": "varchar",
        **dict.fromkeys(CONSENTS.values(), "varchar"),
        "cHubEmailConsentAt": "datetime",
    },
    "Opportunity": {ORDER_KEY: "varchar", "cHubOrderState": "varchar"},
}
"""Hub's own fields, by their types in EspoCRM's Entity Manager. Without the first of each Hub writes nothing."""
