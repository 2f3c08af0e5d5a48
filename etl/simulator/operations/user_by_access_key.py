"""Whose keys these are and where the account lives (LeadSquared API: user authentication); works on any host."""

from __future__ import annotations

from etl.simulator.account import Account, Arrival, Operation
from etl.simulator.answers import json_reply
from etl.simulator.messages import Reply


def answer(account: Account, arrival: Arrival) -> Reply:
    """The user of the keys, the organisation, and the hosts to use from now on."""
    options = account.options
    first_name, _, last_name = options.user_name.partition(" ")
    host = options.home_host or arrival.request.headers.get("host", "")
    return json_reply(
        {
            "Id": account.user_id,
            "FirstName": first_name,
            "LastName": last_name,
            "EmailAddress": options.user_email,
            "Role": "Administrator",
            "OrgId": options.organisation_id,
            "OrgShortCode": f"SIM{options.organisation_id}",
            "TimeZone": options.time_zone,
            "DefaultCountryCode": options.country_code,
            "LSQCommonServiceURLs": {"api": host, "app": host},
        }
    )


OPERATION = Operation(
    method="GET",
    path="/v2/Authentication.svc/UserByAccessKey.Get",
    bulk=False,
    writes=False,
    answer=answer,
    any_host=True,
)
