"""The users of an account: the key owner, and those that the test named.

Source: the names that clients of Users.Get read; its page shows no sample that is known here.
"""

from __future__ import annotations

from typing import Any

from .behaviour import Behaviour
from .store import USER_EMAIL, USER_ID, implied_id

_KEY_OWNER = {
    "ID": USER_ID,
    "EmailAddress": USER_EMAIL,
    "FirstName": "Field",
    "LastName": "Administrator",
    "Role": "Administrator",
    "StatusCode": 0,  # 0 means active
}


def users_of(behaviour: Behaviour) -> list[dict[str, Any]]:
    """All users, the key owner first; what the test did not say of one is filled in."""
    return [_KEY_OWNER, *(_user(dict(members)) for members in behaviour.users or ())]


def active_user(behaviour: Behaviour, address: str) -> dict[str, Any] | None:
    """The active user with this e-mail address; case does not count."""
    wanted = address.strip().casefold()
    found = (user for user in users_of(behaviour) if user["EmailAddress"].strip().casefold() == wanted)
    return next((user for user in found if user["StatusCode"] == 0), None)


def _user(members: dict[str, Any]) -> dict[str, Any]:
    address = str(members["EmailAddress"])
    given = {"ID": implied_id("User", address.casefold()), "FirstName": address.partition("@")[0], "LastName": ""}
    return given | {"Role": "Sales_User", "StatusCode": 0} | members
