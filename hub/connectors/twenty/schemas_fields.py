"""Hub's own fields in Twenty; data alone."""

from __future__ import annotations

from collections.abc import Mapping

PROFILE_ID, ORDER_KEY, EMAIL_OPT_OUT = "hubProfileId", "hubOrderKey", "hubEmailOptOut"
EMAIL, PHONE = "emails.primaryEmail", "phones.primaryPhoneNumber"

FIELDS: Mapping[str, Mapping[str, str]] = {
    "person": {
        PROFILE_ID: "TEXT",
        EMAIL_OPT_OUT: "BOOLEAN",
        "hubAddress": "TEXT",
        "hubBirthDate": "DATE",
        **dict.fromkeys(("hubEmails", "hubPhones", "hubTags", "hubLoyaltyIds", "hubLanguage"), "TEXT"),
        **{f"hub{channel}Consent": "TEXT" for channel in ("Email", "Sms", "Whatsapp", "Phone", "Post")},
        **dict.fromkeys(("hubEmailConsentAt", "hubFirstOrderAt", "hubLastOrderAt"), "DATE_TIME"),
        "hubLifetimeValue": "NUMBER",
        "hubLifetimeTotals": "TEXT",
        "hubOrderCount": "NUMBER",
    },
    "opportunity": {ORDER_KEY: "TEXT", "hubOrderState": "TEXT", "hubOrderLines": "TEXT"},
}
"""By object: what ``prepare`` makes."""

UNIQUE = frozenset({ORDER_KEY})
"""Not the profile's id: a deleted person would keep it, and block the one who takes its place."""
