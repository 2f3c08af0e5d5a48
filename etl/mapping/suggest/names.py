"""What the words of a header say about its column, in the words that people use."""

from __future__ import annotations

import re
from functools import cache

_BRACKETS = re.compile(r"[(\[{][^)\]}]*[)\]}]")
_WORD = re.compile(r"[^\W\d_]+|[0-9]+")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SAME = {
    **dict.fromkeys(("no", "num", "nr", "nbr", "number", "numbers"), "number"),
    **dict.fromkeys(("mail", "mails", "emails", "emailid", "emailaddress"), "email"),
    **dict.fromkeys(("mob", "mobiles", "cell", "cellphone"), "mobile"),
    **dict.fromkeys(("tel", "telephone", "phones", "ph", "whatsapp"), "phone"),
    **dict.fromkeys(("remarks", "notes", "note", "comment", "comments"), "remark"),
    **dict.fromkeys(("desc", "details", "detail"), "description"),
    **dict.fromkeys(("amt", "amounts"), "amount"),
    **dict.fromkeys(("dt", "dates"), "date"),
    **dict.fromkeys(("ref", "reference"), "reference"),
    **dict.fromkeys(("opp", "opty"), "opportunity"),
    **dict.fromkeys(("prospect", "leads"), "lead"),
    **dict.fromkeys(("qty",), "quantity"),
    **dict.fromkeys(("addr",), "address"),
}
_EMPTY_WORDS = frozenset({"of", "the", "a", "an", "and", "for", "in", "to"})

OWNER = frozenset(
    {
        *("owner", "executive", "agent", "salesperson", "rep", "representative", "assigned", "assignee", "counsellor"),
        *("counselor", "advisor", "adviser", "manager", "handled", "caller", "user", "telecaller", "employee", "staff"),
    }
)
PHONE = frozenset({"phone", "mobile", "contact"})
NOTE = frozenset({"remark", "description", "feedback", "discussion", "summary", "minutes"})
ID = frozenset(
    {"id", "number", "code", "key", "reference", "receipt", "invoice", "ticket", "uid", "guid", "serial", "sr"}
)
DATE = frozenset({"date", "day", "on", "at", "when", "time", "timestamp"})
LATER = frozenset(
    {"follow", "followup", "next", "due", "expiry", "expires", "birth", "dob", "reminder", "planned", "until"}
)
NOT_A_NUMBER = frozenset(
    {*ID, "pin", "pincode", "zip", "postcode", "postal", "account", "plot", "flat", "house", "year"}
)


@cache
def words_of(text: str) -> tuple[str, ...]:
    """The words of a header in one spelling: `Plot No.` and `plot_number` are plot, number; units in brackets say nothing."""
    plain = _BRACKETS.sub(" ", text) if _BRACKETS.sub("", text).strip() else text
    plain = re.sub(r"\be[- ]mail", "email", _HUMP.sub(" ", plain), flags=re.IGNORECASE)
    found = [_SAME.get(word, word) for word in _WORD.findall(plain.casefold())]
    found = [word for word in found if word not in _EMPTY_WORDS] or found
    return tuple(found)


def says(header: str, words: frozenset[str]) -> bool:
    """Whether a header uses one of these words."""
    return not words.isdisjoint(words_of(header))


def plain(header: str) -> str:
    """A header as names are compared."""
    return " ".join(words_of(header))


def slug(text: str) -> str:
    """`Site_Visits 2026-06.xlsx` → `site-visits`: dates and counters at the end change from export to export."""
    stem = re.sub(r"(\.[A-Za-z]{2,5}){1,2}$", "", text)
    words = [word for word in re.split(r"[^\w]+|_", stem.casefold()) if word]
    while len(words) > 1 and words[-1].isdigit():
        words.pop()
    return "-".join(words) or "rows"
