"""The account's users (LeadSquared API: Get Users)."""

from __future__ import annotations

from etl.simulator.account import Account, Arrival, Operation, user_id_of
from etl.simulator.answers import json_reply
from etl.simulator.messages import Reply
from etl.simulator.metadata import User
from etl.simulator.rights import not_offered
from etl.simulator.switches import Read


def answer(account: Account, _arrival: Arrival) -> Reply:
    """A bare array that starts with the user of the keys; where every address is one, there is no list. Raises Refused."""
    others = account.options.users
    if others is None:
        raise not_offered(OPERATION.path, account.switches)
    own = User(account.options.user_email, account.options.user_name, "Administrator")
    return json_reply([_shown(user) for user in (own, *others)])


def _shown(user: User) -> dict[str, object]:
    first_name, _, last_name = user.name.partition(" ")
    return {
        "ID": user_id_of(user.email),
        "EmailAddress": user.email,
        "FirstName": first_name,
        "LastName": last_name,
        "Role": user.role,
        "StatusCode": 0 if user.is_active else 1,
    }


OPERATION = Operation(
    method="GET",
    path="/v2/UserManagement.svc/Users.Get",
    bulk=False,
    writes=False,
    answer=answer,
    read=Read.USERS,
)
