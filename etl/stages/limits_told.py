"""What refusals have taught about the account's limits, told so that a person can put it into the settings; and kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.delivery.throttle import smallest
from etl.events import Note
from etl.records import Window

if TYPE_CHECKING:
    from collections.abc import Mapping

    from etl.records import Limit
    from etl.settings import Account
    from etl.stages.session import Inquiry

_NAMES = {Window.BULK: ("bulk_limit", "LSQ_BULK_LIMIT"), Window.GENERAL: ("limit", "LSQ_LIMIT")}


def tell_learned_limits(session: Inquiry, told: Mapping[Window, Limit] | None = None) -> Mapping[Window, Limit]:
    """Say which limits of the settings are larger than what LeadSquared has named. told: what was learned when it was said last.

    Returns: what is learned by now.
    """
    connection = session.connection
    learned = session.ledger.accounts.learned_limits(connection.record.account_id)
    if learned != (told or {}):
        words = _in_words(connection.account, learned)
        if words:
            session.events(Note(words))
    return learned


def note_limits_held(session: Inquiry) -> None:
    """Keep in the ledger which limits the account is kept to now, for pictures of what goes out: settings change later."""
    account, account_id = session.connection.account, session.connection.record.account_id
    configured = {Window.BULK: account.bulk_limit, Window.GENERAL: account.limit}
    learned = session.ledger.accounts.learned_limits(account_id)
    held = {one: smallest(limit, learned.get(one)) for one, limit in configured.items()}
    session.ledger.limits_held.note(account_id, held, [one for one in held if held[one] != configured[one]])


def _in_words(account: Account, learned: Mapping[Window, Limit]) -> str | None:
    configured = {Window.BULK: account.bulk_limit, Window.GENERAL: account.limit}
    lower = {one: limit for one, limit in learned.items() if smallest(configured[one], limit) != configured[one]}
    if lower.get(Window.GENERAL) == configured[Window.BULK]:  # a refused bulk request did not say which of the two it
        del lower[Window.GENERAL]  # meant; one of them has been set to its number since
    if not lower:
        return None
    window = Window.BULK if Window.BULK in lower else Window.GENERAL
    limit, (name, variable) = lower[window], _NAMES[window]
    requests = "1 request" if limit.count == 1 else f"{limit.count} requests"
    return (
        f"LeadSquared allows {requests} in {limit.seconds:g} s, as it said when it refused; the settings say "
        f'{configured[window]}. Its number is kept to. Write {name} = "{limit}" into the settings file, or set '
        f"{variable}={limit}."
    )
