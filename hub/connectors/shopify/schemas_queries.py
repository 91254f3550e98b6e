"""What is asked of the GraphQL Admin API for a history: the fields that a webhook's payload has too, and the payments.

Source of every field: https://shopify.dev/docs/api/admin-graphql/latest/objects/Order, .../Customer,
.../AbandonedCheckout, .../LineItem, .../Refund, .../Fulfillment, .../OrderTransaction, .../CustomerJourneySummary,
.../CustomerVisit, .../UTMParameters (of the order, its scope is enough). A search for ``updated_at`` and
the order by it: https://shopify.dev/docs/api/admin-graphql/latest/queries/orders.
"""

from __future__ import annotations

_BAG = "{ shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }"
_ADDRESS = "{ firstName lastName company address1 address2 city province country countryCodeV2 zip phone }"
_TAXES = "{ title rate priceSet { shopMoney { amount } } }"
_ALLOCATIONS = "{ allocatedAmountSet { shopMoney { amount } } discountApplication { index } }"
_VISIT = "{ landingPage utmParameters { source medium campaign } }"
_PERSON = f"""id createdAt updatedAt firstName lastName note
  defaultEmailAddress {{ emailAddress marketingState marketingOptInLevel marketingUpdatedAt }}
  defaultPhoneNumber {{ phoneNumber marketingState marketingOptInLevel marketingUpdatedAt }}
  defaultAddress {_ADDRESS}"""

LINES = f"""nodes {{
    id name title sku quantity requiresShipping isGiftCard product {{ id }} variant {{ id }}
    originalUnitPriceSet {{ shopMoney {{ amount }} }} customAttributes {{ key value }}
    discountAllocations {_ALLOCATIONS} taxLines {_TAXES} duties {{ price {_BAG} }}
  }}
  pageInfo {{ hasNextPage endCursor }}"""

_ORDER = f"""id name email phone note tags test poNumber sourceName customerLocale customerAcceptsMarketing
  createdAt updatedAt processedAt cancelledAt currencyCode presentmentCurrencyCode taxesIncluded dutiesIncluded
  displayFinancialStatus displayFulfillmentStatus retailLocation {{ id }} customAttributes {{ key value }}
  totalPriceSet {_BAG} subtotalPriceSet {_BAG} totalTaxSet {_BAG} totalDiscountsSet {_BAG} totalOutstandingSet {_BAG}
  totalTipReceivedSet {_BAG} currentTotalPriceSet {_BAG} originalTotalDutiesSet {_BAG} currentTotalDutiesSet {_BAG}
  originalTotalAdditionalFeesSet {_BAG} totalCashRoundingAdjustment {{ paymentSet {_BAG} }}
  customer {{ {_PERSON} }} billingAddress {_ADDRESS} shippingAddress {_ADDRESS}
  customerJourneySummary {{ lastVisit {_VISIT} firstVisit {_VISIT} }}
  taxLines {_TAXES}
  discountApplications(first: 20) {{ nodes {{ index
    ... on DiscountCodeApplication {{ code }} ... on ManualDiscountApplication {{ title }}
    ... on AutomaticDiscountApplication {{ title }} ... on ScriptDiscountApplication {{ title }} }} }}
  shippingLines(first: 10) {{ nodes {{ title isRemoved originalPriceSet {{ shopMoney {{ amount }} }}
    discountedPriceSet {{ shopMoney {{ amount }} }} discountAllocations {_ALLOCATIONS} }} }}
  transactions(first: 20) {{ id kind status gateway createdAt processedAt amountSet {_BAG} }}
  fulfillments(first: 20) {{ id createdAt updatedAt status displayStatus requiresShipping location {{ id }}
    trackingInfo(first: 1) {{ number }} }}
  refunds(first: 20) {{ id createdAt processedAt note duties {{ amountSet {_BAG} }}
    transactions(first: 10) {{ nodes {{ kind status amountSet {_BAG} }} }}
    refundShippingLines(first: 5) {{ nodes {{ subtotalAmountSet {_BAG} }} }}
    refundLineItems(first: 20) {{ nodes {{ subtotalSet {_BAG} totalTaxSet {_BAG} }} }} }}
  lineItems(first: 20) {{ {LINES} }}"""

_CHECKOUT = f"""id name note abandonedCheckoutUrl createdAt updatedAt completedAt totalPriceSet {_BAG}
  customAttributes {{ key value }} customer {{ {_PERSON} }} billingAddress {_ADDRESS} shippingAddress {_ADDRESS}
  lineItems(first: 20) {{ nodes {{ id title sku quantity product {{ id }} variant {{ id }}
    originalUnitPriceSet {{ shopMoney {{ amount }} }} customAttributes {{ key value }} }} }}"""


def _list(root: str, fields: str, sort: str) -> str:
    arguments = f"first: $first, after: $after, query: $query, sortKey: {sort}"
    page = "pageInfo { hasNextPage endCursor }"
    declared = "$first: Int!, $after: String, $query: String"
    return f"query Hub({declared}) {{ {root}({arguments}) {{ nodes {{ {fields} }} {page} }} }}"


QUERIES = {
    "customers": _list("customers", f"{_PERSON} tags addressesV2(first: 20) {{ nodes {_ADDRESS} }}", "UPDATED_AT"),
    "orders": _list("orders", _ORDER, "UPDATED_AT"),
    "abandonedCheckouts": _list("abandonedCheckouts", _CHECKOUT, "CREATED_AT"),
}
"""By the root that is listed, in the order they are walked."""

_ANY = (f"{root}(first: 1, query: $query) {{ nodes {{ id }} }}" for root in QUERIES)
CHANGED = f"query Hub($query: String) {{ {' '.join(_ANY)} }}"
"""Whether anything of each list has changed: a poll that finds nothing costs this one call."""

MORE_LINES = (
    f"query Hub($id: ID!, $after: String) {{ order(id: $id) {{ lineItems(first: 100, after: $after) {{ {LINES} }} }} }}"
)
