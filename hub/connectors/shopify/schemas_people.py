"""What Shopify tells of a customer beside the customer, only the fields Hub uses.

Sources: https://shopify.dev/docs/api/webhooks/latest (consents, tags, merges) and
https://shopify.dev/docs/apps/build/compliance/privacy-law-compliance (requests on privacy).
"""

from __future__ import annotations

from pydantic import AwareDatetime

from hub.connectors.shopify.schemas import MarketingConsent
from hub.mapping.payload import VendorModel


class EmailConsentUpdate(VendorModel):
    customer_id: str
    email_marketing_consent: MarketingConsent | None = None


class SmsConsentUpdate(VendorModel):
    id: str
    sms_marketing_consent: MarketingConsent | None = None


class WhatsAppConsentUpdate(VendorModel):
    customer_id: str
    phone_number: str | None = None
    whats_app_marketing_consent: MarketingConsent | None = None


class TagsChange(VendorModel):
    customerId: str  # noqa: N815
    tags: tuple[str, ...] = ()
    occurredAt: AwareDatetime  # noqa: N815


class CustomerMerge(VendorModel):
    admin_graphql_api_customer_kept_id: str
    admin_graphql_api_customer_deleted_id: str
    status: str | None = None


class Person(VendorModel):
    id: str | None = None
    email: str | None = None
    phone: str | None = None


class DataRequest(VendorModel):
    id: str | None = None


class PrivacyRequest(VendorModel):
    shop_id: str
    customer: Person | None = None
    data_request: DataRequest | None = None
    orders_requested: tuple[str, ...] = ()
    orders_to_redact: tuple[str, ...] = ()
