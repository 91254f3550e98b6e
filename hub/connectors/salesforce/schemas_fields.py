"""Hub's own fields in Salesforce; data alone."""

from __future__ import annotations

from collections.abc import Mapping

from hub.model.consent import ConsentChannel

PROFILE_ID, ORDER_KEY, ACTIVITY_KEY = "Hub_Profile_Id__c", "Hub_Order_Key__c", "Hub_Activity_Key__c"
MERGED_INTO = "Hub_Merged_Into__c"

CONSENTS: Mapping[ConsentChannel, str] = {
    "email": "Hub_Email_Consent__c",
    "sms": "Hub_SMS_Consent__c",
    "whatsapp": "Hub_WhatsApp_Consent__c",
    "phone": "Hub_Phone_Consent__c",
    "post": "Hub_Post_Consent__c",
}
PERSON_FIELDS = {
    PROFILE_ID: "Text(36), External ID, Unique",
    MERGED_INTO: "Text(18)",
    **dict.fromkeys(CONSENTS.values(), "Text(20)"),
    "Hub_Email_Consent_At__c": "Date/Time",
    "Hub_Emails__c": "Long Text Area",
    "Hub_Phones__c": "Long Text Area",
    "Hub_Tags__c": "Long Text Area",
    "Hub_Loyalty_Ids__c": "Text(255)",
    "Hub_Language__c": "Text(20)",
    "Hub_Lifetime_Value__c": "Number(16, 2)",
    "Hub_Lifetime_Totals__c": "Text(255)",
    "Hub_Order_Count__c": "Number(18, 0)",
    "Hub_First_Order_At__c": "Date/Time",
    "Hub_Last_Order_At__c": "Date/Time",
}
ORDER_FIELDS = {ORDER_KEY: "Text(255), External ID, Unique", "Hub_Order_State__c": "Text(20)"}
"""Hub's own fields and what they are, as Salesforce's set-up words it."""
