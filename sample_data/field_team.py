"""The invented field team that the samples are about: who visits whom, where, and what is noted down.

Given names and places are common and made up at random; every address is at a domain reserved for examples (RFC 2606).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from random import Random

COLUMNS = (
    "Visit ID",
    "Date",
    "Visited On",
    "Customer",
    "Email",
    "Mobile",
    "Executive",
    "Visit Type",
    "Site",
    "Plot No",
    "Budget",
    "Follow-up",
    "Status",
    "Remarks",
)

SheetCell: TypeAlias = str | int | date | datetime | None
SheetRow: TypeAlias = dict[str, SheetCell]

EXECUTIVES = ("neha", "imran", "lakshmi", "arjun", "fatima", "joseph")
VISIT_TYPES = ("SV", "SV", "SV", "RV", "RV", "VC")
SITES = ("Lake View", "Green Meadows", "Palm Court", "Sunrise Enclave", "River Side", "Hill Top")

# Given name as written on the sheet, and as in the e-mail address.
CUSTOMERS = (
    ("Asha", "asha"),
    ("Ravi", "ravi"),
    ("मीरा", "meera"),
    ("Sunil", "sunil"),
    ("கவிதா", "kavitha"),
    ("Farhan", "farhan"),
    ("অনিতা", "anita"),
    ("Thomas", "thomas"),
    ("زینب", "zainab"),
    ("Gurpreet", "gurpreet"),
    ("Deepa", "deepa"),
    ("विजय", "vijay"),
    ("Maria", "maria"),
    ("Kiran", "kiran"),
    ("முருகன்", "murugan"),
    ("Pooja", "pooja"),
)
TOWNS = ("north", "south", "east", "west", "lakeside")
DOMAINS = ("example.com", "example.org", "example.net")

REMARKS = (
    "Liked the corner plot. Will come back with family.",
    "Wants the price list by e-mail.",
    "परिवार के साथ आए थे। लोन की जानकारी चाहिए।",
    "Asked for a second visit on Sunday.\nBring the layout plan.",
    "வீட்டுக் கடன் பற்றி கேட்டார். மீண்டும் அழைக்கவும்.",
    "Budget is tight; show the smaller plots.",
    "দাম একটু বেশি মনে হয়েছে।\nআগামী সপ্তাহে ফোন করুন।",
    "مکان پسند آیا، قیمت پر بات کرنی ہے۔",
    'Site visit done, site map given. "Too far from the station" – he said.',
    "Met the brother; decision next month.",
    "Video call, network was bad; call again.",
    "Café visit with José’s team – very interested.",
)

_IDS = uuid.UUID("5f0f3c1e-6b0d-4c58-9d0e-7a4b8f1c2d30")

NOWHERE = "00000000-0000-0000-0000-000000000000"
"""An id under which LeadSquared has nothing, as it is left behind by a form that was never filled in."""


def guid(kind: str, name: str) -> str:
    """The id that LeadSquared gave to a lead, an opportunity or an activity: always the same for the same name."""
    return str(uuid.uuid5(_IDS, f"{kind}/{name}"))


@dataclass(frozen=True, slots=True)
class Customer:
    """One lead: the name on the sheet, the address LeadSquared knows it by, ten digits of a mobile number."""

    name: str
    email: str
    mobile: str


def customers() -> list[Customer]:
    """Every name in every town, each with an address and a number of its own."""
    everybody = [(shown, latin, town) for town in TOWNS for shown, latin in CUSTOMERS]
    return [
        Customer(shown, f"{latin}.{town}@{DOMAINS[number % len(DOMAINS)]}", f"98765{43210 + number:05d}")
        for number, (shown, latin, town) in enumerate(everybody)
    ]


def mobile_as_typed(digits: str, random: Random) -> str:
    """The same number the three ways people type it."""
    spaced = f"{digits[:5]} {digits[5:]}"
    return random.choice([f"+91 {spaced}", f"+91 {spaced}", f"0{digits}", spaced])


def rupees(amount: int) -> str:
    """An amount with the Indian grouping: `₹ 12,50,000`."""
    lead, last_three = divmod(amount, 1000)
    groups = [f"{last_three:03d}"]
    while lead >= 100:
        lead, group = divmod(lead, 100)
        groups.append(f"{group:02d}")
    return "₹ " + ",".join([str(lead), *reversed(groups)])
