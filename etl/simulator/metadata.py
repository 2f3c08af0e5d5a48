"""What an account may lay down about its activities' fields, its leads' attributes and its users."""

from __future__ import annotations

from dataclasses import dataclass

MOST_CUSTOM_FIELDS = 50  # mx_Custom_1 to mx_Custom_50: LeadSquared API, creating an activity type
LONGEST_FIELD = 200
NOTE_FIELD = "ActivityEvent_Note"
SYSTEM_FIELDS = (NOTE_FIELD, "Status", "Owner")


@dataclass(frozen=True, slots=True)
class _Field:
    """options: the values of a dropdown; none is any value. max_length: in characters."""

    schema_name: str
    display_name: str = ""
    data_type: str = "String"
    options: tuple[str, ...] = ()
    is_mandatory: bool = False
    max_length: int = LONGEST_FIELD


@dataclass(frozen=True, slots=True)
class ActivityField(_Field):
    """A field of an activity type. A member of a custom field set is named `mx_Custom_4~mx_CustomObject_3`."""

    is_multi_select: bool = False


@dataclass(frozen=True, slots=True)
class LeadField(_Field):
    """An attribute of leads."""

    data_type: str = "Text"
    is_unique: bool = False


@dataclass(frozen=True, slots=True)
class User:
    """A user of the account; only an active one can own activities."""

    email: str
    name: str = ""
    role: str = "Sales_User"
    is_active: bool = True


ALL_CUSTOM_FIELDS: tuple[ActivityField, ...] = tuple(
    ActivityField(f"mx_Custom_{number}", f"Custom {number}") for number in range(1, MOST_CUSTOM_FIELDS + 1)
)
"""Those of a type about which nothing is laid down."""

STANDARD_LEAD_FIELDS: tuple[LeadField, ...] = (
    LeadField("ProspectID", "Lead Id"),
    LeadField("ProspectAutoId", "Lead Number", is_unique=True),
    LeadField("FirstName", "First Name"),
    LeadField("LastName", "Last Name"),
    LeadField("EmailAddress", "Email", "Email", is_unique=True),
    LeadField("Phone", "Phone Number", "Phone", is_unique=True),
    LeadField("Mobile", "Mobile Number", "Phone", is_unique=True),
    LeadField("OwnerId", "Owner"),
    LeadField("ProspectStage", "Lead Stage", "Select", options=("Prospect", "Customer")),
    LeadField("Source", "Lead Source"),
    LeadField("Company", "Company"),
)
"""Those that every account has."""
